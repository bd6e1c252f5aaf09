"""What all notes come to: a function of their set and of what their authors had seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from labrec.lineage.fold import NOTHING, Folded, HeardNote, Subject, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

RUN = Subject("run", "run", "r")


def note(
    digest: str,
    kind: str,
    body: dict[str, Any] | None = None,
    after: Sequence[str] = (),
    **fields: Any,
) -> HeardNote:
    """A note on the run ``r``, made at the same time as all others."""
    whole: dict[str, Any] = {
        "digest": digest, "note_id": "", "project": "p", "kind": kind, "subject": RUN,
        "after": tuple(after), "time": "", "author": "A", "reason": "because", "body": body or {},
        "path": "",
    }  # fmt: skip
    return HeardNote(**whole | fields)


def about(other: HeardNote) -> Subject:
    return Subject("note", other.note_id, other.digest)


def tag(digest: str, add: str = "", remove: str = "", after: Sequence[str] = ()) -> HeardNote:
    return note(digest, "tag", {"add": add.split(), "remove": remove.split()}, after)


def rename(digest: str, name: str, after: Sequence[str] = (), **fields: Any) -> HeardNote:
    return note(digest, "rename", {"name": name}, after, **fields)


def link(digest: str, kind: str = "link", after: Sequence[str] = ()) -> HeardNote:
    return note(digest, kind, {"to": "hypothesis", "target": "h", "digest": "d"}, after)


def said(*notes: HeardNote) -> Folded:
    return fold(notes).on("p", "run", "r")


# --- sets -------------------------------------------------------------------------------------


def test_an_add_survives_a_remove_that_did_not_see_it() -> None:
    assert said(tag("a", "x"), tag("b", remove="x")).tags.apply([]) == ["x"]
    assert said(tag("a", "x"), tag("b", remove="x", after=["a"])).tags.apply([]) == []
    again = said(tag("a", "x"), tag("b", remove="x", after=["a"]), tag("c", "x", after=["b"]))
    assert again.tags.apply([]) == ["x"]


def test_one_of_two_adds_is_enough() -> None:
    notes = [tag("a", "x"), tag("b", "x"), tag("c", remove="x", after=["a"])]
    assert said(*notes).tags.apply([]) == ["x"]


def test_what_the_record_says_was_seen_by_all() -> None:
    assert said(tag("a", "new", "old")).tags.apply(["old", "kept"]) == ["kept", "new"]
    assert said(tag("a", "kept")).tags.apply(["old", "kept"]) == ["old", "kept"]


def test_what_was_seen_at_second_hand_was_seen() -> None:
    between = note("b", "comment", {"text": "x"}, ["a"])
    assert said(tag("a", "x"), between, tag("c", remove="x", after=["b"])).tags.apply([]) == []
    # and is unknown where the note between is not there: then the add survives
    assert said(tag("a", "x"), tag("c", remove="x", after=["b"])).tags.apply([]) == ["x"]


def test_an_unlink_never_takes_away_what_was_linked_at_the_start() -> None:
    start, later = ("h", "d", "start"), ("h", "d", "later")
    unlinked = said(link("a", "unlink"))
    assert unlinked.hypotheses([start]) == [start]
    assert unlinked.hypotheses([later]) == []
    assert said(link("a"), link("b", "unlink", ["a"])).hypotheses([start]) == [start]
    assert said(link("a")).hypotheses([start]) == [start]
    assert said(link("a")).hypotheses([]) == [later]
    assert said(link("a"), link("b", "unlink")).hypotheses([later]) == [later]


# --- one value --------------------------------------------------------------------------------


def test_the_maximal_note_counts_and_no_clock() -> None:
    first = rename("a", "old", time="2027-01-01T00:00:00Z", note_id="9")
    second = rename("b", "new", ["a"], time="2026-01-01T00:00:00Z", note_id="1")
    found = said(second, first)
    assert found.name("original") == "new"
    assert found.notes == (first, second)
    assert not found.conflicts


def test_where_the_maximal_ones_disagree_the_original_counts() -> None:
    notes = [rename("a", "x"), rename("b", "y", ["a"]), rename("c", "z", ["a"])]
    found = said(*notes)
    assert found.name("original") == "original"
    (value,) = found.conflicts.values()
    assert [one.digest for one in value.notes] == ["b", "c"]
    assert value.body is None
    decided = said(*notes, rename("d", "z", ["b", "c"]))
    assert decided.name("original") == "z"
    assert not decided.conflicts


def test_notes_that_agree_are_in_no_conflict() -> None:
    assert said(rename("a", "x"), rename("b", "x")).name("original") == "x"
    by_id = note("a", "reparent", {"parents": [{"by": "option", "run_id": "1", "name": "n"}]})
    plain = note("b", "reparent", {"parents": [{"by": "option", "run_id": "1"}]})
    assert not said(by_id, plain).conflicts
    none = said(note("a", "reparent", {"parents": []}))
    assert none.parents([{"by": "name", "name": "8"}]) == []
    assert NOTHING.parents([{"by": "name", "name": "8"}]) == [
        {"by": "name", "name": "8", "run_id": None, "config_digest": None}
    ]


def test_kinds_do_not_speak_for_one_another() -> None:
    outcome = note("b", "outcome", {"outcome": "it works"}, ["a"])
    found = said(rename("a", "x"), outcome)
    assert (found.name("o"), found.outcome(None)) == ("x", "it works")


# --- what is not heard ------------------------------------------------------------------------


def test_a_retracted_note_is_not_heard_and_its_part_in_the_order_stays() -> None:
    first, wrong = rename("a", "x"), rename("b", "y", ["a"])
    gone = note("c", "retract", subject=about(wrong))
    assert said(first, wrong, gone).name("original") == "x"
    assert said(first, wrong, gone).unheard == (wrong,)
    # who saw the retracted note has seen what it saw
    assert said(first, wrong, gone, rename("d", "z", ["b"])).name("original") == "z"
    back = note("e", "retract", subject=about(gone))
    assert said(first, wrong, gone, back).name("original") == "y"
    elsewhere = note("c", "retract", subject=about(wrong), project="q")
    assert said(first, wrong, elsewhere).name("original") == "y"


def test_a_note_whose_place_another_one_took_is_not_heard() -> None:
    first = note("a", "comment", {"text": "x"})
    second = note("b", "comment", {"text": "y"})
    by = {"by": {"kind": "note", "id": "", "digest": "b"}}
    assert said(first, second, note("c", "supersede", by, subject=about(first))).notes == (second,)


def test_a_retraction_wins_whatever_else_was_said() -> None:
    gone = note("a", "retract")
    assert said(gone, rename("b", "x", ["a"])).retracted
    assert not said(rename("b", "x")).retracted


def test_what_is_said_about_one_thing_says_nothing_about_another() -> None:
    notes = [
        rename("a", "x"), rename("b", "y", project="q"), rename("c", "z", subject=RUN._replace(digest="s")),
    ]  # fmt: skip
    assert said(*notes).name("original") == "x"
    assert fold(notes).on("p", "run", "s").name("original") == "z"
    assert fold(notes).on("p", "run", "unknown") is NOTHING


def test_a_new_note_comes_after_those_that_nobody_has_seen() -> None:
    a, b = rename("a", "x"), rename("b", "y", ["a"])
    c, d = note("c", "comment", {"text": "x"}), note("d", "retract", subject=about(a))
    assert said(a, b, c, d).last == ("b", "c")
    assert NOTHING.last == ()


def test_notes_that_lie_about_what_they_saw_end_in_a_conflict() -> None:
    a, b = rename("a", "x", ["b"]), rename("b", "y", ["a"])
    assert said(a, b).name("original") == "original"
    assert said(a, b) == said(b, a)


def test_ten_thousand_notes_need_no_recursion_and_no_square() -> None:
    notes = [tag(f"n{i}", f"t{i % 10}", after=[f"n{i - 1}"] if i else ()) for i in range(10_000)]
    assert len(said(*reversed(notes)).tags.added) == 10


# --- laws -------------------------------------------------------------------------------------

BODIES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "tag": st.sampled_from(
        [
            {"add": ["x"]},
            {"add": ["y"], "remove": ["x"]},
            {"remove": ["x", "y"]},
            {"add": ["x", "y"]},
        ]
    ),
    "rename": st.sampled_from([{"name": "x"}, {"name": "y"}]),
    "outcome": st.sampled_from([{"outcome": "x"}, {"outcome": "y"}]),
    "reparent": st.sampled_from([{"parents": []}, {"parents": [{"by": "option", "name": "x"}]}]),
    "link": st.just({"to": "hypothesis", "target": "h", "digest": "d"}),
    "unlink": st.just({"to": "hypothesis", "target": "h", "digest": "d"}),
    "comment": st.just({"text": "x"}),
    "retract": st.just({}),
}


@st.composite
def histories(draw: st.DrawFn) -> list[HeardNote]:
    """Notes as clones write them: each has seen some of those before it."""
    made: list[HeardNote] = []
    for number in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(sorted(BODIES)))
        subject = draw(st.sampled_from([RUN, *map(about, made)])) if kind == "retract" else RUN
        same = [one.digest for one in made if one.subject == subject]
        after = draw(st.lists(st.sampled_from(same), unique=True)) if same else []
        made.append(
            note(
                f"n{number}", kind, draw(BODIES[kind]), after, subject=subject,
                note_id=draw(st.sampled_from("abc")),
            )
        )  # fmt: skip
    return made


ORIGINAL = [("h", "d", "start"), ("g", "d", "later"), ("h", "e", "later")]


@given(histories(), st.randoms(use_true_random=False))
def test_the_fold_is_commutative(notes: list[HeardNote], random: Any) -> None:
    shuffled = list(notes)
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(notes)


@given(histories(), st.integers(0, 8), st.integers(0, 8))
def test_the_fold_is_associative_and_idempotent(notes: list[HeardNote], i: int, j: int) -> None:
    one, two, three = notes[: min(i, j)], notes[min(i, j) : max(i, j)], notes[max(i, j) :]
    whole = fold(notes)
    assert fold([*(one + two), *three]) == fold([*one, *(two + three)]) == whole
    assert fold([*three, *one, *two, *one, *three]) == whole


@given(histories())
def test_what_notes_cannot_do(notes: list[HeardNote]) -> None:
    found = said(*notes)
    assert ("h", "d", "start") in found.hypotheses(ORIGINAL)
    assert not set(found.tags.added) & set(found.tags.removed)
    for value in found.values.values():
        assert value.notes
        assert (value.body is None) is value.conflict
    assert {one.digest for one in (*found.notes, *found.unheard)} == {
        one.digest for one in notes if one.subject == RUN
    }


@given(histories())
def test_a_word_that_saw_all_the_others_has_the_last_one(notes: list[HeardNote]) -> None:
    last = rename("last", "decided", said(*notes).last)
    found = said(*notes, last)
    assert found.name("original") == "decided"
    assert "rename" not in found.conflicts


def brute_maximal(notes: Sequence[HeardNote], kind: str) -> set[str]:
    """The definition of maximal, by all pairs."""
    seen = {one.digest: set(one.after) for one in notes}
    for _ in notes:
        for digest, found in seen.items():
            seen[digest] = found.union(*(seen.get(other, set()) for other in found))
    retracted: set[str] = set()
    for one in reversed(notes):  # histories name earlier notes only
        if one.kind == "retract" and one.digest not in retracted and one.subject.kind == "note":
            retracted.add(str(one.subject.digest))
    chosen = [
        one.digest for one in notes
        if one.kind == kind and one.subject == RUN and one.digest not in retracted
    ]  # fmt: skip
    return {one for one in chosen if not any(one in seen[other] for other in chosen)}


@given(histories())
def test_maximal_is_what_the_definition_says(notes: list[HeardNote]) -> None:
    values = said(*notes).values
    for kind in ("rename", "outcome", "reparent"):
        found = values[kind].notes if kind in values else ()
        assert {one.digest for one in found} == brute_maximal(notes, kind)
