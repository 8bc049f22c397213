import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from attentions import kinds_of, reason_of
from tradepost.database.models import Channel, LinkEvent, Listing
from tradepost.domain.catalogue.catalogue import Kind, Product
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import PARKED_AFTER, Health, Link, Pending, Status
from tradepost.domain.stock.stock import EntryKind
from tradepost.operations.ports import AccountEntry, ListingRow, Proven, SaleAtZero

LISTED = Status(Health.LISTED, Link.LINKED)
HIDDEN = Status(Health.HIDDEN, Link.LINKED)


@pytest.fixture
def cup(channel, save, listings, simple) -> ListingRow:
    """A simple listing, queued for publish."""
    save([simple("CUP")])
    listings.build(["cup"], queue=True)
    (row,) = listings.by_skus(["CUP"])
    return row


@pytest.fixture
def listed_cup(cup, listings, accounts, noon) -> ListingRow:
    """The same after a publish that was proven at noon, with five pieces."""
    listings.record(
        [
            Proven(
                cup.id,
                at=noon,
                status=LISTED,
                external_id=77,
                price=Decimal("10.00"),
                fingerprints={Group.TEXTS: "aa", Group.IMAGES: "bb"},
            )
        ]
    )
    accounts.record([AccountEntry(cup.id, EntryKind.SET, 5)], settled=(), lost=())
    return again(listings, cup)


def again(listings, row: ListingRow) -> ListingRow:
    (found,) = listings.by_ids([row.id])
    return found


# --- building -----------------------------------------------------------------------------------------------------


def test_a_family_gets_a_parent_and_a_listing_per_variant(channel, catalogue, save, listings, family):
    save([family("tee", "S", "M", price="10.004")])

    made = listings.build(["tee"], queue=True).number
    catalogue.refresh_wanted(["tee"])

    parent, *children = listings.by_skus(["tee", "tee-S", "tee-M"])
    assert made == 3
    assert (parent.kind, parent.code, parent.sku, parent.wanted_price, parent.available) == (
        Kind.PARENT,
        "tee",
        "tee",
        Decimal("10.00"),
        None,
    )
    assert [(row.kind, row.code, row.parent_id, row.parent_code, row.available) for row in children] == [
        (Kind.VARIANT, "tee-S", parent.id, "tee", 5),
        (Kind.VARIANT, "tee-M", parent.id, "tee", 5),
    ]
    assert {row.status for row in (parent, *children)} == {Status(pending=Pending.PUBLISH)}
    assert listings.variants_of([parent.id]) == children


def test_what_is_sold_without_stock_is_what_the_catalogue_asks_it_for_and_each_channel_allows(
    channel, catalogue, save, put_on_sale, simple
):
    other = Channel.objects.create(name="Other", sells_without_stock=True)
    save([simple("CUP", sells_without_stock=True), simple("JAR")])
    for each in (channel, other):
        put_on_sale(each, ["cup", "jar"], ["CUP", "JAR"])

    first = Listing.objects.filter(sells_without_stock=True).values_list("channel__name", "sku")
    assert list(first) == [("Other", "CUP")]

    save([simple("CUP"), simple("JAR", sells_without_stock=True)])
    told = catalogue.refresh_wanted(["cup", "jar"]).at_zero

    assert told == [SaleAtZero("Other", "cup", "CUP", False), SaleAtZero("Other", "jar", "JAR", True)]
    assert catalogue.refresh_wanted(["cup", "jar"]).at_zero == []
    catalogue.remove(["JAR"])
    assert catalogue.refresh_wanted(["jar"]).at_zero == [SaleAtZero("Other", "jar", "JAR", False)]


def test_what_a_product_does_at_zero_is_forgotten_with_its_link(listed_cup, listings, noon):
    listings.record([Proven(listed_cup.id, at=noon, without_stock=True)])
    known = again(listings, listed_cup).proven_without_stock
    listings.record([Proven(listed_cup.id, at=noon)])
    kept = again(listings, listed_cup).proven_without_stock

    listings.record([Proven(listed_cup.id, at=noon, external_id=78)])

    assert (known, kept, again(listings, listed_cup).proven_without_stock) == (True, True, False)
    listings.record([Proven(listed_cup.id, at=noon, without_stock=True)])
    listings.set_status({listed_cup.id: Status()})
    assert again(listings, listed_cup).proven_without_stock is False


def test_building_again_makes_nothing_and_only_of_the_products_named(channel, save, listings, simple):
    save([simple("CUP"), simple("JAR")])

    assert [listings.build(["cup"], queue=False).number for _ in range(2)] == [1, 0]
    assert [row.sku for row in listings.by_skus(["CUP", "JAR"])] == ["CUP"]


def test_products_that_are_not_for_sale_are_built_and_not_queued(channel, save, listings, simple):
    save([replace(simple("CUP"), is_for_sale=False), simple("JAR")])

    listings.build(["cup", "jar"], queue=True)

    pending = {row.sku: row.status.pending for row in listings.by_skus(["CUP", "JAR"])}
    assert pending == {"CUP": Pending.NONE, "JAR": Pending.PUBLISH}


def test_what_would_have_the_code_of_another_listing_gets_one_of_its_own(channel, save, listings, simple):
    save([simple("Cup"), replace(simple("CUP"), handle="big-cup")])
    listings.build(["cup"], queue=True)

    made = [listings.build(["big-cup"], queue=True).number for _ in range(2)]

    codes = dict(Listing.objects.values_list("sku", "code"))
    assert made == [1, 0]
    assert codes["Cup"] == "Cup"
    assert re.fullmatch("CUP-[0-9a-f]{8}", codes["CUP"])


def test_a_sku_that_is_a_familys_code_but_for_case_does_not_name_the_family(channel, save, listings, simple, family):
    save([family("tee", "S"), replace(simple("TEE"), handle="cap")])
    listings.build(["tee", "cap"], queue=False)

    named = {name: [row.kind for row in listings.by_skus([name])] for name in ("TEE", "tee", "Tee")}

    assert named == {"TEE": [Kind.SIMPLE], "tee": [Kind.PARENT], "Tee": [Kind.PARENT]}


def test_a_product_that_gains_options_keeps_its_listing_as_a_variant(channel, save, listings, simple, family):
    save([simple("tee-S")])
    listings.build(["tee-s"], queue=False)
    grown = replace(family("tee-s", "S", "M"), variants=family("tee", "S", "M").variants)

    save([grown])
    made = listings.build(["tee-s"], queue=False).number

    (parent,) = listings.by_skus(["tee-s"])
    child, new = listings.by_skus(["tee-S", "tee-M"])
    assert made == 2
    assert parent.kind is Kind.PARENT
    assert parent.code == "tee-s-parent"
    assert [(row.kind, row.parent_id) for row in (child, new)] == [(Kind.VARIANT, parent.id)] * 2


def test_a_parent_of_a_product_that_lost_its_options_waits_to_be_delisted_and_not_to_be_published(
    channel, save, listings, family
):
    save([family("tee", "S")])
    listings.build(["tee"], queue=True)
    shrunk = replace(family("tee", "S"), option_names=())

    save([shrunk])
    listings.build(["tee"], queue=False)

    parent, child = listings.by_skus(["tee", "tee-S"])
    assert (parent.status, child.kind, child.parent_id) == (Status(), Kind.SIMPLE, None)
    assert kinds_of(Listing.objects.get(kind="parent")) == {Attention.ORPHANED}


def test_a_family_to_publish_comes_whole_with_its_parent_first(channel, save, listings, family, simple):
    products: list[Product] = [simple("CUP"), family("tee", "S", "M")]
    save(products)
    listings.build(["cup", "tee"], queue=False)
    (small,) = listings.by_skus(["tee-S"])
    listings.set_status({small.id: Status(pending=Pending.PUBLISH)})

    due = listings.publish_due(after=0, limit=10)

    assert [family.product for family in due] == [products[1]]
    assert [row.sku for row in due[0].listings] == ["tee", "tee-S", "tee-M"]
    assert listings.publish_due(after=0, limit=10, only=[small.id + 1000]) == []
    assert listings.publish_due(after=due[0].listings[0].product_id, limit=10) == []


# --- finding ------------------------------------------------------------------------------------------------------


def test_listings_are_found_by_sku_handle_and_code(channel, save, listings, family):
    save([family("tee shirt", "S")])
    listings.build(["tee shirt"], queue=False)
    parent, child = listings.by_ids(list(Listing.objects.values_list("id", flat=True)))

    assert listings.by_skus(["tee shirt"]) == [parent]
    assert listings.by_skus([parent.code.upper()]) == [parent]
    assert listings.by_skus(["tee shirt-S"]) == [child]
    assert listings.by_skus(["TEE SHIRT-S"]) == []
    assert listings.by_codes([child.code.upper()]) == {child.code.casefold(): child}


def test_another_channel_sees_nothing(cup, listed_cup, listings):
    from tradepost.database.listings.listings import DjangoListings  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.models import Channel  # noqa: PLC0415

    other = DjangoListings(Channel.objects.create(name="Other").pk)
    other.set_status({cup.id: HIDDEN})
    other.record([Proven(cup.id, at=Listing.objects.get().created_at, price=Decimal(1))])
    other.flag({cup.id: {Attention.PRICE_FAILED: "no"}}, ended={})

    assert again(listings, cup) == listed_cup
    assert kinds_of(Listing.objects.get()) == set()
    assert other.by_skus(["CUP"]) == other.by_ids([cup.id]) == []
    assert other.by_codes(["CUP"]) == other.taken([77]) == {}


# --- recording ----------------------------------------------------------------------------------------------------


def test_what_was_proven_is_recorded(listed_cup, listings, noon):
    assert listed_cup.status == LISTED
    assert (listed_cup.external_id, listed_cup.proven_price, listed_cup.account) == (77, Decimal("10.00"), 5)
    assert listed_cup.proven_fingerprints == {Group.TEXTS: "aa", Group.IMAGES: "bb"}
    assert list(LinkEvent.objects.values_list("link", "external_id", "at")) == [("linked", 77, noon)]


def test_none_leaves_a_value_and_one_group_leaves_the_others(listed_cup, listings, noon):
    listings.record([Proven(listed_cup.id, at=noon, price=Decimal("9.00"), fingerprints={Group.TEXTS: "cc"})])

    assert again(listings, listed_cup) == replace(
        listed_cup,
        proven_price=Decimal("9.00"),
        proven_fingerprints={Group.TEXTS: "cc", Group.IMAGES: "bb"},
    )


@pytest.mark.parametrize("status", [Status(), Status(Health.DELISTED, Link.UNLINKED)])
def test_a_listing_that_leaves_the_store_forgets_what_was_proven(listed_cup, listings, noon, status):
    listings.record([Proven(listed_cup.id, at=noon, status=status, price=Decimal(1))])

    assert again(listings, listed_cup) == replace(
        listed_cup,
        status=status,
        external_id=None,
        proven_price=None,
        account=None,
        looked_at=None,
        proven_fingerprints={},
    )
    assert list(LinkEvent.objects.order_by("id").values_list("link", "external_id")) == [
        ("linked", 77),
        ("unlinked", 77),
    ]


def test_a_broken_listing_keeps_its_external_id_and_is_flagged_until_it_is_unlinked(listed_cup, listings, noon):
    broken = Status(Health.LISTED, Link.BROKEN)
    listings.record([Proven(listed_cup.id, at=noon, status=broken)])
    listings.flag({listed_cup.id: {Attention.BROKEN_LINK: "It is gone."}}, ended={})
    between = again(listings, listed_cup)

    listings.set_status({listed_cup.id: Status()})

    assert (between.status, between.external_id) == (broken, 77)
    assert (again(listings, listed_cup).external_id, kinds_of(Listing.objects.get())) == (None, set())


def test_that_we_hid_it_is_known_until_it_is_shown_again(listed_cup, listings, noon):
    def after(status: Status, external_id: int | None = None) -> bool:
        listings.record([Proven(listed_cup.id, at=noon, status=status, external_id=external_id)])
        return again(listings, listed_cup).was_hidden

    assert after(HIDDEN)
    assert after(Status()), "unlinking does not show it"
    assert after(HIDDEN, 77)
    assert not after(LISTED)
    assert after(HIDDEN)
    assert not after(Status(Health.DELISTED, Link.UNLINKED))


def test_what_a_person_asks_for_while_a_run_works_stays_asked_for(listed_cup, listings, noon):
    listings.set_status({listed_cup.id: replace(LISTED, pending=Pending.HIDE)})
    # The run has read the row; now somebody changes their mind, and pauses it, too.
    listings.set_status({listed_cup.id: Status(Health.LISTED, Link.LINKED, Pending.DELIST, is_paused=True)})

    listings.record([Proven(listed_cup.id, at=noon, status=HIDDEN, asked=Pending.HIDE)])

    assert again(listings, listed_cup).status == Status(Health.HIDDEN, Link.LINKED, Pending.DELIST, is_paused=True)


def test_a_fulfilled_change_is_cleared(cup, listings, noon):
    listings.record([Proven(cup.id, at=noon, status=LISTED, external_id=77)])
    published = again(listings, cup).status
    listings.set_status({cup.id: replace(LISTED, pending=Pending.OVERWRITE)}, groups=frozenset({Group.TEXTS}))
    asked = again(listings, cup)
    listings.record([Proven(cup.id, at=noon, status=LISTED, asked=Pending.OVERWRITE)])

    assert published == LISTED
    assert (asked.status.pending, asked.overwrite_groups) == (Pending.OVERWRITE, {Group.TEXTS})
    assert (again(listings, cup).status, again(listings, cup).overwrite_groups) == (LISTED, frozenset())


def test_pausing_keeps_the_groups_of_an_overwrite(listed_cup, listings):
    asked = replace(LISTED, pending=Pending.OVERWRITE)
    listings.set_status({listed_cup.id: asked}, groups=frozenset({Group.IMAGES}))

    listings.set_status({listed_cup.id: replace(asked, is_paused=True)})

    assert again(listings, listed_cup).overwrite_groups == {Group.IMAGES}


def test_refusals_are_counted_until_something_else_is_asked_for_or_the_same_once_more(cup, listings):
    publish = Status(pending=Pending.PUBLISH)

    def after(*statuses) -> int:
        listings.set_status({cup.id: publish})
        listings.count_refusals([cup.id])
        listings.count_refusals([cup.id])
        for status in statuses:
            listings.set_status({cup.id: status})
        return again(listings, cup).refusals

    assert after() == 2
    assert after(publish) == 0
    assert after(replace(publish, is_paused=True), publish) == 2
    assert after(Status(), publish) == 0


def test_what_was_refused_is_tried_again_when_its_product_changes_and_not_when_its_quantity_does(
    save, simple, cup, listings
):
    product = simple("CUP")
    (variant,) = product.variants

    def refused_then(changed) -> int:
        listings.set_status({cup.id: cup.status})
        for _ in range(PARKED_AFTER):
            listings.count_refusals([cup.id])
        save([changed])
        return again(listings, cup).refusals

    assert refused_then(product) == PARKED_AFTER
    assert refused_then(replace(product, variants=(replace(variant, quantity=1),))) == PARKED_AFTER
    assert refused_then(replace(product, title="Another cup")) == 0


def test_a_linked_product_with_another_code_gives_the_listing_its_code(cup, listings, noon):
    listings.record([Proven(cup.id, at=noon, status=LISTED, external_id=77, code="Cup-Old")])

    assert listings.by_codes(["CUP-OLD"])["cup-old"].code == "Cup-Old"


def test_reasons_of_several_kinds_stand_beside_each_other_until_each_has_ended(listed_cup, listings):
    reasons = {Attention.PRICE_FAILED: "Too cheap.", Attention.STOCK_FAILED: "The store said no."}
    listings.flag({listed_cup.id: reasons}, ended={})
    flagged = {kind: reason_of(Listing.objects.get(), kind) for kind in kinds_of(Listing.objects.get())}

    listings.flag({}, ended={listed_cup.id: frozenset({Attention.PRICE_FAILED, Attention.NO_MATCH})})

    assert flagged == {"price_failed": "Too cheap.", "stock_failed": "The store said no."}
    assert kinds_of(Listing.objects.get()) == {"stock_failed"}


def test_a_reason_that_goes_on_keeps_its_time_and_takes_the_latest_words(channel, listed_cup, noon):
    from tradepost.database.listings.listings import DjangoListings  # noqa: PLC0415 - the fixture has opened the database

    def flag(at, run_id, message):
        listings = DjangoListings(channel.pk, clock=lambda: at, run_id=run_id)
        listings.flag({listed_cup.id: {Attention.PRICE_FAILED: message}}, ended={})
        return Listing.objects.get().attentions.values_list("since", "run_id", "message").get()

    assert flag(noon, 7, "Too cheap.") == (noon, 7, "Too cheap.")
    assert flag(noon + timedelta(hours=1), 8, "Too cheap.") == (noon, 7, "Too cheap.")
    assert flag(noon + timedelta(hours=2), 9, "Too dear.") == (noon, 9, "Too dear.")


def test_nothing_is_written_where_nothing_has_to_be_noted_or_forgotten(listed_cup, listings):
    same = {listed_cup.id: {Attention.PRICE_FAILED: "Too cheap."}}
    listings.flag(same, ended={})

    with CaptureQueriesContext(connection) as queries:
        listings.flag(same, ended={listed_cup.id: frozenset({Attention.STOCK_FAILED})})

    assert [re.search(r"INSERT|UPDATE|DELETE", query["sql"]) for query in queries] == [None]


def test_a_status_ends_what_was_about_another_one(listed_cup, listings):
    kinds = (Attention.PRICE_FAILED, Attention.DELIST_FAILED, Attention.OVERSOLD)
    listings.flag({listed_cup.id: dict.fromkeys(kinds, "No.")}, ended={})

    listings.set_status({listed_cup.id: replace(LISTED, pending=Pending.DELIST)})
    waiting = kinds_of(Listing.objects.get())
    listings.set_status({listed_cup.id: LISTED})
    cleared = kinds_of(Listing.objects.get())
    listings.set_status({listed_cup.id: Status()})

    assert waiting == {"price_failed", "delist_failed", "oversold"}
    assert cleared == {"price_failed", "oversold"}
    assert kinds_of(Listing.objects.get()) == {"oversold"}


def test_a_proof_has_its_time_and_leaves_the_account_alone(listed_cup, listings, noon):
    later = noon + timedelta(hours=1)

    listings.record([Proven(listed_cup.id, at=later, price=Decimal("9.00"))])

    assert (again(listings, listed_cup).account, Listing.objects.get().proven_at) == (5, later)


def test_a_page_follows_its_variants_and_keeps_what_is_pending_of_it(channel, save, listings, family, noon):
    save([family("tee", "S", "M")])
    listings.build(["tee"], queue=False)
    page, *variants = listings.by_skus(["tee", "tee-S", "tee-M"])
    listings.record([Proven(row.id, noon, LISTED, external_id=row.id) for row in (page, *variants)])
    listings.set_status({page.id: replace(LISTED, pending=Pending.OVERWRITE)}, groups=frozenset({Group.TEXTS}))

    def after(*statuses):
        listings.record(
            [Proven(row.id, noon, status) for row, status in zip(variants, statuses, strict=True) if status is not None]
        )
        return listings.by_ids([page.id])[0]

    seen = [after(HIDDEN, None), after(None, HIDDEN), after(LISTED, None), after(HIDDEN, None)]

    assert [row.status.health.value for row in seen] == ["listed", "hidden", "listed", "hidden"]
    assert {row.status.pending for row in seen} == {Pending.OVERWRITE}
    assert {row.overwrite_groups for row in seen} == {frozenset({Group.TEXTS})}


def test_a_page_is_hidden_when_its_last_variant_on_sale_is_let_go_of(channel, save, listings, family, noon):
    save([family("tee", "S", "M")])
    listings.build(["tee"], queue=False)
    page, first, second = listings.by_skus(["tee", "tee-S", "tee-M"])
    found = ((page, LISTED), (first, LISTED), (second, HIDDEN))
    listings.record([Proven(row.id, noon, status, external_id=row.id) for row, status in found])

    listings.set_status({first.id: Status()})

    assert listings.by_ids([page.id])[0].status == HIDDEN
