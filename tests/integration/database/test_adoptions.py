"""How a store's products belong together, and what of them was taken; on both databases."""

import random
from decimal import Decimal

import pytest
from django.db import transaction

from fakes.adoptions import MemoryAdoptions
from fakes.listings import MemoryListings
from tradepost.database.listings.adoptions import DjangoAdoptions
from tradepost.database.models import OutlineRecord
from tradepost.domain.catalogue.catalogue import Product, Variant
from tradepost.domain.listings.listing import Health, Link
from tradepost.operations.ports import OutlineRow, Taken, TakenListing


@pytest.fixture
def adoptions(channel, noon):
    return DjangoAdoptions(channel.pk, clock=lambda: noon)


def drawn(chooser):
    """A store of a few products that name each other, stand on each other's pages, and share SKUs."""
    codes = [chooser.choice("aAbB") + str(number) for number in range(chooser.randint(1, 9))]
    return [
        OutlineRow(
            number,
            code,
            chooser.choice(["x", "y", code]),
            product_type=chooser.choice(["", "parent", "simple"]),
            parent_code=chooser.choice(["", "", chooser.choice(codes).upper(), "gone"]),
            parts=tuple(chooser.sample(codes, chooser.choice([0, 0, 1, min(3, len(codes))]))),
            has_bundles=chooser.random() < 0.2,
        )
        for number, code in enumerate(codes, start=1)
    ]


def belongings(families):
    return [(family.root.code, [row.code for row in family.variants]) for family in families]


# Two products that name each other as their parents are no family in any order; which of them stands alone is open.
def has_circle(rows):
    parent = {row.code.lower(): row.parent_code.lower() for row in rows}
    on_page = {part.lower(): row.code.lower() for row in rows if not row.has_bundles for part in row.parts}
    roots = {code: parent[code] if parent.get(parent[code]) is not None else on_page.get(code) for code in parent}
    return any(roots.get(roots.get(code)) for code in parent)


@pytest.mark.parametrize("seed", range(30))
def test_products_belong_together_as_the_rule_says(adoptions, seed):
    """Whatever the store: the statements come to what the rule comes to in memory."""
    rows = drawn(random.Random(seed))
    memory = MemoryAdoptions(MemoryListings(), may_write=lambda: True)
    for each in (adoptions, memory):
        with transaction.atomic():
            each.clear()
            each.add(rows)
            each.place()

    if not has_circle(rows):
        assert belongings(adoptions.families(after=0, limit=99)) == belongings(memory.families(after=0, limit=99))
        assert adoptions.totals() == memory.totals()
        assert adoptions.count() == memory.count()
        assert adoptions.known(["x", "y"], []) == memory.known(["x", "y"], [])


def test_what_was_taken_stays_to_be_settled_whatever_is_read_anew(adoptions, listings, noon):
    mug = Product("mug", "Mug", "", (Variant("MUG", (), Decimal("7.90"), None, 1),))
    with transaction.atomic():
        adoptions.add([OutlineRow(7, "m-7", "MUG", created=70), OutlineRow(8, "m-8", "CUP")])
        adoptions.take([Taken("mug", mug, (TakenListing("MUG", 7, 70, "m-7", Decimal(8)),))], at=noon)
        adoptions.clear()

    (row,) = adoptions.unsettled(after=0, limit=9)
    assert (row.code, row.sku, row.external_id, row.external_created) == ("m-7", "MUG", 7, 70)
    assert (row.status.link, row.status.health, row.status.is_paused) == (Link.LINKED, Health.LISTED, True)
    assert (row.proven_price, row.wanted_price, row.available, row.account) == (Decimal(8), Decimal("7.90"), None, None)
    assert list(OutlineRecord.objects.values_list("external_id", flat=True)) == [7]
    with transaction.atomic():
        adoptions.settle([row.id])
    assert adoptions.count_unsettled() == 0
