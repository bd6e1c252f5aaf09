"""Whether something else may have made the difference: date, model or author. ○ No IO.

Where it does, no verdict on the condition can be had from these runs, whatever a test says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from labrec.analytics.stats.association import correlation_ratio, cramers_v

if TYPE_CHECKING:
    from typing import Any

    from labrec.analytics.conditions.layout import Floats, Places

ALIGNED: Final = 0.9
"""Cramér's V or η from which two things are taken as one."""


class Circumstances(NamedTuple):
    """What else the runs of a project differ in; every array has one entry a run.

    Attributes:
        started: When, in seconds; NaN for undated.
        models: Input artifacts as a number; -1 for none.
        authors: Author as a number; -1 for nobody.
    """

    started: Floats
    models: Places
    authors: Places

    def where(self, chosen: Any) -> Circumstances:
        """Return those of some runs."""
        return Circumstances(*(array[chosen] for array in self))


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


def confounding(seen: Circumstances, levels: Places) -> Confounding:
    """Return how far levels go together with date, model and author.

    η of Pearson (1905) for dates, V of Cramér (1946) for classes; that 0.9 is too much is labrec's
    own. Assumes that these are all that could go together with the condition.

    Example:
        Level 0 ran in seconds 0 and 1, level 1 in 10 and 11: η = √(100/101). Each level had a model
        of its own, V = 1; both authors ran both, V = 0.

        >>> import numpy as np
        >>> started, models = np.array([0.0, 1.0, 10.0, 11.0]), np.array([4, 4, 7, 7])
        >>> seen = Circumstances(started, models, authors=np.array([0, 1, 0, 1]))
        >>> found = confounding(seen, np.array([0, 0, 1, 1]))
        >>> round(found.date, 4), found.model, found.author, found.strongest, found.aligned
        (0.995, 1.0, 0.0, 'model', True)

    Args:
        seen: Circumstances of all runs of the compared levels that have the metric, in or out of
            shared blocks.
        levels: Level of each.
    """
    date = None
    if not np.isnan(seen.started).any():
        date = correlation_ratio(levels.tolist(), seen.started.tolist())
    model, author = _aligned(levels, seen.models), _aligned(levels, seen.authors)
    known = {
        name: value
        for name, value in (("date", date), ("model", model), ("author", author))
        if value is not None
    }
    strongest = max(known, key=known.__getitem__, default="")
    return Confounding(date, model, author, strongest, known.get(strongest))


def _aligned(levels: Places, others: Places) -> float | None:
    """Return Cramér's V; None where a class is not known, or where there is one alone."""
    if others.min() < 0 or others.min() == others.max():
        return None
    return cramers_v(levels.tolist(), others.tolist())
