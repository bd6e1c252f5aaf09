"""Where a user's state is kept."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from labrec.settings import state_home


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/labrec"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/labrec"),
        ({"HOME": "/h"}, "/h/.local/state/labrec"),
        ({"HOME": "/"}, "/.local/state/labrec"),
    ],
)
def test_state_is_where_the_xdg_base_directories_say(environ: dict[str, str], folder: str):
    assert state_home(environ) == Path(folder)


@pytest.mark.parametrize("home", ["", "relative"])
def test_a_user_without_a_home_keeps_no_state(monkeypatch: pytest.MonkeyPatch, home: str):
    def refuse(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", refuse)
    assert state_home({"HOME": home}) is None
