"""META fields: named texts of products and categories for the head of their pages (module cmp-mv-prodctgy-meta)."""

import sqlite3

from miva_sandbox.state import columns
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta_fields (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    prompt TEXT NOT NULL,
    type TEXT NOT NULL,
    disp_order INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS meta_values (
    meta_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL DEFAULT 0,
    cat_id INTEGER NOT NULL DEFAULT 0,
    value TEXT NOT NULL,
    PRIMARY KEY (meta_id, product_id, cat_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS meta_values_of_product ON meta_values (product_id) WHERE product_id <> 0;
CREATE INDEX IF NOT EXISTS meta_values_of_category ON meta_values (cat_id) WHERE cat_id <> 0;
"""

TYPES = ("textfield", "textarea")


def find(store: Store, name: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM meta_fields WHERE name_key = ?", (columns.key(name),))


def insert(store: Store, name: str, *, prompt: str, field_type: str) -> int:
    """Create a field and return its id. Raises AlreadyExists."""
    if find(store, name) is not None:
        raise AlreadyExists("", f"META name '{name}' already exists", field="name")
    meta_id = store.db.next_id("meta_fields")
    store.db.execute(
        "INSERT INTO meta_fields (id, name, name_key, prompt, type, disp_order) VALUES (?, ?, ?, ?, ?, ?)",
        (meta_id, name, columns.key(name), prompt, field_type, meta_id),
    )
    return meta_id


def set_value(store: Store, meta_id: int, value: str, *, product_id: int = 0, cat_id: int = 0) -> None:
    """Set the text of one product or category; a blank one removes it."""
    if not value:
        store.db.execute(
            "DELETE FROM meta_values WHERE meta_id = ? AND product_id = ? AND cat_id = ?", (meta_id, product_id, cat_id)
        )
        return
    store.db.execute(
        "INSERT OR REPLACE INTO meta_values (meta_id, product_id, cat_id, value) VALUES (?, ?, ?, ?)",
        (meta_id, product_id, cat_id, value),
    )


def product_deleted(store: Store, product_id: int) -> None:
    store.db.execute("DELETE FROM meta_values WHERE product_id = ? AND product_id <> 0", (product_id,))


def category_deleted(store: Store, category_id: int) -> None:
    store.db.execute("DELETE FROM meta_values WHERE cat_id = ? AND cat_id <> 0", (category_id,))
