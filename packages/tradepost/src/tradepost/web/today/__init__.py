"""The first page, and the way to it for whoever starts."""
