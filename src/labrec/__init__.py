"""labrec: a lab notebook made of git."""

from labrec._version import __version__

__all__ = ["__version__"]
