"""The words of a report: each shows what the tables say, or a mistake that names the reason."""

from __future__ import annotations

import pytest
from tests.site.tables_of import digest, run_id
from tests.site_reports.labs import lab, mistakes, rendered, shown, site_of

from labrec.record.records_csv import Used
from labrec.site.reports.figures import FIGURES
from labrec.site.reports.vocabulary import ALL, WORDS

RUN = run_id(4)
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return site_of(tmp_path_factory.mktemp("tables"))


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (f'run("{RUN}")', "2_from_1_deep"),
        (f'run("{RUN[:13]}").status', "complete"),
        (f'run("{RUN}").id', RUN),
        ('run("6_from_3_huge").status', "failed"),
        (f'run("{RUN}").metrics.loss', f"2.2{NBSP}nat"),
        (f'run("{RUN}").metrics["loss"](digits=1, unit=false)', "2"),
        (f'run("{RUN}").features.model.depth', "4"),
        (f'run("{RUN}").features["model.depth"]', "4"),
        (f'run("{RUN}").digest', digest("lm record 4")),
        (f'run("{RUN}").citation', f"lm/{RUN}@{digest('lm record 4')}"),
        ('experiment("2_from_1_deep")', "2_from_1_deep"),
        ('experiment("2_from_1_deep").runs', "3 runs"),
        (
            'experiment("2_from_1_deep").metrics.loss',
            f"2.200{NBSP}nat (95{NBSP}% interval 2.170 to 2.230)",
        ),
        ('experiment("2_from_1_deep").metrics.loss.mean(digits=2)', f"2.2{NBSP}nat"),
        ('experiment("2_from_1_deep").metrics.loss.n', "3"),
        (
            'contrast("2_from_1_deep", metric="loss")',
            f"−0.300{NBSP}nat (95{NBSP}% interval −0.340 to −0.260): better",
        ),
        ('contrast("2_from_1_deep").p', "p = 0.002"),
        ('contrast("2_from_1_deep").parent', "1_base"),
        ('hypothesis("deeper")', "deeper"),
        ('hypothesis("deeper").verdict', "supported"),
        ('hypothesis("deeper").claim', "Deeper is better."),
        ('hypothesis("deeper").sentence', "Supported: by 0.3 nat."),
        ("project()", "lm"),
        ("project().runs", "17 runs"),
        ("project().experiments", "7 experiments"),
    ],
)
def test_a_word_shows_what_the_tables_say(site, reference, text):
    assert shown(site, f"x {{{{ {reference} }}}} y") == f"x {text} y"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ('runs("a")', "'runs' is no word; there are contrast, dataset, experiment, figure"),
        ('run("1_base")', "there is more than one run '1_base' in project lm"),
        ('run("nope")', "there is no run 'nope' in project lm"),
        ("run(1)", "run takes one text"),
        ('run("a", "b")', "run takes one text"),
        ('run("a", x="b")', "takes no x"),
        (f'run("{RUN}").metrics', "is written .metrics.NAME"),
        (f'run("{RUN}").metrics.acc', "has no metric 'acc'; there is 'loss'"),
        (f'run("{RUN}").metrics.loss(digits=0)', "from 1 to 15"),
        (f'run("{RUN}").metrics.loss(digits=true)', "from 1 to 15"),
        (f'run("{RUN}").metrics.loss(size=3)', "takes no size; it takes digits, unit"),
        (f'run("{RUN}").metrics.loss(unit="x")', "unit is true or false"),
        (f'run("{RUN}").features.lr', "has no feature 'lr'"),
        (f'run("{RUN}").__class__', "a run has no field '__class__'; it has accelerator, author"),
        (f'run("{RUN}").name.upper', "a run has no field 'name'"),
        (f'run("{RUN}").outcome', "it has no such value"),
        ('experiment("x")', "there is no experiment 'x' in project lm; there are '1_base', "),
        ('experiment("1_base").metrics.acc', "has no metric 'acc'; it has 'loss'"),
        ('experiment("1_base").metrics.loss.median', "has no field 'median'; it has high, low"),
        ('contrast("1_base")', "there is no contrast of '1_base' like that"),
        ('contrast("2_from_1_deep", metric="acc")', "no contrast of '2_from_1_deep' like that"),
        ('hypothesis("x")', "no hypothesis 'x' is registered in project lm; there are 'deeper'"),
        ('hypothesis("old")', "there is no registration of 'old' that counts"),
        ('hypothesis("deeper").estimate', "has no estimate yet"),
        ('dataset("corpus")', "there is no dataset version 'corpus' in project lm"),
        ('project("lm")', "project takes no argument"),
        ('figure("pie")', "there is no figure 'pie'; there are"),
        ('figure("progress", metric="acc")', "'acc' is no key metric of project lm"),
        ('figure("progress", colour="red")', "takes no colour; it takes metric"),
        ('figure("curves", run="a")', "figure curves needs metric"),
        ('table("nope")', "there is no table 'nope' for reports; there are runs, experiments"),
        ('table("series")', "there is no table 'series' for reports"),
        ('table("runs", nope="a")', "table runs has no column 'nope'; it has project, run_id"),
        ('table("runs", status="odd")', "table runs has no row with status='odd'"),
        ('table("runs", columns=["nope"])', "has no column 'nope'"),
        ('table("runs", columns=["name", "name"])', "one column twice"),
        ('table("runs", notes="a")', "column notes holds integer"),
        ('table("runs", sort="nope")', "to sort by"),
        ('table("runs", limit=1000)', "limit is a whole number from 1 to 200"),
        ('table("cells", design="nope")', "there is no design 'nope' in project lm"),
    ],
)
def test_what_is_not_there_is_told_with_its_line(site, reference, reason):
    text = f"# A\n\nbelow\n\n{{{{ {reference} }}}}\n"
    (told,) = mistakes(site.having(type(site.library)({"report": text.encode()})))
    assert reason in told.reason
    assert (told.path, told.line) == ("site/reports/report.md", 5)


def test_everything_that_is_shown_is_remembered(tmp_path):
    article = rendered(site_of(tmp_path, report='{{ hypothesis("deeper").verdict }}'))
    assert article.used == (
        Used("registration", "lm", "deeper", digest("lm deeper"), "current"),
        Used("run", "lm", RUN, digest("lm record 4"), "counts"),
    )
    article = rendered(site_of(tmp_path, report='{{ experiment("1_base").metrics.loss }}'))
    assert [one.digest for one in article.used] == [digest(f"lm record {n}") for n in (1, 2, 3)]
    article = rendered(site_of(tmp_path, report='{{ table("cells", design="1_base 3 factors") }}'))
    assert [one.digest for one in article.used] == [digest("lm record 1")]
    article = rendered(site_of(tmp_path, report='{{ contrast("2_from_1_deep").estimate }}'))
    assert len(article.used) == 6


def test_a_table_shows_the_rows_and_columns_that_were_asked_for(site):
    text = (
        '{{ table("experiments", metric="loss", columns=["name", "mean"], sort="-mean", limit=2, '
        'title="Worst first") }}'
    )
    article = rendered(site.having(type(site.library)({"report": text.encode()})))
    (block,) = article.blocks
    assert block.table is not None
    assert (block.name, block.title) == ("1-experiments", "Worst first")
    assert [[cell.text for cell in row] for row in block.table.rows] == [
        ["1_base", "2.5"], ["4_from_2_wide", "2.4"],
    ]  # fmt: skip
    assert block.table.heads == (("name", "", False), ("mean", "nat", True))
    assert block.data.count(b"\r\n") == 1 + 5
    assert "The first 2 of 5 rows." in article.fragment


def test_an_amended_claim_is_shown_by_the_registration_that_counts(tmp_path):
    tables = lab()
    for row in tables.rows["evidence"]:
        row["hypothesis"] = "deeper"
    tables.add("evidence", hypothesis="deeper", registration=digest("another"),
               experiment=digest("lm 1_base"), kind="confirmatory", name="1_base")  # fmt: skip
    article = rendered(
        site_of(tmp_path, tables, report='{{ table("evidence", hypothesis="deeper") }}')
    )
    (block,) = article.blocks
    assert block.table is not None
    assert block.table.total == 1


def test_the_vocabulary_is_closed_and_in_the_manual():
    from pathlib import Path

    manual = (Path(__file__).parents[2] / "docs/reports.md").read_text("utf-8")
    assert set(ALL) == {*WORDS, "figure", "table"}
    for word in ALL:
        assert f"`{word}(" in manual
    for figure, kind in FIGURES.items():
        assert f'`figure("{figure}"' in manual
        assert all(f"`{argument}`" in manual for argument in kind.takes), figure
