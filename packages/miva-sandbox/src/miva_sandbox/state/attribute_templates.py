"""Attribute templates: sets of attributes that products link to or copy."""

import sqlite3

from miva_sandbox.state import attributes, columns
from miva_sandbox.state.attributes import PRODUCT, TEMPLATE, Attribute, Option
from miva_sandbox.state.errors import AlreadyExists, Invalid
from miva_sandbox.state.store import Store


def find(store: Store, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM attribute_templates WHERE code_key = ?", (columns.key(code),))


def insert(store: Store, code: str, *, prompt: str) -> int:
    """Create a template and return its id. Raises AlreadyExists, Invalid."""
    if find(store, code) is not None:
        raise AlreadyExists("", f"An attribute template with the code '{code}' already exists", field="code")
    columns.fit(code, "code", columns.CODE_WIDTH)
    columns.fit(prompt, "prompt", 50)
    template_id = store.db.next_id("attribute_templates")
    store.db.execute(
        "INSERT INTO attribute_templates (id, code, code_key, prompt) VALUES (?, ?, ?, ?)",
        (template_id, code, columns.key(code), prompt),
    )
    return template_id


def update(store: Store, template: sqlite3.Row, *, code: str | None = None, prompt: str | None = None) -> None:
    """Raises AlreadyExists, Invalid."""
    code = template["code"] if code is None else columns.fit(code, "code", columns.CODE_WIDTH)
    prompt = template["prompt"] if prompt is None else columns.fit(prompt, "prompt", 50)
    owner = find(store, code)
    if owner is not None and owner["id"] != template["id"]:
        raise AlreadyExists("", f"An attribute template with the code '{code}' already exists", field="code")
    store.db.execute(
        "UPDATE attribute_templates SET code = ?, code_key = ?, prompt = ? WHERE id = ?",
        (code, columns.key(code), prompt, template["id"]),
    )


def delete(store: Store, template: sqlite3.Row) -> None:
    """Delete a template that no product links to. Raises Invalid."""
    if template["refcount"] > 0:
        raise Invalid("", f"Attribute template '{template['code']}' is in use by one or more products", field="code")
    with store.db.savepoint():
        for table in ("template_options", "template_attributes"):
            store.db.execute(f"DELETE FROM {table} WHERE attemp_id = ?", (template["id"],))  # noqa: S608 - our own tables
        store.db.execute("DELETE FROM attribute_templates WHERE id = ?", (template["id"],))


def link(store: Store, product_id: int, template: sqlite3.Row, *, code: str, prompt: str) -> int:
    """Give a product one attribute that stands for the template; return its id. Raises AlreadyExists, Invalid."""
    attribute = Attribute(code=code, type=attributes.TEMPLATE_TYPE, prompt=prompt)
    return attributes.insert(store, PRODUCT, product_id, attribute, attemp_id=template["id"])


def copy(store: Store, product_id: int, template: sqlite3.Row) -> None:
    """Copy a template's attributes and options into a product; a code in use gets a number appended."""
    for source in attributes.all_of(store, TEMPLATE, template["id"]):
        attribute = Attribute(
            code=_free_code(store, product_id, source["code"]),
            type=source["type"],
            prompt=source["prompt"],
            price=source["price"],
            cost=source["cost"],
            weight=source["weight"],
            required=bool(source["required"]),
            inventory=bool(source["inventory"]),
            image=source["image"],
        )
        attributes.insert(store, PRODUCT, product_id, attribute)
        target = attributes.find(store, PRODUCT, product_id, attribute.code)
        assert target is not None
        for option in attributes.options_of(store, TEMPLATE, source["id"]):
            copied = Option(
                code=option["code"],
                prompt=option["prompt"],
                price=option["price"],
                cost=option["cost"],
                weight=option["weight"],
                image=option["image"],
                default=option["id"] == source["default_id"],
            )
            attributes.insert_option(store, PRODUCT, target, copied)


def _free_code(store: Store, product_id: int, code: str) -> str:
    free, number = code, 1
    while attributes.find(store, PRODUCT, product_id, free) is not None:
        number += 1
        free = f"{code}{number}"
    return free
