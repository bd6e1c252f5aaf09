"""Labs as tables alone: what the pages are made from, without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.site.tables_of import digest, run_id, write

from labrec.citation import Lab
from labrec.errors import NotFoundError
from labrec.site.collect import Site, load

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.reader import RunReader
    from labrec.site.rows import Run
    from labrec.states import States

HOSTILE = [
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "javascript:window.hit=1",
    "{{ 7*7 }}{% raw %}${7}",
    '" onmouseover="window.hit=1',
    "a\u202egnp.exe\u2066",
    "@y",
    "[x](javascript:window.hit=1)",
    "=1+1",
    "日本語 🧪",
]
LOSS = {"metric": "loss", "unit": "nat", "direction": "minimize"}
MACHINE = {
    "hardware_id": digest("h"),
    "machine_id": "m" * 20,
    "cpu_model": "Epyc",
    "memory_bytes": 2**35,
}


class NoRecords:
    """A lab of which only the tables are known."""

    def reader(self, run: Run) -> RunReader:
        raise NotFoundError(f"no record of {run.run_id}")

    def states(self, reader: RunReader, reproduced_by: int) -> States:
        raise AssertionError(reader)


class Tables:
    """Rows of tables, put together experiment by experiment."""

    def __init__(self, project: str = "lm") -> None:
        self.project = project
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.number = 0

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append({"project": self.project} | row)

    def experiment(
        self,
        name: str,
        values: list[float | None],
        parent: str | None = None,
        *,
        interval: float | None = None,
        status: str = "complete",
        metric: dict[str, str] = LOSS,
        **run: Any,
    ) -> str:
        """Add an experiment of a run a value; return its key."""
        key = digest(f"{self.project} {name}")
        for value in values:
            self.number += 1
            record = digest(f"{self.project} record {self.number}")
            facts = {"run_id": run_id(self.number), "record_digest": record}
            self.add("runs", **facts, name=name, experiment=key, status=status, **(MACHINE | run))
            if value is not None:
                self.add("metrics", **facts, **metric, last=value)
            if parent is not None:
                self.add("edges", **facts, experiment=key, kind="parent", source="record",
                         parent=digest(f"{self.project} {parent}"))  # fmt: skip
        known = [value for value in values if value is not None]
        mean = sum(known) / len(known) if known else None
        ends = {"low": mean - interval, "high": mean + interval} if interval and mean else {}
        self.add(
            "experiments", experiment=key, name=name, **(metric if known else {}), key=bool(known),
            n_runs=len(values), n=len(known), mean=mean, level=0.95, n_machines=1,
            parent=digest(f"{self.project} {parent}") if parent else None, **ends,
        )  # fmt: skip
        return key

    def contrast(self, name: str, parent: str, estimate: float, **row: Any) -> None:
        """Add a contrast between two experiments."""
        self.add(
            "contrasts", experiment=digest(f"{self.project} {name}"), name=name,
            parent=digest(f"{self.project} {parent}"), parent_name=parent, estimate=estimate,
            **({"level": 0.95, "family": 12, **LOSS} | row),
        )  # fmt: skip

    def hypothesis(self, slug: str, claim: str, sentence: str, **row: Any) -> None:
        """Add a registered claim with its verdict."""
        given = {"verdict": "proposed", "current": True} | row
        self.add(
            "hypotheses", hypothesis=slug, registration=digest(f"{self.project} {slug}"),
            claim=claim, sentence=sentence, **({"shown": given["verdict"]} | given),
        )  # fmt: skip

    def site(self, folder: Path, **given: Any) -> Site:
        """Write the tables, and read them as a site."""
        write(folder, **self.rows)
        return load(folder, NoRecords(), **({"lab": Lab("A lab"), "view_id": "f" * 40} | given))


def study() -> Tables:
    """A small study: a base, two better, one worse, one open, one failed, one planned."""
    lab = Tables()
    lab.experiment("1_base", [2.5, 2.52, 2.48], interval=0.05)
    lab.experiment("2_from_1_deep", [2.2, 2.21, 2.19], "1_base", interval=0.03)
    lab.experiment("3_from_2_cache", [1.9, 1.91, 1.89], "2_from_1_deep", interval=0.02)
    lab.experiment("4_from_2_wide", [2.4, 2.41, 2.39], "2_from_1_deep", interval=0.02)
    lab.experiment("5_from_3_dropout", [1.9, 1.92, 1.88], "3_from_2_cache", interval=0.05)
    lab.experiment("6_from_3_huge", [None], "3_from_2_cache", status="failed", reason="MemoryError")
    lab.experiment("7_from_3_next", [None], "3_from_2_cache", status="planned")
    paired = {"design": "paired", "n": 3, "n_parent": 3}
    lab.contrast("2_from_1_deep", "1_base", -0.3, low=-0.34, high=-0.26, p_holm=0.002,
                 finding="better", **paired)  # fmt: skip
    lab.contrast("3_from_2_cache", "2_from_1_deep", -0.3, low=-0.32, high=-0.28, p_holm=0.0004,
                 finding="better", **paired)  # fmt: skip
    lab.contrast("4_from_2_wide", "2_from_1_deep", 0.2, low=0.15, high=0.25, p_holm=0.03,
                 finding="worse", design="welch", n=3, n_parent=3)  # fmt: skip
    lab.contrast("5_from_3_dropout", "3_from_2_cache", 0.0, low=-0.05, high=0.05, p_holm=1.0,
                 finding="unclear", **paired)  # fmt: skip
    lab.hypothesis("deeper", "Deeper is better.", "Supported: by 0.3 nat.", verdict="supported")
    lab.hypothesis("old", "An older claim.", "Proposed.", current=False)
    change = {"run_id": run_id(4), "record_digest": digest("lm record 4")}
    lab.add("feature_changes", **change, parent=digest("lm 1_base"), path="model.depth",
            op="update", old="2", new="4")  # fmt: skip
    return lab


def hostile() -> Tables:
    """Record text that tries to be something else, wherever there is text."""
    lab = Tables("odd")
    for at, text in enumerate(HOSTILE):
        metric = {"metric": text, "unit": text, "direction": "maximize"}
        lab.experiment(
            text, [float(at), at + 1.0], HOSTILE[at - 1] if at else None, metric=metric,
            intent=text, outcome=text, reason=text, tags=[text], seeds=text, author=text,
            cpu_model=text, gpu_model=text, hypotheses=[text], machine_id=text, hardware_id=text,
            interval=0.25,
        )  # fmt: skip
        lab.hypothesis(f"odd-{at}", text, text, verdict=text, decided=text, decided_by=text,
                       then=text, changed=True)  # fmt: skip
        if at:
            lab.contrast(text, HOSTILE[at - 1], 1.0, low=0.5, high=1.5, p_holm=0.01, design="paired",
                         finding="better", n=2, n_parent=2, **metric)  # fmt: skip
        facts = {"run_id": run_id(2 * at + 1), "record_digest": digest(f"odd record {2 * at + 1}")}
        lab.add("feature_changes", **facts, parent=digest(f"odd {HOSTILE[at - 1]}"), path=text,
                op="update", old=text, new=text)  # fmt: skip
        lab.add("edges", **facts, experiment=digest(f"odd {text}"), kind="parent", source="record",
                called=f"{text} gone", dangling=True)  # fmt: skip
    return lab
