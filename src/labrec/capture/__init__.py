"""Watch a run and write its spool; never break what is watched."""
