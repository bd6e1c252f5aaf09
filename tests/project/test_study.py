"""The study of ``make demo``: its model learns, its plan is a factorial and a chain, and what it
prints is what the tables say."""

from __future__ import annotations

import gzip
import importlib
import os
import platform
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import numpy as np
import pytest

import labrec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "examples" / "stdlib_lm"
NAMES = ("corpus", "model", "plan", "train", "quantize", "evaluate", "report", "progress", "study")
TEXT = np.frombuffer(b"def area(width, height):\n    return width * height\n" * 9, np.uint8)


class Log:
    """Stands for a run."""

    def __init__(self) -> None:
        self.points: dict[str, list[float]] = {}

    def log_dataset(self, *_: Any, **__: Any) -> None:
        pass

    def log_metric(self, name: str, value: float, *_: Any, **__: Any) -> None:
        self.points.setdefault(name, []).append(value)


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    monkeypatch.syspath_prepend(str(STUDY))
    yield {name: importlib.import_module(name) for name in NAMES}
    for name in NAMES:
        sys.modules.pop(name, None)


def options(study, **changes):
    given = {"context": 4, "embedding": 3, "hidden": 8, "column": True, "hashed_context": True,
             "layer_norm": True}  # fmt: skip
    return study["model"].Options(**(given | changes))


# --- the model --------------------------------------------------------------------------------


@pytest.mark.parametrize("hashed_context", [False, True])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_gradients_are_the_slopes_of_the_loss(study, hashed_context, layer_norm) -> None:
    model = study["model"]
    made = options(study, hashed_context=hashed_context, layer_norm=layer_norm)
    text = model.see(TEXT[:90], made)
    draw = np.random.default_rng(0)
    weights = {name: array + draw.normal(0, 0.1, array.shape)
               for name, array in model.initial(made, 1).items()}  # fmt: skip
    gradient = model.backward(weights, text, model.forward(weights, text.slots))
    for name, slope in gradient.items():
        direction = draw.normal(size=slope.shape)
        ends = []
        for step in (1e-5, -1e-5):
            moved = weights | {name: weights[name] + step * direction}
            ends.append(model.judge(moved, text) * np.log(2))
        measured = (ends[0] - ends[1]) / 2e-5
        assert float((slope * direction).sum()) == pytest.approx(measured, rel=1e-4, abs=1e-7), name


def test_predictions_are_probabilities(study) -> None:
    model = study["model"]
    made = options(study)
    log2p = model.forward(model.initial(made, 1), model.see(TEXT, made).slots).log2p
    assert np.exp2(log2p).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_model_that_knows_nothing_needs_eight_bits(study) -> None:
    model = study["model"]
    made = options(study)
    weights = model.initial(made, 1)
    weights["output"][:] = 0
    assert model.judge(weights, model.see(TEXT, made)) == pytest.approx(8, abs=1e-6)


def test_slots_are_the_bytes_before_and_what_is_made_of_them(study) -> None:
    model = study["model"]
    text = model.see(TEXT, options(study))
    assert text.slots.shape == (len(TEXT) - 4, 4 + 2 + 1)
    place = bytes(TEXT).index(b"return") - 4
    assert bytes(text.slots[place, :4].astype(np.uint8)) == b"    "
    assert chr(text.target[place]) == "r"
    first = model.BYTES + 2 * model.BUCKETS
    assert text.slots[place, -1] - first == 4  # columns from the left
    assert text.slots[place - 4, -1] == first
    period = len(TEXT) // 9  # equal contexts have equal rows, wherever they stand
    assert (text.slots[place] == text.slots[place + period]).all()
    assert text.slots.max() < options(study).rows


def test_it_learns_and_a_seed_is_all_that_chance_has(study, monkeypatch) -> None:
    plan, train, text = study["plan"], study["train"], study["corpus"].read()
    less = text._replace(training=text.training[:200_000], held_out=text.held_out[:3_000])
    monkeypatch.setattr(train.corpus, "read", lambda: less)
    features = plan.trained(0.05)[plan.ALL].features
    logs = [Log() for _ in range(3)]
    weights = [train.train(log, features, seed) for log, seed in zip(logs, (1, 1, 2), strict=True)]
    assert logs[0].points == logs[1].points != logs[2].points
    for name in weights[0]:
        assert (weights[0][name] == weights[1][name]).all()
    values = logs[0].points["bits_per_byte"]
    assert len(values) == train.CHECKS
    assert values[-1] < 4.5
    assert logs[0].points["train_loss"][0] > 7


def test_a_rate_that_is_far_too_fast_is_a_real_failure(study) -> None:
    plan, train = study["plan"], study["train"]
    log = Log()
    with np.errstate(over="raise", invalid="raise"), pytest.raises(FloatingPointError):
        train.train(log, plan.trained()[plan.FAILING].features, 1)
    assert log.points["train_loss"][-1] > 1000
    assert "bits_per_byte" not in log.points


# --- weights in fewer bytes -------------------------------------------------------------------


def test_formats_keep_what_they_can(study) -> None:
    quantize = study["quantize"]
    weights = study["model"].initial(options(study), 3)
    weights["hidden"][2] = 0
    stored = {form: quantize.store(weights, form) for form in quantize.FORMATS}
    sizes = {form: sum(one.size for one in each.values()) for form, each in stored.items()}
    assert sizes["float64"] == 2 * sizes["float32"] == 4 * sizes["float16"]
    assert sizes["int8"] < sizes["float16"]
    for form, each in stored.items():
        for name, array in quantize.restore(each).items():
            assert array.dtype == np.float32
            error = np.abs(array - weights[name])
            if form in {"float64", "float32"} or array.ndim == 1:
                assert form == "float16" or error.max() == 0
            elif form == "int8":  # half a step of the row, and what float32 rounds
                assert (
                    error <= np.abs(weights[name]).max(axis=1, keepdims=True) / 254 * 1.001
                ).all()
            else:
                assert error.max() <= np.abs(weights[name]).max() * 2**-11
    assert stored["int8"]["table"].values.dtype == np.int8
    assert np.abs(stored["int8"]["table"].values).max() == 127


# --- the plan ---------------------------------------------------------------------------------


def test_the_text_is_split_by_name_and_known_by_its_digest(study) -> None:
    corpus = study["corpus"]
    text = corpus.read()
    assert text.digest == corpus.read().digest
    assert re.fullmatch("sha256:[0-9a-f]{64}", text.digest)
    assert min(text.modules) > 5
    assert corpus.MODULE_BYTES < len(text.held_out) < len(text.training) / 8
    assert b"def " in bytes(text.held_out)


def test_the_cells_are_a_full_factorial(study) -> None:
    plan = study["plan"]
    cells = [one for name, one in plan.trained().items() if int(name.split("_")[0]) <= 8]
    switched = [tuple(one.features["components"].values()) for one in cells]
    assert len(set(switched)) == 8
    assert {one.parent for one in cells} == {"", "1_base"}
    for one in cells:
        assert one.features | {"components": None} == plan.BASE | {"components": None}
    assert all(plan.trained()[plan.ALL].features["components"].values())


def test_each_step_of_the_chain_changes_one_part_of_its_parent(study) -> None:
    plan = study["plan"]
    experiments = plan.trained()
    parent = plan.ALL
    for name in plan.CHAIN:
        one = experiments[name]
        assert one.parent == parent
        changed = [key for key, value in one.features.items()
                   if value != experiments[parent].features[key]]  # fmt: skip
        assert len(changed) == 1
        parent = name
    assert parent == plan.FINAL
    assert experiments[plan.FAILING].parent == plan.ALL
    assert (
        len(
            {
                name.split("_")[0]
                for name in [*experiments, *plan.evaluated(("a", "b", "c", "d")).values()]
            }
        )
        == 17
    )


# --- the whole of it --------------------------------------------------------------------------


class Ran(NamedTuple):
    lab: Path
    printed: str


def test_the_study_from_the_claim_to_what_was_found(tmp_path: Path) -> None:
    """As `make demo` runs it, with hardly any training; one test, so that it runs once."""
    lab = tmp_path / "lab"
    program = [sys.executable, str(STUDY / "study.py"), "--quick", "--jobs", "2", "--lab", str(lab)]
    temporary = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(program, env=temporary, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = Ran(lab, done.stdout)
    every_run_is_recorded_and_one_really_failed(ran)
    the_claim_was_registered_before_the_runs_that_it_is_about(ran)
    runs_of_one_experiment_are_replicates_of_it(ran)
    an_evaluation_uses_the_model_of_the_run_it_derives_from(ran)
    what_it_prints_is_what_the_tables_say(ran)
    nothing_that_is_recorded_names_the_machine(ran)


def query(lab: Path, sql: str) -> list[tuple[Any, ...]]:
    tables = lab / "build/labrec/tables"
    return duckdb.sql(re.sub(r"\{(\w+)\}", lambda m: f"'{tables / m[1]}.parquet'", sql)).fetchall()


def every_run_is_recorded_and_one_really_failed(ran: Ran) -> None:
    with labrec.open(ran.lab) as reader:
        runs = list(reader.runs("stdlib-lm"))
    assert len(runs) == 12 * 2 + 1 + 4 * 2
    assert Counter(run.status for run in runs) == {"complete": 32, "failed": 1}
    (failed,) = (run for run in runs if run.status == "failed")
    assert failed.section("identity")["reason"].startswith("FloatingPointError: overflow")
    assert failed.metrics["train_loss"] > 1000
    for run in runs:
        assert run.section("determinism")["flags"]["OMP_NUM_THREADS"] == "1"
        (data,) = run.section("datasets")["items"]
        assert data["version"] == platform.python_version()
        assert run.section("code")["dirty"] is False
        assert run.section("lineage")["intent"].endswith((".", "?"))
        assert not [event for event in run.section("capture")["events"]
                    if event["kind"] != "unavailable"]  # fmt: skip


def the_claim_was_registered_before_the_runs_that_it_is_about(ran: Ran) -> None:
    with labrec.open(ran.lab) as reader:
        linked = [run for run in reader.runs() if run.section("lineage")["hypotheses"]]
        for run in linked:
            (link,) = run.section("lineage")["hypotheses"]
            assert (link["slug"], link["linked"]) == ("three-components", "start")
    assert {run.name for run in linked} == {"8_from_1_all"}
    assert len(linked) == 2


def runs_of_one_experiment_are_replicates_of_it(ran: Ran) -> None:
    rows = query(ran.lab, "select name, n_runs, n, n_failed from {experiments} where metric in "
                          "('bits_per_byte', 'train_loss') group by all order by all")  # fmt: skip
    counts = {name: (n_runs, n_failed) for name, n_runs, _, n_failed in rows}
    assert counts.pop("17_from_8_too_fast") == (1, 1)
    assert len(counts) == 16
    assert set(counts.values()) == {(2, 0)}
    units = query(ran.lab, "select distinct metric, unit, direction from {metrics} order by all")
    assert ("bits_per_byte", "bit/byte", "minimize") in units
    assert ("tokens_per_second", "tokens/s", "maximize") in units


def an_evaluation_uses_the_model_of_the_run_it_derives_from(ran: Ran) -> None:
    with labrec.open(ran.lab) as reader:
        evaluated = [run for run in reader.runs() if "quantization" in run.features]
        assert len(evaluated) == 8
        for run in evaluated:
            (parent,) = run.section("lineage")["parents"]
            trained = reader.run(parent["run_id"])
            assert trained.name == "12_from_11_wider"
            assert trained.seeds == run.seeds
            assert run.file("model.npz").role == "input"
            assert run.file("model.npz").sha256 == trained.file("model.npz").sha256
            if run.features["quantization"] in {"float32", "float64"}:
                assert run.metrics["bits_per_byte"] == trained.metrics["bits_per_byte"]


def what_it_prints_is_what_the_tables_say(ran: Ran) -> None:
    found = " ".join(ran.printed.partition("Found in ")[2].split())
    assert f"open {ran.lab}/build/labrec/site/index.html" in found
    assert (ran.lab / "build/labrec/site/index.html").exists()
    said = [
        *query(ran.lab, "select trim(claim), sentence from {hypotheses}"),
        *query(ran.lab, "select sentence from {attributions} where kind = 'shapley' and metric = "
                        "'bits_per_byte'"),
        *query(ran.lab, "select sentence from {hardware_quality} where condition = 'quantization' "
                        "and metric = 'bits_per_byte' and len(levels) > 2"),
    ]  # fmt: skip
    assert len(said) == 1 + 3 + 1
    for parts in said:
        for part in parts:
            assert " ".join(part.split()) in found
    ((shown, n, planned),) = query(
        ran.lab, "select shown, n_treatment, planned_n from {hypotheses}"
    )
    assert (shown, n, planned) == ("testing", 2, 3)  # two seeds of three: no verdict yet


def nothing_that_is_recorded_names_the_machine(ran: Ran) -> None:
    private = {str(ran.lab.parent), str(Path.home()), platform.node()}
    private = {text.encode() for text in private if len(text) > 4}
    listed = subprocess.run(["git", "for-each-ref", "--format=%(refname)", "refs/labrec"],
                            cwd=ran.lab, check=True, capture_output=True, text=True)  # fmt: skip
    bare = ran.lab.parent / "records"
    bare.mkdir()
    archive = subprocess.run(["git", "archive", listed.stdout.strip(), "records"], cwd=ran.lab,
                             check=True, capture_output=True).stdout  # fmt: skip
    subprocess.run(["tar", "x"], cwd=bare, input=archive, check=True)
    files = [path for path in bare.rglob("*") if path.is_file()]
    assert len(files) > 100
    for path in files:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        assert not [text for text in private if text in data], path
