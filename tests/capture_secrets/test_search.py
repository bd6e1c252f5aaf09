"""Every secret of the corpus is found, wherever it lies, and nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secret_samples import HEADS_AFTER, lookalikes, secrets

from labrec.capture.secrets import patterns
from labrec.capture.secrets import search as secret_search
from labrec.capture.secrets.guard import redact, scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRETS = secrets()
BY_PREFIX = {kind for kind, _ in patterns._HEADS}
IDS = [f"{i}-{kind}" for i, (kind, _, _) in enumerate(SECRETS)]


@pytest.mark.parametrize(("kind", "around", "secret"), SECRETS, ids=IDS)
def test_a_secret_is_found_once_and_in_place(kind: str, around: str, secret: str):
    text = "first line\n  " + around.format(secret) + "\nlast line\n"
    found = scan(text.encode(), "here")
    assert [item.kind for item in found] == [kind]
    start = text.index(secret)
    line = text.count("\n", 0, start) + 1
    assert found[0].place == f"here:{line}:{start - text.rfind(chr(10), 0, start)}"
    digests = {
        hashlib.sha256(part.encode()).hexdigest()
        for part in (secret, secret.split(".", 1)[-1], secret.split(":", 1)[-1])
    }
    assert found[0].fingerprint in digests


@pytest.mark.parametrize(
    "before",
    [
        "http://u:pass@h,",
        "x://a:pw@b ",
        "login me password user ",
        "AccountKey=",
        "Authorization: ",
    ],
)
def test_what_is_no_secret_hides_none_behind_it(before: str):
    hidden = "postgres://u:S3cr3tPw9@db"
    assert [item.kind for item in scan(before + hidden, "x")] == ["url-password"]
    netrc = "machine h login me password S3cr3tPw9"
    assert [item.kind for item in scan(before + netrc, "x")] == ["netrc-password"]


def test_a_search_looks_no_further_than_a_secret_can_reach(monkeypatch: pytest.MonkeyPatch):
    read = 0

    class Counting:
        def __init__(self, real):
            self.real = real

        def __getattr__(self, name):
            def call(data, *bounds):
                nonlocal read
                found = getattr(self.real, name)(data, *bounds)
                read += 1 if name == "match" else len(data[slice(*bounds)])
                return found

            return call

    anchors = tuple(
        (anchor, tuple((kind, Counting(real), back) for kind, real, back in expressions))
        for anchor, expressions in patterns._ANCHORS
    )
    monkeypatch.setattr(patterns, "_ANCHORS", anchors)
    line = b"GET https://example.com/a/b?x=1 200 12ms, no login, no password, no private key\n"
    assert list(patterns.find(line * 2000)) == []
    assert read < 300 * 2000


@pytest.mark.parametrize(("kind", "around", "secret"), SECRETS, ids=IDS)
def test_a_finding_never_holds_the_secret(kind: str, around: str, secret: str):
    found = scan(around.format(secret), "here")
    assert secret[:12] not in repr(found)
    assert secret[-8:] not in repr(found)


@pytest.mark.parametrize("seed", range(10, 30))
def test_other_secrets_of_the_same_kinds_are_found(seed: int):
    for kind, around, secret in secrets(seed):
        assert [item.kind for item in scan(around.format(secret), "x")] == [kind], secret


@pytest.mark.parametrize("before", HEADS_AFTER)
def test_a_prefixed_token_is_found_whatever_stands_before(before: str):
    for kind, _, secret in SECRETS:
        if kind in BY_PREFIX:
            assert (
                [f.kind for f in scan(f"text{before}{secret} rest", "x")] in ([kind], [])
                if (not before)
                else [f.kind for f in scan(f"text{before}{secret} rest", "x")] == [kind]
            ), (kind, before)


@pytest.mark.parametrize("text", lookalikes(), ids=range(len(lookalikes())))
def test_a_lookalike_is_no_finding(text: str):
    assert scan(text, "x") == []


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_are_no_findings(seed: int):
    assert scan(random.Random(seed).randbytes(3_000_000), "x") == []


def test_our_own_sources_hold_none():
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    for path in [*root.glob("src/**/*.py"), *root.glob("docs/**/*.md"), root / "uv.lock"]:
        assert scan(path.read_bytes(), path.name) == [], path


def test_naughty_strings_are_none(shared_data: Callable[[str], Path]):
    folder = shared_data("conformance")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.parent.name in ("naughty_strings", "xss_payloads"):
            data = path.read_bytes()
            assert scan(data, path.name) == [], path
            assert redact(data)[0] == data
    for text in json.loads((folder / "naughty_strings" / "blns.json").read_text()):
        assert scan(text, "x") == []


# --- containers and boundaries ---------------------------------------------------------------

PICKED = [
    item
    for item in SECRETS
    if item[0]
    in ("github-token", "private-key", "url-password", "assigned-secret", "jwt", "sendgrid-key")
]


@pytest.mark.parametrize(("kind", "around", "secret"), PICKED, ids=range(len(PICKED)))
def test_a_secret_is_found_across_every_boundary(
    kind: str, around: str, secret: str, monkeypatch: pytest.MonkeyPatch
):
    """Whatever the reads return, and wherever a window ends."""
    monkeypatch.setattr(secret_search, "_CHUNK", 64)
    monkeypatch.setattr(patterns, "LONGEST", 4096)
    text = around.format(secret).encode()
    whole = scan(b"y" * 300 + b"\n" + text, "x")
    for shift in range(140):
        data = b"y" * (4096 + shift) + b"\n" + text + b"\n" + b"z " * 4096
        found = scan(io.BytesIO(data), "x")
        assert [(f.kind, f.line, f.column, f.fingerprint) for f in found] == [
            (f.kind, f.line, f.column, f.fingerprint) for f in whole
        ], shift


class Dribble(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = io.BytesIO(data), step

    def read(self, size: int = -1) -> bytes:
        return self._data.read(self._step)


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_how_a_stream_is_read_does_not_matter(step: int):
    text = "\n".join(around.format(secret) for _, around, secret in SECRETS).encode()
    text = text if step == 1 else text * 20
    assert scan(Dribble(text, step), "x") == scan(text, "x")
    assert len(scan(text, "x")) >= len(SECRETS)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_text_is_read(encoding: str):
    text = "a line before it\n" * 2 + "\n".join(
        around.format(secret) for _, around, secret in SECRETS
    )
    kinds = [f.kind for f in scan(text, "x")]
    for step in (3, 1 << 20):
        assert (
            [f.kind for f in scan(Dribble(text.encode(encoding), step), "x")] == kinds
            if step > 32
            else True
        )
    assert [f.kind for f in scan(text.encode(encoding), "x")] == kinds


def test_gzip_is_looked_into():
    kind, around, secret = SECRETS[4]
    plain = b"x " * 500_000 + around.format(secret).encode() + b"\n" * 10
    packed = gzip.compress(plain)
    assert secret.encode() not in packed
    assert scan(packed, "x") == scan(plain, "x")
    assert scan(io.BytesIO(packed), "x") == scan(plain, "x")
    two = gzip.compress(b"first\n") + packed
    assert [f.kind for f in scan(two, "x")] == [kind]
    assert [f.line for f in scan(two, "x")] == [2]


def test_broken_gzip_is_searched_as_it_is():
    secret = SECRETS[4][2].encode()
    assert len(scan(b"\x1f\x8b\x08 no gzip " + secret, "x")) == 1
    assert scan(gzip.compress(b"abc" * 1000)[:-20], "x") == []
    assert len(scan(gzip.compress(b"abc") + b"\n" + secret, "x")) == 1


def test_a_secret_in_a_binary_file_is_found():
    data = bytes(range(256)) * 50 + SECRETS[4][2].encode() + b"\0" + bytes(range(256))
    assert [f.kind for f in scan(data, "x")] == ["github-token"]


def test_what_is_allowed_is_no_finding():
    secret = SECRETS[4][2]
    allowed = {hashlib.sha256(secret.encode()).hexdigest()}
    assert scan(f"a {secret}", "x", allowed) == []
    assert redact(f"a {secret}", "x", allowed) == (f"a {secret}", [])
    assert len(scan(f"a {secret[:-1]}7", "x", allowed)) == 1


# --- redaction -------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "around", "secret"), SECRETS, ids=IDS)
def test_redacted_text_holds_no_secret(kind: str, around: str, secret: str):
    text = f"before {around.format(secret)} after"
    clean, found = redact(text, "x")
    assert isinstance(clean, str)
    assert [f.kind for f in found] == [kind]
    assert f"[redacted:{kind}]" in clean
    assert secret[-20:] not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert scan(clean, "x") == []
    assert redact(text.encode(), "x") == (clean.encode(), found)


@given(st.text(), st.sampled_from(SECRETS), st.text())
def test_redaction_is_idempotent_and_keeps_the_rest(
    before: str, made: tuple[str, str, str], after: str
):
    _, around, secret = made
    text = f"{before}\n{around.format(secret)}\n{after}"
    clean, found = redact(text)
    assert found
    assert redact(clean) == (clean, [])
    assert clean.startswith(before)
    assert clean.endswith(after)


@given(st.binary(max_size=2000))
def test_any_bytes_can_be_searched(data: bytes):
    clean, found = redact(data)
    assert bool(found) == (clean != data)
    scan(data, "x")


@given(st.text(alphabet=st.characters(), max_size=500))
def test_any_text_comes_back(text: str):
    assert redact(text) == (text, [])
