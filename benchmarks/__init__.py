"""Measurements of labrec beside a peer or the physical limit, in one run."""
