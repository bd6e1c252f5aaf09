"""The manual agrees with the code and with itself."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labrec import errors, settings

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "changelog.d").glob("*.md"))
    if path.is_file()
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def _generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generate()


def _prose(path: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    broken = []
    for target in LINK.findall(_prose(page)):
        if target.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in _anchors(path)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("name", GENERATE.PAGES)
def test_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text() == GENERATE.page(name), "run `make docs`"


def test_every_setting_is_described() -> None:
    described = GENERATE._attributes(settings.Settings.__doc__)
    assert set(described) == set(settings.Settings._fields)
    assert set(described) == {row[0] for row in settings._ROWS}


def test_the_example_of_the_settings_page_is_read() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (DOCS / "settings.md").read_text(), re.DOTALL)
    read = settings.load(example.encode(), {})
    assert read.untracked == ("configs/*.yaml",)
    assert tomllib.loads(example)["secrets"]["policy"] == read.secrets


def test_every_error_has_its_own_documented_code() -> None:
    page = (DOCS / "exit-codes.md").read_text()
    found = [error for error in GENERATE._error_classes() if error.__module__ == "labrec.errors"]
    assert len(found) > 10
    for error in found:
        assert f"| {error.exit_code} | {error.name} |" in page
    own = [e for e in found if e.__mro__[1] is errors.LabrecError]
    assert len({e.exit_code for e in own}) == len(own)
    assert len({e.name for e in found}) == len(found)


def test_every_decision_is_indexed() -> None:
    index = (DOCS / "adr" / "README.md").read_text()
    pages = sorted(path for path in (DOCS / "adr").glob("*.md") if path.name != "README.md")
    for number, path in enumerate(pages, start=1):
        assert path.name.startswith(f"{number:04d}-")
        title = path.read_text().splitlines()[0].removeprefix(f"# {number}. ")
        assert f"| [{number:04d}]({path.name}) | {title} |" in index
        assert "**Decided.**" in path.read_text()


def test_every_page_is_indexed() -> None:
    index = (DOCS / "README.md").read_text()
    for path in sorted(DOCS.glob("*.md")):
        assert path.name == "README.md" or f"({path.name})" in index


def test_glossary_defines_each_word_once() -> None:
    text = (DOCS / "glossary.md").read_text()
    words = [
        word
        for row in re.findall(r"^\| (\*\*.+?) \|", text, re.MULTILINE)
        for word in re.findall(r"\*\*(.+?)\*\*", row)
    ]
    assert len(words) > 60
    assert len(words) == len(set(words))


def test_glossary_knows_every_section_of_a_record() -> None:
    text = (DOCS / "glossary.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| **section**"))
    models = importlib.import_module("labrec.record.run").ResearchRecord.model_fields
    for name in models:
        assert name in row or name in {"schema", "schema_"}


FRAGMENT = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|removed|security)\.md")


def test_changelog_fragments_are_named_and_short() -> None:
    fragments = [p for p in (ROOT / "changelog.d").iterdir() if p.name != "README.md"]
    assert fragments
    for path in fragments:
        assert FRAGMENT.fullmatch(path.name), path.name
        assert 0 < len(path.read_text().split()) <= 80


def test_every_page_of_the_manual_stands_in_the_navigation_of_the_site() -> None:
    """Decisions are reached from their list; every other page from the side of each page."""
    named = {
        line.split()[-1].removeprefix("manual/")
        for line in (ROOT / "mkdocs.yml").read_text().splitlines()
        if line.strip().startswith("- manual/")
    }
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert named == {page for page in pages if not page.startswith("adr/0")}
