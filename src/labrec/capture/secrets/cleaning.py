"""Take credentials out of command lines, URLs and trees of options, by what things are called."""

from __future__ import annotations

import base64
import binascii
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from labrec.capture.secrets.search import Finding, fingerprint, redact, scan, spans

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

KIND = "secret-option"
MARK = f"[redacted:{KIND}]"

_NAME = re.compile(
    r"(?:^|[-_.])(?:pass(?:wo?r?d|phrase|wd)?|pwd|secret|token|api[-_]?key|access[-_]?key(?:[-_]id)?"
    r"|secret[-_]?key|private[-_]?key|client[-_]?secret|credentials?|bearer|signature|sig)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# A token of a text is none of an account: --pad-token "<pad>", "eos_token": "</s>".
_TEXT_TOKEN = re.compile(
    r"(?:^|[-_.])(?:new|pad|eos|bos|unk|mask|cls|sep|special|next|prompt|start|end|first|last|stop"
    r"|image|audio|video|begin|sequence|decoder|additional|word|per|num|n|max|min|extra"
    r"|prefix|suffix|middle|system|user|assistant|think|tool)[-_.]?token$"
)
_NO_SECRET = re.compile(
    r"(?i)[-+]?[\d.]+(?:e[-+]?\d+)?|true|false|yes|no|none|null|auto|env|prompt|ask|stdin|-|"
    r"\[redacted.*|\$.*|\$?\{.*|%.*|<.*>|\*+|x+"
)
_ASSIGNMENT = re.compile(r"(?s)(--?[A-Za-z][\w.-]*|[A-Za-z_+~][\w./-]*)=(.+)")
_USERINFO = re.compile(r"(?i)([a-z][a-z0-9+.-]{0,30}://)([^/?#\s\"'<>@]*(?:@[^/?#\s\"'<>@]*)*)@")
_PARAMETER = re.compile(r"([?&#;])([A-Za-z0-9_.~%-]{1,80})=([^&#;\s\"'<>]+)")
_SIGNED = re.compile(r"(?i)^(?:x-(?:amz|goog)-(?:signature|credential|security-token)|key|code)$")

# Short options that take a password, by program; "userinfo" ones take user:password.
_SHORT: dict[str, tuple[str, ...]] = {
    "mysql": ("-p",), "mysqldump": ("-p",), "mysqladmin": ("-p",), "mariadb": ("-p",),
    "sshpass": ("-p",), "redis-cli": ("-a",), "mongo": ("-p",), "mongosh": ("-p",),
    "docker": ("-p",), "podman": ("-p",), "az": ("-p",), "ldapsearch": ("-w",),
    "kaggle": (), "wandb": (), "7z": ("-p",), "unzip": ("-P",), "zip": ("-P",),
}  # fmt: skip
_ATTACHED = frozenset(("mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass", "7z"))
_USERINFO_OPTIONS = {"curl": ("-u", "--user", "-U", "--proxy-user"), "http": ("-a", "--auth")}


@lru_cache(maxsize=1024)  # the names of a record's fields, most of all
def is_secret_name(name: str) -> bool:
    """Whether an option, key or parameter of this name holds a credential."""
    plain = _CAMEL.sub("-", name.lstrip("-+~")).lower()
    return bool(_NAME.search(plain)) and not _TEXT_TOKEN.search(plain)


def _is_value(value: str) -> bool:
    return bool(value) and not _NO_SECRET.fullmatch(value)


def _found(value: str, where: str, column: int = 1) -> Finding:
    data = value.encode("utf-8", "surrogatepass")
    return Finding(KIND, where, 1, column, "", len(data), fingerprint(data))


def clean_url(url: str) -> str:
    """Return ``url`` without user information and without values of secret query parameters.

    The user ``git`` is kept: it names a protocol, not a person.
    """

    def parameter(match: re.Match[str]) -> str:
        mark, name, value = match.groups()
        secret = is_secret_name(name) or _SIGNED.match(name)
        return f"{mark}{name}={MARK}" if secret and _is_value(value) else match[0]

    bare = _USERINFO.sub(lambda m: m[0] if m[2] == "git" else m[1], url)
    return redact(_PARAMETER.sub(parameter, bare))[0]


def clean_argv(
    argv: Sequence[str], where: str = "command.argv", allow: Collection[str] = ()
) -> tuple[list[str], list[Finding]]:
    """Return ``argv`` with the values of secret options and embedded secrets redacted.

    Args:
        argv: Program and arguments.
        where: Name of the place, for the findings.
        allow: Fingerprints that are no secrets.
    """
    line = _CommandLine(where, allow)
    for argument in argv:
        line.take(argument)
    return line.cleaned, line.found


class _CommandLine:
    """Reads arguments from left to right: an option may make a secret of the next."""

    def __init__(self, where: str, allow: Collection[str]) -> None:
        self.cleaned: list[str] = []
        self.found: list[Finding] = []
        self._where = where
        self._allow = allow
        self._program = ""
        self._next = ""  # "secret" or "userinfo": what the option before said

    def take(self, argument: str) -> None:
        expected, self._next = self._next, ""
        place = f"{self._where}[{len(self.cleaned)}]"
        if self.cleaned or "=" not in argument:
            self._note_program(argument)
        if expected == "secret" and not argument.startswith("--"):
            self.cleaned.append(self._hide(argument, place))
        elif expected == "userinfo":
            user, colon, word = argument.partition(":")
            self.cleaned.append(user + colon + self._hide(word, place, len(user) + 2))
        else:
            self.cleaned.append(self._inspect(argument, place))

    def _note_program(self, argument: str) -> None:
        base = os.path.basename(argument)
        if base in _SHORT or base in _USERINFO_OPTIONS:
            self._program = base

    def _hide(self, value: str, place: str, column: int = 1) -> str:
        if not _is_value(value):
            return value
        finding = _found(value, place, column)
        if finding.fingerprint in self._allow:
            return value
        self.found.append(finding)
        return MARK

    def _inspect(self, argument: str, place: str) -> str:
        assigned = _ASSIGNMENT.fullmatch(argument)
        if assigned and is_secret_name(assigned[1]):
            name, value = assigned.groups()
            return f"{name}={self._hide(value, place, len(name) + 2)}"
        for option in _SHORT.get(self._program, ()):
            if argument == option:
                self._next = "secret" if self._program not in ("mysql", "mysqldump") else ""
                return argument
            if argument.startswith(option) and self._program in _ATTACHED:
                return option + self._hide(argument[len(option) :], place, len(option) + 1)
        if argument in _USERINFO_OPTIONS.get(self._program, ()):
            self._next = "userinfo"
        elif argument.startswith("-") and is_secret_name(argument):
            self._next = "secret"
        text, found = redact(argument, place, self._allow)
        self.found += found
        cleaned = clean_url(text) if "://" in text else text
        if cleaned != text:
            self.found.append(_found(argument, place))
        return cleaned


def clean_tree(
    tree: Any, where: str = "features", allow: Collection[str] = ()
) -> tuple[Any, list[Finding]]:
    """Return a JSON tree with values under secret keys and embedded secrets redacted.

    Args:
        tree: JSON value; it is not changed.
        where: Path of the tree in the record, for the findings.
        allow: Fingerprints that are no secrets.
    """
    if _is_plain(tree):
        return tree, []
    found: list[Finding] = []
    return _clean(tree, where, allow, found), found


def _is_plain(tree: Any) -> bool:
    """Say whether one look at all texts of a tree shows that none of them has to be looked at.

    They are searched together, each behind a line break and a NUL, so that none reaches into
    another and each begins as it does alone.
    """
    texts: list[str] = []
    if not _gather(tree, texts):
        return False
    whole = "\n\0".join(texts)
    return "://" not in whole and not spans(whole.encode("utf-8", "surrogatepass"))


def _gather(value: Any, texts: list[str]) -> bool:
    """Collect the texts of a tree; False where a name says that its value is a secret."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            texts.append(key)
            if isinstance(item, str) and (key == "$bytes" or is_secret_name(key)):
                return False
            if not _gather(item, texts):
                return False
    elif isinstance(value, list):
        return all(_gather(item, texts) for item in value)
    return True


def _clean(value: Any, where: str, allow: Collection[str], found: list[Finding]) -> Any:
    if isinstance(value, str):
        text, more = redact(value, where, allow)
        found += more
        if "://" in text and (cleaned := clean_url(text)) != text:
            found.append(_found(text, where))
            return cleaned
        return text
    if isinstance(value, list):
        return [_clean(item, f"{where}[{i}]", allow, found) for i, item in enumerate(value)]
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for key, item in value.items():
            name, more = redact(key, where, allow)
            found += more
            number = 1
            while name in made:  # two secrets of one kind are two keys still
                number += 1
                name = f"{name.removesuffix(f' {number - 1}')} {number}"
            made[name] = _clean_member(key, item, f"{where}.{name}", allow, found)
        return made
    return value


def _clean_member(
    key: str, value: Any, inner: str, allow: Collection[str], found: list[Finding]
) -> Any:
    if isinstance(value, str):
        if key == "$bytes":
            return _clean_bytes(value, inner, allow, found)
        if is_secret_name(key) and _is_value(value) and " " not in value:
            finding = _found(value, inner)
            if finding.fingerprint not in allow:
                found.append(finding)
                return MARK
    return _clean(value, inner, allow, found)


def _clean_bytes(value: str, where: str, allow: Collection[str], found: list[Finding]) -> str:
    try:
        data = base64.b64decode(value)
    except binascii.Error:
        return value
    more = scan(data, where, allow)
    found += more
    return base64.b64encode(MARK.encode()).decode() if more else value
