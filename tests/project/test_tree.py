"""The tree keeps the house rules that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

import labrec

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "labrec"
MODULES = sorted(SOURCE.rglob("*.py"))

MAX_MODULE_LINES = 600
MAX_FUNCTION_LINES = 60  # the aim is 45; a table or a long docstring may need more
MAX_PARAMETERS = 6

# Each pattern is split so that this file does not match itself.
FORBIDDEN = {
    "a path of a machine": r"(?<![\w.-])/(?:wo" r"rk|ro" r"ot|op" r"t/pypi|tmp/pl" r"an)/",
    "a working paper": r"\bcontr" r"act\.md\b|\biss" r"ue2\.txt\b",
    "an issue by its number": r"\biss" r"ue #?\d",
    "an unfinished place": r"\b(?:FIX" r"ME|TO" r"DO|XX" r"X)\b",
    "how a text was made": r"(?i)co-auth"
    r"ored-by:|\b(?:written|generated|assisted) by an? "
    r"(?:ai|agent|assistant|model)\b",
    "a merge conflict": r"^(?:<{7}|>{7}) ",
}
# Files that other people wrote, or that are data.
FOREIGN = ("uv.lock", "LICENSE")


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files git tracks, and those it would."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    return tuple(ROOT / name.decode() for name in listed.split(b"\0") if name)


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if not path.is_file() or name in FOREIGN:
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((name, data.decode("utf-8", "replace")))
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_written(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for name, text in texts()
        for match in pattern.finditer(text)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of a machine", "see /wo" + "rk/main"),
        ("an issue by its number", "as iss" + "ue 12 says"),
        ("an unfinished place", "# TO" + "DO later"),
    ],
)
def test_the_patterns_would_find_something(what: str, text: str) -> None:
    assert re.search(FORBIDDEN[what], text)


def test_no_module_is_too_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES}
    long = {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > MAX_MODULE_LINES}
    assert not long


def test_no_module_has_a_name_without_meaning() -> None:
    bad = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [str(path) for path in MODULES if {path.stem, path.parent.name} & bad]


def test_no_function_is_too_long_or_takes_too_much() -> None:
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            positional = [*node.args.posonlyargs, *node.args.args]
            taken = [a for a in positional if a.arg not in {"self", "cls"}]
            if lines > MAX_FUNCTION_LINES:
                found.append(f"{place}: {lines} lines")
            if len(taken) > MAX_PARAMETERS:
                found.append(f"{place}: {len(taken)} parameters")
    assert not found, "\n".join(found)


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(p.relative_to(ROOT)) for p in MODULES if not ast.get_docstring(_tree(p))]
    assert not silent


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


STARTERS = {"run", "Popen", "call", "check_call", "check_output", "execv", "execvp", "execvpe"}


def _starts_git(node: ast.AST) -> bool:
    """Say whether a call starts a program whose first word is the literal ``git``."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in STARTERS or not node.args:
        return False
    first = node.args[0]
    if isinstance(first, ast.List | ast.Tuple) and first.elts:
        first = first.elts[0]
    return isinstance(first, ast.Constant) and str(first.value).split(" ")[0] == "git"


def test_only_gitio_runs_git() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        if path.relative_to(SOURCE).parts[0] != "gitio"
        for node in ast.walk(_tree(path))
        if _starts_git(node) and isinstance(node, ast.Call)
    ]
    assert not found


def test_the_rule_about_git_would_find_something() -> None:
    call = ast.parse('subprocess.run(["git", "status"], check=True)').body[0]
    assert any(_starts_git(node) for node in ast.walk(call))


def _calls(path: Path) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def test_only_the_command_line_prints() -> None:
    talking = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.relative_to(SOURCE).parts[0] != "cli" and "print" in _calls(path)
    ]
    assert not talking


@pytest.mark.parametrize("number", range(1, 11))
def test_every_invariant_is_named_by_a_test(number: int) -> None:
    tests = [p for p in (ROOT / "tests").rglob("test_*.py") if p.parent.name != "project"]
    assert any(re.search(rf"\bI{number}\b", path.read_text()) for path in tests)
    assert f"| **I{number}** |" in (ROOT / "docs" / "architecture.md").read_text()


def test_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/labrec/_version.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:\.dev\d+)?", labrec.__version__)


def test_the_oldest_python_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert project["tool"]["mypy"]["python_version"] == "3.11"
    assert 'requires-python = ">=3.11"' in (ROOT / "uv.lock").read_text()
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "Python ≥ 3.11" in (ROOT / page).read_text()


def test_the_lock_names_one_public_index_only() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    sources = {tuple(package["source"].items()) for package in lock["package"]}
    assert sources == {(("registry", "https://pypi.org/simple"),), (("editable", "."),)}
    hosts = {
        file["url"].split("/")[2]
        for package in lock["package"]
        for file in [
            *package.get("wheels", []),
            *([package["sdist"]] if "sdist" in package else []),
        ]
    }
    assert hosts == {"files.pythonhosted.org"}


def test_license_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text) > 11_000


@pytest.mark.parametrize("path", sorted((ROOT / ".ci").iterdir()), ids=lambda p: p.name)
def test_scripts_are_sound(path: Path) -> None:
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", str(path)], check=True)
