"""Drafts count from the base commit; what is registered stays; only a wish amends it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import labrec
from labrec.errors import InvalidError, NotFoundError, SecretError, UsageError
from labrec.record.reader import read_document
from labrec.sdk.drafts import new_draft
from labrec.sdk.hypotheses import find_hypothesis, hypotheses, state_of
from labrec.sdk.registration import Request, register
from labrec.store.init import init
from labrec.store.lab import Lab
from labrec.store.land import land

SLUG = "wider"


def git(folder, *argv):
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *argv], cwd=folder, check=True, capture_output=True)


def edit(path, claim="Wider is better.", **fields):
    """Fill in a draft as a person would."""
    text = path.read_text()
    fields = {"claim": f'"{claim}"', **fields}
    for name, value in fields.items():
        text = re.sub(rf"^{name}: .*$", f"{name}: {value}", text, flags=re.MULTILINE)
    path.write_text(text.replace('name: ""', "name: loss"))


def commit(folder):
    git(folder, "add", "records")
    git(folder, "commit", "-q", "-m", "Draft")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    init(tmp_path / "lab")
    monkeypatch.chdir(tmp_path / "lab")
    return tmp_path / "lab"


@pytest.fixture
def lab(folder):
    with Lab.open(folder) as found:
        yield found


@pytest.fixture
def path(lab, folder):
    """A draft that is filled in and committed."""
    path = new_draft(lab, "lm", SLUG)
    edit(path)
    commit(folder)
    return path


def ask(lab, **given):
    return register(lab, Request(SLUG, author="Ada Example", **given))


def documents(lab, slug=SLUG):
    view = lab.view()
    found = find_hypothesis(view, slug)
    return [read_document(one.path, view.read(one.path)) for one in found.versions]


def test_a_draft_as_it_is_written_lacks_a_claim_and_a_metric(lab, folder):
    path = new_draft(lab, "lm", SLUG)
    assert path == folder / "records/lm/hypotheses/wider.yaml"
    commit(folder)
    with pytest.raises(
        InvalidError, match=r"2 mistakes: claim: .*primary_metrics\.0\.name: "
    ) as told:
        ask(lab)
    assert "docs/hypotheses.md" in told.value.hint
    assert documents(lab) == []


def test_nothing_is_overwritten_and_no_link_is_followed(lab, folder, tmp_path, path):
    with pytest.raises(UsageError, match="is there already"):
        new_draft(lab, "lm", SLUG)
    assert "Wider is better" in path.read_text()
    (tmp_path / "away").mkdir()
    (folder / "records/other").symlink_to(tmp_path / "away")
    with pytest.raises(labrec.errors.UnsafeError, match="is a link"):
        new_draft(lab, "other", SLUG)
    (folder / "records/lm/hypotheses/dangling.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(labrec.errors.UnsafeError, match="is a link"):
        new_draft(lab, "lm", "dangling")
    assert list((tmp_path / "away").iterdir()) == []


def test_registering_twice_changes_nothing(lab, path):
    first = ask(lab)
    assert (first.project, first.known, first.amends) == ("lm", False, None)
    tip = lab.git.read_ref(lab.record_ref.name)
    again = ask(lab)
    assert again.known
    assert again.digest == first.digest
    # who asks and whether an amendment would be right makes no difference to an equal claim
    assert register(lab, Request(SLUG, author="Bob", amend=True)).digest == first.digest
    assert lab.git.read_ref(lab.record_ref.name) == tip
    (document,) = documents(lab)
    assert document.claim == "Wider is better."
    assert document.author.model_dump() == {"name": "Ada Example", "source": "option"}


def test_the_draft_counts_as_it_is_committed(lab, folder, path):
    edit(path, "Wider is worse.")
    with pytest.raises(UsageError, match=r"differs from the one in \w+ \(HEAD main\)") as told:
        ask(lab)
    assert "--file" in told.value.hint
    path.unlink()  # the worktree need not hold it
    assert ask(lab).known is False
    assert documents(lab)[0].claim == "Wider is better."


def test_a_draft_that_no_commit_holds_is_refused_or_given_as_a_file(lab, folder):
    path = new_draft(lab, "lab", SLUG)
    edit(path, "From a file.")
    with pytest.raises(NotFoundError, match="no draft of wider") as told:
        ask(lab)
    assert "Commit records/lab/hypotheses/wider.yaml" in told.value.hint
    found = ask(lab, file=path, project="lm")
    assert found.project == "lm"
    assert documents(lab)[0].claim == "From a file."
    with pytest.raises(NotFoundError) as told:
        register(lab, Request("nothing"))
    assert "hypothesis new nothing" in told.value.hint
    with pytest.raises(UsageError, match="cannot be read"):
        ask(lab, file=Path("nowhere.yaml"))


def test_a_changed_claim_amends_only_when_asked(lab, folder, path):
    with pytest.raises(UsageError, match="nothing is registered"):
        ask(lab, amend=True)
    first = ask(lab)
    edit(path, "Wider is better by far.", alpha="0.01")
    commit(folder)
    view = lab.view()
    assert state_of(view, find_hypothesis(view, SLUG)) == "changed"
    with pytest.raises(UsageError, match="registered with another claim") as told:
        ask(lab)
    assert "--amend" in told.value.hint
    second = ask(lab, amend=True)
    assert second.amends == str(first.digest)
    assert ask(lab).known
    third_claim = "Wider is better."  # back to the first: a third registration, not the first again
    edit(path, third_claim, alpha="0.05")
    commit(folder)
    third = ask(lab, amend=True)
    assert third.amends == str(second.digest)
    view = lab.view()
    found = find_hypothesis(view, SLUG)
    assert [one.digest for one in found.versions] == [first.digest, second.digest, third.digest]
    assert [one.digest for one in found.current] == [third.digest]
    assert state_of(view, found) == "registered"


def test_a_run_is_linked_to_the_registration_that_counts(lab, folder, path):
    first = ask(lab)
    edit(path, "Wider is better by far.")
    commit(folder)
    second = ask(lab, amend=True)
    for text, digest in ((SLUG, second.digest), (str(first.digest), first.digest)):
        with labrec.run(project="lm", name="r", hypothesis=text) as run:
            pass
        with labrec.open(folder) as reader:
            (link,) = reader.run(run.run_id).section("lineage")["hypotheses"]
        assert link == {"slug": SLUG, "registration": str(digest), "linked": "start"}


def test_a_run_names_the_commit_by_which_a_remote_had_its_registration(lab, folder, tmp_path, path):
    ask(lab)
    git(tmp_path, "init", "-q", "--bare", "there.git")
    git(folder, "remote", "add", "origin", str(tmp_path / "there.git"))

    def linked():
        with labrec.run(project="lm", name="r", hypothesis=SLUG) as run:
            pass
        with labrec.open(folder) as reader:
            section = reader.run(run.run_id).section("lineage")
        return section["minor"], section["hypotheses"][0].get("published")

    git(folder, "push", "-q", "origin", "HEAD")  # without the registration: it is not landed yet
    assert linked() == (0, None)
    land(lab)
    assert linked() == (0, None)
    git(folder, "push", "-q", "origin", "HEAD")
    tip = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
    assert linked() == (1, tip)


def test_claims_that_two_clones_registered_stand_side_by_side(lab, folder, path, tmp_path):
    git(tmp_path, "clone", "-q", str(folder), "other")
    edit(tmp_path / "other/records/lm/hypotheses/wider.yaml", "Narrower is better.")
    commit(tmp_path / "other")
    with Lab.open(tmp_path / "other") as other:
        theirs = ask(other)
        ref = other.record_ref.name
    ours = ask(lab)
    git(folder, "fetch", "-q", str(tmp_path / "other"), f"{ref}:{ref}")
    view = lab.view()
    found = find_hypothesis(view, SLUG)
    assert {one.digest for one in found.current} == {ours.digest, theirs.digest}
    assert state_of(view, found) == "several"
    assert ask(lab).digest == ours.digest
    edit(path, "A third claim.")
    commit(folder)
    with pytest.raises(UsageError, match="registered 2 times side by side"):
        ask(lab, amend=True)


def test_nobody_is_named_who_was_not_asked(lab, folder, path, monkeypatch):
    with pytest.raises(UsageError, match="nobody is named") as told:
        register(lab, Request(SLUG))
    assert "--author" in told.value.hint
    for name in ("", " ", "a\nb", "x" * 1001):
        with pytest.raises(UsageError, match="no name"):
            register(lab, Request(SLUG, author=name))
    monkeypatch.setenv("LABREC_AUTHOR", "The Lab")
    with Lab.open(folder) as named:
        register(named, Request(SLUG))
    assert documents(lab)[0].author.model_dump() == {"name": "The Lab", "source": "settings"}


def test_git_names_the_author_where_records_are_under_its_identity(lab, folder, path, monkeypatch):
    monkeypatch.setenv("LABREC_IDENTITY", "git")
    git(folder, "config", "user.name", "Grace")
    with Lab.open(folder) as named:
        register(named, Request(SLUG))
    assert documents(lab)[0].author.model_dump() == {"name": "Grace", "source": "git"}


def test_a_secret_in_a_draft_stays_out_of_the_lab(lab, folder, path):
    token = "glpat-" + "x1y2z3a4b5c6d7e8f9g0"
    edit(path, f"Wider is better, says {token}.")
    commit(folder)
    with pytest.raises(SecretError, match=r"draft\.claim") as told:
        ask(lab)
    assert token not in str(told.value.to_json())
    assert documents(lab) == []


def test_what_is_listed_and_where_it_is_found(lab, folder, path):
    edit(new_draft(lab, "a", "other"), "Another.")
    edit(new_draft(lab, "a", SLUG), "The same name.")
    commit(folder)
    view = lab.view()
    assert [(one.project, one.slug) for one in hypotheses(view)] == [
        ("a", "other"), ("a", SLUG), ("lm", SLUG)]  # fmt: skip
    assert {state_of(view, one) for one in hypotheses(view)} == {"draft"}
    assert find_hypothesis(view, "other").project == "a"
    with pytest.raises(UsageError, match="several projects: a, lm"):
        ask(lab)
    assert ask(lab, project="lm").project == "lm"
    with pytest.raises(NotFoundError, match="no hypothesis nothing"):
        find_hypothesis(view, "nothing")
    with pytest.raises(NotFoundError, match="not a slug"):
        find_hypothesis(view, "../up")


def test_landing_brings_registrations_and_verify_agrees(lab, folder, path):
    from labrec.store.land import land
    from labrec.store.verify import verify

    found = ask(lab)
    assert land(lab).landed == 1
    with Lab.open(folder) as fresh:
        assert fresh.view("HEAD").entry(found.path) is not None
        assert verify(fresh)
