"""Plant one defect at a time in a copy of the source: the tests named with it must go red.

``python tests/planted/plant.py [NAME …]``, or ``make planted``. First every named test has to pass
in an unchanged copy. A defect whose text is not in the source exactly once, that does not compile
or uses a name that is not there, or that leaves its tests green, is an error.
"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("src", "tests", "benchmarks", "schemas", "pyproject.toml")
TIMEOUT_S = 150
RED = 1  # pytest's exit code for failed tests; 2 to 5 are its own troubles


class Edit(NamedTuple):
    """Replace ``old``, which stands exactly once in ``file`` under src/labrec, by ``new``."""

    file: str
    old: str
    new: str

    def apply(self, source: Path) -> None:
        """Change the file, which must still be Python, where it is, that names only what exists.

        Raises:
            ValueError: It cannot be planted.
        """
        path = source / "src" / "labrec" / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: found {text.count(self.old)} times: {self.old!r}")
        planted = text.replace(self.old, self.new)
        if path.suffix == ".py":
            compile(planted, str(path), "exec")
        put(path, planted)


class Defect(NamedTuple):
    """One defect and the tests that must notice it."""

    name: str
    what: str
    promise: str
    tests: tuple[str, ...]
    edits: tuple[Edit, ...]


def read_defects() -> list[Defect]:
    """Return the defects of defects.toml, in its order."""
    rows = tomllib.loads(Path(__file__).with_name("defects.toml").read_text())["defect"]
    return [
        Defect(
            row["name"],
            row["what"],
            row["promise"],
            tuple(row["tests"]),
            tuple(Edit(**edit) for edit in row["edit"]),
        )
        for row in rows
    ]


def put(path: Path, text: str) -> None:
    """Write a source file and forget its bytecode, which knows seconds and sizes only."""
    path.write_text(text)
    for cached in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        cached.unlink()


def copy_tree(place: Path) -> Path:
    """Copy what the tests need to ``place``."""
    place.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(source, place / name, ignore=ignored)
        else:
            shutil.copy(source, place / name)
    return place


def run_tests(place: Path, tests: list[str] | tuple[str, ...]) -> tuple[int, str]:
    """Run tests in a copy and return pytest's exit code and what it said."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(place / "src"),
        "TMPDIR": str(place.parent / f"{place.name}.tmp"),
        "PYTEST_ADDOPTS": "",
    }
    Path(environ["TMPDIR"]).mkdir(exist_ok=True)
    found = [sys.executable, "-c", "import labrec; print(labrec.__file__)"]
    at = subprocess.run(found, cwd=place, env=environ, capture_output=True, text=True, check=False)
    if not at.stdout.startswith(f"{place}/src/"):
        return -1, f"the copy is not what is imported: {at.stdout}{at.stderr}"
    command = [
        sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--tb=short", "--forbid-skips",
        "-p", "no:cacheprovider", "-p", "no:xdist", *tests,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=place, env=environ, capture_output=True, text=True, check=False,
            timeout=TIMEOUT_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        return -1, f"still running after {TIMEOUT_S} s\n{error.stdout!r}"
    return done.returncode, done.stdout + done.stderr


def undefined_names(place: Path, edits: tuple[Edit, ...]) -> str:
    """Return what ruff says about names that an edited file uses and nothing defines."""
    files = sorted({f"src/labrec/{e.file}" for e in edits if e.file.endswith(".py")})
    if not files:
        return ""
    ruff = [str(Path(sys.executable).with_name("ruff")), "check", "--isolated", "--no-cache"]
    done = subprocess.run(
        [*ruff, "--target-version", "py311", "--select", "F821", "--output-format", "concise", *files],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout + done.stderr


def plant(place: Path, defect: Defect) -> str:
    """Return why a defect did not go red in a clean copy; the copy is clean again afterwards."""
    source = place / "src" / "labrec"
    before = {edit.file: (source / edit.file).read_text() for edit in defect.edits}
    try:
        for edit in defect.edits:
            edit.apply(place)
        problem = undefined_names(place, defect.edits)
        if problem:
            return problem
        # Each named test alone has to notice: a second one must not hide that the first sleeps.
        for test in defect.tests:
            code, said = run_tests(place, (test,))
            if code != RED:
                return f"{test}: pytest ended with {code}\n{said[-1500:]}"
    except (ValueError, SyntaxError, OSError) as error:
        return str(error)
    else:
        return ""
    finally:
        for file, text in before.items():
            put(source / file, text)


def main() -> int:
    """Plant the named defects, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="defects to plant; all when none")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    known = {defect.name: defect for defect in read_defects()}
    if unknown := set(options.names) - set(known):
        parser.error(f"no such defect: {', '.join(sorted(unknown))}")
    defects = [known[name] for name in options.names or known]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="labrec-planted-") as folder:
        failed = plant_all(Path(folder), defects, max(1, min(options.workers, len(defects))))
    seconds = time.monotonic() - started
    print(f"planted: {len(defects) - failed} of {len(defects)} defects went red in {seconds:.0f} s")
    return 1 if failed else 0


def plant_all(folder: Path, defects: list[Defect], workers: int) -> int:
    """Return how many defects did not go red: all of them where an unchanged copy fails."""
    places: queue.SimpleQueue[Path] = queue.SimpleQueue()
    copies = [copy_tree(folder / f"copy{number}") for number in range(workers)]
    tests = sorted({test for defect in defects for test in defect.tests})
    with ThreadPoolExecutor(workers) as pool:
        shares = [tests[number::workers] for number in range(min(workers, len(tests)))]
        clean = list(pool.map(run_tests, copies, shares))
    for code, said in clean:
        if code != 0:
            print(f"without any defect the tests fail:\n{said[-3000:]}")
            return len(defects)
    for copied in copies:
        places.put(copied)
    guard = threading.Lock()

    def work(defect: Defect) -> bool:
        begun = time.monotonic()
        place = places.get()
        problem = plant(place, defect)
        places.put(place)
        with guard:
            verdict = "NOT RED" if problem else "red"
            print(f"  {verdict:8}{defect.name} ({time.monotonic() - begun:.1f} s)", flush=True)
            if problem:
                print("    " + problem.strip().replace("\n", "\n    "), flush=True)
        return bool(problem)

    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(work, defects))


if __name__ == "__main__":
    sys.exit(main())
