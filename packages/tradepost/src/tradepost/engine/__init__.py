"""Runs and requests: who executes an operation, and that nobody else does."""
