"""A unit as tags: the order a store can take, and the change that each tag belongs to."""

from decimal import Decimal

from tradepost.domain.plan import Action, Change, FieldChange, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import StoreAttribute, StoreImage, StoreOption, StoreVariant
from tradepost.miva.documents.unit_document import unit_document


def change(action, code, **fields):
    """Fields as name=(before, after)."""
    changes = tuple(FieldChange(name, before, after) for name, (before, after) in fields.items())
    return Change(Subject(SubjectKind.PRODUCT, code), Side.STORE, action, changes)


def written(*changes):
    document = unit_document(Unit("x", changes))
    return [(tag.name, owner) for tag, owner in zip(document.tags, document.owners, strict=True)]


def attribute(*options):
    return StoreAttribute("size", "Size", tuple(StoreOption(code, code) for code in options))


def variant(option, *parts):
    return StoreVariant(frozenset({("size", option)}), parts)


def test_a_family_is_built_closed_and_opened_last():
    parent = change(
        Action.CREATE, "tee", name=(None, "Tee"), is_active=(None, True), attributes=(None, (attribute("S"),)),
        variants=(None, (variant("S", "tee-s"),)), custom_fields=(None, {"product_type": "parent"}),
        images=(None, (StoreImage("graphics/a.png", "main"), StoreImage("graphics/b.png", ""))),
        categories=(None, ("shirts",)), address=(None, "/tee.html"),
    )  # fmt: skip
    child = change(Action.CREATE, "tee-s", name=(None, "Tee, S"), is_active=(None, False), quantity=(None, 3))

    assert written(parent, child) == [
        ("Product_Add", 0),
        ("Product_Add", 1),
        ("ProductAttribute_Add", 0),
        ("ProductAttributeOption_Add", 0),
        ("InventoryProductSettings_Update", 1),
        ("ProductVariant_Add", 0),
        ("ProductField_Value", 0),
        ("ProductImage_Replace_Type", 0),
        ("ProductImage_Add", 0),
        ("CategoryProduct_Assign", 0),
        ("Product_Update", 0),
        ("URI_Add", 0),
    ]
    xml = unit_document(Unit("x", (parent, child))).xml
    assert xml.index("<Active>No</Active>") < xml.index("<ProductVariant_Add")
    assert xml.rindex("<Active>Yes</Active>") > xml.index("<CategoryProduct_Assign")


def test_an_update_names_only_what_changes():
    price = change(Action.UPDATE, "mug", price=(Decimal(8), Decimal("7.90")))

    assert unit_document(Unit("mug", (price,))).xml == '<Product_Update code="mug"><Price>7.9</Price></Product_Update>'


def test_being_left_out_of_search_is_the_opposite_of_being_in_it():
    hidden = change(Action.UPDATE, "mug", is_in_search=(True, False))

    assert "<ExcludeFromSearchResults>Yes<" in unit_document(Unit("mug", (hidden,))).xml


def test_an_unknown_quantity_is_never_sent():
    assert written(change(Action.UPDATE, "mug", quantity=(4, None))) == []


def test_only_missing_attributes_and_options_are_added():
    grown = change(
        Action.UPDATE,
        "tee",
        attributes=((StoreAttribute("SIZE", "Size", (StoreOption("s", "S"),)),), (attribute("S", "M"),)),
    )

    document = unit_document(Unit("tee", (grown,)))

    assert [tag.name for tag in document.tags] == ["ProductAttributeOption_Add"]
    assert "<Code>M</Code>" in document.xml


def test_a_variant_of_known_options_is_updated_so_that_its_id_stays():
    changed = change(
        Action.UPDATE, "tee", variants=((variant("s", "old"),), (variant("S", "new"), variant("M", "tee-m")))
    )

    assert written(changed) == [("ProductVariant_Update", 0), ("ProductVariant_Add", 0)]


def test_unused_options_go_after_the_variants_are_written():
    changed = change(
        Action.UPDATE, "tee", variants=((), (variant("M", "tee-m"),)), unused_options=(None, (("size", "S"),))
    )

    assert written(changed) == [("ProductVariant_Add", 0), ("ProductAttributeOption_Delete", 0)]


def test_an_image_that_only_changes_its_type_is_not_attached_twice():
    changed = change(
        Action.UPDATE, "mug", images=((StoreImage("graphics/a.png", ""),), (StoreImage("graphics/a.png", "main"),))
    )

    assert written(changed) == [("ProductImage_Delete_File", 0), ("ProductImage_Add", 0)]


def test_images_that_are_there_are_left_alone():
    there = StoreImage("graphics/mug-1-aaaaaaaa.png", "main")
    new = StoreImage("graphics/mug-2-bbbbbbbb.png", "")

    assert written(change(Action.UPDATE, "mug", images=((there,), (there, new)))) == [("ProductImage_Add", 0)]


def test_a_unit_without_changes_has_no_document():
    assert unit_document(Unit("x", ())).xml == ""
