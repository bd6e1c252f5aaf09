"""What an error of the operating system means for a record: cause, what was kept, what to do."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from labrec.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Free some space, then {retry}."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, then {retry}."),
    errno.EROFS: ("the file system is read-only", "Make it writable, then {retry}."),
    errno.EIO: ("the disk fails", "Check the disk; labrec verify says what is intact."),
    errno.EACCES: ("permission is denied", "Whose files are these? labrec doctor says."),
    errno.EPERM: ("permission is denied", "Whose files are these? labrec doctor says."),
}


def storage_error(
    error: OSError,
    place: Path,
    *,
    retry: str = "run labrec recover",
    kept: str = "nothing recorded before was changed; the run stays a sealed spool",
) -> StorageError:
    """Return what an error of the operating system means for a record.

    Args:
        error: What happened.
        place: Where something was to be written.
        retry: What the user does when the cause is gone.
        kept: What was saved in spite of it.
    """
    cause, hint = _CAUSES.get(
        error.errno or 0, (error.strerror or str(error), "When it is mended, {retry}.")
    )
    return StorageError(
        f"cannot write to {place}: {cause}",
        hint=hint.format(retry=retry),
        paths=[error.filename if isinstance(error.filename, str) else place],
        kept=kept,
    )
