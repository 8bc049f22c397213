"""
One shopper, for tests: does what a person does on the storefront's pages, without the pages.

    shopper = sandbox.shopper()
    line = shopper.add("TEE", 2, size="M")
    shopper.change(line, 3)
    shopper.check_out(payment="refused")
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from miva_sandbox.state import baskets, sales, scheduled_tasks
from miva_sandbox.state.baskets import Buyer, Item, Purchase
from miva_sandbox.state.columns import key
from miva_sandbox.state.hooks import PaymentOutcome
from miva_sandbox.state.store import Store

_ADDRESS = {
    "fname": "Ada",
    "lname": "Shopper",
    "email": "shopper@example.com",
    "addr1": "1 Pier Rd",
    "city": "Salem",
    "state": "OR",
    "zip": "97301",
    "cntry": "US",
}
BUYER = Buyer(address={f"{side}_{name}": text for side in ("ship", "bill") for name, text in _ADDRESS.items()})


class Shopper:
    """
    `session` names the basket, and is blank until there is one; a shopper who is made with it is the same person.

    Whoever stays away abandons the basket: it expires by the store's clock.
    """

    def __init__(self, store: Store, session: str = "") -> None:
        self._store = store
        self.session = session

    def add(self, code: str, quantity: int = 1, choices: Mapping[str, str] | None = None, **further: str) -> int:
        """
        Put a product into the basket and return the line's id; choices are {attribute code: option code or text}.

        A template's attributes go by their own codes. Raises NotForSaleError, OutOfStock.
        """
        chosen = {key(name): value for name, value in {**(choices or {}), **further}.items()}
        given = {name: value for attribute, value in chosen.items() for name in ((attribute, ""), ("", attribute))}
        with self._visit():
            sold = sales.chosen(self._store, code, given, quantity=quantity)
            if (held := baskets.find(self._store, self.session)) is None:
                self.session = baskets.open_new(self._store)
                held = baskets.find(self._store, self.session)
            assert held is not None
            return baskets.add(self._store, held, sold)

    def change(self, line_id: int, quantity: int) -> None:
        """Raises OutOfStock."""
        with self._visit():
            if (held := baskets.find(self._store, self.session)) is not None:
                baskets.change(self._store, held, line_id, quantity)

    def remove(self, line_id: int) -> None:
        self.change(line_id, 0)

    def empty(self) -> None:
        with self._visit():
            if (held := baskets.find(self._store, self.session)) is not None:
                baskets.empty(self._store, held)

    def look(self) -> list[Item]:
        """Return to the basket and see what is in it; one that has expired is empty."""
        with self._visit():
            held = baskets.find(self._store, self.session)
            return baskets.items(self._store, held["id"]) if held is not None else []

    def check_out(self, *, payment: PaymentOutcome | None = None, buyer: Buyer = BUYER) -> Purchase | None:
        """
        Order what is in the basket; None if there is nothing in it.

        Without `payment` it is authorised, unless a fault says otherwise. Raises OutOfStock, PaymentRefused,
        PaymentDied.
        """
        with self._visit():
            held = baskets.find(self._store, self.session)
            if held is None or not baskets.items(self._store, held["id"]):
                return None
            return baskets.check_out(self._store, held, buyer, payment=payment)

    @contextmanager
    def _visit(self) -> Iterator[None]:
        self._store.agenda.catch_up()
        scheduled_tasks.run_due(self._store)
        with self._store.db.lock:
            yield
