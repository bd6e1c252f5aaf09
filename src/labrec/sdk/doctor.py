"""What works on this machine, and what will be missing from its records."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import LabrecError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.store.lab import Lab

OK, MISSING, BROKEN, NOTE = "ok", "missing", "broken", "note"

# What the test suite runs on; elsewhere things may work and nobody has looked.
SUPPORTED = ("linux",)
_OLDEST_GIT = (2, 20)
_TIMEOUT_S = 10


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: What.
        state: ``ok``; ``missing`` = records will lack something; ``broken`` = recording does not
            work; ``note`` = worth knowing.
        detail: What was found.
        means: What follows from it; empty where nothing does.
    """

    name: str
    state: str
    detail: str
    means: str = ""


class Diagnosis(NamedTuple):
    """Everything that was looked at. True when runs can be recorded.

    Attributes:
        checks: In the order they were made.
    """

    checks: list[Check]

    def __bool__(self) -> bool:
        return not any(check.state == BROKEN for check in self.checks)

    @property
    def exit_code(self) -> int:
        """0 when runs can be recorded, else 13."""
        return 0 if self else StorageError.exit_code

    def to_json(self) -> dict[str, Any]:
        """Return the diagnosis with stable keys."""
        return {"ok": bool(self), "checks": [check._asdict() for check in self.checks]}


def examine(lab: Lab | None, why_no_lab: str = "") -> Diagnosis:
    """Look at this machine, and at a lab where there is one.

    Args:
        lab: The lab; None where there is none.
        why_no_lab: What was said when it was looked for.
    """
    checks = [*_system(), _git(), *_machine(), *_sensors(lab)]
    if lab is None:
        checks.append(Check("lab", NOTE, why_no_lab or "none here", "`labrec init` makes one."))
    else:
        checks += _lab(lab)
    return Diagnosis(checks)


def _system() -> Iterator[Check]:
    yield Check("Python", OK, sys.version.split()[0])
    known = sys.platform in SUPPORTED
    yield Check(
        "platform",
        OK if known else NOTE,
        f"{sys.platform} {os.uname().machine}",
        "" if known else f"Tested on: {', '.join(SUPPORTED)}. Facts of this machine may lack.",
    )
    shell = os.access("/bin/sh", os.X_OK)
    yield Check(
        "shell",
        OK if shell else MISSING,
        "/bin/sh" if shell else "no /bin/sh",
        "" if shell else "Runs have no telemetry: the sampler cannot be started beside them.",
    )
    yield _terminal()


def _terminal() -> Check:
    try:
        for descriptor in os.openpty():
            os.close(descriptor)
    except OSError as error:
        means = "What a program prints on a terminal is not kept."
        return Check("terminals", MISSING, error.strerror or "unavailable", means)
    return Check("terminals", OK, "pty available")


def _git() -> Check:
    found = shutil.which("git")
    means = "Merging (`labrec land`) and very large histories need it; recording does not."
    if found is None:
        return Check("git", MISSING, "not installed", means)
    try:
        done = subprocess.run(
            [found, "version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        )
        version = done.stdout.split()[2]
        numbers = tuple(int(part) for part in version.split(".")[:2])
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return Check("git", MISSING, f"{found} does not answer", means)
    if numbers < _OLDEST_GIT:
        return Check("git", NOTE, version, "Older than 2.20, with which nothing was tested.")
    return Check("git", OK, version)


def _machine() -> Iterator[Check]:
    from labrec.capture.hardware.capture import capture_hardware

    try:
        captured = capture_hardware("0" * 32)
    except Exception as error:  # noqa: BLE001 - what a run would meet as well
        yield Check("hardware", MISSING, type(error).__name__, "Records lack the machine.")
        return
    source = captured.section.get("machine_id_source", "unavailable")
    yield Check(
        "machine id",
        OK if source != "unavailable" else MISSING,
        f"from {source}",
        "" if source != "unavailable" else "Runs of this machine cannot be told from others'.",
    )
    for group in ("fields", "conditions"):
        for name, fact in captured.section.get(group, {}).items():
            if "unavailable" in fact:
                means = "Records say so in its place."
                yield Check(f"hardware {name}", MISSING, str(fact["unavailable"]), means)


def _sensors(lab: Lab | None) -> Iterator[Check]:
    """Look at every probe, and at the disk that live runs are kept on."""
    from labrec.capture.telemetry.survey import survey  # opens every probe, slow ones with patience

    for finding in survey(_folder(lab)):
        state = OK if finding.works else MISSING
        yield Check(finding.thing, state, finding.detail, finding.consequence)


def _folder(lab: Lab | None) -> Path:
    """Return a folder on the disk of live runs, or any that can be written."""
    place = lab.spool_root if lab is not None else Path(tempfile.gettempdir())
    while not place.exists():
        place = place.parent
    return place if os.access(place, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _lab(lab: Lab) -> Iterator[Check]:
    from labrec.sdk.recovery import waiting

    yield Check("lab", OK, f"{lab.root} (id {lab.lab_id or 'none yet'})")
    if not lab.has_base:
        means = "Runs wait as spools until `labrec init` makes the first commit."
        yield Check("base", MISSING, "the repository has no commit", means)
    else:
        yield Check("base", OK, str(lab.view().base))
    yield _spool_place(lab)
    yield from _records_place(lab)
    infos = waiting(lab)
    if infos:
        yield Check("spools", NOTE, f"{len(infos)} wait", "`labrec recover` records them.")


def _spool_place(lab: Lab) -> Check:
    root = lab.spool_root
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=root, prefix=".doctor-") as file:
            _lock(file.fileno())
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except (OSError, LabrecError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        return Check("spools", BROKEN, f"{root}: {cause}", "No run can be recorded.")
    own = root.is_relative_to(lab.state_dir)
    means = "" if own else "The git directory cannot hold live runs: they are kept here instead."
    return Check("live runs", OK if own else NOTE, str(root), means)


def _records_place(lab: Lab) -> Iterator[Check]:
    """Name the folder of the repository that keeps records from being committed."""
    from labrec.store.lab import is_writable

    common = lab.git.common_dir
    for folder in (common, common / "objects", common / "objects" / "pack", common / "refs",
                   lab.state_dir):  # fmt: skip
        if not is_writable(folder):
            detail = f"{folder} of {_owner(folder)} cannot be written"
            yield Check("records", BROKEN, detail, "Runs wait as spools and are not recorded.")
            return


def _owner(folder: Path) -> str:
    try:
        return f"user {folder.owner()}"
    except (OSError, KeyError):
        return "somebody else"


def _lock(descriptor: int) -> None:
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
