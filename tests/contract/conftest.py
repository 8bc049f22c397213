"""The implementations of the port `Store`, each with what a test needs besides: orders, files, fewer rights."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import stamina

from fakes.store import MemoryStore
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import custom_fields, order_lines, orders, queues, tokens
from tradepost.domain.orders.order import Address, PaymentState, StoreOrder, StoreOrderLine, StoreStatus
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.store import MivaStore
from tradepost.miva.wire import functions
from tradepost.operations.ports import Store

AT_ONCE = stamina.RetryingCaller(attempts=3, timeout=20, wait_initial=0, wait_max=0, wait_jitter=0)
BOXED = datetime(2026, 1, 1, 12, tzinfo=UTC)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)
ORDER = """
<Order_Add><ID>{id}</ID><OrderDate>{placed}</OrderDate><ShipFirstName>Ada</ShipFirstName>
<Items><Product code="tee"><Quantity>3</Quantity></Product><Product code="mug"><Quantity>1</Quantity></Product></Items>
</Order_Add>
"""
BOXES = """
<Product_Add><Code>box</Code><SKU>BOX</SKU><Name>Box</Name><Price>30</Price></Product_Add>
<ProductAttribute_Add product_code="box"><Code>kind</Code><Type>select</Type><Prompt>Kind</Prompt>
<Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>
<ProductAttributeOption_Add product_code="box" attribute_code="kind"><Code>gift</Code><Prompt>Gift</Prompt>
</ProductAttributeOption_Add>
<ProductAttributeOption_Add product_code="box" attribute_code="kind"><Code>pair</Code><Prompt>Pair</Prompt>
</ProductAttributeOption_Add>
<ProductVariant_Add product_code="box"><Options><Attribute_Option attribute_code="kind" option_code="gift"/></Options>
<Parts><Part product_code="tee" quantity="1"/><Part product_code="mug" quantity="3"/></Parts></ProductVariant_Add>
<ProductVariant_Add product_code="box"><Options><Attribute_Option attribute_code="kind" option_code="pair"/></Options>
<Parts><Part product_code="mug" quantity="2"/></Parts></ProductVariant_Add>
"""
BOX = """
<Product code="box"><Quantity>2</Quantity>
<Options><Option><AttributeCode>kind</AttributeCode><Value>{kind}</Value></Option></Options></Product>
"""
BOX_ORDER = """
<Order_Add><ID>{id}</ID><OrderDate>{placed}</OrderDate><ShipFirstName>Ada</ShipFirstName><Items>{items}</Items></Order_Add>
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
    `place_boxes` gives one of two of the merchant's own boxes, each "gift" of a tee and 3 mugs, or each a "pair" of
    mugs. `cancel_line` and `delete_line` take the line of a product, `spoil_order` makes one that can't be understood.
    `expect_acknowledging` gives the store of a placed order the order custom field "taken", and a workflow that moves
    acknowledged orders into the queue "archive".
    `put_file` puts an image file there; `without` is the store to a token that lacks a function. `pass_time`: the
    store's own clock goes on by so many seconds.
    """

    store: Store
    reader: Store
    reads_stock: bool
    place_order: Callable[[int, datetime], None]
    change_order: Callable[[int, datetime], None]
    place_boxes: Callable[[int, str], None]
    cancel_line: Callable[[int, str], None]
    delete_line: Callable[[int, str], None]
    delete_order: Callable[[int], None]
    spoil_order: Callable[[int], None]
    expect_acknowledging: Callable[[int], None]
    put_file: Callable[[str], None]
    without: Callable[[str], Store]
    pass_time: Callable[[int], None]


def in_memory(*, reads_stock: bool) -> Implementation:
    store = MemoryStore(reads_stock=reads_stock)
    reader = MemoryStore()
    reader.shelf, reader.desk = store.shelf, store.desk
    store.shelf.files = set()
    store.shelf.baskets = {}

    def place_order(number, placed_at):
        lines = tuple(
            StoreOrderLine(number + place, code, code.upper(), code, pieces, price, pieces * price, StoreStatus.PENDING)
            for place, (code, pieces, price) in enumerate([("tee", 3, Decimal("9.5")), ("mug", 1, Decimal("7.9"))])
        )
        address = Address(first_name="Ada")
        total = sum(line.total for line in lines)
        store.desk.place(
            StoreOrder(
                number,
                StoreStatus.PENDING,
                placed_at,
                address,
                address,
                total,
                "",
                payment_state=PaymentState.PENDING,
                lines=lines,
            )
        )

    def place_boxes(number, kind):
        parts = {"gift": [("tee", 2), ("mug", 6)], "pair": [("mug", 4)]}[kind]
        lines = tuple(
            StoreOrderLine(
                number + place, "box", code.upper(), code, pieces, Decimal(1), Decimal(1), StoreStatus.PENDING
            )
            for place, (code, pieces) in enumerate(parts)
        )
        address = Address(first_name="Ada")
        store.desk.place(
            StoreOrder(
                number,
                StoreStatus.PENDING,
                BOXED,
                address,
                address,
                Decimal(60),
                "",
                payment_state=PaymentState.PENDING,
                lines=lines,
            )
        )

    def cancel_line(number, code):
        change_lines(number, lambda line: replace(line, status=StoreStatus.CANCELLED) if line.code == code else line)

    def delete_line(number, code):
        change_lines(number, lambda line: None if line.code == code else line)

    def change_lines(number, change):
        order = store.desk.orders[number]
        lines = (change(line) for line in order.lines)
        store.desk.place(replace(order, lines=tuple(line for line in lines if line is not None)))

    def expect_acknowledging(number):
        store.desk.place(replace(store.desk.orders[number], custom_fields={"taken": ""}))
        store.desk.queue = "archive"

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
        place_boxes,
        cancel_line,
        delete_line,
        store.desk.orders.__delitem__,
        lambda number: store.desk.unreadable.__setitem__(number, "Nobody can count it."),
        expect_acknowledging,
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

        def place_boxes(number, kind):
            full.call(functions.provision_store(ARTICLES + BOXES))
            text = BOX_ORDER.format(id=number, placed=int(BOXED.timestamp()), items=BOX.format(kind=kind))
            assert full.call(functions.provision_store(text)) == []

        def lines_of(number, code):
            lines = order_lines.of_order(self.server.store, number)
            return [line for line in lines if line["code"] == code]

        def cancel_line(number, code):
            order_lines.cancel(self.server.store, number, lines_of(number, code), reason="")

        def delete_line(number, code):
            order_lines.delete(self.server.store, number, lines_of(number, code))

        def delete_order(number):
            orders.delete(self.server.store, number)

        def spoil_order(number):
            db.execute("UPDATE order_items SET quantity = -1 WHERE order_id = ?", (number,))

        def put_file(path):
            file = self.server.domain.files_root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(PNG)

        def expect_acknowledging(_number):
            opened = self.server.store
            custom_fields.insert(opened, "order", code="taken", name="Taken over")
            queue = queues.insert(opened, "archive")
            db.execute("UPDATE workflows SET enabled = 1, queue_id = ? WHERE code = 'acknowledged_orders'", (queue,))
            right = [functions.ORDER_LIST_ACKNOWLEDGE]
            tokens.grant(self.server.domain.db, self.server.hub, store_id=opened.id, functions=right)

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
            place_boxes,
            cancel_line,
            delete_line,
            delete_order,
            spoil_order,
            expect_acknowledging,
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
