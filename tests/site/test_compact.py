"""Templates lose white space that lays them out, and nothing that a browser shows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib import resources

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.site import compact
from labrec.site.compact import BLOCKS, VERBATIM, Compact, Place, compacted

TEMPLATES = sorted(
    item.name
    for item in resources.files("labrec.site").joinpath("templates").iterdir()
    if item.name.endswith(".html")
)
STYLES = resources.files("labrec.site").joinpath("assets")


class _Meaning(HTMLParser):
    """What a browser makes of a page: tags as they are, runs of white space as one space.

    Texts are `str`, tags are tuples.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str | tuple[object, ...]] = []
        self.verbatim = ""
        self.is_after_block = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, (tag, *attrs))
        self.verbatim = self.verbatim or (tag if tag in VERBATIM else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.verbatim:  # the text before it is whole
            self.verbatim, self.is_after_block = "", tag in BLOCKS
            self.found.append((f"/{tag}",))
        else:
            self._tag(tag, (f"/{tag}",))

    def handle_data(self, data: str) -> None:
        text = data if self.verbatim else re.sub(r"[ \t\n\r\f]+", " ", data)
        if self.is_after_block and not self.verbatim:
            text = text.lstrip(" ")
        if not text:
            return
        self.is_after_block = False
        if self.found and isinstance(self.found[-1], str):  # texts come in pieces
            text = str(self.found.pop()) + text
        self.found.append(text)

    def _tag(self, tag: str, told: tuple[object, ...]) -> None:
        self.is_after_block = tag in BLOCKS and not self.verbatim
        if self.is_after_block and self.found and isinstance(self.found[-1], str):
            rest = str(self.found.pop()).rstrip(" ")
            self.found += [rest] if rest else []
        self.found.append(told)


def meaning(html: str) -> list[str | tuple[object, ...]]:
    reader = _Meaning()
    reader.feed(html)
    reader.close()
    return reader.found


WORDS = st.sampled_from(["one", " two ", "a &lt; b", "\n", "\n   ", "  ", " \n\n ", "é", "it's"])
NAMES = st.sampled_from(["div", "p", "span", "li", "a", "td", "pre", "code", "textarea", "figure"])


@st.composite
def pages(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(WORDS)
    name = draw(NAMES)
    attributes = draw(st.sampled_from(["", ' class="x"', '\n  class="a  b"\n ', ' title="a\n b"']))
    if name == "textarea":
        inside = draw(WORDS)
    else:
        inside = "".join(draw(st.lists(pages(depth - 1), max_size=4)))
    return f"<{name}{attributes}>{inside}</{name}>"


@given(st.lists(pages(), max_size=5).map("".join), st.data())
def test_a_browser_shows_the_same_wherever_a_template_is_cut(
    page: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page)), max_size=6)))
    place = Place()
    out = []
    for start, end in zip([0, *cuts], [*cuts, len(page)], strict=True):
        # Jinja2 cuts at expressions, which stand in no name of a tag
        text, place = compacted(page[start:end], place)
        out.append(text)
    whole, _ = compacted(page, Place())
    assert meaning(whole) == meaning(page)
    if not any(re.search(r"</?[a-z]*$", page[:cut]) for cut in cuts):
        assert meaning("".join(out)) == meaning(page)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<p>a</p>\n\n  <p>b</p>\n", "<p>a</p><p>b</p>"),
        ("<b>a</b>\n  <i>b</i>", "<b>a</b>\n<i>b</i>"),
        ("<li>a</li>\n <li>b</li>", "<li>a</li>\n<li>b</li>"),
        ("<pre>\n a\n\n b\n</pre>\n", "<pre>\n a\n\n b\n</pre>"),
        ("<td>\n  a\n  b\n</td>", "<td>a\nb</td>"),
        ('<p title="a\n b"\n  class="c">', '<p title="a\n b"\n  class="c">'),
        ("a  b c", "a b c"),
        ("    <li>", " <li>"),
        ("<b>a</b> \t<i>b</i>", "<b>a</b> <i>b</i>"),
    ],
)
def test_what_goes_and_what_stays(text: str, left: str) -> None:
    assert compacted(text, Place())[0] == left


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_says_the_same(name: str) -> None:
    source = resources.files("labrec.site").joinpath("templates", name).read_text("utf-8")
    tokens = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).lex(source)
    place, before, after = Place(), "", ""
    is_inside = False
    for _, kind, value in tokens:
        if kind == "data":
            text, place = compacted(value, place)
            before, after = before + value, after + text
        elif kind == "variable_begin":
            is_inside = True
        elif kind == "variable_end" and is_inside:
            is_inside = False
            before, after = f"{before}x", f"{after}x"
    assert place == Place()  # every tag and every `pre` is closed where it was opened
    assert meaning(after) == meaning(before)
    assert len(after) <= len(before)


def test_texts_of_records_are_left_as_they_are() -> None:
    environment = jinja2.Environment(autoescape=True, extensions=[Compact])
    template = environment.from_string("<div>\n  <p>\n {{ text }}\n </p>\n</div>")
    text = "one\n\n  two <p>\n </p>\n"
    shown = "one\n\n  two &lt;p&gt;\n &lt;/p&gt;\n"
    assert template.render(text=text) == f"<div><p>{shown}</p></div>"


def test_our_styles_make_no_block_inline() -> None:
    names = "|".join(sorted(compact.BLOCKS))
    for item in STYLES.iterdir():
        if not item.name.endswith(".css"):
            continue
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", item.read_text("utf-8")):
            if re.search(r"display: inline(?:-block|-flex)?\b", body):
                last = re.split(r"[ >]+", selector.strip())[-1]
                assert not re.fullmatch(rf"(?:{names})(?:[.:\[].*)?", last), (item.name, selector)
