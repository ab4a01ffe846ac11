"""Columns in, columns out: one file per layer or question."""
