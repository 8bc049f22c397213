"""Faults on demand: what goes wrong between a store and its clients, by rules, deterministic by seed, and logged."""
