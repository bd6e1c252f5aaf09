"""Every row of the methods page holds: numbers, functions, tests, simulations, and none is left out."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.methods.pairs import Data, Pair, disagreements

import labrec.analytics
from labrec.analytics import stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
TOPICS = {path.stem: tomllib.loads(path.read_text()) for path in (HERE / "rows").glob("*.toml")}
METHODS = [row for topic in TOPICS.values() for row in topic.get("method", [])]
OUTSIDE = [row for topic in TOPICS.values() for row in topic.get("outside", [])]
REFERENCES = [one for method in METHODS for one in method.get("reference", [])] + OUTSIDE
CHECKED = [row for row in REFERENCES if "check" in row]
KEYS = {
    "method": {"functions", "statistic", "source", "simulations", "second", "reference"},
    "reference": {"file", "rows", "check", "digits", "note", "paper", "test"},
    "outside": {"statistic", "by", "why", "file", "rows", "check", "digits"},
}


def _own(name: str, value: object, module: ModuleType) -> bool:
    """Say whether a value is a public function of the module itself."""
    public = not name.startswith("_") and inspect.isfunction(value)
    return public and value.__module__ == module.__name__


def _checks() -> dict[str, Callable[[Data], Iterator[Pair]]]:
    found: dict[str, Callable[[Data], Iterator[Pair]]] = {}
    for path in sorted(HERE.glob("checks_*.py")):
        module = importlib.import_module(f"tests.methods.{path.stem}")
        for name, value in vars(module).items():
            if _own(name, value, module):
                assert name not in found, f"two checks are called {name}"
                found[name] = value
    return found


CHECKS = _checks()


def _functions(package: Any) -> Iterator[str]:
    """Yield the public functions of a package as module.function."""
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for name, value in vars(module).items():
            if _own(name, value, module):
                yield f"stats.{info.name}.{name}"


# --- what the rows claim ----------------------------------------------------------------------


@pytest.mark.parametrize("row", CHECKED, ids=lambda row: row["check"])
def test_a_published_number_is_reproduced(row: dict[str, Any], shared_data: Any) -> None:
    data = Data(shared_data)
    data.path(row["file"])
    assert disagreements(CHECKS[row["check"]](data), row["digits"]) == []


def test_every_row_has_what_the_page_shows() -> None:
    for method in METHODS:
        assert set(method) <= KEYS["method"], method
        assert method["functions"], method
        assert method["statistic"] and method["source"], method  # noqa: PT018 - one meaning
        for reference in method.get("reference", []):
            assert set(reference) <= KEYS["reference"], reference
            assert ("paper" in reference) != ("file" in reference), reference
            assert ("rows" in reference) == ("file" in reference), reference
            assert ("test" in reference) != ("check" in reference), reference
            assert "check" not in reference or "file" in reference, reference
            assert reference["digits"] >= 1, reference
        proof = [*method.get("reference", []), *method.get("second", [])]
        assert proof or method.get("simulations"), f"{method['functions']}: checked by nothing"
    for row in OUTSIDE:
        assert set(row) == KEYS["outside"], row


def test_every_check_is_claimed_by_a_row() -> None:
    claimed = [row["check"] for row in CHECKED]
    assert sorted(claimed) == sorted(CHECKS)


def test_every_function_of_a_row_exists() -> None:
    for method in METHODS:
        for name in method["functions"]:
            module, _, function = name.rpartition(".")
            found = importlib.import_module(f"{labrec.analytics.__name__}.{module}")
            assert callable(getattr(found, function, None)), name


def test_every_public_statistic_has_a_row() -> None:
    listed = [name for method in METHODS for name in method["functions"]]
    missing = sorted(set(_functions(stats)) - set(listed))
    assert missing == [], "give each a row in tests/methods/rows (see the README there)"
    twice = sorted(name for name in listed if listed.count(name) > 1)
    assert twice == []


def test_every_test_that_a_row_names_exists() -> None:
    named = [one["test"] for method in METHODS for one in method.get("second", [])]
    named += [row["test"] for row in REFERENCES if "test" in row]
    for name in named:
        path, _, function = name.partition("::")
        assert (ROOT / path).is_file(), name
        assert f"def {function}(" in (ROOT / path).read_text(), name


# --- nothing is left out ----------------------------------------------------------------------

# Keys of the JSON files that say where they come from, or repeat another.
ABOUT = {"source", "commit", "note", "res_multtest2_columns", "pval0"}


def _items(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file with its folder, and of the files of expected numbers every key."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder.parent)
        if path.is_dir() or path.name == "README.md":
            continue
        if "precomputed_games" in path.parts:
            yield folder.name, "precomputed_games"
        elif path.name.startswith("expected_") and folder.name == "stats_reference":
            keys = json.loads(path.read_text())
            yield from ((name.as_posix(), key) for key in keys if key not in ABOUT)
        else:
            yield name.parent.as_posix(), path.name


@pytest.mark.parametrize("folder", ["stats_reference", "shapley_reference"])
def test_every_reference_has_a_row(folder: str, shared_data: Any) -> None:
    covered = {(row["file"], key) for row in REFERENCES if "file" in row for key in row["rows"]}
    items = set(_items(shared_data(folder)))
    ours = {item for item in covered if item[0].startswith(folder)}
    assert sorted(ours - items) == [], "no such file or key"
    checks = "".join(path.read_text() for path in HERE.glob("checks_*.py"))
    # data that belong to the numbers of another file are named by the check that reads them
    missing = [item for item in sorted(items - covered) if item[1] not in checks]
    assert missing == []
