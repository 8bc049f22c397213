"""Channels and their connections."""
