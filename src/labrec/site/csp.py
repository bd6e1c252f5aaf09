"""Content-Security-Policy: what a page may load and run. Pure.

The policy stands in a ``<meta>`` tag, because a static folder has no HTTP headers. It names the
theme's own inline scripts by their sha256, and nothing else inline runs.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

DIRECTIVES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
"""The policy without hashes: nothing from elsewhere, no ``eval``, no form, no other base."""


def script_hash(text: str) -> str:
    """Return how a policy names an inline script: ``'sha256-…'`` of its exact text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy(inline_scripts: Iterable[str] = ()) -> str:
    """Return the policy of a page.

    Args:
        inline_scripts: The exact text of each inline script that may run.
    """
    hashes = sorted({script_hash(text) for text in inline_scripts})
    sources = DIRECTIVES | {"script-src": " ".join([DIRECTIVES["script-src"], *hashes])}
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def meta(inline_scripts: Iterable[str] = ()) -> str:
    """Return the policy as a tag; it counts for what follows it in the head."""
    content = escape(policy(inline_scripts), quote=True).replace("&#x27;", "'")
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">'
