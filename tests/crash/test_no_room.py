"""A disk that is full, failing or read-only at any step: the program never notices, nothing is lost.

Twice: with an error put into each call in turn, and on a real small disk with every amount of
free space from none to what one run needs.
"""

from __future__ import annotations

import errno
import os
import shutil

import pytest
from tests.crash.labs import (
    assert_kept,
    assert_whole,
    copy_lab,
    grow_old,
    leftovers,
    names,
    records,
    recover_all,
    what_is_the_users,
)
from tests.crash.stories import LEFT

PARTS = 4
PAGE = 4096
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EDQUOT": errno.EDQUOT, "EROFS": errno.EROFS}


def assert_ended_as_bare(story, played):
    """The program ended as it would without labrec, or was never started."""
    assert "Traceback" not in played.said, played.said
    if story == "sdk":
        assert played.code == 0, played.said
    elif played.code == 125:  # not started: nothing of the run exists, and the reason was given
        assert "hint:" in played.said, played.said
    else:
        assert played.code == 7, played.said
        if not_recorded(played):
            assert "labrec recover" in played.said or "hint" in played.said, played.said


def not_recorded(played):
    return "was not recorded" in played.said


def assert_comes_back(stage, lab, played, users):
    """Once there is room again, what the spool holds is recorded and nothing else is left."""
    names(lab)
    grow_old(lab)
    recover_all(lab)
    found = records(lab)
    assert_kept(found, played, full=True)
    after = stage.play("after", lab)
    assert after.code == 0, after.said
    assert leftovers(lab) == []
    assert_whole(lab, fsck=False)
    assert what_is_the_users(lab) == users
    return found


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("lasting", [True, False], ids=["lasting", "once"])
@pytest.mark.parametrize("story", ["sdk", "command"])
def test_a_call_that_is_refused_costs_the_program_nothing(
    stage, template, tmp_path, story, lasting, part
):
    lab = tmp_path / "lab"
    users = what_is_the_users(template)
    calls = len(stage.play(story, copy_lab(template, lab)).calls)
    kinds = list(ERRORS)
    struck = 0
    for number in range(part, calls, PARTS):
        kind = kinds[(number // PARTS + part) % len(kinds)]
        copy_lab(template, lab)
        strike = {"error": ERRORS[kind], "at": number, "lasting": lasting}
        played = stage.play(story, lab, **strike, all=kind in ("EIO", "EROFS"))
        struck += played.calls != []
        try:
            assert_ended_as_bare(story, played)
            assert_comes_back(stage, lab, played, users)
        except Exception as error:
            at = played.calls[number] if number < len(played.calls) else "the end"
            raise AssertionError(f"{kind} at {at}: {error!r}\n{played.said}") from error
    assert struck > 10


@pytest.mark.parametrize("part", range(PARTS))
def test_every_amount_of_free_space(stage, template, tmp_path, mounted, part):
    disk = mounted("no tmpfs mounts", "-t", "tmpfs", "-o", "size=4m", "tmpfs")
    lab = disk / "lab"
    users = what_is_the_users(template)
    pages, outcomes = part, []
    while "whole" not in outcomes:
        copy_lab(template, lab)
        fill(disk, pages)
        played = stage.play("sdk", lab)
        (disk / "fill").unlink()
        try:
            assert_ended_as_bare("sdk", played)
            outcomes.append(outcome(assert_comes_back(stage, lab, played, users), played))
        except Exception as error:
            raise AssertionError(f"{pages} pages free: {error!r}\n{played.said}") from error
        shutil.rmtree(lab)
        pages += PARTS
        assert pages < 1000
    assert {"not started", "parts"} <= set(outcomes)


def outcome(found, played):
    """Say how much of the run is in the lab: not started, parts, whole."""
    runs = played.told("started")
    if not runs:
        return "not started"
    return "whole" if set(found[runs[0]][2]) == set(LEFT) else "parts"


def fill(disk, pages):
    """Leave so many pages free."""
    with (disk / "fill").open("wb", buffering=0) as file:
        left = os.statvfs(disk).f_bavail - pages
        file.write(bytes(PAGE) * left)
