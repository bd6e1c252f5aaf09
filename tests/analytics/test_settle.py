"""Definitions act: from documents in a lab to values, experiments and tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.labs import made, measured, metric, rows, series_doc
from tests.store.labs import Doc, GitLab, run_doc

from labrec.record import codec
from labrec.record.digest import Digest
from labrec.record.ids import new_run_id
from labrec.record.layout import metric_path, note_path, parse_path, slug_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def definition(name: str, project: str = "mnist", **fields: Any) -> Doc:
    document = {
        "schema": "labrec.metric/1.0",
        "project": project,
        "slug": slug_of(name),
        "name": name,
        "time": "2026-01-02T03:04:05Z",
        "aggregation": {"kind": "last"},
        "source": {"kind": "scalar"},
    }
    data = codec.encode(document | fields)
    return Doc(metric_path(project, slug_of(name), Digest.of(data)), data)


def digest(doc: Doc) -> str:
    return str(Digest.of(doc.data))


def expression(name: str, text: str, **fields: Any) -> Doc:
    return definition(name, source={"kind": "expression", "expression": text}, **fields)


def of(found: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    (row,) = (row for row in found if row["metric"] == name)
    return row


def test_without_definitions_the_value_is_the_last_one(lab: GitLab) -> None:
    lab.add(*measured("a", {"loss": 2.0, "acc": 0.5}))
    found = made(lab)
    for row in rows(found, "metrics"):
        assert row["value"] == row["last"]
        assert (row["source"], row["definition"]) == ("logged", None)
    assert rows(found, "metric_definitions") == []
    assert rows(found, "metrics_missing") == []


def test_a_computed_metric_is_a_metric_like_any_other(lab: GitLab) -> None:
    ppl = expression("ppl", "exp(loss) + 'val acc'", unit="1", direction="minimize")
    lab.add(ppl, *measured("a", {"loss": 0.0, "val acc": 0.5}), *measured("b", {"loss": 1.0}))
    found = made(lab)
    row = of(rows(found, "metrics"), "ppl")
    assert (row["value"], row["unit"], row["direction"]) == (1.5, None, "minimize")
    assert (row["source"], row["definition"], row["count"]) == ("expression", digest(ppl), 0)
    (missing,) = rows(found, "metrics_missing")
    assert (missing["metric"], missing["reason"]) == ("ppl", "no value of 'val acc'")
    experiments = [row for row in rows(found, "experiments") if row["metric"] == "ppl"]
    assert [(row["name"], row["mean"], row["n"], row["unit"]) for row in experiments] == [
        ("a", 1.5, 1, None)
    ]
    (told,) = rows(found, "metric_definitions")
    assert (told["state"], told["n_runs"], told["n_missing"]) == ("counts", 1, 1)
    assert told["computed_from"] == "exp(loss) + 'val acc'"


def test_a_computed_metric_is_compared_with_the_parent(lab: GitLab) -> None:
    ppl = expression("ppl", "loss * 2", unit="1", direction="minimize")
    base = [doc for seed in "12" for doc in measured("1_base", {"loss": 2.0 + int(seed)})]
    child = measured("2_from_1", {"loss": 1.0}, lineage={
        "minor": 0, "parents": [{"by": "name", "name": "1", "run_id": None, "config_digest":
                                 str(Digest.of(b"1_base"))}]})  # fmt: skip
    lab.add(ppl, *base, *child)
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": "key_metrics: [ppl]\n"})
    found = of(rows(made(lab), "contrasts"), "ppl")
    assert (found["estimate"], found["unit"], found["direction"]) == (-5.0, None, "minimize")


def test_aggregation_changes_what_experiments_use(lab: GitLab) -> None:
    series = b"metric,step,time,value\n" + b"".join(
        f"loss,{step},{step}.0,{value}\n".encode() for step, value in enumerate([8, 1, 2, 6])
    )
    stored = series_doc(series)
    ref = {"sha256": Digest.of(stored.data).hex, "size": len(stored.data)}
    summary = metric(6.0, mean=4.25, min=1.0, max=8.0, count=4, direction="minimize")
    run = run_doc(metrics={"minor": 0, "series": ref, "values": {"loss": summary}})
    tail = definition("loss", aggregation={"kind": "tail_mean", "percent": 50})
    lab.add(run, stored, tail)
    found = made(lab)
    assert of(rows(found, "experiments"), "loss")["mean"] == 4.0
    row = of(rows(found, "metrics"), "loss")
    assert (row["value"], row["last"], row["source"]) == (4.0, 6.0, "logged")
    best = definition("loss", aggregation={"kind": "best"}, direction="maximize",
                      amends=[digest(tail)])  # fmt: skip
    lab.add(best)
    found = made(lab)
    assert of(rows(found, "experiments"), "loss")["mean"] == 8.0
    told = rows(found, "metric_definitions")
    assert [(row["number"], row["state"]) for row in told] == [(1, "amended"), (2, "counts")]
    assert [row["n_other_direction"] for row in told] == [0, 1]


def test_points_that_are_not_there_leave_no_value(lab: GitLab) -> None:
    values = {"loss": metric(6.0, count=4)}
    lab.add(
        run_doc(metrics={"minor": 0, "series": None, "values": values}),
        definition("loss", aggregation={"kind": "tail_mean", "percent": 50}),
    )
    found = made(lab)
    row = of(rows(found, "metrics"), "loss")
    assert (row["value"], row["last"]) == (None, 6.0)
    (missing,) = rows(found, "metrics_missing")
    assert missing["reason"] == "the lab holds no points of it"
    assert of(rows(found, "experiments"), "")["n"] == 0


def test_unit_and_direction_win_and_disagreement_is_counted(lab: GitLab) -> None:
    loud = definition("loss", unit="bit", direction="maximize", resolution=0.01, margin=0.1)
    lab.add(*measured("a", {"loss": 2.0}), loud)
    found = made(lab)
    assert of(rows(found, "experiments"), "loss")["direction"] == "maximize"
    assert of(rows(found, "experiments"), "loss")["unit"] == "bit"
    (told,) = rows(found, "metric_definitions")
    assert (told["n_other_unit"], told["n_other_direction"]) == (0, 1)
    assert (told["resolution"], told["margin"]) == (0.01, 0.1)


def test_a_definition_wins_over_project_yaml(lab: GitLab) -> None:
    yaml = "key_metrics:\n  - {name: loss, direction: minimize}\n"
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": yaml})
    lab.add(*measured("a", {"loss": 2.0}))
    assert of(rows(made(lab), "experiments"), "loss")["direction"] == "minimize"
    lab.add(definition("loss", direction="maximize"))
    found = of(rows(made(lab), "experiments"), "loss")
    assert (found["direction"], found["key"]) == ("maximize", True)


def test_definitions_side_by_side_count_for_nothing_and_are_a_problem(lab: GitLab) -> None:
    lab.add(
        *measured("a", {"loss": 2.0}),
        definition("loss", direction="maximize"),
        definition("loss", direction="maximize", margin=0.5),
    )
    found = made(lab)
    assert of(rows(found, "experiments"), "loss")["direction"] == "minimize"
    assert {row["state"] for row in rows(found, "metric_definitions")} == {"several"}
    (problem,) = rows(found, "problems")
    assert "is defined 2 times side by side, and so not at all" in problem["problem"]
    assert found.exit_code == 3


def test_a_definition_of_another_project_says_nothing_here(lab: GitLab) -> None:
    lab.add(*measured("a", {"loss": 2.0}), definition("loss", "other", direction="maximize"))
    assert of(rows(made(lab), "experiments"), "loss")["direction"] == "minimize"


def test_a_function_gives_values_by_evaluations_alone(lab: GitLab) -> None:
    source = {"kind": "entry_point", "entry_point": "os:system", "package": "os", "version": "1",
              "digest": "sha256:" + "0" * 64}  # fmt: skip
    lab.add(*measured("a", {"loss": 2.0}), definition("loss", source=source))
    found = made(lab)
    assert [row["metric"] for row in rows(found, "metrics")] == []
    (missing,) = rows(found, "metrics_missing")
    assert missing["reason"] == "neither the run nor an evaluation names the definition that counts"


def evaluation(run: Doc, **values: Any) -> Doc:
    place = parse_path(run.path)
    note_id = new_run_id()
    subject = {"kind": "run", "id": place.id, "digest": digest(run)}
    document = {
        "schema": "labrec.note/1.0", "note_id": note_id, "project": place.project,
        "kind": "evaluate", "author": {"name": "Ada", "source": "option"},
        "time": "2026-01-03T00:00:00Z", "reason": "", "subject": subject, "after": [],
        "body": {"values": values},
    }  # fmt: skip
    data = codec.encode(document)
    return Doc(note_path(place.project, note_id, Digest.of(data)), data)


def test_an_evaluation_counts_where_it_names_the_definition_and_all_agree(lab: GitLab) -> None:
    source = {"kind": "entry_point", "entry_point": "bleu:score", "package": "bleu", "version": "1",
              "digest": "sha256:" + "0" * 64}  # fmt: skip
    bleu = definition("bleu", source=source, unit="1", direction="maximize")
    run, *more = measured("a", {"loss": 2.0})
    right = {"value": 31.5, "definition": digest(bleu)}
    lab.add(run, *more, bleu, evaluation(run, bleu=right), evaluation(run, bleu={"value": 99.0}))
    found = made(lab)
    row = of(rows(found, "metrics"), "bleu")
    assert (row["value"], row["unit"], row["source"]) == (31.5, None, "evaluated")
    lab.add(evaluation(run, bleu=right))
    assert of(rows(made(lab), "metrics"), "bleu")["value"] == 31.5
    lab.add(evaluation(run, bleu=right | {"value": 31.6}))
    found = made(lab)
    assert [row["reason"] for row in rows(found, "metrics_missing")] == ["its evaluations disagree"]


def test_hostile_definitions_become_text_in_tables(lab: GitLab) -> None:
    odd = "</script><b>\u202e{}%s\x1b[31m"
    lab.add(
        *measured("a", {"loss": 2.0}),
        expression("boom", "__import__('os').system('true')"),
        expression("loop", "loop + 1"),
        definition(odd, description=odd),
    )
    found = made(lab)
    reasons = {row["metric"]: row["reason"] for row in rows(found, "metrics_missing")}
    assert reasons["boom"].startswith("no expression: '(' stands where an operator")
    assert reasons["loop"] == "what it is computed from leads back in a circle"
    assert odd in {row["metric"] for row in rows(found, "metric_definitions")}


def test_composites_reach_the_tables(lab: GitLab) -> None:
    parts = [{"metric": "acc", "weight": 1, "direction": "maximize"},
             {"metric": "loss", "weight": 1, "direction": "minimize"}]  # fmt: skip
    source = {"kind": "composite", "form": "weighted_sum", "parts": parts}
    lab.add(
        *measured("a", {"loss": 2.0, "acc": 5.0}),
        definition("all", source=source, direction="maximize", unit="1"),
    )
    found = made(lab)
    assert of(rows(found, "metrics"), "all")["value"] == 3.0
    (told,) = rows(found, "metric_definitions")
    assert json.loads(told["computed_from"])["parts"][1]["metric"] == "loss"


def test_rows_keep_the_order_of_the_contract(lab: GitLab) -> None:
    docs = [doc for n in range(6) for doc in measured(f"r{n}", {"b": 1.0 + n, "x": 2.0, "d": 3.0})]
    lab.add(*docs, expression("c", "b + 1"), expression("x", "b * 2"), expression("a", "b"))
    found = rows(made(lab), "metrics")
    keys = [(r["project"], r["run_id"], r["record_digest"], r["metric"]) for r in found]
    assert keys == sorted(keys)
    assert [row["metric"] for row in found[:5]] == ["a", "b", "c", "d", "x"]
    assert {row["value"] / (row["count"] or 1) for row in found if row["metric"] == "x"} == {
        2.0 * (1.0 + n) for n in range(6)
    }


@pytest.mark.parametrize("again", [False, True])
def test_tails_are_kept_and_the_same_the_next_time(lab: GitLab, again: bool) -> None:
    lab.add(
        *measured("a", {"loss": 2.0}), definition("loss", aggregation={
            "kind": "tail_mean", "percent": 10})
    )  # fmt: skip
    first = made(lab)
    if again:
        lab.add(*measured("b", {"loss": 3.0}))
        second = made(lab)
        assert [row["value"] for row in rows(second, "metrics")] == [2.0, 3.0]
    assert next(row["value"] for row in rows(first, "metrics")) == 2.0
