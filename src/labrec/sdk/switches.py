"""Factors of a live object: how each is switched off, and given back as it was.

A switch is handed an `ExitStack`; what undoes it is on that stack before anything is changed, so
that the object is given back also where switching off fails halfway.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from labrec.errors import UsageError
from labrec.record.text import one_line, storable
from labrec.record.values import to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager, ExitStack

MAX_FACTORS: Final = 64
"""Factors of one call: what analysis makes effects of."""

MAX_NAME: Final = 100
"""Characters of a factor's name."""

_LARGEST = 400  # characters of a value that a record shows of a factor
_MISSING: Final = object()


class Switch(Protocol):
    """One way to switch something off."""

    kind: str
    where: str | None

    def values(self) -> tuple[Any, Any]:
        """Return its value when on, as it is now, and when off; None for what code decides."""

    def off(self, undo: ExitStack) -> None:
        """Switch it off; what gives it back is on the stack."""


class Factor(NamedTuple):
    """A named switch.

    Attributes:
        name: Its name, one line.
        switch: What it switches.
    """

    name: str
    switch: Switch

    def described(self) -> dict[str, Any]:
        """Return the factor as the counterfactuals section has it."""
        on, off = (_shown(value) for value in self.switch.values())
        where = self.switch.where
        return {"name": self.name, "kind": self.switch.kind, "where": where, "on": on, "off": off}


class _Context:
    """A context manager inside which the factor is off."""

    kind: str = "context"
    where: str | None = None

    def __init__(self, factory: Callable[[], AbstractContextManager[Any]]) -> None:
        self._factory = factory

    def values(self) -> tuple[Any, Any]:
        return None, None

    def off(self, undo: ExitStack) -> None:
        undo.enter_context(self._factory())


class _Calls:
    """Two calls, one that switches it off and one that switches it on."""

    kind: str = "calls"
    where: str | None = None

    def __init__(self, off: Callable[[], object], on: Callable[[], object]) -> None:
        self._off, self._on = off, on

    def values(self) -> tuple[Any, Any]:
        return None, None

    def off(self, undo: ExitStack) -> None:
        undo.callback(self._on)
        self._off()


class _Attribute:
    """An attribute, or one of an attribute (``layer.bias``), that is set to another value."""

    kind: str = "attribute"
    where: str | None

    def __init__(self, holder: object, where: str, off: object) -> None:
        *way, self._name = where.split(".")
        for name in way:
            holder = getattr(holder, name)
        self._holder, self.where, self._value = holder, where, off
        getattr(holder, self._name)  # it is there

    def values(self) -> tuple[Any, Any]:
        return getattr(self._holder, self._name), self._value

    def off(self, undo: ExitStack) -> None:
        if self._is_inherited():
            undo.callback(delattr, self._holder, self._name)
        else:
            undo.callback(setattr, self._holder, self._name, getattr(self._holder, self._name))
        setattr(self._holder, self._name, self._value)

    def _is_inherited(self) -> bool:
        """Whether the object has the attribute from its class alone, as a plain value."""
        own = getattr(self._holder, "__dict__", {})
        kind: object = type(self._holder)
        if self._name in own or isinstance(self._holder, type):
            return False
        for base in getattr(kind, "__mro__", ()):
            if self._name in base.__dict__:
                return not hasattr(type(base.__dict__[self._name]), "__set__")
        return False  # such as what a module of torch keeps in tables of its own


class _Item:
    """An item of a mapping that is set to another value."""

    kind: str = "item"
    where: str | None

    def __init__(self, holder: MutableMapping[Any, Any], where: object, off: object) -> None:
        self._holder, self._key, self._value = holder, where, off
        self.where = one_line(str(where), MAX_NAME) or None
        holder[where]  # it is there

    def values(self) -> tuple[Any, Any]:
        return self._holder[self._key], self._value

    def off(self, undo: ExitStack) -> None:
        undo.callback(self._holder.__setitem__, self._key, self._holder[self._key])
        self._holder[self._key] = self._value


def factors_of(given: object) -> list[Factor]:
    """Return the factors that a program names.

    Args:
        given: By name, each a callable that returns a context manager inside which the factor is
            off; or ``(off, on)``, two callables; or ``(object, "attribute", value when off)``,
            where the object may be a mapping and the attribute a key of it.

    Raises:
        UsageError: They are none, too many, of one name, or one of them is none of these.
    """
    if not isinstance(given, Mapping) or not given:
        raise UsageError(
            "the factors are no mapping from name to switch",
            hint="docs/attribution.md says what a factor may be.",
        )
    if len(given) > MAX_FACTORS:
        raise UsageError(f"{len(given)} factors are more than {MAX_FACTORS}")
    found = [_factor(name, what) for name, what in given.items()]
    if len({factor.name for factor in found}) != len(found):
        raise UsageError("two factors have one name")
    return found


def _factor(name: object, what: object) -> Factor:
    called = one_line(storable(str(name))[0], MAX_NAME)
    try:
        switch = _switch(what)
    except Exception as error:
        raise UsageError(
            f"factor {called!a:.60} is not there: {type(error).__name__}: {error}"
        ) from error
    if not called or switch is None:
        raise UsageError(
            f"factor {called!a:.60} can not be switched off",
            hint="Give a callable that returns a context manager, (off, on), or "
            '(object, "attribute", value when off).',
        )
    return Factor(called, switch)


def _switch(what: object) -> Switch | None:
    match what:
        case (off, on) if callable(off) and callable(on):
            return _Calls(off, on)
        case (MutableMapping() as holder, where, value):
            return _Item(holder, where, value)
        case (holder, str() as where, value):
            return _Attribute(holder, where, value)
        case _ if callable(what):
            return _Context(what)
    return None


def _shown(value: object) -> Any:
    """Return a value as a record shows it; a large one by its type."""
    if value is None:
        return None
    told = to_json(value)
    if len(str(told)) <= _LARGEST:
        return told
    kind = type(value)
    return {"$repr": "too large for a record", "type": f"{kind.__module__}.{kind.__qualname__}"}
