"""Rows of the store's functions, and the domain's values made of them."""
