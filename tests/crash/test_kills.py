"""SIGKILL before every call that changes something: what was promised is kept, nobody is blocked."""

from __future__ import annotations

import signal

import pytest
from tests.crash.labs import (
    assert_kept,
    assert_whole,
    copy_lab,
    git,
    grow_old,
    leftovers,
    names,
    records,
    what_is_the_users,
)

from labrec.gitio.consolidate import MANY

PARTS = 4  # so that several processes share the sweep


def strike_everywhere(stage, story, template, lab, part, check, *, after=""):
    """Play a story once for each call it makes, killed there; ``check`` looks at what is left.

    Calls before the first one about ``after`` are left alone.
    """
    copy_lab(template, lab)
    whole = stage.play(story, lab)
    calls = len(whole.calls)
    first = next(number for number, call in enumerate(whole.calls) if after in call)
    struck = 0
    for number in range(first + part, calls, PARTS):
        copy_lab(template, lab)
        played = stage.play(story, lab, kill=number)
        if played.code == -signal.SIGKILL:
            struck += 1
        at = f"{story} killed before call {played.calls[-1]}"
        try:
            check(played)
        except Exception as error:
            raise AssertionError(f"{at}: {error!r}\n{played.said}") from error
    assert struck >= (calls - first) // PARTS - 2
    return calls - first


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


@pytest.mark.parametrize("part", range(PARTS))
def test_landing_killed_at_any_call_is_done_by_the_next(stage, template, tmp_path, part):
    lab = tmp_path / "lab"
    assert stage.play("sdk", template).code == 0
    known = records(template)
    status = git(template, "status", "--porcelain")

    def check(played):
        assert git(lab, "status", "--porcelain") == status
        assert records(lab) == known
        again = stage.play("land", lab)
        assert again.board == ["ended 0"], again.said
        assert git(lab, "status", "--porcelain") == status
        assert records(lab) == known
        landed = git(lab, "ls-tree", "-r", "--name-only", "HEAD", "records/p/runs")
        assert len(landed.splitlines()) == 2
        assert stage.play("after", lab).code == 0
        assert leftovers(lab) == []
        assert_whole(lab)

    strike_everywhere(stage, "land", template, lab, part, check)


def test_making_a_lab_killed_at_any_call_is_done_by_the_next(stage, tmp_path):
    template, lab = tmp_path / "empty", tmp_path / "lab"
    template.mkdir()
    (template / "own.txt").write_text("the user's\n")
    for part in range(PARTS):

        def check(played):
            again = stage.play("init", lab)
            assert again.board == ["ended 0"], again.said
            assert stage.play("after", lab).code == 0
            assert git(lab, "status", "--porcelain") == "?? own.txt"
            assert leftovers(lab) == []
            assert_whole(lab)

        strike_everywhere(stage, "init", template, lab, part, check)


@pytest.mark.parametrize("part", range(PARTS))
def test_uniting_packs_killed_at_any_call_loses_nothing(stage, template, tmp_path, part):
    lab = tmp_path / "lab"
    while len(list(template.glob(".git/objects/pack/*.pack"))) < MANY - 1:
        assert stage.play("after", template).code == 0
    known = set(records(template))

    def check(played):
        assert known < set(records(lab))
        assert stage.play("after", lab).code == 0
        assert len(records(lab)) == len(known) + 2
        # A few lines for the register's new form may stay; nothing reads them.
        assert [name for name in leftovers(lab) if not name.startswith("labrec/packs.")] == []
        assert len(list(lab.glob(".git/objects/pack/*.pack"))) <= MANY
        assert_whole(lab)

    strike_everywhere(stage, "after", template, lab, part, check, after="consolidate.lock")
