"""``labrec dataset``: fix what a dataset holds, and see what two of them share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.catalog.datasets import DatasetVersion
    from labrec.catalog.leakage import Leakage

project_option = click.option("--project", metavar="P", help="Its project.")


@click.group(
    epilog="\b\nExamples:\n  labrec dataset add corpus-train data/train --version 2026.1\n"
    "  labrec dataset add corpus-test data/test --version 2026.1\n"
    "  labrec dataset leakage corpus-train corpus-test"
)
def command() -> None:
    """Fix which samples a dataset has, and see what two datasets share."""


@command.command(
    "add",
    short_help="Fix the samples of a dataset version.",
    epilog="\b\nExamples:\n  labrec dataset add images data/images --version v1 --licence CC0-1.0\n"
    "  labrec dataset add corpus train.txt --version 2026.2 --lines --parent corpus@2026.1",
)
@click.argument("name")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--version", metavar="V", required=True, help="The version that is fixed.")
@project_option
@click.option("--lines", is_flag=True, help="Each line of a file is a sample, not each file.")
@click.option("--parent", metavar="DATASET", help="The version it was made from.")
@click.option("--licence", metavar="TERMS", help="Under which terms it may be used.")
@click.option("--source", metavar="WHERE", help="Where it was taken from.")
@click.option("--description", metavar="TEXT", help="What it is, in words.")
@click.option("--author", metavar="NAME", help="Who adds it; else author of labrec.toml, if any.")
@json_option
@pass_world
def add(world: World, /, **given: Any) -> None:
    """Hash the files at PATH and fix them as a version of the dataset NAME.

    Nothing of the data is stored: only digests, lengths and the names of files inside the dataset.
    Links are refused. The same content again changes nothing; other content needs another version.
    """
    from labrec.sdk.datasets import Request
    from labrec.sdk.datasets import add as add_dataset

    paths = tuple(world.directory / path for path in given.pop("paths"))
    found = add_dataset(world.lab, Request(paths=paths, **given))

    def text() -> None:
        one = found.dataset
        how = "was added already" if found.known else "added"
        world.console.say(f"{how}: {safe(one.project)}/{safe(one.called)} {one.digest}")
        world.console.say(f"  {_counts(one)}")
        if one.distinct < one.samples:
            repeats = one.samples - one.distinct
            world.console.note(f"{repeats} of the samples repeat others byte by byte")

    world.answer(found.to_json(), text)


@command.command("list", epilog="\b\nExample:\n  labrec dataset list --project lm")
@click.option("--project", metavar="P", help="Only this project's.")
@at_option
@json_option
@pass_world
def list_(world: World, project: str | None, at: str | None) -> int:
    """List the dataset versions.

    Ends with 3 where one of them cannot be read.
    """
    from labrec.catalog.datasets import datasets
    from labrec.record.layout import check_project

    view = world.lab.view(at)
    names = [check_project(project)] if project is not None else view.projects()
    problems: list[tuple[str, str]] = []
    found = [
        one
        for name in names
        for one in datasets(view, name, lambda path, why: problems.append((path, why)))
    ]

    def text() -> None:
        if not found:
            world.console.note("no dataset version is fixed yet")
            return
        titles = ["dataset", "version", "project", ">samples", ">distinct", ">files", "unit",
                  "=digest"]  # fmt: skip
        cells = [
            [one.name, one.version, one.project, one.samples, one.distinct, one.files, one.unit,
             one.digest.removeprefix("sha256:")[:13]]
            for one in found
        ]  # fmt: skip
        world.console.table(titles, cells)

    world.answer([_json(one) for one in found], text)
    for path, why in problems:
        world.console.note(f"{safe(path)}: {safe(why)}")
    return 3 if problems else 0


@command.command("show", epilog="\b\nExample:\n  labrec dataset show corpus@2026.1")
@click.argument("dataset")
@project_option
@click.option("--samples", "listed", is_flag=True, help="Print its manifest: one line a sample.")
@at_option
@json_option
@pass_world
def show(world: World, dataset: str, project: str | None, listed: bool, at: str | None) -> None:
    """Show a dataset version: NAME@VERSION, a name that has one version, or a digest."""
    from labrec.catalog.datasets import find_dataset, samples

    view = world.lab.view(at)
    found = find_dataset(view, dataset, project)
    rows = samples(view, found) if listed else iter(())

    def text() -> None:
        console = world.console
        if listed:
            for row in rows:
                console.say(f"{row.sha256}  {safe(row.place)}")
            return
        console.say(console.styled(safe(f"{found.project}/{found.called}"), "bold"))
        for key, value in _lines(found):
            console.say(f"  {key:<12}  {safe(value)}")

    answer = _json(found)
    if world.json and listed:
        answer["listed"] = [row._asdict() for row in rows]
    world.answer(answer, text)


@command.command(
    "leakage",
    short_help="Say which samples two dataset versions share.",
    epilog="\b\nExample:\n  labrec dataset leakage corpus-train@2026.1 corpus-test@2026.1\n\n"
    "Ends with 0 where no sample is in both, with 3 where any is.",
)
@click.argument("a")
@click.argument("b")
@project_option
@at_option
@json_option
@pass_world
def leakage(world: World, a: str, b: str, project: str | None, at: str | None) -> int:
    """Compare two dataset versions, such as train and test, sample by sample.

    Samples are the same where their bytes are. What is nearly the same (another encoding, another
    space) is not found: no difference here does not prove that nothing leaked.
    """
    from labrec.catalog.datasets import find_dataset, samples
    from labrec.catalog.leakage import leakage as compare
    from labrec.errors import UsageError

    view = world.lab.view(at)
    one, other = (find_dataset(view, text, project) for text in (a, b))
    if one.unit != other.unit:
        raise UsageError(
            f"a sample of {one.called} is a {one.unit}, one of {other.called} is a {other.unit}",
            hint="Add one of them again with the other's unit: with --lines, or without.",
        )
    found = compare(lambda: samples(view, one), lambda: samples(view, other))
    sides = {"a": one.digest, "b": other.digest}
    world.answer({"datasets": sides} | found.to_json(), lambda: _leakage(world, one, other, found))
    return found.exit_code


# --- what is shown ----------------------------------------------------------------------------


def _json(one: DatasetVersion) -> dict[str, Any]:
    return {"digest": one.digest, "path": one.path, **one.document}


def _counts(one: DatasetVersion) -> str:
    unit = "files" if one.unit == "file" else f"lines of {one.files} files"
    return f"{one.samples} samples ({unit}), {one.distinct} different, {one.bytes} bytes"


def _lines(one: DatasetVersion) -> Iterator[tuple[str, object]]:
    said = one.document
    for title, key in (("what", "description"), ("licence", "licence"), ("source", "source")):
        if said.get(key):
            yield title, said[key]
    yield "samples", _counts(one)
    yield "digest", one.digest
    yield "content", one.content
    yield "manifest", f"object {one.manifest}"
    if one.parent is not None:
        yield "made from", one.parent
    author = said.get("author")
    yield "added", said["time"] + (f" by {author['name']}" if author else "")


def _leakage(world: World, one: DatasetVersion, other: DatasetVersion, found: Leakage) -> None:
    console = world.console
    names = safe(one.called), safe(other.called)
    if found:
        console.say(f"no sample of {names[0]} is in {names[1]}, byte by byte")
        return
    console.say(f"{found.shared} different samples are in {names[0]} and in {names[1]}:")
    for name, affected, whole in (
        (names[0], found.a_affected, found.a_samples),
        (names[1], found.b_affected, found.b_samples),
    ):
        console.say(f"  {affected} of {whole} samples of {name} ({100 * affected / whole:.3g} %)")
    console.say()
    for example in found.examples:
        console.say(f"{example.sha256[:13]}  {example.size} bytes")
        for sign, places in (("a", example.a), ("b", example.b)):
            console.say(f"  {sign}: {safe(', '.join(places))}")
    if found.shared > len(found.examples):
        console.note(f"{found.shared - len(found.examples)} more are in both")
