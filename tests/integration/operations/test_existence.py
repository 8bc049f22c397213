"""The existence pass over sockets: a store of 3,500 products, its request log, and its faults."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from attentions import kinds_of
from fakes.run import MemoryRun
from miva_sandbox.control import bulk
from miva_sandbox.faults.rules import Rule
from miva_sandbox.provisioning import run as provision
from tradepost.database.channels.connections import save_store_connection
from tradepost.database.models import ExistenceNote, Listing, ProductRecord, VariantRecord
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import Reconfigure, StoreDoubted, StoreUnavailable
from tradepost.domain.listings.listing import Health, Link, Pending
from tradepost.domain.plan import Action
from tradepost.operations.existence import Existence
from tradepost.operations.form import drive
from tradepost.operations.ports import StoreConnection
from tradepost.security.encryption import FernetCipher

from .conftest import EIGHT, Shop

PRODUCTS = 3500
COUNTED = [("ProductList_Load_Query",)] * 3
# The products of broken links are asked for by id, all of them in one request.
HEALING = [("ProductList_Load_Query",), *COUNTED]


def fill(shop):
    """Make products that were created and changed a day ago, and listings linked to nine in ten of them."""
    store = shop.sandbox.store
    with store.db.savepoint():
        bulk.add_products(store, PRODUCTS)
        store.db.execute("UPDATE products SET dt_created = dt_created - 86400, dt_updated = dt_updated - 86400")
    at, now = datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC)
    numbers = range(1, PRODUCTS + 1)
    ProductRecord.objects.bulk_create(
        ProductRecord(id=i, handle=f"seed-{i}", title="Seeded", created_at=at, updated_at=at) for i in numbers
    )
    VariantRecord.objects.bulk_create(
        VariantRecord(id=i, product_id=i, sku=f"SEED-{i}", position=1, price=1, quantity=5, stated_at=at)
        for i in numbers
    )
    linked = {"health": Health.LISTED, "link": Link.LINKED, "wanted_price": 1, "proven_price": 1, "available": 5}
    Listing.objects.bulk_create(
        Listing(
            **linked,
            channel=shop.channel,
            product_id=i,
            variant_id=i,
            kind=Kind.SIMPLE,
            code=f"SEED-{i}",
            code_key=f"seed-{i}",
            sku=f"SEED-{i}",
            external_id=i,
            account=5,
            looked_at=now,
            compared_at=now,
            created_at=at,
        )
        for i in numbers
        if i % 10
    )


@pytest.fixture
def shop(sandbox, sqlite, tmp_path):
    """A shop after its first pass; every tenth product of the store is none of ours."""
    made = Shop(sandbox, tmp_path, token=EIGHT)
    fill(made)
    assert check(made) == []
    yield made
    made.close()


def check(shop, **options):
    """Run a pass; returns its changes, and leaves only its own requests in the log."""
    shop.sandbox.log.clear()
    run = MemoryRun(atomic=transaction.atomic)
    drive(shop.ports(run), Existence(**options))
    return sorted((result.change.action, result.change.subject.key) for result in run.results)


def requests(shop):
    return [tuple(operation.function for operation in request.operations) for request in shop.sandbox.log.requests()]


def edit(shop, *tags):
    assert list(provision(shop.sandbox.store, "".join(tags))) == []


def delete(number):
    return f'<Product_Delete code="SEED-{number}"/>'


def recode(number, code):
    return f'<Product_Update code="SEED-{number}"><Code>{code}</Code></Product_Update>'


def linked(shop):
    return set(Listing.objects.filter(channel=shop.channel, link="linked").values_list("external_id", flat=True))


def test_a_store_that_nobody_touched_takes_three_requests(shop):
    assert check(shop) == []

    assert requests(shop) == COUNTED


def test_ten_products_that_are_gone_are_found_by_counting(shop):
    gone = [7, 8, 999, 1001, 1501, 2222, 2998, 2999, 3001, 3499]
    edit(shop, *map(delete, gone))

    assert check(shop) == sorted((Action.BREAK, f"SEED-{number}") for number in gone)

    # The changes, the count of all; of three stretches; their rows; the tail; each missing one by its id and code.
    assert [len(operations) for operations in requests(shop)] == [1, 1, 3, 3, 1, 1, 1]
    assert check(shop) == []
    assert requests(shop) == HEALING


def test_what_was_to_be_delisted_and_is_gone_already_is_delisted_and_no_broken_link(shop):
    shop.queue(Pending.DELIST, "SEED-7")
    edit(shop, delete(7), delete(8))

    found = check(shop)

    assert found == [(Action.BREAK, "SEED-8"), (Action.DELIST, "SEED-7")]
    delisted, broken = shop.listing("SEED-7"), shop.listing("SEED-8")
    assert (delisted.health, delisted.link, delisted.external_id) == ("delisted", "unlinked", None)
    assert kinds_of(delisted) == set()
    assert (broken.health, broken.link, kinds_of(broken)) == ("listed", "broken", {"broken_link"})


def test_a_product_of_nobody_that_is_gone_is_noted(shop):
    edit(shop, delete(1230))

    assert check(shop) == []
    assert [len(operations) for operations in requests(shop)] == [1, 1, 3, 1, 1]

    assert check(shop) == []
    assert requests(shop) == COUNTED


def test_new_codes_are_noted_without_reading_the_rest(shop):
    edit(shop, recode(15, "FIFTEEN"), recode(3333, "LATER"), recode(20, "NOBODYS"))

    assert check(shop) == [(Action.UPDATE, "SEED-15"), (Action.UPDATE, "SEED-3333")]

    assert requests(shop) == COUNTED
    assert check(shop) == []


def test_what_others_touched_is_read_by_the_thousand(shop):
    shop.sandbox.store.db.execute("UPDATE products SET dt_updated = dt_updated + 3600 WHERE id <= 1500")

    assert check(shop) == []

    assert requests(shop) == COUNTED + [("ProductList_Load_Query",)] * 2
    assert check(shop) == []
    assert requests(shop) == COUNTED


def test_what_we_create_is_read_behind_the_notes(shop):
    bulk.add_products(shop.sandbox.store, 1200)

    assert check(shop) == []

    assert len(ExistenceNote.objects.get(channel=shop.channel).stretches) == 4
    assert check(shop) == []
    assert requests(shop) == COUNTED


def test_a_store_that_forgot_products_and_gave_their_ids_again_is_doubted(shop):
    products = shop.sandbox.store.db
    products.execute("UPDATE products SET dt_created = dt_created + 7200 WHERE id > 2990")
    products.execute("UPDATE products SET dt_updated = dt_created WHERE id > 2990")
    products.execute("UPDATE products SET code = 'NEW-' || id, code_key = 'new-' || id WHERE id > 3498")

    with pytest.raises(StoreDoubted, match="made at another time"):
        check(shop)

    shop.channel.refresh_from_db()
    assert shop.channel.store_standing == "doubted"
    assert len(linked(shop)) == PRODUCTS * 9 // 10


def test_the_whole_store_is_read_on_request(shop):
    assert check(shop, full=True) == []

    assert len(requests(shop)) == 1 + 4


@pytest.mark.parametrize(
    ("kind", "number"), [*(("drop_after", number) for number in range(1, 8)), ("cut", 3), ("cut", 4), ("error", 5)]
)
def test_a_request_that_fails_takes_no_part_for_the_whole(shop, kind, number):
    gone = [7, 1501]
    edit(shop, *map(delete, gone))
    shop.sandbox.faults.add(Rule(kind=kind, nth=number, times=1, after_bytes=200))

    # Reads are repeated, so that a single fault is not even seen.
    assert check(shop) == [(Action.BREAK, "SEED-1501"), (Action.BREAK, "SEED-7")]

    assert check(shop) == []
    assert requests(shop) == HEALING
    assert len(linked(shop)) == PRODUCTS * 9 // 10 - 2


class FailingStore:
    """A store that is away after some answers; its pages count one by one."""

    def __init__(self, store, *, answers):
        self._store = store
        self._left = answers

    def __getattr__(self, name):
        def ask(*args, **options):
            answer = self._answered(getattr(self._store, name)(*args, **options))
            return self._pages(answer) if name == "iterate_existing" else answer

        return ask

    def _answered(self, answer):
        self._left -= 1
        if self._left < 0:
            raise StoreUnavailable("The store is away.")
        return answer

    def _pages(self, pages):
        for page in pages:
            yield self._answered(page)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("answers", range(6))
def test_a_store_that_stops_answering_leaves_links_and_notes_as_they_were(shop, answers, full):
    edit(shop, delete(7), delete(1501))
    before = linked(shop)
    notes = shop.ports().existence.load()
    ports = shop.ports(store=FailingStore(shop.store, answers=answers))

    with pytest.raises(StoreUnavailable):
        drive(ports, Existence(full=full))

    assert (linked(shop), shop.ports().existence.load()) == (before, notes)
    assert len(check(shop)) == 2


def test_too_many_missing_change_nothing(shop):
    with shop.sandbox.store.db.savepoint():
        shop.sandbox.store.db.execute("DELETE FROM products WHERE id BETWEEN 100 AND 1900")
    before = linked(shop)

    with pytest.raises(Reconfigure, match="nothing was changed"):
        check(shop)

    assert linked(shop) == before


def test_another_store_at_the_same_channel_is_not_counted_by_the_old_notes(shop):
    cipher = FernetCipher.of_folder(shop.folder)
    other = StoreConnection(domain="https://other.example:443", store_code="S1", token="t", signature_key="")

    save_store_connection(shop.channel, other, cipher=lambda: cipher)

    assert shop.ports().existence.load() is None


def test_the_moment_of_the_full_pass_is_kept_with_the_notes(shop):
    at = datetime(2030, 1, 1, tzinfo=UTC)
    run = MemoryRun(atomic=transaction.atomic)

    drive(shop.ports(run, clock=lambda: at), Existence(full=True))
    check(shop)

    assert shop.ports().existence.load().full_pass_at != at
