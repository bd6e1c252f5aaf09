"""The head of a hand-written page: its title and what it hides, and no more. Pure.

The theme looks for more of them, among these templates and texts that it puts into the navigation
of every page as HTML. So it never sees the head that somebody wrote: of that, what is known here is
written anew, and everything else is left out.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

from labrec.errors import InvalidError
from labrec.record import yaml12
from labrec.record.text import one_line

MAX_TITLE: Final = 300
"""Most characters of a title."""

HIDDEN: Final = frozenset({"footer", "navigation", "path", "toc"})
"""Parts of the frame that a page may leave out."""

_HEAD = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


class Head(NamedTuple):
    """What a page says about itself.

    Attributes:
        title: Its title; empty = its first heading.
        hide: Parts of the frame that it leaves out, sorted.
    """

    title: str = ""
    hide: tuple[str, ...] = ()


def split(text: str) -> tuple[Head, str]:
    """Return the head of a page and what follows it.

    Args:
        text: The page. What is no mapping in plain YAML is no head, and stays text.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _HEAD.match(text)
    if found is None:
        return Head(), text
    try:
        tree = yaml12.load(found[1])
    except InvalidError:
        return Head(), text
    if not isinstance(tree, dict):
        return Head(), text
    hide = tree.get("hide")
    wanted = {one for one in hide if isinstance(one, str)} if isinstance(hide, list) else set()
    title = tree.get("title")
    said = one_line(title, MAX_TITLE) if isinstance(title, str) else ""
    return Head(said, tuple(sorted(wanted & HIDDEN))), text[found.end() :]


def join(head: Head, text: str) -> str:
    """Return a page with a head, which it always has: else a theme looks for one in its text.

    Args:
        head: The head.
        text: What follows it.
    """
    lines = [f"hide: [{', '.join(head.hide)}]"]
    lines += [f"title: {json.dumps(head.title)}"] if head.title else []
    return "\n".join(["---", *lines, "---", "", text])
