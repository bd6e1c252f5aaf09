"""The git command line, where it is there: one function, a deadline, nothing of the user's run.

No hook, filter, text conversion, external diff, pager, fsmonitor, credential prompt or optional
lock: asking git a question must neither execute configuration nor write into the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

from labrec.errors import LimitError, StorageError, UnsafeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from labrec.gitio.repository import GitRepository

DEADLINE = 60.0  # seconds; a question about a large worktree on a slow disk

_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH")
_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.pager=cat",
    "-c", "core.untrackedCache=keep",
    "-c", "core.quotePath=false",
    "-c", "credential.helper=",
    "-c", "diff.autoRefreshIndex=false",  # `git diff` would write the index, whatever the locks
    "-c", "diff.external=",
    "-c", "diff.ignoreSubmodules=dirty",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "submodule.recurse=false",
    "-c", "commit.gpgSign=false",
)  # fmt: skip


class GitFailedError(Exception):
    """Git ended with an exit code other than 0.

    Attributes:
        code: Its exit code.
        stderr: What it said.
    """

    def __init__(self, command: str, code: int, stderr: str) -> None:
        super().__init__(f"git {command} failed with {code}: {stderr.strip()}")
        self.code = code
        self.stderr = stderr


def available() -> bool:
    """Whether the git command line is there."""
    return shutil.which("git") is not None


def run_git(
    repository: GitRepository,
    arguments: Sequence[str],
    *,
    data: bytes = b"",
    deadline: float = DEADLINE,
    options: Sequence[str] = (),
) -> bytes:
    """Run one git command on a repository and return what it printed.

    Args:
        repository: Whose git directory and worktree the command sees.
        arguments: The command and its arguments.
        data: What it reads from stdin.
        deadline: Seconds after which it is killed.
        options: Further ``-c name=value`` options.

    Raises:
        GitFailedError: It exited with another code than 0.
        FileNotFoundError: There is no git command line (ask :func:`available` first).
        LimitError: It ran longer than ``deadline``.
        UnsafeError: Git says that the repository belongs to somebody else.
    """
    command = ["git", *_OPTIONS, *options, *arguments]
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            check=False,
            timeout=deadline,
            cwd=repository.worktree or repository.git_dir,
            env=environment(repository),
        )
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            f"git {arguments[0]} did not finish within {deadline:g} s",
            hint="Run it by hand to see what it waits for.",
            paths=[repository.common_dir],
        ) from error
    if done.returncode != 0:
        raise _failure(repository, arguments[0], done.returncode, done.stderr)
    return done.stdout


def environment(repository: GitRepository) -> Mapping[str, str]:
    """Return the environment of a git command: the user's, without any ``GIT_`` steering."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    env |= {
        "GIT_DIR": str(repository.git_dir),
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "true",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
        "LC_ALL": "C",
    }
    if repository.worktree is not None:
        env["GIT_WORK_TREE"] = str(repository.worktree)
    return env


def make_repository(folder: Path) -> None:
    """Make an empty repository, by the git command line where it is there (the user's branch name).

    Args:
        folder: The worktree's folder; it exists.

    Raises:
        StorageError: Git could not make it.
    """
    if not available():
        from dulwich.repo import Repo  # only where there is no git command line

        Repo.init(os.fspath(folder), default_branch=b"main").close()
        return
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    done = subprocess.run(
        ["git", "-c", "init.templateDir=", "init", "--quiet", "--object-format=sha1"],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=DEADLINE,
    )
    if done.returncode != 0:
        raise StorageError(
            f"git init failed: {done.stderr.decode('utf-8', 'replace').strip()}",
            hint="Run git init there by hand to see why.",
            paths=[folder],
        )


def rev_parse(repository: GitRepository, revision: str) -> str | None:
    """Return the object that a revision names in git's own language, or None."""
    if revision.startswith("-") or not available():
        return None
    try:
        out = run_git(
            repository, ["rev-parse", "--verify", "--quiet", "--end-of-options", revision]
        )
    except GitFailedError:
        return None
    return out.decode("ascii", "replace").strip()[:40]


def open_blob(repository: GitRepository, sha: str) -> BinaryIO:
    """Return a blob through ``git cat-file``, by way of an unnamed temporary file.

    Raises:
        LimitError: There is no git command line.
        StorageError: The temporary file does not fit, or git failed.
    """
    if not available():
        raise LimitError(
            f"object {sha} is a delta too large for memory",
            hint="Install the git command line, which can read it.",
            paths=[sha],
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    done = subprocess.run(
        ["git", *_OPTIONS, "cat-file", "blob", sha],
        stdin=subprocess.DEVNULL,
        stdout=file,
        stderr=subprocess.PIPE,
        check=False,
        cwd=repository.git_dir,
        env=environment(repository),
    )
    if done.returncode != 0:
        file.close()
        raise StorageError(
            f"git cat-file blob {sha} failed: {done.stderr.decode('utf-8', 'replace').strip()}",
            hint="Is there room for it in the temporary folder?",
            paths=[sha],
        )
    file.seek(0)
    return cast("BinaryIO", file)


def _failure(
    repository: GitRepository, command: str, code: int, stderr: bytes
) -> UnsafeError | GitFailedError:
    text = stderr.decode("utf-8", "replace")
    if "dubious ownership" in text:
        place = repository.worktree or repository.git_dir
        return UnsafeError(
            f"{place} belongs to another user",
            hint=f"If you trust it: git config --global --add safe.directory {place}",
            paths=[place],
        )
    return GitFailedError(command, code, text)
