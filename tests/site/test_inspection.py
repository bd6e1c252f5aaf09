"""What a hand-written page would run or load is found before it is published."""

from __future__ import annotations

import pytest

from labrec.site.inspection import beyond, findings, leads_off_site, scheme_of

FRAME = (
    '<html><head><link rel="stylesheet" href="a.css"><script src="b.js"></script></head>'
    "<body><article></article></body></html>"
)
ACTIVE = [
    "<script>x</script>",
    '<script type="application/json">{}</script>',
    '<script src="b.js"></script>',
    '<img src="https://example.org/x.png">',
    '<img src="//example.org/x.png">',
    '<img src="/\\example.org/x.png">',
    '<img src=" ht\ntps://example.org/x.png">',
    '<img srcset="https://example.org/x.png 2x">',
    '<img src="data:image/svg+xml,<svg>">',
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="&#1;javascript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<a href="vbscript:x">x</a>',
    '<iframe src="about.html"></iframe>',
    '<object data="x.swf"></object>',
    '<embed src="x">',
    '<form action="x"></form>',
    '<base href="https://example.org/">',
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
    '<link rel="stylesheet" href="https://example.org/x.css">',
    "<style>@import 'https://example.org/x.css'</style>",
    '<p style="background: url(https://example.org/x)">x</p>',
    '<svg><use href="x.svg#y"></use></svg>',
    "<svg><set attributeName=onmouseover to=alert(1)></svg>",
    '<video poster="https://example.org/x.png"></video>',
    '<div class="mermaid">graph</div>',
    '<button formaction="https://example.org">x</button>',
    "</article></body><script>x</script>",
    # what browsers and Python's reader do not read alike
    '<p a=="><img src=x onerror=alert(1)>">x</p>',
    '<p a=\u00a0"><img src=x onerror=alert(1)>">x</p>',
    '<p a=\x0b"><img src=x onerror=alert(1)>">x</p>',
    '<p a=\x1c"><img src=x onerror=alert(1)>">x</p>',
    '<p/a=="><img/src=x/onerror=alert(1)>">',
    '<p a="b"onclick="x">',
    "<p =onclick=x>",
    "<svg><title><img src=x onerror=alert(1)></title></svg>",
    # what loads by other names than those of HTML
    '<svg><rect mask="url(https://example.org/x.png)"/></svg>',
    '<svg><filter><feimage href="https://example.org/x.png"/></filter></svg>',
    "<math><mi>x</mi></math>",
    # what the scripts of the site would take for their own
    '<div id="__config">{"base": "https://example.org", "version": {"provider": "mike"}}</div>',
    '<a data-md-component="source" href="https://github.com/x/y">x</a>',
    '<img name="currentScript" src="a/b/c.png">',
    '<div data-labrec-propose data-project="x; id"></div>',
]  # fmt: skip
PLAIN = [
    "<p>text</p>",
    '<a href="https://example.org/">x</a>',
    '<a href="mailto:ada@example.org">x</a>',
    '<a href="p/lm/index.html#x">x</a>',
    '<img src="img/a.png" alt="x">',
    '<input type="checkbox" disabled checked>',
    "<pre><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></pre>",
    "<details><summary>x</summary>y</details>",
    "<p id=a class='b c' hidden>1 < 2 &lt;b> 3 <3</p>",
    '<img\n  src="img/a.png"\n  alt="a > b">',
    "<br/><hr />",
]


def _with(content: str) -> str:
    return FRAME.replace("</article>", f"{content}</article>")


@pytest.mark.parametrize("content", ACTIVE)
def test_what_would_run_or_load_is_found(content: str) -> None:
    assert beyond(_with(content), FRAME)


@pytest.mark.parametrize("content", PLAIN)
def test_what_is_only_shown_is_let_through(content: str) -> None:
    assert beyond(_with(content), FRAME) == []


def test_the_frame_itself_is_no_finding() -> None:
    assert findings(FRAME).total() == 2
    assert beyond(FRAME, FRAME) == []


def test_addresses_are_read_as_browsers_read_them() -> None:
    assert scheme_of("jAvA\tscript:x") == "javascript"
    assert scheme_of("\x00 https://x") == "https"
    assert scheme_of("a/b:c") == ""
    assert leads_off_site("\\\\example.org")
    assert not leads_off_site("../img/a.png")
