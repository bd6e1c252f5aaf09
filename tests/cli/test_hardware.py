"""``labrec hardware``: the sentences, the choice of rows, JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

import labrec

SLOW, FAST = (0.5, 0.62, 0.71), (0.53, 0.64, 0.75)


@pytest.fixture
def compared(lab_dir):
    for bits, values in (("float32", SLOW), ("int8", FAST)):
        for place, value in enumerate(values):
            features = {"quantization": bits, "lr": place}
            with labrec.run(project="lm", name=f"{bits}-{place}", features=features) as run:
                run.log_metric("accuracy", value, unit="1", direction="maximize")
    return lab_dir


def test_it_says_what_changed_and_what_it_rests_on(compared, call):
    found = call("hardware")
    assert found.code == 0
    lines = found.out.splitlines()
    assert lines[0] == "lm: quantization"
    (effect,) = (line for line in lines if "accuracy" in line)
    assert effect.startswith("  Effect: with int8 instead of float32 (quantization), accuracy ")
    for part in ("95\N{NO-BREAK SPACE}% interval", "6 experiments on 1 machine", "paired t of 3 blocks",
                 "by Holm over 1 hardware comparisons of lm", "post hoc", "Not known: "):  # fmt: skip
        assert part in effect
    assert "made anew" in found.err
    assert "made anew" not in call("hardware").err


def test_rows_are_chosen_and_answered_in_json(compared, call):
    (row,) = call("hardware", "--json", "--metric", "accuracy", "--condition", "quantization",
                  "lm").json  # fmt: skip
    assert (row["verdict"], row["n_blocks"], row["test"]) == ("effect", 3, "paired t")
    for asked in (("--metric", "other"), ("--condition", "other"), ("other",)):
        assert call("hardware", "--json", *asked).json == []
    found = call("hardware", "--metric", "other").err
    assert "nothing to compare" in found
    assert "conditions that are compared: quantization" in found


def test_pairs_are_shown_when_asked_for(compared, call):
    for place, value in enumerate((0.6, 0.66, 0.7)):
        features = {"quantization": "int4", "lr": place}
        with labrec.run(project="lm", name=f"int4-{place}", features=features) as run:
            run.log_metric("accuracy", value, unit="1", direction="maximize")
    assert {row["scope"] for row in call("hardware", "--json").json} == {"all"}
    pairs = [r for r in call("hardware", "--json", "--pairs").json if r["scope"] == "pair"]
    assert len(pairs) == 3
    assert call("hardware", "--pairs").out.count("\n    ") == 3


def test_two_machines_of_an_imported_table(lab_dir, call):
    rows = [
        f"{board}-{task},{board},{task},{speed * factor}"
        for board, factor in (("one", 1.0), ("two", 2.1))
        for task, speed in (("a", 1.0), ("b", 30.0), ("c", 900.5))
    ]
    rows[0] = rows[0].replace("1.0", "1.05")
    Path("t.csv").write_text("\n".join(["key,board,task,speed", *rows]) + "\n")
    Path("map.yaml").write_text(
        "source: s\nkey: key\nproject: {value: p}\nname: key\nfeatures: {task: task}\n"
        "hardware: {cpu_name: board}\n"
        "metrics: {speed: {column: speed, unit: inf./s, direction: maximize}}\n"
    )
    assert call("import", "table", "t.csv", "--map", "map.yaml").code == 0
    found = {
        row["metric"]: row for row in call("hardware", "--json", "--condition", "cpu_model").json
    }
    speed = found["speed"]
    assert (speed["test"], speed["scale"], speed["n"], speed["verdict"]) == (
        "paired t", "ratio", 3, "effect",
    )  # fmt: skip
    assert speed["ratio_low"] < 2.1 < speed["ratio_high"]
    assert speed["sentence"].startswith(
        "Effect between these two machines: with two instead of one"
    )
    assert "unnamed machines" in speed["sentence"]
    assert found[""]["verdict"] == "constant"


def test_record_text_does_not_steer_the_terminal(lab_dir, call):
    for level in ("\x1b[31mred", "blue\n\u202e"):
        for place in range(2):
            features = {"quantization": level, "lr": place}
            with labrec.run(project="lm", name="x", features=features) as run:
                run.log_metric("acc\x1b[0m", place + (level == "\x1b[31mred"), direction="maximize")
    out = call("hardware").out
    assert "quantization" in out
    assert not {"\x1b", "\u202e"} & set(out)
