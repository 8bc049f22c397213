"""Whatever people ask for, in whatever order: what is always true of listings and of the store."""

from collections import Counter
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.hub import MemoryHub
from fakes.run import MemoryRun
from tradepost.domain.catalogue import Kind
from tradepost.domain.errors import StoreUnavailable
from tradepost.domain.listing import QUEUE, Health, Link, Pending
from tradepost.domain.stages import Stage, is_due
from tradepost.operations import publish, sync
from tradepost.operations.queue_changes import plan_pause, plan_unlink, queue
from transition_counts import chances, counted_transitions, table_of

SKUS = ("mug", "tee-S", "tee-M")


def asks(chance):
    return "ask", chance.choice(SKUS), chance.randrange(60)


def runs(chance):
    return chance.choice(["sync", "publish"]), None, 0


def asks_whatever_it_is(chance):
    return "ask whatever it is", chance.choice(SKUS), chance.randrange(60)


def does_something_else(chance):
    return chance.choice(["clear", "pause", "unpause", "unlink", "gone"]), chance.choice(SKUS), 0


def states_a_value(chance):
    return chance.choice(["quantity", "price"]), chance.choice(SKUS), chance.randint(1, 9)


# What is asked for, what runs, and now and then something else.
ACTS = (*[asks, runs] * 3, asks_whatever_it_is, does_something_else, states_a_value)


class Shop:
    """A hub in memory with a mug and a tee in two sizes, and all that is written to the store while a run works."""

    def __init__(self):
        self.hub = MemoryHub(brake_at_least=1000)
        self.hub.listings.build(a_simple("mug"))
        self.hub.listings.build(a_family("tee", "S", "M"))

    def rows(self):
        return self.hub.listings.by_ids(self.hub.listings.all)

    def run(self, verb):
        self.hub.run = MemoryRun()
        self.hub.store.writes.clear()
        verb.execute(self.hub.ports())
        return self.hub.run

    def asked(self, work):
        """Do what a person asks for, in a transaction."""
        self.hub.run = MemoryRun()
        with self.hub.run.transaction():
            work()

    def act(self, what, sku, value):
        listings = self.hub.listings
        row = listings.of(sku) if sku else None
        match what:
            case "ask":
                if allowed := sorted(QUEUE[row.status.settled]):
                    self.asked(lambda: queue(listings, [row], allowed[value % len(allowed)]))
            case "ask whatever it is":
                self.asked(lambda: queue(listings, [row], list(Pending)[value % len(Pending)]))
            case "clear":
                self.asked(lambda: queue(listings, [row], Pending.NONE))
            case "pause" | "unpause":
                rows = [row] if what == "pause" else self.rows()
                self.asked(lambda: listings.set_status(plan_pause(rows, is_paused=what == "pause").statuses))
            case "unlink":
                self.asked(lambda: listings.set_status(plan_unlink([row]).statuses))
            case "quantity":
                listings.change(sku, available=value)
            case "price":
                listings.change(sku, wanted_price=Decimal(value))
            case "gone":
                product = self.hub.store.shelf.by_key.get(row.code.lower())
                if product is not None:
                    self.hub.store.shelf.delete(product.id)
            case "sync":
                self.run(sync)
            case "publish":
                self.run(publish)


def codes_written(shop):
    return {code.lower() for _method, codes in shop.hub.store.writes for code in codes}


def look(shop, before, verb, gone_for_good):
    """What must be so after each act; `before`: the rows as they were, `verb`: the run, if it was one."""
    shelf = shop.hub.store.shelf
    for row in shop.rows():
        # One pending change at most, of those that may be asked for; no id without a link, and no link without one.
        assert row.status.pending in {Pending.NONE, *QUEUE[row.status.settled]}
        assert (row.external_id is None) == (row.status.link is Link.UNLINKED)
        # What was delisted never comes back under its old id.
        assert row.external_id not in gone_for_good
        product = shelf.by_key.get(row.code.lower())
        if row.status.settled == (Health.HIDDEN, Link.LINKED) and row.kind is not Kind.PARENT and product is not None:
            assert product.stock.count == 0
    skus = Counter(product.sku for product in shelf.by_key.values() if product.sku)
    assert all(number == 1 for number in skus.values()), "two products for one listing"
    if verb is None:
        return
    written = codes_written(shop)
    for row in before:
        is_ours = row.status.link is Link.LINKED or (verb == "publish" and row.status.link is Link.UNLINKED)
        if row.kind is not Kind.PARENT and (row.status.is_paused or not is_ours):
            assert row.code.lower() not in written


def run_through(acts):
    shop = Shop()
    gone_for_good = set()
    for what, sku, value in acts:
        before = shop.rows()
        shop.act(what, sku, value)
        deleted = {row.external_id for row in before if row.external_id is not None}
        gone_for_good |= {
            row.external_id
            for row in before
            if row.external_id in deleted and shop.hub.listings.all[row.id].status.health is Health.DELISTED
        }
        look(shop, before, what if what in {"sync", "publish"} else None, gone_for_good)
    # Whatever has happened: once everything is applied, doing it again writes nothing.
    for verb in (publish, sync, publish, sync):
        shop.run(verb)
    for verb in (publish, sync):
        shop.run(verb)
        assert shop.hub.store.writes == []


def test_no_sequence_of_acts_breaks_what_is_always_true():
    with counted_transitions() as counts:
        for chance in chances(200):
            run_through([("publish", None, 0), *(chance.choice(ACTS)(chance) for _ in range(chance.randint(15, 40)))])

    by_acts = {"publish asked", "published", "hide asked", "hidden", "unhide asked", "unhidden", "delist asked"}
    by_acts |= {"delisted", "overwrite asked", "overwritten", "unlinked", "broken", "cleared", "paused", "unpaused"}
    assert min(counts[name] for name in by_acts) >= 10, table_of(counts)


def listed():
    shop = Shop()
    shop.run(publish)
    return shop


@pytest.mark.parametrize("function", ["products_by_id", "iterate_existing", "count_existing", "products_by_code"])
def test_a_read_that_fails_breaks_no_link(monkeypatch, function):
    shop = listed()
    shop.hub.listings.change("mug", wanted_price=Decimal(3), available=1)
    before = [row.status for row in shop.rows()]

    def fails(*_args, **_options):
        raise StoreUnavailable("The store did not answer.")

    monkeypatch.setattr(shop.hub.store, function, fails)
    with suppress(StoreUnavailable):
        shop.run(sync)

    assert [row.status for row in shop.rows()] == before


@given(prices=st.lists(st.integers(1, 9), min_size=2, max_size=2, unique=True))
def test_what_changes_while_a_run_is_at_work_is_due_after_it(prices):
    first, later = map(Decimal, prices)
    shop = listed()
    shop.hub.listings.change("mug", wanted_price=first + 100)
    shop.hub.store.faults.before_write = lambda: shop.hub.listings.change("mug", wanted_price=later)

    shop.run(sync)

    assert is_due(Stage.PRICE, shop.hub.listings.of("mug"))


def test_what_is_proven_was_true_before_anything_was_sent(monkeypatch):
    shop = listed()
    shop.hub.listings.change("mug", wanted_price=Decimal(3))
    sent, proven = [], []
    shop.hub.store.faults.before_write = lambda: sent.append(shop.hub.now)
    record = shop.hub.listings.record
    monkeypatch.setattr(shop.hub.listings, "record", lambda proofs: (proven.extend(proofs), record(proofs))[1])

    shop.run(sync)

    assert [proof.price for proof in proven] == [Decimal(3)]
    assert proven[0].at <= sent[0]
