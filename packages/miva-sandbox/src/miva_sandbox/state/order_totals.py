"""What an order's own row repeats of its lines and charges: status, counts and sums, in whole cents."""

from decimal import ROUND_HALF_UP, Decimal

from miva_sandbox.state import order_status, queues
from miva_sandbox.state.errors import Invalid
from miva_sandbox.state.numbers import UNITS
from miva_sandbox.state.order_status import Line
from miva_sandbox.state.store import Store

CENTS = 2
_LARGEST_CENTS = 10**10 - 1
# NUMERIC(10,3), in units of 1e-8.
LARGEST_WEIGHT = (10**10 - 1) * 10**5
_UNITS_PER_CENT = Decimal(10 ** (UNITS - CENTS))


def to_cents(units: int) -> int:
    """Round units of 1e-8 to whole cents, half away from zero."""
    return int((Decimal(units) / _UNITS_PER_CENT).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def fit(amount: int, column: str, *, limit: int = _LARGEST_CENTS) -> int:
    """Return an amount that a column NUMERIC(10,2), or one with another limit, can hold. Raises Invalid."""
    if abs(amount) > limit:
        raise Invalid("MER-DBA-00002", f"Out of range value for column '{column}'")
    return amount


def touch(store: Store, order_id: int) -> None:
    store.db.execute("UPDATE orders SET dt_updated = ? WHERE id = ?", (store.clock.now(), order_id))


def refresh(store: Store, order_id: int) -> None:
    """Derive status, counts, the date in stock, shipping and tax anew. The update stamp and the total stay."""
    lines = store.db.rows("SELECT status, dt_instock FROM order_items WHERE order_id = ?", (order_id,))
    before = store.db.value("SELECT status FROM orders WHERE id = ?", (order_id,))
    status = order_status.derive(line["status"] for line in lines)
    store.db.execute(
        "UPDATE orders SET status = ?, pend_count = ?, bord_count = ?, dt_instock = ?, "
        "total_ship = ?, total_tax = ? WHERE id = ?",
        (
            status,
            sum(line["status"] == Line.PENDING for line in lines),
            sum(line["status"] == Line.BACKORDERED for line in lines),
            max((line["dt_instock"] for line in lines), default=0),
            _charged(store, order_id, "SHIPPING"),
            _charged(store, order_id, "TAX"),
            order_id,
        ),
    )
    if before is not None and before != status:
        queues.fire(store, "order_status_change", order_id)


def refresh_total(store: Store, order_id: int) -> int:
    """Sum lines that are not cancelled and charges; returns the total in cents."""
    lines = store.db.value(
        "SELECT coalesce(sum(total), 0) FROM order_items WHERE order_id = ? AND status <> ?",
        (order_id, Line.CANCELLED),
    )
    charges = store.db.value("SELECT coalesce(sum(amount), 0) FROM order_charges WHERE order_id = ?", (order_id,))
    total = fit(int(lines) + to_cents(charges), "total")
    before = store.db.value("SELECT total FROM orders WHERE id = ?", (order_id,))
    store.db.execute("UPDATE orders SET total = ? WHERE id = ?", (total, order_id))
    if before is not None and before != total:
        queues.fire(store, "order_total_change", order_id)
    return total


def _charged(store: Store, order_id: int, kind: str) -> int:
    return to_cents(
        store.db.value(
            "SELECT coalesce(sum(amount), 0) FROM order_charges WHERE order_id = ? AND type = ?", (order_id, kind)
        )
    )
