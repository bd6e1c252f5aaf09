"""A verdict in words, with everything it rests on. Plain text, made of a row of the table. ○ No IO.

Each holds estimate and unit, interval and level, how many experiments and machines, the test, the
family with the adjusted p, registered or post hoc, and the strongest thing that is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.record.wording import counted, estimate, listed, number, p_value, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS: Final = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_MANY_MISSING = 0.2  # of the runs: then what they would have shown is what matters most
_SHORT = 60  # characters of a name in a sentence
_EFFECTS = frozenset({"effect", "effect (below δ)"})
_OBSERVED = {
    "block": "blocks", "machine": "machines", "run": "runs", "pair of runs": "pairs of runs",
}  # fmt: skip


def sentence(row: Mapping[str, Any]) -> str:
    """Return the sentence of a comparison.

    Args:
        row: Its columns by name, all but the sentence.
    """
    if row["verdict"] == "not comparable":
        return f"Not comparable: {_subject(row)}: {row['reason']}."
    parts = [f"{_head(row)}: {_finding(row)}.", _basis(row)]
    if row["verdict"] == "inconclusive":
        parts.append(_it_would_take(row))
    parts.append(f"Not known: {row['unknown']}.")
    return " ".join(part for part in parts if part)


def unknown(row: Mapping[str, Any]) -> str:
    """Return the strongest thing that a comparison leaves unknown.

    Args:
        row: Its columns by name.
    """
    condition, missing = _short(row["condition"]), row["n_missing"]
    if row["verdict"] == "confounded":
        return f"whether {condition} or the {row['aligned_with']} made the difference"
    if missing > _MANY_MISSING * (row["n_runs"] + missing):
        return _missing(missing)
    if row["claims"] == "machines":
        if not row["machines_per_level"]:
            return "which machines these were, and whether others of their kind differ likewise"
        return f"whether other machines of the same {condition} differ likewise"
    return _missing(missing) if missing else _beyond(row)


def _missing(count: int) -> str:
    return f"what {counted(count, 'run')} without a value would have shown"


def _beyond(row: Mapping[str, Any]) -> str:
    """Return what is not known where nothing is missing and machines are not the claim."""
    if row["claims"] == "condition" and row["n_machines"] <= 1:
        one = row["n_machines"] == 1
        return "whether it is so on another machine" if one else "which machines these were"
    if row["margin"] is None and row["role"] != "completion":
        return "how large a difference would matter, as no margin is defined"
    if row["date_eta"] is None:
        return "whether the date made a difference, as runs are undated or of one time"
    return f"whether it holds beyond {_these(row)}"


# --- parts ------------------------------------------------------------------------------------


def _head(row: Mapping[str, Any]) -> str:
    verdict = row["verdict"]
    among = ""
    if row["claims"] == "machines":
        among = f" {'on' if verdict == 'constant' else 'between'} {_machines(row)}"
    elif row["claims"] == "models":
        among = f" between models by {_short(row['condition'])}"
    delta = ""
    if row["margin"] is not None:
        delta = f"δ = {_amount(row, row['margin'])} (from the {row['margin_from']})"
    return {
        "confounded": "Confounded",
        "constant": f"Constant{among}",
        "effect (below δ)": f"Effect{among}, but below {delta}",
        "effect": f"Effect{among}",
        "no effect larger than δ": f"No effect larger than {delta}{among}",
        "inconclusive": f"Inconclusive{among}, no effect is shown",
    }[verdict]


def _finding(row: Mapping[str, Any]) -> str:
    """Return the estimate with its unit and interval."""
    if row["verdict"] == "constant":
        return _constant(row)
    if row["role"] == "completion":
        text = _shares(row)
    elif not row["first"]:
        value, low, high = estimate(row["estimate"], row["low"], row["high"])
        text = (
            f"{_short(row['metric'])} and {_short(row['condition'])} have a rank correlation of "
            f"{value}{_between(row, low, high)}"
        )
    elif row["verdict"] in _EFFECTS and _several(row) and _open(row) and row["low"] is not None:
        return _not_all_alike(row)
    elif row["scale"] == "ratio":
        text = f"{_where(row)} by a factor of {_factor(row)}, that is by {_difference(row)}"
    else:
        text = f"{_where(row)} by {_difference(row)}"
    if row["verdict"] == "confounded":
        return f"{text}; but {row['reason']}"
    if row["verdict"] in _EFFECTS and _several(row) and _open(row):
        return f"{text}; between these two alone no effect is shown"
    return text


def _not_all_alike(row: Mapping[str, Any]) -> str:
    """Return what an effect over several levels says where their furthest pair does not show it.

    The test is of all levels at once; that it finds something does not say between which two. So
    the estimate of the furthest pair, which is the largest of many, does not stand first.
    """
    value, low, high = estimate(row["estimate"], row["low"], row["high"])
    unit = _unit(row)
    ends, seen = f"from {low} to {high}{unit}", f"{value}{unit}"
    if row["scale"] == "ratio":
        factor, least, most = (number(row[key], 3) for key in ("ratio", "ratio_low", "ratio_high"))
        ends = f"from a factor of {least} to one of {most}, that is {ends}"
        seen = f"a factor of {factor}, {seen}"
    condition, metric = _short(row["condition"]), _short(row["metric"])
    return (
        f"the {len(row['levels'])} levels of {condition} are not all alike in {metric}. Furthest "
        f"apart are {_label(row['first'])} and {_label(row['last'])}, but between these two alone "
        f"no effect is shown: with {_label(row['last'])} instead of {_label(row['first'])} it may "
        f"be anything {ends} ({percent(row['level'])} interval for all pairs together; estimated "
        f"{seen})"
    )


def _where(row: Mapping[str, Any]) -> str:
    """Return ``with int8 instead of float (precision) accuracy differs``."""
    levels = f"with {_label(row['last'])} instead of {_label(row['first'])}"
    metric, condition = _short(row["metric"]), _short(row["condition"])
    differs = "is estimated to differ" if row["verdict"] == "inconclusive" else "differs"
    if _several(row):
        return f"of {len(row['levels'])} levels of {condition}, {metric} {differs} most {levels}:"
    return f"{levels} ({condition}), {metric} {differs}"


def _difference(row: Mapping[str, Any]) -> str:
    value, low, high = estimate(row["estimate"], row["low"], row["high"])
    return f"{value}{_unit(row)}{_between(row, low, high)}"


def _factor(row: Mapping[str, Any]) -> str:
    value, low, high = (number(row[key], 3) for key in ("ratio", "ratio_low", "ratio_high"))
    return f"{value} [{low}, {high}]" if row["ratio_low"] is not None else value


def _open(row: Mapping[str, Any]) -> bool:
    """Say whether the interval of the pair that differs most holds no difference."""
    low, high, none = row["low"], row["high"], 0
    if row["scale"] == "ratio":
        low, high, none = row["ratio_low"], row["ratio_high"], 1
    return low is None or high is None or low <= none <= high


def _between(row: Mapping[str, Any], low: str, high: str) -> str:
    if row["low"] is None:
        return " (no interval)"
    pairs = " for all pairs together" if _several(row) else ""
    return f" [{low}, {high}] ({percent(row['level'])} interval{pairs})"


def _shares(row: Mapping[str, Any]) -> str:
    first, last = (percent(row[key]) for key in ("mean_first", "mean_last"))
    levels = f"{_label(row['last'])} {last}, with {_label(row['first'])} {first}"
    most = f"of {len(row['levels'])} levels of {_short(row['condition'])}" if _several(row) else ""
    points = number(row["estimate"] * 100, 3)
    name = f"{most}, with" if most else "with"
    return f"{name} {levels} of the runs are complete: a difference of {points} percentage points"


def _constant(row: Mapping[str, Any]) -> str:
    condition, metric = _short(row["condition"]), _short(row["metric"])
    levels = f"all {len(row['levels'])} levels of {condition}"
    if len(row["levels"]) == 2:  # noqa: PLR2004 - two have names
        levels = f"{_label(row['first'])} and {_label(row['last'])} ({condition})"
    if row["role"] == "completion":
        return f"under {levels} {'every' if row['mean_first'] else 'no'} run is complete"
    if not row["first"]:
        return f"{metric} is the same whatever the {condition}"
    where = f"in all {row['n_runs']} runs"
    if row["counted"] in {"block", "pair of runs"}:
        where = f"in each of {row['n']} {_OBSERVED[row['counted']]}"
    if row["estimate"] == 0:
        return f"{metric} is the same under {levels}, {where}"
    return (
        f"{_where(row)} by {number(row['estimate'])}{_unit(row)} {where}, without any spread: "
        "there is nothing to test, and no interval"
    )


def _basis(row: Mapping[str, Any]) -> str:
    """Return what the finding rests on: counts, test, family, when it was planned."""
    machines = counted(row["n_machines"], "machine") if row["n_machines"] else "unnamed machines"
    text = f"From {counted(row['n_experiments'], 'experiment')} on {machines}"
    if row["p"] is not None:
        n = f" of {row['n']} {_OBSERVED[row['counted']]}"
        n += "" if row["counted"] in {"block", "pair of runs"} else " a level"
        text += f": {row['test']}{n}, {p_value(row['p'])}"
        text += (
            f", {p_value(row['p_adjusted'])} by Holm over {row['family_size']} "
            f"{_short(row['family'])}"
        )
    if row["equivalence_p_adjusted"] is not None:
        text += f"; equivalence within ± δ {p_value(row['equivalence_p_adjusted'])}"
    text += f"; {row['planned']}."
    if row["aliases"]:
        text += f" The same runs differ in {listed([_short(name) for name in row['aliases']])}."
    return text


def _it_would_take(row: Mapping[str, Any]) -> str:
    """Return what so many observations could have shown, and how many it would take."""
    if row["n_needed_for"] is None:
        return ""
    what = _OBSERVED[row["counted"]]
    each = "" if row["counted"] in {"block", "pair of runs"} else " of each level"
    wanted = "half of that"
    if not row["first"]:
        seen = f"a correlation of {number(row['detectable'], 2)}"
    elif row["role"] == "completion":
        seen = f"{number(row['detectable'] * 100, 2)} percentage points"
    elif row["scale"] == "ratio":
        seen = f"a factor of {number(row['detectable'], 3)}"
        wanted = f"one of {number(row['n_needed_for'], 3)}"
    else:
        seen = f"a difference of {_amount(row, row['detectable'], 2)}"
    if row["margin"] is not None:
        wanted = f"δ = {_amount(row, row['n_needed_for'])}"
    n = f"{row['n_needed']:,}" if row["n_needed"] is not None else "more than ten million"
    return f"{row['n']:,} {what}{each} would show {seen} with power 0.8; {wanted} would take {n}."


# --- words ------------------------------------------------------------------------------------


def _subject(row: Mapping[str, Any]) -> str:
    metric = _short(row["metric"]) or "completion"
    return f"{metric} under {_short(row['condition'])}"


def _machines(row: Mapping[str, Any]) -> str:
    count = max(row["n_machines"], len(row["levels"]))
    return f"these {_WORDS.get(count, count)} machines"


def _these(row: Mapping[str, Any]) -> str:
    if row["counted"] is None or not row["n"]:
        return "these runs"
    return f"these {row['n']} {_OBSERVED[row['counted']]}"


def _several(row: Mapping[str, Any]) -> bool:
    return len(row["levels"]) > 2 and row["scope"] == "all"  # noqa: PLR2004 - more than a pair


def _amount(row: Mapping[str, Any], value: float, digits: int = 4) -> str:
    return f"{number(value, digits)}{_unit(row)}"


def _unit(row: Mapping[str, Any]) -> str:
    return f" {_short(row['unit'])}" if row["unit"] not in {None, "", "1"} else ""


def _label(text: str) -> str:
    return _short(text) if text else "an empty text"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"
