"""The beginning of a report: examples of the vocabulary that name what this lab holds."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING

from labrec.analytics import tables
from labrec.errors import NotFoundError, UnsafeError, UsageError
from labrec.record.layout import check_slug
from labrec.site.reports.known import Known
from labrec.site.reports.render import path_of
from labrec.store.storage import storage_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.site.collect import Project, Site
    from labrec.site.experiments import Experiment

_HEAD = """\
---
title: {title}
project: {project}
---

<!-- A report: Markdown with the lab's numbers in it by reference. Write what you found; take out
     what you do not need. `labrec report preview {slug}` shows it, `labrec report freeze {slug}`
     keeps it for ever. The manual's page on reports lists every word. Comments like this one, from
     the beginning of a line, are not shown. -->

What was asked, and what was found, in a sentence or two.
"""


def begin(root: Path | None, site: Site, slug: str, project: str | None) -> Path:
    """Write the beginning of a report and return its path.

    Args:
        root: The lab's worktree; None = the repository is bare.
        site: What there is to name.
        slug: The report.
        project: Its project; None = the only one of the lab.

    Raises:
        InvalidError: The slug is not valid.
        NotFoundError: There is no such project.
        UsageError: The lab is bare, several projects are there, or the file is.
        UnsafeError: A link stands where a folder of the lab should be.
        StorageError: It cannot be written.
    """
    check_slug(slug)
    if slug == "index":
        raise UsageError(
            "a report is not called index: the list of reports is", hint="Choose another name."
        )
    if root is None:
        raise UsageError(
            "this repository is bare: there is no worktree to write a report into",
            hint="Write it in a clone.",
        )
    text = template(site, _project(site, project), slug)
    path = root / path_of(slug)
    for folder in (path.parent.parent, path.parent):
        if folder.is_symlink():
            raise UnsafeError(f"{folder} is a link", hint="Put a folder there.", paths=[folder])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        raise UsageError(
            f"{path_of(slug)} is there already",
            hint="Edit it, or choose another slug.",
            paths=[path],
            kept="that file, untouched",
        ) from error
    except OSError as error:
        raise storage_error(error, path, retry="try again", kept="nothing was written") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _project(site: Site, name: str | None) -> Project:
    names = [project.name for project in site.projects]
    if name is not None and name not in names:
        raise NotFoundError(
            f"project {name!r} has no run yet",
            hint=f"Projects: {', '.join(names) or 'none'}. A report needs records to name.",
        )
    if name is None and len(names) != 1:
        raise UsageError(
            "which project is the report about?" if names else "no run is recorded yet",
            hint=f"Give --project: {', '.join(names)}." if names else "Record a run first.",
        )
    return site.project[name or names[0]]


def template(site: Site, project: Project, slug: str) -> str:
    """Return the beginning of a report about a project: every reference in it works there."""
    title = slug.replace("-", " ").replace("_", " ").capitalize()
    head = _HEAD.format(title=json.dumps(title), project=json.dumps(project.name), slug=slug)
    known = Known(site, project, site.library)
    return "\n".join([head, *_examples(known)])


def _examples(known: Known) -> Iterator[str]:
    yield "## Numbers\n\nThis project has {{ project().runs }} of {{ project().experiments }}.\n"
    metric = next((one for one in known.experiments.key_metrics if one.name.isprintable()), None)
    best = known.experiments.best(metric) if metric is not None else None
    if best is not None and metric is not None and _is_one(known, best.name):
        yield from _best(best, metric.name)
    yield from _hypothesis(known)
    if metric is not None:
        yield _FIGURE.format(metric=_text(metric.name))
        if any(row.metric == metric.name for row in known.project.experiments):
            yield _TABLE.format(metric=_text(metric.name))
    yield _CODE


_BEST = """\
<!-- The mean over its runs with its interval; .mean, .sd, .low, .high, .min, .max and .n give one
     of them. (digits=3) and (unit=false) say how a number is written. -->

The best mean is that of {{{{ experiment({name}) }}}}:
{{{{ experiment({name}).metrics[{metric}] }}}}; rounded,
{{{{ experiment({name}).metrics[{metric}].mean(digits=3) }}}}.
"""
_RUN = """\
<!-- A run is named by its id, at least four digits of its beginning, or a name that one has. -->

Its first run is {{{{ run({run}) }}}}, {{{{ run({run}).status }}}}.
"""
_VALUE = """\
It measured {{{{ run({run}).metrics[{metric}] }}}}.
"""
_CLAIM = """\
## What was claimed

> {{{{ hypothesis({slug}).claim }}}}

It is **{{{{ hypothesis({slug}).verdict }}}}**. {{{{ hypothesis({slug}).sentence }}}}
"""
_ESTIMATE = """\
The difference is {{{{ hypothesis({slug}).estimate }}}}.
"""
_FIGURE = """\
## Figures

<!-- A figure or table stands in a paragraph of its own. -->

{{{{ figure("progress", metric={metric}) }}}}
"""
_TABLE = """\
## Tables

<!-- Any table of the manual's page on tables: rows by what a column holds, columns by name. -->

{{{{ table("experiments", metric={metric}, columns=["name", "mean", "low", "high", "n"],
         sort="mean", limit=10, title="Experiments by their mean") }}}}
"""
_CODE = """\
<!-- Inside of code, and after a backslash, a reference is only text. -->

In code it stands as it is written: `{{ run("…").metrics.loss }}`.
"""


def _best(best: Experiment, metric: str) -> Iterator[str]:
    yield _BEST.format(name=_text(best.name), metric=_text(metric))
    run = next((run for run in best.runs if run.counts and run.status == "complete"), best.runs[0])
    yield _RUN.format(run=_text(run.run_id))
    if run.status == "complete":
        yield _VALUE.format(run=_text(run.run_id), metric=_text(metric))


def _hypothesis(known: Known) -> Iterator[str]:
    rows = known.rows(tables.TABLES["hypotheses"])
    counting = Counter(row.hypothesis for row in rows if row.current)
    for row in rows:
        if row.current and counting[row.hypothesis] == 1 and row.sentence:
            yield _CLAIM.format(slug=_text(row.hypothesis))
            if row.estimate is not None:
                yield _ESTIMATE.format(slug=_text(row.hypothesis))
            return


def _is_one(known: Known, name: str) -> bool:
    return (
        bool(name)
        and name.isprintable()
        and sum(one.name == name for one in known.experiments.all) == 1
    )


def _text(text: str) -> str:
    """Return a text as a reference writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
