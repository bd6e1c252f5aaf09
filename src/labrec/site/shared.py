"""What the theme has alike on thousands of pages: kept once, in a script that puts it back. Pure.

A page keeps what a reader without JavaScript has a use for. The script holds markup of the theme
alone: texts of the lab stand in the page, where nothing reads them as anything else.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from labrec.site import assets, frame, theme, urls
from labrec.site.frame import Framed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.site.theme import Light

_STYLE = re.compile(rf'<link rel="stylesheet" href="{frame.ROOT}([^"]*)">')
_STYLES = re.compile(rf"(?:{_STYLE.pattern.replace('(', '(?:')}){{2,}}")


def one_style(
    pages: Mapping[str, Framed], rendered: Mapping[str, bytes]
) -> tuple[dict[str, Framed], dict[str, bytes]]:
    """Return pages with one style sheet in place of several that follow one another.

    Args:
        pages: The pages, by their path.
        rendered: All that the theme wrote, by its path.

    Returns:
        The pages, and what the theme wrote with the one in place of the several.
    """
    made: dict[str, bytes] = {}
    gone: set[str] = set()

    def joined(found: re.Match[str]) -> str:
        names = _STYLE.findall(found[0])
        if not all(theme.is_kept(name) and name in rendered for name in names):
            return found[0]
        data = b"".join(frame.without_map(rendered[name]) for name in names)
        name = f"assets/theme/all.{hashlib.sha256(data).hexdigest()[:8]}.min.css"
        made[name] = data
        gone.update(names)
        return f'<link rel="stylesheet" href="{frame.ROOT}{name}">'

    with_one = {
        path: framed._replace(text=_STYLES.sub(joined, framed.text))
        for path, framed in pages.items()
    }
    kept = {name: data for name, data in rendered.items() if name not in gone}
    return with_one, {**kept, **made}


def shared(framed: Framed) -> Framed:
    """Return an empty page without what it has alike with all others.

    Args:
        framed: The page.

    Returns:
        The page and the one script that it needs now in place of its own; the same page where the
        theme has nothing to take out.
    """
    light = theme.lightened(framed.text)
    if light is None:
        return framed
    before, after = light.before, light.after
    first: list[str] = []
    then: list[str] = []
    last: list[str] = []
    for name, data in framed.scripts.items():
        tag = _tag(name)
        if tag in after:  # it looks at what stands before it: the content
            last.append(data.decode())
        else:
            (first if before.find(tag) < before.find("</head>") else then).append(data.decode())
        before, after = before.replace(tag, ""), after.replace(tag, "")
    script = ";\n".join(
        (*first, _parts(light), assets.own("shared.js"), *then, *map(_once_there, last))
    ).encode()
    name = f"{urls.ASSETS}shared-{hashlib.sha256(script).hexdigest()[:8]}.js"
    return Framed(before + _tag(name) + after, {name: script})


def _tag(name: str) -> str:
    return f'<script src="{frame.ROOT}{name}"></script>'


def _parts(light: Light) -> str:
    told = {"root": frame.ROOT, "parts": light.parts, "icons": light.icons, "links": light.links}
    return f"window.labrecShared = {json.dumps(told)}"


def _once_there(script: str) -> str:
    return f'document.addEventListener("DOMContentLoaded", function () {{ {script} }})'
