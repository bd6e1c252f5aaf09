"""The examples of the manual run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labrec.noted import find_run, said_of
from labrec.store.init import init
from labrec.store.lab import Lab
from labrec.store.notes import notes_of

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _examples(page):
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    init(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_sdk_example_records_a_run(lab):
    import labrec

    example, *_ = _examples("sdk.md")
    exec(compile(example, "sdk.md", "exec"), {})
    with labrec.open() as reader:
        (run,) = reader.runs("lm")
        assert run.metrics["loss"] == 0.001
        assert run.section("lineage")["outcome"] == "a baseline to compare with"


def test_the_note_example_says_what_it_says(lab):
    import labrec

    with labrec.run(project="lm", name="1_baseline"):
        pass
    *_, example = _examples("sdk.md")
    exec(compile(example, "sdk.md", "exec"), {})
    with Lab.open(lab) as opened:
        view = opened.view()
        said = said_of(view, find_run(view, "1_baseline"))
        assert said.standing == "retracted"
        assert said.folded.tags.added == ("reference",)
        notes = {note.kind: note.subject.kind for note in notes_of(view).notes}
    assert notes == {"comment": "run", "tag": "run", "retract": "run", "object": "experiment"}


def test_the_counterfactual_example_measures_and_records_cells(lab, capsys):
    import labrec

    _, example, _ = _examples("sdk.md")
    exec(compile(example, "sdk.md", "exec"), {})
    assert capsys.readouterr().out.splitlines()[1] == "() {'loss': 0.5}"
    with labrec.open() as reader:
        (run,) = reader.runs("lm")
        (call,) = run.section("counterfactuals")["calls"]
        assert len(call["cells"]) == 12


def test_the_attribution_example_measures_cells(lab):
    import labrec

    (example,) = _examples("attribution.md")
    exec(compile(example, "attribution.md", "exec"), {})
    with labrec.open() as reader:
        (run,) = reader.runs("tiny")
        (call,) = run.section("counterfactuals")["calls"]
        assert (call["step"], len(call["cells"])) == (1000, 12)


def test_the_reading_example_reads(lab, capsys):
    import labrec

    with labrec.run(project="lm", name="a", features={"lr": 1}) as run:
        run.log_metric("loss", 0.5, 1)
        run.log_artifact(b"weights", "model.bin")
    (example,) = _examples("reading-back.md")
    names: dict[str, object] = {}
    exec(compile(example.replace("path/to/lab", str(lab)), "reading-back.md", "exec"), names)
    assert names["model"] == b"weights"
    assert names["points"][0].value == 0.5
    assert "a complete 0.5 1" in capsys.readouterr().out


def test_every_public_method_of_a_run_is_in_the_manual():
    from labrec.sdk import Run

    text = (DOCS / "sdk.md").read_text()
    for name in [*vars(Run), "log_metric"]:
        assert name.startswith("_") or f"run.{name}" in text, name


def test_the_manual_names_no_option_that_is_not_there():
    import click

    from labrec.cli import root

    known = {"--json", "--help"}
    for name in root.list_commands(click.Context(root)):
        command = root.get_command(click.Context(root), name)
        known |= {option for parameter in command.params for option in parameter.opts}
    for page in ("record.md", "reading-back.md"):
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", (DOCS / page).read_text()):
            assert option in known, (page, option)
