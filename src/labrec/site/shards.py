"""Data for scripts in files of their own, which a page loads as it needs them. ○ No IO.

A browser that shows a file from the disk may load scripts and fetch nothing. So each is a script
that hands over one value: a *part* of a page as JSON that may stand in a script, or a *shard* of
which there are many large ones: JSON, packed, as text that cannot be anything else in a script.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.figure import finite, for_script, handed_over

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._/-]*", re.ASCII)


def shard(name: str, value: Any) -> bytes:
    """Return the script that hands a value over.

    Args:
        name: What the value is asked for by: ``[a-z0-9._/-]+``.
        value: Plain values; mappings with keys of ours alone, for a script reads them.

    Raises:
        ValueError: The name is none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name of a shard: {name!r:.80}")
    try:
        text = _json(value)
    except ValueError:  # rare, as in `for_script`
        text = _json(finite(value))
    packed = base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()
    return f'(self.labrecShards=self.labrecShards||[]).push(["{name}","{packed}"]);\n'.encode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def part(name: str, value: Any) -> bytes:
    """Return the script that hands over a part of a page; ``part`` of ``columns.js`` asks for it.

    Args:
        name: What the value is asked for by: ``[a-z0-9._/-]+``, unique in the page.
        value: Plain values; mappings with keys of ours alone, for a script reads them.

    Raises:
        ValueError: The name is none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name of a part: {name!r:.80}")
    return handed_over(name, for_script(value))


def unpacked(data: bytes) -> tuple[str, Any]:
    """Return name and value of a shard, as a script sees them.

    Raises:
        ValueError: It is none.
    """
    found = re.fullmatch(rb'\(self\.labrecShards=[^"]*"([^"]+)","([^"]+)"\]\);\n', data)
    if found is None:
        raise ValueError("no shard")
    return found[1].decode(), json.loads(gzip.decompress(base64.b64decode(found[2])))


def by_last_digits(run_ids: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return run ids by their last two digits, which are random: at most 256 groups of one size."""
    groups: dict[str, list[str]] = {}
    for run_id in sorted(run_ids):
        groups.setdefault(run_id[-2:], []).append(run_id)
    return groups
