"""
The comparison at the end of a day. It imports nothing of the hub nor of the sandbox: it reads both databases' tables
and the shoppers' log, and says in sentences what differs.

    python -m simulation.comparison FOLDER DATABASE_URL
"""

import json
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

CANCELLED, SHIPPED = 300, 200
SIGNATURE = "tradepost"


def compare(folder: Path, database: str) -> tuple[dict[str, int], list[str]]:
    """Return figures, and a sentence for each difference; none is what a day should end with."""
    store = store_of(folder)
    hub = hub_at(database)
    log = [json.loads(line) for line in (folder / "shoppers.jsonl").read_text(encoding="utf-8").splitlines()]
    stated: dict[str, int] = json.loads((folder / "stated.json").read_text(encoding="utf-8"))
    orders = store("SELECT id FROM orders ORDER BY id")
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in store("SELECT order_id, line_id, code, sku, quantity, status, shpmnt_id FROM order_items"):
        lines[line["order_id"]].append(line)
    said: list[str] = []
    said += _bought(log, lines)
    said += _imported([order["id"] for order in orders], lines, hub)
    said += _acknowledged(store, hub)
    said += _shipped(store, hub)
    sold = Counter[str]()
    for line in (line for each in lines.values() for line in each if line["status"] != CANCELLED):
        sold[line["sku"] or line["code"]] += line["quantity"]
    oversold = {sku: number - stated[sku] for sku, number in sold.items() if number > stated[sku]}
    said += [f"{sku}: {number} pieces were sold more than there were." for sku, number in oversold.items()]
    said += _counts(store, hub, stated, sold)
    figures = {
        "orders": len(orders),
        "pieces sold": sum(sold.values()),
        "pieces stated": sum(stated.values()),
        "cancelled lines": sum(line["status"] == CANCELLED for each in lines.values() for line in each),
        "shipments": len(store("SELECT id FROM order_shipments")),
        "oversold pieces": sum(oversold.values()),
        "differences": len(said),
    }
    return figures, said


def _bought(log: Sequence[dict[str, Any]], lines: dict[int, list[dict[str, Any]]]) -> list[str]:
    """What shoppers say that they bought is on the store."""
    said = []
    for entry in log:
        found = Counter[str]()
        for line in lines.get(entry["order"], ()):
            found[line["sku"] or line["code"]] += line["quantity"]
        # A payment that runs dies with its store.
        if found != Counter(entry["bought"]) and (found or not entry["is_pending"]):
            said.append(f"Order {entry['order']}: a shopper bought {entry['bought']}, the store has {dict(found)}.")
    return said


def _imported(numbers: Sequence[int], lines: dict[int, list[dict[str, Any]]], hub: Any) -> list[str]:
    """
    Every order of the store is in the hub once, with its pieces, and cancelled where it is cancelled there; what was
    cancelled at once need not be.
    """
    said = []
    known = Counter(row["external_id"] for row in hub("SELECT external_id FROM tradepost_order"))
    states = {row["external_id"]: row["state"] for row in hub("SELECT external_id, state FROM tradepost_order")}
    pieces: dict[int, Counter[str]] = defaultdict(Counter)
    query = """
        SELECT orders.external_id AS number, COALESCE(NULLIF(line.sku, ''), line.code) AS sku,
               line.quantity AS quantity, line.store_status AS status
        FROM tradepost_orderline AS line JOIN tradepost_order AS orders ON orders.id = line.order_id
    """
    for row in hub(query):
        if row["status"] != "cancelled":
            pieces[row["number"]][row["sku"]] += row["quantity"]
    for number in numbers:
        left = Counter[str]()
        for line in lines[number]:
            if line["status"] != CANCELLED:
                left[line["sku"] or line["code"]] += line["quantity"]
        if not left and not known[number]:
            continue  # cancelled before anybody asked for it
        if known[number] != 1:
            said.append(f"Order {number} is {known[number]} times in the hub.")
            continue
        if pieces[number] != left:
            said.append(f"Order {number}: the store has {dict(left)}, the hub {dict(pieces[number])}.")
        if (states[number] == "cancelled") == bool(left):
            said.append(f"Order {number} is {states[number]} in the hub; {sum(left.values())} pieces are left of it.")
    said += [f"Order {number} is in the hub and not on the store." for number in known.keys() - set(numbers)]
    return said


def _acknowledged(store: Any, hub: Any) -> list[str]:
    """Every order that is not cancelled bears one note of the hub's, and no order two."""
    notes = Counter(
        note["order_id"]
        for note in store("SELECT order_id, notetext FROM notes")
        if SIGNATURE in note["notetext"].casefold()
    )
    said = [f"Order {number} bears {times} notes." for number, times in notes.items() if times > 1]
    known = hub("SELECT external_id FROM tradepost_order WHERE state IN ('open', 'on_hold')")
    bare = [row["external_id"] for row in known if not notes[row["external_id"]]]
    return said + [f"Order {number} was not acknowledged on the store." for number in bare]


def _shipped(store: Any, hub: Any) -> list[str]:
    """Every shipment of the hub is on the store once, marked shipped, with its tracking number, and none beside."""
    found = Counter(
        (row["order_id"], row["tracknum"], row["status"])
        for row in store("SELECT order_id, tracknum, status FROM order_shipments")
    )
    query = """
        SELECT orders.external_id AS number, shipment.tracking_number AS tracking
        FROM tradepost_shipmentrecord AS shipment JOIN tradepost_order AS orders ON orders.id = shipment.order_id
        WHERE orders.state <> 'cancelled'
    """
    wanted = Counter((row["number"], row["tracking"], SHIPPED) for row in hub(query))
    said = [f"Order {number}: shipment {tracking} is not on the store." for number, tracking, _ in wanted - found]
    too_many = found - wanted
    return said + [
        f"Order {number}: shipment {tracking} ({status}) is too many." for number, tracking, status in too_many
    ]


def _counts(store: Any, hub: Any, stated: dict[str, int], sold: Counter[str]) -> list[str]:
    """What can be bought now is what is left, on the store and in the hub."""
    said = []
    counts = {
        row["sku"] or row["code"]: row["inventory"]
        for row in store(
            """
            SELECT products.sku AS sku, products.code AS code, counts.inventory AS inventory
            FROM inventory_product_counts AS counts JOIN products ON products.id = counts.product_id
            """
        )
    }
    accounts = {
        row["sku"]: row["account"]
        for row in hub("SELECT sku, account FROM tradepost_listing WHERE kind <> 'parent' AND external_id IS NOT NULL")
    }
    for sku, number in stated.items():
        left = number - sold[sku]
        if counts.get(sku) != left:
            said.append(f"{sku}: {left} of {number} are left, the store offers {counts.get(sku)}.")
        if accounts.get(sku) != left:
            said.append(f"{sku}: {left} of {number} are left, the hub believes in {accounts.get(sku)}.")
    return said


def store_of(folder: Path) -> Any:
    """Open the store's own tables, to be read while it works; what is returned takes a statement and gives rows."""
    return _sqlite(folder / "store" / "store-00000001.sqlite")


def _sqlite(file: Path) -> Any:
    def rows(statement: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement)]

    return rows


def hub_at(database: str) -> Any:
    """Open the hub's tables, in either database."""
    if database.startswith("sqlite:///"):
        return _sqlite(Path(database.removeprefix("sqlite:///")))
    import psycopg  # noqa: PLC0415 - only where it is needed
    from psycopg.rows import dict_row  # noqa: PLC0415

    def rows(statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(database, row_factory=dict_row) as connection:
            return connection.execute(statement).fetchall()

    return rows


def main() -> int:
    figures, said = compare(Path(sys.argv[1]), sys.argv[2])
    print(json.dumps(figures))
    for sentence in said:
        print(sentence)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
