"""Where records live: labs, commits on the record ref, views, verification."""
