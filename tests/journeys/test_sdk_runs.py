"""A program records itself, and programs that it starts join it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FULL = """
import labrec, math
with labrec.run(project="lm", name="1_sdk", features={"lr": 1e-4, "n": {"x": math.nan}}, seed=3,
                tags=["a"], intent="why") as run:
    for step in range(100):
        run.log_metric("loss", 1 / (step + 1), step, unit="nat", direction="minimize")
    run.log_metrics({"acc": 0.5, "f1": 0.25}, step=1)
    run.log_text("notes.txt", "hello")
    run.set_outcome("learned")
    run.tag("b")
print(run.recorded.status, run.recorded.metrics)
"""


def test_a_program_records_itself(lab):
    assert lab.python(FULL).out == "complete 3\n"
    record = lab.last()
    assert record["identity"]["tags"] == ["a", "b"]
    assert record["lineage"]["outcome"] == "learned"
    assert record["determinism"]["seeds"] == {"seed": "3"}
    loss = record["metrics"]["values"]["loss"]
    assert (loss["count"], loss["best"], loss["unit"]) == (100, 0.01, "nat")
    assert record["features"]["tree"]["n"] == {"x": {"$float": "NaN"}}
    assert lab.labrec("get", "1_sdk", "notes.txt", "-o", "-").out == "hello"
    back = lab.python("""
import labrec
with labrec.open() as lab:
    (run,) = lab.runs("lm")
    points = lab.series(run, "loss")
    print(len(points), points[9].step, points[9].value, run.metrics["acc"], run.status)
    print(lab.artifact("1_sdk", "notes.txt"), run.features["lr"], sorted(lab.telemetry(run))[:1])
    print(run.record["identity"]["run_id"] == run.run_id, run.citation.startswith("lm/" + run.run_id))
""")
    assert back.out.splitlines()[0] == "100 9 0.1 0.5 complete"
    assert back.out.splitlines()[1].startswith("b'hello' 0.0001")
    assert back.out.splitlines()[2] == "True True"


@pytest.mark.parametrize(
    ("body", "code", "status", "reason"),
    [
        ("raise ValueError('bad shape')", 1, "failed", "ValueError: bad shape"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "interrupted", "KeyboardInterrupt"),
        ("raise SystemExit(3)", 3, "failed", "sys.exit(3)"),
        ("raise SystemExit(0)", 0, "complete", None),
        ("raise SystemExit('gone')", 1, "failed", "sys.exit(gone)"),
    ],
)
def test_a_program_that_fails_fails_as_it_would(lab, body, code, status, reason):
    script = lab.folder / "s.py"
    script.write_text(f"import labrec\nwith labrec.run(name='x'):\n    {body}\n")
    done = subprocess.run(
        [sys.executable, "s.py"], cwd=lab.folder, capture_output=True, check=False
    )
    assert done.returncode == code
    identity = lab.last()["identity"]
    assert (identity["status"], identity["reason"]) == (status, reason)


def test_a_run_that_is_never_closed_ends_with_the_program(lab):
    lab.python("import labrec\nrun = labrec.run(name='open')\nrun.log_metric('m', 1)\n")
    assert lab.last()["identity"]["status"] == "complete"
    lab_script = "import labrec\nrun = labrec.run(name='broken')\n1 / 0\n"
    (lab.folder / "s.py").write_text(lab_script)
    done = subprocess.run(
        [sys.executable, "s.py"], cwd=lab.folder, capture_output=True, check=False
    )
    assert done.returncode == 1
    identity = lab.last()["identity"]
    assert identity["status"] == "failed"
    assert identity["reason"].startswith("ZeroDivisionError")


CHILD = """
import labrec, os
with labrec.run(project="other", name="inner", features={"inner": 1, "lr": 9}) as run:
    run.log_metric("m", 0.5, 1)
    run.log_text("c.txt", "from the child")
    print("joined", run.joined, run.recorded, run.run_id == os.environ.get("LABREC_RUN"))
    print(run.project, run.name)
"""


def test_a_program_joins_the_command_that_wraps_it(lab):
    (lab.folder / "child.py").write_text(CHILD)
    done = lab.labrec(
        "run", "--project", "p", "--name", "outer", "--set", "lr=1",
        "--", sys.executable, "child.py",
    )  # fmt: skip
    assert done.out == "joined True None True\np outer\n"
    (row,) = lab.runs()
    record = lab.record(row["run_id"])
    assert (row["project"], row["name"]) == ("p", "outer")
    assert record["features"]["tree"] == {"lr": 1, "inner": 1}
    assert record["metrics"]["values"]["m"]["last"] == 0.5
    assert "c.txt" in [item["name"] for item in record["artifacts"]["items"]]
    skipped = [e["what"] for e in record["capture"]["events"] if e["kind"] == "skipped"]
    assert "project of a program that joined" in skipped
    assert "features.lr of a joined program" in skipped


def test_a_program_joins_the_program_that_starts_it(lab):
    (lab.folder / "child.py").write_text(CHILD)
    lab.python("""
import labrec, os, subprocess, sys
with labrec.run(name="outer") as run:
    subprocess.run([sys.executable, "child.py"], check=True)
    with labrec.run(name="beside") as other:   # the same process: a run of its own
        pass
    assert not other.joined
    assert os.environ["LABREC_RUN"] == run.run_id
assert "LABREC_RUN" not in os.environ
subprocess.run([sys.executable, "child.py"], check=True)
""")
    rows = {row["name"]: row for row in lab.runs()}
    assert set(rows) == {"outer", "beside", "inner"}
    assert rows["outer"]["metrics"] == {"m": 0.5}


def test_workers_of_a_pool_log_to_the_run(lab):
    lab.python("""
import labrec, multiprocessing
def work(i):
    run.log_metric("worker", float(i), i)
if __name__ == "__main__":
    with labrec.run(name="pool") as run:
        context = multiprocessing.get_context("fork")
        processes = [context.Process(target=work, args=(i,)) for i in range(4)]
        [p.start() for p in processes], [p.join() for p in processes]
""")
    (row,) = lab.runs()
    assert lab.record(row["run_id"])["metrics"]["values"]["worker"]["count"] == 4


@pytest.mark.parametrize("door", ["sdk", "command"])
def test_a_killed_run_is_recovered_by_the_next_command(lab, door):
    (lab.folder / "s.py").write_text("""
import labrec, sys, time
with labrec.run(name="killed") as run:
    for step in range(1000):
        run.log_metric("m", float(step), step)
    print("ready", flush=True)
    time.sleep(60)
""")
    argv = [sys.executable, "s.py"]
    if door == "command":
        argv = [str(lab_executable()), "run", "--name", "killed", "--log", "none", "--", *argv]
    process = subprocess.Popen(argv, cwd=lab.folder, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 10
    while not (done := lab.labrec("log")).err and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "1 run waits" in done.err
    assert lab.runs() == []  # reading commands change nothing

    lab.labrec("run", "--name", "next", "--", "true")
    rows = {row["name"]: row for row in lab.runs()}
    assert rows["killed"]["status"] == "interrupted"
    record = lab.record(rows["killed"]["run_id"])
    assert record["metrics"]["values"]["m"]["count"] == 1000
    assert "recovered" in {event["kind"] for event in record["capture"]["events"]}
    assert lab.spools == []
    lab.labrec("verify")


def lab_executable():
    return Path(sys.executable).with_name("labrec")


def test_a_run_that_repeats_another_one_is_judged_as_a_rerun(lab):
    log = "import labrec; labrec.run().log_metric('loss', 0.5, direction='minimize')"
    program = ("--", sys.executable, "-c", log)
    lab.labrec("run", "--project", "p", "--name", "first", *program)
    (first,) = lab.runs()
    lab.labrec("run", "--reproduces", first["run_id"], *program)
    again = lab.last()
    assert (again["identity"]["project"], again["identity"]["name"]) == ("p", "first")
    assert again["lineage"]["reproduces"] == first["run_id"]
    sql = "SELECT metric, verdict, original FROM reproducibility"
    (row,) = json.loads(lab.labrec("query", sql, "--json").out)
    assert row == {"metric": "loss", "verdict": "agree", "original": first["run_id"]}
    lab.labrec("run", "--reproduces", "nothing", "--", "true", code=125)


def test_resume_continues_a_run(lab):
    lab.labrec(
        "run", "--project", "p", "--name", "long", "--", "sh", "-c", "kill -TERM $$", code=143
    )
    (row,) = lab.runs()
    assert row["status"] == "interrupted"
    lab.labrec("run", "--resume", row["run_id"], "--", "true")
    after = lab.last()
    assert after["lineage"]["continues"] == row["run_id"]
    assert (after["identity"]["project"], after["identity"]["name"]) == ("p", "long")
    lab.labrec("run", "--resume", "nothing", "--", "true", code=125)


def test_a_recorder_that_cannot_start_leaves_the_program_alone(shell):
    done = shell.python("""
import labrec
try:
    labrec.run()
except Exception as error:
    print(type(error).__name__, error.exit_code)
""")
    assert done.out == "NotFoundError 10\n"


MAY_DIFFER = (
    "identity.run_id",
    "identity.times.",
    "metrics.series.",  # the times of the points
    "telemetry.",
    "hardware.conditions.",
    "hardware.object.",  # holds the conditions
)


def leaves(value, path=()):
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    else:
        yield ".".join(path), json.dumps(value)


def assert_alike(one, other):
    assert one["identity"]["config_digest"] == other["identity"]["config_digest"]
    first, second = dict(leaves(one)), dict(leaves(other))
    assert first.keys() == second.keys()
    differing = {path for path in first if first[path] != second[path]}
    assert not {path for path in differing if not path.startswith(MAY_DIFFER)}
    assert "identity.run_id" in differing


def test_recording_twice_gives_one_experiment_and_equal_structure(lab):
    (lab.folder / "train.py").write_text(FULL.split("print(run.rec", maxsplit=1)[0])
    lab.git("add", ".")
    lab.git("commit", "-qm", "code")
    for _ in range(2):
        lab(sys.executable, "train.py")
    one, other = (lab.record(row["run_id"]) for row in lab.runs())
    assert_alike(one, other)


def test_brief_commands_leave_equal_structure_however_quick_the_sampler_is(lab):
    """A run may end before its sampler is there, while it starts, or after its first sample."""
    waits = ("0", "0", "0.1", "0.3", "0.6")
    for wait in waits:
        lab.labrec("run", "--name", "brief", "--", "sh", "-c", 'sleep "$WAIT"', WAIT=wait)
    first, *others = (lab.record(row["run_id"]) for row in lab.runs())
    assert len(others) == len(waits) - 1
    for other in others:
        assert_alike(first, other)
    assert set(first["telemetry"]["channels"]) == {"process.cpu_time", "process.max_memory"}
    assert "telemetry over time" in {event["what"] for event in first["capture"]["events"]}


def test_a_longer_command_has_telemetry_over_time(lab):
    lab.labrec("run", "--name", "long", "--", "sleep", "1.6")
    assert "process.cpu" in lab.last()["telemetry"]["channels"]


def test_odd_features_and_a_program_that_closes_every_file_leave_a_valid_record(lab):
    done = lab.python("""
import labrec, os
deep = {}
inside = deep
for _ in range(100):
    inside["x"] = {}
    inside = inside["x"]
token = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"
with labrec.run(project="lm", name="odd", features={"deep": deep, token: 1}):
    os.closerange(3, 256)
print("goes on")
""")
    assert done.out == "goes on\n"
    lab.labrec("recover", code=None)
    assert lab.last()["features"]["tree"]["[redacted:github-token]"] == 1
    lab.labrec("verify")


def test_a_series_that_is_too_long_or_broken_is_an_error_of_ours(lab):
    lab.python(FULL)
    done = lab.python("""
import labrec, labrec.errors, labrec.reader
labrec.reader.MAX_POINTS = 99
with labrec.open() as opened:
    assert len(opened.series("1_sdk", "acc")) == 1
    try:
        opened.series("1_sdk", "loss")
    except labrec.errors.LabrecError as error:
        print(error.exit_code)
""")
    assert done.out == "21\n"


CLOSES_ALL = """
import os, labrec, threading
with labrec.run(name="daemon") as run:
    run.log_metric("m", 0)
    os.closerange(3, 256)  # as daemons do; then the numbers are the program's
    mine = {}
    for number in range(40):
        fd = os.open(f"file{number}", os.O_RDWR | os.O_CREAT)
        os.write(fd, b"mine")
        mine[fd] = os.fstat(fd).st_ino
    for step in range(1, 20000):
        run.log_metric("m", step)
    run.log_artifact(bytes(100000), "large")
for number, (fd, inode) in enumerate(mine.items()):
    assert os.fstat(fd).st_ino == inode, fd
    assert os.pread(fd, 99, 0) == b"mine"
    assert os.lseek(fd, 0, os.SEEK_CUR) == 4
"""


def test_a_program_that_closes_every_descriptor_keeps_its_own_and_is_recorded(lab):
    lab.python(CLOSES_ALL)
    record = lab.last()
    assert record["identity"]["status"] == "complete"
    assert record["metrics"]["values"]["m"]["count"] == 20000
    assert lab.spools == []


HOLDS_LOCK = """
import os, subprocess, sys, labrec
with labrec.run(name="daemon") as run:
    os.closerange(3, 256)
    for step in range(5000):  # more than fit into a block: the recorder is at work again
        run.log_metric("m", step)
    subprocess.run([sys.executable, "-m", "labrec", "recover"], check=True)
"""


def test_a_live_run_that_lost_its_lock_takes_it_again(lab):
    lab.python(HOLDS_LOCK)
    assert [row["status"] for row in lab.runs()] == ["complete"]


THREADS = """
import os, sys, threading, time, warnings, labrec
warnings.simplefilter("error")
with labrec.run(name="threads") as run:
    for step in range(5000):
        run.log_metric("m", step)
    if "joined" in sys.argv:
        assert run.joined
    assert threading.active_count() == 1, threading.enumerate()
    child = os.fork()  # Python 3.12 warns where there are threads
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_a_program_has_no_thread_of_ours(lab):
    lab.python(THREADS)
    (script,) = lab.folder.glob("script_*.py")
    lab.labrec("run", "--", sys.executable, script.name, "joined")
    assert len(lab.runs()) == 2
