"""The registrations a run is linked to before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import InvalidError, UsageError
from labrec.record.codec import decode
from labrec.record.digest import Digest
from labrec.record.layout import RECORDS, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.store.view import View

_SHORTEST = 8


class Registration(NamedTuple):
    """A registration in a view.

    Attributes:
        slug: The hypothesis.
        digest: Of the registration's bytes.
        amends: Digest text of the registration that this one replaces, or None.
    """

    slug: str
    digest: Digest
    amends: str | None

    def to_json(self) -> dict[str, str]:
        """Return the link as the lineage section holds it."""
        return {"slug": self.slug, "registration": str(self.digest)}


def find_registration(view: View, project: str, text: str) -> Registration:
    """Return the registration of a slug (the latest amendment) or of a digest.

    Args:
        view: Where to look.
        project: The run's project.
        text: A slug, a digest, or at least 8 hex digits of its beginning.

    Raises:
        UsageError: None fits, or several do; the message names what is there.
    """
    there = list(_registrations(view, project))
    digits = text.removeprefix("sha256:").lower()
    found = [one for one in there if len(digits) >= _SHORTEST and one.digest.hex.startswith(digits)]
    if not found:
        of_slug = [one for one in there if one.slug == text]
        amended = {one.amends for one in of_slug}
        found = [one for one in of_slug if str(one.digest) not in amended]
    if len(found) == 1:
        return found[0]
    slugs = sorted({one.slug for one in there})
    if found:
        digests = ", ".join(one.digest.short for one in found)
        raise UsageError(
            f"{text!r} fits {len(found)} registrations: {digests}", hint="Give more of a digest."
        )
    raise UsageError(
        f"no hypothesis {text!r} is registered in project {project}",
        hint=f"Registered: {', '.join(slugs)}." if slugs else "None is registered there.",
    )


def _registrations(view: View, project: str) -> Iterator[Registration]:
    for path, _ in view.files(f"{RECORDS}/{project}/hypotheses"):
        parsed = parse_path(path)
        if parsed.kind != "registration":
            continue
        data = view.read(path)
        try:
            document = decode(data)
        except InvalidError:
            continue  # `verify` says what is wrong with it
        amends = document.get("amends") if isinstance(document, dict) else None
        yield Registration(parsed.id, Digest.of(data), amends if isinstance(amends, str) else None)
