"""What order tags are made of: addresses, lines of both kinds, charges."""

import sqlite3

from miva_sandbox.provisioning.lookups import product_found
from miva_sandbox.provisioning.registry import Tag
from miva_sandbox.state import attributes, choices, order_lines, products, sales, variants
from miva_sandbox.state.attributes import PRODUCT
from miva_sandbox.state.charges import SHIPPING_MODULE, SHIPPING_MODULE_CODE, Charge
from miva_sandbox.state.choices import Question, Unanswered
from miva_sandbox.state.columns import key
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.order_lines import ChosenOption, NewLine
from miva_sandbox.state.order_status import Line
from miva_sandbox.state.order_stock import Movement
from miva_sandbox.state.orders import ADDRESS_COLUMNS, ADDRESS_PARAMETERS
from miva_sandbox.state.shipments import TRACKING_NUMBER_WIDTH, TRACKING_TYPE_WIDTH

STATUSES = {
    "Pending": Line.PENDING,
    "Picking": Line.PICKING,
    "Shipped": Line.SHIPPED,
    "Cancelled": Line.CANCELLED,
    "Backordered": Line.BACKORDERED,
    "RMA Issued": Line.RMA_ISSUED,
    "Returned": Line.RETURNED,
}
_INVALID_OPTIONS = "One or more required attributes are missing, or an invalid combination of attributes was specified"
_TEXT_WIDTH = {"Code": 50, "Name": 100, "SKU": 50, "Type": 20}

# The number and the carrier by which lines are gathered into shipments.
Parcel = tuple[str, str]
# A line with what it draws from stock, and the parcel that it says it is in.
ReadLine = tuple[NewLine, list[Movement], Parcel]


def address(tag: Tag) -> dict[str, str | int]:
    """Read what there is of both addresses, as columns of an order."""
    found: dict[str, str | int] = {}
    for side in ("Ship", "Bill"):
        for name, member in ADDRESS_PARAMETERS.items():
            column = f"{side.lower()}_{member}"
            if (text := tag.text(f"{side}{name}", limit=ADDRESS_COLUMNS[column])) is not None:
                found[column] = text
    if (residential := tag.boolean("ShipResidential")) is not None:
        found["ship_res"] = residential
    return found


def item(tag: Tag) -> ReadLine:
    """Read a free line; a product of its code is linked, but no stock is taken."""
    code = tag.required_code("Code")
    linked = products.find(tag.store, code)
    name = tag.required_text("Name", limit=_TEXT_WIDTH["Name"])
    price, weight = tag.required_price("Price"), tag.required_weight("Weight")
    quantity = _quantity(tag)
    taxable = tag.boolean("Taxable")
    line = NewLine(
        code=code,
        name=name,
        price=price,
        weight=weight,
        quantity=quantity,
        sku=tag.text("SKU", limit=_TEXT_WIDTH["SKU"]) or "",
        type=tag.text("Type", limit=_TEXT_WIDTH["Type"]) or "",
        product_id=linked["id"] if linked is not None else 0,
        status=status(tag),
        taxable=True if taxable is None else taxable,
        upsold=tag.boolean("Upsold") or False,
        tax=tax(tag),
        options=options(tag, linked),
    )
    return line, [], _parcel(tag)


def catalogue_item(tag: Tag, code: str) -> ReadLine:
    """Read a line of the catalogue: it has the catalogue's price, and takes stock whether there is any or not."""
    product = product_found(tag, code)
    quantity = _quantity(tag)
    asked = choices.questions(tag.store, product["id"])
    variant_id, answers = _chosen(tag, product, asked)
    sold = sales.sale(tag.store, product, variant_id=variant_id, answers=answers, quantity=quantity)
    sku = tag.text("SKU", limit=_TEXT_WIDTH["SKU"])
    line = order_lines.overridden(sold.line, sku=sku, status=status(tag), tax=tax(tag))
    return line, sold.movements, _parcel(tag)


def _chosen(tag: Tag, product: sqlite3.Row, asked: list[Question]) -> tuple[int | None, list[choices.GivenAnswer]]:
    container = tag.container("Options")
    has_dimensions = any(question.attribute["inventory"] for question in asked)
    if container is None:
        # Nobody asks for any attribute then, so a parent is sold as if it were a product of its own.
        if has_dimensions:
            tag.lint("no variant", f"'{product['code']}' without Options is sold as itself, not as a variant")
        return variants.DEFAULT, []
    given: dict[tuple[str, str], str] = {}
    for element in container.walk():
        inner = tag.inner(element)
        if element.key != "option":
            raise inner.refuse("Unknown tag")
        outer = inner.required_text("AttributeCode")
        given[key(outer), key(inner.text("AttributeTemplateAttributeCode", blank=False) or "")] = inner.required_text(
            "Value"
        )
    try:
        answers = choices.read(tag.store, asked, given)
    except Unanswered:
        raise tag.refuse(_INVALID_OPTIONS) from None
    variant_id = choices.variant_of(tag.store, product["id"], asked, answers)
    if variant_id is None:
        tag.lint("no variant", f"'{product['code']}' has no variant of these options; its own stock is drawn")
    return variant_id, answers


def options(tag: Tag, linked: sqlite3.Row | None) -> tuple[ChosenOption, ...]:
    """Read the options of a free line; ids are those of today's catalogue, where it has such a thing."""
    container = tag.container("Options")
    found: list[ChosenOption] = []
    for element in container.walk() if container is not None else ():
        inner = tag.inner(element)
        if element.key != "option":
            raise inner.refuse("Unknown tag")
        found.append(_option(inner, linked))
    return tuple(found)


def _option(tag: Tag, linked: sqlite3.Row | None) -> ChosenOption:
    code = tag.required_text("AttributeCode")
    chosen, text = tag.text("OptionCode", blank=False) or "", tag.text("Data", blank=False) or ""
    tag.text("AttributeTemplateAttributeCode", blank=False)
    attribute = attributes.find(tag.store, PRODUCT, linked["id"], code) if linked is not None else None
    option = attributes.find_option(tag.store, PRODUCT, attribute["id"], chosen) if attribute is not None else None
    typed = order_lines.text_option(code, text)
    return ChosenOption(
        attr_code=code,
        opt_code=chosen,
        data=typed.data,
        data_long=typed.data_long,
        attr_id=attribute["id"] if attribute is not None else 0,
        option_id=option["id"] if option is not None else 0,
        price=tag.price("Price") or 0,
        weight=tag.weight("Weight") or 0,
    )


def status(tag: Tag) -> int:
    word = tag.word("Status", tuple(STATUSES))
    return Line.PENDING if word is None else STATUSES[word]


def tax(tag: Tag) -> int:
    value = tag.number("Tax", digits=10, decimals=2)
    return 0 if value is None else to_units(value, decimals=2)


def _quantity(tag: Tag) -> int:
    quantity = tag.required_integer("Quantity")
    if quantity < 0:
        raise tag.refuse("Quantity must be a positive integer")
    return quantity


def _parcel(tag: Tag) -> Parcel:
    return (
        tag.text("TrackingNumber", blank=False, limit=TRACKING_NUMBER_WIDTH) or "",
        tag.text("TrackingType", limit=TRACKING_TYPE_WIDTH) or "",
    )


def charge(tag: Tag) -> Charge:
    kind = tag.required_text("Type", limit=50)
    description = tag.required_text("Description", limit=100)
    amount = to_units(tag.required_number("Amount", digits=10, decimals=3))
    shown = tag.number("DisplayAmount", digits=10, decimals=3)
    module = tag.text("Module", blank=False)
    if module is not None and key(module) != SHIPPING_MODULE_CODE:
        raise tag.refuse(f"Module '{module}' is not installed in store '{tag.store.code}'")
    return Charge(
        type=kind,
        descrip=description,
        amount=amount,
        disp_amt=None if shown is None else to_units(shown),
        tax_exempt=tag.boolean("TaxExempt") or False,
        tax=0 if kind.upper() == "TAX" else tax(tag),
        module_id=SHIPPING_MODULE if module is not None else 0,
    )
