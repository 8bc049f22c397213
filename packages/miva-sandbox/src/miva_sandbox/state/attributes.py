"""
Attributes and their options: of a product, or of a template that several products share.

Both kinds follow the same rules over their own tables; `Kind` says which. Values are units of 1e-8.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from miva_sandbox.state import columns, variants
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.store import Store

_COLUMNS = """
    disp_order INTEGER NOT NULL,
    code TEXT NOT NULL,
    code_key TEXT NOT NULL,
    prompt TEXT NOT NULL,
    price INTEGER NOT NULL DEFAULT 0,
    cost INTEGER NOT NULL DEFAULT 0,
    weight INTEGER NOT NULL DEFAULT 0,
    image TEXT NOT NULL DEFAULT ''
"""

_ATTRIBUTE_COLUMNS = f"""
    {_COLUMNS},
    default_id INTEGER NOT NULL DEFAULT 0,
    type TEXT NOT NULL,
    required INTEGER NOT NULL DEFAULT 0,
    inventory INTEGER NOT NULL DEFAULT 0
"""

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS attributes (
    id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, attemp_id INTEGER NOT NULL DEFAULT 0, {_ATTRIBUTE_COLUMNS},
    UNIQUE (product_id, code_key)
);
CREATE INDEX IF NOT EXISTS attributes_of_template ON attributes (attemp_id) WHERE attemp_id <> 0;
CREATE TABLE IF NOT EXISTS options (
    id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, attr_id INTEGER NOT NULL, {_COLUMNS},
    UNIQUE (attr_id, code_key)
);
CREATE INDEX IF NOT EXISTS options_of_product ON options (product_id);
CREATE TABLE IF NOT EXISTS attribute_templates (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    code_key TEXT NOT NULL UNIQUE,
    prompt TEXT NOT NULL,
    refcount INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS template_attributes (
    id INTEGER PRIMARY KEY, attemp_id INTEGER NOT NULL, {_ATTRIBUTE_COLUMNS}, UNIQUE (attemp_id, code_key)
);
CREATE TABLE IF NOT EXISTS template_options (
    id INTEGER PRIMARY KEY, attemp_id INTEGER NOT NULL, attmpat_id INTEGER NOT NULL, {_COLUMNS},
    UNIQUE (attmpat_id, code_key)
);
"""

TYPES = ("radio", "select", "checkbox", "text", "memo", "swatch-select")
CHOICES = ("radio", "select", "swatch-select")
BOOLEANS = ("checkbox", "text", "memo")
TEMPLATE_TYPE = "template"


class Kind(NamedTuple):
    attributes: str
    options: str
    owner: str
    link: str


PRODUCT = Kind("attributes", "options", "product_id", "attr_id")
TEMPLATE = Kind("template_attributes", "template_options", "attemp_id", "attmpat_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    code: str
    type: str
    prompt: str
    price: int = 0
    cost: int = 0
    weight: int = 0
    required: bool = False
    inventory: bool = False
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    code: str
    prompt: str
    price: int = 0
    cost: int = 0
    weight: int = 0
    image: str = ""
    default: bool = False


def find(store: Store, kind: Kind, owner_id: int, code: str) -> sqlite3.Row | None:
    return store.db.row(
        f"SELECT * FROM {kind.attributes} WHERE {kind.owner} = ? AND code_key = ?",  # noqa: S608 - our own names
        (owner_id, columns.key(code)),
    )


def all_of(store: Store, kind: Kind, owner_id: int) -> list[sqlite3.Row]:
    """Return the attributes of a product or template in display order."""
    return store.db.rows(
        f"SELECT * FROM {kind.attributes} WHERE {kind.owner} = ? ORDER BY disp_order, id",  # noqa: S608 - our own names
        (owner_id,),
    )


def insert(store: Store, kind: Kind, owner_id: int, attribute: Attribute, *, attemp_id: int = 0) -> int:
    """
    Create an attribute and return its id; `attemp_id` links one of a product to a template.

    Raises AlreadyExists, Invalid.
    """
    if find(store, kind, owner_id, attribute.code) is not None:
        raise AlreadyExists("", f"An attribute with the code '{attribute.code}' already exists", field="code")
    values: dict[str, str | int] = asdict(attribute)
    if attemp_id:
        values["attemp_id"] = attemp_id
        store.db.execute("UPDATE attribute_templates SET refcount = refcount + 1 WHERE id = ?", (attemp_id,))
    return _insert(store, kind.attributes, {kind.owner: owner_id}, values)


def update(store: Store, kind: Kind, attribute: sqlite3.Row, changes: Mapping[str, str | int]) -> None:
    """
    Change the columns named.

    Variants that use the attribute go when it stops being a dimension; when its new type has no options, only these
    go, and the variants built on them stay behind.

    Raises AlreadyExists, Invalid.
    """
    _check_code(store, kind.attributes, kind.owner, attribute, changes, what="An attribute")
    before_template = attribute["attemp_id"] if kind is PRODUCT else 0
    after_template = changes.get("attemp_id", before_template) if kind is PRODUCT else 0
    _update(store, kind.attributes, attribute["id"], changes)
    if before_template != after_template:
        for template_id, step in ((before_template, -1), (after_template, 1)):
            store.db.execute("UPDATE attribute_templates SET refcount = refcount + ? WHERE id = ?", (step, template_id))
    if changes.get("type", "select") not in CHOICES:
        _delete_options(store, kind, attribute["id"])
        _update(store, kind.attributes, attribute["id"], {"default_id": 0})
    if attribute["inventory"] and not changes.get("inventory", True):
        _delete_variants(store, kind, attribute["id"])


def delete(store: Store, kind: Kind, attribute: sqlite3.Row) -> None:
    """Delete an attribute with its options and, if it was a dimension, every variant that uses it."""
    with store.db.savepoint():
        if attribute["inventory"] or (kind is PRODUCT and attribute["attemp_id"]):
            _delete_variants(store, kind, attribute["id"])
        _delete_options(store, kind, attribute["id"])
        store.db.execute(f"DELETE FROM {kind.attributes} WHERE id = ?", (attribute["id"],))  # noqa: S608 - our own name
        if kind is PRODUCT and attribute["attemp_id"]:
            store.db.execute(
                "UPDATE attribute_templates SET refcount = refcount - 1 WHERE id = ?", (attribute["attemp_id"],)
            )


def delete_all(store: Store, product_id: int) -> None:
    """Delete a product's attributes and options; its variants stay behind."""
    store.db.execute(
        "UPDATE attribute_templates SET refcount = refcount - "
        "(SELECT count(*) FROM attributes WHERE product_id = :id AND attemp_id = attribute_templates.id) "
        "WHERE id IN (SELECT attemp_id FROM attributes WHERE product_id = :id AND attemp_id <> 0)",
        {"id": product_id},
    )
    store.db.execute("DELETE FROM options WHERE product_id = ?", (product_id,))
    store.db.execute("DELETE FROM attributes WHERE product_id = ?", (product_id,))


def find_option(store: Store, kind: Kind, attribute_id: int, code: str) -> sqlite3.Row | None:
    return store.db.row(
        f"SELECT * FROM {kind.options} WHERE {kind.link} = ? AND code_key = ?",  # noqa: S608 - our own names
        (attribute_id, columns.key(code)),
    )


def options_of(store: Store, kind: Kind, attribute_id: int) -> list[sqlite3.Row]:
    """Return an attribute's options in display order."""
    return store.db.rows(
        f"SELECT * FROM {kind.options} WHERE {kind.link} = ? ORDER BY disp_order, id",  # noqa: S608 - our own names
        (attribute_id,),
    )


def insert_option(store: Store, kind: Kind, attribute: sqlite3.Row, option: Option) -> int:
    """
    Create an option, last in order, whatever the attribute's type is; return its id.

    Raises AlreadyExists, Invalid.
    """
    if find_option(store, kind, attribute["id"], option.code) is not None:
        raise AlreadyExists("", f"An option with the code '{option.code}' already exists", field="code")
    values: dict[str, str | int] = asdict(option)
    is_default = values.pop("default")
    option_id = _insert(
        store, kind.options, {kind.owner: attribute[kind.owner], kind.link: attribute["id"]}, values, order_by=kind.link
    )
    if is_default:
        _update(store, kind.attributes, attribute["id"], {"default_id": option_id})
    return option_id


def update_option(
    store: Store, kind: Kind, option: sqlite3.Row, changes: Mapping[str, str | int], *, default: bool
) -> None:
    """
    Change the columns named; without `default` the option stops being the default if it was.

    Raises AlreadyExists, Invalid.
    """
    _check_code(store, kind.options, kind.link, option, changes, what="An option")
    _update(store, kind.options, option["id"], changes)
    if default:
        _update(store, kind.attributes, option[kind.link], {"default_id": option["id"]})
    else:
        _clear_default(store, kind, option["id"])


def delete_option(store: Store, kind: Kind, option: sqlite3.Row) -> None:
    """Delete an option and every variant that uses it."""
    with store.db.savepoint():
        if kind is PRODUCT:
            variants.delete_with_option(store, option["attr_id"], option["id"])
        else:
            variants.delete_with_template_option(store, option["attmpat_id"], option["id"])
        _clear_default(store, kind, option["id"])
        store.db.execute(f"DELETE FROM {kind.options} WHERE id = ?", (option["id"],))  # noqa: S608 - our own name


def _clear_default(store: Store, kind: Kind, option_id: int) -> None:
    store.db.execute(
        f"UPDATE {kind.attributes} SET default_id = 0 WHERE default_id = ?",  # noqa: S608 - our own name
        (option_id,),
    )


def _delete_options(store: Store, kind: Kind, attribute_id: int) -> None:
    store.db.execute(f"DELETE FROM {kind.options} WHERE {kind.link} = ?", (attribute_id,))  # noqa: S608 - our own names


def _delete_variants(store: Store, kind: Kind, attribute_id: int) -> None:
    if kind is PRODUCT:
        variants.delete_with_attribute(store, attribute_id)
    else:
        variants.delete_with_template_attribute(store, attribute_id)


def _check_code(
    store: Store, table: str, scope: str, row: sqlite3.Row, changes: Mapping[str, str | int], *, what: str
) -> None:
    if "code" not in changes:
        return
    taken = store.db.value(
        f"SELECT 1 FROM {table} WHERE {scope} = ? AND code_key = ? AND id <> ?",  # noqa: S608 - our own names
        (row[scope], columns.key(str(changes["code"])), row["id"]),
    )
    if taken:
        raise AlreadyExists("", f"{what} with the code '{changes['code']}' already exists", field="code")


def _insert(
    store: Store, table: str, owner: Mapping[str, int], values: dict[str, str | int], *, order_by: str = ""
) -> int:
    _fit(values)
    scope = order_by or next(iter(owner))
    row_id = store.db.next_id(table)
    row: dict[str, str | int] = {
        "id": row_id,
        "code_key": columns.key(str(values["code"])),
        "disp_order": store.db.value(
            f"SELECT coalesce(max(disp_order), 0) + 1 FROM {table} WHERE {scope} = ?",  # noqa: S608 - our own names
            (owner[scope],),
        ),
        **owner,
        **values,
    }
    marks = ", ".join(f":{name}" for name in row)
    store.db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608 - our own names
    return row_id


def _update(store: Store, table: str, row_id: int, changes: Mapping[str, str | int]) -> None:
    if not changes:
        return
    _fit(changes)
    values = dict(changes)
    if "code" in values:
        values["code_key"] = columns.key(str(values["code"]))
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    store.db.execute(
        f"UPDATE {table} SET {assignments} WHERE id = :row_id",  # noqa: S608 - our own names
        {**values, "row_id": row_id},
    )


def _fit(values: Mapping[str, str | int]) -> None:
    for column, width in (("code", columns.CODE_WIDTH), ("image", columns.TEXT_WIDTH)):
        if column in values:
            columns.fit(str(values[column]), column, width)
