"""A built site, once a session, and a real browser that looks at it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.site.labs import add, built, commit, study
from tests.store.labs import GitLab, new_lab

from labrec.site.serve import Preview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

ABOUT = b"""\
# About us

We look at **depth**.

## Method

| a | b |
| --: | --- |
| 1 | 2 |

```python
x = 1
```

=== "One"

    First.

=== "Two"

    Second.
"""


class Site(NamedTuple):
    """A lab and its built site."""

    lab: GitLab
    folder: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, site_cache: Path) -> Site:
    """A site of runs of every kind; not to be changed."""
    lab = new_lab(tmp_path_factory.mktemp("site") / "lab")
    commit(
        lab,
        {
            "site/index.md": b"# The depth lab\n\nWhat depth does.\n",
            "site/about.md": ABOUT,
            "mkdocs.yml": b"site_name: Depth lab\nsite_url: https://example.org/depth\n",
        },
    )
    add(lab, study())
    built(lab, cache=site_cache)
    return Site(lab, lab.path / "build/labrec/site")


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    """A lab with its first commit and no records."""
    return new_lab(tmp_path / "lab")


# --- a browser --------------------------------------------------------------------------------


class Seen(NamedTuple):
    """A page in the browser, and what happened while it was there.

    Attributes:
        page: The page.
        said: What stood in the console, errors included.
        asked: Every address that was asked for.
    """

    page: Page
    said: list[str]
    asked: list[str]


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[..., Seen]]:
    """Open an address; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_page(url: str, **options: Any) -> Seen:
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (said.append("a dialog"), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url, wait_until="load")
        return Seen(page, said, asked)

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def served(site: Site) -> Iterator[str]:
    """The site's address while it is served to this machine."""
    with Preview(site.folder, port=0) as preview:
        thread = threading.Thread(target=preview.run, daemon=True)
        thread.start()
        yield preview.url
        preview.stop()
        thread.join()


@pytest.fixture(params=["http", "file"])
def root(request: pytest.FixtureRequest, site: Site) -> str:
    """The site's address: from a server, and from the disk."""
    if request.param == "http":
        return str(request.getfixturevalue("served"))
    return f"{site.folder.as_uri()}/"
