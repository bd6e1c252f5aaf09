"""Staging files without touching what else is staged; only ``labrec init`` does it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from labrec.errors import BusyError, StorageError
from labrec.gitio import command
from labrec.gitio.changes import without_filters
from labrec.gitio.objects import MODE_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.gitio.repository import GitRepository


def stage(repository: GitRepository, blobs: Mapping[str, str]) -> None:
    """Stage plain files by their blobs.

    Args:
        repository: Whose index it is.
        blobs: Blob by path.

    Raises:
        BusyError: Another git command holds the index.
        StorageError: The index cannot be written.
    """
    if not command.available():
        _stage_by_dulwich(repository, blobs)
        return
    # Without a refresh, which would read files that are none of ours; writing the index may read
    # those that were touched in the same moment all the same, so no filter may run.
    rows = "".join(f"{MODE_FILE:o} {sha}\t{path}\0" for path, sha in blobs.items())
    try:
        command.run_git(
            repository,
            ["update-index", "-z", "--index-info"],
            data=rows.encode(),
            options=without_filters(repository),
        )
    except command.GitFailedError as error:
        if "index.lock" in error.stderr:
            lock = repository.git_dir / "index.lock"
            raise BusyError(
                f"{lock} is held by another git command",
                hint="Run git add for the new files when it has finished.",
                paths=[lock],
            ) from error
        raise StorageError(str(error), paths=[repository.git_dir / "index"]) from error


def _stage_by_dulwich(repository: GitRepository, blobs: Mapping[str, str]) -> None:
    from dulwich.index import Index, index_entry_from_path  # no git command line here
    from dulwich.objects import ObjectID

    index = Index(os.fspath(repository.git_dir / "index"))
    for path, sha in blobs.items():
        name = os.fsencode(repository.worktree or "") + b"/" + path.encode()
        entry = index_entry_from_path(name)
        if entry is not None:
            entry.sha = ObjectID(sha.encode())
            index[path.encode()] = entry
    index.write()
