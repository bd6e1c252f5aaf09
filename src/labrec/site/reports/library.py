"""What a lab holds for its reports beside the tables: sources, pictures, datasets, frozen versions.

Read once for a build. A frozen version whose parts cannot be read or proven is a problem that is
told, and no page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError, LabrecError, UnsafeError
from labrec.record import fragment
from labrec.record.spreadsheet import refuse_formulas
from labrec.sdk import reports as kept
from labrec.site import inspection, urls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.catalog.datasets import DatasetVersion
    from labrec.record.records_csv import Used
    from labrec.sdk.reports import FrozenReport
    from labrec.store.view import View

MAX_DATA: Final = 20_000_000
"""Largest data of a figure or table that is published, in bytes."""

_PICTURE = re.compile(r' src="data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*"')


class Version(NamedTuple):
    """A frozen version, its parts proven.

    Attributes:
        frozen: Its document.
        article: Its fragment.
        used: The documents whose values it shows.
        files: What can be downloaded of it: name to bytes.
    """

    frozen: FrozenReport
    article: str
    used: tuple[Used, ...]
    files: Mapping[str, bytes]


class Refused(NamedTuple):
    """A document of a frozen version that cannot be shown.

    Attributes:
        path: Its path.
        problem: Why.
    """

    path: str
    problem: str


@dataclass(frozen=True)
class Library:
    """What reports are made from beside the tables.

    Attributes:
        sources: The reports as they are written now: slug to Markdown.
        files: The other files of ``site/``: pictures that a report may show.
        versions: Every frozen version, by slug, project, number and digest.
        refused: Documents of versions that cannot be shown.
        view: The lab; None where only files are known.
    """

    sources: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    refused: tuple[Refused, ...] = ()
    view: View | None = None

    @cached_property
    def slugs(self) -> tuple[str, ...]:
        """Every report, written or frozen."""
        return tuple(sorted({*self.sources, *(one.frozen.slug for one in self.versions)}))

    def versions_of(self, slug: str) -> tuple[Version, ...]:
        """Return the frozen versions of a report, by number."""
        found = (one for one in self.versions if one.frozen.slug == slug)
        return tuple(sorted(found, key=lambda one: (one.frozen.number, one.frozen.digest)))

    def hypothesis_href(self, project: str, slug: str) -> str:
        """Return where a hypothesis is shown."""
        return urls.hypothesis(project, slug)

    def datasets(self, project: str) -> Sequence[DatasetVersion]:
        """Return the dataset versions of a project."""
        from labrec.catalog.datasets import datasets  # only where a report names one

        return datasets(self.view, project) if self.view is not None else ()


def read(view: View, sources: Mapping[str, bytes], files: Mapping[str, bytes]) -> Library:
    """Read what the lab holds for its reports, and prove it.

    Args:
        view: The lab.
        sources: The reports as they are written now.
        files: The other files of ``site/``.
    """
    refused: list[Refused] = []
    versions = []
    told = kept.versions(view, lambda path, problem: refused.append(Refused(path, problem)))
    for frozen in told:
        try:
            versions.append(_version(view, frozen))
        except LabrecError as error:
            refused.append(Refused(frozen.path, f"{error.name}: {error.message}"))
    return Library(dict(sources), dict(files), tuple(versions), tuple(refused), view)


def _version(view: View, frozen: FrozenReport) -> Version:
    document = frozen.document
    article = _text(kept.part(view, document["article"]))
    prove(article)
    files = {"report.md": kept.part(view, document["markdown"])}
    for one in document.get("figures", ()):
        drawing = kept.part(view, one["drawing"])
        wrong = fragment.drawing_mistakes(_text(drawing))
        if wrong:
            raise UnsafeError(f"figure {one['name']} holds {'; '.join(wrong[:3])}")
        files[f"{one['name']}.svg"] = drawing
    for one in (*document.get("figures", ()), *document.get("tables", ())):
        files[f"{one['name']}.csv"] = _table(view, one["data"])
    files["records.csv"] = _table(view, document["records"])
    return Version(frozen, article, tuple(kept.used(view, frozen)), files)


def _table(view: View, ref: dict[str, Any]) -> bytes:
    data = kept.part(view, ref, MAX_DATA)
    refuse_formulas(data)
    return data


def prove(article: str) -> None:
    """Prove twice, by readers that know nothing of one another, that a fragment runs nothing.

    Raises:
        UnsafeError: It holds something that no fragment may hold.
    """
    # the second reader takes the square of the time for what the first has refused already
    wrong = fragment.mistakes(article) or _active(article)
    if wrong:
        raise UnsafeError(f"its fragment holds {'; '.join(wrong[:3])}")


def _active(article: str) -> list[str]:
    without_pictures = _PICTURE.sub(' src=""', article)  # which carry their bytes, and load none
    return sorted(inspection.findings(without_pictures, drawings=True))


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidError("a part of it is no text in UTF-8") from error
