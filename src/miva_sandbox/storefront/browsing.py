"""The pages to look at: front, category, product, search."""

import sqlite3
from collections.abc import Sequence

from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - the builder's usual name

from miva_sandbox.state import attributes, categories, choices, images, products, shelves, variants
from miva_sandbox.state.choices import Question, Unanswered
from miva_sandbox.storefront import html
from miva_sandbox.storefront.shopper import Shopper, field_names

_PER_PAGE = 50
_LIST_BOX = (200, 200)
_PRODUCT_BOX = (600, 600)
_FURTHEST_OFFSET = 10**9


def navigation(shopper: Shopper) -> list[HtmlElement]:
    return [
        html.link(str(shopper.store.settings["name"]), shopper.address("SFNT")),
        html.link("Search", shopper.address("SRCH")),
        html.link("Basket", shopper.address("BASK")),
    ]


def front(shopper: Shopper) -> bytes:
    top = shopper.store.db.rows("SELECT * FROM categories WHERE parent_id = 0 AND active ORDER BY disp_order, id")
    return _page(shopper, "SFNT", str(shopper.store.settings["name"]), [_categories(shopper, top)])


def category(shopper: Shopper) -> bytes:
    found = categories.find(shopper.store, shopper.field("Category_Code"))
    if found is None or not found["active"]:
        return not_found(shopper, f"Category '{shopper.field('Category_Code')}' is not available at this time.")
    children = shopper.store.db.rows(
        "SELECT * FROM categories WHERE parent_id = ? AND active ORDER BY disp_order, id", (found["id"],)
    )
    offset = _offset(shopper)
    listed = shelves.in_category(shopper.store, found["id"], limit=_PER_PAGE + 1, offset=offset)
    content = [_categories(shopper, children), _products(shopper, "CTGY", listed[:_PER_PAGE])]
    content += _further(shopper, "CTGY", len(listed), offset, Category_Code=found["code"])
    return _page(shopper, "CTGY", found["name"], content)


def search(shopper: Shopper) -> bytes:
    words, offset = shopper.field("Search"), _offset(shopper)
    form = E.FORM(
        html.hidden("Screen", "SRCH"),
        html.hidden("Store_Code", shopper.store.code),
        html.field("Search", "Search", value=words),
        E.BUTTON("Search"),
        action=shopper.address(),
    )
    listed = shelves.found(shopper.store, words, limit=_PER_PAGE + 1, offset=offset) if words else []
    content = [form, _products(shopper, "SRCH", listed[:_PER_PAGE])]
    content += _further(shopper, "SRCH", len(listed), offset, Search=words)
    return _page(shopper, "SRCH", "Search", content)


def product(shopper: Shopper, *, code: str = "PROD", message: str = "") -> bytes:
    """Show one product; `code` and `message` are those of a refusal that leads back to it."""
    store = shopper.store
    found = products.find(store, shopper.field("Product_Code"))
    if found is None or not found["active"]:
        return not_found(shopper, f"Product '{shopper.field('Product_Code')}' is not available at this time.")
    asked = choices.questions(store, found["id"])
    variant_id, parts_of = _chosen(shopper, found, asked)
    offer = shelves.offer(store, found, variant_id=variant_id)
    price = _price(shopper, found, variant_id)
    content: list[HtmlElement] = [E.P(E.CLASS("message"), html.clean(message))] if message else []
    content += [E.IMG(E.CLASS("picture"), src=path, alt="") for path in _pictures(shopper, "PROD", found, parts_of)]
    content.append(E.P(html.money(price), id="price"))
    if offer.message:
        content.append(E.P(E.CLASS(offer.level), html.clean(offer.message), id="stock"))
    content.append(_form(shopper, found, asked))
    if found["descrip"]:
        content.append(E.DIV(html.prose(found["descrip"]), id="description"))
    return html.page(
        code,
        found["name"],
        content,
        links=navigation(shopper),
        data={"product-code": found["code"], "stock-level": offer.level},
    )


def not_found(shopper: Shopper, message: str) -> bytes:
    return _page(shopper, "NTFD", "Not found", [E.P(E.CLASS("message"), html.clean(message))])


def _page(shopper: Shopper, code: str, title: str, content: Sequence[HtmlElement]) -> bytes:
    return html.page(code, title, content, links=navigation(shopper))


def _chosen(shopper: Shopper, found: sqlite3.Row, asked: Sequence[Question]) -> tuple[int, list[sqlite3.Row]]:
    """Return the variant that the address names, else the default one, with its parts."""
    variant_id: int | None = variants.DEFAULT
    given = shopper.given()
    if given:
        try:
            answers = choices.read(shopper.store, asked, given)
        except Unanswered:
            answers = []
        variant_id = choices.variant_of(shopper.store, found["id"], asked, answers)
    chosen = variants.DEFAULT if variant_id is None else variant_id
    return chosen, variants.parts(shopper.store, found["id"], chosen)


def _price(shopper: Shopper, found: sqlite3.Row, variant_id: int) -> int:
    pricing = variants.pricing(shopper.store, found["id"], variant_id)
    if pricing.method == variants.SPECIFIC:
        return pricing.price
    if pricing.method == variants.SUM:
        return sum(
            int(part["price"]) * int(part["quantity"])
            for part in variants.parts(shopper.store, found["id"], variant_id)
        )
    return int(found["price"])


def _form(shopper: Shopper, found: sqlite3.Row, asked: Sequence[Question]) -> HtmlElement:
    shown = shelves.shown_options(shopper.store, found["id"])
    inputs: list[HtmlElement] = [
        html.hidden("Action", "ADPR"),
        html.hidden("Store_Code", shopper.store.code),
        html.hidden("Product_Code", found["code"]),
    ]
    for position, question in enumerate(asked, 1):
        code_name, template_name, value_name = field_names(question, position)
        inputs.append(html.hidden(code_name, question.slot_code or question.code))
        if template_name:
            inputs.append(html.hidden(template_name, question.code))
        inputs.append(_input(shopper, question, value_name, shown))
    inputs += [html.field("Quantity", "Quantity", value="1"), E.BUTTON("Add to basket")]
    return E.FORM(E.CLASS("product"), *inputs, method="post", action=shopper.address())


def _input(shopper: Shopper, question: Question, name: str, shown: frozenset[tuple[int, int, int]]) -> HtmlElement:
    attribute = question.attribute
    prompt = E.SPAN(html.clean(attribute["prompt"] or question.code))
    if attribute["required"]:
        prompt = E.SPAN(E.B(html.clean(attribute["prompt"] or question.code)))
    if not question.is_choice:
        kind = "checkbox" if attribute["type"] == "checkbox" else "text"
        return E.LABEL(prompt, E.INPUT(name=name, type=kind, **({"value": "Yes"} if kind == "checkbox" else {})))
    options: list[HtmlElement] = [] if attribute["required"] else [E.OPTION("", value="")]
    for option in attributes.options_of(shopper.store, question.kind, attribute["id"]):
        if attribute["inventory"] and (question.attr_id, question.attmpat_id, option["id"]) not in shown:
            continue
        element = E.OPTION(html.clean(option["prompt"] or option["code"]), value=html.clean(option["code"]))
        if option["id"] == attribute["default_id"]:
            element.set("selected", "selected")
        options.append(element)
    return E.LABEL(prompt, E.SELECT(*options, name=name))


def _categories(shopper: Shopper, found: Sequence[sqlite3.Row]) -> HtmlElement:
    return E.UL(
        E.CLASS("categories"),
        *(E.LI(html.link(row["name"], shopper.address("CTGY", Category_Code=row["code"]))) for row in found),
    )


def _products(shopper: Shopper, screen: str, listed: Sequence[sqlite3.Row]) -> HtmlElement:
    entries: list[HtmlElement] = []
    for row in listed:
        entry = E.LI({"data-product-code": html.clean(row["code"])})
        entry.extend(E.IMG(src=path, alt="") for path in _pictures(shopper, screen, row, ())[:1])
        entry.append(E.P(html.link(row["name"], shopper.address("PROD", Product_Code=row["code"]))))
        entry.append(E.P(html.money(row["price"])))
        offer = shelves.offer(shopper.store, row)
        if offer.message:
            entry.append(E.P(E.CLASS(offer.level), html.clean(offer.message)))
        entries.append(entry)
    return E.UL(E.CLASS("products"), *entries)


def _pictures(shopper: Shopper, screen: str, found: sqlite3.Row, parts: Sequence[sqlite3.Row]) -> list[str]:
    """
    Return the addresses of the pictures that a page shows: none until the page's setting names an image type.

    A chosen variant's part shows its own picture of that type instead of the parent's.
    """
    store = shopper.store
    wanted = str(store.settings.get("page_image_types", {}).get(screen, "")).casefold()
    if not wanted:
        return []
    own = images.of_product(store, found["id"])
    box = _PRODUCT_BOX if screen == "PROD" else _LIST_BOX
    typed = [row for row in own if row["code"].casefold() == wanted]
    for part in parts:
        replaced = [row for row in images.of_product(store, part["part_id"]) if row["code"].casefold() == wanted]
        typed = replaced or typed
    rest = [row for row in own if row["code"].casefold() != wanted] if screen == "PROD" else []
    return [store.folder + images.derived(store, row["image"], *box) for row in (*typed, *rest)]


def _further(shopper: Shopper, screen: str, count: int, offset: int, **fields: str) -> list[HtmlElement]:
    if count <= _PER_PAGE:
        return []
    return [E.P(html.link("Further", shopper.address(screen, Offset=str(offset + _PER_PAGE), **fields)))]


def _offset(shopper: Shopper) -> int:
    text = shopper.field("Offset")
    return min(int(text), _FURTHEST_OFFSET) if text.isascii() and text.isdigit() and len(text) < 12 else 0  # noqa: PLR2004 - no list is that long
