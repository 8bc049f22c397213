"""Kits, which parts each option brings, and the variants generated from them or from the options alone."""

import sqlite3
from typing import Any

from miva_sandbox.api import product_reference, variant_references
from miva_sandbox.api.list_query import Column, Spec, fetch_records, read
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, data, done, page
from miva_sandbox.state import attributes, columns, kits, variant_generation
from miva_sandbox.state.attributes import BOOLEANS, PRODUCT, TEMPLATE, TEMPLATE_TYPE
from miva_sandbox.state.variants import METHODS, Dimension

_DEFAULT_DELIMITER = "_"
_NAMES = ("product_code", "product_name", "attr_code", "attr_prompt", "option_code", "option_prompt")
_LIST = Spec(
    columns={name: Column(name, is_text=True) for name in _NAMES} | {"position": Column("position")},
    default_sort="position",
)


@function("ProductKitList_Load_Query", needs=("PROD:view",))
def product_kit_list_load_query(call: Call) -> Answer:
    """List every choice of the product's inventory attributes with the parts that it brings, none included."""
    product = product_reference.product(call)
    query = read(call, _LIST)
    rows = _choices(call, product["id"])
    searched = [
        {
            **{name: row[name] for name in _NAMES if name in row},
            "product_code": ", ".join(part["product_code"] for part in row["parts"]),
            "product_name": ", ".join(part["product_name"] for part in row["parts"]),
            "row": row,
        }
        for row in rows
    ]
    found, total = fetch_records(searched, query, columns=_NAMES)
    return page([row["row"] for row in found], total_count=total, start_offset=query.offset)


def _choices(call: Call, product_id: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for own in attributes.all_of(call.store, PRODUCT, product_id):
        is_template = own["type"] == TEMPLATE_TYPE
        kind = TEMPLATE if is_template else PRODUCT
        for attribute in attributes.all_of(call.store, TEMPLATE, own["attemp_id"]) if is_template else [own]:
            if not attribute["inventory"]:
                continue
            attmpat_id = attribute["id"] if is_template else 0
            is_boolean = attribute["type"] in BOOLEANS
            options = [None] if is_boolean else attributes.options_of(call.store, kind, attribute["id"])
            rows += [_choice(call, product_id, own["id"], attmpat_id, attribute, option) for option in options]
    return rows


def _choice(  # noqa: PLR0917 - the levels of a choice, from the outside in
    call: Call, product_id: int, attr_id: int, attmpat_id: int, attribute: sqlite3.Row, option: sqlite3.Row | None
) -> dict[str, Any]:
    chosen = Dimension(attr_id, attmpat_id, option["id"] if option else 1)
    parts = []
    for part in kits.parts(call.store, product_id, chosen):
        product = call.store.db.row("SELECT code, name FROM products WHERE id = ?", (part.part_id,))
        if product is not None:
            parts.append(
                {
                    "product_id": part.part_id,
                    "product_code": product["code"],
                    "product_name": product["name"],
                    "quantity": part.quantity,
                }
            )
    return {
        "attr_id": attr_id,
        "attr_type": attribute["type"],
        "attr_code": attribute["code"],
        "attr_prompt": attribute["prompt"],
        "attmpat_id": attmpat_id,
        "option_id": chosen.option_id,
        "option_code": option["code"] if option else "",
        "option_prompt": option["prompt"] if option else "",
        "option_disp_order": option["disp_order"] if option else 0,
        "parts": parts,
    }


@function("ProductKit_Update_Parts", needs=("PROD:modify",))
def product_kit_update_parts(call: Call) -> Answer:
    product = product_reference.product(call)
    parameters = call.parameters
    choice = Dimension(
        parameters.required_integer("Attribute_ID"),
        parameters.integer("AttributeTemplateAttribute_ID") or 0,
        parameters.integer("Option_ID") or 0,
    )
    if (
        call.store.db.value("SELECT 1 FROM attributes WHERE id = ? AND product_id = ?", (choice.attr_id, product["id"]))
        is None
    ):
        raise parameters.refuse("Attribute_ID", "Attribute not found")
    parts = [variant_references.part(call.store, element) for element in parameters.objects("Parts") or ()]
    kits.replace_parts(call.store, product["id"], choice, parts)
    return done()


@function("ProductKit_Variant_Count", needs=("PROD:view",))
def product_kit_variant_count(call: Call) -> Answer:
    return data({"variants": variant_generation.kit_variant_count(call.store, product_reference.product(call)["id"])})


@function("ProductKit_Generate_Variants", needs=("PROD:modify",))
def product_kit_generate_variants(call: Call) -> Answer:
    product = product_reference.product(call)
    with call.store.db.savepoint():
        variant_generation.generate_from_kit(call.store, product, method=_method(call))
    return done()


@function("ProductVariant_Generate", needs=("PROD:modify",))
def product_variant_generate(call: Call) -> Answer:
    return _generate(call, _DEFAULT_DELIMITER)


@function("ProductVariant_Generate_Delimiter", needs=("PROD:modify",))
def product_variant_generate_delimiter(call: Call) -> Answer:
    delimiter = call.parameters.required_text("Delimiter", blank=True)
    if fault := columns.code_fault(delimiter, strict=call.store.strict_codes):
        raise call.parameters.refuse("Delimiter", fault)
    return _generate(call, delimiter)


def _generate(call: Call, delimiter: str) -> Answer:
    product = product_reference.product(call)
    with call.store.db.savepoint():
        variant_generation.generate(call.store, product, method=_method(call), delimiter=delimiter)
    return done()


def _method(call: Call) -> int:
    """Read master or sum, as a word or as its number; a specific price can't be generated."""
    word = str(call.parameters.raw("Pricing_Method"))
    allowed = {name: number for name, number in METHODS.items() if name != "specific"}
    for name, method in allowed.items():
        if word == str(method):
            return method
        if word.casefold() == name:
            return method
    if not call.parameters.has("Pricing_Method"):
        raise call.parameters.refuse("Pricing_Method", "Missing required parameter")
    raise call.parameters.refuse("Pricing_Method", f"Must be one of: {', '.join(allowed)}")
