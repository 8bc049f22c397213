"""Source images: fetched with limits, checked, re-encoded, and kept by the checksum of what is sent."""

from tradepost.images.library import ImageLibrary

__all__ = ["ImageLibrary"]
