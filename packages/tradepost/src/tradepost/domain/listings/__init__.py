"""Listings: what they should be on a store, why, and in which state they are."""
