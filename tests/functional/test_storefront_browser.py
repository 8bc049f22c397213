"""The storefront as a person with a browser uses it: pages as they look, and an order from front page to number."""

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from miva_sandbox.provisioning import run as provision
from miva_sandbox.server import SandboxServer
from miva_sandbox.state.page_images import choose_everywhere

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"needs a Chromium; there is none at {CHROMIUM}"),
]

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
COLOURS = {"red": (200, 30, 30), "navy": (20, 30, 90)}
FAMILY = """
<Category_Add><Code>shirts</Code><Name>Shirts</Name></Category_Add>
<Product_Add><Code>TEE</Code><Name>Cotton Tee</Name><Price>18.00</Price></Product_Add>
<CategoryProduct_Assign category_code="shirts" product_code="TEE"/>
<ProductAttribute_Add product_code="TEE"><Code>colour</Code><Type>select</Type><Prompt>Colour</Prompt>
<Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>
"""
VARIANT = """
<ProductAttributeOption_Add product_code="TEE" attribute_code="colour"><Code>{colour}</Code>
<Prompt>{colour}</Prompt></ProductAttributeOption_Add>
<Product_Add><Code>TEE-{colour}</Code><SKU>SKU-{colour}</SKU><Name>Tee {colour}</Name><Price>{price}</Price>
<Active>No</Active></Product_Add>
<InventoryProductSettings_Update product_code="TEE-{colour}"><TrackProduct>Yes</TrackProduct>
<CurrentStock>{stock}</CurrentStock></InventoryProductSettings_Update>
<ProductImage_Add product_code="TEE-{colour}" filepath="graphics/{colour}.png" imagetype_code="main"/>
<ProductVariant_Add product_code="TEE">
<Options><Attribute_Option attribute_code="colour" option_code="{colour}"/></Options>
<Parts><Part product_code="TEE-{colour}" quantity="1"/></Parts>
<ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>
"""


@pytest.fixture
def shop():
    """A family of two colours: two red ones at 18.00, navy sold out at 19.50."""
    with SandboxServer() as server:
        for name, colour in COLOURS.items():
            Image.new("RGB", (1000, 1000), colour).save(server.store.files_root / "graphics" / f"{name}.png")
        tags = FAMILY + VARIANT.format(colour="red", stock=2, price="18.00")
        assert provision(server.store, tags + VARIANT.format(colour="navy", stock=0, price="19.50")) == []
        yield server


@pytest.fixture
def page(shop):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        # What the storefront can do, it does without scripts.
        page = browser.new_page(java_script_enabled=False)
        page.set_default_timeout(60_000)
        page.goto(shop.storefront)
        yield page
        browser.close()


def to_the_family(page):
    page.get_by_role("link", name="Shirts").click()
    page.get_by_role("link", name="Cotton Tee").click()


def check_out(page):
    page.get_by_role("link", name="Checkout").click()
    ship = page.get_by_role("group", name="Ship to")
    for label, text in {
        "First name": "Ada",
        "Last name": "Long",
        "Email": "ada@example.com",
        "Address 1": "1 Pier Rd",
        "City": "Salem",
        "State": "OR",
        "Zip": "97301",
        "Country": "US",
    }.items():
        ship.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Place order").click()


def test_a_person_buys_a_choice_and_the_store_has_the_order(shop, page):
    to_the_family(page)
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_role("row", name="Cotton Tee")).to_contain_text("SKU-red")

    check_out(page)

    number = page.locator("body").get_attribute("data-order-id")
    expect(page.get_by_text(f"Your order number is {number}.")).to_be_visible()
    [line] = shop.store.db.rows("SELECT code, sku, quantity FROM order_items WHERE order_id = ?", (number,))
    assert tuple(line) == ("TEE", "SKU-red", 2)
    page.get_by_role("link", name="All products").click()
    page.get_by_role("link", name="Cotton Tee").click()
    expect(page.locator("#stock")).to_have_class("stock out")


def test_a_choice_is_shown_with_its_own_price_stock_and_image(shop, page):
    choose_everywhere(shop.store, "main")
    to_the_family(page)
    expect(page.locator(".images img")).to_have_attribute("src", "/mm5/graphics/red_800x800.png")

    page.get_by_label("Colour").select_option("navy")
    page.get_by_role("button", name="Show this choice").click()

    expect(page.locator("#price")).to_have_text("$19.50")
    expect(page.locator("#stock")).to_have_class("stock out")
    expect(page.locator(".images img")).to_have_attribute("src", "/mm5/graphics/navy_800x800.png")
    assert page.locator(".images img").evaluate("image => image.naturalWidth") == 800


def test_a_choice_that_is_sold_out_is_refused_on_its_own_page(page):
    to_the_family(page)
    page.get_by_label("Colour").select_option("navy")

    page.get_by_role("button", name="Add to basket").click()

    expect(page.locator("body[data-page=POUT] .message")).to_be_visible()
    expect(page.get_by_label("Colour")).to_have_value("navy")


def test_search_finds_by_name_and_pages_stay_without_images_until_set(page):
    page.get_by_role("link", name="Search").click()
    page.get_by_role("textbox").fill("cotton")

    page.get_by_role("button", name="Search").click()

    expect(page.locator("li.card")).to_have_count(1)
    expect(page.locator("img")).to_have_count(0)


def test_pages_load_nothing_from_elsewhere(shop, page):
    choose_everywhere(shop.store, "main")
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    to_the_family(page)

    assert asked
    assert [url for url in asked if not url.startswith(shop.address)] == []
