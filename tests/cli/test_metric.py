"""``labrec metric``: from a definition to a table, in a terminal and as JSON."""

from __future__ import annotations

import importlib

import pytest

DG = "sha256:" + "0123456789abcdef" * 4


def define(call, *argv):
    return call("metric", "define", "--project", "lm", *argv)


def test_a_definition_is_made_once_amended_and_kept(lab_dir, call):
    answer = define(call, "Val. loss (nat)", "--unit", "nat", "--margin", "0.01", "--json")
    assert answer.code == 0
    first = answer.json
    assert (first["slug"], first["number"], first["known"]) == ("val.-loss-nat", 1, False)
    again = define(call, "Val. loss (nat)", "--unit", "nat", "--margin", "0.01")
    assert again.out == f"was defined already: lm/Val. loss (nat) {first['digest']}\n"
    refused = define(call, "Val. loss (nat)", "--unit", "bit")
    assert refused.code == 2
    assert "is defined as something else" in refused.err
    assert "--amend" in refused.err
    second = define(call, "Val. loss (nat)", "--unit", "bit", "--amend", "--json").json
    assert (second["amends"], second["number"]) == ([first["digest"]], 2)
    shown = call("metric", "show", "Val. loss (nat)").out
    for part in ("unit          bit", f"amended, and kept\n  1  {first['digest']}",
                 "nothing is ever equivalent", "version       2"):  # fmt: skip
        assert part in shown
    (row,) = call("metric", "list", "--json").json
    assert row["counts"] == second["digest"]
    assert [one["number"] for one in row["versions"]] == [1, 2]
    assert "Val. loss (nat)" in call("metric", "list").out


def test_runs_are_shown_with_what_their_metrics_mean(lab_dir, call):
    import labrec

    with labrec.run(project="lm", name="1_base") as run:
        for step, value in enumerate((3.0, 2.0, 2.5)):
            run.log_metric("loss", value, step, unit="bit", direction="maximize")
        run.log_metric("acc", 0.5, direction="maximize")
    plain = call("show", "1_base")
    assert "loss  2.5 bit, higher is better  (3 points" in plain.out
    assert call("show", "1_base", "--json").json["defined"] == {}
    assert call("log", "--metric", "loss").out.splitlines()[0].endswith("  loss")
    define(call, "loss", "--unit", "nat", "--direction", "minimize", "--aggregation", "min")
    define(call, "unlogged", "--unit", "s")
    shown = call("show", "1_base").out
    assert "loss  2.5 nat, lower is better (defined; the run says bit; min counts)" in shown
    assert "acc   0.5, higher is better" in shown
    found = call("show", "1_base", "--json").json
    assert set(found["defined"]) == {"loss"}
    assert found["defined"]["loss"]["direction"] == "minimize"
    assert found["record"]["metrics"]["values"]["loss"]["unit"] == "bit"
    listed = call("log", "--metric", "loss", "--metric", "acc").out.splitlines()[0]
    assert "loss (nat, lower is better)" in listed
    assert "acc (" not in listed
    with labrec.run(project="other", name="1_base") as run:
        run.log_metric("loss", 1.0)
    assert "loss (" not in call("log", "--metric", "loss").out  # there nothing defines it


def test_computed_metrics_are_defined_and_shown(lab_dir, call):
    assert define(call, "loss", "--direction", "minimize").code == 0
    answer = define(call, "ppl", "--unit", "1", "--direction", "minimize", "--expression",
                    "exp(loss)")  # fmt: skip
    assert answer.code == 0
    assert "expression    exp(loss)" in call("metric", "show", "ppl").out
    (version,) = call("metric", "show", "ppl", "--json").json["versions"]
    assert version["origin"] == {"kind": "expression", "expression": "exp(loss)"}
    answer = define(call, "all", "--unit", "1", "--direction", "maximize", "--weighted-sum",
                    "--part", "2:maximize=acc", "--part", "=loss", "--part", "0.5=ppl")  # fmt: skip
    assert answer.code == 0
    found = call("metric", "show", "all", "--json").json["versions"][0]["origin"]
    assert found["form"] == "weighted_sum"
    assert [(one["weight"], one["direction"]) for one in found["parts"]] == [
        (2, "maximize"), (1, "minimize"), (0.5, "minimize"),
    ]  # fmt: skip
    assert "part          0.5 × ppl, minimize" in call("metric", "show", "all").out


def test_an_entry_point_is_recorded_and_never_called(lab_dir, call, tmp_path):
    answer = define(call, "bleu", "--entry-point", "os:getcwd", "--package", "scores==2.1",
                    "--digest", DG, "--aggregation", "tail:5")  # fmt: skip
    assert answer.code == 0
    assert "labrec never calls the function" in answer.err
    shown = call("metric", "show", "bleu").out
    assert "os:getcwd: recorded; labrec never calls it" in shown
    assert "scores 2.1" in shown


def test_nothing_that_reads_imports_or_calls_the_function(lab_dir, call, monkeypatch):
    """I5, I10"""
    mark = lab_dir / "called"
    (lab_dir / "trap.py").write_text(f"open({str(mark)!r}, 'w').close()\ndef score(): pass\n")
    monkeypatch.syspath_prepend(str(lab_dir))
    define(call, "trap", "--entry-point", "trap:score", "--package", "trap==1", "--digest", DG)
    define(call, "sum", "--unit", "1", "--expression", "trap + 1")
    assert call("run", "--project", "lm", "--name", "a", "--", "true").code == 0
    for argv in (("metric", "list"), ("metric", "show", "trap"), ("analyze",), ("verify",),
                 ("metric", "evaluate", "a", "trap=1", "--author", "Ada"), ("analyze",)):  # fmt: skip
        assert call(*argv).code == 0, argv
    assert not mark.exists()
    importlib.import_module("trap")  # the trap works
    assert mark.exists()


@pytest.mark.parametrize(
    "name", ["</script>\u202e\x1b[31m{}%s\n", "con", "日本", "-dash", "a" * 900]
)
def test_any_text_names_a_metric_and_steers_nothing(lab_dir, call, name):
    """I5"""
    assert call("metric", "define", "--project", "lm", "--", name).code == 0
    for argv in (
        ("list",),
        ("list", "--json"),
        ("show", "--", name),
        ("show", "--json", "--", name),
    ):
        answer = call("metric", *argv)
        assert answer.code == 0
        assert not {"\x1b", "\u202e"} & set(answer.out + answer.err)
    assert call("verify").code == 0


def test_two_clones_leave_a_quarrel_that_an_amendment_ends(lab_dir, call):
    from labrec.record import codec
    from labrec.record.digest import Digest
    from labrec.record.layout import metric_path
    from labrec.store.additions import Addition
    from labrec.store.lab import Lab

    assert define(call, "loss", "--margin", "0.1").code == 0
    document = {
        "schema": "labrec.metric/1.0", "project": "lm", "slug": "loss", "name": "loss",
        "time": "2026-01-02T03:04:05Z", "margin": 0.5, "aggregation": {"kind": "last"},
        "source": {"kind": "scalar"},
    }  # fmt: skip
    data = codec.encode(document)
    with Lab.open(lab_dir) as lab:
        lab.commit([Addition(metric_path("lm", "loss", Digest.of(data)), data)], "another clone")
    listed = call("metric", "list")
    assert listed.code == 3
    assert "is defined 2 times side by side, and so not at all" in listed.err
    refused = define(call, "loss", "--margin", "0.1")
    assert refused.code == 2
    assert "2 times side by side" in refused.err
    answer = define(call, "loss", "--margin", "0.1", "--amend", "--json")
    assert len(answer.json["amends"]) == 2
    assert call("metric", "list").code == 0
    assert call("verify").code == 0


def test_names_that_look_the_same_lie_side_by_side(lab_dir, call):
    slugs = [
        define(call, name, "--json").json["slug"] for name in ("Val Loss", "val-loss", "val loss")
    ]
    assert slugs[0] == "val-loss"
    assert len(set(slugs)) == 3
    assert [row["name"] for row in call("metric", "list", "--json").json] == [
        "Val Loss", "val loss", "val-loss",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("",), 2, "a metric's name has 1 to 1000 characters"),
        (("m" * 1001,), 2, "1 to 1000 characters"),
        (("x", "--amend"), 2, "nothing is defined of 'x'"),
        (("x", "--direction", "up"), 2, "--direction"),
        (("x", "--margin", "0"), 12, "margin: "),
        (("x", "--margin", "nan"), 12, "NaN"),
        (("x", "--resolution", "-1"), 12, "resolution: "),
        (("x", "--aggregation", "median"), 12, "aggregation.kind"),
        (("x", "--aggregation", "tail:x"), 2, "is no aggregation"),
        (("x", "--aggregation", "tail:0"), 12, "aggregation.percent"),
        (("x", "--aggregation", "best"), 2, "best by which direction"),
        (("x", "--unit", "a\nb"), 12, "unit: "),
        (("x", "--expression", "a +", "--unit", "1"), 12, "no expression: the end stands"),
        (("x", "--expression", "a"), 2, "a computed metric says its unit"),
        (("x", "--expression", "x + 1", "--unit", "1"), 12, "leads back in a circle"),
        (("x", "--expression", "a", "--unit", "1", "--aggregation", "mean"), 2, "no points to aggregate"),
        (("x", "--expression", "a", "--weighted-sum", "--unit", "1"), 2, "exclude one another"),
        (("x", "--weighted-sum", "--unit", "1", "--direction", "maximize"), 2, "a composite has parts"),
        (("x", "--weighted-sum", "--unit", "1", "--part", "1:maximize=a"), 2, "which way is better"),
        (("x", "--part", "1:maximize=a"), 2, "parts of what?"),
        (("x", "--geometric-mean", "--unit", "1", "--direction", "maximize", "--part", "1=a"), 2,
         "which way of 'a' is better?"),
        (("x", "--geometric-mean", "--unit", "1", "--direction", "maximize", "--part", "q:maximize=a"),
         2, "is no weight"),
        (("x", "--geometric-mean", "--unit", "1", "--direction", "maximize", "--part", "-1:maximize=a"),
         12, "weight"),
        (("x", "--geometric-mean", "--unit", "1", "--direction", "maximize", "--part", "a"), 2,
         "is no part"),
        (("x", "--entry-point", "a:b"), 2, "--package NAME==VERSION"),
        (("x", "--entry-point", "a:b", "--package", "a==1"), 2, "--digest sha256"),
        (("x", "--entry-point", "a:b", "--package", "a==1", "--digest", "md5:0"), 12, "digest"),
        (("x", "--entry-point", "a b", "--package", "a==1", "--digest", DG), 12, "entry_point"),
        (("x", "--package", "a==1"), 2, "belongs to an entry point"),
        (("x", "--description", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"), 19, "secrets"),
        (("x", "--author", "a\nb"), 12, "author"),
    ],
)  # fmt: skip
def test_refusals(lab_dir, call, argv, code, says):
    answer = define(call, *argv)
    assert answer.code == code, answer.err
    assert says in answer.err
    assert call("metric", "list", "--json").json == []


def test_an_empty_lab_has_no_metric(lab_dir, call):
    assert "no metric is defined yet" in call("metric", "list").err
    answer = call("metric", "show", "loss")
    assert answer.code == 10
    assert "labrec metric define" in answer.err
    assert call("metric", "list", "--project", "../x").code == 12


@pytest.fixture
def bleu(lab_dir, call):
    define(call, "BLEU", "--entry-point", "scores:bleu", "--package", "scores==2.1", "--digest", DG,
           "--unit", "1", "--direction", "maximize")  # fmt: skip
    assert call("run", "--project", "lm", "--name", "a", "--", "true").code == 0
    return call("log", "--json").json[0]["run_id"]


def test_an_evaluation_names_the_definition_and_reaches_the_tables(bleu, call):
    define(call, "loss")
    answer = call("metric", "evaluate", bleu, "BLEU=31.5", "--author", "Ada", "--json")
    assert answer.code == 0, answer.err
    again = call("metric", "evaluate", bleu, "BLEU=31.5", "--author", "Ada")
    assert again.out.startswith("was said already")
    assert call("verify").code == 0
    sql = "select metric, value, source, unit from metrics"
    (row,) = call("query", sql, "--json").json
    assert row == {"metric": "BLEU", "value": 31.5, "source": "evaluated", "unit": None}
    assert call("metric", "evaluate", bleu, "BLEU=9", "--author", "Eve").code == 0
    assert call("query", sql, "--json").json == []
    (row,) = call("query", "select reason from metrics_missing", "--json").json
    assert row["reason"] == "its evaluations disagree"


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("BLEU",), 2, "is no value of a metric"),
        (("BLEU=x",), 2, "is no value of a metric"),
        (("BLEU=1", "BLEU=2"), 2, "given twice"),
        (("nothing=1",), 10, "no metric 'nothing' is defined"),
        (("loss=1",), 2, "is not found by a function"),
        (("BLEU=1",), 2, "nobody is named"),
    ],
)
def test_what_is_no_evaluation(bleu, call, argv, code, says):
    define(call, "loss")
    answer = call("metric", "evaluate", bleu, *argv)
    assert answer.code == code
    assert says in answer.err
