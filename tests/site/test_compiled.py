"""Templates as code: taken where they are whole and of this labrec, else made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2
import pytest
from tests.site.labs import add, built, run

from labrec.site import compiled, stamp
from labrec.site.compiled import Compiled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.labs import GitLab

ENVIRONMENT = {"a.html": "<p>{{ name }}</p>"}


def shown(folder: Path) -> str:
    environment = jinja2.Environment(loader=jinja2.DictLoader(ENVIRONMENT), autoescape=True)
    environment.bytecode_cache = Compiled(folder)
    return environment.get_template("a.html").render(name="<b>")


def test_what_is_kept_shows_the_same_and_is_not_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "deep" / "templates"
    assert shown(folder) == "<p>&lt;b&gt;</p>"
    (kept,) = folder.iterdir()
    before = kept.read_bytes()

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a template was compiled")

    monkeypatch.setattr(jinja2.Environment, "compile", refuse)
    assert shown(folder) == "<p>&lt;b&gt;</p>"
    assert kept.read_bytes() == before


@pytest.mark.parametrize("cut", [0, 10, 40, 100])
def test_what_is_broken_is_made_anew(tmp_path: Path, cut: int) -> None:
    shown(tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:cut] + b"x" + whole[cut + 1 :])
    assert shown(tmp_path) == "<p>&lt;b&gt;</p>"
    assert kept.read_bytes() == whole


def test_what_another_labrec_kept_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(tmp_path)
    (kept,) = tmp_path.iterdir()
    before = kept.read_bytes()
    monkeypatch.setattr(compiled, "tool_digest", lambda: "another")
    assert shown(tmp_path) == "<p>&lt;b&gt;</p>"
    assert kept.read_bytes() != before


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert shown(tmp_path / "file" / "templates") == "<p>&lt;b&gt;</p>"


def test_it_lies_where_nothing_is_checked_out(lab: GitLab, site_cache: Path) -> None:
    stamp._environment.cache_clear()
    add(lab, run(1, "first", metrics={"loss": 0.5}))
    built(lab, cache=site_cache)
    code = [path for path in lab.path.rglob("*") if path.parent.name == "templates"]
    assert code
    assert all(".git" in path.parts for path in code)
