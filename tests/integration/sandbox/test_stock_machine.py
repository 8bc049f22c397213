"""
Shoppers, API clients and the clock in any order, against a ledger kept by hand: counts are always what it says.

The ledger follows the table of a store's behaviour and knows nothing of how the sandbox keeps it.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from miva_sandbox.server import SandboxServer
from miva_sandbox.state import inventory
from miva_sandbox.state.baskets import OutOfStock, PaymentDied, PaymentRefused

from .catalogue import counts, fill
from .conftest import Client

NOON = 20_000 * 86_400 + 43_200
DAY, EXPIRY = 86_400, 60 * 60
# What can be bought: code and choices, and the product whose count it draws on.
OFFERS = {"MUG": ("MUG", {}), "TEE-S": ("TEE", {"size": "S"}), "TEE-M": ("TEE", {"size": "M"})}
PEOPLE = range(3)


@dataclass
class Basket:
    """{line id: (product, quantity)}, and when it was used last."""

    lines: dict = field(default_factory=dict)
    used: int = 0


class StockMachine(RuleBasedStateMachine):
    """What is sold and given back, by the book."""

    sandbox: ClassVar[SandboxServer]

    def __init__(self):
        super().__init__()
        self.sandbox.reset()
        self.sandbox.domain.clock.freeze(NOON)
        self.client = Client(self.sandbox, self.sandbox.full)
        fill(self.client)
        self.shoppers = [self.sandbox.shopper() for _ in PEOPLE]
        self.baskets = [Basket() for _ in PEOPLE]
        self.left = dict.fromkeys(OFFERS, 10)
        self.orders = {}
        self.looked = NOON

    def teardown(self):
        self.client.http.close()

    @initialize(mode=st.sampled_from(inventory.MODES))
    def choose_mode(self, mode):
        self.takes_early = mode == "basket"
        inventory.change_settings(self.sandbox.store, {"mode": mode})

    # what the ledger does

    @property
    def now(self):
        return self.sandbox.domain.clock.now()

    def emptied(self, basket):
        if self.takes_early:
            for product, quantity in basket.lines.values():
                self.left[product] += quantity
        basket.lines = {}

    def visited(self, person=None):
        """Whoever comes first after midnight sets the task off; who comes back late finds an empty basket."""
        due = [basket for basket in self.baskets if basket.used < self.now - EXPIRY]
        if self.now // DAY > self.looked // DAY:
            for basket in due:
                self.emptied(basket)
        self.looked = self.now
        if person is not None:
            basket = self.baskets[person]
            if basket in due and basket.used < self.now - EXPIRY:
                self.emptied(basket)
            return basket
        return None

    def can_have(self, basket, product, quantity, *, but=None):
        held = 0
        if not self.takes_early:
            held = sum(n for line, (other, n) in basket.lines.items() if other == product and line != but)
        return quantity <= max(self.left[product], 0) - held

    # what people do

    @rule(person=st.sampled_from(PEOPLE), product=st.sampled_from(sorted(OFFERS)), quantity=st.integers(1, 6))
    def add(self, person, product, quantity):
        basket = self.visited(person)
        code, chosen = OFFERS[product]
        if self.can_have(basket, product, quantity):
            line = self.shoppers[person].add(code, quantity, chosen)
            basket.lines[line] = (product, quantity)
            self.left[product] -= quantity if self.takes_early else 0
        else:
            with pytest.raises(OutOfStock):
                self.shoppers[person].add(code, quantity, chosen)
            # Who was refused has been there, but has used no basket.
            return
        basket.used = self.now

    def somebody(self, choice):
        """Return somebody who has left something in the basket."""
        people = [person for person in PEOPLE if self.baskets[person].lines]
        return people[choice % len(people)]

    @precondition(lambda self: any(basket.lines for basket in self.baskets))
    @rule(choice=st.integers(0, 5), quantity=st.integers(0, 8))
    def change(self, choice, quantity):
        person = self.somebody(choice)
        basket = self.visited(person)
        if not basket.lines:
            # It has expired, which the shopper finds on coming back.
            assert self.shoppers[person].look() == []
            return
        line, (product, before) = next(iter(basket.lines.items()))
        wanted = quantity - before if self.takes_early else quantity
        if quantity > before and not self.can_have(basket, product, wanted, but=line):
            with pytest.raises(OutOfStock):
                self.shoppers[person].change(line, quantity)
            return
        self.shoppers[person].change(line, quantity)
        self.left[product] -= quantity - before if self.takes_early else 0
        basket.lines[line] = (product, quantity)
        if not quantity:
            del basket.lines[line]
        basket.used = self.now

    @precondition(lambda self: any(basket.lines for basket in self.baskets))
    @rule(choice=st.integers(0, 5), payment=st.sampled_from(["authorised", "refused", "dies"]))
    def check_out(self, choice, payment):
        person = self.somebody(choice)
        basket = self.visited(person)
        shopper = self.shoppers[person]
        wanted = dict.fromkeys(OFFERS, 0)
        for product, quantity in basket.lines.values():
            wanted[product] += quantity
        if not basket.lines:
            # The basket has expired.
            assert shopper.check_out(payment=payment) is None
            return
        if not self.takes_early and any(n and n > max(self.left[product], 0) for product, n in wanted.items()):
            with pytest.raises(OutOfStock):
                shopper.check_out(payment=payment)
            return
        basket.used = self.now
        taken = not self.takes_early and payment != "refused"
        for product, quantity in wanted.items():
            self.left[product] -= quantity if taken else 0
        if payment == "authorised":
            self.orders[shopper.check_out(payment=payment).order_id] = wanted
            basket.lines = {}
            return
        with pytest.raises(PaymentRefused if payment == "refused" else PaymentDied):
            shopper.check_out(payment=payment)

    @rule(minutes=st.sampled_from([1, 59, 61, 600, 1500]))
    def wait(self, minutes):
        self.sandbox.domain.clock.move(minutes * 60)

    # what API clients do

    @rule(product=st.sampled_from(sorted(OFFERS)), by=st.integers(-5, 5))
    def adjust(self, product, by):
        self.visited()
        parameters = {"Product_Code": product, "TrackProduct": True, "AdjustStockBy": by}
        assert self.client.call("InventoryProductSettings_Update", **parameters)["success"] == 1
        self.left[product] += by

    @rule(quantity=st.integers(1, 15))
    def create(self, quantity):
        self.visited()
        made = self.client.call("Order_Create", Products=[{"code": "MUG", "quantity": quantity}])
        self.left["MUG"] -= quantity
        self.orders[made["data"]["id"]] = dict.fromkeys(OFFERS, 0) | {"MUG": quantity}

    @precondition(lambda self: self.orders)
    @rule(choice=st.integers(0, 99), is_shipped=st.booleans(), function=st.sampled_from(["Cancel", "Delete", "Order"]))
    def end(self, choice, is_shipped, function):
        """Cancel or delete the lines of an order, or the order: of shipped ones only the last keeps the stock."""
        self.visited()
        number = sorted(self.orders)[choice % len(self.orders)]
        drawn = self.orders.pop(number)
        rows = self.sandbox.store.db.rows("SELECT line_id FROM order_items WHERE order_id = ?", (number,))
        lines = {"Order_ID": number, "Line_IDs": [row["line_id"] for row in rows]}
        if is_shipped:
            made = self.client.call("OrderItemList_CreateShipment", **lines)["data"]
            self.client.call(
                "OrderShipmentList_Update", Shipment_Updates=[{"shpmnt_id": made["id"], "mark_shipped": True}]
            )
        name = "Order_Delete" if function == "Order" else f"OrderItemList_{function}"
        assert self.client.call(name, **lines)["success"] == 1
        if not (is_shipped and function == "Order"):
            for product, quantity in drawn.items():
                self.left[product] += quantity

    @invariant()
    def the_store_has_what_the_ledger_says(self):
        self.visited()
        assert counts(self.client) == self.left


def test_counts_are_always_what_the_ledger_says():
    with SandboxServer() as StockMachine.sandbox:
        run_state_machine_as_test(
            StockMachine,
            settings=settings(
                max_examples=20,
                stateful_step_count=25,
                deadline=None,
                # To make a failure smaller takes longer than a test may.
                phases=(Phase.explicit, Phase.reuse, Phase.generate),
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
