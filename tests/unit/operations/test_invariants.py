"""Whatever people ask for, in whatever order: what is always true of listings and of the store."""

from collections import Counter
from contextlib import suppress
from decimal import Decimal
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from asking import queue
from fakes.articles import a_family, a_simple
from fakes.hub import MemoryHub
from fakes.run import MemoryRun
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import Retry, StoreUnavailable, UnexpectedAnswer
from tradepost.domain.listings.listing import QUEUE, Health, Link, Pending
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.operations.listings import publish, sync
from tradepost.operations.listings.queue_changes import plan_pause, plan_unlink
from tradepost.operations.ports import LatestProducts, RangeCount
from tradepost.operations.selection import EVERYTHING, Selection
from transition_counts import chances, counted_transitions, table_of

SKUS = ("mug", "tee-S", "tee-M")


def asks(chance):
    return "ask", chance.choice(SKUS), chance.randrange(60)


def runs(chance):
    return chance.choice(["sync", "publish"]), None, 0


def asks_whatever_it_is(chance):
    return "ask whatever it is", chance.choice(SKUS), chance.randrange(60)


def does_something_else(chance):
    return chance.choice(["clear", "pause", "unpause", "unpause", "unlink", "gone"]), chance.choice(SKUS), 0


def states_a_value(chance):
    return chance.choice([*VALUES]), chance.choice(SKUS), chance.randint(1, 9)


# What is asked for, what runs, and now and then something else.
ACTS = (*[asks, runs] * 3, asks_whatever_it_is, does_something_else, states_a_value)
VALUES = {
    "quantity": lambda number: {"available": number},
    "price": lambda number: {"wanted_price": Decimal(number)},
    "hold the price": lambda _number: {"is_price_held": True},
    "let the price go": lambda _number: {"is_price_held": False},
}
# What a run may ask a store, and of that the lists that can be cut off without saying so.
LISTS = ("iterate_existing", "existing_between", "count_existing", "latest_changed")
READS = (*LISTS, "existing_by_id", "products_by_id", "contents_by_id", "products_by_code", "products_by_sku")


def acts_of(chance, *, at_least, at_most):
    return [("publish", None, 0), *(chance.choice(ACTS)(chance) for _ in range(chance.randint(at_least, at_most)))]


class Shop:
    """A hub in memory with a mug and a tee in two sizes, and all that is written to the store while a run works."""

    def __init__(self):
        self.hub = MemoryHub(brake_at_least=1000)
        self.hub.listings.build(a_simple("mug"))
        self.hub.listings.build(a_family("tee", "S", "M"))
        # Whenever something was sent, with the codes since, and what was recorded.
        self._sent = []
        self.hub.store.faults.before_write = lambda: self._sent.append((self.hub.now, len(self.hub.store.writes)))
        self._record, self.hub.listings.record = self.hub.listings.record, self._recorded
        self._enter, self.hub.accounts.record = self.hub.accounts.record, self._entered

    def _recorded(self, proofs):
        self._compare_dates((proof.listing_id, proof.at) for proof in proofs)
        self._record(proofs)

    def _entered(self, entries, **more):
        self._compare_dates((entry.listing_id, entry.proven_at) for entry in entries if entry.proven_at is not None)
        self._enter(entries, **more)

    def _compare_dates(self, proven):
        """What is proven of a row is dated before anything of it was sent, whatever changes meanwhile."""
        writes = self.hub.store.writes
        sent = [(at, {code.lower() for code in writes[index][1]}) for at, index in self._sent if index < len(writes)]
        for listing_id, proven_at in proven:
            code = self.hub.listings.all[listing_id].code.lower()
            assert all(proven_at <= at for at, codes in sent if code in codes)
        self._sent.clear()

    def rows(self):
        return self.hub.listings.by_ids(self.hub.listings.all)

    def run(self, verb, selection=EVERYTHING):
        self.hub.run = MemoryRun()
        self.hub.store.writes.clear()
        self._sent.clear()
        verb.execute(self.hub.ports(), selection)
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
            case "quantity" | "price" | "hold the price" | "let the price go":
                listings.change(sku, **VALUES[what](value))
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


def prices(shop):
    """The price of every product of the store, by code key."""
    return {key: product.price for key, product in shop.hub.store.shelf.by_key.items()}


def look(shop, before, verb, gone_for_good, cost):
    """
    What must be so after each act; `before` and `cost`: the rows and the prices on the store as they were, `verb`: the
    run, if it was one.
    """
    shelf = shop.hub.store.shelf
    for row in shop.rows():
        # One pending change at most, of those that may be asked for; no id without a link, and no link without one.
        assert row.status.pending in {Pending.NONE, *QUEUE[row.status.settled]}
        assert (row.external_id is None) == (row.status.link is Link.UNLINKED)
        # What was delisted never comes back under its old id.
        assert row.external_id not in gone_for_good
        product = shelf.by_key.get(row.code.lower())
        if row.status.settled == (Health.HIDDEN, Link.LINKED) and row.kind is not Kind.PARENT and product is not None:
            # What was on sale when it was linked under a hidden family is hidden by the next sync.
            assert product.stock.count == 0 or is_due(Stage.HIDE, row)
    skus = Counter(product.sku for product in shelf.by_key.values() if product.sku)
    assert all(number == 1 for number in skus.values()), "two products for one listing"
    if verb is None:
        return
    written = codes_written(shop)
    for row in before:
        is_ours = row.status.link is Link.LINKED or (verb == "publish" and row.status.link is Link.UNLINKED)
        if row.kind is not Kind.PARENT and (row.status.is_paused or not is_ours):
            assert row.code.lower() not in written
        if row.kind is not Kind.PARENT and row.is_price_held and row.code.lower() in shelf.by_key:
            # Neither made with the price that is held back, nor given it.
            assert shelf.by_key[row.code.lower()].price == cost.get(row.code.lower(), "not there")


def run_through(acts):
    shop = Shop()
    gone_for_good = set()
    for what, sku, value in acts:
        before, cost = shop.rows(), prices(shop)
        shop.act(what, sku, value)
        deleted = {row.external_id for row in before if row.external_id is not None}
        gone_for_good |= {
            row.external_id
            for row in before
            if row.external_id in deleted and shop.hub.listings.all[row.id].status.health is Health.DELISTED
        }
        look(shop, before, what if what in {"sync", "publish"} else None, gone_for_good, cost)
    # Whatever has happened: once everything is applied, doing it again writes nothing.
    for verb in (publish, sync, publish, sync):
        shop.run(verb)
    for verb in (publish, sync):
        shop.run(verb)
        assert shop.hub.store.writes == []


def test_no_sequence_of_acts_breaks_what_is_always_true():
    """R52: whatever is done in whatever order, the invariants of listings hold."""
    with counted_transitions() as counts:
        for chance in chances(200):
            run_through(acts_of(chance, at_least=15, at_most=40))

    by_acts = {"publish asked", "published", "hide asked", "hidden", "unhide asked", "unhidden", "delist asked"}
    by_acts |= {"delisted", "overwrite asked", "overwritten", "unlinked", "broken", "cleared", "paused", "unpaused"}
    assert min(counts[name] for name in by_acts) >= 10, table_of(counts)


def listed():
    shop = Shop()
    shop.run(publish)
    return shop


class BadReads:
    """
    A store of which one function answers badly from its `first` call on: it fails, or its list ends too early.

    Products that are asked for by their ids are the one thing that is believed.
    """

    def __init__(self, store, function, *, first, is_cut):
        self._store = store
        self._function = function
        self._left = first
        self._is_cut = is_cut

    def __getattr__(self, name):
        found = getattr(self._store, name)
        if name != self._function:
            return found

        def badly(*args, **options):
            self._left -= 1
            if self._left >= 0:
                return found(*args, **options)
            if not self._is_cut:
                raise StoreUnavailable("The store did not answer.")
            return cut(name, found(*args, **options))

        return badly


def cut(function, answer):
    """Half of what there is, as if it were all."""
    match function:
        case "iterate_existing":
            return iter([page[: len(page) // 2] for page in answer])
        case "existing_between":
            return [rows[: len(rows) // 2] for rows in answer]
        case "count_existing":
            return [RangeCount(each.products // 2, each.highest_id) for each in answer]
    return LatestProducts(answer.rows[: len(answer.rows) // 2], answer.total)


def still_there(shop):
    """The linked listings whose product the store has."""
    ids = {product.id for product in shop.hub.store.shelf.by_key.values()}
    return {row.id for row in shop.rows() if row.status.link is Link.LINKED and row.external_id in ids}


def broken(shop):
    return {row.id for row in shop.rows() if row.status.link is Link.BROKEN}


@given(
    number=st.integers(0, 10**6),
    read=st.sampled_from([(function, False) for function in READS] + [(function, True) for function in LISTS]),
    first=st.integers(0, 2),
    verb=st.sampled_from([sync, sync, publish]),
    is_full=st.booleans(),
)
# Both sizes and their page were deleted as asked, and then nobody could look.
@example(number=304786, read=("products_by_id", False), first=2, verb=sync, is_full=False)
# One size had been unlinked before the other one was delisted, so that the page went with that.
@example(number=1133, read=("products_by_id", False), first=2, verb=sync, is_full=False)
def test_a_read_that_fails_or_is_cut_off_breaks_no_link(number, read, first, verb, is_full):
    shop = Shop()
    for what, sku, value in acts_of(Random(number), at_least=0, at_most=12):
        shop.act(what, sku, value)
    there = still_there(shop)
    function, is_cut = read
    store, shop.hub.store = shop.hub.store, BadReads(shop.hub.store, function, first=first, is_cut=is_cut)

    with suppress(Retry, UnexpectedAnswer):
        shop.run(verb, Selection(full_existence=is_full))
    broken_then = broken(shop)
    shop.hub.store = store
    shop.run(sync)

    assert broken_then & there == set()
    assert broken(shop) & there == set()


def test_a_page_that_went_with_its_last_variant_in_a_run_that_was_cut_off_is_no_broken_link():
    shop = listed()
    variants = [shop.hub.listings.of(sku) for sku in ("tee-S", "tee-M")]
    shop.asked(lambda: queue(shop.hub.listings, variants, Pending.DELIST))
    # The store has deleted all three, and nothing is recorded of it.
    whole, shop.hub.store = shop.hub.store, BadReads(shop.hub.store, "products_by_id", first=2, is_cut=False)
    with suppress(Retry):
        shop.run(sync)
    shop.hub.store = whole
    left = set(whole.shelf.by_key)

    shop.run(sync)

    family = [row for row in shop.rows() if row.sku != "mug"]
    assert left == {"mug"}
    assert {row.status.health for row in family} == {Health.DELISTED}


@given(prices=st.lists(st.integers(1, 9), min_size=2, max_size=2, unique=True))
def test_what_changes_while_a_run_is_at_work_is_due_after_it(prices):
    """R28: what changes while a sync is at work is sent by the next one."""
    first, later = map(Decimal, prices)
    shop = listed()
    shop.hub.listings.change("mug", wanted_price=first + 100)
    shop.hub.store.faults.before_write = lambda: shop.hub.listings.change("mug", wanted_price=later)

    shop.run(sync)

    assert is_due(Stage.PRICE, shop.hub.listings.of("mug"))
