"""Guards and fixtures for every test.

The guards make the dangerous defaults impossible: a test never sees the home directory, the git
configuration or the ``LABREC_*`` settings of whoever runs it, and it reaches no network. Child
processes inherit the same world through the environment.

Fixtures: ``home``, ``shared_data``, ``require_root``, ``require_tool``, ``chromium``,
``site_cache``.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent

# Under nohup, behind a shell's ``&`` and in some services signals are ignored or blocked, and every
# program that a test starts would inherit that: a shell cannot even trap such a signal.
_OF_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}  # which it ignores itself, and gives back to children
for _number in signal.valid_signals() - _OF_PYTHON:
    if signal.getsignal(_number) is signal.SIG_IGN:
        _own = signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL
        signal.signal(_number, _own)
signal.pthread_sigmask(signal.SIG_SETMASK, ())

# How long one example takes depends on what else the machine does; pytest-timeout bounds the test.
settings.register_profile("labrec", deadline=None)
settings.load_profile("labrec")

# Reasons for which a test may be skipped even where skips are forbidden: things that a clean
# machine honestly lacks. Everything else that CI skips is a hole in the proof, so it fails: mounts
# too, for CI runs as root where loop devices and tmpfs work.
ALLOWED_SKIPS = (
    "shared data:",  # the reference data sits beside the checkout, not inside it
    "no NVIDIA GPU:",
    "other processor:",  # a test of x86-64 alone
)

GIT_CONFIG = """\
[user]
\tname = Test Author
\temail = author@example.org
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
[gc]
\tauto = 0
[protocol "file"]
\tallow = always
"""

# Variables that would let the machine's own setting leak into a test.
_LEAKING_PREFIXES = ("GIT_", "LABREC_", "SLURM_", "CONDA_", "COVERAGE_PROCESS")
_LEAKING = (
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "CUDA_VISIBLE_DEVICES",
    "EMAIL",
    "FORCE_COLOR",
    "NO_COLOR",
    "PYTHONHASHSEED",
    "VIRTUAL_ENV",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_counter = itertools.count()


# --- guards -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("homes")
    (base / "gitconfig").write_text(GIT_CONFIG)
    return base


@pytest.fixture(autouse=True)
def home(_homes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test an empty home directory, a fixed git identity and no settings from outside."""
    home = _homes / str(next(_counter))
    home.mkdir()
    for name in list(os.environ):
        if name.startswith(_LEAKING_PREFIXES) or name in _LEAKING:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    for name, folder in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
    ):
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(_homes / "gitconfig"))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    # A repository above the temporary directory must never be taken for the test's own.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(_homes.parent.parent))
    return home


def _refuse(self: socket.socket, address: object) -> None:
    if self.family != socket.AF_UNIX:
        pytest.fail(f"this test tried to reach the network: {address!r}")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guard(name: str) -> Callable[[socket.socket, object], object]:
        def call(self: socket.socket, address: object) -> object:
            _refuse(self, address)
            return real[name](self, address)

        return call

    for name in real:
        monkeypatch.setattr(socket.socket, name, guard(name))


# --- what a test may ask for ------------------------------------------------------------------


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Return the path of a reference data set that lies beside the checkout, or skip."""

    def find(path: str) -> Path:
        found = ROOT.parent / "shared" / "data" / path
        if not found.exists():
            pytest.skip(f"shared data: {path} is not beside this checkout")
        return found

    return find


@pytest.fixture
def require_root() -> None:
    """Skip without root; fail instead in CI, which runs as root to make these tests count."""
    if os.geteuid() != 0:
        _missing("root: this test mounts file systems and runs as root only")


@pytest.fixture
def require_tool() -> Callable[[str], str]:
    """Return the path of a program of the machine; skip without it, fail in CI."""

    def find(name: str) -> str:
        # mkfs and losetup live where a user's PATH often does not look
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if path is None:
            _missing(f"tool: {name} is not installed")
        return str(path)

    return find


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the distribution's Chromium once; skip without it, fail in CI."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        _missing("tool: chromium is not installed")
    with sync_playwright() as playwright:
        # root's Chromium has no sandbox of its own; what it is shown here is ours
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what takes seconds to make: the script of the charts, the shells.

    The script is made once, whichever of the processes that run tests comes first.
    """
    from labrec.site import assets

    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "charts"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assets.files(shared)
    folder = tmp_path_factory.mktemp("site-cache")
    shutil.copyfile(shared / "vega.js", folder / "vega.js")
    return folder


def _missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


# --- forbidden skips --------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--forbid-skips",
        action="store_true",
        default=os.environ.get("LABREC_FORBID_SKIPS") == "1",
        help="a skipped test fails unless its reason is on the allow-list of tests/conftest.py",
    )


def _forbid(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith(ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"this run forbids the skip of {report.nodeid}: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.config.getoption("--forbid-skips"):
        _forbid(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.getoption("--forbid-skips"):
        _forbid(report)
    return report
