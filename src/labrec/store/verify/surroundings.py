"""What stands beside git's objects and can make git itself tell another story.

Replace refs, grafts and alternates are never followed here; that they exist is reported. Files
derived from the objects (commit graph, multi-pack index, bitmaps) carry checksums of their own.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from labrec.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.gitio.repository import GitRepository
    from labrec.store.verify.report import Findings

_CHUNK = 1 << 20
_TRAILER = 20
_DERIVED = (
    "info/commit-graph",
    "info/commit-graphs/*.graph",
    "pack/multi-pack-index*",
    "pack/*.bitmap",
    "pack/*.rev",
)


def check_surroundings(git: GitRepository, findings: Findings) -> dict[str, str]:
    """Report grafts, alternates and damaged derived files.

    Returns:
        The objects that replace refs stand for: replaced id to the ref.
    """
    grafts = git.common_dir / "info" / "grafts"
    if _text(grafts):
        findings.add(16, "graft", "info/grafts", "grafts give commits other parents")
    alternates = git.common_dir / "objects" / "info" / "alternates"
    for line in _text(alternates).splitlines():
        message = f"objects may be borrowed from {line}: they were not looked at"
        hint = "`git repack -ad` makes this repository complete by itself."
        findings.add(0, "alternate", "objects/info/alternates", message, hint)
    for path in _derived(git.common_dir / "objects"):
        if not _sums_up(path):
            hint = "Delete it: git writes it anew from the objects."
            message = "its checksum does not match its bytes"
            findings.add(14, "damaged", str(path.relative_to(git.common_dir)), message, hint)
    try:
        replaced = git.refs("refs/replace/")
    except IntegrityError as error:
        findings.add(14, "damaged", "refs/replace", error.message)
        return {}
    return {ref.rpartition("/")[2]: ref for ref in replaced}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _derived(objects: Path) -> Iterator[Path]:
    for pattern in _DERIVED:
        yield from sorted(objects.glob(pattern))


def _sums_up(path: Path) -> bool:
    """Tell whether a file ends in the sha1 of what comes before."""
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with path.open("rb") as file:
            left = path.stat().st_size - _TRAILER
            while left > 0:
                piece = file.read(min(_CHUNK, left))
                if not piece:
                    break
                digest.update(piece)
                left -= len(piece)
            return left == 0 and file.read() == digest.digest()
    except FileNotFoundError:
        return True  # git replaced it meanwhile
