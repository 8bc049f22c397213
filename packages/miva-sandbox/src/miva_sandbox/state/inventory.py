"""
Inventory: the store's settings, each product's settings and count, and what follows from them for a shopper.

A product without a settings row is not tracked, and that means unlimited. Counts may be negative.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from miva_sandbox.state import columns
from miva_sandbox.state.errors import Invalid
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS inventory_settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    active INTEGER NOT NULL DEFAULT 0,
    mode TEXT NOT NULL DEFAULT 'basket',
    ex_page TEXT NOT NULL DEFAULT 'BASK',
    in_short TEXT NOT NULL DEFAULT 'In Stock',
    in_long TEXT NOT NULL DEFAULT '%inv_instock% of %product_name% in stock',
    low_track INTEGER NOT NULL DEFAULT 0,
    low_level INTEGER NOT NULL DEFAULT 0,
    low_short TEXT NOT NULL DEFAULT 'Backordered',
    low_long TEXT NOT NULL DEFAULT '%product_name% is running low',
    out_track INTEGER NOT NULL DEFAULT 0,
    out_level INTEGER NOT NULL DEFAULT 0,
    out_hide INTEGER NOT NULL DEFAULT 0,
    out_short TEXT NOT NULL DEFAULT 'Sold Out',
    out_long TEXT NOT NULL DEFAULT '%product_name% is sold out',
    ltd_long TEXT NOT NULL DEFAULT 'Only %inv_available% of %product_name% can be had'
);
INSERT INTO inventory_settings (id) VALUES (1) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS inventory_product_settings (
    product_id INTEGER PRIMARY KEY,
    active INTEGER NOT NULL DEFAULT 1,
    in_short TEXT NOT NULL DEFAULT '',
    in_long TEXT NOT NULL DEFAULT '',
    low_track TEXT NOT NULL DEFAULT 'd',
    low_level INTEGER NOT NULL DEFAULT 0,
    low_lvl_d INTEGER NOT NULL DEFAULT 1,
    low_short TEXT NOT NULL DEFAULT '',
    low_long TEXT NOT NULL DEFAULT '',
    out_track TEXT NOT NULL DEFAULT 'd',
    out_hide TEXT NOT NULL DEFAULT 'd',
    out_level INTEGER NOT NULL DEFAULT 0,
    out_lvl_d INTEGER NOT NULL DEFAULT 1,
    out_short TEXT NOT NULL DEFAULT '',
    out_long TEXT NOT NULL DEFAULT '',
    ltd_long TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS inventory_product_counts (
    product_id INTEGER PRIMARY KEY,
    inventory INTEGER NOT NULL
);
"""

Level = Literal["in", "low", "out"]

# When a shopper's stock is taken: as the basket is filled, or just before the payment.
MODES = ("basket", "checkout")
_SHORT_TEXTS = ("in_short", "low_short", "out_short")


def settings(store: Store) -> sqlite3.Row:
    """Return the store's own settings."""
    found = store.db.row("SELECT * FROM inventory_settings")
    assert found is not None
    return found


def change_settings(store: Store, changes: Mapping[str, str | int]) -> None:
    """Change the store's settings named. Raises Invalid."""
    if changes.get("mode", MODES[0]) not in MODES:
        raise Invalid("", f"mode must be one of: {', '.join(MODES)}", field="mode")
    _write(store, "inventory_settings", "id", 1, changes)


def product_settings(store: Store, product_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM inventory_product_settings WHERE product_id = ?", (product_id,))


def update_product(
    store: Store,
    product_id: int,
    changes: Mapping[str, str | int],
    *,
    track: bool | None = None,
    stock: int | None = None,
    adjust_by: int | None = None,
) -> bool:
    """
    Change a product's settings and count; what is not named keeps its value.

    A product that is not tracked and isn't to be stays as it is: False says that nothing was done. `track=False`
    drops settings and count of a tracked one.

    Raises Invalid.
    """
    before = product_settings(store, product_id)
    tracked = track if track is not None else bool(before is not None and before["active"])
    if not tracked:
        product_deleted(store, product_id)
        return before is not None
    count = _new_count(store, product_id, stock=stock, adjust_by=adjust_by)
    if before is None:
        store.db.execute("INSERT INTO inventory_product_settings (product_id) VALUES (?)", (product_id,))
        store.db.execute("INSERT OR REPLACE INTO inventory_product_counts VALUES (?, ?)", (product_id, count or 0))
    elif count is not None:
        # A missing count row is not made good here, as in a real store.
        set_count(store, product_id, count)
    _write(store, "inventory_product_settings", "product_id", product_id, {**changes, "active": 1})
    return True


def adjust(store: Store, product_id: int, by: int) -> None:
    """Add to a product's count, and track it from now on if it was not. Raises Invalid."""
    if product_settings(store, product_id) is None:
        update_product(store, product_id, {}, track=True, stock=by)
        return
    count = columns.fit_integer((counted(store, product_id) or 0) + by, "inventory")
    store.db.execute("INSERT OR REPLACE INTO inventory_product_counts VALUES (?, ?)", (product_id, count))
    store.db.execute("UPDATE inventory_product_settings SET active = 1 WHERE product_id = ?", (product_id,))


def set_count(store: Store, product_id: int, count: int) -> bool:
    """Overwrite a count; False, and nothing, for a product that has none. Raises Invalid."""
    written = store.db.execute(
        "UPDATE inventory_product_counts SET inventory = ? WHERE product_id = ?",
        (columns.fit_integer(count, "inventory"), product_id),
    )
    return written.rowcount > 0


def counted(store: Store, product_id: int) -> int | None:
    """Return the count that is stored, tracked or not; None if there is none."""
    found = store.db.value("SELECT inventory FROM inventory_product_counts WHERE product_id = ?", (product_id,))
    return int(found) if found is not None else None


def take(store: Store, product_id: int, quantity: int) -> bool:
    """
    Lower the count by what is sold, below zero if need be; False if the product isn't tracked.

    A negative quantity gives back.
    """
    moved = store.db.execute(
        "UPDATE inventory_product_counts SET inventory = inventory - ? WHERE product_id = ? "
        "AND (SELECT active FROM inventory_settings) AND product_id IN "
        "(SELECT product_id FROM inventory_product_settings WHERE product_id = ? AND active)",
        (quantity, product_id, product_id),
    )
    return moved.rowcount > 0


def give_back(store: Store, product_id: int, quantity: int) -> bool:
    """Raise the count by what comes back; False if the product isn't tracked."""
    return take(store, product_id, -quantity)


def product_deleted(store: Store, product_id: int) -> None:
    store.db.execute("DELETE FROM inventory_product_settings WHERE product_id = ?", (product_id,))
    store.db.execute("DELETE FROM inventory_product_counts WHERE product_id = ?", (product_id,))


@dataclass(frozen=True, slots=True)
class Stock:
    """What a product's settings and the store's say together. Levels without tracking are meaningless."""

    tracked: bool
    count: int
    out_track: bool
    low_track: bool
    hide: bool
    out_threshold: int  # the out-of-stock level that is set, whether it is watched or not
    low_level: int

    @property
    def out_level(self) -> int:
        return self.out_threshold if self.out_track else 0

    @property
    def available(self) -> int:
        return self.count - self.out_level

    @property
    def level(self) -> Level:
        if self.out_track and self.available <= 0:
            return "out"
        if self.low_track and self.count - self.low_level <= 0:
            return "low"
        return "in"

    @property
    def limit(self) -> int | None:
        """How many can be bought; None is any number."""
        return max(self.available, 0) if self.tracked and self.out_track else None


def stock(store: Store, product_id: int) -> Stock:
    """Work out how a product stands; an untracked one has the store's defaults and a count of 0."""
    general = settings(store)
    own = product_settings(store, product_id)

    def choice(word: str, default: int) -> bool:
        return word == "y" or (word == "d" and bool(default))

    if own is None:
        return Stock(
            tracked=False,
            count=0,
            out_track=bool(general["out_track"]),
            low_track=bool(general["low_track"]),
            hide=bool(general["out_hide"]),
            out_threshold=general["out_level"],
            low_level=general["low_level"],
        )
    return Stock(
        tracked=bool(general["active"] and own["active"]),
        count=counted(store, product_id) or 0,
        out_track=choice(own["out_track"], general["out_track"]),
        low_track=choice(own["low_track"], general["low_track"]),
        hide=choice(own["out_hide"], general["out_hide"]),
        out_threshold=general["out_level"] if own["out_lvl_d"] else own["out_level"],
        low_level=general["low_level"] if own["low_lvl_d"] else own["low_level"],
    )


def _new_count(store: Store, product_id: int, *, stock: int | None, adjust_by: int | None) -> int | None:
    if stock is not None:
        return columns.fit_integer(stock, "inventory")
    if adjust_by is not None:
        return columns.fit_integer((counted(store, product_id) or 0) + adjust_by, "inventory")
    return None


def _write(store: Store, table: str, key: str, key_value: int, changes: Mapping[str, str | int]) -> None:
    if not changes:
        return
    for column in _SHORT_TEXTS:
        if column in changes:
            columns.fit(str(changes[column]), column, columns.TEXT_WIDTH)
    for column in ("low_level", "out_level"):
        level = changes.get(column)
        if isinstance(level, int):
            columns.fit_integer(level, column)
        elif level is not None:
            raise Invalid("MER-DBA-00003", f"Incorrect integer value for column '{column}'", field=column)
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    store.db.execute(
        f"UPDATE {table} SET {assignments} WHERE {key} = :key_value",  # noqa: S608 - our own names
        {**changes, "key_value": key_value},
    )
