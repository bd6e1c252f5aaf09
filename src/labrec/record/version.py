"""What can be said of a document before its model is loaded: its version, and whose it is.

Invalid, older and newer are three different answers. Listing runs needs no more than this, and
the models take a while to import.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from labrec.errors import InvalidError, NewerSchemaError, OlderSchemaError

if TYPE_CHECKING:
    from collections.abc import Collection

RUN_MAJORS: Final = frozenset({1})
"""Major versions of Research Records that are read."""

_VERSION = re.compile(r"labrec\.([a-z-]{1,40})/(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})", re.ASCII)
_STATUSES = ("complete", "failed", "interrupted", "planned")


def major_of(schema: object, kind: str, majors: Collection[int]) -> int:
    """Return the major version of a document.

    Args:
        schema: What it says under ``schema``.
        kind: What it must be: ``run``, ``note``, ``registration``.
        majors: The versions of that kind that are read.

    Raises:
        InvalidError: It is no document of that kind.
        OlderSchemaError: Its major version is no longer read.
        NewerSchemaError: Its major version is not known yet.
    """
    found = _VERSION.fullmatch(schema) if isinstance(schema, str) else None
    if found is None:
        raise InvalidError(f"no schema of a {kind}: {str(schema)[:60]!a}")
    if found[1] != kind:
        raise InvalidError(f"a {found[1]}, not a {kind}: {schema!a}")
    major = int(found[2])
    if major > max(majors):
        raise NewerSchemaError(
            f"written under a newer schema: {schema}", hint="update labrec to read it"
        )
    if major not in majors:
        raise OlderSchemaError(
            f"written under an older schema: {schema}", hint="read it with an older labrec"
        )
    return major


def identified_run(document: object, project: str, run_id: str) -> dict[str, Any]:
    """Return a Research Record that is of a known version and says which run it is.

    Args:
        document: What was decoded.
        project: The project in its path.
        run_id: The run id in its path.

    Raises:
        InvalidError: It is no record, has no identity that can be used, or belongs elsewhere.
        OlderSchemaError: Its major version is no longer read.
        NewerSchemaError: Its major version is not known yet.
    """
    if not isinstance(document, dict):
        raise InvalidError("not a valid run: a run is a JSON object")
    major_of(document.get("schema"), "run", RUN_MAJORS)
    identity = document.get("identity")
    if not isinstance(identity, dict):
        raise InvalidError("not a valid run: it has no identity")
    if (identity.get("project"), identity.get("run_id")) != (project, run_id):
        raise InvalidError("the document belongs at another path")
    name = identity.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidError("not a valid run: it has no name")
    if identity.get("status") not in _STATUSES:
        raise InvalidError("not a valid run: it has no status")
    if not isinstance(identity.get("times", {}), dict):
        raise InvalidError("not a valid run: its times are no object")
    return document
