"""How a project's program is told its features: learnt from the command lines of its runs. ○ Pure.

Words of a command line are made blanks where they hold the run's name, its seeds or its features
file. What remains and differs between cells must follow the factors: a word that is there exactly
where a factor is on. A way of reading counts only when each run's command line can be made from
each other's.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.attribution.factors import ABSENT, leaves
from labrec.record.config import split_path, without_seeds
from labrec.record.text import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.attribution.factors import Setting

_MOST_COMPARED: Final = 64  # runs from each of which each other's command line is made
_SHORTEST_NAME: Final = 3  # characters of a name that is looked for inside words
_NAME, _FEATURES, _SEEDS = "\ue000", "\ue001", "\ue010"  # private use: no program's own words
_BLANKS = re.compile("[\ue000-\ue0ff]")

Unit = tuple[str, ...]
"""One word, or an option with its value."""


class Made(NamedTuple):
    """A run that was made.

    Attributes:
        on: Its cell: bitmask of the factors that were on.
        name: Its name.
        argv: Its program's command line.
        options: Options of ``labrec run`` that say what was kept of it.
        cwd: Where it ran, relative to the code's root; None outside it.
        wrapped: Whether ``labrec run`` started it; else it recorded itself.
        seeds: Its seeds by name.
        tree: Its features, tagged.
        source: Its features file, relative to the code's root, or None.
        held: What that file held, where it is known.
    """

    on: int
    name: str
    argv: tuple[str, ...]
    options: tuple[str, ...]
    cwd: str | None
    wrapped: bool
    seeds: Mapping[str, str]
    tree: Mapping[str, Any]
    source: str | None = None
    held: Mapping[str, Any] | None = None


class Blank(NamedTuple):
    """What a new run is to be.

    Attributes:
        on: Its cell.
        name: Its name.
        seeds: Its seeds by name.
        project: Its project.
        parent: What it derives from, or None.
    """

    on: int
    name: str
    seeds: Mapping[str, str]
    project: str
    parent: str | None


class Line(NamedTuple):
    """How to make a run.

    Attributes:
        features: Its features, tagged.
        cwd: Folder to run in, relative to the code's root.
        files: Files to write before, by path from the root.
        command: What to run; empty where it is not known.
        problem: Why it is not; else empty.
    """

    features: dict[str, Any]
    cwd: str
    files: dict[str, str]
    command: tuple[str, ...]
    problem: str


class _Form(NamedTuple):
    """A run's command line with blanks."""

    units: tuple[Unit, ...]
    options: tuple[str, ...]
    cwd: str


class Learnt:
    """What the runs of a design say about how to make another.

    Args:
        made: The runs.
        settings: The factors.
        forms: Command line of each run, with blanks.
        problem: Why nothing can be derived; else empty.
    """

    def __init__(
        self, made: Sequence[Made], settings: Sequence[Setting], forms: Sequence[_Form],
        problem: str,
    ) -> None:  # fmt: skip
        self._made = made
        self._settings = settings
        self._forms = forms
        self._problem = problem
        self._told = _told_by(made, forms, settings) if not problem else _Told(file=False, words={})

    def line(self, blank: Blank) -> Line:
        """Return how to make a run."""
        at = _nearest(self._made, blank.on)
        like = self._made[at]
        features = tree_with(like.tree, self._settings, blank.on)
        problem = self._problem or self._obstacle(like, blank)
        if problem:
            return Line(features, like.cwd or ".", {}, (), problem)
        form = _derived(self._made, self._forms, len(self._settings), at, blank.on)
        path = self._features_path(like, blank)
        words = _filled(form, blank, path)
        command = list(words.argv)
        files: dict[str, str] = {}
        if like.wrapped:
            given, files = self._given(like, blank, features, path, words.cwd)
            seeds = [
                f"{value}" if name == "seed" else f"{name}={value}"
                for name, value in blank.seeds.items()
            ]
            command = [
                "labrec", "run", "--project", blank.project, "--name", blank.name, *given,
                *(word for seed in seeds for word in ("--seed", seed)), *words.options,
                *(("--parent", blank.parent) if blank.parent else ()), "--", *words.argv,
            ]  # fmt: skip
        if any(INVISIBLE.search(text) for text in (*command, *files, words.cwd)):
            why = "its command line holds characters that a terminal would not show"
            return Line(features, like.cwd or ".", {}, (), why)
        return Line(features, words.cwd, files, tuple(command), "")

    def _obstacle(self, like: Made, blank: Blank) -> str:
        """Say what keeps a run from being made, or nothing."""
        told = self._told
        flipped = [
            setting.name for place, setting in enumerate(self._settings)
            if (like.on ^ blank.on) >> place & 1 and not told.file and place not in told.words
        ]  # fmt: skip
        if flipped:
            return f"the command line does not say whether {', '.join(flipped)} is on"
        if like.source is not None and not like.source.endswith((".json", ".yaml", ".yml")):
            return f"a features file like {like.source} cannot be written here"
        if (
            like.wrapped
            and like.source is None
            and not _assignable(tree_with(like.tree, self._settings, blank.on))
        ):
            return "its features cannot be given with --set"
        if not like.wrapped:
            return self._recorded_itself(blank)
        return ""

    def _recorded_itself(self, blank: Blank) -> str:
        """Say what keeps a program that records itself from making the run."""
        spoken = {character for form in self._forms for unit in form.units
                  for word in unit for character in word}  # fmt: skip
        if any(_seed_blank(at) not in spoken for at in range(len(blank.seeds))):
            return "the program records itself, and its command line does not say the seed"
        if blank.parent is not None:
            return "the program records itself, and has to be told what it derives from"
        return ""

    def _features_path(self, like: Made, blank: Blank) -> str | None:
        if like.source is None:
            return None
        if len({one.source for one in self._made}) == 1 and not _in_words(self._forms, _FEATURES):
            return like.source  # the program knows where it is
        folder, suffix = posixpath.dirname(like.source), posixpath.splitext(like.source)[1]
        return posixpath.join(folder, f"{blank.name}{suffix}")

    def _given(
        self, like: Made, blank: Blank, features: dict[str, Any], path: str | None, cwd: str
    ) -> tuple[list[str], dict[str, str]]:
        """Return how `labrec run` is told the features, and the files that hold them."""
        if path is None:
            return _assignments(features), {}
        held = like.held if like.held is not None else like.tree
        content = tree_with(held, self._settings, blank.on)
        text = json.dumps(content, indent=2) + "\n"
        there = posixpath.relpath(path, cwd)
        missing = {
            name: value for name, value in _flat(features).items()
            if _flat(content).get(name, ABSENT) != value
        }  # fmt: skip
        sets = [word for name, value in missing.items() for word in ("--set", f"{name}={value}")]
        return ["--features", there, *sets], {path: text}


def learn(made: Sequence[Made], settings: Sequence[Setting]) -> Learnt:
    """Return what the runs of a design say about how to make another.

    Args:
        made: The runs, at least one.
        settings: The factors, in the order of the digits of a cell.
    """
    problem = ""
    if len({one.wrapped for one in made}) > 1:
        problem = "some of the measured runs recorded themselves, others did not"
    elif any(not one.argv or one.cwd is None for one in made):
        problem = "the measured runs do not say how they were started"
    forms: list[_Form] = []
    if not problem:
        sample = list(made[:_MOST_COMPARED])
        named = len({one.name for one in made}) > 1  # else nothing tells a name from a word
        for everywhere in (False, True):  # a seed in its own option alone, or inside any word
            forms = [_form(one, named=named, everywhere=everywhere) for one in made]
            if _holds(sample, forms[: len(sample)], len(settings)):
                return Learnt(made, settings, forms, "")
        problem = "the measured runs' command lines differ in more than their factors"
    return Learnt(made, settings, forms, problem)


def tree_with(tree: Mapping[str, Any], settings: Sequence[Setting], on: int) -> dict[str, Any]:
    """Return features with the factors as a cell has them.

    Args:
        tree: Features of any cell, tagged.
        settings: The factors.
        on: Bitmask of those that are to be on.
    """
    found: dict[str, Any] = json.loads(json.dumps(tree))
    for place, setting in enumerate(settings):
        values = setting.on if on >> place & 1 else setting.off
        for path, value in zip(setting.paths, values, strict=True):
            _put(found, split_path(path), value)
    return found


def _put(tree: dict[str, Any], keys: list[str], value: str) -> None:
    *way, last = keys
    for key in way:
        below = tree.get(key)
        tree = tree.setdefault(key, {}) if isinstance(below, dict | None) else {}
    if value == ABSENT and last not in tree:
        return
    tree[last] = json.loads(value)


# --- reading command lines ------------------------------------------------------------------


def _form(made: Made, *, named: bool, everywhere: bool) -> _Form:
    def blanked(word: str) -> str:
        if named and (len(made.name) >= _SHORTEST_NAME or word == made.name):
            word = word.replace(made.name, _NAME)
        if everywhere:
            for at, seed in enumerate(made.seeds.values()):
                word = re.sub(rf"(?<![\w.]){re.escape(seed)}(?![\w.])", _seed_blank(at), word)
        return word

    words = _seeds_blanked(list(made.argv), list(made.seeds.values()))
    words = [_file_blanked(word, made) for word in words]
    cwd = made.cwd or "."
    return _Form(
        tuple(_units([blanked(word) for word in words])),
        tuple(blanked(word) for word in made.options),
        blanked(cwd) if cwd != "." else cwd,
    )


def _seeds_blanked(words: list[str], seeds: list[str]) -> list[str]:
    """Return a command line with blanks for the values of options that set a seed."""
    kept = without_seeds(words)
    found, at = [], 0
    for word in words:
        if at < len(kept) and word == kept[at]:
            at += 1
            found.append(word)
            continue
        name, equals, value = word.rpartition("=")
        if value in seeds:
            word = f"{name}{equals}{_seed_blank(seeds.index(value))}"  # noqa: PLW2901
        found.append(word)
    return found


def _seed_blank(at: int) -> str:
    return chr(ord(_SEEDS) + at)


def _file_blanked(word: str, made: Made) -> str:
    if made.source is None:
        return word
    name, equals, value = word.rpartition("=")
    there = posixpath.normpath(posixpath.join(made.cwd or ".", value))
    return f"{name}{equals}{_FEATURES}" if there == made.source else word


def _units(words: list[str]) -> Iterator[Unit]:
    """Yield a command line in pieces: an option that has its value in the next word is one."""
    at = 0
    while at < len(words):
        word = words[at]
        is_option = word.startswith("-") and word not in {"-", "--", "-m"} and "=" not in word
        if is_option and at + 1 < len(words) and not words[at + 1].startswith("-"):
            yield word, words[at + 1]
            at += 2
        else:
            yield (word,)
            at += 1


# --- what differs follows the factors -------------------------------------------------------


class _Told(NamedTuple):
    """How a program is told.

    Attributes:
        file: Whether by a features file.
        words: Of each factor that words tell: those that are there when it is on, and when off.
    """

    file: bool
    words: dict[int, tuple[list[Unit], list[Unit]]]


def _told_by(made: Sequence[Made], forms: Sequence[_Form], settings: Sequence[Setting]) -> _Told:
    sources = {one.source for one in made}
    file = None not in sources and (
        all(_in_words([form], _FEATURES) for form in forms) or len(sources) == 1
    )
    words = {
        place: sides for place in range(len(settings))
        if any(sides := _sides(made, forms, place))
    }  # fmt: skip
    return _Told(file, words)


def _sides(
    made: Sequence[Made], forms: Sequence[_Form], place: int
) -> tuple[list[Unit], list[Unit]]:
    """Return the units that are there exactly where a factor is on, and exactly where it is off."""
    sides: tuple[list[_Form], list[_Form]] = ([], [])
    for one, form in zip(made, forms, strict=True):
        sides[0 if one.on >> place & 1 else 1].append(form)
    if not sides[0] or not sides[1]:
        return [], []
    return _only(*sides), _only(sides[1], sides[0])


def _only(here: Sequence[_Form], there: Sequence[_Form]) -> list[Unit]:
    elsewhere = {unit for form in there for unit in form.units}
    return [
        unit for unit in here[0].units
        if unit not in elsewhere and all(unit in form.units for form in here)
    ]  # fmt: skip


def _derived(made: Sequence[Made], forms: Sequence[_Form], k: int, at: int, on: int) -> _Form:
    """Return the command line of a cell, made from that of one run."""
    form = forms[at]
    units = list(form.units)
    for place in range(k):
        if not (made[at].on ^ on) >> place & 1:
            continue
        there, absent = _sides(made, forms, place)
        old, new = (there, absent) if made[at].on >> place & 1 else (absent, there)
        if len(old) == len(new):
            swap = dict(zip(old, new, strict=True))
            units = [swap.get(unit, unit) for unit in units]
            continue
        spot = units.index(old[0]) if old and old[0] in units else None
        units = [unit for unit in units if unit not in old]
        for unit in new:
            spot = _place_of(unit, units, forms) if spot is None else spot
            units.insert(spot, unit)
            spot += 1
    return form._replace(units=tuple(units))


def _place_of(unit: Unit, units: list[Unit], forms: Sequence[_Form]) -> int:
    """Return where a unit belongs: behind all that is before it in any run that has both."""
    before = {
        one for form in {form.units for form in forms if unit in form.units}
        for one in form[: form.index(unit)]
    }  # fmt: skip
    return max((place + 1 for place, one in enumerate(units) if one in before), default=0)


def _holds(made: Sequence[Made], forms: Sequence[_Form], k: int) -> bool:
    """Whether the command line of each run can be made from that of each other."""
    return all(
        _derived(made, forms, k, at, other.on) == form
        for at in range(len(made))
        for other, form in zip(made, forms, strict=True)
    )


def _nearest(made: Sequence[Made], on: int) -> int:
    return min(range(len(made)), key=lambda at: ((made[at].on ^ on).bit_count(), at))


def _in_words(forms: Iterable[_Form], blank: str) -> bool:
    return any(blank in word for form in forms for unit in form.units for word in unit)


# --- filling in -----------------------------------------------------------------------------


class _Filled(NamedTuple):
    argv: tuple[str, ...]
    options: tuple[str, ...]
    cwd: str


def _filled(form: _Form, blank: Blank, path: str | None) -> _Filled:
    """Return a command line with name, seeds and features file in its blanks."""
    values = {_NAME: blank.name}
    values |= {_seed_blank(at): seed for at, seed in enumerate(blank.seeds.values())}

    def fill(word: str) -> str:
        return _BLANKS.sub(lambda found: values.get(found[0], found[0]), word)

    cwd = fill(form.cwd)
    if path is not None:
        values[_FEATURES] = posixpath.relpath(path, cwd)
    argv = tuple(fill(word) for unit in form.units for word in unit)
    return _Filled(argv, tuple(map(fill, form.options)), cwd)


def _flat(tree: Mapping[str, Any]) -> dict[str, str]:
    return dict(leaves(tree))


def _assignments(tree: Mapping[str, Any]) -> list[str]:
    return [word for path, value in _flat(tree).items() for word in ("--set", f"{path}={value}")]


def _assignable(tree: Mapping[str, Any]) -> bool:
    """Whether ``--set`` can give these features: it knows neither dots in keys nor tags."""
    return not any("\\" in path or '{"$' in value for path, value in _flat(tree).items())
