"""Orders, their shipments, and the files that both come and go by."""
