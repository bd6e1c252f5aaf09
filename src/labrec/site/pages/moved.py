"""Pages that are no more: each leads on to the page in its place, without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.errors import InvalidError
from labrec.site import urls
from labrec.site.page import Crumb, Page
from labrec.site.sources import CONFIG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def pages(moved: tuple[tuple[str, str], ...], known: Collection[str]) -> Iterator[Page]:
    """Yield the pages that lead on.

    Generated pages are named after ids and never move: only what people name does.

    Args:
        moved: Addresses that are no more, each with the one in its place.
        known: Addresses of everything that the site has.

    Raises:
        InvalidError: A page leads to one that is not there, or in a circle.
    """
    to = dict(moved)
    for old, new in moved:
        target, passed = new, {old}
        while target in to and target not in passed:  # what moved twice leads to the last place
            passed.add(target)
            target = to[target]
        if target not in known:
            raise InvalidError(
                f"{CONFIG} has {old} lead to {new}, where no page is",
                hint="Name the page as it lies under site/, or by its address.",
                paths=[CONFIG],
            )
        yield Page(
            url=old,
            kind="moved",
            title="This page moved",
            crumbs=(Crumb("Home", urls.HOME), Crumb("Moved", "")),
            context={"target": target},
            moved_to=target,
        )
