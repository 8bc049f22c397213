"""
Variants: sets of options of a parent product, and the part products that are sold behind each.

A variant has no code, stock or image of its own. It is known by its exact set of dimensions and their number;
variant 0 is the default one, the parts of a product without any choice. A rule that looks odd here (a variant that
leaves out a dimension, a part listed twice) is stored as it comes, because real stores don't test it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS product_variants (
    product_id INTEGER NOT NULL,
    variant_id INTEGER NOT NULL,
    dimensions INTEGER NOT NULL,
    part_count INTEGER NOT NULL,
    attr_id INTEGER NOT NULL,
    attmpat_id INTEGER NOT NULL DEFAULT 0,
    option_id INTEGER NOT NULL,
    PRIMARY KEY (product_id, variant_id, attr_id, attmpat_id, option_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS product_variants_by_choice ON product_variants (attr_id, attmpat_id, option_id);
CREATE INDEX IF NOT EXISTS product_variants_by_template ON product_variants (attmpat_id) WHERE attmpat_id <> 0;
CREATE TABLE IF NOT EXISTS product_variant_parts (
    product_id INTEGER NOT NULL,
    variant_id INTEGER NOT NULL,
    part_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS product_variant_parts_of_variant ON product_variant_parts (product_id, variant_id);
CREATE INDEX IF NOT EXISTS product_variant_parts_by_part ON product_variant_parts (part_id);
CREATE TABLE IF NOT EXISTS product_variant_pricing (
    product_id INTEGER NOT NULL,
    variant_id INTEGER NOT NULL,
    method INTEGER NOT NULL,
    price INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    PRIMARY KEY (product_id, variant_id)
) WITHOUT ROWID;
"""

DEFAULT = 0
MASTER, SPECIFIC, SUM = 0, 1, 2
METHODS = {"master": MASTER, "specific": SPECIFIC, "sum": SUM}


@dataclass(frozen=True, slots=True, order=True)
class Dimension:
    """`option_id` of a check box or text is 1 (given) or 0 (not given)."""

    attr_id: int
    attmpat_id: int
    option_id: int


@dataclass(frozen=True, slots=True)
class Part:
    part_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """`method` is MASTER, SPECIFIC or SUM; the values are units of 1e-8."""

    method: int = MASTER
    price: int = 0
    cost: int = 0
    weight: int = 0


def find(store: Store, product_id: int, dimensions: Sequence[Dimension]) -> int | None:
    """Return the id of the variant with exactly these dimensions, in whatever order."""
    wanted = sorted(set(dimensions))
    if not wanted:
        return None
    # The first choice narrows by its index, each further one is a look-up of one row.
    further = (
        " AND EXISTS (SELECT 1 FROM product_variants d WHERE d.product_id = v.product_id"
        " AND d.variant_id = v.variant_id AND d.attr_id = ? AND d.attmpat_id = ? AND d.option_id = ?)"
    ) * (len(wanted) - 1)
    found = store.db.value(
        "SELECT v.variant_id FROM product_variants v WHERE v.attr_id = ? AND v.attmpat_id = ? AND v.option_id = ? "  # noqa: S608 - only question marks
        f"AND v.product_id = ? AND v.variant_id <> 0 AND v.dimensions = ?{further}",
        (
            *_values(wanted[0]),
            product_id,
            len(wanted),
            *(value for dimension in wanted[1:] for value in _values(dimension)),
        ),
    )
    return int(found) if found is not None else None


def insert(
    store: Store, product_id: int, dimensions: Sequence[Dimension], parts: Sequence[Part], pricing: Pricing | None
) -> int:
    """Store a variant and return its id; one with the same dimensions is replaced, under a new id."""
    existing = find(store, product_id, dimensions)
    if existing is not None:
        delete(store, product_id, existing)
    variant_id = store.db.next_id("product_variants")
    unique = sorted(set(dimensions))
    store.db.execute_many(
        "INSERT INTO product_variants (product_id, variant_id, dimensions, part_count, attr_id, attmpat_id, option_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                product_id,
                variant_id,
                len(unique),
                len(parts),
                dimension.attr_id,
                dimension.attmpat_id,
                dimension.option_id,
            )
            for dimension in unique
        ],
    )
    replace_parts(store, product_id, variant_id, parts)
    if pricing is not None:
        set_pricing(store, product_id, variant_id, pricing)
    return variant_id


def replace_dimensions(store: Store, product_id: int, variant_id: int, dimensions: Sequence[Dimension]) -> None:
    """Give a variant another combination under its old id; another variant that has it already is deleted."""
    existing = find(store, product_id, dimensions)
    if existing == variant_id:
        return
    if existing is not None:
        delete(store, product_id, existing)
    count = len(parts(store, product_id, variant_id))
    unique = sorted(set(dimensions))
    store.db.execute(
        "DELETE FROM product_variants WHERE product_id = ? AND variant_id = ?",
        (product_id, variant_id),
    )
    store.db.execute_many(
        "INSERT INTO product_variants (product_id, variant_id, dimensions, part_count, attr_id, attmpat_id, option_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (product_id, variant_id, len(unique), count, dimension.attr_id, dimension.attmpat_id, dimension.option_id)
            for dimension in unique
        ],
    )


def set_default(store: Store, product_id: int) -> None:
    """Make sure that the default variant is there; `replace_parts` then fills it."""
    store.db.execute(
        "INSERT INTO product_variants (product_id, variant_id, dimensions, part_count, attr_id, attmpat_id, option_id) "
        "VALUES (?, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        (product_id,),
    )


def replace_parts(store: Store, product_id: int, variant_id: int, parts: Sequence[Part]) -> None:
    store.db.execute(
        "DELETE FROM product_variant_parts WHERE product_id = ? AND variant_id = ?", (product_id, variant_id)
    )
    store.db.execute_many(
        "INSERT INTO product_variant_parts (product_id, variant_id, part_id, quantity) VALUES (?, ?, ?, ?)",
        [(product_id, variant_id, part.part_id, part.quantity) for part in parts],
    )
    store.db.execute(
        "UPDATE product_variants SET part_count = ? WHERE product_id = ? AND variant_id = ?",
        (len(parts), product_id, variant_id),
    )


def set_pricing(store: Store, product_id: int, variant_id: int, pricing: Pricing) -> None:
    """Replace the pricing record; the method `master` is the absence of one."""
    store.db.execute(
        "DELETE FROM product_variant_pricing WHERE product_id = ? AND variant_id = ?", (product_id, variant_id)
    )
    if pricing.method != MASTER:
        store.db.execute(
            "INSERT INTO product_variant_pricing (product_id, variant_id, method, price, cost, weight) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (product_id, variant_id, pricing.method, pricing.price, pricing.cost, pricing.weight),
        )


def parts(store: Store, product_id: int, variant_id: int) -> list[sqlite3.Row]:
    """Return part_id, quantity, code, name, sku, price, cost and weight of each part, by its display order."""
    return store.db.rows(
        "SELECT part.part_id, part.quantity, p.code, p.name, p.sku, p.price, p.cost, p.weight "
        "FROM product_variant_parts part JOIN products p ON p.id = part.part_id "
        "WHERE part.product_id = ? AND part.variant_id = ? ORDER BY p.disp_order, p.id",
        (product_id, variant_id),
    )


def pricing(store: Store, product_id: int, variant_id: int) -> Pricing:
    row = store.db.row(
        "SELECT method, price, cost, weight FROM product_variant_pricing WHERE product_id = ? AND variant_id = ?",
        (product_id, variant_id),
    )
    if row is None:
        return Pricing()
    return Pricing(method=row["method"], price=row["price"], cost=row["cost"], weight=row["weight"])


def delete(store: Store, product_id: int, variant_id: int) -> None:
    for table in ("product_variants", "product_variant_parts", "product_variant_pricing"):
        store.db.execute(
            f"DELETE FROM {table} WHERE product_id = ? AND variant_id = ?",  # noqa: S608 - our own tables
            (product_id, variant_id),
        )


def delete_all(store: Store, product_id: int, *, keep_default: bool = False) -> None:
    kept = -1 if not keep_default else DEFAULT
    for table in ("product_variants", "product_variant_parts", "product_variant_pricing"):
        store.db.execute(
            f"DELETE FROM {table} WHERE product_id = ? AND variant_id <> ?",  # noqa: S608 - our own tables
            (product_id, kept),
        )


def delete_with_attribute(store: Store, attr_id: int) -> None:
    """Delete every variant that has a dimension on this attribute of a product."""
    _delete_found(store, "attr_id = ?", (attr_id,))


def delete_with_template_attribute(store: Store, attmpat_id: int) -> None:
    """Delete every variant, of whatever product, that has a dimension on this attribute of a template."""
    _delete_found(store, "attmpat_id = ? AND attmpat_id <> 0", (attmpat_id,))


def delete_with_option(store: Store, attr_id: int, option_id: int) -> None:
    _delete_found(store, "attr_id = ? AND attmpat_id = 0 AND option_id = ?", (attr_id, option_id))


def delete_with_template_option(store: Store, attmpat_id: int, option_id: int) -> None:
    _delete_found(store, "attmpat_id = ? AND attmpat_id <> 0 AND option_id = ?", (attmpat_id, option_id))


def part_deleted(store: Store, part_id: int) -> None:
    """Take a product out of all variants as a part; those whose only part it was are deleted."""
    users = store.db.rows(
        "SELECT DISTINCT product_id, variant_id FROM product_variant_parts WHERE part_id = ?", (part_id,)
    )
    store.db.execute("DELETE FROM product_variant_parts WHERE part_id = ?", (part_id,))
    for user in users:
        key = (user["product_id"], user["variant_id"])
        left = store.db.value("SELECT count(*) FROM product_variant_parts WHERE product_id = ? AND variant_id = ?", key)
        if left:
            store.db.execute(
                "UPDATE product_variants SET part_count = ? WHERE product_id = ? AND variant_id = ?", (left, *key)
            )
        else:
            delete(store, *key)


def _values(dimension: Dimension) -> tuple[int, int, int]:
    return dimension.attr_id, dimension.attmpat_id, dimension.option_id


def _delete_found(store: Store, condition: str, values: tuple[int, ...]) -> None:
    found = store.db.rows(
        f"SELECT DISTINCT product_id, variant_id FROM product_variants WHERE variant_id <> 0 AND {condition}",  # noqa: S608 - our own text
        values,
    )
    for row in found:
        delete(store, row["product_id"], row["variant_id"])
