"""Nothing with a secret reaches a lab: refused with code 19 and the place, or taken out."""

from __future__ import annotations

import copy
import gzip
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from secret_samples import Maker

from labrec.capture.captured import NewObject
from labrec.capture.secrets.guard import guard, scan
from labrec.errors import SecretError, StorageError
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "gh" + "p_" + Maker(9).of("abcdefghABCDEFGH12345678", 36)
LOG = f"line one\nusing {TOKEN} now\n".encode()


def record(
    *objects: NewObject, argv: tuple[str, ...] = ("p",), tree: object = None
) -> dict[str, Any]:
    tree = tree or {"lr": 0.1}
    items = [
        {"name": f"file{i}.log", "role": "log", "sha256": o.sha256, "size": o.size}
        for i, o in enumerate(objects)
    ]
    return {
        "schema": "labrec.run/1.0",
        "identity": {"project": "p", "config_digest": "sha256:" + "0" * 64, "reason": None},
        "command": {"minor": 0, "argv": list(argv), "cwd": "."},
        "features": {"tree": tree, "digest": str(Digest.of_value(tree)), "nuisance": []},
        "code": {"digest": None, "patch": objects[0].ref if objects else None},
        "artifacts": {"minor": 0, "items": items},
        "datasets": {"items": []},
    }  # fmt: skip


def test_a_clean_record_passes_unchanged():
    objects = [NewObject.of(b"a log\n"), NewObject.of(bytes(range(256)))]
    given = record(*objects)
    assert guard(given, objects) == (given, objects, [])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_secret_in_an_object_is_refused_with_its_place(
    packed: bool, on_disk: bool, tmp_path: Path
):
    data = gzip.compress(LOG) if packed else LOG
    item = NewObject.of(data)
    if on_disk:
        (tmp_path / "x").write_bytes(data)
        item = item._replace(source=tmp_path / "x")
    with pytest.raises(SecretError) as caught:
        guard(record(item), [item])
    error = caught.value
    assert error.exit_code == 19
    assert "file0.log:2:7" in error.message or "code.patch:2:7" in error.message
    assert "github-token" in error.message
    assert TOKEN not in str(error.to_json())
    assert hashlib.sha256(TOKEN.encode()).hexdigest() in error.message
    assert error.hint
    assert error.kept


@pytest.mark.parametrize("packed", [False, True])
def test_redaction_makes_a_new_object_and_renews_every_reference(packed: bool):
    item = NewObject.of(gzip.compress(LOG, mtime=0) if packed else LOG)
    other = NewObject.of(b"other")
    given = record(item, other)
    before = copy.deepcopy(given)
    made, objects, found = guard(given, [item, other], "redact")
    assert given == before
    assert [f.kind for f in found] == ["github-token"]
    new = objects[0]
    assert new.sha256 == hashlib.sha256(new.source).hexdigest() != item.sha256
    assert new.size == len(new.source)
    plain = gzip.decompress(new.source) if packed else new.source
    assert plain == b"line one\nusing [redacted:github-token] now\n"
    assert objects[1] is other
    assert item.sha256 not in repr(made)
    assert made["artifacts"]["items"][0]["sha256"] == made["code"]["patch"]["sha256"] == new.sha256
    assert made["code"]["patch"]["size"] == new.size
    assert guard(given, [item, other], "redact") == (made, objects, found)
    assert guard(made, objects)[2] == []


def test_a_binary_object_is_refused_under_any_policy():
    item = NewObject.of(b"\x00\x01" + LOG)
    for policy in ("refuse", "redact"):
        with pytest.raises(SecretError):
            guard(record(item), [item], policy)


def test_the_records_own_text_is_redacted_and_its_digests_follow():
    tree = {"hub": {"password": "pa55-Word-xyz", "lr": 1}}
    given = record(argv=("p", "--token", TOKEN), tree=tree)
    given["identity"]["reason"] = f"failed with {TOKEN}"
    made, _, found = guard(given, [])
    assert TOKEN not in repr(made)
    assert "pa55" not in repr(made)
    assert {f.where for f in found} == {
        "identity.reason", "command.argv[2]", "features.hub.password",
    } or {f.where for f in found} == {
        "identity.reason", "command.argv[2]", "features.tree.hub.password",
    }  # fmt: skip
    assert made["features"]["digest"] == str(Digest.of_value(made["features"]["tree"]))
    assert made["features"]["digest"] != given["features"]["digest"]
    assert made["identity"]["config_digest"] != given["identity"]["config_digest"]
    assert given["command"]["argv"][2] == TOKEN


def test_what_is_allowed_passes():
    item = NewObject.of(LOG)
    allow = (hashlib.sha256(TOKEN.encode()).hexdigest(),)
    given = record(item, argv=("p", TOKEN))
    assert guard(given, [item], "refuse", allow) == (given, [item], [])


def test_an_object_that_cannot_be_read_is_not_passed(tmp_path: Path):
    item = NewObject.of(LOG)._replace(source=tmp_path / "gone")
    with pytest.raises(StorageError):
        guard(record(item), [item])


def test_a_gzip_that_holds_binary_is_refused():
    item = NewObject.of(gzip.compress(b"\0" + LOG))
    with pytest.raises(SecretError):
        guard(record(item), [item], "redact")
    assert scan(item.source, "x")
