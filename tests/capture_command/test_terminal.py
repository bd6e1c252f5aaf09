"""A terminal stays a terminal: keys, sizes, Ctrl-C, Ctrl-Z and fg, and its settings afterwards."""

from __future__ import annotations

import shlex
import signal
import sys
import termios
from typing import TYPE_CHECKING

import pytest
from world import Screen, wrapper

if TYPE_CHECKING:
    from pathlib import Path

MODES = ["none", "auto", "tee"]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def on_screen(mode: str, logs: Path, *argv: str) -> Screen:
    return Screen([*wrapper(mode, logs), *argv], logs.parent)


def py(script: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script]


def log_of(logs: Path) -> bytes:
    return (logs / "output.log").read_bytes()


@pytest.mark.parametrize("mode", MODES)
def test_what_is_typed_arrives_and_is_echoed_once(mode: str, logs: Path):
    screen = on_screen(mode, logs, "sh", "-c", "printf 'name? '; read x; echo hello $x")
    screen.read_until(b"name? ")
    screen.type(b"you\r")
    assert screen.close() == 0
    assert screen.seen == b"name? you\r\nhello you\r\n"
    if mode != "none":
        assert log_of(logs) == screen.seen


@pytest.mark.parametrize("mode", MODES)
def test_a_password_is_not_shown(mode: str, logs: Path):
    script = "import getpass; p = getpass.getpass('word: '); print(len(p))"
    screen = on_screen(mode, logs, sys.executable, "-I", "-c", script)
    screen.read_until(b"word: ")
    screen.type(b"hidden\r")
    assert screen.close() == 0
    assert screen.seen == b"word: \r\n6\r\n"


@pytest.mark.parametrize("mode", MODES)
def test_raw_mode_passes_single_keys(mode: str, logs: Path):
    script = """
import os, sys, termios
sys.path += [p for p in ("/usr/lib/python3.11",)]
old = termios.tcgetattr(0); new = termios.tcgetattr(0)
new[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG); new[0] &= ~termios.ICRNL
termios.tcsetattr(0, termios.TCSANOW, new)
os.write(1, b"ready ")
print([os.read(0, 1) for _ in range(4)])
termios.tcsetattr(0, termios.TCSANOW, old)
"""
    screen = on_screen(mode, logs, *py(script))
    screen.read_until(b"ready ")
    screen.type(b"a\x03\r\x1a")
    assert screen.close() == 0
    assert screen.seen == b"ready [b'a', b'\\x03', b'\\r', b'\\x1a']\r\n"


@pytest.mark.parametrize("mode", MODES)
def test_end_of_input_is_a_key(mode: str, logs: Path):
    screen = on_screen(mode, logs, "sh", "-c", "echo go; cat; echo end")
    screen.read_until(b"go\r\n")
    screen.type(b"x\r")
    screen.read_until(b"x\r\nx\r\n")
    screen.type(b"\x04")
    assert screen.close() == 0
    assert screen.seen.endswith(b"x\r\nx\r\nend\r\n")


@pytest.mark.parametrize("mode", MODES)
def test_a_large_paste_arrives_whole(mode: str, logs: Path):
    script = "stty raw -echo; echo go; head -c 60000 | cksum; stty sane"
    screen = on_screen(mode, logs, "sh", "-c", script)
    screen.read_until(b"go")
    data = b"0123456789" * 6000
    while data:
        screen.type(data[:1000])
        data = data[1000:]
    assert screen.close() == 0
    assert b"2834459405 60000" in screen.seen or b" 60000" in screen.seen


@pytest.mark.parametrize("mode", MODES)
def test_the_command_learns_of_a_new_window_size(mode: str, logs: Path):
    script = """
import os, signal
sizes = []
signal.signal(signal.SIGWINCH, lambda *_: sizes.append(os.get_terminal_size(1)))
print(tuple(os.get_terminal_size(1)), flush=True)
while not sizes: signal.pause()
print(tuple(sizes[-1]))
"""
    screen = on_screen(mode, logs, sys.executable, "-I", "-c", script)
    screen.read_until(b"(97, 31)\r\n")
    screen.resize(20, 50)
    screen.read_until(b"(50, 20)\r\n")
    assert screen.close() == 0


@pytest.mark.parametrize("mode", MODES)
def test_ctrl_c_interrupts_once(mode: str, logs: Path):
    script = """
import os, signal, time
count = []
signal.signal(signal.SIGINT, lambda *_: count.append(1))
print("ready", flush=True)
while not count: time.sleep(0.01)
time.sleep(0.3)
print("got", len(count))
"""
    screen = on_screen(mode, logs, *py(script))
    screen.read_until(b"ready\r\n")
    screen.type(b"\x03")
    assert screen.close() == 0
    assert screen.seen == b"ready\r\n^Cgot 1\r\n"


@pytest.mark.parametrize(("key", "number"), [(b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT)])
@pytest.mark.parametrize("mode", MODES)
def test_a_key_that_kills_is_told_by_the_code(mode: str, key: bytes, number: int, logs: Path):
    screen = on_screen(mode, logs, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 30")
    screen.read_until(b"ready\r\n")
    screen.type(key)
    assert screen.close() == 128 + number


@pytest.mark.parametrize("mode", MODES)
def test_ctrl_z_and_fg(mode: str, logs: Path):
    """In an interactive shell: the job stops, the shell gets its terminal back, fg continues it."""
    wrapped = shlex.join(wrapper(mode, logs))
    job = f"""{wrapped} sh -c 'echo begin; read x; echo "read <$x>"; exit 5'"""
    screen = Screen(["bash", "--norc", "--noprofile", "--noediting", "-i"], logs.parent)
    screen.type(b"PS1='P''S> '\r")
    screen.read_until(b"PS> ")
    before = screen.attributes()
    screen.type(job.encode() + b"\r")
    screen.read_until(b"begin\r\n")
    screen.type(b"\x1a")
    stopped = screen.read_until(b"PS> ")
    assert b"Stopped" in stopped
    assert screen.attributes()[:6] == before[:6]
    screen.type(b"echo shell is $((40+2))\r")
    screen.read_until(b"shell is 42\r\n")
    screen.read_until(b"PS> ")
    screen.type(b"fg\r")
    screen.read_until(b"exit 5'\r\n")
    screen.type(b"line\r")
    screen.read_until(b"read <line>\r\n")
    screen.read_until(b"PS> ")
    screen.type(b"echo code $?\r")
    screen.read_until(b"code 5\r\n")
    assert screen.attributes()[:6] == before[:6]
    screen.type(b"exit\r")
    assert screen.close() == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_background_job_writes_and_does_not_read(mode: str, logs: Path):
    wrapped = shlex.join(wrapper(mode, logs))
    screen = Screen(["bash", "--norc", "--noprofile", "--noediting", "-i"], logs.parent)
    screen.type(b"PS1='P''S> '\r")
    screen.read_until(b"PS> ")
    screen.type(f"{wrapped} sh -c 'echo from; sleep 0.5; echo done' & wait\r".encode())
    screen.read_until(b"done\r\n")
    screen.read_until(b"PS> ")
    screen.type(f"{wrapped} cat & sleep 0.5; jobs\r".encode())
    screen.read_until(b"Stopped")
    screen.type(b"kill %%; fg; exit\r")
    screen.close()


def test_the_terminal_is_restored_when_the_command_is_killed(logs: Path):
    screen = on_screen("auto", logs, "sh", "-c", "echo $$; kill -KILL $$")
    before = screen.attributes()
    assert screen.close() == 137
    assert before[3] & termios.ECHO


def test_a_setting_the_command_leaves_stays(logs: Path, tmp_path: Path):
    """`stty -echo` changes the user's terminal bare, so it does wrapped."""
    inner = shlex.join([*wrapper("auto", logs), "stty", "-echo", "-onlcr"])
    screen = Screen(["sh", "-c", f"{inner}; stty -a"], tmp_path)
    screen.close()
    assert b" -echo " in screen.seen
    assert b"-onlcr" in screen.seen


def test_a_dead_terminal_is_a_hang_up(logs: Path, tmp_path: Path):
    import os
    import time

    screen = on_screen(
        "auto",
        logs,
        "sh",
        "-c",
        f"trap 'echo hup > {tmp_path}/hup; exit' HUP; echo up; while :; do sleep 0.05; done",
    )
    screen.read_until(b"up\r\n")
    os.close(screen.master)
    for _ in range(100):
        if (tmp_path / "hup").exists():
            break
        time.sleep(0.05)
    assert (tmp_path / "hup").exists()
    os.waitpid(screen.pid, 0)


@pytest.mark.parametrize("mode", MODES)
def test_only_the_output_on_the_terminal_leaves_the_input_alone(
    mode: str, logs: Path, tmp_path: Path
):
    """In `labrec run -- CMD | less` the terminal belongs to less: it must not become raw."""
    inner = shlex.join([*wrapper(mode, logs), "sh", "-c", "echo out; echo err >&2; sleep 0.3"])
    screen = Screen(["sh", "-c", f"{inner} | cat"], tmp_path)
    before = screen.attributes()
    screen.read_until(b"err\r\n")
    assert screen.attributes() == before
    assert screen.close() == 0
    assert sorted(screen.seen.split()) == [b"err", b"out"]
