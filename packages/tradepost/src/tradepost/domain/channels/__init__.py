"""A channel: how it is set up, what stands on it, when it runs, and how it is doing."""
