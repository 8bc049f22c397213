"""
What an order costs beside its lines, and what was paid for it.

Amounts of charges are units of 1e-8 (they have three decimals), those of payments are cents.
"""

from dataclasses import dataclass
from enum import IntEnum

from miva_sandbox.state import order_totals
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS order_charges (
    charge_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, module_id INTEGER NOT NULL DEFAULT 0,
    type TEXT NOT NULL, descrip TEXT NOT NULL, amount INTEGER NOT NULL, disp_amt INTEGER NOT NULL,
    tax_exempt INTEGER NOT NULL DEFAULT 0, tax INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS order_charges_by_order ON order_charges (order_id, charge_id);
CREATE TABLE IF NOT EXISTS order_payments (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, type INTEGER NOT NULL, refnum TEXT NOT NULL DEFAULT '',
    amount INTEGER NOT NULL, available INTEGER NOT NULL, dtstamp INTEGER NOT NULL, expires INTEGER NOT NULL DEFAULT 0,
    pay_id INTEGER NOT NULL, pay_secid INTEGER NOT NULL DEFAULT 0, currency TEXT NOT NULL, environ TEXT NOT NULL,
    level TEXT NOT NULL, cardbrand TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS order_payments_by_order ON order_payments (order_id, id);
"""

_DESCRIPTION_WIDTH = 100
# The numbers by which this store's modules for payment and shipping are known.
PAYMENT_MODULE = 62
SHIPPING_MODULE = 45
SHIPPING_MODULE_CODE = "flatrate"


class Payment(IntEnum):
    AUTHORISATION = 3
    CAPTURE = 4
    REFUND = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    type: str
    descrip: str
    amount: int
    disp_amt: int | None = None
    tax_exempt: bool = False
    tax: int = 0
    module_id: int = 0


def add(store: Store, order_id: int, charge: Charge) -> int:
    """Add a charge; a description that is too long is cut, as the store does. Sums are the caller's to refresh."""
    charge_id = store.db.next_id("order_charges")
    store.db.execute(
        "INSERT INTO order_charges (charge_id, order_id, module_id, type, descrip, amount, disp_amt, tax_exempt, tax) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            charge_id,
            order_id,
            charge.module_id,
            charge.type,
            charge.descrip[:_DESCRIPTION_WIDTH],
            charge.amount,
            charge.amount if charge.disp_amt is None else charge.disp_amt,
            charge.tax_exempt,
            charge.tax,
        ),
    )
    return charge_id


def remove_all(store: Store, order_id: int) -> None:
    store.db.execute("DELETE FROM order_charges WHERE order_id = ?", (order_id,))


def authorise(store: Store, order_id: int, amount: int, *, refnum: str = "") -> int:
    """Record an authorisation over `amount` cents; `pay_status` stays 0, as in the real store."""
    payment_id = _pay(store, order_id, Payment.AUTHORISATION, amount, refnum)
    store.db.execute(
        "UPDATE orders SET pay_id = ?, total_auth = total_auth + ? WHERE id = ?", (PAYMENT_MODULE, amount, order_id)
    )
    order_totals.touch(store, order_id)
    return payment_id


def capture(store: Store, order_id: int, amount: int) -> int:
    payment_id = _pay(store, order_id, Payment.CAPTURE, amount)
    store.db.execute(
        "UPDATE orders SET pay_id = ?, total_capt = total_capt + ?, net_capt = net_capt + ? WHERE id = ?",
        (PAYMENT_MODULE, amount, amount, order_id),
    )
    order_totals.touch(store, order_id)
    return payment_id


def refund(store: Store, order_id: int, amount: int) -> int:
    payment_id = _pay(store, order_id, Payment.REFUND, amount)
    store.db.execute(
        "UPDATE orders SET pay_id = ?, total_rfnd = total_rfnd + ?, net_capt = net_capt - ? WHERE id = ?",
        (PAYMENT_MODULE, amount, amount, order_id),
    )
    order_totals.touch(store, order_id)
    return payment_id


def order_deleted(store: Store, order_id: int) -> None:
    remove_all(store, order_id)
    store.db.execute("DELETE FROM order_payments WHERE order_id = ?", (order_id,))


def _pay(store: Store, order_id: int, kind: Payment, amount: int, refnum: str = "") -> int:
    payment_id = store.db.next_id("order_payments")
    store.db.execute(
        "INSERT INTO order_payments (id, order_id, type, refnum, amount, available, dtstamp, pay_id, currency, "
        "environ, level) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'USD', 'sandbox', 'order')",
        (payment_id, order_id, kind, refnum, amount, amount, store.clock.now(), PAYMENT_MODULE),
    )
    return payment_id
