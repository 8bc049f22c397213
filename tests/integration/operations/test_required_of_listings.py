"""
What a merchant relies on when listings are connected, linked, published and kept in step: one journey for each
requirement that no other test shows whole. The store is read by Miva's own SDK, and expected values are written here.
"""

import base64
import hashlib
import hmac
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import httpx2
import pytest

from attentions import kinds_of
from miva_sandbox import provisioning
from miva_sandbox.state import tokens
from tradepost.database.models import Order
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import CredentialsRejected, PermissionMissing, UnexpectedAnswer
from tradepost.domain.listings.listing import Pending
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.domain.plan import Action, Outcome, SubjectKind
from tradepost.operations.listings.queue_changes import plan_pause

from .conftest import CATALOGUE, HEADER, MUG, TEE
from .test_orders import Shopper

TYPE_FIELD = (
    '<Module code="customfields" feature="fields_prod"><ProductField_Add><Code>product_type</Code><Name>Type</Name>'
    "<FieldType>textfield</FieldType></ProductField_Add></Module>"
)


@pytest.fixture
def shopper(sandbox):
    return Shopper(sandbox.storefront)


def provision(shop, xml):
    assert list(provisioning.run(shop.sandbox.store, xml)) == []


def product(code, *, sku, kind="", price="99.00"):
    made = f"<Product_Add><Code>{code}</Code><SKU>{sku}</SKU><Name>Theirs</Name><Price>{price}</Price></Product_Add>"
    if kind:
        made += (
            '<Module code="customfields" feature="fields_prod">'
            f'<ProductField_Value product="{code}" field="product_type">{kind}</ProductField_Value></Module>'
        )
    return made


def called(shop):
    """The functions that the hub has called since the log was cleared."""
    return {operation.function for request in shop.sandbox.log.requests() for operation in request.operations}


# --- connecting -----------------------------------------------------------------------------------------------------


def test_a_request_is_signed_over_its_exact_bytes_and_one_that_was_altered_is_refused(shop):
    """R3, R4: the token goes into the authorisation header, with an HMAC of the exact body by the decoded key."""
    heard = []

    class Listening(httpx2.HTTPTransport):
        def handle_request(self, request):
            heard.append((request.headers["X-Miva-API-Authorization"], request.read()))
            return super().handle_request(request)

    class Altering(httpx2.HTTPTransport):
        def handle_request(self, request):
            headers = {name: text for name, text in request.headers.items() if name.lower() != "content-length"}
            altered = httpx2.Request(request.method, request.url, headers=headers, content=request.read() + b" ")
            return super().handle_request(altered)

    shop.open_transport = Listening
    with closing(shop.open_store()) as store:
        store.products_by_code(["MUG-01"])
    shop.open_transport = Altering

    with closing(shop.open_store()) as store, pytest.raises(CredentialsRejected, match="signature"):
        store.products_by_code(["MUG-01"])

    key = base64.b64decode(shop.token.signature_key + "==")
    assert heard
    for authorization, body in heard:
        signature = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
        assert authorization == f"MIVA-HMAC-SHA256 {shop.token.token}:{signature}"
        assert shop.token.token.encode() not in body


@pytest.mark.parametrize(("seconds", "is_let_in"), [(119, True), (-119, True), (121, False), (-121, False)])
def test_a_request_is_let_in_within_the_window_in_both_directions(shop, seconds, is_let_in):
    """R5: each request says when it was sent; a store whose clock is further off than the window refuses it."""
    now = int(datetime.now(UTC).timestamp())
    shop.clock = lambda: datetime.fromtimestamp(now, UTC)
    shop.sandbox.domain.clock.freeze(now + seconds)

    with closing(shop.open_store()) as store:
        if is_let_in:
            assert store.products_by_code(["MUG-01"]) == {}
        else:
            with pytest.raises(CredentialsRejected, match="clock"):
                store.products_by_code(["MUG-01"])


# --- preparing the store --------------------------------------------------------------------------------------------


def test_custom_fields_are_made_before_the_first_publish_and_never_again(shop):
    """R10: the custom fields that are missing are made once, and a second publish makes none."""
    shop.import_text(HEADER + MUG)
    first = shop.publish()
    shop.import_text(HEADER + TEE)
    second = shop.publish()

    made = [
        [each.change.subject.key for each in run.results if each.change.subject.kind is SubjectKind.SETUP]
        for run in (first, second)
    ]
    assert {"product_type", "upc", "brand"} <= set(made[0])
    assert set(made[1]) <= {"parent_code", "shirts"}
    there = shop.on_store()
    assert (there["mug-01"].custom_fields["upc"], there["tee-red-m"].custom_fields["parent_code"]) == ("4006", "tee")


@pytest.mark.parametrize("requires", [True, False])
@pytest.mark.parametrize("kind", ["", " Simple ", "bundle"])
def test_what_says_nothing_of_its_type_is_linked_only_where_the_channel_takes_it_for_simple(shop, requires, kind):
    """
    R12: what lacks its type is neither linked nor updated unless the channel says so; case and blanks round it count
    for nothing, and another value is never linked.
    """
    shop.settings = replace(shop.settings, requires_product_type=requires)
    shop.import_text(HEADER + MUG, queue=False)
    provision(shop, TYPE_FIELD + product("MUG-01", sku="MUG-01", kind=kind))

    shop.link(only=shop.all_ids())
    shop.sync()

    is_linked = kind == " Simple " or (not kind and not requires)
    listing, there = shop.listing("MUG-01"), shop.on_store()["mug-01"]
    assert listing.link == ("linked" if is_linked else "unlinked")
    assert there.price == (Decimal("7.90") if is_linked else Decimal(99))
    assert kinds_of(listing) == (set() if is_linked else {"no_match"})


@pytest.mark.parametrize("layout", [Layout.NATIVE, Layout.FLAT])
def test_every_product_says_which_of_three_things_it_is_and_a_variant_names_its_parent(shop, layout):
    """R13, R14: a family is a parent and its variants, marked so, and there is no value but parent, variant, simple."""
    shop.settings = replace(shop.settings, rules=replace(shop.settings.rules, layout=layout))
    shop.import_text(CATALOGUE)
    run = shop.publish()

    there = shop.on_store()
    assert run.bad() == []
    assert {code: each.custom_fields["product_type"] for code, each in there.items()} == {
        "tee": "parent",
        **dict.fromkeys(("tee-red-m", "tee-red-l", "tee-navy-l"), "variant"),
        **dict.fromkeys(("mug-01", "cup-01"), "simple"),
    }
    assert {code: each.custom_fields.get("parent_code") or "" for code, each in there.items()} == {
        "tee": "",
        **dict.fromkeys(("tee-red-m", "tee-red-l", "tee-navy-l"), "tee"),
        **dict.fromkeys(("mug-01", "cup-01"), ""),
    }


def test_quantities_go_to_variants_and_an_order_of_the_page_is_one_of_the_variant(published, shopper):
    """R15: a sync sends quantities to what is sold only, and an order line on the parent is resolved by its options."""
    page = published.on_store()["tee"].stock
    published.import_text(HEADER + TEE.replace(",5,15.00,4001", ",9,15.00,4001"))
    run = published.sync()
    shopper.buy("tee", Colour="Red", Size="M")
    published.get_orders()

    assert {(each.change.subject.key, each.outcome) for each in run.results} == {("TEE-RED-M", Outcome.APPLIED)}
    there = published.on_store()
    assert (there["tee"].stock, there["tee-red-m"].stock.count) == (page, 8)
    (line,) = Order.objects.get().lines.all()
    assert (line.listing.sku, line.quantity) == ("TEE-RED-M", 1)


def test_measures_are_sent_where_the_channel_says_so_and_stay_at_home_by_default(shop):
    """R38: dimensions are no part of what is sent by default, and go into the shipping rules where that is chosen."""
    header = HEADER.replace("\n", ",Variant Length\n")
    shop.import_text(header + MUG.replace("\n", ",12.5\n"))
    by_default = shop.publish()
    shop.settings = replace(shop.settings, rules=replace(shop.settings.rules, sends_dimensions=True))
    shop.queue(Pending.OVERWRITE, "MUG-01")
    chosen = shop.publish()

    sent = [
        {field.name: field.after for each in run.results for field in each.change.fields}
        for run in (by_default, chosen)
    ]
    assert "dimensions" not in sent[0]
    assert sent[1]["dimensions"] == {"length": Decimal("12.50")}


# --- link and sync --------------------------------------------------------------------------------------------------


def test_what_is_deleted_on_the_store_stays_linked_until_a_sync_which_breaks_just_that_link(published):
    """R26: a product deleted on the store stays linked until the next sync, which marks just those as broken."""
    provision(published, '<Product_Delete code="MUG-01"/>')
    published.publish()
    published.get_orders()
    before = {row.sku: row.link for row in (published.listing(sku) for sku in ("MUG-01", "CUP-01", "TEE-RED-M"))}
    there = published.on_store()

    run = published.sync()

    after = {row.sku: row.link for row in (published.listing(sku) for sku in ("MUG-01", "CUP-01", "TEE-RED-M"))}
    assert set(before.values()) == {"linked"}
    assert after == {"MUG-01": "broken", "CUP-01": "linked", "TEE-RED-M": "linked"}
    assert [(each.change.action, each.change.subject.key) for each in run.results] == [(Action.BREAK, "MUG-01")]
    assert kinds_of(published.listing("MUG-01")) == {"broken_link"}
    assert published.on_store() == there


def test_a_broken_link_is_cured_by_unlinking_and_linking_what_was_made_anew(published, shopper):
    """R27: unlink makes it not listed, and a link finds the product that was made anew, for many at once."""
    provision(published, '<Product_Delete code="MUG-01"/><Product_Delete code="CUP-01"/>')
    published.sync()
    broken = {published.listing(sku).link for sku in ("MUG-01", "CUP-01")}
    provision(
        published, product("MUG-01", sku="MUG-01", kind="simple") + product("CUP-01", sku="CUP-01", kind="simple")
    )
    published.unlink("MUG-01", "CUP-01")
    unlinked = {(each.health, each.link) for each in (published.listing("MUG-01"), published.listing("CUP-01"))}

    published.link(only=[published.listing("MUG-01").pk, published.listing("CUP-01").pk])
    published.sync()

    there = published.on_store()
    assert (broken, unlinked) == ({"broken"}, {("not_listed", "unlinked")})
    assert [published.listing(sku).external_id for sku in ("MUG-01", "CUP-01")] == [
        there["mug-01"].id,
        there["cup-01"].id,
    ]
    assert (there["mug-01"].price, there["mug-01"].name) == (Decimal("7.90"), "Theirs")
    shopper.buy("MUG-01", quantity=14)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")


def test_a_sync_sends_price_quantity_and_status_and_only_of_what_is_linked_and_not_paused(published):
    """R29: a sync writes nothing but price, quantity and status, of linked, unpaused listings whose price is let go."""
    before = published.on_store()
    published.listings.set_status(plan_pause(published.listings.by_skus(["CUP-01"]), is_paused=True).statuses)
    changed = CATALOGUE.replace("Enamel Mug,<p>Holds coffee</p>", "Steel Mug,<p>Other</p>")
    changed = changed.replace(",14,7.90,", ",20,8.50,").replace(",7,4.50,", ",9,5.50,").replace(",3,15.00,", ",4,0.00,")
    published.import_text(changed)
    published.sandbox.log.clear()

    run = published.sync()

    after = published.on_store()
    mug, tee = before["mug-01"], before["tee-red-l"]
    assert run.bad() == []
    assert after == before | {
        "mug-01": replace(mug, price=Decimal("8.50"), stock=replace(mug.stock, count=20)),
        "tee-red-l": replace(tee, stock=replace(tee.stock, count=4)),
    }
    writes = {name for name in called(published) if not name.endswith(("_Load_Query", "_Load_Product"))}
    assert "Product_Delete" not in writes
    assert not {name for name in writes if "Image" in name or "Category" in name}


# --- delist, hide, unhide -------------------------------------------------------------------------------------------


def test_a_delist_removes_just_that_product_and_only_a_publish_brings_it_back(published):
    """
    R31, R32: a delist removes the product for good and leaves its listing delisted and unlinked; no sync revives it,
    and a queued publish does, as a new product.
    """
    before = published.on_store()
    published.queue(Pending.DELIST, "MUG-01")
    published.sync()
    delisted, gone = published.listing("MUG-01"), published.on_store()
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",20,8.50,"))
    again = [published.sync().results for _ in range(2)]
    still = published.on_store()
    published.queue(Pending.PUBLISH, "MUG-01")
    synced = published.sync()
    unrevived = published.on_store()
    run = published.publish()

    after = published.on_store()
    assert (delisted.health, delisted.link, delisted.external_id) == ("delisted", "unlinked", None)
    assert gone == still == unrevived == {code: each for code, each in before.items() if code != "mug-01"}
    assert (again, synced.results, run.bad()) == ([[], []], [], [])
    assert after["mug-01"].id not in {each.id for each in before.values()}
    assert (after["mug-01"].price, after["mug-01"].stock.count) == (Decimal("8.50"), 20)
    assert (published.listing("MUG-01").health, published.listing("MUG-01").link) == ("listed", "linked")


def test_what_is_hidden_is_shown_as_out_of_stock_whatever_its_quantity_and_its_price_goes_on(published, shopper):
    """R33: a hide leaves the product there with a tracked stock of 0 that no later quantity raises; its price syncs."""
    published.queue(Pending.HIDE, "MUG-01")
    published.sync()
    hidden = published.on_store()["mug-01"]
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",20,8.50,"))
    published.sync()

    there = published.on_store()["mug-01"]
    assert (hidden.is_active, hidden.stock.is_tracked, hidden.stock.count, hidden.stock.hides_when_out) == (
        True,
        True,
        0,
        False,
    )
    assert there == replace(hidden, price=Decimal("8.50"))
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")


@pytest.mark.parametrize("quantity", [20, 0])
def test_only_what_is_hidden_is_unhidden_and_that_with_the_quantity_of_now(published, quantity):
    """
    R34: an unhide of anything but a hidden listing is refused with the reason, alone and among others; a hidden one
    gets the present quantity, and is listed with none where there is none.
    """
    provision(published, '<Product_Delete code="CUP-01"/>')
    published.sync()
    published.queue(Pending.DELIST, "TEE-NAVY-L")
    published.sync()
    published.import_text(HEADER + "new,New,,Acme,Kitchen,,,,,NEW-1,1,1,1.00,,\n", queue=False)
    published.queue(Pending.HIDE, "MUG-01")
    published.sync()
    published.import_text(HEADER + MUG.replace(",14,", f",{quantity},"))
    asked = published.queue(Pending.UNHIDE, "MUG-01", "CUP-01", "TEE-NAVY-L", "TEE-RED-M", "NEW-1")

    published.sync()

    told = {each.change.subject.key: (each.outcome, each.message) for each in asked.results}
    assert told.pop("MUG-01") == (Outcome.APPLIED, "")
    assert {outcome for outcome, _ in told.values()} == {Outcome.SKIPPED}
    assert {code: words.partition(", and")[0] for code, (_, words) in told.items()} == {
        "CUP-01": "Can't unhide: this listing is a broken link",
        "TEE-NAVY-L": "Can't unhide: this listing is delisted",
        "TEE-RED-M": "Can't unhide: this listing is listed",
        "NEW-1": "Can't unhide: this listing is not listed",
    }
    assert published.listing("MUG-01").health == "listed"
    assert published.on_store()["mug-01"].stock.count == quantity


# --- publish --------------------------------------------------------------------------------------------------------


def test_a_publish_makes_what_is_queued_and_not_paused_and_a_second_one_makes_nothing_twice(shop):
    """R35: just the queued, unpaused rows are published, the queue is empty of them, and once more makes nothing."""
    shop.import_text(CATALOGUE, queue=False)
    shop.queue(Pending.PUBLISH, "MUG-01", "TEE-RED-M", "CUP-01")
    shop.listings.set_status(plan_pause(shop.listings.by_skus(["CUP-01"]), is_paused=True).statuses)

    run = shop.publish()
    there = shop.on_store()
    again = shop.publish()

    queued = {row.sku: row.status.pending for row in shop.listings.by_ids(shop.all_ids())}
    assert run.bad() == []
    assert sorted(there) == ["mug-01", "tee", "tee-red-m"]
    assert {sku for sku, pending in queued.items() if pending} == {"CUP-01"}
    assert (again.results, shop.on_store()) == ([], there)


def test_a_token_that_requires_no_time_stamp_starts_no_publish_and_everything_else_goes_on(published, shopper):
    """
    R40: where the token does not require a time stamp, a publish does not start and says why; what is queued stays
    queued, and reads, quantities and orders go on.
    """
    published.settings = replace(published.settings, acknowledge_mode=AcknowledgeMode.NONE)
    tokens.change(published.sandbox.domain.db, published.token, req_ts=False)
    published.import_text(HEADER + MUG.replace(",14,", ",20,") + "new,New,,Acme,Kitchen,,,,,NEW-1,1,1,1.00,,\n")
    published.queue(Pending.OVERWRITE, "CUP-01")
    before = published.on_store()

    with pytest.raises(PermissionMissing, match="Require Timestamp"):
        published.publish()

    assert published.on_store() == before
    assert {sku: published.listing(sku).pending for sku in ("NEW-1", "CUP-01")} == {
        "NEW-1": "publish",
        "CUP-01": "overwrite",
    }
    published.sync()
    number = shopper.buy("MUG-01")
    published.get_orders()
    assert published.on_store()["mug-01"].stock.count == 19
    assert Order.objects.get().external_id == number


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_clock_that_is_ten_minutes_off_starts_no_publish_and_leaves_the_queue(shop, minutes):
    """R40: a store that refuses every request for its time is told as that, and what is queued stays queued."""
    shop.import_text(CATALOGUE)
    shop.sandbox.domain.clock.move(60 * minutes)

    with pytest.raises(CredentialsRejected, match="The clocks of this machine and of the store differ"):
        shop.publish()

    assert {row.status.pending for row in shop.listings.by_ids(shop.all_ids())} == {Pending.PUBLISH}
    shop.sandbox.domain.clock.move(-60 * minutes)
    assert shop.on_store() == {}


def test_a_preview_of_a_publish_shows_what_would_be_done_and_does_nothing(shop):
    """R57: every write can be seen before, row by row, and a preview leaves store and queue as they are."""
    shop.import_text(CATALOGUE)
    shop.sandbox.log.clear()

    run = shop.publish(is_dry=True)

    created = {c.subject.key for unit in run.units for c in unit.changes if c.action is Action.CREATE}
    assert {"tee", "TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L", "MUG-01", "CUP-01"} <= created
    assert (shop.on_store(), run.results) == ({}, [])
    assert {row.status.pending for row in shop.listings.by_ids(shop.all_ids())} == {Pending.PUBLISH}


def test_what_a_channel_can_not_do_is_refused_before_anything_is_queued(published):
    """R52: a state knows what may be asked of it, and what may not is refused with the state and the cure."""
    published.queue(Pending.DELIST, "CUP-01")
    published.sync()

    refused = {
        change: published.queue(change, "CUP-01").results[0].message
        for change in (Pending.OVERWRITE, Pending.HIDE, Pending.UNHIDE, Pending.DELIST)
    }

    assert all("this listing is delisted" in message for message in refused.values()), refused
    assert published.listing("CUP-01").pending == ""
