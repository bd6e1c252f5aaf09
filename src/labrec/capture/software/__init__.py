"""What a run ran: code, environment, determinism."""
