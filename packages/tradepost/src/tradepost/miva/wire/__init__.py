"""The wire: signed requests to a store's JSON API, and what its answers mean."""
