"""
Generating variants: every combination of a product's inventory attributes, each with the part product that is made
or found for it, or with the parts that its kit says.
"""

import hashlib
import itertools
import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from miva_sandbox.state import attributes, columns, inventory, kits, products, variants
from miva_sandbox.state.attributes import BOOLEANS, PRODUCT, TEMPLATE, Kind
from miva_sandbox.state.errors import Invalid
from miva_sandbox.state.products import Product
from miva_sandbox.state.store import Store
from miva_sandbox.state.variants import Dimension, Part, Pricing

# A real store would run into its time limit far below this.
_MOST_COMBINATIONS = 20_000


@dataclass(frozen=True, slots=True)
class _Member:
    """One choice on one attribute; without `dimension` it is the choice of nothing."""

    dimension: Dimension | None
    code: str = ""
    label: str = ""
    price: int = 0
    cost: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True)
class _Axis:
    attribute: sqlite3.Row
    members: list[_Member]

    @property
    def is_optional_choice(self) -> bool:
        return self.attribute["type"] not in BOOLEANS and not self.attribute["required"]


def generate(store: Store, parent: sqlite3.Row, *, method: int, delimiter: str) -> int:
    """
    Replace all variants but the default one by every combination, with a part product each; return how many.

    A product that has the part's code is used as it is. Raises Invalid.
    """
    axes = _axes(store, parent["id"])
    variants.delete_all(store, parent["id"], keep_default=True)
    made = 0
    for combination in _combinations(axes):
        part_id = _part(store, parent, combination, _fragments(axes, combination, delimiter), delimiter)
        _insert(store, parent["id"], combination, [Part(part_id, 1)], method)
        made += 1
    return made


def generate_from_kit(store: Store, parent: sqlite3.Row, *, method: int) -> int:
    """
    Replace all variants but the default one by every combination for which the kit names parts; return how many.

    Raises Invalid.
    """
    axes = _axes(store, parent["id"])
    variants.delete_all(store, parent["id"], keep_default=True)
    made = 0
    for combination in _combinations(axes):
        quantities: dict[int, int] = {}
        for member in combination:
            assert member.dimension is not None
            for part in kits.parts(store, parent["id"], member.dimension):
                quantities[part.part_id] = quantities.get(part.part_id, 0) + part.quantity
        if quantities:
            parts = [Part(part_id, quantity) for part_id, quantity in quantities.items()]
            _insert(store, parent["id"], combination, parts, method)
            made += 1
    return made


def kit_variant_count(store: Store, product_id: int) -> int:
    """Return how many combinations a product's inventory attributes have."""
    return math.prod(len(axis.members) for axis in _axes(store, product_id, limited=False))


def _axes(store: Store, product_id: int, *, limited: bool = True) -> list[_Axis]:
    axes: list[_Axis] = []
    for row in attributes.all_of(store, PRODUCT, product_id):
        if row["attemp_id"]:
            axes.extend(
                _Axis(inner, _members(store, TEMPLATE, inner, row["id"], inner["id"]))
                for inner in attributes.all_of(store, TEMPLATE, row["attemp_id"])
                if inner["inventory"]
            )
        elif row["inventory"]:
            axes.append(_Axis(row, _members(store, PRODUCT, row, row["id"], 0)))
    if limited and math.prod(len(axis.members) for axis in axes) > _MOST_COMBINATIONS:
        raise Invalid("MER-DBE-PVT-00001", f"More than {_MOST_COMBINATIONS} combinations")
    return axes


def _members(store: Store, kind: Kind, attribute: sqlite3.Row, attr_id: int, attmpat_id: int) -> list[_Member]:
    if attribute["type"] in BOOLEANS:
        present = _Member(
            Dimension(attr_id, attmpat_id, 1),
            f"{attribute['code']}Y",
            f"{attribute['code']}:Y",
            attribute["price"],
            attribute["cost"],
            attribute["weight"],
        )
        absent = _Member(Dimension(attr_id, attmpat_id, 0), f"{attribute['code']}N", f"{attribute['code']}:N")
        return [present] if attribute["required"] else [present, absent]
    members = [
        _Member(
            Dimension(attr_id, attmpat_id, option["id"]),
            option["code"],
            f"{attribute['code']}:{option['code']}",
            option["price"],
            option["cost"],
            option["weight"],
        )
        for option in attributes.options_of(store, kind, attribute["id"])
    ]
    return members if attribute["required"] else [*members, _Member(None)]


def _combinations(axes: Sequence[_Axis]) -> Iterator[list[_Member]]:
    """Yield the chosen members of each combination; the one without any choice is the default variant, and left out."""
    for combination in itertools.product(*(axis.members for axis in axes)):
        chosen = [member for member in combination if member.dimension is not None]
        if chosen:
            yield chosen


def _fragments(axes: Sequence[_Axis], combination: Sequence[_Member], delimiter: str) -> list[str]:
    """
    Return the parts of the code. Between neighbouring optional choices an option code that both use is told apart
    by the code of its attribute: leaving out one or the other would give the same code.
    """
    chosen = {id(member) for member in combination}
    fragments = []
    for position, axis in enumerate(axes):
        member = next((member for member in axis.members if id(member) in chosen), None)
        if member is None:
            continue
        neighbours = [axes[at] for at in (position - 1, position + 1) if 0 <= at < len(axes)]
        is_shared = axis.is_optional_choice and any(
            neighbour.is_optional_choice and member.code in {other.code for other in neighbour.members}
            for neighbour in neighbours
        )
        fragments.append(f"{axis.attribute['code']}{delimiter}{member.code}" if is_shared else member.code)
    return fragments


def _part(
    store: Store, parent: sqlite3.Row, combination: Sequence[_Member], fragments: Sequence[str], delimiter: str
) -> int:
    code = delimiter.join([parent["code"], *fragments])
    if len(code) > columns.CODE_WIDTH:
        code = hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
    existing = products.find(store, code)
    if existing is not None:
        return int(existing["id"])
    part = Product(
        code=code,
        name=" ".join([parent["name"], *(member.label for member in combination)])[: columns.NAME_WIDTH],
        price=parent["price"] + sum(member.price for member in combination),
        cost=parent["cost"] + sum(member.cost for member in combination),
        weight=parent["weight"] + sum(member.weight for member in combination),
        active=False,
        exsearch=bool(parent["exsearch"]),
    )
    part_id = products.insert(store, part)
    inventory.update_product(store, part_id, {}, track=True)
    return part_id


def _insert(store: Store, product_id: int, combination: Sequence[_Member], parts: Sequence[Part], method: int) -> None:
    dimensions = [member.dimension for member in combination if member.dimension is not None]
    variants.insert(store, product_id, dimensions, parts, Pricing(method=method))
