"""What a run ran on: the machine, its identity, the conditions of this run."""
