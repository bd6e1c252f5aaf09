"""Hand-written pages come from a commit or a folder, through no link, and are of known kinds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.site.labs import commit

from labrec.errors import InvalidError, LimitError, UnsafeError
from labrec.gitio.repository import GitRepository
from labrec.site import sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.store.labs import GitLab

    from labrec.site.sources import Sources

Files = dict[str, "bytes | str"]


def _committed(lab: GitLab, files: Files) -> Sources:
    commit(lab, dict(files))
    with GitRepository.open(lab.path) as git:
        return sources.from_commit(git, lab.git("rev-parse", "HEAD"))


def _written(lab: GitLab, files: Files) -> Sources:
    for name, data in files.items():
        path = lab.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, str):
            path.symlink_to(data)
        else:
            path.write_bytes(data)
    return sources.from_folder(lab.path)


@pytest.fixture(params=[_committed, _written], ids=["commit", "folder"])
def read(request: pytest.FixtureRequest, lab: GitLab) -> Callable[[Files], Sources]:
    return lambda files: request.param(lab, files)


def test_pages_pictures_and_settings_are_read(read: Callable[[Files], Sources]) -> None:
    found = read(
        {
            "site/index.md": b"# Hi",
            "site/methods/one.md": b"one",
            "site/img/a.png": b"png",
            "site/.hidden.md": b"not",
            "mkdocs.yml": b"site_name: x",
            "elsewhere.md": b"not",
        }
    )
    assert found.files == {
        "index.md": b"# Hi", "methods/one.md": b"one", "img/a.png": b"png",
    }  # fmt: skip
    assert found.pages == ["index.md", "methods/one.md"]
    assert found.config == b"site_name: x"


def test_a_manual_is_published_beside_them(lab: GitLab) -> None:
    written: Files = {
        "site/index.md": b"# Hi",
        "a/docs/README.md": b"first",
        "a/docs/adr/0001.md": b"one",
        "a/docs/images/a.png": b"png",
        "a/docs/generate.py": b"print()",
        "a/other.md": b"not",
    }
    commit(lab, dict(written))
    with GitRepository.open(lab.path) as git:
        found = sources.from_commit(git, lab.git("rev-parse", "HEAD"), "a/docs")
        none = sources.from_commit(git, lab.git("rev-parse", "HEAD"), "b/docs")
    assert found.files == {
        "index.md": b"# Hi", "manual/README.md": b"first", "manual/adr/0001.md": b"one",
        "manual/images/a.png": b"png",
    }  # fmt: skip
    assert none.files == {"index.md": b"# Hi"}
    for name, data in written.items():
        path = lab.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(data))  # type: ignore[arg-type]  # no link among them
    assert sources.from_folder(lab.path, "a/docs").files == found.files


@pytest.mark.parametrize("name", ["docs", "docs/one.md"])
def test_a_manual_follows_no_link(lab: GitLab, name: str) -> None:
    (lab.path / "elsewhere").mkdir()
    (lab.path / name).parent.mkdir(exist_ok=True)
    (lab.path / name).symlink_to(lab.path / "elsewhere")
    with pytest.raises(UnsafeError, match="symbolic links are not published"):
        sources.from_folder(lab.path, "docs")


def test_two_files_never_become_one_page(lab: GitLab) -> None:
    commit(lab, {"site/manual/one.md": b"1", "docs/one.md": b"2"})
    head = lab.git("rev-parse", "HEAD")
    with GitRepository.open(lab.path) as git, pytest.raises(InvalidError, match="this name too"):
        sources.from_commit(git, head, "docs")
    with pytest.raises(InvalidError, match="this name too"):
        sources.from_folder(lab.path, "docs")


def test_nothing_is_there(read: Callable[[Files], Sources]) -> None:
    assert read({"other.txt": b"x"}) == sources.Sources({}, None)


@pytest.mark.parametrize("name", ["site/passwd.md", "mkdocs.yml", "site", "site/img"])
def test_a_link_is_refused_wherever_it_points(read: Callable[[Files], Sources], name: str) -> None:
    with pytest.raises(UnsafeError, match="symbolic links are not published") as caught:
        read({name: "/etc/passwd"})
    assert caught.value.paths == (name,)


def test_all_mistakes_are_told_at_once(read: Callable[[Files], Sources]) -> None:
    with pytest.raises(InvalidError) as caught:
        read(
            {
                "site/page.html": b"<script>",
                "site/x.svg": b"<svg>",
                "site/run.js": b"",
                "site/data/x.md": b"",
                "site/p.md": b"fine",
                "site/README.md": b"",
                "site/a b.md": b"",
            }
        )
    assert set(caught.value.paths) == {
        "site/page.html", "site/x.svg", "site/run.js", "site/data/x.md", "site/README.md",
        "site/a b.md",
    }  # fmt: skip


def test_a_large_file_is_refused(
    read: Callable[[Files], Sources], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_FILE", 10)
    with pytest.raises(LimitError, match="11 bytes, at most 10"):
        read({"site/a.md": b"12345678901"})


def test_many_files_are_refused(
    read: Callable[[Files], Sources], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_FILES", 2)
    with pytest.raises(LimitError, match="3 files, more than 2"):
        read({f"site/{n}.md": b"" for n in range(3)})


def test_a_pipe_is_no_page(lab: GitLab) -> None:
    (lab.path / "site").mkdir()
    os.mkfifo(lab.path / "site/x.md")
    with pytest.raises(InvalidError, match="no regular file"):
        sources.from_folder(lab.path)


def test_a_lab_without_a_commit_has_none(lab: GitLab) -> None:
    with GitRepository.open(lab.path) as git:
        assert sources.from_commit(git, None) == sources.Sources({})
