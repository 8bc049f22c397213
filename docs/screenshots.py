"""
Make the screenshots of the docs anew: `python docs/screenshots.py`, or with the subjects wanted.

It needs a Chromium, at the path that the environment names as CHROMIUM or at /usr/bin/chromium.

One function per subject; each is given a browser and writes `docs/images/<subject>-*.png`.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from miva_sandbox.provisioning import run as provision
from miva_sandbox.server import SandboxServer
from miva_sandbox.state.page_images import choose_everywhere
from tradepost.cli.hub.demo.shopper import Purchase, buy

IMAGES = Path(__file__).parent / "images"
EVERY = Path(__file__).parent.parent / "build" / "screenshots"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_DRAWN_AT = 4
_SHIRT = (
    (30, 6),
    (42, 13),
    (58, 13),
    (70, 6),
    (96, 24),
    (86, 42),
    (75, 36),
    (75, 94),
    (25, 94),
    (25, 36),
    (14, 42),
    (4, 24),
)
_COLOURS = {"red": (186, 43, 43), "navy": (33, 52, 100), "sand": (214, 190, 150)}


def sandbox(browser: Browser) -> None:
    """The storefront: a family in stock, out of stock and hidden, without images and with them."""
    with SandboxServer() as server:
        server.store.change_settings(name="Harbour Goods")
        _draw_shirts(server)
        assert provision(server.store, _catalogue()) == []
        with _page(browser) as page:
            address = f"{server.storefront}merchant.mvc?Screen="
            page.goto(f"{address}PROD&Product_Code=TEE")
            _shoot(page, "sandbox-family-without-images")
            choose_everywhere(server.store, "main")
            page.reload()
            _shoot(page, "sandbox-family-in-stock")
            page.get_by_label("Colour").select_option("navy")
            page.get_by_role("button", name="Show this choice").click()
            _shoot(page, "sandbox-family-out-of-stock")
            page.goto(f"{address}CTGY&Category_Code=shirts")
            _shoot(page, "sandbox-category")
            page.goto(f"{address}PROD&Product_Code=TEE")
            page.get_by_role("button", name="Add to basket").click()
            _shoot(page, "sandbox-basket")
            page.get_by_role("link", name="Checkout").click()
            _shoot(page, "sandbox-checkout")
            assert provision(server.store, _hide("TEE-NAVY")) == []
            page.goto(f"{address}PROD&Product_Code=TEE")
            page.get_by_label("Colour").evaluate("list => list.size = list.length")
            _shoot(page, "sandbox-family-hidden")


def back_office(browser: Browser) -> None:
    """
    The hub's own pages, a while after the demo: an order to ship, and a few listings that need somebody.

    The main ones go into the docs; every page in light and dark, on a desk and on a phone, into `build/screenshots`.
    """
    with TemporaryDirectory() as folder, _demo(Path(folder)) as (facts, hub):
        _let_a_day_begin(hub, facts)
        for view, settings in _VIEWS.items():
            context = browser.new_context(**settings)
            context.set_default_timeout(60_000)
            page = context.new_page()
            page.goto(facts["url"])
            page.get_by_label("Name").fill(facts["user"])
            page.get_by_label("Password").fill(facts["password"])
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Today", exact=True).wait_for()
            for name, address in _PAGES.items():
                page.goto(f"{facts['url'].rstrip('/')}{address}")
                page.wait_for_load_state("networkidle")
                EVERY.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=EVERY / f"{name}-{view}.png", full_page=True)
                if view == _IN_DOCS.get(name):
                    _shoot(page, name)
            context.close()


_VIEWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
_PAGES = {
    "today": "/",
    "listings": "/tradepost/listing/",
    "listing": "/tradepost/listing/5/change/",
    "hide": "/tradepost/listing/ask/hide/?id=5",
    "orders": "/tradepost/order/",
    "order": "/tradepost/order/4/change/",
    "order-needs": "/tradepost/order/needs/",
    "reconciliation": "/tradepost/order/reconciliation/",
    "ship-from-a-file": "/tradepost/shipmentrecord/file/",
    "shipments": "/tradepost/shipmentrecord/",
    "who-takes-orders": "/tradepost/order/consumers/",
    "shipments-from": "/tradepost/shipmentrecord/sources/",
    "products": "/tradepost/productrecord/",
    "product": "/tradepost/productrecord/2/change/",
    "list-on-a-channel": "/tradepost/productrecord/list-on/?all=1",
    "imports": "/tradepost/upload/",
    "import": "/tradepost/upload/add/",
    "sources": "/tradepost/source/",
    "activity": "/tradepost/run/",
    "run": "/tradepost/run/6/change/",
    "plans": "/tradepost/savedplan/",
    "plan": "/tradepost/savedplan/29/change/",
    "settings": "/settings/",
    "notifications": "/notifications/",
    "personal-data": "/personal-data/",
    "channels": "/tradepost/channel/",
    "channel": "/tradepost/channel/1/change/",
    "channel-adopt": "/tradepost/channel/1/adopt/",
    "channel-connection": "/tradepost/channel/1/set-up/connection/",
    "channel-test": "/tradepost/channel/1/set-up/test/",
    "channel-images": "/tradepost/channel/1/set-up/images/",
    "channel-schedules": "/tradepost/channel/1/set-up/schedules/",
    "rules-for-listings": "/tradepost/channel/1/rules/listings/",
    "rules-for-orders": "/tradepost/channel/1/rules/orders/",
    "first-steps": "/tradepost/channel/first-steps/",
    "people": "/tradepost/person/",
    "audit": "/tradepost/auditentry/",
    "search": "/search/?word=mug",
    "not-found": "/no/such/page/",
}
# The pictures of the docs, and in which view.
_IN_DOCS = {"today": "light", "listings": "light", "listing": "light", "order": "light", "activity": "light"}


@contextmanager
def _demo(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """What the demo leaves serving: the back office's address and log-in, and where the hub keeps its data."""
    command = [_tradepost(), "demo", "--keep", "--json", "--state", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as demo:  # noqa: S603 - our own command
        try:
            assert demo.stdout is not None
            told = json.loads(demo.stdout.readline())
            yield {**told["back_office"], "storefront": told["storefront"]}, Path(told["data"])
        finally:
            demo.send_signal(signal.SIGINT)


def _let_a_day_begin(hub: Path, facts: dict[str, str]) -> None:
    """Sell something, count something wrong, and start what a shop has started by schedule."""
    tee = Purchase("harbour-tee", [("colour", "navy"), ("size", "m")], 2)
    buy(facts["storefront"], store_code="sandbox", purchases=[tee], name="Grace Hopper")
    for words in (
        "channel schedule demo get_orders --every 5m",
        "channel schedule demo sync_orders --every 10m",
        "channel schedule demo sync --every 15m",
        "orders get",
        "orders reconcile",
        "catalogue state-count HP-CAP-RUST 0",
        "listings hide HP-NOTE-SLATE",
        "listings sync --dry-run --save",
    ):
        subprocess.run(  # noqa: S603 - our own command
            [_tradepost(), *words.split()], env={**os.environ, "TRADEPOST_DATA": str(hub)}, check=False
        )


def _tradepost() -> str:
    return str(Path(sys.executable).parent / "tradepost")


SUBJECTS: dict[str, Callable[[Browser], None]] = {"sandbox": sandbox, "back_office": back_office}


def _catalogue() -> str:
    """One family of three colours, of which navy is sold out, and two simple products."""
    tags = [
        "<Category_Add><Code>shirts</Code><Name>Shirts</Name></Category_Add>",
        _product("TEE", "Cotton Tee", "18.00", "Plain, light and made to be worn. Washed once before it is sold."),
        (
            '<ProductAttribute_Add product_code="TEE"><Code>colour</Code><Type>select</Type><Prompt>Colour</Prompt>'
            "<Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>"
        ),
        _image("TEE", "red"),
        _product("TEE-LONG", "Linen Tee", "24.50", "For warm evenings.", stock=4),
        _image("TEE-LONG", "sand"),
        _product("TEE-WORK", "Work Tee", "14.90", "Takes a lot.", stock=0),
        _image("TEE-WORK", "navy"),
    ]
    for colour, stock in (("red", 8), ("navy", 0), ("sand", 2)):
        code = f"TEE-{colour.upper()}"
        tags += [
            (
                f'<ProductAttributeOption_Add product_code="TEE" attribute_code="colour"><Code>{colour}</Code>'
                f"<Prompt>{colour.title()}</Prompt></ProductAttributeOption_Add>"
            ),
            _product(code, f"Cotton Tee {colour}", "18.00", "", stock=stock, active="No"),
            _image(code, colour),
            (
                '<ProductVariant_Add product_code="TEE"><Options>'
                f'<Attribute_Option attribute_code="colour" option_code="{colour}"/></Options>'
                f'<Parts><Part product_code="{code}" quantity="1"/></Parts>'
                "<ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>"
            ),
        ]
    tags += [
        f'<CategoryProduct_Assign category_code="shirts" product_code="{code}"/>'
        for code in ("TEE", "TEE-LONG", "TEE-WORK")
    ]
    tags.append('<ProductRelatedProduct_Assign product_code="TEE" relatedproduct_code="TEE-LONG"/>')
    return "\n".join(tags)


def _product(code: str, name: str, price: str, text: str, *, stock: int | None = None, active: str = "Yes") -> str:
    added = (
        f"<Product_Add><Code>{code}</Code><SKU>{code}</SKU><Name>{name}</Name><Price>{price}</Price>"
        f"<Description>{text}</Description><Active>{active}</Active></Product_Add>"
    )
    if stock is None:
        return added
    return added + (
        f'<InventoryProductSettings_Update product_code="{code}"><TrackProduct>Yes</TrackProduct>'
        f"<CurrentStock>{stock}</CurrentStock></InventoryProductSettings_Update>"
    )


def _image(code: str, colour: str) -> str:
    return f'<ProductImage_Add product_code="{code}" filepath="graphics/{colour}.png" imagetype_code="main"/>'


def _hide(code: str) -> str:
    return (
        f'<InventoryProductSettings_Update product_code="{code}"><HideOutOfStockProducts>Yes</HideOutOfStockProducts>'
        "</InventoryProductSettings_Update>"
    )


def _draw_shirts(server: SandboxServer) -> None:
    """Draw a shirt in each colour, large and then scaled down, so that its edges are smooth."""
    for name, colour in _COLOURS.items():
        drawn = Image.new("RGB", (1000 * _DRAWN_AT // 2,) * 2, "white")
        scale = drawn.width / 100
        ImageDraw.Draw(drawn).polygon([(x * scale, y * scale) for x, y in _SHIRT], fill=colour)
        drawn.resize((1000, 1000)).save(server.store.files_root / "graphics" / f"{name}.png")


@contextmanager
def _page(browser: Browser, *, width: int = 1100, height: int = 700) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(10_000)
    yield page
    page.close()


def _shoot(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


def main(names: list[str]) -> None:
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=list(QUIET)
        )
        for name in names or SUBJECTS:
            SUBJECTS[name](browser)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
