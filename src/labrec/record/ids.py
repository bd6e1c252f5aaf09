"""Run and note ids: UUIDv7 (RFC 9562), lower case, known before the run starts.

Made here rather than by a package: the layout is one line of RFC 9562 section 5.7, and the
standard ``uuid`` module alone costs more to import than a tenth of the start-up budget.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from typing import TYPE_CHECKING, Any, Final

from labrec.errors import InvalidError

if TYPE_CHECKING:
    from datetime import datetime

_ID = re.compile(
    r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII
)
# A path has four digits for the year: the last millisecond of the year 9999.
LATEST_MS: Final = 253_402_300_799_999


def _compose(ms: int, high: int, low: int) -> str:
    """Lay out 48 bits of milliseconds, 12 and 62 bits of content (RFC 9562, section 5.7)."""
    text = f"{(ms << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_run_id() -> str:
    """Return a new id: UUIDv7 of now, lower-case canonical text.

    The twelve bits after the milliseconds carry the fraction of the millisecond (RFC 9562,
    section 6.2, method 3), so ids made one after the other sort in that order to about a quarter
    of a microsecond; the last 62 bits are random.
    """
    ns = time.time_ns()
    ms, rest = divmod(max(ns, 0), 1_000_000)
    low = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return _compose(min(ms, LATEST_MS), rest * 4096 // 1_000_000, low)


def parse_id(text: object) -> str:
    """Return the id as it is when it is a UUIDv7 in lower-case canonical text.

    Raises:
        InvalidError: It is not, or its time lies after the year 9999.
    """
    if isinstance(text, str) and _ID.fullmatch(text) and id_ms(text) <= LATEST_MS:
        return text
    raise InvalidError(
        f"not a run id: {text!r:.80}", hint="an id is a UUIDv7 in lower case, 36 characters"
    )


def id_ms(run_id: str) -> int:
    """Return the time of a valid id in milliseconds since 1970-01-01T00:00:00Z."""
    return int(run_id[:8] + run_id[9:13], 16)


def id_time(run_id: str) -> datetime:
    """Return the time of an id, UTC, to the millisecond.

    Raises:
        InvalidError: It is not an id.
    """
    from datetime import UTC, datetime, timedelta  # what names a path needs only the date

    ms = id_ms(parse_id(run_id))
    # in whole milliseconds: a float of seconds would round
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def id_date(run_id: str) -> tuple[int, int, int]:
    """Return year, month and day (UTC) of an id.

    Raises:
        InvalidError: It is not an id.
    """
    found = time.gmtime(id_ms(parse_id(run_id)) // 1000)
    return found.tm_year, found.tm_mon, found.tm_mday


def imported_run_id(start_ms: int | None, origin_key: str, payload: Any) -> str:
    """Return the id of a run that another tool recorded: the same input gives the same id.

    The 74 content bits are the first 74 bits of
    ``sha256(UTF-8(origin_key) + NUL + RFC 8785(payload))``: 12 before and 62 after the variant.

    Args:
        start_ms: When the run started, milliseconds since 1970 (0 <= start_ms <= year 9999); None
            when undated, which counts as 0.
        origin_key: Names the run where it came from; no NUL.
        payload: The mapped JSON value.

    Raises:
        InvalidError: The time is out of range, the key holds a NUL, or the payload is no JSON.
    """
    from labrec.record.codec import canonical  # importing is seldom, recording is not

    ms = 0 if start_ms is None else start_ms
    if not 0 <= ms <= LATEST_MS:
        raise InvalidError(f"start of an imported run out of range: {ms} ms")
    if "\x00" in origin_key:
        raise InvalidError("the key of an imported run must not hold a NUL")
    try:
        key = origin_key.encode()
    except UnicodeEncodeError as error:
        raise InvalidError("the key of an imported run is not Unicode text") from error
    found = hashlib.sha256(key + b"\x00" + canonical(payload)).digest()
    bits = int.from_bytes(found[:10], "big") >> 6
    return _compose(ms, bits >> 62, bits & ((1 << 62) - 1))
