"""Versioned definitions: what a metric means, which samples a dataset has. Light; reads a view."""
