"""A pseudo-terminal between the command and the user's terminal.

Where input and output are the user's own terminal in the foreground, the command gets a session of
its own on an *inner* terminal, as a shell would give it, and the *outer* one is switched to raw, so
that every key reaches the inner one. A *monitor* leads that session: without a relative in the same
session the kernel would ignore Ctrl-Z (POSIX, "orphaned process group").

Where only an output is a terminal, it alone becomes an inner terminal and nothing else changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import struct
import termios
from typing import Any, NoReturn

from labrec.capture.command.streams import above_standard

_IFLAG, _OFLAG, _CFLAG, _LFLAG = 0, 1, 2, 3
_CONTROL = 6
Attributes = list[Any]


def raw(attributes: Attributes) -> Attributes:
    """Return terminal attributes that pass every byte (as cfmakeraw(3), eight bits kept)."""
    changed = [*attributes[:_CONTROL], list(attributes[_CONTROL])]
    changed[_IFLAG] &= ~(
        termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP
        | termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON
    )  # fmt: skip
    changed[_OFLAG] &= ~termios.OPOST
    changed[_LFLAG] &= ~(
        termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN
    )
    changed[_CONTROL][termios.VMIN] = 1
    changed[_CONTROL][termios.VTIME] = 0
    return changed


def copy_window(source: int, target: int) -> None:
    """Give one terminal the window size of another; the kernel tells its foreground group."""
    with contextlib.suppress(OSError):
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)


class InnerTerminal:
    """The pseudo-terminal that the command sees.

    Args:
        outer: Descriptor of the terminal it stands for.
        output_only: Leave the processing of output to the outer terminal, whose settings the
            command may still change through its standard input.
    """

    def __init__(self, outer: int, *, output_only: bool) -> None:
        self.outer = outer
        self.master, self.slave = (above_standard(end) for end in os.openpty())
        attributes = termios.tcgetattr(outer)
        if output_only:
            attributes[_OFLAG] &= ~termios.OPOST
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        self._initial = self._last = termios.tcgetattr(self.slave)
        copy_window(outer, self.master)

    def changed_attributes(self) -> Attributes | None:
        """Return the attributes the command left, or None when it left them as they were."""
        if self.master >= 0:
            self._note()
        return None if self._last == self._initial else self._last

    def gone(self) -> None:
        """Take note that the other side is gone and the master is about to be closed."""
        self._note()
        self.master = -1

    def _note(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            self._last = termios.tcgetattr(self.master)

    def pass_output(self) -> None:
        """Stop processing output: what still comes goes to an outer terminal that does it."""
        with contextlib.suppress(OSError, termios.error):
            attributes = termios.tcgetattr(self.master)
            attributes[_OFLAG] &= ~termios.OPOST
            termios.tcsetattr(self.master, termios.TCSANOW, attributes)

    def close_slave(self) -> None:
        """Close our own copy of the command's end, so that its end can be noticed."""
        if self.slave >= 0:
            os.close(self.slave)
            self.slave = -1


class OuterTerminal:
    """The user's terminal: raw while we are in its foreground, as found otherwise.

    Args:
        descriptor: A descriptor of it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._found: Attributes | None = None

    def foreground(self) -> bool:
        """Whether this process may read from the terminal and change it."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return False

    def enter(self) -> bool:
        """Switch to raw when in the foreground and return whether input may be read."""
        if not self.foreground():
            return False
        with contextlib.suppress(termios.error):
            if self._found is None:
                self._found = termios.tcgetattr(self._descriptor)
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, raw(self._found))
        return True

    def leave(self, attributes: Attributes | None = None) -> None:
        """Put the terminal back as it was found, or as the command left its own."""
        if self._found is None:
            return
        found, self._found = self._found, None
        if self.foreground():
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, attributes or found)


def lead_session(slave: int, notice: int) -> None:
    """Become the monitor of a new session and return in the command's process.

    Args:
        slave: The inner terminal.
        notice: Pipe on which the monitor writes the number of a signal that stopped the command.
            It then sends SIGCHLD to its parent.
    """
    watcher = os.getppid()
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    command = os.fork()
    if command:
        _monitor(command, slave, notice, watcher)
    # All signals are blocked here, SIGTTOU too, so a background group may take the terminal.
    os.setpgid(0, 0)
    os.tcsetpgrp(slave, os.getpid())


def _monitor(command: int, slave: int, notice: int, watcher: int) -> NoReturn:
    """Wait for the command, report stops, and end exactly as it did."""
    status = 0x100
    try:
        # Nothing inherited may stay open here: locks, pipes others wait on, the recorder's files.
        kept = sorted((slave, notice))
        for low, high in zip((-1, *kept), (*kept, 1 << 20), strict=True):
            os.closerange(low + 1, high)
        while True:
            _, status = os.waitpid(command, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                break
            with contextlib.suppress(OSError):
                os.write(notice, bytes([os.WSTOPSIG(status)]))
                if os.getppid() == watcher:
                    os.kill(watcher, signal.SIGCHLD)
        # Let go of the terminal first: a session leader that ends with it hangs it up for
        # whatever the command left in the background.
        with contextlib.suppress(OSError):
            os.tcsetpgrp(slave, os.getpgrp())
            fcntl.ioctl(slave, termios.TIOCNOTTY, 0)
    finally:
        _end_as(status)


def _end_as(status: int) -> NoReturn:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))
