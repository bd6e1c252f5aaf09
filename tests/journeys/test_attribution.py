"""From runs that differ in factors, by way of a plan, to effects with intervals."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, sys
features = json.load(open(sys.argv[1]))
seed = int(sys.argv[sys.argv.index("--seed") + 1])
parts = features["parts"]
loss = 2 - 0.5 * parts["norm"] - 0.3 * parts["skip"] + 0.1 * parts["norm"] * parts["skip"]
json.dump({"loss": loss + seed / 100 + (seed * 7 % 5) * parts["norm"] / 1000}, open("m.json", "w"))
"""

ITSELF = """
import argparse, labrec
parser = argparse.ArgumentParser()
parser.add_argument("--norm", choices=["yes", "no"], default="no")
parser.add_argument("--skip", action="store_true")
parser.add_argument("--seed", type=int)
given = parser.parse_args()
features = {"parts": {"norm": given.norm == "yes", "skip": given.skip}}
with labrec.run(project="tiny", features=features, seed=given.seed) as run:
    loss = 2 - 0.5 * (given.norm == "yes") - 0.3 * given.skip + given.seed ** 2 / 100
    run.log_metric("loss", loss, 1, direction="minimize", unit="nat")
"""

DEFINITION = """
key_metrics:
  - {name: loss, direction: minimize}
factors:
  - {path: parts.norm}
  - {path: parts.skip}
"""


@pytest.fixture
def study(lab):
    """A lab of its own code, with two declared factors."""
    (lab.folder / "records/tiny").mkdir(parents=True)
    (lab.folder / "records/tiny/project.yaml").write_text(DEFINITION)
    (lab.folder / "train.py").write_text(PROGRAM)
    (lab.folder / "itself.py").write_text(ITSELF)
    lab.git("add", ".")
    lab.git("commit", "-q", "-m", "Define the study")
    return lab


def features(lab, **parts):
    name = "_".join(part for part, on in parts.items() if on) or "base"
    path = lab.folder / f"{name}.json"
    path.write_text(json.dumps({"lr": 0.1, "parts": parts}))
    return name, path.name


def record(lab, seed, **parts):
    name, path = features(lab, **parts)
    lab.labrec(
        "run", "--project", "tiny", "--name", name, "--features", path, "--seed", str(seed),
        "--metrics", "m.json", "--", "python", "train.py", path, "--seed", str(seed),
    )  # fmt: skip


def attribute(lab, *words, code=0):
    return lab.labrec("attribute", "tiny", "--metric", "loss", *words, code=code)


def execute(lab, script):
    (lab.folder / "plan.sh").write_text(script)
    tools = os.path.dirname(sys.executable)  # noqa: PTH120 - with labrec and python
    lab("sh", "plan.sh", PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")


def test_executing_the_plan_completes_the_design(study):
    for seed in (1, 2, 3):
        record(study, seed, norm=False, skip=False)
        record(study, seed, norm=True, skip=False)
        if seed > 1:  # a replicate is lacking too
            record(study, seed, norm=False, skip=True)
    told = attribute(study).out
    assert "3 of 4 cells (incomplete)" in told
    assert "Cells to run for all of it: 11 (1)." in told
    assert "--plan` prints how to run them." in told

    plan = attribute(study, "--plan", "--json").json
    assert [one["executable"] for one in plan] == [True]
    assert plan[0]["cells"] == {"01": 1, "11": 3}
    script = attribute(study, "--plan").out
    execute(study, script)

    (found,) = attribute(study, "--json").json
    design = found["design"]
    assert (design["shape"], design["n_cells"], design["n_values"]) == ("complete", 4, 12)
    assert (design["blocks"], design["n_needed"]) == (3, 0)
    effects = {(row["kind"], row["effect"]): row for row in found["effects"]}
    norm = effects["leave-one-out", "norm"]
    assert norm["estimate"] == pytest.approx(-0.4, abs=0.01)
    assert norm["low"] < norm["estimate"] < norm["high"]
    assert "Nothing is lacking." in attribute(study, "--plan").out
    assert "Shapley value of norm on loss" in attribute(study).out


def test_a_program_that_records_itself_is_planned_by_its_options(study):
    for seed in ("1", "2"):
        for words in ((), ("--norm", "yes"), ("--skip",)):
            # the option that is left out says off, so it has to be given once
            norm = words if words[:1] == ("--norm",) else ("--norm", "no", *words)
            study(sys.executable, "itself.py", *norm, "--seed", seed)
    script = attribute(study, "--plan").out
    assert "labrec run" not in script
    assert "python" in script
    execute(study, script)
    (found,) = attribute(study, "--json").json
    assert found["design"]["shape"] == "complete"
    assert found["design"]["unit"] == "nat"


def test_a_found_design_is_completed_below_its_root(study):
    study.git("rm", "-q", "records/tiny/project.yaml")
    study.git("commit", "-q", "-m", "Declare nothing")
    for seed in (1, 2):
        for place, parts in enumerate(((False, False), (True, False), (False, True))):
            name, path = features(study, norm=parts[0], skip=parts[1])
            study.labrec(
                "run", "--project", "tiny", "--name", f"{place}_{name}" if not place else
                f"{place}_from_0_{name}", "--features", path, "--seed", str(seed), "--metrics",
                "m.json", "--", "python", "train.py", path, "--seed", str(seed),
            )  # fmt: skip
    told = attribute(study).out
    assert "exploratory" in told
    script = attribute(study, "--plan").out
    assert "--parent" in script
    execute(study, script)
    (found,) = attribute(study, "--json").json
    assert (found["design"]["source"], found["design"]["shape"]) == ("found", "complete")
    assert found["design"]["factors"] == ["parts.norm", "parts.skip"]


def test_what_cannot_be_derived_stands_as_a_comment_and_in_the_exit_code(study):
    (study.folder / "deaf.py").write_text("open('m.json', 'w').write('{\"loss\": 1}')\n")
    for on in (False, True):
        study.labrec(
            "run", "--project", "tiny", "--set", f"parts.norm={json.dumps(on)}",
            "--set", "parts.skip=false", "--metrics", "m.json", "--", "python", "deaf.py",
        )  # fmt: skip
    done = attribute(study, "--plan", code=3)
    assert "# not derived: the command line does not say whether skip is on." in done.out
    assert '#   {"parts": {"norm": false, "skip": true}}' in done.out
    assert "\nlabrec run" not in done.out


def test_cells_of_a_live_object_are_attributed(study):
    study.python("""
import labrec
class Model:
    norm, skip = 1.0, 1.0
model = Model()
def evaluate(seed=0):
    return {"loss": 2 - 0.5 * model.norm - 0.3 * model.skip + seed / 10, "per_class": {"a": 1.0}}
with labrec.run(project="tiny", name="live") as run:
    run.counterfactual({"norm": (model, "norm", 0.0), "skip": (model, "skip", 0.0)},
                       evaluate, at=100, seeds=(1, 2, 3))
""")
    (found,) = attribute(study, "--json").json
    assert found["design"]["source"] == "run"
    assert found["design"]["name"].startswith("live ")
    assert found["design"]["name"].endswith(", step 100")
    shapley = {
        row["effect"]: row["estimate"] for row in found["effects"] if row["kind"] == "shapley"
    }
    assert shapley == {"norm": pytest.approx(-0.5), "skip": pytest.approx(-0.3)}
    told = study.labrec("attribute", "tiny").out
    assert "per_class.a" in told
    assert "within the run live" in told
    done = attribute(study, "--plan", code=2)
    assert "measured within a run" in done.err


def test_the_example_of_live_parts_measures_them_twice(lab):
    example = Path(__file__).resolve().parents[2] / "examples/live_parts/parts.py"
    (lab.folder / "parts.py").write_text(example.read_text())
    lab(sys.executable, "parts.py", "--seed", "4")
    calls = lab.last()["counterfactuals"]["calls"]
    assert [(one["step"], one["complete"], one["restored"]) for one in calls] == [
        (1000, True, "same"), (2000, True, "same"),
    ]  # fmt: skip
    found = lab.labrec("attribute", "live-parts", "--metric", "loss", "--json").json
    assert [one["design"]["shape"] for one in found] == ["complete", "complete"]
    shapley = {row["effect"]: row for row in found[1]["effects"] if row["kind"] == "shapley"}
    assert shapley["quadratic"]["finding"] == "better"
    assert "another seed would show it" in shapley["quadratic"]["sentence"]
    classes = lab.labrec("attribute", "live-parts", "--metric", "per_class.outer", "--json").json
    assert len(classes) == 2


def test_what_is_not_there_is_said(study):
    done = study.labrec("attribute", "tiny", code=10)
    assert "no designs" in done.err
    assert "Declare factors in its project.yaml" in done.err
    for on in (False, True):
        record(study, 1, norm=on, skip=False)
    done = study.labrec("attribute", "tiny", "--metric", "accuracy", code=10)
    assert "There are designs on: loss." in done.err
    assert study.labrec("attribute", "tiny", "--design", "ffffffffff", code=10).err


def test_a_definition_that_cannot_be_used_is_named(study):
    record(study, 1, norm=True, skip=False)
    path = study.folder / "records/tiny/project.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("factors: [\n")
    study.git("add", "records")
    study.git("commit", "-qm", "Break the definition")
    done = study.labrec("attribute", "tiny", "--json", code=12)
    said = json.loads(done.err.splitlines()[-1])
    assert "records/tiny/project.yaml cannot be used" in said["message"]
    assert said["paths"] == ["records/tiny/project.yaml"]
