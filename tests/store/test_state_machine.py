"""The store against a perfect model: a set of documents for each of two clones.

Whatever is committed, landed, squashed, amended, fetched, collected or reopened, in any order, a
view holds exactly the documents that the model holds, its id is a function of that set alone, and
verification finds nothing but the forks that the model knows.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.store.labs import Doc, GitLab, artifact, object_doc, run_doc

from labrec.errors import IntegrityError
from labrec.gitio.objects import MODE_FILE, MODE_TREE, TreeEntry, format_tree, object_id
from labrec.record import layout
from labrec.store.commits import Addition
from labrec.store.lab import Lab
from labrec.store.land import land
from labrec.store.verify import verify

EDITABLE = {
    "records/.gitattributes": b"** -text -filter -ident\n",
    "records/mnist/project.yaml": b"key_metrics: [loss]\n",
}
TOML = b'lab_id = "' + b"0" * 32 + b'"\nbase = "main"\n'
# A record ref carries the code of the base it started from; after a rewrite that can conflict.
MERGE = ["--no-edit", "-X", "ours", "--allow-unrelated-histories"]
WEIGHTS = [b"", b"one", b"two " * 2000]


@cache
def template() -> Path:
    """Two clones of a lab without records, made once and copied for every example."""
    folder = Path(tempfile.mkdtemp(prefix="labrec-state-"))
    ours = GitLab(folder / "ours")
    ours.path.mkdir()
    ours.git("init", "-q", "-b", "main")
    ours.commit("refs/heads/main", {"labrec.toml": TOML, **EDITABLE})
    ours.git("reset", "-q", "--hard")
    ours.git("clone", "-q", str(ours.path), str(folder / "theirs"))
    return folder


def tree_id(files: dict[str, bytes]) -> str:
    """Return the id git gives a directory that holds these files."""
    below: dict[str, dict[str, bytes]] = {}
    rows = []
    for path, data in files.items():
        first, slash, rest = path.partition("/")
        if slash:
            below.setdefault(first, {})[rest] = data
        else:
            rows.append(TreeEntry(first, MODE_FILE, object_id("blob", data)))
    rows += [TreeEntry(name, MODE_TREE, tree_id(inner)) for name, inner in below.items()]
    return object_id("tree", format_tree(rows))


class Clone:
    """A clone on disk, and what the model says it holds."""

    def __init__(self, path: Path) -> None:
        self.git = GitLab(path)
        self.lab = Lab.open(path, environ={})
        self.documents: dict[str, bytes] = {}
        self.own: dict[str, bytes] = {}

    def commit(self, *docs: Doc) -> int:
        additions = [Addition(doc.path, doc.data) for doc in docs]
        receipt = self.lab.commit(additions, "run(mnist): a complete", {})
        for doc in docs:
            self.documents[doc.path] = doc.data
            self.own[doc.path] = doc.data
        return receipt.added

    def forks(self) -> int:
        runs = [p.id for p in map(layout.parse_path, self.documents) if p.kind == "run"]
        return len(runs) - len(set(runs))


class Store(RuleBasedStateMachine):
    """Two people and git."""

    @initialize()
    def clone(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="labrec-state-"))
        shutil.copytree(template(), self.folder, dirs_exist_ok=True, symlinks=True)
        self.ours = Clone(self.folder / "ours")
        self.theirs = Clone(self.folder / "theirs")
        self.theirs.git.git("remote", "set-url", "origin", str(self.ours.git.path))
        self.count = 0
        self.landed: dict[str, bytes] = {}

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.ours.lab.close()
            self.theirs.lab.close()
            shutil.rmtree(self.folder)

    def name(self) -> str:
        self.count += 1
        return f"run {self.count}"

    def who(self, mine: bool) -> Clone:
        return self.ours if mine else self.theirs

    # -- recording

    @rule(mine=st.booleans(), number=st.integers(1, 3), weights=st.sampled_from(WEIGHTS))
    def commit(self, mine: bool, number: int, weights: bytes) -> None:
        docs = [run_doc(name=self.name(), artifacts=artifact(weights)) for _ in range(number)]
        stored = object_doc(weights)
        # Objects are deduplicated against the record ref alone, so that it carries all it needs.
        assert self.who(mine).commit(*docs, stored) in (number, number + 1)

    @rule(mine=st.booleans(), data=st.data())
    def commit_again(self, mine: bool, data: st.DataObject) -> None:
        clone = self.who(mine)
        if clone.own:
            path = data.draw(st.sampled_from(sorted(clone.own)))
            assert clone.commit(Doc(path, clone.own[path])) == 0

    @rule(mine=st.booleans(), data=st.data())
    def commit_other_bytes(self, mine: bool, data: st.DataObject) -> None:
        clone = self.who(mine)
        if clone.own:
            path = data.draw(st.sampled_from(sorted(clone.own)))
            with pytest.raises(IntegrityError):
                clone.lab.commit([Addition(path, b"other bytes")], "x", {})

    @rule(data=st.data())
    def finish_elsewhere(self, data: st.DataObject) -> None:
        """The other clone records a run that we recorded too, and we fetch it: a fork."""
        runs = [path for path in self.ours.own if layout.parse_path(path).kind == "run"]
        if runs:
            run_id = layout.parse_path(data.draw(st.sampled_from(sorted(runs)))).id
            self.theirs.commit(run_doc(name=self.name(), run_id=run_id))
            self.fetch_theirs()
            self.verify(mine=True, incremental=self.count % 2 == 0, history=False)

    # -- sharing

    @rule()
    def fetch_theirs(self) -> None:
        refs = "+refs/labrec/records/*:refs/labrec/records/*"
        self.ours.git.git("fetch", "-q", str(self.theirs.git.path), refs)
        self.ours.documents |= self.theirs.own

    @rule()
    def they_pull(self) -> None:
        self.theirs.git.git("fetch", "-q", "origin")
        self.theirs.git.git("reset", "-q", "--hard", "origin/main")
        self.theirs.documents |= self.landed

    # -- what people do with the base

    def to_main(self) -> GitLab:
        self.ours.git.git("checkout", "-q", "main")
        return self.ours.git

    def record_refs(self) -> list[str]:
        listed = self.ours.git.git("for-each-ref", "--format=%(refname)", "refs/labrec/records/")
        return listed.split()

    @rule()
    def land(self) -> None:
        """Our own records alone, by the command made for it."""
        self.to_main()
        assert land(self.ours.lab)
        self.landed |= self.ours.own

    @rule(fast_forward=st.booleans())
    def merge(self, fast_forward: bool) -> None:
        git = self.to_main()
        for ref in self.record_refs():
            git.git(
                "merge", "-q", *MERGE, *(["-m", "m", "--no-ff"] if not fast_forward else []), ref
            )
        self.landed |= self.ours.documents

    @rule()
    def squash(self) -> None:
        git = self.to_main()
        for ref in self.record_refs():
            git.git("merge", "-q", *MERGE, "--squash", ref)
            git.git("commit", "-q", "--allow-empty", "-m", "squashed")
        self.landed |= self.ours.documents

    @rule()
    def write_code(self) -> None:
        git = self.to_main()
        (git.path / "code.py").write_text(f"print({self.name()!r})\n")
        git.git("add", "code.py")
        git.git("commit", "-q", "-m", "code")

    @rule()
    def rewrite_the_base(self) -> None:
        """Replace all history of the base by one commit of the same files."""
        git = self.to_main()
        new = git.git("commit-tree", "-m", "all of it", "HEAD^{tree}")
        git.git("reset", "-q", "--hard", new)

    @rule()
    def work_on_a_branch(self) -> None:
        git = self.ours.git
        git.git("checkout", "-q", "-B", "feature", "main")
        (git.path / "feature.py").write_text(f"print({self.name()!r})\n")
        git.git("add", "feature.py")
        git.git("commit", "-q", "-m", "feature")

    # -- what git does with its files

    @rule(
        mine=st.booleans(), how=st.sampled_from(["gc --prune=now", "repack -ad", "pack-refs --all"])
    )
    def maintain(self, mine: bool, how: str) -> None:
        self.who(mine).git.git(*how.split(), *(["-q"] if "refs" not in how else []))

    # -- looking

    @rule(mine=st.booleans())
    def reopen(self, mine: bool) -> None:
        clone = self.who(mine)
        clone.lab.close()
        clone.lab = Lab.open(clone.git.path, environ={})

    @rule(mine=st.booleans(), incremental=st.booleans(), history=st.booleans())
    def verify(self, mine: bool, incremental: bool, history: bool) -> None:
        clone = self.who(mine)
        report = verify(clone.lab, incremental=incremental, history=history)
        if clone.forks():
            assert {finding.kind for finding in report.findings} == {"fork"}
            assert report.exit_code == 16
        else:
            assert report.findings == ()

    @precondition(lambda self: hasattr(self, "ours"))
    @invariant()
    def every_view_holds_what_the_model_holds(self) -> None:
        for clone in (self.ours, self.theirs):
            view = clone.lab.view()
            found = {path: view.read(path) for path, _ in view.files() if path not in EDITABLE}
            assert found == clone.documents
            everything = {**clone.documents, **EDITABLE}
            expected = tree_id(
                {path.removeprefix("records/"): data for path, data in everything.items()}
            )
            assert view.id == expected
            assert view.conflicts == ()
            assert sum(map(len, view.forks().values())) - len(view.forks()) == clone.forks()


def test_the_store_is_the_model() -> None:
    run_state_machine_as_test(
        Store,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
