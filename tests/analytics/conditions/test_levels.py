"""Conditions: what a project asks for, what a run says of them, and what is not guessed."""

from __future__ import annotations

import pytest
from tests.analytics.conditions.studies import one, study

from labrec.analytics.conditions.definition import asked, role_of
from labrec.analytics.conditions.levels import Condition, conditions, levels
from labrec.errors import InvalidError


def read(condition: Condition, *runs: dict) -> list[str | None]:
    """The label of each run's level."""
    seen = study(runs)
    found = levels(condition, seen.runs, seen)
    return [found.labels[code] if code >= 0 else None for code in found.codes]


def test_a_project_names_features_as_conditions_and_gives_roles() -> None:
    found = asked({"conditions": {"bits": "model.bits"}, "roles": {"loss": "quality"}}, "p")
    assert found.paths == {
        "bits": "model.bits",
        "quantization": "quantization",
        "threads": "threads",
    }
    assert found.roles == {"loss": "quality"}
    assert asked({"conditions": {"quantization": "q"}}, "p").paths["quantization"] == "q"


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"conditions": ["quantization"]}, "must map names to texts"),
        ({"conditions": {"bits": 3}}, "must map names to texts"),
        ({"conditions": {"": "x"}}, "must map names to texts"),
        ({"conditions": {"tier": "tier"}}, "is read from the machine"),
        ({"roles": {"loss": "nice"}}, "must be quality, speed or energy"),
        ({"roles": "speed"}, "must map names to texts"),
    ],
)
def test_what_a_definition_says_wrongly_is_refused(definition, said) -> None:
    with pytest.raises(InvalidError, match=said):
        asked(definition, "p")


def test_a_broken_definition_is_listed_and_stops_nothing() -> None:
    from tests.analytics.conditions.studies import crossed, table

    seen = study(crossed({"one": [1.0, 2.0], "two": [2.0, 2.5]}), {"conditions": 3})
    assert table(seen)
    assert [problem.path for problem in seen.problems] == ["records/p/project.yaml"]


@pytest.mark.parametrize(
    ("unit", "role"),
    [
        (None, "quality"), ("%", "quality"), ("bit/byte", "quality"), ("MB", "quality"),
        ("s", "speed"), ("tokens/s", "speed"), ("inf./sec.", "speed"), ("ms/token", "speed"),
        ("requests per second", "speed"), ("Hz", "speed"), ("J", "energy"), ("uJ/inf.", "energy"),
        ("W", "energy"), ("kWh", "energy"), ("mJ per token", "energy"), ("S", "quality"),
    ],
)  # fmt: skip
def test_the_role_of_a_metric_follows_from_its_unit(unit, role) -> None:
    assert role_of(unit) == role


def test_memory_is_told_as_the_hardware_id_tells_it() -> None:
    condition = Condition("memory", "machine", unit="GiB")
    gib = 1 << 30
    assert read(condition, one(1, memory_bytes=23 * gib + gib // 2 - 4096),
                one(1, memory_bytes=24 * gib - 4096), one(1, memory_bytes=264 << 10),
                one(1)) == ["23 GiB", "24 GiB", "0.000252 GiB", None]  # fmt: skip


def test_no_accelerator_is_a_level_only_where_the_machine_was_asked() -> None:
    condition = Condition("gpu", "machine")
    runs = [one(1, gpu_model="H100"), one(1, facts={"gpus": []}), one(1)]
    assert read(condition, *runs) == ["H100", "none", None]
    assert read(condition, *runs[1:]) == [None, None]  # nothing to compare with


def test_the_state_of_the_machine_is_that_of_the_run() -> None:
    condition = Condition("throttled", "state")
    assert read(condition, one(1, state={"throttled": True}), one(1, state={"throttled": False}),
                one(1)) == ["yes", "no", None]  # fmt: skip
    power = Condition("power_source", "state")
    assert read(power, one(1, state={"power_source": "battery"}), one(1)) == ["battery", None]


def test_a_feature_is_found_by_its_path() -> None:
    condition = Condition("bits", "feature", r"model.q\.bits")
    runs = [
        one(1, tree={"model": {"q.bits": 8}}), one(1, tree={"model": {"q.bits": {"$int": "4"}}}),
        one(1, tree={"model": {"q.bits": "full"}}), one(1, tree={"model": 3}), one(1, tree={}),
        one(1, tree={"model": {"q.bits": True}}),
    ]  # fmt: skip
    assert read(condition, *runs) == ["8", "4", "full", None, None, "true"]


def test_threads_come_from_the_flag_where_no_feature_says_them() -> None:
    condition = Condition("threads", "feature", "threads")
    flags = [one(1, setup={"flags": {"OMP_NUM_THREADS": text}}) for text in ("1", "4", "many")]
    assert read(condition, *flags, one(1)) == ["1", "4", None, None]
    assert read(condition, *flags, one(1, tree={"threads": 2})) == [None, None, None, "2"]


def test_few_numbers_are_levels_in_their_order_and_many_are_an_amount() -> None:
    condition = Condition("bits", "feature", "bits")
    few = study([one(1, tree={"bits": bits}) for bits in (16, 4, 8)])
    assert levels(condition, few.runs, few).labels == ["4", "8", "16"]
    many = study([one(1, tree={"bits": bits}) for bits in range(7)])
    found = levels(condition, many.runs, many)
    assert (found.labels, found.amounts) == ([], [float(bits) for bits in range(7)])


def test_every_condition_has_one_name_and_memory_pressure_is_an_amount() -> None:
    found = conditions({"bits": "bits"})
    assert [one.name for one in found] == sorted({one.name for one in found})
    assert {one.name for one in found if one.amount} == {"memory_pressure"}
