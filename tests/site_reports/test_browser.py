"""Reports in the distribution's Chromium: nothing runs, nothing is asked, nothing is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.site.labs import PROJECT, add, built, commit, run
from tests.store.labs import new_lab

from labrec.analytics.pipeline import analyze
from labrec.sdk import reports as kept
from labrec.site.publication import gather, places
from labrec.site.reports import export
from labrec.site.reports.freezing import article_of, rendered
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

NAMES = (
    "<script>window.ran = 1</script>", '"><img src=x onerror="window.ran = 1">',
    "</title><svg onload=window.ran=1>", "[x](javascript:window.ran=1)", "{{ run('x') }}",
)  # fmt: skip
PAGES = ("reports/index.html", "reports/odd/index.html", "reports/odd/v1/index.html", "odd.html",
         "reports/odd/v1/1-progress.svg")  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a report about runs of hostile names, frozen, and exported beside it."""
    lab = new_lab(tmp_path_factory.mktemp("odd") / "lab")
    text = "# Odd <script>window.ran = 1</script>\n\n<img src=x onerror=window.ran=1>\n\n"
    text += '{{ figure("progress") }}\n\n{{ table("runs") }}\n\n## `code` {{ project().runs }}\n'
    commit(lab, {
        "site/reports/odd.md": text.encode(),
        f"records/{PROJECT}/project.yaml": b"key_metrics:\n  - name: loss\n    direction: minimize\n",
    })  # fmt: skip
    add(lab, [doc for at, name in enumerate(NAMES)
              for doc in run(at + 1, name, metrics={"loss": at / 10}, units={"loss": name})])  # fmt: skip
    cache = tmp_path_factory.mktemp("odd-cache")
    with Lab.open(lab.path) as opened:
        where = places(opened, None)
        analyze(opened, where.tables)
        site = gather(opened, opened.view(), where.tables, worktree=True).site
        kept.freeze(opened, rendered(site, article_of(site, "odd")))
        site = gather(opened, opened.view(), where.tables, worktree=True).site
        file = export.frozen(site, "odd")
    built(lab, cache=cache)
    found = lab.path / "build/labrec/site"
    (found / "odd.html").write_bytes(file)
    return found


@pytest.fixture
def context(chromium: Browser) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script("window.alert = () => { window.ran = 1; };")
    yield context
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_report_runs_and_asks_nothing(path: str, folder: Path, context: Any) -> None:
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / path).as_uri(), wait_until="load")
    page.mouse.wheel(0, 20_000)
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    assert said == []
    assert [url for url in asked if not url.startswith((folder.as_uri(), "data:"))] == []
    if path in {"odd.html", "reports/odd/v1/1-progress.svg"}:
        assert len(asked) == 1
    if path.endswith(".html"):
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        bad = page.evaluate(
            "[...document.querySelectorAll('a[href]')].map(a => a.protocol)"
            ".filter(p => !['file:', 'http:', 'https:', 'mailto:'].includes(p))"
        )
        assert bad == []


def test_a_hand_made_fragment_could_not_run_even_if_it_were_shown(
    folder: Path, context: Any
) -> None:
    page = context.new_page()
    page.goto((folder / "odd.html").as_uri())
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.ran=1>')"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
