"""How parameters name a product or a category: the first one present decides, the others are ignored."""

import sqlite3

from miva_sandbox.api.parameters import Parameters
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import ApiError
from miva_sandbox.state import categories, products
from miva_sandbox.state.store import Store

_PRODUCT = "Product not found"
_CATEGORY = "Category not found"


def product(call: Call) -> sqlite3.Row:
    """Load the product that Product_ID, Edit_Product, Product_Code or Product_SKU names. Raises ApiError."""
    parameters, store = call.parameters, call.store
    parameters.expect(("Product_ID", "Edit_Product", "Product_Code", "Product_SKU"))
    if parameters.has("Product_ID"):
        return _found(products.find_by_id(store, parameters.required_integer("Product_ID")), "70")
    for name, number in (("Edit_Product", "13"), ("Product_Code", "14")):
        if parameters.has(name):
            return _found(products.find(store, parameters.required_text(name)), number)
    if parameters.has("Product_SKU"):
        found = products.find_by_sku(store, parameters.required_text("Product_SKU"))
        if len(found) > 1:
            raise ApiError("MER-JSN-PRD-00072", "Ambiguous product SKU")
        return _found(found[0] if found else None, "71")
    raise ApiError(
        "MER-JSN-PRD-00073",
        "Unable to load product: One of Product_ID, Edit_Product, Product_Code or Product_SKU must be specified",
    )


def _found(row: sqlite3.Row | None, number: str) -> sqlite3.Row:
    if row is None:
        raise ApiError(f"MER-JSN-PRD-000{number}", _PRODUCT)
    return row


def category(call: Call, *, prefix: str = "") -> sqlite3.Row:
    """
    Load the category that Category_ID, Edit_Category or Category_Code names. Raises ApiError.

    With a prefix these are called, for example, ParentCategory_ID, Edit_ParentCategory and ParentCategory_Code.
    """
    parameters, store = call.parameters, call.store
    by_id, edit, code = f"{prefix}Category_ID", f"Edit_{prefix}Category", f"{prefix}Category_Code"
    parameters.expect((by_id, edit, code))
    if parameters.has(by_id):
        row, number = categories.find_by_id(store, parameters.required_integer(by_id)), "30"
    elif parameters.has(edit):
        row, number = categories.find(store, parameters.required_text(edit)), "31"
    elif parameters.has(code):
        row, number = categories.find(store, parameters.required_text(code)), "32"
    else:
        raise ApiError(
            "MER-JSN-CAT-00033", f"Unable to load category: One of {by_id}, {edit} or {code} must be specified"
        )
    if row is None:
        raise ApiError(f"MER-JSN-CAT-000{number}", _CATEGORY)
    return row


def element_product(store: Store, element: Parameters) -> sqlite3.Row | None:
    """Load the product that an element of a list names by product_id, product_code or product_sku."""
    element.expect(("product_id", "product_code", "product_sku"))
    if element.has("product_id"):
        return products.find_by_id(store, element.required_integer("product_id"))
    if element.has("product_code"):
        return products.find(store, element.required_text("product_code"))
    found = products.find_by_sku(store, element.required_text("product_sku"))
    return found[0] if len(found) == 1 else None
