"""The metric definitions of a lab: which there are, and which of them count."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.catalog.definition import MetricDefinition, metric_definition
from labrec.catalog.versions import current, numbers
from labrec.errors import InvalidError, LabrecError, NotFoundError, UsageError
from labrec.record.codec import decode
from labrec.record.digest import Digest
from labrec.record.layout import RECORDS, check_project, parse_path
from labrec.record.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labrec.store.view import View

_LISTED = 20


class DefinedMetric(NamedTuple):
    """A metric that a project defines.

    Attributes:
        project: The project.
        name: The metric.
        versions: Its definitions; an amendment stands behind what it amends.
        current: Those that no other one amends: the one that counts, or several that were made side
            by side, and then none counts.
    """

    project: str
    name: str
    versions: tuple[MetricDefinition, ...]
    current: tuple[MetricDefinition, ...]

    @property
    def definition(self) -> MetricDefinition | None:
        """The definition that counts; None where several were made side by side."""
        return self.current[0] if len(self.current) == 1 else None

    @property
    def quarrel(self) -> str | None:
        """Why none of its definitions counts; None where one does."""
        if len(self.current) == 1:
            return None
        digests = ", ".join(one.digest for one in self.current[:_LISTED])
        return (
            f"metric {printable(one_line(self.name, 60))!r} is defined {len(self.current)} times "
            f"side by side, and so not at all: {digests}"
        )


def metrics(
    view: View, project: str, problem: Callable[[str, str], None] | None = None
) -> dict[str, DefinedMetric]:
    """Return the defined metrics of a project, by name.

    Args:
        view: Where to look.
        project: A project.
        problem: Told the path of each document that cannot be used, and why; None = passed over.
    """
    found: dict[str, list[MetricDefinition]] = {}
    for one in _documents(view, project, problem):
        found.setdefault(one.name, []).append(one)
    return {name: _defined(project, name, found[name]) for name in sorted(found)}


def counting(view: View, project: str) -> dict[str, MetricDefinition]:
    """Return the definitions of a project that count, by metric.

    Documents that cannot be used are passed over, and so are those made side by side.

    Args:
        view: Where to look.
        project: A project.
    """
    found = metrics(view, project)
    return {name: one.definition for name, one in found.items() if one.definition is not None}


def find_metric(view: View, text: str, project: str | None = None) -> DefinedMetric:
    """Return the defined metric that a text means.

    Args:
        view: Where to look.
        text: Its name, or else the slug of its document.
        project: Its project; None = whichever defines one of that name.

    Raises:
        InvalidError: The project's name is not valid.
        NotFoundError: There is none.
        UsageError: Several projects have one, or several have the slug.
    """
    names = [check_project(project)] if project is not None else view.projects()
    every = [one for name in names for one in metrics(view, name).values()]
    found = [one for one in every if one.name == text]
    found = found or [one for one in every if any(text == each.slug for each in one.versions)]
    if len(found) == 1:
        return found[0]
    shown = printable(one_line(text, 60))
    if found:
        places = ", ".join(f"{one.project}/{printable(one_line(one.name, 60))}" for one in found)
        raise UsageError(
            f"'{shown}' means several defined metrics: {places}",
            hint="Give --project, and the whole name.",
        )
    where = f"project {project}" if project is not None else "this lab"
    listed = ", ".join(printable(one_line(one.name, 60)) for one in every[:_LISTED])
    raise NotFoundError(
        f"no metric '{shown}' is defined in {where}",
        hint=f"Defined: {listed}." if listed else "`labrec metric define NAME` defines one.",
    )


def _documents(
    view: View, project: str, problem: Callable[[str, str], None] | None
) -> Iterator[MetricDefinition]:
    for path, entry in view.files(f"{RECORDS}/{project}/metrics"):
        if parse_path(path).kind != "metric":
            continue  # `verify` says what is wrong with its name
        try:
            yield _read(path, view.read_entry(path, entry.sha))
        except LabrecError as error:
            if problem is not None:
                problem(path, f"{error.name}: {error.message}")


def _read(path: str, data: bytes) -> MetricDefinition:
    from labrec.record.reader import read_document  # validates: only where metrics are defined

    read_document(path, data)
    document = decode(data)
    if not isinstance(document, dict):
        raise InvalidError("a metric definition is a JSON object", paths=[path])
    return metric_definition(document, str(Digest.of(data)), path)


def _defined(project: str, name: str, versions: list[MetricDefinition]) -> DefinedMetric:
    place = numbers(versions)
    numbered = sorted(
        (one._replace(number=place[one.digest]) for one in versions),
        key=lambda one: (one.number, one.digest),
    )
    return DefinedMetric(project, name, tuple(numbered), tuple(current(numbered)))
