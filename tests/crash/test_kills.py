"""SIGKILL before every call that changes something: what was promised is kept, nobody is blocked."""

from __future__ import annotations

import signal

import pytest
from tests.crash.labs import (
    assert_kept,
    assert_whole,
    copy_lab,
    grow_old,
    leftovers,
    names,
    records,
    what_is_the_users,
)

PARTS = 4  # so that several processes share the sweep


def strike_everywhere(stage, story, template, lab, part, check, *, first=()):
    """Play a story once for each call it makes, killed there; ``check`` looks at what is left."""
    copy_lab(template, lab)
    calls = len(stage.play(story, lab).calls)
    struck = 0
    for number in range(part, calls, PARTS):
        copy_lab(template, lab)
        for before in first:
            stage.play(before, lab)
        played = stage.play(story, lab, kill=number)
        if played.code == -signal.SIGKILL:
            struck += 1
        at = f"{story} killed before call {played.calls[-1]}"
        try:
            check(played)
        except Exception as error:
            raise AssertionError(f"{at}: {error!r}\n{played.said}") from error
    assert struck >= calls // PARTS - 2
    return calls


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("story", ["sdk", "command"])
def test_a_recorder_killed_at_any_call_loses_nothing_it_promised(
    stage, template, tmp_path, story, part
):
    lab = tmp_path / "lab"
    users = what_is_the_users(template)

    def check(played):
        names(lab)  # reading commands work at once, whatever lies about
        assert what_is_the_users(lab) == users
        grow_old(lab)
        after = stage.play("after", lab)
        assert after.code == 0, after.said
        found = records(lab)
        assert_kept(found, played)
        assert_kept(found, after)
        assert names(lab) in (["after", "after"], ["after", "after", "victim"])
        assert leftovers(lab) == []
        assert_whole(lab, fsck=len(played.calls) % 3 == 0)
        assert what_is_the_users(lab) == users

    assert strike_everywhere(stage, story, template, lab, part, check) > 60


@pytest.fixture
def with_a_spool(stage, template):
    """The template, with the spool of a killed run."""
    assert stage.play("left", template).code == -signal.SIGKILL
    (run_id,) = (path.name for path in template.glob(".git/labrec/spool/[0-9a-f]*"))
    return template, run_id


@pytest.mark.parametrize("part", range(PARTS))
def test_a_recovery_killed_at_any_call_is_done_by_the_next(stage, with_a_spool, tmp_path, part):
    template, run_id = with_a_spool
    lab = tmp_path / "lab"
    users = what_is_the_users(template)

    def check(played):
        after = stage.play("after", lab)
        assert after.code == 0, after.said
        found = records(lab)
        record, steps, artifacts = found[run_id]
        assert record["identity"]["status"] == "interrupted"
        assert steps == {step: step * 0.5 for step in range(5)}
        assert list(artifacts) == ["notes.txt"]
        assert_kept(found, after)
        assert len(found) == 3
        assert leftovers(lab) == []
        assert_whole(lab, fsck=len(played.calls) % 3 == 0)
        assert what_is_the_users(lab) == users

    strike_everywhere(stage, "recover", template, lab, part, check)


def test_a_discard_killed_at_any_call_leaves_all_or_nothing(stage, with_a_spool, tmp_path):
    template, run_id = with_a_spool
    lab = tmp_path / "lab"
    for part in range(PARTS):

        def check(played):
            after = stage.play("after", lab)
            assert after.code == 0, after.said
            found = records(lab)
            if run_id in found:  # the kill came first: it is still the killed run
                assert len(found[run_id][1]) == 5
            assert leftovers(lab) == []
            assert_whole(lab, fsck=len(played.calls) % 3 == 0)

        strike_everywhere(stage, "discard", template, lab, part, check)
