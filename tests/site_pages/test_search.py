"""The index of the search, as a reader of its scripts sees it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.site.tables_of import digest, run_id
from tests.site_pages.conftest import many
from tests.site_pages.labs import HOSTILE, hostile, study

from labrec.errors import UnsafeError
from labrec.site.pages.search import page, pages
from labrec.site.search_entries import Entry, entries
from labrec.site.search_index import BLOCK, DIGITS, index, letters, words

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.collect import Site

SCRIPT = re.compile(
    r'\(self\.labrecIndex=self\.labrecIndex\|\|\[\]\)\.push\(\["([^"]+)",(.*)\]\);\n'
)


@pytest.fixture
def lab(tmp_path: Path) -> Site:
    tables = study()
    tables.add("features", run_id=run_id(4), record_digest=digest("lm record 4"),
               path="model.depth", value="4")  # fmt: skip
    tables.rows["runs"][3] |= {"tags": ["baseline"], "datasets": ["wiki@1"], "intent": "Go déeper."}
    tables.add("dataset_uses", dataset="wiki", version="1", n_runs=1, last_run=run_id(4))
    return tables.site(tmp_path)


def read(files: dict[str, bytes]) -> dict[str, Any]:
    """Read scripts as a browser does, and no other way: one value a script."""
    found = {}
    for name, data in files.items():
        script = SCRIPT.fullmatch(data.decode())
        assert script is not None, name
        assert script[1] == name.removesuffix(".js")
        found[script[1]] = json.loads(script[2])
    return found


def numbers(steps: list[int]) -> list[int]:
    found, at = [], -1
    for step in steps:
        for _ in range(max(1, -step)):
            at += max(1, step)
            found.append(at)
    return found


def having(shards: dict[str, Any], word: str) -> tuple[set[int], set[int]]:
    """Return the entries that have a word in their title, and elsewhere."""
    for count in (1, 2):
        shard = shards.get(f"w-{letters(word, count)}")
        if shard is not None and word in shard["word"]:
            at = shard["word"].index(word)
            return set(numbers(shard["title"][at])), set(numbers(shard["text"][at]))
    return set(), set()


def test_there_is_an_entry_of_every_kind(lab: Site) -> None:
    found = entries(lab, ("hypothesis",))
    by_what = {one.what: one for one in found}
    assert set(by_what) == {
        "project", "hypothesis", "metric", "dataset", "feature", "experiment", "run",
    }  # fmt: skip
    assert by_what["hypothesis"].url == "p/lm/h/deeper/index.html"
    assert by_what["metric"].url.startswith("metrics/index.html#metric-")
    assert by_what["dataset"].url.startswith("datasets/index.html#dataset-")
    assert by_what["feature"].note == "1 value in 1 run of lm: 4"
    assert by_what["feature"].url == f"p/lm/r/{run_id(4)}/index.html#features"
    assert [one.what for one in entries(lab, ())].count("hypothesis") == 1  # the current one
    without = {one.what: one.url for one in entries(lab, ())}
    assert without["hypothesis"] == "p/lm/index.html#hypotheses"


def test_a_word_leads_to_what_has_it(lab: Site) -> None:
    found = entries(lab, ())
    shards = read(index(found))
    in_title, elsewhere = having(shards, "cache")
    assert {found[at].title for at in in_title} == {"3_from_2_cache"}
    assert elsewhere == set()
    _, elsewhere = having(shards, "deeper")
    assert {found[at].title for at in elsewhere} == {"2_from_1_deep"}
    _, tagged = having(shards, "baseline")
    assert [found[at].url for at in tagged] == [f"p/lm/r/{run_id(4)}/index.html"]
    assert having(shards, "nowhere") == (set(), set())


def test_a_failed_run_is_found_by_its_error_and_numbers_in_it_make_no_words(tmp_path: Path) -> None:
    tables = study()
    row = tables.rows["runs"][3]
    error = (
        "FloatingPointError: overflow at 0x7f1c\nin step 431 of float32" + " long" * 100 + " end"
    )
    row |= {"status": "failed", "reason": error, "intent": "Find the limit."}
    found = entries(tables.site(tmp_path), ())
    shards = read(index(found))
    url = f"p/lm/r/{row['run_id']}/index.html"
    for word in ("floatingpointerror", "overflow", "float32", "limit"):
        assert url in {found[at].url for at in having(shards, word)[1]}, word
    for word in ("431", "0x7f1c", "end"):
        assert having(shards, word) == (set(), set())
    (note,) = [one.note for one in found if one.url == url]
    assert ": FloatingPointError: overflow at 0x7f1c in step" in note
    assert len(note) < 100


def test_a_digest_and_a_run_id_can_be_looked_up(lab: Site) -> None:
    found = entries(lab, ())
    shards = read(index(found))
    assert shards["all"]["digests"] == [shards["d-0"]["digest"][0]]
    looked = dict(zip(shards["d-0"]["digest"], shards["d-0"]["entry"], strict=True))
    record = digest("lm record 4").removeprefix("sha256:")[:DIGITS]
    assert found[looked[record]].url == f"p/lm/r/{run_id(4)}/index.html"
    assert list(looked) == sorted(looked)
    runs = [one.url for one in found if one.what == "run"]
    assert runs == sorted(runs)
    assert shards["all"]["starts"][-1] == len(found) - len(runs)


def test_an_index_of_many_is_in_small_pieces_and_always_the_same(tmp_path: Path) -> None:
    found = entries(many().site(tmp_path), ())
    files = index(found)
    assert files == index(entries(many().site(tmp_path), ()))
    assert max(len(data) for data in files.values()) < 60_000
    assert sum(name.startswith("e-") for name in files) == -(-len(found) // BLOCK)


def test_record_text_in_an_index_is_only_text(tmp_path: Path) -> None:
    files = dict(page(hostile().site(tmp_path), ()).files)
    shards = read(files)  # nothing but one value in each script
    titles = str(shards["e-0"]["title"])
    assert all(part in titles for part in ("window.hit", "{{ 7*7 }}", "日本語"))
    for data in files.values():
        text = data.decode()
        assert not set("<>&\u2028\u2029\u202e") & set(text)
    assert HOSTILE[0] not in "".join(data.decode() for data in files.values())
    with pytest.raises(UnsafeError):
        index([Entry("run", "x", "", "javascript:alert(1)")])


def test_the_page_changes_with_what_can_be_found_alone(tmp_path: Path) -> None:
    (one,) = pages(study().site(tmp_path / "a"))
    (same,) = pages(study().site(tmp_path / "b", view_id="0" * 40))
    (other,) = pages(many().site(tmp_path / "c"))
    assert one.inputs == same.inputs != other.inputs
    assert one.make().files == same.make().files


def test_words_are_found_in_any_script() -> None:
    assert words("12_from_8 Déjà-vu deja \uff2c\uff32") == ["12", "from", "8", "deja", "vu", "lr"]
    assert words("日本語 モデル2") == ["日", "本", "語", "モ", "テ", "ル", "2"]
    assert words("x" * 100) == ["x" * 32]
    assert words("</script>&\u2028") == ["script"]


@given(st.lists(st.sets(st.integers(0, 40)), min_size=1, max_size=40))
def test_every_posting_comes_back(having_: list[set[int]]) -> None:
    found = [
        Entry("run", " ".join(f"w{at}" for at, there in enumerate(having_) if number in there),
              "", f"p/x/r/{run_id(number)}/index.html")
        for number in range(41)
    ]  # fmt: skip
    shards = read(index(found))
    for at, there in enumerate(having_):
        assert having(shards, f"w{at}") == (there, set())
