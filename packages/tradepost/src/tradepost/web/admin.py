"""Django looks here for what the back office registers."""

from tradepost.web import channels, listings, orders, products, runs

__all__ = ["channels", "listings", "orders", "products", "runs"]
