"""Whatever records and registrations hold, there are rows, and never an error."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.evidence.study import Study

from labrec.analytics.evidence.rows import rows

VALUES = st.one_of(
    st.floats(width=64),
    st.sampled_from([0.0, 1.0, 1.0, 1e308, -1e308, 5e-324, 1e-300, float("nan"), float("inf")]),
)
RUNS = st.lists(
    st.tuples(
        st.sampled_from(["base", "new", "newer", "other"]),
        VALUES,
        st.sampled_from(["complete", "complete", "complete", "failed", "interrupted", "planned"]),
        st.sampled_from(["counts", "counts", "counts", "retracted", "forked", "superseded"]),
        st.sampled_from([None, "1", "2", "3", "4"]),
        st.sampled_from(["start", "start", "later", "none"]),
        st.sampled_from([None, "base", "new", "gone"]),
        st.sampled_from([None, "s", "ms"]),
    ),
    max_size=14,
)
CLAIMS = st.fixed_dictionaries(
    {
        "planned_n": st.integers(1, 5),
        "alpha": st.sampled_from([0.05, 0.2, 0.5, 0.999, 1e-20, 5e-324]),
        "test": st.sampled_from(["welch", "paired", "\x1b[31m"]),
        "decision": st.sampled_from(["all", "any"]),
        "direction": st.sampled_from(["maximize", "minimize"]),
        "delta": st.sampled_from([0.0, 0.5, 1e308]),
        "family": st.sampled_from([None, "f"]),
        "selector": st.sampled_from([{}, {"a": 1}]),
        "baseline": st.sampled_from(
            [{"kind": kind, "name": None} for kind in ("parent", "root", "best")]
            + [{"kind": "named", "name": "base"}]
        ),
    }
)


@settings(max_examples=200, deadline=None)
@given(RUNS, CLAIMS, st.integers(0, 14))
def test_there_is_always_a_row(runs: list[Any], fields: dict[str, Any], known: int) -> None:
    study = Study()
    claim = None
    for place, (name, value, status, standing, seeds, link, parent, unit) in enumerate(runs):
        if place == known or (place == 0 and known >= len(runs)):
            claim = study.register(**fields)
        links = {"link": claim} if link == "start" else {"later": claim} if link == "later" else {}
        study.run(
            name, value, **links, status=status, standing=standing, seeds=seeds, parent=parent,
            unit=unit,
        )  # fmt: skip
    if claim is None:
        claim = study.register(**fields)
    found = {table.name: list(of) for table, of in rows(study.seen())}
    assert len(found["hypotheses"]) == 1


def test_sixty_looks_are_looks() -> None:
    study = Study()
    claim = study.register(planned_n=62, looks=list(range(2, 63)))
    study.baseline([float(n % 7) for n in range(62)])
    study.treatment([float(n % 7) for n in range(62)], claim)
    (found,) = study.judged()
    assert len(found.case.trial.reached) == 61
    assert found.ruling.verdict == "inconclusive"
