"""The repository's own study: one model a seed, its weights stored in several number formats."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.analytics.labs import made, rows
from tests.store.labs import new_lab

ROOT = Path(__file__).resolve().parents[3]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    """The tables of this repository's records."""
    lab = new_lab(tmp_path_factory.mktemp("study") / "lab")
    paths = [path for path in (ROOT / "records").rglob("*") if path.is_file()]
    lab.commit(
        "refs/heads/main", {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}
    )
    return made(lab, lab.path.parent / "tables")


@pytest.fixture(scope="module")
def study(found) -> tuple[list[Row], dict[str, dict[str, Row]]]:
    """The comparisons of one project, and the evaluations by metric, number format and seed."""
    formats = {
        row["record_digest"]: row["value"].strip('"')
        for row in rows(found, "features")
        if row["path"] == "quantization"
    }
    seeds = {row["record_digest"]: row["seeds"] for row in rows(found, "runs")}
    values: dict[str, dict[str, Any]] = {}
    for row in rows(found, "metrics"):
        if row["record_digest"] in formats:
            of = values.setdefault(row["metric"], {}).setdefault(formats[row["record_digest"]], {})
            of[seeds[row["record_digest"]]] = row["last"]
    compared = rows(found, "hardware_quality")
    return [row for row in compared if row["project"] == "stdlib-lm"], values


def chosen(
    study: tuple, metric: str, scope: str = "all", first: str | None = None, last: str | None = None
) -> Row:
    (row,) = (
        row for row in study[0]
        if (row["condition"], row["metric"], row["scope"]) == ("quantization", metric, scope)
        and first in {None, row["first"]} and last in {None, row["last"]}
    )  # fmt: skip
    return row


def test_models_are_the_blocks_and_formats_the_levels(study) -> None:
    row = chosen(study, "bits_per_byte")
    assert row["levels"] == sorted(study[1]["bits_per_byte"])
    assert (row["counted"], row["n_blocks"], row["n_machines"]) == ("block", 3, 1)
    assert row["test"] == "block ANOVA"
    assert {r["condition"] for r in study[0]} == {"quantization"}  # one machine: no more to compare


def test_a_pair_of_formats_is_what_scipy_says(study) -> None:
    for metric, scale in (("bits_per_byte", float), ("tokens_per_second", math.log)):
        row = chosen(study, metric, "pair", "float16", "int8")
        first, last = (study[1][metric][name] for name in ("float16", "int8"))
        pairs = np.array([[scale(first[seed]), scale(last[seed])] for seed in sorted(first)])
        assert row["p"] == pytest.approx(stats.ttest_rel(pairs[:, 1], pairs[:, 0]).pvalue, rel=1e-6)


def test_what_is_computed_alike_is_constant_and_has_no_test(study) -> None:
    row = chosen(study, "bits_per_byte", "pair", "float32", "float64")
    assert (row["verdict"], row["estimate"], row["p"]) == ("constant", 0.0, None)


def test_its_sentences_hold_what_they_rest_on(study) -> None:
    bits, speed = chosen(study, "bits_per_byte"), chosen(study, "tokens_per_second")
    assert (bits["role"], speed["role"], speed["scale"]) == ("quality", "speed", "ratio")
    assert bits["margin_from"] == "registration"
    for row, unit in ((bits, "bit/byte"), (speed, "tokens/s")):
        for part in (unit, "interval for all pairs together", "on 1 machine", "of 3 blocks",
                     "hardware comparisons of stdlib-lm", "post hoc", "another machine"):  # fmt: skip
            assert part in row["sentence"]


def test_formats_on_a_gpu_are_what_scipy_says_of_pairs_of_seeds(found) -> None:
    runs = {
        row["record_digest"]: (row["name"], row["seeds"])
        for row in rows(found, "runs")
        if row["project"] == "gpu-precision" and row["status"] == "complete"
    }
    of: dict[str, dict[str, float]] = {}
    for row in rows(found, "metrics"):
        if row["metric"] == "energy" and row["record_digest"] in runs:
            name, seed = runs[row["record_digest"]]
            of.setdefault(name, {})[seed] = row["value"]
    half, whole = of["7_from_5_bfloat16"], of["5_from_1_wide"]
    differences = np.array(
        [half[seed] - whole[seed] for seed in sorted(half.keys() & whole.keys())]
    )
    (row,) = (
        row for row in rows(found, "contrasts")
        if (row["project"], row["metric"], row["name"])
        == ("gpu-precision", "energy", "7_from_5_bfloat16")
    )  # fmt: skip
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert row["estimate"] == pytest.approx(differences.mean(), rel=1e-9)
    assert (row["low"], row["high"]) == pytest.approx(tuple(interval), rel=1e-9)
    assert len(differences) == 4


def test_a_claim_whose_last_seed_is_not_run_is_not_decided(found) -> None:
    (claim,) = (row for row in rows(found, "hypotheses") if row["project"] == "gpu-precision")
    assert claim["verdict"] == "testing"
    assert "4 of 5" in claim["sentence"]
    assert "no verdict follows" in claim["sentence"]
