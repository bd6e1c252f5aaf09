"""How runs relate: what changed between two, and whose child a run is. Pure functions."""
