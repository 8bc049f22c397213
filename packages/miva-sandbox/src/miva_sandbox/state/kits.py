"""Kits: which parts stand behind one option of a product. Variants can be made from this map."""

import sqlite3
from collections.abc import Sequence

from miva_sandbox.state.store import Store
from miva_sandbox.state.variants import Dimension, Part

SCHEMA = """
CREATE TABLE IF NOT EXISTS product_kits (
    product_id INTEGER NOT NULL,
    attr_id INTEGER NOT NULL,
    attmpat_id INTEGER NOT NULL,
    option_id INTEGER NOT NULL,
    part_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS product_kits_of_product ON product_kits (product_id, attr_id, attmpat_id, option_id);
CREATE INDEX IF NOT EXISTS product_kits_by_part ON product_kits (part_id);
"""


def replace_parts(store: Store, product_id: int, choice: Dimension, parts: Sequence[Part]) -> None:
    """Say which parts one option brings; none at all deletes the entry."""
    store.db.execute(
        "DELETE FROM product_kits WHERE product_id = ? AND attr_id = ? AND attmpat_id = ? AND option_id = ?",
        (product_id, choice.attr_id, choice.attmpat_id, choice.option_id),
    )
    store.db.execute_many(
        "INSERT INTO product_kits (product_id, attr_id, attmpat_id, option_id, part_id, quantity) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (product_id, choice.attr_id, choice.attmpat_id, choice.option_id, part.part_id, part.quantity)
            for part in parts
        ],
    )


def parts(store: Store, product_id: int, choice: Dimension) -> list[Part]:
    rows: list[sqlite3.Row] = store.db.rows(
        "SELECT part_id, quantity FROM product_kits "
        "WHERE product_id = ? AND attr_id = ? AND attmpat_id = ? AND option_id = ? ORDER BY rowid",
        (product_id, choice.attr_id, choice.attmpat_id, choice.option_id),
    )
    return [Part(row["part_id"], row["quantity"]) for row in rows]


def delete_all(store: Store, product_id: int) -> None:
    store.db.execute("DELETE FROM product_kits WHERE product_id = ?", (product_id,))


def product_deleted(store: Store, product_id: int) -> None:
    """Forget a product as a kit and as a part of kits."""
    store.db.execute("DELETE FROM product_kits WHERE product_id = ? OR part_id = ?", (product_id, product_id))
