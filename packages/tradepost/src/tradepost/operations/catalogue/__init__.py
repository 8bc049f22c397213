"""Bringing products in, and taking back what came."""
