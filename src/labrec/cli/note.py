"""``labrec note``: say something about a run, a note or a hypothesis after it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labrec.sdk.notes import Request, Written
    from labrec.store.view import View

_KINDS = ("hypothesis", "run", "dataset", "publication")


class _InOrder(click.Group):
    """A group that lists its commands as they stand here."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


def author_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--author``."""
    return click.option(
        "--author", metavar="NAME", help="Who says so; else author of labrec.toml."
    )(function)


def reason_option(*, required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command ``--reason``; those that take something away demand it."""
    if required:
        return click.option("--reason", metavar="TEXT", required=True, help="Why.")
    return click.option(
        "--reason", metavar="TEXT", default="", help="Why, if there is something to say."
    )


def _says(reason: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options that all notes have."""

    def give(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in (pass_world, json_option, author_option, reason_option(required=reason)):
            function = option(function)
        return function

    return give


@click.group(
    cls=_InOrder,
    epilog="\b\nExamples:\n  labrec note comment 0199a4 'The loader was slow that night.'\n"
    "  labrec note tag 12_lr baseline --remove wip\n"
    "  labrec note reparent 12_lr 8_base --reason 'It started from 8, not from 7.'\n"
    "  labrec note retract 0199a4 --reason 'Trained on the test set.'\n\n"
    "SUBJECT is a run or a note: an id, at least four digits of its beginning, a name, or a "
    "citation. note:ID, hypothesis:SLUG, report:SLUG and experiment:RUN say which kind is meant.",
)
def command() -> None:
    """Say something about what is recorded: comment, correct, retract.

    Nothing that is recorded changes. A note is a document of its own, and what people see is the
    record together with the notes on it.
    """


@command.command("comment", epilog="\b\nExample:\n  labrec note comment 0199a4 'Looks odd.'")
@click.argument("subject")
@click.argument("text")
@_says(reason=False)
def comment(world: World, subject: str, text: str, **told: Any) -> None:
    """Say something in words.

    SUBJECT is a run or a note, or hypothesis:SLUG, report:SLUG or experiment:RUN.
    """
    _note(world, subject, "comment", {"text": text}, **told)


@command.command("object", epilog="\b\nExample:\n  labrec note object 0199a4 'The seeds leak.'")
@click.argument("subject")
@click.argument("text")
@_says(reason=False)
def object_(world: World, subject: str, text: str, **told: Any) -> None:
    """Disagree. An objection changes no result; it is shown with it.

    SUBJECT is a run or a note, or hypothesis:SLUG, report:SLUG or experiment:RUN.
    """
    _note(world, subject, "object", {"text": text}, **told)


@command.command(
    "tag",
    epilog="\b\nExample:\n  labrec note tag 12_lr baseline --remove wip",
)
@click.argument("subject", metavar="RUN")
@click.argument("tags", metavar="[TAG]...", nargs=-1)
@click.option("--remove", multiple=True, metavar="TAG", help="Take this tag away.")
@_says(reason=False)
def tag(
    world: World, subject: str, tags: tuple[str, ...], remove: tuple[str, ...], **told: Any
) -> None:
    """Add tags to a run, and take others away.

    A tag that somebody adds survives your taking it away when you had not seen theirs.
    """
    from labrec.errors import UsageError

    if not tags and not remove:
        raise UsageError("a tag note adds or removes a tag", hint="Give TAG, or --remove TAG.")
    body: dict[str, Any] = {}
    if tags:
        body["add"] = list(dict.fromkeys(tags))
    if remove:
        body["remove"] = list(dict.fromkeys(remove))
    _note(world, subject, "tag", body, **told)


@command.command("outcome", epilog="\b\nExample:\n  labrec note outcome 12_lr 'No effect.'")
@click.argument("subject", metavar="RUN")
@click.argument("text")
@_says(reason=False)
def outcome(world: World, subject: str, text: str, **told: Any) -> None:
    """Say what a run found."""
    _note(world, subject, "outcome", {"outcome": text}, **told)


@command.command("rename", epilog="\b\nExample:\n  labrec note rename 0199a4 12_from_8_lr")
@click.argument("subject", metavar="RUN")
@click.argument("name")
@_says(reason=False)
def rename(world: World, subject: str, name: str, **told: Any) -> None:
    """Give a run another name. What calls it by the recorded one still finds it."""
    _note(world, subject, "rename", {"name": name}, **told)


@command.command(
    "reparent",
    short_help="Say from what a run was derived.",
    epilog="\b\nExamples:\n  labrec note reparent 12_lr 8_base --reason 'It started from 8.'\n"
    "  labrec note reparent 12_lr --root --reason 'It was trained from scratch.'",
)
@click.argument("run")
@click.argument("parents", metavar="[PARENT]...", nargs=-1)
@click.option("--root", is_flag=True, help="It derives from nothing.")
@click.option("--replicates", is_flag=True, help="Do so to all runs of its experiment.")
@_says(reason=True)
def reparent(
    world: World, run: str, parents: tuple[str, ...], root: bool, replicates: bool, **told: Any
) -> None:
    """Say from which runs or experiments a run was derived: all of them.

    Depth, root, contrasts and differences of all that derives from it follow. What would make a
    run derive from itself is refused.
    """
    from labrec.errors import UsageError
    from labrec.noted import find_run
    from labrec.sdk.reparent import reparenting

    if bool(parents) == root:
        raise UsageError(
            "a note says which parents a run has", hint="Give PARENT, or --root for none."
        )
    view = world.lab.view()
    requests = reparenting(view, find_run(view, run), parents, replicates=replicates)
    say_written(world, write(world, view, requests, **told), several=True)


def _target(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what ``link`` and ``unlink`` take."""
    for option in (
        click.option("--digest", metavar="D", help="Of the dataset version that is meant."),
        click.option(
            "--to", type=click.Choice(_KINDS), help="What TARGET is; else told from how it looks."
        ),
        click.argument("target"),
        click.argument("run"),
    ):
        function = option(function)
    return function


@command.command(
    "link",
    short_help="Link a run to a publication, run, dataset or hypothesis.",
    epilog="\b\nExamples:\n  labrec note link 12_lr doi:10.1000/182\n"
    "  labrec note link 12_lr 7_lr --to run --reason 'The same idea, tried before.'",
)
@_target
@_says(reason=False)
def link(world: World, **told: Any) -> None:
    """Link a run to a publication, another run, a dataset version or a hypothesis.

    TARGET is a DOI ('doi:…') or https address, else what --to says. A link to a hypothesis is
    exploratory.
    """
    _link(world, "link", **told)


@command.command(
    "unlink",
    epilog="\b\nExample:\n  labrec note unlink 12_lr doi:10.1000/182 --reason 'Another paper.'",
)
@_target
@_says(reason=True)
def unlink(world: World, **told: Any) -> None:
    """Take such a link back. What a run was linked to at its start stays."""
    _link(world, "unlink", **told)


@command.command(
    "retract",
    epilog="\b\nExamples:\n  labrec note retract 0199a4 --reason 'Trained on the test set.'\n"
    "  labrec note retract note:0199b7 --reason 'I had the wrong run.'",
)
@click.argument("subject")
@_says(reason=True)
def retract(world: World, subject: str, **told: Any) -> None:
    """Say that something counts no more, and why.

    A retracted run leaves all statistics and stays to be seen, with the reason. A retracted note is
    not heard: that is how a note, and a retraction too, is taken back.
    """
    _note(world, subject, "retract", {}, **told)


@command.command(
    "supersede",
    epilog="\b\nExample:\n  labrec note supersede lm/0199a4@sha256:… --by lm/0199a4@sha256:… "
    "--reason 'The recovered record is cut short.'",
)
@click.argument("subject")
@click.option("--by", required=True, metavar="SUBJECT", help="What takes its place.")
@_says(reason=True)
def supersede(world: World, subject: str, by: str, **told: Any) -> None:
    """Put one record in the place of another; so a fork is decided.

    Of two records of one run, cite each with its digest: `labrec show` says how.
    """
    from labrec.errors import UsageError
    from labrec.sdk.subjects import find_subject

    view = world.lab.view()
    old, new = find_subject(view, subject), find_subject(view, by)
    kinds = old.subject.kind, new.subject.kind
    if old.subject == new.subject or kinds not in {("run", "run"), ("note", "note")}:
        raise UsageError(
            f"this {kinds[1]} cannot take the place of that {kinds[0]}",
            hint="Name two runs, or two notes.",
        )
    _note(world, subject, "supersede", {"by": new.subject._asdict()}, view=view, **told)


@command.command(
    "redact",
    epilog="\b\nExample:\n  labrec note redact 0199a4 weights.bin --reason 'Not ours to publish.'",
)
@click.argument("subject", metavar="RUN")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@_says(reason=True)
def redact(world: World, subject: str, files: tuple[str, ...], **told: Any) -> None:
    """Say that stored files of a run were erased on purpose.

    This erases nothing: it is the tombstone that `labrec verify` finds where the bytes were. FILE
    is a name as `labrec get RUN` lists it.
    """
    from labrec.noted import find_run
    from labrec.reader import RunReader

    view = world.lab.view()
    run = RunReader(view, find_run(view, subject))
    digests = sorted({f"sha256:{run.file(name).sha256}" for name in files})
    _note(world, subject, "redact", {"objects": digests}, view=view, **told)


@command.command(
    "list",
    short_help="List what was said about something.",
    epilog="\b\nExample:\n  labrec note list 12_lr --json",
)
@click.argument("subject")
@at_option
@json_option
@pass_world
def list_(world: World, subject: str, at: str | None) -> int:
    """List what was said about something, and about what was said.

    Retractions come first, then conflicts. Ends with 3 where notes cannot be read.
    """
    from labrec.cli.noted import conflict_lines, say_notes
    from labrec.lineage.fold import fold
    from labrec.noted import told
    from labrec.sdk.subjects import find_subject
    from labrec.store.notes import notes_of

    view = world.lab.view(at)
    found = find_subject(view, subject)
    notes = notes_of(view, found.project)
    said = fold(notes.notes)
    about = found.subject
    folded = said.on(found.project, about.kind, about.digest or about.id)
    listed = list(told(said, folded))

    def text() -> None:
        for line in conflict_lines(folded):
            world.console.say(safe(line))
        say_notes(world, listed)
        if not listed:
            world.console.note(f"nothing was said about this {about.kind}")
        for problem in notes.problems:
            world.console.note(f"{safe(problem.path)}: {safe(problem.why)}")

    world.answer(
        {
            "project": found.project,
            "subject": about._asdict(),
            "conflicts": sorted(folded.conflicts),
            "notes": [one.to_json() for one in listed],
            "problems": [problem._asdict() for problem in notes.problems],
        },
        text,
    )
    return 3 if notes.problems else 0


# --- what they share --------------------------------------------------------------------------


def _note(
    world: World,
    subject: str,
    kind: str,
    body: dict[str, Any],
    *,
    view: View | None = None,
    **told: Any,
) -> None:
    """Say something about what a text means."""
    from labrec.sdk.noting import saying

    view = world.lab.view() if view is None else view
    _write(world, view, [saying(view, subject, kind, body)], **told)


def _link(world: World, kind: str, *, run: str, target: str, to: str | None, digest: str | None,
          **told: Any) -> None:  # fmt: skip
    from labrec.errors import UsageError
    from labrec.noted import find_run
    from labrec.sdk.links import linking, unlinking

    if to is None and target.startswith(("https://", "doi:")):
        to = "publication"
    if to is None:
        raise UsageError(
            f"{target!r} may be many things", hint=f"Say which with --to {'|'.join(_KINDS)}."
        )
    if to == "dataset" and digest is None:
        raise UsageError(
            "a link to a dataset names one of its versions",
            hint="Give --digest sha256:… of that version's document.",
        )
    view = world.lab.view()
    if to == "hypothesis":
        make = linking if kind == "link" else unlinking
        _write(world, view, [make(view, run, digest or target)], **told)
        return
    if to == "run":
        target = find_run(view, target).run_id
    body = {"to": to, "target": target, **({"digest": digest} if digest else {})}
    _note(world, run, kind, body, view=view, **told)


def _write(
    world: World, view: View, requests: Sequence[Request], reason: str, author: str | None
) -> None:
    """Write notes and say so."""
    say_written(world, write(world, view, requests, reason, author))


def write(
    world: World, view: View, requests: Sequence[Request], reason: str, author: str | None
) -> tuple[Written, ...]:
    """Write notes for a reason and an author."""
    from labrec.sdk.notes import write_notes

    whole = [one._replace(reason=reason.strip(), author=author) for one in requests]
    return write_notes(world.lab, whole, view)


def say_written(world: World, written: Sequence[Written], *, several: bool = False) -> None:
    """Print what was noted; as JSON one object, or a list where there may be several."""

    def text() -> None:
        for one in written:
            how = "was noted already" if one.known else "noted"
            about = f"{one.subject.kind} {one.project}/{one.subject.id}"
            world.console.say(f"{how}: {one.kind} on {safe(about)} (note:{one.note_id})")

    answer = [one.to_json() for one in written]
    world.answer(answer if several else answer[0], text)
