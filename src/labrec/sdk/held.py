"""Objects that a run counted on and the record ref holds no more: found elsewhere, or not at all.

It takes a ref that was moved back or deleted by hand, or another base, between the start of a run
and its end. A record never refers to what is not there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.errors import LabrecError
from labrec.record.digest import Digest
from labrec.record.layout import object_path
from labrec.store.blobs import read_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.store.lab import Lab
    from labrec.store.view import View

_NAME = re.compile(rb'"sha256": ?"([0-9a-f]{64})"')
_LARGEST = 200_000_000  # bytes of one object; the largest file that a code manifest may hold


def find_held(lab: Lab, names: Iterable[str]) -> tuple[dict[str, bytes], frozenset[str]]:
    """Look for objects in the whole lab, with all that they name.

    Args:
        lab: The lab: its base and every record ref.
        names: sha256, 64 hex digits each.

    Returns:
        The bytes by path of what was found, and the names of which something is missing.
    """
    view = lab.view()
    found: dict[str, bytes] = {}
    gone = set()
    for name in sorted(names):
        whole = _with_all(view, name)
        if whole is None:
            gone.add(name)
        else:
            found |= whole
    return found, frozenset(gone)


def _with_all(view: View, name: str) -> dict[str, bytes] | None:
    """Return an object and what it names, by path; None where some of it is missing."""
    whole: dict[str, bytes] = {}
    todo = [name]
    while todo:
        digest = Digest(todo.pop())
        path = object_path(digest)
        if path in whole:
            continue
        try:
            data = read_object(view, digest, limit=_LARGEST)
        except LabrecError:
            return None
        whole[path] = data
        if data[:1] == b"{":
            todo += [below.decode() for below in _NAME.findall(data)]
    return whole
