"""Who says something: a claim or a note is somebody's, and nobody is named who was not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.errors import UsageError
from labrec.sdk.start import author_of

if TYPE_CHECKING:
    from labrec.store.lab import Lab

_LONGEST = 1000  # characters of a line, as the format has it


def named_author(lab: Lab, given: str | None, why: str) -> dict[str, str]:
    """Return the author of a document as documents hold it.

    Args:
        lab: The lab, whose settings may name one.
        given: The name that was asked for; None = whom the lab's records name.
        why: What a document of its kind says of its author, for the message.

    Raises:
        UsageError: Nobody is named, or the name is no line of text.
    """
    from labrec.record.text import INVISIBLE  # only where a name was given

    if given is not None:
        name = given.strip()
        if not 0 < len(name) <= _LONGEST or INVISIBLE.search(name):
            raise UsageError("the author is no name", hint="Give one line of text.")
        return {"name": name, "source": "option"}
    found = author_of(lab)
    if found is None:
        raise UsageError(
            f"{why}, and nobody is named",
            hint='Give --author NAME, or set author = "NAME" in labrec.toml and commit it.',
        )
    return found
