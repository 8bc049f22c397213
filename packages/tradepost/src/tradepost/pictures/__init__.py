"""Source pictures: fetched with limits, checked, re-encoded, and kept by the checksum of what is sent."""

from tradepost.pictures.library import PictureLibrary

__all__ = ["PictureLibrary"]
