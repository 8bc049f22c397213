"""Children of the module for META tags: fields, and their texts for products and categories."""

import sqlite3

from miva_sandbox.provisioning.lookups import product_existing
from miva_sandbox.provisioning.modules import child
from miva_sandbox.provisioning.registry import Tag
from miva_sandbox.state import categories, meta
from miva_sandbox.state.modules import META


@child(META, "METAField_Add")
def add_field(tag: Tag) -> None:
    name, prompt = tag.required_text("Name"), tag.required_text("Prompt")
    meta.insert(tag.store, name, prompt=prompt, field_type=tag.required_word("Type", meta.TYPES))


@child(META, "METAFieldValue_Product")
def set_product_value(tag: Tag) -> None:
    row = product_existing(tag, tag.attribute("product_code"))
    meta.set_value(tag.store, _field(tag)["id"], tag.own_text(), product_id=row["id"])


@child(META, "METAFieldValue_Category")
def set_category_value(tag: Tag) -> None:
    code = tag.attribute("category_code")
    row = categories.find(tag.store, code)
    if row is None:
        raise tag.refuse(f"Category '{code}' does not exist")
    meta.set_value(tag.store, _field(tag)["id"], tag.own_text(), cat_id=row["id"])


def _field(tag: Tag) -> sqlite3.Row:
    name = tag.attribute("name")
    found = meta.find(tag.store, name)
    if found is None:
        raise tag.refuse(f"META name '{name}' does not exist")
    return found
