"""Records that tags name by code; each family of tags says in its own words that there is none."""

import sqlite3

from miva_sandbox.provisioning.registry import Refused, Tag
from miva_sandbox.state import attributes, categories, products
from miva_sandbox.state.attributes import PRODUCT


def product(tag: Tag, code: str) -> sqlite3.Row:
    found = products.find(tag.store, code)
    if found is None:
        raise tag.refuse(f"Product with the code '{code}' does not exist")
    return found


def product_found(tag: Tag, code: str) -> sqlite3.Row:
    """Look a product up for image, shipping rule and custom field tags, and order lines."""
    found = products.find(tag.store, code)
    if found is None:
        raise tag.refuse(f"Product '{code}' not found")
    return found


def product_existing(tag: Tag, code: str) -> sqlite3.Row:
    """Look a product up for URI and META tags."""
    found = products.find(tag.store, code)
    if found is None:
        raise tag.refuse(f"Product '{code}' does not exist")
    return found


def product_record(tag: Tag, code: str) -> sqlite3.Row:
    """Look a product up for variant and kit tags."""
    found = products.find(tag.store, code)
    if found is None:
        raise record_missing(tag, "MER-DBP-PRD-00018")
    return found


def category(tag: Tag, code: str) -> sqlite3.Row:
    found = categories.find(tag.store, code)
    if found is None:
        raise tag.refuse(f"Category with the code '{code}' does not exist")
    return found


def attribute(tag: Tag, product_row: sqlite3.Row, code: str) -> sqlite3.Row:
    found = attributes.find(tag.store, PRODUCT, product_row["id"], code)
    if found is None:
        raise tag.refuse(f"Attribute with the code '{code}' is not assigned to product '{product_row['code']}'")
    return found


def record_missing(tag: Tag, code: str) -> Refused:
    """Return the refusal of tags that leave the wording to the database."""
    return tag.refuse(f"Fatal Error: EOF: Record not found: {code}")
