"""What the charts of a site need beside its pages: the shared Vega bundle with our specifications.

The bundle comes from vl-convert, an installed package; nothing is downloaded. It is wrapped so that
it leaves three names behind and no other, and loaded by ``charts.js`` when a chart comes into view.
"""

from __future__ import annotations

import functools
from typing import Final

from labrec.errors import NotFoundError
from labrec.site.charts.figure import for_script
from labrec.site.charts.specifications import FIELDS, specifications

BUNDLE: Final = "vega.js"
"""Name of the script; ``charts.js`` looks for it in its own folder."""

_HEAD = """\
/* Vega {vega}, Vega-Lite and Vega-Embed: BSD 3-Clause, https://github.com/vega. From vl-convert. */
"""


@functools.cache
def scripts() -> dict[str, bytes]:
    """Return the script by its name in the folder of assets.

    Raises:
        NotFoundError: vl-convert or Altair is not installed.
    """
    try:
        import vl_convert  # only where a site is built
    except ImportError as error:
        raise NotFoundError(
            "charts need vl-convert, which is not installed", hint="pip install 'labrec[lab]'"
        ) from error
    known = {
        kind: {"fields": FIELDS[kind], "spec": spec} for kind, spec in specifications().items()
    }
    parts = (
        _HEAD.format(vega=vl_convert.get_vega_version()),
        "(function () {\n",
        vl_convert.javascript_bundle(None),
        f"\nwindow.labrecCharts = {for_script(known)};\n",
        "})();\n",
    )
    return {BUNDLE: "".join(parts).encode()}
