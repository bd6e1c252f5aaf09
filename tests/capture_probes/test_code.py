"""Code: the worktree's bytes, exactly, and never an old answer for a changed file."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from labrec.capture.software import manifest, stat_cache
from labrec.capture.software.code import CodePolicy, capture_code
from labrec.record.codec import decode, encode
from labrec.record.digest import Digest

SETTLED = 0.05  # seconds after which a file is old enough to be believed


def sha(data):
    return hashlib.sha256(data).hexdigest()


def files_of(captured):
    (document,) = [
        new for new in captured.objects if new.sha256 == captured.section["manifest"]["sha256"]
    ]
    return {entry["path"]: entry for entry in decode(document.source, limit=None)["files"]}


def content(new):
    return new.source.read_bytes() if isinstance(new.source, Path) else new.source


def test_a_manifest_names_the_bytes_of_every_tracked_file(repository, git):
    (repository / "notes.txt").write_text("not tracked")
    found = capture_code(repository)
    files = files_of(found)
    assert {path: (e["mode"], e["sha256"], e["size"]) for path, e in files.items()} == {
        "train.py": ("100644", sha(b"print('train')\n"), 15),
        "pkg/model.py": ("100644", sha(b"WIDTH = 3\n"), 10),
        "run.sh": ("100755", sha(b"#!/bin/sh\n"), 10),
    }
    section = found.section
    assert section["kind"] == "manifest"
    assert section["commit"] == git(repository, "rev-parse", "HEAD")
    assert (section["branch"], section["dirty"], section["patch"]) == ("main", False, None)
    assert (section["files"], section["bytes"]) == (3, 35)
    assert {new.sha256 for new in found.objects} == {e["sha256"] for e in files.values()} | {
        section["manifest"]["sha256"]
    }
    for new in found.objects:
        assert sha(content(new)) == new.sha256
        assert len(content(new)) == new.size


def test_the_quick_writers_write_what_the_codec_writes(repository, git):
    for name in ("ümlaut.py", 'quo"te\\.py', "tab\tname", "con.py", ".hidden", "dot.", "ctl\x07",
                 "command.py", "100%"):  # fmt: skip
        (repository / name).write_text(name)
    (repository / os.fsdecode(b"bytes\xff.py")).write_text("x")
    git(repository, "add", ".")
    found = capture_code(repository)
    (document,) = [n for n in found.objects if n.sha256 == found.section["manifest"]["sha256"]]
    value = decode(document.source, limit=None)
    assert encode(value, limit=None) == document.source
    lines = [{k: v for k, v in entry.items() if k != "display"} for entry in value["files"]]
    assert found.section["digest"] == str(Digest.of_value(lines))
    assert [entry["path"] for entry in lines] == sorted(entry["path"] for entry in lines)
    assert len(lines) == 13
    assert found.events == []


def test_an_empty_manifest_is_our_writers_too():
    assert manifest.write([]) == encode({"files": [], "schema": manifest.SCHEMA})
    assert manifest.digest([]) == str(Digest.of_value([]))


@pytest.mark.parametrize("cached", [False, True])
def test_a_change_changes_the_digest_and_is_in_the_patch(repository, tmp_path, cached):
    policy = CodePolicy(cache=tmp_path / "cache" if cached else None)
    before = capture_code(repository, policy)
    time.sleep(SETTLED)
    capture_code(repository, policy)
    (repository / "train.py").write_text("print('tr4in')\n")
    after = capture_code(repository, policy)
    assert after.section["digest"] != before.section["digest"]
    assert after.section["dirty"] is True
    (patch,) = [new for new in after.objects if new.ref == after.section["patch"]]
    assert b"+print('tr4in')" in patch.source
    assert files_of(after)["train.py"]["sha256"] == sha(b"print('tr4in')\n")


def test_links_are_their_targets_and_submodules_their_commits(repository, tmp_path, git):
    (repository / "link").symlink_to("/etc/passwd")
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "a").write_text("a")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "inner")
    git(repository, "submodule", "add", "-q", str(inner), "sub")
    git(repository, "add", ".")
    for policy in (
        CodePolicy(),
        CodePolicy(cache=tmp_path / "c"),
        CodePolicy(cache=tmp_path / "c"),
    ):
        files = files_of(capture_code(repository, policy))
        assert (files["link"]["mode"], files["link"]["sha256"]) == ("120000", sha(b"/etc/passwd"))
        commit = git(inner, "rev-parse", "HEAD").encode()
        assert (files["sub"]["mode"], files["sub"]["sha256"]) == ("160000", sha(commit))
        time.sleep(SETTLED)


def test_missing_and_replaced_files_are_left_out_and_named(repository):
    (repository / "train.py").unlink()
    shutil.rmtree(repository / "pkg")
    (repository / "pkg").symlink_to("/etc")
    (repository / "run.sh").unlink()
    os.mkfifo(repository / "run.sh")
    found = capture_code(repository)
    assert found.section["files"] == 0
    assert {line["what"] for line in found.events} >= {"file train.py", "file run.sh"}
    # git itself refuses to compare a pipe with a file.
    (patch,) = [line for line in found.events if line["kind"] != "skipped"]
    assert (patch["kind"], patch["what"]) == ("unavailable", "patch of the code")
    assert found.section["dirty"] is None


def test_a_folder_replaced_by_a_link_is_not_followed(repository, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "model.py").write_text("PASSWORD = 1\n")
    shutil.rmtree(repository / "pkg")
    (repository / "pkg").symlink_to(elsewhere)
    found = capture_code(repository)
    assert "pkg/model.py" not in files_of(found)
    assert sha(b"PASSWORD = 1\n") not in {new.sha256 for new in found.objects}


def test_an_unreadable_file_is_named(repository):
    if os.geteuid() == 0:
        (repository / "train.py").unlink()
        (repository / "train.py").mkdir()
    else:
        (repository / "train.py").chmod(0)
    found = capture_code(repository)
    assert found.section["files"] == 2
    assert [line["what"] for line in found.events] == ["file train.py"]


def test_untracked_files_come_in_by_pattern_only(repository, git):
    (repository / ".gitignore").write_text("*.cfg\n")
    (repository / "local.cfg").write_text("a=1\n")
    (repository / "secret.env").write_text("TOKEN=1\n")
    git(repository, "add", ".gitignore")
    assert set(files_of(capture_code(repository))) == {
        ".gitignore", "pkg/model.py", "run.sh", "train.py",
    }  # fmt: skip
    found = capture_code(repository, CodePolicy(untracked=("*.cfg",)))
    assert "local.cfg" in files_of(found)
    assert "secret.env" not in files_of(found)


def test_an_untracked_script_is_said(repository):
    (repository / "new.py").write_text("1")
    script = str(repository / "new.py")
    found = capture_code(repository, CodePolicy(script=script))
    assert [line["what"] for line in found.events] == ["file new.py"]
    named = capture_code(repository, CodePolicy(script=script, untracked=("new.py",)))
    assert named.events == []


def test_the_labs_own_files_are_not_code(repository, git):
    before = capture_code(repository).section["digest"]
    for name in ("labrec.toml", "mkdocs.yml", "records/.gitattributes", "records/p/x.json",
                 "site/index.md"):  # fmt: skip
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(name)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "lab")
    assert capture_code(repository).section["digest"] == before
    git(repository, "rm", "-q", "labrec.toml")  # records of nobody's lab are code
    assert "records/p/x.json" in files_of(capture_code(repository))


def test_filters_do_not_change_what_is_hashed(repository, git):
    (repository / ".gitattributes").write_text("*.txt text eol=lf\n*.bin filter=lfs\n")
    (repository / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    (repository / "m.bin").write_bytes(b"weights")
    git(repository, "add", ".")
    files = files_of(capture_code(repository))
    assert files["a.txt"]["sha256"] == sha(b"one\r\ntwo\r\n")
    assert files["m.bin"]["sha256"] == sha(b"weights")


def test_a_large_tree_is_commit_and_patch(repository, git, tmp_path):
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    git(repository, "remote", "add", "origin", f"file://{remote}")
    git(repository, "push", "-q", "origin", "main")
    published = git(repository, "rev-parse", "HEAD")
    (repository / "train.py").write_text("print('local')\n")
    git(repository, "commit", "-qam", "not pushed")
    (repository / "run.sh").write_text("#!/bin/bash\n")
    found = capture_code(repository, CodePolicy(max_files=2))
    section = found.section
    assert section["kind"] == "commit_patch"
    assert "3 files" in section["reason"]
    assert (section["published"], section["dirty"]) == (published, True)
    (patch,) = found.objects
    assert b"+print('local')" in patch.source
    assert b"+#!/bin/bash" in patch.source
    # The patch on the published commit is the worktree.
    git(tmp_path, "clone", "-q", f"file://{remote}", "clone")
    clone = tmp_path / "clone"
    (tmp_path / "p").write_bytes(patch.source)
    git(clone, "apply", str(tmp_path / "p"))
    assert (clone / "train.py").read_text() == "print('local')\n"
    other = capture_code(repository, CodePolicy(max_bytes=10))
    assert other.section["digest"] == section["digest"]
    (repository / "run.sh").write_text("#!/bin/zsh\n")
    changed = capture_code(repository, CodePolicy(max_files=2))
    assert changed.section["digest"] != section["digest"]


def test_a_large_tree_that_nobody_published_says_so(repository):
    found = capture_code(repository, CodePolicy(max_files=1))
    assert found.section["kind"] == "commit_patch"
    assert "no ancestor is published" in found.section["reason"]


def test_a_large_tree_without_a_commit_has_no_code(tmp_path, git):
    root = tmp_path / "unborn"
    root.mkdir()
    git(root, "init", "-q")
    (root / "a").write_text("a")
    git(root, "add", ".")
    small = capture_code(root)
    assert (small.section["kind"], small.section["commit"]) == ("manifest", None)
    assert (small.section["files"], small.section["dirty"]) == (1, None)
    large = capture_code(root, CodePolicy(max_files=0))
    assert (large.section["kind"], large.section["digest"]) == ("none", None)


def test_outside_git_the_script_alone_is_kept(tmp_path):
    script = tmp_path / "one.py"
    script.write_text("print(1)\n")
    found = capture_code(tmp_path, CodePolicy(script=str(script)))
    assert found.section["kind"] == "manifest"
    assert found.section["reason"] == "not in a git repository: the script alone"
    assert list(files_of(found)) == ["one.py"]
    nothing = capture_code(tmp_path)
    assert (nothing.section["kind"], nothing.objects) == ("none", [])
    binary = tmp_path / "prog"
    binary.write_bytes(b"\x7fELF\0")
    assert capture_code(tmp_path, CodePolicy(script=str(binary))).section["kind"] == "none"


def test_credentials_leave_the_remote(repository, git):
    git(repository, "remote", "add", "origin", "https://ada:hunter2@example.org/r.git")
    section = capture_code(repository).section
    assert "hunter2" not in (section["remote"] or "")
    assert "example.org/r.git" in section["remote"]


# --- the cache ------------------------------------------------------------------------------------


def test_what_the_lab_holds_is_not_handed_on_again(repository, tmp_path):
    held: set[str] = set()
    policy = CodePolicy(cache=tmp_path / "cache", known=held.__contains__)
    time.sleep(SETTLED)
    first = capture_code(repository, policy)
    held |= {new.sha256 for new in first.objects}
    second = capture_code(repository, policy)
    assert second.objects == []
    assert second.section == first.section
    (repository / "train.py").write_text("print('other')\n")
    third = capture_code(repository, policy)
    assert sha(b"print('other')\n") in {new.sha256 for new in third.objects}
    assert sha(b"WIDTH = 3\n") not in {new.sha256 for new in third.objects}


def test_an_unchanged_tree_is_not_read_again(repository, tmp_path, monkeypatch):
    policy = CodePolicy(cache=tmp_path / "cache")
    time.sleep(SETTLED)
    first = capture_code(repository, policy)
    monkeypatch.setattr(
        "labrec.capture.software.code._Tree._hash", lambda *_: pytest.fail("read again")
    )
    again = capture_code(repository, policy)
    assert again.section == first.section
    for new in again.objects:
        assert sha(content(new)) == new.sha256


def test_a_file_changed_in_the_same_tick_is_noticed(repository, tmp_path):
    """Git's racy problem: same size, same time stamp, other content."""
    policy = CodePolicy(cache=tmp_path / "cache")
    for round_ in range(20):
        old, new = f"A = {round_:03}\n", f"B = {round_:03}\n"
        (repository / "train.py").write_text(old)
        capture_code(repository, policy)
        (repository / "train.py").write_text(new)
        assert files_of(capture_code(repository, policy))["train.py"]["sha256"] == sha(new.encode())


def test_same_size_and_time_stamp_is_still_noticed(repository, tmp_path):
    policy = CodePolicy(cache=tmp_path / "cache")
    time.sleep(SETTLED)
    capture_code(repository, policy)
    stamp = (repository / "train.py").stat().st_mtime_ns
    (repository / "train.py").write_text("print('tr4in')\n")
    os.utime(repository / "train.py", ns=(stamp, stamp))  # as `cp -p` and archives do
    assert files_of(capture_code(repository, policy))["train.py"]["sha256"] == sha(
        b"print('tr4in')\n"
    )


def test_a_racy_state_is_one_as_young_as_the_clock(tmp_path):
    file = tmp_path / "x"
    file.write_text("x")
    state = stat_cache.state_of(file.stat())
    youngest = max(file.stat().st_mtime_ns, file.stat().st_ctime_ns)
    assert stat_cache.is_racy(state, youngest)
    assert stat_cache.is_racy(state, youngest + 19_000_000)
    assert not stat_cache.is_racy(state, youngest + 21_000_000)
    whole = stat_cache.state_of(
        os.stat_result(
            (0o100644, 1, 1, 1, 0, 0, 1, 0, 5, 5, 0.0, 5.0, 5.0, 0, 5 * 10**9, 5 * 10**9)
        )
    )
    assert stat_cache.is_racy(whole, 6_900_000_000)  # a clock of whole seconds
    assert not stat_cache.is_racy(whole, 7_100_000_000)


def test_every_damaged_cache_is_as_none(repository, tmp_path):
    policy = CodePolicy(cache=tmp_path / "cache")
    time.sleep(SETTLED)
    first = capture_code(repository, policy).section
    (file,) = (tmp_path / "cache").iterdir()
    good = file.read_bytes()
    flips = [bytes(b ^ (0x10 if at == i else 0) for at, b in enumerate(good))
             for i in range(0, len(good), 7)]  # fmt: skip
    for damaged in (b"", good[:30], good[:-1], good + b"x", *flips):
        file.write_bytes(damaged)
        assert stat_cache.load(file) is None
    file.write_bytes(good[:-1])
    assert capture_code(repository, policy).section == first


def test_restored_and_added_files_are_seen_through_the_cache(repository, tmp_path, git):
    policy = CodePolicy(cache=tmp_path / "cache")
    (repository / "train.py").unlink()
    time.sleep(SETTLED)
    assert capture_code(repository, policy).section["files"] == 2
    git(repository, "checkout", "-q", "train.py")
    time.sleep(SETTLED)
    assert capture_code(repository, policy).section["files"] == 3
    (repository / "more.py").write_text("more")
    git(repository, "add", "more.py")
    time.sleep(SETTLED)
    assert capture_code(repository, policy).section["files"] == 4
    git(repository, "commit", "-qm", "more")
    section = capture_code(repository, policy).section
    assert (section["dirty"], section["commit"]) == (False, git(repository, "rev-parse", "HEAD"))


def test_a_cache_that_cannot_be_written_is_no_loss(repository, tmp_path):
    (tmp_path / "file").write_text("")
    assert capture_code(repository, CodePolicy(cache=tmp_path / "file")).section["files"] == 3


def test_a_linked_worktree_is_captured_as_itself(repository, tmp_path, git):
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "train.py").write_text("print('side')\n")
    section = capture_code(tmp_path / "side").section
    assert (section["branch"], section["dirty"]) == ("side", True)
    assert capture_code(repository).section["dirty"] is False
