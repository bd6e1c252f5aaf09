"""``labrec site``: build the site of a lab, and look at it."""

from __future__ import annotations

import contextlib
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.errors import LabrecError, NotFoundError

if TYPE_CHECKING:
    from types import ModuleType

    from labrec.site.build import BuildReport
    from labrec.site.publication import Gathered

_ALLOCATIONS = 500_000  # values that are made between two looks for cycles


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
    for note in [] if world.json else report.notes:
        world.console.note(note)
    # the process ends: to look through all that is left for cycles would only take time
    gc.freeze()
    return report.exit_code


@command.command(
    "serve", epilog="\b\nExamples:\n  labrec site serve\n  labrec site serve --port 0 --json"
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port of this machine; 0 is any free one.",
)
@out_option
@json_option
@pass_world
def serve(world: World, port: int, out: Path | None) -> int:
    """Look at the site on this machine, as it would be now.

    Builds it, with the pages of the working tree, and serves it to this machine alone. A page that
    is reloaded after something changed is built anew, and boards show the runs that are alive.
    Ctrl-C ends it, with 0.
    """
    serve_site(world, port, out)
    return 0


def serve_site(world: World, port: int, out: Path | None, page: str = "") -> None:
    """Build the site of the working tree and serve it until it is interrupted.

    Args:
        world: The surroundings.
        port: Where it listens; 0 = any free port.
        out: Where the site goes; None = its usual place.
        page: The page that is told to the user, from the root of the site.

    Raises:
        LabrecError: As `build_site`, and as `labrec.site.serve.Preview`.
    """
    build_site(world, out, worktree=has_worktree(world))
    from labrec.site.publication import places
    from labrec.site.serve import Preview

    folder = places(world.lab, out).site
    seen = _Seen(world, out)
    told = world.console.note
    with Preview(folder, port, refresh=seen.refresh, told=told, running=seen.running) as preview:
        url = preview.url + page
        world.answer(
            {"url": url, "folder": str(folder)},
            lambda: world.console.say(f"{url}  Ctrl-C ends it"),
        )
        sys.stdout.flush()
        # the only way to end it is no failure
        with contextlib.suppress(KeyboardInterrupt):
            preview.run()


class _Seen:
    """What the site that is served was made from."""

    def __init__(self, world: World, out: Path | None) -> None:
        self.world = world
        self.out = out
        self.state = self._now()

    def refresh(self) -> None:
        """Build again where the lab or its hand-written pages changed."""
        now = self._now()
        if now != self.state:
            self.state = now  # first: what cannot be built is told once, not at every page
            self.world.lab.close()
            del self.world.lab
            build_site(self.world, self.out, worktree=has_worktree(self.world))

    def running(self) -> list[dict[str, str]]:
        """Return the runs of this lab that are alive, as boards show them."""
        from labrec.sdk.recovery import running
        from labrec.store.lab import Lab

        with Lab.open(self.world.directory) as lab:
            return [
                {"project": one.project, "name": safe(one.name), "started": one.started}
                for one in running(lab)
            ]

    def _now(self) -> tuple[object, ...]:
        from labrec.site.sources import CONFIG, FOLDER
        from labrec.store.lab import Lab

        with Lab.open(self.world.directory) as lab:
            view = lab.view()
            root = lab.git.worktree
            written = [root / CONFIG, *sorted((root / FOLDER).rglob("*"))] if root else []
            if root and (manual := _manual(root / CONFIG)):
                written += sorted((root / manual).rglob("*"))
            stats = [(str(path), path.lstat()) for path in written if path.exists()]
            files = [(name, facts.st_mtime_ns, facts.st_size) for name, facts in stats]
            return view.id, view.base.commit, tuple(files)


def _manual(config: Path) -> str:
    """Return which folder ``mkdocs.yml`` names as the manual; none where it cannot be read."""
    from labrec.site import settings

    try:
        return settings.load(config.read_bytes()).manual
    except (LabrecError, OSError):
        return ""  # the build says what is wrong with it


def has_worktree(world: World) -> bool:
    """Tell whether the lab has a working tree."""
    return world.lab.git.worktree is not None


def build_site(
    world: World, out: Path | None, at: str | None = None, *, worktree: bool, fresh: bool = False
) -> BuildReport:
    """Bring the tables up to date and build the site from them.

    Raises:
        LabrecError: As `labrec.analytics.pipeline.analyze` and `labrec.site.publication.publish`.
    """
    # the site reads tables and knows nothing of how they are made: the two meet here
    from labrec.analytics.pipeline import analyze

    publication = publication_module()
    # a build makes millions of values and hardly a cycle: looking for some is a third of its time
    gc.set_threshold(_ALLOCATIONS)
    lab = world.lab
    where = publication.places(lab, out)
    analyze(lab, where.tables, at)
    report: BuildReport = publication.publish(
        lab, lab.view(at), where, worktree=worktree, fresh=fresh
    )
    return report


def publication_module() -> ModuleType:
    """Return `labrec.site.publication`.

    Raises:
        NotFoundError: A package of ``labrec[lab]`` is missing.
    """
    try:
        from labrec.site import publication
    except ModuleNotFoundError as error:
        raise NotFoundError(
            f"building a site needs {error.name}, which is not installed",
            hint="pip install 'labrec[lab]'",
        ) from error
    return publication


def gathered(world: World, at: str | None = None, *, worktree: bool) -> Gathered:
    """Bring the tables up to date and bring together what the site is made from.

    Raises:
        LabrecError: As `labrec.analytics.pipeline.analyze` and
            `labrec.site.publication.gather`.
    """
    from labrec.analytics.pipeline import analyze  # as above

    publication = publication_module()
    lab = world.lab
    tables = publication.places(lab, lab.state_dir if lab.git.worktree is None else None).tables
    analyze(lab, tables, at)
    found: Gathered = publication.gather(lab, lab.view(at), tables, worktree=worktree)
    return found


def _tell(world: World, report: BuildReport) -> None:
    from labrec.record.wording import size  # there by now

    pages = f"{report.pages} pages, {report.rendered} of them made anew"
    world.console.say(f"{pages}; {report.files} files, {size(report.size)}")
    if report.problems:
        many = "1 document" if report.problems == 1 else f"{report.problems} documents"
        world.console.say(f"{many} could not be used: the Data page lists them")
    world.console.say(f"written to {safe(report.folder)}")
