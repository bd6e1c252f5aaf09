"""What runs were made with: dataset versions found again, files led back to who made them."""

from __future__ import annotations

from typing import Any

import pytest

from labrec.lineage.relations import Related
from labrec.lineage.used import DatasetUse, File, Version, of_artifacts, of_datasets

SHORT = "d" * 32
DIGEST = f"sha256:{SHORT}{'e' * 32}"
BYTES = "a" * 64
MNIST = Version("p", "mnist", "2", SHORT)


def run(number: int, project: str = "p", **fields: Any) -> Related:
    whole = {
        "project": project, "run_id": f"{number:04}", "digest": f"r{number}", "name": f"n{number}",
        "experiment": f"e{number}", "counts": True, "parents": "[]", "continues": None,
        "reproduces": None, "fulfils": None,
    }  # fmt: skip
    return Related(**(whole | fields))


def made(place: int, sha256: str = BYTES) -> File:
    return File(place, f"out{place}", given=False, sha256=sha256)


def taken(place: int, sha256: str = BYTES) -> File:
    return File(place, f"in{place}", given=True, sha256=sha256)


# --- datasets ---------------------------------------------------------------------------------


def test_a_dataset_version_is_found_by_its_digest_wherever_it_is() -> None:
    elsewhere = MNIST._replace(project="q")
    (edge,) = of_datasets([run(1)], [DatasetUse(0, "digits", None, DIGEST)], [elsewhere])
    assert (edge.kind, edge.source, edge.called) == ("dataset", "record", "mnist@2")
    assert (edge.target, edge.dangling) == (DIGEST, False)
    assert (edge.parent_run, edge.parent) == (None, None)


def test_without_a_digest_it_is_found_by_name_and_version_in_its_own_project() -> None:
    use = DatasetUse(0, "mnist", "2", None)
    assert [e.dangling for e in of_datasets([run(1)], [use], [MNIST])] == [False]
    assert [e.dangling for e in of_datasets([run(1, "q")], [use], [MNIST])] == [True]
    (edge,) = of_datasets([run(1)], [use._replace(version=None)], [MNIST])
    assert (edge.called, edge.dangling) == ("mnist", True)


def test_what_the_lab_does_not_hold_is_kept_and_dangles() -> None:
    (edge,) = of_datasets([run(1)], [DatasetUse(0, "mnist", "2", DIGEST)], [])
    assert (edge.called, edge.target, edge.dangling) == ("mnist@2", DIGEST, True)


def test_what_record_and_note_both_say_is_one_edge_of_the_record() -> None:
    uses = [DatasetUse(0, "mnist", "2", DIGEST), DatasetUse(0, "mnist", None, DIGEST, "note")]
    assert [e.source for e in of_datasets([run(1)], uses, [MNIST])] == ["record"]
    assert [e.source for e in of_datasets([run(1)], uses[1:], [MNIST])] == ["note"]


# --- artifacts --------------------------------------------------------------------------------


def test_a_file_leads_to_the_run_that_made_it() -> None:
    (edge,) = of_artifacts([run(1), run(2)], [made(0), taken(1)])
    assert (edge.run_id, edge.kind, edge.source, edge.called) == (
        "0002", "artifact", "record", "in1",
    )  # fmt: skip
    assert (edge.parent_run, edge.parent) == ("0001", "e1")
    assert (edge.target, edge.dangling) == (f"sha256:{BYTES}", False)


def test_a_file_that_nobody_made_or_a_later_run_did_came_from_elsewhere() -> None:
    runs = [run(1), run(2)]
    assert [*of_artifacts(runs, [taken(1)])] == []
    assert [*of_artifacts(runs, [taken(0), made(1)])] == []
    assert [*of_artifacts(runs, [taken(1), made(1)])] == []


@pytest.mark.parametrize(
    ("makers", "found"),
    [
        ([run(1), run(2)], "0001"),
        ([run(2), run(1)], "0001"),
        ([run(1, counts=False), run(2)], "0002"),
        ([run(1, "q"), run(2)], "0002"),
        ([run(1, counts=False), run(2, "q")], "0002"),
        ([run(1, "q", counts=False), run(2, counts=False)], "0002"),
        ([run(1), run(9)], "0001"),
    ],
)
def test_of_several_makers_the_first_that_counts_in_the_own_project_is_named(
    makers: list[Related], found: str
) -> None:
    (edge,) = of_artifacts([*makers, run(5)], [made(0), made(1), taken(2)])
    assert edge.parent_run == found


def test_each_given_file_gives_at_most_one_edge_however_many_made_it() -> None:
    runs = [run(number) for number in range(2000)]
    files = [*map(made, range(1000)), *map(taken, range(1000, 2000))]
    edges = [*of_artifacts(runs, files)]
    assert len(edges) == 1000
    assert {edge.parent_run for edge in edges} == {"0000"}
