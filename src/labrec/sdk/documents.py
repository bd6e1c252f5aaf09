"""Committing a document that people write: without secrets, and read as any reader would first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.secrets.cleaning import clean_tree
from labrec.errors import SecretError
from labrec.record.codec import encode
from labrec.record.digest import Digest
from labrec.store.additions import Addition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labrec.store.lab import Lab


class Written(NamedTuple):
    """A document that is in the lab now.

    Attributes:
        path: Its path in the lab.
        digest: Of its bytes.
    """

    path: str
    digest: Digest


class Refusal(NamedTuple):
    """The words in which a document is refused that holds a secret.

    Attributes:
        called: What the document is to its author.
        hint: What to do.
        kept: What became of it.
    """

    called: str = "document"
    hint: str = "Take them out."
    kept: str = "nothing was written"


_REFUSAL = Refusal()


def commit_document(
    lab: Lab,
    document: dict[str, Any],
    path_of: Callable[[Digest], str],
    subject: str,
    objects: Sequence[Addition] = (),
    *,
    refusal: Refusal = _REFUSAL,
) -> Written:
    """Commit a document, and objects that it refers to.

    Args:
        lab: Where it goes.
        document: What it says.
        path_of: Returns its path, given the digest of its bytes.
        subject: One line for people.
        objects: What it refers to.
        refusal: What is said where it holds a secret.

    Raises:
        InvalidError: It breaks a rule of the format.
        SecretError: It holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    written, data = prepared(lab, document, path_of, refusal)
    trailers = {"Record-Digest": str(written.digest)}
    lab.commit([*objects, Addition(written.path, data)], subject, trailers)
    return written


def prepared(
    lab: Lab, document: dict[str, Any], path_of: Callable[[Digest], str], refusal: Refusal
) -> tuple[Written, bytes]:
    """Return where a document goes and its bytes, once it may be committed.

    Raises:
        InvalidError: It breaks a rule of the format.
        SecretError: It holds a secret.
    """
    from labrec.record.reader import read_document  # validates: only where people write documents

    refuse_secrets(lab, document, refusal)
    data = encode(document)
    digest = Digest.of(data)
    path = path_of(digest)
    read_document(path, data)
    return Written(path, digest), data


def refuse_secrets(lab: Lab, document: dict[str, Any], refusal: Refusal = _REFUSAL) -> None:
    """Refuse a document that holds what must not be stored for ever.

    Raises:
        SecretError: It does.
    """
    _, found = clean_tree(document, refusal.called, lab.settings.secrets_allow)
    if found:
        places = "; ".join(f"{one.where} ({one.kind}, {one.length} bytes)" for one in found)
        raise SecretError(
            f"what would be stored for ever holds secrets: {places}",
            hint=refusal.hint,
            kept=refusal.kept,
        )
