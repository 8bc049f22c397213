"""The names that images have on a store: by them the hub knows what it attached from what the merchant did."""

import re
from urllib.parse import quote, unquote

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.listings.codes import slug

_LONGEST_STEM = 70
# As `image_path` names them: stem, place, the beginning of the checksum.
_OWN_NAME = re.compile(r"(.+)-(\d+)-[0-9a-f]{8}\.\w+")


def image_path(*, folder: str, code: str, position: int, file: ImageFile) -> str:
    """Name an image on the store. New content gets a new name, because stores cache derived sizes by name."""
    return f"{folder}/{_stem(code)}-{position}-{file.checksum[:8]}.{file.extension}"


def own_place(path: str, *, code: str) -> str:
    """
    Return the place that an image has on a product of this code, as `image_path` numbers it; blank for one that is
    not of the hub's naming. The folder does not count: a channel may have had another.
    """
    found = _OWN_NAME.fullmatch(path.rpartition("/")[2])
    return found[2] if found and found[1] == _stem(code) else ""


def place_of(path: str) -> str:
    """Return the place of an image that is named as the hub names them, under whatever code; blank for others."""
    found = _OWN_NAME.fullmatch(path.rpartition("/")[2])
    return found[2] if found else ""


def address_of(path: str, *, below: str) -> str:
    """Return the web address of a file of the store, by which a catalogue names it; `below`: of all its files."""
    return f"{below}{quote(path)}"


def path_at(address: str, *, below: str) -> str:
    """Return where on the store a file lies that a catalogue names by its address; blank if it is not the store's."""
    return unquote(address.removeprefix(below)) if below and address.startswith(below) else ""


def _stem(code: str) -> str:
    return slug(code)[:_LONGEST_STEM] or "image"
