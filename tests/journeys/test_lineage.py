"""Runs that derive from one another, and what differs between them."""

from __future__ import annotations

import json

import pytest


def record_run(lab, name, *options, project="p", code=0):
    return lab.labrec(
        "run", "--project", project, "--name", name, *options, "--", "true", code=code
    )


def test_a_name_says_its_parent(lab):
    record_run(lab, "8_base", "--set", "lr=1", "--set", "seed=1", "--seed", "1")
    record_run(lab, "8_base", "--set", "lr=1", "--set", "seed=1", "--seed", "2")
    record_run(lab, "12_from_8_lr", "--set", "lr=2", "--set", "seed=1", "--set", "new=x")
    child, second, first = lab.runs()
    assert first["config_digest"] == second["config_digest"]
    record = lab.record(child["run_id"])
    assert record["lineage"]["parents"] == [
        {"by": "name", "name": "8", "run_id": None, "config_digest": first["config_digest"]}
    ]
    assert record["features"]["diff"] == [
        {"op": "update", "path": ["lr"], "old": 1, "new": 2},
        {"op": "add", "path": ["new"], "new": "x"},
    ]
    record_run(lab, "9_from_7_gone")
    (parent,) = lab.last()["lineage"]["parents"]
    assert parent == {"by": "name", "name": "7", "run_id": None, "config_digest": None}
    lab.labrec("verify")


def test_a_parent_that_is_two_experiments_is_asked_for(lab):
    record_run(lab, "8_base", "--set", "lr=1")
    record_run(lab, "8_other", "--set", "lr=2")
    done = record_run(lab, "12_from_8", code=125)
    for row in lab.runs():
        assert row["run_id"] in done.err
    assert len(lab.runs()) == 2
    record_run(lab, "12_from_8", "--parent", "8_other")
    (parent,) = lab.last()["lineage"]["parents"]
    assert (parent["by"], parent["name"], parent["run_id"]) == ("option", "8_other", None)
    target = lab.runs()[-1]
    record_run(lab, "13", "--parent", target["run_id"][:20])
    (parent,) = lab.last()["lineage"]["parents"]
    assert parent["run_id"] == target["run_id"]
    assert parent["config_digest"] == target["config_digest"]
    record_run(lab, "14", "--parent", "nobody", code=125)


def test_a_project_has_its_own_rule_and_nuisance_paths(lab):
    definition = lab.folder / "records/p/project.yaml"
    definition.parent.mkdir(parents=True)
    definition.write_text(
        "parent_rule: '-of-(?P<parent>\\w+)$'\nnuisance: [output, data.workers]\n"
    )
    lab.git("add", ".")
    lab.git("commit", "-qm", "rules")
    record_run(lab, "base", "--set", "output=a", "--set", "data.workers=1", "--set", "data.n=1")
    record_run(lab, "base", "--set", "output=b", "--set", "data.workers=9", "--set", "data.n=1")
    one, other = lab.runs()
    assert one["config_digest"] == other["config_digest"]
    record_run(lab, "child-of-base", "--set", "data.n=2")
    record = lab.last()
    assert record["lineage"]["parents"][0]["config_digest"] == one["config_digest"]
    assert record["features"]["nuisance"] == ["output", "data.workers"]
    used = record["identity"]["definition"]  # kept as it was, whatever becomes of the file
    digest = used["sha256"]
    stored = f"records/objects/{'/'.join(digest[:4])}/{digest}"
    lab.labrec("land")
    assert (lab.folder / stored).read_bytes() == definition.read_bytes()
    assert used["size"] == definition.stat().st_size
    definition.write_text("parent_rule: '('\n")
    lab.git("commit", "-qam", "broken rule")
    record_run(lab, "x", code=125)


def test_a_hypothesis_is_linked_by_its_registration(lab):
    done = record_run(lab, "a", "--hypothesis", "lr-helps", code=125)
    assert "None is registered" in done.err
    registration = {
        "schema": "labrec.registration/1.0", "project": "p", "slug": "lr-helps",
        "time": "2026-01-01T00:00:00.000Z", "author": None, "claim": "a higher rate helps",
        "primary_metrics": [{"name": "loss", "direction": "minimize", "delta": 0.1}],
        "baseline": {"kind": "parent", "name": None}, "planned_n": 3, "looks": [3], "alpha": 0.05,
        "test": "welch", "decision": "all", "family": None, "selector": {}, "falsification": None,
        "amends": None,
    }  # fmt: skip
    import hashlib

    data = json.dumps(registration, indent=2, sort_keys=True).encode() + b"\n"
    digest = hashlib.sha256(data).hexdigest()
    path = lab.folder / f"records/p/hypotheses/lr-helps/{digest[:32]}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    lab.git("add", ".")
    lab.git("commit", "-qm", "register")
    for text in ("lr-helps", f"sha256:{digest}", digest[:12]):
        record_run(lab, "a", "--hypothesis", text)
        (link,) = lab.last()["lineage"]["hypotheses"]
        assert link == {"slug": "lr-helps", "registration": f"sha256:{digest}", "linked": "start"}
    assert "lr-helps" in record_run(lab, "a", "--hypothesis", "other", code=125).err
    lab.labrec("verify", code=None)


def test_diff_shows_what_changed(lab):
    (lab.folder / "main.py").write_text("print(1)\n")
    lab.git("add", ".")
    lab.git("commit", "-qm", "one")
    record_run(lab, "a", "--set", "lr=1", "--seed", "1")
    (lab.folder / "main.py").write_text("print(2)\n")
    (lab.folder / "new.py").write_text("x\n")
    lab.git("add", ".")
    lab.git("commit", "-qm", "two")
    record_run(lab, "b", "--set", "lr=fast", "--seed", "2")
    done = lab.labrec("diff", "a", "b", "--code", "--json").json
    assert done["features"] == [{"op": "retype", "path": ["lr"], "old": 1, "new": "fast"}]
    assert [(c["op"], c["path"]) for c in done["code"]] == [
        ("update", "main.py"),
        ("add", "new.py"),
    ]
    assert "-print(1)\n+print(2)\n" in done["patch"]
    text = lab.labrec("diff", "a", "b", "--code").out
    for part in ('! lr: 1 → "fast"', "~ main.py", "+ new.py", "+print(2)"):
        assert part in text
    assert lab.labrec("diff", "a", "a").out.endswith("No difference.\n")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["c", "b", "a"]),
        (("-n", "1"), ["c"]),
        (("--name", "[ab]"), ["b", "a"]),
        (("--tag", "x"), ["a"]),
        (("--where", "features.lr<=2"), ["b", "a"]),
        (("--where", "features.lr=1e0"), ["a"]),
        (("--where", "features.lr>1", "--where", "seeds.seed!=7"), ["c", "b"]),
        (("--where", "name~[bc]", "--sort", "features.lr"), ["b", "c"]),
        (("--sort=-features.lr",), ["c", "b", "a"]),
        (("--status", "failed"), []),
        (("--project", "other"), []),
    ],
)
def test_log_selects_and_sorts(lab_of_three, options, names):
    assert [row["name"] for row in lab_of_three.labrec("log", "--json", *options).json] == names


@pytest.fixture(scope="module")
def _three(tmp_path_factory):
    return tmp_path_factory.mktemp("three")


@pytest.fixture
def lab_of_three(_three, shell):
    """A lab with three runs, made once for the module."""
    shell.folder = _three
    if not (_three / "lab").exists():
        shell.labrec("init", "lab")
        shell.folder = _three / "lab"
        record_run(shell, "a", "--set", "lr=1", "--tag", "x", "--seed", "7")
        record_run(shell, "b", "--set", "lr=2")
        record_run(shell, "c", "--set", "lr=3")
    shell.folder = _three / "lab"
    return shell


@pytest.mark.parametrize(
    "where", ["lr<1", "nothing", "__import__('os')", "metrics.<1", "features=1"]
)
def test_a_condition_that_is_none_is_refused(lab_of_three, where):
    lab_of_three.labrec("log", "--where", where, code=2)


def test_runs_are_found_by_what_people_type(lab_of_three):
    rows = lab_of_three.runs()
    full = rows[0]["run_id"]
    for text in ("c", "p/c", full, full[:18], f"p/{full}", f"p/{full}@sha256:{rows[0]['digest']}"):
        assert lab_of_three.record(text)["identity"]["run_id"] == full
    done = lab_of_three.labrec("show", full[:6], code=2)
    assert "fits 3 runs" in done.err
    lab_of_three.labrec("show", "zzz", code=10)
