"""A lab whose tables hold comparisons of conditions, machines, fronts, drift, reruns and lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.site.tables_of import START, digest, run_id
from tests.site_pages.labs import HOSTILE, LOSS, Tables

ONE, TWO = "0123456789abcdef0123", "fedcba98765432100123"
"""Two machines."""

RATE = {"metric": "rate", "unit": "tokens/s", "direction": "maximize"}
LEVELS = ["float32", "float16", "int8"]
ITEMS = ("preregistered", "baseline", "replicates", "interval", "multiplicity", "power", "capture",
         "rerun")  # fmt: skip


def held() -> Tables:
    """A study under three number formats on two machines, run again and again."""
    lab = Tables("lm")
    _experiments(lab)
    _conditions(lab)
    _machines(lab)
    _trends(lab)
    _rigor(lab)
    return lab


def _experiments(lab: Tables) -> None:
    for number, (value, rate) in enumerate(
        [(2.5, 900.0), (2.4, 700.0), (2.6, 600.0), (2.3, 400.0)]
    ):
        machine = ONE if number % 2 else TWO
        lab.experiment(f"{number}_x", [value, value + 0.02], interval=0.03, machine_id=machine)
        key = digest(f"lm {number}_x")
        lab.add("experiments", experiment=key, name=f"{number}_x", **RATE, key=True, n_runs=2, n=2,
                mean=rate, low=rate - 20, high=rate + 20, level=0.95)  # fmt: skip
    lab.experiment("reference", [1.0] * 12 + [1.3] * 12, machine_id=ONE)  # again and again
    for day, run in enumerate(lab.rows["runs"][-24:]):
        run["started"] = START + dt.timedelta(days=day)


def compared(lab: Tables, condition: str, metric: dict[str, Any], **row: Any) -> None:
    """Add a comparison."""
    lab.add(
        "hardware_quality", condition=condition,
        **({"scope": "all", "first": "float32", "last": "int8", "kind": "feature",
            "role": "quality", "levels": LEVELS, "scale": "difference", "level": 0.95,
            "verdict": "inconclusive", "planned": "post hoc", "n_blocks": 4, "n_runs": 12,
            "sentence": "What may be said."} | metric | row),
    )  # fmt: skip


def _conditions(lab: Tables) -> None:
    about = {"aligned_with": "date", "alignment": 0.31, "n_unknown": 5,
             "unknown": "whether it is so on another machine"}  # fmt: skip
    compared(lab, "quantization", LOSS, estimate=0.12, low=0.05, high=0.19, margin=0.2,
             margin_from="registration", verdict="effect (below δ)", p_adjusted=0.004,
             sentence="Effect, but below δ: loss differs by 0.12 nat.", **about)  # fmt: skip
    compared(lab, "quantization", RATE, role="speed", scale="ratio", estimate=300.0, ratio=1.6,
             ratio_low=1.2, ratio_high=2.1, verdict="effect", p_adjusted=0.0004,
             sentence="Effect: rate differs by a factor of 1.6.")  # fmt: skip
    compared(lab, "quantization", {"metric": ""}, role="completion", verdict="constant",
             estimate=0.0, scale=None, level=None, sentence="Constant: all are complete.")  # fmt: skip
    for at, (first, last) in enumerate([(0, 1), (0, 2), (1, 2)]):
        names = {"scope": "pair", "first": LEVELS[first], "last": LEVELS[last],
                 "levels": [LEVELS[first], LEVELS[last]]}  # fmt: skip
        compared(lab, "quantization", LOSS, estimate=0.01 + 0.05 * at, low=-0.02 + 0.05 * at,
                 high=0.04 + 0.05 * at, margin=0.2, margin_from="registration",
                 verdict="no effect larger than δ", **names)  # fmt: skip
        compared(lab, "quantization", RATE, role="speed", scale="ratio", estimate=100.0,
                 ratio=1.1 + 0.2 * at, ratio_low=1.0 + 0.2 * at, ratio_high=1.3 + 0.2 * at,
                 verdict="inconclusive", **names)  # fmt: skip
    for place, level in enumerate(LEVELS, start=1):
        for block in range(1, 5):
            for metric, value in (
                (LOSS, 2.0 + block + 0.05 * place),
                (RATE, 500.0 * place + block),
            ):
                lab.add("hardware_observations", condition="quantization", metric=metric["metric"],
                        place=place, level=level, observation=block, counted="block", value=value,
                        n=4, unit=metric["unit"])  # fmt: skip
    machines = {"first": "Xeon", "last": "Epyc", "levels": ["Epyc", "Xeon"], "kind": "machine"}
    for name in ("cpu_model", "hardware_id"):
        other = "hardware_id" if name == "cpu_model" else "cpu_model"
        compared(lab, name, LOSS, aliases=[other], verdict="confounded", estimate=0.4, low=0.1,
                 high=0.7, aligned_with="date", alignment=0.97, reason="goes with the date",
                 sentence="Confounded: the machines ran on other days.", **machines)  # fmt: skip
        compared(lab, name, RATE, aliases=[other], verdict="not comparable", scale=None, level=None,
                 role="speed", sentence="Not comparable: no two levels share a block.", **machines)  # fmt: skip
    compared(lab, "memory_pressure", LOSS, kind="state", levels=[], first="", last="", scale=None,
             estimate=-0.4, low=-0.7, high=0.1, sentence="Inconclusive: an amount.")  # fmt: skip
    for cpu, gpu, median in (("Xeon", "", 500.0), ("Epyc", "A100", 900.0)):
        lab.add("hardware_speeds", **RATE, cpu_model=cpu, gpu_model=gpu, role="speed", n=12,
                n_experiments=4, n_machines=1, min=median - 200, q1=median - 50, median=median,
                q3=median + 80, max=median + 300, sentence=f"lm: rate on {cpu}.")  # fmt: skip


def _machines(lab: Tables) -> None:
    for run in list(lab.rows["runs"]):
        facts = {"run_id": run["run_id"], "record_digest": run["record_digest"],
                 "hardware_id": run["hardware_id"], "machine_id": run["machine_id"],
                 "tier": "small"}  # fmt: skip
        about = [("cpu_name", "field", "Epyc", None, None), ("memory", "field", "34359738368",
                 34359738368.0, "B"), ("load", "condition", "0.5", 0.5, None),
                 ("gpus", "field", "[]", None, None), ("physical_cores", "field", "8", 8.0, None)]  # fmt: skip
        for field, kind, value, number, unit in about:
            lab.add("hardware", **facts, field=field, kind=kind, value=value, number=number,
                    unit=unit)  # fmt: skip
        lab.add("hardware", **facts, field="governor", kind="condition",
                unavailable="not provided by this system")  # fmt: skip
        record = {"run_id": run["run_id"], "record_digest": run["record_digest"]}
        lab.add("telemetry", **record, channel="cpu.busy", unit="%", sensor="/proc/stat",
                method="share of time", coverage=0.9, count=9, min=1.0, mean=40.0, max=99.0)  # fmt: skip
        lab.add("telemetry", **record, channel="battery.power",
                unavailable="not provided by this system")  # fmt: skip


def _trends(lab: Tables) -> None:
    key = digest("lm reference")
    lab.add("drift", experiment=key, name="reference", metric="loss", hardware_id=digest("h"),
            change=1, changes=1, n=24, p=0.001, p_holm=0.002, family=3, run_id=run_id(21),
            started=START + dt.timedelta(days=12), n_before=12, n_after=12, before=1.0, after=1.3,
            shift=0.3, low=0.28, high=0.32, level=0.95, became="worse", verdict="drift",
            unit="nat", direction="minimize", sentence="lm: loss of reference changed.")  # fmt: skip
    lab.add("drift", experiment=digest("lm 0_x"), name="0_x", metric="loss",
            hardware_id=digest("h"), change=0, n=10, p=0.4, p_holm=0.8, family=3, level=0.95,
            verdict="no drift told", sentence="lm: no drift is told of 0_x.")  # fmt: skip
    for number, front, verdict in ((0, True, "on the front"), (1, True, "cannot be told"),
                                   (2, False, "cannot be told")):  # fmt: skip
        for metric, mean, half in ((LOSS, [2.5, 2.4, 2.6][number], 0.03),
                                   (RATE, [900.0, 700.0, 600.0][number], 20.0)):  # fmt: skip
            lab.add("pareto", experiment=digest(f"lm {number}_x"), name=f"{number}_x", **metric,
                    front=front, verdict=verdict, rivals=number, undecided=1, n_experiments=4,
                    n=2, mean=mean, low=mean - half, high=mean + half, level=0.95,
                    dominated_by_name=None if front else "0_x",
                    sentence=f"lm: {number}_x is placed." if metric is LOSS else None)  # fmt: skip
    for number, (difference, verdict) in enumerate(
        [(0.02, "agree"), (0.4, "differs"), (0.1, "cannot be told"), (None, "failed")]
    ):
        lab.add("reproducibility", run_id=run_id(number + 2), name=f"again {number}",
                original=run_id(1), original_name="0_x", **LOSS, value=2.5, original_value=2.48,
                difference=difference, tolerance=None if verdict == "cannot be told" else 0.1,
                tolerance_from="noise", other_machine=number == 0, independent=number == 0,
                verdict=verdict, sentence=f"again {number}: {verdict}.",
                record_digest=digest(f"lm record {number + 2}"))  # fmt: skip
    lab.add("reliability", **LOSS, n_experiments=4, n=8, icc=0.92, low=0.7, high=0.98, level=0.95,
            sentence="lm: loss tells experiments apart.")  # fmt: skip
    for step, (name, luck) in enumerate((("1_x", 0.02), ("3_x", 0.03)), start=1):
        lab.add("luck", experiment=digest(f"lm {name}"), name=name, step=step, current=step == 2,
                baseline=digest("lm 0_x"), baseline_name="0_x", variants=step + 1, tries=step + 1,
                baseline_value=2.51, luck=luck, luck_low=luck / 2, luck_high=luck * 2,
                sd_level=0.9, verdict="beyond luck", **LOSS,
                sentence=f"lm: {name} is the best of {step + 1} tries.")  # fmt: skip


def _rigor(lab: Tables) -> None:
    met = dict.fromkeys(ITEMS, True) | {"power": False, "rerun": False}
    lacks = ["power 0.4 where 0.8 is asked", "no run was repeated by anybody"]
    lab.add("rigor", hypothesis="deeper", registration=digest("deeper"), current=True,
            list="rigor/1", **met, met=6, items=8, score=0.75, lacks=lacks,
            sentence="lm: deeper has 6 of the 8 of rigor/1.")  # fmt: skip
    lab.add("rigor", hypothesis="older", registration=digest("older"), current=False,
            list="rigor/1", met=0, items=8, lacks=["everything"] * 8, sentence="lm: older.")  # fmt: skip


def hostile_held() -> Tables:
    """Record text that tries to be something else, in every text of these tables."""
    lab = Tables("evil")
    for at, text in enumerate(HOSTILE):
        metric = {"metric": text, "unit": text, "direction": "minimize"}
        lab.experiment(text, [float(at)], metric=metric, machine_id=text, hardware_id=text,
                       cpu_model=text, gpu_model=text, tier=text)  # fmt: skip
        key, record = digest(f"evil {text}"), digest(f"evil record {at + 1}")
        compared(lab, text, metric, first=text, last=text, levels=[text, text], left_out=[text],
                 aligned_with=text, alignment=0.5, unknown=text, reason=text, sentence=text,
                 verdict=text, kind=text, test=text, margin_from=text, margin=1.0, estimate=0.5,
                 low=0.1, high=0.9)  # fmt: skip
        lab.add("hardware_observations", condition=text, metric=text, place=1, level=text,
                observation=1, counted=text, value=1.0, n=1)  # fmt: skip
        lab.add("hardware_speeds", **metric, cpu_model=text, gpu_model=text, role=text, n=1, min=1.0,
                q1=1.0, median=1.0, q3=1.0, max=1.0, sentence=text)  # fmt: skip
        lab.add("drift", experiment=key, name=text, **metric, hardware_id=text, datasets=text,
                p_holm=0.1, family=1, level=0.95, verdict=text, became=text, sentence=text)  # fmt: skip
        lab.add("pareto", experiment=key, name=text, **metric, datasets=text, front=True,
                verdict=text, dominated_by_name=text, n_experiments=1, mean=1.0, level=0.95,
                sentence=text)  # fmt: skip
        lab.add("pareto", experiment=key, name=text, metric=f"{text}2", direction="maximize",
                datasets=text, front=True, verdict=text, n_experiments=1, mean=1.0, level=0.95)  # fmt: skip
        lab.add("reproducibility", run_id=run_id(at + 1), name=text, original=run_id(at + 1),
                original_name=text, **metric, difference=1.0, tolerance=2.0, tolerance_from=text,
                verdict=text, sentence=text, record_digest=record)  # fmt: skip
        lab.add("reliability", **metric, datasets=text, icc=0.5, low=0.1, high=0.9, level=0.95,
                sentence=text)  # fmt: skip
        lab.add("luck", experiment=key, name=text, step=1, current=True, baseline=key, tries=2,
                baseline_name=text, baseline_value=1.0, luck=0.1, verdict=text, sentence=text,
                datasets=text, **metric)  # fmt: skip
        lab.add("rigor", hypothesis=f"claim-{at}", registration=digest(text), current=True,
                list=text, items=8, lacks=[text] * 8, sentence=text)  # fmt: skip
    machine = "abcdef0123456789abcd"
    lab.experiment("on a machine", [1.0], machine_id=machine, cpu_model=HOSTILE[0], tier=HOSTILE[1])
    run = lab.rows["runs"][-1]
    record = {"run_id": run["run_id"], "record_digest": run["record_digest"]}
    for at, text in enumerate(HOSTILE):
        lab.add("hardware", **record, hardware_id=text, machine_id=machine, tier=text,
                field=f"{text}{at}", kind="field", value=text, unit=text)  # fmt: skip
        lab.add("hardware", **record, hardware_id=text, machine_id=machine, tier=text,
                field=f"{text}{at}", kind="condition", unavailable=text)  # fmt: skip
        lab.add("telemetry", **record, channel=f"{text}{at}", unit=text, sensor=text, method=text,
                mean=1.0, min=1.0, max=1.0)  # fmt: skip
        lab.add("telemetry", **record, channel=f"no {text}{at}", unavailable=text)
    return lab
