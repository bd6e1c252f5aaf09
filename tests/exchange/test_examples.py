"""The maps of the manual and of examples/, on the tables they are for."""

from __future__ import annotations

import csv
import itertools
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from scipy import stats

import labrec
from labrec.exchange.table_map import KEYS
from labrec.record import yaml12

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
MANUAL = (ROOT / "docs" / "import.md").read_text()


def _block(language: str, begin: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)
    return next(block for block in blocks if block.startswith(begin))


# --- the manual ---------------------------------------------------------------------------------


def test_the_first_map_of_the_manual_fits_its_table(desk):
    report = desk.good(_block("csv", "run_id"), _block("yaml", "source"))
    assert (report["runs"], report["failed"], report["failure_values"]) == (3, 1, 1)
    trees = {name: record["features"]["tree"] for name, record in desk.records().items()}
    assert trees["r1"] == {"lr": 0.1, "optimizer": {"name": "adam"}}
    desk.verify()


def test_its_mistakes_are_told_as_the_manual_says(desk, call):
    table_map = _block("yaml", "source").replace("val_loss", "val_los")
    table_map = re.sub(r"map: \{.*?\}", "map: [ok]", table_map)
    table = desk.write("results.csv", _block("csv", "run_id"))
    told = call("import", "table", table, "--map", desk.write("map.yaml", table_map)).err
    for line in _block(
        "console", "$ labrec import table results.csv --map map.yaml\n"
    ).splitlines()[1:]:
        assert line in told


def test_the_manual_lists_every_key():
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", MANUAL, re.MULTILINE)
    assert set(KEYS) <= set(re.findall(r"`(\w+)`", " ".join(listed)))


MAPS = ("autoresearch_h100/map.yaml", "mlperf_tiny/raw.yaml", "mlperf_tiny/summary.yaml")


@pytest.mark.parametrize("path", MAPS)
def test_every_example_is_a_map(path):
    assert (
        {"source", "key", "project"}
        <= set(yaml12.load((EXAMPLES / path).read_bytes()))
        <= set(KEYS)
    )


# --- autoresearch -------------------------------------------------------------------------------


@pytest.fixture
def autoresearch(desk, shared_data, call):
    folder = shared_data("autoresearch_h100")
    table_map = EXAMPLES / "autoresearch_h100" / "map.yaml"
    report = call("import", "table", folder / "results.tsv", "--map", table_map, "--json").json
    with (folder / "results.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    with (folder / "git_log.tsv").open(newline="") as file:
        log = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return report, desk.runs(), rows, log


def test_all_126_experiments_are_there(autoresearch, desk):
    report, runs, rows, _ = autoresearch
    assert (report["rows"], report["runs"], report["new"]) == (126, 126, 126)
    assert report["undated"] == 126
    assert {run.project for run in runs.values()} == {"autoresearch-h100"}
    assert Counter(tag for run in runs.values() for tag in run.tags) == {
        "keep": 23, "discard": 102, "crash": 1
    }  # fmt: skip
    for number, row in enumerate(rows):
        run = runs[row["commit"]]
        assert run.section("lineage")["intent"] == row["description"]
        assert run.section("identity")["origin"]["order"] == number + 2
        if row["status"] != "crash":
            assert run.metrics == {
                "val_bpb": float(row["val_bpb"]), "memory": float(row["memory_gb"])
            }  # fmt: skip
            assert run.status == "complete"
    desk.verify()


def test_the_crash_is_failed_and_wins_nothing(autoresearch, call):
    _, runs, _, _ = autoresearch
    (crash,) = (run for run in runs.values() if run.status == "failed")
    assert (crash.name, crash.metrics) == ("e05a87d", {})
    assert "'0.000000' is declared a failure value" in str(crash.section("capture"))
    best = call("log", "--sort", "metrics.val_bpb", "-n", "1", "--json").json[0]
    assert (best["name"], best["metrics"]["val_bpb"]) == ("438a26e", 0.969686)


def test_the_kept_chain_is_that_of_git(autoresearch):
    _, runs, rows, log = autoresearch
    parent_of = {one["commit"]: one["parents"] for one in log}
    kept = [row["commit"] for row in rows if row["status"] == "keep"]
    assert (len(kept), kept[0]) == (23, "baseline")
    assert runs["baseline"].section("lineage")["parents"] == []
    for before, name in itertools.pairwise(kept):
        (parent,) = runs[name].section("lineage")["parents"]
        assert parent["run_id"] == runs[before].run_id
        (commit,) = (one for one in parent_of if one.startswith(name))
        if before == "baseline":  # what the map claims: the branch begins here, at no row
            assert not any(parent_of[commit].startswith(one) for one in runs)
        else:
            assert parent_of[commit].startswith(before)


def test_what_was_thrown_away_has_a_dangling_parent(autoresearch):
    report, runs, rows, _ = autoresearch
    gone = [row["commit"] for row in rows if row["status"] != "keep"]
    assert len(gone) == report["dangling"] == 103
    for name in gone:
        assert runs[name].section("lineage")["parents"] == [
            {"by": "option", "name": f"{name}^", "run_id": None, "config_digest": None}
        ]


def test_one_pair_of_replicates(autoresearch):
    report, runs, _, _ = autoresearch
    assert report["experiments"] == 125
    pair = [runs["aa8f408"], runs["889dbed"]]
    assert pair[0].config_digest == pair[1].config_digest
    assert pair[1].seeds == {"seed": "137"}
    assert [run.metrics["val_bpb"] for run in pair] == [0.973104, 0.973799]


def test_one_pair_of_replicates_cannot_bound_the_noise(autoresearch, call):
    """What the tables say of it: a crash, dangling parents, and a best that luck may explain."""
    assert call("analyze").code == 0

    def asked(sql):
        return call("query", "--json", sql).json

    crash = asked("SELECT status FROM runs WHERE name = 'e05a87d'")
    assert crash == [{"status": "failed"}]
    dangling = asked("SELECT COUNT(*) AS n FROM edges WHERE kind = 'parent' AND dangling")
    assert dangling == [{"n": 103}]
    best = asked("SELECT * FROM luck WHERE current")
    assert [(row["name"], row["metric"]) for row in best] == [("438a26e", "val_bpb")]
    (row,) = best
    # 126 rows less the baseline and the crash; the one with a second seed was looked at twice
    assert (row["variants"], row["tries"], row["df"]) == (123, 124, 1)
    assert (row["value"], row["gain"]) == (0.969686, 0.028214)
    assert row["sd"] == pytest.approx(abs(0.973799 - 0.973104) / 2**0.5)
    assert row["luck_p"] < 0.05 < row["luck_p_upper"]
    assert row["verdict"] == "cannot be told"
    assert (row["repeats_to_bound"], row["repeats_to_show"]) == (1, 2)
    assert "one replicate pair cannot bound the noise" in row["sentence"]
    assert "Repeat the best and the baseline 2 times each" in row["sentence"]
    assert "2 times each, at least: 1 repeat of each would bound the noise" in row["sentence"]
    assert "which one replicate pair does not promise: the noise may be 16 times" in row["sentence"]


# --- MLPerf Tiny --------------------------------------------------------------------------------

THREE = ("STMicroelectronics", "bosch", "syntiant")


@pytest.fixture
def published(desk, shared_data, call):
    table = shared_data("mlperf_tiny/v1.2/summary.csv")
    table_map = EXAMPLES / "mlperf_tiny" / "summary.yaml"
    report = call("import", "table", table, "--map", table_map, "--json").json
    assert report["projects"] == ["mlperf-tiny-v1.2"]
    with labrec.open() as lab:
        runs = {run.name: run for run in lab.runs("mlperf-tiny-v1.2")}
        for run in runs.values():
            assert run.record
    with table.open(newline="", encoding="utf-8") as file:
        return runs, list(csv.DictReader(file))


def test_the_published_table_comes_back(published, desk):
    runs, rows = published
    assert len(runs) == len(rows) == 73
    for row in rows:
        run = runs[f"{row['SystemDesc']} {row['MlperfModel']}"]
        expected = {"throughput": float(row["Result"])}
        expected["auc" if row["MlperfModel"] == "ad" else "accuracy"] = float(row["Accuracy"])
        if row["HasPower"] == "True":
            expected["energy"] = float(row["Power"])
        assert run.metrics == expected
        hardware = run.section("hardware")
        assert hardware["fields"]["product"]["value"] == row["BoardName"]
        precision = next((one for one in ("int8", "float") if one in row["SystemDesc"]), None)
        assert run.features.get("precision") == precision
    boards = {row["BoardName"] for row in rows}
    assert len({run.section("hardware")["hardware_id"] for run in runs.values()}) >= len(boards)
    desk.verify()


@pytest.fixture
def verdicts(published, call):
    """The rows of `labrec hardware` on the published table, by condition and metric."""
    place = Path("records/mlperf-tiny-v1.2/project.yaml")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes((EXAMPLES / "mlperf_tiny" / "project.yaml").read_bytes())
    for argv in (["add", str(place)], ["commit", "-qm", "Say what it is judged by"]):
        subprocess.run(["git", *argv], check=True)
    rows = call("hardware", "--json").json
    return {(row["condition"], row["metric"]): row for row in rows}


def test_precision_changes_auc_and_speed_and_not_surely_accuracy(published, verdicts):
    _, rows = published
    found = {(row["SystemDesc"], row["MlperfModel"]): row for row in rows}
    pairs = [  # of every board and task that has both, the plain variants
        (float(row[column]), float(found[system.replace("float", "int8"), task][column]), task)
        for (system, task), row in found.items() if system.endswith("float")
        for column in ["Accuracy"]
    ]  # fmt: skip
    for metric, tasks in (("auc", {"ad"}), ("accuracy", {"ic", "kws", "vww"})):
        row = verdicts["precision", metric]
        floats, integers = zip(*((a, b) for a, b, task in pairs if task in tasks), strict=True)
        reference = stats.ttest_rel(integers, floats)
        assert (row["test"], row["n"], row["n_machines"]) == ("paired t", len(floats), 0)
        assert row["p"] == pytest.approx(reference.pvalue, rel=1e-6)
        assert (row["first"], row["last"]) == ("float", "int8")
    assert verdicts["precision", "auc"]["verdict"] == "effect"
    assert verdicts["precision", "auc"]["estimate"] == pytest.approx(-0.0366667, abs=1e-6)
    assert verdicts["precision", "accuracy"]["verdict"] == "inconclusive"
    speed = verdicts["precision", "throughput"]
    assert (speed["verdict"], speed["scale"], speed["n"]) == ("effect", "ratio", 8)
    assert 1.9 < speed["ratio"] < 2.2


def test_boards_differ_in_speed_and_energy_and_never_in_accuracy(verdicts):
    for condition in ("cpu_model", "hardware_id"):
        accuracy = verdicts[condition, "accuracy"]
        assert (accuracy["verdict"], accuracy["p"], accuracy["n"]) == ("constant", None, 3)
        for metric in ("throughput", "energy"):
            row = verdicts[condition, metric]
            assert (row["verdict"], row["claims"], row["counted"]) == (
                "effect",
                "machines",
                "block",
            )
            assert "which machines these were" in row["sentence"]
    energy = verdicts["hardware_id", "energy"]
    assert energy["levels"] == ["NUCLEO-L4R5ZI (7b32610e)", "NUCLEO-U575ZI-Q (63cb603a)"]
    assert verdicts["variant", "throughput"]["verdict"] == "not comparable"
    assert verdicts["precision", ""]["verdict"] == "constant"  # every run is complete


def test_the_manual_says_of_it_what_the_tables_say(verdicts):
    page = (ROOT / "docs" / "hardware-quality.md").read_text()

    def told(row, *columns, digits=3, sign=1.0):
        value, *ends = (sign * row[column] for column in columns)
        low, high = sorted(ends)
        return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"

    own, ratio = ("estimate", "low", "high"), ("ratio", "ratio_low", "ratio_high")
    auc, accuracy = verdicts["precision", "auc"], verdicts["precision", "accuracy"]
    assert f"costs {told(auc, *own, sign=-1)}" in page
    assert f"p = {auc['p_adjusted']:.3f} adjusted" in page
    assert f"+0.34 % {told(accuracy, *own, digits=2).partition(' ')[2]} for int8" in page
    assert (
        f"p = {accuracy['p']:.3f}, {accuracy['p_adjusted']:.3f} adjusted over "
        f"{accuracy['family_size']} comparisons; half of what they could show would take "
        f"{accuracy['n_needed']}" in page
    )
    assert told(verdicts["precision", "throughput"], *ratio, digits=2) in page
    energy = verdicts["hardware_id", "energy"]
    assert f"0.37 [{energy['ratio_low']:.3f}, {energy['ratio_high']:.3f}]" in page
    assert round(energy["ratio"], 2) == 0.37
    speed = verdicts["hardware_id", "throughput"]
    assert (speed["last"][:13], speed["first"][:13]) == ("Renesas RH850", "NUCLEO-H7A3ZI")
    ends = (1 / speed[name] for name in ("ratio", "ratio_high", "ratio_low"))
    assert "{:.1f} [{:.1f}, {:.1f}]".format(*ends) in page


def test_the_raw_text_of_three_submitters_agrees_with_it(published, desk, shared_data, call):
    runs, rows = published
    division = shared_data("mlperf_tiny/v1.2/closed")
    script = EXAMPLES / "mlperf_tiny" / "collect.py"
    done = subprocess.run(
        [sys.executable, script, division, *THREE], capture_output=True, check=True
    )
    table = desk.write("raw.jsonl", done.stdout)
    table_map = EXAMPLES / "mlperf_tiny" / "raw.yaml"
    report = call("import", "table", table, "--map", table_map, "--json").json
    assert report["runs"] == sum(row["Organization"] in THREE for row in rows) > 50
    with labrec.open() as lab:
        raw = {run.name: run for run in lab.runs("mlperf-tiny-raw")}
        for name, run in raw.items():
            for metric in ("throughput", "accuracy", "auc", "energy"):
                assert run.metrics.get(metric) == runs[name].metrics.get(metric), (name, metric)
            points = lab.series(run, "throughput_window")
            assert [point.step for point in points] == [2, 4, 6, 8, 10]
            values = sorted(point.value for point in points)
            assert values[2] == run.metrics["throughput"]  # the median of five
    assert sum("energy_window" in run.metrics for run in raw.values()) == 18
    desk.verify()


def test_a_table_is_made_of_every_round(shared_data):
    for version, least in (("v1.1", 100), ("v1.3", 40)):
        done = subprocess.run(
            [sys.executable, EXAMPLES / "mlperf_tiny" / "collect.py",
             shared_data(f"mlperf_tiny/{version}/closed")],
            capture_output=True, check=True,
        )  # fmt: skip
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(rows) >= least
        assert all(row.get("throughput") for row in rows if row.get("throughput_windows"))
