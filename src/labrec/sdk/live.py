"""A run as a program sees it that records itself: ``with labrec.run(…) as run:``."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import warnings
import weakref
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from labrec.capture.plan import Ending
from labrec.capture.session import Session
from labrec.errors import (
    InvalidError,
    LabrecError,
    NotFoundError,
    SecretError,
    UsageError,
)
from labrec.sdk import given
from labrec.sdk.start import JOIN_RUN, JOIN_SPOOL, RunOptions, begin, prepare, recover_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from labrec.sdk.commit import Recorded
    from labrec.sdk.counterfactual import Measured
    from labrec.store.lab import Lab

_REASON = 500  # characters of an exception that a record keeps
_open_runs: weakref.WeakSet[Run] = weakref.WeakSet()
_calls = count(1)  # numbers the counterfactual calls of this process
_joined_here: list[Run] = []  # runs that this process was given as a pickle
_own_spools: dict[str, int] = {}  # spools that a process of this program owns, and its pid


class RecordingWarning(UserWarning):
    """Something about a run could not be recorded; the program goes on."""


class Run:
    """A live run. Use it as a context manager, or call `close`.

    No method raises for a fault of the recorder: what cannot be kept is a line in the record's
    ``capture`` section, or a `RecordingWarning`.

    Attributes:
        run_id: Its id, the label of everything that it leaves; empty where nothing is recorded.
        project: Its project.
        name: Its name.
        joined: Whether it belongs to another process, which will record it.
        recorded: What was recorded; None before `close`, and where nothing was.
        log_metric: ``log_metric(name, value, step=None, *, unit=None, direction=None)`` records
            one point; ``direction`` is ``"maximize"`` or ``"minimize"``.
    """

    def __init__(
        self, session: Session | None, lab: Lab | None, options: RunOptions, *, joined: bool = False
    ) -> None:
        self._session = session
        self._lab = lab
        self._guard = threading.Lock()
        self._outcome: str | None = None
        self._tags: list[str] = []
        self._scratch = options.scratch
        self._told_late = session is None  # why nothing is recorded has been said
        self._before = (os.environ.get(JOIN_RUN), os.environ.get(JOIN_SPOOL))
        self.run_id = session.run_id if session is not None else ""
        told = session.spool.plan if session is not None and joined else {}
        self.project = str(told.get("project") or options.project or "")
        self.name = str(told.get("name") or options.name or "")
        self.joined = joined
        self.recorded: Recorded | None = None
        self.log_metric = session.log_metric if session is not None else _ignore
        _open_runs.add(self)

    def log_metrics(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record one point of each of several metrics at one step.

        Args:
            values: Value by metric name.
            step: The step of all of them; counted for each metric when left out.
        """
        if self._session is None:
            self._late()
        else:
            self._session.log_metrics(values, step)

    def log_series(
        self,
        name: str,
        values: Iterable[Any],
        steps: Iterable[int] | None = None,
        times: Iterable[float] | None = None,
    ) -> None:
        """Record many points of one metric at once.

        Args:
            name: The metric.
            values: One value a point.
            steps: One step a point; counted when left out.
            times: Seconds since the start of the run, one a point; now when left out.
        """
        if self._session is None:
            self._late()
        else:
            self._session.log_series(name, values, steps, times)

    def log_artifact(
        self,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview,
        name: str | None = None,
        *,
        role: str = "output",
        media_type: str | None = None,
    ) -> str | None:
        """Keep a file, a folder of files, or bytes, as they are now.

        Args:
            source: A path, or the content itself as bytes.
            name: Name in the record; the file's own name when left out.
            role: output, input, log, model, figure or other.
            media_type: Such as ``image/png``.

        Returns:
            The content's sha256 in hex; None for a folder, or where it could not be kept.
        """
        if self._session is None:
            self._late()
            return None
        return self._session.log_artifact(source, name, role=role, media_type=media_type)

    def log_text(self, name: str, text: str, *, role: str = "other") -> str | None:
        """Keep a text as an artifact.

        Args:
            name: Name in the record.
            text: The text; stored as UTF-8.
            role: output, input, log, model, figure or other.
        """
        try:
            data = str(text).encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001 - __str__ is the caller's code
            data = given.plain_text(text).encode()
        return self.log_artifact(data, name, role=role, media_type="text/plain")

    def log_dataset(
        self,
        name: str,
        *,
        role: str = "input",
        version: str | None = None,
        digest: str | None = None,
    ) -> None:
        """Say which data the run uses.

        Args:
            name: The dataset.
            role: What it is used for.
            version: Its version, as its makers call it.
            digest: ``sha256:<64 hex>`` of its manifest, where known.
        """
        if self._session is None:
            self._late()
        else:
            self._session.log_dataset(name, role=role, version=version, digest=digest)

    def define_metric(self, name: str, definition: str) -> None:
        """Say by which definition the values of a metric are found.

        Needed where the metric is defined by a function of a package: only values that name the
        definition count.

        Args:
            name: The metric, as it is given to `log_metric`.
            definition: ``sha256:<64 hex>`` of its definition, as `labrec metric show` prints it.
        """
        if self._session is None:
            self._late()
        else:
            self._session.define_metric(given.plain_text(name), given.plain_text(definition))

    def set_outcome(self, text: str) -> None:
        """Say what the run found, in the author's words; the last call counts."""
        if self._session is None:
            self._late()
        self._outcome = given.plain_text(text)

    def tag(self, *tags: str) -> None:
        """Add free words to the run."""
        if self._session is None:
            self._late()
        self._tags.extend(map(given.plain_text, tags))

    def counterfactual(  # noqa: PLR0913 - a front door: every option by name
        self,
        factors: Mapping[str, Any],
        evaluate: Callable[..., Any],
        *,
        at: int | str | None = None,
        budget: int = 64,
        seeds: int | Iterable[int] | None = None,
        check: bool | str = False,
        permutations: int = 20,
    ) -> Measured:
        """Measure a live object with parts of it switched off, and give it back as it was.

        Every configuration is measured for up to four factors, or where they are no more than the
        budget; else those that permutations of the factors pass through, drawn in pairs of which
        the second is the first reversed. An exception of the evaluation is a cell that failed.
        `KeyboardInterrupt` and `SystemExit` leave once the object is given back. The global
        generators of ``random``, ``numpy`` and ``torch`` are the same before each cell, and
        afterwards what they were.

        Args:
            factors: By name, each a callable that returns a context manager inside which the
                factor is off; or ``(off, on)``, two callables; or ``(object, "attribute", value
                when off)``, where the object may be a mapping and the attribute one of its keys.
                At most 64.
            evaluate: Measures; returns a number, or a mapping of metrics, nested as it likes. It
                is given the seed where it has a parameter ``seed``.
            at: The step at which it is asked, or words for when.
            budget: Configurations up to which all of them are measured.
            seeds: Integers; every configuration is measured once with each, after the generators
                were seeded with it.
            check: Measure the whole object once more at the end, and say whether it is the same;
                by one metric where it is named.
            permutations: How many are drawn; an odd number gets one more.

        Returns:
            What was measured, also where nothing is recorded; false where something is wrong.
        """
        from labrec.sdk.counterfactual import Measured, Question, ask  # few runs ask

        try:
            how = {"budget": budget, "check": check, "permutations": permutations}
            question = Question.of(factors, evaluate, at, seeds, **how)
        except UsageError as error:
            _warn(_told("nothing is measured counterfactually", error))
            if self._session is not None:
                self._session.remark("skipped", "a counterfactual call", error.message)
            return Measured((), [], problem=error.message)
        if self._session is None:
            self._late()
        measured = ask(question, self._session, next(_calls))
        if measured.restored in {"failed", "differs"}:
            _warn("after a counterfactual call the object is not what it was; see the record")
        return measured

    def close(
        self,
        status: str = "complete",
        *,
        reason: str | None = None,
        exit_code: int | None = None,
    ) -> Recorded | None:
        """End the run and record it. Calling it again does nothing.

        Args:
            status: complete, failed or interrupted; any other word is recorded as failed, and
                the reason names it.
            reason: Why it did not complete.
            exit_code: Of the program, where known.

        Returns:
            What was recorded; None where another process records the run, or where it failed.
        """
        with self._guard:
            session, self._session = self._session, None
            if session is None:
                return self.recorded
            self.log_metric = self._late
            _open_runs.discard(self)
            mine = session.spool.is_owner
            if mine:
                self._release_environment(session)
            status, reason = given.status_and_reason(status, reason)
            exit_code = exit_code if isinstance(exit_code, int) else None
            try:
                self.recorded = self._finish(session, status, reason, exit_code)
            except KeyboardInterrupt:
                _warn(f"run {self.run_id} is kept as a spool: recording was interrupted")
                raise
            except Exception as error:  # noqa: BLE001 - a recorder fault never breaks the program
                _warn(_told(f"run {self.run_id} was not recorded", error))
            finally:
                with contextlib.suppress(Exception):
                    session.close()
                if mine and self._lab is not None:
                    with contextlib.suppress(Exception):  # a program may close what it inherited
                        self._lab.close()
        return self.recorded

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status, reason, exit_code = ending(error)
        self.close(status, reason=reason, exit_code=exit_code)

    def _finish(
        self, session: Session, status: str, reason: str | None, exit_code: int | None
    ) -> Recorded | None:
        if not session.spool.is_owner:
            if self._outcome is not None or self._tags:
                what = "outcome and tags of a program that joined"
                session.remark("skipped", what, "the run they belong to is another process's")
            session.finish(Ending(status))
            return None
        path = session.finish(
            Ending(
                status,
                reason,
                exit_code=exit_code,
                outcome=self._outcome,
                tags=tuple(self._tags),
            ),
            durable=self._scratch,
        )
        if path is None or self._lab is None or self._scratch:
            return None
        from labrec.sdk.commit import commit_spool  # not before a run ends

        try:
            return commit_spool(self._lab, path)
        except BaseException:
            session.spool.seal(durable=True)  # no commit makes it durable now
            raise

    def _late(self, *_: object, **__: object) -> None:
        """Say once that what is logged now is lost: the run has ended."""
        if not self._told_late:
            self._told_late = True
            _warn(f"run {self.run_id} has ended; what is logged after its end is not recorded")

    def __reduce__(self) -> tuple[object, ...]:
        """Let a worker of another process have the run: there it joins, as a forked one does."""
        path = str(self._session.path) if self._session is not None else ""
        return _rejoin, (path, self.run_id)

    def _take_environment(self) -> None:
        """Let programs that this one starts join the run."""
        if self._session is not None:
            path = str(self._session.path)
            _own_spools[path] = os.getpid()
            os.environ[JOIN_RUN], os.environ[JOIN_SPOOL] = self.run_id, path

    def _release_environment(self, session: Session) -> None:
        _own_spools.pop(str(session.path), None)
        if os.environ.get(JOIN_SPOOL) != str(session.path):
            return  # a run that started later in this process has them now
        for name, value in zip((JOIN_RUN, JOIN_SPOOL), self._before, strict=True):
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run(  # noqa: PLR0913 - the front door: every option by name
    project: str | None = None,
    name: str | None = None,
    *,
    features: Mapping[str, Any] | None = None,
    parent: str | None = None,
    seed: int | str | Mapping[str, int | str] | None = None,
    hypothesis: str | None = None,
    tags: Iterable[str] = (),
    intent: str | None = None,
    level: str | None = None,
    lab: str | os.PathLike[str] | None = None,
    resume: str | None = None,
    fulfils: str | None = None,
    reproduces: str | None = None,
    scratch: bool = False,
) -> Run:
    """Start a run of this program, or join the one that wraps it.

    Args:
        project: Name of the project; the lab's default, else the code's folder, when left out.
        name: Name of the run; the program's when left out.
        features: What was varied: a tree of any Python values.
        parent: Run id, its beginning, or a name; what the run's name says when left out.
        seed: One seed, or seeds by name.
        hypothesis: Slug or digest of a registration.
        tags: Free words.
        intent: Why the run is made.
        level: ``"basic"`` or ``"standard"``; the lab's when left out.
        lab: Folder of the lab; found from the current folder when left out.
        resume: Run that this one continues after preemption.
        fulfils: Planned run that this one carries out; what is left out here is as it says.
        reproduces: Run that this one repeats; project and name are its where they are left out.
        scratch: Watch the run and never commit it.

    Raises:
        NotFoundError: There is no lab, or no such parent, hypothesis or run to resume.
        UsageError: A parent, hypothesis or run to resume is ambiguous.
        InvalidError: A name, setting or definition is not valid.
    """
    options = RunOptions(
        project=project,
        name=name,
        features=given.features_or_none(features),
        parent=given.reference(parent, "parent"),
        seeds=given.seeds_of(seed),
        hypothesis=given.reference(hypothesis, "hypothesis"),
        tags=given.tags_of(tags),
        intent=given.text_or_none(intent),
        level=given.level_or_none(level),
        resume=given.reference(resume, "resume"),
        fulfils=given.reference(fulfils, "fulfils"),
        reproduces=given.reference(reproduces, "reproduces"),
        scratch=bool(scratch),
    )
    joined = _join(options)
    return joined if joined is not None else _start(options, lab)


def ending(error: BaseException | None) -> tuple[str, str | None, int | None]:
    """Say how a program ended that leaves by this exception: status, reason, exit code."""
    if error is None:
        return "complete", None, None
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", "KeyboardInterrupt", None
    if isinstance(error, SystemExit):
        if error.code is None or error.code == 0:
            return "complete", None, 0
        code = error.code if isinstance(error.code, int) else 1
        return "failed", f"sys.exit({given.plain_text(error.code)})"[:_REASON], code
    message = given.plain_text(error)
    kind = type(error).__name__
    return "failed", (f"{kind}: {message}" if message else kind)[:_REASON], None


def _start(options: RunOptions, lab: str | os.PathLike[str] | None) -> Run:
    from labrec.store.lab import Lab

    opened = Lab.open(Path(lab) if lab is not None else None)
    try:
        recover_first(opened)
        prepared = prepare(opened, options, None)
        session = begin(prepared)
    except (UsageError, NotFoundError, InvalidError, SecretError):
        opened.close()
        raise
    except Exception as error:  # noqa: BLE001 - a recorder fault never breaks the program
        opened.close()
        _warn(_told("this run is not recorded", error))
        return Run(None, None, options)
    plan = prepared.plan
    started = Run(session, opened, options._replace(project=plan.project, name=plan.name))
    started._take_environment()  # noqa: SLF001 - this module's own
    session.watch(opened.settings.telemetry_interval)
    opened.git.rest()  # the program may close descriptors that are not its own
    return started


def _join(options: RunOptions) -> Run | None:
    """Join the run that wraps this process; None where there is none."""
    path, run_id = os.environ.get(JOIN_SPOOL), os.environ.get(JOIN_RUN)
    if not path or not run_id or _own_spools.get(path) == os.getpid():
        return None
    try:
        session = Session.join(Path(path))
    except NotFoundError:
        return None  # it has ended: this is a run of its own
    except (LabrecError, OSError) as error:
        _warn(_told("this program cannot join the run that wraps it", error))
        lost = Run(None, None, options, joined=True)
        lost.run_id = run_id
        return lost
    own = {
        "project": options.project, "name": options.name, "resume": options.resume,
        "fulfils": options.fulfils, "reproduces": options.reproduces,
    }  # fmt: skip
    for what, value in own.items():
        if value is not None:
            why = f"{given.plain_text(value)[:100]!r}: the run that wraps this program has its own"
            session.remark("skipped", f"{what} of a program that joined", why)
    if options.features:
        session.join_features(options.features)
    if options.seeds:
        _join_seeds(session, options)
    return Run(session, None, options, joined=True)


def _join_seeds(session: Session, options: RunOptions) -> None:
    from labrec.capture.captured import Captured
    from labrec.capture.software.determinism import capture_determinism

    session.capture(
        "determinism", lambda: Captured(capture_determinism(options.seeds, own=True), [], [])
    )


def _rejoin(path: str, run_id: str) -> Run:
    """Return the run that a pickle means: this process's, or one that joined it here."""
    for known in list(_open_runs):
        session = known._session  # noqa: SLF001 - this module's own
        if session is not None and str(session.path) == path:
            return known
    session = None
    if path:
        try:
            session = Session.join(Path(path))
        except (LabrecError, OSError) as error:
            _warn(_told("this process cannot join the run it was given", error))
    joined = Run(session, None, RunOptions(), joined=True)
    joined.run_id = run_id
    if session is not None:
        _joined_here.append(joined)  # one journal for a process, however often it is handed over
    return joined


def _ignore(*_: object, **__: object) -> None:
    """Stand for ``log_metric`` where there is nothing to log to."""


def _told(what: str, error: BaseException) -> str:
    if isinstance(error, LabrecError):
        parts = [f"{what}: {error.message}"]
        parts += [f"kept: {error.kept}"] if error.kept else []
        parts += [error.hint] if error.hint else []
        return "; ".join(part.rstrip(".") for part in parts)
    return f"{what}: {type(error).__name__}: {given.plain_text(error)}"


def _warn(text: str) -> None:
    # Where warnings are errors, ours must not become the program's.
    with contextlib.suppress(Exception):
        warnings.warn(f"labrec: {text}", RecordingWarning, stacklevel=4)


def _close_at_exit() -> None:
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    status, reason, exit_code = ending(error)
    for left in list(_open_runs):
        left.close(status, reason=reason, exit_code=exit_code)


atexit.register(_close_at_exit)
