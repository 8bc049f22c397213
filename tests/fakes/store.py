"""The port `Store` in memory: a store's products and orders, and what can be made to go wrong with them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fakes.store_orders import StoreOrders
from fakes.store_products import StoreProducts
from tradepost.domain.errors import PermissionMissing, UnexpectedAnswer
from tradepost.domain.listings.codes import code_key
from tradepost.domain.orders.order import LARGEST_ID, ShipmentPath, StoreStatus
from tradepost.domain.plan import Unit
from tradepost.domain.stock.stock import OrderSighting
from tradepost.domain.store import ProductOutline, StoreProduct, StoreRow
from tradepost.operations.ports import (
    ExistingProduct,
    IdRange,
    LatestProducts,
    OrdersById,
    RangeCount,
    SetupItem,
    ShipmentSend,
    SightingPage,
    StockWrite,
    UnitAnswer,
    WriteAnswer,
    WriteOutcome,
)

DONE = WriteAnswer(WriteOutcome.DONE)
LOST = WriteAnswer(WriteOutcome.LOST, "The answer was lost.")


@dataclass
class Faults:
    """
    What goes wrong, by the code of a product, set-up item or shipment, or the number of an order as a text.

    `refused`: the store says no, with these words, to every write. `silent`: it says yes and does nothing. `lost`: its
    next answer is lost, after the work was done (True) or before. `missing`: functions that the token may not call.
    `before_write`: called before anything is written; a shopper's chance.
    """

    refused: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    lost: dict[str, bool] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    before_write: Callable[[], None] = lambda: None

    def write(self, key: str, work: Callable[[], str]) -> WriteAnswer:
        """Do one record's work, which returns the store's refusal or nothing, unless something is wrong with it."""
        if key in self.lost:
            if self.lost.pop(key):
                work()
            return LOST
        if key in self.silent:
            return DONE
        refusal = self.refused.get(key) or work()
        return WriteAnswer(WriteOutcome.REFUSED, refusal) if refusal else DONE

    def require(self, function: str) -> None:
        if function in self.missing:
            raise PermissionMissing(f"This token may not call {function}.", function=function)


class MemoryStore:
    """`writes` notes what was written: the method and the records, so that a test can say that nothing was."""

    def __init__(self, *, reads_stock: bool = True) -> None:
        self.shelf = StoreProducts()
        self.desk = StoreOrders()
        self.faults = Faults()
        self.writes: list[tuple[str, tuple[str, ...]]] = []
        self._reads_stock = reads_stock

    # --- products ---------------------------------------------------------------------------------------------------

    @property
    def products(self) -> dict[str, StoreProduct]:
        """All products by code key, as this token sees them."""
        return {key: self._as_seen(product) for key, product in self.shelf.by_key.items()}

    def products_by_code(self, codes: Collection[str]) -> dict[str, StoreProduct]:
        return {key: self._as_seen(product) for key, product in self.shelf.by_code(codes).items()}

    def products_by_sku(self, skus: Collection[str]) -> list[StoreProduct]:
        return [self._as_seen(product) for product in self.shelf.by_sku(skus)]

    def products_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        found = self.shelf.by_id(ids).values()
        return {product.id: replace(self._as_seen(product), with_baskets=self._total(product)) for product in found}

    def contents_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        return {product.id: self._as_seen(product) for product in self.shelf.whole_by_id(ids)}

    def iterate_rows(self, *, custom_fields: Sequence[str] = (), page_size: int = 1000) -> Iterator[list[StoreRow]]:
        return self.shelf.pages(custom_fields=custom_fields, page_size=page_size)

    def iterate_outlines(self, *, custom_fields: Sequence[str], page_size: int = 500) -> Iterator[list[ProductOutline]]:
        return self.shelf.outlines(custom_fields=custom_fields, page_size=page_size)

    def iterate_existing(
        self, *, after: int = 0, changed_from: int | None = None, page_size: int = 1000
    ) -> Iterator[list[ExistingProduct]]:
        while page := self.shelf.existing(IdRange(after, LARGEST_ID), changed_from=changed_from)[:page_size]:
            yield page
            after = page[-1].id

    def existing_between(self, ranges: Sequence[IdRange], *, limit: int = 1000) -> list[list[ExistingProduct]]:
        found = [self.shelf.existing(ids) for ids in ranges]
        if any(len(rows) > limit for rows in found):
            raise UnexpectedAnswer(f"A range has more than {limit} products.")
        return found

    def existing_by_id(self, ids: Collection[int]) -> list[ExistingProduct]:
        return [row for row in self.shelf.existing(IdRange(0, LARGEST_ID)) if row.id in ids]

    def count_existing(self, ranges: Sequence[IdRange]) -> list[RangeCount]:
        found = [self.shelf.existing(ids) for ids in ranges]
        return [RangeCount(len(rows), rows[-1].id if rows else None) for rows in found]

    def latest_changed(self, *, changed_from: int | None = None, limit: int) -> LatestProducts:
        rows = self.shelf.existing(IdRange(0, LARGEST_ID), changed_from=changed_from)
        return LatestProducts(sorted(rows, key=lambda row: row.updated, reverse=True)[:limit], len(rows))

    def reads_stock(self) -> bool:
        return self._reads_stock or self.shelf.baskets is not None

    def set_up(self, items: Sequence[SetupItem]) -> list[WriteAnswer]:
        self._begin("set_up", [item.code for item in items], "Provision_Store")
        return [self.faults.write(item.code, lambda item=item: self.shelf.set_up(item)) for item in items]

    def provision(self, units: Sequence[Unit]) -> list[UnitAnswer]:
        codes = [change.subject.key for unit in units for change in unit.changes]
        self._begin("provision", codes, "Provision_Store")
        return [self._provision(unit) for unit in units]

    def apply(self, unit: Unit) -> None:
        """Do what a unit says, whatever it lacks."""
        self.shelf.apply(unit.changes, is_strict=False)

    def write_stock(self, writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        codes = [self.shelf.code_of(write.external_id) for write in writes]
        self._begin("write_stock", codes, "Inventory_ProductSettings_Update")
        return [
            self.faults.write(code, lambda write=write: self.shelf.write_stock(write))
            for code, write in zip(codes, writes, strict=True)
        ]

    def delete_products(self, ids: Sequence[int]) -> list[WriteAnswer]:
        codes = [self.shelf.code_of(number) for number in ids]
        self._begin("delete_products", codes, "Product_Delete")
        return [
            self.faults.write(code, lambda number=number: self.shelf.delete(number))
            for code, number in zip(codes, ids, strict=True)
        ]

    # --- orders -----------------------------------------------------------------------------------------------------

    def sight_orders(self, *, above_id: int, updated_from: int, page_size: int = 500) -> Iterator[SightingPage]:
        return self.desk.sight(lambda order: order.id > above_id or order.updated >= updated_from, page_size=page_size)

    def sight_open_orders(self, *, page_size: int = 500) -> Iterator[SightingPage]:
        return self.desk.sight(lambda order: order.is_open, page_size=page_size)

    def sight_orders_in(
        self, *, statuses: Collection[StoreStatus], since: int, page_size: int = 500
    ) -> Iterator[SightingPage]:
        return self.desk.sight(
            lambda order: order.status in statuses and max(order.placed, order.updated) >= since, page_size=page_size
        )

    def sight_orders_by_id(self, ids: Collection[int]) -> SightingPage:
        return next(self.desk.sight(lambda order: order.id in ids, page_size=len(ids) + 1), SightingPage(()))

    def newest_orders(self) -> list[OrderSighting]:
        return self.desk.newest()

    def orders_by_id(self, ids: Collection[int]) -> OrdersById:
        return self.desk.by_id(ids)

    def add_order_notes(self, notes: Mapping[int, str]) -> dict[int, WriteAnswer]:
        self._begin("add_order_notes", [str(number) for number in notes], "Provision_Store")
        return {
            number: self.faults.write(str(number), lambda number=number, text=text: self.desk.add_note(number, text))
            for number, text in notes.items()
        }

    def set_order_field(self, values: Mapping[int, str], *, field: str) -> dict[int, WriteAnswer]:
        self._begin("set_order_field", [str(number) for number in values], "Provision_Store")
        return {
            number: self.faults.write(
                str(number), lambda number=number, text=text: self.desk.set_field(number, field, text)
            )
            for number, text in values.items()
        }

    def acknowledge_orders(self, ids: Sequence[int]) -> dict[int, WriteAnswer]:
        self._begin("acknowledge_orders", [str(number) for number in ids], "Module:orderworkflow:OrderList_Acknowledge")
        return {
            number: self.faults.write(str(number), lambda number=number: self.desk.acknowledge(number))
            for number in ids
        }

    def queued_orders(self, ids: Collection[int], *, queue: str) -> frozenset[int]:
        return frozenset(self.desk.queued & set(ids)) if queue == self.desk.queue else frozenset()

    def create_shipments(self, sends: Sequence[ShipmentSend], *, path: ShipmentPath) -> list[WriteAnswer]:
        is_ours = path is ShipmentPath.PROVISION
        keys = [send.shipment.code or str(send.shipment.order_number) for send in sends]
        self._begin("create_shipments", keys, "Provision_Store" if is_ours else "OrderItemList_CreateShipment")
        make = self.desk.make_shipment if is_ours else self.desk.take_lines
        return [self.faults.write(key, lambda send=send: make(send)) for key, send in zip(keys, sends, strict=True)]

    def send_shipments(self, sends: Mapping[int, ShipmentSend]) -> dict[int, WriteAnswer]:
        keys = {number: send.shipment.code for number, send in sends.items()}
        self._begin("send_shipments", list(keys.values()), "OrderShipmentList_Update")
        return {
            number: self.faults.write(keys[number], lambda number=number, send=send: self.desk.ship(number, send))
            for number, send in sends.items()
        }

    # --- inside -----------------------------------------------------------------------------------------------------

    def _begin(self, method: str, keys: Sequence[str], function: str) -> None:
        self.faults.require(function)
        self.faults.before_write()
        if keys:
            self.writes.append((method, tuple(keys)))

    def _provision(self, unit: Unit) -> UnitAnswer:
        """One unit is one document, so one answer is lost for all of it."""
        codes = [change.subject.key for change in unit.changes]
        lost = [self.faults.lost.pop(code) for code in codes if code in self.faults.lost]
        if lost:
            if all(lost):
                self.shelf.apply(unit.changes)
            return UnitAnswer(WriteOutcome.LOST, message=LOST.message)
        heard = [
            change for change in unit.changes if change.subject.key not in {*self.faults.refused, *self.faults.silent}
        ]
        said = self.shelf.apply(heard)
        refusals = {
            index: self.faults.refused.get(change.subject.key) or said.get(change.subject.id, "")
            for index, change in enumerate(unit.changes)
        }
        return UnitAnswer(WriteOutcome.DONE, refusals={index: text for index, text in refusals.items() if text})

    def _as_seen(self, product: StoreProduct) -> StoreProduct:
        return product if self._reads_stock else self.shelf.without_stock(product)

    def _total(self, product: StoreProduct) -> int | None:
        if self.shelf.baskets is None or not product.stock.is_tracked:
            return None
        return product.stock.count + self.shelf.baskets.get(code_key(product.code), 0)
