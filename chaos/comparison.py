"""The comparison at the end: it reads the stores' own tables and the hub's, and says in sentences what differs."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from simulation.comparison import hub_at, store_of

SIGNATURE = "tradepost"
_CENT = 1_000_000  # the store's prices have eight decimals


def compare(
    shops: Mapping[str, Path], database: str, *, prices: Mapping[str, int], left: Mapping[str, int]
) -> tuple[dict[str, int], list[str]]:
    """
    Return figures, and a sentence for each difference; none is what a chaos should end with.

    `prices` in cents and pieces that are `left`, by code, are the same on all stores.
    """
    said: list[str] = []
    figures: Counter[str] = Counter()
    hub = hub_at(database)
    ours = hub(
        "SELECT external_id, channel.name AS name FROM tradepost_order "
        "JOIN tradepost_channel AS channel ON channel.id = channel_id"
    )
    for name, folder in shops.items():
        store = store_of(folder)
        products = store(
            "SELECT code, price, inventory FROM products LEFT JOIN inventory_product_counts AS counts "
            "ON counts.product_id = products.id"
        )
        times = Counter(product["code"] for product in products)
        said += [f"{name}: {code} is {times[code]} times on the store." for code in prices if times[code] != 1]
        for product in products:
            code, cents = product["code"], product["price"] // _CENT
            if code in prices and cents != prices[code]:
                said.append(f"{name}: {code} costs {cents} on the store, and {prices[code]} in the catalogue.")
            if code in left and product["inventory"] != left[code]:
                said.append(f"{name}: {left[code]} of {code} are left, the store offers {product['inventory']}.")
        orders = [row["id"] for row in store("SELECT id FROM orders")]
        notes = Counter(
            row["order_id"]
            for row in store("SELECT order_id, notetext FROM notes")
            if SIGNATURE in row["notetext"].casefold()
        )
        said += [f"{name}: order {number} bears {notes[number]} notes." for number in orders if notes[number] != 1]
        known = Counter(row["external_id"] for row in ours if row["name"] == name)
        said += [
            f"{name}: order {number} is {known[number]} times in the hub." for number in orders if known[number] != 1
        ]
        figures.update(products=len(products), orders=len(orders), notes=notes.total())
    runs = hub("SELECT state, count(*) AS number, sum(attempt - 1) AS again FROM tradepost_run GROUP BY state")
    for row in runs:
        figures[f"runs {row['state']}"] += int(row["number"])
        figures["runs taken again"] += int(row["again"])
    # A store that takes a request and hangs up ends a run; what it could not do is due again.
    failed = hub(
        "SELECT id, kind, attempt, error FROM tradepost_run WHERE state = 'failed' AND error_kind <> 'AnswerLost'"
    )
    said += [f"Run {row['id']}, {row['kind']}, failed in attempt {row['attempt']}: {row['error']}" for row in failed]
    figures["differences"] = len(said)
    return dict(figures), said
