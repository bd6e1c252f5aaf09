"""Build the site: gather every page, render, write. What is unchanged is left alone.

All pages and files are planned before anything is written, and what is wrong with the plan is told
at once. Pages are written before the pages that link to them, single files by rename.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import posixpath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from labrec.errors import BusyError, InvalidError, StorageError
from labrec.record.text import printable
from labrec.site import assets, bare, inspection, manifest, metadata, shell_cache, stamp
from labrec.site.collector import uncollected
from labrec.site.manifest import Made, Manifest
from labrec.site.output import Output
from labrec.site.page import Draft, Later
from labrec.site.pages import PAGES, moved
from labrec.site.shell import shell_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from labrec.citation import Lab
    from labrec.site.collect import Site
    from labrec.site.page import Page
    from labrec.site.settings import SiteSettings
    from labrec.site.shell import Shells
    from labrec.site.sources import Sources


class BuildReport(NamedTuple):
    """What a build did; truthy where nothing had to be left out.

    Attributes:
        folder: Where the site lies.
        pages: How many generated pages it has.
        rendered: How many of them had to be made anew.
        files: How many files it has.
        size: Their length together, in bytes.
        written: How many files were written.
        removed: How many were removed.
        problems: Documents of the lab that could not be used.
        notes: What the people who wrote for the site should know, one sentence each.
    """

    folder: Path
    pages: int
    rendered: int
    files: int
    size: int
    written: int
    removed: int
    problems: int
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.problems

    @property
    def exit_code(self) -> int:
        """0, or 3 where documents were left out."""
        return 3 if self.problems else 0

    def to_json(self) -> dict[str, object]:
        """Return the report as ``--json`` prints it."""
        return self._asdict() | {"folder": str(self.folder)}


def build(
    site: Site,
    settings: SiteSettings,
    sources: Sources,
    folder: Path,
    *,
    cache: Path,
    fresh: bool = False,
) -> BuildReport:
    """Build the site of a lab into a folder.

    Args:
        site: What it is made from.
        settings: What the lab says about its site.
        sources: The hand-written pages.
        folder: Where it goes: a new or empty folder, or one that a build wrote.
        cache: Folder for what helps the next build; can be removed at any time.
        fresh: Whether every page is made anew, whatever the cache says.

    Raises:
        BusyError: Another build writes the same site.
        InvalidError: A hand-written page or the plan of the site is wrong; all mistakes are told.
        LimitError: The theme takes too long.
        NotFoundError: A package of ``labrec[lab]`` is missing.
        StorageError: Something cannot be read or written.
        UsageError: Something else than a site lies in the folder.
    """
    folder = folder.absolute()
    with _alone(cache, folder) as kept:
        with uncollected():
            shells = bare.with_bare(shell_cache.shells(settings, sources, cache), settings)
            fixed = {**shells.files, **assets.files(cache)}
            plan = [page for make in PAGES.values() for page in make(site)]
            plan += moved.pages(settings.moved, {*fixed, *(page.url for page in plan)})
            _check(plan, fixed)
            last = Manifest({}, {}) if fresh else manifest.read(kept)
        with Output(folder) as output:
            writer = _Writer(output, shells, last, site.lab)
            writer.fixed(fixed)
            for page in plan:
                writer.page(page)
            output.clear()
        with contextlib.suppress(OSError):  # without it the next build is slower, no more
            manifest.write(kept, writer.made)
    return BuildReport(
        folder,
        sum(page.kind != "shard" for page in plan),
        writer.rendered,
        len(output.sizes),
        sum(output.sizes.values()),
        output.written,
        output.removed,
        len(site.problems),
        tuple(_lost_links(shells.files, plan)),
    )


@contextlib.contextmanager
def _alone(cache: Path, folder: Path) -> Iterator[Path]:
    """Keep other builds of a site away; yield where its manifest lies."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / f"site-{name}.lock").open("ab")
    except OSError as error:
        raise StorageError(
            f"the cache of the site cannot be written: {error.strerror}",
            hint="Check permissions and free space.",
            paths=[cache],
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                f"another build writes {folder}",
                hint="Wait for it to end, then build again.",
                paths=[folder],
            ) from error
        yield cache / f"site-{name}.json"


def _check(plan: list[Page | Draft], fixed: Mapping[str, bytes]) -> None:
    """Refuse a plan in which two pages would be one file."""
    seen: set[str] = set(fixed)
    twice: list[str] = []
    for page in plan:
        if page.url in seen:
            twice.append(page.url)
        seen.add(page.url)
    if twice:
        raise InvalidError(
            f"more than one page would be {', '.join(sorted(set(twice))[:10])}",
            hint="Give the hand-written page another name.",
            paths=sorted(set(twice)),
        )


def _lost_links(files: Mapping[str, bytes], plan: list[Page | Draft]) -> Iterator[str]:
    """Yield a note for each link of a hand-written page that leads to no page."""
    known = {*files, *(page.url for page in plan)}
    for path, data in sorted(files.items()):
        if not path.endswith(".html"):
            continue
        folder = posixpath.dirname(path)
        for url in sorted(inspection.links(data.decode())):
            target = posixpath.normpath(posixpath.join(folder, unquote(url)))
            if target.endswith(".html") and target not in known:
                written = path.removesuffix(".html") + ".md"
                yield f"site/{written} links to {printable(target)}, which is not there"


class _Writer:
    """Writes what is new of a plan and keeps the rest.

    Attributes:
        made: The manifest of what the site consists of now.
        rendered: How many pages were made.
    """

    def __init__(self, output: Output, shells: Shells, last: Manifest, lab: Lab) -> None:
        self.output = output
        self.shells = shells
        self.last = last
        self.lab = lab
        self.made = Manifest({}, {})
        self.rendered = 0
        self._shell_digests = {
            # what every page says of the lab is no input of a single one
            name: manifest.digest_of([shell.parts, lab])
            for name, shell in shells.kinds.items()
        }

    def fixed(self, files: Mapping[str, bytes]) -> None:
        """Write the files that are no generated pages."""
        for path, data in files.items():
            digest = hashlib.sha256(data).hexdigest()
            self.made.digests[path] = digest
            if self.last.digests.get(path) == digest and self.output.has(path, len(data)):
                self.output.keep(path, len(data))
            else:
                self.output.put(path, data)

    def page(self, page: Page | Draft) -> None:
        """Write one page and its files, or keep them."""
        key = manifest.key_of(page, self._shell_digests[shell_name(page.kind)])
        last = self.last.pages.get(page.url)
        there = last.files if last is not None else {}
        if last and last.key == key and all(path in self.output.present for path in there):
            for path, size in there.items():
                self.output.keep(path, size)
            self.made.pages[page.url] = last
            return
        whole = page.make() if isinstance(page, Draft) else page
        self.rendered += page.kind != "shard"
        folder = page.url.rpartition("/")[0]
        files = {
            (f"{folder}/" if folder else "") + name: data for name, data in whole.files.items()
        }
        # the page comes last: what it links to is there already
        sizes = {path: self._beside(path, data, there) for path, data in files.items()}
        data = self._html(whole).encode() if whole.data is None else whole.data
        sizes[page.url] = self.output.put(page.url, data)
        self.made.pages[page.url] = Made(key, sizes)

    def _beside(self, path: str, data: bytes | Path | Later, there: Mapping[str, int]) -> int:
        """Write a file beside a page, given those that the last build wrote beside it."""
        if not isinstance(data, Later):
            return self.output.put(path, data)
        if path in there and path in self.output.present:
            self.output.keep(path, there[path])
            return there[path]
        return self.output.put(path, data.make())

    def _html(self, page: Page) -> str:
        return self.shells.of(page.kind).stamp(
            root=page.to_root,
            title=page.title,
            head=assets.tags(page.to_root, page.kind) + metadata.tags(page, self.lab),
            content=stamp.content(page),
        )
