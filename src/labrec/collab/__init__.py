"""Working together through git: what a pull request brings, checked before it is merged."""
