"""``labrec report``: prose with the lab's numbers in it, live and frozen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from labrec.sdk.reports import FrozenReport

_PREVIEW = "build/labrec/preview"


class _InOrder(click.Group):
    """A group that lists its commands in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(
    cls=_InOrder,
    epilog="\b\nExamples:\n  labrec report new better-models --project lm\n"
    "  labrec report preview better-models\n"
    "  labrec report freeze better-models --author 'Ada Example'\n"
    "  labrec report export better-models -o better-models.html",
)
def command() -> None:
    """Write a report with live numbers, and freeze it for ever.

    A report is Markdown, site/reports/SLUG.md. Numbers, figures and tables stand in it by
    reference: {{ run("1_base").metrics.loss }}. docs/reports.md lists what it can name.
    """


@command.command("new", epilog="\b\nExample:\n  labrec report new better-models --project lm")
@click.argument("slug")
@click.option("--project", metavar="P", help="Its project; the only one of the lab when left out.")
@json_option
@pass_world
def new(world: World, slug: str, project: str | None) -> None:
    """Begin a report: site/reports/SLUG.md, with examples from this lab that work.

    Nothing that is there is overwritten.
    """
    from labrec.cli.site import gathered, has_worktree

    site = gathered(world, worktree=has_worktree(world)).site
    from labrec.site.reports.begin import begin  # there by now

    path = begin(world.lab.git.worktree, site, slug, project)
    world.answer(
        {"slug": slug, "path": str(path)},
        lambda: world.console.say(
            f"wrote {safe(path)}\n  edit it; `labrec report preview {slug}` shows it"
        ),
    )


@command.command(
    "preview",
    epilog="\b\nExamples:\n  labrec report preview better-models\n"
    "  labrec report preview better-models --port 0 --json",
)
@click.argument("slug")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port of this machine; 0 is any free one.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Build it there; {_PREVIEW} of the lab when left out.",
)
@json_option
@pass_world
def preview(world: World, slug: str, port: int, out: Path | None) -> None:
    """Look at a report of the working tree on this machine, as it would be now.

    A page that is reloaded after the report or the lab changed is built anew. Ctrl-C ends it, with
    0. A report that names what is not there is refused, with 12: each mistake with its line.
    """
    from labrec.cli.site import gathered, has_worktree, serve_site

    site = gathered(world, worktree=has_worktree(world)).site
    from labrec.site import urls
    from labrec.site.reports.freezing import article_of  # there by now

    article_of(site, slug)
    serve_site(world, port, out or world.lab.root / _PREVIEW, urls.report(slug))


@command.command(
    "freeze",
    epilog="\b\nExamples:\n  labrec report freeze better-models --author 'Ada Example'\n"
    "  labrec report freeze better-models --base --json",
)
@click.argument("slug")
@click.option(
    "--author", metavar="NAME", help="Who freezes it; else author of labrec.toml, if any."
)
@click.option("--base", is_flag=True, help="Take it from the base commit, not the working tree.")
@json_option
@pass_world
def freeze(world: World, slug: str, author: str | None, base: bool) -> None:
    """Keep a report as it is now, for ever: its text, every number, figure and table.

    The version is a document of the lab, beside what was recorded, and never changes; the next one
    supersedes it. A report that is as its newest version is not frozen again.
    """
    from labrec.cli.site import gathered, has_worktree
    from labrec.sdk.reports import freeze as freeze_report

    site = gathered(world, worktree=has_worktree(world) and not base).site
    from labrec.site.reports.freezing import article_of, rendered  # there by now

    found = freeze_report(world.lab, rendered(site, article_of(site, slug)), author)

    def text() -> None:
        one = found.version
        how = "was frozen already" if found.known else "frozen"
        world.console.say(f"{how}: {safe(one.project)}/{safe(one.slug)} v{one.number} {one.digest}")
        world.console.say(
            f"  reports/{safe(one.slug)}/v{one.number}/ of the site shows it for ever"
        )

    world.answer(found.to_json(), text)


@command.command("list", epilog="\b\nExample:\n  labrec report list --json")
@at_option
@json_option
@pass_world
def list_(world: World, at: str | None) -> int:
    """List the reports that are written and every frozen version.

    Ends with 3 where a frozen version cannot be read.
    """
    from labrec.cli.site import has_worktree
    from labrec.sdk.reports import versions
    from labrec.site import sources

    lab = world.lab
    view = lab.view(at)
    problems: list[tuple[str, str]] = []
    frozen = versions(view, lambda path, why: problems.append((path, why)))
    if at is None and has_worktree(world):
        written = sources.from_folder(lab.root).reports
    else:
        written = sources.from_commit(lab.git, view.base.commit).reports
    rows = [
        {"slug": slug, "written": slug in written,
         "versions": [_json(one) for one in frozen if one.slug == slug]}
        for slug in sorted({*written, *(one.slug for one in frozen)})
    ]  # fmt: skip

    def text() -> None:
        if not rows:
            world.console.note("no report is written yet; `labrec report new SLUG` begins one")
            return
        cells = [
            [row["slug"], "yes" if row["written"] else "no", _numbers(row), _newest(row)]
            for row in rows
        ]
        world.console.table(["report", "written", "versions", "newest frozen"], cells)

    world.answer(rows, text)
    for path, why in problems:
        world.console.note(f"{safe(path)}: {safe(why)}")
    return 3 if problems else 0


def _json(one: FrozenReport) -> dict[str, Any]:
    return {"project": one.project, "version": one.number, "digest": one.digest,
            "time": one.document["time"], "title": one.document["title"],
            "path": one.path}  # fmt: skip


def _numbers(row: dict[str, Any]) -> str:
    return ", ".join(str(one["version"]) for one in row["versions"]) or "none"


def _newest(row: dict[str, Any]) -> str:
    return row["versions"][-1]["time"] if row["versions"] else ""


@command.command(
    "export",
    epilog="\b\nExamples:\n  labrec report export better-models -o better-models.html\n"
    "  labrec report export better-models --version 1 -o v1.html\n"
    "  labrec report export better-models --live -o draft.html",
)
@click.argument("slug")
@click.option("-o", "output", metavar="FILE", required=True, help="Write it there.")
@click.option(
    "--version", type=click.IntRange(1), metavar="N", help="This version; the newest when left out."
)
@click.option("--live", is_flag=True, help="The report as it is now, which is no version.")
@json_option
@pass_world
def export(world: World, slug: str, output: str, version: int | None, live: bool) -> None:
    """Write a report as one HTML file that needs nothing else, not even a network.

    A file that is there already is never overwritten.
    """
    from labrec.cli.site import gathered, has_worktree
    from labrec.errors import UsageError

    if live and version is not None:
        raise UsageError("a version is not live", hint="Give --version or --live.")
    site = gathered(world, worktree=has_worktree(world)).site
    from labrec.site.reports import export as exporting  # there by now

    data = exporting.live(site, slug) if live else exporting.frozen(site, slug, version)
    path = world.directory / output
    exporting.write(path, data)
    world.answer(
        {"slug": slug, "path": str(path), "size": len(data)},
        lambda: world.console.say(f"{safe(path)}  {len(data)} bytes"),
    )
