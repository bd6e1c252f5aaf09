"""``labrec cite``: the lab, a project and a run, as the lab and its notes call them."""

from __future__ import annotations

import datetime as dt
import json
import subprocess

import pytest

import labrec
from labrec.record import yaml12


@pytest.fixture
def run(lab_dir):
    (lab_dir / "labrec.toml").write_text('author = "Ada Example <ada@example.org>"\n')
    (lab_dir / "mkdocs.yml").write_text(
        "site_name: Depth lab\nsite_url: https://example.org/depth/\n"
        "extra: {labrec: {doi: 10.5281/zenodo.7}}\n"
    )
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "commit", "-qm", "settings"], check=True)
    with labrec.run(project="lm", name="1_base", features={"lr": 1}) as run:
        run.log_metric("loss", 0.5, step=0)
    return run


def test_a_run_is_cited_by_its_digest_under_the_name_that_notes_leave_it(run, call):
    shown = call("show", run.run_id, "--json").json
    assert call("note", "rename", run.run_id, "2_deeper", "--reason", "clearer").code == 0
    answer = call("cite", run.run_id)
    year = dt.datetime.now(dt.UTC).year
    assert answer.out == (
        f"Ada Example ({year}). 2_deeper (run of lm). Depth lab. {shown['citation']}. "
        f"https://example.org/depth/p/lm/r/{run.run_id}/\n"
    )
    assert "ada@" not in call("cite", run.run_id, "--format", "bibtex").out
    assert call("cite", shown["citation"]).out == answer.out


def test_a_project_and_the_lab_are_cited(run, call):
    [item] = json.loads(call("cite", "lm", "--format", "csl-json").out)
    assert item["title"] == "lm (Depth lab)"
    cff = yaml12.load(call("cite", "--format", "cff").out.encode())
    assert (cff["title"], cff["doi"]) == ("Depth lab", "10.5281/zenodo.7")
    answer = call("cite", "--json").json
    assert answer["work"]["authors"] == [{"name": "Ada Example", "person": True}]
    assert answer["work"]["version"] == cff["version"]


def test_there_may_be_nothing_to_cite(lab_dir, call):
    answer = call("cite")
    assert (answer.code, "can be cited" in answer.err) == (10, True)
    assert call("cite", "nosuch").code == 10
