"""The storefront as a shopper meets it: plain HTTP with forms and a cookie."""

import io

import httpx2
import pytest
from lxml import html
from PIL import Image

from miva_sandbox.server import SandboxServer
from miva_sandbox.state import (
    attributes,
    baskets,
    categories,
    images,
    inventory,
    page_images,
    products,
    related,
    variants,
)
from miva_sandbox.state.attributes import PRODUCT, Attribute, Option
from miva_sandbox.state.categories import Category
from miva_sandbox.state.products import Product
from miva_sandbox.state.variants import Dimension, Part, Pricing

UNIT = 10**8
ADDRESS = {
    "ShipFirstName": "Ada",
    "ShipLastName": "Long",
    "ShipEmail": "ada@example.com",
    "ShipAddress1": "1 Pier Rd",
    "ShipCity": "Salem",
    "ShipState": "OR",
    "ShipZip": "97301",
    "ShipCountry": "US",
}


class Shopper:
    def __init__(self, server):
        self.address = server.storefront + "merchant.mvc"
        self.http = httpx2.Client(timeout=60, verify=False)

    def see(self, screen, **fields):
        return self._page(self.http.get(self.address, params={"Screen": screen, **fields}))

    def act(self, action, fields=None, **further):
        return self._page(self.http.post(self.address, data={"Action": action, **(fields or {}), **further}))

    def add(self, code, quantity=1, **chosen):
        fields = {"Product_Code": code, "Quantity": str(quantity)}
        for position, (attribute, value) in enumerate(chosen.items(), 1):
            fields |= {
                f"Product_Attributes[{position}]:code": attribute,
                f"Product_Attributes[{position}]:value": value,
            }
        return self.act("ADPR", fields)

    def order(self, **fields):
        page = self.act("AUTH", ADDRESS, **fields)
        assert kind(page) == "INVC", html.tostring(page)
        return int(page.body.get("data-order-id"))

    @staticmethod
    def _page(response):
        assert response.status_code == 200
        return html.document_fromstring(response.content)


def kind(page):
    return page.body.get("data-page")


@pytest.fixture
def shopper(sandbox):
    made = Shopper(sandbox)
    yield made
    made.http.close()


@pytest.fixture
def store(sandbox):
    return sandbox.store


def stocked(store, code, count, *, price=5, **columns):
    product_id = products.insert(store, Product(code=code, name=code.title(), sku=f"{code}-SKU", price=price * UNIT))
    inventory.update_product(store, product_id, columns, track=True, stock=count)
    return product_id


@pytest.fixture
def tee(store):
    """A family: TEE with sizes S and M, whose parts are TEE-S and TEE-M, priced by them."""
    parent = products.insert(store, Product(code="TEE", name="T-Shirt", sku="TEE-SKU", price=19 * UNIT))
    size = attributes.insert(
        store, PRODUCT, parent, Attribute(code="size", type="select", prompt="Size", required=True, inventory=True)
    )
    row = attributes.find(store, PRODUCT, parent, "size")
    children = {}
    for code, price in (("S", 20), ("M", 22)):
        option = attributes.insert_option(store, PRODUCT, row, Option(code=code, prompt=code, price=UNIT))
        children[code] = stocked(store, f"TEE-{code}", 3, price=price)
        variants.insert(
            store,
            parent,
            [Dimension(size, 0, option)],
            [Part(children[code], 1)],
            Pricing(method=variants.SUM),
        )
    return children


def test_an_order_carries_the_parents_code_the_childs_sku_and_the_price_of_the_variant(shopper, store, tee, client):
    shopper.add("tee", 2, size="m")

    order_id = shopper.order()

    [line] = store.db.rows("SELECT * FROM order_items WHERE order_id = ?", (order_id,))
    [option] = store.db.rows("SELECT * FROM order_options WHERE line_id = ?", (line["line_id"],))
    assert (line["code"], line["name"], line["sku"], line["price"], line["total"], line["status"]) == (
        "TEE",
        "T-Shirt",
        "TEE-M-SKU",
        22 * UNIT,
        4400,
        0,
    )
    assert (option["attr_code"], option["opt_code"], option["price"]) == ("size", "M", 0)
    assert (inventory.counted(store, tee["M"]), inventory.counted(store, tee["S"])) == (1, 3)


def test_an_order_is_authorised_and_carries_its_shipping(shopper, store):
    stocked(store, "MUG", 5)
    shopper.add("MUG", 2)

    order_id = shopper.order(ShippingMethod="Express")

    order = store.db.row("SELECT * FROM orders WHERE id = ?", (order_id,))
    picked = ("total", "total_ship", "total_auth", "total_capt", "pay_status", "source", "ship_data", "bill_fname")
    assert [order[name] for name in picked] == [2500, 1500, 2500, 0, 0, "shopper", "Express", "Ada"]


def test_order_numbers_have_gaps_and_may_come_out_of_turn(shopper, store, sandbox):
    stocked(store, "MUG", 5)
    early, late = Shopper(sandbox), shopper
    early.add("MUG")
    late.add("MUG")

    late_number, early_number = late.order(), early.order()

    assert late_number - early_number > 1
    early.http.close()


def test_stock_is_taken_when_the_basket_is_filled_and_returns_when_the_line_is_removed(shopper, store):
    mug = stocked(store, "MUG", 5)
    page = shopper.add("MUG", 2)
    held = inventory.counted(store, mug)

    [row] = page.xpath("//tr[@data-line-id]")
    shopper.act("RGRP", Basket_Group=row.get("data-line-id"))

    assert (held, inventory.counted(store, mug)) == (3, 5)


def test_an_abandoned_basket_expires_and_gives_its_stock_back(shopper, store, sandbox):
    mug = stocked(store, "MUG", 5)
    shopper.add("MUG", 2)

    sandbox.domain.clock.move(61 * 60)

    assert kind(shopper.see("BASK")) == "BASK"
    assert inventory.counted(store, mug) == 5
    assert shopper.see("BASK").body.get("data-basket-count") == "0"


def test_in_checkout_mode_stock_is_taken_with_the_order_and_a_late_shopper_is_refused(shopper, store, sandbox):
    inventory.change_settings(store, {"mode": "checkout"})
    mug = stocked(store, "MUG", 1)
    other = Shopper(sandbox)
    shopper.add("MUG")
    other.add("MUG")
    before = inventory.counted(store, mug)
    shopper.order()

    page = other.act("AUTH", ADDRESS)

    assert (before, inventory.counted(store, mug)) == (1, 0)
    assert kind(page) == "BASK"
    assert page.xpath("string(//p[@class='message'])") == "Mug is sold out"
    assert store.db.value("SELECT count(*) FROM orders") == 1
    other.http.close()


def test_a_basket_in_checkout_mode_counts_what_it_holds_already(shopper, store):
    inventory.change_settings(store, {"mode": "checkout"})
    stocked(store, "MUG", 3)
    shopper.add("MUG", 2)

    assert kind(shopper.add("MUG", 2)) == "PLMT"


@pytest.mark.parametrize(
    ("fields", "page"),
    [
        ({"Product_Code": "NONE"}, "NTFD"),
        ({"Product_Code": "OFF"}, "NTFD"),
        ({"Product_Code": "EMPTY"}, "POUT"),
        ({"Product_Code": "FEW", "Quantity": "3"}, "PLMT"),
        ({"Product_Code": "FEW", "Quantity": "2"}, "BASK"),
        ({"Product_Code": "NEVER-OUT", "Quantity": "9"}, "BASK"),
        ({"Product_Code": "UNTRACKED", "Quantity": "999"}, "BASK"),
        ({"Product_Code": "FEW", "Quantity": "0"}, "PROD"),
        ({"Product_Code": "FEW", "Quantity": "two"}, "PROD"),
        ({"Product_Code": "TEE"}, "PATR"),
        ({"Product_Code": "TEE", "Product_Attributes[1]:code": "size", "Product_Attributes[1]:value": "XL"}, "PATR"),
        ({"Product_Code": "TEE", "Product_Attributes[1]:code": "size", "Product_Attributes[1]:value": "S"}, "BASK"),
    ],
)
def test_the_answer_to_add_to_basket_is_the_page_that_fits(shopper, store, tee, fields, page):
    products.insert(store, Product(code="OFF", name="Off", active=False))
    products.insert(store, Product(code="UNTRACKED", name="Untracked"))
    stocked(store, "EMPTY", 0)
    stocked(store, "FEW", 2)
    stocked(store, "NEVER-OUT", 0, out_track="n")

    assert kind(shopper.act("ADPR", fields)) == page


def test_a_combination_that_is_no_variant_is_refused(shopper, store, tee):
    parent = products.find(store, "TEE")["id"]
    variants.delete_all(store, parent)

    assert kind(shopper.add("TEE", size="S")) == "PATR"


def test_a_variant_is_refused_by_the_stock_of_its_part(shopper, store, tee):
    inventory.update_product(store, tee["S"], {}, stock=0)

    page = shopper.add("TEE", size="S")

    assert kind(page) == "POUT"
    assert page.xpath("string(//p[@class='message'])") == "T-Shirt is sold out"


def test_a_checkout_without_an_address_says_what_is_missing(shopper, store):
    stocked(store, "MUG", 5)
    shopper.add("MUG")

    page = shopper.act("AUTH", {**ADDRESS, "ShipCity": " "}, ShippingMethod="Balloon")

    assert (kind(page), page.body.get("data-error")) == ("OINF", "ShipCity ShippingMethod")


def test_an_address_that_is_too_long_places_no_order_and_keeps_the_basket(shopper, store):
    stocked(store, "MUG", 5)
    shopper.add("MUG")

    page = shopper.act("AUTH", ADDRESS, ShipCity="x" * 51)

    assert (kind(page), page.body.get("data-error")) == ("OINF", "ship_city")
    assert shopper.order() > 0


def listed(page):
    return [entry.get("data-product-code") for entry in page.xpath("//ul[@class='products']/li")]


@pytest.mark.parametrize(
    ("columns", "count", "is_listed", "level"),
    [
        ({}, 5, True, "in"),
        ({}, 0, True, "out"),
        ({"out_hide": "y"}, 0, False, "out"),
        ({"out_hide": "y"}, 1, True, "in"),
        ({"out_track": "n"}, 0, True, "in"),
        ({"out_track": "n", "out_hide": "y"}, 0, False, "in"),
        ({"low_track": "y", "low_lvl_d": 0, "low_level": 5}, 5, True, "low"),
        ({"out_lvl_d": 0, "out_level": 3}, 3, True, "out"),
    ],
)
def test_lists_and_messages_follow_settings_and_count(  # noqa: PLR0917 - one parameter a column of the table
    shopper, store, columns, count, is_listed, level
):
    stocked(store, "MUG", count, **columns)

    assert listed(shopper.see("SRCH", Search="mug")) == (["MUG"] if is_listed else [])
    assert shopper.see("PROD", Product_Code="MUG").body.get("data-stock-level") == level


def test_an_option_whose_part_hides_for_lack_of_stock_leaves_the_choice_list(shopper, store, tee):
    inventory.update_product(store, tee["S"], {"out_hide": "y"}, stock=0)

    options = shopper.see("PROD", Product_Code="TEE").xpath("//select/option/@value")

    assert options == ["M"]


def test_the_name_of_a_product_cannot_become_markup(shopper, store):
    products.insert(store, Product(code="X", name="<script>alert(1)</script>\x00<!--prose-->", descrip="Bold"))

    page = shopper.see("PROD", Product_Code="X")

    assert page.xpath("//script") == []
    assert page.xpath("string(//h1)") == "<script>alert(1)</script><!--prose-->"


def test_the_description_of_a_product_is_shown_as_the_merchant_wrote_it(shopper, store):
    products.insert(store, Product(code="X", name="X", descrip="<b id='bold'>Bold</b> & <script>x()</script>"))

    page = shopper.see("PROD", Product_Code="X")

    assert page.xpath("string(//div[@id='description']/b[@id='bold'])") == "Bold"
    assert page.xpath("string(//div[@id='description']/script)") == "x()"


def test_pages_show_no_image_until_their_setting_names_an_image_type(shopper, store, sandbox, client):
    product_id = stocked(store, "MUG", 5)
    Image.new("RGB", (1200, 400), "red").save(store.files_root / "graphics" / "mug.png")
    images.add_to_product(
        store, product_id, images.register(store, "graphics/mug.png"), images.find_type(store, "main")["id"]
    )
    before = shopper.see("PROD", Product_Code="MUG").xpath("//img/@src")

    page_images.choose(store, {"PROD": "main"})

    [image] = shopper.see("PROD", Product_Code="MUG").xpath("//img/@src")
    assert before == []
    assert image == "/mm5/graphics/mug_800x800.png"
    assert shopper.http.get(sandbox.address + image).status_code == 200


def add_main_image(store, code, colour, *, path="", product_id=None):
    """Give a product a main image of one colour."""
    path = path or f"graphics/{code.casefold()}.png"
    Image.new("RGB", (1200, 400), colour).save(store.files_root / path)
    images.add_to_product(
        store,
        product_id or stocked(store, code, 5),
        images.register(store, path),
        images.find_type(store, "main")["id"],
    )
    return path


def colour_of(shopper, sandbox, src):
    return Image.open(io.BytesIO(shopper.http.get(sandbox.address + src).content)).convert("RGB").getpixel((1, 1))


def test_new_content_under_an_old_name_goes_on_showing_the_old_image(shopper, store, sandbox):
    page_images.choose(store, {"PROD": "main"})
    path = add_main_image(store, "MUG", "red")
    [before] = shopper.see("PROD", Product_Code="MUG").xpath("//img/@src")
    seen = colour_of(shopper, sandbox, before)

    Image.new("RGB", (1200, 400), "blue").save(store.files_root / path)
    [after] = shopper.see("PROD", Product_Code="MUG").xpath("//img/@src")

    assert (before, colour_of(shopper, sandbox, after)) == (after, seen)
    assert colour_of(shopper, sandbox, f"/mm5/{path}") == (0, 0, 255)


@pytest.mark.parametrize("page", page_images.PAGES)
def test_each_page_shows_images_by_a_setting_of_its_own(shopper, store, page):
    shirts = categories.insert(store, Category(code="shirts", name="Shirts"))
    mug, cup = stocked(store, "MUG", 5), stocked(store, "CUP", 5)
    for code, product_id in (("MUG", mug), ("CUP", cup)):
        add_main_image(store, code, "red", product_id=product_id)
        categories.assign(store, shirts, product_id)
    related.assign(store, mug, cup)
    shopper.add("MUG")
    page_images.choose(store, {page: "MAIN"})

    shown = {
        "SRCH": shopper.see("SRCH", Search="m").xpath("count(//li//img)"),
        "CTGY": shopper.see("CTGY", Category_Code="shirts").xpath("count(//li//img)"),
        "PLST": shopper.see("PLST").xpath("count(//li//img)"),
        "PROD": shopper.see("PROD", Product_Code="MUG").xpath("count(//div[@class='images']//img)"),
        "PROD-RELATED": shopper.see("PROD", Product_Code="MUG").xpath("count(//li//img)"),
        "BASK": shopper.see("BASK").xpath("count(//td//img)"),
    }

    assert {name for name, count in shown.items() if count} == {page}


def test_a_sandbox_can_start_with_images_on_every_page():
    with SandboxServer(page_images="main") as server:
        assert page_images.chosen(server.store) == dict.fromkeys(page_images.PAGES, "main")


def test_a_page_that_was_set_can_show_no_images_again(store):
    page_images.choose_everywhere(store, "main")

    page_images.choose(store, {"CTGY": ""})

    assert sorted(page_images.chosen(store)) == sorted(set(page_images.PAGES) - {"CTGY"})


def test_an_unknown_page_cannot_be_set_to_show_images(store):
    with pytest.raises(LookupError, match="CTGYY"):
        page_images.choose(store, {"CTGYY": "main"})


def test_a_page_starts_with_what_a_browser_selects_and_shows_what_it_is_asked_for(shopper, store, tee):
    inventory.update_product(store, tee["S"], {}, stock=0)
    chosen = {"Product_Attributes[1]:code": "size", "Product_Attributes[1]:value": "M"}

    first = shopper.see("PROD", Product_Code="TEE")
    asked = shopper.see("PROD", Product_Code="TEE", **chosen)

    assert (first.body.get("data-stock-level"), asked.body.get("data-stock-level")) == ("out", "in")
    assert asked.xpath("string(//select/option[@selected]/@value)") == "M"


@pytest.mark.parametrize(
    ("method", "content"),
    [
        ("GET", b""),
        ("POST", b"Action=NOPE"),
        ("POST", b"\xff\xfe=\x00&&&=&Action=ADPR"),
        ("POST", b"Action=ADPR&Product_Code=" + b"%00" * 100),
        ("POST", b"Action=RGRP&Basket_Group=99999999999999999999"),
        ("POST", b"&".join(b"a%d=1" % n for n in range(600))),
        ("POST", b"x" * 100_000),
    ],
)
def test_nonsense_gets_a_page_or_a_refusal_and_never_a_failure(shopper, method, content):
    response = shopper.http.request(
        method,
        shopper.address,
        params={"Screen": "PROD", "Product_Code": "\x00", "Offset": "-1"},
        content=content,
        headers={"Cookie": "mm5-1-basket-id=\x7f"},
    )

    assert response.status_code in {200, 413}


def test_a_forged_session_is_nobodys_basket(shopper, store):
    stocked(store, "MUG", 5)
    session = baskets.open_new(store)
    shopper.http.cookies.set("mm5-1-basket-id", session[:-1])

    assert shopper.act("AUTH", ADDRESS).body.get("data-basket-count") == "0"
