"""Reading the values of a map: each is checked, and what is wrong is noted and passed over.

○ No IO.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from labrec.exchange import sources
from labrec.exchange.mistakes import Mistake, near, shown
from labrec.exchange.sources import Condition, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from labrec.exchange.sources import Getter
    from labrec.exchange.table import Table

_MAX_PATTERN = 500
_MAX_EXAMPLE = 60  # characters of a text that a message shows as a constant
_SCALARS = (str, int, float, bool)


class MapReader:
    """Reads one map against one table.

    Args:
        table: Its columns are what a source may name.
        mistakes: Takes what is wrong.
    """

    def __init__(self, table: Table, mistakes: list[Mistake]) -> None:
        self.table = table
        self.mistakes = mistakes

    def wrong(self, place: str, what: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(place, what))

    def known(self, given: dict[str, Any], place: str, keys: Sequence[str]) -> None:
        """Note every key of a mapping that is none of these."""
        for key in given:
            if key not in keys:
                self.wrong(f"{place}.{key}".lstrip("."), f"is no key here{near(key, keys)}")

    def mapping(self, given: Any, place: str) -> dict[str, Any]:
        """Return a mapping; an empty one where there is none."""
        if given is None:
            return {}
        if not isinstance(given, dict):
            self.wrong(place, f"is {_kind(given)}; write a mapping, name: column")
            return {}
        return given

    def named(self, given: Any, place: str) -> dict[str, Any]:
        """Return a mapping of names to sources; a list of columns names each as it is called."""
        if isinstance(given, list) and all(isinstance(one, str) for one in given):
            return {one: one for one in given}
        return self.mapping(given, place)

    def text(self, given: Any, place: str) -> str | None:
        """Return a text, or None where there is none."""
        if given is not None and not isinstance(given, str):
            self.wrong(place, f"is {_kind(given)} and no text; put it in quotes")
            return None
        return given

    def texts(self, given: Any, place: str) -> list[str]:
        """Return a list of texts; one text counts as a list of one."""
        many = [] if given is None else given if isinstance(given, list) else [given]
        found = [self.text(one, f"{place}[{at}]") for at, one in enumerate(many)]
        return [one for one in found if one is not None]

    def values(self, given: Any, place: str) -> tuple[Any, ...]:
        """Return a list of plain values; one counts as a list of one."""
        many = [] if given is None else given if isinstance(given, list) else [given]
        for one in many:
            if not isinstance(one, _SCALARS):
                self.wrong(place, f"{_kind(one)} is no plain value")
        return tuple(one for one in many if isinstance(one, _SCALARS))

    def choice(
        self, given: dict[str, Any], key: str, place: str, words: Collection[str]
    ) -> str | None:
        """Return one of a few words, or None where the key is not there."""
        word = given.get(key)
        if key in given and (not isinstance(word, str) or word not in words):
            self.wrong(f"{place}.{key}", f"{shown(word)} is none of {', '.join(words)}")
            return None
        return word

    def column(self, name: Any, place: str) -> int | None:
        """Return where a column stands, or None and a mistake."""
        if not isinstance(name, str):
            self.wrong(place, f"is {_kind(name)}; a column is named by a text")
            return None
        at = self.table.place(name)
        if isinstance(at, str):
            self.wrong(place, at)
            return None
        return at

    def source(self, given: Any, place: str, more: Sequence[str] = ()) -> Source | None:
        """Return a source, or None where there is none or it is wrong.

        Args:
            given: The name of a column, or a mapping with one of `sources.KINDS`.
            place: Where it stands in the map.
            more: Options that this place has besides `sources.OPTIONS`.
        """
        if given is None:
            return None
        if isinstance(given, str):
            at = self.table.place(given)
            if isinstance(at, str):
                is_short = "stands" not in at and len(given) <= _MAX_EXAMPLE
                hint = f" (a constant is {{value: {given}}})" if is_short else ""
                self.wrong(place, at + hint)
                return None
            return Source(place, sources.column(at))
        if not isinstance(given, dict):
            self.wrong(place, f"is {_kind(given)}; write a column, or {{value: …}} for a constant")
            return None
        before = len(self.mistakes)
        self.known(given, place, (*sources.KINDS, *sources.OPTIONS, *more))
        get = self._base(given, place, "columns" in more)
        if get is None:
            return None
        get = self._treated(get, given, place)
        if "split" in given and "split" in more:
            separator = self.text(given["split"], f"{place}.split")
            if separator == "":
                self.wrong(f"{place}.split", "is empty")
            get = sources.listed(get, separator or " ")
        if len(self.mistakes) > before:
            return None
        return Source(place, get)

    def word_source(self, given: Any, place: str) -> Source | None:
        """Return a source whose plain text is a constant, such as a unit."""
        if isinstance(given, str):
            return Source(place, sources.constant(given))
        return self.source(given, place)

    def _base(self, given: dict[str, Any], place: str, several: bool) -> Getter | None:
        kinds = (*sources.KINDS, "columns") if several else sources.KINDS
        there = [kind for kind in kinds if kind in given]
        if len(there) != 1:
            self.wrong(place, f"needs one of {', '.join(kinds)}, and has {len(there)}")
            return None
        if there == ["value"]:
            if given["value"] is None:
                self.wrong(f"{place}.value", "is nothing")
            return sources.constant(given["value"])
        if there == ["column"]:
            at = self.column(given["column"], f"{place}.column")
            return None if at is None else sources.column(at)
        if there == ["columns"]:
            return self._columns(given["columns"], f"{place}.columns")
        return self._template(given["text"], f"{place}.text")

    def _columns(self, given: Any, place: str) -> Getter | None:
        names = self.texts(given, place)
        found = [self.column(name, place) for name in names]
        at = [one for one in found if one is not None]
        if not names:
            self.wrong(place, "is an empty list")
        if not at or len(at) < len(found):
            return None
        return lambda values: (
            None if all(values[one] is None for one in at) else [values[one] for one in at]
        )

    def _template(self, given: Any, place: str) -> Getter | None:
        pattern = self.text(given, place)
        if pattern is None:
            return None
        parts: list[str | int] = []
        for is_column, name in sources.split_template(pattern):
            if not is_column:
                parts.append(name)
                continue
            at = self.column(name, place)
            if at is not None:
                parts.append(at)
        return sources.template(parts)

    def _treated(self, get: Getter, given: dict[str, Any], place: str) -> Getter:
        """Return a getter with the options of `sources.OPTIONS`, in their order."""
        if "when" in given:
            get = sources.conditional(get, self._condition(given["when"], f"{place}.when"))
        if "missing" in given:
            get = sources.without(get, self.values(given["missing"], f"{place}.missing"))
        if "find" in given:
            pattern = self._pattern(given["find"], f"{place}.find")
            get = sources.searched(get, pattern) if pattern is not None else get
        for key in ("map", "replace"):
            if key in given:
                words = self.mapping(given[key], f"{place}.{key}")
                get = sources.translated(get, words, strict=key == "map")
        if "otherwise" in given:
            other = self.source(given["otherwise"], f"{place}.otherwise")
            get = sources.otherwise(get, other.get) if other is not None else get
        return get

    def _condition(self, given: Any, place: str) -> Condition:
        wanted = []
        for name, one in self.mapping(given, place).items():
            at = self.column(name, place)
            values = (None,) if one is None else self.values(one, f"{place}.{name}")
            if at is not None:
                wanted.append((at, values))
        if not wanted:
            self.wrong(place, "names no column")
        return Condition(tuple(wanted))

    def _pattern(self, given: Any, place: str) -> re.Pattern[str] | None:
        text = self.text(given, place)
        if text is None:
            return None
        try:
            if len(text) > _MAX_PATTERN:
                raise ValueError(f"more than {_MAX_PATTERN} characters")
            return re.compile(text)
        except (re.error, ValueError, RecursionError, OverflowError) as error:
            self.wrong(place, f"is no regular expression: {error}")
            return None


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "a truth value",
             type(None): "nothing"}  # fmt: skip
    return names.get(type(value), "a number")
