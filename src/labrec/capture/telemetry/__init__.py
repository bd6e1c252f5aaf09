"""Telemetry: a sampler outside the observed process, its probes, and the summary of what it saw."""
