"""Which stream of a command goes where, decided once before it starts."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Literal

from labrec.capture.command.output import FileRange, Log, LogFile
from labrec.capture.command.relay import Flow, InputFlow, Relay, TerminalFlow, high_pipe
from labrec.capture.command.streams import Kind, Route, routes, standard_streams
from labrec.capture.command.terminal import InnerTerminal, OuterTerminal, copy_window, lead_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from labrec.capture.command.streams import Stream

# A standard error that nobody reads while the command runs.
_QUIET = (Kind.FILE, Kind.CLOSED)

LogMode = Literal["auto", "tee", "none"]


class Wiring:
    """The descriptors of one command: what it gets, what is copied, what is read afterwards.

    Implements ``supervise.Watch``.

    Args:
        mode: The log mode; without a directory it is ``none``.
        directory: Where the logs go.
        limit: Bytes kept of each log.

    Raises:
        OSError: No pipe or pseudo-terminal could be had.
    """

    def __init__(self, mode: LogMode, directory: Path | None, limit: int) -> None:
        self.session = False
        self._limit = limit
        self._given: list[tuple[int, int]] = []  # (our descriptor, the command's)
        self._ours: list[int] = []  # the command's ends, closed here once it has them
        self._flows: list[Flow] = []
        self._files: list[tuple[FileRange, Path]] = []
        self._logs: list[LogFile] = []
        self._inner: InnerTerminal | None = None
        self._outer: OuterTerminal | None = None
        self._relay: Relay | None = None
        self._notice = (-1, -1)
        if mode != "none" and directory is not None:
            try:
                self._plan(mode, directory)
            except BaseException:
                self.discard()
                raise

    # --- before the start

    def _plan(self, mode: LogMode, directory: Path) -> None:
        streams = standard_streams()
        for route in routes(streams):
            path = directory / f"{route.name}.log"
            if route.kind is Kind.TERMINAL and self._inner is None:
                self._through_terminal(route, path, streams)
            elif route.kind is Kind.FILE:
                with contextlib.suppress(OSError):
                    self._files.append((FileRange(route.name, route.descriptors[0]), path))
            elif mode == "tee":
                self._through_pipe(route, path)

    def _log(self, route: Route, path: Path) -> LogFile:
        log = LogFile(route.name, path, self._limit)
        self._logs.append(log)
        return log

    def _through_pipe(self, route: Route, path: Path) -> None:
        reading, writing = high_pipe()
        self._ours.append(writing)
        self._given += [(writing, descriptor) for descriptor in route.descriptors]
        self._flows.append(Flow(reading, route.descriptors[0], self._log(route, path)))

    def _through_terminal(
        self, route: Route, path: Path, streams: tuple[Stream, Stream, Stream]
    ) -> None:
        outer = OuterTerminal(route.descriptors[0])
        # Nobody else may be reading the terminal: in `labrec run … | less` the reader is less.
        whole = (
            streams[0].kind is Kind.TERMINAL
            and 1 in route.descriptors
            and streams[0].target == streams[1].target
            and (streams[2].target == streams[1].target or streams[2].kind in _QUIET)
            and outer.foreground()
        )
        inner = self._inner = InnerTerminal(route.descriptors[0], output_only=not whole)
        os.set_blocking(inner.master, False)
        self._given += [(inner.slave, descriptor) for descriptor in route.descriptors]
        self._flows.append(
            TerminalFlow(
                inner.master, route.descriptors[0], self._log(route, path), closing=inner.gone
            )
        )
        if whole:
            self.session = True
            self._outer = outer
            self._given.append((inner.slave, 0))
            self._notice = high_pipe()
            os.set_blocking(self._notice[0], False)

    # --- in the child

    def arrange(self) -> None:
        """Set up descriptors, session and terminal of the command (after the fork)."""
        if self.session and self._inner is not None:
            lead_session(self._inner.slave, self._notice[1])
        for ours, standard in self._given:
            os.dup2(ours, standard, inheritable=True)

    # --- while it runs

    def started(self) -> None:
        """Let go of the command's ends and start to copy."""
        self._close_ends()
        if not self._flows:
            return
        typed = None
        if self._outer is not None and self._inner is not None:
            typed = InputFlow(0, self._inner.master, owned=False)
            typed.active = self._outer.enter()
        self._relay = Relay(self._flows, typed)
        self._relay.start()

    def _close_ends(self) -> None:
        for descriptor in self._ours:
            os.close(descriptor)
        self._ours.clear()
        if self._inner is not None:
            self._inner.close_slave()
        if self._notice[1] >= 0:
            os.close(self._notice[1])
            self._notice = (self._notice[0], -1)

    def suspend(self) -> None:
        """Give the terminal back before this process stops."""
        if self._outer is not None and self._relay is not None:
            self._relay.read_input(False)
            self._outer.leave()

    def resume(self) -> None:
        """Take the terminal again if we are in its foreground."""
        if self._outer is not None and self._relay is not None:
            self._relay.read_input(self._outer.enter())
            self.resize()

    def resize(self) -> bool:
        """Pass the window size on; True where the kernel does not tell the command itself."""
        if self._inner is None:
            return False
        copy_window(self._inner.outer, self._inner.master)
        return not self.session

    def take_stop(self) -> int:
        """Return the signal that the monitor saw stop the command, or 0."""
        if self._notice[0] < 0:
            return 0
        try:
            return (os.read(self._notice[0], 1) or b"\0")[0]
        except BlockingIOError:
            return 0

    # --- afterwards

    def finish(self, impatient: Callable[[], bool]) -> tuple[list[Log], list[str]]:
        """Deliver the rest, restore the terminal, and return the logs and what went wrong."""
        changed = self._inner.changed_attributes() if self._inner and self.session else None
        if self._relay is not None:
            self._relay.finish(impatient)
            if self._inner is not None and self._flows[0].source >= 0 and self.session:
                self._inner.pass_output()
        self.restore(changed)
        problems = [log.problem for log in self._logs if log.problem]
        logs = [log.close() for log in self._logs]
        logs += [file.close(path, self._limit) for file, path in self._files]
        if self._relay is not None:
            self._relay.linger()
        self._close_notice()
        problems += [log.reason for log in logs[len(self._logs) :] if log.truncated]
        return logs, problems

    def restore(self, changed: list[object] | None = None) -> None:
        """Put the user's terminal back, on every way out."""
        if self._outer is not None:
            self._outer.leave(changed)

    def discard(self) -> None:
        """Close and remove everything of a command that never started."""
        self._close_ends()
        for flow in self._flows:
            flow.close()
        for log in self._logs:
            log.forget()
            log.path.unlink(missing_ok=True)
        self._close_notice()

    def _close_notice(self) -> None:
        if self._notice[0] >= 0:
            os.close(self._notice[0])
            self._notice = (-1, -1)
