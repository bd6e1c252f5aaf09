"""Claims as rows of tables: one of each verdict, with runs, units, notes and an amended version."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests.site.tables_of import START, digest, run_id
from tests.site_pages.labs import HOSTILE, LOSS, Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

VERDICTS = ("supported", "refuted", "inconclusive", "suggestive", "testing", "proposed")
CLAIMED = {"direction": "minimize", "metric": "loss", "unit": "nat"}


def claims() -> Tables:
    """A project with a claim of each verdict; ``deeper`` with all that a page can show of it."""
    lab = Tables("claims")
    lab.experiment("1_base", [2.5, 2.52, 2.48], interval=0.05)
    lab.experiment("2_deep", [2.2, 2.21, None], "1_base", interval=0.05)
    lab.experiment("3_deeper", [2.6], "1_base")
    for name, at in zip(("1_base", "2_deep", "3_deeper"), (0, 10, 20), strict=True):
        for row in lab.rows["runs"]:
            if row["name"] == name:
                row["started"] = START + dt.timedelta(hours=at + 1 + len(name))
    for row in lab.rows["metrics"]:
        row["value"] = row["last"]
    for at, verdict in enumerate(VERDICTS):
        slug = "deeper" if verdict == "supported" else f"{verdict}-one"
        family = {"family": "size", "family_size": 2} if at < 2 else {}
        register(lab, slug, verdict, order=at + 1, **family)
    deeper(lab)
    return lab


def register(lab: Tables, slug: str, verdict: str, version: str = "", **row: Any) -> str:
    """Add a registration; return its digest."""
    registration = digest(f"{lab.project} {slug}{version}")
    given = {
        "current": True, "registered_at": START, "author": "Ada", "claim": f"The claim of {slug}.",
        "why": "the interval says so", "sentence": f"{verdict.capitalize()}: in a sentence.",
        "registered": "preregistered", "attested": "self-attested", "test": "welch",
        "decision": "all", "baseline": "named", "baseline_name": "1_base", "selector": "{}",
        "alpha": 0.05, "planned_n": 2, "looks": ["1", "2"], "verdict_lab": verdict,
        "verdict": verdict, "shown": verdict, "threshold": 0.0, **CLAIMED,
    } | row  # fmt: skip
    lab.add("hypotheses", hypothesis=slug, registration=registration, **given)
    return registration


def deeper(lab: Tables, slug: str = "deeper") -> None:
    """Fill the claim ``deeper``: its numbers, runs, units, notes, and the version it amends."""
    row = next(row for row in lab.rows["hypotheses"] if row["hypothesis"] == slug)
    row |= {
        "score": 5.0, "full": 2, "look": 2, "look_n": 2, "delta": 0.1, "falsification": "No gain.",
        "selector": '{"depth": 8}', "amends": digest(f"{lab.project} {slug}old"), "n_start": 5,
        "then": "inconclusive", "changed": True, "then_text": "View x. Then it was open.",
        "decided": "refuted", "decided_by": "Bo", "overridden": True, "shown": "refuted",
    }  # fmt: skip
    register(lab, slug, "testing", "old", current=False, order=0, claim="The older words.",
             registered_at=START - dt.timedelta(days=1))  # fmt: skip
    mine = {"hypothesis": slug, "registration": row["registration"]}
    lab.add(
        "hypothesis_metrics", **mine, **CLAIMED, delta=0.1, leads=True, method="welch",
        n_runs_treatment=3, n_treatment=2, n_runs_baseline=2, n_baseline=2, estimate=0.3, low=0.2,
        high=0.4, level=0.9, p_support=0.004, p_refute=0.99, g=1.5, g_low=0.5, g_high=2.5,
        missing_treatment=1 / 3, missing_baseline=0.0, p_missing=0.4, bound_low=0.1,
        bound_high=0.35, power_seen=0.9, power_low=0.5, needed_n=7, needed_effect=0.1,
        exploratory_estimate=-0.1, n_exploratory=1,
    )  # fmt: skip
    for name, kind, normalized, contribution in (
        ("2_deep", "confirmatory", 8.0, 6.0),
        ("3_deeper", "confirmatory", -2.0, -1.0),
        ("3_deeper", "exploratory", -2.0, -1.0),
    ):
        unit(lab, mine, name, kind=kind, normalized_delta=normalized, contribution=contribution)
    for number, row in enumerate(lab.rows["runs"][:7], start=1):
        part = "baseline" if row["name"] == "1_base" else "treatment"
        place = {"place": (number - 1) % 3 + 1} if row["name"] != "3_deeper" else {}
        lab.add("evidence_runs", **mine, run_id=row["run_id"], record_digest=row["record_digest"],
                experiment=row["experiment"], part=part, kind="confirmatory",
                status=row["status"], why="Linked when it started.", **place)  # fmt: skip
    note(lab, "decide", slug, "refuted", "Bo", reason="Two labs found it.", number=1)
    note(lab, "verdict", slug, "inconclusive", "Ada", number=2)
    note(lab, "object", "n" * 8 + "1", "Which labs?", "Cy", number=3, subject_kind="note")


def unit(lab: Tables, mine: dict[str, str], name: str, **row: Any) -> None:
    """Add a unit of a claim."""
    lab.add(
        "evidence_units", **mine, **{
            "experiment": digest(f"{lab.project} {name}"), "name": name, "metric": "loss",
            "n_runs": 3, "n": 2, "n_baseline": 2, "mean": 2.2, "mean_baseline": 2.5, "delta": 0.3,
            "scale": 0.03, "scale_df": 3, "weak": True, "weight": 1.0, "c_status": 1.0,
            "c_tail": 0.9, "c_replication": 0.67, "c_reruns": 0.5, "c_capture": 0.8,
            "confidence": 0.75, "deductions": ["no commit"], "unit": "nat",
        } | row,
    )  # fmt: skip


def note(
    lab: Tables, kind: str, subject: str, text: str, author: str, *, number: int,
    subject_kind: str = "hypothesis", reason: str = "",
) -> None:  # fmt: skip
    """Add a note about a claim, or about another note."""
    lab.add("notes", note_id="n" * 8 + str(number), kind=kind, subject_kind=subject_kind,
            subject=subject, heard=True, time=START + dt.timedelta(days=number), author=author,
            reason=reason, text=text)  # fmt: skip


def hostile_claims(texts: Sequence[str] = HOSTILE) -> Tables:
    """A claim whose every text tries to be something else."""
    lab = Tables("odd-claims")
    odd = {"metric": texts[0], "unit": texts[1]}
    lab.experiment(texts[2], [1.0, 2.0], metric=LOSS | odd)
    for at, text in enumerate(texts):
        register(
            lab, f"odd-{at}", text, order=at, claim=text, why=text, sentence=text, author=text,
            falsification=text, baseline_name=text, selector=text, family=text, then=text,
            then_text=text, decided=text, decided_by=text, verdict_lab=text, test=text, side=text,
            registered=text, attested=text, looks=[text], score=1.0, changed=True, **odd,
        )  # fmt: skip
        mine = {"hypothesis": f"odd-{at}", "registration": digest(f"odd-claims odd-{at}")}
        lab.add("hypothesis_metrics", **mine, **(CLAIMED | odd), estimate=1.0, low=0.5, high=1.5,
                level=0.9, method=text, leads=True)  # fmt: skip
        lab.add("evidence_units", **mine, experiment=digest("odd-claims x"), name=text, **odd,
                kind="confirmatory", normalized_delta=1.0, contribution=1.0, deductions=[text],
                confidence=1.0, weight=1.0)  # fmt: skip
        lab.add("evidence_runs", **mine, run_id=run_id(1), record_digest=lab.rows["runs"][0][
            "record_digest"], part=text, kind=text, place=1, status=text, why=text)  # fmt: skip
        note(lab, "object", f"odd-{at}", text, text, number=at, reason=text)
    lab.rows["runs"][0]["started"] = START
    return lab
