"""What an earlier analysis found is used again, and only where nothing that it rests on changed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import made, measured, note_doc
from tests.analytics.test_analyze import bytes_of, family
from tests.analytics.test_settle import definition

from labrec.analytics import experiments, known, replicates, summaries
from labrec.analytics.experiments import said_of
from labrec.record.layout import parse_path
from labrec.store import proven
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.labs import Doc, GitLab


@pytest.fixture
def summed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs each experiment had that was summed up."""
    calls: list[int] = []

    def sum_up(runs: list[object], metrics: list[str]) -> object:
        calls.append(len(runs))
        return replicates.sum_up(runs, metrics)  # type: ignore[arg-type]

    monkeypatch.setattr(summaries, "sum_up", sum_up)
    return calls


def fresh(lab: GitLab, folder: Path) -> dict[str, bytes]:
    """The tables as a clone would make them that has analysed nothing before."""
    shutil.rmtree(lab.git_dir / "labrec" / "cache", ignore_errors=True)
    return bytes_of(made(lab, folder).folder)


def test_only_experiments_with_new_runs_are_summed_again(
    lab: GitLab, summed: list[int], tmp_path: Path
) -> None:
    family(lab)
    made(lab)
    assert sorted(summed) == [3, 4]
    summed.clear()
    lab.add(*measured("9_from_8", {"loss": 0.75}))
    again = bytes_of(made(lab).folder)
    assert summed == [4]
    assert fresh(lab, tmp_path / "fresh") == again


def test_a_fork_elsewhere_makes_an_experiment_count_anew(lab: GitLab, tmp_path: Path) -> None:
    first, *_ = family(lab)
    before = bytes_of(made(lab).folder)
    # a second record of the run, with another configuration: no record of the experiment changed
    lab.add(*measured("other", {"loss": 3.0}, run_id=parse_path(first.path).id))
    after = bytes_of(made(lab).folder)
    assert after["contrasts.parquet"] != before["contrasts.parquet"]
    assert fresh(lab, tmp_path / "fresh") == after


def test_whatever_changes_the_tables_are_those_of_a_fresh_cache(
    lab: GitLab, tmp_path: Path
) -> None:
    docs = family(lab)
    base, child = (next(d for d in docs if name in d.data) for name in (b"8_base", b"9_from_8"))
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": b"{}\n"})  # no key metrics named
    both = ("8_base", "9_from_8")
    steps: list[list[Doc]] = [
        measured("8_base", {"loss": 7.0}),  # the baseline
        measured("9_from_8", {"loss": 0.25}),  # what is compared with it
        # a second metric, which is a key metric only once a run gives it a direction
        [d for one in both for d in measured(one, {"loss": 1, "acc": 0.5}, direction=None)],
        measured("z_new", {"loss": 0.125, "acc": 0.25}),
        [note_doc("retract", child)],
        [note_doc("rename", base, name="8_old")],
        [definition("loss", direction="maximize", unit="1")],
        measured("8_base", {"loss": 0.5}, identity={"status": "failed"}),
    ]
    made(lab)
    seen = set()
    for number, step in enumerate(steps):
        lab.add(*step)
        kept = bytes_of(made(lab).folder)
        seen.add(kept["contrasts.parquet"] + kept["experiments.parquet"])
        cache = lab.git_dir / "labrec" / "cache"
        aside = cache.rename(cache.with_name("aside"))
        assert bytes_of(made(lab, tmp_path / str(number)).folder) == kept, number
        shutil.rmtree(cache)
        aside.rename(cache)
    assert len(seen) == len(steps)


def test_a_note_makes_everything_count_anew(lab: GitLab, summed: list[int], tmp_path: Path) -> None:
    docs = family(lab)
    before = bytes_of(made(lab).folder)
    summed.clear()
    lab.add(note_doc("retract", docs[0]))
    after = bytes_of(made(lab).folder)
    assert len(summed) == 2
    assert after["contrasts.parquet"] != before["contrasts.parquet"]
    assert fresh(lab, tmp_path / "fresh") == after


def test_a_definition_makes_everything_count_anew(lab: GitLab, summed: list[int]) -> None:
    family(lab)
    made(lab)
    summed.clear()
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": b"key_metrics: [x]\n"})
    made(lab)
    assert len(summed) == 2


def test_other_code_uses_nothing_of_it(
    lab: GitLab, summed: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    family(lab)
    made(lab)
    summed.clear()
    monkeypatch.setattr(known.sources, "digest", lambda *patterns: "another version")
    made(lab, tmp_path / "other")
    assert len(summed) == 2


def test_what_is_damaged_is_made_again(lab: GitLab, summed: list[int], tmp_path: Path) -> None:
    family(lab)
    whole = bytes_of(made(lab).folder)
    for name in ("sums", "contrasts"):
        with Lab.open(lab.path) as opened:
            path = known.path_of(opened.view(), name)
        assert path is not None
        assert proven.read(path) is not None
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    summed.clear()
    assert bytes_of(made(lab, tmp_path / "again").folder) == whole
    assert len(summed) == 2


def test_a_key_names_project_records_standing_and_basis() -> None:
    keys = {
        experiments.key_of("p", [said_of("a", "counts")], ""),
        experiments.key_of("q", [said_of("a", "counts")], ""),
        experiments.key_of("p", [said_of("a", "counts")], "notes"),
        experiments.key_of("p", [said_of("b", "counts")], ""),
        experiments.key_of("p", [said_of("a", "forked")], ""),
        experiments.key_of("p", [said_of("a", "counts")] * 2, ""),
    }
    assert len(keys) == 6
