"""``records.csv``: the documents whose values a frozen report shows. Standard library only."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.errors import InvalidError
from labrec.record.digest import Digest
from labrec.record.ids import parse_id
from labrec.record.layout import check_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADER: Final = ("kind", "project", "id", "digest", "standing")
"""Its columns."""

KINDS: Final = ("run", "registration", "dataset", "metric")
"""What a row can be about."""

_WORD = re.compile(r"[a-z-]{1,40}", re.ASCII)
_CALLED = re.compile(r"[^\x00-\x1f\x7f-\x9f,\"]{1,200}")


class Used(NamedTuple):
    """A document whose values a report shows.

    Attributes:
        kind: One of `KINDS`.
        project: Its project.
        id: Id of a run; slug of a registration; ``name@version`` of a dataset; slug of a metric.
        digest: Of its bytes, ``sha256:…``.
        standing: How it stood when the report was frozen: of a run whether it counts, of a
            registration ``current`` or ``amended``.
    """

    kind: str
    project: str
    id: str
    digest: str
    standing: str


def write(rows: Iterable[Used]) -> bytes:
    """Return the list as it is stored: sorted, each row once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(sorted(set(rows)))
    return out.getvalue().encode()


def read(data: bytes) -> Iterator[Used]:
    """Yield the rows of a list.

    Raises:
        InvalidError: It is no such list.
    """
    try:
        rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
        if tuple(next(rows, ())) != HEADER:
            raise InvalidError("records.csv does not begin with its header")
        for row in rows:
            yield _checked(row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidError(f"records.csv cannot be read: {error}") from error


def _checked(row: list[str]) -> Used:
    if len(row) != len(HEADER):
        raise InvalidError(f"a row of records.csv has {len(row)} fields")
    used = Used(*row)
    check_project(used.project)
    Digest.parse(used.digest)
    if used.kind == "run":
        parse_id(used.id)
    if used.kind not in KINDS or not _CALLED.fullmatch(used.id):
        raise InvalidError(f"a row of records.csv is about nothing that is known: {row!a:.100}")
    if not _WORD.fullmatch(used.standing):
        raise InvalidError("a row of records.csv has no standing")
    return used
