"""From a spool to a record and its objects."""
