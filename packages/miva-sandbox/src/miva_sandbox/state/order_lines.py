"""
The lines of orders: copies of what was sold, taken when it was sold.

Prices and weights are units of 1e-8, a line's total and tax are cents. Line ids come from one sequence that baskets
draw from too. Every change of lines leaves the order's status, counts and total right.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from miva_sandbox.state import order_stock, order_totals, queues, shipments
from miva_sandbox.state.errors import Invalid
from miva_sandbox.state.order_status import CLOSED, Line
from miva_sandbox.state.order_stock import Movement
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS order_items (
    line_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, group_id INTEGER NOT NULL DEFAULT 0,
    parent_id INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL, subscrp_id INTEGER NOT NULL DEFAULT 0,
    subterm_id INTEGER NOT NULL DEFAULT 0, shpmnt_id INTEGER NOT NULL DEFAULT 0, rma_id INTEGER NOT NULL DEFAULT 0,
    dt_instock INTEGER NOT NULL DEFAULT 0, product_id INTEGER NOT NULL, code TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL, sku TEXT NOT NULL, type TEXT NOT NULL, retail INTEGER NOT NULL, base_price INTEGER NOT NULL,
    price INTEGER NOT NULL, total INTEGER NOT NULL, weight INTEGER NOT NULL, taxable INTEGER NOT NULL,
    upsold INTEGER NOT NULL, quantity INTEGER NOT NULL, tax INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS order_items_by_order ON order_items (order_id, line_id);
CREATE INDEX IF NOT EXISTS order_items_by_code ON order_items (code, order_id);
CREATE INDEX IF NOT EXISTS order_items_by_shipment ON order_items (shpmnt_id) WHERE shpmnt_id <> 0;
CREATE INDEX IF NOT EXISTS order_items_by_return ON order_items (rma_id) WHERE rma_id <> 0;
CREATE TABLE IF NOT EXISTS order_options (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, line_id INTEGER NOT NULL, attr_id INTEGER NOT NULL DEFAULT 0,
    attmpat_id INTEGER NOT NULL DEFAULT 0, option_id INTEGER NOT NULL DEFAULT 0, attr_code TEXT NOT NULL,
    opt_code TEXT NOT NULL DEFAULT '', data TEXT NOT NULL DEFAULT '', data_long TEXT NOT NULL DEFAULT '',
    retail INTEGER NOT NULL DEFAULT 0, base_price INTEGER NOT NULL DEFAULT 0, price INTEGER NOT NULL DEFAULT 0,
    weight INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS order_options_by_line ON order_options (line_id, id);
"""

SEQUENCE = "order_lines"
_SHORT_DATA = 254
_REASON = "Cancellation Reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenOption:
    """What was chosen or typed for one attribute; long text belongs in `data_long`."""

    attr_code: str
    opt_code: str = ""
    data: str = ""
    data_long: str = ""
    attr_id: int = 0
    attmpat_id: int = 0
    option_id: int = 0
    price: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    code: str
    name: str
    price: int
    weight: int
    quantity: int
    sku: str = ""
    type: str = ""
    product_id: int = 0
    status: int = Line.PENDING
    taxable: bool = True
    upsold: bool = False
    tax: int = 0
    options: tuple[ChosenOption, ...] = ()


def text_option(attr_code: str, text: str) -> ChosenOption:
    """Hold a text where the store puts it: short ones in `data`, others in `data_long`."""
    if len(text) <= _SHORT_DATA:
        return ChosenOption(attr_code=attr_code, data=text)
    return ChosenOption(attr_code=attr_code, data_long=text)


def draws(store: Store, line: NewLine) -> list[Movement]:
    """Say what a line draws on, by its code and options as the catalogue is now."""
    return order_stock.of_line(store, asdict(line), [asdict(option) for option in line.options])


def overridden(line: NewLine, *, sku: str | None, status: int, tax: int) -> NewLine:
    """Return a line of the catalogue with what its order says differently; a SKU of None is the catalogue's."""
    return replace(line, sku=line.sku if sku is None else sku, status=status, tax=tax)


def of_order(store: Store, order_id: int, line_ids: Iterable[int] | None = None) -> list[sqlite3.Row]:
    """Return an order's lines, or those of them that are named; ids of other orders are passed over."""
    rows = store.db.rows("SELECT * FROM order_items WHERE order_id = ? ORDER BY line_id", (order_id,))
    if line_ids is None:
        return rows
    wanted = set(line_ids)
    return [row for row in rows if row["line_id"] in wanted]


def find(store: Store, order_id: int, line_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM order_items WHERE order_id = ? AND line_id = ?", (order_id, line_id))


def options_of(store: Store, line_id: int) -> list[sqlite3.Row]:
    return store.db.rows("SELECT * FROM order_options WHERE line_id = ? ORDER BY id", (line_id,))


def insert(store: Store, order_id: int, line: NewLine, *, line_id: int | None = None) -> int:
    """
    Write a line without moving stock, and return its id; sums are the caller's to refresh (`changed`).

    Raises Invalid for a total beyond its column.
    """
    each = line.price + sum(option.price for option in line.options)
    total = order_totals.fit(order_totals.to_cents(each * line.quantity), "total")
    line_id = store.db.next_id(SEQUENCE) if line_id is None else line_id
    store.db.execute(
        "INSERT INTO order_items (line_id, order_id, status, product_id, code, name, sku, type, retail, base_price, "
        "price, total, weight, taxable, upsold, quantity, tax) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            line_id,
            order_id,
            line.status,
            line.product_id,
            line.code,
            line.name,
            line.sku,
            line.type or ("product" if line.product_id else ""),
            line.price,
            line.price,
            line.price,
            total,
            line.weight,
            line.taxable,
            line.upsold,
            line.quantity,
            line.tax,
        ),
    )
    for option in line.options:
        add_option(store, order_id, line_id, option)
    return line_id


def add_option(store: Store, order_id: int, line_id: int, option: ChosenOption) -> None:
    store.db.execute(
        "INSERT INTO order_options (id, order_id, line_id, attr_id, attmpat_id, option_id, attr_code, opt_code, data, "
        "data_long, retail, base_price, price, weight) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            store.db.next_id("order_options"),
            order_id,
            line_id,
            option.attr_id,
            option.attmpat_id,
            option.option_id,
            option.attr_code,
            option.opt_code,
            option.data,
            option.data_long,
            option.price,
            option.price,
            option.price,
            option.weight,
        ),
    )


def change(store: Store, line_id: int, **columns: str | int) -> None:
    """Write columns of a line and its total anew, without moving stock."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    if assignments:
        store.db.execute(
            f"UPDATE order_items SET {assignments} WHERE line_id = :line_id",  # noqa: S608 - names are our own
            {**columns, "line_id": line_id},
        )
    retotal(store, line_id)


def retotal(store: Store, line_id: int) -> None:
    line = store.db.row("SELECT price, quantity FROM order_items WHERE line_id = ?", (line_id,))
    assert line is not None
    options = store.db.value("SELECT coalesce(sum(price), 0) FROM order_options WHERE line_id = ?", (line_id,))
    store.db.execute(
        "UPDATE order_items SET total = ? WHERE line_id = ?",
        (order_totals.fit(order_totals.to_cents((line["price"] + options) * line["quantity"]), "total"), line_id),
    )


def remove_options(store: Store, line_id: int) -> None:
    store.db.execute("DELETE FROM order_options WHERE line_id = ?", (line_id,))


def changed(store: Store, order_id: int, trigger: str = "orderitem_updated") -> int:
    """Bring the order in line with its lines and tell the workflows; returns the order's total in cents."""
    order_totals.refresh(store, order_id)
    total = order_totals.refresh_total(store, order_id)
    order_totals.touch(store, order_id)
    queues.fire(store, trigger, order_id)
    return total


def remove_from_shipment(store: Store, order_id: int, lines: Sequence[sqlite3.Row]) -> None:
    """Set every line named back to pending, also one that was shipped or cancelled, or in no shipment."""
    shipments.take_out(store, lines)
    for line in lines:
        store.db.execute("UPDATE order_items SET status = ? WHERE line_id = ?", (Line.PENDING, line["line_id"]))
    order_totals.refresh(store, order_id)
    order_totals.touch(store, order_id)


def back_order(store: Store, order_id: int, lines: Sequence[sqlite3.Row], *, dt_instock: int = 0) -> None:
    shipments.take_out(store, lines)
    for line in lines:
        if line["status"] not in CLOSED:
            store.db.execute(
                "UPDATE order_items SET status = ?, dt_instock = ? WHERE line_id = ?",
                (Line.BACKORDERED, dt_instock, line["line_id"]),
            )
    order_totals.refresh(store, order_id)
    order_totals.touch(store, order_id)
    queues.fire(store, "orderitem_status_change", order_id)


def cancel(store: Store, order_id: int, lines: Sequence[sqlite3.Row], *, reason: str = "") -> int:
    """
    Cancel lines and put their stock back, also of shipped ones.

    Cancelled and returned ones are skipped, so a repeat restores nothing.

    The reason is written each time, also to what is skipped. Returns the order's total in cents. Payments stay.
    """
    shipments.take_out(store, [line for line in lines if line["status"] not in CLOSED])
    for line in lines:
        if line["status"] not in CLOSED:
            store.db.execute("UPDATE order_items SET status = ? WHERE line_id = ?", (Line.CANCELLED, line["line_id"]))
            order_stock.put_back(store, line)
        if reason:
            add_option(store, order_id, line["line_id"], text_option(_REASON, reason))
    if not lines:
        return order_totals.refresh_total(store, order_id)
    return changed(store, order_id, "orderitem_status_change")


def delete(store: Store, order_id: int, lines: Sequence[sqlite3.Row]) -> int:
    """Delete lines and put back the stock of those not cancelled or returned; returns the order's total in cents."""
    shipments.take_out(store, lines)
    for line in lines:
        if line["status"] not in CLOSED:
            order_stock.put_back(store, line)
        store.db.execute("DELETE FROM order_options WHERE line_id = ?", (line["line_id"],))
        store.db.execute("DELETE FROM order_items WHERE line_id = ?", (line["line_id"],))
    return changed(store, order_id, "orderitem_deleted")


def split(store: Store, line: sqlite3.Row, quantity: int) -> int:
    """
    Move `quantity` of a line to a new line with the same status, shipment and options; returns the new line's id.

    Raises Invalid unless something is left on both.
    """
    if not 0 < quantity < line["quantity"]:
        raise Invalid("MER-JSN-ORD-00023", "Quantity must be less than the quantity of the order item")
    new_id = store.db.next_id(SEQUENCE)
    values = {**dict(line), "line_id": new_id, "quantity": quantity}
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    store.db.execute(f"INSERT INTO order_items ({names}) VALUES ({marks})", values)  # noqa: S608 - our own columns
    for option in options_of(store, line["line_id"]):
        copied = {**dict(option), "id": store.db.next_id("order_options"), "line_id": new_id}
        names, marks = ", ".join(copied), ", ".join(f":{name}" for name in copied)
        store.db.execute(f"INSERT INTO order_options ({names}) VALUES ({marks})", copied)  # noqa: S608 - our own columns
    retotal(store, new_id)
    change(store, line["line_id"], quantity=line["quantity"] - quantity)
    changed(store, line["order_id"])
    return new_id
