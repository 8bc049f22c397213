"""A hub in memory: every port of an operation on one channel, joined for a drive without a database or a network."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes.accounts import MemoryAccounts
from fakes.adoptions import MemoryAdoptions
from fakes.deliveries import MemoryDeliveries
from fakes.drifts import MemoryDrifts
from fakes.existence import MemoryNotes
from fakes.fetches import MemorySources, memory_fetches
from fakes.images import MemoryImageStore, MemorySourceImages
from fakes.intents import MemoryIntents
from fakes.inventory import MemoryInventory
from fakes.listings import MemoryListings
from fakes.orders import MemoryOrders
from fakes.past import MemoryPast
from fakes.run import MemoryRun
from fakes.store import MemoryStore
from tradepost.domain.catalogue.catalogue import Kind, Product
from tradepost.domain.fields import ALL_GROUPS
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.content import Scope, difference, wanted_unit
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.making import ContentRules, ListingValues
from tradepost.operations.form import Operation, drive
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports, SightedOrder
from tradepost.operations.stock.sightings import order_news
from tradepost.security.descriptions import AllowedMarkup

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LISTED = Status(Health.LISTED, Link.LINKED)
HIDDEN = Status(Health.HIDDEN, Link.LINKED)


class MemoryHub:
    """`run` is the latest one; each is given the same listings, ledger and store, and a clock that goes on."""

    def __init__(self, *, reads_stock: bool = True, **settings: Any) -> None:
        self.settings = ChannelSettings(id=1, name="Shop", rules=ContentRules(), **settings)
        self.run = MemoryRun()
        self.store = MemoryStore(reads_stock=reads_stock)
        self.image_store = MemoryImageStore()
        self.store.shelf.files = self.image_store.files
        self.source_images = MemorySourceImages()
        self.listings = MemoryListings(may_write=self._may_write, layout=lambda: self.settings.rules.layout)
        self.adoptions = MemoryAdoptions(self.listings, may_write=self._may_write)
        self.accounts = MemoryAccounts(
            self.listings, may_write=self._may_write, is_imported=lambda number: number in self.orders.kept
        )
        self.orders = MemoryOrders(
            may_write=self._may_write,
            news=self.accounts.news,
            sighted=lambda number: order_news(SightedOrder(number, self.accounts.sightings[number]), None),
        )
        self.drifts = MemoryDrifts(self.listings, may_write=self._may_write)
        self.intents = MemoryIntents()
        self.inventory = MemoryInventory()
        self.existence = MemoryNotes()
        self.deliveries = MemoryDeliveries(may_write=self._may_write)
        self.shipment_sources = MemorySources(may_write=self._may_write)
        self.past = MemoryPast()
        self.fetches = memory_fetches(self.shipment_sources)
        self.now = NOON

    @property
    def lost_answer_wait(self) -> timedelta:
        return timedelta(seconds=self.settings.lost_answer_seconds)

    def ports(self, **changes: Any) -> Ports:
        ports = Ports(
            channel=self.settings,
            store=self.store,
            image_store=self.image_store,
            source_images=self.source_images,
            descriptions=AllowedMarkup(),
            listings=self.listings,
            adoptions=self.adoptions,
            drifts=self.drifts,
            intents=self.intents,
            inventory=self.inventory,
            existence=self.existence,
            orders=self.orders,
            accounts=self.accounts,
            deliveries=self.deliveries,
            fetches=self.fetches,
            past=self.past,
            run=self.run,
            clock=self._clock,
        )
        return replace(ports, **changes)

    def list_on_store(self, product: Product, *, status: Status = LISTED) -> list[ListingRow]:
        """Put a product on the store as the catalogue wants it, with listings that are linked and proven."""
        rows = self.listings.build(product, pending=Pending.NONE)
        values = {
            "" if row.kind is Kind.PARENT else row.sku: ListingValues(row.code, row.wanted_price, row.available)
            for row in rows
        }
        wanted = wanted_unit(product, rules=self.settings.rules, values=values, files={})
        scope = Scope(dict.fromkeys((code_key(row.code) for row in rows), ALL_GROUPS), frozenset(self.keys(rows)))
        self.store.apply(difference(wanted, seen={}, scope=scope))
        for row in rows:
            self.listings.change(
                row.sku,
                status=status,
                external_id=self.store.shelf.by_key[code_key(row.code)].id,
                proven_price=row.wanted_price,
                account=row.available,
            )
        return self.listings.by_ids([row.id for row in rows])

    @staticmethod
    def keys(rows: Iterable[ListingRow]) -> set[str]:
        return {code_key(row.code) for row in rows}

    def count(self, sku: str) -> int | None:
        """How many the store has, whatever this token can see; None where it counts nothing."""
        stock = self.store.shelf.by_key[code_key(self.listings.of(sku).code)].stock
        return stock.count if stock.is_tracked else None

    def drive(
        self,
        operation: Operation,
        *,
        is_dry: bool = False,
        writes_from: datetime | None = None,
        while_waiting: Callable[[], bool] = lambda: True,
        **changes: Any,
    ) -> MemoryRun:
        self.run = MemoryRun(is_dry=is_dry)
        self.run.writes_from, self.run.while_waiting = writes_from, while_waiting
        drive(self.ports(**changes), operation)
        return self.run

    def _clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _may_write(self) -> bool:
        return self.run.is_writing
