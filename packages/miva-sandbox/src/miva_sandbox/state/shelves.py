"""
What a shopper sees: which products the lists show, what is said of their stock, and which options can be chosen.

Seeing and buying are different questions with different rules: a product that is hidden from the lists can still be
bought by its address. Buying is decided in `sales`.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from miva_sandbox.state import inventory, variants
from miva_sandbox.state.inventory import Level, Stock
from miva_sandbox.state.store import Store

_LISTED = """
    p.active AND NOT EXISTS (
        SELECT 1 FROM inventory_product_settings own
        JOIN inventory_settings general ON general.active
        LEFT JOIN inventory_product_counts counts ON counts.product_id = own.product_id
        WHERE own.product_id = p.id AND own.active
        AND (own.out_hide = 'y' OR (own.out_hide = 'd' AND general.out_hide))
        -- Whether the level is watched is not asked here, as in the real lists.
        AND coalesce(counts.inventory, 0) <= CASE WHEN own.out_lvl_d THEN general.out_level ELSE own.out_level END
    )
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """How a product or one of its variants stands; no `quantity` means any number."""

    level: Level
    quantity: int | None
    message: str


def in_category(store: Store, category_id: int, *, limit: int, offset: int) -> list[sqlite3.Row]:
    return store.db.rows(
        "SELECT p.* FROM category_products link JOIN products p ON p.id = link.product_id "  # noqa: S608 - our own text
        f"WHERE link.cat_id = ? AND {_LISTED} ORDER BY link.disp_order, p.id LIMIT ? OFFSET ?",
        (category_id, limit, offset),
    )


def everything(store: Store, *, limit: int, offset: int) -> list[sqlite3.Row]:
    return store.db.rows(
        f"SELECT p.* FROM products p WHERE {_LISTED} ORDER BY p.disp_order, p.id LIMIT ? OFFSET ?",  # noqa: S608 - our own text
        (limit, offset),
    )


def related_to(store: Store, product_id: int) -> list[sqlite3.Row]:
    return store.db.rows(
        "SELECT p.* FROM related_products link JOIN products p ON p.id = link.relprod_id "  # noqa: S608 - our own text
        f"WHERE link.product_id = ? AND {_LISTED} ORDER BY link.disp_order, p.id",
        (product_id,),
    )


def found(store: Store, words: str, *, limit: int, offset: int) -> list[sqlite3.Row]:
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return store.db.rows(
        f"SELECT p.* FROM products p WHERE {_LISTED} AND NOT p.exsearch "  # noqa: S608 - our own text
        "AND (p.name LIKE ? ESCAPE '\\' OR p.code LIKE ? ESCAPE '\\' OR p.sku LIKE ? ESCAPE '\\') "
        "ORDER BY p.disp_order, p.id LIMIT ? OFFSET ?",
        (pattern, pattern, pattern, limit, offset),
    )


def offer(store: Store, product: sqlite3.Row, *, variant_id: int = variants.DEFAULT) -> Offer:
    """Say how a product stands for the shopper, by its parts where the variant has some."""
    own = inventory.stock(store, product["id"])
    parts = variants.parts(store, product["id"], variant_id)
    # A quantity of nought can be stored, as nobody tests it; such a part limits nothing.
    limiting = [part for part in parts if part["quantity"] > 0]
    tracked = [(part, stock) for part in limiting if (stock := inventory.stock(store, part["part_id"])).tracked]
    if not parts:
        return _offer(store, product, own) if own.tracked else Offer("in", None, "")
    if not tracked:
        return Offer("in", None, "")
    quantity = min(
        min(int(stock.available / part["quantity"]), int((stock.count - own.out_level) / part["quantity"]))
        for part, stock in tracked
    )
    # The parent's settings decide on the level, the parts' counts are what it is about.
    judged = replace(own, tracked=True, count=quantity + own.out_level)
    return _offer(store, product, judged, quantity=quantity, part_id=parts[0]["part_id"] if len(parts) == 1 else 0)


def shown_options(store: Store, product_id: int) -> frozenset[tuple[int, int, int]]:
    """
    Return the (attribute, template attribute, option) that the choice lists of a product offer.

    An option is there as long as some variant with it is not hidden for lack of stock.
    """
    hidden = {row["variant_id"] for row in _parts(store, product_id) if _vanishes(store, row)}
    return frozenset(
        (row["attr_id"], row["attmpat_id"], row["option_id"])
        for row in store.db.rows(
            "SELECT variant_id, attr_id, attmpat_id, option_id FROM product_variants "
            "WHERE product_id = ? AND variant_id <> 0",
            (product_id,),
        )
        if row["variant_id"] not in hidden
    )


def long_message(store: Store, product: sqlite3.Row, *, limited: bool, available: int) -> str:
    """Write the message of a refusal: the product's own text, else the store's."""
    name = "ltd_long" if limited else "out_long"
    own = inventory.product_settings(store, product["id"])
    text = (own[name] if own is not None else "") or inventory.settings(store)[name]
    return _filled(text, product, count=inventory.counted(store, product["id"]) or 0, available=available)


def _offer(store: Store, product: sqlite3.Row, stock: Stock, *, quantity: int | None = None, part_id: int = 0) -> Offer:
    name = f"{stock.level}_short"
    texts: Sequence[sqlite3.Row | None] = (
        inventory.product_settings(store, part_id) if part_id else None,
        inventory.product_settings(store, product["id"]),
        inventory.settings(store),
    )
    text = next((row[name] for row in texts if row is not None and row[name]), "")
    shown = stock.available if quantity is None else quantity
    return Offer(stock.level, shown, _filled(text, product, count=stock.count, available=shown))


def _filled(text: str, product: sqlite3.Row, *, count: int, available: int) -> str:
    return (
        text.replace("%product_name%", product["name"])
        .replace("%product_code%", product["code"])
        .replace("%inv_available%", str(max(available, 0)))
        .replace("%inv_instock%", str(count))
    )


def _parts(store: Store, product_id: int) -> list[sqlite3.Row]:
    return store.db.rows(
        "SELECT variant_id, part_id, quantity FROM product_variant_parts WHERE product_id = ?", (product_id,)
    )


def _vanishes(store: Store, part: sqlite3.Row) -> bool:
    stock = inventory.stock(store, part["part_id"])
    return stock.tracked and stock.hide and stock.count < stock.out_threshold + part["quantity"]
