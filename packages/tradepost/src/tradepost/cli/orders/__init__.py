"""Commands of orders and shipments."""
