"""How numbers and counts are worded for people. Values in, text out.

Text made here is plain: it is escaped where it is shown. Numbers carry a real minus sign; the CSV
beside a figure carries the exact value.
"""

from __future__ import annotations

import math
from typing import Final

from labrec.record.text import size as size_text

MISSING: Final = "—"
"""Stands where there is no value."""

_DIGITS = 4  # significant digits of a number on its own
_LARGEST, _SMALLEST = 1e6, 1e-4  # beyond these a power of ten is easier to read
_MOST_DECIMALS = 10
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: float | None, digits: int = _DIGITS) -> str:
    """Return a number for reading: ``0.9697``, ``12,400``, ``1.2×10⁻⁵``, ``NaN``, ``∞``, ``—``.

    Args:
        value: The number; None = there is none.
        digits: Significant digits, >= 1.
    """
    if value is None:
        return MISSING
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if isinstance(value, int) and abs(value) < _LARGEST:
        return _signed(f"{value:,}")
    if not _SMALLEST <= abs(value) < _LARGEST:
        return _scientific(value, digits)
    decimals = min(_MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return _signed(text.rstrip("0").rstrip(".") if "." in text else text)


def decimals_of(spread: float) -> int | None:
    """Return how many decimals a value with this uncertainty deserves: two digits of it.

    Args:
        spread: Half the width of an interval, in the value's unit.

    Returns:
        0 to 10; None where the uncertainty says nothing (zero, not finite) or is out of scale.
    """
    if not math.isfinite(spread) or not 1e-9 <= spread < _LARGEST:  # noqa: PLR2004 - 10 decimals
        return None
    return min(_MOST_DECIMALS, max(0, 1 - math.floor(math.log10(spread))))


def fixed(value: float | None, decimals: int | None) -> str:
    """Return a number with so many decimals, or as `number` does where None are known."""
    if value is None or decimals is None or not math.isfinite(value) or abs(value) >= _LARGEST:
        return number(value)
    return _signed(f"{value:,.{decimals}f}")


def estimate(value: float, low: float | None, high: float | None) -> tuple[str, str, str]:
    """Return a value and the ends of its interval, each with the decimals that it deserves.

    Args:
        value: The estimate.
        low: Lower end; None = no interval.
        high: Upper end.
    """
    if low is None or high is None:
        return number(value), MISSING, MISSING
    decimals = decimals_of((high - low) / 2)
    return fixed(value, decimals), fixed(low, decimals), fixed(high, decimals)


def p_value(value: float | None) -> str:
    """Return a p-value with its sign: ``p = 0.012``, ``p < 0.001``."""
    if value is None or math.isnan(value):
        return f"p {MISSING}"
    if value < 0.001:  # noqa: PLR2004 - smaller ones rest on the tail of a distribution
        return "p < 0.001"
    if value > 0.995:  # noqa: PLR2004 - would round to 1, which no test can find
        return "p > 0.99"
    return f"p = {value:.2f}" if value >= 0.1 else f"p = {value:.3f}"  # noqa: PLR2004 - 2 digits


def counted(count: int, one: str, many: str = "") -> str:
    """Return ``1 run``, ``3 runs``.

    Args:
        count: How many.
        one: The word for one.
        many: The word for several; empty = with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """Return a share of one as ``95 %``, which no line break parts."""
    return f"{number(share * 100, 3)}\N{NO-BREAK SPACE}%"


def duration(seconds: float | None) -> str:
    """Return a duration: ``0.4 s``, ``3 min 12 s``, ``5 h 02 min``, ``3 d 4 h``."""
    if seconds is None:
        return MISSING
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def size(count: int | None) -> str:
    """Return a length in bytes with a decimal prefix."""
    return MISSING if count is None else size_text(count)


def accelerators(gpus: object) -> str | None:
    """Return the fact ``gpus`` of a hardware section in words.

    Args:
        gpus: Its value, as anybody may have written it.

    Returns:
        ``NVIDIA H200, 150.8 GB, driver 580.159.04``, or with a semicolon between two; ``none``
        where the list is empty; None where it is no list of named devices.
    """
    if not isinstance(gpus, list):
        return None
    told = []
    for gpu in gpus:
        if not isinstance(gpu, dict) or not isinstance(gpu.get("name"), str):
            return None
        memory, driver = gpu.get("memory"), gpu.get("driver")
        parts = [gpu["name"]]
        parts += [size(memory)] if type(memory) is int and memory >= 0 else []
        parts += [f"driver {driver}"] * isinstance(driver, str)
        parts += ["in MIG mode"] * (gpu.get("mig") is True)
        told.append(", ".join(parts))
    return "; ".join(told) or "none"


def better(direction: str | None) -> str:
    """Return which way a metric is better: ``lower is better``; empty where neither is."""
    return {"minimize": "lower is better", "maximize": "higher is better"}.get(direction or "", "")


def arrow(direction: str | None) -> str:
    """Return the same as one sign: ``↓``, ``↑`` or nothing."""
    return {"minimize": "↓", "maximize": "↑"}.get(direction or "", "")


def listed(items: list[str], word: str = "and") -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def _signed(text: str) -> str:
    return text.replace("-", "−")


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _scientific(value: float, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return _signed(mantissa) + "×10" + str(int(exponent)).translate(_SUPERSCRIPT)
