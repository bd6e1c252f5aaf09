"""A local preview: a built site served on this machine alone, rebuilt when the lab changes.

Only for looking: a published site needs any web host, or none. It answers nobody but this machine,
leaves its folder by no path and follows no link. Beyond the site it tells the boards which runs are
alive: a page learns from the header of its own answer that it may ask.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import threading
import time
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self
from urllib.parse import unquote, urlsplit

from labrec.errors import BusyError, LabrecError, StorageError, UsageError
from labrec.record.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

HOST: Final = "127.0.0.1"
PORT: Final = 8000

RUNNING: Final = "/labrec-running.json"
"""Where the runs that are alive are told, as ``[{"project": …, "name": …, "started": …}]``."""

MARK: Final = "labrec-preview"
"""What the Server-Timing header of every answer names; `running.js` looks for it."""

TYPES: Final = {
    ".bib": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".xml": "application/xml",
}
"""What each ending is served as; anything else is bytes to be saved."""

Opened = tuple[BinaryIO, int, str, float]
"""A file, its length, its type and when it was written."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_CHUNK = 1 << 16


class Preview:
    """A site being served. Use it as a context manager.

    Args:
        folder: The built site.
        port: Where it listens; 0 = any free port.
        refresh: Called before a page is answered; brings the site up to date. What it raises is
            told to ``told`` and the page is served as it is.
        told: Called with a message for people.
        running: Returns the runs that are alive: texts to show, by name.

    Raises:
        BusyError: The port is taken.
        UsageError: This port needs rights that the process does not have.
        StorageError: Nothing can be listened on.
    """

    def __init__(
        self,
        folder: Path,
        port: int = PORT,
        *,
        refresh: Callable[[], None] | None = None,
        told: Callable[[str], None] = lambda _: None,
        running: Callable[[], list[dict[str, str]]] = list,
    ) -> None:
        self.folder = folder
        self._running = running
        self._refresh = refresh
        self._told = told
        self._lock = threading.Lock()
        try:
            self._server = _Server((HOST, port), self)
        except OSError as error:
            raise _listen_error(error, port) from error

    @property
    def url(self) -> str:
        """Address of the site."""
        return f"http://{HOST}:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.server_close()

    def run(self) -> None:
        """Answer requests until the process is interrupted or `stop` is called."""
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """Make `run` return."""
        self._server.shutdown()

    def bring_up_to_date(self) -> None:
        """Rebuild where something changed; a failure is told, and the old pages stay."""
        if self._refresh is None:
            return
        with self._lock:  # one build at a time, however many requests wait
            try:
                self._refresh()
            except LabrecError as error:
                self._tell(error)

    def running(self) -> bytes:
        """Return the runs that are alive as JSON; none where they cannot be told."""
        try:
            return json.dumps(self._running()).encode()
        except LabrecError as error:
            self._tell(error)
            return b"[]"

    def _tell(self, error: LabrecError) -> None:
        self._told(printable(f"{error.message} {error.hint}".strip()))  # it may quote a record
        for path in error.paths:
            self._told(printable(f"at: {path}"))

    def open(self, target: str) -> Opened | None:
        """Open the file of a request: the file, its length, its type and when it was written.

        Args:
            target: As the request line has it.

        Returns:
            None where there is no such file, or the path is none of a site.
        """
        path = unquote(urlsplit(target).path)
        parts = [part for part in path.split("/") if part]
        if path.endswith("/"):
            parts.append("index.html")
        if not path.startswith("/") or not all(_NAME.fullmatch(part) for part in parts):
            return None
        return _open(self.folder, parts)


def _open(folder: Path, parts: list[str]) -> Opened | None:
    """Open a file below a folder, step by step, through no link."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        for at, part in enumerate(parts):
            is_last = at == len(parts) - 1
            try:
                below = os.open(part, flags if is_last else flags | os.O_DIRECTORY, dir_fd=place)
            finally:
                os.close(place)
            place = below
        facts = os.fstat(place)
    except OSError:
        return None
    if not stat.S_ISREG(facts.st_mode):
        os.close(place)
        return None
    kind = TYPES.get(os.path.splitext(parts[-1])[1], "application/octet-stream")  # noqa: PTH122
    return os.fdopen(place, "rb"), facts.st_size, kind, facts.st_mtime


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], preview: Preview) -> None:
        self.preview = preview
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that closes a connection early is no failure."""


class _Handler(BaseHTTPRequestHandler):
    server_version = "labrec"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with what a file is."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Keep the terminal quiet."""

    def _answer(self, *, with_body: bool) -> None:
        preview = self._preview
        if not self._is_ours():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return
        if self.path == RUNNING:
            data = preview.running()
            found: Opened | None = io.BytesIO(data), len(data), TYPES[".json"], time.time()
        else:
            if self.path.endswith((".html", "/")):
                preview.bring_up_to_date()
            found = preview.open(self.path)
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        file, size, kind, written = found
        with file:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(size))
            self.send_header("Last-Modified", formatdate(written, usegmt=True))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Server-Timing", MARK)
            self.end_headers()
            while with_body and (data := file.read(_CHUNK)):
                self.wfile.write(data)

    @property
    def _preview(self) -> Preview:
        assert isinstance(self.server, _Server)  # noqa: S101 - for the type checker
        return self.server.preview

    def _is_ours(self) -> bool:
        """Refuse a page of another site that calls this one by a name that leads here."""
        host = (self.headers.get("Host") or HOST).rpartition(":")[0] or self.headers.get("Host")
        return host in {HOST, "localhost", None}

    def _refuse(self, status: HTTPStatus) -> None:
        text = f"{status.value} {status.phrase}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)


def _listen_error(error: OSError, port: int) -> LabrecError:
    import errno  # only where listening failed

    if error.errno == errno.EADDRINUSE:
        return BusyError(
            f"port {port} of this machine is taken",
            hint="Name another one with --port; 0 is any free one.",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return UsageError(f"port {port} needs more rights", hint="Name one above 1023 with --port.")
    return StorageError(
        f"nothing can be listened on at port {port}: {error.strerror}",
        hint="Name another one with --port.",
    )
