"""What the tables say of designs, and what their records say about making more of their runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow.parquet as pq

from labrec.analytics.attribution.command_line import Made
from labrec.analytics.attribution.design import Cell
from labrec.analytics.attribution.factors import ABSENT, Setting, declared, leaves
from labrec.analytics.attribution.plan import Asked, Plan, plan
from labrec.analytics.tables import ABOUT_DESIGNS
from labrec.errors import InvalidError, NotFoundError, UsageError
from labrec.reader import RunReader
from labrec.record.layout import project_path
from labrec.record.paths import check_path
from labrec.record.text import printable
from labrec.states import malformed
from labrec.store.view import RunEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from labrec.store.view import View

MOST_READ: Final = 200
"""Records of a design from which a plan learns."""

_LARGEST_FILE: Final = 4 << 20  # bytes of a features file that a plan looks into
_SHORTEST: Final = 4  # characters of the beginning of a design's digest

Rows = list[dict[str, Any]]


class Attributed(NamedTuple):
    """A design as the tables have it.

    Attributes:
        design: Its row of `designs`.
        cells: Its rows of `cells`.
        effects: Its rows of `attributions`.
        efficiencies: Its rows of `efficiencies`.
    """

    design: dict[str, Any]
    cells: Rows
    effects: Rows
    efficiencies: Rows

    def to_json(self) -> dict[str, Any]:
        """Return the design with stable keys."""
        return self._asdict()


def attributed(
    folder: Path, project: str, metric: str | None = None, design: str | None = None
) -> list[Attributed]:
    """Return a project's designs: those with the most cells first.

    Args:
        folder: Where `labrec analyze` wrote the tables.
        project: The project.
        metric: Only those of this metric; None = of all.
        design: Only the one whose digest begins so, or that is called so.

    Raises:
        NotFoundError: There is none.
        InvalidError: There is none, and the project's definition, which could declare some, cannot
            be used.
        UsageError: The beginning of a digest fits several.
    """
    designs = _rows(folder, "designs", project)
    if not designs:
        _refuse_unusable(folder, project_path(project))
        raise NotFoundError(
            f"project {printable(project)} has no designs",
            hint="Declare factors in its project.yaml, or measure with run.counterfactual; "
            "docs/attribution.md says how.",
        )
    chosen = [row for row in designs if metric is None or row["metric"] == metric]
    if not chosen:
        names = ", ".join(sorted({printable(row["metric"]) for row in designs})[:20])
        raise NotFoundError(
            f"no design of project {printable(project)} measures {printable(str(metric))}",
            hint=f"There are designs on: {names}.",
        )
    if design is not None:
        chosen = _called(chosen, design)
    chosen.sort(key=lambda row: (-row["n_cells"], row["name"], row["metric"]))
    wanted = {row["design"] for row in chosen}
    tables = {
        table.name: _grouped(_rows(folder, table.name, project), wanted)
        for table in ABOUT_DESIGNS[1:]
    }
    return [
        Attributed(row, *(tables[table.name].get(row["design"], []) for table in ABOUT_DESIGNS[1:]))
        for row in chosen
    ]


def planned(
    view: View,
    folder: Path,
    found: Attributed,
    *,
    main: bool = False,
    replicates: int | None = None,
) -> Plan:
    """Return the runs that a design across experiments lacks.

    Args:
        view: The lab, as the tables were made of it.
        folder: Where the tables are.
        found: The design.
        main: Only what main effects need, interactions taken as zero.
        replicates: How many runs each cell is to have; None = as many as the measured ones.

    Raises:
        UsageError: The design was measured within a run.
        InvalidError: Its factors are not those of the project's definition, or of its records.
    """
    design = found.design
    if design["source"] == "run":
        raise UsageError(
            "the cells of this design were measured within a run: no other run adds to them",
            hint="Ask again from the program: run.counterfactual with the same factors.",
        )
    cells = [_cell(row) for row in found.cells]
    readers = _readers(view, folder, design["project"], cells)
    with malformed(*(reader for _, reader in readers)):
        settings = _settings(view, design, readers)
        made = [_made(on, reader) for on, reader in readers]
    listed = design["needed_main"] if main else design["needed"]
    asked = Asked(
        design["project"], design["design"], design["name"], design["metric"], settings, cells,
        [_mask(text) for text in listed], replicates,
        _root(readers) if design["source"] == "found" else None,
    )  # fmt: skip
    found_plan = plan(asked, made)
    if not main and design["n_needed"] > len(listed):
        more = f"These are the first {len(listed)} of {design['n_needed']:,} cells that it lacks."
        return found_plan._replace(advice=(more, *found_plan.advice))
    return found_plan


def _refuse_unusable(folder: Path, path: str) -> None:
    """Name a definition that cannot be used, and why.

    Raises:
        InvalidError: It cannot.
    """
    found = pq.read_table(folder / "problems.parquet", filters=[("path", "=", path)]).to_pylist()
    if found:
        raise InvalidError(
            f"{printable(path)} cannot be used, so that it declares no factors: "
            f"{printable(found[0]['problem'])}",
            hint="Mend it on the base branch; `labrec analyze` lists what cannot be used.",
            paths=[path],
        )


def _rows(folder: Path, table: str, project: str) -> Rows:
    path = folder / f"{table}.parquet"
    return list(pq.read_table(path, filters=[("project", "=", project)]).to_pylist())


def _grouped(rows: Rows, wanted: set[str]) -> dict[str, Rows]:
    grouped: dict[str, Rows] = {}
    for row in rows:
        if row["design"] in wanted:
            grouped.setdefault(row["design"], []).append(row)
    return grouped


def _called(rows: Rows, text: str) -> Rows:
    """Return the designs that a text names: by name, or by the beginning of their digest."""
    named = [row for row in rows if row["name"] == text]
    begun = [
        row for row in rows
        if len(text) >= _SHORTEST and row["design"].removeprefix("sha256:").startswith(
            text.removeprefix("sha256:")
        )
    ]  # fmt: skip
    if not named and not begun:
        raise NotFoundError(f"there is no design {printable(text)}", hint="Leave --design out.")
    if not named and len({row["design"] for row in begun}) > 1:
        raise UsageError(f"several designs begin with {printable(text)}", hint="Give more of it.")
    return named or begun


# --- records ------------------------------------------------------------------------------------


def _cell(row: dict[str, Any]) -> Cell:
    values = tuple(json.loads(row["values"]))
    seeds = tuple(json.loads(row["seeds"]))
    return Cell(_mask(row["cell"]), values, seeds, tuple(row["record_digests"]))


def _mask(digits: str) -> int:
    return int(digits[::-1], 2)


def _readers(
    view: View, folder: Path, project: str, cells: Sequence[Cell]
) -> list[tuple[int, RunReader]]:
    """Return the runs of a design with their cells, some of each."""
    paths = {
        row["record_digest"]: (row["run_id"], row["path"])
        for row in pq.read_table(
            folder / "runs.parquet", columns=["project", "run_id", "record_digest", "path"],
            filters=[("project", "=", project)],
        ).to_pylist()
    }  # fmt: skip
    most = max(1, MOST_READ // len(cells))
    found = []
    for cell in cells:
        for digest in cell.records[:most]:
            run_id, path = paths[digest]
            entry = view.entry(path)
            if entry is None:
                raise NotFoundError(
                    f"record {digest} is in the tables and not in the lab",
                    hint="Make the tables anew: `labrec analyze`.",
                )
            short = digest.removeprefix("sha256:")[:32]
            run = RunReader(view, RunEntry(project, run_id, short, path, entry.sha))
            found.append((cell.on, run))
    return found


def _settings(
    view: View, design: Mapping[str, Any], readers: Sequence[tuple[int, RunReader]]
) -> tuple[Setting, ...]:
    """Return the factors of a design with their values."""
    project, names = design["project"], list(design["factors"])
    if design["source"] == "declared":
        settings = declared(view.project_definition(project), project).settings
        if [setting.name for setting in settings] == names:
            return settings
        raise InvalidError(
            f"the factors of project {project} have changed", hint="Run `labrec analyze` again."
        )
    features = [(on, dict(leaves(_tree(reader)))) for on, reader in readers]
    return tuple(_setting(name, place, features) for place, name in enumerate(names))


def _setting(name: str, place: int, features: Sequence[tuple[int, dict[str, str]]]) -> Setting:
    """Return a factor that was found: its paths are its name, its values those of the runs."""
    paths = tuple(name.split(" & "))
    on, off = (
        {tuple(found.get(path, ABSENT) for path in paths) for cell, found in features
         if bool(cell >> place & 1) == state}
        for state in (True, False)
    )  # fmt: skip
    if len(on) != 1 or len(off) != 1:
        raise InvalidError(
            f"factor {name[:60]!a} was not measured both on and off, each with one value",
            hint="Declare it under factors in project.yaml.",
        )
    return Setting(name, paths, on.pop(), off.pop())


def _tree(reader: RunReader) -> dict[str, Any]:
    tree = reader.section("features").get("tree", {})
    return tree if isinstance(tree, dict) else {}


def _root(readers: Sequence[tuple[int, RunReader]]) -> str | None:
    return next((reader.run_id for on, reader in readers if on == 0), None)


def _made(on: int, reader: RunReader) -> Made:
    command = reader.section("command")
    source = reader.section("features").get("source")
    return Made(
        on,
        reader.name,
        tuple(command.get("argv", ())),
        tuple(command.get("options", ())),
        _inside(command.get("cwd")),
        command.get("exit_code") is not None,
        reader.seeds,
        _tree(reader),
        _inside(source["path"]) if source else None,
        _held(reader, source) if source else None,
    )


def _inside(path: str | None) -> str | None:
    """Return a path of a record that is really relative: a plan writes and works there."""
    return path if path in {None, "."} else check_path(path)


def _held(reader: RunReader, source: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a features file held; None where the lab does not say."""
    from labrec.errors import LabrecError
    from labrec.record.codec import decode
    from labrec.record.values import to_json
    from labrec.record.yaml12 import load  # brings PyYAML in: only where a file is looked into

    try:
        data = reader.read_object(source["sha256"], limit=_LARGEST_FILE)
        held = decode(data, limit=None) if source["path"].endswith(".json") else load(data)
    except LabrecError:
        return None
    found = to_json(held)
    return found if isinstance(found, dict) else None
