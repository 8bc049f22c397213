"""Related products: one-way links from a product to others."""

from miva_sandbox.state.errors import Invalid
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS related_products (
    product_id INTEGER NOT NULL,
    relprod_id INTEGER NOT NULL,
    disp_order INTEGER NOT NULL,
    PRIMARY KEY (product_id, relprod_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS related_products_backwards ON related_products (relprod_id);
"""


def assign(store: Store, product_id: int, related_id: int) -> bool:
    """Relate a product to another; False if it was already. Raises Invalid."""
    if product_id == related_id:
        raise Invalid("", "A product may not be related to itself", field="relprod_id")
    added = store.db.execute(
        "INSERT INTO related_products (product_id, relprod_id, disp_order) "
        "SELECT ?, ?, coalesce(max(disp_order), 0) + 1 FROM related_products WHERE product_id = ? "
        "ON CONFLICT DO NOTHING",
        (product_id, related_id, product_id),
    )
    return added.rowcount > 0


def unassign(store: Store, product_id: int, related_id: int) -> bool:
    """False if they were not related."""
    removed = store.db.execute(
        "DELETE FROM related_products WHERE product_id = ? AND relprod_id = ?", (product_id, related_id)
    )
    return removed.rowcount > 0


def product_deleted(store: Store, product_id: int) -> None:
    store.db.execute("DELETE FROM related_products WHERE product_id = ? OR relprod_id = ?", (product_id, product_id))
