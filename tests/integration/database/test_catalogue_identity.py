# ruff: noqa: PLR0917 - fixtures are asked for by name

"""Renamed, recoded, moved, removed and merged in the catalogue: what becomes of it and of its listings, set-based."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tradepost.database.models import Listing, VariantRecord
from tradepost.domain.catalogue.identity import IdentityPlan, KnownProduct, Move, SkuChange
from tradepost.operations.ports import Saying


@pytest.fixture
def listed(channel, catalogue, listings, family, simple, noon):
    """A family and a simple product, with listings of which all but the cup's are on the store."""
    catalogue.save([family("tee", "S", "M"), simple("MUG"), simple("CUP")], saying=Saying("a file", noon, noon))
    listings.build(["tee", "mug", "cup"], queue=False)
    for number, listing in enumerate(Listing.objects.exclude(sku="CUP"), start=1):
        Listing.objects.filter(pk=listing.pk).update(health="listed", link="linked", external_id=number)
    return catalogue


def test_products_are_known_by_handle_or_by_a_sku_with_what_they_still_have(listed):
    listed.remove(["tee-S"])

    assert listed.known_products(["tee"], []) == [KnownProduct("tee", {"tee-M": ("M",)})]
    assert listed.known_products([], ["CUP", "tee-S", "x"]) == [KnownProduct("cup", {"CUP": ()})]
    assert listed.known_products([], []) == []
    assert listed.skus_in_use(["tee-S", "CUP", "x"]) == {"tee-S", "CUP"}


def test_a_renamed_product_keeps_its_listings_and_codes_and_its_page_gets_the_new_sku(listed):
    listed.settle({"shirt": IdentityPlan(renamed="tee")})

    parent = Listing.objects.get(kind="parent")
    assert (parent.product.handle, parent.sku, parent.code) == ("shirt", "shirt", "tee")
    assert (parent.pending, parent.overwrite_groups) == ("overwrite", ["identifiers"])
    assert Listing.objects.exclude(pk=parent.pk).exclude(pending="").count() == 0


def test_a_recoded_variant_keeps_its_listing_and_what_a_person_has_queued(listed):
    Listing.objects.filter(sku="tee-S").update(pending="hide")

    changed = (SkuChange("tee", "tee-S", "T-1"), SkuChange("mug", "MUG", "MUG-2"), SkuChange("cup", "CUP", "CUP-2"))
    listed.settle({"tee": IdentityPlan(skus=changed)})

    found = Listing.objects.exclude(kind="parent").order_by("sku").values_list("sku", "code", "pending")
    assert list(found) == [
        ("CUP-2", "CUP", ""), ("MUG-2", "MUG", "overwrite"), ("T-1", "tee-S", "hide"), ("tee-M", "tee-M", ""),
    ]  # fmt: skip
    assert set(VariantRecord.objects.values_list("sku", flat=True)) == {"CUP-2", "MUG-2", "T-1", "tee-M"}


def test_a_moved_variant_is_let_go_of_for_the_product_that_takes_it(listed, listings, family, noon):
    both = family("tee", "S", "M")
    merged = replace(both, variants=(*both.variants, replace(both.variants[0], sku="MUG", options=("Mug",))))

    listed.settle({"tee": IdentityPlan(moves=(Move("mug", "tee", ("MUG",), is_whole=True),))})
    listed.save([merged], saying=Saying("a file", noon, noon))
    listings.build(["tee"], queue=False)

    mug = Listing.objects.get(sku="MUG")
    assert (mug.product.handle, mug.kind, mug.parent.sku, mug.external_id) == ("tee", "variant", "tee", 4)
    assert (mug.is_orphaned, VariantRecord.objects.get(sku="MUG").is_gone) == (False, False)


def test_a_page_that_everything_left_is_found_unless_it_was_only_linked_or_is_off_sale_already(listed, listings):
    moves = (Move("tee", "x", ("tee-S", "tee-M"), is_whole=True),)
    page = Listing.objects.filter(kind="parent")
    listed.settle({"x": IdentityPlan(moves=moves)})
    only_linked = listings.emptied_pages(after=0, limit=10)

    page.update(proven_fingerprints={"structure": "1234"}, is_orphaned=False)
    listed.settle({"x": IdentityPlan(moves=moves)})

    number = page.get().pk
    assert only_linked == []
    assert [(row.id, row.is_emptied) for row in listings.emptied_pages(after=0, limit=10)] == [(number, True)]
    for state in ({"is_paused": True}, {"is_orphaned": False}, {"health": "hidden"}, {"pending": "delist"}):
        before = page.values(*state).get()
        page.update(**state)
        [row] = listings.by_ids([number])
        assert (row.is_emptied, listings.emptied_pages(after=0, limit=10)) == (False, []), state
        page.update(**before)
    assert listings.emptied_pages(after=number, limit=10) == []


def test_what_is_removed_is_orphaned_and_its_parent_with_the_last_variant(listed, listings, family, noon):
    listed.remove(["tee-S"])
    first = set(Listing.objects.filter(is_orphaned=True).values_list("sku", flat=True))
    listed.remove(["tee-M"])
    listings.build(["tee"], queue=False)
    listed.refresh_wanted(["tee"])

    assert first == {"tee-S"}
    orphans = Listing.objects.filter(product__handle="tee")
    assert set(orphans.values_list("is_orphaned", "is_paused", "attentions__kind", "link")) == {
        (True, False, "orphaned", "linked")
    }
    assert set(orphans.exclude(kind="parent").values_list("available", flat=True)) == {0}

    listed.save([family("tee", "S")], saying=Saying("a file", noon, noon))
    listings.build(["tee"], queue=False)

    assert set(Listing.objects.filter(is_orphaned=True).values_list("sku", flat=True)) == {"tee-M"}


def test_what_is_on_the_store_goes_to_the_sku_that_stays(listed):
    listed.hand_over("MUG", "CUP")

    (listing,) = Listing.objects.filter(product__handle="cup")
    assert (listing.sku, listing.code, listing.link, listing.external_id) == ("CUP", "MUG", "linked", 4)
    assert (listing.variant.sku, listing.is_orphaned, listing.pending) == ("CUP", False, "overwrite")
    assert VariantRecord.objects.get(sku="MUG").is_gone


def test_of_two_that_are_on_the_store_the_first_is_orphaned(listed):
    Listing.objects.filter(sku="CUP").update(health="listed", link="linked", external_id=9)

    listed.hand_over("MUG", "CUP")

    found = (
        Listing.objects.filter(sku__in=["CUP", "MUG"]).order_by("sku").values_list("sku", "is_orphaned", "external_id")
    )
    assert list(found) == [("CUP", False, 9), ("MUG", True, 4)]


# --- what an import tells of ------------------------------------------------------------------------------------------


def test_saving_names_what_is_on_stores_of_variants_that_are_gone(listed, family, noon):
    Listing.objects.filter(sku="tee-S").update(account=3)

    first = listed.save([family("tee", "M")], saying=Saying("a file", noon, noon)).withdrawn
    again = listed.save([family("tee", "M")], saying=Saying("a file", noon, noon)).withdrawn

    assert [(change.sku, change.pieces, change.is_gone) for change in first] == [("tee-S", 3, True)]
    assert again == ()


def test_saving_names_families_on_stores_whose_values_stand_in_another_order(listed, family, noon):
    first = listed.save([family("tee", "M", "S")], saying=Saying("a file", noon, noon)).reordered
    again = listed.save([family("tee", "M", "S")], saying=Saying("a file", noon, noon)).reordered

    assert (first, again) == (("tee",), ())


def test_what_is_new_is_compared_with_what_is_on_a_store_by_title_and_options(listed, family, simple, noon):
    later = noon + timedelta(hours=1)
    shirt = replace(family("shirt", "S", "M"), title=family("tee", "S").title)
    pot, bowl = replace(simple("POT"), title=simple("MUG").title), replace(simple("BOWL"), title=simple("CUP").title)
    listed.save([shirt, pot, bowl], saying=Saying("a file", later, later))

    found = listed.lookalikes(created_at=later)

    assert [(each.before, each.handle, each.sku_before, each.sku, each.is_family) for each in found] == [
        ("tee", "shirt", "tee-S", "shirt-S", True),
        ("mug", "pot", "MUG", "POT", False),
    ]
    assert listed.lookalikes(created_at=later + timedelta(hours=1)) == []
