"""Every command by name: where it is and what it does, so that help imports none of them."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One command that is imported when it is called.

    Attributes:
        module: Module of ``labrec.cli`` that holds it as ``command``.
        summary: What it does, one line of the overview.
    """

    module: str
    summary: str


COMMANDS: dict[str, Row] = {
    "init": Row("init", "Make a lab in a folder or a git repository."),
    "run": Row("run", "Run a program and record it."),
    "hypothesis": Row("hypothesis", "Write down a claim before the runs that decide it."),
    "metric": Row("metric", "Say what a metric means."),
    "dataset": Row("dataset", "Fix which samples a dataset has, and see what two share."),
    "note": Row("note", "Say something about what is recorded: comment, correct, retract."),
    "log": Row("log", "List runs, newest first."),
    "show": Row("show", "Show one run."),
    "get": Row("get", "Get an artifact or another stored file of a run."),
    "dag": Row("dag", "Show how experiments derive from one another."),
    "features": Row("features", "Show what was varied, and which ancestor set it."),
    "merge": Row("merge", "Plan a run that has what two lines of work found."),
    "diff": Row("diff", "Show what differs between two runs."),
    "analyze": Row("analyze", "Make tables of all runs, with the statistics on them."),
    "findings": Row("findings", "Say what was found, how sure it is, and what would tell more."),
    "site": Row("site", "Build the lab's site, or look at it."),
    "report": Row("report_", "Write a report with live numbers, and freeze it for ever."),
    "hardware": Row("hardware", "Say whether the hardware changed what was measured."),
    "cite": Row("cite", "Say how a run, a project or the lab is cited."),
    "query": Row("query", "Ask the tables in SQL."),
    "why": Row("why", "Say why a hypothesis has its verdict, or why a run counts."),
    "attribute": Row("attribute", "Say what each factor of a design does."),
    "verify": Row("verify", "Prove that the lab's bytes are what their names say."),
    "check": Row("check", "Check that merging a commit only adds honest records."),
    "land": Row("land", "Merge this clone's records into the base branch."),
    "import": Row("import_", "Bring in results that another tool recorded."),
    "recover": Row("recover", "Record runs that were cut off."),
    "discard": Row("discard", "Throw away a run that was not recorded."),
    "schema": Row("schema", "Write or check the published JSON Schemas."),
    "doctor": Row("doctor", "Say what works on this machine."),
    "completion": Row("completion", "Print the completion script of a shell."),
}
