"""The listings port: the listings of one channel, read and written in batches."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from tradepost.database import sql
from tradepost.database.catalogue.products import products_by_id
from tradepost.database.listings.at_stake import count_at_stake, count_cut_off, count_live, ids_at_stake, ids_cut_off
from tradepost.database.listings.attentions import forget_moot, ids_with_attention, write_attentions
from tradepost.database.listings.due import (
    count_due,
    count_due_for_publish,
    due_ids,
    look_ids,
    products_due_for_publish,
)
from tradepost.database.listings.listing_build import build_listings, lacking
from tradepost.database.listings.listing_filter import filtered
from tradepost.database.listings.listing_proofs import write_proven, write_statuses
from tradepost.database.listings.listing_rows import listing_rows
from tradepost.database.listings.matches import DjangoMatches
from tradepost.database.listings.structure import queue_structure
from tradepost.database.listings.wanted import refresh_products
from tradepost.database.listings.wanted_basis import lock_variants
from tradepost.database.models import AttentionRecord, DriftRecord, Listing, ProductRecord, VariantRecord
from tradepost.database.search import note_product_words
from tradepost.database.sql import Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group, fingerprint
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.listing_filter import ListingFilter
from tradepost.domain.listings.locks import Locks
from tradepost.domain.listings.stages import Stage
from tradepost.domain.listings.structure import EMPTIED_MARK
from tradepost.domain.stock.stock import LOOK_AGAIN_AFTER
from tradepost.operations.ports import (
    Clock,
    CodeHolder,
    FamilyRows,
    LinkedListing,
    ListedNotes,
    ListingRow,
    MadeListings,
    Proven,
    QueuedStructure,
)

_BUILD_BATCH = 500
_REMOVED_AT_ONCE = 1000
_HIGHEST_ID = 2**63 - 1  # of a column of that kind


class DjangoListings:
    """Implements `ports.Listings` for one channel; `run_id` is noted with the links that it changes."""

    def __init__(self, channel_id: int, *, clock: Clock = timezone.now, run_id: int | None = None) -> None:
        self._channel_id = channel_id
        self._clock = clock
        self._run_id = run_id

    def build(self, handles: Collection[str], *, queue: bool, is_asked: bool = False) -> MadeListings:
        all_handles = sorted(set(handles))
        made = MadeListings()
        for start in range(0, len(all_handles), _BUILD_BATCH):
            with transaction.atomic():
                made += build_listings(
                    all_handles[start : start + _BUILD_BATCH],
                    channel_id=self._channel_id,
                    queue=queue,
                    at=self._clock(),
                    is_asked=is_asked,
                )
        return made

    def lacking(self, handles: Collection[str]) -> list[str]:
        return lacking(handles, channel_id=self._channel_id)

    def queue_structure(self, handles: Collection[str]) -> QueuedStructure:
        with transaction.atomic():
            return queue_structure(handles, channel_id=self._channel_id)

    def publish_due(
        self, *, after: int, limit: int, only: Collection[int] | None = None, sends_images: bool = False
    ) -> list[FamilyRows]:
        return self.families(
            products_due_for_publish(
                channel_id=self._channel_id, after=after, limit=limit, only=only, sends_images=sends_images
            )
        )

    def emptied_pages(self, *, after: int, limit: int) -> list[ListingRow]:
        # By the index of what the catalogue has no more and is on sale.
        left_over = self._all().filter(link=Link.LINKED.value, health=Health.LISTED.value, is_orphaned=True)
        emptied = left_over.filter(
            kind=Kind.PARENT.value, is_paused=False, proven_fingerprints__structure=fingerprint(EMPTIED_MARK)
        )
        return listing_rows(emptied.exclude(pending=Pending.DELIST.value).filter(pk__gt=after).order_by("pk")[:limit])

    def families(self, product_ids: Collection[int]) -> list[FamilyRows]:
        products = products_by_id(product_ids)
        families: dict[int, list[ListingRow]] = {product_id: [] for product_id in product_ids}
        in_order = sql.in_channel(Listing.objects.filter(product_id__in=product_ids), self._channel_id)
        # The parent has no variant, hence no position: databases disagree about where nothing is sorted.
        for row in listing_rows(in_order.order_by(F("variant__position").asc(nulls_first=True), "id")):
            families[row.product_id].append(row)
        return [FamilyRows(products[product_id], tuple(families[product_id])) for product_id in product_ids]

    def due(self, stage: Stage, *, after: int, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        return self.by_ids(due_ids(stage, channel_id=self._channel_id, after=after, limit=limit, only=only))

    def count_publish_due(self, *, only: Collection[int] | None = None, sends_images: bool = False) -> int:
        return count_due_for_publish(channel_id=self._channel_id, only=only, sends_images=sends_images)

    def count_due(self, stages: Collection[Stage], *, only: Collection[int] | None = None) -> int:
        return sum(count_due(stage, channel_id=self._channel_id, only=only) for stage in stages)

    def count_at_stake(self, stage: Stage, *, only: Collection[int] | None = None) -> int:
        return count_at_stake(stage, channel_id=self._channel_id, only=only)

    def at_stake(self, stage: Stage, *, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        return self.by_ids(ids_at_stake(stage, channel_id=self._channel_id, limit=limit, only=only))

    def count_cut_off(self, *, layout: Layout, only: Collection[int] | None = None) -> int:
        return count_cut_off(channel_id=self._channel_id, layout=layout, only=only)

    def cut_off(self, *, layout: Layout, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        return self.by_ids(ids_cut_off(channel_id=self._channel_id, layout=layout, limit=limit, only=only))

    def live_count(self) -> int:
        return count_live(channel_id=self._channel_id)

    def titles(self, product_ids: Collection[int]) -> dict[int, str]:
        return dict(ProductRecord.objects.filter(id__in=list(product_ids)).values_list("id", "title"))

    def looks_due(self, *, now: datetime, basket_life: timedelta, limit: int) -> list[ListingRow]:
        old, basket_old = now - LOOK_AGAIN_AFTER, now - basket_life
        ids = look_ids(channel_id=self._channel_id, old=old, basket_old=basket_old, limit=limit)
        return self.by_ids(ids)

    def linked(
        self, *, after_external_id: int, up_to_external_id: int | None = None, limit: int
    ) -> list[LinkedListing]:
        found = sql.fetch_rows(
            """
            SELECT external_id, id, code, external_created, external_updated FROM tradepost_listing
            WHERE channel_id = %s AND external_id IS NOT NULL AND external_id > %s AND external_id <= %s
              AND link = 'linked'
            ORDER BY external_id LIMIT %s
            """,
            self._channel_id,
            after_external_id,
            _HIGHEST_ID if up_to_external_id is None else up_to_external_id,
            limit,
        )
        return [
            LinkedListing(row["external_id"], row["id"], row["code"], row["external_created"], row["external_updated"])
            for row in found
        ]

    def linked_among(self, external_ids: Collection[int]) -> list[LinkedListing]:
        return self._linked(external_id__in=list(external_ids))

    def _linked(self, **conditions: Any) -> list[LinkedListing]:
        found = (
            self._all()
            .filter(link=Link.LINKED, **conditions)
            .values_list("external_id", "id", "code", "external_created", "external_updated")
        )
        return [
            LinkedListing(external_id, listing_id, code, created, updated)
            for external_id, listing_id, code, created, updated in found
            if external_id is not None
        ]

    def linked_of(self, ids: Collection[int]) -> list[LinkedListing]:
        return self._linked(id__in=list(ids))

    def linked_count(self) -> int:
        return self._all().filter(link=Link.LINKED).count()

    def note_sent_prices(self, prices: Mapping[int, Decimal]) -> None:
        rows = [{"id": number, "sent_price": price} for number, price in prices.items()]
        sql.update(Listing, rows, where={"channel_id": self._channel_id})

    def broken(self, *, after: int, limit: int) -> list[LinkedListing]:
        found = sql.fetch_rows(
            """
            SELECT external_id, id, code, external_created FROM tradepost_listing
            WHERE channel_id = %s AND id > %s AND link = 'broken' AND external_created IS NOT NULL
            ORDER BY id LIMIT %s
            """,
            self._channel_id,
            after,
            limit,
        )
        return [LinkedListing(row["external_id"], row["id"], row["code"], row["external_created"]) for row in found]

    def by_ids(self, ids: Collection[int]) -> list[ListingRow]:
        return listing_rows(self._all().filter(id__in=list(ids)).order_by("id"))

    def by_skus(self, skus: Collection[str]) -> list[ListingRow]:
        found = self.by_ids(self._ids_by_sku(skus))
        # What is a SKU or a handle to the letter is no code besides, which another may have but for case.
        rest = set(skus) - {row.sku for row in found}
        parents = self._all().filter(kind="parent", code_key__in=[code_key(sku) for sku in rest])
        parent_ids = set(parents.values_list("id", flat=True)) - {row.id for row in found} if rest else set()
        return sorted([*found, *self.by_ids(parent_ids)], key=lambda row: row.id) if parent_ids else found

    def ids_meant(self, meant: ListingFilter) -> list[int]:
        return list(filtered(self._all(), meant).order_by("id").values_list("id", flat=True))

    def by_codes(self, codes: Collection[str]) -> dict[str, ListingRow]:
        rows = listing_rows(self._all().filter(code_key__in=[code_key(code) for code in codes]))
        return {code_key(row.code): row for row in rows}

    def variants_of(self, parent_ids: Collection[int]) -> list[ListingRow]:
        if not parent_ids:
            return []
        variants = sql.in_channel(Listing.objects.filter(parent_id__in=list(parent_ids)), self._channel_id)
        return listing_rows(variants.order_by("parent_id", "variant__position", "id"))

    def code_holders(self, codes: Collection[str]) -> dict[str, CodeHolder]:
        found = sql.fetch_rows(
            """
            SELECT listing.code_key, listing.id, listing.sku
            FROM given JOIN tradepost_listing AS listing ON listing.code_key = given.code_key
            WHERE listing.channel_id = %s
            """,
            self._channel_id,
            given=Rows.of_texts("code_key", {code_key(code) for code in codes}),
        )
        return {row["code_key"]: CodeHolder(row["id"], row["sku"]) for row in found}

    def standing_layouts(self, ids: Collection[int]) -> dict[int, Layout]:
        found = sql.fetch_rows(
            """
            SELECT listing.id, page.layout
            FROM given JOIN tradepost_listing AS listing ON listing.id = given.id
            JOIN tradepost_listing AS page ON page.id = listing.parent_id
            WHERE page.link = 'linked' AND page.layout > ''
            """,
            given=Rows.of_ids(ids),
        )
        return {row["id"]: Layout(row["layout"]) for row in found}

    def matches(self, *, only: Collection[int] | None = None) -> DjangoMatches:
        return DjangoMatches(self._channel_id, only=only)

    def taken(self, external_ids: Collection[int]) -> dict[int, int]:
        found = sql.fetch_rows(
            """
            SELECT listing.external_id, listing.id
            FROM given JOIN tradepost_listing AS listing ON listing.external_id = given.id
            WHERE listing.channel_id = %s AND listing.external_id IS NOT NULL
            """,
            self._channel_id,
            given=Rows.of_ids(external_ids),
        )
        return {row["external_id"]: row["id"] for row in found}

    def set_status(self, statuses: Mapping[int, Status], *, groups: frozenset[Group] = frozenset()) -> None:
        if not statuses:
            return
        with transaction.atomic():
            write_statuses(statuses, groups=groups, channel_id=self._channel_id, at=self._clock(), run_id=self._run_id)

    def hold(self, ids: Collection[int]) -> None:
        if connection.features.has_select_for_update:
            products = self._all().filter(id__in=sql.among_ids(ids)).values("product_id")
            variants = VariantRecord.objects.filter(product_id__in=products)
            lock_variants(variants.values_list("id", flat=True))

    def set_locks(self, locks: Mapping[int, Locks]) -> None:
        with transaction.atomic():
            rows = [
                {
                    "id": listing_id,
                    "locked_groups": sorted(lock.groups),
                    "locked_price": lock.price,
                    "locked_quantity": lock.quantity,
                    "own_texts": dict(lock.texts),
                    # What the store refused may be taken without what is left alone.
                    "refusals": 0,
                }
                for listing_id, lock in locks.items()
            ]
            products = self._products_locked_for(locks)
            self._forget_kept(locks)
            sql.update(Listing, rows, where={"channel_id": self._channel_id})
            # Images that are left alone are awaited by nobody.
            left = [listing_id for listing_id, lock in locks.items() if Group.IMAGES in lock.groups]
            self._all().filter(id__in=left, awaits_images=True).update(awaits_images=False)
            refresh_products(products, at=self._clock())

    def let_prices_through(self, ids: Collection[int]) -> None:
        with transaction.atomic():
            products = self._products_locked_for(ids)
            self._all().filter(id__in=list(ids)).update(passed_price=F("wanted_price"))
            refresh_products(products, at=self._clock())

    def _forget_kept(self, locks: Mapping[int, Locks]) -> None:
        """What was kept of the store for a lock is kept no more when that is gone: it is compared anew."""
        before = self._all().filter(id__in=list(locks)).exclude(locked_groups=[]).values_list("id", "locked_groups")
        freed: dict[Group, list[int]] = defaultdict(list)
        for listing_id, groups in before:
            for group in set(map(Group, groups)) - locks[listing_id].groups:
                freed[group].append(listing_id)
        for group, ids in freed.items():
            DriftRecord.objects.filter(listing_id__in=ids, group=group.value, is_kept=True).delete()
            self._all().filter(id__in=ids, link=Link.LINKED).update(is_touched=True)
        self._all().filter(id__in=freed[Group.PRICE]).update(yielded_price=None)

    def _products_locked_for(self, ids: Collection[int]) -> list[int]:
        """Hold what is computed anew, before any listing is held; see `lock_variants`."""
        products = set(self._all().filter(id__in=list(ids)).values_list("product_id", flat=True))
        lock_variants(VariantRecord.objects.filter(product_id__in=products).values_list("id", flat=True))
        return sorted(products)

    def notes(self, ids: Collection[int]) -> dict[int, ListedNotes]:
        noted: dict[int, list[tuple[Attention, str]]] = defaultdict(list)
        attentions = AttentionRecord.objects.filter(listing_id__in=list(ids)).order_by("since", "id")
        for listing_id, kind, message in attentions.values_list("listing_id", "kind", "message"):
            noted[listing_id].append((Attention(kind), message))
        found = self._all().filter(id__in=list(ids)).values_list("id", "product__handle", "proven_at")
        return {number: ListedNotes(handle, at, tuple(noted[number])) for number, handle, at in found}

    def remove(self, ids: Collection[int]) -> None:
        numbers = list(ids)
        products = set(self._all().filter(id__in=numbers).values_list("product_id", flat=True))
        # Variants first: a parent would take them along one by one.
        for rows in (self._all().exclude(kind="parent"), self._all().filter(kind="parent")):
            for start in range(0, len(numbers), _REMOVED_AT_ONCE):
                rows.filter(id__in=numbers[start : start + _REMOVED_AT_ONCE]).delete()
        note_product_words(products)

    def record(self, proven: Sequence[Proven]) -> None:
        if not proven:
            return
        with transaction.atomic():
            write_proven(proven, channel_id=self._channel_id, at=self._clock(), run_id=self._run_id)

    def flag(
        self, reasons: Mapping[int, Mapping[Attention, str]], *, ended: Mapping[int, frozenset[Attention]]
    ) -> None:
        write_attentions(reasons, ended=ended, channel_id=self._channel_id, at=self._clock(), run_id=self._run_id)

    def count_refusals(self, ids: Collection[int]) -> None:
        self._all().filter(id__in=list(ids)).update(refusals=F("refusals") + 1)

    def with_attention(
        self, kind: Attention, *, after: int, limit: int, only: Collection[int] | None = None
    ) -> list[ListingRow]:
        return self.by_ids(ids_with_attention(kind, channel_id=self._channel_id, after=after, limit=limit, only=only))

    def count_attention(self, kind: Attention) -> int:
        return AttentionRecord.objects.filter(channel_id=self._channel_id, kind=kind.value).count()

    def forget_moot(self, kinds: Collection[Attention]) -> None:
        forget_moot(kinds, channel_id=self._channel_id)

    def _all(self) -> "QuerySet[Listing]":
        return Listing.objects.filter(channel_id=self._channel_id)

    def _ids_by_sku(self, skus: Collection[str]) -> list[int]:
        """
        A parent's SKU is its product's handle. The literals let SQLite use the partial index on SKUs.

        Each is looked up for itself: for a join, SQLite first goes through all listings to make a filter of them.
        """
        return sql.fetch_numbers(
            """
            SELECT found.id FROM (
                SELECT (
                    SELECT listing.id FROM tradepost_listing AS listing
                    WHERE listing.channel_id = %s AND listing.sku = given.sku AND listing.kind IN ('variant', 'simple')
                ) AS id FROM given
                UNION
                SELECT (
                    SELECT listing.id
                    FROM tradepost_product AS product
                    JOIN tradepost_listing AS listing ON listing.product_id = product.id
                    WHERE product.handle = given.sku AND listing.channel_id = %s AND listing.kind = 'parent'
                ) AS id FROM given
            ) AS found
            WHERE found.id IS NOT NULL
            """,
            self._channel_id,
            self._channel_id,
            given=Rows.of_texts("sku", skus),
        )
