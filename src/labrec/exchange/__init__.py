"""Other tools' results, brought into a lab as records."""
