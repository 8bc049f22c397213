"""The implementations of the port `Store`, each with what a test needs besides: orders, files, fewer rights."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pytest
import stamina

from fakes.store import MemoryStore
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import tokens
from tradepost.domain.order import Address, StoreOrder, StoreOrderLine, StoreStatus
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.store import MivaStore
from tradepost.miva.wire import functions
from tradepost.operations.ports import Store

AT_ONCE = stamina.RetryingCaller(attempts=3, timeout=20, wait_initial=0, wait_max=0, wait_jitter=0)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)
ORDER = """
<Order_Add><ID>{id}</ID><OrderDate>{placed}</OrderDate><ShipFirstName>Ada</ShipFirstName>
<Items><Product code="tee"><Quantity>3</Quantity></Product><Product code="mug"><Quantity>1</Quantity></Product></Items>
</Order_Add>
"""
ARTICLES = """
<Product_Add><Code>tee</Code><SKU>TEE</SKU><Name>Tee</Name><Price>9.50</Price></Product_Add>
<Product_Add><Code>mug</Code><SKU>MUG</SKU><Name>Mug</Name><Price>7.90</Price></Product_Add>
"""


@dataclass
class Implementation:
    """
    `store` is looked at by its token, `reader` by one of all rights.

    `place_order` gives an order of 3 `tee` and 1 `mug` that was placed then; `change_order` says when it last changed.
    `put_file` puts an image file there; `without` is the store to a token that lacks a function. `pass_time`: the
    store's own clock goes on by so many seconds.
    """

    store: Store
    reader: Store
    reads_stock: bool
    place_order: Callable[[int, datetime], None]
    change_order: Callable[[int, datetime], None]
    put_file: Callable[[str], None]
    without: Callable[[str], Store]
    pass_time: Callable[[int], None]


def in_memory(*, reads_stock: bool) -> Implementation:
    store = MemoryStore(reads_stock=reads_stock)
    reader = MemoryStore()
    reader.shelf, reader.desk = store.shelf, store.desk
    store.shelf.files = set()

    def place_order(number, placed_at):
        lines = tuple(
            StoreOrderLine(number + place, code, code.upper(), code, pieces, price, pieces * price, StoreStatus.PENDING)
            for place, (code, pieces, price) in enumerate([("tee", 3, Decimal("9.5")), ("mug", 1, Decimal("7.9"))])
        )
        address = Address(first_name="Ada")
        total = sum(line.total for line in lines)
        store.desk.place(
            StoreOrder(number, StoreStatus.PENDING, placed_at, address, address, total, "", is_paid=False, lines=lines)
        )

    def pass_time(seconds):
        store.shelf.now += seconds

    def without(function):
        store.faults.missing.add(function)
        return store

    return Implementation(
        store,
        reader,
        reads_stock,
        place_order,
        store.desk.changed.__setitem__,
        store.shelf.files.add,
        without,
        pass_time,
    )


class OnSandbox:
    """Clients of one sandbox store."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.clients = []

    def connect(self, token):
        connection = StoreConnection(
            domain=self.server.endpoint,
            store_code=self.server.store.code,
            token=token.token,
            signature_key=token.signature_key,
            plain_http=True,
        )
        client = connect_client(connection, retrying=AT_ONCE)
        self.clients.append(client)
        return client

    def implementation(self, token, *, reads_stock: bool) -> Implementation:
        full = self.connect(self.server.full)
        db = self.server.store.db

        def place_order(number, placed_at):
            full.call(functions.provision_store(ARTICLES))
            placed = int(placed_at.timestamp())
            assert full.call(functions.provision_store(ORDER.format(id=number, placed=placed))) == []
            db.execute("UPDATE orders SET dt_updated = orderdate WHERE id = ?", (number,))

        def change_order(number, at):
            db.execute("UPDATE orders SET dt_updated = ? WHERE id = ?", (int(at.timestamp()), number))

        def put_file(path):
            file = self.server.domain.files_root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(PNG)

        def without(function):
            lesser = tokens.insert(self.server.domain.db, name="lesser")
            granted = [name for name in functions.THE_EIGHT if name != function]
            tokens.grant(self.server.domain.db, lesser, store_id=self.server.store.id, functions=granted)
            return MivaStore(self.connect(lesser))

        return Implementation(
            MivaStore(self.connect(token)),
            MivaStore(full),
            reads_stock,
            place_order,
            change_order,
            put_file,
            without,
            self.server.domain.clock.move,
        )


@pytest.fixture(params=["memory", "memory, stock unseen", "sandbox, eight functions", "sandbox, all rights"])
def implementation(request):
    if request.param.startswith("memory"):
        yield in_memory(reads_stock=request.param == "memory")
        return
    with SandboxServer() as server:
        sandbox = OnSandbox(server)
        has_all = request.param.endswith("all rights")
        yield sandbox.implementation(server.full if has_all else server.hub, reads_stock=has_all)
        for client in sandbox.clients:
            client.close()


@pytest.fixture
def store(implementation):
    return implementation.store


@pytest.fixture
def reader(implementation):
    return implementation.reader
