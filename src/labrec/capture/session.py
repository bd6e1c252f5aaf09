"""One live run as its program sees it: started, fed with points and artifacts, finished.

Everything between ``start`` and ``finish`` is guarded: a fault of the recorder becomes a line in
the record's ``capture`` section and never an exception in the observed program (I4).
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from labrec.capture.plan import BRIEF, JOINED_FEATURES
from labrec.capture.spool.files import Artifacts, store_object
from labrec.capture.spool.writer import Spool
from labrec.errors import LabrecError, SecretError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from labrec.capture.captured import Captured, NewObject
    from labrec.capture.plan import Ending, RunPlan
    from labrec.capture.telemetry.sampler import Sampler

MAX_DATASETS = 200
_MAX_ARTIFACT = 2 * 10**9


class Session:
    """What one process captures of one run.

    Attributes:
        spool: The spool it writes.
        log_metric: ``log_metric(name, value, step=None, *, unit=None, direction=None)``. A plain
            function, to be handed on as it is: a method around it would cost a third of its speed.

    Args:
        spool: A spool created or joined.
        max_artifact: Larger artifacts keep their digest only, bytes.
        known: Whether the lab holds an object of this sha256 already.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        max_artifact: int = _MAX_ARTIFACT,
        known: Callable[[str], bool] | None = None,
    ) -> None:
        self.spool = spool
        self.log_metric = spool.metrics.log
        self._artifacts = Artifacts(spool, max_artifact)
        self._known = known
        self._datasets: list[dict[str, Any]] = []
        self._definitions: dict[str, str] = {}
        self._hypotheses: list[dict[str, Any]] = []
        self._sampler: Sampler | None = None
        self._usage: bool | None = None  # of this process (True), of the command (False), or not
        self._interval = 0.0
        self._finished = False

    @classmethod
    def start(
        cls,
        root: Path,
        plan: RunPlan,
        *,
        max_artifact: int = _MAX_ARTIFACT,
        known: Callable[[str], bool] | None = None,
        sources: Mapping[str, NewObject] | None = None,
    ) -> Self:
        """Start a run: its first frame is durable when this returns.

        Args:
            root: Folder of all spools.
            plan: What is decided about the run.
            max_artifact: Larger artifacts keep their digest only, bytes.
            known: Whether the lab holds an object of this sha256 already.
            sources: The bytes of ``plan.features_source`` and ``plan.definition``, under
                ``features`` and ``definition``.

        Raises:
            StorageError: The spool cannot be created.
        """
        from labrec.record.values import to_json  # a joined child needs none of it

        unmappable: list[Any] = []
        document = plan._asdict()
        document["features"] = to_json(dict(plan.features), unmappable)
        session = cls(
            Spool.create(root, plan.run_id, {"plan": document}),
            max_artifact=max_artifact,
            known=known,
        )
        for path, kind in unmappable:
            what = "features." + ".".join(map(str, path))
            session.remark("unmappable", what, f"a value of type {kind} is kept as its text")
        for name, source in (sources or {}).items():
            session.capture(name, partial(_section_of, source))
        return session

    @classmethod
    def join(cls, path: Path, *, max_artifact: int = _MAX_ARTIFACT) -> Self:
        """Take part in a live run from another process.

        Args:
            path: Folder of its spool.
            max_artifact: Larger artifacts keep their digest only, bytes.

        Raises:
            NotFoundError: The run is not alive.
            StorageError: The spool cannot be written.
        """
        return cls(Spool.join(path), max_artifact=max_artifact)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.spool.run_id

    @property
    def path(self) -> Path:
        """The spool's folder."""
        return self.spool.path

    def capture(self, name: str, probe: Callable[[], Captured]) -> bool:
        """Keep what a probe sees as a section of the record.

        Args:
            name: The section.
            probe: Looks; whatever it raises becomes a line in ``capture``.

        Returns:
            Whether it worked.

        Raises:
            SecretError: The probe found what must not be stored; the run should not start.
        """
        try:
            section, objects, events, held = probe()
            known = {new.sha256 for new in objects if self._known and self._known(new.sha256)}
            known |= {each.sha256 for each in held}
            for new in objects:
                if new.sha256 not in known:
                    store_object(self.spool, new)
            self.spool.section(name, section, [*objects, *held], known)
            for line in events:
                self.spool.remark(line["kind"], line["what"], line["why"], line.get("count", 1))
        except SecretError:
            raise
        except Exception as error:  # noqa: BLE001 - a recorder fault never reaches the program
            self.remark("unavailable", f"section {name}", _cause(error))
            return False
        return True

    def watch(self, interval_s: float, pid: int | None = None) -> None:
        """Start telemetry beside the run, in a process of its own.

        Args:
            interval_s: Seconds between two samples; 0 = none, only journals are kept durable.
            pid: Root of the observed process tree; this process when left out.
        """
        try:
            from labrec.capture.telemetry.sampler import start_sampler  # not every run samples

            sampler = start_sampler(self.path, os.getpid() if pid is None else pid, interval_s)
            if sampler.reason:
                self.spool.keep_durable()
                self.remark("unavailable", "telemetry", sampler.reason)
            else:
                self.spool.expect_sampler()
            self._sampler = sampler
            self._interval = interval_s
            self._usage = None if interval_s <= 0 else pid is None
        except Exception as error:  # noqa: BLE001 - as above
            self.remark("unavailable", "telemetry", _cause(error))

    def log_metrics(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record one point of each of several metrics at one step."""
        self.spool.metrics.log_all(values, step)

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
        started = self.spool.started
        shifted = None if times is None else (started + at for at in times)
        self.spool.metrics.log_series(name, values, steps, shifted)

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
        return self._artifacts.keep(source, name, role=role, media_type=media_type)

    def log_dataset(
        self, name: str, *, role: str = "input", version: str | None = None,
        digest: str | None = None,
    ) -> None:  # fmt: skip
        """Say which data the run uses.

        Args:
            name: The dataset.
            role: What it is used for.
            version: Its version, as its makers call it.
            digest: ``sha256:<64 hex>`` of its manifest, where known.
        """
        if len(self._datasets) >= MAX_DATASETS:
            self.spool.remark("truncated", "datasets", "too many for a record")
            return
        told = {"name": name, "role": role, "version": version, "digest": digest}
        item = {key: part if part is None else _short(part) for key, part in told.items()}
        self._datasets = [*self._datasets, item]
        self.spool.section("datasets", {"items": self._datasets})

    def define_metric(self, name: str, definition: str) -> None:
        """Say by which definition the values of a metric are found.

        Args:
            name: The metric.
            definition: ``sha256:<64 hex>`` of its definition.
        """
        if len(self._definitions) >= MAX_DATASETS and name not in self._definitions:
            self.spool.remark("truncated", "metric definitions", "too many for a record")
            return
        self._definitions = {**self._definitions, _short(name): _short(definition)}
        self.spool.section("metric_definitions", {"items": self._definitions})

    def link(self, slug: str, registration: str) -> None:
        """Link a hypothesis after the start: exploratory, and said so.

        Args:
            slug: The hypothesis.
            registration: ``sha256:<64 hex>`` of its registration.
        """
        self._hypotheses = [*self._hypotheses, {"slug": slug, "registration": registration}]
        self.spool.section("hypotheses", {"items": self._hypotheses})

    def call(self, number: int, document: Mapping[str, Any]) -> None:
        """Say what is asked counterfactually (`Spool.call`)."""
        self.spool.call(number, document)

    def cell(self, number: int, document: Mapping[str, Any]) -> None:
        """Keep one measured cell of a call (`Spool.cell`)."""
        self.spool.cell(number, document)

    def join_features(self, features: Mapping[str, Any]) -> None:
        """Add the features of a program that joined; those the run was started with stand."""
        from labrec.record.values import to_json  # few programs that join have any

        try:
            self.spool.section(JOINED_FEATURES, {"tree": to_json(dict(features))}, [])
        except Exception as error:  # noqa: BLE001 - a recorder fault never reaches the program
            self.remark("unavailable", "features of a joined program", _cause(error))

    def remark(self, kind: str, what: str, why: str, count: int = 1) -> None:
        """Leave a line for the record's ``capture`` section."""
        self.spool.remark(kind, what, why, count)

    def finish(self, ending: Ending, *, durable: bool = True) -> Path | None:
        """Say how the run ended and seal the spool; in any process but the owner only let go.

        Calling it again does nothing.

        Args:
            ending: How it ended.
            durable: Also survive a power cut from now on; left out where a commit follows at once.

        Returns:
            The sealed spool; None where there is nothing to commit from this process.

        Raises:
            StorageError: The end could not be written; the spool is recoverable as interrupted.
        """
        if self._finished:
            return None
        self._finished = True
        if not self.spool.is_owner:
            self.spool.close()
            return None
        self._stop_sampler()
        self.spool.end(ending._asdict())
        self.spool.seal(durable=durable)
        return self.path

    def close(self) -> None:
        """Let go of the spool: after the commit, so that nobody recovers it meanwhile."""
        self.spool.close()

    def _keep_usage(self) -> None:
        """Keep what the run used in all: also a run too short for the sampler has that."""
        if self._usage is None:
            return
        from labrec.capture.telemetry.usage import usage, usage_channels  # at the end only

        self.spool.channels(usage_channels(own=self._usage))
        self.spool.sample(time.monotonic(), usage(own=self._usage))

    def _stop_sampler(self) -> None:
        sampler, self._sampler = self._sampler, None
        if sampler is None:
            return
        try:
            from labrec.capture.telemetry.sampler import BRIEF_S  # loaded when it was started

            sampler.ask()
            self._keep_usage()
            brief = time.monotonic() - self.spool.started < min(self._interval, BRIEF_S)
            problem = sampler.stop()
            if brief:
                # Whether the sampler was quick enough is chance, and equal runs have equal records.
                self.spool.section(BRIEF, {})
                why = "the run ended before the sampler was ready"
                self.remark("unavailable", "telemetry over time", why)
            elif problem:
                self.remark("lost", "end of telemetry", f"the sampler {problem}")
        except Exception as error:  # noqa: BLE001 - as above
            self.remark("lost", "end of telemetry", _cause(error))


def _section_of(source: NewObject) -> Captured:
    from labrec.capture.captured import Captured  # only where features come from a file

    return Captured({}, [source], [])


def _short(value: object) -> str:
    try:
        return str(value)[:2_000]
    except Exception:  # noqa: BLE001 - __str__ is the caller's code
        return "(its text cannot be had)"


def _cause(error: BaseException) -> str:
    if isinstance(error, LabrecError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
