"""Make sure that what is stored for ever holds no secret: refuse it or take it out.

The search itself is in ``secret_search``, what is known by its name in ``cleaning``.
"""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from labrec.capture.secrets.cleaning import clean_argv, clean_tree, clean_url
from labrec.capture.secrets.search import Finding, redact, scan
from labrec.errors import SecretError, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

__all__ = ["Finding", "Policy", "clean_argv", "clean_tree", "clean_url", "guard", "redact", "scan"]

Policy = Literal["refuse", "redact"]

_GZIP = b"\x1f\x8b\x08"
_TEXT_LIMIT = 256 * 2**20
_SHOWN = 20


class StoredObject(Protocol):
    """What an object has; a NamedTuple, so that a redacted one is a copy."""

    @property
    def sha256(self) -> str:
        """Return the digest of its bytes, 64 hex digits."""

    @property
    def size(self) -> int:
        """Return its length in bytes."""

    @property
    def source(self) -> bytes | Path:
        """Return its bytes or the file that holds them."""


Object = TypeVar("Object", bound=StoredObject)


def guard(
    record: dict[str, Any],
    objects: Sequence[Object],
    policy: Policy = "refuse",
    allow: Collection[str] = (),
) -> tuple[dict[str, Any], list[Object], list[Finding]]:
    """Let nothing pass that holds a secret.

    The text of the record itself (command line, features, names, messages) is always redacted: it
    is small, and a run is not lost for it. Digests that cover what was redacted are made anew.

    Args:
        record: The record; not changed in place.
        objects: What it references; each a NamedTuple with ``sha256``, ``size`` and ``source``.
        policy: ``refuse``: a secret in an object raises. ``redact``: it is taken out of text (also
            inside gzip), and only raises in binary objects.
        allow: Fingerprints that are no secrets.

    Returns:
        The record with the digests of redacted objects, the objects, and what was taken out.

    Raises:
        SecretError: Names every place; nothing may be stored.
        StorageError: An object cannot be read.
    """
    cleaned, found = _clean_record(record, allow)
    kept: list[Object] = []
    refused: list[Finding] = []
    changed: dict[str, Object] = {}
    for item in objects:
        hits = _scan_object(item, record, allow)
        new = _redacted(item, allow) if hits and policy == "redact" else None
        if new is not None:
            changed[item.sha256] = new
            found += hits
        else:
            refused += hits
        kept.append(new or item)
    if refused:
        raise _refusal(refused, policy)
    if found:
        cleaned = _renew(cleaned, record, changed)
    return cleaned, kept, found


def _clean_record(
    record: dict[str, Any], allow: Collection[str]
) -> tuple[dict[str, Any], list[Finding]]:
    found: list[Finding] = []
    cleaned: dict[str, Any] = {}
    for section, value in record.items():
        cleaned[section], more = _clean_section(section, value, allow)
        found += more
    return cleaned, found


def _clean_section(section: str, value: Any, allow: Collection[str]) -> tuple[Any, list[Finding]]:
    if section == "command" and isinstance(value, dict) and isinstance(value.get("argv"), list):
        rest, found = clean_tree({k: v for k, v in value.items() if k != "argv"}, section, allow)
        argv, more = clean_argv(value["argv"], allow=allow)
        return {k: argv if k == "argv" else rest[k] for k in value}, found + more
    return clean_tree(value, section, allow)


def _names(record: dict[str, Any]) -> dict[str, str]:
    """Map the digest of each object to how a person calls it: artifact name or record path."""
    names: dict[str, str] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            digest = value.get("sha256")
            if isinstance(digest, str):
                name = value.get("name") or value.get("path")
                names.setdefault(digest, str(name or path))
            for key, item in value.items():
                walk(item, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for item in value:
                walk(item, path)

    walk(record, "")
    return names


def _scan_object(
    item: StoredObject, record: dict[str, Any], allow: Collection[str]
) -> list[Finding]:
    try:
        if isinstance(item.source, bytes):
            found = scan(item.source, "", allow)
        else:
            with item.source.open("rb") as file:
                found = scan(file, "", allow)
    except OSError as error:
        raise StorageError(
            f"{_called(item, record)} cannot be searched for secrets: {error.strerror}",
            paths=[item.source] if not isinstance(item.source, bytes) else [],
        ) from error
    where = _called(item, record) if found else ""
    return [finding._replace(where=where) for finding in found]


def _called(item: StoredObject, record: dict[str, Any]) -> str:
    """Return how a person calls an object."""
    return _names(record).get(item.sha256, f"object {item.sha256[:16]}")


def _redacted(item: Object, allow: Collection[str]) -> Object | None:
    """Return the object without its secrets, or None where it is not text."""
    import hashlib

    if item.size > _TEXT_LIMIT:
        return None
    data = item.source if isinstance(item.source, bytes) else item.source.read_bytes()
    packed = data.startswith(_GZIP)
    if packed:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(_TEXT_LIMIT)
        except (OSError, EOFError):
            return None
    if not _is_text(data):
        return None
    clean, _ = redact(data, "", allow)
    if scan(clean, "", allow):
        return None
    if packed:
        clean = gzip.compress(clean, mtime=0)
    digest = hashlib.sha256(clean).hexdigest()
    return item._replace(sha256=digest, size=len(clean), source=clean)  # type: ignore[attr-defined,no-any-return]


def _is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _renew(cleaned: dict[str, Any], before: dict[str, Any], changed: dict[str, Any]) -> Any:
    """Point to the redacted objects and renew the digests of the features and the experiment."""
    record = _repoint(cleaned, changed)
    features, old = record.get("features"), before.get("features")
    if isinstance(features, dict) and isinstance(old, dict):
        from labrec.record.digest import Digest

        if features.get("tree") != old.get("tree") and features.get("digest"):
            features["digest"] = str(Digest.of_value(features["tree"]))
    identity = record.get("identity")
    if isinstance(identity, dict) and identity.get("config_digest"):
        identity["config_digest"] = _config_digest(record) or identity["config_digest"]
    return record


def _repoint(value: Any, changed: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_repoint(item, changed) for item in value]
    if isinstance(value, str):
        new = changed.get(value.removeprefix("sha256:")) if value.startswith("sha256:") else None
        return f"sha256:{new.sha256}" if new is not None else value
    if not isinstance(value, dict):
        return value
    made = {key: _repoint(item, changed) for key, item in value.items()}
    new = changed.get(made.get("sha256", "")) if isinstance(made.get("sha256"), str) else None
    if new is not None:
        made["sha256"] = new.sha256
        if "size" in made:
            made["size"] = new.size
    return made


def _config_digest(record: dict[str, Any]) -> str | None:
    from labrec.record.config import config_digest, without_seeds

    try:
        datasets = record.get("datasets", {}).get("items", [])
        return str(
            config_digest(
                record["identity"]["project"],
                record["features"]["tree"],
                record["features"]["nuisance"],
                record["code"].get("digest"),
                [item["digest"] for item in datasets if item.get("digest")],
                without_seeds(record["command"]["argv"]),
            )
        )
    except (KeyError, TypeError):
        return None  # a partial record has no experiment to name


def _refusal(refused: list[Finding], policy: Policy) -> SecretError:
    shown = [
        f"{item.place} ({item.kind}{f', {item.preview}…' if item.preview else ''}, "
        f"{item.length} bytes, fingerprint {item.fingerprint})"
        for item in refused[:_SHOWN]
    ]
    if len(refused) > _SHOWN:
        shown.append(f"and {len(refused) - _SHOWN} more")
    how = (
        "It is in a binary file, where it cannot be taken out."
        if policy == "redact"
        else 'Store it without them with policy = "redact" under [secrets].'
    )
    return SecretError(
        "what would be stored for ever holds secrets: " + "; ".join(shown),
        hint=f"{how} What is no secret goes into secrets.allow of labrec.toml by its fingerprint.",
        paths=list(dict.fromkeys(item.where for item in refused)),
        kept="the run, as a spool",
    )
