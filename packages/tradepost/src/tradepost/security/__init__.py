"""Keeping secrets secret and addresses safe: encryption at rest, masking, and where requests may go."""
