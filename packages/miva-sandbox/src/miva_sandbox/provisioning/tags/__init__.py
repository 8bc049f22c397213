"""One module per area; each registers its tags when it is imported."""
