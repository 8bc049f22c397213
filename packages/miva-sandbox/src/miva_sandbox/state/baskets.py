"""
Baskets: what a shopper has picked, held by a session until it becomes an order or expires.

In the inventory mode `basket` stock falls when something is added, in `checkout` before it is paid; in both before
there is an order. The order's number is drawn when the basket is made, from the sequence that numbers baskets too:
abandoned baskets leave gaps, and a later basket may become an order first.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from miva_sandbox.state import charges, inventory, order_lines, order_stock, orders, sales, steps
from miva_sandbox.state.charges import Charge
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.hooks import PaymentOutcome
from miva_sandbox.state.order_lines import ChosenOption, NewLine
from miva_sandbox.state.order_stock import Movement
from miva_sandbox.state.sales import Sale, Shortage
from miva_sandbox.state.steps import Steps
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS baskets (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, order_id INTEGER NOT NULL, last_used INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS baskets_by_use ON baskets (last_used);
CREATE TABLE IF NOT EXISTS basket_items (
    line_id INTEGER PRIMARY KEY, basket_id INTEGER NOT NULL, line TEXT NOT NULL, taken INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS basket_items_by_basket ON basket_items (basket_id, line_id);
"""

# What the store's one shipping module offers, in units of 1e-8.
SHIPPING_METHODS: Mapping[str, int] = {"Ground": 5_00000000, "Express": 15_00000000}
# The storefront's actions, by which faults name what a shopper does.
ADD, CHANGE, PAY = "ADPR", "QTYG", "AUTH"
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Item:
    """`taken` says whether the line's stock is out of the counts already."""

    line_id: int
    line: NewLine
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """`address` has the keys of orders.ADDRESS_COLUMNS."""

    address: Mapping[str, str] = field(default_factory=dict)
    ship_res: bool = True
    shipping: str = "Ground"
    cust_id: int = 0


@dataclass(frozen=True, slots=True)
class Purchase:
    """The number of the order; a pending one is paid for, and its order is written later."""

    order_id: int
    is_pending: bool = False


class OutOfStock(Exception):
    def __init__(self, shortage: Shortage) -> None:
        super().__init__(shortage.product["code"])
        self.shortage = shortage


class PaymentRefused(Exception):
    """The money is not to be had: what was taken for the order is given back, and the basket stays."""


class PaymentDied(Exception):
    """The request ended during the payment: there is no order, and what was taken for it stays taken."""


def find(store: Store, session: str) -> sqlite3.Row | None:
    """Return a session's basket. One that has expired is emptied first, and its stock given back."""
    found = store.db.row("SELECT * FROM baskets WHERE session = ?", (session,))
    if found is not None and found["last_used"] < _limit(store):
        with store.db.savepoint():
            _empty(store, found["id"])
            _use(store, found["id"])
    return found


def open_new(store: Store) -> str:
    """Make an empty basket and return the session that holds it."""
    session = secrets.token_hex(16)
    store.db.execute(
        "INSERT INTO baskets VALUES (?, ?, ?, ?)",
        (orders.next_number(store), session, orders.next_number(store), store.clock.now()),
    )
    return session


def items(store: Store, basket_id: int) -> list[Item]:
    rows = store.db.rows("SELECT * FROM basket_items WHERE basket_id = ? ORDER BY line_id", (basket_id,))
    return [_item(row) for row in rows]


def add(store: Store, basket: sqlite3.Row, sold: Sale) -> int:
    """
    Put a line into the basket and return its id; in the mode `basket` the stock is taken now.

    Raises OutOfStock.
    """
    takes_now = inventory.settings(store)["mode"] == "basket"
    held = [] if takes_now else _drawn(store, items(store, basket["id"]))
    _test(store, sold.movements, held=held, verb=ADD)
    line_id = store.db.next_id(order_lines.SEQUENCE)
    store.db.execute(
        "INSERT INTO basket_items VALUES (?, ?, ?, ?)",
        (line_id, basket["id"], json.dumps(asdict(sold.line)), takes_now),
    )
    if takes_now:
        order_stock.take(store, sold.movements)
    _use(store, basket["id"])
    return line_id


def change(store: Store, basket: sqlite3.Row, line_id: int, quantity: int) -> None:
    """
    Give a line another quantity, and take or give back the difference; none left removes it.

    A line that isn't there is passed over. Raises OutOfStock.
    """
    picked = {item.line_id: item for item in items(store, basket["id"])}
    item = picked.pop(line_id, None)
    if item is None:
        return
    if quantity < 1:
        remove(store, basket, line_id)
        return
    line = replace(item.line, quantity=quantity)
    difference = order_lines.draws(store, replace(item.line, quantity=quantity - item.line.quantity))
    if quantity > item.line.quantity and item.taken:
        _test(store, difference, verb=CHANGE)
    elif quantity > item.line.quantity:
        _test(store, order_lines.draws(store, line), held=_drawn(store, picked.values()), verb=CHANGE)
    store.db.execute("UPDATE basket_items SET line = ? WHERE line_id = ?", (json.dumps(asdict(line)), line_id))
    if item.taken:
        order_stock.take(store, difference)
    _use(store, basket["id"])


def remove(store: Store, basket: sqlite3.Row, line_id: int) -> None:
    """Take a line out; what it held goes back. A line that isn't there is passed over."""
    for item in items(store, basket["id"]):
        if item.line_id == line_id:
            _release(store, item)
    _use(store, basket["id"])


def empty(store: Store, basket: sqlite3.Row) -> None:
    """Take all lines out; what they held goes back."""
    _empty(store, basket["id"])
    _use(store, basket["id"])


def delete_expired(store: Store) -> int:
    """
    Delete every basket that nobody has used for the time that the store keeps them, and return how many.

    Stock goes back first, and not in one transaction with the deletion.
    """
    expired = store.db.rows("SELECT id FROM baskets WHERE last_used < ?", (_limit(store),))
    for basket in expired:
        _empty(store, basket["id"])
        store.db.execute("DELETE FROM baskets WHERE id = ?", (basket["id"],))
    return len(expired)


def held(store: Store) -> dict[int, int]:
    """Return the units of each product in baskets: its own lines, and those of what it is a part of."""
    units: dict[int, int] = {}
    for row in store.db.rows("SELECT * FROM basket_items"):
        line = _item(row).line
        counted = order_lines.draws(store, line)
        if line.product_id not in dict(counted):
            counted.append((line.product_id, line.quantity))
        for product_id, quantity in counted:
            units[product_id] = units.get(product_id, 0) + quantity
    return units


def check_out(store: Store, basket: sqlite3.Row, buyer: Buyer, *, payment: PaymentOutcome | None = None) -> Purchase:
    """
    Make the basket an order, with shipping and an authorised payment over its total.

    Without a `payment` the hooks decide what becomes of it. Where they let the purchase rest, it is pending: the
    basket has left its session, and the rest follows from the agenda.

    Raises OutOfStock if stock that is taken only now no longer suffices; then nothing has changed. Raises
    PaymentRefused, PaymentDied, and StoreError for what can't be an order; then what was taken now is given back.
    """
    outcome = payment or store.hooks.payment(verb=PAY)
    is_done = steps.run(
        store,
        _purchase(store, basket, buyer, outcome),
        lambda: store.hooks.gap(verb=PAY),
        unheard=(PaymentRefused, PaymentDied, StoreError),
    )
    if not is_done:
        _put_into_session(store, basket["id"], secrets.token_hex(16))
    return Purchase(basket["order_id"], not is_done)


def _purchase(store: Store, basket: sqlite3.Row, buyer: Buyer, payment: PaymentOutcome) -> Steps:
    """Take what isn't taken yet; pay; write the order; forget the basket. Others may look in between."""
    taken_now = _drawn(store, [item for item in items(store, basket["id"]) if not item.taken])
    if (short := sales.shortage(store, taken_now)) is not None:
        raise OutOfStock(short)
    order_stock.take(store, taken_now)
    _use(store, basket["id"])
    yield
    if payment == "refused":
        order_stock.give_back(store, taken_now)
    if payment != "authorised":
        _put_into_session(store, basket["id"], basket["session"])
        raise PaymentRefused if payment == "refused" else PaymentDied
    try:
        with store.db.savepoint():
            _write_order(store, basket, buyer)
    except StoreError:
        order_stock.give_back(store, taken_now)
        _put_into_session(store, basket["id"], basket["session"])
        raise
    yield
    store.db.execute("DELETE FROM basket_items WHERE basket_id = ?", (basket["id"],))
    store.db.execute("DELETE FROM baskets WHERE id = ?", (basket["id"],))
    orders.announce(store, basket["order_id"])


def _write_order(store: Store, basket: sqlite3.Row, buyer: Buyer) -> None:
    picked = items(store, basket["id"])
    if not picked:
        # It rested for so long that the basket has expired.
        raise PaymentDied
    order_id = orders.insert(
        store,
        orders.NewOrder(
            id=basket["order_id"],
            cust_id=buyer.cust_id,
            address=buyer.address,
            ship_res=buyer.ship_res,
            ship_id=charges.SHIPPING_MODULE,
            ship_data=buyer.shipping,
            source="shopper",
        ),
    )
    for item in picked:
        order_lines.insert(store, order_id, item.line, line_id=item.line_id)
    shipping = Charge(
        type="SHIPPING",
        descrip=f"Shipping: {buyer.shipping}",
        amount=SHIPPING_METHODS[buyer.shipping],
        module_id=charges.SHIPPING_MODULE,
    )
    charges.add(store, order_id, shipping)
    orders.summed(store, order_id)
    total = store.db.value("SELECT total FROM orders WHERE id = ?", (order_id,))
    charges.authorise(store, order_id, total, refnum=secrets.token_hex(4))
    # The order has the stock from now on, whatever becomes of the basket.
    store.db.execute("UPDATE basket_items SET taken = 0 WHERE basket_id = ?", (basket["id"],))


def _test(store: Store, wanted: list[Movement], *, held: list[Movement] | None = None, verb: str) -> None:
    """Test availability. It is a step of its own before the taking, so that a race lets two shoppers pass."""
    short = sales.shortage(store, wanted, held=held or ())
    if short is not None and not store.hooks.race(verb=verb):
        raise OutOfStock(short)


def _drawn(store: Store, picked: Iterable[Item]) -> list[Movement]:
    return [movement for item in picked for movement in order_lines.draws(store, item.line)]


def _empty(store: Store, basket_id: int) -> None:
    for item in items(store, basket_id):
        _release(store, item)


def _release(store: Store, item: Item) -> None:
    if item.taken:
        order_stock.give_back(store, order_lines.draws(store, item.line))
    store.db.execute("DELETE FROM basket_items WHERE line_id = ?", (item.line_id,))


def _limit(store: Store) -> int:
    """Return when a basket must have been used last to be kept."""
    return store.clock.now() - int(store.settings["baskexp"]) * _SECONDS_PER_MINUTE


def _use(store: Store, basket_id: int) -> None:
    store.db.execute("UPDATE baskets SET last_used = ? WHERE id = ?", (store.clock.now(), basket_id))


def _put_into_session(store: Store, basket_id: int, session: str) -> None:
    store.db.execute("UPDATE baskets SET session = ? WHERE id = ?", (session, basket_id))


def _item(row: sqlite3.Row) -> Item:
    values = json.loads(row["line"])
    line = NewLine(**{**values, "options": tuple(ChosenOption(**option) for option in values["options"])})
    return Item(row["line_id"], line, bool(row["taken"]))
