"""Provisioning documents: what is sent as XML, and what the store says to it."""
