"""A minimal wrapper: driver.py SRC MODE LOG_DIR -- CMD. What `labrec run` does with a command."""

from __future__ import annotations

import sys

sys.path.insert(0, sys.argv.pop(1))

from labrec.capture.command.streams import hold_standard

hold_standard()

from pathlib import Path  # noqa: E402

from labrec.capture.command.run import NotStartedError, run_command  # noqa: E402


def main() -> int:
    mode, folder, dashes, *argv = sys.argv[1:]
    assert dashes == "--"
    try:
        result = run_command(argv, log=mode, log_dir=Path(folder))
    except NotStartedError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"driver: {error}\n")
        return error.exit_code
    Path(folder, "result.txt").write_text(repr(result))
    return result.shell_code


if __name__ == "__main__":
    sys.exit(main())
