"""A run and a registration as the second stage of analysis knows them. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Measured(NamedTuple):
    """A metric of one run.

    Attributes:
        value: Its last value; may be NaN or infinite.
        unit: Its unit, or None.
        direction: maximize, minimize, or None.
    """

    value: float
    unit: str | None = None
    direction: str | None = None


class Link(NamedTuple):
    """That a run bears on a hypothesis.

    Attributes:
        slug: The hypothesis.
        registration: Digest of the registration's bytes.
        linked: ``start`` where the link stands in the spool's first frame, before the program
            started; ``later`` otherwise.
        published: Commit of the base branch on a remote that held the registration before the run
            started, as its clone knew; None where none did.
    """

    slug: str
    registration: str
    linked: Literal["start", "later"]
    published: str | None = None


class Run(NamedTuple):
    """A run as the lab sees it now; what its record alone says where no note speaks of it.

    Attributes:
        run_id: Its id.
        digest: Digest of its record.
        project: Its project.
        name: Its name; where notes agree on another one, that.
        status: complete, failed, interrupted or planned.
        standing: counts, forked, superseded or retracted.
        experiment: Its config digest.
        started: When it started; None = undated.
        duration_s: How long it took, in seconds.
        seeds: Its seeds as canonical JSON, or None.
        machine: The machine it was on, or None.
        hardware_id: Model of the machine, or None.
        tier: How far the machine's facts can be trusted, or None.
        cpu_model: Model of the processor, or None.
        gpu_model: Models of the accelerators, sorted, or None.
        memory_bytes: Memory of the machine.
        output: Digest of its series where that holds any point, else None.
        metrics: By name.
        tree: Its features as JSON text.
        code_digest: State of its code.
        environment_digest: Digest of its environment.
        setup: What it was given besides its features, as JSON text: ``inputs`` (sha256 of the
            artifacts it was given), ``nuisance`` (paths of its features that make no difference),
            ``flags`` (what fixes chance, by name), ``entry`` (script or module that was started);
            what is empty is left out.
        state: What state the machine was in while it lasted, as JSON text: ``memory_pressure``
            (%, the mean), ``power_source``, ``throttled``; what is not known is left out.
        parents: Its parents as the lineage section holds them, as JSON text: those of its record,
            or those that notes agree on.
        continues: Run that it resumes, or None.
        reproduces: Run that it repeats, or None.
        fulfils: Planned run that it carries out, or None.
        links: Hypotheses it bears on; those of notes are linked later.
        tags: Its tags, as notes leave them.
        author: Whom its record names.
        datasets: Those it used, name@version or name@digest.
        capture_events: How many things capture remarked on.
        origin_order: Its place among the runs of where it was imported from.
        path: Path of its record in the lab.
        renamed_from: Its name as its record has it, where that is another one; else None.
        recorded_parents: Its parents as its record has them, where ``parents`` are those that notes
            agree on; else None.
        place: Its place among all runs of the view (see `Seen.facts`).
    """

    run_id: str
    digest: str
    project: str = ""
    name: str = ""
    status: str = "complete"
    standing: str = "counts"
    experiment: str = ""
    started: datetime | None = None
    duration_s: float | None = None
    seeds: str | None = None
    machine: str | None = None
    hardware_id: str | None = None
    tier: str | None = None
    cpu_model: str | None = None
    gpu_model: str | None = None
    memory_bytes: int | None = None
    output: str | None = None
    metrics: Mapping[str, Measured] = {}
    tree: str = "{}"
    setup: str = "{}"
    state: str = "{}"
    code_digest: str | None = None
    environment_digest: str | None = None
    parents: str = "[]"
    continues: str | None = None
    reproduces: str | None = None
    fulfils: str | None = None
    links: tuple[Link, ...] = ()
    tags: tuple[str, ...] = ()
    author: str | None = None
    datasets: tuple[str, ...] = ()
    capture_events: int = 0
    origin_order: int | None = None
    path: str = ""
    renamed_from: str | None = None
    recorded_parents: str | None = None
    place: int = 0

    @property
    def counts(self) -> bool:
        """Whether neither a note nor a second record takes it out of statistics."""
        return self.standing == "counts"

    @property
    def reparented(self) -> bool:
        """Whether notes name its parents, not its record."""
        return self.recorded_parents is not None

    @property
    def recorded_name(self) -> str:
        """Its name as its record has it: by this one registrations and other records call it."""
        return self.renamed_from or self.name


class Registered(NamedTuple):
    """A registration that follows its schema.

    Attributes:
        project: Its project.
        slug: The hypothesis.
        digest: Of its bytes.
        amends: Digest of the registration that it replaces, or None.
        path: Where it lies in the lab.
        document: What it says, as stored.
    """

    project: str
    slug: str
    digest: str
    amends: str | None
    path: str
    document: dict[str, Any]
