"""The sentence about a best so far: its gain, what luck explains, and what would tell. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.analytics.plain import cut, machines, unit
from labrec.record.wording import (
    better,
    counted,
    decimals_of,
    fixed,
    number,
    p_value,
    percent,
)

if TYPE_CHECKING:
    from labrec.analytics.trends.luck import Luck

_BEGIN = 3  # repeats to begin with, where nothing is known of the noise


def sentence(row: Luck) -> str:
    """Return what is to be said of a best so far, as plain text.

    Args:
        row: The row of the table `luck`.
    """
    parts = [_gain(row), _chance(row), _verdict(row), _left(row), _origin(row)]
    return " ".join(part for part in parts if part)


def _gain(row: Luck) -> str:
    decimals = decimals_of(row.sd) if row.sd else None
    said = unit(row.unit)
    where = f" on {cut(row.datasets)}" if row.datasets else ""
    have = "has" if row.current else "had"
    way = "lower" if row.direction == "minimize" else "higher"
    runs = f"{counted(row.n, 'run')} against {row.n_baseline}"
    limit = f" ({runs}, {machines(row.n_machines)})"
    if row.low is not None:
        limit = (
            f" ({percent(row.level)} lower limit over all tries {number(row.low, 2)}{said};"
            f" {runs}, {machines(row.n_machines)})"
        )
    return (
        f"{cut(row.project)}: {cut(row.name)} {have} the best {cut(row.metric)} so far{where} "
        f"({better(row.direction)}), {fixed(row.value, decimals)}{said}, {way} than "
        f"{cut(row.baseline_name)} by {fixed(row.gain, decimals)}{said}{limit}."
    )


def _chance(row: Luck) -> str:
    tries = f"It is the best of {counted(row.tries, 'try', 'tries')}"
    if row.luck is None or row.sd is None:
        return f"{tries} since then."
    said = unit(row.unit)
    return (
        f"{tries}, and the luckiest of so many gains {number(row.luck, 2)}{said} by chance alone "
        f"({percent(row.sd_level)} interval {number(row.luck_low, 2)} to "
        f"{number(row.luck_high, 2)}, from a noise of {number(row.sd, 2)} known from "
        f"{counted(row.df, 'degree')} of freedom). Chance gains as much with {p_value(row.luck_p)} "
        f"(many-to-one test), {p_value(row.luck_p_upper)} at the upper end of the noise; "
        f"adjusted over {row.family} best so far (closed test) {p_value(row.p_adjusted)}."
    )


def _verdict(row: Luck) -> str:
    if row.verdict == "beyond luck":
        return "Beyond luck."
    if row.verdict == "deterministic":
        return (
            f"Repeats of {counted(row.df + 1, 'run')} or fewer gave equal values: as far as they "
            "show, nothing here is left to chance."
        )
    if row.sd is None:
        return (
            "Cannot be told: no experiment was repeated, so the noise is unknown. Repeat the best "
            f"and the baseline, {_BEGIN} times each to begin with."
        )
    return f"Cannot be told: {_why(row)}. {_repeat(row)}"


def _why(row: Luck) -> str:
    if row.repeats_to_bound is None:
        return "the luckiest of so many tries may well gain as much"
    known = "one replicate pair" if row.df == 1 else f"{row.df} degrees of freedom"
    return f"{known} cannot bound the noise, which may be as large as {number(row.sd_high, 2)}"


def _repeat(row: Luck) -> str:
    said = []
    if row.repeats_to_bound is not None:
        said.append(
            f"{counted(row.repeats_to_bound, 'repeat')} of each would bound the noise, if its "
            f"estimate stays where it is{_hardly(row)}"
        )
    if row.repeats_to_show is not None:
        said.append(
            f"{counted(row.repeats_to_show, 'repeat')} of each, compared without the runs that were"
            " chosen, would show the gain by themselves (power 0.8)"
        )
    if not said:
        return "Once luck is taken off nothing is left of the gain that repeats could show."
    times = max(row.repeats_to_bound or 0, row.repeats_to_show or 0)
    least = ", at least" if row.weak else ""
    return (
        f"Repeat the best and the baseline {counted(times, 'time')} each{least}: {'; '.join(said)}."
    )


def _hardly(row: Luck) -> str:
    """Say how little a few degrees of freedom promise of an estimate of noise."""
    if not row.weak or row.sd_high is None or not row.sd:
        return ""
    known = "one replicate pair does" if row.df == 1 else f"{row.df} degrees of freedom do"
    times = number(row.sd_high / row.sd, 2)
    return (
        f", which {known} not promise: the noise may be {times} times its estimate, and then it "
        "takes more"
    )


def _left(row: Luck) -> str:
    if row.shrunken is None or row.shrunken_gain is None or row.sd is None:
        return ""
    decimals = decimals_of(row.sd)
    return (
        f"Less what luck gave it, the best is worth {fixed(row.shrunken, decimals)}"
        f"{unit(row.unit)} (better than the baseline by {fixed(row.shrunken_gain, decimals)})."
    )


def _origin(row: Luck) -> str:
    """Say that it was found by looking, and the strongest thing that is not known."""
    if row.sd is None:
        return "Post hoc."
    if row.weak:
        return f"Post hoc; not known: the noise, beyond {counted(row.df, 'degree')} of freedom."
    if row.n == 1:
        return "Post hoc; not known: whether the best holds when it is run again."
    return "Post hoc; not known: whether it holds elsewhere than where it was found."
