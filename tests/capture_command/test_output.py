"""The logs: what is kept, of which stream, how much of it, and from where in a file."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import SRC, Screen, environment, wrapper

from labrec.capture.command.output import FileRange, LogFile
from labrec.capture.command.wiring import Wiring

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ["sh", "-c", "echo one; echo two >&2; echo three"]


def logs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.log")}


def wrapped(mode: str, folder: Path, argv: list[str], **streams: object) -> None:
    folder.mkdir(exist_ok=True)
    subprocess.run([*wrapper(mode, folder), *argv], env=environment(), check=True, **streams)


def test_pipes_are_logged_only_on_request(tmp_path: Path):
    for mode, kept in (
        ("none", {}), ("auto", {}),
        ("tee", {"stdout.log": b"one\nthree\n", "stderr.log": b"two\n"}),
    ):  # fmt: skip
        wrapped(mode, tmp_path / mode, SCRIPT, capture_output=True)
        assert logs(tmp_path / mode) == kept


def test_log_none_is_strict(tmp_path: Path):
    """I4: the command has the very file and the very terminal, and nothing is read afterwards."""
    with (tmp_path / "out").open("wb") as out:
        wrapped("none", tmp_path / "file", SCRIPT, stdout=out, stderr=out)
    assert logs(tmp_path / "file") == {}
    (tmp_path / "terminal").mkdir()
    same = ["sh", "-c", "readlink /proc/$$/fd/1 /proc/$PPID/fd/1"]
    screen = Screen([*wrapper("none", tmp_path / "terminal"), *same], tmp_path)
    assert screen.close() == 0
    os.close(screen.other)
    ours, theirs = screen.seen.split()
    assert ours == theirs
    assert logs(tmp_path / "terminal") == {}


def test_one_pipe_for_both_is_one_log_in_order(tmp_path: Path):
    wrapped("tee", tmp_path / "l", SCRIPT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert logs(tmp_path / "l") == {"output.log": b"one\ntwo\nthree\n"}


@pytest.mark.parametrize("flags", [os.O_APPEND, 0])
@pytest.mark.parametrize("mode", ["auto", "tee"])
def test_the_new_range_of_a_file_is_read(mode: str, flags: int, tmp_path: Path):
    (tmp_path / "f").write_bytes(b"before\n")
    descriptor = os.open(tmp_path / "f", os.O_WRONLY | flags)
    if not flags:
        os.lseek(descriptor, 0, os.SEEK_END)
    wrapped(mode, tmp_path / "l", SCRIPT, stdout=descriptor, stderr=descriptor)
    os.close(descriptor)
    assert (tmp_path / "f").read_bytes() == b"before\none\ntwo\nthree\n"
    assert logs(tmp_path / "l") == {"output.log": b"one\ntwo\nthree\n"}


def test_a_file_that_was_truncated_meanwhile_says_so(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"x" * 100)
    descriptor = os.open(tmp_path / "f", os.O_WRONLY | os.O_APPEND)
    kept = FileRange("stdout", descriptor)
    os.truncate(tmp_path / "f", 0)
    os.write(descriptor, b"new\n")
    log = kept.close(tmp_path / "log", 100)
    os.close(descriptor)
    assert (tmp_path / "log").read_bytes() == b"new\n"
    assert log.truncated
    assert "truncated" in log.reason


def test_a_large_file_range_is_not_read_whole(tmp_path: Path):
    descriptor = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    kept = FileRange("stdout", descriptor)
    os.write(descriptor, b"head")
    os.lseek(descriptor, 1 << 40, os.SEEK_SET)  # sparse: reading all of it would never end
    os.write(descriptor, b"tail")
    log = kept.close(tmp_path / "log", 8)
    os.close(descriptor)
    text = (tmp_path / "log").read_bytes()
    assert text.startswith(b"head\n[labrec: ")
    assert text.endswith(b" bytes left out]\ntail")
    assert log.bytes == (1 << 40) + 4


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(2, 60))
def test_a_log_keeps_the_first_and_the_last_half(tmp_path_factory, chunks: list[bytes], limit: int):
    path = tmp_path_factory.mktemp("log") / "stdout.log"
    log = LogFile("stdout", path, limit)
    for chunk in chunks:
        log.write(chunk)
    kept = log.close()
    whole = b"".join(chunks)
    assert kept.bytes == len(whole)
    assert kept.truncated == (len(whole) > limit)
    head, tail = limit // 2, limit - limit // 2
    if len(whole) <= limit:
        assert path.read_bytes() == whole
    else:
        marker = b"\n[labrec: %d bytes left out]\n" % (len(whole) - limit)
        assert path.read_bytes() == whole[:head] + marker + whole[-tail:]


def test_a_log_that_cannot_be_created_is_a_problem_and_no_error(tmp_path: Path):
    log = LogFile("stdout", tmp_path / "missing" / "x.log", 100)
    log.write(b"abc")
    kept = log.close()
    assert kept.truncated
    assert kept.bytes == 3
    assert "No such file" in kept.reason


def test_a_command_that_does_not_start_leaves_no_log(tmp_path: Path):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        wrapped("tee", tmp_path / "l", ["./nope"], capture_output=True)
    assert caught.value.returncode == 127
    assert list((tmp_path / "l").iterdir()) == []


def test_no_descriptor_of_ours_is_left_open(tmp_path: Path):
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        wiring = Wiring("tee", tmp_path, 100)
        wiring.discard()
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_the_result_tells_what_was_kept(tmp_path: Path):
    wrapped("tee", tmp_path / "l", SCRIPT, capture_output=True)
    text = (tmp_path / "l" / "result.txt").read_text()
    assert "exit_code=0, signal=None" in text
    assert ast.literal_eval(re.search(r"problems=(\(.*?\))", text)[1]) == ()
    assert re.findall(r"stream='(\w+)'.*?bytes=(\d+)", text) == [("stdout", "10"), ("stderr", "4")]


def test_our_files_never_land_on_a_closed_standard_descriptor(tmp_path: Path):
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from labrec.capture.command.streams import Kind, hold_standard, standard_streams\n"
        "hold_standard()\n"
        "assert os.open('/dev/null', os.O_RDONLY) > 2\n"
        "assert [s.kind for s in standard_streams()] == [Kind.CLOSED] * 3\n"
        "open('held', 'w').close()\n"
    )
    close = 'exec "$@" 0<&- 1>&- 2>&-'
    command = [sys.executable, "-I", "-c", script, str(SRC)]
    subprocess.run(["sh", "-c", close, "sh", *command], cwd=tmp_path, check=False)
    assert (tmp_path / "held").exists()
