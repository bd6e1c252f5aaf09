"""Parents found again, and the edges of the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.analytics.labs import made, measured, note_doc, rows
from tests.store.labs import Doc, artifact

from labrec.analytics.relations import Related, Relation, Replacement, relate
from labrec.record.digest import Digest
from labrec.record.layout import dataset_path

if TYPE_CHECKING:
    from tests.store.labs import GitLab


def run(
    name: str, experiment: str, *parents: dict[str, str], digest: str = "", **fields: Any
) -> Related:
    listed = [
        {"by": "option", "name": None, "run_id": None, "config_digest": None} | parent
        for parent in parents
    ]
    whole = {
        "project": "p", "run_id": f"id {name}", "digest": digest or f"record {name}", "name": name,
        "experiment": experiment, "counts": True, "parents": json.dumps(listed), "continues": None,
        "reproduces": None, "fulfils": None,
    }  # fmt: skip
    return Related(**(whole | fields))


def the_edge(child: Related, *others: Related) -> Relation:
    (found,) = [r for r in relate([child, *others], []).relations if r.run_id == child.run_id]
    return found


BASE = run("8_base", "B")


def test_a_parent_is_found_by_run_id_before_anything_else() -> None:
    child = run("9", "C", {"run_id": "id 8_base", "config_digest": "stale", "name": "x"})
    edge = the_edge(child, BASE)
    assert (edge.kind, edge.source, edge.called) == ("parent", "record", "x")
    assert (edge.parent_run, edge.parent, edge.dangling) == ("id 8_base", "B", False)


def test_a_parent_is_found_by_config_digest_then_by_name() -> None:
    by_digest = the_edge(run("9", "C", {"config_digest": "B", "name": "8"}), BASE)
    assert (by_digest.parent, by_digest.dangling) == ("B", False)
    by_rule = the_edge(run("9_from_8", "C", {"by": "name", "name": "8"}), BASE)
    assert (by_rule.parent, by_rule.dangling, by_rule.called) == ("B", False, "8")
    by_name = the_edge(run("9", "C", {"name": "8_base"}), BASE)
    assert by_name.parent == "B"


def test_what_cannot_be_found_dangles_with_all_that_is_known() -> None:
    assert the_edge(run("9", "C", {"name": "8"}), BASE).dangling  # no rule: the whole name
    known = the_edge(run("9", "C", {"run_id": "gone", "config_digest": "G", "name": "g"}), BASE)
    assert (known.parent_run, known.parent, known.called) == ("gone", "G", "g")
    assert known.dangling


def test_a_name_that_fits_several_or_only_the_run_itself_dangles() -> None:
    twice = the_edge(run("9", "C", {"by": "name", "name": "8"}), BASE, run("8_other", "D"))
    assert (twice.dangling, twice.parent) == (True, None)
    own = the_edge(run("8_x", "C", {"by": "name", "name": "8"}))
    assert own.dangling
    elsewhere = the_edge(run("9", "C", {"name": "8_base"}), BASE._replace(project="q"))
    assert elsewhere.dangling


def test_a_parent_in_the_view_of_which_only_the_experiment_is_known_now() -> None:
    edge = the_edge(run("9", "C", {"run_id": "gone", "config_digest": "B"}), BASE)
    assert (edge.dangling, edge.parent) == (False, "B")


def test_other_relations_name_runs() -> None:
    child = run("9", "C", continues="id 8_base", reproduces="gone", fulfils="id 8_base")
    found = relate([BASE, child], []).relations
    assert [(r.kind, r.parent_run, r.parent, r.dangling) for r in found] == [
        ("continues", "id 8_base", "B", False),
        ("fulfils", "id 8_base", "B", False),
        ("reproduces", "gone", None, True),
    ]


def test_replacements_are_edges_that_a_note_says() -> None:
    new = run("9", "C")
    found = relate([BASE, new], [Replacement("p", new.digest, BASE.digest, "n")]).relations
    assert [(r.kind, r.source, r.run_id, r.parent_run, r.parent) for r in found] == [
        ("supersedes", "note", "id 9", "id 8_base", "B")
    ]
    gone = relate([new], [Replacement("p", new.digest, "gone", "n")]).relations
    assert [(r.parent_run, r.dangling) for r in gone] == [(None, True)]
    assert relate([BASE], [Replacement("p", "gone", BASE.digest, "n")]).relations == []


def test_only_parents_make_the_graph() -> None:
    child = run("9", "C", {"config_digest": "B"}, continues="id 9b")
    lineage = relate([BASE, child, run("9b", "D")], [])
    assert lineage.graph.depth == {"B": 0, "C": 1, "D": 0}
    assert lineage.first == {("p", "C"): "B"}


def test_the_first_parent_is_what_a_run_says_that_counts() -> None:
    other = run("7", "A")
    forked = run("9", "C", {"config_digest": "A"}, digest="one", counts=False)
    counting = run("9", "C", {"config_digest": "B"}, {"config_digest": "A"}, digest="two")
    lineage = relate([other, BASE, forked, counting], [])
    assert lineage.first == {("p", "C"): "B"}
    assert lineage.graph.parents["C"] == ("B", "A")


def test_a_first_parent_that_dangles_is_passed_over_and_kept() -> None:
    child = run("9", "C", {"config_digest": "gone"}, {"config_digest": "B"})
    lineage = relate([BASE, child], [])
    assert lineage.first == {("p", "C"): "B"}
    assert lineage.graph.dangling == {"C": ("gone",)}


def test_an_experiment_that_is_its_own_parent_is_a_cycle_and_no_contrast() -> None:
    lineage = relate([run("9", "C", {"config_digest": "C"})], [])
    assert lineage.graph.cycles == (("C",),)
    assert lineage.first == {}


def test_of_a_fork_a_run_id_means_the_record_that_counts() -> None:
    old = BASE._replace(counts=False, digest="old", experiment="OLD")
    child = run("9", "C", {"run_id": BASE.run_id})
    found = relate([old, BASE, child], []).relations
    assert [r.parent for r in found] == ["B"]


# --- the table --------------------------------------------------------------------------------


def edges(lab: GitLab, kind: str) -> list[dict[str, Any]]:
    return [row for row in rows(made(lab), "edges") if row["kind"] == kind]


def test_datasets_of_records_and_of_notes_are_edges(lab: GitLab) -> None:
    version = Doc(dataset_path("mnist", "digits", "1", Digest.of(b"{}")), b"{}")
    digest = str(Digest.of(version.data))
    items = [
        {"name": "digits", "role": role, "version": "1", "digest": digest}
        for role in ("train", "test")
    ]
    given = measured("a", {"loss": 1.0}, datasets={"minor": 0, "items": items})
    other = measured("b", {"loss": 1.0})
    gone = str(Digest.of(b"gone"))
    link = note_doc("link", other[0], to="dataset", target="digits", digest=digest)
    lab.add(version, *given, *other, link)
    lab.add(note_doc("link", given[0], to="dataset", target="old", digest=gone))
    found = edges(lab, "dataset")
    assert sorted((e["called"], e["target"], e["source"], e["dangling"]) for e in found) == [
        ("digits@1", digest, "note", False),
        ("digits@1", digest, "record", False),
        ("old", gone, "note", True),
    ]
    lab.add(note_doc("unlink", other[0], after=[link], to="dataset", target="digits",
                     digest=digest, reason="It was another one."))  # fmt: skip
    assert [e["source"] for e in edges(lab, "dataset")] == ["record", "note"]


def test_a_run_that_is_given_what_another_made_has_an_edge_and_no_parent(lab: GitLab) -> None:
    output = artifact(b"weights")
    taken = {"minor": 0, "items": [{**output["items"][0], "role": "input", "name": "w.bin"}]}
    empty = artifact(b"")
    nothing = {"minor": 0, "items": [{**empty["items"][0], "role": "input"}]}
    lab.add(*measured("a", {"loss": 1.0}, artifacts=output))
    lab.add(*measured("b", {"loss": 1.0}, artifacts=taken))
    lab.add(*measured("c", {"loss": 1.0}, artifacts=empty))
    lab.add(*measured("d", {"loss": 1.0}, artifacts=nothing))
    (edge,) = edges(lab, "artifact")
    runs = {row["name"]: row for row in rows(made(lab), "runs")}
    assert (edge["run_id"], edge["parent_run"]) == (runs["b"]["run_id"], runs["a"]["run_id"])
    assert edge["parent"] == runs["a"]["experiment"]
    assert (edge["called"], edge["target"]) == ("w.bin", str(Digest.of(b"weights")))
    assert (edge["depth"], edge["cyclic"], edge["root"]) == (0, False, edge["experiment"])
    assert {row["parent"] for row in rows(made(lab), "experiments")} == {None}
