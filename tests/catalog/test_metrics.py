"""The definitions of a lab: versions, which one counts, how one is found."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.store.labs import Doc, GitLab, new_lab

from labrec.catalog.metrics import find_metric, metrics
from labrec.catalog.versions import numbers
from labrec.errors import NotFoundError, UsageError
from labrec.record import codec
from labrec.record.digest import Digest
from labrec.record.layout import metric_path, slug_of
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.store.view import View


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    return new_lab(tmp_path / "lab")


def definition(name: str = "loss", project: str = "lm", **fields: Any) -> Doc:
    document = {
        "schema": "labrec.metric/1.0",
        "project": project,
        "slug": slug_of(name),
        "name": name,
        "time": "2026-01-02T03:04:05Z",
        "aggregation": {"kind": "last"},
        "source": {"kind": "scalar"},
    }
    data = codec.encode(document | fields)
    slug = str((document | fields)["slug"])
    return Doc(metric_path(project, slug, Digest.of(data)), data)


def digest(doc: Doc) -> str:
    return str(Digest.of(doc.data))


@contextmanager
def opened(lab: GitLab, *docs: Doc) -> Iterator[View]:
    lab.add(*docs)
    with Lab.open(lab.path) as found:
        yield found.view()


def test_the_definition_that_counts_is_the_one_that_nothing_amends(lab: GitLab) -> None:
    first = definition(margin=0.1)
    second = definition(margin=0.2, amends=[digest(first)])
    third = definition(margin=0.3, amends=[digest(second)])
    with opened(lab, third, first, second) as view:
        found = metrics(view, "lm")["loss"]
        assert found.definition is not None
        assert (found.definition.margin, found.definition.number) == (0.3, 3)
        assert [one.margin for one in found.versions] == [0.1, 0.2, 0.3]
        assert found.quarrel is None


def test_two_side_by_side_do_not_count(lab: GitLab) -> None:
    one, other = definition(margin=0.1), definition(margin=0.2)
    with opened(lab, one, other) as view:
        found = metrics(view, "lm")["loss"]
        assert found.definition is None
        assert found.quarrel is not None
        assert "is defined 2 times side by side" in found.quarrel
    both = definition(margin=0.3, amends=[digest(one)])
    with opened(lab, both) as view:
        assert metrics(view, "lm")["loss"].definition is None  # the other one is not amended
    both = definition(margin=0.4, amends=[digest(both), digest(other)])
    with opened(lab, both) as view:
        (found,) = metrics(view, "lm")["loss"].current
        assert (found.margin, found.number) == (0.4, 3)


def test_the_name_decides_and_the_slug_does_not(lab: GitLab) -> None:
    odd = "Größe <b>\u202e\n{}%s"
    one = definition(odd, slug="first")
    two = definition(odd, slug="second", amends=[digest(one)])
    same_place = definition("other", slug="first")
    with opened(lab, one, two, same_place) as view:
        found = metrics(view, "lm")
        assert set(found) == {odd, "other"}
        assert found[odd].definition is not None
        assert found[odd].definition.slug == "second"
        assert find_metric(view, odd).name == odd
        assert find_metric(view, "second").name == odd
        with pytest.raises(UsageError, match="several defined metrics"):
            find_metric(view, "first")


def test_a_name_wins_over_a_slug(lab: GitLab) -> None:
    with opened(lab, definition("a", slug="b"), definition("b", slug="c")) as view:
        assert find_metric(view, "b").name == "b"


def test_what_cannot_be_found_says_what_there_is(lab: GitLab) -> None:
    with opened(lab, definition("loss"), definition("loss", project="vision")) as view:
        with pytest.raises(UsageError, match="lm/loss, vision/loss"):
            find_metric(view, "loss")
        assert find_metric(view, "loss", "vision").project == "vision"
        with pytest.raises(NotFoundError) as caught:
            find_metric(view, "nothing", "lm")
        assert caught.value.hint == "Defined: loss."


def test_a_broken_definition_is_told_and_stops_nothing(lab: GitLab) -> None:
    bad = definition("bad", margin=-1)
    told: list[tuple[str, str]] = []
    with opened(lab, bad, definition("good")) as view:
        assert set(metrics(view, "lm", lambda *two: told.append(two))) == {"good"}
        assert set(metrics(view, "lm")) == {"good"}
    ((path, why),) = told
    assert path == bad.path
    assert "margin" in why


def test_numbers_of_long_lines_and_of_ends_that_are_not_there(lab: GitLab) -> None:
    docs = [definition(amends=["sha256:" + "0" * 64])]
    for _ in range(30):
        docs.append(definition(amends=[digest(docs[-1])]))
    with opened(lab, *docs[::-1]) as view:
        found = metrics(view, "lm")["loss"].versions
    assert [one.number for one in found] == list(range(1, 32))
    assert numbers(found[::-1]) == numbers(found)


@pytest.mark.parametrize("name", ["con", "CON.txt", "...", "日本", "a" * 200, "Val Loss", "x", "-"])
def test_every_name_has_a_place(name: str) -> None:
    slug = slug_of(name)
    assert metric_path("lm", slug, Digest.of(b"")).startswith(f"records/lm/metrics/{slug}/")
