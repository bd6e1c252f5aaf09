"""What a rendered report consists of. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from labrec.record.records_csv import Used
    from labrec.site.charts import Figure
    from labrec.site.charts.drawing import Markup


class Shown(NamedTuple):
    """A value that stands in a line of text.

    Attributes:
        text: What is read; escaped where it is written.
        href: Where it leads, an address of `labrec.site.urls`; empty = nowhere.
    """

    text: str
    href: str = ""


class Cell(NamedTuple):
    """One cell of a table.

    Attributes:
        text: What it shows.
        href: Where it leads; empty = nowhere.
        mark: ``missing`` or ``odd`` where there is no finite value; else empty.
    """

    text: str
    href: str = ""
    mark: str = ""


class Rows(NamedTuple):
    """A table of a report.

    Attributes:
        title: What its rows are; text by the author.
        heads: Its columns, as ``(title, unit, is a number)``.
        rows: The rows that are shown.
        total: How many there are.
        csv: All of them, every column, as CSV.
    """

    title: str
    heads: tuple[tuple[str, str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    csv: bytes


class Block(NamedTuple):
    """A figure or a table: stands in a paragraph of its own.

    Attributes:
        name: Its name in the report, ``[a-z0-9-]+``, and of its files.
        figure: The figure; None for a table.
        table: The table; None for a figure.
        still: It as a part of a fragment.
    """

    name: str
    figure: Figure | None
    table: Rows | None
    still: Markup

    @property
    def title(self) -> str:
        """What it is about."""
        return self.figure.title if self.figure is not None else self.table.title  # type: ignore[union-attr]  # one of the two

    @property
    def data(self) -> bytes:
        """Its data as CSV."""
        return self.figure.csv if self.figure is not None else self.table.csv  # type: ignore[union-attr]  # likewise


class Article(NamedTuple):
    """A report, rendered.

    Attributes:
        slug: Its name.
        project: Its project.
        title: What it is called.
        pieces: Fragments of HTML and blocks, in order.
        used: The documents whose values it shows, sorted.
        markdown: The report as it was written.
    """

    slug: str
    project: str
    title: str
    pieces: tuple[Markup | Block, ...]
    used: tuple[Used, ...]
    markdown: bytes

    @property
    def fragment(self) -> str:
        """The whole report as the fragment that a version keeps."""
        return "".join(piece.still if isinstance(piece, Block) else piece for piece in self.pieces)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its figures and tables."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Block))

    def inputs(self) -> tuple[Any, ...]:
        """Return everything that a page of it is made from."""
        parts = [
            (block.name, str(block.figure.payload) if block.figure else "", block.data)
            for block in self.blocks
        ]
        return self.slug, self.project, self.title, self.fragment, parts, self.used
