"""Keeping secrets secret and addresses safe: encryption at rest, masking, address and path checks."""
