"""
A sale: a product with its chosen options becomes a line, with the price of its variant, and draws on stock.

The line carries the parent's code and name; only the SKU tells which part was sold, and only if there is one part.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from miva_sandbox.state import choices, inventory, order_stock, products, variants
from miva_sandbox.state.choices import GivenAnswer, Unanswered
from miva_sandbox.state.order_lines import ChosenOption, NewLine
from miva_sandbox.state.order_stock import Movement
from miva_sandbox.state.store import Store


@dataclass(frozen=True, slots=True)
class Sale:
    line: NewLine
    movements: list[Movement]


@dataclass(frozen=True, slots=True)
class Shortage:
    """What stands in the way: the product whose stock doesn't suffice, and how many of it could be had."""

    product: sqlite3.Row
    available: int


class NotForSaleError(Exception):
    """What a shopper asks for can't be bought like that; `page` is the one that the shopper meets instead."""

    def __init__(self, page: str, message: str) -> None:
        super().__init__(message)
        self.page = page
        self.message = message


def chosen(store: Store, code: str, given: Mapping[tuple[str, str], str], *, quantity: int) -> Sale:
    """
    Take a shopper's choice as the product's page would; `given` is keyed as choices.Question.name.

    Raises NotForSaleError.
    """
    product = products.find(store, code)
    if product is None or not product["active"]:
        raise NotForSaleError("NTFD", "There is no such product.")
    asked = choices.questions(store, product["id"])
    try:
        answers = choices.read(store, asked, given)
    except Unanswered:
        raise NotForSaleError("PATR", "Attributes in bold are required.") from None
    variant_id = choices.variant_of(store, product["id"], asked, answers)
    if variant_id is None:
        raise NotForSaleError("PATR", "Please select a valid combination of attributes.")
    return sale(store, product, variant_id=variant_id, answers=answers, quantity=quantity)


def sale(
    store: Store,
    product: sqlite3.Row,
    *,
    variant_id: int | None,
    answers: Sequence[GivenAnswer],
    quantity: int,
) -> Sale:
    """Price a choice; `variant_id` None is a combination that is no variant, which has no SKU."""
    parts = variants.parts(store, product["id"], variant_id) if variant_id is not None else []
    pricing = variants.Pricing() if variant_id is None else variants.pricing(store, product["id"], variant_id)
    price, weight = product["price"], product["weight"]
    if pricing.method == variants.SPECIFIC:
        price, weight = pricing.price, pricing.weight
    elif pricing.method == variants.SUM:
        price = sum(part["price"] * part["quantity"] for part in parts)
        weight = sum(part["weight"] * part["quantity"] for part in parts)
    sku = product["sku"] if variant_id is not None else ""
    if parts:
        sku = parts[0]["sku"] if len(parts) == 1 else ""
    line = NewLine(
        code=product["code"],
        name=product["name"],
        sku=sku,
        product_id=product["id"],
        price=price,
        weight=weight,
        taxable=bool(product["taxable"]),
        quantity=quantity,
        options=tuple(_option(answer, surcharged=pricing.method == variants.MASTER) for answer in answers),
    )
    return Sale(line, order_stock.movements(store, product["id"], variant_id, quantity))


def shortage(store: Store, movements: Sequence[Movement], *, held: Sequence[Movement] = ()) -> Shortage | None:
    """
    Find the first product that can't be sold as often as wanted; each is judged by its own settings alone.

    What several movements want of one product is tested together.
    """
    already, wanted = _summed(held), _summed(movements)
    for product_id, quantity in wanted.items():
        limit = inventory.stock(store, product_id).limit
        if limit is None:
            continue
        left = max(limit - already.get(product_id, 0), 0)
        if left < quantity:
            product = products.find_by_id(store, product_id)
            assert product is not None
            return Shortage(product, left)
    return None


def _summed(movements: Sequence[Movement]) -> dict[int, int]:
    quantities: dict[int, int] = {}
    for product_id, quantity in movements:
        quantities[product_id] = quantities.get(product_id, 0) + quantity
    return quantities


def _option(answer: GivenAnswer, *, surcharged: bool) -> ChosenOption:
    # The surcharge of a choice is its option's; a check box or text carries its own.
    charged = answer.option if answer.option is not None else answer.question.attribute
    return ChosenOption(
        attr_code=answer.question.code,
        opt_code=answer.option["code"] if answer.option is not None else "",
        data=answer.data,
        data_long=answer.data_long,
        attr_id=answer.question.attr_id,
        attmpat_id=answer.question.attmpat_id,
        option_id=answer.option["id"] if answer.option is not None else 0,
        price=charged["price"] if surcharged else 0,
        weight=charged["weight"] if surcharged else 0,
    )
