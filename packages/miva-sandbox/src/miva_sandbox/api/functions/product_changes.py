"""Products: insert, update and copy."""

from decimal import Decimal
from typing import Any

from miva_sandbox.api import custom_field_values, product_base, product_reference
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, FieldError, data, done
from miva_sandbox.state import basket_inventory, categories, columns, inventory, products
from miva_sandbox.state import product_copy as copying
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.products import Product

_TEXTS = {
    "Product_SKU": ("sku", 50),
    "Product_Description": ("descrip", 0),
    "Product_Page_Title": ("page_title", 254),
    "Product_Thumbnail": ("thumbnail", 254),
    "Product_Image": ("image", 254),
    "Product_Alternate_Display_Page": ("page_code", 50),
}
_BOOLEANS = {
    "Product_Taxable": "taxable",
    "Product_Active": "active",
    "Product_ExcludeFromSearchResults": "exsearch",
}


@function("Product_Insert", needs=("PROD:add",))
def product_insert(call: Call) -> Answer:
    code = _code(call, required=True) or ""
    name = call.parameters.required_text("Product_Name", limit=100)
    values = _values(call, negative=True)
    category_id = _canonical_category(call, blank=False)
    custom = custom_field_values.check(call, "product")
    stock = call.parameters.integer("Product_Inventory")
    # Without the right to see categories, and to change inventory, these two are passed over.
    if category_id is not None and call.may("CTGY:view"):
        values["cancat_id"] = category_id
    try:
        product_id = products.insert(call.store, Product(code=code, name=name, **values))
    except AlreadyExists as error:
        raise _in_use(code) from error
    if stock is not None and call.may("INVT:modify") and inventory.settings(call.store)["active"]:
        inventory.update_product(call.store, product_id, {}, track=True, stock=stock)
    custom_field_values.store_values(call, product_id, custom)
    return data(shown(call, product_id))


def shown(call: Call, product_id: int) -> dict[str, Any]:
    """Show one product with its description, as the functions that create one answer."""
    row = products.find_by_id(call.store, product_id)
    assert row is not None
    return product_base.base(call.store, row) | {"descrip": row["descrip"]}


@function("Product_Update", needs=("PROD:modify",))
def product_update(call: Call) -> Answer:
    row = product_reference.product(call)
    changes = _values(call, negative=False)
    # Product_Code is a new code only where something else names the product.
    if call.parameters.has("Product_ID") or call.parameters.has("Edit_Product"):
        code = _code(call, required=False)
        if code is not None:
            changes["code"] = code
    name = call.parameters.text("Product_Name", blank=False, limit=100)
    if name is not None:
        changes["name"] = name
    category_id = _canonical_category(call, blank=True)
    if category_id is not None:
        changes["cancat_id"] = category_id
    custom = custom_field_values.check(call, "product")
    total = custom_field_values.basket_total(call)
    stock = call.parameters.integer("Product_Inventory")
    try:
        products.update(call.store, row["id"], changes)
    except AlreadyExists as error:
        raise _in_use(str(changes["code"])) from error
    if stock is not None and call.may("INVT:modify"):
        _set_stock(call, row["id"], stock)
    custom_field_values.store_values(call, row["id"], custom)
    if total is not None and not basket_inventory.set_total(call.store, row["id"], total):
        call.lint.report("dropped stock", call.function, f"product {row['code']} has no count, {total} was not stored")
    return done()


def _set_stock(call: Call, product_id: int, stock: int) -> None:
    """Set the count of a product that has settings; one that hasn't stays untracked, and the number is dropped."""
    if inventory.product_settings(call.store, product_id) is None:
        call.lint.report("dropped stock", call.function, f"product {product_id} is not tracked, {stock} was not stored")
        return
    inventory.update_product(call.store, product_id, {}, track=True, stock=stock)


def _values(call: Call, *, negative: bool) -> dict[str, Any]:
    """Read what is given; absent parameters are left out."""
    parameters = call.parameters
    amounts: dict[str, Decimal | None] = {
        "price": parameters.decimal("Product_Price", negative=negative),
        "cost": parameters.decimal("Product_Cost", negative=negative),
        "weight": parameters.weight("Product_Weight", unit=call.store.settings["wtunits"], negative=negative),
    }
    values: dict[str, Any] = {column: to_units(amount) for column, amount in amounts.items() if amount is not None}
    texts = {column: parameters.text(name, limit=limit) for name, (column, limit) in _TEXTS.items()}
    booleans = {column: parameters.boolean(name) for name, column in _BOOLEANS.items()}
    return values | {column: value for column, value in (texts | booleans).items() if value is not None}


def _code(call: Call, *, required: bool) -> str | None:
    code = call.parameters.text("Product_Code", required=required, blank=False)
    if code is not None and (fault := columns.code_fault(code, strict=call.store.strict_codes)):
        raise call.parameters.refuse("Product_Code", fault)
    return code


def _canonical_category(call: Call, *, blank: bool) -> int | None:
    name = "Product_Canonical_Category_Code"
    code = call.parameters.text(name, blank=blank)
    if code is None:
        return None
    if not code:
        return 0
    category = categories.find(call.store, code)
    if category is None:
        raise FieldError(name, "Category not found")
    return int(category["id"])


def _in_use(code: str) -> FieldError:
    return FieldError("Product_Code", f"A product with the code '{code}' already exists")


@function("Product_Copy", needs=("PROD:add",))
def product_copy(call: Call) -> Answer:
    parameters = call.parameters
    # Which set of rules to copy by; the sandbox has one.
    parameters.expect(("CopyProductRules_ID", "CopyProductRules_Name", "Product_Copy_Session_ID"))
    parameters.expect(("Source_Product_ID", "Source_Product_Code"))
    if parameters.has("Source_Product_ID"):
        source = products.find_by_id(call.store, parameters.required_integer("Source_Product_ID"))
    else:
        source = products.find(call.store, parameters.required_text("Source_Product_Code"))
    if source is None:
        raise ApiError("MER-JSN-PRD-00075", "Product not found")
    name = parameters.text("Dest_Product_Name", blank=False, limit=100)
    sku = parameters.text("Dest_Product_SKU", limit=50)
    code = parameters.required_text("Dest_Product_Code")
    if fault := columns.code_fault(code, strict=call.store.strict_codes):
        raise parameters.refuse("Dest_Product_Code", fault)
    try:
        product_id = copying.copy(call.store, source, code=code, name=name or source["name"], sku=sku or "")
    except AlreadyExists as error:
        raise FieldError("Dest_Product_Code", f"A product with the code '{code}' already exists") from error
    return data(shown(call, product_id))
