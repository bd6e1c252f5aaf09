"""A run beside its parent: what it says, what it costs, and that it stands on its own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.site.labs import HARDWARE, PROJECT, add, built, commit, run, run_id
from tests.site.test_run_sections import HOSTILE, PARENT, code, text

from labrec.site.pages.pair import MOST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.site.conftest import Seen, Site
    from tests.store.labs import GitLab


def pair(folder: Path, number: int) -> Path:
    return folder / f"p/{PROJECT}/r/{run_id(number)}/parent/index.html"


def test_it_tells_what_differs_and_no_more(lab: GitLab, site_cache: Path) -> None:
    old, new = code({"a.py": b"one\n"}), code({"a.py": b"two\n"})
    nan = float("nan")
    add(lab, [*old[1], *new[1]])
    add(lab, run(1, "1_base", code=old[0], metrics={"loss": 0.5, "gone": 1.0, "odd": nan},
                 features={"lr": 0.1, "same": 1}, artifacts={"a.txt": b"a", "same": b"s"},
                 determinism={"minor": 0, "seeds": {"seed": "1"}, "flags": {}}))  # fmt: skip
    add(lab, run(2, "2_from_1", code=new[0], metrics={"loss": 0.4, "odd": 1.0}, hardware=HARDWARE,
                 features={"lr": 0.2, "same": 1}, artifacts={"a.txt": b"b", "same": b"s"},
                 determinism={"minor": 0, "seeds": {"seed": "1"}, "flags": {}},
                 lineage=PARENT))  # fmt: skip
    built(lab, cache=site_cache)
    folder = lab.path / "build/labrec/site"
    html = pair(folder, 2).read_text()
    said = text(html)
    assert "Of the metrics shown 1 better and 0 worse; 1 feature differs." in said
    for row in ("gone 1 — —", "loss 0.5 0.4 −0.1 better", "odd NaN 1 —"):
        assert row in said
    assert "Name Parent Run lr 0.1 0.2 Artifacts" in said
    assert re.search(r"a.txt 1 B, [0-9a-f]{12} 1 B, [0-9a-f]{12} Hardware", said)
    assert "cpu_name — Example 9000" in said
    assert "~ a.py @@ -1 +1 @@ -one +two" in said
    assert f'compare/index.html#{PROJECT}/{run_id(1)},{run_id(2)}"' in html
    assert not pair(folder, 1).exists()
    assert 'href="parent/index.html"' in pair(folder, 2).parent.with_name("index.html").read_text()


@pytest.mark.parametrize("name", ["x", "&\"'<>\u202e" * 30])
def test_it_costs_six_kilobytes_at_most(lab: GitLab, site_cache: Path, name: str) -> None:
    told = {"site_name": "L" * 100, "site_url": f"https://example.org/{'x' * 80}"}
    commit(lab, {"mkdocs.yml": json.dumps(told).encode()})

    def wide(value: str) -> dict[str, Any]:
        files = {f"{number}.py": f"{value} {number}\n".encode() * 40 for number in range(30)}
        return {
            "metrics": {f"{name} {number}": float(len(value)) for number in range(80)},
            "features": {f"{name} {number}": value * 50 for number in range(80)},
            "artifacts": {f"{number}": value.encode() for number in range(40)},
            "code": code(files),
        }

    long = f"1_{name}"[:200]
    for number, value, given in ((1, "&'", {}), (2, '<"', {"lineage": PARENT})):
        sections = wide(value)
        section, docs = sections.pop("code")
        shown = long if number == 1 else f"2_from_1_{name}"[:200]
        add(lab, [*docs, *run(number, shown, code=section, **sections, **given)])
    built(lab, cache=site_cache)
    path = pair(lab.path / "build/labrec/site", 2)
    assert path.stat().st_size <= MOST
    assert "more" in text(path.read_text())


def test_the_parent_with_the_same_seeds_stands_beside(lab: GitLab, site_cache: Path) -> None:
    def seeded(number: int, name: str, seed: str, **given: Any) -> None:
        seeds = {"minor": 0, "seeds": {"seed": seed}, "flags": {}}
        add(lab, run(number, name, determinism=seeds, metrics={"loss": float(number)}, **given))

    seeded(1, "1_base", "7")
    seeded(2, "1_base", "8")
    seeded(3, "2_from_1", "8", lineage=PARENT)
    seeded(4, "2_from_1", "9", lineage=PARENT)
    built(lab, cache=site_cache)
    folder = lab.path / "build/labrec/site"
    assert "loss 2 3 +1 worse" in text(pair(folder, 3).read_text())
    assert "loss 1 4 +3 worse" in text(pair(folder, 4).read_text())


def test_a_record_that_cannot_be_read_leaves_the_metrics(lab: GitLab, site_cache: Path) -> None:
    add(lab, run(1, "1_base", metrics={"loss": 0.5}))
    add(lab, run(2, "2_from_1", metrics={"loss": 0.4}, artifacts={HOSTILE[:0] + "a": b"a"},
                 lineage=PARENT, features={"x": 1}))  # fmt: skip
    add(lab, run(3, "3_from_1", metrics={"loss": 0.3}, lineage=PARENT,
                 command={"minor": 0, "argv": 3, "cwd": 4}))  # fmt: skip
    built(lab, cache=site_cache)
    for number in (2, 3):
        path = pair(lab.path / "build/labrec/site", number)
        if path.exists():
            assert "better" in text(path.read_text())


def test_it_follows_the_readers_choice_of_light_and_dark(
    site: Site, look: Callable[..., Seen]
) -> None:
    path = pair(site.folder, 3)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = look(path.as_uri(), color_scheme="light")
    assert light.page.evaluate(ground) == "rgb(255, 255, 255)"
    assert light.said == []
    assert all(url.startswith(site.folder.as_uri()) for url in light.asked)
    dark = look(path.as_uri(), color_scheme="dark")
    assert dark.page.evaluate(ground) == "rgb(30, 33, 41)"
    # chosen on a page of the theme
    light.page.goto((site.folder / "index.html").as_uri())
    light.page.locator("label[for=__palette_1]").click()
    light.page.goto(path.as_uri())
    assert light.page.evaluate(ground) == "rgb(30, 33, 41)"
    phone = look(path.as_uri(), viewport={"width": 390, "height": 844})
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
