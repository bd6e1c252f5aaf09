"""The spool of a live run: written, read, owned, made durable."""
