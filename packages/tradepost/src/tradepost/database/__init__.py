"""The hub's database: models that hold the invariants, and the ports to it. SQLite or PostgreSQL, the same code."""
