"""What an error of the operating system means for a record: cause, what was kept, what to do."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from labrec.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Free some space, then run labrec recover."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, then run labrec recover."),
    errno.EROFS: ("the file system is read-only", "Make it writable, then run labrec recover."),
    errno.EIO: ("the disk fails", "Check the disk; labrec verify says what is intact."),
    errno.EACCES: ("permission is denied", "Whose files are these? labrec doctor says."),
    errno.EPERM: ("permission is denied", "Whose files are these? labrec doctor says."),
}


def storage_error(error: OSError, place: Path) -> StorageError:
    """Return what an error of the operating system means for a record."""
    cause, hint = _CAUSES.get(
        error.errno or 0, (error.strerror or str(error), "Run labrec recover when it is mended.")
    )
    return StorageError(
        f"cannot write to {place}: {cause}",
        hint=hint,
        paths=[error.filename if isinstance(error.filename, str) else place],
        kept="nothing recorded before was changed; the run stays a sealed spool",
    )
