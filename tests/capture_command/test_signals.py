"""Signals reach the command as often as they would bare: `kill WRAPPER` once, a group's once."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from world import environment, wrapper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNTER = r"""
import signal, sys, time, os
count = {}
def take(number, frame):
    count[number] = count.get(number, 0) + 1
for name in ("TERM", "HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "CONT", "ALRM"):
    signal.signal(getattr(signal, "SIG" + name), take)
os.write(1, b"ready %d\n" % os.getpid())
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end and not count:
    time.sleep(0.02)
time.sleep(0.3)
print(sorted((signal.Signals(k).name, v) for k, v in count.items()), flush=True)
sys.exit(7)
"""
NAMES = ["TERM", "HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "ALRM"]


@pytest.fixture
def begin() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a wrapped command in a session of its own; whatever is left of it is killed."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(logs: Path, mode: str, argv: list[str], **options: object):
        command = [*wrapper(mode, logs), *argv]
        pipes: dict[str, object] = {"stdout": subprocess.PIPE, **options}
        process = subprocess.Popen(command, start_new_session=True, env=environment(), **pipes)
        begun.append(process)
        return process

    yield start
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def counter(seconds: float = 10) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", COUNTER, str(seconds)]


@pytest.mark.parametrize("mode", ["none", "tee"])
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_to_the_wrapper_reaches_the_command_once(
    begin, name: str, mode: str, tmp_path: Path
):
    process = begin(tmp_path, mode, counter())
    process.stdout.readline()
    process.send_signal(getattr(signal, "SIG" + name))
    out, _ = process.communicate(timeout=20)
    assert ast.literal_eval(out.decode()) == [("SIG" + name, 1)]
    assert process.returncode == 7


def test_a_signal_to_the_command_is_its_own(begin, tmp_path: Path):
    process = begin(tmp_path, "auto", counter())
    os.kill(int(process.stdout.readline().split()[1]), signal.SIGUSR1)
    assert b"[('SIGUSR1', 1)]" in process.communicate(timeout=20)[0]


@pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV", "INT", "HUP"])
def test_death_by_a_forwarded_signal_is_told_as_a_shell_does(begin, name: str, tmp_path: Path):
    process = begin(tmp_path, "none", ["sh", "-c", "ulimit -c 0; echo $$; exec sleep 20"])
    command = int(process.stdout.readline())
    number = getattr(signal, "SIG" + name)
    target = command if name in ("KILL", "SEGV") else process.pid
    os.kill(target, number)
    assert process.wait(20) == 128 + number
    assert f"signal='SIG{name}'" in (tmp_path / "result.txt").read_text()


def test_the_command_survives_a_killed_recorder(begin, tmp_path: Path):
    """A dead recorder never reaches the command, whose descriptors are its own."""
    done = tmp_path / "done"
    script = f"echo up; read x; echo still; echo ok > {done}"
    process = begin(tmp_path, "auto", ["sh", "-c", script], stdin=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    process.kill()
    process.wait(10)
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"still\n"
    for _ in range(100):
        if done.exists():
            break
        time.sleep(0.05)
    assert done.read_text() == "ok\n"
    process.communicate()


def test_a_stopped_command_continues_with_the_wrapper(begin, tmp_path: Path):
    script = "echo $$; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done; echo end"
    process = begin(tmp_path, "auto", ["sh", "-c", script])
    command = int(process.stdout.readline())
    process.send_signal(signal.SIGTSTP)  # orphaned group: the kernel discards the stop, bare too
    os.kill(command, signal.SIGSTOP)
    time.sleep(0.2)
    assert re.search(r"State:\tT", Path(f"/proc/{command}/status").read_text())
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=20)[0] == b"end\n"
    assert process.returncode == 0


def test_a_full_disk_ends_the_log_and_not_the_flow(begin, tmp_path: Path):
    (tmp_path / "stdout.log").symlink_to("/dev/full")
    process = begin(tmp_path, "tee", ["sh", "-c", "head -c 3000000 /dev/zero; echo end"])
    out, _ = process.communicate(timeout=30)
    assert out == bytes(3_000_000) + b"end\n"
    assert process.returncode == 0
    assert "No space left" in (tmp_path / "result.txt").read_text()


def test_a_daemon_that_holds_the_pipe_does_not_hold_us(begin, tmp_path: Path):
    """And it is not killed by a closed pipe: what it writes later still arrives."""
    script = f"(sleep 1.5; echo late; echo $? > {tmp_path}/alive) & echo early"
    start = time.monotonic()
    process = begin(tmp_path, "tee", ["sh", "-c", script])
    assert process.wait(20) == 0
    assert time.monotonic() - start < 1.4
    assert process.stdout.read() == b"early\nlate\n"
    assert (tmp_path / "alive").read_text() == "0\n"
    assert (tmp_path / "stdout.log").read_bytes() == b"early\n"


def test_an_endless_daemon_does_not_hold_us(begin, tmp_path: Path):
    process = begin(tmp_path, "tee", ["sh", "-c", "yes & echo $!; sleep 0.1"])
    seen: list[bytes] = []
    reader = threading.Thread(
        target=lambda: seen.extend(iter(lambda: process.stdout.read(65536), b""))
    )
    reader.start()
    try:
        assert process.wait(20) == 0
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    reader.join(20)
    assert not reader.is_alive()


def test_a_reader_that_leaves_ends_the_writer(begin, tmp_path: Path):
    for mode in ("none", "auto", "tee"):
        process = begin(tmp_path, mode, ["yes"])
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(20) == 128 + signal.SIGPIPE, mode


BESIDE_A_THREAD = """
import os, signal, threading, time
from labrec.capture.command import supervise

class Plain:
    session = False
    suspend = resume = lambda self: None
    resize = lambda self: False
    take_stop = lambda self: 0

def slowly(*args, really=os.waitpid):
    found = really(*args)
    time.sleep(0.6)  # meanwhile the child ends, and the thread takes the signal
    return found

threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.pthread_sigmask(signal.SIG_BLOCK, supervise.watched_signals())
child = os.fork()
if child == 0:
    time.sleep(0.2)
    os._exit(7)
os.waitpid = slowly
print(os.waitstatus_to_exitcode(supervise.supervise(child, child, Plain())), flush=True)
os._exit(0)
"""


def test_the_end_of_a_command_is_seen_though_another_thread_took_the_signal() -> None:
    argv = [sys.executable, "-c", BESIDE_A_THREAD]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "7\n"
