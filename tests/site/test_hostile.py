"""Record text is never markup: every payload, in every field that a page shows, in a browser.

The browser is told to ignore Content-Security-Policy here: what is proven is the escaping alone.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tests.site.labs import PROJECT, add, built, run, run_id
from tests.store.labs import lineage, new_lab

from labrec.errors import UnsafeError
from labrec.record.paths import stored_path
from labrec.record.text import storable
from labrec.site import stamp, urls
from labrec.site.page import Crumb, Page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.site.conftest import Seen

EACH = 230  # payloads that one run carries
OURS = (
    "<script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran = 1">',
    "javascript:window.ran=1",
    "</title><script>window.ran = 1</script>",
    "{{ 7 * 7 }}{% for x in y %}",
    "</script><svg onload=window.ran=1>",
    "<!--<script>",
    "\u202ereversed\u202c",
)
SENTINEL = """
    window.alert = window.confirm = window.prompt = window.print = () => { window.ran = 1; };
    window.open = () => { window.ran = 1; };
"""
# What stands in an article of ours that holds no payload.
TAGS = {
    "a", "article", "caption", "code", "dd", "del", "details", "div", "dl", "dt", "figcaption", "figure",
    "h1", "h2", "h3", "h4", "ins", "li", "nav", "ol", "p", "pre", "script", "section", "span", "strong",
    "summary", "table", "tbody", "td", "th", "thead", "time", "tr", "ul",
    # drawings, the copy button of the theme
    "button", "circle", "g", "input", "label", "line", "path", "svg", "text",
    # what a reader may say about a run
    "option", "select", "textarea",
}  # fmt: skip


def _lines(shared_data: Callable[[str], Path]) -> list[str]:
    listed = shared_data("conformance/xss_payloads/Intruder/xss-payload-list.txt")
    naughty = json.loads(shared_data("conformance/naughty_strings/blns.json").read_text("utf-8"))
    texts = [*OURS, *listed.read_text("utf-8", "replace").splitlines(), *naughty]
    return list(dict.fromkeys(storable(text)[0] for text in texts if text.strip()))


def _line(text: str, most: int) -> str:
    """Return a text as a field of one line may hold it."""
    return "".join(c for c in text if c.isprintable() or c == "\u202e")[:most] or "x"


def _name(text: str) -> str | None:
    try:
        return stored_path(text[:200])["path"]
    except UnsafeError:
        return None


def _hostile_run(number: int, texts: list[str]) -> list[object]:
    names = {_name(text): b"x" for text in texts[:60]}
    names.pop(None, None)
    metrics = {text[:200]: [1.0, 0.5, 0.25] for text in texts[:40]}
    metrics |= {text[:200]: 0.5 for text in texts[40:]}
    return run(
        number, _line(texts[0], 200), metrics=metrics,
        units={text[:200]: text[:200] for text in texts},
        features={f"{text[:100]} {at}": text[:100] for at, text in enumerate(texts[:150])},
        lineage=lineage(intent="\n".join(texts[:20]), outcome="\n".join(texts[20:40]),
                        parents=[{"by": "option", "name": _line(texts[1], 200)}]),
        identity={"tags": [_line(text, 100) for text in texts[:20]], "status": "failed",
                  "reason": texts[2][:500], "author": {"name": _line(texts[3], 200),
                                                       "source": "option"}},
        artifacts={name: data for name, data in names.items() if name},
        capture={"minor": 0, "events": [
            {"kind": "lost", "what": text[:200], "why": text[:200], "count": 1}
            for text in texts[:100]]},
        methodology={"minor": 0, "question": texts[4][:500],
                     "self_critique": [text[:200] for text in texts[:9]],
                     **{f"{text[:100]} {at}": text[:200] for at, text in enumerate(texts[:9])}},
        counterfactuals={"minor": 0, "object": None, "calls": [{
            "at": _line(texts[5], 200), "step": None, "method": "factorial", "budget": 64,
            "factors": [{"name": _line(texts[6], 200), "kind": "item"}], "complete": True,
            "cells": [{"on": "1", "replicate": 0, "values": {text[:100]: 1 for text in texts[:9]}},
                      {"on": "0", "replicate": 0, "values": {}, "failed": texts[7][:200]}],
        }]},
        command={"minor": 0, "argv": [text[:200] for text in texts[:20]], "cwd": ".",
                 "entry": None, "exit_code": 1, "signal": None},
    )  # fmt: skip


@pytest.fixture(scope="session")
def hostile(
    tmp_path_factory: pytest.TempPathFactory, site_cache: Path, request: pytest.FixtureRequest
) -> Path:
    """A site whose runs hold every payload."""
    from tests.conftest import ROOT

    def shared(path: str) -> Path:
        found = ROOT.parent / "shared" / "data" / path
        if not found.exists():
            pytest.skip(f"shared data: {path} is not beside this checkout")
        return found

    texts = _lines(shared)
    assert len(texts) > 6000
    lab = new_lab(tmp_path_factory.mktemp("hostile") / "lab")
    for number, first in enumerate(range(0, len(texts), EACH)):
        add(lab, _hostile_run(number, texts[first : first + EACH]))
    report = built(lab, cache=site_cache)
    assert report.problems == 0
    return lab.path / "build/labrec/site"


def test_nothing_that_a_record_says_runs_or_leads_away(
    hostile: Path, look: Callable[..., Seen]
) -> None:
    seen = look("about:blank", bypass_csp=True, accept_downloads=False)
    seen.page.add_init_script(SENTINEL)
    pages = sorted(hostile.glob(f"p/{PROJECT}/r/*/index.html"))
    assert len(pages) > 10
    for path in pages:
        seen.page.goto(path.as_uri(), wait_until="load")
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        seen.page.wait_for_timeout(50)
        assert seen.page.evaluate("window.ran") is None, path
        found = seen.page.evaluate(
            """() => ({
                tags: [...new Set([...document.querySelectorAll('article, article *')]
                    .map(e => e.tagName.toLowerCase()))],
                handlers: [...document.querySelectorAll('*')].filter(e => [...e.attributes]
                    .some(a => a.name.startsWith('on'))).length,
                links: [...document.querySelectorAll('[href], [src]')]
                    .map(e => e.getAttribute('href') || e.getAttribute('src'))
                    .filter(u => /^[^/?#]*:/.test(u)),
                scripts: [...document.querySelectorAll('article script')].map(e => e.type),
                title: document.querySelectorAll('title').length,
            })"""
        )
        assert set(found["tags"]) <= TAGS, path
        assert found["handlers"] == 0
        assert found["links"] == []
        assert set(found["scripts"]) <= {"application/json"}
        assert found["title"] == 1
    root = hostile.as_uri()
    assert [url for url in seen.asked if not url.startswith(root) and url != "about:blank"] == []
    assert "a dialog" not in seen.said


def test_hostile_runs_beside_one_another_run_nothing(
    hostile: Path, look: Callable[..., Seen]
) -> None:
    seen = look("about:blank", bypass_csp=True)
    seen.page.add_init_script(SENTINEL)
    for first in range(0, 12, 4):
        ids = ",".join(run_id(number) for number in range(first, first + 4))
        seen.page.goto(f"{(hostile / 'compare/index.html').as_uri()}#{PROJECT}/{ids}")
        seen.page.reload()
        seen.page.wait_for_selector("#lr-compare section")
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        seen.page.wait_for_timeout(100)
        assert seen.page.evaluate("window.ran") is None
        tags = seen.page.evaluate(
            "[...new Set([...document.querySelectorAll('#lr-compare *')].map(e => e.localName))]"
        )
        assert set(tags) <= {
            "a", "br", "button", "del", "details", "div", "h2", "img", "input", "ins", "label", "li",
            "noscript", "ol", "option", "p", "pre", "section", "select", "span", "summary", "table",
            "tbody", "td", "th", "thead", "tr", "ul",
        }  # fmt: skip
        links = seen.page.evaluate(
            "[...document.querySelectorAll('#lr-compare [href], #lr-compare [src]')]"
            ".map(e => e.getAttribute('href') || e.getAttribute('src'))"
        )
        assert all(link.startswith(f"../p/{PROJECT}/r/") for link in links)
    root = hostile.as_uri()
    assert [url for url in seen.asked if not url.startswith(root) and url != "about:blank"] == []


def test_the_charts_of_hostile_names_are_drawn_without_running_any(
    hostile: Path, look: Callable[..., Seen]
) -> None:
    seen = look("about:blank", bypass_csp=True)
    seen.page.add_init_script(SENTINEL)
    seen.page.goto((hostile / f"p/{PROJECT}/r/{run_id(0)}/index.html").as_uri())
    seen.page.locator("figure.lr-lines").first.scroll_into_view_if_needed()
    seen.page.wait_for_selector("figure.lr-drawn .lr-canvas svg", timeout=20_000)
    for figure in seen.page.locator("figure.lr-lines").all()[:20]:
        figure.scroll_into_view_if_needed()
    seen.page.wait_for_timeout(500)
    assert seen.page.evaluate("window.ran") is None
    assert seen.page.locator("figure.lr-drawn script:not([type='application/json'])").count() == 0


# --- the template alone: what stands in a page's title, heading and way --------------------------


class _Shape(HTMLParser):
    """The elements and attributes of a page, without its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _shape(text: str) -> _Shape:
    page = Page(
        url="data/index.html", kind="data", title=text,
        crumbs=(Crumb("Home", "index.html"), Crumb(text, "")),
        context={
            "view_id": text, "tool": text, "contract": 1, "dictionary": "tables.json",
            "package": "datapackage.json", "tables": [], "problems": [{"path": text, "problem": text}], "problem_count": 1,
            "run_count": 0, "limits": {"parquet": 1, "csv": 1},
        },
    )  # fmt: skip
    reader = _Shape()
    reader.feed(stamp.content(page))
    reader.close()
    return reader


@pytest.mark.parametrize("text", OURS)
def test_record_text_is_only_text(text: str) -> None:
    found = _shape(text)
    assert found.shape == _shape("plain").shape
    assert stamp.shown(text).strip() in "".join(found.text)


def test_no_template_can_switch_escaping_off() -> None:
    from importlib import resources

    for template in resources.files("labrec.site").joinpath("templates").iterdir():
        text = template.read_text("utf-8")
        assert "autoescape" not in text
        assert "|safe" not in text.replace(" ", "")
    assert "safe" not in stamp._environment().filters


def test_a_link_is_made_from_ids_alone() -> None:
    for url in ("javascript:alert(1)", "//example.org", "../../etc", "a b", "", "/x", "a?b", "\\x"):
        with pytest.raises(UnsafeError):
            urls.check(url)
    for url in ("p/lm/index.html", "#metrics", "data/index.html#runs", "0.png"):
        assert urls.check(url) == url


def test_every_payload_leaves_the_shape_of_a_page_as_it_is(
    shared_data: Callable[[str], Path],
) -> None:
    wanted = _shape("plain").shape
    for text in _lines(shared_data):
        found = _shape(text)
        assert found.shape == wanted, text
        assert stamp.shown(text).strip() in "".join(found.text), text
