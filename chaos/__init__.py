"""
Chaos: two stores, a hub on PostgreSQL, and workers that are killed and frozen, with the database away now and then.

    python -m chaos --help
"""
