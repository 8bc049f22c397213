"""What a shopper does: add to the basket, take out of it, order. A refusal is a page, as in a real store."""

import re

from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - the builder's usual name

from miva_sandbox.state import baskets, order_lines, order_totals, products, sales, shelves
from miva_sandbox.state.baskets import SHIPPING_METHODS, Buyer, Item, OutOfStock, PaymentRefused
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.orders import ADDRESS, ADDRESS_PARAMETERS
from miva_sandbox.state.sales import NotForSaleError
from miva_sandbox.storefront import frame, html, images, product_page
from miva_sandbox.storefront.shopper import ShopperRequest

_REQUIRED = ("FirstName", "LastName", "Email", "Address1", "City", "Zip", "Country")
_UNITS_PER_CENT = 10**6
_MOST = 10**6
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z0-9])")


def add(shopper: ShopperRequest) -> bytes:
    store, code = shopper.store, shopper.field("Product_Code")
    quantity = _quantity(shopper.field("Quantity") or "1")
    if quantity is None:
        return product_page.product(shopper, message="Please enter a valid quantity.")
    try:
        sold = sales.chosen(store, code, shopper.given(), quantity=quantity)
        baskets.add(store, shopper.own_basket(), sold)
    except NotForSaleError as refused:
        return product_page.product(shopper, code=refused.page, message=refused.message)
    except OutOfStock as refused:
        found, available = products.find(store, code), refused.shortage.available
        assert found is not None
        message = shelves.long_message(store, found, limited=available > 0, available=available)
        return product_page.product(shopper, code="PLMT" if available else "POUT", message=message)
    return basket(shopper)


def change(shopper: ShopperRequest) -> bytes:
    """Give a line another quantity; 0 takes it out."""
    held, line, wanted = shopper.basket(), _quantity(shopper.field("Basket_Group")), shopper.field("Quantity")
    quantity = 0 if wanted == "0" else _quantity(wanted)
    if quantity is None:
        return basket(shopper, message="Please enter a valid quantity.")
    if held is not None and line is not None:
        try:
            baskets.change(shopper.store, held, line, quantity)
        except OutOfStock as refused:
            return basket(
                shopper, code="PLMT" if refused.shortage.available else "POUT", message=_short(shopper, refused)
            )
    return basket(shopper)


def remove(shopper: ShopperRequest) -> bytes:
    held, line = shopper.basket(), _quantity(shopper.field("Basket_Group"))
    if held is not None and line is not None:
        baskets.remove(shopper.store, held, line)
    return basket(shopper)


def basket(shopper: ShopperRequest, *, code: str = "BASK", message: str = "") -> bytes:
    held = shopper.basket()
    picked = baskets.items(shopper.store, held["id"]) if held is not None else []
    content: list[HtmlElement] = [html.heading("Basket"), *html.message(message)]
    if picked:
        total = sum(_cents(item.line) for item in picked)
        checkout = html.link("Checkout", shopper.address("OINF"))
        checkout.set("class", "action")
        content += [
            E.TABLE(
                E.TR(E.TH(""), E.TH("Product"), E.TH("SKU"), E.TH("Quantity"), E.TH("Total"), E.TH("")),
                *(_row(shopper, item) for item in picked),
            ),
            E.P(E.CLASS("total"), f"Total: {html.money(total * _UNITS_PER_CENT)}"),
            E.P(checkout),
        ]
    else:
        content.append(E.P("Your basket is empty."))
    return frame.page(shopper, code, "Basket", content, data={"basket-count": str(len(picked))})


def checkout(shopper: ShopperRequest, *, faults: list[str] | None = None, message: str = "") -> bytes:
    held = shopper.basket()
    if held is None or not baskets.items(shopper.store, held["id"]):
        return basket(shopper)
    methods = [E.OPTION(f"{name} ({html.money(price)})", value=name) for name, price in SHIPPING_METHODS.items()]
    form = E.FORM(
        E.CLASS("checkout"),
        html.hidden("Action", "AUTH"),
        html.hidden("Store_Code", shopper.store.code),
        _address(shopper, "Ship", "Ship to"),
        _address(shopper, "Bill", "Bill to (as shipped, if left empty)"),
        E.FIELDSET(E.LEGEND("Shipping"), E.LABEL(E.SPAN("Method"), E.SELECT(*methods, name="ShippingMethod"))),
        E.BUTTON("Place order"),
        method="post",
        action=shopper.address(),
    )
    content = [html.heading("Checkout"), *html.message(message), form]
    return frame.page(shopper, "OINF", "Checkout", content, data={"error": " ".join(faults)} if faults else {})


def place_order(shopper: ShopperRequest) -> bytes:
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
        bought = baskets.check_out(shopper.store, held, buyer)
    except OutOfStock as refused:
        return basket(shopper, code=shopper.refuses_at_checkout(), message=_short(shopper, refused))
    except PaymentRefused:
        content = [html.heading("Payment"), *html.message("Your payment was declined.")]
        return frame.page(shopper, "OPAY", "Payment", content, data={"error": "payment"})
    except StoreError as refused:
        return checkout(shopper, faults=[refused.field or refused.code], message=refused.message)
    number = str(bought.order_id)
    if bought.is_pending:
        # In a real store the browser waits for as long; here it hears at once that it would.
        content = [html.heading("Payment"), *html.message("Your payment is in progress.")]
        return frame.page(shopper, "OPAY", "Payment", content, data={"pending-order-id": number})
    content = [html.heading("Thank you"), E.P(f"Your order number is {number}.")]
    return frame.page(shopper, "INVC", "Order placed", content, data={"order-id": number})


def _short(shopper: ShopperRequest, refused: OutOfStock) -> str:
    short = refused.shortage
    return shelves.long_message(shopper.store, short.product, limited=short.available > 0, available=short.available)


def _address(shopper: ShopperRequest, side: str, title: str) -> HtmlElement:
    fields = [
        html.field(_in_words(name), f"{side}{name}", value=shopper.field(f"{side}{name}"))
        for name in ADDRESS_PARAMETERS
    ]
    return E.FIELDSET(E.LEGEND(title), *fields)


def _in_words(name: str) -> str:
    """FirstName is `First name`, Address1 `Address 1`."""
    return _WORD_START.sub(" ", name).capitalize()


def _addresses(shopper: ShopperRequest) -> dict[str, str]:
    """Read both addresses; who gives no billing address is billed where it ships."""
    ship = {column: shopper.field(f"Ship{name}") for name, column in ADDRESS_PARAMETERS.items()}
    bill = {column: shopper.field(f"Bill{name}") for name, column in ADDRESS_PARAMETERS.items()}
    if not any(bill.values()):
        bill = ship
    return {f"{side}_{column}": text[column] for side, text in (("ship", ship), ("bill", bill)) for column in ADDRESS}


def _row(shopper: ShopperRequest, item: Item) -> HtmlElement:
    line = item.line
    chosen = ", ".join(
        f"{option.attr_code}: {option.opt_code or option.data or option.data_long}" for option in line.options
    )
    taken_out = E.FORM(
        html.hidden("Action", "RGRP"),
        html.hidden("Store_Code", shopper.store.code),
        html.hidden("Basket_Group", str(item.line_id)),
        E.BUTTON(E.CLASS("quiet"), "Remove"),
        method="post",
        action=shopper.address(),
    )
    changed = E.FORM(
        html.hidden("Action", "QTYG"),
        html.hidden("Store_Code", shopper.store.code),
        html.hidden("Basket_Group", str(item.line_id)),
        html.field("Quantity", "Quantity", value=str(line.quantity)),
        E.BUTTON(E.CLASS("quiet"), "Update"),
        method="post",
        action=shopper.address(),
    )
    # The stock that moves is that of what was chosen, down to the variant's parts.
    parts = [product_id for product_id, _ in order_lines.draws(shopper.store, line)]
    shown = images.of_type(shopper.store, "BASK", line.product_id, box=images.SMALL_BOX, parts=parts)
    return E.TR(
        {"data-line-id": str(item.line_id), "data-code": html.clean(line.code), "data-sku": html.clean(line.sku)},
        E.TD(*([html.image(shown, alt="")] if shown else [])),
        E.TD(html.clean(f"{line.name} ({chosen})" if chosen else line.name)),
        E.TD(html.clean(line.sku)),
        E.TD(changed),
        E.TD(html.money(_cents(line) * _UNITS_PER_CENT)),
        E.TD(taken_out),
    )


def _cents(line: NewLine) -> int:
    return order_totals.to_cents((line.price + sum(option.price for option in line.options)) * line.quantity)


def _quantity(text: str) -> int | None:
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - more is no quantity
    return found if 0 < found <= _MOST else None
