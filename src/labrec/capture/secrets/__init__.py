"""Keeping secrets out of what is stored for ever."""
