"""Order lines as parameters describe them: free ones with a price of their own, and such of the catalogue."""

from collections.abc import Sequence

from miva_sandbox.api.parameters import Parameters, as_text
from miva_sandbox.api.registry import Call
from miva_sandbox.state import attributes, choices, products, sales
from miva_sandbox.state.attributes import PRODUCT
from miva_sandbox.state.choices import Unanswered
from miva_sandbox.state.columns import key
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.order_lines import ChosenOption, NewLine
from miva_sandbox.state.sales import Sale

_SHORT_DATA = 254


def read_item(call: Call, element: Parameters, *, option_names: Sequence[str] = ("options",)) -> NewLine:
    """Read a line with code, name, price and quantity of its own; a product of that code is linked."""
    code = element.required_text("Code", limit=50)
    product = products.find(call.store, code)
    product_id = product["id"] if product is not None else 0
    name = element.text("Name", limit=100)
    price, weight = element.decimal("Price"), element.decimal("Weight")
    taxable = element.boolean("Taxable")
    # Miva's client library for Node sends these with each line, empty.
    element.expect(("shipment", "discounts", "subscription"))
    options = next((found for name in option_names if (found := element.objects(name)) is not None), [])
    return NewLine(
        code=code,
        name=name if name is not None else (product["name"] if product is not None else code),
        sku=element.text("Sku", limit=50) or "",
        price=to_units(price) if price is not None else (product["price"] if product is not None else 0),
        weight=to_units(weight) if weight is not None else (product["weight"] if product is not None else 0),
        quantity=element.required_integer("Quantity", low=1),
        taxable=True if taxable is None else taxable,
        product_id=product_id,
        options=tuple(option_of(call, product_id, option) for option in options),
    )


def option_of(call: Call, product_id: int, element: Parameters) -> ChosenOption:
    """Read one option: attr_code with opt_code_or_data, and a surcharge; the ids of what exists are added."""
    code = element.required_text("attr_code")
    value = as_text(element.raw("opt_code_or_data")) or as_text(element.raw("value"))
    price, weight = element.decimal("price"), element.decimal("weight")
    element.expect(("attr_id", "attmpat_id"))
    attribute = attributes.find(call.store, PRODUCT, product_id, code) if product_id else None
    option = attributes.find_option(call.store, PRODUCT, attribute["id"], value) if attribute is not None else None
    return ChosenOption(
        attr_code=code,
        attr_id=attribute["id"] if attribute is not None else 0,
        option_id=option["id"] if option is not None else 0,
        opt_code=option["code"] if option is not None else "",
        data=value if option is None and len(value) <= _SHORT_DATA else "",
        data_long=value if option is None and len(value) > _SHORT_DATA else "",
        price=to_units(price) if price is not None else 0,
        weight=to_units(weight) if weight is not None else 0,
    )


def read_product(call: Call, element: Parameters) -> Sale:
    """Read a line of the catalogue, priced by it. Availability is not asked, as nobody is there to be refused."""
    code = element.required_text("code")
    product = products.find(call.store, code)
    if product is None:
        raise element.refuse("code", "Product not found")
    given = {
        (key(attribute.required_text("code")), key(attribute.text("template_code") or "")): as_text(
            attribute.raw("value")
        )
        for attribute in element.objects("attributes") or []
    }
    asked = choices.questions(call.store, product["id"])
    try:
        answers = choices.read(call.store, asked, given)
    except Unanswered:
        raise element.refuse("attributes", "One or more required attributes are missing") from None
    return sales.sale(
        call.store,
        product,
        variant_id=choices.variant_of(call.store, product["id"], asked, answers),
        answers=answers,
        quantity=element.required_integer("quantity", low=1),
    )
