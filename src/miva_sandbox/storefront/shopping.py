"""What a shopper does: add to the basket, take out of it, order. A refusal is a page, as in a real store."""

from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - the builder's usual name

from miva_sandbox.state import baskets, choices, order_totals, products, selling, shelves
from miva_sandbox.state.baskets import SHIPPING_METHODS, Buyer, OutOfStock
from miva_sandbox.state.choices import Unanswered
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.orders import ADDRESS, ADDRESS_PARAMETERS
from miva_sandbox.storefront import browsing, html
from miva_sandbox.storefront.shopper import Shopper

_REQUIRED = ("FirstName", "LastName", "Email", "Address1", "City", "Zip", "Country")
_UNITS_PER_CENT = 10**6
_MOST = 10**6


def add(shopper: Shopper) -> bytes:
    store = shopper.store
    found = products.find(store, shopper.field("Product_Code"))
    if found is None or not found["active"]:
        return browsing.product(shopper)
    quantity = _quantity(shopper.field("Quantity") or "1")
    if quantity is None:
        return browsing.product(shopper, message="Please enter a valid quantity.")
    asked = choices.questions(store, found["id"])
    try:
        answers = choices.read(store, asked, shopper.given())
    except Unanswered:
        return browsing.product(shopper, code="PATR", message="Attributes in bold are required.")
    variant_id = choices.variant_of(store, found["id"], asked, answers)
    if variant_id is None:
        return browsing.product(shopper, code="PATR", message="Please select a valid combination of attributes.")
    sold = selling.sale(store, found, variant_id=variant_id, answers=answers, quantity=quantity)
    try:
        baskets.add(store, shopper.own_basket(), sold)
    except OutOfStock as refused:
        available = refused.shortage.available
        message = shelves.long_message(store, found, limited=available > 0, available=available)
        return browsing.product(shopper, code="PLMT" if available else "POUT", message=message)
    return basket(shopper)


def remove(shopper: Shopper) -> bytes:
    held, line = shopper.basket(), _quantity(shopper.field("Basket_Group"))
    if held is not None and line is not None:
        baskets.remove(shopper.store, held, line)
    return basket(shopper)


def basket(shopper: Shopper, *, code: str = "BASK", message: str = "") -> bytes:
    held = shopper.basket()
    picked = baskets.items(shopper.store, held["id"]) if held is not None else []
    rows = [E.TR(E.TH("Product"), E.TH("SKU"), E.TH("Quantity"), E.TH("Total"), E.TH(""))]
    total = 0
    for item in picked:
        cents = _cents(item.line)
        total += cents
        rows.append(_row(shopper, item.line_id, item.line, cents))
    content: list[HtmlElement] = [E.P(E.CLASS("message"), html.clean(message))] if message else []
    if picked:
        content += [
            E.TABLE(*rows),
            E.P(f"Total: {html.money(total * _UNITS_PER_CENT)}"),
            E.P(html.link("Checkout", shopper.address("OINF"))),
        ]
    else:
        content.append(E.P("Your basket is empty."))
    return html.page(
        code, "Basket", content, links=browsing.navigation(shopper), data={"basket-count": str(len(picked))}
    )


def checkout(shopper: Shopper, *, faults: list[str] | None = None, message: str = "") -> bytes:
    held = shopper.basket()
    if held is None or not baskets.items(shopper.store, held["id"]):
        return basket(shopper)
    fields = [
        html.field(f"{side}: {name}", f"{side}{name}", value=shopper.field(f"{side}{name}"))
        for side in ("Ship", "Bill")
        for name in ADDRESS_PARAMETERS
    ]
    methods = [E.OPTION(f"{name} ({html.money(price)})", value=name) for name, price in SHIPPING_METHODS.items()]
    form = E.FORM(
        E.CLASS("checkout"),
        html.hidden("Action", "AUTH"),
        html.hidden("Store_Code", shopper.store.code),
        *fields,
        E.LABEL(E.SPAN("Shipping"), E.SELECT(*methods, name="ShippingMethod")),
        E.BUTTON("Place order"),
        method="post",
        action=shopper.address(),
    )
    content = [E.P(E.CLASS("message"), html.clean(message))] if message else []
    return html.page(
        "OINF",
        "Checkout",
        [*content, form],
        links=browsing.navigation(shopper),
        data={"error": " ".join(faults)} if faults else {},
    )


def place_order(shopper: Shopper) -> bytes:
    held = shopper.basket()
    if held is None or not baskets.items(shopper.store, held["id"]):
        return basket(shopper)
    method = shopper.field("ShippingMethod") or next(iter(SHIPPING_METHODS))
    faults = [f"Ship{name}" for name in _REQUIRED if not shopper.field(f"Ship{name}")]
    if method not in SHIPPING_METHODS:
        faults.append("ShippingMethod")
    if faults:
        return checkout(shopper, faults=faults, message="Fields that are missing or wrong: " + ", ".join(faults))
    buyer = Buyer(
        address=_addresses(shopper), ship_res=shopper.field("ShipResidential") not in {"0", "No"}, shipping=method
    )
    try:
        order_id = baskets.check_out(shopper.store, held, buyer)
    except OutOfStock as refused:
        short = refused.shortage
        message = shelves.long_message(
            shopper.store, short.product, limited=short.available > 0, available=short.available
        )
        return basket(shopper, code=shopper.refuses_at_checkout(), message=message)
    except StoreError as refused:
        return checkout(shopper, faults=[refused.field or refused.code], message=refused.message)
    content = [E.P(f"Thank you. Your order number is {order_id}.")]
    return html.page(
        "INVC",
        "Order placed",
        content,
        links=browsing.navigation(shopper),
        data={"order-id": str(order_id)},
    )


def _addresses(shopper: Shopper) -> dict[str, str]:
    """Read both addresses; who gives no billing address is billed where it ships."""
    ship = {column: shopper.field(f"Ship{name}") for name, column in ADDRESS_PARAMETERS.items()}
    bill = {column: shopper.field(f"Bill{name}") for name, column in ADDRESS_PARAMETERS.items()}
    if not any(bill.values()):
        bill = ship
    return {f"{side}_{column}": text[column] for side, text in (("ship", ship), ("bill", bill)) for column in ADDRESS}


def _row(shopper: Shopper, line_id: int, line: NewLine, cents: int) -> HtmlElement:
    chosen = ", ".join(f"{one.attr_code}: {one.opt_code or one.data or one.data_long}" for one in line.options)
    taken_out = E.FORM(
        html.hidden("Action", "RGRP"),
        html.hidden("Store_Code", shopper.store.code),
        html.hidden("Basket_Group", str(line_id)),
        E.BUTTON("Remove"),
        method="post",
        action=shopper.address(),
    )
    return E.TR(
        {"data-line-id": str(line_id), "data-code": html.clean(line.code), "data-sku": html.clean(line.sku)},
        E.TD(html.clean(f"{line.name} ({chosen})" if chosen else line.name)),
        E.TD(html.clean(line.sku)),
        E.TD(str(line.quantity)),
        E.TD(html.money(cents * _UNITS_PER_CENT)),
        E.TD(taken_out),
    )


def _cents(line: NewLine) -> int:
    return order_totals.to_cents((line.price + sum(option.price for option in line.options)) * line.quantity)


def _quantity(text: str) -> int | None:
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - more is no quantity
    return found if 0 < found <= _MOST else None
