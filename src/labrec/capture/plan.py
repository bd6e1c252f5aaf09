"""What is decided about a run before it starts, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


BRIEF = "brief"
"""Name of the section that a run leaves which ended before its sampler could be ready."""

JOINED_FEATURES = "joined_features"
"""Section under which a program that joined says its own features: ``{"tree": …}``."""


class RunPlan(NamedTuple):
    """A run as its author announced it: the content of the spool's first frame.

    Attributes:
        run_id: UUIDv7, known before the run starts.
        project: Valid project name.
        name: The run's name, one line.
        features: Free-form tree of what was set; any Python values, tagged when written.
        features_source: ``{"path", "sha256", "size"}`` of the file the tree was read from.
        nuisance: Paths inside ``features`` (``"a.b"``) that do not make another experiment.
        feature_diff: Difference to the first parent as known now; None = no parent or unknown.
        parents: ``{"by", "name", "run_id", "config_digest"}`` each.
        hypotheses: ``{"slug", "registration"}`` each, and ``"published"`` where a remote holds it;
            linked in the first frame, so "start".
        seeds: Decimal strings by name.
        flags: Determinism flags by name, as set by the caller.
        tags: Free words.
        author: ``{"name", "source"}`` or None.
        intent: Why the run is made.
        continues: Run that this one resumes after preemption.
        reproduces: Run that this one repeats.
        fulfils: Planned run that this one carries out.
        cell: Cell of the campaign this run fills.
        level: ``basic`` or ``standard``.
        scratch: Never to be committed.
        argv: Command line, already free of credentials.
        cwd: Working directory relative to the code root; None outside it.
        options: Options of ``labrec run`` that say what is kept of what the program leaves.
        entry: The script or module that was started, relative to the code root.
        definition: ``{"path", "sha256", "size"}`` of the project's definition; None = has none.
        lab: Where the lab is, for recovery; stays in the spool, never in a record.
    """

    run_id: str
    project: str
    name: str
    features: Mapping[str, Any] = {}
    features_source: dict[str, Any] | None = None
    nuisance: tuple[str, ...] = ()
    feature_diff: list[dict[str, Any]] | None = None
    parents: tuple[dict[str, Any], ...] = ()
    hypotheses: tuple[dict[str, Any], ...] = ()
    seeds: Mapping[str, str] = {}
    flags: Mapping[str, str] = {}
    tags: tuple[str, ...] = ()
    author: dict[str, str] | None = None
    intent: str | None = None
    continues: str | None = None
    reproduces: str | None = None
    fulfils: str | None = None
    cell: str | None = None
    level: str = "standard"
    scratch: bool = False
    argv: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    cwd: str | None = None
    entry: str | None = None
    definition: dict[str, Any] | None = None
    lab: str | None = None


class Ending(NamedTuple):
    """How a run ended.

    Attributes:
        status: complete, failed or interrupted.
        reason: Why it did not complete.
        exit_code: Of the observed command; None when a signal ended it.
        signal: That ended the observed command, such as ``SIGKILL``.
        outcome: What was found, in the author's words.
        tags: Further tags.
    """

    status: str
    reason: str | None = None
    exit_code: int | None = None
    signal: str | None = None
    outcome: str | None = None
    tags: tuple[str, ...] = ()
