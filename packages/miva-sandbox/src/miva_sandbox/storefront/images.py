"""Which images a page shows: none until its setting names an image type."""

import sqlite3
from collections.abc import Sequence

from miva_sandbox.state import images, page_images
from miva_sandbox.state.columns import key
from miva_sandbox.state.store import Store

Box = tuple[int, int]
LIST_BOX: Box = (400, 400)
PRODUCT_BOX: Box = (800, 800)
SMALL_BOX: Box = (160, 160)


def of_type(store: Store, page: str, product_id: int, *, box: Box, parts: Sequence[int] = ()) -> str:
    """
    Return the address of the one image that stands for a product on a page; blank for none.

    `parts` are the products behind a chosen variant: one that has an image of that type shows its own instead.
    """
    wanted = page_images.type_key(store, page)
    if not wanted:
        return ""
    for owner in (*reversed(parts), product_id):
        for row in images.of_product(store, owner):
            if key(row["code"]) == wanted:
                return _address(store, row, box)
    return ""


def others(store: Store, page: str, product_id: int, *, box: Box) -> list[str]:
    """Return the addresses of a product's further images, for a page that shows some at all."""
    wanted = page_images.type_key(store, page)
    if not wanted:
        return []
    return [_address(store, row, box) for row in images.of_product(store, product_id) if key(row["code"]) != wanted]


def _address(store: Store, row: sqlite3.Row, box: Box) -> str:
    return store.folder + images.derived(store, row["image"], *box)
