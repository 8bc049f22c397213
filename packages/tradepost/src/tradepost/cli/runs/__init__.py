"""Commands of runs and of saved plans, and the report that each prints."""
