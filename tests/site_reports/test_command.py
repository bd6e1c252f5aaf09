"""``labrec report`` as it is called: begin, look, freeze, list, take along, and what fails."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import conftest
from tests.site.labs import PROJECT, add, commit, run, run_id
from tests.store.labs import GitLab, new_lab

if TYPE_CHECKING:
    from collections.abc import Callable

LABREC = str(Path(sys.executable).with_name("labrec"))
DEFINITION = b"key_metrics:\n  - name: loss\n    direction: minimize\n"


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    """A lab of three runs of two experiments."""
    lab = new_lab(tmp_path / "lab")
    commit(lab, {"site/index.md": b"# Lab\n", f"records/{PROJECT}/project.yaml": DEFINITION})
    add(lab, [
        *run(1, "1_base", metrics={"loss": 0.5}), *run(2, "1_base", metrics={"loss": 0.52}),
        *run(3, "2_from_1_wide", metrics={"loss": [0.9, 0.4]}),
    ])  # fmt: skip
    return lab


@pytest.fixture
def labrec(lab: GitLab) -> Callable[..., subprocess.CompletedProcess[str]]:
    def call(*argv: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [LABREC, *argv], cwd=lab.path, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done

    return call


def test_the_journey_from_a_beginning_to_a_file(lab, labrec):
    made = json.loads(labrec("report", "new", "first", "--json").stdout)
    path = Path(made["path"])
    assert path == lab.path / "site/reports/first.md"
    assert "{{ experiment(" in path.read_text("utf-8")
    again = labrec("report", "new", "first", code=2)
    assert "is there already" in again.stderr
    frozen = json.loads(labrec("report", "freeze", "first", "--author", "Ada", "--json").stdout)
    assert (frozen["project"], frozen["version"], frozen["known"]) == (PROJECT, 1, False)
    assert "was frozen already" in labrec("report", "freeze", "first").stdout
    (row,) = json.loads(labrec("report", "list", "--json").stdout)
    assert (row["slug"], row["written"], [one["version"] for one in row["versions"]]) == (
        "first", True, [1],
    )  # fmt: skip
    assert "first" in labrec("report", "list").stdout
    labrec("report", "export", "first", "-o", "first.html")
    text = (lab.path / "first.html").read_text("utf-8")
    assert "Version 1" in text
    assert frozen["digest"] in text
    assert run_id(3)[:13] in text
    refused = labrec("report", "export", "first", "-o", "first.html", code=2)
    assert "is there already" in refused.stderr
    labrec("report", "export", "first", "--live", "-o", "live.html")
    assert "No version." in (lab.path / "live.html").read_text("utf-8")
    missing = labrec("report", "export", "first", "--version", "2", "-o", "x.html", code=10)
    assert "has no version 2" in missing.stderr
    assert "verified" in labrec("verify").stdout


def test_what_a_report_begins_with_names_this_lab_alone(lab, labrec):
    labrec("report", "new", "one")
    text = (lab.path / "site/reports/one.md").read_text("utf-8")
    assert f'run("{run_id(3)}")' in text
    assert 'figure("progress", metric="loss")' in text
    assert "hypothesis(" not in text
    labrec("report", "freeze", "one")


def test_a_file_asks_nothing_and_runs_nothing(lab, labrec):
    labrec("report", "new", "one")
    labrec("report", "export", "one", "--live", "-o", "one.html")
    text = (lab.path / "one.html").read_text("utf-8")
    assert "<script" not in text
    assert not re.search(r'\s(?:src|href)="(?!data:|#)', text)
    assert not re.search(r"url\(|@import", text)
    assert "default-src 'none'" in html.unescape(text)
    assert 'href="../../../' not in text


def test_links_of_a_file_lead_to_the_published_site_where_there_is_one(lab, labrec):
    commit(lab, {"mkdocs.yml": b"site_url: https://example.org/lab/\n"})
    labrec("report", "new", "one")
    labrec("report", "export", "one", "--live", "-o", "one.html")
    text = (lab.path / "one.html").read_text("utf-8")
    assert f'href="https://example.org/lab/p/{PROJECT}/r/{run_id(3)}/index.html"' in text


def test_all_mistakes_are_told_with_file_line_and_reason(lab, labrec):
    commit(lab, {
        "site/reports/a.md": b'# A\n\n{{ run("nope") }}\n\n{{ figure("pie") }}\n',
        "site/reports/b.md": b'{{ run("1_base") }}\n',
    })  # fmt: skip
    done = labrec("site", "build", code=12)
    for told in (
        "site/reports/a.md:3: ", "there is no run 'nope'", "site/reports/a.md:5: ",
        "there is no figure 'pie'", "site/reports/b.md:1: ", "more than one run '1_base'",
    ):  # fmt: skip
        assert told in done.stderr
    assert len(re.findall(r"^  at: site/reports/", done.stderr, re.MULTILINE)) == 3
    assert not (lab.path / "build/labrec/site").exists()
    failed = json.loads(labrec("report", "freeze", "a", "--json", code=12).stderr)
    assert failed["code"] == 12
    assert [one.partition(": ")[0] for one in failed["paths"]] == [
        "site/reports/a.md:3", "site/reports/a.md:5",
    ]  # fmt: skip
    assert "there is no report" in labrec("report", "freeze", "nope", code=10).stderr
    assert labrec("report", "preview", "a", code=12).stdout == ""


def test_a_file_among_the_reports_is_a_report(lab, labrec):
    for name in ("Big Name.md", "index.md", "deep/er.md", "plot.png"):
        commit(lab, {f"site/reports/{name}": b"x"})
        assert "site/reports/" in labrec("site", "build", code=12).stderr
        commit(lab, {f"site/reports/{name}": None})
    assert "reserved" not in labrec("report", "list").stderr
    assert "index" in labrec("report", "new", "index", code=2).stderr
    labrec("report", "new", "Bad Slug", code=12)


def test_freeze_takes_the_base_when_it_is_asked_to(lab, labrec):
    commit(lab, {"site/reports/a.md": b"# Committed\n\ntext\n"})
    (lab.path / "site/reports/a.md").write_text("# Edited\n\ntext\n")
    based = json.loads(labrec("report", "freeze", "a", "--base", "--json").stdout)
    document = json.loads(lab.git("show", f"{_ref(lab)}:{based['path']}"))
    assert document["title"] == "Committed"
    edited = json.loads(labrec("report", "freeze", "a", "--json").stdout)
    assert edited["version"] == 2


def _ref(lab: GitLab) -> str:
    for ref in lab.git("for-each-ref", "--format=%(refname)", "refs/labrec/records").splitlines():
        if "reports/a" in lab.git("ls-tree", "-r", "--name-only", ref):
            return ref
    raise AssertionError("no record ref holds the report")


def _only_this_machine(self, address):
    if address[0] != "127.0.0.1":
        pytest.fail(f"this test tried to reach the network: {address!r}")


def test_a_report_is_looked_at_while_it_is_written(lab, labrec, monkeypatch):
    monkeypatch.setattr(conftest, "_refuse", _only_this_machine)
    labrec("report", "new", "first")
    process = subprocess.Popen(
        [LABREC, "report", "preview", "first", "--port", "0", "--json"],
        cwd=lab.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = ""
        while not told.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            told += line
        answer = json.loads(told)
        assert answer["url"].endswith("/reports/first/index.html")
        assert answer["folder"] == str(lab.path / "build/labrec/preview")
        with urllib.request.urlopen(answer["url"], timeout=30) as page:
            assert "The best mean is that of" in page.read().decode()
        path = lab.path / "site/reports/first.md"
        path.write_text(path.read_text("utf-8") + "\nA further word.\n", "utf-8")
        os.utime(path, ns=(1, 1))
        with urllib.request.urlopen(answer["url"], timeout=60) as page:
            assert "A further word." in page.read().decode()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert not (lab.path / "build/labrec/site").exists()
