"""A shop whose stock is told about: shoppers who buy, a merchant who works on orders by hand, and time that passes."""

from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta

import stamina

from integration.operations.conftest import HEADER, Shop
from integration.sandbox.conftest import Client
from miva_sandbox import provisioning
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import inventory
from miva_sandbox.state.baskets import OutOfStock
from miva_sandbox.state.sales import NotForSaleError
from tradepost.domain.errors import AnswerLost, StoreUnavailable

MODES = ["basket", "checkout"]
MINUTE, HOUR = 60, 3600
# Longer than a store keeps a basket, and than it takes until the nightly task has looked at it.
BASKET_LIFE = 26 * HOUR
# Longer than a request whose answer was lost can still arrive.
LOST_ANSWER = 181

# What can be bought: by SKU, the code and the choices on its page.
OFFERS = {"MUG": ("MUG", {}), "TEE-S": ("tee", {"Size": "S"}), "TEE-M": ("tee", {"Size": "M"})}
STATED = {"MUG": 8, "TEE-S": 6, "TEE-M": 5}


def catalogue_of(quantities, *, without=(), has_sizes=True):
    """
    Write a catalogue file of a mug and a tee in two sizes, with these numbers; `without` these SKUs.

    A tee without sizes is TEE-S alone.
    """
    stated = {**STATED, **quantities}
    sizes = {sku: sku.removeprefix("TEE-") for sku in ("TEE-S", "TEE-M") if has_sizes or sku == "TEE-S"}
    tees = "".join(
        f"tee,Cotton Tee,,Acme,,{'Size' if has_sizes else ''},{size if has_sizes else ''},,,{sku},400,{stated[sku]},"
        "15.00,,\n"
        for sku, size in sizes.items()
        if sku not in without
    )
    mug = "" if "MUG" in without else f"mug,Enamel Mug,,Acme,,,,,,MUG,210,{stated['MUG']},7.90,,\n"
    return HEADER + mug + tees


class HubClock:
    """The hub's clock: real time, plus whatever it was moved by."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved


class Merchant:
    """Somebody who works on the store's orders and products by hand, with every right."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self._sandbox = sandbox
        self._client = Client(sandbox, sandbox.full)

    def close(self) -> None:
        self._client.http.close()

    def call(self, function, **parameters):
        # A time stamp is right, however wrong the store's own clock may be.
        answer = self._client.call(function, Miva_Request_Timestamp=self._sandbox.domain.clock.unskewed(), **parameters)
        assert answer["success"] == 1, answer
        return answer.get("data")

    def lines(self, order_id):
        """Return {line id: (SKU or code, quantity, status)} of an order."""
        rows = self._sandbox.store.db.rows(
            "SELECT line_id, code, sku, quantity, status FROM order_items WHERE order_id = ?", (order_id,)
        )
        return {row["line_id"]: (row["sku"] or row["code"], row["quantity"], row["status"]) for row in rows}

    def orders(self):
        return [row["id"] for row in self._sandbox.store.db.rows("SELECT id FROM orders ORDER BY id")]

    def create(self, code, quantity):
        return self.call("Order_Create", Products=[{"code": code, "quantity": quantity}])["id"]

    def cancel(self, order_id):
        self.call("OrderItemList_Cancel", Order_ID=order_id, Line_IDs=list(self.lines(order_id)))

    def delete(self, order_id):
        self.call("Order_Delete", Order_ID=order_id)

    def ship(self, order_id):
        open_lines = [line for line, (_, _, status) in self.lines(order_id).items() if status == 0]
        made = self.call("OrderItemList_CreateShipment", Order_ID=order_id, Line_IDs=open_lines)
        self.call("OrderShipmentList_Update", Shipment_Updates=[{"shpmnt_id": made["id"], "mark_shipped": True}])

    def split(self, order_id, line_id):
        """Split one piece off a line."""
        self.call("OrderItem_Split", Order_ID=order_id, Line_ID=line_id, Quantity=1)

    def set_count(self, code, count):
        self.call("InventoryProductSettings_Update", Product_Code=code, TrackProduct=True, CurrentStock=count)

    def set_price(self, code, price):
        xml = f'<Product_Update code="{code}"><Price>{price}</Price></Product_Update>'
        assert list(provisioning.run(self._sandbox.store, xml)) == []


class StockShop(Shop):
    """A shop with a clock of its own; the store's goes along with it. What is asked again is asked at once."""

    retrying = stamina.RetryingCaller(attempts=4, timeout=180, wait_initial=0, wait_max=0, wait_jitter=0)

    def __init__(self, sandbox, folder, *, token, mode="basket", name="Shop", clock=None) -> None:
        super().__init__(sandbox, folder, token=token, name=name, clock=clock or HubClock())
        inventory.change_settings(sandbox.store, {"mode": mode})
        self.mode = mode
        self.merchant = Merchant(sandbox)

    def close(self) -> None:
        self.merchant.close()
        super().close()

    def state(self, **quantities) -> None:
        """Import the catalogue with these numbers, TEE_S for TEE-S."""
        self.import_text(catalogue_of({sku.replace("_", "-"): number for sku, number in quantities.items()}))

    def wait(self, seconds) -> None:
        """Let time pass, for the hub and the store."""
        self.clock.moved += timedelta(seconds=seconds)
        self.sandbox.domain.clock.move(seconds)

    def catch_up(self) -> None:
        """Get orders, then sync, as the schedules do."""
        self.get_orders()
        self.sync()

    def add(self, sku, pieces):
        """Let a shopper put pieces into a new basket; return the shopper."""
        code, choices = OFFERS[sku]
        shopper = self.sandbox.shopper()
        shopper.add(code, pieces, choices)
        return shopper

    def buy(self, sku, pieces) -> int:
        """Let a shopper buy pieces; return the order's number."""
        return self.add(sku, pieces).check_out().order_id

    def can_buy(self, sku) -> int:
        """Say how many pieces a shopper could have now: put into a basket one by one, and put back."""
        return pieces_in_reach(self.sandbox, *OFFERS[sku])


def pieces_in_reach(sandbox, code, choices) -> int:
    """Put pieces of what stands on a page into a basket one by one until there is no more, and all back; count them."""
    shopper = sandbox.shopper()
    pieces = 0
    try:
        while True:
            shopper.add(code, 1, choices)
            pieces += 1
    except (OutOfStock, NotForSaleError):
        return pieces
    finally:
        shopper.empty()


class MeanwhileStore:
    """A store where something happens before an answer of it is known, once: to that call of a function of the port."""

    def __init__(self, store, happens, *, during="write_stock", call=0) -> None:
        self._store, self._happens, self._during, self._calls = store, happens, during, call

    def __getattr__(self, name):
        found = getattr(self._store, name)
        return self._meanwhile(found) if name == self._during else found

    def _meanwhile(self, function):
        def called(*args, **options):
            answer = function(*args, **options)
            self._calls -= 1
            if self._calls == -1:
                self._happens()
            return answer

        return called


def answer_lost() -> AbstractContextManager[None]:
    """What goes on although the store did not answer."""
    return suppress(AnswerLost, StoreUnavailable)
