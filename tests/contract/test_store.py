"""What the port `Store` promises, for every implementation of it: in memory, and Miva's against a sandbox store."""

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fakes.store import MemoryStore
from tradepost.domain.errors import PermissionMissing, UnexpectedAnswer
from tradepost.domain.fields import FIELDS
from tradepost.domain.orders.order import PaymentState, Shipment, ShipmentLine, ShipmentPath, StoreStatus
from tradepost.domain.plan import Action, Change, FieldChange, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import StoreAttribute, StoreImage, StoreOption, StoreStock, StoreVariant
from tradepost.miva.store import MivaStore
from tradepost.operations.ports import (
    IdRange,
    LatestProducts,
    RangeCount,
    SetupItem,
    SetupKind,
    ShipmentSend,
    SightingPage,
    StockWrite,
    Store,
    UnitAnswer,
    WriteAnswer,
    WriteOutcome,
)

DONE = WriteAnswer(WriteOutcome.DONE)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SET_UP = [
    SetupItem(SetupKind.CUSTOM_FIELD, "product_type", "Product type", choices=("parent", "variant", "simple")),
    SetupItem(SetupKind.CUSTOM_FIELD, "upc", "UPC"),
    SetupItem(SetupKind.CATEGORY, "clothes", "Clothes"),
    SetupItem(SetupKind.CATEGORY, "shirts", "Shirts", parent="clothes"),
]
SIZE = StoreAttribute("size", "Size", (StoreOption("S", "Small"), StoreOption("M", "Medium")))


def variant(size, *parts):
    return StoreVariant(frozenset({("size", size)}), parts or (f"tee-{size}",))


def change(action, code, **fields):
    written = tuple(FieldChange(name, None, value) for name, value in fields.items())
    return Change(Subject(SubjectKind.PRODUCT, code), Side.STORE, action, written)


def update(code, name, *, before, after):
    return Change(Subject(SubjectKind.PRODUCT, code), Side.STORE, Action.UPDATE, (FieldChange(name, before, after),))


def changed(code, **fields):
    """`fields` as they are before and after."""
    written = tuple(FieldChange(name, before, after) for name, (before, after) in fields.items())
    return Change(Subject(SubjectKind.PRODUCT, code), Side.STORE, Action.UPDATE, written)


def create(code, **fields):
    return change(Action.CREATE, code, **{"name": code.title(), "price": Decimal("9.50"), "is_active": True, **fields})


def family():
    parent = create("tee", attributes=(SIZE,), variants=(variant("S"), variant("M")))
    return Unit("tee", (parent, create("tee-S", quantity=3), create("tee-M", quantity=0)))


def unit(*changes):
    return Unit(changes[0].subject.key, changes)


@pytest.mark.parametrize("implementation_class", [MemoryStore, MivaStore])
def test_an_implementation_has_every_method_of_the_port_with_the_same_parameters(implementation_class):
    promised = {name: method for name, method in vars(Store).items() if not name.startswith("_")}

    assert promised
    for name, method in promised.items():
        has = inspect.signature(getattr(implementation_class, name)).parameters
        assert list(has) == list(inspect.signature(method).parameters), name


# --- products -------------------------------------------------------------------------------------------------------


def test_an_empty_store_has_no_products_no_pages_and_no_orders(store):
    assert (store.products_by_code([]), store.products_by_code(["tee"])) == ({}, {})
    assert (store.products_by_id([]), store.products_by_id([1])) == ({}, {})
    assert list(store.iterate_rows()) == []
    assert (store.orders_by_id([]), store.orders_by_id([5001])) == ({}, {})
    assert list(store.sight_orders_in(statuses=set(StoreStatus), since=0)) == []


def test_products_are_found_by_code_whatever_its_case_and_missing_ones_are_left_out(store):
    store.provision([unit(create("Mug"))])

    found = store.products_by_code(["MUG", "cup"])

    assert {key: product.code for key, product in found.items()} == {"mug": "Mug"}


def test_products_are_found_by_sku_whatever_its_case_however_many_share_it(store):
    store.provision(
        [unit(create(code, sku=sku)) for code, sku in [("a", "M,1"), ("b", "m,1"), ("c", "M-2"), ("d", "")]]
    )

    found = store.products_by_sku(["M,1", "M-2", "M-3", ""])

    assert sorted((product.code, product.sku) for product in found) == [("a", "M,1"), ("b", "m,1"), ("c", "M-2")]
    assert store.products_by_sku([]) == store.products_by_sku([" "]) == []


def test_a_parent_that_is_found_by_sku_comes_with_its_choices_and_variants(store, reader):
    tee, *children = family().changes
    store.provision([Unit("tee", (replace(tee, fields=(*tee.fields, FieldChange("sku", None, "TEE"))), *children))])

    assert reader.products_by_sku(["TEE"]) == [reader.products_by_code(["tee"])["tee"]]


def test_a_parent_is_loaded_with_its_choices_and_variants(store, reader):
    assert store.provision([family()]) == [UnitAnswer(WriteOutcome.DONE)]

    tee = reader.products_by_code(["tee"])["tee"]

    assert tee.attributes == (SIZE,)
    assert set(tee.variants) == {variant("S"), variant("M")}


WRITTEN = {
    "sku": "TEE/1",
    "name": "Tee <b> & more",
    "description": "<p>Plain &amp; light</p>",
    "page_title": "A Tee",
    "price": Decimal("12.34"),
    "cost": Decimal("3.10"),
    "weight_grams": Decimal(210),
    "is_taxable": True,
    "is_in_search": True,
    "is_active": True,
    "quantity": 7,
    "sells_without_stock": True,
    "categories": ("shirts",),
    "dimensions": {"length": Decimal("10.50"), "height": Decimal(3)},
    "custom_fields": {"upc": "012345678905"},
    "placement": {"product_type": "simple"},
    "images": (StoreImage("graphics/is-images/tee-1-aaaaaaaa.png", "main"),),
    "attributes": (SIZE,),
    "variants": (variant("S", "part"),),
    "address": "/a-tee.html",
}


def test_every_field_of_a_listing_has_a_value_below():
    # How a variant is priced no store tells: a shopper sees it, in tests/integration/operations/test_families.py.
    assert set(WRITTEN) == set(FIELDS) - {"variant_pricing"}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_what_was_provisioned_is_read_back_without_a_difference(implementation, name, action):
    store, reader, field = implementation.store, implementation.reader, FIELDS[name]
    implementation.put_file(WRITTEN["images"][0].path)
    store.set_up(SET_UP)
    choices = {"attributes": (SIZE,)} if name == "variants" else {}
    store.provision([unit(create("part"))])
    if action is Action.CREATE:
        wanted = {"name": "Tee", "price": Decimal(1), **choices, name: WRITTEN[name]}
        (answer,) = store.provision([unit(change(Action.CREATE, "tee", **wanted))])
    else:
        store.provision([unit(change(Action.CREATE, "tee", name="Old", price=Decimal(1), **choices))])
        # Whole, because a field may need what the store has in its place: a writer never sends a part of it.
        there = reader.products_by_code(["tee"])["tee"]
        before = there.variants if name == "variants" else None
        (answer,) = store.provision([unit(update("tee", name, before=before, after=WRITTEN[name]))])

    found = reader.products_by_code(["tee"])["tee"]

    assert answer == UnitAnswer(WriteOutcome.DONE)
    assert field.on_store(found) is not None
    assert field.difference(found, WRITTEN[name], unread_too=True) is None


def test_an_update_changes_only_what_it_names(store, reader):
    store.provision([unit(create("mug", sku="MUG", quantity=3))])
    before = reader.products_by_code(["mug"])["mug"]

    store.provision([unit(change(Action.UPDATE, "mug", price=Decimal("8.25")))])

    after = reader.products_by_code(["mug"])["mug"]
    assert after.price == Decimal("8.25")
    assert (after.id, after.name, after.sku, after.stock) == (before.id, before.name, before.sku, before.stock)


def test_products_are_loaded_by_id_without_content_and_missing_ones_are_left_out(store, reader):
    store.set_up(SET_UP)
    store.provision([unit(create("mug", categories=("shirts",), description="Holds coffee"))])
    number = reader.products_by_code(["mug"])["mug"].id

    found = store.products_by_id([number, number + 1000])

    assert list(found) == [number]
    mug = found[number]
    assert (mug.code, mug.price, mug.is_active) == ("mug", Decimal("9.5"), True)
    assert (mug.description, mug.categories, mug.variants) == ("", frozenset(), None)


def test_products_are_loaded_by_id_with_all_content_where_that_is_asked_for(store, reader):
    store.set_up(SET_UP)
    store.provision([unit(create("mug", categories=("shirts",), description="Holds coffee"))])
    by_code = reader.products_by_code(["mug"])["mug"]

    found = reader.contents_by_id([by_code.id, by_code.id + 1000])

    assert found == {by_code.id: by_code}
    assert found[by_code.id].updated > 0
    assert "description" not in found[by_code.id].absent


def test_stock_is_none_exactly_where_this_token_cannot_read_it(implementation):
    store = implementation.store
    store.provision([unit(create("mug", quantity=3))])

    mug = store.products_by_code(["mug"])["mug"]

    expected = StoreStock(is_tracked=True, count=3) if implementation.reads_stock else None
    assert (mug.stock, store.products_by_id([mug.id])[mug.id].stock) == (expected, expected)


def test_how_many_there_are_with_what_baskets_hold_is_read_whatever_the_token(store):
    store.provision([unit(create("mug", quantity=3), create("tee"))])
    mug = store.products_by_code(["mug"])["mug"]

    assert store.reads_stock()
    assert store.products_by_id([mug.id])[mug.id].with_baskets == 3


def test_rows_come_by_ascending_id_in_pages_with_the_custom_fields_that_were_asked_for(store):
    store.set_up(SET_UP)
    for n in range(5):  # one by one, or they are made side by side
        store.provision([unit(create(f"p{n}", sku=f"P/{n}", custom_fields={"upc": str(n)}))])

    pages = list(store.iterate_rows(page_size=2))
    (whole,) = store.iterate_rows(custom_fields=["upc"])

    assert [[row.code for row in page] for page in pages] == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    ids = [row.id for page in pages for row in page]
    assert ids == sorted(set(ids))
    assert [(row.sku, row.is_active, row.fields) for row in whole][3] == ("P/3", True, {"upc": "3"})
    assert pages[0][0].fields == {}


def test_outlines_say_what_stands_behind_the_variants_of_pages_and_what_products_say_of_themselves(store):
    store.set_up(SET_UP)
    store.provision([family()])
    store.provision([unit(create("mug", sku="M/1", custom_fields={"upc": "7"}))])

    pages = list(store.iterate_outlines(custom_fields=["upc"], page_size=2))

    rows = {row.code: row for page in pages for row in page}
    assert [len(page) for page in pages] == [2, 2]
    assert [row.id for page in pages for row in page] == sorted(row.id for row in rows.values())
    assert sorted(rows["tee"].parts) == ["tee-M", "tee-S"]
    assert (rows["tee-S"].parts, rows["tee"].has_bundles, rows["mug"].has_bundles) == ((), False, False)
    assert (rows["mug"].sku, dict(rows["mug"].fields), rows["mug"].created > 0) == ("M/1", {"upc": "7"}, True)


def test_products_are_counted_and_read_by_ranges_of_ids_and_by_ids(store):
    for n in range(4):
        store.provision([unit(create(f"p{n}"))])
    (one, two, three, four) = (row.id for page in store.iterate_rows() for row in page)
    ranges = [IdRange(0, two), IdRange(two, two), IdRange(two, four + 99)]

    assert store.count_existing(ranges) == [RangeCount(2, two), RangeCount(0, None), RangeCount(2, four)]
    assert [[row.id for row in rows] for rows in store.existing_between(ranges)] == [[one, two], [], [three, four]]
    by_id = store.existing_by_id([one, three, four + 99])
    assert sorted(by_id) == sorted(row for [row] in store.existing_between([IdRange(n - 1, n) for n in (one, three)]))
    assert store.existing_by_id([]) == []
    assert [[row.code for row in page] for page in store.iterate_existing(after=one, page_size=2)] == [
        ["p1", "p2"],
        ["p3"],
    ]
    with pytest.raises(UnexpectedAnswer):
        store.existing_between([IdRange(0, four)], limit=3)


def test_what_changed_last_comes_first_and_can_be_asked_for_from_a_time_on(implementation):
    store = implementation.store
    for code in ("a", "b", "c"):
        store.provision([unit(create(code))])
        implementation.pass_time(10)
    store.provision([unit(change(Action.UPDATE, "a", price=Decimal(1)))])

    everything = store.latest_changed(limit=9)
    a, c, b = everything.rows

    assert ([row.code for row in everything.rows], everything.total) == (["a", "c", "b"], 3)
    assert a.created < b.created < c.created == c.updated < a.updated
    assert store.latest_changed(limit=1) == LatestProducts([a], 3)
    assert store.latest_changed(changed_from=c.updated, limit=1) == LatestProducts([a], 2)
    assert list(store.iterate_existing(changed_from=c.updated)) == [[a, c]]


# --- set-up ---------------------------------------------------------------------------------------------------------


def test_set_up_makes_what_is_missing_in_order_and_can_be_repeated(store):
    assert store.set_up(SET_UP) == [DONE] * 4
    assert store.set_up(SET_UP) == [DONE] * 4

    answers = store.provision([unit(create("tee", categories=("shirts",), custom_fields={"upc": "1"}))])

    assert answers == [UnitAnswer(WriteOutcome.DONE)]


def test_a_set_up_item_that_is_refused_says_why_and_the_others_are_made(store):
    orphans = SetupItem(SetupKind.CATEGORY, "orphans", "Orphans", parent="nowhere")

    answers = store.set_up([orphans, SetupItem(SetupKind.CATEGORY, "mugs", "Mugs")])

    assert [answer.outcome for answer in answers] == [WriteOutcome.REFUSED, WriteOutcome.DONE]
    assert "nowhere" in answers[0].message
    assert store.provision([unit(create("mug", categories=("mugs",)))]) == [UnitAnswer(WriteOutcome.DONE)]


# --- provisioning ---------------------------------------------------------------------------------------------------


def test_each_unit_gets_its_answer_in_order(store):
    missing = unit(change(Action.UPDATE, "missing", price=Decimal(1)))

    answers = store.provision([unit(create("a")), missing, Unit("b", ()), unit(create("c"))])

    assert [bool(answer.refusals) for answer in answers] == [False, True, False, False]
    assert sorted(store.products_by_code(["a", "c", "missing"])) == ["a", "c"]


def test_a_refusal_is_that_of_its_change_and_what_holds_already_is_none(store):
    store.provision([unit(create("mug"))])

    (answer,) = store.provision([unit(create("tee"), create("mug"), create("cup", categories=("nowhere",)))])

    assert answer.outcome is WriteOutcome.DONE
    assert list(answer.refusals) == [2]
    assert "nowhere" in answer.refusals[2]
    assert answer.complaints == ()
    assert sorted(store.products_by_code(["tee", "cup"])) == ["cup", "tee"]


def test_a_product_that_is_there_is_not_made_a_second_time(store):
    store.provision([unit(create("mug"))])
    before = store.products_by_code(["mug"])

    store.provision([unit(create("MUG", price=Decimal(99)))])

    assert store.products_by_code(["mug"]) == before
    assert [len(page) for page in store.iterate_rows()] == [1]


def test_a_variant_of_a_product_that_is_not_there_is_refused(store, reader):
    (answer,) = store.provision([unit(create("tee", attributes=(SIZE,), variants=(variant("S", "nowhere"),)))])

    assert list(answer.refusals) == [0]
    assert reader.products_by_code(["tee"])["tee"].variants == ()


def test_what_is_refused_of_a_list_leaves_the_rest_of_it(store, reader):
    store.set_up(SET_UP)
    wanted = {"categories": ("nowhere", "shirts"), "variants": (variant("S", "nowhere"), variant("M"))}

    (answer,) = store.provision([unit(create("tee", attributes=(SIZE,), **wanted), create("tee-M"))])

    assert list(answer.refusals) == [0]
    tee = reader.products_by_code(["tee"])["tee"]
    assert (tee.categories, tee.variants) == ({"shirts"}, (variant("M"),))


def test_a_variant_of_the_same_options_gets_other_parts(store, reader):
    store.provision([family(), unit(create("other"))])
    before = reader.products_by_code(["tee"])["tee"].variants

    store.provision([unit(update("tee", "variants", before=before, after=(variant("S", "other"), variant("M"))))])

    assert set(reader.products_by_code(["tee"])["tee"].variants) == {variant("S", "other"), variant("M")}


def test_a_page_has_the_variants_that_were_written_and_no_others(store, reader):
    store.provision([family(), unit(create("tee-L"))])
    tee = reader.products_by_code(["tee"])["tee"]
    sizes = StoreAttribute("size", "Sizes", (StoreOption("M", "Middle"), StoreOption("L", "Large")))
    fields = {"attributes": (tee.attributes, (sizes,)), "variants": (tee.variants, (variant("M"), variant("L")))}

    (answer,) = store.provision([unit(changed("tee", **fields))])

    after = reader.products_by_code(["tee"])["tee"]
    assert answer == UnitAnswer(WriteOutcome.DONE)
    assert (after.attributes, set(after.variants)) == ((sizes,), {variant("M"), variant("L")})


def test_an_unused_option_is_taken_off_the_page(store, reader):
    store.provision([family()])

    answers = store.provision([unit(change(Action.UPDATE, "tee", unused_options=(("size", "S"),)))])

    assert answers == [UnitAnswer(WriteOutcome.DONE)]
    tee = reader.products_by_code(["tee"])["tee"]
    assert [option.code for attribute in tee.attributes for option in attribute.options] == ["M"]
    assert tee.variants == (variant("M"),)


def test_an_address_that_another_product_has_is_not_given_and_nothing_is_said_of_it(store, reader):
    store.provision([unit(create("mug", is_active=False, address="/mug.html"))])

    answers = store.provision([unit(create("cup", is_active=False, address="/mug.html"))])

    assert answers == [UnitAnswer(WriteOutcome.DONE)]
    found = reader.products_by_code(["mug", "cup"])
    assert (found["mug"].addresses, found["cup"].addresses) == (("/mug.html",), ())


def test_an_image_without_its_file_is_refused_and_one_of_ours_takes_the_place_of_its_predecessor(implementation):
    store, reader = implementation.store, implementation.reader
    old, theirs, new = (
        f"graphics/is-images/{name}" for name in ("mug-1-aaaaaaaa.png", "own.png", "mug-1-bbbbbbbb.png")
    )
    implementation.put_file(old)
    implementation.put_file(theirs)
    store.provision([unit(create("mug", images=(StoreImage(old, "main"), StoreImage(theirs, ""))))])
    # What stands before is the hub's own; images of the merchant's are in no change.
    wanted = unit(update("mug", "images", before=(StoreImage(old, "main"),), after=(StoreImage(new, "main"),)))

    (refused,) = store.provision([unit(create("cup", images=(StoreImage(new, "main"),)))])
    implementation.put_file(new)
    (taken,) = store.provision([wanted])

    assert list(refused.refusals) == [0]
    assert taken == UnitAnswer(WriteOutcome.DONE)
    assert set(reader.products_by_code(["mug"])["mug"].images) == {StoreImage(new, "main"), StoreImage(theirs, "")}


def test_a_token_that_may_not_provision_stops_before_anything_is_done(implementation):
    store = implementation.without("Provision_Store")

    with pytest.raises(PermissionMissing) as raised:
        store.provision([unit(create("mug"))])

    assert raised.value.function == "Provision_Store"
    assert implementation.reader.products_by_code(["mug"]) == {}


# --- stock and deletion ---------------------------------------------------------------------------------------------


def test_stock_is_set_with_tracking_on_and_what_is_not_there_is_refused(store, reader):
    store.provision([unit(create("a")), unit(create("b"))])
    a, b = (reader.products_by_code([code])[code].id for code in ("a", "b"))
    writes = [
        StockWrite(a, quantity=7),
        StockWrite(9999, quantity=1),
        StockWrite(b, quantity=0, stops_sale=True),
    ]
    goes_on = [StockWrite(b, change=0, stops_sale=False)]

    first, again = store.write_stock(writes), store.write_stock(writes)

    expected = [WriteOutcome.DONE, WriteOutcome.REFUSED, WriteOutcome.DONE]
    assert [[answer.outcome for answer in answers] for answers in (first, again)] == [expected, expected]
    found = reader.products_by_id([a, b])
    assert (found[a].stock.is_tracked, found[a].stock.count, found[a].stock.stops_sale_at_zero) == (True, 7, False)
    assert found[b].stock == StoreStock(is_tracked=True, count=0, stops_sale_at_zero=True, hides_when_out=False)
    assert store.write_stock(goes_on)[0].outcome is WriteOutcome.DONE
    assert reader.products_by_id([b])[b].stock == StoreStock(
        is_tracked=True, count=0, stops_sale_at_zero=False, hides_when_out=False, sells_without_stock=True
    )


@pytest.mark.parametrize(("moves", "left"), [([-2], 1), ([-2, -2], -1), ([5], 8), ([-3, 3], 3), ([0], 3)])
def test_a_move_is_added_to_what_the_store_has_each_time(store, reader, moves, left):
    store.provision([unit(create("mug", quantity=3)), unit(create("cup", quantity=3))])
    number = reader.products_by_code(["mug"])["mug"].id

    answers = [store.write_stock([StockWrite(number, change=pieces)]) for pieces in moves]

    assert answers == [[DONE]] * len(moves)
    found = reader.products_by_code(["mug", "cup"])
    assert found["mug"].stock == StoreStock(is_tracked=True, count=left)
    assert found["cup"].stock.count == 3


def test_what_was_not_counted_is_counted_from_nothing_when_it_is_moved(store, reader):
    store.provision([unit(create("mug"))])
    number = reader.products_by_code(["mug"])["mug"].id

    assert store.write_stock([StockWrite(number, change=4)]) == [DONE]

    stock = reader.products_by_code(["mug"])["mug"].stock
    assert (stock.is_tracked, stock.count) == (True, 4)


@pytest.mark.parametrize("write", [{"change": -1}, {"change": 0}, {"quantity": 2}])
def test_whatever_is_written_may_also_stop_the_sale_at_zero(store, reader, write):
    store.provision([unit(create("mug", quantity=3))])
    number = reader.products_by_code(["mug"])["mug"].id

    assert store.write_stock([StockWrite(number, **write, stops_sale=True)]) == [DONE]

    count = write.get("quantity", 3 + write.get("change", 0))
    stock = reader.products_by_code(["mug"])["mug"].stock
    assert stock == StoreStock(is_tracked=True, count=count, stops_sale_at_zero=True, hides_when_out=False)


def test_each_write_has_its_answer_in_order_whichever_are_refused(store, reader):
    store.provision([unit(create(code, quantity=3)) for code in ("a", "b")])
    a, b = (reader.products_by_code([code])[code].id for code in ("a", "b"))

    answers = store.write_stock([StockWrite(9998, change=1), StockWrite(a, change=-1), StockWrite(b, quantity=9)])

    assert [answer.outcome for answer in answers] == [WriteOutcome.REFUSED, WriteOutcome.DONE, WriteOutcome.DONE]
    assert store.write_stock([]) == []
    found = reader.products_by_id([a, b])
    assert (found[a].stock.count, found[b].stock.count) == (2, 9)


def test_deleting_what_is_gone_counts_as_done(store, reader):
    store.provision([unit(create("a")), unit(create("b"))])
    ids = [reader.products_by_code([code])[code].id for code in ("a", "b")]

    assert store.delete_products(ids[:1]) == [DONE]
    assert store.delete_products(ids[:1]) == [DONE]
    assert list(reader.products_by_id(ids)) == ids[1:]


def test_a_deleted_product_takes_its_variant_along_and_leaves_the_option(store, reader):
    store.provision([family()])

    store.delete_products([reader.products_by_code(["tee-S"])["tee-s"].id])

    tee = reader.products_by_code(["tee"])["tee"]
    assert tee.variants == (variant("M"),)
    assert tee.attributes == (SIZE,)


def test_a_deleted_parent_leaves_the_products_behind_its_variants(store, reader):
    store.provision([family()])

    store.delete_products([reader.products_by_code(["tee"])["tee"].id])

    assert sorted(reader.products_by_code(["tee", "tee-S", "tee-M"])) == ["tee-m", "tee-s"]


def test_an_id_is_never_given_a_second_time(store, reader):
    store.provision([unit(create("mug"))])
    before = reader.products_by_code(["mug"])["mug"].id
    store.delete_products([before])

    store.provision([unit(create("mug"))])

    assert reader.products_by_code(["mug"])["mug"].id > before


# --- orders ---------------------------------------------------------------------------------------------------------


def test_orders_are_sighted_by_ascending_id_in_pages_of_the_states_that_were_asked_for(implementation):
    for number in (5003, 5001, 5002):
        implementation.place_order(number, NOON)

    pages = list(implementation.store.sight_orders_in(statuses={StoreStatus.PENDING}, since=0, page_size=2))

    assert ids_of(pages) == [[5001, 5002], [5003]]
    assert pages[0].orders[0].placed == int(NOON.timestamp())
    for statuses in ({StoreStatus.SHIPPED, StoreStatus.PROCESSING}, set()):
        assert list(implementation.store.sight_orders_in(statuses=statuses, since=0)) == []


def test_orders_are_sighted_that_were_placed_or_changed_since(implementation):
    implementation.place_order(5001, NOON - timedelta(days=9))
    implementation.place_order(5002, NOON - timedelta(days=9))
    implementation.place_order(5003, NOON)
    implementation.change_order(5002, NOON + timedelta(minutes=1))

    pages = implementation.store.sight_orders_in(statuses={StoreStatus.PENDING}, since=int(NOON.timestamp()))

    assert ids_of(pages) == [[5002, 5003]]


def test_a_fingerprint_stays_as_long_as_the_order_does(implementation):
    implementation.place_order(5001, NOON)
    (before,), (again,) = (implementation.store.sight_orders_by_id([5001]).orders for _ in range(2))

    implementation.change_order(5001, NOON + timedelta(minutes=1))
    (after,) = implementation.store.sight_orders_by_id([5001]).orders

    assert before.fingerprint == again.fingerprint != after.fingerprint


def test_an_order_is_loaded_with_its_lines_and_missing_ones_are_left_out(implementation):
    implementation.place_order(5001, NOON)

    (order,) = implementation.store.orders_by_id([5001, 9999]).values()

    assert (order.id, order.status, order.placed_at, order.payment_state) == (
        5001,
        StoreStatus.PENDING,
        NOON,
        PaymentState.PENDING,
    )
    assert [(line.code, line.quantity, line.total, line.status) for line in order.lines] == [
        ("tee", 3, Decimal("28.5"), StoreStatus.PENDING),
        ("mug", 1, Decimal("7.9"), StoreStatus.PENDING),
    ]
    assert (order.total, order.notes, order.shipments) == (Decimal("36.4"), (), ())


def test_a_note_is_added_each_time_and_one_for_no_order_is_refused(implementation):
    store = implementation.store
    implementation.place_order(5001, NOON)

    first = store.add_order_notes({5001: "Taken over", 7777: "Nobody's"})
    second = store.add_order_notes({5001: "Taken over"})

    assert (first[5001], second[5001]) == (DONE, DONE)
    assert first[7777].outcome is WriteOutcome.REFUSED
    assert "7777" in first[7777].message
    assert [note.strip() for note in store.orders_by_id([5001])[5001].notes] == ["Taken over", "Taken over"]


def test_an_order_field_is_set_and_a_field_that_is_not_there_is_passed_over(implementation):
    store = implementation.store
    implementation.place_order(5001, NOON)
    implementation.expect_acknowledging(5001)

    answers = store.set_order_field({5001: "1", 7777: "1"}, field="taken")
    silent = store.set_order_field({5001: "1"}, field="nobodys")

    assert (answers[5001], silent) == (DONE, {5001: DONE})
    assert (answers[7777].outcome, "7777" in answers[7777].message) == (WriteOutcome.REFUSED, True)
    assert dict(store.orders_by_id([5001])[5001].custom_fields) == {"taken": "1"}


def test_workflows_are_told_of_orders_and_may_move_them_into_a_queue(implementation):
    store = implementation.store
    implementation.place_order(5001, NOON)
    implementation.expect_acknowledging(5001)
    before = store.queued_orders([5001, 7777], queue="archive")

    answers = store.acknowledge_orders([7777, 5001])

    assert (before, answers[5001], answers[7777].outcome) == (frozenset(), DONE, WriteOutcome.REFUSED)
    assert store.queued_orders([5001, 7777], queue="archive") == {5001}
    assert store.queued_orders([5001], queue="nobodys") == frozenset()
    assert store.acknowledge_orders([]) == {}


# --- orders as stock sees them --------------------------------------------------------------------------------------


def sighted(order):
    """What stock reads of an order: of each product, the pieces taken, those that a deletion gives back."""
    return {pieces.key: (pieces.taken, pieces.on_delete) for pieces in order.pieces}


def ids_of(pages):
    return [[order.id for order in page.orders] for page in pages]


def test_a_store_without_orders_shows_none(store):
    assert list(store.sight_orders(above_id=0, updated_from=0)) == []
    assert list(store.sight_open_orders()) == []
    assert store.sight_orders_by_id([]) == store.sight_orders_by_id([5001]) == SightingPage(())
    assert store.newest_orders() == []


def test_an_order_is_sighted_with_its_pieces_and_the_stores_own_time(implementation):
    implementation.place_order(5001, NOON)

    page = implementation.store.sight_orders_by_id([5001, 9999])

    (order,) = page.orders
    assert (order.id, order.status, order.updated) == (5001, StoreStatus.PENDING, int(NOON.timestamp()))
    assert sighted(order) == {"tee": (3, 3), "mug": (1, 1)}
    assert page.unreadable == ()


def test_orders_above_an_id_or_changed_since_are_sighted_by_ascending_id(implementation):
    early = NOON - timedelta(days=9)
    for number in (5005, 5001, 5002, 5003, 5004):
        implementation.place_order(number, early)
    implementation.change_order(5001, NOON - timedelta(seconds=1))
    implementation.change_order(5002, NOON)

    pages = list(implementation.store.sight_orders(above_id=5003, updated_from=int(NOON.timestamp()), page_size=2))

    assert ids_of(pages) == [[5002, 5004], [5005]]
    assert sighted(pages[0].orders[0]) == {"tee": (3, 3), "mug": (1, 1)}


def test_open_orders_are_sighted_and_closed_ones_are_not(implementation):
    store = implementation.store
    for number in (5001, 5002, 5003, 5004):
        implementation.place_order(number, NOON)
    ship(store, 5001, {"tee": 3, "mug": 1})
    ship(store, 5002, {"tee": 3})
    implementation.cancel_line(5003, "tee")

    pages = list(store.sight_open_orders(page_size=2))

    assert ids_of(pages) == [[5002, 5003], [5004]]
    assert [sighted(order) for page in pages for order in page.orders] == [
        {"tee": (3, 0), "mug": (1, 1)},
        {"tee": (0, 0), "mug": (1, 1)},
        {"tee": (3, 3), "mug": (1, 1)},
    ]


def ship(store, number, pieces):
    order = store.orders_by_id([number])[number]
    lines = [(line, pieces[line.code]) for line in order.lines if line.code in pieces]
    send = a_send(order, *lines, code=f"TP-{number}")
    store.create_shipments([send], path=ShipmentPath.PROVISION)
    (made,) = store.orders_by_id([number])[number].shipments
    store.send_shipments({made.id: send})


def test_the_newest_orders_are_the_last_placed_and_the_last_changed(implementation):
    for number in (5002, 5003, 5001):
        implementation.place_order(number, NOON)
    implementation.change_order(5001, NOON + timedelta(hours=1))

    newest = implementation.store.newest_orders()

    assert [order.id for order in newest] == [5003, 5001]
    assert newest[1].updated == int((NOON + timedelta(hours=1)).timestamp())


def test_pieces_of_a_line_that_is_split_are_the_same(implementation):
    store = implementation.store
    implementation.place_order(5001, NOON)
    order = store.orders_by_id([5001])[5001]

    store.create_shipments([a_send(order, (order.lines[0], 2))], path=ShipmentPath.PROVISION)

    (found,) = store.sight_orders_by_id([5001]).orders
    assert sighted(found) == {"tee": (3, 3), "mug": (1, 1)}
    assert len(found.lines) == 3


def test_a_deleted_line_and_a_deleted_order_are_not_sighted_any_more(implementation):
    implementation.place_order(5001, NOON)
    implementation.place_order(5002, NOON)
    implementation.delete_line(5001, "tee")
    implementation.delete_order(5002)

    (order,) = implementation.store.sight_orders_by_id([5001, 5002]).orders

    assert (order.id, sighted(order)) == (5001, {"mug": (1, 1)})


@pytest.mark.parametrize(("kind", "pieces"), [("gift", {"tee": (2, 2), "mug": (6, 6)}), ("pair", {"mug": (4, 4)})])
def test_a_line_of_the_merchants_own_kit_takes_the_pieces_of_its_parts(implementation, kind, pieces):
    implementation.place_boxes(5001, kind)

    (order,) = implementation.store.sight_orders_by_id([5001]).orders

    assert sighted(order) == pieces


def test_an_order_that_can_not_be_understood_is_named_and_stops_no_other(implementation):
    store = implementation.store
    for number in (5001, 5002, 5003):
        implementation.place_order(number, NOON)
    implementation.spoil_order(5002)

    pages = [
        *store.sight_orders(above_id=0, updated_from=0),
        *store.sight_open_orders(),
        store.sight_orders_by_id([5001, 5002, 5003]),
    ]

    assert ids_of(pages) == [[5001, 5003]] * 3
    assert [[order.number for order in page.unreadable] for page in pages] == [["5002"]] * 3
    assert all(order.reason for page in pages for order in page.unreadable)


# --- shipments ------------------------------------------------------------------------------------------------------


@pytest.fixture
def placed(implementation):
    implementation.place_order(5001, NOON)
    return implementation.store.orders_by_id([5001])[5001]


def a_send(order, *parts, code="TP-1", number="1Z", cost="7.345"):
    lines = tuple(ShipmentLine(line.line_id, pieces) for line, pieces in parts)
    return ShipmentSend(Shipment(1, code, order.id, "ups", number, Decimal(cost), lines, NOON), "UPS")


def pieces_of(order, code):
    return sum(line.quantity for line in order.lines if line.code == code)


def test_part_of_a_line_is_shipped_under_our_code_and_a_repeat_changes_nothing(store, placed):
    send = a_send(placed, (placed.lines[0], 2))

    first = store.create_shipments([send], path=ShipmentPath.PROVISION)
    after_first = store.orders_by_id([5001])[5001]
    second = store.create_shipments([send], path=ShipmentPath.PROVISION)

    assert first == second == [DONE]
    assert store.orders_by_id([5001])[5001] == after_first
    (made,) = after_first.shipments
    assert (made.code, made.is_shipped, made.tracking_number, made.cost) == ("TP-1", False, "1Z", Decimal("7.35"))
    assert [(line.line_id, line.quantity) for line in after_first.lines if line.shipment_id == made.id] == [
        (made.line_ids[0], 2)
    ]
    assert (pieces_of(after_first, "tee"), after_first.total) == (3, placed.total)


def test_the_rest_of_a_line_can_be_shipped_afterwards(store, placed):
    store.create_shipments([a_send(placed, (placed.lines[0], 2))], path=ShipmentPath.PROVISION)
    order = store.orders_by_id([5001])[5001]
    (rest,) = [line for line in order.lines if line.code == "tee" and not line.shipment_id]

    assert store.create_shipments([a_send(order, (rest, 1), code="TP-2")], path=ShipmentPath.PROVISION) == [DONE]

    assert sorted(made.code for made in store.orders_by_id([5001])[5001].shipments) == ["TP-1", "TP-2"]


def test_lines_are_never_taken_from_a_parcel_that_is_shipped(store, placed):
    first = a_send(placed, (placed.lines[1], 1))
    store.create_shipments([first], path=ShipmentPath.PROVISION)
    store.send_shipments({store.orders_by_id([5001])[5001].shipments[0].id: first})

    (answer,) = store.create_shipments([a_send(placed, (placed.lines[1], 1), code="TP-2")], path=ShipmentPath.PROVISION)

    assert answer.outcome is WriteOutcome.REFUSED
    assert answer.message
    assert [made.code for made in store.orders_by_id([5001])[5001].shipments] == ["TP-1"]


def test_the_function_ships_whole_lines_under_a_code_of_the_stores_own(store, placed):
    send = a_send(placed, *((line, line.quantity) for line in placed.lines))

    assert store.create_shipments([send], path=ShipmentPath.FUNCTION) == [DONE]

    order = store.orders_by_id([5001])[5001]
    (made,) = order.shipments
    assert (order.status, made.is_shipped, made.tracking_number) == (StoreStatus.PROCESSING, False, "")
    assert made.code != "TP-1"
    assert {line.shipment_id for line in order.lines} == {made.id}


def test_the_function_takes_lines_out_of_any_other_shipment(store, placed):
    tee, mug = placed.lines
    store.create_shipments([a_send(placed, (tee, 3), (mug, 1))], path=ShipmentPath.PROVISION)

    store.create_shipments([a_send(placed, (mug, 1), code="TP-2")], path=ShipmentPath.FUNCTION)

    made = {shipment.line_ids for shipment in store.orders_by_id([5001])[5001].shipments}
    assert made == {(tee.line_id,), (mug.line_id,)}


def test_sending_marks_as_shipped_with_all_fields_and_can_be_repeated(store, placed):
    send = a_send(placed, *((line, line.quantity) for line in placed.lines))
    store.create_shipments([send], path=ShipmentPath.PROVISION)
    number = store.orders_by_id([5001])[5001].shipments[0].id

    assert store.send_shipments({number: send}) == {number: DONE}
    assert store.send_shipments({number: send}) == {number: DONE}

    order = store.orders_by_id([5001])[5001]
    (sent,) = order.shipments
    assert order.status is StoreStatus.SHIPPED
    assert {line.status for line in order.lines} == {StoreStatus.SHIPPED}
    assert (sent.is_shipped, sent.tracking_number, sent.carrier, sent.cost) == (True, "1Z", "UPS", Decimal("7.35"))
    assert sent.shipped_at is not None


def test_a_shipment_that_the_store_does_not_have_is_passed_over_in_silence(store, placed):
    said = store.send_shipments({999_999: a_send(placed, (placed.lines[0], 3))})

    assert said == {999_999: DONE}
    assert store.orders_by_id([5001]) == {5001: placed}
