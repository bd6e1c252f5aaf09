"""The board of a project while `labrec site serve` serves it: which runs are alive."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.site.labs import PROJECT

from labrec.sdk.recovery import running
from labrec.site.serve import Preview
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.site.conftest import Seen, Site
    from tests.store.labs import GitLab

BOARD = f"p/{PROJECT}/index.html"
ODD = "<img src=x onerror=window.ran=1>"


def test_a_served_board_shows_what_is_alive(site: Site, look: Callable[..., Seen]) -> None:
    alive = [
        {"project": PROJECT, "name": ODD, "started": "2026-03-01T12:00:00Z"},
        {"project": "other", "name": "elsewhere", "started": ""},
    ]
    with Preview(site.folder, port=0, running=lambda: alive) as preview:
        thread = threading.Thread(target=preview.run, daemon=True)
        thread.start()
        seen = look(preview.url + BOARD)
        column = seen.page.locator(".lr-column.lr-running")
        expect(column.locator("h3")).to_have_text("Running 1")
        expect(column.locator("li")).to_have_text(f"{ODD}since 2026-03-01 12:00 UTC")
        assert seen.page.evaluate("window.ran") is None
        assert [line for line in seen.said if "policy" in line.lower()] == []
        preview.stop()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("how", ["file", "http"])
def test_a_published_board_asks_for_nothing(
    how: str, site: Site, look: Callable[..., Seen]
) -> None:
    handler = partial(_Quiet, directory=str(site.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        root = f"http://127.0.0.1:{server.server_address[1]}/"
        seen = look((root if how == "http" else f"{site.folder.as_uri()}/") + BOARD)
        seen.page.wait_for_timeout(300)
        assert [url for url in seen.asked if "running.json" in url] == []
        expect(seen.page.locator(".lr-running")).to_have_count(0)
        server.shutdown()
        thread.join()


def test_a_run_is_alive_until_it_ends(lab: GitLab) -> None:
    code = (
        "import labrec, sys\n"
        "with labrec.run(project='lm', name='1_base', level='basic'):\n"
        "    print('on', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=lab.path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        with Lab.open(lab.path) as opened:
            (one,) = running(opened)
            assert (one.project, one.name) == ("lm", "1_base")
            process.communicate("")
            assert running(opened) == []
