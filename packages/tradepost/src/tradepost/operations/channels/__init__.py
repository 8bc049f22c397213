"""Connecting stores, and setting up how they are worked with."""
