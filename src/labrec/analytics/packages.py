"""The packages that analysis needs and recording does not: ``labrec[lab]``."""

from __future__ import annotations

from importlib.util import find_spec

from labrec.errors import NotFoundError


def require(*names: str) -> None:
    """Make sure that packages are installed, without importing them.

    Raises:
        NotFoundError: One is not; the hint says how to install it.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise NotFoundError(
            f"analysis needs {' and '.join(missing)}, which "
            f"{'is' if len(missing) == 1 else 'are'} not installed",
            hint="pip install 'labrec[lab]'",
        )
