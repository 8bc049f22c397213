"""
What a buyer chooses on a product with attributes, and which variant that is.

A product asks questions: its own attributes, and those of the templates it is linked to. A check box, text or memo
that is a dimension counts only as given or not given.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from miva_sandbox.state import attributes, variants
from miva_sandbox.state.attributes import BOOLEANS, PRODUCT, TEMPLATE, TEMPLATE_TYPE, Kind
from miva_sandbox.state.columns import key
from miva_sandbox.state.store import Store
from miva_sandbox.state.variants import Dimension

_GIVEN, _NOT_GIVEN = 1, 0
_SHORT_DATA = 254


@dataclass(frozen=True, slots=True)
class Question:
    """`attribute` is the product's or the template's; `slot_code` is the product's own code for a template."""

    attribute: sqlite3.Row
    kind: Kind
    attr_id: int
    attmpat_id: int = 0
    slot_code: str = ""

    @property
    def code(self) -> str:
        return str(self.attribute["code"])

    @property
    def is_choice(self) -> bool:
        return self.attribute["type"] not in BOOLEANS

    @property
    def name(self) -> tuple[str, str]:
        """The pair of codes by which answers name a question: own code, or template slot and code inside it."""
        return (key(self.slot_code), key(self.code)) if self.attmpat_id else (key(self.code), "")


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """A given answer: the option row of a choice, else the text that was typed."""

    question: Question
    option: sqlite3.Row | None = None
    text: str = ""

    @property
    def data(self) -> str:
        return self.text if len(self.text) <= _SHORT_DATA else ""

    @property
    def data_long(self) -> str:
        return self.text if len(self.text) > _SHORT_DATA else ""


class Unanswered(Exception):
    """A required question has no answer, or a choice names an option that is not there."""


def questions(store: Store, product_id: int) -> list[Question]:
    found: list[Question] = []
    for attribute in attributes.all_of(store, PRODUCT, product_id):
        if attribute["type"] == TEMPLATE_TYPE or attribute["attemp_id"]:
            found += [
                Question(inner, TEMPLATE, attribute["id"], inner["id"], attribute["code"])
                for inner in attributes.all_of(store, TEMPLATE, attribute["attemp_id"])
            ]
        else:
            found.append(Question(attribute, PRODUCT, attribute["id"]))
    return found


def read(store: Store, asked: Sequence[Question], given: Mapping[tuple[str, str], str]) -> list[GivenAnswer]:
    """
    Match texts to questions; `given` is keyed as Question.name, template questions also by ("", code).

    Raises Unanswered.
    """
    answers: list[GivenAnswer] = []
    for question in asked:
        value = given.get(question.name, given.get(("", key(question.code)), ""))
        option = attributes.find_option(store, question.kind, question.attribute["id"], value) if value else None
        if question.attribute["required"] and not value:
            raise Unanswered(question.code)
        if question.is_choice and value and option is None:
            raise Unanswered(question.code)
        if value:
            answers.append(GivenAnswer(question, option, "" if question.is_choice else value))
    return answers


def variant_of(store: Store, product_id: int, asked: Sequence[Question], answers: Sequence[GivenAnswer]) -> int | None:
    """Return the variant that was chosen, the default one without dimensions, or None if there is no such variant."""
    chosen = {
        (answer.question.attr_id, answer.question.attmpat_id): answer.option["id"] if answer.option else _GIVEN
        for answer in answers
    }
    return _find(store, product_id, asked, chosen)


def variant_of_line(store: Store, product_id: int, options: Sequence[sqlite3.Row | Mapping[str, Any]]) -> int | None:
    """
    Find the variant of a line again, from the options stored with it.

    Own attributes are looked up by code first, those of templates by ids first, as both may have changed since.
    """
    asked = questions(store, product_id)
    chosen: dict[tuple[int, int], int] = {}
    for question in asked:
        stored = _stored(question, options)
        if stored is None:
            continue
        option = attributes.find_option(store, question.kind, question.attribute["id"], stored["opt_code"])
        option_id = option["id"] if option is not None else stored["option_id"]
        chosen[question.attr_id, question.attmpat_id] = option_id if question.is_choice else _GIVEN
    return _find(store, product_id, asked, chosen)


def _stored(
    question: Question, options: Sequence[sqlite3.Row | Mapping[str, Any]]
) -> sqlite3.Row | Mapping[str, Any] | None:
    by_code = [row for row in options if key(row["attr_code"]) == key(question.code)]
    by_id = [row for row in options if row["attr_id"] == question.attr_id and row["attmpat_id"] == question.attmpat_id]
    first, second = (by_id, by_code) if question.attmpat_id else (by_code, by_id)
    return next(iter(first or second), None)


def _find(
    store: Store, product_id: int, asked: Sequence[Question], chosen: Mapping[tuple[int, int], int]
) -> int | None:
    dimensions: list[Dimension] = []
    has_inventory = False
    for question in asked:
        if not question.attribute["inventory"]:
            continue
        has_inventory = True
        name = (question.attr_id, question.attmpat_id)
        if not question.is_choice:
            dimensions.append(Dimension(*name, chosen.get(name, _NOT_GIVEN)))
        elif name in chosen:
            dimensions.append(Dimension(*name, chosen[name]))
    if not has_inventory:
        return variants.DEFAULT
    return variants.find(store, product_id, dimensions)
