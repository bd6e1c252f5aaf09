"""The local preview: right types, this machine alone, and no way out of the folder."""

from __future__ import annotations

import http.client
import json
import threading
from typing import TYPE_CHECKING

import pytest

from labrec.errors import BusyError, InvalidError
from labrec.site.serve import HOST, MARK, RUNNING, TYPES, Preview

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "site"
    (place / "data").mkdir(parents=True)
    (place / "index.html").write_text("home")
    (place / "data/index.html").write_text("data")
    for ending in TYPES:
        (place / f"file{ending}").write_bytes(b"x")
    (place / "file.odd").write_bytes(b"x")
    (tmp_path / "secret.txt").write_text("secret")
    (place / "link.txt").symlink_to(tmp_path / "secret.txt")
    (place / "up").symlink_to(tmp_path)
    (place / ".hidden").write_text("secret")
    return place


class Answer:
    """An answer over a socket of its own; the test's guard forbids any other address."""

    def __init__(self, preview: Preview, target: str, method: str = "GET", **headers: str) -> None:
        connection = http.client.HTTPConnection(preview.url.split("/")[2], timeout=10)
        try:
            connection.putrequest(method, target, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            self.status = response.status
            self.headers = {name.lower(): value for name, value in response.getheaders()}
            self.body = response.read()
        finally:
            connection.close()


@pytest.fixture(autouse=True)
def _this_machine_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test ask its own server: the guard against the network knows only families."""
    import socket

    from tests import conftest

    def refuse(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and address[0] != HOST:  # type: ignore[index]
            pytest.fail(f"this test tried to reach the network: {address!r}")

    monkeypatch.setattr(conftest, "_refuse", refuse)


@pytest.fixture
def preview(folder: Path) -> Iterator[Preview]:
    with Preview(folder, port=0) as running:
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        yield running
        running.stop()
        thread.join()


def test_pages_and_folders_are_answered(preview: Preview) -> None:
    assert Answer(preview, "/").body == b"home"
    assert Answer(preview, "/data/").body == b"data"
    assert Answer(preview, "/data/index.html?x=1").body == b"data"


@pytest.mark.parametrize("ending", TYPES)
def test_every_ending_has_its_type(preview: Preview, ending: str) -> None:
    answer = Answer(preview, f"/file{ending}")
    assert answer.headers["content-type"] == TYPES[ending]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_unknown_is_saved_and_not_shown(preview: Preview) -> None:
    assert Answer(preview, "/file.odd").headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/data/../../secret.txt",
        "//etc/passwd", "/link.txt", "/up/secret.txt", "/.hidden", "/data", "/gone.html",
        "/file.txt/", "/%00", "/a\\b", "/./secret.txt", "secret.txt", "/data/%2e%2e/index.html",
    ],
)  # fmt: skip
def test_the_folder_is_never_left(preview: Preview, target: str) -> None:
    answer = Answer(preview, target)
    assert answer.status in {400, 404}
    assert b"secret" not in answer.body


def test_a_head_has_no_body(preview: Preview) -> None:
    answer = Answer(preview, "/index.html", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == "4"


def test_nothing_can_be_sent(preview: Preview) -> None:
    assert Answer(preview, "/", "POST").status == 501


def test_another_site_s_name_is_not_answered(preview: Preview) -> None:
    assert Answer(preview, "/", Host="evil.example").status == 421
    assert Answer(preview, "/", Host="localhost:1").status == 200


def test_it_listens_to_this_machine_alone(preview: Preview) -> None:
    assert preview.url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told(preview: Preview, folder: Path) -> None:
    port = int(preview.url.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(BusyError, match=f"port {port} of this machine is taken") as caught:
        Preview(folder, port=port)
    assert "--port" in caught.value.hint


def test_a_page_that_is_asked_for_is_brought_up_to_date(folder: Path) -> None:
    asked: list[str] = []

    def refresh() -> None:
        asked.append("page")
        (folder / "index.html").write_text(f"home {len(asked)}")

    with Preview(folder, port=0, refresh=refresh) as running:
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        assert Answer(running, "/").body == b"home 1"
        assert Answer(running, "/file.css").body == b"x"
        assert Answer(running, "/index.html").body == b"home 2"
        running.stop()
        thread.join()


def test_what_cannot_be_built_is_told_and_the_old_page_stays(folder: Path) -> None:
    told: list[str] = []

    def refresh() -> None:
        raise InvalidError(
            "hooks is \x1b[2Jcode", hint="Take it out.", paths=["mkdocs.yml:3", "mkdocs.yml:7"]
        )

    with Preview(folder, port=0, refresh=refresh, told=told.append) as running:
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        assert Answer(running, "/").body == b"home"
        running.stop()
        thread.join()
    assert told == [
        r"hooks is \x1b[2Jcode Take it out.", "at: mkdocs.yml:3", "at: mkdocs.yml:7",
    ]  # fmt: skip


def test_it_tells_which_runs_are_alive(folder: Path) -> None:
    alive = [{"project": "lm", "name": "</script>", "started": "2026-03-01T12:00:00Z"}]
    told: list[str] = []

    def running() -> list[dict[str, str]]:
        if not alive:
            raise InvalidError("no lab here", hint="Make one.")
        return alive

    with Preview(folder, port=0, told=told.append, running=running) as preview:
        thread = threading.Thread(target=preview.run, daemon=True)
        thread.start()
        answer = Answer(preview, RUNNING)
        assert json.loads(answer.body) == alive
        assert answer.headers["content-type"] == "application/json"
        assert Answer(preview, "/index.html").headers["server-timing"] == MARK
        alive.clear()
        assert Answer(preview, RUNNING).body == b"[]"
        assert told == ["no lab here Make one."]
        preview.stop()
        thread.join()


def test_without_a_lab_no_run_is_alive(preview: Preview) -> None:
    assert Answer(preview, RUNNING).body == b"[]"
