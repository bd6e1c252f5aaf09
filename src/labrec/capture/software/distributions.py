"""The Python distributions installed in a list of folders, read from their metadata folders.

``importlib.metadata`` takes 0.1 s for 300 distributions; the names of the folders say most of it.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_VERSION = 1  # of the cache
_RACY_NS = 2 * 10**9  # a folder changed so lately may change again within one tick of its clock
_FOLDER = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py\d.*)?\.(?P<kind>dist|egg)-info")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


class Distribution(NamedTuple):
    """One installed distribution.

    Attributes:
        name: As its metadata spells it.
        version: Its version; empty where it is not given.
        origin: Where it was installed from, when that was not a package index: ``url`` without
            credentials, ``commit``, ``editable``, ``sha256``; None otherwise.
    """

    name: str
    version: str
    origin: dict[str, Any] | None

    @property
    def key(self) -> str:
        """The name as packaging tools compare it (PEP 503)."""
        return normalised(self.name)


def normalised(name: str) -> str:
    """Return a distribution name as packaging tools compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(folders: Iterable[str], cache: Path | None = None) -> list[Distribution]:
    """List what is installed; of two distributions of one name the first one counts.

    Args:
        folders: Import folders, in order; those that do not exist are passed over.
        cache: Folder for caches; None reads every folder again.
    """
    found: dict[str, Distribution] = {}
    for folder in folders:
        for one in _in_folder(folder, cache):
            found.setdefault(one.key, one)
    return sorted(found.values(), key=lambda one: (one.key, one.version))


def names_only(folders: Iterable[str]) -> dict[str, str]:
    """Return version by normalised name, from folder names alone: no file is opened."""
    found: dict[str, str] = {}
    for folder in folders:
        for match in _metadata_folders(folder):
            found.setdefault(normalised(match["name"]), match["version"] or "")
    return found


def state_of(folders: Iterable[str]) -> list[tuple[str, int, int]] | None:
    """Return what changes when something is installed in these folders or taken away.

    Returns:
        Name, time of change and inode of each folder that holds anything installed; None where one
        of them changed so lately that its next change may not show.
    """
    states = []
    for folder in folders:
        try:
            status = os.stat(folder)
        except OSError:
            continue
        if time.time_ns() - status.st_mtime_ns > _RACY_NS:
            states.append((folder, status.st_mtime_ns, status.st_ino))
        elif _metadata_folders(folder):  # else the program's own folder, that it writes to
            return None
    return states


def _metadata_folders(folder: str) -> list[re.Match[str]]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    matches = (_FOLDER.fullmatch(name) for name in names if name.endswith("-info"))
    return [match for match in matches if match]


def _in_folder(folder: str, cache: Path | None) -> list[Distribution]:
    try:
        status = os.stat(folder)
    except OSError:
        return []
    state = [_VERSION, folder, status.st_mtime_ns, status.st_ino]
    file = None
    if cache is not None:
        file = cache / f"packages-{Digest.of(os.fsencode(folder)).hex[:16]}.json"
        if (kept := _load(file, state)) is not None:
            return kept
    found = sorted(
        one
        for match in _metadata_folders(folder)
        if (one := _read(os.path.join(folder, match.string), match))
    )
    if file is not None and found and time.time_ns() - status.st_mtime_ns > _RACY_NS:
        _keep(file, state, found)
    return found


def _read(place: str, match: re.Match[str]) -> Distribution | None:
    name, version = match["name"], match["version"] or ""
    head = _head(f"{place}/METADATA" if match["kind"] == "dist" else f"{place}/PKG-INFO")
    if head is None and match["kind"] == "egg":
        head = _head(place)  # an .egg-info may be a single file
    for line in (head or "").splitlines():
        if not line:
            break  # the header ends here
        field, _, content = line.partition(":")
        if field == "Name" and content.strip():
            name = content.strip()
        elif field == "Version" and content.strip():
            version = content.strip()
    origin = _origin(f"{place}/direct_url.json") if match["kind"] == "dist" else None
    return Distribution(name, version, origin)


def _head(file: str) -> str | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(descriptor, 1024).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _origin(file: str) -> dict[str, Any] | None:
    """Read PEP 610's record of a direct install, without credentials or local paths."""
    text = _head(file)
    if text is None:
        return None
    try:
        given = json.loads(text)
        url = str(given["url"])
    except (ValueError, KeyError, TypeError):
        return {"unavailable": "in a form that is not understood"}
    origin: dict[str, Any] = {}
    # A local path names its user and means nothing elsewhere.
    origin["url"] = "file:" if url.startswith("file:") else _CREDENTIALS.sub("", url).split("?")[0]
    vcs, folder, archive = (given.get(f"{kind}_info") for kind in ("vcs", "dir", "archive"))
    if isinstance(vcs, dict):
        origin["vcs"] = str(vcs.get("vcs", ""))
        origin["commit"] = str(vcs.get("commit_id", ""))
    if isinstance(folder, dict) and folder.get("editable") is True:
        origin["editable"] = True
    if isinstance(archive, dict):
        digest = str(archive.get("hash", "")).partition("=")
        if digest[0] == "sha256":
            origin["sha256"] = digest[2]
    return origin


def _load(file: Path, state: Sequence[Any]) -> list[Distribution] | None:
    try:
        kept = json.loads(file.read_bytes())
        if kept["state"] != list(state):
            return None
        rows = [Distribution(*row) for row in kept["found"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    proof = Digest.of(json.dumps([kept["state"], kept["found"]]).encode()).hex
    return rows if kept.get("proof") == proof else None


def _keep(file: Path, state: list[Any], found: list[Distribution]) -> None:
    rows = [list(one) for one in found]
    proof = Digest.of(json.dumps([state, rows]).encode()).hex
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps({"state": state, "found": rows, "proof": proof}), "utf-8")
        fresh.replace(file)
    except OSError:
        return
