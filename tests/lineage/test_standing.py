"""Which records count, as notes and second records have it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labrec.lineage.fold import HeardNote, Subject, fold
from labrec.lineage.standing import Standings, standings


def note(digest: str, project: str, kind: str, subject: str, by: str | None) -> HeardNote:
    """A note on the run, or the note, of a digest; ``by`` None = by something that is no run."""
    about = Subject("run" if subject in RECORDS else "note", "", subject)
    body = {"by": {"kind": "run" if by else "report", "id": "", "digest": by or ""}}
    return HeardNote(digest, "", project, kind, about, (), "", "A", "x", body, "")


def supersede(subject: str, by: str | None, digest: str = "n", project: str = "p") -> HeardNote:
    return note(digest, project, "supersede", subject, by)


def retract(subject: str, digest: str = "r", project: str = "p") -> HeardNote:
    return note(digest, project, "retract", subject, None)


def stand(records: list[tuple[str, str, str]], notes: list[HeardNote]) -> Standings:
    return standings(records, fold(notes))


RECORDS = {"a", "b", "c"}


ONE = [("p", "run", "a")]
FORK = [("p", "run", "a"), ("p", "run", "b")]


def of(records: list[tuple[str, str, str]], *notes: HeardNote) -> dict[str, str]:
    found = stand(records, list(notes)).of
    return {digest: found.get((project, digest), "counts") for project, _, digest in records}


def test_a_run_counts_until_something_says_otherwise() -> None:
    assert of(ONE) == {"a": "counts"}
    assert of(ONE, retract("a")) == {"a": "retracted"}
    assert of(ONE, supersede("a", "z")) == {"a": "superseded"}
    assert of(ONE, supersede("a", "z"), retract("a")) == {"a": "retracted"}


def test_a_fork_counts_for_nothing_until_one_is_superseded() -> None:
    assert of(FORK) == {"a": "forked", "b": "forked"}
    assert of(FORK, supersede("a", "b")) == {"a": "superseded", "b": "counts"}
    assert of(FORK, retract("a")) == {"a": "retracted", "b": "forked"}
    three = [*FORK, ("p", "run", "c")]
    assert of(three, supersede("a", "b")) == {"a": "superseded", "b": "forked", "c": "forked"}
    assert set(of(FORK, supersede("a", "b"), supersede("b", "a", "m")).values()) == {"superseded"}


def test_a_note_of_another_project_says_nothing() -> None:
    assert of(ONE, retract("a", project="q")) == {"a": "counts"}
    both = [("p", "run", "a"), ("q", "run", "a")]
    assert stand(both, [retract("a")]).of == {("p", "a"): "retracted"}


def test_one_run_id_in_two_projects_is_no_fork() -> None:
    assert stand([("p", "run", "a"), ("q", "run", "b")], []).of == {}


def test_a_retracted_note_is_not_heard_and_so_on() -> None:
    first = retract("a", "one")
    second = retract("one", "two")
    third = retract("two", "three")
    assert of(ONE, first) == {"a": "retracted"}
    assert of(ONE, first, second) == {"a": "counts"}
    assert of(ONE, first, second, third) == {"a": "retracted"}
    other = retract("one", "two", project="q")
    assert of(ONE, first, other) == {"a": "retracted"}


def test_a_long_chain_of_retractions_needs_no_recursion() -> None:
    notes = [retract("a", "n0"), *(retract(f"n{i}", f"n{i + 1}") for i in range(9_999))]
    assert of(ONE, *notes) == {"a": "counts"}


def test_who_replaced_whom() -> None:
    found = stand(FORK, [supersede("a", "b")]).replacements
    assert [(r.new, r.old, r.note) for r in found] == [("b", "a", "n")]


def test_notes_that_disagree_about_the_successor_agree_that_there_is_one() -> None:
    notes = [supersede("a", "b", "n"), supersede("a", "c", "m")]
    three = [("p", "run", "a"), ("p", "other", "b"), ("p", "third", "c")]
    assert of(three, *notes) == {"a": "superseded", "b": "counts", "c": "counts"}
    assert [r.new for r in stand(three, notes).replacements] == ["b", "c"]
    decided = supersede("a", "c", "last")._replace(after=("n", "m"))
    assert [r.new for r in stand(three, [*notes, decided]).replacements] == ["c"]


NOTES = st.lists(
    st.builds(
        lambda kind, subject, by, digest: note(digest, "p", kind, subject, by),
        st.sampled_from(["supersede", "retract"]),
        st.sampled_from(["a", "b", "c", "n1", "n2", "n3"]),
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from(["n1", "n2", "n3", "n4"]),
    ),
    max_size=5,
    unique_by=lambda note: note.digest,
)


@given(NOTES, st.randoms(use_true_random=False))
def test_the_order_of_notes_does_not_matter(notes: list[HeardNote], random: object) -> None:
    records = [*FORK, ("p", "other", "c")]
    shuffled = list(notes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert stand(records, list(notes)) == stand(records, shuffled)
    assert stand(records, [*notes, *notes]) == stand(records, list(notes))
