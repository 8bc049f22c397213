"""The matches port: what of a store could be linked, in a table of this connection's own that goes with it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tradepost.database import sql
from tradepost.database.fields import from_column
from tradepost.database.listings.listing_rows import status_of
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.store import StoreRow
from tradepost.operations.ports import Candidates, LeanListing, ToLink

_PAGE = 10_000
# A byte each: of a hundred thousand listings one product in 80 is looked up for nothing, of a million one in nine.
_SLOTS = 2**24

_MAKE = """
    CREATE TEMPORARY TABLE tradepost_match (
        listing_id BIGINT NOT NULL, product_id BIGINT NOT NULL, by_sku BOOLEAN NOT NULL, by_code BOOLEAN NOT NULL,
        product_code TEXT NOT NULL, product_sku TEXT NOT NULL, name TEXT NOT NULL, price BIGINT NOT NULL,
        is_active BOOLEAN NOT NULL, fields TEXT NOT NULL, created BIGINT NOT NULL, PRIMARY KEY (listing_id, product_id)
    )
"""
# These four have the condition of `domain.listings.matching.may_be_linked`; tests compare them.
_KEYS = """
    SELECT id, sku, code_key FROM tradepost_listing
    WHERE channel_id = %s AND id > %s AND link IN ('unlinked', 'broken') AND NOT is_paused
    ORDER BY id LIMIT %s
"""
# Each is looked up for itself, as there is one at most: for a join, SQLite first goes through all listings to make a
# filter of them. A parent's SKU is its product's handle. The literals let SQLite use the partial index on SKUs.
_PAIRS = """
    SELECT given.product_id,
        (
            SELECT listing.id FROM tradepost_listing AS listing
            WHERE listing.channel_id = %s AND listing.code_key = given.code_key
              AND listing.link IN ('unlinked', 'broken') AND NOT listing.is_paused
        ) AS by_code,
        (
            SELECT listing.id FROM tradepost_listing AS listing
            WHERE listing.channel_id = %s AND listing.sku = given.sku AND listing.kind IN ('variant', 'simple')
              AND listing.link IN ('unlinked', 'broken') AND NOT listing.is_paused
        ) AS by_sku,
        (
            SELECT listing.id
            FROM tradepost_product AS product
            JOIN tradepost_listing AS listing ON listing.product_id = product.id
            WHERE product.handle = given.sku AND listing.channel_id = %s AND listing.kind = 'parent'
              AND listing.sku = given.sku AND listing.link IN ('unlinked', 'broken') AND NOT listing.is_paused
        ) AS by_handle
    FROM given
"""
_PUT_ASIDE = """
    INSERT INTO tradepost_match SELECT listing_id, product_id, by_sku, by_code, product_code, product_sku, name, price,
        is_active, fields, created FROM given
"""
_TABLE = {
    "listing_id": Column.INTEGER,
    "product_id": Column.INTEGER,
    "by_sku": Column.BOOLEAN,
    "by_code": Column.BOOLEAN,
    "product_code": Column.TEXT,
    "product_sku": Column.TEXT,
    "name": Column.TEXT,
    "price": Column.INTEGER,
    "is_active": Column.BOOLEAN,
    "fields": Column.TEXT,
    "created": Column.INTEGER,
}
# In the order of the index, and no further than so many; joined, all that is left would be sorted for each page.
_NEXT = """
    SELECT listing.id, listing.kind, listing.code, listing.sku, listing.health, listing.link, listing.pending,
        listing.is_paused, listing.is_orphaned, listing.external_id, listing.was_hidden, listing.is_price_held,
        found.product_id, found.by_sku, found.by_code, found.product_code, found.product_sku, found.name, found.price,
        found.is_active, found.fields, found.created
    FROM (
        SELECT DISTINCT found.listing_id FROM tradepost_match AS found
        WHERE found.listing_id > %s AND EXISTS (
            SELECT 1 FROM tradepost_listing AS listing
            WHERE listing.id = found.listing_id AND listing.link IN ('unlinked', 'broken') AND NOT listing.is_paused
        )
        ORDER BY found.listing_id LIMIT %s
    ) AS following
    JOIN tradepost_listing AS listing ON listing.id = following.listing_id
    JOIN tradepost_match AS found ON found.listing_id = following.listing_id
    ORDER BY listing.id, found.product_id
"""
_WITHOUT = """
    SELECT listing.id, listing.kind, listing.code, listing.sku, listing.health, listing.link, listing.pending,
        listing.is_paused, listing.is_orphaned, listing.external_id, listing.was_hidden, listing.is_price_held
    FROM given JOIN tradepost_listing AS listing ON listing.id = given.id
    WHERE listing.channel_id = %s AND listing.link IN ('unlinked', 'broken') AND NOT listing.is_paused
      AND NOT EXISTS (SELECT 1 FROM tradepost_match AS found WHERE found.listing_id = listing.id)
    ORDER BY listing.id
"""


class DjangoMatches:
    """
    Implements `ports.Matches` for one channel.

    Most of a large store is none of ours: a sieve of fixed size keeps from asking the database for each product of it.
    """

    def __init__(self, channel_id: int, *, only: Collection[int] | None) -> None:
        self._channel_id = channel_id
        self._only = None if only is None else frozenset(only)
        self.forget()
        sql.execute(_MAKE)
        self._slots = bytearray(_SLOTS)
        for row in self._keys():
            if self._only is None or row["id"] in self._only:
                self._slots[hash(row["sku"]) % _SLOTS] = 1
                self._slots[hash(row["code_key"]) % _SLOTS] = 1

    def _keys(self) -> Iterator[Mapping[str, Any]]:
        after = 0
        while rows := sql.fetch_rows(_KEYS, self._channel_id, after, _PAGE):
            yield from rows
            after = rows[-1]["id"]

    def add(self, page: Sequence[StoreRow]) -> None:
        near = self._near(page)
        if not near:
            return
        pairs = sql.fetch_rows(
            _PAIRS,
            *[self._channel_id] * 3,
            given=Rows(
                {"product_id": Column.INTEGER, "sku": Column.TEXT, "code_key": Column.TEXT},
                near,
            ),
        )
        products = {product.id: product for product in page}
        ways: dict[tuple[int, int], set[str]] = {}
        for pair in pairs:
            for way in ("by_code", "by_sku", "by_handle"):
                listing_id = pair[way]
                if listing_id is not None and (self._only is None or listing_id in self._only):
                    ways.setdefault((listing_id, pair["product_id"]), set()).add(way)
        if ways:
            rows = [_match(listing_id, products[number], found) for (listing_id, number), found in ways.items()]
            sql.execute(_PUT_ASIDE, given=Rows(_TABLE, rows))

    def _near(self, page: Sequence[StoreRow]) -> list[dict[str, Any]]:
        slots = self._slots
        keys = [(product.id, code_key(product.code), product.sku.strip()) for product in page]
        return [
            {"product_id": number, "code_key": code, "sku": sku or None}
            for number, code, sku in keys
            if slots[hash(code) % _SLOTS] or (sku and slots[hash(sku) % _SLOTS])
        ]

    def page(self, *, after: int, limit: int) -> Candidates:
        candidates = Candidates()
        for row in sql.fetch_rows(_NEXT, after, limit):
            listing_id = row["id"]
            if listing_id not in candidates.rows:
                candidates.rows[listing_id] = _listing(row)
            product = _product(row)
            if row["by_sku"]:
                candidates.by_sku[listing_id].append(product)
            if row["by_code"]:
                candidates.by_code[listing_id].append(product)
        return candidates

    def contested(self) -> frozenset[int]:
        return frozenset(
            sql.fetch_numbers(
                "SELECT product_id FROM tradepost_match GROUP BY product_id HAVING COUNT(DISTINCT listing_id) > 1"
            )
        )

    def without(self, ids: Iterable[int]) -> list[ToLink]:
        return [_listing(row) for row in sql.fetch_rows(_WITHOUT, self._channel_id, given=Rows.of_ids(ids))]

    def forget(self) -> None:
        sql.execute("DROP TABLE IF EXISTS tradepost_match")


def _match(listing_id: int, product: StoreRow, ways: set[str]) -> dict[str, Any]:
    return {
        "listing_id": listing_id,
        "product_id": product.id,
        "by_sku": bool({"by_sku", "by_handle"} & ways),
        "by_code": "by_code" in ways,
        "product_code": product.code,
        "product_sku": product.sku,
        "name": product.name,
        "price": product.price,
        "is_active": product.is_active,
        "fields": json.dumps(dict(product.fields)) if product.fields else "",
        "created": product.created,
    }


def _product(row: Mapping[str, Any]) -> StoreRow:
    return StoreRow(
        row["product_id"],
        row["product_code"],
        row["product_sku"],
        bool(row["is_active"]),
        json.loads(row["fields"]) if row["fields"] else {},
        row["created"],
        row["name"],
        from_column(row["price"]),
    )


def _listing(row: Mapping[str, Any]) -> LeanListing:
    return LeanListing(
        id=row["id"],
        kind=Kind(row["kind"]),
        code=row["code"],
        sku=row["sku"],
        status=status_of(
            health=row["health"],
            link=row["link"],
            pending=row["pending"],
            is_paused=bool(row["is_paused"]),
            is_orphaned=bool(row["is_orphaned"]),
        ),
        external_id=row["external_id"],
        was_hidden=bool(row["was_hidden"]),
        is_price_held=bool(row["is_price_held"]),
    )
