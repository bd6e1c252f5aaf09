"""A report as one HTML file: its styles, drawings and pictures inside, and no request at all."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from labrec.errors import NotFoundError, StorageError, UsageError
from labrec.record import fragment
from labrec.site import stamp
from labrec.site.charts.drawing import Markup
from labrec.site.pages.report import live_values, version_values
from labrec.site.reports import look
from labrec.site.reports.freezing import article_of

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.collect import Site

STYLE: Final = "export.css"
"""Style sheet of the file, beside this module."""

_LINK = re.compile(
    rf'<a ([^<>]*)href="{re.escape(fragment.ROOT)}([^"<>]*)"([^<>]*)>(.*?)</a>', re.DOTALL
)


def frozen(site: Site, slug: str, number: int | None = None) -> bytes:
    """Return a frozen version as one file.

    Args:
        site: What the site is made from.
        slug: The report.
        number: Which version; None = the newest.

    Raises:
        NotFoundError: There is no such version.
    """
    versions = site.library.versions_of(slug)
    wanted = number if number is not None else max((v.frozen.number for v in versions), default=0)
    found = [one for one in versions if one.frozen.number == wanted]
    if not found:
        there = ", ".join(str(v.frozen.number) for v in versions) or "none"
        raise NotFoundError(
            f"report {slug} has no version {number}" if number else f"report {slug} is not frozen",
            hint=f"Versions: {there}. `labrec report freeze` makes one, --live takes none.",
        )
    articles = [version_values(site, one) for one in found]
    title = str(found[0].frozen.document["title"])
    return _file(site, title, {"number": wanted, "articles": articles})


def live(site: Site, slug: str) -> bytes:
    """Return a report as it is now as one file.

    Raises:
        NotFoundError: It is not written.
        InvalidError: It holds mistakes; all are told.
    """
    article = article_of(site, slug)
    values = live_values(site, article) | {"view": site.view_id}
    return _file(site, article.title, {"number": 0, "articles": [values]})


def _file(site: Site, title: str, values: dict[str, Any]) -> bytes:
    style = _style()
    articles = [
        one | {"markup": Markup(_links(str(one["markup"]), site.url))} for one in values["articles"]
    ]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"
    text = stamp.part(
        "report-export.html", title=title, site=site.title, url=site.url, policy=policy,
        style=Markup(style), number=values["number"], articles=articles,
    )  # fmt: skip
    return text.encode()


def _style() -> str:
    own = resources.files("labrec.site.reports").joinpath(STYLE).read_text("utf-8")
    night = f"@media (prefers-color-scheme: dark) {{ :root {{ {look.dark()} }} }}"
    style = f"{look.rules()}\n{night}\n{own}"
    if "</" in style or "<!" in style:
        raise ValueError("a style sheet of ours ends its element")
    return style


def _links(article: str, url: str) -> str:
    """Lead links inside the site to its address, or nowhere where it has none."""
    if url:
        return article.replace(f'href="{fragment.ROOT}', f'href="{url}')
    return _LINK.sub(r"<span>\4</span>", article)


def write(path: Path, data: bytes) -> None:
    """Write a new file.

    Raises:
        UsageError: There is one already.
        StorageError: It cannot be written.
    """
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        if os.path.lexists(path):
            raise UsageError(
                f"{path} is there already",
                hint="Remove it, or say another place with -o FILE.",
                paths=[path],
                kept="that file, untouched",
            )
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}",
            hint="Check permissions and free space.",
            paths=[path],
        ) from error
