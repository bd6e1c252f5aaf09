"""What metrics mean: defined, logged, computed, evaluated, asked for."""

from __future__ import annotations

SCRIPT = """
import labrec
with labrec.run("lm", "base") as run:
    for step, loss in enumerate([4.0, 2.0, 1.0, 3.0]):
        run.log_metric("Val. loss", loss, step)
    run.define_metric("BLEU", %r)
    run.log_metric("BLEU", 31.5)
    run.log_metric("ROUGE", 12.0)
"""


def test_from_definitions_to_the_tables(lab):
    def define(*argv):
        return lab.labrec("metric", "define", "--project", "lm", *argv, "--json").json["digest"]

    digest = "sha256:" + "0" * 64
    function = ("--package", "scores==2.1", "--digest", digest)
    loss = define("Val. loss", "--unit", "nat", "--direction", "minimize", "--aggregation", "tail:50",
                  "--margin", "0.01")  # fmt: skip
    define("ppl", "--unit", "1", "--direction", "minimize", "--expression", "2 ** 'Val. loss'")
    bleu = define("BLEU", "--entry-point", "scores:bleu", *function)
    define("ROUGE", "--entry-point", "scores:rouge", *function)
    lab.python(SCRIPT % bleu)
    record = lab.last()
    assert record["metrics"]["minor"] == 1
    assert record["metrics"]["values"]["BLEU"]["definition"] == bleu
    assert "definition" not in record["metrics"]["values"]["ROUGE"]
    lab.labrec("verify")
    sql = "SELECT metric, value, source, unit, definition FROM metrics ORDER BY metric"
    rows = {row["metric"]: row for row in lab.labrec("query", sql, "--json").json}
    assert {name: (row["value"], row["source"]) for name, row in rows.items()} == {
        "BLEU": (31.5, "logged"), "Val. loss": (2.0, "logged"), "ppl": (4.0, "expression"),
    }  # fmt: skip
    assert (rows["Val. loss"]["unit"], rows["Val. loss"]["definition"]) == ("nat", loss)
    missing = lab.labrec("query", "SELECT metric, reason FROM metrics_missing", "--json").json
    assert missing == [
        {"metric": "ROUGE",
         "reason": "neither the run nor an evaluation names the definition that counts"}
    ]  # fmt: skip
    lab.labrec("metric", "evaluate", "base", "ROUGE=12", "--author", "Ada")
    sql = "SELECT name, mean FROM experiments WHERE metric = 'ROUGE'"
    assert lab.labrec("query", sql, "--json").json == [{"name": "base", "mean": 12.0}]


def test_what_is_no_digest_costs_no_run(lab):
    lab.python(SCRIPT % "no digest")
    record = lab.last()
    assert record["metrics"]["values"]["BLEU"]["definition"] is None
    events = [event["what"] for event in record["capture"]["events"]]
    assert "definition of metric BLEU" in events
    lab.labrec("verify")
