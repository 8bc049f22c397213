"""
Baskets: what a shopper has picked, held by a session until it becomes an order or expires.

In the inventory mode `basket` stock falls when something is added, in `checkout` when the order is complete. The
order's number is drawn when the basket is made, from the sequence that numbers baskets too: abandoned baskets leave
gaps, and a later basket may become an order first.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from miva_sandbox.state import charges, inventory, order_lines, order_stock, orders, sales
from miva_sandbox.state.charges import Charge
from miva_sandbox.state.order_lines import NewLine, Option
from miva_sandbox.state.order_stock import Movement
from miva_sandbox.state.sales import Sale, Shortage
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS baskets (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, order_id INTEGER NOT NULL, last_used INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS baskets_by_use ON baskets (last_used);
CREATE TABLE IF NOT EXISTS basket_items (
    line_id INTEGER PRIMARY KEY, basket_id INTEGER NOT NULL, line TEXT NOT NULL, movements TEXT NOT NULL,
    taken INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS basket_items_by_basket ON basket_items (basket_id, line_id);
"""

# What the store's one shipping module offers, in units of 1e-8.
SHIPPING_METHODS: Mapping[str, int] = {"Ground": 5_00000000, "Express": 15_00000000}
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Item:
    line_id: int
    line: NewLine
    movements: list[Movement]
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """`address` has the keys of orders.ADDRESS_COLUMNS."""

    address: Mapping[str, str] = field(default_factory=dict)
    ship_res: bool = True
    shipping: str = "Ground"
    cust_id: int = 0


class OutOfStock(Exception):
    def __init__(self, shortage: Shortage) -> None:
        super().__init__(shortage.product["code"])
        self.shortage = shortage


def find(store: Store, session: str) -> sqlite3.Row | None:
    expire(store)
    return store.db.row("SELECT * FROM baskets WHERE session = ?", (session,))


def open_new(store: Store) -> str:
    """Make an empty basket and return the session that holds it."""
    session = secrets.token_hex(16)
    store.db.execute(
        "INSERT INTO baskets VALUES (?, ?, ?, ?)",
        (orders.next_number(store), session, orders.next_number(store), store.clock.now()),
    )
    return session


def items(store: Store, basket_id: int) -> list[Item]:
    return [
        Item(
            row["line_id"],
            _line(row["line"]),
            [(product_id, quantity) for product_id, quantity in json.loads(row["movements"])],
            row["taken"],
        )
        for row in store.db.rows("SELECT * FROM basket_items WHERE basket_id = ? ORDER BY line_id", (basket_id,))
    ]


def add(store: Store, basket: sqlite3.Row, sold: Sale) -> int:
    """
    Put a line into the basket and return its id; in the mode `basket` the stock is taken now.

    Raises OutOfStock.
    """
    takes_now = inventory.settings(store)["mode"] == "basket"
    held = [] if takes_now else [move for item in items(store, basket["id"]) for move in item.movements]
    if (short := sales.shortage(store, sold.movements, held=held)) is not None:
        raise OutOfStock(short)
    line_id = store.db.next_id(order_lines.SEQUENCE)
    store.db.execute(
        "INSERT INTO basket_items VALUES (?, ?, ?, ?, ?)",
        (line_id, basket["id"], json.dumps(asdict(sold.line)), json.dumps(sold.movements), takes_now),
    )
    if takes_now:
        order_stock.take(store, sold.movements)
    _use(store, basket["id"])
    return line_id


def remove(store: Store, basket: sqlite3.Row, line_id: int) -> None:
    """Take a line out; what it held goes back. A line that isn't there is passed over."""
    for item in items(store, basket["id"]):
        if item.line_id == line_id:
            _release(store, item)
    _use(store, basket["id"])


def expire(store: Store) -> None:
    """Drop the baskets that nobody has used for the time that the store keeps them."""
    limit = store.clock.now() - int(store.settings["baskexp"]) * _SECONDS_PER_MINUTE
    for basket in store.db.rows("SELECT * FROM baskets WHERE last_used < ?", (limit,)):
        for item in items(store, basket["id"]):
            _release(store, item)
        store.db.execute("DELETE FROM baskets WHERE id = ?", (basket["id"],))


def check_out(store: Store, basket: sqlite3.Row, buyer: Buyer) -> int:
    """
    Make the basket an order, with shipping and an authorised payment over its total, and return its number.

    Raises OutOfStock if stock that is taken only now no longer suffices; then nothing has changed.
    """
    with store.db.savepoint():
        picked = items(store, basket["id"])
        for item in picked:
            if not item.taken:
                if (short := sales.shortage(store, item.movements)) is not None:
                    raise OutOfStock(short)
                order_stock.take(store, item.movements)
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
        store.db.execute("DELETE FROM basket_items WHERE basket_id = ?", (basket["id"],))
        store.db.execute("DELETE FROM baskets WHERE id = ?", (basket["id"],))
        orders.announce(store, order_id)
    return order_id


def _release(store: Store, item: Item) -> None:
    if item.taken:
        order_stock.give_back(store, item.movements)
    store.db.execute("DELETE FROM basket_items WHERE line_id = ?", (item.line_id,))


def _use(store: Store, basket_id: int) -> None:
    store.db.execute("UPDATE baskets SET last_used = ? WHERE id = ?", (store.clock.now(), basket_id))


def _line(text: str) -> NewLine:
    values = json.loads(text)
    return NewLine(**{**values, "options": tuple(Option(**option) for option in values["options"])})
