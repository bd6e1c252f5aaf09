"""Whether something else may have made the difference: date, model or author. ○ No IO.

Where it does, no verdict on the condition can be had from these runs, whatever a test says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.conditions.blocks import model_of
from labrec.analytics.stats.association import correlation_ratio, cramers_v

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.run import Run

ALIGNED: Final = 0.9
"""Cramér's V or η from which two things are taken as one."""


class Confounding(NamedTuple):
    """How far a condition goes together with date, model and author.

    Attributes:
        date: η of the start times by level; None where a run is undated.
        model: Cramér's V of level and input artifacts; None where none or one is known.
        author: Cramér's V of level and author; None where one is not named, or all are one.
        strongest: Which of them is the strongest; empty where none is known.
        value: How strong.
    """

    date: float | None
    model: float | None
    author: float | None
    strongest: str
    value: float | None

    @property
    def aligned(self) -> bool:
        """Whether the condition cannot be told from something else."""
        return self.value is not None and self.value >= ALIGNED


def confounding(runs: Sequence[Run], levels: Sequence[int]) -> Confounding:
    """Return how far levels go together with date, model and author.

    Args:
        runs: All runs of the compared levels that have the metric, in or out of shared blocks.
        levels: Level of each.
    """
    started = [run.started.timestamp() for run in runs if run.started is not None]
    date = correlation_ratio(levels, started) if len(started) == len(runs) else None
    models = [model_of(run) for run in runs]
    model = cramers_v(levels, models) if all(models) else None
    authors = [run.author for run in runs]
    author = cramers_v(levels, authors) if all(authors) else None
    known = {
        name: value
        for name, value in (("date", date), ("model", model), ("author", author))
        if value is not None
    }
    strongest = max(known, key=known.__getitem__, default="")
    return Confounding(date, model, author, strongest, known.get(strongest))
