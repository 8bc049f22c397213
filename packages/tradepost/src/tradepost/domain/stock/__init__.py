"""How many pieces there are, and why."""
