"""Labs with datasets and metric definitions of every kind, as tables."""

from __future__ import annotations

from typing import Any

from tests.site.tables_of import digest, run_id
from tests.site_pages.labs import HOSTILE, Tables

LOSS = {"metric": "loss", "unit": "nat", "direction": "minimize"}
ACCURACY = {"metric": "Val. accuracy's best", "unit": "1", "direction": "maximize"}


def dataset(lab: Tables, name: str, version: str, parent: str | None = None, **row: Any) -> str:
    """Add a dataset version; return its digest."""
    own = digest(f"{lab.project} {name}@{version}")
    given = {
        "unit": "line", "files": 2, "samples": 40213, "distinct": 40190, "bytes": 5_120_331,
        "content": digest(f"content {name}@{version}"), "path": f"records/{lab.project}/{name}",
    }  # fmt: skip
    lab.add("datasets", dataset=name, version=version, digest=own, parent=parent, **given | row)
    return own


def use(lab: Tables, name: str, version: str | None, of: str | None, **row: Any) -> None:
    """Say that runs of the project used a dataset version."""
    given = {"n_runs": 3, "n_experiments": 1, "last_run": run_id(1), "held": of is not None}
    lab.add("dataset_uses", dataset=name, version=version, digest=of, **given | row)


def define(lab: Tables, metric: str, number: int = 1, **row: Any) -> str:
    """Add a definition of a metric; return its digest."""
    own = digest(f"{lab.project} {metric} {number} {row.get('state')}")
    given = {"state": "counts", "aggregation": "last", "source": "scalar", "number": number}
    path = f"records/{lab.project}/metrics/{number}"
    lab.add("metric_definitions", metric=metric, digest=own, path=path, **given | row)
    return own


def goods() -> Tables:
    """Two corpora and a test set, one lost and one unnamed; metrics defined, amended and not."""
    lab = Tables("words")
    lab.experiment("1_base", [2.5, 2.52, 2.48], metric=LOSS, interval=0.05,
                   datasets=["corpus@2026.1", "test@1"])  # fmt: skip
    lab.experiment("2_from_1_deep", [2.2, 2.21], "1_base", metric=LOSS,
                   datasets=["corpus@2026.1", "test@1"])  # fmt: skip
    lab.experiment("3_from_1_eval", [0.5, 0.75], "1_base", metric=ACCURACY, datasets=["web"])
    for row in lab.rows["metrics"]:
        row["counts"] = True
    first = dataset(lab, "corpus", "2026.1", n_projects=1, n_runs=5, n_experiments=2,
                    licence="CC0-1.0", source="a crawl of 2026", author="Ada",
                    description="Words, one a line.")  # fmt: skip
    second = dataset(lab, "corpus", "2026.2", first, parent_called="corpus@2026.1", depth=1)
    dataset(lab, "small", "1", second, parent_called="corpus@2026.2", depth=2, samples=12,
            distinct=12, bytes=140)  # fmt: skip
    dataset(lab, "orphan", "1", digest("gone"))
    test = dataset(lab, "test", "1", n_projects=1, n_runs=5, n_experiments=2)
    use(lab, "corpus", "2026.1", first, owner="words", n_runs=5, n_experiments=2)
    use(lab, "test", "1", test, owner="words", n_runs=5, n_experiments=2)
    use(lab, "web", None, None, n_runs=2)
    use(lab, "mislaid", "3", digest("mislaid"), held=False)
    old = define(lab, "loss", state="amended", unit="nat", direction="minimize")
    define(lab, "loss", 2, unit="nat", direction="minimize", resolution=0.001, margin=0.01,
           aggregation="tail_mean", percent=10.0, amends=[old], n_runs=5, n_missing=1,
           n_other_unit=2, description="Loss of unseen words.")  # fmt: skip
    define(lab, "perplexity", source="expression", computed_from="exp(loss)", unit="1")
    define(lab, "judge", source="entry_point", computed_from="judge.score:rate",
           package="judge 1.2", package_digest=digest("judge"))  # fmt: skip
    for state in ("a", "b"):
        define(lab, "bleu", state="several", description=state)
        lab.rows["metric_definitions"][-1]["digest"] = digest(state)
    lab.add("metrics_missing", run_id=run_id(2), record_digest=digest("words record 2"),
            metric="loss", reason="no points of it", definition=old)  # fmt: skip
    lab.add("reliability", metric="loss", sentence="words: loss: 80 % lies between experiments.")
    return lab


def hostile_goods() -> Tables:
    """Text that tries to be something else in every field of datasets and definitions."""
    lab = Tables("odd-goods")
    for at, text in enumerate(HOSTILE):
        metric = {"metric": text, "unit": text, "direction": "maximize"}
        lab.experiment(text or "x", [1.0 + at], metric=metric, datasets=[f"{text}@{text}"])
        lab.add("datasets", dataset=text, version=text, digest=digest(text), parent=text, unit=text,
                parent_called=text, content=text, licence=text, source=text, description=text,
                author=text, path=text)  # fmt: skip
        use(lab, text, text, text, held=bool(at % 2), owner=text)
        lab.add("metric_definitions", metric=text, digest=digest(text), state=text, unit=text,
                direction=text, aggregation=text, source=text, computed_from=text, package=text,
                package_digest=text, description=text, amends=[text], path=text)  # fmt: skip
        lab.add("metrics_missing", run_id=run_id(at + 1), record_digest=digest(text), metric=text,
                reason=text, definition=text)  # fmt: skip
        lab.add("reliability", metric=text, sentence=text)
    lab.experiment("plain", [1.0], metric={"metric": "--help\n; rm", "unit": "$(id)"})
    lab.experiment("dash", [1.0], metric={"metric": "-rf '$HOME'", "unit": "`id`"})
    return lab
