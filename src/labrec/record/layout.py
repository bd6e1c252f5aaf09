"""Where things lie in a lab: a path is a function of project, id and bytes. Pure.

``parse_path`` is the inverse: it knows a path only when the functions above it would make it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.errors import InvalidError
from labrec.record.ids import id_date
from labrec.record.text import CONTROLS

if TYPE_CHECKING:
    from labrec.record.digest import Digest

Kind = Literal[
    "run", "note", "registration", "draft", "metric", "dataset", "report", "object", "lfs",
    "project", "attributes", "other",
]  # fmt: skip

RECORDS: Final = "records"
ATTRIBUTES: Final = "records/.gitattributes"
RESERVED_PROJECTS: Final = frozenset({"objects", "lfs", "schemas"})
MAX_NAME: Final = 200  # characters of a run's name

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_SHORT = re.compile(r"[0-9a-f]{32}", re.ASCII)
_FULL = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OTHER_THAN_NAME = re.compile(r"[^a-z0-9._-]+")


# --- names ------------------------------------------------------------------------------------


def check_project(name: object) -> str:
    """Return a project name as it is when it is valid.

    Raises:
        InvalidError: It is not; the hint says what is, and suggests a name.
    """
    project = _check_name(name, "project name")
    if project in RESERVED_PROJECTS:
        raise InvalidError(
            f"project name {project!r} is reserved",
            hint=f"choose another, such as {project}-project",
        )
    return project


def check_slug(slug: object) -> str:
    """Return the slug of a hypothesis, metric, dataset or report as it is when it is valid.

    Raises:
        InvalidError: It is not.
    """
    return _check_name(slug, "slug")


def _check_name(name: object, what: str) -> str:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        hint = "1 to 64 of a-z 0-9 . _ - and a letter or digit first"
        raise InvalidError(f"not a {what}: {name!r:.80}", hint=hint)
    if name.endswith(".") or _DEVICE.fullmatch(name):
        raise InvalidError(
            f"not a {what}: {name!r}",
            hint="Windows could not check it out: no dot at the end, no device name",
        )
    return name


def check_version(version: object) -> str:
    """Return the version of a dataset or report as it is when it is valid.

    Raises:
        InvalidError: It is not.
    """
    if not isinstance(version, str) or _VERSION.fullmatch(version) is None:
        raise InvalidError(
            f"not a version: {version!r:.80}",
            hint="1 to 64 of A-Z a-z 0-9 . _ + - and a letter or digit first",
        )
    return version


def slug_of(name: str) -> str:
    """Return a valid slug made from any text; the same for the same text, and not its inverse."""
    slug = _OTHER_THAN_NAME.sub("-", name.lower()).strip("._-")[:64].rstrip("._-") or "metric"
    return f"metric-{slug[:57]}" if _DEVICE.fullmatch(slug) else slug


def slugify_project(folder: str) -> str:
    """Return a valid project name made from a folder's name; the same for the same folder."""
    name = _OTHER_THAN_NAME.sub("-", folder.lower()).lstrip("._-")[:64].rstrip("._-")
    if not name or name in RESERVED_PROJECTS or _DEVICE.fullmatch(name):
        name = f"{name.replace('.', '-')}-project".lstrip("-")[:64]
    return name


def check_run_name(name: object) -> str:
    """Return a run's name as it is when it is valid.

    Raises:
        InvalidError: It is empty, longer than 200 characters, or not one printable line.
    """
    from labrec.record.codec import REFUSED_CHARACTERS  # only the write path asks

    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        raise InvalidError("a run's name has 1 to 200 characters", hint="choose a shorter name")
    if CONTROLS.search(name) or REFUSED_CHARACTERS.search(name):
        raise InvalidError(f"control characters in a run's name: {name!a:.80}")
    return name


# --- paths ------------------------------------------------------------------------------------


def run_path(project: str, run_id: str, digest: Digest) -> str:
    """Return where a record of these bytes lies.

    Raises:
        InvalidError: The project or the id is not valid.
    """
    return _dated(project, "runs", run_id, digest.short)


def note_path(project: str, note_id: str, digest: Digest) -> str:
    """Return where a note of these bytes lies.

    Raises:
        InvalidError: The project or the id is not valid.
    """
    return _dated(project, "notes", note_id, digest.short)


def _dated(project: str, folder: str, own_id: str, short: str) -> str:
    year, month, day = id_date(own_id)
    name = f"{own_id[-1]}/{own_id}.{short}.json"
    return f"{RECORDS}/{check_project(project)}/{folder}/{year:04}/{month:02}/{day:02}/{name}"


def draft_path(project: str, slug: str) -> str:
    """Return where the editable draft of a hypothesis lies.

    Raises:
        InvalidError: The project or the slug is not valid.
    """
    return f"{RECORDS}/{check_project(project)}/hypotheses/{check_slug(slug)}.yaml"


def registration_path(project: str, slug: str, digest: Digest) -> str:
    """Return where a registration of these bytes lies.

    Raises:
        InvalidError: The project or the slug is not valid.
    """
    return f"{RECORDS}/{check_project(project)}/hypotheses/{check_slug(slug)}/{digest.short}.json"


def metric_path(project: str, slug: str, digest: Digest) -> str:
    """Return where a metric definition of these bytes lies.

    Raises:
        InvalidError: The project or the slug is not valid.
    """
    return f"{RECORDS}/{check_project(project)}/metrics/{check_slug(slug)}/{digest.short}.json"


def dataset_path(project: str, name: str, version: str, digest: Digest) -> str:
    """Return where a dataset version of these bytes lies.

    Raises:
        InvalidError: A name or the version is not valid.
    """
    return _versioned(project, "datasets", name, f"{check_version(version)}.{digest.short}")


def report_path(project: str, slug: str, version: str, digest: Digest) -> str:
    """Return where a frozen report of these bytes lies.

    Raises:
        InvalidError: A name or the version is not valid.
    """
    return _versioned(project, "reports", slug, f"{check_version(version)}.{digest.short}")


def _versioned(project: str, folder: str, slug: str, stem: str) -> str:
    return f"{RECORDS}/{check_project(project)}/{folder}/{check_slug(slug)}/{stem}.json"


def project_path(project: str) -> str:
    """Return where a project's definition lies.

    Raises:
        InvalidError: The project is not valid.
    """
    return f"{RECORDS}/{check_project(project)}/project.yaml"


def object_path(digest: Digest) -> str:
    """Return where the bytes of this digest lie."""
    return _spread("objects", digest.hex)


def lfs_path(digest: Digest) -> str:
    """Return where the Git LFS pointer of this digest lies."""
    return _spread("lfs", digest.hex)


def _spread(folder: str, hex_digits: str) -> str:
    return f"{RECORDS}/{folder}/{'/'.join(hex_digits[:4])}/{hex_digits}"


# --- the way back -----------------------------------------------------------------------------


class Parsed(NamedTuple):
    """What a path says about the file that lies there.

    Attributes:
        kind: What lies there; "other" when no function of this module makes this path.
        project: Its project; "" for objects and for other files.
        id: Run or note id; slug of a registration, draft, metric, dataset or report; "" otherwise.
        digest: What the name promises of the bytes: 64 hex digits for objects and LFS pointers,
            32 for documents, "" for what may be edited.
        version: Version of a dataset or report; "" otherwise.
    """

    kind: Kind
    project: str = ""
    id: str = ""
    digest: str = ""
    version: str = ""


_OTHER = Parsed("other")


def parse_path(path: str) -> Parsed:
    """Say what lies at a path of a lab; the inverse of the functions above.

    A path that looks like one of them and is not exactly it (a record in another day's folder, an
    upper-case digest) is "other".
    """
    if path == ATTRIBUTES:
        return Parsed("attributes")
    parts = path.split("/")
    if len(parts) < 3 or parts[0] != RECORDS:  # noqa: PLR2004 - records/<project>/<file>
        return _OTHER
    if parts[1] == "objects":
        return _parse_spread("object", parts)
    if parts[1] == "lfs":
        return _parse_spread("lfs", parts)
    try:
        check_project(parts[1])
        return _parse_in_project(parts)
    except InvalidError:
        return _OTHER


def _parse_spread(kind: Literal["object", "lfs"], parts: list[str]) -> Parsed:
    name = parts[-1]
    if _FULL.fullmatch(name) and parts[2:] == [*name[:4], name]:
        return Parsed(kind, digest=name)
    return _OTHER


def _parse_in_project(parts: list[str]) -> Parsed:
    match parts[1:]:
        case [project, "project.yaml"]:
            return Parsed("project", project)
        case [project, "hypotheses", name] if name.endswith(".yaml"):
            return Parsed("draft", project, check_slug(name.removesuffix(".yaml")))
        case [project, "hypotheses" | "metrics" as folder, slug, name]:
            found = _stem(name)
            if _SHORT.fullmatch(found):
                what: Kind = "registration" if folder == "hypotheses" else "metric"
                return Parsed(what, project, check_slug(slug), found)
        case [project, "datasets" | "reports" as folder, slug, name]:
            version, _, short = _stem(name).rpartition(".")
            if _SHORT.fullmatch(short):
                kind: Kind = "dataset" if folder == "datasets" else "report"
                return Parsed(kind, project, check_slug(slug), short, check_version(version))
        case [project, "runs" | "notes" as folder, *_, name]:
            own_id, _, short = _stem(name).partition(".")
            if _SHORT.fullmatch(short) and "/".join(parts) == _dated(
                project, folder, own_id, short
            ):
                return Parsed("run" if folder == "runs" else "note", project, own_id, short)
    return _OTHER


def _stem(name: str) -> str:
    return name.removesuffix(".json") if name.endswith(".json") else ""
