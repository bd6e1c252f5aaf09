"""Two lines of work become one: merged, planned, carried out, explained."""

from __future__ import annotations

import json

import pytest


def run(lab, name, *options):
    lab.labrec("run", "--project", "p", "--name", name, *options, "--", "true")


@pytest.fixture
def forked_work(lab):
    """A base and two lines that derive from it, which both changed the learning rate."""
    base = ("--set", "lr=0.1", "--set", "model.width=64", "--set", "data=small")
    run(lab, "1_base", *base)
    run(lab, "2_from_1_wide", "--set", "lr=0.2", "--set", "model.width=128", "--set", "data=small")
    run(lab, "3_from_1_long", "--set", "lr=0.3", "--set", "model.width=64", "--set", "data=large")
    return lab


def test_from_a_merge_to_the_run_that_carries_it_out(forked_work):
    lab = forked_work
    refused = lab.labrec("merge", "2_from_1_wide", "3_from_1_long", "--as", "4_both", code=3)
    assert "common ancestor: 1_base" in refused.out
    assert "conflict  lr\n  before: 0.1\n  A:      0.2\n  B:      0.3" in refused.out
    assert "1 conflict is left, so nothing was recorded" in refused.err
    assert len(lab.runs()) == 3
    merged = lab.labrec("merge", "2_from_1_wide", "3_from_1_long", "--as", "4_both",
                        "--take", "B", "lr", "--set", "note=merged", "--json").json  # fmt: skip
    assert merged["features"] == {"lr": 0.3, "model": {"width": 128}, "data": "large",
                                  "note": "merged"}  # fmt: skip
    assert merged["taken"] == {"data": "B", "model": "A"}
    assert merged["conflicts"] == []
    planned = lab.record(merged["planned"]["run_id"])
    assert planned["identity"]["status"] == "planned"
    assert [parent["name"] for parent in planned["lineage"]["parents"]] == [
        "2_from_1_wide", "3_from_1_long",
    ]  # fmt: skip
    again = lab.labrec("merge", "2_from_1_wide", "3_from_1_long", "--as", "4_both",
                       "--take", "B", "lr", "--set", "note=merged", "--json").json  # fmt: skip
    assert again["planned"] == merged["planned"] | {"known": True}
    assert "○ 4_both" in lab.labrec("dag", "p").out
    lab.labrec("verify")

    lab.labrec("run", "--fulfils", merged["planned"]["run_id"], "--", "true")
    done = lab.last()
    assert done["identity"]["fulfils"] == merged["planned"]["run_id"]
    assert (done["identity"]["name"], done["identity"]["project"]) == ("4_both", "p")
    assert done["features"]["tree"] == planned["features"]["tree"]
    assert done["features"]["diff"] == planned["features"]["diff"]
    assert done["lineage"]["parents"] == planned["lineage"]["parents"]
    lab.labrec("verify")


def test_each_feature_leads_to_the_ancestor_that_set_it(forked_work):
    lab = forked_work
    merged = lab.labrec("merge", "2_from_1_wide", "3_from_1_long", "--as", "4_both",
                        "--take", "B", "lr", "--json").json  # fmt: skip
    lab.labrec("run", "--fulfils", merged["planned"]["run_id"], "--set", "lr=0.3",
               "--set", "model.width=128", "--set", "data=large", "--set", "seedless=1", "--", "true")  # fmt: skip
    own = lab.runs()[0]["run_id"]
    found = {
        row["path"]: (
            row["value"],
            row["set_by"]["name"],
            row["set_by"]["op"],
            row["set_by"]["old"],
        )
        for row in lab.labrec("features", own, "--json").json["features"]
    }
    assert found == {
        "data": ("large", "3_from_1_long", "update", "small"),
        "lr": (0.3, "3_from_1_long", "update", 0.1),
        "model.width": (128, "2_from_1_wide", "update", 64),
        "seedless": (1, "4_both", "add", None),
    }
    text = lab.labrec("features", own, "model", "**.lr").out
    assert "model.width" in text
    assert "2_from_1_wide, 1 up, before: 64" in text
    assert "data" not in text
    against = lab.labrec("features", own, "data", "--against", "1_base", "--json").json
    (row,) = against["differences"]
    assert (row["op"], row["old"], row["new"]) == ("update", "small", "large")
    assert row["old_set_by"]["name"] == "1_base"
    assert row["new_set_by"]["name"] == "3_from_1_long"
    shown = lab.labrec("features", own, "--against", "1_base").out
    assert (
        '~ data: "small" → "large"\n    old: itself, a root\n    new: 3_from_1_long, 1 up' in shown
    )


def test_fulfilling_says_what_it_needs(forked_work):
    lab = forked_work
    base = lab.runs()[-1]["run_id"]
    refused = lab.labrec("run", "--fulfils", base, "--", "true", code=125)
    assert "is complete, not planned" in refused.err
    merged = lab.labrec("merge", "2_from_1_wide", "3_from_1_long", "--as", "4_both",
                        "--take", "A", "lr", "--json").json["planned"]["run_id"]  # fmt: skip
    refused = lab.labrec("run", "--fulfils", merged, "--project", "q", "--", "true", code=125)
    assert "belongs to project p" in refused.err
    script = "import labrec\nwith labrec.run(fulfils=%r) as run:\n    run.log_metric('loss', 1.0)\n"
    lab.python(script % merged)
    done = lab.last()
    assert done["identity"]["fulfils"] == merged
    assert done["features"]["tree"]["lr"] == 0.2


def test_replicates_share_what_their_name_shows(lab):
    definition = lab.folder / "records/p/project.yaml"
    definition.parent.mkdir(parents=True)
    definition.write_text("nuisance: [out]\n")
    lab.git("add", ".")
    lab.git("commit", "-qm", "nuisance")
    for out in ("a", "b", "c"):
        run(lab, "1_base", "--set", "lr=0.1", "--set", f"out={out}")
    done = lab.labrec("features", "1_base")
    assert "lr" in done.out
    assert "3 runs of one experiment: the first is shown; they differ in out" in done.err
    found = lab.labrec("features", "1_base", "--json").json
    assert (found["replicates"], found["varying"]) == (3, ["out"])
    assert found["run"].startswith(f"p/{lab.runs()[-1]['run_id']}@")
    run(lab, "1_base", "--set", "lr=0.9")
    assert "fits 4 runs" in lab.labrec("features", "1_base", code=2).err
    own = lab.runs()[0]["run_id"]
    assert "fits 4 runs" in lab.labrec("features", own, "--against", "1_base", code=2).err


def test_what_cannot_be_merged_is_said(forked_work):
    lab = forked_work
    for a, b, says in (
        ("1_base", "2_from_1_wide", "2_from_1_wide derives from 1_base"),
        ("2_from_1_wide", "2_from_1_wide", "runs of one experiment"),
    ):
        refused = lab.labrec("merge", a, b, "--as", "x", code=2)
        assert says in refused.err, refused.err
    for sides in (("nothing", "1_base"), ("1_base", "nothing")):
        assert "no run nothing" in lab.labrec("merge", *sides, "--as", "x", code=10).err
    refused = lab.labrec("merge", "2_from_1_wide", "3_from_1_long", "--as", "x",
                         "--take", "A", "data", code=2)  # fmt: skip
    assert "no conflict is at 'data'" in refused.err
    assert len(lab.runs()) == 3


def test_lines_that_never_met_conflict_wherever_they_differ(lab):
    run(lab, "a", "--set", "x=1", "--set", "y=1")
    run(lab, "b", "--set", "x=2", "--set", "y=1", "--set", "z=3")
    refused = lab.labrec("merge", "a", "b", "--as", "c", code=3)
    assert "no common ancestor: every difference is a conflict" in refused.out
    dry = lab.labrec("merge", "a", "b", "--as", "c", "--take", "A", "x", "--dry-run", "--json").json
    assert dry["planned"] is None
    assert dry["features"] == {"x": 1, "y": 1, "z": 3}
    assert len(lab.runs()) == 2


def test_a_second_merge_of_lines_that_crossed(lab):
    """Two merges of the same pair, each resolved in its own way, have two common ancestors."""
    run(lab, "r", "--set", "x=0", "--set", "k=0")
    run(lab, "a", "--parent", "r", "--set", "x=1", "--set", "k=0")
    run(lab, "b", "--parent", "r", "--set", "x=2", "--set", "k=0")
    for name, side in (("left", "A"), ("right", "B")):
        lab.labrec("merge", "a", "b", "--as", name, "--take", side, "x")
    found = json.loads(lab.labrec("merge", "left", "right", "--as", "all", "--json", code=3).out)
    assert sorted(found["ancestors"]) == ["a", "b"]
    (conflict,) = found["conflicts"]
    assert conflict == {"path": "x", "a": 1, "b": 2, "ancestors_differ": True}
    assert found["features"] == {"k": 0}


def test_names_and_values_steer_nothing(lab):
    """I5"""
    odd = "\x1b[31m\u202e</script>"
    run(lab, "r", "--set", f"k={json.dumps(odd)}")
    run(lab, "a", "--parent", "r", "--set", f"k={json.dumps(odd + 'a')}", "--set", "ok=1")
    run(lab, "b", "--parent", "r", "--set", f"k={json.dumps(odd + 'b')}")
    for done in (
        lab.labrec("merge", "a", "b", "--as", "c", code=3),
        lab.labrec("features", "a"),
        lab.labrec("features", "a", "--against", "b"),
    ):
        assert not {"\x1b", "\u202e"} & set(done.out + done.err)
