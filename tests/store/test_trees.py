"""Trees as values: reading, uniting, comparing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import IntegrityError
from labrec.gitio.objects import MODE_FILE, MODE_TREE, TreeEntry, format_tree, object_id
from labrec.store.trees import Tree, changes, parse_tree, unite

Files = dict[str, str]


class Shelf:
    """Trees in memory, made from files, and how often one was opened."""

    def __init__(self) -> None:
        self.trees: dict[str, Tree] = {}
        self.opened: list[str] = []

    def load(self, sha: str) -> Tree:
        self.opened.append(sha)
        return self.trees[sha]

    def add(self, files: Files) -> str:
        below: dict[str, Files] = {}
        tree: Tree = {}
        for path, content in files.items():
            first, slash, rest = path.partition("/")
            if slash:
                below.setdefault(first, {})[rest] = content
            else:
                tree[first] = TreeEntry(first, MODE_FILE, object_id("blob", content.encode()))
        for name, inner in below.items():
            tree[name] = TreeEntry(name, MODE_TREE, self.add(inner))
        data = format_tree(tree.values())
        sha = object_id("tree", data)
        self.trees[sha] = parse_tree(data)
        assert self.trees[sha] == tree
        return sha


def never(path: str) -> bool:
    return False


def union(shelf: Shelf, base: Files | None, *others: Files, editable=never):
    ours = shelf.add(base) if base is not None else None
    rest = [shelf.add(files) for files in others]
    shelf.opened.clear()
    return unite(shelf.load, ours, rest, root="r", from_base_only=editable)


names = st.sampled_from(["a", "b", "a.b", "ab"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@st.composite
def file_sets(draw: st.DrawFn) -> list[Files]:
    """Some subsets of one set of files, in which no file is also a directory."""
    everything: Files = {}
    for path in draw(st.lists(paths, max_size=8)):
        parts = path.split("/")
        above = ["/".join(parts[:n]) for n in range(1, len(parts))]
        inside = any(other.startswith(path + "/") for other in everything)
        if not inside and not any(parent in everything for parent in above):
            everything[path] = path.upper()
    pick = st.lists(st.sampled_from(sorted(everything) or ["-"]), unique=True)
    return [
        {path: everything[path] for path in draw(pick) if path in everything}
        for _ in range(draw(st.integers(1, 4)))
    ]


@given(file_sets(), st.randoms())
def test_a_union_depends_on_the_set_of_files_alone(sets: list[Files], random) -> None:
    shelf = Shelf()
    everything: Files = {}
    for files in sets:
        everything |= files
    expected = shelf.add(everything)
    assert union(shelf, *sets).sha == expected
    random.shuffle(sets)
    assert union(shelf, *sets).sha == expected
    assert union(shelf, None, *sets).sha == expected


def test_a_union_opens_only_what_differs() -> None:
    shelf = Shelf()
    big = {f"{a}/{b}/{c}": "x" for a in "pqrs" for b in "uvw" for c in "xyz"}
    result = union(shelf, big, {**big, "p/u/new": "y"})
    # two roots, two p, two p/u: nothing else
    assert len(shelf.opened) == 6
    assert result.sha == shelf.add({**big, "p/u/new": "y"})


def test_one_path_with_two_contents_is_a_conflict_and_the_base_wins() -> None:
    shelf = Shelf()
    result = union(shelf, {"d/f": "ours"}, {"d/f": "theirs"}, {"d/f": "ours"})
    assert [conflict.path for conflict in result.conflicts] == ["r/d/f"]
    assert result.sha == shelf.add({"d/f": "ours"})


def test_a_conflict_without_a_base_takes_the_same_content_in_any_order() -> None:
    shelf = Shelf()
    one, other = {"f": "one"}, {"f": "two"}
    first = union(shelf, None, one, other)
    second = union(shelf, None, other, one)
    assert first.sha == second.sha
    assert first.conflicts == second.conflicts != ()


def test_a_stray_file_never_hides_the_directory_of_another_tree() -> None:
    shelf = Shelf()
    result = union(shelf, {"d": "file"}, {"d/f": "below"})
    assert [conflict.path for conflict in result.conflicts] == ["r/d"]
    assert result.sha == shelf.add({"d/f": "below"})


def test_a_directory_never_hides_a_file_of_the_lab() -> None:
    shelf = Shelf()
    definition, hostile = {"p/project.yaml": "ours"}, {"p/project.yaml/f": "below"}
    result = unite(
        shelf.load, shelf.add(definition), [shelf.add(hostile)], root="records",
        from_base_only=lambda path: path == "records/p/project.yaml",
    )  # fmt: skip
    assert [conflict.path for conflict in result.conflicts] == ["records/p/project.yaml"]
    assert result.sha == shelf.add(definition)


def test_what_is_editable_counts_from_the_base_alone() -> None:
    shelf = Shelf()

    def editable(path: str) -> bool:
        return path in ("r/", "r/p/", "r/q/", "r/p/e", "r/q/e")

    theirs = {"p/e": "theirs", "p/f": "1", "q/e": "theirs"}
    result = union(shelf, {"p/e": "ours"}, theirs, editable=editable)
    assert result.conflicts == ()
    assert result.sha == shelf.add({"p/e": "ours", "p/f": "1"})


@pytest.mark.parametrize(
    "data",
    [
        b"100644 a\0short",
        b"100644 a\0" + b"x" * 20 + b"rest",
        b"junk",
        b"100644 \0" + b"x" * 20,
        b"9 a\0" + b"x" * 20,
        2 * (b"100644 a\0" + b"x" * 20),
    ],
)
def test_a_malformed_tree_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_tree(data)


def test_changes_name_every_file_that_differs() -> None:
    shelf = Shelf()
    before = shelf.add({"a/x": "1", "a/y": "2", "b/z": "3", "f": "4"})
    after = shelf.add({"a/x": "1", "a/y": "new", "b": "now a file", "f/g": "5"})
    found = {
        c.path: (c.before is not None, c.after is not None)
        for c in changes(shelf.load, before, after, "r")
    }
    assert found == {
        "r/a/y": (True, True),
        "r/b/z": (True, False),
        "r/b": (False, True),
        "r/f": (True, False),
        "r/f/g": (False, True),
    }


def test_comparing_equal_trees_opens_none() -> None:
    shelf = Shelf()
    sha = shelf.add({"a/x": "1"})
    shelf.opened.clear()
    assert list(changes(shelf.load, sha, sha, "r")) == []
    assert shelf.opened == []
