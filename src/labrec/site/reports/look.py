"""The look of figures outside the site: the rules of the site's style sheets that drawings need.

Taken from the style sheets themselves, so that a figure that is kept looks as on the page.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DRAWS: Final = ("svg ", "svg.", ".lr-drawing", ".lr-look-")
_DEEPEST = 4  # names of colours behind one another
_COMMA = re.compile(r",(?![^()]*\))")
_VARIABLE = re.compile(r"var\((--lr-[a-z0-9-]+)(?:,[^()]*)?\)")


@cache
def rules() -> str:
    """Return the rules that drawings need: colours as variables first, light ones."""
    plain, dark = _sheets()
    del dark
    return plain


@cache
def dark() -> str:
    """Return the colours of the dark scheme, as declarations."""
    return _sheets()[1]


@cache
def _sheets() -> tuple[str, str]:
    folder = resources.files("labrec.site").joinpath("assets")
    texts = [
        _COMMENT.sub("", item.read_text("utf-8"))
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".css")
    ]
    light, night, drawn = [], [], []
    for selector, body in _top_rules("\n".join(texts)):
        if ":root" in _parts(selector):
            light.append(body)
        elif selector == '[data-md-color-scheme="slate"]':
            night.append(re.sub(r"var\(--md-[^()]*?, *([^()]*)\)", r"\1", body))
        elif any(part.startswith(_DRAWS) or ".lr-drawing" in part for part in _parts(selector)):
            drawn.append(f"{selector} {{ {body} }}")
    return f":root {{ {' '.join(light)} }}\n" + "\n".join(drawn), " ".join(night)


def _top_rules(text: str) -> list[tuple[str, str]]:
    """Return selector and declarations of each rule that stands in no ``@`` rule."""
    found = []
    at = 0
    while (opened := text.find("{", at)) >= 0:
        selector = " ".join(text[at:opened].split())
        depth, end = 1, opened + 1
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        if not selector.startswith("@"):
            found.append((selector, " ".join(text[opened + 1 : end - 1].split())))
        at = end
    return found


def _parts(selector: str) -> list[str]:
    return [part.strip() for part in _COMMA.split(selector)]


def _alone(rule: str, kind: str) -> str:
    """Return a rule as it holds for a drawing without its figure around it; empty where not."""
    selector, _, body = rule.partition(" {")
    around = f".lr-{kind} "
    parts = [part.removeprefix(around) for part in _parts(selector)]
    kept = [part for part in parts if part.startswith(_DRAWS)]
    return f"{', '.join(kept)} {{{body}" if kept else ""


@cache
def for_drawing(kind: str) -> str:
    """Return the style of a drawing that stands alone: every colour written out.

    Args:
        kind: The kind of its figure.
    """
    light = dict(re.findall(r"(--lr-[a-z0-9-]+): *([^;]+);", rules()))
    drawn = rules().partition("\n")[2]
    resolved = drawn
    for _ in range(_DEEPEST):  # a colour may be named by another one
        resolved = _VARIABLE.sub(lambda found: light.get(found[1], "#000").strip(), resolved)
    own = [alone for rule in resolved.splitlines() if (alone := _alone(rule, kind))]
    kept = [rule for rule in own if not re.search(r"url|@|\\|image|<|>|&", rule)]
    head = "svg { background: #ffffff; color: #1f2933; font-family: sans-serif; }"
    return "\n".join([head, *kept])
