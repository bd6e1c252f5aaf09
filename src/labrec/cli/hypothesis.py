"""``labrec hypothesis``: write the draft of a claim, register it, look at what is registered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.note import author_option, reason_option, say_written, write
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.noted import Told
    from labrec.sdk.hypotheses import Hypothesis
    from labrec.store.view import View

_CLAIM = 60  # characters of a claim in the list

project_option = click.option("--project", metavar="P", help="Its project.")


class _InOrder(click.Group):
    """A group that lists its commands in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(
    cls=_InOrder,
    epilog="\b\nExamples:\n  labrec hypothesis new wider-is-better --project lm\n"
    "  git add records && git commit -m 'Claim that wider is better'\n"
    "  labrec hypothesis register wider-is-better --author 'Ada Example'\n"
    "  labrec run --hypothesis wider-is-better --project lm -- python train.py",
)
def command() -> None:
    """Write down a claim before the runs that decide it."""


@command.command("new", epilog="\b\nExample:\n  labrec hypothesis new wider-is-better --project lm")
@click.argument("slug")
@project_option
@json_option
@pass_world
def new(world: World, slug: str, project: str | None) -> None:
    """Write a draft to edit and commit.

    The file goes into the lab's worktree, records/PROJECT/hypotheses/SLUG.yaml. Nothing that is
    there is overwritten.
    """
    from labrec.sdk.drafts import new_draft
    from labrec.sdk.start import project_of

    project = project_of(world.lab, project)
    path = new_draft(world.lab, project, slug)

    def text() -> None:
        world.console.say(safe(path))
        world.console.note(f"edit and commit it, then `labrec hypothesis register {safe(slug)}`")

    world.answer({"project": project, "slug": slug, "path": str(path)}, text)


@command.command(
    "register",
    short_help="Fix a claim for good.",
    epilog="\b\nExamples:\n  labrec hypothesis register wider-is-better --author 'Ada Example'\n"
    "  labrec hypothesis register wider-is-better --amend",
)
@click.argument("slug")
@project_option
@click.option(
    "--file",
    metavar="DRAFT",
    type=click.Path(path_type=Path),
    help="Read the draft from this file, not from the base commit.",
)
@click.option("--author", metavar="NAME", help="Who makes the claim; else author of labrec.toml.")
@click.option("--amend", is_flag=True, help="Replace what is registered with the changed claim.")
@json_option
@pass_world
def register(world: World, /, **given: Any) -> None:
    """Fix a claim for good: its draft becomes an immutable registration.

    The draft counts as it is in the base commit. Registering the same claim again changes
    nothing; a changed claim needs --amend, and what it amends stays in the lab.
    """
    from labrec.sdk.registration import Request
    from labrec.sdk.registration import register as register_claim

    found = register_claim(world.lab, Request(**given))

    def text() -> None:
        how = "was registered already" if found.known else "registered"
        world.console.say(f"{how}: {safe(found.project)}/{found.slug} {found.digest}")
        if not found.known:
            world.console.note(f"the draft was read from {safe(found.origin)}")
            world.console.note(f"link runs to it with `labrec run --hypothesis {found.slug}`")

    world.answer(found.to_json(), text)


@command.command("list", epilog="\b\nExample:\n  labrec hypothesis list --project lm")
@click.option("--project", metavar="P", help="Only this project's.")
@at_option
@json_option
@pass_world
def list_(world: World, project: str | None, at: str | None) -> None:
    """List drafts and registrations.

    A hypothesis is a draft, registered, changed (its draft says something else than what is
    registered), or several (registered twice side by side by two clones). The verdict is shown
    where `labrec analyze` has seen the lab as it is.
    """
    from labrec.sdk.hypotheses import hypotheses

    view = world.lab.view(at)
    rows = [_row(view, one) for one in hypotheses(view, project)]
    known = _verdicts(world, view) if rows else {}
    rows = [row | {"verdict": known.get(row["registration"] or "")} for row in rows]

    def text() -> None:
        if not rows:
            world.console.note("no hypothesis is written down yet")
            return
        names = ["hypothesis", "project", "state", "verdict", "registered", "registration", "claim"]
        cells = [
            [row["slug"], row["project"], row["state"], row["verdict"] or "", row["time"] or "",
             (row["registration"] or "").removeprefix("sha256:")[:13], _cut(row["claim"] or "")]
            for row in rows
        ]  # fmt: skip
        world.console.table(names, cells)

    world.answer(rows, text)


@command.command(
    "show",
    short_help="Show one, and what its draft lacks.",
    epilog="\b\nExample:\n  labrec hypothesis show wider-is-better --json",
)
@click.argument("slug")
@project_option
@at_option
@json_option
@pass_world
def show(world: World, slug: str, project: str | None, at: str | None) -> None:
    """Show what is registered of a hypothesis, or what its draft still lacks.

    A draft that is not committed yet is shown from the worktree, and does not count.
    """
    from labrec.errors import NotFoundError
    from labrec.sdk.hypotheses import find_hypothesis

    view = world.lab.view(at)
    try:
        found = find_hypothesis(view, slug, project)
    except NotFoundError:
        draft = _uncommitted(world, slug, project) if at is None else None
        if draft is None:
            raise
        world.answer(draft, lambda: _text(world, draft, []))
        return
    notes = _notes(view, found)
    answer = _row(view, found) | _details(view, found)
    answer["verdict"] = _verdicts(world, view).get(answer["registration"] or "")
    answer["notes"] = [one.to_json() for one in notes]
    answer["committed"] = True
    world.answer(answer, lambda: _text(world, answer, notes))


@command.command(
    "link",
    epilog="\b\nExample:\n  labrec hypothesis link 0199a4 wider-is-better",
)
@click.argument("run")
@click.argument("hypothesis", metavar="SLUG|DIGEST")
@reason_option(required=False)
@author_option
@json_option
@pass_world
def link(world: World, run: str, hypothesis: str, reason: str, author: str | None) -> None:
    """Link a run that is recorded to a hypothesis, by a note.

    Such a link is exploratory: it is shown, and never enters a confirmatory verdict.
    """
    from labrec.sdk.links import linking

    view = world.lab.view()
    say_written(world, write(world, view, [linking(view, run, hypothesis)], reason, author))


@command.command(
    "unlink",
    epilog="\b\nExample:\n  labrec hypothesis unlink 0199a4 wider-is-better --reason 'Wrong run.'",
)
@click.argument("run")
@click.argument("hypothesis", metavar="SLUG|DIGEST")
@reason_option(required=True)
@author_option
@json_option
@pass_world
def unlink(world: World, run: str, hypothesis: str, reason: str, author: str | None) -> None:
    """Take an exploratory link back.

    What a run was linked to at its start stays; `labrec note retract` takes a run out, with a
    reason that is shown.
    """
    from labrec.sdk.links import unlinking

    view = world.lab.view()
    say_written(world, write(world, view, [unlinking(view, run, hypothesis)], reason, author))


@command.command(
    "decide",
    epilog="\b\nExample:\n  labrec hypothesis decide wider-is-better refuted "
    "--reason 'The metric was wrong.'",
)
@click.argument("slug")
@click.argument("decision")
@project_option
@reason_option(required=True)
@author_option
@json_option
@pass_world
def decide(world: World, /, slug: str, decision: str, project: str | None, **told: Any) -> None:
    """Decide a hypothesis yourself, for a reason.

    DECISION is supported, refuted or inconclusive, which takes the place of the verdict and shows
    that it does; or another word on what comes next.
    """
    from labrec.sdk.links import deciding

    view = world.lab.view()
    request = deciding(view, slug, project, decision)
    say_written(world, write(world, view, [request], **told))


@command.command(
    "verdict",
    short_help="Say what the registered rule says, or keep it.",
    epilog="\b\nExamples:\n  labrec hypothesis verdict wider-is-better\n"
    "  labrec hypothesis verdict wider-is-better --keep",
)
@click.argument("slug")
@project_option
@click.option("--keep", is_flag=True, help="Write a final verdict down, with the view it is of.")
@author_option
@json_option
@pass_world
def verdict(world: World, slug: str, project: str | None, keep: bool, author: str | None) -> None:
    """Say what the registered rule says of a hypothesis now, and whether a kept verdict differs.

    The tables are made first where the lab has changed. --keep writes a note: whatever comes
    later, the hypothesis then shows the verdict of today beside the one that holds.
    """
    from labrec.analytics.why import chain
    from labrec.cli.query import made_tables, plain_row
    from labrec.cli.why import say_decision

    folder = made_tables(world, None, None)
    from labrec.analytics.query import Tables  # brings polars in

    row = chain(Tables(folder).rows, slug, project).hypothesis
    if keep:
        from labrec.analytics.pipeline import read_report
        from labrec.analytics.verdicts import keeping

        of = str((read_report(folder) or {}).get("view"))
        say_written(world, write(world, world.lab.view(), [keeping(row, of)], "", author))
        return

    def text() -> None:
        world.console.say(safe(row["sentence"]))
        if row["then"] is not None:
            differs = ", which is another one now" if row["changed"] else ""
            world.console.say(f"kept: {safe(row['then'])}{differs}. {safe(row['then_text'] or '')}")
        say_decision(world.console, row)

    world.answer(plain_row(row), text)


# --- what is shown ----------------------------------------------------------------------------


def _verdicts(world: World, view: View) -> dict[str, str]:
    """Return the verdicts by registration, as far as the tables are there: nothing is computed."""
    from labrec.analytics.verdicts import verdicts_at_hand

    return verdicts_at_hand(world.lab, view)


def _row(view: View, found: Hypothesis) -> dict[str, Any]:
    from labrec.sdk.hypotheses import state_of

    current = found.current[0] if len(found.current) == 1 else None
    document = current.document if current is not None else {}
    said = {key: value for key, value in document.items() if isinstance(value, str)}
    return {
        "project": found.project,
        "slug": found.slug,
        "state": state_of(view, found),
        "registration": str(current.digest) if current is not None else None,
        "time": said.get("time"),
        "claim": said.get("claim"),
    }


def _details(view: View, found: Hypothesis) -> dict[str, Any]:
    """Return the current registrations, checked as any reader would, and the draft's mistakes."""
    from labrec.record.draft import mistakes
    from labrec.record.layout import draft_path
    from labrec.record.reader import read_document
    from labrec.store.definitions import read_definition

    for one in found.current:
        read_document(one.path, view.read(one.path))
    path = draft_path(found.project, found.slug)
    draft = read_definition(view.read(path), path) if found.has_draft else None
    return {
        "current": [{"digest": str(one.digest), "path": one.path, **one.document}
                    for one in found.current],
        "versions": [{"digest": str(one.digest), "path": one.path, "amends": one.amends}
                     for one in found.versions],
        "draft": path if found.has_draft else None,
        "mistakes": mistakes(draft) if draft is not None else [],
    }  # fmt: skip


def _uncommitted(world: World, slug: str, project: str | None) -> dict[str, Any] | None:
    """Return what is to be said of a draft that only the worktree holds; None where there is none.

    One whose name is not valid is none.
    """
    from labrec.errors import InvalidError
    from labrec.record.draft import mistakes
    from labrec.record.layout import check_slug
    from labrec.sdk.drafts import uncommitted

    try:
        check_slug(slug)
    except InvalidError:
        return None
    found = uncommitted(world.lab, slug, project)
    if found is None:
        return None
    claim = found.tree.get("claim")
    return {
        "project": found.project, "slug": slug, "state": "draft", "registration": None,
        "time": None, "claim": claim if isinstance(claim, str) else None, "current": [],
        "versions": [], "draft": found.path, "mistakes": mistakes(found.tree), "verdict": None,
        "notes": [], "committed": False,
    }  # fmt: skip


def _notes(view: View, found: Hypothesis) -> list[Told]:
    """Return what was said about its registrations, the latest one's first."""
    from labrec.lineage.fold import fold
    from labrec.noted import told
    from labrec.store.notes import notes_of

    said = fold(notes_of(view, found.project).notes)
    return [
        one
        for version in reversed(found.versions)
        for one in told(said, said.on(found.project, "hypothesis", str(version.digest)))
    ]


def _text(world: World, answer: dict[str, Any], notes: list[Told]) -> None:
    console = world.console
    title = safe(f"{answer['project']}/{answer['slug']}")
    verdict = f"  {answer['verdict']}" if answer["verdict"] else ""
    console.say(f"{console.styled(title, 'bold')}  {answer['state']}{verdict}")
    for document in answer["current"]:
        console.say()
        for key, value in _lines(document):
            console.say(f"  {key:<14}  {safe(value)}")
    if notes:
        from labrec.cli.noted import say_notes  # most hypotheses have none

        console.say("\n" + console.styled("notes", "bold"))
        say_notes(world, notes)
    earlier = [one for one in answer["versions"]
               if one["digest"] not in {each["digest"] for each in answer["current"]}]  # fmt: skip
    if earlier:
        console.say("\n" + console.styled("amended, and kept", "bold"))
        for one in earlier:
            console.say(f"  {one['digest']}")
    if answer["draft"] is not None and answer["state"] != "registered":
        console.say(f"\n{console.styled('draft', 'bold')}  {safe(answer['draft'])}")
        for line in answer["mistakes"]:
            console.say(f"  {safe(line)}")
        if not answer["committed"]:
            console.note("it is not committed, and counts as the base branch holds it: commit it")
        elif not answer["mistakes"]:
            console.say("  can be registered")


def _lines(document: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the parts of a registration that was validated, as people read them."""
    import json

    yield "claim", document["claim"]
    if document.get("falsification"):
        yield "refuted by", document["falsification"]
    for metric in document["primary_metrics"]:
        yield "metric", f"{metric['name']}, {metric['direction']}, delta {metric['delta']}"
    baseline = document["baseline"]
    yield "against", baseline.get("name") or baseline["kind"]
    looks = f", looks at {', '.join(map(str, document['looks']))}" if document["looks"] else ""
    yield "runs per arm", f"{document['planned_n']}{looks}"
    family = f", family {document['family']}" if document.get("family") else ""
    yield "decided by", f"{document['test']}, alpha {document['alpha']}{family}"
    yield "metrics needed", document["decision"]
    if document["selector"]:
        yield "which runs", json.dumps(document["selector"], ensure_ascii=False)
    yield "registered", f"{document['time']} by {document['author']['name']}"
    yield "digest", document["digest"]
    if document.get("amends"):
        yield "amends", document["amends"]


def _cut(text: str) -> str:
    return text if len(text) <= _CLAIM else text[: _CLAIM - 1] + "…"
