"""The store port's products against a sandbox store, with the eight-function token and with all rights."""

from decimal import Decimal

import pytest

from miva_sandbox.state import inventory, modules
from tradepost.domain.errors import CredentialsRejected, PermissionMissing, UnexpectedAnswer
from tradepost.domain.plan import Action, Change, FieldChange, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import StoreAttribute, StoreImage, StoreOption, StoreRow, StoreStock, StoreVariant
from tradepost.miva.store import MivaStore
from tradepost.miva.wire import functions
from tradepost.operations.ports import SetupItem, SetupKind, StockWrite, UnitAnswer, WriteAnswer, WriteOutcome

SET_UP = [
    SetupItem(SetupKind.CUSTOM_FIELD, "product_type", "Product type", choices=("parent", "variant", "simple")),
    SetupItem(SetupKind.CUSTOM_FIELD, "upc", "UPC"),
    SetupItem(SetupKind.CATEGORY, "clothes", "Clothes"),
    SetupItem(SetupKind.CATEGORY, "shirts", "Shirts", parent="clothes"),
]
SIZES = (StoreOption("S", "Small"), StoreOption("M", "Medium"))
DONE = WriteAnswer(WriteOutcome.DONE)


def change(action, code, **fields):
    return Change(
        Subject(SubjectKind.PRODUCT, code),
        Side.STORE,
        action,
        tuple(
            FieldChange(name, *(value if isinstance(value, tuple) else (None, value))) for name, value in fields.items()
        ),
    )


def create(code, **fields):
    wanted = {"name": code.title(), "price": Decimal("9.50"), "is_active": True, "quantity": 3, **fields}
    return change(Action.CREATE, code, **wanted)


def family():
    attributes = (StoreAttribute("size", "Size", SIZES),)
    variants = tuple(StoreVariant(frozenset({("size", size)}), (f"tee-{size}",)) for size in ("S", "M"))
    parent = change(
        Action.CREATE, "tee", name="Tee <b>&", description="<p>One</p>\n<p>Two  three</p>", price=Decimal("9.50"),
        page_title="Tee", is_taxable=True, is_in_search=True, is_active=True, categories=(None, ("shirts",)),
        custom_fields={"product_type": "parent"}, attributes=(None, attributes), variants=(None, variants),
        address="/tee.html",
    )  # fmt: skip
    children = [
        create(
            f"tee-{size}", sku=f"TEE/{size}", is_active=False, is_in_search=False, weight_grams=Decimal(210),
            cost=Decimal("3.1"), custom_fields={"product_type": "variant", "upc": "012345678905"},
        )
        for size in ("S", "M")
    ]  # fmt: skip
    return Unit("tee", (parent, *children))


@pytest.fixture
def ready(store):
    assert store.set_up(SET_UP) == [DONE] * 4
    return store


@pytest.fixture
def reader(sandbox, connect):
    """The store as a token of all rights sees it."""
    return MivaStore(connect(sandbox.full))


@pytest.fixture(autouse=True)
def _no_lint(sandbox):
    yield
    entries = [(entry.kind, entry.where, entry.detail) for entry in sandbox.domain.lint.entries()]
    # Whether stock may be read is found out by asking, once for each connection; an empty store is asked again.
    asked = {
        ("column without the right", "ProductList_Load_Query", "productinventorysettings"),
        ("unknown column", "ProductList_Load_Query", "CustomField_Values:baskinv:total_inv"),
    }
    assert [entry for entry in entries if entry not in asked] == []
    assert max(map(entries.count, asked)) <= 2


def test_a_family_is_created_by_one_document_and_read_back_whole(ready, reader):
    answers = ready.provision([family()])

    assert answers == [UnitAnswer(WriteOutcome.DONE)]
    found = reader.products_by_code(["TEE", "tee-s", "tee-M", "missing"])
    assert sorted(found) == ["tee", "tee-m", "tee-s"]
    tee, small = found["tee"], found["tee-s"]
    assert (tee.name, tee.description, tee.page_title) == ("Tee <b>&", "<p>One</p>\n<p>Two  three</p>", "Tee")
    assert (tee.price, tee.is_active, tee.is_in_search) == (Decimal("9.5"), True, True)
    assert tee.categories == {"shirts"}
    assert tee.attributes == (StoreAttribute("size", "Size", SIZES),)
    assert set(tee.variants) == {StoreVariant(frozenset({("size", size)}), (f"tee-{size}",)) for size in ("S", "M")}
    assert tee.addresses == ("/tee.html",)
    assert (small.sku, small.cost, small.is_active, small.is_in_search) == ("TEE/S", Decimal("3.1"), False, False)
    assert abs(small.weight_grams - 210) < Decimal("0.01")
    assert small.custom_fields["upc"] == "012345678905"
    assert small.stock == StoreStock(is_tracked=True, count=3, stops_sale_at_zero=True, hides_when_out=False)
    assert small.variants == ()


@pytest.mark.parametrize("tells_baskets", [True, False])
def test_stock_is_read_only_where_the_right_to_see_it_is_known(ready, sandbox, request, tells_baskets):
    if not tells_baskets:
        modules.remove(sandbox.store, modules.BASKET_INVENTORY)
    assert ready.reads_stock() is False  # an empty store tells nothing

    ready.provision([Unit("mug", (create("mug"),))])

    may_read = request.node.callspec.params["store"] == "full"
    assert ready.reads_stock() is (may_read or tells_baskets)
    mug = ready.products_by_code(["mug"])["mug"]
    assert mug.stock == (StoreStock(is_tracked=True, count=3) if may_read else None)
    assert ready.products_by_id([mug.id])[mug.id].with_baskets == (3 if tells_baskets else None)


def test_where_baskets_take_nothing_from_stock_no_total_is_told(ready, sandbox):
    inventory.change_settings(sandbox.store, {"mode": "checkout"})
    ready.provision([Unit("mug", (create("mug"),))])
    mug = ready.products_by_code(["mug"])["mug"]

    assert ready.products_by_id([mug.id])[mug.id].with_baskets is None


def test_set_up_can_be_repeated_and_makes_no_choice_twice(ready, sandbox):
    from miva_sandbox.state import custom_fields  # noqa: PLC0415

    assert ready.set_up(SET_UP) == [DONE] * 4

    field = custom_fields.find(sandbox.store, "product", "product_type")
    assert custom_fields.choices(sandbox.store, field) == ["parent", "variant", "simple"]


def test_a_refused_set_up_item_says_why_and_the_others_are_made(ready):
    answers = ready.set_up([
        SetupItem(SetupKind.CATEGORY, "orphans", "Orphans", parent="nowhere"),
        SetupItem(SetupKind.CATEGORY, "mugs", "Mugs"),
    ])  # fmt: skip

    assert [answer.outcome for answer in answers] == [WriteOutcome.REFUSED, WriteOutcome.DONE]
    assert "nowhere" in answers[0].message


def test_an_update_changes_only_what_it_names(ready, reader):
    ready.provision([family()])
    before = reader.products_by_code(["tee-s"])["tee-s"]

    ready.provision([Unit("tee", (change(Action.UPDATE, "tee-s", price=(Decimal("9.5"), Decimal("8.25"))),))])

    after = reader.products_by_code(["tee-s"])["tee-s"]
    assert after.price == Decimal("8.25")
    assert (after.name, after.sku, after.stock) == (before.name, before.sku, before.stock)


def test_a_variant_can_be_added_and_an_unused_option_taken_off(ready, reader):
    ready.provision([family()])
    before = reader.products_by_code(["tee"])["tee"]
    large = StoreVariant(frozenset({("size", "L")}), ("tee-L",))
    attributes = (StoreAttribute("size", "Size", (*SIZES, StoreOption("L", "Large"))),)
    parent = change(
        Action.UPDATE, "tee", attributes=(before.attributes, attributes),
        variants=(before.variants, (*before.variants, large)), unused_options=(None, (("size", "S"),)),
    )  # fmt: skip

    answers = ready.provision([Unit("tee", (parent, create("tee-L")))])

    assert answers == [UnitAnswer(WriteOutcome.DONE)]
    after = reader.products_by_code(["tee"])["tee"]
    assert [option.code for option in after.attributes[0].options] == ["M", "L"]
    assert {variant.part_codes for variant in after.variants} == {("tee-M",), ("tee-L",)}


def test_a_variant_of_the_same_options_gets_other_parts_and_keeps_its_id(ready, reader, connect, sandbox):
    ready.provision([family(), Unit("other", (create("other"),))])
    client = connect(sandbox.full)
    parent = reader.products_by_code(["tee"])["tee"]
    ids = {row.variant_id for row in client.call(functions.product_variant_list_load_product(product_id=parent.id))}
    moved = StoreVariant(frozenset({("size", "S")}), ("other",))

    ready.provision(
        [Unit("tee", (change(Action.UPDATE, "tee", variants=(parent.variants, (moved, parent.variants[1]))),))]
    )

    rows = client.call(functions.product_variant_list_load_product(product_id=parent.id))
    assert {row.variant_id for row in rows} == ids
    assert {row.parts[0].product_code for row in rows} == {"other", "tee-M"}


def test_a_refusal_is_given_to_the_change_it_is_about(ready):
    ready.provision([Unit("mug", (create("mug"),))])
    unit = Unit("tee", (create("tee"), create("mug"), create("cup", categories=(None, ("nowhere",)))))

    (answer,) = ready.provision([unit])

    assert answer.outcome is WriteOutcome.DONE
    assert answer.complaints == ()
    assert "nowhere" in answer.refusals[2]
    assert 0 not in answer.refusals


def test_units_are_answered_one_by_one(ready, reader):
    bad = Unit("x", (change(Action.UPDATE, "missing", price=Decimal(1)),))

    answers = ready.provision([Unit("a", (create("a"),)), bad, Unit("b", ()), Unit("c", (create("c"),))])

    assert [bool(answer.refusals) for answer in answers] == [False, True, False, False]
    assert sorted(reader.products_by_code(["a", "c"])) == ["a", "c"]


def test_images_take_the_place_of_their_predecessors_and_leave_the_merchants(ready, reader, sandbox):
    images = ["mug-1-aaaaaaaa.png", "mug-2-aaaaaaaa.png", "mug-1-bbbbbbbb.png", "mug-2-bbbbbbbb.png", "theirs.png"]
    folder = sandbox.domain.files_root / "graphics/is-images"
    folder.mkdir(parents=True, exist_ok=True)
    for name in images:
        (folder / name).write_bytes(PNG)
    one, two, new_one, new_two, theirs = (f"graphics/is-images/{name}" for name in images)
    first = (StoreImage(one, "main"), StoreImage(two, ""), StoreImage(theirs, ""))
    ready.provision([Unit("mug", (create("mug", images=(None, first)),))])
    before = tuple(image for image in reader.products_by_code(["mug"])["mug"].images if image.path != theirs)
    wanted = (StoreImage(new_one, "main"), StoreImage(new_two, ""))

    answers = ready.provision([Unit("mug", (change(Action.UPDATE, "mug", images=(before, wanted)),))])

    assert answers == [UnitAnswer(WriteOutcome.DONE)]
    assert set(reader.products_by_code(["mug"])["mug"].images) == {*wanted, StoreImage(theirs, "")}


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)


def test_stock_is_set_and_moved_with_tracking_on(ready, reader):
    ready.provision([Unit(code, (create(code, quantity=(None, None)),)) for code in ("a", "b")])
    ids = {code: product.id for code, product in reader.products_by_code(["a", "b"]).items()}

    writes = [StockWrite(ids["a"], quantity=9), StockWrite(999_999, change=1),
              StockWrite(ids["b"], quantity=0, stops_sale=True)]  # fmt: skip
    answers = ready.write_stock(writes)
    moved = ready.write_stock([StockWrite(ids["a"], change=-2)])

    assert [answer.outcome for answer in answers] == [WriteOutcome.DONE, WriteOutcome.REFUSED, WriteOutcome.DONE]
    assert moved == [DONE]
    found = reader.products_by_id(ids.values())
    assert (found[ids["a"]].stock.count, found[ids["a"]].stock.stops_sale_at_zero) == (7, False)
    assert (found[ids["b"]].stock.count, found[ids["b"]].stock.stops_sale_at_zero) == (0, True)


def test_deleting_what_is_gone_counts_as_done(ready, reader):
    ready.provision([family()])
    ids = [product.id for product in reader.products_by_code(["tee", "tee-S", "tee-M"]).values()]

    assert ready.delete_products(ids) == [DONE] * 3
    assert ready.delete_products(ids) == [DONE] * 3
    assert reader.products_by_id(ids) == {}


def test_rows_are_paged_by_id_with_the_fields_that_were_asked_for(ready):
    # One after another, since units of one call may be made side by side.
    for n in range(5):
        ready.provision([Unit(f"p{n}", (create(f"p{n}", custom_fields={"upc": str(n)}, quantity=(None, None)),))])

    pages = list(ready.iterate_rows(page_size=2))
    with_fields = [row for page in ready.iterate_rows(custom_fields=["upc"], page_size=3) for row in page]

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row.code for page in pages for row in page] == ["p0", "p1", "p2", "p3", "p4"]
    row = with_fields[3]
    assert row._replace(id=0, created=0) == StoreRow(
        0, code="p3", sku="", is_active=True, fields={"upc": "3"}, name="P3", price=row.price
    )
    assert row.created > 0


def test_an_empty_store_has_no_pages(ready):
    assert list(ready.iterate_rows()) == []
    assert ready.products_by_code([]) == {}
    assert ready.products_by_id([]) == {}


def test_codes_that_only_look_alike_are_told_apart(ready, reader):
    ready.provision([Unit(code, (create(code),)) for code in ("a-1", "a_1", "A1")])

    assert sorted(reader.products_by_code(["A-1", "a_1", "a%1"])) == ["a-1", "a_1"]


def test_a_code_with_a_comma_is_found(ready, reader, sandbox):
    from miva_sandbox.state import products  # noqa: PLC0415

    products.insert(sandbox.store, products.Product(code="a,b", name="Odd"))
    products.insert(sandbox.store, products.Product(code="a", name="A"))

    assert sorted(reader.products_by_code(["a,b"])) == ["a,b"]
    assert sorted(reader.products_by_code(["a,b", "a"])) == ["a", "a,b"]


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_without_the_function_stops_before_anything_is_done(sandbox, connect):
    from miva_sandbox.state import tokens  # noqa: PLC0415

    token = tokens.insert(sandbox.domain.db, name="reader")
    tokens.grant(sandbox.domain.db, token, store_id=sandbox.store.id, functions=["ProductList_Load_Query"])
    store = MivaStore(connect(token))

    with pytest.raises(PermissionMissing, match="Provision_Store") as raised:
        store.provision([family()])
    with pytest.raises(PermissionMissing, match="Product_Delete"):
        store.delete_products([1])

    assert raised.value.function == "Provision_Store"


@pytest.mark.parametrize(("duty", "cure"), [("req_sig", "Require Signature"), ("req_ts", "Require Timestamp")])
def test_provisioning_needs_a_token_that_requires_signature_and_timestamp(sandbox, connect, duty, cure):
    from miva_sandbox.state import tokens  # noqa: PLC0415

    token = tokens.insert(sandbox.domain.db, name="lax", **{duty: False})
    tokens.grant(sandbox.domain.db, token, store_id=sandbox.store.id, functions=functions.THE_EIGHT)
    store = MivaStore(connect(token))

    with pytest.raises(PermissionMissing, match=cure):
        store.provision([family()])

    assert store.products_by_code(["tee"]) == {}


@pytest.mark.parametrize(
    ("settings", "cure"),
    [
        ({"name": "0" * 32}, "unknown"),
        ({"key": "d3Jvbmc="}, "copy the key again"),
        ({"store_code": "nosuch"}, "store code"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said(sandbox, connect, settings, cure):
    with pytest.raises(CredentialsRejected, match=cure):
        connect(**settings).call(functions.store_load())


def test_a_clock_that_is_wrong_is_named(sandbox, connect):
    client = connect()
    sandbox.domain.clock.move(-3600)

    with pytest.raises(CredentialsRejected, match="clocks"):
        client.call(functions.store_load())

    assert client.clock_difference_seconds == pytest.approx(-3600, abs=3)


def test_a_store_that_ignores_the_filter_is_not_believed(sandbox, connect, monkeypatch):
    from miva_sandbox.state import products  # noqa: PLC0415

    for code in ("a", "b", "c"):
        products.insert(sandbox.store, products.Product(code=code, name=code))
    # A field that no store knows is dropped, as a right that is missing would have it.
    monkeypatch.setattr(
        "tradepost.miva.store_reads.is_one_of", lambda field, values: functions_condition("no_such", values)
    )
    store = MivaStore(connect(sandbox.full))

    with pytest.raises(UnexpectedAnswer, match="not asked for"):
        store.products_by_id([2])
    sandbox.domain.lint.clear()


def functions_condition(field, values):
    from tradepost.miva.wire.filters import is_one_of  # noqa: PLC0415

    return is_one_of(field, values)
