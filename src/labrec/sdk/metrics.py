"""Defining a metric: what was asked for becomes a document that nothing changes any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.catalog.computed import plan
from labrec.catalog.definition import metric_definition
from labrec.catalog.expression import parse
from labrec.catalog.metrics import metrics
from labrec.errors import InvalidError, UsageError
from labrec.record.digest import Digest
from labrec.record.layout import metric_path, slug_of
from labrec.record.text import one_line, printable
from labrec.sdk.documents import commit_document
from labrec.sdk.start import author_of, project_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.catalog.definition import MetricDefinition
    from labrec.catalog.metrics import DefinedMetric
    from labrec.store.lab import Lab

SCHEMA = "labrec.metric/1.0"
_LONGEST = 1000  # characters of a name, as the format has it
_SAID = ("unit", "direction", "resolution", "margin", "description")


class Request(NamedTuple):
    """What a metric is to mean.

    Attributes:
        name: The metric: any text.
        project: Its project; None = the one that runs go to here.
        unit: Its unit.
        direction: maximize or minimize.
        resolution: Smallest difference that means anything, 0 or more.
        margin: Largest difference that does not matter, above 0.
        aggregation: last, best, min, max, mean, or ``tail:N`` for the mean of the last N percent.
        description: What it measures.
        expression: Computed by this formula.
        entry_point: Computed by this function, ``package.module:function``, which nothing calls.
        package: Of an entry point: the package and its version, ``NAME==VERSION``.
        digest: Of an entry point: digest of the package or source, ``sha256:…``.
        form: weighted_sum or geometric_mean of ``parts``.
        parts: ``[WEIGHT][:DIRECTION]=METRIC`` each.
        author: Who defines it; None = whom the lab's records name, if anybody.
        amend: Whether a definition that says something else takes the place of those that count.
    """

    name: str
    project: str | None = None
    unit: str | None = None
    direction: str | None = None
    resolution: float | None = None
    margin: float | None = None
    aggregation: str = "last"
    description: str | None = None
    expression: str | None = None
    entry_point: str | None = None
    package: str | None = None
    digest: str | None = None
    form: str | None = None
    parts: tuple[str, ...] = ()
    author: str | None = None
    amend: bool = False


class Defined(NamedTuple):
    """A metric that is defined now. Always true.

    Attributes:
        definition: What it means.
        known: Whether the lab held this very definition before; then nothing was written.
    """

    definition: MetricDefinition
    known: bool

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the result with stable keys."""
        found = self.definition
        return {
            "project": found.project,
            "name": found.name,
            "slug": found.slug,
            "digest": found.digest,
            "path": found.path,
            "amends": list(found.amends),
            "number": found.number,
            "known": self.known,
        }


def define(lab: Lab, request: Request) -> Defined:
    """Define a metric; the same definition again changes nothing.

    What was defined before stays: another definition amends it, and only when that was asked for.

    Raises:
        InvalidError: A name, number or expression is not valid.
        UsageError: What was asked for does not fit together, an amendment was not asked for, or has
            nothing to amend.
        SecretError: The definition holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    if not 0 < len(request.name) <= _LONGEST:
        raise UsageError(f"a metric's name has 1 to {_LONGEST} characters")
    project = project_of(lab, request.project)
    there = metrics(lab.view(), project)
    known = there.get(request.name)
    said = _said(request, there)
    for one in known.current if known is not None else ():
        if len(known.current if known else ()) == 1 and _says(one) == said:
            return Defined(one, known=True)
    _refuse_to_replace(known, request)
    amended = [one.digest for one in known.current] if known is not None else []
    document = {
        **said,
        "schema": SCHEMA,
        "project": project,
        "slug": _slug(request.name, there),
        "name": request.name,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "author": _author(lab, request.author),
        "amends": amended,
    }
    number = 1 + max((one.number for one in known.current), default=0) if known else 1
    _refuse_circles(metric_definition(document, ""), there)

    def path_of(digest: Digest) -> str:
        return metric_path(project, document["slug"], digest)

    verb = "amend metric" if amended else "metric"
    subject = f"{verb}({project}): {printable(one_line(request.name, 60))}"
    path, digest = commit_document(lab, document, path_of, subject)
    return Defined(metric_definition(document, str(digest), path, number), known=False)


def _refuse_to_replace(known: DefinedMetric | None, request: Request) -> None:
    shown = printable(one_line(request.name, 60))
    if known is None:
        if request.amend:
            raise UsageError(f"nothing is defined of '{shown}' that could be amended",
                             hint="Define it without --amend.")  # fmt: skip
    elif not request.amend:
        several = f" {len(known.current)} times side by side" if known.definition is None else ""
        raise UsageError(
            f"'{shown}' is defined{several} as something else: "
            + ", ".join(one.digest for one in known.current),
            hint="What is defined stays. Give --amend for this definition to take its place.",
            paths=[one.path for one in known.current],
            kept="the definition as it is",
        )


# --- what a definition says -------------------------------------------------------------------


def _said(request: Request, there: Mapping[str, DefinedMetric]) -> dict[str, Any]:
    """Return what a definition is about, apart from who made it, when, and what it amends."""
    source = _source(request, there)
    said = {name: getattr(request, name) for name in _SAID}
    computed = source["kind"] in {"expression", "composite"}
    if computed and not request.unit:
        raise UsageError(
            "a computed metric says its unit",
            hint="Give --unit, such as --unit 1 for a number without one.",
        )
    if request.form and request.direction is None:
        raise UsageError("a composite says which way is better", hint="Give --direction.")
    aggregation = _aggregation(request.aggregation)
    if computed and aggregation["kind"] != "last":
        raise UsageError(
            "a computed metric has no points to aggregate",
            hint="Say how points become a value where the metrics it is computed from are defined.",
        )
    if aggregation["kind"] == "best" and request.direction is None:
        raise UsageError("best by which direction?", hint="Give --direction.")
    return said | {"aggregation": aggregation, "source": source}


def _says(one: MetricDefinition) -> dict[str, Any]:
    """Return what a definition that is there says, as `_said` returns it."""
    origin, said = one.origin, {name: getattr(one, name) for name in _SAID}
    source: dict[str, Any] = {"kind": origin.kind}
    if origin.kind == "expression":
        source["expression"] = origin.expression
    elif origin.kind == "entry_point":
        source |= {key: getattr(origin, key)
                   for key in ("entry_point", "package", "version", "digest")}  # fmt: skip
    elif origin.kind == "composite":
        source |= {"form": origin.form, "parts": [part._asdict() for part in origin.parts]}
    return said | {"aggregation": one.aggregation._asdict(), "source": source}


def _source(request: Request, there: Mapping[str, DefinedMetric]) -> dict[str, Any]:
    given = [name for name in ("expression", "entry_point", "form")
             if getattr(request, name) is not None]  # fmt: skip
    if len(given) > 1:
        raise UsageError("an expression, an entry point and a composite exclude one another")
    if request.expression is not None:
        parse(request.expression)
        return {"kind": "expression", "expression": request.expression}
    if request.entry_point is not None:
        return _entry_point(request)
    if request.package is not None or request.digest is not None:
        raise UsageError("a package belongs to an entry point", hint="Give --entry-point.")
    if request.form is not None:
        parts = [_part(text, there) for text in request.parts]
        if not parts:
            raise UsageError("a composite has parts", hint="Give --part WEIGHT:DIRECTION=METRIC.")
        return {"kind": "composite", "form": request.form, "parts": parts}
    if request.parts:
        raise UsageError("parts of what?", hint="Give --weighted-sum or --geometric-mean.")
    return {"kind": "scalar"}


def _entry_point(request: Request) -> dict[str, Any]:
    package, equals, version = (request.package or "").partition("==")
    if not package or not equals or not version:
        raise UsageError(
            "an entry point belongs to a package of one version",
            hint="Give --package NAME==VERSION.",
        )
    if request.digest is None:
        raise UsageError(
            "an entry point names the digest of its package or source",
            hint="Give --digest sha256:…, as sha256sum prints it.",
        )
    digest = str(Digest.parse(request.digest))
    return {"kind": "entry_point", "entry_point": request.entry_point, "package": package,
            "version": version, "digest": digest}  # fmt: skip


def _part(text: str, there: Mapping[str, DefinedMetric]) -> dict[str, Any]:
    """Read ``[WEIGHT][:DIRECTION]=METRIC``; an unsaid direction is the metric's own."""
    how, equals, metric = text.partition("=")
    weight, _, direction = how.partition(":")
    hint = "Write WEIGHT:DIRECTION=METRIC, such as 2:maximize=accuracy."
    if not equals or not metric:
        raise UsageError(f"{printable(text)[:80]!r} is no part of a composite", hint=hint)
    defined = there.get(metric)
    if not direction and defined is not None and defined.definition is not None:
        direction = defined.definition.direction or ""
    if not direction:
        raise UsageError(
            f"which way of '{printable(one_line(metric, 60))}' is better?",
            hint=f"Define it with a direction first, or say it here. {hint}",
        )
    return {"metric": metric, "weight": _weight(weight, hint), "direction": direction}


def _weight(text: str, hint: str) -> float:
    try:
        return float(text or 1)
    except ValueError as error:
        raise UsageError(f"{printable(text)[:40]!r} is no weight", hint=hint) from error


def _aggregation(text: str) -> dict[str, Any]:
    kind, colon, percent = text.partition(":")
    if kind != "tail":
        return {"kind": text, "percent": None}
    try:
        return {"kind": "tail_mean", "percent": float(percent if colon else 10)}
    except ValueError as error:
        raise UsageError(
            f"{printable(text)[:40]!r} is no aggregation",
            hint="Write tail:10 for the mean of the last 10 percent of the points.",
        ) from error


# --- its surroundings -------------------------------------------------------------------------


def _refuse_circles(new: MetricDefinition, there: Mapping[str, DefinedMetric]) -> None:
    others = (one.definition for name, one in there.items() if name != new.name)
    every = [new, *(one for one in others if one is not None)]
    why = plan(every).hopeless.get(new.name)
    if why is not None:
        raise InvalidError(
            f"no run could ever have the metric: {why.reason}",
            hint="`labrec metric show` says what the others are computed from.",
        )


def _slug(name: str, there: Mapping[str, DefinedMetric]) -> str:
    """Return where a metric's definitions lie: by its name, beside one that looks the same."""
    known = there.get(name)
    if known is not None:
        return known.versions[-1].slug
    slug = slug_of(name)
    if any(one.slug == slug for other in there.values() for one in other.versions):
        return f"{slug[:55]}-{Digest.of(name.encode()).short[:8]}"
    return slug


def _author(lab: Lab, given: str | None) -> dict[str, str] | None:
    return author_of(lab) if given is None else {"name": given.strip(), "source": "option"}
