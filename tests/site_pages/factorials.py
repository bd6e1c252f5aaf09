"""Designs as rows of tables: one that lacks a cell, a fraction, one within a run, a grown model."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from tests.site.tables_of import digest
from tests.site_pages.claims import register
from tests.site_pages.labs import HOSTILE, LOSS, Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

FACTORS = ["norm", "skip", "warm start"]
WORTH = {"norm": -0.4, "skip": -0.2, "warm start": 0.05}


def designs() -> Tables:
    """A project with three designs and a grown model."""
    lab = Tables("parts")
    for cell in itertools.product("01", repeat=3):
        if cell != ("1", "1", "1"):
            lab.experiment(f"cell_{''.join(cell)}", [2.5, 2.51])
    registration = register(lab, "norm-helps", "supported", order=1)
    key = design(lab, "declared", FACTORS, registration=registration, shape="incomplete",
                 n_cells=7, n_needed=1, needed=["111"], all_off=2.5)  # fmt: skip
    for at, experiment in enumerate(row for row in lab.rows["experiments"]):
        runs = [row for row in lab.rows["runs"] if row["experiment"] == experiment["experiment"]]
        lab.add("cells", design=key, cell=f"{at:03b}", n=2, mean=2.5, adjusted=2.4, sd=0.01,
                values=json.dumps([2.5, 2.51]), seeds="[null, null]",
                record_digests=[run["record_digest"] for run in runs])  # fmt: skip
    for at, (name, worth) in enumerate(WORTH.items()):
        on = "".join("1" if place == at else "0" for place in range(3))
        finding = "better" if worth < 0 else "unclear"
        for kind in ("main", "shapley"):
            effect(lab, key, kind, on, name, worth, finding=finding)
    effect(lab, key, "shapley-interaction", "110", "norm×skip", 0.15, finding="worse")
    effect(lab, key, "shapley-interaction", "101", "norm×warm start", -0.02)
    effect(lab, key, "shapley-interaction", "011", "skip×warm start", None, n_needed=1)
    lab.add("efficiencies", design=key, metric="loss", unit="nat", cost="parameters", cost_unit="1", kind="shapley",
            on="100", effect="norm", estimate=-0.4, cost_estimate=50.0, cost_low=40.0,
            cost_high=60.0, ratio=-0.008, low=-0.01, high=-0.006)  # fmt: skip
    lab.add("efficiencies", design=key, metric="loss", unit="nat", cost="time", cost_unit="s", kind="shapley",
            on="010", effect="skip", estimate=-0.2, cost_estimate=0.1, cost_low=-1.0,
            cost_high=1.2, note="the interval of the cost contains 0")  # fmt: skip
    half = design(lab, "found", ["a", "b", "c"], shape="fraction", resolution=3, n_cells=4)
    effect(lab, half, "main", "100", "a", 0.5, aliases=["b×c"], model="aliased")
    live = design(lab, "run", ["bias"], n_cells=2, name="cell_000 0199, step 10")
    lab.add("cells", design=live, cell="0", n=1, mean=1.0, adjusted=1.0, values="[1.0]",
            seeds="[null]", record_digests=[lab.rows["runs"][0]["record_digest"]])  # fmt: skip
    effect(lab, live, "shapley", "1", "bias", 0.25, low=None, high=None, finding="unreplicated")
    lab.add("growth", experiment=digest("parts cell_111"), name="grown", host_name="seedling",
            host=digest("parts cell_000"), **LOSS, parameters=1200.0, host_parameters=1000.0,
            delta=-0.3, low=-0.4, high=-0.2, finding="better", ratio=1.1, ratio_low=1.0,
            ratio_high=1.2, equivalent=4000.0, equivalent_bound=">",
            sentence="grown is better than its host.")  # fmt: skip
    return lab


def design(lab: Tables, source: str, factors: list[str], **row: Any) -> str:
    """Add a design; return its digest."""
    key = digest(f"{lab.project} {source} {factors}")
    given = {"source": source, "name": f"{source} one", "factors": factors, "shape": "complete",
             "level": 0.95, "n_cells": 1 << len(factors), "n_values": 14, "n_experiments": 7,
             "n_machines": 1, **LOSS} | row  # fmt: skip
    lab.add("designs", design=key, **given)
    return key


def effect(
    lab: Tables, key: str, kind: str, on: str, name: str, worth: float | None, **row: Any
) -> None:
    """Add an effect with an interval of 0.1 on each side."""
    ends = {"low": None, "high": None} if worth is None else {
        "low": worth - 0.1, "high": worth + 0.1, "p_holm": 0.01}  # fmt: skip
    sentence = f"Shapley value of {name}." if kind == "shapley" else ""
    given = {"source": "declared", "level": 0.95, "finding": "unclear", "model": "saturated",
             "method": "pooled", "identifiable": worth is not None, "sentence": sentence,
             "unknown": "whether it holds elsewhere", **LOSS, **ends} | row  # fmt: skip
    lab.add("attributions", design=key, kind=kind, on=on, effect=name, estimate=worth, **given)


def hostile_designs(texts: Sequence[str] = HOSTILE) -> Tables:
    """Designs whose every text tries to be something else."""
    lab = Tables("odd-parts")
    lab.experiment(texts[0], [1.0])
    record = lab.rows["runs"][0]["record_digest"]
    for text in texts:
        odd = {"metric": text, "unit": text}
        key = design(lab, "declared", [text, text], name=text, note=text, needed=[text],
                     n_needed=1, shape=text, registration=text, **odd)  # fmt: skip
        lab.rows["designs"][-1]["design"] = key = digest(f"odd {text}")
        lab.add("cells", design=key, cell="10", n=1, mean=1.0, adjusted=1.0, values=text,
                seeds=text, record_digests=[record])  # fmt: skip
        for kind, on in (("shapley", "10"), ("shapley", "01"), ("shapley-interaction", "11"),
                         ("main", "10")):  # fmt: skip
            effect(lab, key, kind, on, text, 1.0, finding=text, method=text, model=text,
                   aliases=[text], unknown=text, sentence=text, **odd)  # fmt: skip
        lab.add("efficiencies", design=key, **odd, cost=text, cost_unit=text, kind="shapley",
                on="10", effect=text, note=text)  # fmt: skip
        lab.add("growth", experiment=digest(text), name=text, host=text, host_name=text, **odd,
                finding=text, equivalent=1.0, equivalent_bound=text, sentence=text)  # fmt: skip
    return lab
