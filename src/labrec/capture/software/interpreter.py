"""Find the Python that a command line would start, without starting anything.

Only names and small files are read: ``PATH``, shebang lines, ``pyvenv.cfg``, ``patchlevel.h``.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PYTHON = re.compile(r"(python|pypy)(\d+(?:\.\d+)?)?t?(?:\.exe)?")
_HOPS = 5  # shebang to shebang; the kernel follows as many

# Commands that run their arguments, with the options of theirs that take a value.
_CARRIERS = {"env": "uCS", "nice": "n", "nohup": "", "stdbuf": "ioe", "time": "fo", "setsid": ""}


class Python(NamedTuple):
    """An interpreter and where it finds packages.

    Attributes:
        implementation: ``cpython``, ``pypy`` …
        version: As far as it is known: ``3.11.7`` or ``3.11``; None when it is not.
        folders: Directories that may hold installed distributions, in import order.
        current: It is the interpreter of this process.
    """

    implementation: str
    version: str | None
    folders: tuple[str, ...]
    current: bool = False


def this_python() -> Python:
    """Return the interpreter of this process."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info.releaselevel != "final":
        version += f"{sys.version_info.releaselevel[0]}{sys.version_info.serial}"
    folders = tuple(dict.fromkeys(entry or os.getcwd() for entry in sys.path))
    return Python(sys.implementation.name, version, folders, current=True)


def find_python(argv: Sequence[str], cwd: str, environ: Mapping[str, str]) -> Python | str:
    """Return the interpreter a command would run, or why none is known.

    Args:
        argv: The command.
        cwd: Absolute working directory it starts in.
        environ: Its environment: ``PATH``, ``PYENV_VERSION``.
    """
    words = list(argv)
    for _ in range(_HOPS):
        words = _carried(words)
        if not words:
            return "the command names no program"
        program = _which(words[0], cwd, environ.get("PATH", os.defpath))
        if program is None:
            return f"{os.path.basename(words[0])} was not found"
        match = _PYTHON.fullmatch(os.path.basename(program))
        shebang = _shebang(program)
        if match and shebang is None:
            return _described(program, match)
        if shebang is None:
            return f"{os.path.basename(program)} is not Python, nor a script that names it"
        shim = _pyenv(program, cwd, environ)
        words = [shim] if shim else [*shebang, program]
    return "the scripts name one another without end"


def _carried(words: list[str]) -> list[str]:
    """Skip ``env A=1``, ``nice -n 5`` and the like before the program proper."""
    while words and (options := _CARRIERS.get(os.path.basename(words[0]))) is not None:
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0].partition("/")[0]):
            takes_value = len(words[0]) == 2 and words[0][1] in options  # noqa: PLR2004 - "-n"
            if words[0] == "-S" and len(words) > 1:  # env -S "python3 -u"
                return [*words[1].split(), *words[2:]]
            words = words[2:] if takes_value else words[1:]
    return words


def _which(name: str, cwd: str, path: str) -> str | None:
    if "/" in name:
        candidates = [os.path.join(cwd, name)]
    else:
        candidates = [os.path.join(cwd, folder, name) for folder in path.split(os.pathsep)]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None


def _shebang(program: str) -> list[str] | None:
    """Return the interpreter line of a script, or None for anything else."""
    try:
        descriptor = os.open(program, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        head = os.read(descriptor, 512)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if not head.startswith(b"#!"):
        return None
    words = os.fsdecode(head[2:].split(b"\n", 1)[0]).split()
    return words or None


def _pyenv(program: str, cwd: str, environ: Mapping[str, str]) -> str | None:
    """Return what a pyenv shim stands for, by pyenv's own order of choices."""
    shims, name = os.path.split(program)
    root = os.path.dirname(shims)
    if os.path.basename(shims) != "shims" or not os.path.isdir(f"{root}/versions"):
        return None
    choices = [environ.get("PYENV_VERSION", "")]
    folder = cwd
    while True:
        choices.append(_line(f"{folder}/.python-version"))
        if folder in ("/", os.path.dirname(folder)):
            break
        folder = os.path.dirname(folder)
    choices.append(_line(f"{root}/version"))
    for choice in choices:
        for version in choice.replace(":", " ").split():
            candidate = f"{root}/versions/{version}/bin/{name}"
            if os.path.isfile(candidate):
                return candidate
    return None


def _line(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return " ".join(stream.read(4096).split())
    except OSError:
        return ""


def _described(program: str, match: re.Match[str]) -> Python:
    if os.path.realpath(program) == os.path.realpath(sys.executable) and (
        os.path.dirname(os.path.abspath(program)) == os.path.dirname(sys.executable)
    ):
        return this_python()
    settings = _venv(program)
    home = os.path.dirname(os.path.dirname(os.path.realpath(program)))
    implementation = "pypy" if match[1] == "pypy" else "cpython"
    if settings is None:
        series = _series(os.path.realpath(program), home)
        return Python(implementation, _patch(home, series), _sites(home, series))
    prefix, config = settings
    version = config.get("version_info") or config.get("version") or ""
    found = re.match(r"\d+\.\d+(\.\d+)?((a|b|rc)\d+)?", version)
    series = ".".join(version.split(".")[:2]) if found else _series(program, prefix)
    folders = _sites(prefix, series)
    if config.get("include-system-site-packages", "").lower() == "true":
        folders += _sites(home, series)
    return Python(implementation, found[0] if found else series or None, folders)


def _venv(program: str) -> tuple[str, dict[str, str]] | None:
    """Return prefix and settings of the virtual environment a program belongs to."""
    prefix = os.path.dirname(os.path.dirname(os.path.abspath(program)))
    try:
        with open(f"{prefix}/pyvenv.cfg", encoding="utf-8", errors="replace") as stream:
            lines = stream.read(65536).splitlines()
    except OSError:
        return None
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return prefix, {key.strip().lower(): rest.strip() for key, rest in pairs}


def _series(program: str, prefix: str) -> str:
    """Return ``3.11`` from the program's name or the library folder beside it."""
    found = re.search(r"(?:python|pypy)(\d+\.\d+)", os.path.basename(program))
    if found:
        return found[1]
    try:
        names = os.listdir(f"{prefix}/lib")
    except OSError:
        return ""
    series = [name[6:] for name in names if re.fullmatch(r"python\d+\.\d+", name)]
    return series[0] if len(series) == 1 else ""


def _patch(prefix: str, series: str) -> str | None:
    """Return the full version from the headers, where they are installed."""
    try:
        with open(f"{prefix}/include/python{series}/patchlevel.h", encoding="utf-8") as stream:
            found = re.search(r'#define PY_VERSION\s+"([^"+]+)', stream.read(65536))
    except OSError:
        found = None
    return found[1] if found else series or None


def _sites(prefix: str, series: str) -> tuple[str, ...]:
    if not series:
        return ()
    places = [
        f"{prefix}/lib/python{series}/site-packages",
        f"{prefix}/lib64/python{series}/site-packages",
    ]
    if prefix == "/usr":  # Debian and its descendants
        places += [f"/usr/local/lib/python{series}/dist-packages", "/usr/lib/python3/dist-packages"]
    found: dict[str, str] = {}
    for place in places:
        if os.path.isdir(place):
            found.setdefault(os.path.realpath(place), place)
    return tuple(found.values())
