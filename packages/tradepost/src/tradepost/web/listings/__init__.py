"""The list of listings, a listing's page, and what is asked of many at once."""
