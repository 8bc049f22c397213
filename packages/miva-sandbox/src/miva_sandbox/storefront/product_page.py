"""
The page of one product: images, price, stock, and the form that puts it into the basket.

Everything is shown for what the form has selected at the moment, as the scripts of a real store do; here a button
asks for it, and no script is needed.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - the builder's usual name

from miva_sandbox.state import attributes, choices, page_images, products, shelves, variants
from miva_sandbox.state.choices import Question, Unanswered
from miva_sandbox.state.columns import key
from miva_sandbox.state.store import Store
from miva_sandbox.storefront import frame, html, images, product_lists
from miva_sandbox.storefront.shopper import ShopperRequest, field_names

Given = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """A question with the options that its choice list offers (none for a text or a check box)."""

    question: Question
    options: Sequence[sqlite3.Row] = ()


def product(shopper: ShopperRequest, *, code: str = "PROD", message: str = "") -> bytes:
    """Show one product; `code` and `message` are those of a refusal that leads back to it."""
    store = shopper.store
    found = products.find(store, shopper.field("Product_Code"))
    if found is None or not found["active"]:
        return frame.not_found(shopper, f"Product '{shopper.field('Product_Code')}' is not available at this time.")
    asked = _asked(store, found["id"])
    given = shopper.given() or _preselected(asked)
    variant_id = _variant(store, found["id"], asked, given)
    parts = variants.parts(store, found["id"], variant_id)
    offer = shelves.offer(store, found, variant_id=variant_id)
    sold: list[HtmlElement] = [
        html.heading(found["name"]),
        E.P(E.CLASS("code"), html.clean(_stock_code(store, found, parts))),
        E.P(E.CLASS("price"), html.money(_price(store, found, variant_id, parts)), id="price"),
    ]
    if offer.message:
        sold.append(E.P(E.CLASS(f"stock {offer.level}"), html.clean(offer.message), id="stock"))
    sold.append(_form(shopper, found, asked, given))
    if found["descrip"]:
        sold.append(html.prose(element_id="description"))
    content = [
        E.P(E.CLASS("trail"), *(_category_link(shopper, row) for row in _categories_of(store, found["id"]))),
        *html.message(message),
        E.DIV(E.CLASS("product"), *_gallery(shopper, found, parts), E.DIV(*sold)),
        *_related(shopper, found["id"]),
    ]
    data = {"product-code": found["code"], "stock-level": offer.level}
    return html.with_prose(frame.page(shopper, code, found["name"], content, data=data), found["descrip"])


def _asked(store: Store, product_id: int) -> list[FormQuestion]:
    shown = shelves.shown_options(store, product_id)
    asked: list[FormQuestion] = []
    for question in choices.questions(store, product_id):
        offered: list[sqlite3.Row] = []
        if question.is_choice:
            offered = [
                option
                for option in attributes.options_of(store, question.kind, question.attribute["id"])
                if not question.attribute["inventory"] or (question.attr_id, question.attmpat_id, option["id"]) in shown
            ]
        asked.append(FormQuestion(question, offered))
    return asked


def _preselected(asked: Sequence[FormQuestion]) -> Given:
    """Return what a browser selects by itself: the default option, else the first where no empty one is offered."""
    given: dict[tuple[str, str], str] = {}
    for form_question in asked:
        first = form_question.options[:1] if form_question.question.attribute["required"] else ()
        default = [
            option for option in form_question.options if option["id"] == form_question.question.attribute["default_id"]
        ]
        for option in default or first:
            given[form_question.question.name] = option["code"]
    return given


def _variant(store: Store, product_id: int, asked: Sequence[FormQuestion], given: Given) -> int:
    questions = [form_question.question for form_question in asked]
    try:
        answers = choices.read(store, questions, given)
    except Unanswered:
        return variants.DEFAULT
    found = choices.variant_of(store, product_id, questions, answers)
    return variants.DEFAULT if found is None else found


def _stock_code(store: Store, found: sqlite3.Row, parts: Sequence[sqlite3.Row]) -> str:
    """Return the SKU that an order line of this choice would carry, or the code where there is none."""
    sold = products.find_by_id(store, parts[0]["part_id"]) if len(parts) == 1 else found
    return str((sold is not None and sold["sku"]) or found["code"])


def _price(store: Store, found: sqlite3.Row, variant_id: int, parts: Sequence[sqlite3.Row]) -> int:
    pricing = variants.pricing(store, found["id"], variant_id)
    if pricing.method == variants.SPECIFIC:
        return pricing.price
    if pricing.method == variants.SUM:
        return sum(int(part["price"]) * int(part["quantity"]) for part in parts)
    return int(found["price"])


def _gallery(shopper: ShopperRequest, found: sqlite3.Row, parts: Sequence[sqlite3.Row]) -> list[HtmlElement]:
    store = shopper.store
    first = images.of_type(
        store, "PROD", found["id"], box=images.PRODUCT_BOX, parts=[part["part_id"] for part in parts]
    )
    further = images.others(store, "PROD", found["id"], box=images.SMALL_BOX)
    if not first and not further:
        return []
    shown = [html.image(first, alt=found["name"])] if first else []
    if further:
        shown.append(E.DIV(E.CLASS("further"), *(html.image(src, alt="") for src in further)))
    return [E.DIV(E.CLASS("images"), *shown)]


def _form(shopper: ShopperRequest, found: sqlite3.Row, asked: Sequence[FormQuestion], given: Given) -> HtmlElement:
    inputs: list[HtmlElement] = [
        html.hidden("Action", "ADPR"),
        html.hidden("Store_Code", shopper.store.code),
        html.hidden("Product_Code", found["code"]),
    ]
    for position, form_question in enumerate(asked, 1):
        question = form_question.question
        code_name, template_name, value_name = field_names(question, position)
        inputs.append(html.hidden(code_name, question.slot_code or question.code))
        if template_name:
            inputs.append(html.hidden(template_name, question.code))
        inputs.append(_input(form_question, value_name, given.get(question.name, "")))
    inputs.append(html.field("Quantity", "Quantity", value="1"))
    buttons = [E.BUTTON("Add to basket")]
    if asked:
        # The same form, asked for as a page: what is selected is shown, nothing is bought.
        buttons.append(E.BUTTON(E.CLASS("quiet"), "Show this choice", formmethod="get", name="Screen", value="PROD"))
    return E.FORM(E.CLASS("buy"), *inputs, E.DIV(E.CLASS("buttons"), *buttons), method="post", action=shopper.address())


def _input(asked: FormQuestion, name: str, chosen: str) -> HtmlElement:
    attribute = asked.question.attribute
    words = html.clean(attribute["prompt"] or asked.question.code)
    prompt = E.SPAN(E.B(words)) if attribute["required"] else E.SPAN(words)
    if not asked.question.is_choice:
        if attribute["type"] == "checkbox":
            ticked = {"checked": "checked"} if chosen else {}
            return E.LABEL(prompt, E.INPUT(name=name, type="checkbox", value="Yes", **ticked))
        return E.LABEL(prompt, E.INPUT(name=name, type="text", value=html.clean(chosen)))
    options: list[HtmlElement] = [] if attribute["required"] else [E.OPTION("", value="")]
    for option in asked.options:
        selected = {"selected": "selected"} if key(option["code"]) == key(chosen) else {}
        words = html.clean(option["prompt"] or option["code"])
        options.append(E.OPTION(words, value=html.clean(option["code"]), **selected))
    return E.LABEL(prompt, E.SELECT(*options, name=name))


def _categories_of(store: Store, product_id: int) -> list[sqlite3.Row]:
    return store.db.rows(
        "SELECT c.code, c.name FROM category_products link JOIN categories c ON c.id = link.cat_id "
        "WHERE link.product_id = ? AND c.active ORDER BY c.disp_order, c.id",
        (product_id,),
    )


def _category_link(shopper: ShopperRequest, row: sqlite3.Row) -> HtmlElement:
    return html.link(row["name"], shopper.address("CTGY", Category_Code=row["code"]))


def _related(shopper: ShopperRequest, product_id: int) -> list[HtmlElement]:
    listed = shelves.related_to(shopper.store, product_id)
    if not listed:
        return []
    return [E.H2("Related products"), product_lists.cards(shopper, page_images.RELATED, listed)]
