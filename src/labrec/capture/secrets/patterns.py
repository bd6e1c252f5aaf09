"""What secrets look like: formats with a fixed prefix, a checkable inside, or a telling neighbour.

Searching is arranged by what can be found fast. Most tokens are long *runs* of letters, digits,
``_`` and ``-``: these are located all at once, in one large integer with a bit for each byte, and
only their beginnings are looked at. The rest hangs on a few rare *anchors*.

Formats: the issuers' own documentation (AWS IAM identifiers; GitHub, GitLab, Slack, Stripe, PyPI,
npm token formats), RFC 7519 (JWT), RFC 7468 (PEM), RFC 3986 (user information).
"""

from __future__ import annotations

import binascii
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MIN_RUN = 20
LOOK_BACK = 160
"""Bytes before a run or an anchor that may decide what it is."""
LONGEST = 20_480
"""No match is longer, so this much overlap between chunks finds all."""

_RUN_DIGITS = bytes(48 + int(bytes((byte,)).isalnum() or byte in b"_-") for byte in range(256))
_NONZERO = re.compile(rb"[^\0]")

# Tokens known by how a run begins. (kind, expression)
_HEADS: tuple[tuple[str, bytes], ...] = (
    ("aws-access-key", rb"(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
    ("github-token", rb"gh[pousr]_[A-Za-z0-9]{36,255}"),
    ("github-token", rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    ("gitlab-token", rb"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_-]{20,255}"),
    ("huggingface-token", rb"(?:hf|api_org)_[A-Za-z]{34}(?![A-Za-z0-9_])"),
    ("openai-key", rb"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,255}"),
    ("openai-key", rb"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}(?![A-Za-z0-9])"),
    ("openai-key", rb"sk-[A-Za-z0-9]{48}(?![A-Za-z0-9])"),
    ("anthropic-key", rb"sk-ant-[a-z0-9]{2,10}-[A-Za-z0-9_-]{32,255}"),
    ("slack-token", rb"xox[abeoprs]-[0-9][A-Za-z0-9-]{18,255}"),
    ("slack-token", rb"xapp-\d-[A-Z0-9]{8,}-\d{8,}-[a-f0-9]{32,128}"),
    ("stripe-key", rb"(?:[sr]k_live_|whsec_)[A-Za-z0-9]{20,255}"),
    ("google-api-key", rb"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    ("google-oauth-secret", rb"GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])"),
    ("pypi-token", rb"pypi-AgE[A-Za-z0-9_-]{50,1000}"),
    ("npm-token", rb"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    ("digitalocean-token", rb"do[opr]_v1_[a-f0-9]{64}(?![a-f0-9])"),
    ("twilio-key", rb"SK[0-9a-f]{32}(?![A-Za-z0-9_-])"),
    ("databricks-token", rb"dapi[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9_-])"),
    ("docker-token", rb"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,64}"),
    ("groq-key", rb"gsk_[A-Za-z0-9]{52}(?![A-Za-z0-9])"),
    ("replicate-token", rb"r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])"),
    ("grafana-token", rb"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}"),
    ("tailscale-key", rb"tskey-[a-z]+-[A-Za-z0-9]{10,}-[A-Za-z0-9]{20,64}"),
    ("jwt", rb"eyJ[A-Za-z0-9_-]{14,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{16,2000}"),
    ("discord-token", rb"[MNO][A-Za-z0-9]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}"),
)  # fmt: skip
_HEAD = re.compile(b"|".join(b"(?P<h%d>%s)" % (i, e) for i, (_, e) in enumerate(_HEADS)))

_NAMED = (
    rb"(?:api[_-]?key|access[_-]?key|secret[_-]?key|client[_-]?secret|auth[_-]?token|secret|token)"
)
_ASSIGNED = rb"[\"'\]]{0,2}\s{0,8}(?:=>|:=|[:=])\s{0,8}"
_QUOTED = rb"(?:[bru]?)(?P<q>\\?[\"'])"

# Tokens known by what stands before the run: (kind, how that text ends, the text, the run itself).
_TAILS: tuple[tuple[str, tuple[bytes, ...], re.Pattern[bytes], re.Pattern[bytes]], ...] = (
    (
        "sendgrid-key",
        (b"sg",),
        re.compile(rb"(?<![A-Za-z0-9])SG\.\Z"),
        re.compile(rb"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
    ),
    (
        "telegram-token",
        tuple(b"%d" % digit for digit in range(10)),
        re.compile(rb"(?<![0-9])[0-9]{8,10}:\Z"),
        re.compile(rb"AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    ),
    (
        "google-oauth-token",
        (b"ya29",),
        re.compile(rb"(?<![A-Za-z0-9])ya29\.\Z"),
        re.compile(rb"[A-Za-z0-9_-]{30,255}"),
    ),
    (
        "wandb-key",
        (b"wandb_api_key",),
        re.compile(rb"(?i)wandb_api_key[^A-Za-z0-9\n]{1,6}\Z"),
        re.compile(rb"[0-9a-f]{40}(?![A-Za-z0-9_-])"),
    ),
    (
        "kaggle-key",
        (b"key",),
        re.compile(rb"\"username\"\s*:\s*\"[^\"]{1,64}\"\s*,\s*\"key\"\s*:\s*\"\Z"),
        re.compile(rb"[0-9a-f]{32}(?![A-Za-z0-9_-])"),
    ),
    (
        "assigned-secret",
        (b"key", b"secret", b"token"),
        re.compile(rb"(?i)(?:(?<![a-z])|_|-)" + _NAMED + _ASSIGNED + _QUOTED + rb"\Z"),
        re.compile(rb"[A-Za-z0-9_+/=.-]{20,256}(?=\\?[\"'])"),
    ),
)
_WHOLE = frozenset(("sendgrid-key", "telegram-token", "google-oauth-token"))
_ENDINGS = tuple(ending for _, endings, _, _ in _TAILS for ending in endings)
_LAST = frozenset(letter for ending in _ENDINGS for letter in (ending[-1:], ending[-1:].upper()))
_DOT = ord(".")
_BETWEEN = b" \t\"'=:>.[]\\"

_PASSWORD = re.compile(
    rb"(?i)pass(?:wo?r?d|phrase)" + _ASSIGNED + _QUOTED + rb"(?P<secret>[^\"'\s\\]{8,128})(?P=q)"
)
_NETRC = re.compile(rb"login\s{1,8}\S{1,128}\s{1,8}password\s{1,8}(?P<secret>\S{4,256})")
_AWS_SECRET = re.compile(
    rb"(?i)secret_?(?:access_?)?key" + _ASSIGNED + rb"(?:\\?[\"'])?"
    rb"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_PRIVATE_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?=(?:[^\n-]|\n|-(?!----)){0,400}?[A-Za-z0-9+/]{40})"
    rb"(?:(?s:.){0,16384}?-----END (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?"
)
_URL = re.compile(
    rb"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/@:\"'<>`\\]{0,128}:(?P<secret>[^\s/@\"'<>`\\]{3,256})"
    rb"@[A-Za-z0-9\[]"
)
_HOOK = re.compile(
    rb"://(?:hooks\.slack\.com/(?:services|workflows)/(?P<slack>T[A-Z0-9]{7,}/[A-Z]?[A-Z0-9]{7,}/"
    rb"[A-Za-z0-9]{18,64})"
    rb"|(?:[a-z]+\.)?discord(?:app)?\.com/api/webhooks/(?P<discord>[0-9]{16,20}/[A-Za-z0-9_-]{60,80})"
    rb"|(?=[^\s\"'<>]{0,1000}[?&]s[vpe]=)[^\s\"'<>]{1,1000}?[?&]sig=(?P<sas>[A-Za-z0-9%+/_-]{40,120}(?:=|%3[Dd])?))"
)
_AUTHORIZATION = re.compile(
    rb"(?i)authorization[\"']{0,2}\s{0,4}[:=]\s{0,4}[\"']?(?:(?P<basic>basic)|bearer|token)\s{1,4}"
    rb"(?P<secret>[A-Za-z0-9+/_.~-]{8,4096}={0,2})"
)
_AZURE = re.compile(
    rb"(?:Account|AccessKey|SharedAccess)Key=(?P<secret>[A-Za-z0-9+/]{42,88}={0,2})"
)

# Lower-case anchors that are searched in lower-cased text, with what may stand at them and how far
# before the anchor that may begin.
_ANCHORS: tuple[tuple[bytes, tuple[tuple[str, re.Pattern[bytes], int], ...]], ...] = (
    (b"private key", (("private-key", _PRIVATE_KEY, 64),)),
    (
        b"://",
        (("url-password", _URL, 22), ("webhook", _HOOK, 0)),
    ),
    (b"passw", (("password", _PASSWORD, 0), ("netrc-password", _NETRC, 150))),
    (b"passph", (("password", _PASSWORD, 0),)),
    (b"secret", (("aws-secret-key", _AWS_SECRET, 0),)),
    (b"uthorization", (("authorization", _AUTHORIZATION, 1),)),
    (b"key=", (("azure-key", _AZURE, 16),)),
)

# How matches begin that are looked for far before their anchor.
_BEGINNINGS = {_NETRC: b"login", _PRIVATE_KEY: b"-----BEGIN "}

_PLACEHOLDER = re.compile(
    rb"(?i)x{5}|\*{3}|\.{3}|[<>]|\A\$|\$[{(]|\{\{|%[(s]|your[_-]|example|placeholder|change.?me"
    rb"|redacted|insert[_-]|replace|dummy|0{8}|1234567890|abcdefgh"
)
_WORDS = frozenset(
    b"pass password passwd passwort pwd secret token pw user admin root guest test xxx xxxx "
    b"mypassword my-password mypass s3cret hunter2 foobar postgres mysql redis rabbitmq minio "
    b"minioadmin".split()
)


class Match(NamedTuple):
    """A secret at ``start`` to ``end`` (byte offsets)."""

    kind: str
    start: int
    end: int


def find(data: bytes) -> Iterator[Match]:
    """Yield the secrets in ``data``, in no particular order; two may overlap."""
    yield from _at_runs(data)
    yield from _at_anchors(data)


def _at_runs(data: bytes) -> Iterator[Match]:
    for start in _run_starts(data):
        begin = start
        before = data[start - 1] if start else 0
        if before in _ESCAPES:
            begin += _escape(data, start)
        found = _HEAD.match(data, begin) if data[begin : begin + 2] in _FIRST_TWO else None
        if found is not None:
            kind = _HEADS[int((found.lastgroup or "h0")[1:])][0]
            if _HEAD_CHECKS.get(kind, _is_random)(found[0]):
                yield Match(kind, *found.span())
        elif before in _BEFORE and _may_follow(data, start, before):
            yield from _by_tail(data, start)


def _run_starts(data: bytes) -> Iterator[int]:
    """Yield where runs of at least ``MIN_RUN`` bytes begin.

    The first byte is the highest bit. ``x & x << k`` keeps the bits whose k-th follower is set too,
    so five steps leave the bits that begin 20 ones (2, 4, 8, 16, 20).
    """
    if len(data) < MIN_RUN:
        return
    bits = int(data.translate(_RUN_DIGITS), 2)
    for step in (1, 2, 4, 8, 4):
        bits &= bits << step
    bits ^= bits & bits >> 1  # the first of each group only
    if not bits:
        return
    size = (len(data) + 7) // 8
    packed = bits.to_bytes(size, "big")
    base = len(data) - 8 * size
    for found in _NONZERO.finditer(packed):
        byte = packed[found.start()]
        while byte:
            bit = byte.bit_length()
            yield base + 8 * found.start() + 8 - bit
            byte ^= 1 << (bit - 1)


# How a head may begin: spares a regular expression at nearly every run. The discord ones are the
# base64 of two digits.
_FIRST_TWO = frozenset(
    b"AK AS gh gi gl hf ap sk rk wh xo xa AI GO py np do SK da dc gs r8 ts ey".split()
    + [bytes((first, second)) for first in b"MNO" for second in b"DTjz"]
)
_ESCAPES = frozenset(b"\\%[;")
_BEFORE = frozenset(b".:=\"' ")


def _escape(data: bytes, start: int) -> int:
    r"""Return how much of a run belongs to an escape before it: ``\n``, ``%3D``, ``ESC[31m``."""
    before = data[start - 1 : start]
    if before == b"\\" and data[start : start + 1] in b"nrt":
        return 1
    if before == b"%":
        return 2
    if before in (b"[", b";") and start > 1:
        colour = _COLOUR.match(data, start)
        return colour.end() - start if colour else 0
    return 0


_COLOUR = re.compile(rb"\d{1,3}m")


def _may_follow(data: bytes, start: int, before: int) -> bool:
    """Whether the bytes before a run could make a secret of it: cheap, for nearly every run."""
    if before == _DOT:  # also decimals of a number
        return data[start - 2 : start - 1] in (b"G", b"9")
    name = data[max(0, start - 24) : start].rstrip(_BETWEEN)
    return name[-1:] in _LAST and name.lower().endswith(_ENDINGS)


def _by_tail(data: bytes, start: int) -> Iterator[Match]:
    name = data[max(0, start - 32) : start].rstrip(_BETWEEN).lower()
    before = data[max(0, start - LOOK_BACK) : start]
    for kind, endings, ahead, itself in _TAILS:
        if not name.endswith(endings) or (head := ahead.search(before)) is None:
            continue
        found = itself.match(data, start)
        check = _is_mixed if kind == "assigned-secret" else _is_random
        if found is not None and check(found[0]):
            # What is part of the format belongs to the secret, a name before it does not.
            length = len(before) - head.start() if kind in _WHOLE else 0
            yield Match(kind, start - length, found.end())
            return


def _at_anchors(data: bytes) -> Iterator[Match]:
    lower = data.lower()
    for anchor, expressions in _ANCHORS:
        position = lower.find(anchor)
        while position >= 0:
            for kind, expression, back in expressions:
                found = _around(data, position, expression, back)
                if found is not None:
                    match = _checked(kind, found)
                    if match is not None:
                        yield match
            position = lower.find(anchor, position + len(anchor))


def _around(
    data: bytes, position: int, expression: re.Pattern[bytes], back: int
) -> re.Match[bytes] | None:
    """Match the expression where it covers the anchor, as early as it can.

    Each start is tried by itself: a search would read far behind an anchor at which nothing stands,
    and would be content with a match that ends before it.
    """
    for start in _starts(data, max(0, position - back), position, _BEGINNINGS.get(expression)):
        found = expression.match(data, start)
        if found is not None and found.end() > position:
            return found
    return None


def _starts(data: bytes, first: int, last: int, beginning: bytes | None) -> Iterable[int]:
    """Return where a match may begin: where its beginning is, when that is always the same."""
    return range(first, last + 1) if beginning is None else _places(data, first, last, beginning)


def _places(data: bytes, first: int, last: int, beginning: bytes) -> Iterator[int]:
    place = data.find(beginning, first, last + len(beginning))
    while place >= 0:
        yield place
        place = data.find(beginning, place + 1, last + len(beginning))


def _checked(kind: str, found: re.Match[bytes]) -> Match | None:
    group: int | str = 0
    for name, value in found.groupdict().items():
        if name not in ("q", "basic") and value is not None:
            group = name
    if kind == "webhook" and group == "sas":
        kind = "azure-sas"
    value = found[group]
    if kind == "authorization" and found["basic"]:
        good = _is_basic(value)
    else:
        good = _ANCHOR_CHECKS.get(kind, _is_random)(value)
    return Match(kind, *found.span(group)) if good else None


# --- is it a real one? -----------------------------------------------------------------------


def _is_random(value: bytes) -> bool:
    """Whether a token could have come from a generator: varied, and no placeholder."""
    return len(set(value)) >= min(10, len(value) // 2 + 1) and not _PLACEHOLDER.search(value)


def _is_mixed(value: bytes) -> bool:
    """Whether an assigned value is random: all of upper, lower and digits, evenly mixed."""
    kinds = (any(48 <= b < 58 for b in value), value != value.lower(), value != value.upper())  # noqa: PLR2004
    if not all(kinds) or not _is_random(value):
        return False
    # A name made of words changes between letters and digits rarely; random text does all the time.
    changes = sum(_class(a) != _class(b) for a, b in itertools.pairwise(value))
    return changes * 3 >= len(value)


def _class(byte: int) -> int:
    character = chr(byte)
    if character.isdigit():
        return 0
    return 1 if character.isupper() else 2 if character.islower() else 3


def _is_password(value: bytes) -> bool:
    """Whether a quoted password is one: three kinds of characters and no placeholder."""
    kinds = {_class(byte) for byte in value}
    return len(kinds) >= 3 and len(set(value)) >= 6 and not _is_word(value)  # noqa: PLR2004


def _is_word(value: bytes) -> bool:
    return value.lower() in _WORDS or _PLACEHOLDER.search(value) is not None or b"{" in value


def _is_url_password(value: bytes) -> bool:
    return not _is_word(value) and not value.startswith((b"$", b"%")) and len(set(value)) > 2  # noqa: PLR2004


def _is_basic(value: bytes) -> bool:
    try:
        decoded = binascii.a2b_base64(value + b"=" * (-len(value) % 4))
    except binascii.Error:
        return False
    user, colon, word = decoded.partition(b":")
    return bool(user and colon and word) and user.isascii() and not _is_word(word)


def _is_jwt(value: bytes) -> bool:
    header = value.split(b".", 1)[0]
    try:
        text = binascii.a2b_base64(
            header.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(header) % 4)
        )
    except binascii.Error:
        return False
    return text.startswith(b"{") and b'"alg"' in text


def _is_discord(value: bytes) -> bool:
    identity = value.split(b".", 1)[0]
    try:
        decoded = binascii.a2b_base64(identity + b"=" * (-len(identity) % 4))
    except binascii.Error:
        return False
    return decoded.isdigit() and len(decoded) >= 16  # noqa: PLR2004


def _always(_: bytes) -> bool:
    return True


def _is_aws_secret(value: bytes) -> bool:
    return not _PLACEHOLDER.search(value) and {_class(b) for b in value} >= {0, 1, 2}


_HEAD_CHECKS: dict[str, Callable[[bytes], bool]] = {"jwt": _is_jwt, "discord-token": _is_discord}
_ANCHOR_CHECKS: dict[str, Callable[[bytes], bool]] = {
    "private-key": _always,
    "url-password": _is_url_password,
    "password": _is_password,
    "netrc-password": lambda value: not _is_word(value),
    "aws-secret-key": _is_aws_secret,
}
