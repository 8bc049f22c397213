"""Commands of the hub itself: serving, people, keys, its database."""
