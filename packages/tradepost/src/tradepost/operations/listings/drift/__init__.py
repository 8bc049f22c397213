"""
Drift: what others have changed on the store is found by comparing, and answered by the channel's policies or a person.

The rules are `domain.listings.drift`; why it is so, ADR 16.
"""
