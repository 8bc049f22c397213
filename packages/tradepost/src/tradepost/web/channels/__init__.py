"""A channel: its page, the wizard that connects it, and its settings."""
