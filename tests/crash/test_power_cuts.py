"""I1, I2: power cuts, by copying the image of a loop-mounted ext4 and mounting the copy.

The file system flushes nothing by itself for ten minutes, so that in the copy only that is
there which somebody asked to be made durable. Mounting the copy replays the journal, as a boot
does after the power came back.
"""

from __future__ import annotations

import subprocess

import pytest
from tests.crash.labs import (
    assert_kept,
    assert_whole,
    git,
    grow_old,
    leftovers,
    make_lab,
    names,
    records,
    recover_all,
)
from tests.crash.theatre import Stage

from labrec.errors import LabrecError

NO_LOOP = "no loop devices"
STEPS = ("fsync", "fdatasync", "rename", "link")


class Disk:
    """An ext4 on a file; `cut` gives what would be there after a power cut at this moment."""

    def __init__(self, tmp_path, mounted, mkfs):
        self._mounted, self._cuts = mounted, 0
        self.image = tmp_path / "disk.img"
        with self.image.open("wb") as file:
            file.truncate(48 << 20)
        subprocess.run([mkfs, "-q", "-F", str(self.image)], check=True)
        # Lazy initialisation would write in the background while the image is copied.
        self.folder = mounted(NO_LOOP, "-o", "loop,commit=600,noinit_itable", str(self.image))

    def sync(self):
        subprocess.run(["sync", "-f", str(self.folder)], check=True)

    def cut(self):
        """Return the folder of a copy of the disk as it is now; it is unmounted with the test."""
        self._cuts += 1
        copy = self.image.with_name(f"cut{self._cuts}.img")
        subprocess.run(["cp", "--sparse=always", str(self.image), str(copy)], check=True)
        try:
            return self._mounted(NO_LOOP, "-o", "loop", str(copy))
        finally:
            copy.unlink()  # the loop device holds it until the folder is unmounted


@pytest.fixture
def disk(tmp_path, mounted, require_tool):
    return Disk(tmp_path, mounted, require_tool("mkfs.ext4"))


def let_go(folder):
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def lab(disk, stage):
    lab = make_lab(disk.folder / "lab")
    played = stage.play("after", lab)
    assert played.code == 0, played.said
    disk.sync()
    return lab


def assert_survived(cut, promised, *, points=True):
    """The lab of a cut opens, is whole, and holds or can recover everything that was promised.

    Args:
        cut: The folder of the mounted copy.
        promised: What the board said when the power was cut.
        points: Whether the points too must be there: not within a second of their call.
    """
    lab = cut / "lab"
    done = {line.split()[1] for line in promised if line.startswith("recorded")}
    before = records(lab)
    assert done <= set(before), "a record that was acknowledged is gone"
    assert_whole(lab)
    grow_old(lab)
    recover_all(lab)
    found = records(lab)
    for line in promised:
        word, _, rest = line.partition(" ")
        if word == "started":
            assert rest in found, "a run that had started left nothing"
    assert leftovers(lab) == []
    assert_whole(lab)
    return found


def test_what_is_acknowledged_survives_a_power_cut_at_once(disk, lab, stage):
    for story in ("sdk", "command", "sdk", "command"):
        played = stage.play(story, lab)
        cut = disk.cut()
        found = records(cut / "lab")
        assert_kept(found, played)
        assert names(cut / "lab") == names(lab)
        assert_survived(cut, played.board)
        let_go(cut)
    assert len(names(lab)) == 5


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("story", ["sdk", "command"])
def test_a_power_cut_at_any_step_never_damages_a_lab(disk, lab, stage, story, part):
    """Before and after each fsync, rename and link of a run and its commit."""
    stage.begin(story, lab, pause=STEPS)
    count = cuts = 0
    while (step := stage.pause()) is not None:
        if count % 3 == part:
            cut = disk.cut()
            try:
                assert_survived(cut, stage.board())
            except Exception as error:
                raise AssertionError(f"cut {step}: {error!r}") from error
            let_go(cut)
            cuts += 1
        count += 1
        stage.go_on()
    assert cuts >= 10


def test_the_harness_sees_a_missing_directory_fsync(disk, lab, stage):
    """A program that forgets to make names durable does lose acknowledged records."""
    assert_loses(disk, lab, stage, "folder")


def test_the_harness_sees_a_missing_file_fsync(disk, lab, stage):
    """A program that forgets to make bytes durable leaves a damaged lab."""
    assert_loses(disk, lab, stage, "file")


def assert_loses(disk, lab, stage, missing):
    played = stage.play("sdk", lab, without=[missing])
    assert played.told("recorded")
    cut = disk.cut()
    with pytest.raises((AssertionError, LabrecError)) as caught:
        assert_survived(cut, played.board)
    assert "acknowledged" in str(caught.value) or isinstance(caught.value, LabrecError)


def test_points_survive_but_for_the_last_second(disk, lab, stage):
    """The spool is made durable every second, by the run itself or from beside it."""
    stage.begin("slow", lab)
    while len([line for line in stage.board() if line.startswith("point")]) < 30:
        pass
    old = [line for line in stage.board() if line.startswith("old")]
    cut = disk.cut()
    stage.end()
    (run_id,) = (line.split()[1] for line in stage.board() if line.startswith("started"))
    found = assert_survived(cut, [f"started {run_id}"])
    assert old
    assert int(old[-1].split()[1]) <= max(found[run_id][1])


def test_a_lab_that_was_just_made_survives_a_power_cut(disk, stage):
    folder = disk.folder / "lab"
    folder.mkdir()
    disk.sync()
    played = stage.play("init", folder)
    assert played.code == 0, played.said
    cut = disk.cut()
    assert git(cut / "lab", "status", "--porcelain") == ""
    assert_whole(cut / "lab")
    assert stage.play("after", cut / "lab").code == 0


def test_a_cut_while_a_lab_is_made_leaves_one_that_can_be_made(disk, stage, tmp_path):
    folder = disk.folder / "lab"
    folder.mkdir()
    disk.sync()
    (tmp_path / "second").mkdir()
    with Stage(tmp_path / "second") as again:
        stage.begin("init", folder, pause=STEPS)
        while (step := stage.pause()) is not None:
            cut = disk.cut()
            for story in ("init", "after"):
                played = again.play(story, cut / "lab")
                assert played.code == 0, (step, played.said)
            assert_whole(cut / "lab")
            let_go(cut)
            stage.go_on()


def test_what_has_landed_survives_a_power_cut(disk, lab, stage):
    assert stage.play("sdk", lab).code == 0
    disk.sync()
    before = git(lab, "rev-parse", "HEAD")
    played = stage.play("land", lab)
    assert played.board == ["ended 0"], played.said
    cut = disk.cut()
    after = git(cut / "lab", "rev-parse", "HEAD")
    assert after == git(lab, "rev-parse", "HEAD") != before
    assert len(names(cut / "lab")) == 2
    assert_whole(cut / "lab")
    assert git(cut / "lab", "status", "--porcelain") == git(lab, "status", "--porcelain")
