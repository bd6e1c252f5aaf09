"""The manual names every kind of finding with its code, and every key of the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from labrec.store import verify as package
from labrec.store.verify.content import _MODES
from labrec.store.verify.report import Finding

if TYPE_CHECKING:
    from tests.store.conftest import SmallLab

ROOT = Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "docs" / "verify.md").read_text()
ROWS = dict(re.findall(r"^\| (?:\d+) \| ([a-z-]+) \| (.*) \|$", MANUAL, re.MULTILINE))
CODES = {
    kind: int(code) for code, kind in re.findall(r"^\| (\d+) \| ([a-z-]+) ", MANUAL, re.MULTILINE)
}


def found_in_source() -> dict[str, set[int]]:
    kinds: dict[str, set[int]] = {kind: {17} for kind, _ in _MODES.values()}
    for path in Path(package.__file__).parent.glob("*.py"):
        source = path.read_text()
        for code, kind in re.findall(r'findings\.add\(\s*(\d+), "([a-z-]+)"', source):
            kinds.setdefault(kind, set()).add(int(code))
        for kind in re.findall(r'broken\("([a-z-]+)"', source):
            kinds.setdefault(kind, set()).add(3 if kind == "too-large" else 14)
    return kinds


def test_the_manual_lists_every_kind_with_its_code() -> None:
    found = found_in_source()
    assert len(found) > 20
    for kind, codes in found.items():
        assert kind in ROWS, kind
        assert CODES[kind] == max(codes), kind
        assert "note" in ROWS[kind] or codes == {CODES[kind]}, kind
    # said in other words than a literal
    assert set(ROWS) - set(found) == {"mode", "newer", "older", "replace"}


def test_the_manual_lists_every_key_of_the_report(small_lab: SmallLab) -> None:
    from labrec.store.verify import verify

    value = verify(small_lab.lab.open()).to_json()
    section = MANUAL.partition("## As JSON")[2]
    keys = {*value, *value["counts"], *value["base"], *Finding._fields}  # type: ignore[misc]
    for key in keys:
        assert f"`{key}`" in section, key
