"""Where capture and store meet: start a run, record a command, commit a spool, recover."""

from __future__ import annotations

from labrec.sdk.live import RecordingWarning, Run, run

__all__ = ["RecordingWarning", "Run", "run"]
