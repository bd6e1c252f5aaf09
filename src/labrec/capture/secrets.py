"""Find secrets in what is about to be stored for ever; refuse it or redact it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Policy = Literal["refuse", "redact"]
Text = TypeVar("Text", bytes, str)
Object = TypeVar("Object")


class Finding(NamedTuple):
    """One place that holds a secret. Never the secret itself.

    Attributes:
        kind: Which pattern it follows, such as ``github-token``.
        where: File name, object or record path (``command.argv[2]``).
        line: Line in it, from 1.
        column: Byte in the line, from 1.
        preview: Its first four characters; they are the public prefix of the format.
        length: Its length in bytes.
        fingerprint: sha256 of it (64 hex digits): what ``secrets.allow`` lists.
    """

    kind: str
    where: str
    line: int
    column: int
    preview: str
    length: int
    fingerprint: str


def scan(data: bytes | str | BinaryIO, where: str, allow: Collection[str] = ()) -> list[Finding]:
    """Return every secret in ``data``, also inside gzip and UTF-16 text, in order of place."""
    raise NotImplementedError


def redact(text: Text, where: str = "", allow: Collection[str] = ()) -> tuple[Text, list[Finding]]:
    """Return ``text`` with each secret replaced by ``[redacted:<kind>]``, and what was found."""
    raise NotImplementedError


def clean_url(url: str) -> str:
    """Return ``url`` without user information and without values of secret query parameters."""
    raise NotImplementedError


def clean_argv(argv: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """Return ``argv`` with the values of secret options and embedded secrets redacted."""
    raise NotImplementedError


def clean_tree(tree: Any, where: str = "features") -> tuple[Any, list[Finding]]:
    """Return a JSON tree with values under secret keys and embedded secrets redacted."""
    raise NotImplementedError


def guard(
    record: dict[str, Any],
    objects: Sequence[Object],
    policy: Policy = "refuse",
    allow: Collection[str] = (),
) -> tuple[dict[str, Any], list[Object], list[Finding]]:
    """Make sure that no secret is committed: redact text, refuse the rest.

    Args:
        record: The record, never changed in place.
        objects: What it references; each has ``sha256``, ``size`` and ``source`` (bytes or Path)
            and is a NamedTuple, so that a redacted one gets new ones.
        policy: ``refuse``: any finding in an object raises; ``redact``: text objects are redacted.
            The record's own text is always redacted.
        allow: Fingerprints that are no secrets.

    Returns:
        The record with digests of redacted objects updated, the objects, and what was redacted.

    Raises:
        SecretError: Names every place; nothing may be stored.
    """
    raise NotImplementedError
