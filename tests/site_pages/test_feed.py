"""The feed: well-formed whatever a record says, the same bytes twice, entries known for good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.site_pages.labs import Tables, hostile, study

from labrec.citation import Lab
from labrec.site.feed import MOST, feed

if TYPE_CHECKING:
    from pathlib import Path

ATOM = "{http://www.w3.org/2005/Atom}"
LAB = Lab("A lab", "https://example.org/lab/")


def entries(data: bytes) -> list[ET.Element]:
    return list(ET.fromstring(data).iter(f"{ATOM}entry"))


def test_runs_and_verdicts_are_told(tmp_path: Path) -> None:
    lab = study()
    lab.hypothesis("wide", "Wider is better", "It is not.", verdict="refuted")
    data = feed(lab.site(tmp_path, lab=LAB))
    titles = [entry.findtext(f"{ATOM}title") for entry in entries(data)]
    assert "wide: refuted" in titles
    assert "1_base" in titles
    links = [entry.find(f"{ATOM}link").attrib["href"] for entry in entries(data)]  # type: ignore[union-attr]
    assert all(link.startswith("https://example.org/lab/p/lm/") for link in links)
    planned = [row["run_id"] for row in lab.rows["runs"] if row["status"] == "planned"]
    assert planned
    assert not any(run_id in data.decode() for run_id in planned)


def test_what_rfc_4287_asks_of_a_feed_is_there(tmp_path: Path) -> None:
    root = ET.fromstring(feed(study().site(tmp_path, lab=LAB)))
    for element in [root, *root.iter(f"{ATOM}entry")]:
        for name in ("id", "title", "updated"):
            assert element.findtext(f"{ATOM}{name}")
        assert re.fullmatch(r"[0-9T:-]+Z", element.findtext(f"{ATOM}updated") or "")
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    assert root.findtext(f"{ATOM}updated") == max(
        entry.findtext(f"{ATOM}updated") or "" for entry in root.iter(f"{ATOM}entry")
    )


def test_a_verdict_that_becomes_another_is_told_again(tmp_path: Path) -> None:
    def known(folder: str, verdict: str) -> str:
        lab = Tables()
        lab.experiment("1_base", [1.0])
        lab.hypothesis("wide", "Wider is better", "So it is.", verdict=verdict)
        [entry] = [
            entry
            for entry in entries(feed(lab.site(tmp_path / folder, lab=LAB)))
            if "wide" in (entry.findtext(f"{ATOM}title") or "")
        ]
        return entry.findtext(f"{ATOM}id") or ""

    assert known("a", "supported") == known("b", "supported")
    assert known("a", "supported") != known("c", "refuted")


def test_hostile_text_stays_text_and_the_feed_well_formed(tmp_path: Path) -> None:
    lab = hostile()
    lab.hypothesis("wide", "a\x00\x0b\ufffe</summary><script>", "]]>&x;", verdict="refuted")
    data = feed(lab.site(tmp_path))
    assert not [one for one in ET.fromstring(data).iter() if "script" in one.tag]
    assert b"\x00" not in data


def test_it_is_short_and_the_same_twice(tmp_path: Path) -> None:
    lab = Tables()
    for number in range(MOST + 20):
        lab.experiment(f"{number}_x", [1.0])
    site = lab.site(tmp_path)
    assert feed(site) == feed(site)
    assert len(entries(feed(site))) == MOST


def test_an_empty_lab_has_an_empty_feed(tmp_path: Path) -> None:
    assert entries(feed(Tables().site(tmp_path))) == []
