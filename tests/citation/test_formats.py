"""Citations are read back by what others read them with, whatever a name or a title holds."""

from __future__ import annotations

import datetime as dt
import io
import json
from importlib import resources
from typing import Any

import bibtexparser
import jsonschema
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st

from labrec.citation import FORMATS, Author, Lab, Work, author, of_lab, of_project, of_run
from labrec.citation.web import highwire, json_ld
from labrec.record import yaml12

DAY = dt.date(2026, 3, 1)
RUN_ID = "019cab3e-0000-7000-8000-000000000001"
CITATION = f"lm/{RUN_ID}@sha256:{'a' * 64}"
LAB = Lab("A lab", "https://example.org/lab/", "", "10.5281/zenodo.1")
WORKS = {
    "lab": of_lab(LAB, ["Ada Example <ada@example.org>"], DAY, "f" * 40),
    "project": of_project(LAB, "lm", ["Bo", "Ada Example"], DAY),
    "run": of_run(LAB, CITATION, "2_from_1_deep", ["Ada Example"], DAY),
    "nobody": of_run(Lab("A lab"), CITATION, "2_from_1_deep", [], DAY),
}
HOSTILE = [
    "</script><script>window.hit=1</script>",
    "}\n@misc{evil,",
    "ER  - \nTY  - JOUR",
    "x\r\nUR  - javascript:alert(1)",
    "\\input{/etc/passwd} $x$ 100% a_b #1 ~ ^",
    "!!python/object:os.system",
    '"\nmessage: other',
    "a and b, c",
    "日本語 🧪",
    "\u202egnp",
    "- x: y",
]


def _schema(package: str, path: str) -> Any:
    return json.loads((resources.files(package) / path).read_text("utf-8"))


def _checked(schema: Any, document: Any) -> None:
    kind = jsonschema.validators.validator_for(schema)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(document)


def _names(work: Work) -> list[str]:
    return [one.name for one in work.authors]


def _all(title: str, name: str) -> Work:
    return of_run(LAB, CITATION, title, [name], DAY)


@pytest.mark.parametrize("work", WORKS.values(), ids=list(WORKS))
def test_each_work_is_valid_by_the_schemas(work: Work) -> None:
    _checked(
        _schema("datacite", "schemas/datacite-v4.5.json"),
        json.loads(FORMATS["datacite"].write(work)),
    )
    _checked(
        _schema("cffconvert", "schemas/1.2.0/schema.json"),
        yaml12.load(FORMATS["cff"].write(work).encode()),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_a_value_in_every_form(text: str) -> None:
    work = _all(text, text)
    [item] = json.loads(FORMATS["csl-json"].write(work))
    assert [item["title"], item["author"]] == [work.title, [{"literal": n} for n in _names(work)]]
    cff = yaml12.load(FORMATS["cff"].write(work).encode())
    assert (cff["title"], cff["message"]) == (work.title, "Please cite it by these data.")
    _checked(_schema("cffconvert", "schemas/1.2.0/schema.json"), cff)
    [entry] = rispy.load(io.StringIO(FORMATS["ris"].write(work)))
    assert (entry["type_of_reference"], entry["title"]) == ("DATA", work.title)
    assert entry["urls"] == [work.url]
    library = bibtexparser.parse_string(FORMATS["bibtex"].write(work))
    assert not library.failed_blocks
    assert [one.key for one in library.entries] == [work.key]
    assert FORMATS["text"].write(work).count("\n") == 1


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_one_entry(title: str, name: str) -> None:
    work = _all(title, name)
    library = bibtexparser.parse_string(FORMATS["bibtex"].write(work))
    assert [len(library.entries), len(library.failed_blocks)] == [1, 0]
    assert len(rispy.load(io.StringIO(FORMATS["ris"].write(work)))) == 1
    assert yaml12.load(FORMATS["cff"].write(work).encode())["title"] == work.title
    assert json.loads(FORMATS["datacite"].write(work))["titles"] == [{"title": work.title}]


def test_latex_gets_its_special_characters_escaped() -> None:
    written = FORMATS["bibtex"].write(_all(r"a_b 100% \x {y}", "A & B"))
    assert r"a\_b 100\% \textbackslash{}x \{y\}" in written
    assert r"author = {{A \& B}}" in written


def test_a_run_is_cited_by_the_digest_of_its_record() -> None:
    work = WORKS["run"]
    assert FORMATS["text"].write(work) == (
        f"Ada Example (2026). 2_from_1_deep (run of lm). A lab. {CITATION}. "
        f"https://example.org/lab/p/lm/r/{RUN_ID}/\n"
    )
    assert work.key == f"lm-{RUN_ID}"[:60]
    assert work.version == f"sha256:{'a' * 64}"


def test_who_is_cited() -> None:
    assert author("Ada Example <ada@example.org>") == Author("Ada Example")
    assert author(" <ada@example.org>") is None
    assert _names(WORKS["project"]) == ["Ada Example", "Bo"]
    # nobody is named: the lab answers for it, and is no person
    assert WORKS["nobody"].authors == (Author("A lab", person=False),)
    assert _names(of_lab(Lab("A lab", author="The group"), ["Bo"], DAY, "f")) == ["The group"]


def test_pages_say_it_to_programs() -> None:
    found = json_ld(WORKS["run"])
    assert found["@type"] == "Dataset"
    assert found["identifier"] == [CITATION]
    assert found["includedInDataCatalog"]["url"] == LAB.url
    assert json_ld(WORKS["lab"])["identifier"] == ["https://doi.org/10.5281/zenodo.1"]
    tags = dict(highwire(WORKS["run"]))
    assert tags["citation_publication_date"] == "2026/03/01"
    assert "citation_public_url" not in dict(highwire(WORKS["nobody"]))
