"""Listings in the database."""
