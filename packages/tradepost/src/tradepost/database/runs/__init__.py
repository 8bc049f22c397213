"""Runs, and the history of what they planned and did."""
