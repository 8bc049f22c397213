"""The port `Adoptions` in memory, by the rules that the database follows."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from fakes.listings import MemoryListings
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Event, Link, Pending, settle
from tradepost.operations.ports import (
    AdoptionTotals,
    KnownSkus,
    ListingRow,
    OutlineFamily,
    OutlineRow,
    Proven,
    Taken,
)


class MemoryAdoptions:
    """`rows`: the outlines by id. The catalogue is what the listings are of. `may_write`: see `MemoryListings`."""

    def __init__(self, listings: MemoryListings, *, may_write: Callable[[], bool]) -> None:
        self.rows: dict[int, OutlineRow] = {}
        self.taken: set[int] = set()
        self._roots: dict[int, tuple[str, int]] = {}
        self._listings = listings
        self._may_write = may_write

    def clear(self) -> None:
        assert self._may_write()
        self.rows = {number: row for number, row in self.rows.items() if number in self.taken}

    def add(self, rows: Sequence[OutlineRow]) -> None:
        assert self._may_write()
        self.rows |= {row.id: row for row in rows}

    def place(self) -> None:
        assert self._may_write()
        keys = {code_key(row.code): row for row in self.rows.values()}
        roots: dict[int, tuple[str, int]] = {}
        for row in self.rows.values():
            named = code_key(row.parent_code)
            if named and named != code_key(row.code) and named in keys:
                roots[row.id] = (named, 0)
        for page in sorted(self.rows.values(), key=lambda row: row.id):
            parts = () if page.has_bundles else [code_key(code) for code in page.parts]
            for place, part in enumerate(parts, start=1):
                own = keys.get(part)
                is_free = own is not None and roots.get(own.id, ("", 0)) in {("", 0), (code_key(page.code), 0)}
                if own is not None and is_free and own.id != page.id:
                    roots[own.id] = (code_key(page.code), place)
        self._roots = {number: root for number, root in roots.items() if keys[root[0]].id not in roots}

    def totals(self) -> AdoptionTotals:
        kinds = {number: self._kind(row) for number, row in self.rows.items()}
        untyped = [kinds[number] for number, row in self.rows.items() if not row.product_type]
        return AdoptionTotals(
            {kind: list(kinds.values()).count(kind) for kind in Kind}, {kind: untyped.count(kind) for kind in Kind}
        )

    def _kind(self, row: OutlineRow) -> Kind:
        if row.id in self._roots:
            return Kind.VARIANT
        return Kind.PARENT if self._is_page(row) else Kind.SIMPLE

    def _is_page(self, row: OutlineRow) -> bool:
        return any(key == code_key(row.code) for key, _ in self._roots.values())

    def count(self) -> int:
        return len(self.rows) - len(self._roots)

    def families(self, *, after: int, limit: int) -> list[OutlineFamily]:
        found = sorted(number for number in self.rows if number not in self._roots and number > after)[:limit]
        return [OutlineFamily(self.rows[number], tuple(self._variants(self.rows[number]))) for number in found]

    def _variants(self, root: OutlineRow) -> list[OutlineRow]:
        own = {number: place for number, (key, place) in self._roots.items() if key == code_key(root.code)}
        return [self.rows[number] for number in sorted(own, key=lambda number: (own[number], number))]

    def known(self, skus: Collection[str], handles: Collection[str]) -> KnownSkus:
        owners = {
            variant.sku: product.handle
            for product in self._listings.products.values()
            for variant in product.variants
            if variant.sku in skus
        }
        products = {product.handle: product for product in self._listings.products.values()}
        sold = [row for row in sorted(self.rows.values(), key=lambda row: row.id) if not self._is_page(row)]
        namesakes = {sku: [row.code for row in sold if row.sku == sku] for sku in skus}
        return KnownSkus(
            owners,
            {name: product for name, product in products.items() if name in {*handles, *owners.values()}},
            {sku: codes for sku, codes in namesakes.items() if len(codes) > 1},
        )

    def take(self, taken: Sequence[Taken], *, at: datetime) -> None:
        assert self._may_write()
        for each in taken:
            product = each.product or next(p for p in self._listings.products.values() if p.handle == each.handle)
            rows = self._listings.build(product, pending=Pending.NONE)
            by_sku = {"" if row.kind is Kind.PARENT else row.sku: row for row in rows}
            for listing in each.listings:
                row = by_sku[listing.sku]
                is_hidden = each.product is None and (row.was_hidden or listing.is_closed)
                status = settle(row.status, Event.FOUND_HIDDEN if is_hidden else Event.FOUND_ACTIVE)
                proven = Proven.of(
                    row,
                    at,
                    status,
                    external_id=listing.external_id,
                    external_created=listing.external_created or None,
                    code=listing.code,
                    price=listing.price,
                )
                self._listings.record([proven])
                self._listings.set_status({row.id: replace(self._listings.all[row.id].status, is_paused=True)})
                self.taken -= {listing.external_id}
                self.taken |= {listing.external_id} if each.product is not None else set()

    def unsettled(self, *, after: int, limit: int) -> list[ListingRow]:
        rows = sorted(self._listings.all.values(), key=lambda row: row.id)
        is_of_them = [row for row in rows if row.status.link is Link.LINKED and row.external_id in self.taken]
        return [row for row in is_of_them if row.id > after][:limit]

    def count_unsettled(self) -> int:
        return len(self.unsettled(after=0, limit=len(self._listings.all)))

    def settle(self, listing_ids: Collection[int]) -> None:
        assert self._may_write()
        self.taken -= {self._listings.all[number].external_id or 0 for number in listing_ids}
