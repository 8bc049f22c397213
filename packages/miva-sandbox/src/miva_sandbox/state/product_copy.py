"""
Copying a product under a new code, with what describes it: texts, attributes, categories, images, custom fields.

What a real store copies is a set of rules that its merchant edits. Here everything goes along but variants and kits,
whose parts are the source's own stock, and the count, which is nobody's twice.
"""

import sqlite3
from dataclasses import fields

from miva_sandbox.state import (
    attributes,
    categories,
    custom_fields,
    images,
    inventory,
    products,
    related,
    shipping_rules,
)
from miva_sandbox.state.attributes import CHOICES, PRODUCT, Attribute, Option
from miva_sandbox.state.products import Product
from miva_sandbox.state.store import Store

_COLUMNS = tuple(field.name for field in fields(Product) if field.name not in ("code", "name", "sku"))


def copy(store: Store, source: sqlite3.Row, *, code: str, name: str, sku: str) -> int:
    """Create the copy and return its id. Raises AlreadyExists, Invalid; then nothing was made."""
    with store.db.savepoint():
        values = {column: source[column] for column in _COLUMNS}
        product_id = products.insert(store, Product(code=code, name=name, sku=sku, **values))
        _copy_attributes(store, source["id"], product_id)
        for row in store.db.rows("SELECT cat_id FROM category_products WHERE product_id = ?", (source["id"],)):
            categories.assign(store, row["cat_id"], product_id)
        for row in images.of_product(store, source["id"]):
            images.add_to_product(store, product_id, row["image_id"], row["type_id"])
        for row in store.db.rows(
            "SELECT relprod_id FROM related_products WHERE product_id = ? ORDER BY disp_order", (source["id"],)
        ):
            related.assign(store, product_id, row["relprod_id"])
        _copy_custom_fields(store, source["id"], product_id)
        _copy_settings(store, source["id"], product_id)
    return product_id


def _copy_attributes(store: Store, source_id: int, product_id: int) -> None:
    for row in attributes.all_of(store, PRODUCT, source_id):
        values = {field.name: row[field.name] for field in fields(Attribute)}
        attribute_id = attributes.insert(
            store,
            PRODUCT,
            product_id,
            Attribute(**{**values, "required": bool(row["required"]), "inventory": bool(row["inventory"])}),
            attemp_id=row["attemp_id"],
        )
        if row["type"] not in CHOICES:
            continue
        made = store.db.row("SELECT * FROM attributes WHERE id = ?", (attribute_id,))
        assert made is not None
        for option in attributes.options_of(store, PRODUCT, row["id"]):
            copied = {field.name: option[field.name] for field in fields(Option) if field.name != "default"}
            attributes.insert_option(store, PRODUCT, made, Option(**copied, default=option["id"] == row["default_id"]))


def _copy_custom_fields(store: Store, source_id: int, product_id: int) -> None:
    defined = custom_fields.all_of(store, "product")
    values = custom_fields.values(store, "product", [source_id], defined)[source_id]
    for field in defined:
        value = values[field["code"]]
        if isinstance(value, list):
            custom_fields.replace_values(store, field, product_id, value)
        else:
            custom_fields.set_value(store, field, product_id, value)


def _copy_settings(store: Store, source_id: int, product_id: int) -> None:
    settings = inventory.product_settings(store, source_id)
    if settings is not None and settings["active"]:
        changes = {name: settings[name] for name in settings.keys() if name not in ("product_id", "active")}  # noqa: SIM118 - a row iterates over values
        inventory.update_product(store, product_id, changes, track=True, stock=0)
    rules = shipping_rules.find(store, source_id)
    shipping_rules.update(store, product_id, {field.name: getattr(rules, field.name) for field in fields(rules)})
    shipping_rules.replace_methods(store, product_id, shipping_rules.methods(store, source_id))
