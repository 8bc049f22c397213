"""Categories, the tree that they form, and which products stand in them."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from miva_sandbox.state import columns, custom_fields, meta, uris
from miva_sandbox.state.errors import AlreadyExists, Invalid
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS categories (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL,
    code_key TEXT NOT NULL,
    name TEXT NOT NULL,
    page_title TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL DEFAULT 1,
    disp_order INTEGER NOT NULL,
    page_code TEXT NOT NULL DEFAULT '',
    depth INTEGER NOT NULL DEFAULT 0,
    agrpcount INTEGER NOT NULL DEFAULT 0,
    dt_created INTEGER NOT NULL,
    dt_updated INTEGER NOT NULL
);
-- Not unique: a rename by provisioning does not check for a code in use.
CREATE INDEX IF NOT EXISTS categories_by_code ON categories (code_key, id);
CREATE INDEX IF NOT EXISTS categories_of_parent ON categories (parent_id, disp_order);
CREATE TABLE IF NOT EXISTS category_products (
    cat_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    disp_order INTEGER NOT NULL,
    automatic INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (cat_id, product_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS category_products_in_order ON category_products (cat_id, disp_order);
CREATE INDEX IF NOT EXISTS category_products_of_product ON category_products (product_id);
"""

_WIDTHS = {"code": columns.CODE_WIDTH, "name": columns.NAME_WIDTH, "page_title": columns.TEXT_WIDTH, "page_code": 50}


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    code: str
    name: str
    parent_id: int = 0
    page_title: str = ""
    active: bool = True
    page_code: str = ""


def find(store: Store, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM categories WHERE code_key = ? ORDER BY id LIMIT 1", (columns.key(code),))


def find_by_id(store: Store, category_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM categories WHERE id = ?", (category_id,))


def insert(store: Store, category: Category) -> int:
    """Create a category and return its id. Raises AlreadyExists, Invalid."""
    values: dict[str, str | int] = asdict(category)
    _fit(values)
    if find(store, category.code) is not None:
        raise AlreadyExists("", f"Category with the code '{category.code}' already exists", field="code")
    now = store.clock.now()
    category_id = store.db.next_id("categories")
    parent = find_by_id(store, category.parent_id)
    values |= {
        "id": category_id,
        "code_key": columns.key(category.code),
        "disp_order": store.db.value("SELECT coalesce(max(disp_order), 0) + 1 FROM categories"),
        "depth": parent["depth"] + 1 if parent else 0,
        "dt_created": now,
        "dt_updated": now,
    }
    marks = ", ".join(f":{name}" for name in values)
    store.db.execute(f"INSERT INTO categories ({', '.join(values)}) VALUES ({marks})", values)  # noqa: S608 - our names
    if category.active:
        uris.generate_for_category(store, category_id, title=category.page_title or category.name)
    return category_id


def update(store: Store, category_id: int, changes: Mapping[str, str | int]) -> None:
    """Change the columns named; a new code is taken without a look at those in use. Raises Invalid."""
    values = dict(changes)
    _fit(values)
    if "parent_id" in values and _has_ancestor(store, int(values["parent_id"]), category_id):
        raise Invalid("", "A category can not be the child of one of its children", field="parent_id")
    if "code" in values:
        values["code_key"] = columns.key(str(values["code"]))
    values["dt_updated"] = store.clock.now()
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    store.db.execute(
        f"UPDATE categories SET {assignments} WHERE id = :category_id",  # noqa: S608 - names are our own
        {**values, "category_id": category_id},
    )
    if "parent_id" in values:
        _set_depths(store, category_id)


def delete(store: Store, category_id: int) -> None:
    """Delete a category: its children move to its parent, its assignments vanish, products stay."""
    with store.db.savepoint():
        row = find_by_id(store, category_id)
        if row is None:
            return
        children = store.db.rows("SELECT id FROM categories WHERE parent_id = ?", (category_id,))
        store.db.execute(
            "UPDATE categories SET parent_id = ? WHERE parent_id = ? AND id <> ?",
            # A category that stands below itself leaves its children to the root.
            (row["parent_id"] if row["parent_id"] != category_id else 0, category_id, category_id),
        )
        store.db.execute(
            "UPDATE products SET catcount = catcount - 1 "
            "WHERE id IN (SELECT product_id FROM category_products WHERE cat_id = ?)",
            (category_id,),
        )
        store.db.execute("UPDATE products SET cancat_id = 0 WHERE cancat_id = ?", (category_id,))
        store.db.execute("DELETE FROM category_products WHERE cat_id = ?", (category_id,))
        store.db.execute("DELETE FROM categories WHERE id = ?", (category_id,))
        uris.category_deleted(store, category_id)
        meta.category_deleted(store, category_id)
        custom_fields.record_deleted(store, "category", category_id)
        for child in children:
            _set_depths(store, child["id"])


def assign(store: Store, category_id: int, product_id: int) -> bool:
    """Put a product into a category, last; False if it stood there already."""
    added = store.db.execute(
        "INSERT INTO category_products (cat_id, product_id, disp_order) "
        "SELECT ?, ?, coalesce(max(disp_order), 0) + 1 FROM category_products WHERE cat_id = ? "
        "ON CONFLICT DO NOTHING",
        (category_id, product_id, category_id),
    )
    if not added.rowcount:
        return False
    store.db.execute("UPDATE products SET catcount = catcount + 1 WHERE id = ?", (product_id,))
    return True


def unassign(store: Store, category_id: int, product_id: int) -> bool:
    """Take a product out of a category; False if it did not stand there."""
    removed = store.db.execute(
        "DELETE FROM category_products WHERE cat_id = ? AND product_id = ?", (category_id, product_id)
    )
    if not removed.rowcount:
        return False
    store.db.execute("UPDATE products SET catcount = catcount - 1 WHERE id = ?", (product_id,))
    return True


def product_deleted(store: Store, product_id: int) -> None:
    """Take a product out of all its categories; these count as changed."""
    store.db.execute(
        "UPDATE categories SET dt_updated = ? WHERE id IN (SELECT cat_id FROM category_products WHERE product_id = ?)",
        (store.clock.now(), product_id),
    )
    store.db.execute("DELETE FROM category_products WHERE product_id = ?", (product_id,))


def _fit(values: Mapping[str, str | int]) -> None:
    for column, width in _WIDTHS.items():
        if column in values:
            columns.fit(str(values[column]), column, width)


def _has_ancestor(store: Store, start_id: int, ancestor_id: int) -> bool:
    """
    Walk from a new parent up and look for the category that is to be moved.

    Real stores stop short of the root: a top-level category is never met on the way, so it can be put under its own
    descendant, which makes a ring.
    """
    seen: set[int] = set()
    current = find_by_id(store, start_id)
    while current is not None and current["parent_id"] != 0 and current["id"] not in seen:
        if current["id"] == ancestor_id:
            return True
        seen.add(current["id"])
        current = find_by_id(store, current["parent_id"])
    return False


def _set_depths(store: Store, category_id: int) -> None:
    """
    Compute the depth of a category and of all below it.

    In a ring a real store runs until the request times out; here the walk ends where it began, and lint says so.
    """
    row = find_by_id(store, category_id)
    if row is None:
        return
    parent = find_by_id(store, row["parent_id"])
    waiting = [(category_id, parent["depth"] + 1 if parent else 0)]
    seen: set[int] = set()
    while waiting:
        current_id, depth = waiting.pop()
        if current_id in seen:
            store.lint.report("category ring", row["code"], "a category stands below itself; a real store would hang")
            continue
        seen.add(current_id)
        store.db.execute("UPDATE categories SET depth = ? WHERE id = ?", (depth, current_id))
        children = store.db.rows("SELECT id FROM categories WHERE parent_id = ?", (current_id,))
        waiting.extend((child["id"], depth + 1) for child in children)
