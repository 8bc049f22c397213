"""Products, and how they come in."""
