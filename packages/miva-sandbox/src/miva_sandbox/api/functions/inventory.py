"""Inventory: a product's settings and count, and relative adjustments of many."""

from miva_sandbox.api import product_reference
from miva_sandbox.api.parameters import Parameters
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, InputErrors, done
from miva_sandbox.state import inventory

_CHOICES = {
    "TrackLowStockLevel": "low_track",
    "TrackOutOfStockLevel": "out_track",
    "HideOutOfStockProducts": "out_hide",
}
_LETTERS = {"Default": "d", "Yes": "y", "No": "n"}
_LEVELS = {"LowStockLevel": ("low_level", "low_lvl_d"), "OutOfStockLevel": ("out_level", "out_lvl_d")}
_SHORT = {"InStockMessageShort": "in_short", "LowStockMessageShort": "low_short", "OutOfStockMessageShort": "out_short"}
_LONG = {
    "InStockMessageLong": "in_long",
    "LowStockMessageLong": "low_long",
    "OutOfStockMessageLong": "out_long",
    "LimitedStockMessage": "ltd_long",
}
_SHORT_WIDTH = 254


@function("InventoryProductSettings_Update", needs=("INVT:view", "PROD:modify"))
def inventory_product_settings_update(call: Call) -> Answer:
    product = product_reference.product(call)
    parameters = call.parameters
    track = parameters.boolean("TrackProduct")
    changes = _changes(parameters)
    if parameters.has("CurrentStock") and parameters.has("AdjustStockBy"):
        raise ApiError(
            "MER-INV-JSN-00001",
            "Parameters CurrentStockLevel and AdjustStockBy cannot be passed at the same time.",
        )
    stock, adjust_by = parameters.integer("CurrentStock"), parameters.integer("AdjustStockBy")
    applied = inventory.update_product(
        call.store, product["id"], changes, track=track, stock=stock, adjust_by=adjust_by
    )
    if not applied and (stock is not None or adjust_by is not None or changes):
        call.lint.report(
            "dropped stock", call.function, f"product {product['code']} is not tracked, nothing was stored"
        )
    return done()


def _changes(parameters: Parameters) -> dict[str, str | int]:
    changes: dict[str, str | int] = {}
    for name, column in _CHOICES.items():
        word = parameters.word(name, tuple(_LETTERS), separator=",")
        if word is not None:
            changes[column] = _LETTERS[word]
    for name, (level, follows_default) in _LEVELS.items():
        if not parameters.has(name):
            continue
        if str(parameters.raw(name)).strip().casefold() == "default":
            changes[follows_default] = 1
        else:
            changes[level] = parameters.required_integer(name)
            changes[follows_default] = 0
    for names, width in ((_SHORT, _SHORT_WIDTH), (_LONG, 0)):
        for name, column in names.items():
            text = parameters.text(name, limit=width)
            if text is not None:
                changes[column] = text
    return changes


@function("ProductList_Adjust_Inventory", needs=("INVT:modify",))
def product_list_adjust_inventory(call: Call) -> Answer:
    """All elements are validated before the first is applied."""
    adjustments: list[tuple[int, int]] = []
    errors: list[tuple[str, str]] = []
    for element in _elements(call):
        try:
            product = product_reference.element_product(call.store, element)
            if product is None:
                name = next(name for name in ("product_id", "product_code", "product_sku") if element.has(name))
                raise element.refuse(name, "Product not found")
            adjustments.append((product["id"], element.required_integer("adjustment")))
        except InputErrors as error:
            errors += error.errors
    if errors:
        raise InputErrors(errors)
    for product_id, by in adjustments:
        inventory.adjust(call.store, product_id, by)
    return done()


def _elements(call: Call) -> list[Parameters]:
    parameters = call.parameters
    found = parameters.objects("Inventory_Adjustments")
    if found is not None:
        return found
    ids, amounts = parameters.items("Product_IDs") or [], parameters.items("Adjustments") or []
    if not ids:
        call.lint.report("empty list", call.function, "nothing to adjust, and success all the same")
    return [
        Parameters(
            {"product_id": product_id, **({"adjustment": amounts[index - 1]} if index <= len(amounts) else {})},
            path=f"Inventory_Adjustments[{index}]:",
        )
        for index, product_id in enumerate(ids, 1)
    ]
