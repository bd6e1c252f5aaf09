"""The first five minutes, as the README has them."""

from __future__ import annotations

import json

import pytest


def test_make_a_lab_record_a_program_and_read_it_back(shell):
    shell.labrec("init", "lab")
    shell.folder /= "lab"
    (shell.folder / "lr.yaml").write_text("lr: 1e-4\nlayers: [1, 2]\n")
    done = shell.labrec(
        "run", "--project", "lm", "--name", "1_first", "--features", "lr.yaml", "--set", "a.b=on",
        "--seed", "7", "--seed", "data=8", "--metrics", "results.json", "--artifact", "*.txt",
        "--tag", "smoke", "--intent", "see it work", "--outcome", "it does",
        "--", "sh", "-c", """echo out; echo err >&2; echo model > m.txt
        echo '{"val": {"bpb": 1.25}, "n": NaN, "note": "x"}' > results.json""",
    )  # fmt: skip
    assert (done.out, done.err) == ("out\n", "err\n")

    (row,) = shell.runs()
    assert (row["project"], row["name"], row["status"]) == ("lm", "1_first", "complete")
    assert row["metrics"] == {"n": "NaN", "val.bpb": 1.25}
    record = shell.record(row["run_id"])
    assert record["features"]["tree"] == {"lr": 0.0001, "layers": [1, 2], "a": {"b": "on"}}
    assert record["features"]["source"]["path"] == "lr.yaml"
    assert record["determinism"]["seeds"] == {"seed": "7", "data": "8"}
    assert record["lineage"]["intent"] == "see it work"
    assert record["lineage"]["outcome"] == "it does"
    assert record["identity"]["tags"] == ["smoke"]
    assert record["identity"]["author"] is None  # nobody is named who did not ask for it
    assert record["command"]["exit_code"] == 0
    assert record["code"]["kind"] == "manifest"
    (event,) = [e for e in record["capture"]["events"] if "results.json" in e["what"]]
    assert (event["kind"], event["count"]) == ("skipped", 1)

    text = shell.labrec("show", "1_first").out
    for word in ("1_first", "complete", "val.bpb", "m.txt", "see it work", row["run_id"]):
        assert word in text
    assert shell.labrec("get", "1_first", "m.txt", "-o", "-").out == "model\n"
    assert "verified" in shell.labrec("verify").out
    shell.labrec("land")
    assert shell.git("status", "--short", "--untracked-files=no").out == ""
    assert (shell.folder / row["path"]).is_file()
    assert shell.spools == []


def test_defaults_are_the_folder_and_the_program(lab):
    lab.labrec("run", "--", "true")
    (row,) = lab.runs()
    assert (row["project"], row["name"]) == ("lab", "true")
    lab.python("import labrec\nwith labrec.run(): pass\n")
    row = lab.runs()[0]
    assert row["project"] == "lab"
    assert row["name"].startswith("script_")


def test_stdout_belongs_to_the_program_alone(lab):
    done = lab.labrec("run", "--verbose", "--", "printf", "%s", "x\\0y")
    assert done.out == "x\\0y"
    assert done.err.startswith("labrec: recorded lab/")
    done = lab.labrec("run", "--json", "--", "printf", "x")
    assert done.out == "x"
    answer = json.loads(done.err)
    assert answer["recorded"]["status"] == "complete"
    assert answer["recorded"]["run_id"] == answer["run_id"]


def test_what_is_recorded_later_leaves_what_was_recorded_before(lab):
    """I7: an existing record never changes."""
    lab.labrec("run", "--name", "a", "--", "true")
    before = lab.labrec("show", "a", "--raw").out
    lab.labrec("run", "--name", "b", "--", "false", code=1)
    lab.labrec("land")
    lab.labrec("run", "--name", "c", "--", "sh", "-c", "kill -9 $$", code=137)
    assert lab.labrec("show", "a", "--raw").out == before
    assert [row["status"] for row in lab.runs()] == ["failed", "failed", "complete"]
    assert lab.last()["command"]["signal"] == "SIGKILL"
    lab.labrec("verify")


@pytest.mark.parametrize(
    ("variable", "value", "author"),
    [
        ("LABREC_IDENTITY", "git", {"name": "Test Author", "source": "git"}),
        ("LABREC_AUTHOR", "Ada Lovelace", {"name": "Ada Lovelace", "source": "settings"}),
    ],
)
def test_a_record_names_its_author_on_request(lab, variable, value, author):
    lab.labrec("run", "--name", "mine", "--", "true", **{variable: value})
    (row,) = lab.runs()
    assert lab.record(row["run_id"])["identity"]["author"] == author
