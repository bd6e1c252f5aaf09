"""The index of the search as small scripts, so that a query loads little, from a disk too. ○ No IO.

A browser that shows a file from the disk may load scripts and fetch nothing. So each shard is a
script that hands one JSON value over: ``all.js`` says which shards there are, ``w-….js`` which
entries have a word, by its first letters, ``d-….js`` which have a digest, ``e-….js`` what an entry
shows. ``search.js`` asks for them as it needs them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from labrec.site import urls
from labrec.site.charts.figure import for_script
from labrec.site.columnar import packed
from labrec.site.search_entries import WHAT
from labrec.site.stamp import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labrec.site.search_entries import Entry

BLOCK: Final = 256
"""Entries that one shard shows."""

SHARD: Final = 24_000
"""Characters from which the words of one first letter are divided by their second."""

DIGITS: Final = 16
"""Digits of a digest that the index holds: of a million, two agree in 3 of 10^8 labs."""

_TITLE, _NOTE, _TEXT, _WORD, _WORDS = 100, 100, 600, 32, 80  # longest, in characters and words
_DIGESTS = 1000  # in one shard
_WORD_OF = re.compile(r"[^\W_]+")
_HEX = re.compile(r"[0-9a-f]+")
# written without spaces between words: each character is a word of its own
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def words(text: str) -> list[str]:
    """Return the words of a text, each once: lower case, without accents, cut to 32 characters.

    ``search.js`` finds the words of a query in the same way.
    """
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = "".join([char for char in apart if unicodedata.category(char)[0] != "M"])
        text = unicodedata.normalize("NFC", text)
        text = _UNSPACED.sub(r" \g<0> ", text)
    found = _WORD_OF.findall(text.lower())
    return list(dict.fromkeys([word[:_WORD] for word in found]))


def index(entries: Sequence[Entry]) -> dict[str, bytes]:
    """Return the scripts of the index by name.

    Args:
        entries: What can be found, in order of their kinds, runs last and by id.

    Raises:
        UnsafeError: An entry leads where no page of the site is.
    """
    shards: dict[str, Any] = {}
    firsts = []
    for at in range(0, len(entries), BLOCK):
        block = entries[at : at + BLOCK]
        shards[f"e-{at // BLOCK}"] = _shown(block)
        firsts.append(block[0].url if block[0].what == "run" else "")
    digests = _digests(entries)
    for at in range(0, len(digests), _DIGESTS):
        some = digests[at : at + _DIGESTS]
        shards[f"d-{at // _DIGESTS}"] = {
            "digest": [digest for digest, _ in some],
            "entry": [number for _, number in some],
        }
    by_letters = _by_letters(_postings(entries))
    for letters, part in by_letters.items():
        shards[f"w-{letters}"] = _of_words(part)
    files = {name: _script(name, value) for name, value in shards.items()}
    version = hashlib.sha256(b"".join(files.values())).hexdigest()[:12]
    known = {
        "version": version,
        "entries": len(entries),
        "block": BLOCK,
        "what": WHAT,
        "starts": [sum(WHAT.index(one.what) < at for one in entries) for at in range(len(WHAT))],
        "firsts": firsts,
        "letters": list(by_letters),
        "digests": [digests[at][0] for at in range(0, len(digests), _DIGESTS)],
    }
    return {f"{name}.js": data for name, data in (files | {"all": _script("all", known)}).items()}


def _script(name: str, value: Any) -> bytes:
    text = f'(self.labrecIndex=self.labrecIndex||[]).push(["{name}",{for_script(value)}]);\n'
    return text.encode("utf-8", "replace")


def _shown(block: Sequence[Entry]) -> dict[str, Any]:
    return {
        "what": packed([WHAT.index(one.what) for one in block]),
        "title": packed([shown(one.title, _TITLE) or "(no name)" for one in block]),
        "note": packed([shown(one.note, _NOTE) for one in block]),
        "url": packed([urls.check(one.url) for one in block]),
    }


def _digests(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    found = []
    for number, one in enumerate(entries):
        digits = one.digest.removeprefix("sha256:")
        if _HEX.fullmatch(digits):
            found.append((digits[:DIGITS], number))
    return sorted(found)


_Postings = dict[str, tuple[list[int], list[int]]]


def _postings(entries: Sequence[Entry]) -> _Postings:
    """Return for each word the entries that have it in their title, and those elsewhere."""
    found: _Postings = defaultdict(lambda: ([], []))
    for number, one in enumerate(entries):
        titled = words(one.title[:_TEXT])
        for word in titled:
            found[word][0].append(number)
        for word in _text_words(one.text[:_TEXT]):
            if word not in titled:  # a few
                found[word][1].append(number)
    return dict(found)


@lru_cache(maxsize=1024)  # runs that follow one another often have one text
def _text_words(text: str) -> tuple[str, ...]:
    return tuple(words(text)[:_WORDS])


def _by_letters(found: _Postings) -> dict[str, _Postings]:
    """Return the words by their first letter, where these are many by the second too."""
    firsts: dict[str, _Postings] = {}
    for word in sorted(found):
        firsts.setdefault(letters(word, 1), {})[word] = found[word]
    parts: dict[str, _Postings] = {}
    for first, part in firsts.items():
        if len(str(_of_words(part))) <= SHARD:
            parts[first] = part
            continue
        for word, postings in part.items():
            parts.setdefault(letters(word, 2), {})[word] = postings
    return dict(sorted(parts.items()))


def letters(word: str, count: int) -> str:
    """Return what the shard of a word is called after: its first letters, made safe for a name."""
    return "-".join([f"{ord(char):x}" for char in word[:count].ljust(count, "\0")])


def _of_words(part: _Postings) -> dict[str, Any]:
    return {
        "word": list(part),
        "title": [_steps(titled) for titled, _ in part.values()],
        "text": [_steps(elsewhere) for _, elsewhere in part.values()],
    }


def _steps(numbers: Iterable[int]) -> list[int]:
    """Return rising numbers as steps from one to the next; -n stands for n steps of 1."""
    steps: list[int] = []
    before = -1
    for number in numbers:
        step = number - before
        before = number
        if step > 1 or not steps:
            steps.append(step)
        elif steps[-1] < 0:
            steps[-1] -= 1
        else:
            steps.append(-1)
    return steps
