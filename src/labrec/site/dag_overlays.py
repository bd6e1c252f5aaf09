"""What the colours of a graph can say: overlays, each with its legend. ○ No IO.

Every overlay also says it by a sign at the node, so that no colour stands alone. The first one
needs no script; ``graph.js`` switches to the others.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics import tables
from labrec.record.wording import counted
from labrec.site.dag_drawing import SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from labrec.site.collect import KeyMetric
    from labrec.site.experiments import Experiment, Experiments

MACHINES: Final = 6
"""Models of machines with a letter and a colour of their own; the others share one."""


class Evidence(NamedTuple):
    """A row of ``evidence``: what an experiment says of a hypothesis."""

    TABLE = tables.TABLES["evidence"]  # type: ignore[misc]  # no field

    project: str
    hypothesis: str
    registration: str
    experiment: str
    contribution: float | None


class Key(NamedTuple):
    """A line of a legend.

    Attributes:
        look: Class of the colour.
        sign: The sign that stands at a node.
        text: What both mean; record text is allowed.
    """

    look: str
    sign: str
    text: str


class Overlay(NamedTuple):
    """Something that the colours can say.

    Attributes:
        name: Its class, ``lr-by-<name>`` on the drawing.
        title: What it says.
        keys: Its legend.
    """

    name: str
    title: str
    keys: tuple[Key, ...]


class Badges(NamedTuple):
    """What stands at a node under the overlays that it has no sign for otherwise.

    Attributes:
        evidence: ``for``, ``against``, ``both``, or empty = it bears on no hypothesis.
        machine: Number of its machine's model, `MACHINES` = another; None = not known.
    """

    evidence: str = ""
    machine: int | None = None


EVIDENCE_SIGNS: Final = {"for": "+", "against": "−", "both": "±"}
SHADES: Final = ("1", "2", "3", "4", "5")


def letter(machine: int) -> str:
    """Return the letter of a model of machines."""
    return "ABCDEF"[machine] if machine < MACHINES else "…"


def badges(
    experiments: Experiments, evidence: Iterable[Evidence]
) -> tuple[dict[str, Badges], tuple[tuple[str, int], ...]]:
    """Return the badges of each experiment, and the models of machines with their experiments.

    Args:
        experiments: The project's.
        evidence: What they say of its hypotheses; rows of registrations that were replaced count
            for nothing.
    """
    current = {row.registration for row in experiments.project.hypotheses if row.current}
    signs: dict[str, set[bool]] = {}
    for row in evidence:
        if row.registration in current and row.contribution:
            signs.setdefault(row.experiment, set()).add(row.contribution > 0)
    models = {one.key: model_of(one) for one in experiments.all}
    counts = Counter(model for model in models.values() if model)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    number = {model: min(at, MACHINES) for at, (model, _) in enumerate(ranked)}
    found = {
        key: Badges(_side(signs.get(key, set())), number.get(model))
        for key, model in models.items()
    }
    return found, tuple(ranked)


def model_of(one: Experiment) -> str:
    """Return the model of the machine of an experiment; ``several`` where its runs differ."""
    models = {run.gpu_model or run.cpu_model or "" for run in one.runs} - {""}
    return "several models" if len(models) > 1 else next(iter(models), "")


def _side(signs: set[bool]) -> str:
    if len(signs) > 1:
        return "both"
    return {True: "for", False: "against"}[next(iter(signs))] if signs else ""


def overlays(
    metric: KeyMetric | None,
    found: Mapping[str, Badges],
    machines: Sequence[tuple[str, int]],
) -> tuple[Overlay, ...]:
    """Return the overlays that say something here, the one of the page itself first.

    Args:
        metric: What nodes are valued by; None = nothing.
        found: The badges of each experiment.
        machines: The models of machines with how many experiments ran there.
    """
    several = [_AGAINST, _ENDED]
    if metric is not None:
        several.append(_valued(metric))
    if any(one.evidence for one in found.values()):
        several.append(_EVIDENCE)
    if machines:
        several.append(_on(machines))
    return tuple(several)


_AGAINST: Final = Overlay("look", "against its parent", (
    Key("better", SIGNS["better"], "better than its parent"),
    Key("worse", SIGNS["worse"], "worse"),
    Key("none", SIGNS["unclear"], "cannot be told"),
    Key("none", SIGNS["unreplicated"], "not repeated"),
))  # fmt: skip
_ENDED: Final = Overlay("status", "how it ended", (
    Key("none", "", "complete: no sign"),
    Key("worse", SIGNS["failed"], "failed"),
    Key("worse", SIGNS["interrupted"], "interrupted"),
    Key("warn", SIGNS["planned"], "planned"),
    Key("warn", SIGNS["mixed"], "runs that ended differently"),
))  # fmt: skip
_EVIDENCE: Final = Overlay("evidence", "evidence for a claim", (
    Key("better", EVIDENCE_SIGNS["for"], "in the direction of a registered claim"),
    Key("worse", EVIDENCE_SIGNS["against"], "against it"),
    Key("warn", EVIDENCE_SIGNS["both"], "both, of several claims"),
    Key("none", "", "bears on no claim"),
))  # fmt: skip


def _valued(metric: KeyMetric) -> Overlay:
    fifth = {"minimize": "highest", "maximize": "lowest"}.get(metric.direction or "", "lowest")
    best = {"highest": "lowest", "lowest": "highest"}[fifth]
    words = (f"{metric.name}: {fifth} fifth", "", "", "", f"{best} fifth")
    keys = [Key(f"shade-{at}", SHADES[at], words[at]) for at in range(len(SHADES))]
    return Overlay("shade", f"its {metric.name}", tuple(keys))


def _on(machines: Sequence[tuple[str, int]]) -> Overlay:
    keys = [
        Key(f"machine-{at}", letter(at), f"{model}, {counted(count, 'experiment')}")
        for at, (model, count) in enumerate(machines[:MACHINES])
    ]
    rest = sum(count for _, count in machines[MACHINES:])
    if rest:
        keys.append(Key("none", letter(MACHINES), f"others, {counted(rest, 'experiment')}"))
    return Overlay("machine", "where it ran", tuple(keys))
