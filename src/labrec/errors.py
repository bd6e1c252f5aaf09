"""Every failure labrec raises on purpose, and the exit code it ends in.

One small tree. Each error says what happened (``message``), where (``paths``), what survived
(``kept``) and what to do next (``hint``). Whatever a third party raises leaves its adapter as one
of these, ``from`` the original. ``docs/exit-codes.md`` lists the codes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class LabrecError(Exception):
    """Base of every error that labrec raises on purpose.

    Args:
        message: What happened, one sentence.
        hint: What the user can do next, one sentence; empty when there is nothing to say.
        paths: Files, refs or objects the failure is about.
        kept: What was saved in spite of the failure; empty when nothing was at stake.
    """

    exit_code: ClassVar[int] = 1
    name: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        paths: Iterable[str | os.PathLike[str]] = (),
        kept: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.paths = tuple(os.fspath(path) for path in paths)
        self.kept = kept
        if hint:
            self.add_note(hint)  # a program that does not catch it shows it below the message

    def to_json(self) -> dict[str, object]:
        """Return the failure as the one object that ``--json`` prints on stderr."""
        return {
            "code": self.exit_code,
            "name": self.name,
            "message": self.message,
            "paths": list(self.paths),
            "kept": self.kept,
            "hint": self.hint,
        }


class UsageError(LabrecError):
    """The call itself is wrong: an option, a name, an ambiguous reference."""

    exit_code = 2
    name = "usage"


class NotFoundError(LabrecError):
    """No such lab, record or object, or nothing of that name."""

    exit_code = 10
    name = "not-found"


class BusyError(LabrecError):
    """A lock is held or the retry budget is spent."""

    exit_code = 11
    name = "busy"


class InvalidError(LabrecError):
    """A record, definition, settings file or new name does not follow its format."""

    exit_code = 12
    name = "invalid"


class OlderSchemaError(InvalidError):
    """A document was written under a schema this version no longer reads."""

    name = "older-schema"


class NewerSchemaError(InvalidError):
    """A document was written under a major schema this version does not know yet."""

    name = "newer-schema"


class StorageError(LabrecError):
    """The disk is full, read-only, over quota or failing."""

    exit_code = 13
    name = "storage"


class IntegrityError(LabrecError):
    """Bytes do not match the digest that names them."""

    exit_code = 14
    name = "integrity"


class AuthenticityError(LabrecError):
    """A signature is missing, unknown or wrong."""

    exit_code = 15
    name = "authenticity"


class HistoryError(LabrecError):
    """History was rewritten or rolled back, or a record is forked."""

    exit_code = 16
    name = "history"


class UnsafeError(LabrecError):
    """A path, link, name or archive could reach outside its place."""

    exit_code = 17
    name = "unsafe"


class ConsentError(LabrecError):
    """Something would be executed that nobody asked for by name."""

    exit_code = 18
    name = "consent"


class SecretError(LabrecError):
    """What would be stored for ever holds a secret or personal data."""

    exit_code = 19
    name = "secret"


class DifferenceError(LabrecError):
    """A reproduction differs beyond its tolerance."""

    exit_code = 20
    name = "different"


class LimitError(LabrecError):
    """A size, depth, count or time limit was reached."""

    exit_code = 21
    name = "limit"


class NetworkError(LabrecError):
    """A remote could not be reached or refused."""

    exit_code = 22
    name = "network"
