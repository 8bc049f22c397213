"""The adoptions port: the outlines of a store's products, and what of them was taken into the catalogue."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tradepost.database import sql
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listing_build import build_listings
from tradepost.database.listings.listing_proofs import write_proven, write_statuses
from tradepost.database.listings.listing_rows import listing_rows
from tradepost.database.models import Listing, OutlineRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Event, Link, settle
from tradepost.operations.ports import (
    AdoptionTotals,
    Clock,
    KnownSkus,
    ListingRow,
    OutlineFamily,
    OutlineRow,
    Proven,
    Saying,
    Taken,
    TakenListing,
)

_BATCH = 500


class DjangoAdoptions:
    """Implements `ports.Adoptions` for one channel; `run_id` is noted with the links that it makes."""

    def __init__(self, channel_id: int, *, clock: Clock = timezone.now, run_id: int | None = None) -> None:
        self._channel_id = channel_id
        self._catalogue = DjangoCatalogue(clock=clock)
        self._run_id = run_id

    def clear(self) -> None:
        self._all().filter(is_taken=False).delete()

    def add(self, rows: Sequence[OutlineRow]) -> None:
        sql.upsert(
            OutlineRecord,
            [
                {
                    "channel_id": self._channel_id,
                    "external_id": row.id,
                    "code": row.code,
                    "code_key": code_key(row.code),
                    "sku": row.sku,
                    "created": row.created,
                    "product_type": row.product_type,
                    "parent_code": row.parent_code,
                    "parent_key": code_key(row.parent_code),
                    "root_key": "",
                    "place": 0,
                    "parts": [code_key(code) for code in row.parts],
                    "is_page": bool(row.parts) and not row.has_bundles,
                    "has_bundles": row.has_bundles,
                    "is_taken": False,
                }
                for row in rows
            ],
            unique=("channel_id", "external_id"),
            keep=("is_taken",),
        )

    def place(self) -> None:
        sql.execute(
            """
            UPDATE tradepost_outlinerecord SET root_key = parent_key
            WHERE channel_id = %s AND parent_key <> '' AND parent_key <> code_key AND EXISTS (
                SELECT 1 FROM tradepost_outlinerecord AS parent
                WHERE parent.channel_id = tradepost_outlinerecord.channel_id
                  AND parent.code_key = tradepost_outlinerecord.parent_key
            )
            """,
            self._channel_id,
        )
        for pages in self._pages():
            self._place_on(pages)
        # What belongs to a product that belongs to another stands alone.
        sql.execute(
            """
            UPDATE tradepost_outlinerecord SET root_key = '', place = 0
            WHERE channel_id = %s AND root_key <> '' AND EXISTS (
                SELECT 1 FROM tradepost_outlinerecord AS parent
                WHERE parent.channel_id = tradepost_outlinerecord.channel_id
                  AND parent.code_key = tradepost_outlinerecord.root_key AND parent.root_key <> ''
            )
            """,
            self._channel_id,
        )

    def _pages(self) -> Iterator[list[tuple[str, list[str]]]]:
        """The code keys of pages with those of what stands on them."""
        after = 0
        while pages := list(
            self._all()
            .filter(is_page=True, external_id__gt=after)
            .order_by("external_id")
            .values_list("external_id", "code_key", "parts")[:_BATCH]
        ):
            after = pages[-1][0]
            yield [(key, parts) for _, key, parts in pages]

    def _place_on(self, pages: Iterable[tuple[str, list[str]]]) -> None:
        placed: dict[str, dict[str, str | int]] = {}
        for key, parts in pages:
            for place, part in enumerate(parts, start=1):
                if part != key:
                    placed.setdefault(part, {"part_key": part, "page_key": key, "place": place})
        columns = {"part_key": Column.TEXT, "page_key": Column.TEXT, "place": Column.INTEGER}
        sql.execute(
            """
            UPDATE tradepost_outlinerecord SET root_key = given.page_key, place = given.place
            FROM given
            WHERE tradepost_outlinerecord.channel_id = %s AND tradepost_outlinerecord.code_key = given.part_key
              AND tradepost_outlinerecord.root_key IN ('', given.page_key)
            """,
            self._channel_id,
            given=Rows(columns, list(placed.values())),
        )

    def totals(self) -> AdoptionTotals:
        variants = self._all().exclude(root_key="")
        parents = self._roots().filter(self._has_variants())
        simple = self._roots().exclude(self._has_variants())
        of_kind = {Kind.PARENT: parents, Kind.VARIANT: variants, Kind.SIMPLE: simple}
        return AdoptionTotals(
            {kind: rows.count() for kind, rows in of_kind.items()},
            {kind: rows.filter(product_type="").count() for kind, rows in of_kind.items()},
        )

    def count(self) -> int:
        return self._roots().count()

    def families(self, *, after: int, limit: int) -> list[OutlineFamily]:
        roots = list(self._roots().filter(external_id__gt=after).order_by("external_id")[:limit])
        variants: defaultdict[str, list[OutlineRow]] = defaultdict(list)
        of_roots = self._all().filter(root_key__in=[root.code_key for root in roots])
        for record in of_roots.order_by("root_key", "place", "external_id"):
            variants[record.root_key].append(_row(record))
        return [OutlineFamily(_row(root), tuple(variants[root.code_key])) for root in roots]

    def known(self, skus: Collection[str], handles: Collection[str]) -> KnownSkus:
        owners = self._catalogue.owners(skus)
        products = self._catalogue.by_handles({*handles, *owners.values()})
        return KnownSkus(owners, products, self._namesakes(skus))

    def _namesakes(self, skus: Collection[str]) -> dict[str, list[str]]:
        """A page is no article, and what is on it has a SKU."""
        sold = self._all().filter(sku__in=list(skus)).exclude(self._has_variants())
        codes: defaultdict[str, list[str]] = defaultdict(list)
        # Sorted here: asked for in this order, SQLite goes through all of them by it.
        for _, sku, code in sorted(sold.values_list("external_id", "sku", "code")):
            codes[sku].append(code)
        return {sku: found for sku, found in codes.items() if len(found) > 1}

    def take(self, taken: Sequence[Taken], *, at: datetime) -> None:
        products = [each.product for each in taken if each.product is not None]
        handles = [each.handle for each in taken]
        if products:
            self._catalogue.save(products, saying=Saying("adoption", at, at))
        codes = {(each.handle, listing.sku): listing.code for each in taken for listing in each.listings}
        build_listings(handles, channel_id=self._channel_id, queue=False, at=at, codes=codes)
        self._catalogue.refresh_wanted(handles)
        self._link(taken, at)
        for is_new in (True, False):
            ids = [own.external_id for each in taken if (each.product is not None) is is_new for own in each.listings]
            self._all().filter(external_id__in=ids).update(is_taken=is_new)

    def _link(self, taken: Sequence[Taken], at: datetime) -> None:
        rows = self._rows_of(taken)
        proven = [
            _linked(rows[each.handle, listing.sku], listing, at, is_new=each.product is not None)
            for each in taken
            for listing in each.listings
        ]
        write_proven(proven, channel_id=self._channel_id, at=at, run_id=self._run_id)
        # As they are by now: what is linked may have become hidden with its family.
        linked = listing_rows(Listing.objects.filter(id__in=[proof.listing_id for proof in proven]))
        paused = {row.id: replace(row.status, is_paused=True) for row in linked if not row.status.is_paused}
        write_statuses(paused, groups=frozenset(), channel_id=self._channel_id, at=at, run_id=self._run_id)

    def _rows_of(self, taken: Sequence[Taken]) -> dict[tuple[str, str], ListingRow]:
        """The listings of these products, by handle and SKU; of parents the SKU is blank."""
        of_products = Listing.objects.filter(product__handle__in=[each.handle for each in taken])
        of_products = sql.in_channel(of_products, self._channel_id)
        handles = dict(of_products.values_list("id", "product__handle"))
        return {(handles[row.id], "" if row.kind is Kind.PARENT else row.sku): row for row in listing_rows(of_products)}

    def unsettled(self, *, after: int, limit: int) -> list[ListingRow]:
        rows = self._unsettled().filter(id__gt=after).order_by("id")[:limit]
        return listing_rows(Listing.objects.filter(id__in=list(rows.values_list("id", flat=True))).order_by("id"))

    def count_unsettled(self) -> int:
        return self._unsettled().count()

    def settle(self, listing_ids: Collection[int]) -> None:
        external = Listing.objects.filter(channel_id=self._channel_id, id__in=list(listing_ids)).values("external_id")
        self._all().filter(is_taken=True, external_id__in=external).update(is_taken=False)

    def _unsettled(self) -> "QuerySet[Listing]":
        # Asked of each listing in turn: as a list, all that was taken would be gone through for each page of them.
        taken = self._all().filter(is_taken=True, external_id=OuterRef("external_id"))
        return Listing.objects.filter(Exists(taken), channel_id=self._channel_id, link=Link.LINKED.value)

    def _all(self) -> "QuerySet[OutlineRecord]":
        return OutlineRecord.objects.filter(channel_id=self._channel_id)

    def _roots(self) -> "QuerySet[OutlineRecord]":
        return self._all().filter(root_key="")

    def _has_variants(self) -> Exists:
        return Exists(self._all().filter(root_key=OuterRef("code_key")))


def _row(record: OutlineRecord) -> OutlineRow:
    return OutlineRow(
        record.external_id,
        record.code,
        record.sku,
        record.created,
        record.product_type,
        record.parent_code,
        tuple(record.parts),
        has_bundles=record.has_bundles,
    )


def _linked(row: ListingRow, listing: TakenListing, at: datetime, *, is_new: bool) -> Proven:
    """
    Say what is proven of a listing that was just linked: what the store has.

    What is new is as it is on the store, closed or not; of what the catalogue knew, a link decides that.
    """
    is_hidden = not is_new and (row.was_hidden or listing.is_closed)
    return Proven.of(
        row,
        at,
        settle(row.status, Event.FOUND_HIDDEN if is_hidden else Event.FOUND_ACTIVE),
        external_id=listing.external_id,
        external_created=listing.external_created or None,
        code=listing.code,
        price=listing.price,
    )
