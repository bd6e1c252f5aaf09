"""A report, from Markdown to an article: every mistake of every report is told at once.

Markdown is given text with tokens, without raw HTML and without an extension that sets attributes.
What it makes is rebuilt by `labrec.site.reports.writer`, and what comes out is proven to be a
fragment like one that somebody else committed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError, UnsafeError
from labrec.record import fragment, yaml12
from labrec.record.text import printable
from labrec.site import stamp
from labrec.site.reports import figures, tables
from labrec.site.reports.article import Article, Block
from labrec.site.reports.converter import convert
from labrec.site.reports.known import Known, said
from labrec.site.reports.parser import Mistake, scan
from labrec.site.reports.vocabulary import WORDS, show
from labrec.site.reports.writer import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labrec.site.collect import Site
    from labrec.site.reports.article import Shown
    from labrec.site.reports.library import Library
    from labrec.site.reports.parser import Found, Reference

MAX_SOURCE: Final = 500_000
"""Longest report, in bytes of Markdown."""

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEYS = ("title", "project")


class Front(NamedTuple):
    """What stands at the head of a report.

    Attributes:
        title: What it is called; empty = as its first heading says.
        project: Its project; empty = the only one of the lab.
        body: The rest, its lines where they were.
    """

    title: str
    project: str
    body: str


class Told(NamedTuple):
    """A mistake of a report.

    Attributes:
        path: Its file.
        line: Where in it, from 1; 0 = not known.
        reason: What is wrong.
    """

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        """Say it as compilers do."""
        return (
            f"{self.path}:{self.line}: {self.reason}"
            if self.line
            else f"{self.path}: {self.reason}"
        )


def path_of(slug: str) -> str:
    """Return the file of a report."""
    return f"site/reports/{slug}.md"


def render_all(site: Site, library: Library) -> list[Article]:
    """Render every report that is written.

    Raises:
        InvalidError: A reference names nothing or several things, or a page cannot be shown: all
            mistakes of all reports.
    """
    articles: list[Article] = []
    wrong: list[Told] = []
    for slug in sorted(library.sources):
        article, told = render(site, library, slug)
        wrong += told
        if article is not None:
            articles.append(article)
    refuse(wrong)
    return articles


def refuse(wrong: list[Told]) -> None:
    """Tell all mistakes, where there are any.

    Raises:
        InvalidError: There are.
    """
    if wrong:
        many = "1 mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
        raise InvalidError(
            f"{many} in reports",
            hint="docs/reports.md says what a report can name; `labrec query` shows what there is.",
            paths=[printable(str(one)) for one in wrong],  # a failure says each on its line
            kept="nothing was written",
        )


def render(site: Site, library: Library, slug: str) -> tuple[Article | None, list[Told]]:
    """Render one report.

    Args:
        site: What the site is made from.
        library: What the lab holds beside its tables.
        slug: The report.

    Returns:
        The article, None where there are mistakes; and these.
    """
    path = path_of(slug)
    try:
        return _render(site, library, slug)
    except Mistake as mistake:
        return None, [Told(path, mistake.line, mistake.reason)]
    except _Several as several:
        return None, [Told(path, one.line, one.reason) for one in several.mistakes]


class _Several(Exception):  # noqa: N818 - mistakes of an author, told together
    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = list(mistakes)


def _render(site: Site, library: Library, slug: str) -> tuple[Article, list[Told]]:
    data = library.sources[slug]
    front = read_front(data)
    project = _project(site, front.project)
    scanned = scan(front.body)
    known = Known(site, project, library)
    html = convert(scanned.text, scanned.mark)
    written = write(html, scanned, _Evaluator(known), library.files)
    if written.mistakes:
        raise _Several(written.mistakes)
    title = " ".join(printable(front.title or written.title or slug).split())[:300]
    article = Article(slug, project.name, title, written.pieces, tuple(sorted(known.used)), data)
    _prove(article)
    return article, []


def read_front(data: bytes) -> Front:
    """Read the head of a report.

    Raises:
        Mistake: It is too long, no UTF-8, or its head is no mapping of title and project.
    """
    if len(data) > MAX_SOURCE:
        raise Mistake(f"it has {len(data)} bytes; at most {MAX_SOURCE} are taken")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Mistake(f"it is no text in UTF-8 (byte {error.start})") from error
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    found = _FRONT_MATTER.match(text)
    if found is None:
        return Front("", "", text)
    values = _front_values(found[1] or "")
    # lines keep their numbers
    body = "\n" * found[0].count("\n") + text[found.end() :]
    return Front(values.get("title", ""), values.get("project", ""), body)


def _front_values(text: str) -> Mapping[str, str]:
    try:
        tree: Any = yaml12.load(text.encode()) or {}
    except InvalidError as error:
        raise Mistake(f"its head is no plain YAML: {error.message}", 1) from error
    if not isinstance(tree, dict):
        raise Mistake("its head is no mapping", 1)
    for key, value in tree.items():
        if key not in _KEYS:
            raise Mistake(f"its head has no key {said(str(key))}; it takes title and project", 1)
        if not isinstance(value, str):
            raise Mistake(f"{key} in its head is a text", 1)
    return tree


def _project(site: Site, name: str) -> Any:
    names = [project.name for project in site.projects]
    if name:
        if name in site.project:
            return site.project[name]
        raise Mistake(
            f"there is no project {said(name)}; there are {', '.join(names) or 'none'}", 1
        )
    if len(names) != 1:
        there = f"there are {', '.join(names)}" if names else "no run is recorded yet"
        raise Mistake(f"it says no project, and {there}: write 'project: NAME' in its head", 1)
    return site.projects[0]


class _Evaluator:
    """Makes values of references, and numbers the blocks."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.blocks = 0

    def __call__(self, found: Found) -> Shown | Block:
        reference = found.reference
        if reference is None:
            raise Mistake(found.reason)
        if reference.word in WORDS or reference.word not in {"figure", "table"}:
            return show(self.known, reference)
        return self._block(reference)

    def _block(self, reference: Reference) -> Block:
        self.blocks += 1
        called = reference.given[0] if reference.given else ""
        name = f"{self.blocks}-{called}".replace("_", "-")[:60]
        if reference.word == "figure":
            figure = figures.make(self.known, reference, f"{fragment.PREFIX}{name}")
            still = stamp.part("report-figure.html", figure=figure, drawing=figures.still(figure))
            return Block(name, figure, None, still)
        table = tables.make(self.known, reference)
        still = stamp.part(
            "report-table.html", table=table, anchor=f"{fragment.PREFIX}{name}", root=fragment.ROOT
        )
        return Block(name, None, table, still)


def _prove(article: Article) -> None:
    from labrec.site.reports.library import prove  # which knows what a version is, and so this

    try:
        prove(article.fragment)
    except UnsafeError as error:
        raise UnsafeError(
            f"report {article.slug} was rendered to what no fragment holds: {error.message}",
            hint="This is a bug in labrec: send the report with this message.",
            paths=[path_of(article.slug)],
        ) from error
