"""``labrec site``: build the site of a lab, and look at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.errors import NotFoundError

if TYPE_CHECKING:
    from labrec.site.build import BuildReport


@click.group(
    epilog="\b\nExamples:\n  labrec site build\n  labrec site serve\n"
    "  labrec site build --at origin/main --out public"
)
def command() -> None:
    """Build the lab's site, or look at it."""


out_option = click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write it there; build/labrec/site of the lab when left out.",
)


@command.command(
    "build", epilog="\b\nExamples:\n  labrec site build\n  labrec site build --worktree --json"
)
@out_option
@click.option(
    "--worktree",
    is_flag=True,
    help="Take site/ and mkdocs.yml from the working tree, not from the base commit.",
)
@click.option("--all", "fresh", is_flag=True, help="Make every page anew.")
@at_option
@json_option
@pass_world
def build(world: World, out: Path | None, worktree: bool, fresh: bool, at: str | None) -> int:
    """Build the site, after the tables where these are out of date.

    Only what changed is written; open index.html of the folder in a browser. Ends with 3 when
    documents of the lab could not be used: the Data page lists them.
    """
    report = build_site(world, out, at, worktree=worktree, fresh=fresh)
    world.answer(report.to_json(), lambda: _tell(world, report))
    return report.exit_code


def build_site(
    world: World, out: Path | None, at: str | None = None, *, worktree: bool, fresh: bool = False
) -> BuildReport:
    """Bring the tables up to date and build the site from them.

    Raises:
        LabrecError: As `labrec.analytics.pipeline.analyze` and `labrec.site.publication.publish`.
    """
    # the site reads tables and knows nothing of how they are made: the two meet here
    from labrec.analytics.pipeline import analyze

    try:
        from labrec.site import publication
    except ModuleNotFoundError as error:
        raise NotFoundError(
            f"building a site needs {error.name}, which is not installed",
            hint="pip install 'labrec[lab]'",
        ) from error
    lab = world.lab
    where = publication.places(lab, out)
    analyze(lab, where.tables, at)
    return publication.publish(lab, lab.view(at), where, worktree=worktree, fresh=fresh)


def _tell(world: World, report: BuildReport) -> None:
    from labrec.site.stamp import size  # there by now

    pages = f"{report.pages} pages, {report.rendered} of them made anew"
    world.console.say(f"{pages}; {report.files} files, {size(report.size)}")
    if report.problems:
        many = "1 document" if report.problems == 1 else f"{report.problems} documents"
        world.console.say(f"{many} could not be used: the Data page lists them")
    world.console.say(f"written to {safe(report.folder)}")
