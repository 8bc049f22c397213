"""The lists to look at: front page, category, search, all products."""

import sqlite3
from collections.abc import Sequence

from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - the builder's usual name

from miva_sandbox.state import categories, shelves
from miva_sandbox.storefront import frame, html, images
from miva_sandbox.storefront.shopper import ShopperRequest

_PER_PAGE = 50
_FURTHEST_OFFSET = 10**9


def front(shopper: ShopperRequest) -> bytes:
    name = str(shopper.store.settings["name"])
    top = shopper.store.db.rows("SELECT * FROM categories WHERE parent_id = 0 AND active ORDER BY disp_order, id")
    return frame.page(shopper, "SFNT", name, [html.heading(f"Welcome to {name}"), *_categories(shopper, top)])


def category(shopper: ShopperRequest) -> bytes:
    found = categories.find(shopper.store, shopper.field("Category_Code"))
    if found is None or not found["active"]:
        return frame.not_found(shopper, f"Category '{shopper.field('Category_Code')}' is not available at this time.")
    children = shopper.store.db.rows(
        "SELECT * FROM categories WHERE parent_id = ? AND active ORDER BY disp_order, id", (found["id"],)
    )
    offset = _offset(shopper)
    listed = shelves.in_category(shopper.store, found["id"], limit=_PER_PAGE + 1, offset=offset)
    content = [html.heading(found["name"]), *_categories(shopper, children)]
    content += _listed(shopper, "CTGY", listed, offset, Category_Code=found["code"])
    return frame.page(shopper, "CTGY", found["name"], content)


def all_products(shopper: ShopperRequest) -> bytes:
    offset = _offset(shopper)
    listed = shelves.everything(shopper.store, limit=_PER_PAGE + 1, offset=offset)
    content = [html.heading("All products"), *_listed(shopper, "PLST", listed, offset)]
    return frame.page(shopper, "PLST", "All products", content)


def search(shopper: ShopperRequest) -> bytes:
    words, offset = shopper.field("Search"), _offset(shopper)
    form = E.FORM(
        E.CLASS("search"),
        html.hidden("Screen", "SRCH"),
        html.hidden("Store_Code", shopper.store.code),
        html.field("Words in the name, or a code", "Search", value=words),
        E.BUTTON("Search"),
        action=shopper.address(),
    )
    content = [html.heading("Search"), form]
    if words:
        listed = shelves.found(shopper.store, words, limit=_PER_PAGE + 1, offset=offset)
        content += _listed(shopper, "SRCH", listed, offset, Search=words)
    return frame.page(shopper, "SRCH", "Search", content)


def cards(shopper: ShopperRequest, page: str, listed: Sequence[sqlite3.Row]) -> HtmlElement:
    """Write a list of products, each with the image that the page's setting names."""
    return E.UL(E.CLASS("products"), *(_card(shopper, page, row) for row in listed))


def _card(shopper: ShopperRequest, page: str, row: sqlite3.Row) -> HtmlElement:
    card = E.LI(E.CLASS("card"), {"data-product-code": html.clean(row["code"])})
    if shown := images.of_type(shopper.store, page, row["id"], box=images.LIST_BOX):
        card.append(html.image(shown, alt=row["name"]))
    card.append(E.P(html.link(row["name"], shopper.address("PROD", Product_Code=row["code"]))))
    card.append(E.P(E.CLASS("price"), html.money(row["price"])))
    offer = shelves.offer(shopper.store, row)
    if offer.message:
        card.append(E.P(E.CLASS(f"stock {offer.level}"), html.clean(offer.message)))
    return card


def _categories(shopper: ShopperRequest, found: Sequence[sqlite3.Row]) -> list[HtmlElement]:
    if not found:
        return []
    links = (E.LI(html.link(row["name"], shopper.address("CTGY", Category_Code=row["code"]))) for row in found)
    return [E.UL(E.CLASS("categories"), *links)]


def _listed(
    shopper: ShopperRequest, page: str, listed: Sequence[sqlite3.Row], offset: int, **fields: str
) -> list[HtmlElement]:
    if not listed:
        return [E.P("No products.")]
    content = [cards(shopper, page, listed[:_PER_PAGE])]
    if len(listed) > _PER_PAGE:
        further = html.link("Further products", shopper.address(page, Offset=str(offset + _PER_PAGE), **fields))
        content.append(E.P(further))
    return content


def _offset(shopper: ShopperRequest) -> int:
    text = shopper.field("Offset")
    return min(int(text), _FURTHEST_OFFSET) if text.isascii() and text.isdigit() and len(text) < 12 else 0  # noqa: PLR2004 - no list is that long
