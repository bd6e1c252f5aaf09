"""The manners of the command line: help, errors, exit codes, streams."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from labrec import __version__, errors
from labrec.cli import group, root
from labrec.cli.console import Console
from labrec.cli.table import COMMANDS
from labrec.cli.world import World

LABREC = [sys.executable, "-m", "labrec"]
BOMB = "\x1b]0;owned\x07\u202e<script>"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_an_example_and_json(name):
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.help
    assert "labrec" in (command.epilog or ""), "no example"
    below = command.commands.values() if isinstance(command, click.Group) else [command]
    for one in below:
        assert one.help
        assert any("--json" in parameter.opts for parameter in one.params)
        for parameter in one.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_says(name, call):
    assert COMMANDS[name].summary in call("--help").out.replace("\n", " ")
    assert call(name, "--help").out.startswith(f"Usage: labrec {name} ")


def test_version(call):
    assert call("--version").out == f"labrec {__version__}\n"


def test_help_imports_no_command(tmp_path):
    script = (
        "import sys; from labrec.cli import main; main(['--help']);"
        "print([m for m in sys.modules if m.startswith('labrec.')])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = out.stdout.rsplit("[", 1)[1]
    assert "labrec.cli.table" in loaded
    for module in (
        "labrec.cli.log",
        "labrec.store",
        "labrec.gitio",
        "labrec.capture",
        "labrec.sdk",
    ):
        assert module not in loaded


def test_an_unknown_command_suggests_what_is_near(call):
    answer = call("shwo")
    assert answer.code == 2
    assert "show" in answer.err
    assert call("qqqqqq").code == 2


def test_no_command_shows_help(call):
    answer = call()
    assert answer.code == 2
    assert "Commands:" in answer.err


def _planted(monkeypatch, error):
    @click.command()
    def command():
        raise error

    monkeypatch.setattr(group.LazyGroup, "get_command", lambda *_: command)


ERRORS = [
    cls
    for cls in vars(errors).values()
    if isinstance(cls, type)
    and issubclass(cls, errors.LabrecError)
    and cls is not errors.LabrecError
]


@pytest.mark.parametrize("cls", ERRORS)
def test_an_error_says_cause_path_kept_and_hint(cls, monkeypatch, call):
    """I9: every failure says what happened, where, what was kept and what to do next."""
    error = cls(f"it broke {BOMB}", hint="do this", paths=["a/b"], kept="the rest")
    _planted(monkeypatch, error)
    answer = call("log")
    assert answer.code == cls.exit_code
    assert answer.out == ""
    lines = answer.err.splitlines()
    assert lines[0].startswith("labrec: it broke \\x1b]0;owned\\x07\\u202e")
    assert lines[1:] == ["  at: a/b", "  kept: the rest", "  hint: do this"]


def test_with_json_a_failure_is_one_object(call, tmp_path):
    answer = call("-C", str(tmp_path), "log", "--json")
    failure = json.loads(answer.err)
    assert set(failure) == {"code", "name", "message", "paths", "kept", "hint"}
    assert (answer.code, failure["code"], failure["name"]) == (10, 10, "not-found")
    failure = json.loads(call("log", "--json", "--nonsense").err)
    assert failure["code"] == 2


def test_an_unexpected_error_is_written_to_a_report(monkeypatch, call, home):
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"[:36]
    _planted(monkeypatch, RuntimeError(f"surprise {token}"))
    answer = call("log")
    assert answer.code == 1
    assert "Traceback" not in answer.err
    (report,) = (home / ".local/state/labrec/reports").iterdir()
    assert str(report) in answer.err
    text = report.read_text()
    assert "RuntimeError: surprise" in text
    assert token not in text
    monkeypatch.setenv("LABREC_DEBUG", "1")
    assert "Traceback" in call("log").err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (BrokenPipeError(), 141),
        (OSError(28, "No space left on device", "x"), 13),
        (MemoryError(), 21),
    ],
)
def test_other_ends_have_their_codes(error, code, monkeypatch, call):
    _planted(monkeypatch, error)
    answer = call("log")
    assert answer.code == code
    assert "Traceback" not in answer.err
    assert (answer.err == "") == (code == 141)


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    for argv in (["--help"], ["schema", "research_record_v1"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [*LABREC, *argv], stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_stdout_is_said(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*LABREC, "--version"], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
    assert done.returncode == 13
    assert b"Traceback" not in done.stderr


def test_a_closed_stdout_is_said(tmp_path, call):
    assert call("init", str(tmp_path / "lab")).code == 0
    for argv, code in ((["--version"], 13), (["--help"], 13), (["doctor"], 13), (["log"], 0)):
        words = shlex.join([*LABREC, *argv])
        done = subprocess.run(
            ["sh", "-c", f"{words} >&-"], stderr=subprocess.PIPE, cwd=tmp_path / "lab", check=False
        )
        assert (argv, done.returncode) == (argv, code)  # an empty log has no answer to lose
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("separator", ["x", " ", "/"])
def test_a_long_argument_is_not_echoed_whole(lab_dir, call, separator):
    long = separator.join(["xxxx"] * 20_000)
    for argv in (["show", long], ["log", "--where", long], ["log", "--status", long], [long],
                 ["log", "--sort", long], ["log", "--at", long], ["-C", long, "log"]):  # fmt: skip
        for json_flag in ([], ["--json"]):
            answer = call(*argv, *json_flag)
            assert answer.code in {2, 10}
            assert len(answer.err) < 5000
            assert "xxxx" in answer.err


def test_a_status_that_is_none_is_a_usage_error(lab_dir, call):
    answer = call("log", "--status", "bogus")
    assert answer.code == 2
    assert "interrupted" in answer.err


def test_directory_option(call, tmp_path):
    assert call("-C", str(tmp_path / "nowhere"), "log").code == 2
    assert call("-C", str(tmp_path), "init", ".").code == 0
    assert (tmp_path / "labrec.toml").is_file()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell, call, monkeypatch):
    assert "_LABREC_COMPLETE" in call("completion", shell).out
    assert "_LABREC_COMPLETE" in call("completion", shell, "--json").json["script"]
    monkeypatch.setenv("_LABREC_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", "labrec ver")
    monkeypatch.setenv("COMP_CWORD", "ver" if shell == "fish" else "1")
    assert "verify" in call().out


class _Terminal:
    encoding = "utf-8"

    def isatty(self):
        return True


def test_colour_only_where_a_terminal_shows_it():
    terminal = _Terminal()
    assert Console({}).styled("x", "red", terminal) == "\x1b[31mx\x1b[0m"
    assert Console({"NO_COLOR": "1"}).styled("x", "red", terminal) == "x"
    assert Console({"TERM": "dumb"}).styled("x", "red", terminal) == "x"
    assert Console({}).styled("x", "red") == "x"


def test_tables_fit_the_terminal(monkeypatch, capsys):
    console = Console({"COLUMNS": "40"})
    rows = [["a" * 50, "b" * 30, 1.5], [BOMB, "日本語" * 10, 2]]
    console.table(["first", "second", ">n"], rows)
    free = capsys.readouterr().out
    assert "a" * 50 in free
    assert "\x1b" not in free
    assert "\u202e" not in free
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    console.table(["first", "second", ">n"], rows)
    from labrec.cli.console import _width

    lines = capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert len(lines) == 3
    assert all(_width(line) <= 40 for line in lines)
    assert lines[1].endswith("1.5")


def test_an_id_is_never_cut(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    Console({"COLUMNS": "40"}).table(
        ["=run", "name"], [["0199a4c2-0000-7000-8000-000000000001", "x" * 30]]
    )
    title, row = capsys.readouterr().out.splitlines()
    assert title == "\x1b[1mrun                                   name\x1b[0m"
    assert row == "0199a4c2-0000-7000-8000-000000000001  xxxxx…"


def test_a_terminal_that_knows_no_size_is_eighty_columns_wide(monkeypatch):
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((0, 0)))
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1, raising=False)
    assert Console({}).width == 80


def test_a_missing_choice_is_told_on_one_line(call):
    err = call("completion").err
    assert "Choose from: bash, zsh, fish" in err
    assert "\\n" not in err


def test_json_is_ascii(capsys):
    World({}).console.json({"name": BOMB + "é"})
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"name": BOMB + "é"}
