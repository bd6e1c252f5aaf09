"""Words that several sentences share."""

from __future__ import annotations

import pytest

from labrec.analytics.plain import unit


@pytest.mark.parametrize(("name", "said"), [("nat", " nat"), ("1", ""), ("", ""), (None, "")])
def test_a_number_without_a_unit_is_told_without_one(name: str | None, said: str) -> None:
    assert unit(name) == said
