"""How elements of a call name an attribute, an option or a part: by id or by code, never by both."""

import sqlite3
from dataclasses import dataclass

from miva_sandbox.api.parameters import Parameters
from miva_sandbox.state import attributes, products
from miva_sandbox.state.attributes import BOOLEANS, PRODUCT, TEMPLATE, TEMPLATE_TYPE, Kind
from miva_sandbox.state.store import Store
from miva_sandbox.state.variants import Dimension, Part

_MEMBERS = ("attr_id", "attr_code", "attmpat_id", "attmpat_code", "option_id", "option_code")


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute of a product; `attmpat_id` is 0 unless it is one of a linked template."""

    attr_id: int
    attmpat_id: int
    row: sqlite3.Row

    @property
    def kind(self) -> Kind:
        return TEMPLATE if self.attmpat_id else PRODUCT


def attribute(store: Store, product_id: int, element: Parameters) -> Reference:
    """Read `attr_id|attr_code` and, for a template, `attmpat_id|attmpat_code`. Raises InputErrors."""
    element.expect(_MEMBERS)
    own = {row["id"]: row for row in attributes.all_of(store, PRODUCT, product_id)}
    row = _one(element, "attr", own)
    if row["type"] != TEMPLATE_TYPE:
        return Reference(row["id"], 0, row)
    shared = {found["id"]: found for found in attributes.all_of(store, TEMPLATE, row["attemp_id"])}
    inner = _one(element, "attmpat", shared)
    return Reference(row["id"], inner["id"], inner)


def dimension(store: Store, product_id: int, element: Parameters) -> Dimension:
    """Read an attribute with its option; of a check box or text, `option_id` is 1 (given) or 0. Raises InputErrors."""
    found = attribute(store, product_id, element)
    if found.row["type"] in BOOLEANS:
        option_id = element.required_integer("option_id", low=0, high=1)
        return Dimension(found.attr_id, found.attmpat_id, option_id)
    options = {row["id"]: row for row in attributes.options_of(store, found.kind, found.row["id"])}
    return Dimension(found.attr_id, found.attmpat_id, _one(element, "option", options)["id"])


def _one(element: Parameters, what: str, rows: dict[int, sqlite3.Row]) -> sqlite3.Row:
    by_id, by_code = f"{what}_id", f"{what}_code"
    # The API's own answers hold both, with blanks and zeros where there is nothing; only what says something counts.
    has_id = element.has(by_id) and element.raw(by_id) not in (0, "", "0")
    has_code = element.has(by_code) and element.raw(by_code) != ""
    if has_id and has_code:
        raise element.refuse(by_id, f"Only one of {by_id} and {by_code} may be specified")
    if has_id:
        row = rows.get(element.required_integer(by_id))
        name = by_id
    elif has_code:
        code = element.required_text(by_code).casefold()
        row = next((found for found in rows.values() if found["code_key"] == code), None)
        name = by_code
    else:
        raise element.refuse(by_id, f"One of {by_id} or {by_code} must be specified")
    if row is None:
        raise element.refuse(
            name, {"attr": "Attribute", "attmpat": "Attribute", "option": "Option"}[what] + " not found"
        )
    return row


def part(store: Store, element: Parameters) -> Part:
    """Read `part_id|part_code` and `quantity`. Raises InputErrors."""
    element.expect(("part_id", "part_code", "quantity"))
    if element.has("part_id") and element.raw("part_id") not in (0, ""):
        row, name = products.find_by_id(store, element.required_integer("part_id")), "part_id"
    else:
        row, name = products.find(store, element.required_text("part_code")), "part_code"
    if row is None:
        raise element.refuse(name, "Product not found")
    return Part(row["id"], element.required_integer("quantity", low=1))
