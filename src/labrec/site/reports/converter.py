"""Markdown to HTML in a process of its own: a report that takes too long ends that process alone.

The time that Markdown takes grows with the square of some texts, such as many opening brackets, and
it fails at lists deep inside one another. So it runs beside us, with a limit.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import lru_cache
from typing import Final

import markdown

from labrec.site.reports.parser import Mistake

EXTENSIONS: Final = (
    "admonition", "def_list", "fenced_code", "footnotes", "sane_lists", "tables", "toc",
)  # fmt: skip
"""Of Markdown. None of them sets an attribute, includes a file or runs anything."""

TIMEOUT_S: Final = 60
"""Longest time that one report may take, in seconds: more than the longest honest one does."""


@lru_cache(maxsize=64)
def convert(text: str, mark: str) -> str:
    """Return the HTML that Markdown makes of a text.

    Args:
        text: The text, tokens in the place of references.
        mark: How every token begins.

    Raises:
        Mistake: It takes longer than `TIMEOUT_S`, or is nested too deeply.
    """
    command = [sys.executable, "-P", "-m", __name__, mark]
    try:
        done = subprocess.run(
            command, input=text.encode("utf-8", "surrogatepass"), capture_output=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Mistake(
            f"Markdown takes longer than {TIMEOUT_S} s for it: look for many brackets or signs "
            "without an end"
        ) from error
    if done.returncode:
        raise Mistake("Markdown fails at it: look for lists or quotes deep inside one another")
    return done.stdout.decode("utf-8", "surrogatepass")


def here(text: str, mark: str) -> str:
    """Return the same without a limit, in this process."""
    token = re.compile(rf"{mark}\d+z")

    def slugify(heading: str, separator: str) -> str:
        words = re.sub(r"[^a-z0-9]+", separator, token.sub("", heading).lower())
        return words.strip(separator) or "part"

    converter = markdown.Markdown(
        extensions=list(EXTENSIONS),
        extension_configs={
            "toc": {"slugify": slugify},
            "tables": {"use_align_attribute": True},
        },
        output_format="html",
    )
    converter.preprocessors.deregister("html_block")  # raw HTML is text
    converter.inlinePatterns.deregister("html")
    html: str = converter.convert(text)
    return html


if __name__ == "__main__":
    given = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    sys.stdout.buffer.write(here(given, sys.argv[1]).encode("utf-8", "surrogatepass"))
