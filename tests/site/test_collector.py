"""What a build holds to its end is not looked through for cycles; afterwards all is as it was."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from tests.site.labs import add, built, run

from labrec.site.collector import uncollected

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.labs import GitLab


@pytest.fixture(autouse=True)
def _unfrozen() -> None:
    gc.unfreeze()


def test_values_made_meanwhile_are_set_aside() -> None:
    try:
        with uncollected():
            assert not gc.isenabled()
            made = [[number] for number in range(100)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= len(made)
    finally:
        gc.unfreeze()


def test_it_ends_with_an_error_too() -> None:
    with pytest.raises(ValueError, match="wrong"), uncollected():
        raise ValueError("wrong")
    assert gc.isenabled()
    gc.unfreeze()


def test_who_collects_nothing_still_does_not() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_after_a_build_nothing_is_set_aside(lab: GitLab, site_cache: Path) -> None:
    add(lab, run(1, "1_base", metrics={"loss": [1.0, 0.5]}))
    built(lab, cache=site_cache)
    assert gc.isenabled()
    assert not gc.get_freeze_count()
