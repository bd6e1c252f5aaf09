"""What the page of a run offers to say about it works: the command as shown, the file as saved."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.site.labs import PROJECT, add, built, run_id, study
from tests.store.labs import RECORD_REF, GitLab, new_lab

from labrec.record.codec import encode
from labrec.record.digest import Digest
from labrec.record.layout import note_path
from labrec.record.reader import read_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
    from tests.site.conftest import Seen, Site

RUN = f"p/{PROJECT}/r/{run_id(3)}/index.html"
ODD = '\'; touch hit; $(touch hit) `touch hit` "x" \\ !! #& <b>\u65e5\u672c'
SAYINGS = {
    "comment": (f"-n {ODD}\nand more", ""),
    "object": (ODD, ODD),
    "outcome": (ODD, ""),
    "tag": ("--remove x'y $(touch_hit)", ""),
    "reparent": (run_id(1), ODD),
    "link": ("doi:10.1000/1'82;touch", ""),
    "rename": ("3_new'name", ""),
    "retract": ("", f"-- {ODD}"),
}


@pytest.fixture
def offered(site: Site, look: Callable[..., Seen]) -> Page:
    """The page of a run, opened where it offers to say something about it."""
    page = look((site.folder / RUN).as_uri(), accept_downloads=True).page
    page.locator("#propose").click()
    return page


@pytest.fixture
def clone(site: Site, tmp_path: Path) -> GitLab:
    """The lab of the site, to be written to; its records are landed."""
    shutil.copytree(site.lab.path, tmp_path / "lab")
    lab = GitLab(tmp_path / "lab")
    lab.git("merge", "-q", "--no-edit", "--allow-unrelated-histories", RECORD_REF)
    return lab


def shell(lab: GitLab, command: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=lab.path, env={**os.environ, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def fill(page: Page, kind: str, text: str, why: str, author: str = "O'Hara") -> None:
    place = page.locator(":is([data-labrec-propose], [data-labrec-reparent])")
    if place.locator("select").is_visible():
        place.locator("select").select_option(kind)
    if text:
        place.locator("textarea").fill(text)
    place.get_by_label("Why").fill(why)
    place.get_by_label("My name").fill(author)


def notes(lab: GitLab) -> list[dict[str, Any]]:
    listed = shell(lab, f"labrec note list {run_id(3)} --json")
    found: list[dict[str, Any]] = json.loads(listed.stdout)["notes"]
    return found


def test_every_command_does_what_it_says(offered: Page, clone: GitLab) -> None:
    before = {one["note_id"] for one in notes(clone)}
    for kind, (text, why) in SAYINGS.items():
        fill(offered, kind, text, why)
        command = offered.locator("[data-labrec-propose] pre code").first.text_content() or ""
        done = shell(clone, command)
        assert (done.returncode, done.stderr) == (0, ""), command
        (new,) = [one for one in notes(clone) if one["note_id"] not in before]
        before.add(new["note_id"])
        assert (new["kind"], new["author"], new["reason"]) == (kind, "O'Hara", why.strip())
    assert not (clone.path / "hit").exists()


def test_every_file_is_the_note_that_the_command_writes(
    offered: Page, clone: GitLab, tmp_path: Path
) -> None:
    files = []
    for kind, (text, why) in SAYINGS.items():
        fill(offered, kind, text, why)
        with offered.expect_download() as download:
            offered.get_by_role("button", name="Save the note file").click()
        data = download.value.path().read_bytes()
        note = json.loads(data)
        path = note_path(PROJECT, note["note_id"], Digest.of(data))
        assert download.value.suggested_filename == path.rpartition("/")[2]
        assert data == encode(note)
        read_document(path, data)
        command = offered.locator("[data-labrec-propose] pre code").first.text_content() or ""
        assert shell(clone, command).returncode == 0
        written = _last(clone, kind)
        assert {key: note[key] for key in ("author", "reason", "subject", "kind")} == {
            key: written[key] for key in ("author", "reason", "subject", "kind")
        }
        if kind != "reparent":  # a command also knows the name and the experiment of a run
            assert note["body"] == written["body"]
        files.append((download.value.suggested_filename, data))
    assert not (clone.path / "hit").exists()


def _last(lab: GitLab, kind: str) -> dict[str, Any]:
    ref = lab.git("for-each-ref", "--format=%(refname)", "refs/labrec/records").splitlines()
    for name in ref:
        for path in lab.git("ls-tree", "-r", "--name-only", name, "records").splitlines():
            if "/notes/" in path:
                found: dict[str, Any] = json.loads(lab.git("show", f"{name}:{path}"))
                if found["kind"] == kind and found["author"]["name"] == "O'Hara":
                    return found
    raise AssertionError(kind)


def test_a_file_can_be_proposed_as_the_page_says(
    offered: Page, clone: GitLab, tmp_path: Path
) -> None:
    fill(offered, "retract", "", ODD)
    with offered.expect_download() as download:
        offered.get_by_role("button", name="Save the note file").click()
    (tmp_path / "Downloads").mkdir()
    download.value.save_as(tmp_path / "Downloads" / download.value.suggested_filename)
    steps = offered.locator("[data-labrec-propose] pre code").last.text_content() or ""
    lines = [line for line in steps.splitlines() if not line.startswith("git push")]
    done = shell(clone, f"set -e; HOME={tmp_path}\n" + "\n".join(lines))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "adds only honest records" in done.stdout
    assert [one["kind"] for one in notes(clone)][:1] == ["retract"]


def test_what_is_missing_is_asked_for(offered: Page) -> None:
    said = offered.locator("[data-labrec-propose] [role=status]")
    for kind, text, why, author, answer in (
        ("comment", "", "", "Ada", "Say it first."),
        ("comment", "Odd.", "", "", "A note says who speaks: give your name."),
        ("retract", "", "", "Ada", "Say why."),
        ("link", "paper.pdf", "", "Ada", "A publication is doi:… or https://…."),
    ):
        fill(offered, kind, text, why, author)
        offered.get_by_role("button", name="Save the note file").click()
        assert said.text_content() == answer


def test_without_javascript_the_commands_stand(site: Site, look: Callable[..., Seen]) -> None:
    page = look((site.folder / RUN).as_uri(), java_script_enabled=False).page
    shown = page.locator("[data-labrec-propose] pre").text_content() or ""
    assert f"labrec note retract {run_id(3)} --reason 'WHY'" in shown


# --- hypotheses and experiments -----------------------------------------------------------------


@pytest.fixture(scope="session")
def claimed(tmp_path_factory: pytest.TempPathFactory, site_cache: Path) -> GitLab:
    """A lab with a registered claim and a note on it, its records landed, and its site."""
    lab = new_lab(tmp_path_factory.mktemp("claimed") / "lab")
    lab.git("reset", "-q", "--hard")
    for key, value in (("name", "Ada"), ("email", "ada@example.org")):
        lab.git("config", f"user.{key}", value)  # who a machine's git takes for its user, if any
    assert shell(lab, f"labrec hypothesis new deeper --project {PROJECT}").returncode == 0
    draft = lab.path / f"records/{PROJECT}/hypotheses/deeper.yaml"
    text = draft.read_text().replace('claim: ""', 'claim: "Deeper is better."')
    draft.write_text(text.replace('name: ""', "name: loss"))
    lab.git("add", ".")
    lab.git("commit", "-q", "-m", "Draft")
    for command in (
        "register deeper --author Ada",
        f"decide deeper refuted --reason No --author Bo --project {PROJECT}",
    ):
        done = shell(lab, f"labrec hypothesis {command}")
        assert done.returncode == 0, done.stderr
    add(lab, study())
    lab.git("merge", "-q", "--no-edit", "--allow-unrelated-histories", RECORD_REF)
    built(lab, cache=site_cache)
    return lab


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [("comment", f"-n {ODD}", ""), ("object", ODD, ODD), ("decide", ODD, f"-- {ODD}")],
)
def test_what_is_said_of_a_hypothesis_is_what_the_command_writes(
    claimed: GitLab, look: Callable[..., Seen], tmp_path: Path, kind: str, text: str, why: str
) -> None:
    shutil.copytree(claimed.path, tmp_path / "lab")
    lab = GitLab(tmp_path / "lab")
    url = lab.path / f"build/labrec/site/p/{PROJECT}/h/deeper/index.html"
    page = look(url.as_uri(), accept_downloads=True).page
    fill(page, kind, text, why)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the note file").click()
    data = download.value.path().read_bytes()
    note = json.loads(data)
    read_document(note_path(PROJECT, note["note_id"], Digest.of(data)), data)
    command = page.locator("[data-labrec-propose] pre code").first.text_content() or ""
    done = shell(lab, command)
    assert (done.returncode, done.stderr) == (0, ""), command
    written = _last(lab, kind)
    same = ("author", "reason", "subject", "kind", "body", "after")
    assert {key: note[key] for key in same} == {key: written[key] for key in same}
    assert len(note["after"]) == 1
    assert not (lab.path / "hit").exists()


def test_all_runs_of_an_experiment_get_other_parents(
    claimed: GitLab, look: Callable[..., Seen], tmp_path: Path
) -> None:
    shutil.copytree(claimed.path, tmp_path / "lab")
    lab = GitLab(tmp_path / "lab")
    url = lab.path / f"build/labrec/site/p/{PROJECT}/graph/index.html"
    page = look(url.as_uri(), accept_downloads=True).page
    place = page.locator("[data-labrec-reparent]")
    place.locator("input[type=search]").fill("BASE")
    place.get_by_role("button", name="1_base · 2 runs").click()
    fill(page, "reparent", run_id(6), ODD)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the note file").click()
    (tmp_path / "Downloads").mkdir()
    download.value.save_as(tmp_path / "Downloads" / download.value.suggested_filename)
    command, steps = place.locator("pre code").all_text_contents()
    lines = [line for line in steps.splitlines() if not line.startswith("git push")]
    done = shell(lab, f"set -e; HOME={tmp_path}\n" + "\n".join(lines))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "adds only honest records" in done.stdout
    noted = {}
    for number in (1, 2):
        listed = json.loads(shell(lab, f"labrec note list {run_id(number)} --json").stdout)
        (noted[number],) = listed["notes"]
        assert noted[number]["kind"] == "reparent"
        assert noted[number]["reason"] == ODD
    assert noted[1]["note_id"] != noted[2]["note_id"]
    done = shell(lab, command)
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["noted"] * 2
    assert not (lab.path / "hit").exists()


def test_an_experiment_with_one_run_is_one_note_file(
    claimed: GitLab, look: Callable[..., Seen]
) -> None:
    url = claimed.path / f"build/labrec/site/p/{PROJECT}/graph/index.html"
    page = look(url.as_uri(), accept_downloads=True).page
    place = page.locator("[data-labrec-reparent]")
    place.locator("input[type=search]").fill(run_id(3)[:20])
    place.get_by_role("button", name="2_from_1_wide").click()
    fill(page, "reparent", "", "It was trained from scratch.")
    command = place.locator("pre code").first.text_content() or ""
    assert command.startswith("labrec note reparent --root --reason=")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the note file").click()
    note = json.loads(download.value.path().read_bytes())
    assert (note["subject"]["id"], note["body"]) == (run_id(3), {"parents": []})


def test_nothing_fits_is_said(claimed: GitLab, look: Callable[..., Seen]) -> None:
    page = look((claimed.path / f"build/labrec/site/p/{PROJECT}/graph/index.html").as_uri()).page
    place = page.locator("[data-labrec-reparent]")
    place.locator("input[type=search]").fill("<nothing>")
    place.get_by_text("Nothing fits.").wait_for()
