"""References: what the grammar reads, what it refuses and where, and what Markdown is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.site.reports.parser import MOST, Mistake, Reference, Step, scan, without_comments


def one(text: str) -> Reference:
    (found,) = scan(text).found
    assert found.reference is not None, found.reason
    return found.reference


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ('{{ run("a") }}', Reference("run", ("a",))),
        ("{{run('a')}}", Reference("run", ("a",))),
        ('{{ run("a").metrics.loss }}', Reference("run", ("a",), {}, (Step("metrics"), Step("loss")))),
        (
            '{{ run("a").metrics["Val. loss"](digits=3, unit=false) }}',
            Reference(
                "run", ("a",), {},
                (Step("metrics"), Step("Val. loss", {"digits": 3, "unit": False}, is_key=True)),
            ),
        ),
        (
            '{{ table("runs", columns=["a", "b"], limit=5, n=-1.5e3, current=true,) }}',
            Reference("table", ("runs",),
                      {"columns": ("a", "b"), "limit": 5, "n": -1500.0, "current": True}),
        ),
        (r'{{ run("say \"a\" \\") }}', Reference("run", (r'say "a" \ '.strip(),))),
        ('{{ run("}}") }}', Reference("run", ("}}",))),
        ('{{ table("a",\n  limit=1) }}', Reference("table", ("a",), {"limit": 1})),
        ("{{ project() }}", Reference("project")),
    ],
)  # fmt: skip
def test_what_a_reference_says(text, reference):
    assert one(text) == reference


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ run }}", "run takes its arguments in parentheses"),
        ("{{ }}", "begins with a word"),
        ('{{ "a" }}', "begins with a word"),
        ('{{ run("a" }}', "end with )"),
        ('{{ run("a" "b") }}', "commas"),
        ("{{ run(a) }}", "text stands in quotes"),
        ('{{ run(x="a", "b") }}', "no name comes first"),
        ('{{ run(x="a", x="b") }}', "twice"),
        ('{{ run("a").("b") }}', "a field follows a dot"),
        ('{{ run("a")["b" }}', "brackets"),
        ('{{ run("a")[1] }}', "brackets"),
        ('{{ run("a") run("b") }}', "has no place here"),
        ('{{ run("a").metrics.loss(3) }}', "options of a field have names"),
        ('{{ run(["a", 1]) }}', "a list holds texts"),
        ("{{ run(\u201ca\u201d) }}", "is no quote here"),
        ('{{ run("a) }}', "not closed on its line"),
        ('{{ run("a") | upper }}', "no meaning"),
        ("{{ 7 * 7 }}", "no meaning"),
        ("{{ run.__class__ }}", "parentheses"),
        ('{{ run("a")', "never closed"),
        ("{{ " + "a" * 2000 + " }}", "longer than"),
        (r'{{ run("\x41") }}', "not closed"),
    ],
)
def test_what_breaks_the_grammar_says_why(text, reason):
    found, *_ = scan(f"one\ntwo {text}\nthree").found
    assert found.reference is None
    assert reason in found.reason
    assert found.line == 2


def test_markdown_sees_tokens_and_all_other_text():
    scanned = scan('a {{ run("*x*") }} b\n\n{{ figure("p") }}\n\\{{ kept }}\n')
    assert "{{ run" not in scanned.text
    assert scanned.text.split("\n")[3] == r"\{{ kept }}"
    assert [found.line for found in scanned.found] == [1, 3]
    assert scanned.token.findall(scanned.text) == ["0", "1"]
    assert scanned.mark.isalnum()


def test_comments_go_and_lines_stay():
    text = (
        "a\n<!-- {{ nope }}\nstill -->\nb <!-- c -->\n```\n<!-- code -->\n```\n<!-- last -->\nend\n"
    )
    left = without_comments(text)
    assert left.count("\n") == text.count("\n")
    assert left.splitlines() == [
        "a",
        "",
        "",
        "b <!-- c -->",
        "```",
        "<!-- code -->",
        "```",
        "",
        "end",
    ]
    assert scan("<!-- {{ a }} -->\n{{ run('x') }}").found[0].line == 2


def test_there_is_a_most():
    with pytest.raises(Mistake) as caught:
        scan('{{ run("a") }}\n' * (MOST + 1))
    assert caught.value.line == MOST + 1


@given(st.text(alphabet=st.sampled_from(list("{}()[]\"'\\,.=ab1 \n<!->`")), max_size=60))
def test_any_text_can_be_scanned_and_nothing_is_lost(text):
    scanned = scan(text)
    sources = [found.source for found in scanned.found]
    again = scanned.token.sub(lambda token: sources[int(token[1])], scanned.text)
    assert again == without_comments(text)
