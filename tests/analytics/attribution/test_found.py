"""Designs across experiments, declared and found."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from labrec.analytics.attribution.design import MOST_FACTORS, members
from labrec.analytics.attribution.designs import Found, designs, rows
from labrec.analytics.attribution.found import MOST_DESIGNS
from labrec.analytics.run import Measured, Run
from labrec.analytics.seen import Seen
from labrec.analytics.tables.attribution import ATTRIBUTIONS, CELLS, DESIGNS
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FACTORS = [{"path": "parts.norm"}, {"path": "parts.skip"}, {"path": "parts.warm"}]


class Defined:
    """A source that holds one definition."""

    def __init__(self, **definition: object) -> None:
        self.said = {"key_metrics": [{"name": "loss", "direction": "minimize"}], **definition}

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        return f"records/{project}/project.yaml", self.said

    def wide(self, place: int, column: str) -> str:
        raise AssertionError(column)

    def asked(self) -> Iterable[int]:
        return ()

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        raise AssertionError(output)


def run(parts: Any, loss: float | None = 1.0, seed: int | None = 1, **fields: Any) -> Run:
    """A run of a small model; what is equal of two gives them one experiment."""
    features = parts if isinstance(parts, dict) else {"parts": dict.fromkeys(parts, True)}
    tree = {"lr": fields.pop("lr", 0.1), "log_every": fields.pop("log_every", 5), **features}
    metrics = fields.pop("metrics", None) or (
        {} if loss is None else {"loss": Measured(loss, "nat", "minimize")}
    )
    text = json.dumps(tree)
    setup = {"nuisance": ["log_every"], **fields.pop("setup", {})}
    known = [tree | {"log_every": 0}, fields.get("code_digest"), sorted(setup.items()),
             list(fields.get("datasets", ()))]  # fmt: skip
    number = next(_numbers)
    given = {
        "run_id": f"{number:08d}", "digest": f"sha256:{number:064d}", "project": "p",
        "name": "_".join(sorted(parts)) or "base", "tree": text, "metrics": metrics,
        "experiment": str(Digest.of_value(known)), "machine": "m1",
        "seeds": None if seed is None else json.dumps({"seed": str(seed)}),
        "setup": json.dumps(setup), "duration_s": 2.0,
    }  # fmt: skip
    return Run(**(given | fields))


_numbers = itertools.count(1)


def off(*names: str) -> dict[str, Any]:
    """Features in which only these of the parts are on."""
    return {"parts": {name: name in names for name in ("norm", "skip", "warm")}}


def found(runs: Sequence[Run], **definition: object) -> Found:
    seen = Seen([one._replace(place=at) for at, one in enumerate(runs)], Defined(**definition))
    assert not seen.problems
    return designs(seen)


def cells(result: Found) -> list[dict[tuple[str, ...], int]]:
    return [
        {members(cell.on, one.design.factors): len(cell.values) for cell in one.design.cells}
        for one in result.designs
    ]


def factorial(seeds: Sequence[int] = (1, 2), **fields: Any) -> list[Run]:
    return [
        run(off(*names), 1.0 - len(names) / 10 + seed / 100, seed, **fields)
        for count in range(4)
        for names in itertools.combinations(("norm", "skip", "warm"), count)
        for seed in seeds
    ]


def test_experiments_that_differ_in_declared_factors_alone_are_cells() -> None:
    result = found(factorial(), factors=FACTORS)
    (one,) = result.designs
    assert one.design.factors == ("norm", "skip", "warm")
    assert (one.design.metric, one.design.unit, one.design.direction) == ("loss", "nat", "minimize")
    assert [cell.on for cell in one.design.cells] == list(range(8))
    assert one.design.cells[3].values == pytest.approx((0.81, 0.82))
    assert one.design.cells[3].seeds == ('{"seed": "1"}', '{"seed": "2"}')
    assert all(digest.startswith("sha256:") for digest in one.design.cells[3].records)
    assert one.origin[:2] == ("p", "declared")
    assert (one.origin.n_experiments, one.origin.n_machines, one.origin.n_missing) == (8, 1, 0)
    assert [cost.metric for cost in one.costs] == ["duration"]


@pytest.mark.parametrize(
    "other",
    [
        {"lr": 0.2},
        {"code_digest": "sha256:" + "1" * 64},
        {"datasets": ("text@2",)},
        {"setup": {"inputs": ["a" * 64]}},
        {"setup": {"entry": "evaluate.py"}},
    ],
    ids=str,
)
def test_whatever_else_differs_makes_another_design(other: dict[str, Any]) -> None:
    result = found([*factorial(), run(off("norm"), 9.0, **other)], factors=FACTORS)
    assert cells(result) == cells(found(factorial(), factors=FACTORS))
    both = found([*factorial(), *factorial(**other)], factors=FACTORS)
    assert len(both.designs) == 2
    assert len({one.digest for one in both.designs}) == 2


def test_nuisance_and_the_command_line_do_not() -> None:
    runs = factorial() + factorial((3,), log_every=7)
    assert cells(found(runs, factors=FACTORS)) == [
        dict.fromkeys(cells(found(factorial(), factors=FACTORS))[0], 3)
    ]


def test_a_value_that_is_neither_on_nor_off_is_no_cell() -> None:
    odd = run({"parts": {"norm": "half", "skip": False, "warm": False}})
    assert cells(found([*factorial(), odd], factors=FACTORS)) == cells(
        found(factorial(), factors=FACTORS)
    )


def test_what_has_no_finite_value_is_counted_as_missing_and_not_dropped() -> None:
    runs = factorial()
    runs[0] = runs[0]._replace(status="failed")
    runs[1] = runs[1]._replace(metrics={"loss": Measured(float("nan"), "nat", "minimize")})
    runs[2] = runs[2]._replace(metrics={})
    runs[3] = runs[3]._replace(standing="retracted")
    runs.append(run(off("norm"), status="planned"))
    (one,) = found(runs, factors=FACTORS).designs
    assert one.origin.n_missing == 3
    assert [cell.on for cell in one.design.cells] == list(range(2, 8))


def test_identical_outputs_count_once() -> None:
    runs = [one._replace(output=f"sha256:{one.experiment}") for one in factorial()]
    assert cells(found(runs, factors=FACTORS)) == [
        dict.fromkeys(cells(found(factorial(), factors=FACTORS))[0], 1)
    ]


def test_a_run_of_another_unit_leaves_no_design() -> None:
    odd = run(off(), 1.0, 9, metrics={"loss": Measured(1.0, "bit", "minimize")})
    assert not found([*factorial(), odd], factors=FACTORS).designs


def test_a_single_cell_is_no_design() -> None:
    assert not found(factorial()[:2], factors=FACTORS).designs
    assert not found([], factors=FACTORS).designs


def test_a_design_keeps_its_name_when_cells_are_added() -> None:
    whole = factorial()
    part = found(whole[:5], factors=FACTORS).designs[0]
    assert part.digest == found(whole, factors=FACTORS).designs[0].digest


def test_a_note_that_renames_a_run_renames_no_design() -> None:
    runs = factorial()
    renamed = [runs[0]._replace(name="better", renamed_from=runs[0].name), *runs[1:]]
    (one,) = found(renamed, factors=FACTORS).designs
    assert one.digest == found(runs, factors=FACTORS).designs[0].digest


def test_the_smallest_designs_are_left_out_and_that_is_said() -> None:
    runs = [one for n in range(MOST_DESIGNS + 3) for one in factorial((1,), lr=n)[:2]]
    result = found([*runs, *factorial()], factors=FACTORS)
    assert len(result.designs) == MOST_DESIGNS
    assert len(result.designs[0].design.cells) == 8
    assert result.left_out == {"p": ["4 designs with fewer cells"]}


# --- found ----------------------------------------------------------------------------------


def child(of: Run, parts: Any, loss: float = 1.0, **fields: Any) -> Run:
    parent = {
        "by": "option", "name": None, "run_id": of.run_id, "config_digest": of.experiment,
    }  # fmt: skip
    return run(parts, loss, parents=json.dumps([parent]), **fields)


def test_without_a_declaration_off_is_the_value_in_the_root() -> None:
    root = run({"norm": True, "depth": 2}, 1.0)
    norm = child(root, {"norm": False, "depth": 2}, 1.3)
    deep = child(norm, {"norm": False, "depth": 4}, 1.2)
    both = child(root, {"norm": True, "depth": 4}, 0.8)
    (one,) = found([root, norm, deep, both]).designs
    assert (one.origin.source, one.design.factors) == ("found", ("depth", "norm"))
    assert {members(c.on, one.design.factors): c.values for c in one.design.cells} == {
        (): (1.0,), ("norm",): (1.3,), ("depth", "norm"): (1.2,), ("depth",): (0.8,),
    }  # fmt: skip


def test_a_third_value_is_no_factor_and_what_has_one_no_cell() -> None:
    root = run({"norm": 0, "lr": 0.1})
    runs = [
        root, child(root, {"norm": 1, "lr": 0.1}), child(root, {"norm": 0, "lr": 0.2}),
        child(root, {"norm": 1, "lr": 0.3}),
    ]  # fmt: skip
    assert not found(runs).designs  # one factor alone is a contrast
    wide = [*runs, child(root, {"norm": 0, "lr": 0.1, "skip": 1})]
    (one,) = found(wide).designs
    assert one.design.factors == ("norm", "skip")
    assert cells(found(wide)) == [{(): 1, ("norm",): 1, ("skip",): 1}]


def test_features_that_change_together_are_one_factor() -> None:
    root = run({"optimizer": "sgd", "lr": 0.5, "norm": 0})
    runs = [
        root, child(root, {"optimizer": "adam", "lr": 0.01, "norm": 0}),
        child(root, {"optimizer": "sgd", "lr": 0.5, "norm": 1}),
    ]  # fmt: skip
    (one,) = found(runs).designs
    assert one.design.factors == ("lr & optimizer", "norm")


def test_without_a_root_that_was_run_nothing_is_guessed() -> None:
    root = run({"a": 0, "b": 0})
    runs = [
        child(root, {"a": 1, "b": 0}),
        child(root, {"a": 0, "b": 1}),
        child(root, {"a": 1, "b": 1}),
    ]
    assert not found(runs).designs  # the root is not in the view
    planned = root._replace(status="planned", metrics={})
    assert not found([planned, *runs]).designs
    assert found([root, *runs]).designs


def test_other_code_than_the_roots_is_no_cell() -> None:
    root = run({"a": 0, "b": 0})
    runs = [
        root, child(root, {"a": 1, "b": 0}), child(root, {"a": 0, "b": 1}),
        child(root, {"a": 1, "b": 1}, code_digest="sha256:" + "2" * 64),
    ]  # fmt: skip
    assert cells(found(runs)) == [{(): 1, ("a",): 1, ("b",): 1}]


def test_more_factors_than_can_be_told_apart_are_left_out_and_that_is_said() -> None:
    names = [f"f{n:02d}" for n in range(MOST_FACTORS + 2)]
    root = run(dict.fromkeys(names, 0))
    runs = [root, *(child(root, dict.fromkeys(names, 0) | {name: 1}) for name in names)]
    result = found(runs)
    assert len(result.designs[0].design.factors) == MOST_FACTORS
    assert len(result.designs[0].design.cells) == MOST_FACTORS + 1
    assert result.left_out == {"p": ["2 factors found below " + root.name[:60]]}


def test_a_declaration_stands_in_for_what_would_be_found() -> None:
    root = run({"a": 0, "b": 0})
    runs = [root, child(root, {"a": 1, "b": 0}), child(root, {"a": 0, "b": 1})]
    (one,) = found(runs, factors=[{"path": "a", "on": 1, "off": 0}]).designs
    assert one.origin.source == "declared"
    assert one.design.factors == ("a",)


def test_the_tables_say_what_was_left_out() -> None:
    seen = Seen([one for n in range(MOST_DESIGNS + 1) for one in factorial((1,), lr=n)[:2]],
                Defined(factors=FACTORS))  # fmt: skip
    made = {table: list(found) for table, found in rows(seen)}
    notes = [row[[c.name for c in DESIGNS.columns].index("note")] for row in made[DESIGNS]]
    assert notes[0].endswith("not attributed in this project: 1 design with fewer cells")
    assert not any("not attributed" in note for note in notes[1:])
    assert len(made[CELLS]) == 2 * MOST_DESIGNS
    assert made[ATTRIBUTIONS]


def test_a_lab_without_designs_has_no_rows() -> None:
    assert list(rows(Seen([run("a")], Defined()))) == []
