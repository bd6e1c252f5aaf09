"""Content-Security-Policy: what a page may load and run.

It stands in a ``<meta>`` tag, because a static folder has no HTTP headers, and is the same on every
page. The theme's inline scripts became files (``labrec.site.frame``), so nothing inline runs at all
and no hash is needed. Browsers take ``'self'`` for the folder's own files under ``file://`` too.
"""

from __future__ import annotations

from typing import Final

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
"""Nothing from elsewhere, nothing inline, no ``eval``, no form, no other base.

``data:`` pictures are the icons of the theme's style.
"""

POLICY: Final = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())

META: Final = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
"""The policy as a tag; it counts for what follows it in the head."""
