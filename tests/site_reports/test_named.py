"""A frozen version is found, cited and spoken about by its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.site_reports.test_frozen import forged
from tests.store.labs import RECORD_REF, new_lab

from labrec.errors import NotFoundError, UsageError
from labrec.sdk.reports import find_version
from labrec.sdk.subjects import find_subject
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.store.view import View


@pytest.fixture
def view(tmp_path: Path) -> Iterator[View]:
    lab = new_lab(tmp_path / "lab")
    nowhere = f"sha256:{'0' * 64}"
    lab.add(*dict.fromkeys([
        *forged(b"<p>1</p>"), *forged(b"<p>2</p>", "2", supersedes=[nowhere]),
        *forged(b"<p>3</p>", "3", supersedes=[nowhere]),
        *forged(b"<p>4</p>", "3", supersedes=[nowhere], title="Other"),
    ]), ref=RECORD_REF)  # fmt: skip
    with Lab.open(lab.path) as opened:
        yield opened.view()


def test_a_version_by_its_name(view: View) -> None:
    assert find_version(view, "loss@1").number == 1
    assert find_version(view, "loss@v2").number == 2
    for text in ("nope", "loss@9", "loss@", "loss@x"):
        with pytest.raises((NotFoundError, UsageError)):
            find_version(view, text)
    with pytest.raises(UsageError, match="2 documents are version 3"):
        find_version(view, "loss")


def test_a_note_can_speak_about_a_version(view: View) -> None:
    found = find_subject(view, "report:loss@2")
    assert (found.subject.kind, found.subject.id) == ("report", "loss")
    assert found.subject.digest == find_version(view, "loss@2").digest
    assert found.path == find_version(view, "loss@2").path


def test_a_version_is_cited_in_every_form(view: View) -> None:
    from labrec.citation import FORMATS, Lab
    from labrec.site import citing

    work = citing.report(Lab("The lab", "https://example.org/lab/"), find_version(view, "loss@2"))
    assert (work.kind, work.title) == ("report", "Loss, version 2")
    assert work.url == "https://example.org/lab/reports/loss/v2/"
    assert work.version == find_version(view, "loss@2").digest
    for form in FORMATS.values():
        assert "Loss, version 2" in form.write(work).replace("{", "").replace("}", "")
    assert json.loads(FORMATS["csl-json"].write(work))
