"""What a built site consists of, kept beside the build: so that the next one writes what is new.

A page is known by its key: a digest of what it is made from and the shell. A page whose key is
unchanged, and whose files are there, is neither rendered nor written. What another labrec made, or
other packages, is not kept.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec._version import __version__
from labrec.gitio.durable import replace_file
from labrec.site import theme
from labrec.site.page import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from labrec.site.page import Page

FORMAT: Final = "labrec.site/3"

RENDERING: Final = (*theme.PACKAGES, "jinja2", "polars")
"""Packages that decide what a page looks like, and how its inputs are told from others."""


class Made(NamedTuple):
    """A page as it was made.

    Attributes:
        key: What it was made from.
        files: Its files from the root of the site, itself included, with their lengths in bytes.
    """

    key: str
    files: Mapping[str, int]


class Manifest(NamedTuple):
    """What a built site consists of.

    Attributes:
        pages: Each generated page by its address.
        digests: The sha256 of every other file by its place.
    """

    pages: dict[str, Made]
    digests: dict[str, str]


def read(path: Path) -> Manifest:
    """Read what the last build left; empty where it left nothing that can be used."""
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT or document["tool"] != tool_digest():
            return Manifest({}, {})
        pages = {url: Made(key, dict(files)) for url, (key, files) in document["pages"].items()}
        return Manifest(pages, dict(document["digests"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Manifest({}, {})


def write(path: Path, manifest: Manifest) -> None:
    """Keep what this build made.

    Raises:
        OSError: It cannot be written.
    """
    document = {"format": FORMAT, "tool": tool_digest(), **manifest._asdict()}
    replace_file(path, json.dumps(document, separators=(",", ":")).encode(), sync=False)


def key_of(page: Page | Draft, shell: str) -> str:
    """Return what a page is known by.

    Args:
        page: The page.
        shell: Digest of its shell.
    """
    inputs = page.inputs if isinstance(page, Draft) else digest_of(page)
    return hashlib.sha256(f"{inputs} {shell}".encode()).hexdigest()


def digest_of(value: Any) -> str:
    """Return a digest of plain values: text, numbers, lists, mappings, bytes, moments.

    Raises:
        TypeError: There is something else among them.
    """
    # ensure_ascii also takes lone surrogates, which UTF-8 would refuse
    text = json.dumps(value, default=_plain, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "stat"):  # a file that is copied
        facts = value.stat()
        return [str(value), facts.st_size, facts.st_mtime_ns]
    raise TypeError(f"no plain value in a page: {type(value).__name__}")


@cache
def tool_digest() -> str:
    """Return a digest of what renders: this package, the theme's packages, the interpreter."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in RENDERING]
    versions += [f"labrec {__version__}", f"python {sys.version_info[:2]}"]
    digest = hashlib.sha256("\n".join(versions).encode())
    for name, data in sorted(_contents(resources.files("labrec.site"), "")):
        digest.update(f"\n{name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def _contents(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir() and item.name != "__pycache__":
            yield from _contents(item, f"{prefix}{item.name}/")
        elif item.is_file():
            yield prefix + item.name, item.read_bytes()
