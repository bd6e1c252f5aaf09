"""A map to start from: guessed from a table, for its author to correct. ○ but for reading it."""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.exchange import cells
from labrec.exchange.cells import CellError
from labrec.exchange.outlines import STATUSES
from labrec.exchange.table import KINDS, Form, Table, read_table
from labrec.record.layout import slugify_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*", re.ASCII)
_YAML_WORDS = frozenset({"null", "true", "false", "nan", "inf"})
_SHOWN = 1000  # rows that are looked at for what needs reading of cells

_KEY = re.compile(r"(?i)(?:^|[._ -])(?:run[._ -]?id|id|key|uuid|run|trial|name|commit|experiment)$")
_STATUS = re.compile(r"(?i)^(?:.*[._ -])?(?:status|state|outcome|verdict|result)$")
_STARTED = re.compile(r"(?i)(?:start|begin|creat|launch|submit|timestamp|^date$|^time$|datetime)")
_ENDED = re.compile(
    r"(?i)(?:^|[._ -])(?:end|ended|finish|finished|stop|stopped|complet\w*)(?:$|[._ -])"
)
_DURATION = re.compile(
    r"(?i)(?:duration|runtime|elapsed|wall[._ -]?(?:time|clock)|_seconds$|time_s$)"
)
_PARENT = re.compile(r"(?i)(?:^|[._ -])(?:parent|parents|based[._ -]?on|derived[._ -]?from|base)$")
_SEED = re.compile(r"(?i)(?:^|[._ -])(?:\w*seed)$")
_TEXT = re.compile(
    r"(?i)(?:desc|description|note|notes|comment|comments|summary|message|hypothesis)$"
)
_TAGS = re.compile(r"(?i)(?:^|[._ -])tags?$")
_LESS = re.compile(
    r"(?i)(?:loss|error|err|bpb|bpc|ppl|perplexity|rmse|mse|mae|nll|wer|cer|fid|latency|regret|time"
    r"|energy|power|joule|cost|gap)(?:$|[._ -])"
)
_MORE = re.compile(
    r"(?i)(?:acc|accuracy|auc|f1|score|reward|return|bleu|rouge|map|precision|recall|throughput"
    r"|r2|iou|dice|psnr|ssim|success|inf_per_sec|qps)(?:$|[._ -]|@)"
)
_CHOSEN = re.compile(
    r"(?i)(?:^|[._ -])(?:lr|learning[._ -]?rate|weight[._ -]?decay|wd|dropout|momentum|betas?[0-9]?"
    r"|alpha|gamma|eps|epsilon|temperature|top[._ -]?[pk]|warmup|warmdown|ratio|rate|fraction"
    r"|scale)(?:$|[._ -])"
)
_MEASURED = re.compile(r"(?i)(?:memory|mem|vram|rss|val|valid|test|eval|metric|final|best)")
_HARDWARE: Final = {
    "gpus": re.compile(r"(?i)(?:^|[._ -])(?:gpu|gpus|gpu[._ -]?name|accelerator)$"),
    "cpu_name": re.compile(r"(?i)(?:^|[._ -])(?:cpu|cpu[._ -]?name|processor)$"),
    "product": re.compile(r"(?i)(?:^|[._ -])(?:board|board[._ -]?name|device|machine|host|node)$"),
}
_WORDS: Final = {
    "complete": "ok okay keep kept discard discarded done finished finish success succeeded "
    "successful complete completed passed pass",
    "failed": "crash crashed fail failed failure error errored oom nan diverged exception",
    "interrupted": "killed kill aborted abort stopped cancelled canceled interrupted preempted "
    "timeout",
    "planned": "planned",
}
_STATUS_OF: Final = {word: status for status, words in _WORDS.items() for word in words.split()}
_DELIMITERS = (";", "\t", "|")
_MOST_STATUSES = 12
_COMBINED = 12  # columns that are tried together as a key
_MANY_WORDS = 4  # words on average from which on a column is prose


class Column(NamedTuple):
    """What can be seen of a column.

    Attributes:
        name: Its name.
        cells: Its values, without missing ones.
        numbers: The cells as numbers; empty where one is none.
        distinct: How many different cells there are.
    """

    name: str
    cells: list[Any]
    numbers: list[float]
    distinct: int

    @property
    def plain(self) -> bool:
        """Whether no cell is a list or an object."""
        return not any(isinstance(cell, (list, dict)) for cell in self.cells)


def propose(file: Path, form: Form = Form()) -> str:  # noqa: B008 - it is immutable
    """Return a map for a table as YAML, with comments where it guesses.

    Args:
        file: The table.
        form: How it is written.

    Raises:
        LabrecError: It cannot be read.
    """
    form = _detected(file, form)
    table = read_table(file, form)
    return "\n".join(_Proposal(table, file.stem, form).lines()) + "\n"


def _detected(file: Path, form: Form) -> Form:
    """Return how a file is written where its first bytes say it: UTF-16, another delimiter."""
    try:
        with file.open("rb") as opened:
            head = opened.read(2) if file.is_file() else b""
    except OSError:
        return form  # reading it says what is wrong
    if head in {b"\xff\xfe", b"\xfe\xff"}:
        form = form._replace(encoding="utf-16")
    if KINDS.get(file.suffix.lower()) != "csv":
        return form
    columns = read_table(file, form).columns
    for delimiter in _DELIMITERS if len(columns) == 1 else ():
        if delimiter in columns[0]:
            return form._replace(delimiter=delimiter)
    return form


class _Proposal:
    """One guess after the other; a column is used once."""

    def __init__(self, table: Table, stem: str, form: Form) -> None:
        self.table = table
        self.stem = stem
        self.form = form
        self.names = [name for name in table.columns if name and table.columns.count(name) == 1]
        seen = [_look(table, name) for name in self.names]
        # An object's members are columns of their own; a column without cells says nothing.
        self.columns = [
            one for one in seen if one.cells and not any(isinstance(c, dict) for c in one.cells)
        ]
        self.used: set[str] = set()
        self.key = ""
        self.failed: frozenset[int] = frozenset()  # rows whose status seems to say so

    def lines(self) -> Iterator[str]:
        yield "# Guessed from the table: read every line, and remove what you do not want."
        yield f"source: {_quoted(self.table.name)}  # names where the rows come from, for good"
        options = []
        if self.form.delimiter:
            options.append(f"delimiter: {_quoted(self.form.delimiter)}")
        if self.form.encoding != "utf-8":
            options.append(f"encoding: {self.form.encoding}")
        if options:
            yield f"format: {{{', '.join(options)}}}"
        yield from self._key()
        yield f"project: {{value: {slugify_project(self.stem)}}}"
        yield from self._status()
        yield from self._times()
        yield from self._simple("parents", _PARENT)
        yield from self._simple("tags", _TAGS)
        yield from self._simple("intent", _TEXT, prose=True)
        yield from self._named("hardware", _HARDWARE)
        seeds = [one for one in self._free() if _SEED.search(one.name) and _is_integer(one)]
        yield from self._section(
            "seeds", ((one.name, _quoted(one.name)) for one in self._take(seeds))
        )
        metrics = [one for one in self._free() if _is_metric(one)]
        yield from self._metrics(list(self._take(metrics)))
        rest = [one for one in self._free() if one.plain]
        yield from self._features(list(self._take(rest)))

    def _free(self) -> list[Column]:
        return [one for one in self.columns if one.name not in self.used]

    def _take(self, columns: Iterable[Column]) -> Iterator[Column]:
        for one in columns:
            self.used.add(one.name)
            yield one

    def _first(self, pattern: re.Pattern[str]) -> Column | None:
        return next((one for one in self._free() if pattern.search(one.name) and one.plain), None)

    def _key(self) -> Iterator[str]:
        rows = len(self.table.rows)
        names = [
            one for one in self.columns
            if one.plain and len(one.cells) == rows and _is_line(one)
            and (not one.numbers or _is_integer(one))
        ]  # fmt: skip
        whole = [one for one in names if one.distinct == rows]
        named = [one for one in whole if _KEY.search(one.name)]
        texts = [one for one in whole if not one.numbers and not _is_prose(one)]
        for one in (named or texts or whole)[:1]:
            self.used.add(one.name)
            self.key = one.name
            yield f"key: {_quoted(one.name)}"
            return
        for several in itertools.chain.from_iterable(
            itertools.combinations(names[:_COMBINED], size) for size in (2, 3)
        ):
            if len(set(zip(*(map(str, one.cells) for one in several), strict=True))) == rows:
                yield f"key: [{', '.join(_quoted(one.name) for one in several)}]"
                return
        yield "# Nothing here names each row alone: say which columns do together."
        plain = [one.name for one in self.columns if one.plain] or self.names
        yield f"key: [{', '.join(map(_quoted, plain))}]"

    def _status(self) -> Iterator[str]:
        found = next(
            (
                one for one in self._free()
                if _STATUS.search(one.name) and one.plain and not one.numbers
                and one.distinct <= _MOST_STATUSES
            ),
            None,
        )  # fmt: skip
        if found is None:
            return
        self.used.add(found.name)
        at = self.table.columns.index(found.name)
        self.failed = frozenset(
            number for number, row in enumerate(self.table.rows)
            if _STATUS_OF.get(str(row.values[at]).lower()) == "failed"
        )  # fmt: skip
        words = sorted({cells.text(cell) for cell in found.cells})
        if set(words) <= set(STATUSES):
            yield f"status: {_quoted(found.name)}"
            return
        yield f"status:  # one of {', '.join(STATUSES)}"
        yield f"  column: {_quoted(found.name)}"
        yield "  map:"
        for word in words:
            guess = _STATUS_OF.get(word.lower())
            yield f"    {_quoted(word)}: {guess or 'complete  # is it?'}"
        if len(found.cells) < len(self.table.rows):
            yield "  otherwise: {value: complete}"
        yield f"tags: [{_quoted(found.name)}]  # keeps the word itself"

    def _times(self) -> Iterator[str]:
        for key, pattern in (("started", _STARTED), ("ended", _ENDED)):
            for one in self._free():
                form = _time_form(one) if pattern.search(one.name) else None
                if form is not None:
                    self.used.add(one.name)
                    yield f"{key}: {{column: {_quoted(one.name)}{form}}}"
                    break
        found = self._first(_DURATION)
        if found is not None and found.numbers and min(found.numbers) >= 0:
            self.used.add(found.name)
            yield f"duration: {{column: {_quoted(found.name)}, unit: s}}"

    def _simple(self, key: str, pattern: re.Pattern[str], *, prose: bool = False) -> Iterator[str]:
        found = self._first(pattern)
        if prose and found is not None and not _is_prose(found):
            return
        if found is not None and not found.numbers and not (key == "tags" and self._has_tags()):
            self.used.add(found.name)
            yield f"{key}: {_quoted(found.name)}"

    def _has_tags(self) -> bool:
        return any(_STATUS.search(name) for name in self.used)

    def _named(self, key: str, patterns: dict[str, re.Pattern[str]]) -> Iterator[str]:
        found = []
        for name, pattern in patterns.items():
            one = self._first(pattern)
            if one is not None and not one.numbers:
                self.used.add(one.name)
                found.append((name, _quoted(one.name)))
        yield from self._section(key, found)

    def _section(self, key: str, members: Iterable[tuple[str, str]]) -> Iterator[str]:
        rows = [f"  {_quoted(name)}: {told}" for name, told in members]
        if rows:
            yield f"{key}:"
            yield from rows

    def _metrics(self, found: list[Column]) -> Iterator[str]:
        members = []
        for one in found:
            options = [f"column: {_quoted(one.name)}"]
            direction = _direction(one.name)
            if direction:
                options.append(f"direction: {direction}")
            zeros = self._zeros(one)
            comment = ""
            if zeros and zeros <= self.failed:
                options.append("failure: 0")
            elif zeros:
                comment = "  # it holds 0: where that stands for a failure, add failure: 0"
            members.append((one.name, f"{{{', '.join(options)}}}{comment}"))
        yield from self._section("metrics", members)

    def _zeros(self, column: Column) -> set[int]:
        """Return the rows in which a column that is not always whole is zero."""
        if _is_integer(column) or any(isinstance(cell, list) for cell in column.cells):
            return set()
        at = self.table.columns.index(column.name)
        return {
            number for number, row in enumerate(self.table.rows)
            if row.values[at] is not None and cells.same(row.values[at], 0)
        }  # fmt: skip

    def _features(self, found: list[Column]) -> Iterator[str]:
        if not found:
            yield "# No column is left that says what was varied: each run is its own experiment."
            own = [(self.key, f"{{column: {_quoted(self.key)}, type: text}}")] if self.key else []
            yield from self._section("features", own)
            return
        yield "features:  # what was varied: runs that agree in all of it are replicates"
        flat = [one.name for one in found]
        for one in found:
            name = _feature_name(one.name, flat)
            mixed = not one.numbers and any(_is_number(cell) for cell in one.cells)
            told = f"{{column: {_quoted(one.name)}, type: text}}" if mixed else _quoted(one.name)
            comment = "  # prose: perhaps intent, or nothing" if _is_prose(one) else ""
            yield f"  {_quoted(name)}: {told}{comment}"


def _look(table: Table, name: str) -> Column:
    at = table.columns.index(name)
    found = [row.values[at] for row in table.rows if row.values[at] is not None]
    return Column(name, found, _numbers(found), len({repr(cell) for cell in found}))


def _numbers(found: list[Any]) -> list[float]:
    try:
        flat = [one for cell in found for one in (cell if isinstance(cell, list) else [cell])]
        return [cells.number(one) for one in flat]
    except CellError:
        return []


def _is_line(column: Column) -> bool:
    try:
        for cell in column.cells:
            cells.line(cell)
    except CellError:
        return False
    return True


def _is_number(cell: Any) -> bool:
    try:
        cells.number(cell)
    except CellError:
        return False
    return True


def _is_integer(column: Column) -> bool:
    return bool(column.numbers) and all(number.is_integer() for number in column.numbers)


def _is_metric(column: Column) -> bool:
    if not column.numbers or _CHOSEN.search(column.name):
        return False
    if any(isinstance(cell, list) for cell in column.cells):
        return True
    if _direction(column.name) or _MEASURED.search(column.name):
        return True
    # Measured numbers seldom agree and seldom are round; what was chosen often does and is.
    uneven = [one for one in column.numbers if math.isfinite(one) and not one.is_integer()]
    return column.distinct > max(3, 0.8 * len(column.cells)) and len(uneven) > len(column.cells) / 2


def _direction(name: str) -> str:
    if _LESS.search(name):
        return "minimize"
    return "maximize" if _MORE.search(name) else ""


def _time_form(column: Column) -> str | None:
    """Return the options with which a column is read as a time; None where it is none."""
    from datetime import UTC  # as the guess where a table says nothing

    for form, options in (
        ("iso", ""),
        ("epoch", ", form: epoch"),
        ("epoch-ms", ", form: epoch-ms"),
    ):
        for zone, more in ((None, ""), (UTC, ", zone: UTC")):
            try:
                found = [cells.moment(cell, form, zone) for cell in column.cells[:_SHOWN]]
            except CellError:
                continue
            years = {one.text[:4] for one in found}
            if form == "iso" or all("2000" <= year <= "2100" for year in years):
                return options + more
    return None


def _is_prose(column: Column) -> bool:
    words = [len(str(cell).split()) for cell in column.cells[:_SHOWN]]
    return sum(words) > _MANY_WORDS * len(words)


def _feature_name(name: str, names: list[str]) -> str:
    """Return a name whose dots make no tree that another column is in the way of."""
    clash = any(other != name and (other.startswith(f"{name}.") or name.startswith(f"{other}."))
                for other in names)  # fmt: skip
    whole = all(name.split("."))
    return name if whole and not clash else name.replace(".", "_").strip("_") or "feature"


def _quoted(name: str) -> str:
    """Return a text as YAML: plain where it is simple, else in quotes, nothing invisible in it."""
    if _PLAIN.fullmatch(name) and name.lower() not in _YAML_WORDS:
        return name
    return '"' + "".join(map(_escaped, name)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
