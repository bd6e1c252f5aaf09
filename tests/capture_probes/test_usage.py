"""Usage: what the kernel counted for the run, whichever of the two it is."""

from __future__ import annotations

import subprocess
import sys
import time

from labrec.capture.telemetry.usage import usage, usage_channels


def test_own_usage_counts_this_process_and_its_children():
    before, _ = usage(own=True)
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    code = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    after, largest = usage(own=True)
    assert after - before >= 0.39
    assert largest > 1e6


def test_usage_of_a_command_leaves_the_recorder_out():
    before, _ = usage(own=False)
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    assert usage(own=False)[0] == before


def test_channels_and_values_belong_together():
    for own in (True, False):
        assert [c["name"] for c in usage_channels(own=own)] == [
            "process.cpu_time", "process.max_memory",
        ]  # fmt: skip
        assert len(usage(own=own)) == 2
        assert ("this process" in usage_channels(own=own)[0]["method"]) is own
