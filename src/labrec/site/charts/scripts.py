"""What the charts of a site need beside its pages: the shared Vega bundle with our specifications.

The bundle comes from vl-convert, an installed package; nothing is downloaded. It is wrapped so that
it leaves four names behind and no other, and loaded by ``charts.js`` when a chart comes into view.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Final

from labrec.errors import NotFoundError
from labrec.site.charts.figure import for_script
from labrec.site.charts.specifications import FIELDS, specifications

BUNDLE: Final = "vega.js"
"""Name of the script; ``charts.js`` looks for it in its own folder."""

_LICENCE = "Vega {vega}, Vega-Lite and Vega-Embed: BSD 3-Clause, https://github.com/vega"


def bundle(before: bytes | None = None) -> bytes:
    """Return the script, which takes seconds to make.

    Args:
        before: A script that was made earlier; returned when it would be the same again.

    Raises:
        NotFoundError: vl-convert or Altair is not installed.
    """
    mark = f"/* labrec charts {_key()} */\n"
    if before is not None and before.startswith(mark.encode()):
        return before
    import vl_convert  # only where the script is made

    known = {
        kind: {"fields": FIELDS[kind], "spec": spec} for kind, spec in specifications().items()
    }
    parts = (
        mark,
        f"/* {_LICENCE.format(vega=vl_convert.get_vega_version())} */\n",
        "(function () {\n",
        vl_convert.javascript_bundle(_SNIPPET),
        f"\nwindow.labrecCharts = {for_script(known)};\n",
        "})();\n",
    )
    return "".join(parts).encode()


_SNIPPET = "window.vegaEmbed = vegaEmbed; window.vega = vega; window.vegaLite = vegaLite;"


def _key() -> str:
    """Return what tells one script from another: our specifications and who made the rest."""
    try:
        versions = [version(name) for name in ("altair", "vl-convert-python")]
    except PackageNotFoundError as error:
        raise NotFoundError(
            f"charts need {error.name}, which is not installed", hint="pip install 'labrec[lab]'"
        ) from error
    folder = files(__package__)
    ours = [(folder / "scripts.py").read_text("utf-8")]
    ours += [
        item.read_text("utf-8")
        for item in sorted((folder / "specifications").iterdir(), key=lambda item: item.name)
        if item.name.endswith(".py")
    ]
    return hashlib.sha256("\0".join([*versions, *ours]).encode()).hexdigest()[:16]
