"""What the page of a run says of code, time, counterfactual cells and reasoning."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

from tests.site.labs import PROJECT, TELEMETRY, add, built, run, run_id
from tests.store.labs import lineage, object_doc

from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.store.labs import Doc, GitLab

PARENT = lineage(parents=[{"by": "name", "name": "1"}])
HOSTILE = "</pre><script>window.ran = 1</script>\u202e"


def code(files: Mapping[str, bytes], *, held: bool = True) -> tuple[dict[str, Any], list[Doc]]:
    """Return the code section of these files, and its objects."""
    entries = [
        {"path": path, "mode": "100644", "sha256": Digest.of(data).hex, "size": len(data)}
        for path, data in sorted(files.items())
    ]
    document = json.dumps({"files": entries, "schema": "labrec.code-manifest/1.0"}).encode()
    section = {
        "minor": 0, "kind": "manifest", "digest": str(Digest.of_value(entries)), "dirty": False,
        "manifest": {"sha256": Digest.of(document).hex, "size": len(document)},
        "files": len(files), "bytes": sum(map(len, files.values())),
    }  # fmt: skip
    held_docs = [object_doc(data) for data in files.values()] if held else []
    return section, [object_doc(document), *held_docs]


def page(folder: Path, number: int) -> str:
    return (folder / f"p/{PROJECT}/r/{run_id(number)}/index.html").read_text()


def text(html: str) -> str:
    """Return what an article says, tags taken out."""
    body = html[html.index("<article") : html.index("</article>")]
    body = re.sub(r"<(script|svg).*?</\1>", "", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


def pair_of(lab: GitLab, cache: Path, old: Any, new: Any, **given: Any) -> Path:
    """Build the site of a run and its child, with these codes."""
    (before, docs), (after, more) = old, new
    add(lab, [*run(1, "1_base", code=before), *docs])
    add(lab, [*run(2, "2_from_1", code=after, lineage=PARENT, **given), *more])
    built(lab, cache=cache)
    return lab.path / "build/labrec/site"


# --- code -------------------------------------------------------------------------------------


def test_code_stands_beside_the_parents_line_by_line(lab: GitLab, site_cache: Path) -> None:
    old = code({"train.py": b"a\nb\nc\n", "data.bin": b"\0x", "old.py": b"gone\n", "same": b"s"})
    new = code({"train.py": f"a\n{HOSTILE}\nc\n".encode(), "data.bin": b"\0y", "new.py": b"new\n",
                "same": b"s"})  # fmt: skip
    html = page(pair_of(lab, site_cache, old, new), 2)
    said = text(html)
    assert "4 files differ." in said
    assert "changed train.py" in said
    assert "-b +</pre><script>window.ran = 1</script>\\u202e c" in said
    assert "new new.py 4 B @@ -1 +1 @@ +new" in said
    assert "gone old.py 5 B @@ -1 +1 @@ -gone" in said
    assert re.search(r"changed data.bin 2 B, no text before [0-9a-f]{13}, now [0-9a-f]{13}", said)
    assert f"labrec diff {run_id(1)} {run_id(2)} --code" in said
    assert "<script>window" not in html
    assert "<ins>+&lt;/pre&gt;" in html


def test_equal_and_unknown_code_is_said_to_be(lab: GitLab, site_cache: Path) -> None:
    one = code({"train.py": b"a\n"})
    nothing = {"minor": 0, "kind": "none", "reason": "no repository"}, list[Any]()
    folder = pair_of(lab, site_cache, one, one)
    assert "Code: the same as its parent's." in text(page(folder, 2))
    add(lab, run(3, "3_from_1", code=nothing[0], lineage=PARENT))
    built(lab, cache=site_cache)
    assert "a run has no manifest" in text(page(folder, 3))


def test_a_long_difference_is_cut_and_one_without_bytes_named(
    lab: GitLab, site_cache: Path
) -> None:
    long = "".join(f"line {number}\n" for number in range(900))
    old = code({"long.txt": b"", "lost.txt": b"x\n", "wide.txt": b"\n"})
    new = code({"long.txt": long.encode(), "wide.txt": b"w" * 5000})
    lost = code({"long.txt": long.encode(), "lost.txt": b"y\n", "wide.txt": b"w" * 5000},
                held=False)  # fmt: skip
    html = page(pair_of(lab, site_cache, old, (lost[0], [*new[1], lost[1][0]])), 2)
    assert html.count("<ins>") == 60
    assert "841 more lines" in text(html)
    assert "lost.txt 2 B, the lab does not hold its bytes" in text(html)
    assert "w" * 161 not in html


def test_a_manifest_that_is_none_costs_its_own_section_alone(lab: GitLab, site_cache: Path) -> None:
    old = code({"a": b"a"})
    broken = b'{"files": [{"path": 3}], "schema": "labrec.code-manifest/1.0"}'
    section = old[0] | {
        "digest": str(Digest.of(b"other")),
        "manifest": {"sha256": Digest.of(broken).hex, "size": len(broken)},
    }
    said = text(page(pair_of(lab, site_cache, old, (section, [object_doc(broken)])), 2))
    assert "a run has no manifest" in said
    assert "Restore, rerun, verify" in said


# --- time -------------------------------------------------------------------------------------


def telemetry(rows: str, channels: Mapping[str, Any]) -> tuple[dict[str, Any], Doc]:
    """Return a telemetry section with its table."""
    data = gzip.compress(f"channel,time,min,mean,max,count\n{rows}".encode(), mtime=0)
    ref = {"sha256": Digest.of(data).hex, "size": len(data)}
    facts = {"sensor": "x", "method": "y", "interval_s": 1.0, "coverage": 1.0, "count": 9,
             "min": 0.0, "mean": 1.0, "max": 2.0}  # fmt: skip
    told = {name: facts | one for name, one in channels.items()}
    return TELEMETRY | {"object": ref, "channels": told}, object_doc(data)


def rows(name: str, values: Mapping[float, float]) -> str:
    return "".join(f"{name},{at:.6f},{v},{v},{v},1\n" for at, v in values.items())


def test_telemetry_and_metrics_share_an_axis_with_gaps_and_throttling(
    lab: GitLab, site_cache: Path
) -> None:
    held = {0.0: 0.0, 1.0: 0.0, 2.0: 8.0, 3.0: 9.0, 4.0: 0.0, 9.0: 0.0}
    busy = {0.0: 5.0, 1.0: 50.0, 2.0: 60.0, 3.0: 70.0, 4.0: 80.0, 9.0: 90.0}
    section, table = telemetry(
        rows("cgroup.throttled", held) + rows("cpu.busy", busy) + rows("process.memory", busy),
        {"cgroup.throttled": {"unit": "%"}, "cpu.busy": {"unit": "%"},
         "process.memory": {"unit": "B"}, "cpu.frequency": {"min": 0, "max": 0}},
    )  # fmt: skip
    add(lab, [table, *run(1, "1_base", metrics={"loss": [3.0, 2.0, 1.0]}, telemetry=section)])
    built(lab, cache=site_cache)
    folder = lab.path / "build/labrec/site"
    html = page(folder, 1)
    said = text(html)
    assert "loss, cpu.busy and process.memory over time" in said
    assert "It was throttled for 2.0 s (cgroup.throttled), shaded." in said
    assert "cpu.busy: 5 to 90 %, with 1 gap." in said
    assert 'class="lr-span"' in html
    copy = folder / f"p/{PROJECT}/r/{run_id(1)}/telemetry.csv.gz"
    assert copy.read_bytes() == table.data
    payload = json.loads(re.search(r'chart="timeline">(.*?)</script>', html)[1])  # type: ignore[index]
    assert [row for row in payload["points"] if row[0] == 2 and row[2] is None] == [
        [2, 6.5, None, 0]
    ]


def test_a_table_of_samples_that_is_none_is_no_figure(lab: GitLab, site_cache: Path) -> None:
    section, _ = telemetry("", {"cpu.busy": {"unit": "%"}})
    bomb = gzip.compress(b"x" * 30_000_000, mtime=0)
    for number, data in ((1, b"\x1f\x8b no gzip"), (2, bomb), (3, gzip.compress(b"\ncpu.busy,x"))):
        ref = {"sha256": Digest.of(data).hex, "size": len(data)}
        add(lab, [object_doc(data), *run(number, f"{number}", telemetry=section | {"object": ref})])
    built(lab, cache=site_cache)
    for number in (1, 2, 3):
        html = page(lab.path / "build/labrec/site", number)
        assert "lr-timeline" not in html
        assert "cpu.busy" in text(html)


# --- counterfactual cells, reasoning, commands --------------------------------------------------


def call(**given: Any) -> dict[str, Any]:
    cells = [
        {"on": on, "replicate": 0, "seed": "7", "duration_s": 0.5, "failed": None,
         "values": {"accuracy": 0.5, "loss": value, "per_class.cat": 0.25}}
        for on, value in (("11", 1.0), ("01", {"$float": "NaN"}), ("10", 1.5))
    ]  # fmt: skip
    cells.append({"on": "00", "replicate": 0, "seed": "7", "failed": HOSTILE[:20], "values": {}})
    return {
        "step": 1, "factors": [{"name": "norm", "kind": "item"}, {"name": "<b>", "kind": "item"}],
        "method": "factorial", "budget": 64, "orders": [], "cells": cells, "complete": True,
        "restored": "same",
    } | given  # fmt: skip


def test_every_counterfactual_cell_is_there(lab: GitLab, site_cache: Path) -> None:
    section = {"minor": 0, "calls": [call(), call(restored="differs", step=None)], "object": None}
    add(lab, run(1, "1_base", counterfactuals=section))
    built(lab, cache=site_cache)
    said = text(page(lab.path / "build/labrec/site", 1))
    assert "norm, <b> at step 1" in said
    assert "Measured again afterwards, it was as before." in said
    assert "Measured again afterwards, it was not as before." in said
    assert "norm <b> Seed loss accuracy Took ● on ● on 7 1 0.5 0.5 s" in said
    assert "○ off ● on 7 NaN 0.5 0.5 s" in said
    assert "○ off ○ off 7 ✗ </pre><script>window" in said
    assert "per_class norm <b> cat ● on ● on 0.25" in said


def test_reasoning_and_what_this_version_does_not_know_is_shown_as_text(
    lab: GitLab, site_cache: Path
) -> None:
    add(lab, run(
        1, "1_base",
        methodology={"minor": 0, "question": "Why <i>so</i>?", "self_critique": ["one", "two"],
                     "evidence": {"for": ["x"], "none": [], "deep": {"a": {"b": 1}}}},
        tomorrow={"minor": 3, "colour": HOSTILE, "empty": [[]]},
    ))  # fmt: skip
    report = built(lab, cache=site_cache)
    assert report.problems == 0
    said = text(page(lab.path / "build/labrec/site", 1))
    assert "Question Why <i>so</i>?" in said
    assert "Evidence deep: a: b: 1 for: • x none: Self-critique • one • two" in said
    assert "tomorrow a section that this version does not know colour </pre>" in said


def test_the_commands_quote_what_the_record_says(lab: GitLab, site_cache: Path) -> None:
    command = {"minor": 1, "argv": ["python", "a b.py", "$(x)"], "cwd": ".", "entry": None,
               "exit_code": 0, "signal": None, "options": ["--metrics", "m.json"]}  # fmt: skip
    add(lab, run(1, "1_base", command=command))
    built(lab, cache=site_cache)
    said = text(page(lab.path / "build/labrec/site", 1))
    wanted = f"labrec run --metrics m.json --reproduces {run_id(1)} -- python 'a b.py' '$(x)'"
    assert wanted in said
