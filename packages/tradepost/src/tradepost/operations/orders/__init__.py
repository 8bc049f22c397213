"""Bringing orders home, handing them over, and telling the store of shipments."""
