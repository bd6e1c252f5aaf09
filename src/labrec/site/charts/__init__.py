"""Charts: our own drawings and specifications; a record brings numbers and names, nothing else.

A figure is drawn twice from the same data. A small SVG stands in the page, for readers without
JavaScript, for print and for the moment before a script runs. Where JavaScript is on, the shared
Vega bundle draws the same again, with tooltips. Its specifications are made once with Altair and
shipped as one script; a page carries data and texts only, and so no record can reach a mark, an
expression or an address.
"""

from labrec.site.charts.bars import About, Bar, Held, bars
from labrec.site.charts.change import At, Stretch, change
from labrec.site.charts.checks import Checked, checks
from labrec.site.charts.curves import Curve, lines, panels
from labrec.site.charts.figure import Figure, apart
from labrec.site.charts.front import Spot, front
from labrec.site.charts.heatmap import Pair, heatmap
from labrec.site.charts.history import Came, Event, history
from labrec.site.charts.levels import Level, levels
from labrec.site.charts.luck import Band
from labrec.site.charts.progress import Quantity, Step, lineage
from labrec.site.charts.rungs import Rung, Told, rungs
from labrec.site.charts.scripts import BUNDLE, bundle
from labrec.site.charts.timeline import Mark, Span, Track, timeline

__all__ = [
    "BUNDLE", "About", "At", "Band", "Bar", "Came", "Checked", "Curve", "Event", "Figure",
    "Held", "Level", "Mark", "Pair", "Quantity", "Rung", "Span", "Spot", "Step", "Stretch", "Told",
    "Track", "apart", "bars", "bundle", "change", "checks", "front", "heatmap", "history", "levels",
    "lineage", "lines", "panels", "rungs", "timeline",
]  # fmt: skip
