"""A store, its listings and the notes in memory, as far as the existence pass looks at them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

from fakes.run import MemoryRun
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.listing import Health, Link, Status
from tradepost.operations.ports import ExistingProduct, LatestProducts, LinkedListing, RangeCount, StoreStanding

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class CountedStore:
    """
    Products by id, with a clock of its own; `requests` counts what a pass asks, by method.

    `page_size` rows come at once. `count` and `latest` may be replaced by those of a store that misbehaves.
    """

    products: dict[int, ExistingProduct] = field(default_factory=dict)
    now: int = 1_000_000
    next_id: int = 1
    page_size: int = 10
    requests: Counter = field(default_factory=Counter)
    left_out: set[int] = field(default_factory=set)

    # --- what others do -------------------------------------------------------------------------------------------

    def create(self, code: str = "") -> int:
        number = self.next_id
        self.next_id += 1
        self.products[number] = ExistingProduct(number, code or f"P-{number}", self.now, self.now)
        return number

    def delete(self, number: int) -> None:
        del self.products[number]

    def recode(self, number: int, code: str) -> None:
        self.products[number] = self.products[number]._replace(code=code, updated=self.now)

    # --- what a pass asks -----------------------------------------------------------------------------------------

    def _rows(self, after, up_to=None, changed_from=None):
        return [
            row
            for number, row in sorted(self.products.items())
            if number > after
            and (up_to is None or number <= up_to)
            and (changed_from is None or row.updated >= changed_from)
            and number not in self.left_out
        ]

    def iterate_existing(self, *, after=0, changed_from=None, page_size=1000):
        while True:
            self.requests["page"] += 1
            rows = self._rows(after, changed_from=changed_from)
            if rows:
                yield rows[: self.page_size]
            if len(rows) <= self.page_size:
                return
            after = rows[self.page_size - 1].id

    def existing_between(self, ranges, *, limit=1000):
        self.requests["between"] += 1
        self.requests["stretch"] += len(ranges)
        return [self._rows(*ids) for ids in ranges]

    def count_existing(self, ranges):
        self.requests["count"] += 1
        found = [self._rows(*ids) for ids in ranges]
        return [RangeCount(len(rows), rows[-1].id if rows else None) for rows in found]

    def latest_changed(self, *, changed_from=None, limit):
        self.requests["latest"] += 1
        rows = sorted(self._rows(0, changed_from=changed_from), key=lambda row: (-row.updated, -row.id))
        return LatestProducts(rows[:limit], len(rows))

    def products_by_id(self, ids):
        self.requests["by id"] += 1
        return {number: self.products[number] for number in ids if number in self.products}

    def products_by_code(self, codes):
        self.requests["by code"] += 1
        return {}


class LinkedListings:
    """Listings that are linked, by listing id; what a pass records is what becomes of them."""

    def __init__(self) -> None:
        self.all: dict[int, LinkedListing] = {}
        self.lost: dict[int, LinkedListing] = {}

    def link(self, product: ExistingProduct) -> None:
        self.all[product.id + 1000] = LinkedListing(product.id, product.id + 1000, product.code, product.created)

    def linked_count(self):
        return len(self.all)

    def broken(self, *, after, limit):
        return [row for row in self.lost.values() if row.listing_id > after][:limit]

    def linked(self, *, after_external_id, up_to_external_id=None, limit):
        rows = sorted(self.all.values())
        up_to = up_to_external_id
        return [r for r in rows if after_external_id < r.external_id and (up_to is None or r.external_id <= up_to)][
            :limit
        ]

    def linked_among(self, external_ids):
        return [row for row in self.all.values() if row.external_id in external_ids]

    def by_ids(self, ids):
        known = {
            **{number: (Link.LINKED, listing) for number, listing in self.all.items()},
            **{number: (Link.BROKEN, listing) for number, listing in self.lost.items()},
        }
        return [
            SimpleNamespace(
                id=number,
                status=Status(Health.LISTED, known[number][0]),
                external_id=known[number][1].external_id,
                kind=Kind.SIMPLE,
            )
            for number in ids
            if number in known
        ]

    def by_codes(self, codes):
        return {}

    def record(self, proven):
        for row in proven:
            if row.status is not None and row.status.link is Link.BROKEN:
                self.lost[row.listing_id] = self.all.pop(row.listing_id)
            elif row.status is not None:
                self.all[row.listing_id] = self.lost.pop(row.listing_id)
            elif row.external_created is not None:
                self.all[row.listing_id] = self.all[row.listing_id]._replace(created=row.external_created)
            elif row.code is not None:
                self.all[row.listing_id] = self.all[row.listing_id]._replace(code=row.code)

    def flag(self, reasons, *, ended):
        pass


class MemoryNotes:
    def __init__(self) -> None:
        self.notes = None
        self.saved = 0
        self.stands = StoreStanding.KNOWN, ""

    def load(self):
        return self.notes

    def save(self, notes):
        self.notes = notes
        self.saved += 1

    def forget(self):
        self.notes = None

    def standing(self):
        return self.stands

    def set_standing(self, standing, reason=""):
        self.stands = standing, reason


class TouchedListings:
    """The listings that a pass says were changed since they were compared."""

    def __init__(self) -> None:
        self.ids: set[int] = set()

    def touch(self, listing_ids):
        self.ids |= set(listing_ids)


class CountedShop:
    """A store and a hub that has linked products of it."""

    def __init__(self) -> None:
        self.store = CountedStore()
        self.listings = LinkedListings()
        self.existence = MemoryNotes()
        self.drifts = TouchedListings()
        self.now = NOON

    def ports(self, *, is_dry: bool = False):
        return SimpleNamespace(
            channel=SimpleNamespace(is_look_only=False),
            store=self.store,
            listings=self.listings,
            existence=self.existence,
            drifts=self.drifts,
            run=MemoryRun(is_dry=is_dry),
            clock=lambda: self.now,
        )

    def fill(self, count: int, *, unlinked_every: int = 10) -> None:
        """Create products with gaps in the ids, and link most of them."""
        for number in range(count):
            self.store.next_id += number % 7 == 0
            made = self.store.create()
            if number % unlinked_every:
                self.listings.link(self.store.products[made])
