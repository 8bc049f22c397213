"""What a listing has of its own is kept with it, on its channel, whatever the catalogue brings."""

from dataclasses import replace
from decimal import Decimal

from django.db import transaction

from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.locks import NO_LOCKS, Locks
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.listings.customising import Customising
from tradepost.operations.listings.listing_export import ListedRows
from tradepost.operations.ports import CleanDescription


class AsItIs:
    """Leaves descriptions as they are."""

    def clean(self, description):
        return CleanDescription(description)


def test_what_is_of_its_own_outlives_imports_and_builds_and_is_of_no_other_channel(
    channel, save, listings, simple, noon
):
    other = DjangoListings(Channel.objects.create(name="Other").pk, clock=lambda: noon)
    save([simple("CUP")])
    for each in (listings, other):
        each.build(["cup"], queue=False)
    (cup,) = listings.by_skus(["CUP"])
    own = Locks(frozenset({Group.PRICE}), Decimal("9.50"), texts=(("field:upc", "1"), ("name", "Ours")))

    with transaction.atomic():
        listings.hold([cup.id])
        listings.set_locks({cup.id: own})
    save([replace(simple("CUP", price="11.00"), title="Another")])
    listings.build(["cup"], queue=False)

    (again,) = listings.by_skus(["CUP"])
    assert (again.locks, again.wanted_price) == (own, Decimal("9.50"))
    assert [row.locks for row in other.by_skus(["CUP"])] == [NO_LOCKS]


def test_a_table_of_listings_comes_back_and_only_what_was_changed_is_kept(channel, save, listings, simple, family):
    save([simple("CUP"), family("tee", "S", "M")])
    listings.build(["cup", "tee"], queue=False)
    rows = {row.sku: row for row in listings.by_skus(["CUP", "tee", "tee-S", "tee-M"])}
    listings.flag({rows["CUP"].id: {Attention.NO_MATCH: "Nothing is there."}}, ended={})
    table = list(ListedRows("Shop", [row.id for row in rows.values()], listings, ContentRules(), AsItIs()).rows())
    work = Customising(listings, ContentRules(), AsItIs())
    by_id = {rows[cells["SKU"]].id: cells for cells in table}

    same = work.plan(by_id)
    by_id[rows["CUP"].id] = {**by_id[rows["CUP"].id], "Title": "Ours"}
    with transaction.atomic():
        changed = work.carry_out(by_id)

    assert {cells["SKU"]: cells["Attention"] for cells in table if cells["Attention"]} == {"CUP": "no_match"}
    assert {cells["SKU"]: cells["Product Type"] for cells in table} == {
        "CUP": "simple",
        "tee": "parent",
        "tee-S": "variant",
        "tee-M": "variant",
    }
    assert (same.locks, len(same.results)) == ({}, 4)
    assert changed.locks == {rows["CUP"].id: Locks(texts=(("name", "Ours"),))}
    # It is on no store yet, so a publish sends all of it anyway.
    assert changed.queued == {}
