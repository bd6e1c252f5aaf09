"""Hostile text in a report, as Markdown and as values: it is shown as text, and nothing else."""

from __future__ import annotations

import html
import json
import re

import pytest
from tests.site.tables_of import digest, run_id
from tests.site_pages.labs import HOSTILE, Tables, hostile
from tests.site_reports.labs import lab, mistakes, rendered, site_of

from labrec.errors import InvalidError
from labrec.record import fragment
from labrec.site.reports.library import prove
from labrec.site.reports.render import render, render_all

MARKDOWN = (
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "<div style='position:fixed'>x</div>",
    "<svg onload=window.ran=1></svg>",
    "<!-- x --><script>1</script>",
    "text\n<script>window.ran=1</script>\ntext",
    "**bold** {: onclick=window.ran=1 }",
    "# head {: style='x' onload=1 #id }",
    "```html\n<script>window.ran=1</script>\n```",
    "``` { .py onclick=1 }\nx\n```",
    "    <script>indented</script>",
    "<b>x</b> <i onclick=1>y</i>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "a[^1]\n\n[^1]: <script>1</script> *x*",
    '!!! danger" onclick="1 "T<script>"\n    body',
    "Term\n:   <script>1</script>",
    "| <script>1</script> | b |\n| --- | --- |\n| <img src=x onerror=1> | ` | ` |",
    "\x02wzxhzdk:0\x03 \x02stx",
    "[TOC]\n\n# a <script>\n\n## b",
    "a\0b\x0b\x7f\x9f\u202e",
)


@pytest.mark.parametrize("text", MARKDOWN)
def test_hostile_markdown_becomes_a_fragment_that_runs_nothing(text, tmp_path):
    article = rendered(site_of(tmp_path, report=text))
    prove(article.fragment)
    for tag in re.findall(r"<([a-z0-9]+)", article.fragment):
        assert tag in fragment.HTML
    assert not re.search(r"\s(on[a-z]+|style)=", re.sub(r">[^<]*<", "><", article.fragment))


@pytest.mark.parametrize(
    "text",
    ["[x](javascript:window.ran=1)", "[x](JaVaScRiPt:1)", "[x](&#106;avascript:1)", "[x](data:text/html,1)",
     "[x](vbscript:1)", "[x](//example.org/)", "[x](../../../etc/passwd)", "[x](/etc/passwd)",
     "[x](java\tscript:1)", "<javascript:alert(1)>", "[x]\n\n[x]: javascript:window.ran=1",
     '<https://example.org/"onclick=1>'],
)  # fmt: skip
def test_a_link_leads_inside_or_says_where(text, tmp_path):
    site = site_of(tmp_path, report=f"\n\nsee {text}")
    article, wrong = render(site, site.library, "report")
    if article is not None:  # Markdown took it for text
        assert "<a" not in article.fragment
    else:
        assert ["a link leads to" in one.reason for one in wrong] == [True]
        assert wrong[0].line in {0, 3, 5}


def test_a_picture_is_a_part_of_the_page_or_a_mistake(tmp_path):
    article = rendered(site_of(tmp_path, report='![a "plot" <b>](../img/plot.png)'))
    assert re.search(r'<img alt="a &quot;plot&quot; &lt;b&gt;" src="data:image/png;base64,[^"]+">',
                     article.fragment)  # fmt: skip
    for text, reason in (
        ("![x](../img/none.png)", "there is no picture site/img/none.png"),
        ("![x](https://example.org/x.png)", "there is no picture"),
        ("![x](data:image/svg+xml;base64,AA)", "only PNG"),
        ("![x](../img/plot.svg)", "only PNG"),
        ("![x](../../secret.png)", "there is no picture"),
    ):
        (told,) = mistakes(site_of(tmp_path, report=f"a\n\n{text}"))
        assert reason in told.reason
        assert told.line == 3


def test_what_a_record_says_is_text_wherever_it_is_shown(tmp_path):
    tables = hostile()
    refs = []
    for at, text in enumerate(HOSTILE):
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        refs += [
            f"experiment({quoted})", f"experiment({quoted}).metrics[{quoted}]",
            f'run("{run_id(2 * at + 1)}")', f'run("{run_id(2 * at + 1)}").intent',
            f'run("{run_id(2 * at + 1)}").metrics[{quoted}]', f'hypothesis("odd-{at}").claim',
            f'hypothesis("odd-{at}").sentence',
        ]  # fmt: skip
    lines = [f"- *a* {{{{ {one} }}}} **b** `c` [d](../method.md)" for one in refs]
    blocks = ['{{ table("runs") }}', '{{ table("hypotheses") }}', '{{ figure("progress") }}',
              '{{ table("contrasts") }}', '{{ table("feature_changes") }}']  # fmt: skip
    heading = f'## {{{{ run("{run_id(1)}") }}}}'
    article = rendered(
        site_of(tmp_path, tables, report="\n\n".join(["\n".join(lines), *blocks, heading]))
    )
    prove(article.fragment)
    seen = html.unescape(re.sub(r"<[^>]*>", "", article.fragment))
    for text in HOSTILE:
        visible = text.replace("\u202e", "\\u202e").replace("\u2066", "\\u2066")
        assert visible in seen
    assert "{{ 7*7 }}" in seen
    outside = set(re.findall(r'href="([^"]*)"', article.fragment))
    assert all(one.startswith(("../../../p/lm", "../../../p/odd", "../../../method.html", "#r-"))
               for one in outside)  # fmt: skip


def test_every_payload_as_a_value_is_a_fragment(shared_data, tmp_path):
    lists = shared_data("conformance/xss_payloads/Intruder/xss-payload-list.txt")
    naughty = json.loads(shared_data("conformance/naughty_strings/blns.json").read_text("utf-8"))
    texts = [t for t in [*lists.read_text("utf-8", "replace").splitlines(), *naughty] if t.strip()]
    tables = Tables()
    tables.experiment("1_base", [1.0])
    for at, text in enumerate(texts):
        safe = text.encode("utf-8", "replace").decode()
        tables.add("runs", run_id=run_id(1000 + at), record_digest=digest(f"p{at}"), name=safe,
                   experiment=digest("x"), intent=safe, status="complete")  # fmt: skip
    refs = "\n\n".join(
        f'{{{{ run("{run_id(1000 + at)}") }}}} *x* {{{{ run("{run_id(1000 + at)}").intent }}}}'
        for at in range(min(900, len(texts)))
    )
    article = rendered(
        site_of(tmp_path, tables, report=f'{refs}\n\n{{{{ table("runs", limit=200) }}}}')
    )
    prove(article.fragment)
    assert set(re.findall(r"<([a-z0-9]+)", article.fragment)) <= {
        "p", "a", "em", "span", "div", "table", "caption", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip


def test_a_value_is_never_markdown(tmp_path):
    tables = Tables()
    tables.experiment("**bold** _x_ [a](b) `c` # d <b>", [1.0])
    name = "**bold** _x_ [a](b) `c` # d <b>"
    article = rendered(
        site_of(tmp_path, tables, report=f'x\n\n{{{{ experiment("{name}") }}}}\n===')
    )
    assert "<strong>" not in article.fragment
    assert "<code>" not in article.fragment
    assert "&lt;b&gt;" in article.fragment


def test_all_mistakes_of_all_reports_are_told_at_once(tmp_path):
    site = site_of(
        tmp_path,
        first='---\nproject: lm\n---\n{{ run("x") }}\n\n{{ run( }}\n\na {{ figure("progress") }} b\n',
        second="# T {{ project() }}\n\n![{{ project() }}](../img/plot.png)\n",
        third="---\nproject: nope\n---\n",
        fourth="---\nprojects: lm\n---\n",
        fifth=b"\xff\xfe",
        good="Fine.",
    )
    with pytest.raises(InvalidError) as caught:
        render_all(site, site.library)
    assert caught.value.message == "8 mistakes in reports"
    assert [line.partition(": ")[0] for line in caught.value.paths] == [
        "site/reports/fifth.md", "site/reports/first.md:4", "site/reports/first.md:6",
        "site/reports/first.md:8", "site/reports/fourth.md:1", "site/reports/second.md:1",
        "site/reports/second.md:3", "site/reports/third.md:1",
    ]  # fmt: skip
    assert caught.value.exit_code == 12


def test_html_is_shown_as_it_was_written(tmp_path):
    text = 'a <b>bold</b> <u class="x">one</u>\n\n<div>\nblock\n</div>\n'
    seen = rendered(site_of(tmp_path, report=text)).fragment
    assert "a &lt;b&gt;bold&lt;/b&gt; &lt;u class=&quot;x&quot;&gt;one&lt;/u&gt;" in seen
    assert "&lt;div&gt;" in seen


def test_code_shows_references_as_they_were_written(tmp_path):
    text = 'a `{{ run("x") }}` b\n\n```\n{{ run( }}\n```\n\n\\{{ c }}'
    seen = html.unescape(re.sub(r"<[^>]*>", "", rendered(site_of(tmp_path, report=text)).fragment))
    assert '{{ run("x") }}' in seen
    assert "{{ run( }}" in seen
    assert "{{ c }}" in seen


def test_the_title_is_said_or_the_first_heading(tmp_path):
    assert rendered(site_of(tmp_path, report="# A *b* &amp; c\n\ntext")).title == "A b & c"
    assert rendered(site_of(tmp_path, report="---\ntitle: T\n---\n# A\n")).title == "T"
    assert rendered(site_of(tmp_path, report="text")).title == "report"
    assert "<h2" not in rendered(site_of(tmp_path, report="# A\n\ntext")).fragment


def test_every_figure_is_a_fragment_whatever_the_records_say(tmp_path):
    from tests.site_pages.claims import claims, hostile_claims
    from tests.site_pages.factorials import designs, hostile_designs
    from tests.site_pages.held import held, hostile_held

    from labrec.site.reports import freezing
    from labrec.site.reports.figures import FIGURES

    drawn = set()
    labs = (lab(), claims(), hostile_claims(), designs(), hostile_designs(), held(), hostile_held())
    for at, made in enumerate(labs):
        rows = made.rows
        refs = ['figure("progress")'] if rows.get("experiments") else []
        slugs = {row["hypothesis"] for row in rows.get("hypotheses", ()) if row.get("current")}
        found = {row["design"] for row in rows.get("designs", ())}
        refs += [f'figure("{kind}", hypothesis="{slug}")' for slug in sorted(slugs)
                 for kind in ("difference", "waterfall", "history")]  # fmt: skip
        refs += [f'figure("{kind}", design="{design}")' for design in sorted(found)
                 for kind in ("attribution", "interactions")]  # fmt: skip
        refs += ['figure("luck")'] if rows.get("luck") else []
        refs += [
            f'figure("pareto", data={json.dumps(text, ensure_ascii=False)})'
            for text in {row.get("datasets", "") for row in rows.get("pareto", ())}
        ]
        refs += [f'figure("drift", experiment="{row["experiment"][7:]}")'
                 for row in rows.get("drift", ())]  # fmt: skip
        for ref in refs:
            site = site_of(tmp_path / str(at), made, report=f"{{{{ {ref} }}}}")
            article, wrong = render(site, site.library, "report")
            if article is None:
                assert "yet" in wrong[0].reason or "no " in wrong[0].reason, wrong
                continue
            drawn.add(ref.split('"')[1])
            prove(article.fragment)
            for block in article.blocks:
                assert block.figure is not None
                assert fragment.drawing_mistakes(freezing.alone(block.figure)) == []
                assert "<a " not in block.still
    assert drawn == set(FIGURES) - {"curves", "hardware"}  # which are drawn from real runs


def test_equal_inputs_give_equal_bytes(tmp_path):
    text = '{{ figure("progress") }}\n\n{{ table("runs") }}\n\n{{ hypothesis("deeper").sentence }}[^1]\n\n[^1]: x'
    one, two = (rendered(site_of(tmp_path / name, report=text)) for name in "ab")
    assert one.fragment == two.fragment
    assert one.inputs() == two.inputs()


def test_a_drawing_alone_brings_the_look_of_its_kind():
    from labrec.site.reports import look

    bars, lines = look.for_drawing("bars"), look.for_drawing("lines")
    assert re.search(r"\.lr-drawing rect\.lr-better \{ fill: #(?!000)[0-9a-f]{6}; \}", bars)
    assert "rect.lr-better" not in lines
    assert "svg .lr-grid {" in lines
    assert "var(" not in bars
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
    for kind in ("bars", "lines", "progress", "heatmap", "history", "front", "change"):
        alone = f"{head}<style>{look.for_drawing(kind)}</style></svg>"
        assert fragment.drawing_mistakes(alone) == []


def test_what_a_condition_changes_is_drawn(tmp_path):
    tables = lab()
    facts = {"condition": "threads", "metric": "loss", "unit": "nat", "direction": "minimize",
             "kind": "feature", "scale": "difference", "level": 0.95, "levels": ["1", "<b>"],
             "first": "1", "last": "<b>", "estimate": 0.1, "low": 0.05, "high": 0.15,
             "mean_first": 2.0, "mean_last": 2.1, "verdict": "effect", "sentence": "It does.",
             "margin": 0.2, "n": 3, "n_blocks": 3, "n_runs": 6}  # fmt: skip
    for scope in ("all", "pair"):
        tables.add("hardware_quality", **facts, scope=scope)
    text = '{{ figure("hardware", condition="threads", metric="loss") }}'
    prove(rendered(site_of(tmp_path, tables, report=text)).fragment)
    (told,) = mistakes(site_of(tmp_path, tables, report=text.replace("threads", "x")))
    assert "there is no comparison of 'loss' under 'x'" in told.reason


def test_fronts_luck_and_drift_are_drawn_as_on_their_pages(tmp_path):
    from tests.site_pages.held import held

    tables = held()
    for ref, told in (
        ('figure("luck", metric="loss")', "The band is what luck alone explains"),
        ('figure("luck")', "3_x is the best of 3 tries."),
        ('figure("pareto", x="rate", y="loss")', "surely on the front"),
        ('figure("pareto")', "surely on the front"),
        ('figure("drift", experiment="reference")', "dashed lines mark 1 change"),
        (
            f'figure("drift", experiment="0_x", metric="loss", machine="{digest("h")[7:15]}")',
            "no change",
        ),
    ):
        article = rendered(site_of(tmp_path, tables, report=f"{{{{ {ref} }}}}"))
        assert told in article.fragment, ref
        prove(article.fragment)
        assert article.used, ref


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ('figure("pareto", x="loss")', "give both, or neither"),
        ('figure("pareto", x="loss", y="loss")', "a front is of two metrics"),
        (
            'figure("pareto", x="loss", y="acc")',
            "the front has no metric 'acc'; there are 'loss', 'rate'",
        ),
        ('figure("pareto", data="x")', "there is no front of the data 'x'; there is ''"),
        ('figure("drift")', "figure drift needs experiment"),
        ('figure("drift", experiment="1_x")', "no series yet of '1_x'"),
        (
            'figure("drift", experiment="0_x", metric="acc")',
            "no metric in series of '0_x'; there is 'loss'",
        ),
        (
            'figure("drift", experiment="0_x", machine="ffffffff")',
            "no model of machine in series of '0_x'",
        ),
        ('figure("luck", metric="rate")', "no estimate yet of what luck explains of 'rate'"),
    ],
)
def test_what_is_no_front_luck_or_drift_is_said(tmp_path, ref, why):
    from tests.site_pages.held import held

    (told,) = mistakes(site_of(tmp_path, held(), report=f"{{{{ {ref} }}}}"))
    assert why in told.reason


def test_nothing_is_drawn_where_nothing_is_known(tmp_path):
    for ref in ('figure("pareto")', 'figure("luck")', 'figure("drift", experiment="1_base")'):
        (told,) = mistakes(site_of(tmp_path, lab(), report=f"{{{{ {ref} }}}}"))
        assert "yet" in told.reason
