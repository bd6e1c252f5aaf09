"""What ``labrec log`` lists, and that its summaries say what the records say."""

from __future__ import annotations

from typing import NamedTuple

import pytest

import labrec
from labrec.cli.log import short_ids
from labrec.cli.selection import lookup, summarised
from labrec.store.summaries import METRICS, summaries


@pytest.fixture
def runs(lab_dir):
    with labrec.run(project="p", name="1_base", features={"lr": 1}, tags=["a", "b"]) as few:
        few.log_metric("loss", 0.5)
        few.log_metric("nan", float("nan"))
        few.log_metric("big", float("inf"))
    with labrec.run(project="p", name="2_from_1_many", seed=3) as many:
        for number in range(METRICS + 2):
            many.log_metric(f"m{number}.max", number)
            many.log_metric(f"m{number}", -number)
    return few, many


def test_a_summary_answers_as_the_record_does(runs):
    keys = ["project", "run_id", "name", "status", "started", "ended", "duration_s", "author",
            "tags", "features.lr", "seeds.seed", "metrics.none", "metrics.loss",
            "metrics.loss.max", "metrics.loss.last", "metrics.nan", "metrics.big",
            *(f"metrics.m{n}{part}" for n in range(METRICS + 2)
              for part in ("", ".max", ".max.max", ".mean"))]  # fmt: skip
    answered = 0
    with labrec.open() as lab:
        for row in summaries(lab.view):
            for key in keys:
                known, value = summarised(row, key)
                answered += known
                if known:
                    assert repr(value) == repr(lookup(lab.run(row.run_id), key)), key
    assert answered > 30


def test_parents_found_by_name_are_listed(runs, call):
    few, many = runs
    child, base = call("log", "--json").json
    assert (child["run_id"], base["run_id"]) == (many.run_id, few.run_id)
    (parent,) = child["parents"]
    assert parent["name"] == "1"
    assert parent["config_digest"] == base["config_digest"]
    assert base["parents"] == []


def test_conditions_and_order_use_both_summary_and_record(runs, call):
    def names(*argv):
        return [row["name"] for row in call("log", "--json", *argv).json]

    assert names("--where", "metrics.loss<1", "--where", "features.lr=1") == ["1_base"]
    assert names("--where", "metrics.m9=-9") == ["2_from_1_many"]
    assert names("--where", "metrics.m9!=-9") == ["1_base"]
    assert names("--where", "tags~*b*") == ["1_base"]
    assert names("--where", "metrics.big>1e300") == ["1_base"]
    assert names("--sort", "metrics.m9") == ["2_from_1_many", "1_base"]
    assert names("--sort=-name", "-n", "1") == ["2_from_1_many"]


def test_a_condition_on_a_summary_reads_no_record(runs, call, monkeypatch):
    from labrec import reader

    assert len(call("log", "--json").json) == 2

    def refuse(*_):
        raise AssertionError("a record was read")

    monkeypatch.setattr(reader, "RunReader", refuse)
    answer = call("log", "--where", "metrics.loss<1", "--where", "metrics.nan!=0", "--sort=name")
    # the second run has more metrics than a summary holds, so that its record is asked
    assert answer.code == 1
    assert call("log", "--where", "status=complete", "--sort", "duration_s").code == 0
    assert call("log", "--where", "name=1_base", "--where", "metrics.loss<1").code == 0


class Row(NamedTuple):
    run_id: str


def test_short_ids_are_unique_and_no_longer_than_needed():
    ids = ["0199a4c2-0000-7000-8000-000000000001", "0199a4c2-0000-7000-8000-000000000002",
           "0199a4c2-0001-7000-8000-000000000003"]  # fmt: skip
    short = short_ids(map(Row, [*ids, ids[0]]))  # type: ignore[arg-type] - a fork lists one twice
    assert list(short.values()) == [ids[0], ids[1], "0199a4c2-0001"]


def test_a_listed_id_means_one_run_also_where_the_list_leaves_others_out(runs, call, monkeypatch):
    from labrec.sdk import start

    made = iter(["0199a4c2-0000-7000-8000-000000000001", "0199a4c2-0000-7000-8000-000000000002"])
    monkeypatch.setattr(start, "new_run_id", lambda: next(made))
    for name in ("one", "other"):
        with labrec.run(project="p", name=name):
            pass
    listed = call("log", "--name", "other").out.splitlines()[1].split()[0]
    assert call("show", listed, "--json").json["record"]["identity"]["name"] == "other"


def test_what_is_said_to_be_recorded_names_one_run(runs, call):
    done = call("run", "-v", "--", "true")
    (named,) = [word for word in done.err.split() if word.startswith("lab/")]
    assert call("show", named).code == 0
    assert len(named.removeprefix("lab/")) == 36
