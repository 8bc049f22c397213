"""Readers of catalogue files: one module per format, and the registry that knows them."""
