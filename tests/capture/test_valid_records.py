"""Whatever a user writes into a run, its record follows the format, and comes out the same twice."""

from __future__ import annotations

import pytest

from labrec.capture.assembly.assemble import assemble
from labrec.capture.plan import Ending
from labrec.capture.session import Session
from labrec.capture.spool.reader import SpoolReader
from labrec.record.codec import encode
from labrec.record.reader import read_record

from .conftest import make_plan

HOSTILE = (
    "",
    "two\nlines",
    "\x1b[2Jcontrol",
    "x" * 5000,
    "\u2028",
    "non\uffffcharacter",
    "\udcff",
    "\0",
)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_record_is_valid_whatever_a_text_holds(root, text):
    plan = make_plan(
        tags=(text, "fine"), intent=text, cell=text,
        author={"name": text, "source": "git"}, features={text: text}, argv=("x", text),
        parents=({"by": "option", "name": f"p{text}", "run_id": None, "config_digest": None},),
    )  # fmt: skip
    session = Session.start(root, plan)
    session.log_metric(f"m{text}", 1.0, 0, unit=text)
    session.log_artifact(b"bytes", f"a{text}", media_type=text)
    session.log_dataset(text, role=text, version=text, digest=text)
    session.remark("skipped", text, text)
    session.finish(Ending("complete", reason=text, outcome=text, exit_code=0))
    session.close()
    with SpoolReader(session.path) as reader:
        once, twice = assemble(reader), assemble(reader)
    record = read_record(encode(once.record))
    assert "fine" in record.identity.tags
    assert encode(once.record) == encode(twice.record)
