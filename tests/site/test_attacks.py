"""What somebody could write into a lab to harm those who read its site: each attack is refused."""

from __future__ import annotations

import pytest

from labrec.errors import InvalidError
from labrec.site import front_matter, shell
from labrec.site.settings import SiteSettings
from labrec.site.sources import Sources

RUNS = "<script>window.ran = 1</script>"
HEADS = (
    f"---\nsubtitle: {RUNS}\n---\n",
    f"---\nstatus: '\">{RUNS}'\n---\n",
    f"---\ntitle: '{RUNS}'\n---\n",
    f"---\ndescription: '\">{RUNS}'\n---\n",
    f"---\nauthor: '\">{RUNS}'\nicon: ../../../etc/passwd\n---\n",
    "---\ntemplate: redirect.html\nlocation: https://example.org/\n---\n",
    f"\ufeff---\r\nsubtitle: {RUNS}\r\n---\r\n",
    f"subtitle: {RUNS}\nstatus: x\n\n",
    f"---\n- a list\n---\nsubtitle: {RUNS}\n\n",
    '---\n!!python/object/apply:os.system ["false"]\n---\n',
)


def test_what_a_page_says_of_itself_is_text_on_every_page() -> None:
    pages = {f"p{number}.md": head.encode() for number, head in enumerate(HEADS[:6])}
    plain = shell.render(SiteSettings("A lab"), Sources({"index.md": b"# Hi\n"}))
    found = shell.render(SiteSettings("A lab"), Sources({"index.md": b"# Hi\n", **pages}))
    scripts = [name for name in found.files if name.endswith(".js")]
    assert scripts == [name for name in plain.files if name.endswith(".js")]
    for path, text in [
        *((kind, "".join(one.parts)) for kind, one in found.kinds.items()),
        *((path, data.decode()) for path, data in found.files.items() if path.endswith(".html")),
    ]:
        assert RUNS not in text, path
        assert "example.org" not in text, path
    assert "&lt;script&gt;window.ran" in found.files["p2.html"].decode()


@pytest.mark.parametrize("head", HEADS)
def test_the_theme_is_told_only_what_is_known(head: str) -> None:
    found, text = front_matter.split(head.encode().decode("utf-8-sig") + "# Hi\n")
    again, _ = front_matter.split(front_matter.join(found._replace(title="mark"), text))
    assert again.title == "mark"
    written = front_matter.join(front_matter.Head(), text).splitlines()
    assert written[:3] == ["---", "hide: []", "---"]  # so that nothing below is read as a head


def test_a_head_says_a_title_and_what_it_hides() -> None:
    page = "---\ntitle: One\ndescription: Two\nhide: [toc, body]\ntags: [x]\n---\ntext\n"
    assert front_matter.split(page) == (front_matter.Head("One", ("toc",)), "text\n")


def test_a_page_that_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(InvalidError, match=r"site/x\.md is no text in UTF-8"):
        shell.render(SiteSettings("A lab"), Sources({"x.md": b"\xff\xfe"}))


PAGES = (
    '<p a=="><img src=x onerror="window.ran = 1">">x</p>',
    '<details a=\u00a0"><img src=x onerror="window.ran = 1">"><summary>x</summary></details>',
    '<div id="__config">{"base": "https://example.org", "version": {"provider": "mike"}}</div>',
    "# Settings {#__config}",
    '<svg><rect mask="url(https://example.org/x.png)"/></svg>',
)


def test_a_page_that_a_browser_reads_in_another_way_than_labrec_is_refused() -> None:
    pages = {f"p{number}.md": text.encode() for number, text in enumerate(PAGES)}
    with pytest.raises(InvalidError, match="may not run or load anything") as caught:
        shell.render(SiteSettings("A lab"), Sources({"index.md": b"# Hi\n", **pages}))
    assert set(caught.value.paths) == {f"site/{name}" for name in pages}
