"""The port `Listings` in memory: the listings of one channel by the rules that the database follows."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tradepost.domain.brake import is_at_stake
from tradepost.domain.catalogue.catalogue import Kind, Product
from tradepost.domain.channels.layout import Layout, is_switch_due, kind_in
from tradepost.domain.fields import Group
from tradepost.domain.listings import rules
from tradepost.domain.listings.attention import Attention, cured_by, is_moot
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.content import listing_codes
from tradepost.domain.listings.family_health import Moved, followed, pages_concerned
from tradepost.domain.listings.listing import (
    Health,
    Link,
    Pending,
    Status,
    is_due_for_images,
    is_due_for_publish,
    is_hidden_by_us,
    keep_later_request,
)
from tradepost.domain.listings.locks import Locks
from tradepost.domain.listings.matching import may_be_linked
from tradepost.domain.listings.page_cuts import cut_off
from tradepost.domain.listings.prices import in_cents
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.stock.stock import is_look_due
from tradepost.domain.store import StoreRow
from tradepost.operations.ports import Candidates, CodeHolder, FamilyRows, LinkedListing, ListingRow, Proven, ToLink

_UNPROVEN: dict[str, Any] = {
    "external_id": None, "external_created": None, "proven_price": None, "account": None, "open_move": None,
    "open_since": None, "proven_fingerprints": {}, "awaits_images": False, "yielded_price": None,
    "sent_price": None, "compared_at": None, "is_touched": False, "is_inactive": False, "keeps_inactive": False,
    "proven_without_stock": False,
}  # fmt: skip


def _is_switched(row: ListingRow) -> bool:
    return is_switch_due(row.status, row.layout, is_ours=row.is_ours, refusals=row.refusals)


class MemoryMatches:
    """The port `Matches` in memory; `rows`: those that may be linked by now."""

    def __init__(self, rows: Callable[[], list[ListingRow]]) -> None:
        self._rows = rows
        self._pages: list[StoreRow] = []

    def add(self, page: Sequence[StoreRow]) -> None:
        self._pages += page

    def page(self, *, after: int, limit: int) -> Candidates:
        found = self._all()
        next_ones = [row for row_id, row in sorted(found.rows.items()) if row_id > after][:limit]
        part = Candidates()
        part.add(next_ones, self._pages)
        return part

    def contested(self) -> frozenset[int]:
        found = self._all()
        hits = [{hit.id for hit in (*found.by_sku[row], *found.by_code[row])} for row in found.rows]
        counted = Counter(number for numbers in hits for number in numbers)
        return frozenset(number for number, listings in counted.items() if listings > 1)

    def without(self, ids: Collection[int]) -> list[ToLink]:
        found = self._all()
        return [row for row in self._rows() if row.id in ids and row.id not in found.rows]

    def forget(self) -> None:
        self._pages = []

    def _all(self) -> Candidates:
        found = Candidates()
        found.add(self._rows(), self._pages)
        return found


class MemoryListings:
    """
    Rows by id. `flags`: the kinds of attention that they need, each with its reason. `updated`: as of when they were
    compared, by the store's clock.

    `may_write` is asked before each write: the port wants a transaction around it. `layout`: the channel's.
    """

    def __init__(
        self, *, may_write: Callable[[], bool] = lambda: True, layout: Callable[[], Layout] = lambda: Layout.NATIVE
    ) -> None:
        self.all: dict[int, ListingRow] = {}
        self.products: dict[int, Product] = {}
        self.flags: dict[int, dict[Attention, str]] = {}
        self.updated: dict[int, int] = {}
        self._may_write = may_write
        self._layout = layout

    # --- for tests --------------------------------------------------------------------------------------------------

    def add(self, *rows: ListingRow) -> None:
        self.all |= {row.id: row for row in rows}

    def change(self, sku: str, **values: Any) -> ListingRow:
        row = self.of(sku)
        self.all[row.id] = replace(row, **values)
        return self.all[row.id]

    def of(self, sku: str) -> ListingRow:
        return next(row for row in self.all.values() if row.sku == sku)

    def build(self, product: Product, *, pending: Pending = Pending.PUBLISH) -> list[ListingRow]:
        """List a product of the catalogue, or bring what is listed of it up to date."""
        known = [number for number, other in self.products.items() if other.handle == product.handle]
        product_id = known[0] if known else len(self.products) + 1
        self.products[product_id] = product
        codes = listing_codes(product.handle, [each.sku for each in product.variants], is_family=product.is_family)
        prices = [rules.ShownPrice(in_cents(variant.price), False) for variant in product.variants]
        price = rules.parent_price(prices)
        if product.is_family:
            self._want(
                product_id, Kind.PARENT, product.handle, code=codes[""], price=price, quantity=None, pending=pending
            )
        kind = Kind.VARIANT if product.is_family else Kind.SIMPLE
        for variant in product.variants:
            self._want(
                product_id,
                kind,
                variant.sku,
                code=codes[variant.sku],
                price=in_cents(variant.price),
                quantity=variant.quantity,
                pending=pending,
            )
        return list(self.families([product_id])[0].listings)

    def _want(self, product_id, kind, sku, *, code, price, quantity, pending):
        # A family may be called like one of its SKUs.
        is_same = (product_id, sku, kind is Kind.PARENT)
        known = [row for row in self.all.values() if (row.product_id, row.sku, row.kind is Kind.PARENT) == is_same]
        parent = next((r for r in self.all.values() if r.product_id == product_id and r.kind is Kind.PARENT), None)
        is_child = kind is Kind.VARIANT and parent is not None
        row = known[0] if known else ListingRow(
            id=len(self.all) + 1,
            kind=kind,
            code=code,
            sku=sku,
            status=Status(pending=pending),
            external_id=None,
            product_id=product_id,
            parent_id=parent.id if is_child else None,
            parent_code=parent.code if is_child else "",
            wanted_price=price,
            proven_price=None,
            available=quantity,
            account=None,
        )  # fmt: skip
        self.all[row.id] = replace(row, wanted_price=price, available=quantity, stated=quantity)

    # --- reads ------------------------------------------------------------------------------------------------------

    def publish_due(
        self, *, after: int, limit: int, only: Collection[int] | None = None, sends_images: bool = False
    ) -> list[FamilyRows]:
        due = self._products_due(only, sends_images=sends_images)
        return self.families([number for number in due if number > after][:limit])

    def count_publish_due(self, *, only: Collection[int] | None = None, sends_images: bool = False) -> int:
        return len(self._products_due(only, sends_images=sends_images))

    def emptied_pages(self, *, after: int, limit: int) -> list[ListingRow]:
        return [row for row in self._rows() if row.is_emptied and row.id > after][:limit]

    def families(self, product_ids: Collection[int]) -> list[FamilyRows]:
        return [
            FamilyRows(
                self.products[product_id],
                tuple(row for row in self._rows() if row.product_id == product_id),
            )
            for product_id in product_ids
        ]

    def due(self, stage: Stage, *, after: int, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        return [row for row in self._rows(only) if row.id > after and is_due(stage, row)][:limit]

    def count_due(self, stages: Collection[Stage], *, only: Collection[int] | None = None) -> int:
        return sum(is_due(stage, row) for row in self._rows(only) for stage in stages)

    def count_at_stake(self, stage: Stage, *, only: Collection[int] | None = None) -> int:
        return sum(is_at_stake(stage, row) for row in self._rows(only))

    def at_stake(self, stage: Stage, *, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        return [row for row in self._rows(only) if is_at_stake(stage, row)][:limit]

    def count_cut_off(self, *, layout: Layout, only: Collection[int] | None = None) -> int:
        return len(self._cut_off(only, layout))

    def cut_off(self, *, layout: Layout, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        return self._cut_off(only, layout)[:limit]

    def _cut_off(self, only: Collection[int] | None, layout: Layout) -> list[ListingRow]:
        products = {row.product_id for row in self._rows()}
        families = ([row for row in self._rows() if row.product_id == number] for number in products)

        def is_due(row: ListingRow) -> bool:
            is_asked = is_due_for_publish(row.status, refusals=row.refusals)
            return (is_asked or _is_switched(row)) and (only is None or row.id in only)

        return sorted(
            (row for family in families for row in cut_off(family, is_due, layout=layout)), key=lambda row: row.id
        )

    def live_count(self) -> int:
        return sum(row.kind is not Kind.PARENT for row in self._linked())

    def titles(self, product_ids: Collection[int]) -> dict[int, str]:
        return {number: self.products[number].title for number in product_ids if number in self.products}

    def looks_due(self, *, now: datetime, basket_life: timedelta, limit: int) -> list[ListingRow]:
        return [
            row
            for row in self._rows()
            if row.account is not None
            and row.open_since is None
            and row.status.link is Link.LINKED
            and not row.status.is_paused
            and is_look_due(
                is_hidden=row.status.health is Health.HIDDEN,
                looked_at=row.looked_at,
                missing=row.missing,
                missing_since=row.missing_since,
                now=now,
                basket_life=basket_life,
            )
        ][:limit]

    def linked(
        self, *, after_external_id: int, up_to_external_id: int | None = None, limit: int
    ) -> list[LinkedListing]:
        found = sorted(map(self._as_linked, self._linked()), key=lambda listing: listing.external_id)
        up_to = up_to_external_id
        return [
            listing
            for listing in found
            if listing.external_id > after_external_id and (up_to is None or listing.external_id <= up_to)
        ][:limit]

    def linked_among(self, external_ids: Collection[int]) -> list[LinkedListing]:
        return [self._as_linked(row) for row in self._linked() if row.external_id in external_ids]

    def linked_of(self, ids: Collection[int]) -> list[LinkedListing]:
        return [self._as_linked(row) for row in self._linked() if row.id in ids]

    def linked_count(self) -> int:
        return len(self._linked())

    def broken(self, *, after: int, limit: int) -> list[LinkedListing]:
        return [
            LinkedListing(row.external_id, row.id, row.code, row.external_created)
            for row in self._rows()
            if row.status.link is Link.BROKEN and row.external_created is not None and row.id > after
        ][:limit]

    def by_ids(self, ids: Collection[int]) -> list[ListingRow]:
        return self._rows(ids)

    def by_skus(self, skus: Collection[str]) -> list[ListingRow]:
        keys = {code_key(sku) for sku in set(skus) - {row.sku for row in self._rows()}}
        return [
            row for row in self._rows() if row.sku in skus or (row.kind is Kind.PARENT and code_key(row.code) in keys)
        ]

    def by_codes(self, codes: Collection[str]) -> dict[str, ListingRow]:
        keys = {code_key(code) for code in codes}
        return {code_key(row.code): row for row in self._rows() if code_key(row.code) in keys}

    def variants_of(self, parent_ids: Collection[int]) -> list[ListingRow]:
        return [row for row in self._rows() if row.parent_id in parent_ids]

    def code_holders(self, codes: Collection[str]) -> dict[str, CodeHolder]:
        return {key: CodeHolder(row.id, row.sku) for key, row in self.by_codes(codes).items()}

    def standing_layouts(self, ids: Collection[int]) -> dict[int, Layout]:
        pages = ((number, self.all.get(self.all[number].parent_id or 0)) for number in ids)
        linked = ((number, page) for number, page in pages if page is not None and page.status.link is Link.LINKED)
        return {number: page.layout for number, page in linked if page.layout is not None}

    def matches(self, *, only: Collection[int] | None = None) -> "MemoryMatches":
        return MemoryMatches(lambda: [row for row in self._rows(only) if may_be_linked(row.status)])

    def taken(self, external_ids: Collection[int]) -> dict[int, int]:
        return {row.external_id: row.id for row in self._rows() if row.external_id in external_ids}

    # --- writes -----------------------------------------------------------------------------------------------------

    def set_locks(self, locks: Mapping[int, Locks]) -> None:
        assert self._may_write()
        for number, lock in locks.items():
            self.all[number] = replace(self.all[number], locks=lock, refusals=0)

    def let_prices_through(self, ids: Collection[int]) -> None:
        assert self._may_write()
        for number in ids:
            self.all[number] = replace(self.all[number], is_price_guarded=False, is_price_held=False, price_held_why="")

    def set_status(self, statuses: Mapping[int, Status], *, groups: frozenset[Group] = frozenset()) -> None:
        assert self._may_write()
        before = {number: self.all[number].status for number in statuses}
        for number, status in statuses.items():
            self._settle(number, status, groups or self.all[number].overwrite_groups)
            if status == before[number]:
                self.all[number] = replace(self.all[number], refusals=0)
        self._follow_variants(before)

    def remove(self, ids: Collection[int]) -> None:
        assert self._may_write()
        self.all = {number: row for number, row in self.all.items() if number not in ids}

    def record(self, proven: Sequence[Proven]) -> None:
        assert self._may_write()
        before = {proof.listing_id: self.all[proof.listing_id].status for proof in proven if proof.status is not None}
        for proof in proven:
            row = self.all[proof.listing_id]
            if row.external_id is not None and proof.external_id not in {None, row.external_id}:
                row = replace(row, **{**_UNPROVEN, "external_id": row.external_id})
            self.all[row.id] = replace(
                row,
                code=proof.code or row.code,
                external_id=row.external_id if proof.external_id is None else proof.external_id,
                external_created=row.external_created if proof.external_created is None else proof.external_created,
                proven_price=row.proven_price if proof.price is None else proof.price,
                proven_fingerprints={**row.proven_fingerprints, **(proof.fingerprints or {})},
                awaits_images=row.awaits_images if proof.awaits_images is None else proof.awaits_images,
                yielded_price=row.yielded_price if proof.price is None else None,
                sent_price=row.sent_price if proof.price is None else None,
                is_inactive=row.is_inactive if proof.is_inactive is None else proof.is_inactive,
                proven_without_stock=row.proven_without_stock if proof.without_stock is None else proof.without_stock,
                compared_at=row.compared_at if proof.external_updated is None else proof.at,
            )
            if proof.layout is not None:
                self._stand(row.id, proof.layout)
            if proof.is_inactive is not None:
                self.follow_page(row.id, is_inactive=proof.is_inactive)
            if proof.external_updated is not None:
                self.updated[row.id] = proof.external_updated
            if proof.status is not None:
                status = keep_later_request(row.status, proof.status, asked=proof.asked)
                self._settle(row.id, status, row.overwrite_groups)
        self._follow_variants(before)

    def _stand(self, number: int, layout: Layout) -> None:
        """Note in which layout the store has it; where that is the channel's, it is what it is there."""
        row = self.all[number]
        is_wanted = layout is self._layout()
        kind = kind_in(layout, row.kind) if is_wanted else row.kind
        alone = {} if kind is row.kind else {"kind": kind, "parent_id": None, "parent_code": ""}
        self.all[number] = replace(row, layout=None if is_wanted else layout, **alone)

    def _follow_variants(self, before: Mapping[int, Status]) -> None:
        rows = [self.all[number] for number in before]
        pages = pages_concerned(
            Moved(row.parent_id or row.id, row.kind is Kind.PARENT, before[row.id], row.status)
            for row in rows
            if row.kind is not Kind.SIMPLE
        )
        for page, may_open in pages.items():
            row = self.all[page]
            variants = [child.status for child in self.variants_of([page])]
            if (status := followed(row.status, variants, may_open=may_open)) is not None:
                self._settle(page, status, row.overwrite_groups)

    def flag(
        self, reasons: Mapping[int, Mapping[Attention, str]], *, ended: Mapping[int, frozenset[Attention]]
    ) -> None:
        assert self._may_write()
        for number, kinds in ended.items():
            self._unflag(number, kinds)
        for number, noted in reasons.items():
            self.flags[number] = {**self.flags.get(number, {}), **noted}

    def with_attention(
        self, kind: Attention, *, after: int, limit: int, only: Collection[int] | None = None
    ) -> list[ListingRow]:
        return [row for row in self._rows(only) if row.id > after and kind in self.flags.get(row.id, {})][:limit]

    def count_refusals(self, ids: Collection[int]) -> None:
        assert self._may_write()
        for number in ids:
            self.all[number] = replace(self.all[number], refusals=self.all[number].refusals + 1)

    def count_attention(self, kind: Attention) -> int:
        return sum(kind in noted for noted in self.flags.values())

    def forget_moot(self, kinds: Collection[Attention]) -> None:
        assert self._may_write()
        for row in self._rows():
            self._unflag(row.id, [kind for kind in kinds if is_moot(kind, row)])

    def _unflag(self, number: int, kinds: Collection[Attention]) -> None:
        left = {kind: message for kind, message in self.flags.pop(number, {}).items() if kind not in kinds}
        if left:
            self.flags[number] = left

    def note_sent_prices(self, prices: Mapping[int, Decimal]) -> None:
        assert self._may_write()
        for number, price in prices.items():
            self.all[number] = replace(self.all[number], sent_price=price)

    def follow_page(self, number: int, *, is_inactive: bool) -> None:
        """Variants are switched off with their page."""
        for child in self.variants_of([number]):
            self.all[child.id] = replace(child, is_inactive=is_inactive, keeps_inactive=is_inactive)

    def _as_linked(self, row: ListingRow) -> LinkedListing:
        return LinkedListing(row.external_id, row.id, row.code, row.external_created, self.updated.get(row.id))

    def _settle(self, number: int, status: Status, groups: frozenset[Group]) -> None:
        row = self.all[number]
        self._unflag(number, cured_by(status))
        self.all[number] = replace(
            row,
            status=status,
            overwrite_groups=groups if status.pending is Pending.OVERWRITE else frozenset(),
            was_hidden=is_hidden_by_us(status, before=row.was_hidden),
            refusals=row.refusals if status.pending is row.status.pending else 0,
            **(_UNPROVEN if status.link is Link.UNLINKED else {}),
        )

    def _rows(self, only: Collection[int] | None = None) -> list[ListingRow]:
        return [row for number, row in sorted(self.all.items()) if only is None or number in only]

    def _linked(self) -> list[ListingRow]:
        return [row for row in self._rows() if row.status.link is Link.LINKED]

    def _products_due(self, only: Collection[int] | None, *, sends_images: bool) -> list[int]:
        return sorted(
            {
                row.product_id
                for row in self._rows(only)
                if is_due_for_publish(row.status, refusals=row.refusals)
                or _is_switched(row)
                or (sends_images and is_due_for_images(row.status, awaits_images=row.awaits_images))
            }
        )
