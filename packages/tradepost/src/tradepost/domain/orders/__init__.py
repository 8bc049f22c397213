"""Orders, from the store to whoever packs them, and their shipments back."""
