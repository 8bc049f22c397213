"""Commands of listings, and of many at once."""
