"""Shoppers who order at a given rate: real baskets, real stock, chosen at random but repeatably."""

import random
import threading

from miva_sandbox.control.shopper import BUYER
from miva_sandbox.state import attributes, baskets, choices, products, sales, scheduled_tasks
from miva_sandbox.state.baskets import OutOfStock, PaymentDied, PaymentRefused
from miva_sandbox.state.store import Store

_TRIES = 20


def order_once(store: Store, chooser: random.Random) -> int | None:
    """
    Order one unit of something that is active and in stock, and return the number, also of a purchase that is pending.

    None if nothing like it was met in some tries, or if a fault took the payment.
    """
    store.agenda.catch_up()
    scheduled_tasks.run_due(store)
    with store.db.lock:
        for _ in range(_TRIES):
            sold = _choose(store, chooser)
            if sold is None:
                continue
            basket = baskets.find(store, baskets.open_new(store))
            assert basket is not None
            try:
                baskets.add(store, basket, sold)
            except OutOfStock:
                store.db.execute("DELETE FROM baskets WHERE id = ?", (basket["id"],))
                continue
            try:
                return baskets.check_out(store, basket, BUYER).order_id
            except (OutOfStock, PaymentRefused, PaymentDied):
                return None
    return None


def _choose(store: Store, chooser: random.Random) -> sales.Sale | None:
    highest = store.db.value("SELECT max(id) FROM products WHERE active") or 0
    product_id = store.db.value(
        "SELECT id FROM products WHERE active AND id >= ? ORDER BY id LIMIT 1", (chooser.randint(0, highest),)
    )
    product = products.find_by_id(store, product_id) if product_id is not None else None
    if product is None:
        return None
    asked = choices.questions(store, product["id"])
    given: dict[tuple[str, str], str] = {}
    for question in asked:
        options = attributes.options_of(store, question.kind, question.attribute["id"]) if question.is_choice else []
        if options:
            given[question.name] = chooser.choice(options)["code"]
        elif question.attribute["required"]:
            given[question.name] = "Yes"
    answers = choices.read(store, asked, given)
    variant_id = choices.variant_of(store, product["id"], asked, answers)
    if variant_id is None:
        return None
    return sales.sale(store, product, variant_id=variant_id, answers=answers, quantity=1)


class Shoppers:
    """At most one crowd at a time, in a thread of its own."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.placed = 0

    @property
    def are_shopping(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, store: Store, *, rate: float, count: int | None, seed: int) -> None:
        """Let them order `rate` times a second, `count` times in all or until they are stopped."""
        self.stop()
        self._stop = threading.Event()
        self.placed = 0
        self._thread = threading.Thread(
            target=self._shop,
            args=(store, rate, count, random.Random(seed), self._stop),  # noqa: S311 - repeatable on purpose
            name="shoppers",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _shop(
        self, store: Store, rate: float, count: int | None, chooser: random.Random, stop: threading.Event
    ) -> None:
        tried = 0
        while (count is None or tried < count) and not stop.wait(1 / rate):
            tried += 1
            if order_once(store, chooser) is not None:
                self.placed += 1
