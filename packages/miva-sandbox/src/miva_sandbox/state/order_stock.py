"""
What selling and giving back does to counts: a variant moves its parts, anything else the product itself.

A movement is a pair of product id and quantity.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from miva_sandbox.state import choices, inventory, products, variants
from miva_sandbox.state.store import Store

Movement = tuple[int, int]


def movements(store: Store, product_id: int, variant_id: int | None, quantity: int) -> list[Movement]:
    """Say what `quantity` of a variant draws on; without a variant, or without parts, the product's own count."""
    if variant_id is not None:
        parts = variants.parts(store, product_id, variant_id)
        if parts:
            return [(part["part_id"], part["quantity"] * quantity) for part in parts]
    return [(product_id, quantity)]


def of_line(
    store: Store, line: sqlite3.Row | Mapping[str, Any], options: Sequence[sqlite3.Row | Mapping[str, Any]]
) -> list[Movement]:
    """
    Work out anew what a line draws on: the product by the line's code, the variant by its options.

    The variant may be gone since; then it is the product's default parts, or its own count.
    """
    product = products.find(store, line["code"])
    if product is None:
        return []
    variant_id = choices.variant_of_line(store, product["id"], options)
    return movements(store, product["id"], variants.DEFAULT if variant_id is None else variant_id, line["quantity"])


def take(store: Store, moved: Iterable[Movement]) -> None:
    for product_id, quantity in moved:
        inventory.take(store, product_id, quantity)


def give_back(store: Store, moved: Iterable[Movement]) -> None:
    for product_id, quantity in moved:
        inventory.give_back(store, product_id, quantity)


def put_back(store: Store, line: sqlite3.Row) -> None:
    """Return what a line took, also for a bare line that took nothing: the store can't tell them apart."""
    options = store.db.rows("SELECT * FROM order_options WHERE line_id = ? ORDER BY id", (line["line_id"],))
    give_back(store, of_line(store, line, options))
