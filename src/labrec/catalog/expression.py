"""The language in which a metric is computed from others: numbers, names, arithmetic. ○ No IO.

A text is taken apart and put together by what stands here. Nothing of it is ever Python: there are
no names but those of metrics, no attributes, no calls but those of `FUNCTIONS`, no loops. What is
read is bounded in length, depth and size, so that any text is answered at once.

::

    sum     = product { ("+" | "-") product }
    product = factor { ("*" | "/") factor }
    factor  = ("+" | "-") factor | power
    power   = atom [ "**" factor ]
    atom    = number | metric | function "(" sum { "," sum } ")" | "(" sum ")"
    metric  = letters, digits and "_", no digit first, or any text in ' or "

In quotes a backslash stands before a quote or a backslash. ``-x ** 2`` is ``-(x ** 2)``, and
``2 ** 3 ** 2`` is ``2 ** (3 ** 2)``.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.errors import InvalidError
from labrec.record.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST: Final = 1000
"""Characters of an expression."""

DEEPEST: Final = 32
"""Parentheses, signs and powers inside one another."""

MOST: Final = 250
"""Numbers, metrics and operations of an expression."""

_MANY: Final = 64  # as many arguments as min and max take
_HINT = (
    "Write numbers, metrics (in quotes where they are no plain word), + - * / **, parentheses, "
    "and min, max, abs, log, exp, sqrt, clip."
)
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<quoted>"(?:[^"\\]|\\["'\\])*"|'(?:[^'\\]|\\["'\\])*')
      | (?P<sign>\*\*|[-+*/(),])
    )""",
    re.VERBOSE | re.ASCII,
)
_SPACE = re.compile(r"[ \t\r\n]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Missing(NamedTuple):
    """That there is no value, and why.

    Attributes:
        reason: One sentence without an end.
    """

    reason: str


class Number(NamedTuple):
    """A number that stands in an expression."""

    value: float


class Metric(NamedTuple):
    """The value of a metric."""

    name: str


class Operation(NamedTuple):
    """Something done with values: a sign, an operator, a function.

    Attributes:
        name: ``+ - * / **``, ``neg``, or one of `FUNCTIONS`.
        arguments: What it is done with.
    """

    name: str
    arguments: tuple[Node, ...]


Node = Number | Metric | Operation


class _NoValueError(Exception):
    """An operation that has no value for these arguments; its text is the reason."""


def _log(x: float) -> float:
    if x <= 0:
        raise _NoValueError("the logarithm of a number that is not above 0")
    return math.log(x)


def _sqrt(x: float) -> float:
    if x < 0:
        raise _NoValueError("the square root of a negative number")
    return math.sqrt(x)


def _clip(x: float, low: float, high: float) -> float:
    if low > high:
        raise _NoValueError("clip with a lower bound above the upper one")
    return min(max(x, low), high)


def _divide(x: float, y: float) -> float:
    if y == 0:
        raise _NoValueError("a division by zero")
    return x / y


def _power(x: float, y: float) -> float:
    if x == 0 and y < 0:
        raise _NoValueError("a division by zero")
    if x < 0 and not y.is_integer():
        raise _NoValueError("a root of a negative number")
    return math.pow(x, y)


class _Function(NamedTuple):
    """What a function computes, and of how many arguments."""

    compute: Callable[..., float]
    fewest: int
    most: int


FUNCTIONS: Final[dict[str, _Function]] = {
    "min": _Function(lambda *given: min(given), 1, _MANY),
    "max": _Function(lambda *given: max(given), 1, _MANY),
    "abs": _Function(abs, 1, 1),
    "log": _Function(_log, 1, 1),
    "exp": _Function(math.exp, 1, 1),
    "sqrt": _Function(_sqrt, 1, 1),
    "clip": _Function(_clip, 3, 3),
}
"""The functions of the language; ``log`` is the natural one."""

_OPERATIONS: Final[dict[str, Callable[..., float]]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": _divide,
    "**": _power,
    "neg": lambda x: -x,
    **{name: function.compute for name, function in FUNCTIONS.items()},
}


def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        InvalidError: It is none, or is too long, too deep or too large; the message says where.
    """
    if len(text) > LONGEST:
        raise InvalidError(f"an expression has at most {LONGEST} characters", hint=_HINT)
    return _Parser(text).whole()


def metrics_of(node: Node) -> list[str]:
    """Return the metrics that an expression reads, each once, in their order."""
    return list(dict.fromkeys(_names(node)))


def evaluate(node: Node, values: Mapping[str, float | Missing]) -> float | Missing:
    """Compute an expression from the values of metrics; a finite number, or why there is none.

    A metric that is not there or not finite, a division by zero, a logarithm or root that does not
    exist and a result beyond a double give no value. None is ever made up.

    Args:
        node: From `parse`.
        values: The metrics by name.
    """
    try:
        return _value(node, values)
    except _NoValueError as error:
        return Missing(str(error))


def quote(name: str) -> str:
    """Return a metric's name as an expression writes it."""
    if _WORD.fullmatch(name) and name not in FUNCTIONS:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Metric):
        yield node.name
    elif isinstance(node, Operation):
        for argument in node.arguments:
            yield from _names(argument)


def _value(node: Node, values: Mapping[str, float | Missing]) -> float:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Metric):
        return _known(node.name, values.get(node.name))
    given = [_value(argument, values) for argument in node.arguments]
    try:
        found = _OPERATIONS[node.name](*given)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise _NoValueError("a number that is too large")
    return found


def _known(name: str, found: float | Missing | None) -> float:
    if found is not None and not isinstance(found, Missing) and math.isfinite(found):
        return found
    shown = f"'{printable(name)[:60]}'"
    if found is None:
        raise _NoValueError(f"no value of {shown}")
    if isinstance(found, Missing):
        raise _NoValueError(f"no value of {shown}: {found.reason}"[:LONGEST])
    raise _NoValueError(f"the value of {shown} is {found}")


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Parser:
    """Reads one text from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._size = 0
        self._depth = 0
        self._next = self._token()

    def whole(self) -> Node:
        node = self._sum()
        if self._next.kind != "end":
            raise self._wrong(f"{self._shown()} stands where an operator or the end belongs")
        return node

    # -- rules

    def _sum(self) -> Node:
        node = self._product()
        while self._next.text in {"+", "-"} and self._next.kind == "sign":
            node = self._counted(Operation(self._take().text, (node, self._product())))
        return node

    def _product(self) -> Node:
        node = self._factor()
        while self._next.text in {"*", "/"} and self._next.kind == "sign":
            node = self._counted(Operation(self._take().text, (node, self._factor())))
        return node

    def _factor(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"more than {DEEPEST} levels inside one another")
        try:
            if self._is("+"):
                self._take()
                return self._factor()
            if self._is("-"):
                self._take()
                return self._counted(Operation("neg", (self._factor(),)))
            base = self._atom()
            if self._is("**"):
                self._take()
                return self._counted(Operation("**", (base, self._factor())))
            return base
        finally:
            self._depth -= 1

    def _atom(self) -> Node:
        token = self._next
        if token.kind == "number":
            return self._counted(self._number())
        if token.kind == "quoted":
            name = _ESCAPED.sub(r"\1", self._take().text[1:-1])
            if not name:
                raise self._wrong("a metric has a name")
            return self._counted(Metric(name))
        if token.kind == "word":
            self._take()
            if token.text in FUNCTIONS:
                return self._counted(self._call(token))
            return self._counted(Metric(token.text))
        if self._is("("):
            self._take()
            node = self._sum()
            self._close()
            return node
        raise self._wrong(f"{self._shown()} stands where a number or a metric belongs")

    def _number(self) -> Number:
        value = float(self._next.text)
        if not math.isfinite(value):
            raise self._wrong("a number beyond a double")
        self._take()
        return Number(value)

    def _call(self, token: _Token) -> Operation:
        name = token.text
        if not self._is("("):
            raise self._wrong(f'{name} is a function: write {name}(…), or "{name}" for a metric')
        self._take()
        arguments = [self._sum()]
        while self._is(","):
            self._take()
            arguments.append(self._sum())
        self._close()
        function = FUNCTIONS[name]
        if not function.fewest <= len(arguments) <= function.most:
            wanted = str(function.fewest)
            if function.most > function.fewest:
                wanted += f" to {function.most}"
            raise self._wrong(f"{name} takes {wanted} values, not {len(arguments)}")
        return Operation(name, tuple(arguments))

    def _close(self) -> None:
        if not self._is(")"):
            raise self._wrong(f"{self._shown()} stands where ) belongs")
        self._take()

    # -- tokens

    def _counted(self, node: Node) -> Node:
        self._size += 1
        if self._size > MOST:
            raise self._wrong(f"more than {MOST} numbers, metrics and operations")
        return node

    def _is(self, sign: str) -> bool:
        return self._next.kind == "sign" and self._next.text == sign

    def _take(self) -> _Token:
        token, self._next = self._next, self._token()
        return token

    def _token(self) -> _Token:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                raise self._wrong(f"{_shown(self._text[self._at])} means nothing here", self._at)
            return _Token("end", "", self._at)
        self._at = found.end()
        kind = found.lastgroup or ""
        return _Token(kind, found[kind], found.start(kind))

    def _shown(self) -> str:
        return "the end" if self._next.kind == "end" else _shown(self._next.text)

    def _wrong(self, what: str, at: int | None = None) -> InvalidError:
        place = self._next.at if at is None else at
        return InvalidError(f"no expression: {what} (at character {place + 1})", hint=_HINT)


def _shown(text: str) -> str:
    return f"'{printable(text)[:40]}'"
