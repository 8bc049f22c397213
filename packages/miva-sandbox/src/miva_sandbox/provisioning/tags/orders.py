"""Tags of orders and their lines, of order custom fields and notes."""

import sqlite3
from collections.abc import Generator

from miva_sandbox.provisioning import order_fields, order_parcels
from miva_sandbox.provisioning.order_fields import Parcel, ReadLine
from miva_sandbox.provisioning.order_selection import select
from miva_sandbox.provisioning.registry import Refused, Tag, tag
from miva_sandbox.provisioning.tags.modules import set_field
from miva_sandbox.state import charges, customers, notes, order_lines, order_stock, orders, products, steps
from miva_sandbox.state.baskets import SHIPPING_METHODS
from miva_sandbox.state.charges import SHIPPING_MODULE, SHIPPING_MODULE_CODE, Charge
from miva_sandbox.state.columns import key
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.orders import ADDRESS_COLUMNS
from miva_sandbox.state.steps import Steps

_SOURCE_WIDTH = 20


@tag("Order_Add")
def add(tag: Tag) -> None:
    """Only the header is validated before the order is stored; what fails after that is missing from the order."""
    number, date = tag.integer("ID"), tag.date("OrderDate")
    customer = _customer(tag)
    details = {**(_addresses_of(customer) if customer is not None else {}), **order_fields.address(tag)}
    source, source_id = _source(tag)
    residential = bool(details.pop("ship_res", False))
    order_id = orders.insert(
        tag.store,
        orders.NewOrder(
            id=number,
            orderdate=date,
            cust_id=customer["id"] if customer is not None else 0,
            ship_res=residential,
            address={name: str(text) for name, text in details.items()},
            source=source,
            source_id=source_id,
        ),
    )
    # The modules that would be run here send mails; there are none in this store.
    tag.container("TriggerFulfillmentModules")
    _run(tag, _added(tag, order_id))


def _added(tag: Tag, order_id: int) -> Steps:
    """The order is there first, without lines; then comes each line, and then its stock falls."""
    yield from _contents(tag, order_id)
    orders.summed(tag.store, order_id)
    orders.announce(tag.store, order_id)


def _run(tag: Tag, act: Steps) -> None:
    if not steps.run(tag.store, act, lambda: tag.store.hooks.gap(tag=tag.name), unheard=(Refused, StoreError)):
        tag.goes_on = True


@tag("Order_Update")
def update(tag: Tag) -> None:
    order = _loaded(tag)
    changes = order_fields.address(tag)
    if (customer := _customer(tag)) is not None:
        changes = {**_addresses_of(customer), **changes, "cust_id": customer["id"]}
    if (date := tag.date("OrderDate")) is not None:
        changes["orderdate"] = date
    total = tag.number("Total", digits=10, decimals=2)
    orders.update(tag.store, order["id"], changes)
    if tag.has("Items"):
        order_lines.delete(tag.store, order["id"], order_lines.of_order(tag.store, order["id"]))
    if tag.has("Charges"):
        charges.remove_all(tag.store, order["id"])
    for _ in _contents(tag, order["id"]):
        pass
    order_lines.changed(tag.store, order["id"])
    if total is not None:
        orders.update(tag.store, order["id"], {"total": to_units(total, decimals=2)})


@tag("Order_Delete")
def delete(tag: Tag) -> None:
    orders.delete(tag.store, _loaded(tag)["id"])


@tag("Order_Add_Item")
def add_item(tag: Tag) -> None:
    order = found_order(tag)
    _add_line(tag, order["id"], order_fields.item(tag))


@tag("Order_Add_Product")
def add_product(tag: Tag) -> None:
    order = found_order(tag)
    _add_line(tag, order["id"], order_fields.catalogue_item(tag, tag.attribute("code")))


@tag("Order_Update_Item")
def update_item(tag: Tag) -> None:
    """Change a line. Stock moves if what was sold changes; a new status alone moves none."""
    order = found_order(tag)
    line = _line(tag, order)
    changes, linked = _line_changes(tag, line)
    moves = tag.has("Options") or bool({"code", "quantity"} & changes.keys())
    options = order_fields.options(tag, linked) if tag.has("Options") else None
    if moves:
        order_stock.put_back(tag.store, line)
    if options is not None:
        order_lines.remove_options(tag.store, line["line_id"])
        for option in options:
            order_lines.add_option(tag.store, order["id"], line["line_id"], option)
    order_lines.change(tag.store, line["line_id"], **changes)
    if moves:
        changed = order_lines.find(tag.store, order["id"], line["line_id"])
        assert changed is not None
        chosen = order_lines.options_of(tag.store, line["line_id"])
        order_stock.take(tag.store, order_stock.of_line(tag.store, changed, chosen))
    order_lines.changed(tag.store, order["id"])


@tag("Order_Delete_Item")
def delete_item(tag: Tag) -> None:
    order = found_order(tag)
    order_lines.delete(tag.store, order["id"], [_line(tag, order)])


@tag("Order_Backorder_Items")
def back_order_items(tag: Tag) -> None:
    order = found_order(tag)
    container = tag.container("ProductList")
    if container is None:
        tag.lint("empty list", "without ProductList nothing is put on back-order")
        return
    date = tag.date("DateInStock") or 0
    for element in container.walk():
        inner = tag.inner(element)
        if element.key != "product":
            inner.complain("Unknown tag")
            continue
        try:
            line_id = inner.integer("LineID")
            wanted = select(
                inner,
                order["id"],
                line_id=line_id,
                code=inner.text("Code", blank=False),
                quantity=inner.integer("Quantity"),
            )
            own_date = inner.date("DateInStock")
            order_lines.back_order(
                tag.store,
                order["id"],
                order_lines.of_order(tag.store, order["id"], wanted),
                dt_instock=date if own_date is None else own_date,
            )
        except (Refused, StoreError) as error:
            inner.complain_of(error)


@tag("Order_CustomField")
def set_order_field(tag: Tag) -> None:
    number = tag.attribute_integer("order_id")
    if orders.find(tag.store, number) is None:
        raise tag.refuse(f"Order #{number} does not exist")
    set_field(tag, "order", number)


@tag("Note_Add")
def add_note(tag: Tag) -> None:
    order_text, login = tag.optional_attribute("order"), tag.optional_attribute("customer")
    business = tag.optional_attribute("business")
    text = tag.own_text()
    if order_text is not None:
        number = tag.attribute_integer("order")
        if orders.find(tag.store, number) is None:
            raise tag.refuse(f"Order #{number} does not exist")
        notes.insert(tag.store, text, order_id=number)
    elif login is not None:
        customer = customers.find(tag.store, login)
        if customer is None:
            raise tag.refuse(f"Customer '{login}' does not exist")
        notes.insert(tag.store, text, cust_id=customer["id"])
    elif business is not None:
        # Business accounts are not part of this store.
        raise tag.refuse(f"Business Account '{business}' does not exist")
    else:
        raise tag.refuse("Missing required attribute order")


def found_order(tag: Tag) -> sqlite3.Row:
    """Look an order up for tags of lines and shipments."""
    text = tag.attribute("order_id")
    order = orders.find(tag.store, tag.attribute_integer("order_id"))
    if order is None:
        raise tag.refuse(f"Order '{text}' not found")
    return order


def _loaded(tag: Tag) -> sqlite3.Row:
    text = tag.attribute("order_id")
    order = orders.find(tag.store, tag.attribute_integer("order_id"))
    if order is None:
        raise tag.refuse(f"Failed to load order '{text}'")
    return order


def _line(tag: Tag, order: sqlite3.Row) -> sqlite3.Row:
    line_id = tag.attribute_integer("line_id")
    line = order_lines.find(tag.store, order["id"], line_id)
    if line is None:
        raise tag.refuse(f"Order item '{line_id}' not found")
    return line


def _customer(tag: Tag) -> sqlite3.Row | None:
    login = tag.text("CustomerLogin", blank=False)
    if login is None:
        return None
    found = customers.find(tag.store, login)
    if found is None:
        raise tag.refuse(f"Customer with the login '{login}' does not exist")
    return found


def _addresses_of(customer: sqlite3.Row) -> dict[str, str | int]:
    return {"ship_res": customer["ship_res"], **{name: customer[name] for name in ADDRESS_COLUMNS}}


def _source(tag: Tag) -> tuple[str, int]:
    """Return where an order comes from. A user's number is 0: the store doesn't know the domain's users."""
    container = tag.container("OrderSources")
    if container is not None:
        for element in container.children("OrderSource"):
            inner = tag.inner(element)
            source_id = _source_id(inner)
            if source_id is None and inner.optional_attribute("source_id") is not None:
                source_id = inner.attribute_integer("source_id")
            return inner.attribute("source"), source_id or 0
    source = tag.text("Source", limit=_SOURCE_WIDTH)
    if not source:
        return "user", 0
    source_id = _source_id(tag.inner(tag.element.children("Source")[0]))
    number = tag.integer("SourceID") if container is None else None
    return source, source_id if source_id is not None else number or 0


def _source_id(tag: Tag) -> int | None:
    login = tag.optional_attribute("customer_login")
    if login is not None:
        customer = customers.find(tag.store, login)
        return customer["id"] if customer is not None else 0
    return 0 if tag.optional_attribute("user_name") is not None else None


def _contents(tag: Tag, order_id: int) -> Steps:
    """Read lines, charges, custom fields and shipments; what is wrong is reported and left out."""
    parcels: dict[int, Parcel] = {}
    goes_on = yield from _items(tag, order_id, parcels)
    _charges(tag, order_id)
    _custom_fields(tag, order_id)
    if goes_on:
        order_parcels.gather(tag, order_id, parcels)


def _items(tag: Tag, order_id: int, parcels: dict[int, Parcel]) -> Generator[None, None, bool]:
    """Add the lines, reporting each that fails; False once an unknown element ends the list."""
    container = tag.container("Items")
    for element in container.walk() if container is not None else ():
        inner = tag.inner(element)
        if element.key not in {"item", "product"}:
            inner.complain("Unknown tag")
            return False
        try:
            if element.key == "item":
                line, moved, parcel = order_fields.item(inner)
            else:
                line, moved, parcel = order_fields.catalogue_item(inner, inner.attribute("code"))
                yield
            line_id = order_lines.insert(tag.store, order_id, line)
        except (Refused, StoreError) as error:
            inner.complain_of(error)
            continue
        if moved:
            yield
            order_stock.take(tag.store, moved)
        parcels[line_id] = parcel
    return True


def _custom_fields(tag: Tag, order_id: int) -> None:
    """Set the custom fields, reporting each that fails; an unknown element ends the list."""
    container = tag.container("CustomFields")
    for element in container.walk() if container is not None else ():
        inner = tag.inner(element)
        if element.key != "customfield":
            inner.complain("Unknown tag")
            return
        try:
            set_field(inner, "order", order_id)
        except (Refused, StoreError) as error:
            inner.complain_of(error)


def _charges(tag: Tag, order_id: int) -> None:
    container = tag.container("Charges")
    for element in container.walk() if container is not None else ():
        inner = tag.inner(element)
        try:
            if element.key != "charge":
                raise inner.refuse("Unknown tag")
            charges.add(tag.store, order_id, order_fields.charge(inner))
        except (Refused, StoreError) as error:
            # A bad charge ends the list; those before it stay.
            inner.complain_of(error)
            break
    container = tag.container("CalculateCharges")
    if container is not None:
        inner = tag.inner(container)
        try:
            _calculate_charges(inner, order_id)
        except (Refused, StoreError) as error:
            inner.complain_of(error)


def _calculate_charges(tag: Tag, order_id: int) -> None:
    """Charge the shipping that the module asks for; this store has no taxes."""
    module, method = tag.required_text("ShippingModule"), tag.text("ShippingModuleData", blank=False) or ""
    if key(module) != SHIPPING_MODULE_CODE:
        raise tag.refuse(f"Module '{module}' is not installed in store '{tag.store.code}'")
    orders.update(tag.store, order_id, {"ship_id": SHIPPING_MODULE, "ship_data": method})
    if method in SHIPPING_METHODS:
        charge = Charge(
            type="SHIPPING",
            descrip=f"Shipping: {method}",
            amount=SHIPPING_METHODS[method],
            module_id=SHIPPING_MODULE,
        )
        charges.add(tag.store, order_id, charge)


def _add_line(tag: Tag, order_id: int, read: ReadLine) -> None:
    _run(tag, _line_added(tag, order_id, read))


def _line_added(tag: Tag, order_id: int, read: ReadLine) -> Steps:
    """The line comes first, then its stock falls."""
    line, moved, parcel = read
    line_id = order_lines.insert(tag.store, order_id, line)
    order_parcels.gather(tag, order_id, {line_id: parcel})
    order_lines.changed(tag.store, order_id, "orderitem_created")
    if moved:
        yield
        order_stock.take(tag.store, moved)


def _line_changes(tag: Tag, line: sqlite3.Row) -> tuple[dict[str, str | int], sqlite3.Row | None]:
    """Return the columns to change, and the product that the line is linked to afterwards."""
    changes: dict[str, str | int] = {}
    code = tag.code("Code")
    linked = products.find(tag.store, code or line["code"])
    if code is not None:
        changes |= {"code": code, "product_id": linked["id"] if linked is not None else 0}
    for name, column, limit in (("Name", "name", 100), ("SKU", "sku", 50), ("Type", "type", 20)):
        if (text := tag.text(name, limit=limit)) is not None:
            changes[column] = text
    if (price := tag.price("Price")) is not None:
        changes["price"] = price
    if (weight := tag.weight("Weight")) is not None:
        changes["weight"] = weight
    if (quantity := tag.integer("Quantity")) is not None:
        if quantity < 0:
            raise tag.refuse("Quantity must be a positive integer")
        changes["quantity"] = quantity
    if tag.has("Status"):
        changes["status"] = order_fields.status(tag)
    for name, column in (("Taxable", "taxable"), ("Upsold", "upsold")):
        if (flag := tag.boolean(name)) is not None:
            changes[column] = flag
    if tag.has("Tax"):
        changes["tax"] = order_fields.tax(tag)
    return changes, linked
