from __future__ import annotations

import pytest

from labrec.errors import InvalidError
from labrec.gitio.config import Config, read_user_config

TRICKY = r"""
# a comment
[core] bare = false ; trailing
[section "Sub.Section \"quoted\" \\ "]
    key = value # comment
    Key2="  spaces kept  " and more
    multi = one \
two
    escaped = a\tb\nc\"d\\e
    flag
    empty =
    hash = "a # b" ; c
[Remote "origin"]
	url = https://user@example.org/a;b
	fetch = +refs/heads/*:refs/remotes/origin/*
	fetch = second
"""


def test_values_read_as_git_reads_them(empty):
    path = empty.path / "tricky"
    path.write_text(TRICKY)
    config = Config().read(path)
    listed = empty("config", "--file", str(path), "--list", "-z").split("\0")
    expected: dict[str, list[str]] = {}
    for row in listed:
        if row:
            key, newline, value = row.partition("\n")
            expected.setdefault(key, []).append(value if newline else "true")
    assert {key: config.all(key) for key in config.names("")} == expected
    assert config.get("remote.origin.fetch") == "second"
    assert config.flag("core.bare") is False


def test_includes_are_followed_and_conditional_ones_are_noticed(tmp_path):
    (tmp_path / "one").write_text(
        '[include]\n\tpath = two\n[includeIf "gitdir:x"]\n\tpath = three\n'
    )
    (tmp_path / "two").write_text("[user]\n\tname = Ada\n[include]\n\tpath = two\n")
    config = Config().read(tmp_path / "one")
    assert config.get("user.name") == "Ada"
    assert config.conditional


@pytest.mark.parametrize(
    "text", ["name = without section\n", "[a]\n= value\n", "[a]\n1x = 2\n", "[a\n"]
)
def test_what_is_no_configuration_is_refused_with_its_line(tmp_path, text):
    (tmp_path / "config").write_text(text)
    with pytest.raises(InvalidError, match="line"):
        Config().read(tmp_path / "config")


def test_the_users_files_are_read_in_gits_order(home, monkeypatch):
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/config").write_text("[user]\n\tname = X\n\temail = x@example.org\n")
    (home / ".gitconfig").write_text("[user]\n\tname = H\n")
    config = read_user_config()
    assert (config.get("user.name"), config.get("user.email")) == ("H", "x@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "")
    assert read_user_config().get("user.name") is None
