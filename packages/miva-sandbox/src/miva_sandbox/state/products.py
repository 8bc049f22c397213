"""
Products: what a store sells, simple products, parents and the parts of variants alike.

Prices, costs and weights are units of 1e-8 (numbers.py), the margin is hundredths of a per cent.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields

from miva_sandbox.state import (
    attributes,
    categories,
    columns,
    custom_fields,
    images,
    inventory,
    kits,
    meta,
    related,
    shipping_rules,
    uris,
    variants,
)
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    code_key TEXT NOT NULL UNIQUE,
    sku TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    name TEXT NOT NULL,
    page_title TEXT NOT NULL DEFAULT '',
    thumbnail TEXT NOT NULL DEFAULT '',
    image TEXT NOT NULL DEFAULT '',
    price INTEGER NOT NULL DEFAULT 0,
    cost INTEGER NOT NULL DEFAULT 0,
    weight INTEGER NOT NULL DEFAULT 0,
    profit INTEGER NOT NULL DEFAULT 0,
    margin INTEGER NOT NULL DEFAULT 0,
    descrip TEXT NOT NULL DEFAULT '',
    taxable INTEGER NOT NULL DEFAULT 1,
    active INTEGER NOT NULL DEFAULT 1,
    exsearch INTEGER NOT NULL DEFAULT 0,
    disp_order INTEGER NOT NULL,
    page_code TEXT NOT NULL DEFAULT '',
    cancat_id INTEGER NOT NULL DEFAULT 0,
    catcount INTEGER NOT NULL DEFAULT 0,
    agrpcount INTEGER NOT NULL DEFAULT 0,
    pgrpcount INTEGER NOT NULL DEFAULT 0,
    dt_created INTEGER NOT NULL,
    dt_updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS products_in_display_order ON products (disp_order, id);
CREATE INDEX IF NOT EXISTS products_by_sku ON products (sku) WHERE sku <> '';
CREATE INDEX IF NOT EXISTS products_by_change ON products (dt_updated);
"""

_WIDTHS = {
    "code": columns.CODE_WIDTH,
    "sku": 50,
    "name": columns.NAME_WIDTH,
    "page_title": columns.TEXT_WIDTH,
    "thumbnail": columns.TEXT_WIDTH,
    "image": columns.TEXT_WIDTH,
    "page_code": 50,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    code: str
    name: str
    sku: str = ""
    price: int = 0
    cost: int = 0
    weight: int = 0
    descrip: str = ""
    thumbnail: str = ""
    image: str = ""
    taxable: bool = True
    active: bool = True
    exsearch: bool = False
    page_title: str = ""
    page_code: str = ""
    cancat_id: int = 0


_COLUMNS = tuple(field.name for field in fields(Product))


def find(store: Store, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM products WHERE code_key = ?", (columns.key(code),))


def find_by_id(store: Store, product_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM products WHERE id = ?", (product_id,))


def find_by_sku(store: Store, sku: str) -> list[sqlite3.Row]:
    """Return every product with this SKU; SKUs are not unique."""
    return store.db.rows("SELECT * FROM products WHERE sku = ? AND sku <> '' ORDER BY id LIMIT 2", (sku,))


def insert(store: Store, product: Product) -> int:
    """
    Create a product and return its id; an active one gets its canonical URI.

    Raises AlreadyExists, Invalid.
    """
    values: dict[str, str | int] = {name: getattr(product, name) for name in _COLUMNS}
    _fit(values)
    if find(store, product.code) is not None:
        raise AlreadyExists("", f"Product with the code '{product.code}' already exists", field="code")
    now = store.clock.now()
    profit, margin = _profit_and_margin(product.price, product.cost)
    product_id = store.db.next_id("products")
    values |= {
        "id": product_id,
        "code_key": columns.key(product.code),
        "profit": profit,
        "margin": margin,
        "disp_order": store.db.value("SELECT coalesce(max(disp_order), 0) + 1 FROM products"),
        "dt_created": now,
        "dt_updated": now,
    }
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    store.db.execute(f"INSERT INTO products ({names}) VALUES ({marks})", values)  # noqa: S608 - names are our own
    if product.active:
        uris.generate_for_product(store, product_id, title=product.page_title or product.name)
    return product_id


def update(store: Store, product_id: int, changes: Mapping[str, str | int]) -> None:
    """
    Change the columns named; the update stamp moves, also when nothing else does.

    No URI is made when a product becomes active: the initial settings of a store regenerate none on update.

    Raises AlreadyExists, Invalid.
    """
    values = dict(changes)
    _fit(values)
    if "code" in values:
        owner = find(store, str(values["code"]))
        if owner is not None and owner["id"] != product_id:
            raise AlreadyExists("", f"Product with the code '{values['code']}' already exists", field="code")
        values["code_key"] = columns.key(str(values["code"]))
    if "price" in values or "cost" in values:
        before = store.db.row("SELECT price, cost FROM products WHERE id = ?", (product_id,))
        price = int(values.get("price", before["price"] if before else 0))
        cost = int(values.get("cost", before["cost"] if before else 0))
        values["profit"], values["margin"] = _profit_and_margin(price, cost)
    values["dt_updated"] = store.clock.now()
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    store.db.execute(
        f"UPDATE products SET {assignments} WHERE id = :product_id",  # noqa: S608 - names are our own
        {**values, "product_id": product_id},
    )


def delete(store: Store, product_id: int) -> None:
    """
    Delete a product with everything that hangs on it, in one transaction.

    Orders keep their lines, parts of its variants stay as products of their own, image files stay on disk.
    """
    with store.db.savepoint():
        categories.product_deleted(store, product_id)
        variants.delete_all(store, product_id)
        variants.part_deleted(store, product_id)
        kits.product_deleted(store, product_id)
        attributes.delete_all(store, product_id)
        inventory.product_deleted(store, product_id)
        images.product_deleted(store, product_id)
        related.product_deleted(store, product_id)
        shipping_rules.product_deleted(store, product_id)
        uris.product_deleted(store, product_id)
        meta.product_deleted(store, product_id)
        custom_fields.record_deleted(store, "product", product_id)
        store.db.execute("DELETE FROM products WHERE id = ?", (product_id,))


def _fit(values: Mapping[str, str | int]) -> None:
    for column, width in _WIDTHS.items():
        if column in values:
            columns.fit(str(values[column]), column, width)


def _profit_and_margin(price: int, cost: int) -> tuple[int, int]:
    """Return the profit in units and the margin in hundredths of a per cent; without price there is no margin."""
    profit = price - cost
    return profit, round(profit * 10000 / price) if price else 0
