"""Shipping rules of a product: packaging, measures (hundredths), customs codes, and the methods it is limited to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS product_shipping_rules (
    product_id INTEGER PRIMARY KEY,
    ownpackage INTEGER NOT NULL,
    width INTEGER NOT NULL,
    length INTEGER NOT NULL,
    height INTEGER NOT NULL,
    origcntry TEXT NOT NULL,
    hscode TEXT NOT NULL,
    nmfcclass TEXT NOT NULL,
    nmfccode TEXT NOT NULL,
    limitmeths INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS product_shipping_methods (
    product_id INTEGER NOT NULL,
    mod_code TEXT NOT NULL,
    meth_code TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS product_shipping_methods_of_product ON product_shipping_methods (product_id);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingRules:
    ownpackage: int = 0
    width: int = 0
    length: int = 0
    height: int = 0
    origcntry: str = ""
    hscode: str = ""
    nmfcclass: str = ""
    nmfccode: str = ""
    limitmeths: int = 0


_NAMES = tuple(field.name for field in fields(ShippingRules))


def find(store: Store, product_id: int) -> ShippingRules:
    """Return a product's rules; those without a row are the defaults."""
    row = store.db.row("SELECT * FROM product_shipping_rules WHERE product_id = ?", (product_id,))
    return ShippingRules(**{name: row[name] for name in _NAMES}) if row is not None else ShippingRules()


def update(store: Store, product_id: int, changes: Mapping[str, str | int]) -> None:
    """Change the rules named; a row that says nothing but defaults is removed."""
    rules = replace(find(store, product_id), **changes)  # type: ignore[arg-type]  # each reader gives its field's own kind
    store.db.execute("DELETE FROM product_shipping_rules WHERE product_id = ?", (product_id,))
    if rules != ShippingRules():
        marks = ", ".join(f":{name}" for name in _NAMES)
        store.db.execute(
            f"INSERT INTO product_shipping_rules (product_id, {', '.join(_NAMES)}) VALUES (:product_id, {marks})",  # noqa: S608 - our names
            {"product_id": product_id, **asdict(rules)},
        )


def methods(store: Store, product_id: int) -> list[tuple[str, str]]:
    """Return (module code, method code) of each method the product is limited to."""
    rows = store.db.rows(
        "SELECT mod_code, meth_code FROM product_shipping_methods WHERE product_id = ? ORDER BY rowid", (product_id,)
    )
    return [(row["mod_code"], row["meth_code"]) for row in rows]


def replace_methods(store: Store, product_id: int, chosen: Sequence[tuple[str, str]]) -> None:
    store.db.execute("DELETE FROM product_shipping_methods WHERE product_id = ?", (product_id,))
    store.db.execute_many(
        "INSERT INTO product_shipping_methods (product_id, mod_code, meth_code) VALUES (?, ?, ?)",
        [(product_id, *method) for method in chosen],
    )


def product_deleted(store: Store, product_id: int) -> None:
    store.db.execute("DELETE FROM product_shipping_rules WHERE product_id = ?", (product_id,))
    store.db.execute("DELETE FROM product_shipping_methods WHERE product_id = ?", (product_id,))
