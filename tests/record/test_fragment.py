"""The grammar of fragments: what our renderer writes is one, and nothing that runs or loads is."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.record.fragment import HTML, MAX_DEPTH, MAX_FRAGMENT, SVG, drawing_mistakes, mistakes

GOOD = (
    "",
    "text, &lt;b&gt;, &amp;amp; and &quot;more&#x27;",
    '<h2 id="r-method">Method</h2><p>One <em>word</em>,<br>two.</p><hr>',
    '<p><a href="https://example.org/a?b=c&amp;d=e#f">x</a> <a href="mailto:a@b.org">y</a></p>',
    '<p><a href="../../../p/lm/index.html#x-1">in the lab</a> <a href="#r-fn:1">1</a></p>',
    '<div class="lr-scroll" role="region" aria-label="Rows" tabindex="0"><table><tbody></tbody></table></div>',
    '<table><thead><tr><th scope="col" align="right">n</th></tr></thead></table>',
    '<p><img alt="a picture" src="data:image/png;base64,iVBORw0KGgo="></p>',
    '<figure class="lr-still"><svg viewBox="0 0 10 10.5" role="img" aria-label="a"><path d="M0,0L1,1"/></svg></figure>',
    '<svg viewBox="0 0 1 1"><g class="lr-end"><text x="-1" y="2%">t</text></g></svg>',
)
BAD = (
    "<script>window.ran=1</script>",
    "<SCRIPT>window.ran=1</SCRIPT>",
    '<img src=x onerror="window.ran=1">',
    '<img alt="" src="https://example.org/x.png">',
    '<img alt="" src="data:image/svg+xml;base64,PHN2Zz4=">',
    '<img alt="" src="../../../x.png">',
    '<img src="data:image/png;base64,AA==">',
    '<p onclick="x">y</p>',
    '<p style="color:red">y</p>',
    '<p title="x">y</p>',
    '<a href="javascript:window.ran=1">x</a>',
    '<a href="java&#x09;script:window.ran=1">x</a>',
    '<a href="JAVASCRIPT:1">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<a href="//example.org/">x</a>',
    '<a href="../../../../etc/passwd">x</a>',
    '<a href="/etc">x</a>',
    '<a href="https://a b/">x</a>',
    '<a href="#top">x</a>',
    '<a href="x" href="#r-y">x</a>',
    '<p id="__config">x</p>',
    '<p id="r-">x</p>',
    '<p class="md-banner">x</p>',
    "<p>",
    "</p>",
    "<p></em>",
    "<p><em></p></em>",
    "<p",
    "a < b",
    "a > b",
    "a &copy; b",
    "a & b",
    "a\0b",
    "<!-- a -->",
    "<!doctype html>",
    "<?xml version='1.0'?>",
    "<![CDATA[x]]>",
    "<p/>",
    "<p  >",
    '<p class="lr-a"  id="r-b">x</p>',
    "<p class=lr-a>x</p>",
    "<p class='lr-a'>x</p>",
    "<style>p{}</style>", "<link>", "<meta>", "<base>", "<iframe></iframe>", "<object></object>",
    "<embed>", "<form></form>", "<input>", "<button></button>", "<math></math>", "<template></template>",
    "<noscript></noscript>", "<textarea></textarea>", "<title></title>", "<plaintext>", "<h1>x</h1>",
    "<svg><script>1</script></svg>",
    "<svg><style>p{}</style></svg>",
    "<svg><p>x</p></svg>",
    "<svg><foreignObject></foreignObject></svg>",
    "<svg><foreignobject></foreignobject></svg>",
    "<svg><animate/></svg>", "<svg><set/></svg>", "<svg><use/></svg>", "<svg><image/></svg>",
    '<svg><a href="#r-x">x</a></svg>',
    '<svg onload="x"></svg>',
    '<svg><path d="M0" fill="url(https://x)"/></svg>',
    "<svg><title><p>x</p></title></svg>",
    "<p><path/></p>", "<g></g>",
)  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_a_report_needs_is_a_fragment(text):
    assert mistakes(text) == []


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_none(text):
    assert mistakes(text) != []


def test_no_payload_that_people_collected_is_a_fragment_with_markup(shared_data):
    lists = shared_data("conformance/xss_payloads/Intruder/xss-payload-list.txt")
    naughty = json.loads(shared_data("conformance/naughty_strings/blns.json").read_text("utf-8"))
    payloads = lists.read_text("utf-8", "replace").splitlines() + naughty
    tagged = [text for text in payloads if "<" in text]
    assert len(tagged) > 200
    harmless = [text for text in tagged if not mistakes(text)]
    assert all(set(text.split("<")[1:]) for text in harmless)
    assert [text for text in harmless if "=" in text or "script" in text.lower()] == []


def test_it_has_a_depth_and_a_length():
    assert mistakes("<div>" * MAX_DEPTH + "</div>" * MAX_DEPTH) == []
    assert mistakes("<div>" * (MAX_DEPTH + 1) + "</div>" * (MAX_DEPTH + 1)) != []
    assert mistakes("a" * (MAX_FRAGMENT + 1)) != []


PIECES = st.sampled_from(
    ["<", ">", "</", "/>", "=", '"', "'", " ", "&", ";", "a", "p", "svg", "script", "img", "onload",
     "href", "title", "path", "<p>", "</p>", "<svg>", "</svg>", "<script>", "javascript:", "\0", "!--"]
)  # fmt: skip


class Tags(HTMLParser):
    """A reader of its own, as lenient as browsers are."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found |= {tag, *(name for name, _ in attrs)}

    def handle_comment(self, data):
        self.found.add("comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


@given(st.lists(PIECES, max_size=14).map("".join))
def test_another_reader_finds_nothing_else_in_what_passes(text):
    if not mistakes(text):
        assert Tags(text).found <= HTML | SVG | {"href", "title"}


HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}<g></g></svg>",
        f"{HEAD}<style>text {{ fill: #123; }} @media (prefers-color-scheme: dark) {{ a {{}} }}</style></svg>\n",
    ],
)
def test_a_drawing_of_its_own_may_bring_its_look(text):
    assert drawing_mistakes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "<svg></svg>", "", "<p></p>", f"{HEAD}", f"x{HEAD}</svg>", f"{HEAD}</svg><p></p>",
        f"{HEAD}<style>@import 'x'</style></svg>", f"{HEAD}<style>a{{b:url(x)}}</style></svg>",
        f"{HEAD}<style>a{{b:u\\72l(x)}}</style></svg>", f"{HEAD}<style></style><style></style></svg>",
        f"{HEAD}<style>a{{background:image-set('x')}}</style></svg>", f"{HEAD}<script>1</script></svg>",
        f"<?xml version='1.0'?>{HEAD}</svg>", f"<!DOCTYPE svg>{HEAD}</svg>",
        '<svg xmlns="http://www.w3.org/1999/xhtml" viewBox="0 0 1 1"></svg>',
        f"{HEAD}<style>@font-face {{}}</style></svg>",
    ],
)  # fmt: skip
def test_a_drawing_names_no_address(text):
    assert drawing_mistakes(text) != []
