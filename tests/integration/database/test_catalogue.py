from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from attentions import kinds_of
from tradepost.database.catalogue.products import products_by_id
from tradepost.database.models import Channel, ImageRecord, Listing, ProductRecord, VariantRecord
from tradepost.domain.catalogue.catalogue import Product, SourceImage
from tradepost.domain.errors import RowRefused
from tradepost.operations.ports import ImportCounts


def saved(handle: str) -> Product:
    (product,) = products_by_id([ProductRecord.objects.get(handle=handle).pk]).values()
    return product


def test_a_saved_product_is_read_back_as_it_was(channel, save, variant):
    product = Product(
        handle="mug",
        title="Mug & more ☕",
        description="<p>Holds tea.</p>",
        option_names=("Colour", "Size"),
        brand="Potter",
        category=("Kitchen", "Mugs"),
        tags=("clay", "new"),
        page_title="Mugs",
        images=(SourceImage("https://images.example/2.jpg", 2), SourceImage("media:abc", 1, "from above")),
        is_for_sale=False,
        variants=(
            variant(
                "MUG-RED",
                "Red",
                "Big",
                price="12.3456",
                msrp=Decimal("15.00"),
                cost=Decimal("4.10"),
                barcode="012345",
                weight_grams=Decimal("321.5"),
                taxable=False,
                sells_without_stock=True,
                image=SourceImage("https://images.example/red.jpg", 3),
                sku_made_up=True,
            ),
            variant("MUG-BLUE", "Blue", "Big", quantity=None, position=2),
        ),
    )

    counts = save([product])

    assert counts == ImportCounts(created=3)
    assert saved("mug") == product


def test_saving_the_same_again_changes_nothing(channel, save, simple, family, noon):
    products = [simple("CUP"), family("tee", "S", "M")]
    save(products)
    images = list(ImageRecord.objects.values_list("id", flat=True))

    counts = save(products, at=noon + timedelta(days=1))

    assert counts == ImportCounts(unchanged=5)
    assert list(ImageRecord.objects.values_list("id", flat=True)) == images
    assert ProductRecord.objects.get(handle="cup").updated_at == noon


def test_a_change_is_counted_where_it_is(channel, save, simple, family, noon):
    save([simple("CUP"), family("tee", "S", "M")])

    counts = save([simple("CUP", quantity=6), replace(family("tee", "S", "M", "L"), title="The best tee")])

    assert counts == ImportCounts(created=1, updated=2, unchanged=3)
    assert saved("tee").title == "The best tee"
    assert [variant.sku for variant in saved("tee").variants] == ["tee-S", "tee-M", "tee-L"]
    assert saved("cup").variants[0].quantity == 6


def test_an_unknown_quantity_leaves_the_known_one(channel, save, simple, noon):
    save([simple("CUP", quantity=5)])

    counts = save([simple("CUP", quantity=None)], at=noon + timedelta(days=1))

    variant = VariantRecord.objects.get()
    assert counts == ImportCounts(unchanged=2)
    assert (variant.quantity, variant.source_quantity, variant.stated_at) == (5, 5, noon)


def test_a_sku_of_another_product_is_refused_and_nothing_is_saved(channel, catalogue, save, simple):
    save([simple("CUP")])
    thief = replace(simple("CUP"), handle="thief")

    with pytest.raises(RowRefused, match="'CUP' of product 'thief' belongs to product 'cup'"):
        save([simple("JAR"), thief])

    assert catalogue.owners(["CUP", "JAR"]) == {"CUP": "cup"}
    assert ProductRecord.objects.count() == 1


def test_a_variant_that_left_is_kept_and_its_listings_are_orphaned_until_it_is_back(channel, save, listings, family):
    save([family("tee", "S", "M")])
    listings.build(["tee"], queue=True)

    save([family("tee", "S")])
    gone = Listing.objects.get(sku="tee-M")
    left = kinds_of(gone)
    save([family("tee", "S", "M")])
    back = Listing.objects.get(sku="tee-M")

    assert (gone.is_orphaned, gone.is_paused, left, gone.pending) == (True, False, {"orphaned"}, "")
    assert (back.is_orphaned, kinds_of(back), back.pending) == (False, set(), "")
    assert VariantRecord.objects.count() == 2


def test_a_variant_that_left_may_come_back_in_another_product(channel, save, listings, family, variant):
    save([family("tee", "S", "M")])
    listings.build(["tee"], queue=False)
    save([family("tee", "S")])
    moved = Product(handle="tee-m", title="Tee M", description="", variants=(variant("tee-M"),))

    save([moved])
    listings.build(["tee-m"], queue=False)

    listing = Listing.objects.get(sku="tee-M")
    assert (listing.product.handle, listing.kind, listing.parent_id) == ("tee-m", "simple", None)
    assert (listing.is_orphaned, kinds_of(listing)) == (False, set())


def test_new_prices_and_quantities_reach_the_listings_of_every_channel(channel, catalogue, save, listings, family):
    from tradepost.database.listings.listings import DjangoListings  # noqa: PLC0415 - the fixture has opened the database

    other = DjangoListings(Channel.objects.create(name="Other").pk)
    save([family("tee", "S", "M", price="10.00")])
    listings.build(["tee"], queue=False)
    other.build(["tee"], queue=False)

    save([family("tee", "S", "M", price="9.005", quantity=7)])
    catalogue.refresh_wanted(["tee"])

    for port in (listings, other):
        rows = port.by_skus(["tee", "tee-S", "tee-M"])
        assert [(row.sku, row.wanted_price, row.available) for row in rows] == [
            ("tee", Decimal("9.01"), None),
            ("tee-S", Decimal("9.01"), 7),
            ("tee-M", Decimal("9.01"), 7),
        ]
