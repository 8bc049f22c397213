"""What all pages have in common: the store's name, the ways to the other pages, and the refusal that is a page."""

from collections.abc import Mapping, Sequence

from lxml.html import HtmlElement

from miva_sandbox.storefront import html
from miva_sandbox.storefront.html import Child
from miva_sandbox.storefront.shopper import ShopperRequest


def page(
    shopper: ShopperRequest, code: str, title: str, content: Sequence[Child], *, data: Mapping[str, str] | None = None
) -> bytes:
    name = html.link(str(shopper.store.settings["name"]), shopper.address("SFNT"))
    name.set("class", "name")
    return html.page(code, title, content, name=name, links=_links(shopper), data=data)


def not_found(shopper: ShopperRequest, message: str) -> bytes:
    return page(shopper, "NTFD", "Not found", [html.heading("Not found"), *html.message(message)])


def _links(shopper: ShopperRequest) -> list[HtmlElement]:
    return [
        html.link("All products", shopper.address("PLST")),
        html.link("Search", shopper.address("SRCH")),
        html.link("Basket", shopper.address("BASK")),
    ]
