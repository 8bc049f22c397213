"""The ledger of orders, and shipments."""
