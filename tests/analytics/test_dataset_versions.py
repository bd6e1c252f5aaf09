"""Dataset versions as tables: what the lab holds, what was made from what, and which runs used it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.labs import made, measured, note_doc, rows
from tests.store.labs import Doc

from labrec.analytics.dataset_versions import depths
from labrec.catalog.datasets import DatasetVersion
from labrec.record import codec
from labrec.record.digest import Digest
from labrec.record.layout import dataset_path

if TYPE_CHECKING:
    from tests.store.labs import GitLab

NOTHING = Digest.of(b"")


def version(name: str, which: str = "1", project: str = "mnist", **fields: Any) -> Doc:
    document = {
        "schema": "labrec.dataset/1.0",
        "project": project,
        "name": name,
        "version": which,
        "time": "2026-01-02T03:04:05Z",
        "unit": "line",
        "manifest": {"sha256": NOTHING.hex, "size": 20},
        "content": str(NOTHING),
        "files": 1,
        "samples": 100,
        "distinct": 90,
        "bytes": 4096,
    }
    data = codec.encode(document | fields)
    return Doc(dataset_path(project, name, which, Digest.of(data)), data)


def digest(doc: Doc) -> str:
    return str(Digest.of(doc.data))


def using(name: str, *datasets: tuple[str, str | None, str | None], **more: Any) -> list[Doc]:
    items = [
        {"name": called, "role": "train", "version": which, "digest": of}
        for called, which, of in datasets
    ]
    return measured(name, {"loss": 1.0}, datasets={"minor": 0, "items": items}, **more)


def test_a_lab_without_datasets_has_empty_tables(lab: GitLab) -> None:
    lab.add(*measured("a", {"loss": 1.0}))
    found = made(lab)
    assert rows(found, "datasets") == rows(found, "dataset_uses") == []


def test_a_version_is_a_row_with_all_it_says_and_who_used_it(lab: GitLab) -> None:
    first = version("digits", licence="CC0-1.0", source="a scan", description="Digits.",
                    author={"name": "Ada", "source": "option"})  # fmt: skip
    second = version("digits", "2", parent=digest(first))
    third = version("digits", "3", "other", parent=digest(second))
    orphan = version("zebra", parent=str(Digest.of(b"gone")))
    lab.add(first, second, third, orphan)
    lab.add(*using("a", ("digits", "1", digest(first))))
    lab.add(*using("a", ("digits", "1", digest(first))))
    lab.add(*using("b", ("digits", "1", None), ("digits", "2", digest(second))))
    found = made(lab)
    assert not found.report["problem_count"]
    told = {
        (row["project"], row["dataset"], row["version"]): row for row in rows(found, "datasets")
    }
    assert list(told) == [
        ("mnist", "digits", "1"), ("mnist", "digits", "2"), ("mnist", "zebra", "1"),
        ("other", "digits", "3"),
    ]  # fmt: skip
    row = told["mnist", "digits", "1"]
    assert [row[name] for name in ("unit", "files", "samples", "distinct", "bytes")] == [
        "line", 1, 100, 90, 4096,
    ]  # fmt: skip
    assert [row[name] for name in ("licence", "source", "description", "author")] == [
        "CC0-1.0", "a scan", "Digits.", "Ada",
    ]  # fmt: skip
    assert (row["digest"], row["path"], row["content"]) == (
        digest(first), first.path, str(NOTHING),
    )  # fmt: skip
    assert f"{row['time']:%Y-%m-%dT%H:%M:%SZ}" == "2026-01-02T03:04:05Z"
    assert (row["n_projects"], row["n_runs"], row["n_experiments"]) == (1, 3, 2)
    lineage = {
        key: (row["parent_called"], row["depth"], row["parent"] is None)
        for key, row in told.items()
    }
    assert lineage == {
        ("mnist", "digits", "1"): (None, 0, True),
        ("mnist", "digits", "2"): ("digits@1", 1, False),
        ("other", "digits", "3"): ("digits@2", 2, False),
        ("mnist", "zebra", "1"): (None, 0, False),
    }


def test_what_runs_name_and_the_lab_lacks_is_told(lab: GitLab) -> None:
    held = version("digits", project="other")
    gone = str(Digest.of(b"gone"))
    runs = [
        *using("a", ("mine", None, digest(held)), ("loose", None, None)),
        *using("b", ("digits", "1", None), ("lost", "2", gone)),  # of another project
    ]
    lab.add(held, *runs)
    lab.add(note_doc("link", runs[0], to="dataset", target="lost", digest=gone))
    found = rows(made(lab), "dataset_uses")
    names = ("dataset", "version", "digest", "owner", "held", "n_runs")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("digits", "1", None, None, False, 1),
        ("digits", "1", digest(held), "other", True, 1),
        ("loose", None, None, None, False, 1),
        ("lost", None, gone, None, False, 1),
        ("lost", "2", gone, None, False, 1),
    ]


def test_a_name_that_means_two_versions_means_neither(lab: GitLab) -> None:
    one, other = version("digits"), version("digits", samples=200)
    lab.add(one, other, *using("a", ("digits", "1", None)))
    found = made(lab)
    (use,) = rows(found, "dataset_uses")
    assert (use["digest"], use["owner"], use["held"]) == (None, "mnist", True)
    assert [row["n_runs"] for row in rows(found, "datasets")] == [0, 0]


def test_runs_that_do_not_count_are_not_counted_but_told(lab: GitLab) -> None:
    held = version("digits")
    run, series = using("a", ("digits", "1", digest(held)))
    lab.add(held, run, series)
    lab.add(note_doc("retract", run, reason="A mistake."))
    found = made(lab)
    (use,) = rows(found, "dataset_uses")
    assert (use["n_runs"], use["n_experiments"], use["held"]) == (0, 0, True)
    assert use["last_run"] == rows(found, "runs")[0]["run_id"]


def test_a_document_that_cannot_be_used_is_a_problem_and_no_version(lab: GitLab) -> None:
    broken = Doc(dataset_path("mnist", "digits", "1", Digest.of(b"{}")), b"{}")
    lab.add(broken, *using("a", ("digits", "1", digest(broken))))
    found = made(lab)
    assert rows(found, "datasets") == []
    assert [row["path"] for row in rows(found, "problems")] == [broken.path]
    (use,) = rows(found, "dataset_uses")
    assert use["held"] is False


@pytest.mark.parametrize("upwards", [True, False])
def test_a_long_chain_of_versions_costs_a_step_each(upwards: bool) -> None:
    blank = DatasetVersion("p", "d", "", "", "", "file", 0, 0, 0, 0, "", "", None, {})
    chain = [
        blank._replace(digest=str(at), parent=str(at - 1) if at else None) for at in range(20_000)
    ]
    found = depths(chain if upwards else reversed(chain))
    assert found == {str(at): at for at in range(20_000)}


def test_a_chain_that_closes_ends_there() -> None:
    blank = DatasetVersion("p", "d", "", "", "", "file", 0, 0, 0, 0, "", "", None, {})
    found = depths([blank._replace(digest="a", parent="b"), blank._replace(digest="b", parent="a")])
    assert found == {"a": 1, "b": 0}
