"""The back office: pages on which people look at listings, orders, runs and channels and ask for changes."""
