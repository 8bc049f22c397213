"""Tradepost keeps the listings and orders of a Miva store in step with a merchant's catalogue and fulfilment."""
