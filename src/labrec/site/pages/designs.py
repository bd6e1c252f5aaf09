"""Everything that the tables say about one design, brought together, and in words. ○ No IO."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import one_line
from labrec.record.wording import better, counted, estimate, listed, number, p_value
from labrec.site import urls
from labrec.site.rows_attribution import Cell, Design, Effect, Efficiency

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from labrec.site.collect import Project, Site

MOST_DESIGNS: Final = 200
"""Designs of a project that have a page of their own; further ones are listed alone."""

SOURCES: Final = {
    "declared": "factors declared in project.yaml",
    "found": "found among the experiments, and so exploratory",
    "run": "parts of a live object, switched within one run",
}
"""Where designs come from, those that somebody fixed beforehand first."""

KINDS: Final = (
    "shapley", "main", "interaction", "shapley-interaction", "leave-one-out", "add-one", "banzhaf",
)  # fmt: skip
"""Kinds of effects in the order in which they are listed."""

_NAME = 60  # characters of a name in a sentence
_DIGITS = 8  # of a design's digest in a command


class Study(NamedTuple):
    """One design.

    Attributes:
        row: What its cells say as a whole.
        cells: Its measured cells.
        effects: Its effects.
        efficiencies: What they cost.
        runs: The runs that its values come from, (run id, name) by record digest.
        hypothesis: The hypothesis whose registration announced it, or empty.
    """

    row: Design
    cells: tuple[Cell, ...] = ()
    effects: tuple[Effect, ...] = ()
    efficiencies: tuple[Efficiency, ...] = ()
    runs: Mapping[str, tuple[str, str]] = {}
    hypothesis: str = ""

    @property
    def id(self) -> str:
        """How a command names it."""
        return self.row.design.removeprefix("sha256:")[:_DIGITS]

    @property
    def url(self) -> str:
        """Its page."""
        return urls.design(self.row.project, self.row.design)

    def of(self, kind: str) -> list[Effect]:
        """Return its effects of a kind, in the order of the factors, fewer factors first."""
        found = [one for one in self.effects if one.kind == kind]
        return sorted(found, key=lambda one: (one.on.count("1"), one.on[::-1]))

    @property
    def leading(self) -> list[Effect]:
        """What its factors are worth: Shapley values, or main effects where cells lack for them."""
        shapley = self.of("shapley")
        if any(one.estimate is not None for one in shapley):
            return shapley
        return self.of("main") or shapley


def studies(site: Site, project: Project) -> list[Study]:
    """Return the designs of a project: those of key metrics first, declared ones before found."""
    designs = site.rows_of(Design, project.name)
    if not designs:
        return []
    cells = _grouped(site.rows_of(Cell, project.name))
    effects = _grouped(site.rows_of(Effect, project.name))
    efficiencies = _grouped(site.rows_of(Efficiency, project.name))
    names = {run.record_digest: (run.run_id, run.name) for run in project.runs}
    slugs = {row.registration: row.hypothesis for row in project.hypotheses}
    keys = [metric.name for metric in project.key_metrics]
    order = list(SOURCES)

    def place(row: Design) -> tuple[int, int, str, str]:
        key = keys.index(row.metric) if row.metric in keys else len(keys)
        return order.index(row.source) if row.source in order else 0, key, row.name, row.metric

    found = []
    for row in sorted(designs, key=place):
        mine = tuple(cells.get(row.design, ()))
        digests = {digest for cell in mine for digest in cell.record_digests}
        runs = {digest: names[digest] for digest in sorted(digests) if digest in names}
        found.append(
            Study(
                row, mine, tuple(effects.get(row.design, ())),
                tuple(efficiencies.get(row.design, ())), runs,
                slugs.get(row.registration or "", ""),
            )
        )  # fmt: skip
    return found


def _grouped(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.design].append(row)
    return found


# --- words ----------------------------------------------------------------------------------------


def title(row: Design) -> str:
    """Return what a design is called."""
    factors = [one_line(name, _NAME) for name in row.factors[:6]]
    if len(row.factors) > len(factors):
        factors.append(f"{len(row.factors) - len(factors)} more")
    verb = "is" if len(row.factors) == 1 else "are"
    return f"What {listed(factors)} {verb} worth in {one_line(row.metric, _NAME)}"


def asked(study: Study) -> str:
    """Return what a design asks, and what was measured for it."""
    row = study.row
    unit = f" in {one_line(row.unit, 20)}" if row.unit and row.unit != "1" else ""
    way = f", {better(row.direction)}" if row.direction else ""
    factors = counted(len(row.factors), "factor")
    parts = [
        f"{row.n_cells:,} of {1 << len(row.factors):,} cells ({row.shape})",
        counted(row.n_values, "value"),
        counted(row.n_experiments, "experiment"),
        counted(row.n_machines, "machine"),
        *([f"{counted(row.blocks, 'seed')} as blocks"] if row.blocks else ()),
        *([f"{counted(row.n_missing, 'run')} without a value"] if row.n_missing else ()),
    ]
    return (
        f"What does switching on each of {factors} do to {one_line(row.metric, _NAME)}{unit}{way}? "
        f"{SOURCES.get(row.source, row.source).capitalize()} ({one_line(row.name, 120)}): "
        f"{listed(parts)}."
    )


def ends(study: Study) -> str:
    """Return what the cells with all off and all on say; empty where neither was measured."""
    row = study.row
    unit = _unit(row.unit)
    parts = [
        f"{name} {number(value)}{unit}"
        for name, value in (("all off", row.all_off), ("all on", row.all_on))
        if value is not None
    ]
    if not parts:
        return ""
    text = f"With {listed(parts)}."
    if row.gap:
        text += f" The Shapley values miss the way between by {number(row.gap)}{unit}: a model."
    return text


def value(effect: Effect, unit: str | None, *, signed: bool = False) -> str:
    """Return an effect's estimate with its interval and p, in words.

    Args:
        effect: The effect.
        unit: Of the metric.
        signed: Whether a positive one bears its sign.
    """
    if effect.estimate is None:
        more = f", {counted(effect.n_needed, 'cell')} would tell" if effect.n_needed else ""
        return f"not determined{more}"
    told, low, high = estimate(effect.estimate, effect.low, effect.high)
    sign = "+" if signed and effect.estimate > 0 else ""
    interval = f" ({low} to {high})" if effect.low is not None else ", no interval"
    p = f", {p_value(effect.p_holm)}" if effect.p_holm is not None else ""
    return f"{sign}{told}{_unit(unit)}{interval}{p}"


def assumed(model: str) -> str:
    """Return in words what an effect's model assumes; empty where it assumes nothing."""
    if model.startswith("order "):
        return f"no interaction of more than {counted(int(model[6:]), 'factor')}"
    return {
        "aliased": "none of its aliases",
        "permutations": "the drawn permutations are typical",
    }.get(model, "")


def _unit(unit: str | None) -> str:
    return f" {one_line(unit, 20)}" if unit and unit != "1" else ""


def switched(row: Design, cell: str) -> str:
    """Return the factors that a cell has on, in words."""
    on = [
        one_line(name, _NAME)
        for name, digit in zip(row.factors, cell, strict=False)
        if digit == "1"
    ]  # fmt: skip
    return listed(on) if on else "none"


def lacking(study: Study) -> Iterator[tuple[str, str]]:
    """Yield each cell that a design lacks, as digits and in words; the first that are known."""
    for cell in study.row.needed:
        yield cell, switched(study.row, cell)
