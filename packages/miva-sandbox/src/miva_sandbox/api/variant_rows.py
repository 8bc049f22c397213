"""A product's variants as answers show them, read with a few queries however many there are."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

from miva_sandbox.api.responses import Row
from miva_sandbox.state.attributes import BOOLEANS, PRODUCT, TEMPLATE, TEMPLATE_TYPE, all_of
from miva_sandbox.state.store import Store
from miva_sandbox.state.variants import DEFAULT, Dimension


@dataclass(slots=True)
class Variant:
    product_id: int
    variant_id: int
    dimensions: list[Dimension] = field(default_factory=list)
    parts: list[sqlite3.Row] = field(default_factory=list)


def load(store: Store, product_id: int) -> list[Variant]:
    """Return the variants that have parts, the default one included, by id; parts in display order."""
    dimensions: dict[int, list[Dimension]] = defaultdict(list)
    for row in store.db.rows(
        "SELECT variant_id, attr_id, attmpat_id, option_id FROM product_variants WHERE product_id = ? "
        "ORDER BY variant_id, attr_id, attmpat_id, option_id",
        (product_id,),
    ):
        dimensions[row["variant_id"]].append(Dimension(row["attr_id"], row["attmpat_id"], row["option_id"]))
    found: dict[int, Variant] = {}
    for row in store.db.rows(
        "SELECT part.variant_id, part.part_id, part.quantity, p.code, p.name, p.sku FROM product_variant_parts part "
        "JOIN products p ON p.id = part.part_id WHERE part.product_id = ? ORDER BY part.variant_id, p.disp_order, p.id",
        (product_id,),
    ):
        variant_id = row["variant_id"]
        if variant_id in dimensions:
            variant = found.setdefault(variant_id, Variant(product_id, variant_id, dimensions[variant_id]))
            variant.parts.append(row)
    return list(found.values())


class OptionCodes:
    """The codes of all options that a product's dimensions can hold; blank where a dimension has no option."""

    def __init__(self, store: Store, product_id: int) -> None:
        self._codes: dict[tuple[int, int], str] = {}
        self._booleans: set[tuple[int, int]] = set()
        # (attr_id, attmpat_id, code) of every attribute that is a dimension, in display order.
        self.inventory: list[tuple[int, int, str]] = []
        for row in all_of(store, PRODUCT, product_id):
            inner = all_of(store, TEMPLATE, row["attemp_id"]) if row["type"] == TEMPLATE_TYPE else [row]
            for attribute in inner:
                attmpat_id = attribute["id"] if row["type"] == TEMPLATE_TYPE else 0
                if attribute["type"] in BOOLEANS:
                    self._booleans.add((row["id"], attmpat_id))
                if attribute["inventory"]:
                    self.inventory.append((row["id"], attmpat_id, attribute["code"]))
            if row["type"] == TEMPLATE_TYPE:
                options = store.db.rows(
                    "SELECT id, code FROM template_options WHERE attemp_id = ?", (row["attemp_id"],)
                )
                self._codes |= {(1, option["id"]): option["code"] for option in options}
        for option in store.db.rows("SELECT id, code FROM options WHERE product_id = ?", (product_id,)):
            self._codes[0, option["id"]] = option["code"]

    def of(self, dimension: Dimension) -> str:
        if (dimension.attr_id, dimension.attmpat_id) in self._booleans:
            return ""
        return self._codes.get((int(dimension.attmpat_id != 0), dimension.option_id), "")


def compact(variant: Variant, codes: OptionCodes) -> Row:
    """Show a variant as ProductVariantList_Load_Product does."""
    return {
        "product_id": variant.product_id,
        "variant_id": variant.variant_id,
        "parts": [
            {
                "product_id": part["part_id"],
                "product_code": part["code"],
                "product_name": part["name"],
                "quantity": part["quantity"],
            }
            for part in variant.parts
        ],
        "dimensions": [
            {
                "attr_id": dimension.attr_id,
                "attmpat_id": dimension.attmpat_id,
                "option_id": dimension.option_id,
                "option_code": codes.of(dimension),
            }
            for dimension in variant.dimensions or [Dimension(0, 0, 0)]
        ],
    }


def flat(variant: Variant, codes: OptionCodes) -> Row:
    """Show a variant with a member per dimension and every inventory attribute, as the list query does."""
    chosen = {(dimension.attr_id, dimension.attmpat_id): dimension for dimension in variant.dimensions}
    row: Row = {"product_id": variant.product_id, "variant_id": variant.variant_id}
    shown: list[Row] = []
    for attr_id, attmpat_id, code in codes.inventory:
        dimension = chosen.get((attr_id, attmpat_id))
        option_code = codes.of(dimension) if dimension else ""
        row[f"option_id_{attr_id}_{attmpat_id}"] = dimension.option_id if dimension else None
        row[f"option_code_{attr_id}_{attmpat_id}"] = option_code if dimension else None
        shown.append(
            {
                "attr_id": attr_id,
                "attr_code": code,
                "attmpat_id": attmpat_id,
                "option_id": dimension.option_id if dimension else 0,
                "option_code": option_code,
            }
        )
    row["attributes"] = shown
    return row


def is_default(variant: Variant) -> bool:
    return variant.variant_id == DEFAULT
