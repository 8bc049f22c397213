"""A hub in memory: every port of an operation on one channel, joined for a drive without a database or a network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes.images import MemoryImageStore, MemorySourceImages
from fakes.intents import MemoryIntents
from fakes.inventory import MemoryInventory
from fakes.listings import MemoryListings
from fakes.orders import MemoryOrders
from fakes.run import MemoryRun
from fakes.store import MemoryStore
from tradepost.domain.making import ContentRules
from tradepost.operations.form import Operation, drive
from tradepost.operations.ports import ChannelSettings, Ports

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MemoryHub:
    """`run` is the latest one; each is given the same listings, ledger and store, and a clock that goes on."""

    def __init__(self, *, reads_stock: bool = True, **settings: Any) -> None:
        self.settings = ChannelSettings(id=1, name="Shop", rules=ContentRules(), **settings)
        self.run = MemoryRun()
        self.store = MemoryStore(reads_stock=reads_stock)
        self.image_store = MemoryImageStore()
        self.store.shelf.files = self.image_store.files
        self.source_images = MemorySourceImages()
        self.listings = MemoryListings(may_write=self._may_write)
        self.orders = MemoryOrders(may_write=self._may_write)
        self.intents = MemoryIntents()
        self.inventory = MemoryInventory()
        self.now = NOON

    def ports(self, **changes: Any) -> Ports:
        ports = Ports(
            channel=self.settings,
            store=self.store,
            image_store=self.image_store,
            source_images=self.source_images,
            listings=self.listings,
            intents=self.intents,
            inventory=self.inventory,
            orders=self.orders,
            run=self.run,
            clock=self._clock,
        )
        return replace(ports, **changes)

    def drive(self, operation: Operation, *, is_dry: bool = False, **changes: Any) -> MemoryRun:
        self.run = MemoryRun(is_dry=is_dry)
        drive(self.ports(**changes), operation)
        return self.run

    def _clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _may_write(self) -> bool:
        return self.run.is_writing
