"""Templates as code, kept from build to build: compiling them anew takes as long as a dozen pages.

What is kept is run. So it lies in the clone's own folder in the git directory, where nothing that
is fetched, checked out or merged ever lands; who can write there can run code by a hook already.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import jinja2

from labrec.gitio.durable import replace_file
from labrec.site.manifest import tool_digest

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2.bccache import Bucket

_DIGEST = hashlib.sha256().digest_size


class Compiled(jinja2.BytecodeCache):
    """Keeps what Jinja2 makes of our templates.

    Args:
        folder: Where it lies; made when there is something to keep. Nothing is told of a folder
            that cannot be read or written: the next build is slower, no more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template's code, where this labrec kept it and it is whole."""
        with contextlib.suppress(OSError):
            data = (self._folder / bucket.key).read_bytes()
            if data[:_DIGEST] == _digest(data[_DIGEST:]):
                bucket.bytecode_from_string(data[_DIGEST:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        data = bucket.bytecode_to_string()
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._folder / bucket.key, _digest(data) + data, sync=False)


def _digest(code: bytes) -> bytes:
    return hashlib.sha256(tool_digest().encode() + code).digest()
