"""Record a command: ``labrec run -- CMD`` without the shell."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.plan import Ending
from labrec.errors import LabrecError
from labrec.sdk.start import (
    JOIN_RUN,
    JOIN_SPOOL,
    RunOptions,
    abandon,
    begin,
    prepare,
    recover_first,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.capture.command.run import CommandResult
    from labrec.capture.command.wiring import LogMode
    from labrec.capture.session import Session
    from labrec.sdk.commit import Recorded
    from labrec.sdk.inputs import Stamp
    from labrec.store.lab import Lab

# A scheduler that takes a machine away, or a person at the keyboard: nothing failed.
_INTERRUPTING = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


class CommandOptions(NamedTuple):
    """What is recorded of a command beside what every run has.

    Attributes:
        argv: Program and arguments.
        run: What is said about the run.
        log: Which output streams are kept; None = the lab's setting.
        metrics: JSON file of numbers that the program leaves; None for none.
        artifacts: Paths or patterns of files that the program leaves.
        outcome: What the run found, in the author's words.
    """

    argv: tuple[str, ...]
    run: RunOptions
    log: LogMode | None = None
    metrics: Path | None = None
    artifacts: tuple[str, ...] = ()
    outcome: str | None = None


class CommandOutcome(NamedTuple):
    """How a command ended and whether it was recorded. True when it was.

    Attributes:
        exit_code: What a shell calls its exit status: the code, or 128+N for signal N.
        run_id: The run.
        recorded: What is in the lab now; None where nothing is.
        error: Why it was not recorded; None where it was, or is scratch.
        warnings: What could not be taken in, one sentence each.
        scratch: Whether the run was never to be committed.
    """

    exit_code: int
    run_id: str
    recorded: Recorded | None
    error: BaseException | None
    warnings: list[str]
    scratch: bool = False

    def __bool__(self) -> bool:
        return self.error is None


def record_command(lab: Lab, options: CommandOptions) -> CommandOutcome:
    """Run a command, watch it, and record it.

    Args:
        lab: Where it is recorded.
        options: The command and what is said about it.

    Raises:
        LabrecError: Before the command runs: nothing was started and nothing is left behind.
    """
    from labrec.capture.command.run import run_command
    from labrec.sdk.inputs import Stamp, stamp

    recover_first(lab)
    prepared = prepare(lab, options.run._replace(kept=_kept(options)), options.argv)
    before = stamp(options.metrics) if options.metrics is not None else Stamp(None, None, None)
    session = begin(prepared)
    interval = lab.settings.telemetry_interval
    log = options.log or lab.settings.log
    try:
        result = run_command(
            options.argv,
            log=log,
            log_dir=session.spool.folder("logs") if log != "none" else None,
            environ={JOIN_RUN: session.run_id, JOIN_SPOOL: str(session.path)},
            on_started=lambda pid: session.watch(interval, pid),
        )
    except BaseException:
        abandon(session)
        raise
    return _after(lab, options, session, result, before)


def _kept(options: CommandOptions) -> tuple[str, ...]:
    """Return the options that say what is kept, so that a run can be made again as it was."""
    metrics = ("--metrics", str(options.metrics)) if options.metrics is not None else ()
    return (*metrics, *(word for path in options.artifacts for word in ("--artifact", path)))


def _after(
    lab: Lab, options: CommandOptions, session: Session, result: CommandResult, before: Stamp
) -> CommandOutcome:
    """Take in what the command left, and commit; whatever fails, its exit code stands."""
    warnings: list[str] = []
    recorded: Recorded | None = None
    failure: BaseException | None = None
    try:
        for problem in result.problems:
            session.remark("lost", "output of the command", problem)
        _take_metrics(session, options.metrics, before, warnings)
        _take_artifacts(session, options.artifacts, warnings)
        recorded = _commit(lab, options, session, result)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the program's code comes first
        failure = error
    finally:
        session.close()
    return CommandOutcome(
        result.shell_code, session.run_id, recorded, failure, warnings, options.run.scratch
    )


def _commit(
    lab: Lab, options: CommandOptions, session: Session, result: CommandResult
) -> Recorded | None:
    from labrec.sdk.commit import commit_spool

    status, reason = status_of(result.exit_code, result.signal)
    path = session.finish(
        Ending(
            status,
            reason,
            exit_code=result.exit_code,
            signal=result.signal,
            outcome=options.outcome,
        ),
        durable=options.run.scratch,
    )
    if path is None or options.run.scratch:
        return None
    try:
        return commit_spool(lab, path)
    except BaseException:
        session.spool.seal(durable=True)  # no commit makes it durable now
        raise


def status_of(exit_code: int | None, signal: str | None) -> tuple[str, str | None]:
    """Return the status of a command that ended like this, and the reason."""
    if signal is not None:
        return ("interrupted" if signal in _INTERRUPTING else "failed"), f"ended by {signal}"
    if not exit_code:
        return "complete", None
    interrupted = exit_code in _INTERRUPTING.values()
    return ("interrupted" if interrupted else "failed"), f"exit code {exit_code}"


def _take_metrics(session: Session, path: Path | None, before: Stamp, warnings: list[str]) -> None:
    if path is None:
        return
    from labrec.sdk.inputs import read_metrics

    try:
        found = read_metrics(path, before)
    except LabrecError as error:
        _miss(session, f"metrics file {path.name}", error.message, warnings)
        return
    session.log_metrics(found.values)
    if found.ignored:
        why = f"no numbers, such as {found.ignored[0]}"
        session.remark("skipped", f"values of {path.name}", why, len(found.ignored))


def _take_artifacts(session: Session, patterns: Sequence[str], warnings: list[str]) -> None:
    for pattern in patterns:
        there = os.path.lexists(pattern)
        paths = [pattern] if there else sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
        if not paths:
            _miss(session, f"artifact {pattern}", "there is no such file", warnings)
        for path in paths:
            session.log_artifact(path, _artifact_name(path))


def _artifact_name(path: str) -> str:
    """Keep the folders of a path below the current one, so that two files stay two artifacts."""
    plain = os.path.normpath(path)
    outside = Path(plain).is_absolute() or plain.startswith(os.pardir)
    return Path(plain).name if outside else plain


def _miss(session: Session, what: str, why: str, warnings: list[str]) -> None:
    session.remark("skipped", what, why)
    warnings.append(f"{what} was not recorded: {why}")
