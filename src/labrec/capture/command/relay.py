"""Copy bytes between the command and the world while it runs, and to the logs beside.

One thread does all the copying; the thread that called ``run_command`` waits for signals meanwhile.
Nothing that goes wrong with a log reaches a flow. A sink that is gone closes its source, so that
the writer learns of it just as it would have without us.
"""

from __future__ import annotations

import _thread
import contextlib
import fcntl
import itertools
import os
import select
import signal
import time
from typing import TYPE_CHECKING

from labrec.capture.command.streams import above_standard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labrec.capture.command.output import LogFile

_CHUNK = 1 << 20
_GRACE_MS = 50
_PENDING_LIMIT = 1 << 16
_BURST = 16
_DRAIN_S = 5.0


class Flow:
    """One direction of bytes.

    Args:
        source: Descriptor to read from; closed when the flow ends if ``owned``.
        sink: Descriptor to write to; never closed here.
        log: Where a copy goes.
        owned: Whether the source is ours to close.
        closing: Called right before the source is closed.
    """

    def __init__(
        self,
        source: int,
        sink: int,
        log: LogFile | None = None,
        *,
        owned: bool = True,
        closing: Callable[[], None] | None = None,
    ) -> None:
        self.source = source
        self.sink = sink
        self.log = log
        self.owned = owned
        self.closing = closing
        self.pending = b""
        self.active = True

    def close(self) -> None:
        """End the flow."""
        if self.owned and self.source >= 0:
            if self.closing is not None:
                self.closing()
            os.close(self.source)
        self.source = -1

    def pump(self) -> bool:
        """Copy what is there now and return whether the flow goes on."""
        try:
            data = os.read(self.source, _CHUNK)
        except BlockingIOError:
            return True
        except OSError:  # EIO: the last process has closed the pty
            return False
        return bool(data) and self._pass_on(data)

    def _pass_on(self, data: bytes) -> bool:
        if self.log is not None:
            self.log.write(data)
        return write_all(self.sink, data)


class TerminalFlow(Flow):
    """The output of a pty, which gives at most 4 KiB at a time; its source is non-blocking."""

    def pump(self) -> bool:
        """Gather what is there, up to a limit, and copy it at once."""
        parts: list[bytes] = []
        going = True
        for _ in range(_BURST):
            try:
                part = os.read(self.source, _CHUNK)
            except BlockingIOError:
                break
            except OSError:
                part = b""
            if not part:
                going = False
                break
            parts.append(part)
        return (not parts or self._pass_on(b"".join(parts))) and going


class InputFlow(Flow):
    """What the user types, on its way to a pty whose buffer may be full for long."""

    def pump(self) -> bool:
        """Read what was typed; it waits in ``pending`` for room."""
        try:
            data = os.read(self.source, _PENDING_LIMIT)
        except OSError:
            return False
        self.pending += data
        return bool(data) and self.drain()

    def serve(self, ready: Mapping[int, int]) -> None:
        """Do what poll(2) says can be done."""
        if self.source in ready and self.active and not self.pump():
            self.close()
        if self.sink in ready and self.pending:
            self.drain()

    def drain(self) -> bool:
        """Write what is pending as far as there is room."""
        try:
            self.pending = self.pending[os.write(self.sink, self.pending) :]
        except BlockingIOError:
            return True
        except OSError:
            self.pending = b""
            return False
        return True


def write_all(sink: int, data: bytes) -> bool:
    """Write everything, also to a descriptor that somebody made non-blocking."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(sink, view) :]
        except BlockingIOError:
            poller = select.poll()
            poller.register(sink, select.POLLOUT)
            poller.poll()
        except OSError:
            return False
    return True


class Relay:
    """The copying thread.

    Args:
        flows: Outputs of the command.
        typed: Input of an interactive command, or None.
    """

    def __init__(self, flows: list[Flow], typed: InputFlow | None) -> None:
        self._flows = flows
        self._typed = typed
        self._reading, self._waking = (above_standard(end) for end in os.pipe())
        self._done = _thread.allocate_lock()
        self._ended = False
        self._deadline = 0.0
        self._aborted = False

    def start(self) -> None:
        """Start the thread; all signals must be blocked by now."""
        self._done.acquire()
        _thread.start_new_thread(self._run, ())

    def read_input(self, allowed: bool) -> None:
        """Say whether the terminal may be read: only in its foreground."""
        if self._typed is not None:
            self._typed.active = allowed
            self._wake()

    def finish(self, impatient: Callable[[], bool]) -> None:
        """Deliver what the command left in its pipes, then return.

        Args:
            impatient: Asked now and then; True gives up on a reader that does not read.
        """
        self._deadline = time.monotonic() + _DRAIN_S
        self._ended = True
        self._wake()
        while not self._done.acquire(timeout=0.1):
            if impatient():
                self._aborted = True
                break
        else:
            os.close(self._reading)
            os.close(self._waking)

    def _wake(self) -> None:
        os.write(self._waking, b"!")

    def _run(self) -> None:
        try:
            while self._step():
                pass
        finally:
            self._done.release()

    def _step(self) -> bool:
        live = [flow for flow in self._flows if flow.source >= 0]
        ended = self._ended
        if self._aborted or (ended and (not live or time.monotonic() > self._deadline)):
            return False  # nothing left, or a process left behind that writes without end
        poller = select.poll()
        poller.register(self._reading, select.POLLIN)
        for flow in live:
            poller.register(flow.source, select.POLLIN)
        typed = self._register_typed(poller)
        ready = dict(poller.poll(_GRACE_MS if ended else None))
        if self._reading in ready:
            os.read(self._reading, 4096)
        elif ended and not any(flow.source in ready for flow in live):
            return False  # somebody else still holds the other end: the rest is for linger()
        for flow in live:
            if flow.source in ready and not flow.pump():
                flow.close()
        if typed is not None:
            typed.serve(ready)
        return True

    def _register_typed(self, poller: select.poll) -> InputFlow | None:
        typed = self._typed
        if typed is None or self._ended or not any(f.source == typed.sink for f in self._flows):
            return None
        if typed.source >= 0 and typed.active and len(typed.pending) < _PENDING_LIMIT:
            poller.register(typed.source, select.POLLIN)
        if typed.pending:
            poller.register(typed.sink, select.POLLIN | select.POLLOUT)
        return typed

    def linger(self) -> None:
        """Leave the flows that did not end to a process of their own.

        Something the command left behind still holds them, a daemon say. It must neither keep us
        from returning nor be killed by a closed pipe.
        """
        left = [flow for flow in self._flows if flow.source >= 0]
        if left and not self._aborted:
            middle = os.fork()
            if middle == 0:
                _linger(left)
            os.waitpid(middle, 0)
        for flow in left:
            flow.close()


def _linger(flows: list[Flow]) -> None:
    try:
        if os.fork() == 0:
            os.setsid()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            kept = sorted({-1, 1 << 20} | {f.source for f in flows} | {f.sink for f in flows})
            for low, high in itertools.pairwise(kept):
                os.closerange(low + 1, high)
            for flow in flows:
                flow.log = None
            _copy_on(flows)
    finally:
        os._exit(0)


def _copy_on(flows: list[Flow]) -> None:
    poller = select.poll()
    for flow in flows:
        poller.register(flow.source, select.POLLIN)
    while flows:
        for source, _ in poller.poll():
            flow = next(flow for flow in flows if flow.source == source)
            if not flow.pump():
                poller.unregister(source)
                flow.close()
                flows.remove(flow)


def high_pipe() -> tuple[int, int]:
    """Return the ends of a large pipe, above the standard descriptors."""
    reading, writing = (above_standard(end) for end in os.pipe())
    with contextlib.suppress(OSError):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _CHUNK)
    return reading, writing
