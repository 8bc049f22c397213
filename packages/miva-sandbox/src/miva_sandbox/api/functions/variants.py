"""Variants: the two ways to list them, and writing them."""

import re
import sqlite3
from itertools import groupby
from typing import Any

from miva_sandbox.api import list_query, product_reference, variant_references, variant_rows
from miva_sandbox.api.list_query import Column, Condition, Spec
from miva_sandbox.api.parameters import Parameters
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data, done, page
from miva_sandbox.api.variant_rows import OptionCodes, Variant
from miva_sandbox.state import variants
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.variants import DEFAULT, METHODS, Dimension, Part, Pricing

_OLD_LIMITS = (
    "Limit_Attribute_IDs",
    "Limit_AttributeTemplateAttribute_IDs",
    "Limit_Option_IDs",
    "Exclude_Attribute_IDs",
    "Exclude_AttributeTemplateAttribute_IDs",
)


@function("ProductVariantList_Load_Product", needs=("PROD:view",))
def product_variant_list_load_product(call: Call) -> Answer:
    product_id = product_reference.product(call)["id"]
    with_default = call.parameters.boolean("Include_Default_Variant") or False
    limits, exclusions = _limits(call, product_id)
    codes = OptionCodes(call.store, product_id)
    return data(
        [
            variant_rows.compact(variant, codes)
            for variant in variant_rows.load(call.store, product_id)
            if (with_default or not variant_rows.is_default(variant))
            and limits <= set(variant.dimensions)
            and not any((dimension.attr_id, dimension.attmpat_id) in exclusions for dimension in variant.dimensions)
        ]
    )


def _limits(call: Call, product_id: int) -> tuple[set[Dimension], set[tuple[int, int]]]:
    """Read what variants must have, and the attributes that they must not; the parallel lists are the older form."""
    parameters = call.parameters
    limits = {
        variant_references.dimension(call.store, product_id, element) for element in parameters.objects("Limits") or ()
    }
    exclusions = set()
    for element in parameters.objects("Exclusions") or ():
        found = variant_references.attribute(call.store, product_id, element)
        exclusions.add((found.attr_id, found.attmpat_id))
    attrs, attmpats, options, no_attrs, no_attmpats = (parameters.integers(name) or [] for name in _OLD_LIMITS)
    for index, attr_id in enumerate(attrs):
        limits.add(Dimension(attr_id, _at(attmpats, index), _at(options, index)))
    for index, attr_id in enumerate(no_attrs):
        exclusions.add((attr_id, _at(no_attmpats, index)))
    return limits, exclusions


def _at(numbers: list[int], index: int) -> int:
    return numbers[index] if index < len(numbers) else 0


_FLAT_KEY = re.compile(r"option_(id|code)_([0-9]{1,9})_([0-9]{1,9})")


def _flat_key(_: Call, name: str, operator: str, value: Any) -> Condition | None:
    """Search by a member such as option_id_7_0."""
    found = _FLAT_KEY.fullmatch(name)
    if found is None:
        return None
    attr_id, attmpat_id = int(found[2]), int(found[3])
    options = "template_options" if attmpat_id else "options"
    chosen = (  # numbers and our own names only
        "(SELECT {what} FROM product_variants d {join} WHERE d.product_id = part.product_id "  # noqa: S608 - our own names
        f"AND d.variant_id = part.variant_id AND d.attr_id = {attr_id} AND d.attmpat_id = {attmpat_id})"
    )
    if found[1] == "id":
        return list_query.compare(Column(chosen.format(what="d.option_id", join="")), operator, value)
    column = chosen.format(what="o.code", join=f"JOIN {options} o ON o.id = d.option_id")
    return list_query.compare(Column(column, is_text=True), operator, value)


_LIST = Spec(
    columns={
        "product_code": Column("p.code", is_text=True, key_sql="p.code_key"),
        "product_name": Column("p.name", is_text=True),
        "product_sku": Column("p.sku", is_text=True),
        "variant_id": Column("part.variant_id", searchable=False, sortable=False),
    },
    default_sort="variant_id",
    special=_flat_key,
    failure_code="MER-JSN-PVT-00021",
)


@function("ProductVariantList_Load_Query", needs=("PROD:view",))
def product_variant_list_load_query(call: Call) -> Answer:
    """Pages over part rows, as a real store does: one that starts inside a variant has a row with offset -1."""
    product_id = product_reference.product(call)["id"]
    query = list_query.read(call, _LIST)
    query.also("part.product_id = ?", product_id)
    query.also("part.variant_id <> 0")
    query.order_by = "part.variant_id, p.disp_order, p.id"
    found, total = list_query.fetch(
        call,
        query,
        select="part.variant_id, part.part_id, part.quantity, p.code, p.name, p.sku",
        source="product_variant_parts part JOIN products p ON p.id = part.part_id",
    )
    codes = OptionCodes(call.store, product_id)
    dimensions = {variant.variant_id: variant.dimensions for variant in variant_rows.load(call.store, product_id)}
    before = _variant_before(call, query)
    rows: list[dict[str, Any]] = []
    for variant_id, group in groupby(enumerate(found, query.offset), key=lambda item: item[1]["variant_id"]):
        parts = list(group)
        variant = Variant(product_id, variant_id, dimensions.get(variant_id, []))
        offset = -1 if variant_id == before else parts[0][0]
        rows.append(
            {
                "offset": offset,
                **variant_rows.flat(variant, codes),
                "parts": [_part(part, offset=position) for position, part in parts],
            }
        )
    return page(rows, total_count=total, start_offset=query.offset)


def _variant_before(call: Call, query: list_query.ListQuery) -> int | None:
    """Return the variant that the last part row before this page belongs to."""
    if not query.offset:
        return None
    found = call.store.db.value(
        "SELECT part.variant_id FROM product_variant_parts part JOIN products p ON p.id = part.part_id "  # noqa: S608 - our own names
        f"WHERE {query.where} ORDER BY {query.order_by} LIMIT 1 OFFSET ?",
        (*query.values, query.offset - 1),
    )
    return int(found) if found is not None else None


def _part(row: sqlite3.Row, *, offset: int | None = None) -> dict[str, Any]:
    return {
        **({} if offset is None else {"offset": offset}),
        "product_id": row["part_id"],
        "product_code": row["code"],
        "product_sku": row["sku"],
        "product_name": row["name"],
        "quantity": row["quantity"],
    }


@function("ProductVariant_Insert", needs=("PROD:modify",))
def product_variant_insert(call: Call) -> Answer:
    product_id = product_reference.product(call)["id"]
    dimensions, parts, pricing = _dimensions(call, product_id), _parts(call), _pricing(call)
    if not dimensions:
        raise ApiError("MER-JSN-PVT-00042", "At least one attribute must be specified")
    if not parts:
        raise ApiError("MER-JSN-PVT-00043", "At least one part must be specified")
    with call.store.db.savepoint():
        variant_id = variants.insert(call.store, product_id, dimensions, parts, pricing)
    return _shown(call, product_id, variant_id)


@function("ProductVariant_Update", needs=("PROD:modify",))
def product_variant_update(call: Call) -> Answer:
    """Change what is given: another combination, other parts, another pricing; the id stays."""
    product_id = product_reference.product(call)["id"]
    variant_id = _variant_id(call, product_id)
    dimensions, parts, pricing = _dimensions(call, product_id), _parts(call), _pricing(call)
    with call.store.db.savepoint():
        if dimensions:
            variants.replace_dimensions(call.store, product_id, variant_id, dimensions)
        if parts:
            variants.replace_parts(call.store, product_id, variant_id, parts)
        if pricing is not None:
            variants.set_pricing(call.store, product_id, variant_id, pricing)
    return _shown(call, product_id, variant_id)


@function("ProductVariantPricing_Update", needs=("PROD:modify",))
def product_variant_pricing_update(call: Call) -> Answer:
    product_id = product_reference.product(call)["id"]
    variant_id = _variant_id(call, product_id)
    variants.set_pricing(call.store, product_id, variant_id, _read_pricing(call.parameters, required=True))
    return done()


@function("ProductVariantList_Delete", needs=("PROD:modify",))
def product_variant_list_delete(call: Call) -> Answer:
    """Delete the variants named; what is not there is passed over."""
    processed = 0
    for variant_id in call.parameters.integers("ProductVariant_IDs", required=True) or ():
        product_id = call.store.db.value(
            "SELECT product_id FROM product_variants WHERE variant_id = ? AND variant_id <> ?", (variant_id, DEFAULT)
        )
        if product_id is None:
            call.lint.report("unknown variant", call.function, str(variant_id))
            continue
        variants.delete(call.store, product_id, variant_id)
        processed += 1
    return done(processed=processed)


def _variant_id(call: Call, product_id: int) -> int:
    variant_id = call.parameters.required_integer("Variant_ID")
    found = call.store.db.value(
        "SELECT 1 FROM product_variants WHERE product_id = ? AND variant_id = ?", (product_id, variant_id)
    )
    if found is None:
        # Its code is not public.
        raise ApiError("MER-JSN-PVT-00044", "Product variant not found")
    return variant_id


def _dimensions(call: Call, product_id: int) -> list[Dimension]:
    return [
        variant_references.dimension(call.store, product_id, element)
        for element in call.parameters.objects("Attributes") or ()
    ]


def _parts(call: Call) -> list[Part]:
    return [variant_references.part(call.store, element) for element in call.parameters.objects("Parts") or ()]


def _pricing(call: Call) -> Pricing | None:
    inner = call.parameters.object("Pricing")
    return None if inner is None else _read_pricing(inner, required=True)


def _read_pricing(inner: Parameters, *, required: bool) -> Pricing:
    """Read the members method (a word, or its number), price, cost and weight."""
    word = str(inner.raw("method"))
    numbers = {str(number): number for number in METHODS.values()}
    method = (
        numbers[word]
        if word in numbers
        else METHODS[inner.word("method", tuple(METHODS), required=required) or "master"]
    )
    amounts = {
        name: to_units(amount)
        for name in ("price", "cost", "weight")
        if (amount := inner.decimal(name, negative=False)) is not None
    }
    return Pricing(method=method, **amounts)


def _shown(call: Call, product_id: int, variant_id: int) -> Answer:
    codes = OptionCodes(call.store, product_id)
    variant = next(found for found in variant_rows.load(call.store, product_id) if found.variant_id == variant_id)
    return data({**variant_rows.flat(variant, codes), "parts": [_part(row) for row in variant.parts]})
