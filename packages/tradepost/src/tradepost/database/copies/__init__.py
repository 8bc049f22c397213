"""Copies: the whole of a hub's database at another place, as a backup or as the database to go on with."""
