"""What a page of the site is before it is rendered. Values in, values out."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from labrec.site.urls import to_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from labrec.citation import Work

Kind = Literal[
    "home", "project", "run", "graph", "data",
    "runs", "hypothesis", "hypotheses", "attribution", "design",
    "hardware", "machines", "machine",
    "pareto", "drift", "reproducibility", "rigor",
    "compare", "pair", "shard", "datasets", "metrics",
    "reports", "report", "cite", "search", "moved",
]  # fmt: skip
"""Generated pages of one kind share a shell and a template (``templates/<kind>.html``)."""


class Crumb(NamedTuple):
    """One step of the way from Home to a page.

    Attributes:
        title: What it is called.
        url: Its place from the root of the site; empty for the page itself.
    """

    title: str
    url: str


class Later(NamedTuple):
    """A file beside a page that is made only where it is not there yet.

    Its name has to say what it is made from, by a digest of all of that: one of this name that the
    last build wrote for the page is the same.

    Attributes:
        make: Makes its bytes.
    """

    make: Callable[[], bytes]


class Page(NamedTuple):
    """One generated page, ready to be rendered.

    Attributes:
        url: Its file from the root of the site, ``p/<project>/r/<run_id>/index.html``. A function
            of ids and project names alone, and so stable.
        kind: Which shell and template it takes.
        title: Its title; record text is allowed, it is escaped.
        crumbs: The way to it, Home first.
        context: What its template shows, plain values only (text, numbers, lists, mappings). Equal
            contexts give equal bytes; a page whose context is unchanged is not rewritten.
        files: Further files written beside it, name to bytes (data behind a chart, an SVG), to
            a file that is copied, or to what makes them.
        digests: Record digests that it was made from, for its metadata.
        work: What it shows, as something that is cited; None = it is not cited by itself.
        moved_to: The page in its place, where it is no more; empty = it is there.
        data: Its bytes, where it is no HTML but data that a script of the site asks for.
    """

    url: str
    kind: Kind
    title: str
    crumbs: tuple[Crumb, ...]
    context: Mapping[str, Any]
    files: Mapping[str, bytes | Path | Later] = {}
    digests: tuple[str, ...] = ()
    work: Work | None = None
    data: bytes | None = None
    moved_to: str = ""

    @property
    def to_root(self) -> str:
        """The relative way back to the root of the site: ``../../`` for a page two folders deep.

        Links are relative, so that the site works from ``file://`` and below any address.
        """
        return to_root(self.url)

    def way_to(self, url: str) -> str:
        """Return the shortest relative way from here to a place in the site.

        Args:
            url: The place from the root of the site; an anchor may follow it.
        """
        folders = self.url.split("/")[:-1]
        there = url.split("/")
        alike = 0
        while alike < min(len(folders), len(there) - 1) and folders[alike] == there[alike]:
            alike += 1
        return "../" * (len(folders) - alike) + "/".join(there[alike:])


def inputs_of(*values: Any) -> str:
    """Return a digest of what a page is made from, for `Draft.inputs`.

    Args:
        values: Exactly the rows and settings that it shows: tuples, lists, texts, numbers, moments;
            mappings with texts as keys.
            Never the view, nor anything that an unrelated record changes.
    """
    # as JSON: to write a hundred thousand rows as Python would takes three times as long
    return hashlib.sha256(_INPUTS.encode(values).encode()).hexdigest()


_INPUTS: Final = json.JSONEncoder(default=repr, check_circular=False, separators=(",", ":"))


class Draft(NamedTuple):
    """A page that is not made yet, known by what it is made from.

    Where a site has thousands of pages, most of them are as they were: telling so must cost less
    than making them.

    Attributes:
        url: As of `Page`.
        kind: As of `Page`.
        inputs: Digest of everything that the page is made from, its files included.
        make: Makes it.
    """

    url: str
    kind: Kind
    inputs: str
    make: Callable[[], Page]
