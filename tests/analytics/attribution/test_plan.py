"""Plans: the runs that a design lacks, and how to make them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labrec.analytics.attribution.command_line import Made
from labrec.analytics.attribution.design import Cell
from labrec.analytics.attribution.factors import Setting
from labrec.analytics.attribution.plan import Asked, Plan, missing, plan

NORM = Setting("norm", ("parts.norm",), ("true",), ("false",))
SKIP = Setting("skip", ("parts.skip",), ("true",), ("false",))
SETTINGS = (NORM, SKIP)


def seeds(*numbers: int) -> tuple[str, ...]:
    return tuple(json.dumps({"seed": str(number)}) for number in numbers)


def cell(on: int, *numbers: int) -> Cell:
    return Cell(on, tuple(map(float, numbers)), seeds(*numbers))


def tree(on: int) -> dict[str, Any]:
    return {"lr": 0.1, "parts": {"norm": bool(on & 1), "skip": bool(on & 2)}}


def made(on: int, *argv: str, **fields: Any) -> Made:
    given = {
        "name": f"run_{on:02b}", "argv": argv, "options": (), "cwd": ".", "wrapped": True,
        "seeds": {"seed": "1"}, "tree": tree(on),
    }  # fmt: skip
    return Made(on=on, **{**given, **fields})


def planned(runs: list[Made], needed: tuple[int, ...] = (3,), **fields: Any) -> Plan:
    cells = [cell(one.on, int(next(iter(one.seeds.values()), "1"))) for one in runs]
    asked = Asked("p", "sha256:d", "d", "loss", SETTINGS, cells, needed)
    return plan(asked._replace(**fields), runs)


def test_a_flag_that_follows_a_factor_is_learnt() -> None:
    runs = [
        made(0, "python", "t.py", "--seed", "1"),
        made(1, "python", "t.py", "--norm", "--seed", "1"),
        made(2, "python", "t.py", "--skip", "--seed", "1"),
    ]
    found = planned(runs)
    (one,) = found.runs
    assert found
    assert one.cell == "11"
    assert one.on == ("norm", "skip")
    assert one.features == tree(3)
    assert one.command == (
        "labrec", "run", "--project", "p", "--name", "cell_11", "--set", "lr=0.1",
        "--set", "parts.norm=true", "--set", "parts.skip=true", "--seed", "1", "--",
        "python", "t.py", "--skip", "--norm", "--seed", "1",
    )  # fmt: skip


@pytest.mark.parametrize("both", [("--norm", "--skip"), ("--skip", "--norm")])
def test_flags_that_stand_together_keep_their_order(both: tuple[str, str]) -> None:
    runs = [
        made(0, "python", "t.py", "--seed=1"),
        made(1, "python", "t.py", "--norm", "--seed=1"),
        made(2, "python", "t.py", "--skip", "--seed=1"),
        made(3, "python", "t.py", *both, "--seed=1"),
    ]
    found = planned(runs, (), replicates=2)
    assert {one.cell: one.command[-len(one.on) - 3 :] for one in found.runs} == {
        "00": ("python", "t.py", "--seed=2"),
        "10": ("python", "t.py", "--norm", "--seed=2"),
        "01": ("python", "t.py", "--skip", "--seed=2"),
        "11": ("python", "t.py", *both, "--seed=2"),
    }


def test_an_option_whose_value_follows_a_factor_is_learnt() -> None:
    runs = [
        made(0, "python", "t.py", "--norm", "no", "--skip=no", wrapped=True),
        made(1, "python", "t.py", "--norm", "yes", "--skip=no", wrapped=True),
        made(2, "python", "t.py", "--norm", "no", "--skip=yes", wrapped=True),
    ]
    (one,) = planned(runs).runs
    assert one.command[-5:] == ("python", "t.py", "--norm", "yes", "--skip=yes")


def test_a_features_file_in_the_command_line_is_written_anew() -> None:
    runs = [
        made(
            on, "python", "../t.py", f"../features/run_{on:02b}.json", "--seed", str(seed),
            cwd=f"work/run_{on:02b}-{seed}", source=f"features/run_{on:02b}.json",
            held=tree(on), seeds={"seed": str(seed)}, options=("--metrics", "m.json"),
        )
        for on in (0, 1, 2) for seed in (7, 8)
    ]  # fmt: skip
    runs = [
        one._replace(argv=("python", "../../t.py", f"../../{one.source}", *one.argv[3:]))
        for one in runs
    ]
    cells = [cell(on, 7, 8) for on in (0, 1, 2)]
    asked = Asked("p", "sha256:d", "d", "loss", SETTINGS, cells, (3,), parent="0191")
    found = plan(asked, runs)
    assert found
    assert found.cells == {"11": 2}
    first, second = found.runs
    assert first.cwd == "work/cell_11-7"
    assert list(first.files) == ["features/cell_11.json"]
    assert json.loads(first.files["features/cell_11.json"]) == tree(3)
    assert first.command == (
        "labrec", "run", "--project", "p", "--name", "cell_11",
        "--features", "../../features/cell_11.json", "--seed", "7", "--metrics", "m.json",
        "--parent", "0191", "--",
        "python", "../../t.py", "../../features/cell_11.json", "--seed", "7",
    )  # fmt: skip
    assert second.seeds == {"seed": "8"}
    assert found.advice == ()


def test_a_features_file_at_one_place_is_written_there_and_that_is_said() -> None:
    runs = [made(on, "python", "t.py", source="conf.yaml", held=tree(on)) for on in (0, 1, 2)]
    found = planned(runs)
    (one,) = found.runs
    assert list(one.files) == ["conf.yaml"]
    assert "conf.yaml is written anew, as it was for the measured runs." in found.advice


def test_what_the_file_did_not_hold_is_set_beside_it() -> None:
    runs = [
        made(on, "python", "t.py", "c.json", "--norm" if on & 1 else "--plain", source="c.json",
             held={"parts": {"skip": bool(on & 2)}})
        for on in (0, 1, 2)
    ]  # fmt: skip
    (one,) = planned(runs).runs
    # the file gains the factor that was told by a word; what is only --set stays beside it
    assert one.command[one.command.index("--set") :][:2] == ("--set", "lr=0.1")


def test_a_program_that_records_itself_is_started_as_it_was() -> None:
    runs = [
        made(on, "python", "t.py", *(["--norm"] if on & 1 else []), *(["--skip"] if on & 2 else []),
             "--seed", "1", wrapped=False)
        for on in (0, 1, 2)
    ]  # fmt: skip
    found = planned(runs, cells=[cell(0, 1), cell(1, 1), cell(2, 1)], replicates=2)
    assert found
    assert found.cells == {"00": 1, "10": 1, "01": 1, "11": 2}
    last = [one for one in found.runs if one.cell == "11"][-1]
    assert last.command[:2] == ("python", "t.py")
    assert sorted(last.command[2:]) == ["--norm", "--seed", "--skip", "2"]


def unclear(runs: list[Made], **fields: Any) -> str:
    found = planned(runs, **fields)
    assert not found
    one = next(run for run in found.runs if run.cell == "11")
    assert one.command == ()
    assert one.features == tree(3)
    return one.problem


def test_what_cannot_be_derived_is_said_and_never_guessed() -> None:
    same = [made(on, "python", "t.py") for on in (0, 1, 2)]
    assert unclear(same) == "the command line does not say whether skip is on"
    rates = [
        made(0, "python", "t.py", "--lr=1"), made(1, "python", "t.py", "--norm", "--lr=2"),
        made(2, "python", "t.py", "--skip", "--lr=3"),
        made(0, "python", "t.py", "--lr=4", seeds={"seed": "2"}),
    ]  # fmt: skip
    assert unclear(rates) == "the measured runs' command lines differ in more than their factors"
    mixed = [made(0, "t"), made(1, "t", "--norm", wrapped=False), made(2, "t", "--skip")]
    assert unclear(mixed) == "some of the measured runs recorded themselves, others did not"
    nameless = [made(on) for on in (0, 1, 2)]
    assert unclear(nameless) == "the measured runs do not say how they were started"


def flags(on: int) -> list[str]:
    return ["--norm"] * bool(on & 1) + ["--skip"] * bool(on & 2)


def test_what_cannot_be_written_or_told_is_said() -> None:
    toml = [made(on, "t", "c.toml", source="c.toml", held=tree(on)) for on in (0, 1, 2)]
    assert unclear(toml) == "a features file like c.toml cannot be written here"
    silent = [made(on, "t", *flags(on), wrapped=False) for on in (0, 1, 2)]
    assert "does not say the seed" in unclear(silent)
    seeded = [made(on, "t", *flags(on), "--seed", "1", wrapped=False) for on in (0, 1, 2)]
    assert "what it derives from" in unclear(seeded, parent="root")
    hidden = [made(on, "t\x1b[2J", *flags(on)) for on in (0, 1, 2)]
    assert "a terminal would not show" in unclear(hidden)


def test_a_name_that_all_runs_have_is_no_part_of_the_command_line() -> None:
    runs = [made(on, "python", "train.py", *flags(on), name="train") for on in (0, 1, 2)]
    (one,) = planned(runs).runs
    assert "train.py" in one.command


# --- which runs are lacking -----------------------------------------------------------------


def lacking(cells: list[Cell], needed: tuple[int, ...], replicates: int | None = None) -> Any:
    return [(on, found.get("seed")) for on, found in missing(cells, needed, replicates)]


def test_a_missing_cell_gets_the_seeds_of_the_others() -> None:
    assert lacking([cell(0, 3, 4), cell(1, 3, 4), cell(2, 3, 4)], (3,)) == [(3, "3"), (3, "4")]


def test_blocks_are_completed() -> None:
    cells = [cell(0, 3, 4), cell(1, 3), cell(2, 3, 4), cell(3, 3, 4)]
    assert lacking(cells, ()) == [(1, "4")]


def test_more_replicates_are_further_seeds_of_every_cell() -> None:
    assert lacking([cell(0, 3), cell(1, 3)], (), 2) == [(0, "4"), (1, "4")]


def test_seeds_that_hardly_any_cell_shares_are_replaced_by_common_ones() -> None:
    cells = [cell(on, 10 + on) for on in range(4)]
    assert {seed for _, seed in missing_seeds(cells)} == {"10"}


def missing_seeds(cells: list[Cell]) -> Any:
    return lacking(cells, (4,))


def test_without_seeds_there_are_as_many_runs_as_usual() -> None:
    cells = [Cell(on, (1.0, 2.0), (None, None)) for on in (0, 1)]
    assert missing(cells, (2,)) == [(2, {}), (2, {})]


@pytest.mark.parametrize("count", [600])
def test_a_plan_is_bounded_and_says_so(count: int) -> None:
    runs = [made(on, "t", *flags(on), "--seed", "1") for on in (0, 1, 2)]
    found = planned(runs, replicates=count)
    assert len(found.runs) == 500
    assert found.left_out > 0
