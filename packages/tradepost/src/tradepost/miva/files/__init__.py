"""Image files: the servers that a store keeps them on."""
