"""A program asks its live object what each part of it is worth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

ASK = """
import labrec, random

class Model:
    gain, bias = 2.0, 1.0

model = Model()

def evaluate(seed=None):
    return {"loss": 4 - model.gain - model.bias + random.random() / 100,
            "per_class": {f"class {n}": n * model.gain for n in range(WIDE)}}

with labrec.run(project="lm", name="1_ask", seed=3) as run:
    random.seed(1)
    before = random.getstate()
    found = run.counterfactual(
        {"gain": (model, "gain", 0.0), "bias": (model, "bias", 0.0)},
        evaluate, at=300, seeds=(1, 2, 3), check=True)
    assert found, found
    assert random.getstate() == before
    assert not run.counterfactual({}, evaluate)
    assert not run.counterfactual({"x": (model, "gone", 0)}, evaluate)
print(len(found.cells), model.gain, model.bias, vars(model))
after = run.counterfactual({"gain": (model, "gain", 0.0)}, evaluate)
print(len(after.cells), bool(after))
"""


def test_cells_of_a_live_object_are_in_the_record(lab):
    done = lab.python(ASK.replace("WIDE", "2"))
    assert done.out == "12 2.0 1.0 {}\n2 True\n"
    assert done.err.count("RecordingWarning") == 3  # two questions of no use, one after the end
    record = lab.last()
    (call,) = record["counterfactuals"]["calls"]
    assert (call["step"], call["complete"], call["restored"]) == (300, True, "same")
    assert len(call["cells"]) == 12
    assert call["cells"][1]["on"] == "00"
    assert call["cells"][1]["values"]["per_class.class 1"] == 0.0
    skipped = [e["why"] for e in record["capture"]["events"] if e["kind"] == "skipped"]
    assert skipped[:2] == [
        "factor 'x' is not there: AttributeError: 'Model' object has no attribute 'gone'",
        "the factors are no mapping from name to switch",
    ]
    assert lab.labrec("verify").code == 0


def test_per_class_results_are_an_object_that_verification_knows(lab):
    lab.python(ASK.replace("WIDE", "50"))
    record = lab.last()
    section = record["counterfactuals"]
    assert section["calls"][0]["cells"] == []
    assert lab.labrec("verify").code == 0
    (call,) = lab.labrec("get", "1_ask", "@counterfactuals.json", "-o", "-").json["calls"]
    assert len(call["cells"]) == 12
    assert call["cells"][0]["values"]["per_class.class 49"] == 98.0


def test_a_program_without_a_run_of_its_own_asks_for_the_one_it_joined(lab):
    (lab.folder / "child.py").write_text("""
import labrec
thing = {"scale": 2.0}
with labrec.run() as run:
    assert run.joined
    assert run.counterfactual({"scale": (thing, "scale", 0.0)}, lambda: thing["scale"])
""")
    lab.labrec("run", "--project", "p", "--name", "outer", "--", sys.executable, "child.py")
    (call,) = lab.last()["counterfactuals"]["calls"]
    assert [cell["values"]["value"] for cell in call["cells"]] == [2.0, 0.0]


def test_a_killed_run_keeps_what_was_measured(lab):
    (lab.folder / "s.py").write_text("""
import labrec, time
thing = {"scale": 2.0}
def evaluate():
    if thing["scale"] == 0.0:
        print("ready", flush=True)
        time.sleep(60)
    return thing["scale"]
with labrec.run(name="killed") as run:
    run.counterfactual({"scale": (thing, "scale", 0.0)}, evaluate)
""")
    process = subprocess.Popen(
        [sys.executable, "s.py"], cwd=lab.folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    lab.labrec("recover")
    (call,) = lab.last()["counterfactuals"]["calls"]
    assert [cell["on"] for cell in call["cells"]] == ["1"]
    assert (call["complete"], call.get("restored")) == (False, None)


def test_control_c_interrupts_the_run_and_not_the_record(lab):
    (lab.folder / "s.py").write_text("""
import labrec, os, signal
thing = {"scale": 2.0}
def evaluate():
    if thing["scale"] == 0.0:
        os.kill(os.getpid(), signal.SIGINT)
    return thing["scale"]
try:
    with labrec.run(name="stopped") as run:
        run.counterfactual({"scale": (thing, "scale", 0.0)}, evaluate)
finally:
    print(thing, flush=True)
""")
    done = subprocess.run(
        [sys.executable, "s.py"], cwd=lab.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGINT
    assert done.stdout == "{'scale': 2.0}\n"
    record = lab.last()
    assert record["identity"]["status"] == "interrupted"
    (call,) = record["counterfactuals"]["calls"]
    assert [cell.get("failed") for cell in call["cells"]] == [None, "KeyboardInterrupt"]


def test_a_run_shows_what_it_asked(lab):
    lab.python(ASK.replace("WIDE", "1"))
    shown = lab.labrec("show", "1_ask").out
    assert "counterfactuals\n  step 300  gain, bias: 12 cells, afterwards same\n" in shown
    lab.python(ASK.replace("WIDE", "50").replace("1_ask", "2_wide"))
    shown = lab.labrec("show", "2_wide").out
    assert "step 300  gain, bias: cells in @counterfactuals.json, afterwards same" in shown
