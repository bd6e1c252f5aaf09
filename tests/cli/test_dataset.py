"""``labrec dataset``: fixing what a dataset holds, and what two of them share."""

from __future__ import annotations

import gzip
import hashlib
import os

import pytest

from labrec.record.digest import Digest
from labrec.record.layout import object_path


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "train" / "deep").mkdir(parents=True)
    (folder / "test").mkdir()
    (folder / "train" / "a.txt").write_bytes(b"one\ntwo\n\ntwo\n")
    (folder / "train" / "deep" / 'b,".txt').write_bytes(b"three")
    (folder / "test" / "c.txt").write_bytes(b"two\nfour\n")
    return folder


def add(call, name, *argv, version="v1"):
    return call("dataset", "add", name, *map(str, argv), "--version", version, "--project", "lm")


def test_a_manifest_holds_digests_and_names_and_nothing_else(lab_dir, call, data):
    answer = add(call, "train", data / "train", "--lines", "--licence", "CC0-1.0", "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    assert (found["samples"], found["distinct"], found["files"], found["bytes"]) == (4, 3, 2, 14)
    from labrec.store.lab import Lab

    with Lab.open(lab_dir) as lab, lab.view().open_object(Digest(found["manifest"])) as stream:
        text = gzip.decompress(stream.read())
    digest = {word: hashlib.sha256(word).hexdigest() for word in (b"one", b"two", b"three")}
    assert text.decode().splitlines() == [
        "path,line,sha256,size",
        f"a.txt,1,{digest[b'one']},3",
        f"a.txt,2,{digest[b'two']},3",
        f"a.txt,4,{digest[b'two']},3",
        f'"deep/b,"".txt",1,{digest[b"three"]},5',
    ]
    assert found["content"] == f"sha256:{hashlib.sha256(text).hexdigest()}"
    shown = call("dataset", "show", "train").out
    assert "CC0-1.0" in shown
    assert "4 samples (lines of 2 files), 3 different, 14 bytes" in shown
    listed = call("dataset", "show", "train@v1", "--samples").out.splitlines()
    assert listed[0] == f"{digest[b'one']}  a.txt:1"
    assert len(listed) == 4
    assert call("verify").code == 0


def test_files_are_samples_unless_lines_are_asked_for(lab_dir, call, data):
    found = add(call, "train", data / "train", "--json").json
    assert (found["unit"], found["samples"], found["files"]) == ("file", 2, 2)
    (row,) = call("dataset", "list", "--json").json
    assert row["digest"] == found["digest"]
    assert "train" in call("dataset", "list").out


def test_the_same_content_again_changes_nothing_and_other_content_is_refused(lab_dir, call, data):
    first = add(call, "train", data / "train", "--json").json
    again = add(call, "train", data / "train")
    assert again.out.startswith(f"was added already: lm/train@v1 {first['digest']}")
    (data / "train" / "a.txt").write_bytes(b"changed")
    refused = add(call, "train", data / "train")
    assert refused.code == 2
    assert "is there already, with other content" in refused.err
    second = add(call, "train", data / "train", "--parent", "train@v1", "--json", version="v2").json
    assert second["parent"] == first["digest"]
    assert call("dataset", "show", "train").code == 2  # which version?
    assert call("dataset", "show", second["digest"][:20]).code == 0
    assert call("verify").code == 0


def test_leakage_is_counted_named_and_has_a_code(lab_dir, call, data):
    add(call, "train", data / "train", "--lines")
    add(call, "test", data / "test", "--lines")
    answer = call("dataset", "leakage", "train", "test", "--json")
    assert answer.code == 3
    found = answer.json
    assert (found["leaks"], found["shared"], found["a_affected"], found["b_affected"]) == (
        True, 1, 2, 1,
    )  # fmt: skip
    assert found["examples"][0]["a"] == ["a.txt:2", "a.txt:4"]
    text = call("dataset", "leakage", "train@v1", "test@v1")
    assert "2 of 4 samples of train@v1 (50 %)" in text.out
    assert "1 of 2 samples of test@v1 (50 %)" in text.out
    assert "b: c.txt:1" in text.out
    (data / "test" / "c.txt").write_bytes(b"four\n")
    add(call, "test", data / "test", "--lines", version="v2")
    clean = call("dataset", "leakage", "train", "test@v2")
    assert (clean.code, clean.out) == (0, "no sample of train@v1 is in test@v2, byte by byte\n")
    add(call, "test", data / "test", version="v3")
    refused = call("dataset", "leakage", "train", "test@v3")
    assert refused.code == 2
    assert "a sample of train@v1 is a line, one of test@v3 is a file" in refused.err


def test_a_run_names_the_versions_it_uses(lab_dir, call, data):
    train = add(call, "train", data / "train", "--json").json
    add(call, "test", data / "test")
    argv = ("run", "--project", "lm", "--dataset", "train=train@v1", "--dataset", "test")
    assert call(*argv, "--", "true").code == 0
    (run,) = call("log", "--json").json
    used = call("show", run["run_id"], "--json").json["record"]["datasets"]["items"]
    assert used[0] == {"name": "train", "role": "train", "version": "v1", "digest": train["digest"]}
    assert (used[1]["name"], used[1]["role"]) == ("test", "input")
    refused = call("run", "--project", "lm", "--dataset", "nothing@v1", "--", "true")
    assert refused.code == 125
    assert "no dataset version 'nothing@v1'" in refused.err
    assert call("verify").code == 0


def test_links_and_other_things_are_refused(lab_dir, call, data):
    (data / "train" / "link").symlink_to("/etc/passwd")
    answer = add(call, "train", data / "train")
    assert answer.code == 17
    assert "is a link" in answer.err
    (data / "train" / "link").unlink()
    os.mkfifo(data / "train" / "pipe")
    answer = add(call, "train", data / "train")
    assert answer.code == 17
    assert "neither a file nor a folder" in answer.err
    (data / "train" / "pipe").unlink()
    (data / "linked").symlink_to(data / "train")
    assert add(call, "train", data / "linked").code == 17
    assert call("dataset", "list", "--json").json == []


def test_several_paths_are_told_apart_and_collisions_refused(lab_dir, call, data):
    add(call, "both", data / "train", data / "test" / "c.txt")
    listed = call("dataset", "show", "both", "--samples", "--json").json["listed"]
    assert [row["path"] for row in listed] == ["c.txt", "train/a.txt", 'train/deep/b,".txt']
    (data / "other").mkdir()
    (data / "other" / "c.txt").write_bytes(b"x")
    answer = add(call, "both", data / "test" / "c.txt", data / "other" / "c.txt", version="v2")
    assert answer.code == 2
    assert "two files would be called c.txt" in answer.err


def test_odd_names_are_spelled_and_steer_nothing(lab_dir, call, tmp_path):
    """I5"""
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in (b"\x1b[31m", b"\xff", "\u202e".encode(), b"con", b"=cmd|'C calc'!A0"):
        (folder / os.fsdecode(name)).write_bytes(b"same")
    assert add(call, "odd", folder).code == 0
    answer = call("dataset", "show", "odd", "--samples")
    assert answer.code == 0
    assert not {"\x1b", "\u202e"} & set(answer.out)
    assert len(answer.out.splitlines()) == 5
    assert call("verify").code == 0


def test_a_name_that_looks_like_a_secret_stays_out(lab_dir, call, tmp_path):
    folder = tmp_path / "named"
    folder.mkdir()
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    (folder / token).write_bytes(b"x")
    answer = add(call, "named", folder)
    assert answer.code == 19
    assert token not in answer.err
    assert call("dataset", "list", "--json").json == []


def test_a_manifest_of_other_bytes_is_refused(lab_dir, call, data):
    """A dataset version that says something else than its manifest is not believed."""
    from labrec.record import codec
    from labrec.record.layout import dataset_path
    from labrec.store.additions import Addition
    from labrec.store.lab import Lab

    document = {
        "schema": "labrec.dataset/1.0", "project": "lm", "name": "liar", "version": "v1",
        "time": "2026-01-02T03:04:05Z", "unit": "file", "files": 1, "samples": 1, "distinct": 1,
        "bytes": 1,
    }  # fmt: skip
    good = f"path,line,sha256,size\na,0,{'0' * 64},1\n".encode()
    cases = {
        "v1": (good, b"other", "is not the dataset version's"),
        "v2": (b"path,line\n", None, "a manifest begins with"),
        "v3": (good.replace(b",1\n", b",2\n"), None, "has 1 samples of 2 bytes"),
        "v4": (b"path,line,sha256,size\na,0,xyz,1\n", None, "is no sample"),
        "v5": (good + f"a,0,{'1' * 64},1\n".encode(), None, "not in order"),
    }
    with Lab.open(lab_dir) as lab:
        for version, (text, hashed, _) in cases.items():
            packed = gzip.compress(text, mtime=0)
            said = document | {
                "version": version,
                "manifest": {"sha256": Digest.of(packed).hex, "size": len(packed)},
                "content": str(Digest.of(hashed if hashed is not None else text)),
            }
            raw = codec.encode(said)
            path = dataset_path("lm", "liar", version, Digest.of(raw))
            lab.commit(
                [Addition(object_path(Digest.of(packed)), packed), Addition(path, raw)], "lies"
            )
    for version, (*_, says) in cases.items():
        answer = call("dataset", "show", f"liar@{version}", "--samples")
        assert answer.code in {12, 14}
        assert says in answer.err, version


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("add", "Bad Name", "data", "--version", "v1"), 12, "not a slug"),
        (("add", "x", "data", "--version", "a/b"), 12, "not a version"),
        (("add", "x", "nowhere", "--version", "v1"), 2, "is not there"),
        (("add", "x", "--version", "v1"), 2, "PATH"),
        (("add", "x", "data"), 2, "--version"),
        (("show", "nothing"), 10, "no dataset version"),
        (("leakage", "a", "b"), 10, "no dataset version"),
        (("list", "--project", "../x"), 12, "not a project name"),
    ],
)
def test_refusals(lab_dir, call, argv, code, says):
    answer = call("dataset", *argv)
    assert answer.code == code
    assert says in answer.err


def test_an_empty_folder_is_no_dataset(lab_dir, call, tmp_path):
    (tmp_path / "empty").mkdir()
    answer = add(call, "x", tmp_path / "empty")
    assert answer.code == 2
    assert "no file in the dataset" in answer.err
    assert "no dataset version is fixed yet" in call("dataset", "list").err
