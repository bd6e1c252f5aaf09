"""``labrec site build`` and ``labrec site serve`` as they are called."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.site.labs import PROJECT, add, built, commit, run, run_id
from tests.store.labs import new_lab

if TYPE_CHECKING:
    from tests.store.labs import GitLab

LABREC = str(Path(sys.executable).with_name("labrec"))


def _labrec(lab: GitLab, *argv: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [LABREC, *argv], cwd=lab.path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def lab(lab: GitLab, site_cache: Path) -> GitLab:
    """A lab of one run; the script of the charts is there already."""
    add(lab, run(1, "1_base", metrics={"loss": 0.5}))
    _take(lab, site_cache)
    return lab


def _take(lab: GitLab, site_cache: Path) -> None:
    if not (site_cache / "vega.js").is_file():
        built(lab, lab.path / "build/first", cache=site_cache)
    cache = lab.path / "build/labrec/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for path in [site_cache / "vega.js", *site_cache.glob("shells-*.json")]:
        (cache / path.name).write_bytes(path.read_bytes())


def test_build_makes_the_tables_and_the_site(lab: GitLab) -> None:
    done = _labrec(lab, "site", "build")
    folder = lab.path / "build/labrec/site"
    assert f"written to {folder}" in done.stdout
    assert (folder / "index.html").is_file()
    assert (folder / f"p/{PROJECT}/r/{run_id(1)}/index.html").is_file()
    assert (lab.path / "build/labrec/tables/runs.parquet").is_file()
    again = json.loads(_labrec(lab, "site", "build", "--json").stdout)
    assert again["rendered"] == 0
    assert lab.git("status", "--porcelain") in {"", "?? build/"}


def test_build_follows_the_lab(lab: GitLab) -> None:
    _labrec(lab, "site", "build")
    add(lab, run(2, "second", metrics={"loss": 0.4}))
    report = json.loads(_labrec(lab, "site", "build", "--json").stdout)
    assert report["rendered"] > 0
    assert (lab.path / f"build/labrec/site/p/{PROJECT}/r/{run_id(2)}/index.html").is_file()


def test_build_of_one_commit_leaves_record_refs_out(lab: GitLab, tmp_path: Path) -> None:
    out = tmp_path / "public"
    _labrec(lab, "site", "build", "--at", "main", "--out", str(out))
    assert not (out / f"p/{PROJECT}/r").exists()
    assert (out / "index.html").is_file()


def test_build_takes_the_working_tree_only_where_that_is_asked_for(lab: GitLab) -> None:
    (lab.path / "site").mkdir()
    (lab.path / "site/draft.md").write_text("# A draft\n")
    _labrec(lab, "site", "build")
    assert not (lab.path / "build/labrec/site/draft.html").exists()
    _labrec(lab, "site", "build", "--worktree")
    assert (lab.path / "build/labrec/site/draft.html").is_file()


def test_build_ends_with_3_where_a_record_cannot_be_used(lab: GitLab) -> None:
    from tests.store.labs import Doc

    from labrec.record import layout
    from labrec.record.digest import Digest

    add(lab, [Doc(layout.run_path(PROJECT, run_id(9), Digest.of(b"{")), b"{")])
    done = _labrec(lab, "site", "build", code=3)
    assert "1 document could not be used: the Data page lists them" in done.stdout


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"mkdocs.yml": b"hooks: [evil.py]\n"}, 12),
        ({"site/passwd.md": "/etc/passwd"}, 17),
        ({"site/x.md": b"<script>1</script>\n"}, 12),
    ],
)
def test_build_refuses_what_would_run_or_lead_away(
    lab: GitLab, files: dict[str, bytes | str], code: int
) -> None:
    commit(lab, dict(files))
    done = _labrec(lab, "site", "build", "--json", code=code)
    failure: dict[str, Any] = json.loads(done.stderr)
    assert failure["hint"]
    assert not (lab.path / "build/labrec/site").exists()


def test_a_bare_lab_needs_a_place(tmp_path: Path) -> None:
    bare = new_lab(tmp_path / "bare", bare=True)
    done = _labrec(bare, "site", "build", code=2)
    assert "--out DIR" in done.stderr
    _labrec(bare, "site", "build", "--out", str(tmp_path / "public"))
    assert (tmp_path / "public/index.html").is_file()


def test_serve_says_where_follows_the_lab_and_ends_with_0(lab: GitLab) -> None:
    (lab.path / "site").mkdir()
    process = subprocess.Popen(
        [LABREC, "site", "serve", "--port", "0", "--json"],
        cwd=lab.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = ""
        while not told.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            told += line
        url = json.loads(told)["url"]
        assert _get(url, "/about.html")[0] == 404
        (lab.path / "site/about.md").write_text("# What we do\n")
        assert _get(url, "/")[0] == 200
        status, body = _get(url, "/about.html")
        assert (status, "What we do" in body) == (200, True)
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert said == ""


def test_serve_says_when_the_port_is_taken(lab: GitLab) -> None:
    from labrec.site.serve import Preview

    with Preview(lab.path, port=0) as other:
        port = other.url.rsplit(":", 1)[1].strip("/")
        done = _labrec(lab, "site", "serve", "--port", port, code=11)
    assert f"port {port} of this machine is taken" in done.stderr


def _get(url: str, target: str) -> tuple[int, str]:
    """Ask a server on this machine from a process of its own: tests reach no address."""
    program = (
        "import http.client, sys\n"
        "c = http.client.HTTPConnection(sys.argv[1], timeout=60)\n"
        "c.request('GET', sys.argv[2]); r = c.getresponse()\n"
        "print(r.status); print(r.read().decode())\n"
    )
    deadline = time.monotonic() + 60
    while True:
        done = subprocess.run(
            [sys.executable, "-c", program, url.split("/")[2], target],
            capture_output=True, text=True, check=False, env=os.environ,
        )  # fmt: skip
        if done.returncode == 0:
            status, _, body = done.stdout.partition("\n")
            return int(status), body
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.1)


def test_a_missing_package_says_what_to_install(
    lab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide = lab.path / "hide"
    hide.mkdir()
    (hide / "jinja2.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'jinja2'\", name='jinja2')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(hide))
    done = _labrec(lab, "site", "build", code=10)
    assert "needs jinja2, which is not installed" in done.stderr
    assert "pip install 'labrec[lab]'" in done.stderr
