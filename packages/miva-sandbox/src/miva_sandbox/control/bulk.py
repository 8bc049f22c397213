"""Invented products, families and orders by the million: set-based, so that size is a matter of seconds."""

# ruff: noqa: S608 - all pieces of SQL are written here; what comes from outside is bound.

import itertools
import random
from collections.abc import Iterator
from typing import Any

from miva_sandbox.state import order_lines, orders
from miva_sandbox.state.charges import PAYMENT_MODULE, SHIPPING_MODULE
from miva_sandbox.state.store import Store

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
# Prices between 1.00 and 100.99, spread over the ids; 1e6 units are a cent.
_PRICE = "(100 + ({id} * 7919) % 10000) * 1000000"
_SHIPPING_CENTS = 500
_UNITS_PER_CENT = 10**6
_BATCH = 10_000
_CHOICE_LIMIT = 5_000


def reserve(store: Store, name: str, count: int) -> int:
    """Draw `count` numbers of a sequence at once, and return the first."""
    last = store.db.value(
        "INSERT INTO sequences (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = value + ? RETURNING value",
        (name, count, count),
    )
    return int(last) - count + 1


def add_products(store: Store, count: int) -> None:
    """Add simple products, active and tracked, with stocks from 0 to 49."""
    with store.db.savepoint():
        first = reserve(store, "products", count)
        _insert_products(store, first, count, "i", active="1", name="'Seeded product ' || (:first + i)")
        _insert_uris(store, first, count)
        _track(store, first, count)


def add_families(store: Store, count: int, *, variants: int) -> None:
    """
    Add families: an active parent with the attribute `size`, and `variants` inactive parts, one behind each option.

    The parts are tracked, the parent is not; variants are priced as the sum of their parts.
    """
    with store.db.savepoint():
        size = variants + 1
        values = {
            "first": reserve(store, "products", count * size),
            "attr": reserve(store, "attributes", count),
            "opt": reserve(store, "options", count * variants),
            "variant": reserve(store, "product_variants", count * variants),
            "count": count * size,
            "size": size,
            "k": variants,
        }
        first = values["first"]
        name = f"'Seeded family ' || (:first + i - i % {size}) || iif(i % {size}, ' size ' || (i % {size}), '')"
        _insert_products(store, first, count * size, "i", active=f"i % {size} = 0", name=name)
        parent, child, number = ":first + i - i % :size", ":first + i", "(i / :size) * :k + i % :size - 1"
        for statement in (
            f"""{_NUMBERS} INSERT INTO attributes
                (id, product_id, disp_order, code, code_key, prompt, type, required, inventory)
                SELECT :attr + i / :size, :first + i, 1, 'size', 'size', 'Size', 'select', 1, 1 FROM n
                WHERE i % :size = 0""",
            f"""{_NUMBERS} INSERT INTO options (id, product_id, attr_id, disp_order, code, code_key, prompt)
                SELECT :opt + {number}, {parent}, :attr + i / :size, i % :size, 's' || (i % :size), 's' || (i % :size),
                'Size ' || (i % :size) FROM n WHERE i % :size""",
            f"""{_NUMBERS} INSERT INTO product_variants
                (product_id, variant_id, dimensions, part_count, attr_id, option_id)
                SELECT {parent}, :variant + {number}, 1, 1, :attr + i / :size, :opt + {number} FROM n
                WHERE i % :size""",
            f"""{_NUMBERS} INSERT INTO product_variant_parts (product_id, variant_id, part_id, quantity)
                SELECT {parent}, :variant + {number}, {child}, 1 FROM n WHERE i % :size""",
            f"""{_NUMBERS} INSERT INTO product_variant_pricing (product_id, variant_id, method, price, cost, weight)
                SELECT {parent}, :variant + {number}, 2, 0, 0, 0 FROM n WHERE i % :size""",
        ):
            store.db.execute(statement, values)
        _insert_uris(store, first, count * size)
        _track(store, first, count * size, where=f"i % {size}")


def add_orders(store: Store, count: int, *, seed: int = 0) -> None:
    """Add authorised orders of one line over a year, a minute and more apart; they are history and take no stock."""
    chooser = random.Random(seed)  # noqa: S311 - repeatable on purpose
    sellable = _sellable(store)
    if not sellable:
        sellable = [{"code": "SEED", "name": "Seeded line", "sku": "", "price": 10**9, "weight": 0, "product_id": 0}]
    with store.db.savepoint():
        if store.db.value("SELECT 1 FROM sequences WHERE name = ?", (orders.SEQUENCE,)) is None:
            orders.next_number(store)
        numbers = {
            "orders": reserve(store, orders.SEQUENCE, count),
            "lines": reserve(store, order_lines.SEQUENCE, count),
            "charges": reserve(store, "order_charges", count),
            "payments": reserve(store, "order_payments", count),
        }
        made = _orders(store, numbers, count, sellable, chooser)
        while batch := list(itertools.islice(made, _BATCH)):
            for statement in _ORDER_STATEMENTS:
                store.db.execute_many(statement, batch)


_ORDER_STATEMENTS = (
    """INSERT INTO orders (id, pay_id, orderdate, ship_res, ship_fname, ship_lname, ship_email, ship_addr1, ship_city,
        ship_state, ship_zip, ship_cntry, bill_fname, bill_lname, bill_email, bill_addr1, bill_city, bill_state,
        bill_zip, bill_cntry, ship_id, ship_data, source, total, total_ship, total_auth, pend_count, dt_updated)
        VALUES (:order, :pay, :at, 1, 'Ada', :last, :email, '1 Pier Rd', 'Salem', 'OR', '97301', 'US', 'Ada', :last,
        :email, '1 Pier Rd', 'Salem', 'OR', '97301', 'US', :ship, 'Ground', 'shopper', :total, :shipping, :total, 1,
        :at)""",
    """INSERT INTO order_items (line_id, order_id, status, product_id, code, name, sku, type, retail, base_price, price,
        total, weight, taxable, upsold, quantity, tax)
        VALUES (:line, :order, 0, :product_id, :code, :name, :sku, 'product', :price, :price, :price, :goods, :weight,
        1, 0, :quantity, 0)""",
    """INSERT INTO order_charges (charge_id, order_id, module_id, type, descrip, amount, disp_amt)
        VALUES (:charge, :order, :ship, 'SHIPPING', 'Shipping: Ground', :shipping * 1000000, :shipping * 1000000)""",
    """INSERT INTO order_payments (id, order_id, type, refnum, amount, available, dtstamp, pay_id, currency, environ,
        level) VALUES (:payment, :order, 3, 'seeded', :total, :total, :at, :pay, 'USD', 'sandbox', 'order')""",
)


def _orders(
    store: Store, numbers: dict[str, int], count: int, sellable: list[dict[str, Any]], chooser: random.Random
) -> Iterator[dict[str, Any]]:
    step = max(1, 365 * 86400 // count)
    start = store.clock.now() - step * count
    for index in range(count):
        sold = chooser.choice(sellable)
        quantity = chooser.randint(1, 3)
        goods = (sold["price"] * quantity + _UNITS_PER_CENT // 2) // _UNITS_PER_CENT
        number = numbers["orders"] + index
        yield {
            **sold,
            "order": number,
            "line": numbers["lines"] + index,
            "charge": numbers["charges"] + index,
            "payment": numbers["payments"] + index,
            "at": start + step * index,
            "last": f"Buyer {number}",
            "email": f"buyer{number}@example.com",
            "quantity": quantity,
            "goods": goods,
            "shipping": _SHIPPING_CENTS,
            "total": goods + _SHIPPING_CENTS,
            "pay": PAYMENT_MODULE,
            "ship": SHIPPING_MODULE,
        }


def _sellable(store: Store) -> list[dict[str, Any]]:
    rows = store.db.rows(
        "SELECT code, name, sku, price, weight, id AS product_id FROM products p WHERE active "
        "AND NOT EXISTS (SELECT 1 FROM attributes a WHERE a.product_id = p.id) ORDER BY id LIMIT ?",
        (_CHOICE_LIMIT,),
    )
    return [dict(row) for row in rows]


def _insert_products(store: Store, first: int, count: int, order: str, *, active: str, name: str) -> None:
    last_order = store.db.value("SELECT coalesce(max(disp_order), 0) + 1 FROM products")
    price = _PRICE.format(id="(:first + i)")
    store.db.execute(
        f"""{_NUMBERS} INSERT INTO products (id, code, code_key, sku, name, price, cost, weight, profit, margin,
            descrip, active, disp_order, dt_created, dt_updated)
            SELECT :first + i, 'SEED-' || (:first + i), 'seed-' || (:first + i), 'SEED-' || (:first + i), {name},
            {price}, {price} / 2, 50000000, {price} - {price} / 2, 5000, 'A seeded product.', {active}, :last + {order},
            :now, :now FROM n""",
        {"first": first, "count": count, "last": last_order, "now": store.clock.now()},
    )


def _insert_uris(store: Store, first: int, count: int) -> None:
    store.db.execute(
        """INSERT INTO uris (id, uri, screen, product_id, canonical)
            SELECT :uri + id - :first, '/seeded-' || id || '.html', 'PROD', id, 1 FROM products
            WHERE id BETWEEN :first AND :first + :count - 1 AND active""",
        {"uri": reserve(store, "uris", count), "first": first, "count": count},
    )


def _track(store: Store, first: int, count: int, *, where: str = "1") -> None:
    for statement in (
        f"{_NUMBERS} INSERT INTO inventory_product_settings (product_id) SELECT :first + i FROM n WHERE {where}",
        f"{_NUMBERS} INSERT INTO inventory_product_counts SELECT :first + i, (:first + i) % 50 FROM n WHERE {where}",
    ):
        store.db.execute(statement, {"first": first, "count": count})
