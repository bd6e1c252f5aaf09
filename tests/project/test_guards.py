"""The guards of tests/conftest.py hold: each is tried from inside a test or from a child run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]


def test_home_is_empty_and_temporary(home: Path) -> None:
    assert Path.home() == home
    assert not any(home.iterdir())


def test_git_identity_is_fixed_also_for_children() -> None:
    out = subprocess.run(
        ["git", "config", "--show-origin", "--get-all", "user.name"],
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
    ).stdout
    assert out.split("\t")[1] == "Test Author\n"
    assert len(out.splitlines()) == 1


def test_settings_of_the_caller_do_not_reach_a_test() -> None:
    allowed = {
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_GLOBAL",
        "GIT_ALLOW_PROTOCOL",
        "GIT_TERMINAL_PROMPT",
        "GIT_CEILING_DIRECTORIES",
    }
    leaked = {name for name in os.environ if name.startswith(("LABREC_", "GIT_"))}
    assert leaked == allowed


def test_network_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe,
        pytest.raises(pytest.fail.Exception, match="reach the network"),
    ):
        probe.connect(("127.0.0.1", 9))


def test_unix_sockets_still_connect(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


def _child(
    tmp_path: Path,
    body: str,
    *options: str,
    command: Sequence[str] = (sys.executable, "-m", "pytest"),
) -> subprocess.CompletedProcess[str]:
    """Run one test file in a fresh pytest that has only the repository's conftest."""
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_child.py").write_text(body)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", *options, "."],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )


def test_signals_reach_a_test_also_where_the_caller_ignores_them(tmp_path: Path) -> None:
    body = (
        "import signal\n"
        "def test_it():\n"
        "    ours = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD)\n"
        "    assert signal.SIG_IGN not in map(signal.getsignal, ours)\n"
        "    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()\n"
    )
    ignoring = [sys.executable, "-c", IGNORING, sys.executable, "-m", "pytest"]
    done = _child(tmp_path, body, command=ignoring)
    assert done.returncode == 0, done.stdout


IGNORING = """
import os, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
os.execv(sys.argv[1], sys.argv[1:])
"""
SKIPPING = "import pytest\ndef test_it():\n    pytest.skip({reason!r})\n"


@pytest.mark.parametrize(
    ("reason", "options", "code"),
    [
        ("I feel like it", (), 0),
        ("I feel like it", ("--forbid-skips",), 1),
        ("no loop devices: this container forbids them", ("--forbid-skips",), 1),
        ("no tmpfs mounts: this container forbids them", ("--forbid-skips",), 1),
        ("shared data: x is not beside this checkout", ("--forbid-skips",), 0),
    ],
)
def test_forbidden_skips(tmp_path: Path, reason: str, options: tuple[str, ...], code: int) -> None:
    done = _child(tmp_path, SKIPPING.format(reason=reason), *options)
    assert done.returncode == code, done.stdout


def test_a_skipped_module_is_forbidden_too(tmp_path: Path) -> None:
    body = "import pytest\npytest.skip('whole file', allow_module_level=True)\n"
    done = _child(tmp_path, body, "--forbid-skips")
    assert done.returncode != 0
    assert "forbids the skip" in done.stdout


def test_missing_tool_fails_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "def test_it(require_tool):\n    require_tool('no-such-program')\n"
    assert _child(tmp_path, body).returncode == (1 if os.environ.get("CI") == "true" else 0)
    monkeypatch.setenv("CI", "true")
    assert _child(tmp_path, body).returncode == 1
