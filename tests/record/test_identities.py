"""Digests, ids, layout and the configuration: names that prove, and paths that are functions."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import pickle
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import InvalidError, StorageError
from labrec.record import codec, config, ids, layout
from labrec.record.digest import Digest

# --- digest -----------------------------------------------------------------------------------


@given(st.binary())
def test_a_digest_is_the_sha256_of_bytes(data):
    digest = Digest.of(data)
    assert digest.hex == hashlib.sha256(data).hexdigest()
    assert Digest.parse(str(digest)) == Digest.parse(digest.hex) == digest
    assert len({digest, Digest.of(data)}) == 1
    assert digest.short == digest.hex[:32]


def test_a_file_is_hashed_as_it_is_read(tmp_path):
    file = tmp_path / "large"
    file.write_bytes(b"x" * 3_000_001)
    assert Digest.of_file(file) == (Digest.of(b"x" * 3_000_001), 3_000_001)
    with pytest.raises(StorageError):
        Digest.of_file(tmp_path / "missing")
    with pytest.raises(StorageError):
        Digest.of_file(tmp_path)


def test_a_digest_is_a_value():
    digest = Digest.of(b"")
    with pytest.raises(AttributeError):
        digest.hex = "0" * 64
    with pytest.raises(AttributeError):
        del digest.hex
    assert pickle.loads(pickle.dumps(digest)) == copy.deepcopy(digest) == digest
    assert digest != digest.hex
    assert min([Digest("f" * 64), Digest("0" * 64)]).hex == "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 63,
        "0" * 65,
        "G" * 64,
        "A" * 64,
        "sha512:" + "0" * 64,
        "0" * 64 + "\n",
        None,
        b"0" * 64,
    ],
)
def test_what_is_no_digest(text):
    with pytest.raises(InvalidError):
        Digest.parse(text)


# --- ids --------------------------------------------------------------------------------------


def test_an_id_is_a_uuid_of_version_7_of_now():
    before = dt.datetime.now(dt.UTC)
    made = [ids.new_run_id() for _ in range(1000)]
    after = dt.datetime.now(dt.UTC)
    assert len(set(made)) == 1000
    assert made == sorted(made, key=lambda one: one[:18])  # in the order they were made
    assert len({one[15:18] for one in made}) > 10  # told apart within one millisecond
    for one in made:
        parsed = uuid.UUID(one)
        assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, one)
        assert ids.parse_id(one) == one
        assert before - dt.timedelta(milliseconds=1) <= ids.id_time(one) <= after


def test_ids_of_another_maker_are_read_alike():
    theirs = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"  # RFC 9562, appendix A.6
    assert ids.parse_id(theirs) == theirs
    assert ids.id_time(theirs) == dt.datetime(2022, 2, 22, 19, 22, 22, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    ["", "x", str(uuid.UUID(int=0)), "0191b2c3-d4e5-4f60-8a7b-8c9dae0f1a2b", "0191b2c3-d4e5-7f60-ca7b-8c9dae0f1a2b",
     "0191B2C3-d4e5-7f60-8a7b-8c9dae0f1a2b", "0191b2c3d4e57f608a7b8c9dae0f1a2b", None,
     "0191b2c3-d4e5-7f60-8a7b-8c9dae0f1a2b\n", "e677d21f-dc00-7000-8000-000000000000"],
)  # fmt: skip
def test_what_is_no_id(text):
    with pytest.raises(InvalidError):
        ids.parse_id(text)


def test_the_last_id_of_the_year_9999():
    last = "e677d21f-dbff-7000-8000-000000000000"
    assert ids.id_time(ids.parse_id(last)).isoformat() == "9999-12-31T23:59:59.999000+00:00"
    assert ids.id_date(last) == (9999, 12, 31)


JSON = st.dictionaries(
    st.text(st.characters(codec="ascii", min_codepoint=32), max_size=5), st.integers(0, 9)
)


@given(st.none() | st.integers(0, ids.LATEST_MS), st.text("abc/é", max_size=8), JSON)
def test_an_imported_id_is_a_function_of_its_origin(ms, key, payload):
    made = ids.imported_run_id(ms, key, payload)
    assert made == ids.imported_run_id(ms, key, dict(reversed(payload.items())))
    assert ids.id_ms(ids.parse_id(made)) == (ms or 0)
    # docs/format.md, "Imported runs"
    found = hashlib.sha256(key.encode() + b"\0" + codec.canonical(payload)).digest()
    bits = "".join(f"{byte:08b}" for byte in found)[:74]
    number = int(made.replace("-", ""), 16)
    assert f"{number:0128b}"[52:64] + f"{number:0128b}"[66:] == bits
    assert made != ids.imported_run_id(ms, key + "x", payload)


def test_what_cannot_be_imported():
    for ms, key in [(-1, "k"), (ids.LATEST_MS + 1, "k"), (0, "a\0b"), (0, "\ud800")]:
        with pytest.raises(InvalidError):
            ids.imported_run_id(ms, key, {})


# --- layout -----------------------------------------------------------------------------------

PROJECTS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True).filter(
    lambda name: layout.slugify_project(name) == name and not name.endswith(".")
)
VERSIONS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,10}", fullmatch=True)
DIGESTS = st.binary(max_size=3).map(Digest.of)
IDS = st.integers(0, ids.LATEST_MS).map(lambda ms: ids.imported_run_id(ms, "k", ms))


@given(PROJECTS, IDS, DIGESTS, PROJECTS, VERSIONS)
def test_a_path_says_what_lies_there(project, own_id, digest, slug, version):
    for path, parsed in [
        (layout.run_path(project, own_id, digest), ("run", project, own_id, digest.short, "")),
        (layout.note_path(project, own_id, digest), ("note", project, own_id, digest.short, "")),
        (layout.registration_path(project, slug, digest), ("registration", project, slug, digest.short, "")),
        (layout.draft_path(project, slug), ("draft", project, slug, "", "")),
        (layout.dataset_path(project, slug, version, digest), ("dataset", project, slug, digest.short, version)),
        (layout.report_path(project, slug, version, digest), ("report", project, slug, digest.short, version)),
        (layout.object_path(digest), ("object", "", "", digest.hex, "")),
        (layout.lfs_path(digest), ("lfs", "", "", digest.hex, "")),
        (layout.project_path(project), ("project", project, "", "", "")),
    ]:  # fmt: skip
        assert layout.parse_path(path) == parsed


def test_the_layout_of_the_page():
    digest = Digest.of(b"")
    own_id = "019b7ca9-8f2e-7bab-9a18-b0ded9578e0c"
    assert layout.run_path("p", own_id, digest) == (
        "records/p/runs/2026/01/02/c/019b7ca9-8f2e-7bab-9a18-b0ded9578e0c.e3b0c44298fc1c149afbf4c8996fb924.json"
    )
    assert layout.object_path(digest) == f"records/objects/e/3/b/0/{digest.hex}"


@pytest.mark.parametrize(
    "path",
    [
        "", "records", "records/", "records/p", "records/p/README.md", "archive/p/project.yaml", "records/P/project.yaml",
        "records/p/project.yml", "records/objects/project.yaml", "records/p/hypotheses/x.yml",
        "records/p/hypotheses/../x.yaml", "records/p/hypotheses/x/" + "0" * 31 + ".json",
        "records/p/hypotheses/x/" + "0" * 32 + ".yaml", "records/p/hypotheses/x/y/" + "0" * 32 + ".json",
        "records/p/runs/x." + "0" * 32 + ".json", "records/objects/e/3/b/0/" + "0" * 64,
        "records/objects/0/0/0/0/" + "0" * 63, "records/objects/0/0/0/" + "0" * 64, "records/objects/" + "0" * 64,
        "records/p/datasets/x/" + "0" * 32 + ".json", "records/p/datasets/x/." + "0" * 32 + ".json",
        "records/lfs/0/0/0/0/" + "A" * 64, "records/p/runs/2026/01/02/c/" + "0" * 32 + ".json",
        "records//project.yaml", "/records/p/project.yaml",
        "records/p/runs/2026/01/03/c/019b7ca9-8f2e-7bab-9a18-b0ded9578e0c.e3b0c44298fc1c149afbf4c8996fb924.json",
        "records/p/runs/2026/01/02/d/019b7ca9-8f2e-7bab-9a18-b0ded9578e0c.e3b0c44298fc1c149afbf4c8996fb924.json",
        "records/p/runs/2026/1/2/c/019b7ca9-8f2e-7bab-9a18-b0ded9578e0c.e3b0c44298fc1c149afbf4c8996fb924.json",
        "records/p/runs/2026/01/02/c/019b7ca9-8f2e-7bab-9a18-b0ded9578e0c.e3b0c44298fc1c149afbf4c8996fb924.json/x",
    ],
)  # fmt: skip
def test_what_nothing_makes_is_other(path):
    assert layout.parse_path(path) == layout.Parsed("other")


@given(st.text(max_size=80))
def test_any_text_has_a_kind(path):
    assert layout.parse_path("records/" + path).kind in {"other", "project", "attributes"}


@given(st.text(max_size=100))
def test_any_folder_gives_a_project(folder):
    assert layout.check_project(layout.slugify_project(folder))


def test_names_of_projects_and_runs():
    assert layout.slugify_project("My Great Project") == "my-great-project"
    assert layout.slugify_project("objects") == "objects-project"
    assert layout.slugify_project("…") == "project"
    for name in [
        "objects",
        "lfs",
        "schemas",
        "A",
        "",
        ".a",
        "a/b",
        "a.",
        "con",
        "nul.x",
        "x" * 65,
        None,
    ]:
        with pytest.raises(InvalidError) as caught:
            layout.check_project(name)
        assert caught.value.hint
    for name in ["", "x" * 201, "a\nb", "\x1b", "\u2028", "\ud800", "\uffff", None]:
        with pytest.raises(InvalidError):
            layout.check_run_name(name)
    assert layout.check_run_name("12_from_8 ünï 実験") == "12_from_8 ünï 実験"


# --- configuration ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "kept"),
    [
        ("train.py --lr 1 --seed 3 --n 2", "train.py --lr 1 --n 2"),
        ("train.py --seed=3 x", "train.py x"),
        ("train.py --seed -3 --lr 1", "train.py --lr 1"),
        ("train.py --seed --lr 1", "train.py --lr 1"),
        ("train.py --data.random-seed 4 --np_seeds=1,2", "train.py"),
        ("train.py seed=4 training.seed=4 model.seeded=1", "train.py model.seeded=1"),
        ("train.py seed 4", "train.py seed 4"),
        ("env PYTHONHASHSEED=0 python t.py", "env python t.py"),
        ("t.py --seedling 3 --reseed 4", "t.py --seedling 3 --reseed 4"),
        ("t.py --SEED 3", "t.py"),
        ("t.py --seed", "t.py"),
    ],
)
def test_a_command_without_seeds(argv, kept):
    assert config.without_seeds(argv.split()) == kept.split()


def test_nuisance_paths():
    tree = {"seed": 1, "a": {"seed": 2, "b.c": 3, "d": {}}, "list": [{"seed": 4}]}
    before = copy.deepcopy(tree)
    assert config.without_paths(tree, ["seed", "a.seed", r"a.b\.c", "x.y", "list.0.seed", ""]) == {
        "a": {"d": {}}, "list": [{"seed": 4}]
    }  # fmt: skip
    assert tree == before


def test_replicates_share_a_config_digest():
    base = (
        "p",
        {"lr": 0.1, "seed": 1},
        ["seed"],
        "sha256:" + "0" * 64,
        ["sha256:" + "1" * 64],
        ["x"],
    )

    def digest(**changes):
        names = ("project", "features", "nuisance", "code", "datasets", "command")
        return config.config_digest(
            *(changes.get(name, old) for name, old in zip(names, base, strict=True))
        )

    assert digest() == digest(features={"seed": 2, "lr": 0.1})
    assert digest(datasets=["b", "a"]) == digest(datasets=["a", "b", "a"])
    others = [digest(), digest(project="q"), digest(features={"lr": 0.2, "seed": 1}), digest(code=None),
              digest(datasets=[]), digest(command=["y"]), digest(nuisance=[])]  # fmt: skip
    assert len(set(others)) == len(others)
    # docs/format.md, spelled out
    text = (
        '{"code":"sha256:' + "0" * 64 + '","command":["x"],"datasets":["sha256:' + "1" * 64
        + '"],"features":{"lr":0.1},"project":"p"}'
    )  # fmt: skip
    assert digest() == Digest.of(text.encode())
