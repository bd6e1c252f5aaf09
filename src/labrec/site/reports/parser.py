"""References in the text of a report: found, read by our grammar, put out of Markdown's way.

``{{ run("1_base").metrics.loss }}`` is a *word* of a closed vocabulary with arguments, followed by
fields. Nothing of it is an expression of any language: it is parsed here, looked up in a table, and
each value that comes out is text. In the text that Markdown sees, a *token* of letters and digits
stands in the place of each reference. Pure.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST: Final = 2000
"""References of one report."""

LONGEST: Final = 1000
"""Characters of one reference."""

Value = str | int | float | bool | tuple[str, ...]
"""An argument: text, a number, ``true`` or ``false``, a list of texts."""


class Mistake(Exception):  # noqa: N818 - a mistake of an author, collected and told with others
    """Something that an author wrote and that cannot be shown.

    Args:
        reason: Why, a sentence without a full stop.
        line: Where it stands, from 1; 0 = not known yet.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Step(NamedTuple):
    """A field of what came before it.

    Attributes:
        name: The field, or what stands in brackets.
        options: Arguments behind it.
        is_key: Whether it stood in brackets: the name of a metric or feature, not of a field.
    """

    name: str
    options: Mapping[str, Value] = {}
    is_key: bool = False


class Reference(NamedTuple):
    """A reference that follows the grammar.

    Attributes:
        word: The word of the vocabulary.
        given: Its arguments without a name.
        named: Its arguments by name.
        steps: The fields that follow.
    """

    word: str
    given: tuple[Value, ...] = ()
    named: Mapping[str, Value] = {}
    steps: tuple[Step, ...] = ()


class Found(NamedTuple):
    """A reference of a report, whether or not it can be read.

    Attributes:
        line: The line that it begins on, from 1.
        source: As it was written, braces included.
        reference: What it says; None where it breaks the grammar.
        reason: Why it does.
    """

    line: int
    source: str
    reference: Reference | None
    reason: str = ""


class Scanned(NamedTuple):
    """The text of a report with tokens in the place of its references.

    Attributes:
        text: What Markdown is given.
        mark: How every token begins; stands nowhere else in the text.
        found: The references, by the number in their token.
    """

    text: str
    mark: str
    found: tuple[Found, ...]

    @property
    def token(self) -> re.Pattern[str]:
        """Finds a token; its group is the number."""
        return re.compile(rf"{self.mark}(\d+)z")


_OPEN = re.compile(r"(?<!\\)\{\{")
_PART = re.compile(
    r"""\s+ | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>-?(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?))
      | "(?P<double>(?:[^"\\\n]|\\["\\])*)" | '(?P<single>(?:[^'\\\n]|\\['\\])*)'
      | (?P<end>\}\}) | (?P<sign>[()\[\],.=])""",
    re.VERBOSE | re.ASCII,
)
_TYPOGRAPHIC = "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a"  # quotes of word processors
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def scan(text: str) -> Scanned:
    """Find the references of a text.

    Comments, ``<!-- … -->`` from the beginning of a line, are taken out; a backslash before the
    braces takes their meaning away. What a reference says inside of code is decided later: there it
    is shown as it was written.
    """
    text = without_comments(text)
    mark = f"lrq{hashlib.sha256(text.encode()).hexdigest()[:20]}n"
    out: list[str] = []
    found: list[Found] = []
    at = 0
    while (opened := _OPEN.search(text, at)) is not None and len(found) < MOST:
        begin = opened.start()
        one, end = _read(text, begin)
        out += [text[at:begin], f"{mark}{len(found)}z"]
        found.append(one)
        at = end
    out.append(text[at:])
    if opened is not None:
        raise Mistake(f"more than {MOST} references", text.count("\n", 0, opened.start()) + 1)
    return Scanned("".join(out), mark, tuple(found))


def without_comments(text: str) -> str:
    """Return a text without its comments, every other line where it was."""
    out: list[str] = []
    fence = ""
    is_comment = False
    for line in text.splitlines(keepends=True):
        ending = line[len(line.rstrip("\r\n")) :]
        opened = _FENCE.match(line)
        if is_comment or (not fence and line.startswith("<!--")):
            is_comment = "-->" not in line
            out.append(ending)
        else:
            if opened and not fence:
                fence = opened[1]
            elif opened and opened[1].startswith(fence) and not line.strip(" `~\r\n"):
                fence = ""
            out.append(line)
    return "".join(out)


def _read(text: str, begin: int) -> tuple[Found, int]:
    """Return the reference that begins somewhere, and where the text goes on."""
    line = text.count("\n", 0, begin) + 1
    parts: list[tuple[str, str]] = []
    at = begin + 2
    while at - begin <= LONGEST:
        part = _PART.match(text, at)
        if part is None:
            return _unread(text, begin, line, _why(text[at : at + 1]))
        at = part.end()
        if part["end"]:
            source = text[begin:at]
            try:
                return Found(line, source, _Grammar(parts).reference()), at
            except Mistake as mistake:
                return Found(line, source, None, mistake.reason), at
        if part.lastgroup:
            parts.append((part.lastgroup, part[part.lastgroup]))
    return _unread(text, begin, line, f"it is longer than {LONGEST} characters")


def _unread(text: str, begin: int, line: int, why: str) -> tuple[Found, int]:
    closed = text.find("}}", begin)
    after_line = text.find("\n", begin)
    rest = len(text) if after_line < 0 else after_line
    end = closed + 2 if 0 <= closed < rest else rest
    return Found(line, text[begin:end], None, why), end


def _why(char: str) -> str:
    if not char:
        return "it is never closed by }}"
    if char in _TYPOGRAPHIC:
        return f"{char} is no quote here: write \" or '"
    if char in "\"'":
        return "a text in quotes is not closed on its line"
    return f"{char!a} has no meaning in a reference"


class _Grammar:
    """Reads the parts of one reference."""

    def __init__(self, parts: list[tuple[str, str]]) -> None:
        self.parts = parts
        self.at = 0

    def reference(self) -> Reference:
        word = self._name("a reference begins with a word, such as run")
        if not self._takes("("):
            self._refuse(f"{word} takes its arguments in parentheses: {word}(…)")
        given, named = self._arguments()
        steps: list[Step] = []
        while self.at < len(self.parts):
            steps.append(self._step())
        return Reference(word, given, named, tuple(steps))

    def _step(self) -> Step:
        if self._takes("["):
            key = self._value()
            if not isinstance(key, str) or not self._takes("]"):
                self._refuse('brackets hold one text: ["…"]')
            return Step(key, self._options(), is_key=True)
        if not self._takes("."):
            self._refuse(f"{self._shown()} has no place here")
        name = self._name("a field follows a dot")
        return Step(name, self._options())

    def _options(self) -> Mapping[str, Value]:
        if not self._takes("("):
            return {}
        given, named = self._arguments()
        if given:
            self._refuse("the options of a field have names, such as digits=3")
        return named

    def _arguments(self) -> tuple[tuple[Value, ...], dict[str, Value]]:
        given: list[Value] = []
        named: dict[str, Value] = {}
        while not self._takes(")"):
            if given or named:
                if not self._takes(","):
                    self._refuse("arguments are parted by commas and end with )")
                if self._takes(")"):
                    break
            if self._is_named():
                name = self._name("")
                self._takes("=")
                if name in named:
                    self._refuse(f"{name} is given twice")
                named[name] = self._value()
            elif named:
                self._refuse("what has no name comes first")
            else:
                given.append(self._value())
        return tuple(given), named

    def _is_named(self) -> bool:
        following = self.parts[self.at : self.at + 2]
        return len(following) == 2 and following[0][0] == "name" and following[1] == ("sign", "=")  # noqa: PLR2004 - a pair

    def _value(self) -> Value:
        if self._takes("["):
            items: list[str] = []
            while not self._takes("]"):
                if items and not self._takes(","):
                    self._refuse("a list is parted by commas and ends with ]")
                item = self._value()
                if not isinstance(item, str):
                    self._refuse('a list holds texts: ["a", "b"]')
                items.append(item)
            return tuple(items)
        if self.at == len(self.parts):
            self._refuse("an argument is missing")
        kind, text = self.parts[self.at]
        self.at += 1
        if kind in {"double", "single"}:
            return re.sub(r"\\(.)", r"\1", text)
        if kind == "number":
            return int(text) if re.fullmatch(r"-?\d{1,15}", text) else float(text)
        if kind == "name" and text in {"true", "false"}:
            return text == "true"
        self.at -= 1
        return self._refuse(f"{self._shown()} is no argument: text stands in quotes")

    def _name(self, wanted: str) -> str:
        if self.at < len(self.parts) and self.parts[self.at][0] == "name":
            self.at += 1
            return self.parts[self.at - 1][1]
        return self._refuse(wanted)

    def _takes(self, sign: str) -> bool:
        if self.at < len(self.parts) and self.parts[self.at] == ("sign", sign):
            self.at += 1
            return True
        return False

    def _shown(self) -> str:
        return repr(self.parts[self.at][1]) if self.at < len(self.parts) else "the end"

    def _refuse(self, reason: str) -> NoReturn:
        raise Mistake(reason)
