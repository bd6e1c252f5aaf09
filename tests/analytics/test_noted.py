"""What notes change in the tables: a run as it is seen now, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.analytics.labs import made, measured, note_doc, rows
from tests.store.labs import GitLab, lineage

from labrec.analytics.run import Link
from labrec.record.digest import Digest
from labrec.record.layout import parse_path

if TYPE_CHECKING:
    from tests.store.labs import Doc

    from labrec.analytics.pipeline import Analysis


def run(name: str, *parents: str, **sections: Any) -> list[Doc]:
    """A run with a loss, and how it calls its parents."""
    named = [{"by": "option", "name": parent} for parent in parents]
    return measured(name, {"loss": 1.0}, lineage=lineage(parents=named), **sections)


def experiment(name: str) -> str:
    return str(Digest.of(name.encode()))


def seen(found: Analysis, name: str) -> dict[str, Any]:
    """The run that is, or was, called so."""
    (row,) = (row for row in rows(found, "runs") if name in {row["name"], row["renamed_from"]})
    return row


def depths(found: Analysis) -> dict[str, tuple[int, str]]:
    names = {row["experiment"]: row["name"] for row in rows(found, "experiments")}
    return {
        names[row["experiment"]]: (row["depth"], names[row["root"]])
        for row in rows(found, "edges")
        if row["kind"] == "parent"
    }


def test_a_lab_without_notes_is_as_it_was_recorded(lab: GitLab) -> None:
    lab.add(*run("a", identity={"tags": ["x"]}))
    row = seen(made(lab), "a")
    assert (row["notes"], row["conflicts"], row["renamed_from"], row["tags"]) == (
        0,
        [],
        None,
        ["x"],
    )
    assert rows(made(lab), "notes") == []


def test_names_tags_and_outcomes_are_those_of_the_notes(lab: GitLab) -> None:
    docs = run("a", identity={"tags": ["old", "kept"]})
    first = note_doc("rename", docs[0], name="first")
    notes = [
        first,
        note_doc("rename", docs[0], after=[first], name="second"),
        note_doc("tag", docs[0], add=["new"], remove=["old"]),
        note_doc("outcome", docs[0], outcome="it works"),
    ]
    lab.add(*docs, *run("b", "a"), *notes)
    found = made(lab)
    row = seen(found, "second")
    assert (row["renamed_from"], row["tags"], row["outcome"]) == ("a", ["kept", "new"], "it works")
    assert (row["notes"], row["conflicts"], row["standing"]) == (4, [], "counts")
    assert {row["name"] for row in rows(found, "experiments")} == {"second", "b"}
    # what called it by the name that it had still finds it
    (edge,) = rows(found, "edges")
    assert (edge["called"], edge["parent"], edge["dangling"]) == ("a", experiment("a"), False)
    assert [note["heard"] for note in rows(found, "notes")] == [True] * 4


def test_where_notes_disagree_the_record_counts_and_both_are_shown(lab: GitLab) -> None:
    docs = run("a", "x")
    notes = [
        note_doc("rename", docs[0], name="one"),
        note_doc("rename", docs[0], name="two"),
        note_doc("reparent", docs[0], parents=[]),
        note_doc("reparent", docs[0], parents=[{"by": "option", "name": "y"}]),
        note_doc("outcome", docs[0], outcome="better"),
        note_doc("outcome", docs[0], outcome="worse"),
    ]
    lab.add(*docs, *notes)
    found = made(lab)
    row = seen(found, "a")
    assert row["conflicts"] == ["outcome", "rename", "reparent"]
    assert row["outcome"] is None
    assert [(edge["called"], edge["source"]) for edge in rows(found, "edges")] == [("x", "record")]
    assert all(note["conflict"] for note in rows(found, "notes"))


def test_reparenting_moves_what_derives_from_the_run_and_nothing_else(lab: GitLab) -> None:
    a, b, c, d = (run(*names) for names in (("a",), ("b", "a"), ("c", "b"), ("d",)))
    lab.add(*a, *b, *c, *d)
    before = made(lab)
    assert depths(before) == {"b": (1, "a"), "c": (2, "a")}
    parent = {"by": "option", "run_id": parse_path(d[0].path).id, "name": None}
    lab.add(note_doc("reparent", b[0], parents=[parent]))
    found = made(lab)
    assert depths(found) == {"b": (1, "d"), "c": (2, "d")}
    edges = {row["experiment"]: row for row in rows(found, "edges")}
    assert edges[experiment("b")]["source"] == "note"
    assert edges[experiment("c")]["source"] == "record"
    assert edges[experiment("b")]["parent"] == experiment("d")
    contrasts = {(row["experiment"], row["parent"]) for row in rows(found, "contrasts")}
    assert contrasts == {(experiment("b"), experiment("d")), (experiment("c"), experiment("b"))}
    lab.add(note_doc("reparent", c[0], parents=[]))
    assert depths(made(lab)) == {"b": (1, "d")}


def test_a_cycle_that_notes_make_is_shown_and_breaks_nothing(lab: GitLab) -> None:
    a, b = run("a"), run("b", "a")
    lab.add(*a, *b, note_doc("reparent", a[0], parents=[{"by": "option", "name": "b"}]))
    found = made(lab)
    assert [row["cyclic"] for row in rows(found, "edges")] == [True, True]
    assert not rows(found, "problems")


def test_links_by_notes_are_later_ones_and_start_links_stay(lab: GitLab) -> None:
    from labrec.analytics.gather import gather
    from labrec.analytics.kept_runs import kept_of
    from labrec.analytics.shard import load
    from labrec.store.lab import Lab

    one, two = (str(Digest.of(text)) for text in (b"1", b"2"))
    start = [{"slug": "h", "registration": one, "linked": "start"}]
    docs = measured("a", {"loss": 1.0}, lineage=lineage(hypotheses=start))
    link = {"to": "hypothesis", "target": "h"}
    lab.add(
        *docs,
        note_doc("unlink", docs[0], digest=one, **link),
        note_doc("link", docs[0], digest=two, **link),
    )
    with Lab.open(lab.path) as opened:
        view = opened.view()
        ((day, tree),) = view.days("mnist")
        shard = load(view, "mnist", day, tree)
        (found,) = gather(view, [kept_of(shard)]).runs
    assert found.links == (Link("h", one, "start"), Link("h", two, "later"))


def test_a_retracted_note_is_listed_and_not_heard(lab: GitLab) -> None:
    docs = run("a")
    wrong = note_doc("rename", docs[0], name="wrong")
    lab.add(*docs, wrong, note_doc("retract", wrong))
    found = made(lab)
    assert seen(found, "a")["notes"] == 0
    listed = {row["kind"]: row for row in rows(found, "notes")}
    assert (listed["rename"]["heard"], listed["retract"]["heard"]) == (False, True)
    assert listed["retract"]["subject"] == listed["rename"]["note_id"]
    digest = str(Digest.of(docs[0].data))
    assert [row["record_digest"] for row in rows(found, "notes")] == [digest, digest]
    assert listed["rename"]["body"] == '{"name": "wrong"}'
