"""``python -m labrec`` is the ``labrec`` command."""

from __future__ import annotations

import sys

from labrec.cli import main

if __name__ == "__main__":
    sys.exit(main())
