"""
Custom fields: the merchant's own fields of products, and of categories, customers and orders (module customfields).

`entity` says whose fields they are; a field's code is unique within its entity. A value of up to 254 characters
stands in `value`, a longer one in `value_long`; a multitext field has one row per value in a table of its own.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from miva_sandbox.state import columns
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS custom_field_groups (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    code_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS custom_fields (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL DEFAULT 'product',
    group_id INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL,
    code_key TEXT NOT NULL,
    name TEXT NOT NULL,
    fieldtype TEXT NOT NULL DEFAULT 'textfield',
    facet INTEGER NOT NULL DEFAULT 0,
    info TEXT NOT NULL DEFAULT '',
    is_public INTEGER NOT NULL DEFAULT 0,
    separate INTEGER NOT NULL DEFAULT 0,
    UNIQUE (entity, code_key)
);
-- Not unique: a choice that is added twice is there twice.
CREATE TABLE IF NOT EXISTS custom_field_options (
    id INTEGER PRIMARY KEY, field_id INTEGER NOT NULL, value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS custom_field_options_of_field ON custom_field_options (field_id);
CREATE TABLE IF NOT EXISTS custom_field_values (
    field_id INTEGER NOT NULL,
    record_id INTEGER NOT NULL,
    value TEXT NOT NULL DEFAULT '',
    value_long TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (field_id, record_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS custom_field_values_by_value ON custom_field_values (field_id, value);
CREATE INDEX IF NOT EXISTS custom_field_values_of_record ON custom_field_values (record_id, field_id);
CREATE TABLE IF NOT EXISTS custom_field_multi_values (
    id INTEGER PRIMARY KEY, field_id INTEGER NOT NULL, record_id INTEGER NOT NULL, value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS custom_field_multi_values_of_record ON custom_field_multi_values (record_id, field_id);
CREATE INDEX IF NOT EXISTS custom_field_multi_values_by_value ON custom_field_multi_values (field_id, value);
"""

Entity = Literal["product", "category", "customer", "order"]

MODULE = "customfields"
TYPES = ("textfield", "textarea", "dropdown", "radio", "checkbox", "imageupload", "pdfupload", "multitext")
CHOICES = ("dropdown", "radio")
MULTITEXT = "multitext"
CHECKBOX = "checkbox"


def find(store: Store, entity: Entity, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM custom_fields WHERE entity = ? AND code_key = ?", (entity, columns.key(code)))


def all_of(store: Store, entity: Entity) -> list[sqlite3.Row]:
    return store.db.rows("SELECT * FROM custom_fields WHERE entity = ? ORDER BY id", (entity,))


def insert(store: Store, entity: Entity, *, code: str, name: str, **further: str | int) -> int:
    """
    Create a field and return its id; `further` names other columns.

    Raises AlreadyExists, Invalid.
    """
    if find(store, entity, code) is not None:
        raise _taken(entity, code)
    values: dict[str, str | int] = {"code": code, "name": name, **further}
    _fit(values)
    field_id = store.db.next_id("custom_fields")
    values |= {"id": field_id, "entity": entity, "code_key": columns.key(code)}
    marks = ", ".join(f":{column}" for column in values)
    store.db.execute(f"INSERT INTO custom_fields ({', '.join(values)}) VALUES ({marks})", values)  # noqa: S608 - our names
    return field_id


def update(store: Store, field: sqlite3.Row, changes: Mapping[str, str | int]) -> None:
    """
    Change the columns named. Values go when the type changes to or from multitext, choices when it stops having any.

    Raises AlreadyExists, Invalid.
    """
    if not changes:
        return
    values = dict(changes)
    _fit(values)
    if "code" in values:
        owner = find(store, field["entity"], str(values["code"]))
        if owner is not None and owner["id"] != field["id"]:
            raise _taken(field["entity"], str(values["code"]))
        values["code_key"] = columns.key(str(values["code"]))
    assignments = ", ".join(f"{column} = :{column}" for column in values)
    store.db.execute(
        f"UPDATE custom_fields SET {assignments} WHERE id = :field_id",  # noqa: S608 - our own names
        {**values, "field_id": field["id"]},
    )
    fieldtype = values.get("fieldtype", field["fieldtype"])
    if (fieldtype == MULTITEXT) != (field["fieldtype"] == MULTITEXT):
        _delete_values(store, field["id"])
    if fieldtype not in CHOICES:
        store.db.execute("DELETE FROM custom_field_options WHERE field_id = ?", (field["id"],))


def delete(store: Store, field: sqlite3.Row) -> None:
    with store.db.savepoint():
        _delete_values(store, field["id"])
        store.db.execute("DELETE FROM custom_field_options WHERE field_id = ?", (field["id"],))
        store.db.execute("DELETE FROM custom_fields WHERE id = ?", (field["id"],))


def add_choice(store: Store, field: sqlite3.Row, value: str) -> None:
    store.db.execute(
        "INSERT INTO custom_field_options (id, field_id, value) VALUES (?, ?, ?)",
        (store.db.next_id("custom_field_options"), field["id"], value),
    )


def delete_choice(store: Store, field: sqlite3.Row, value: str) -> bool:
    removed = store.db.execute(
        "DELETE FROM custom_field_options WHERE field_id = ? AND value = ?", (field["id"], value)
    )
    return removed.rowcount > 0


def choices(store: Store, field: sqlite3.Row) -> list[str]:
    rows = store.db.rows("SELECT value FROM custom_field_options WHERE field_id = ? ORDER BY id", (field["id"],))
    return [row["value"] for row in rows]


def set_value(store: Store, field: sqlite3.Row, record_id: int, value: str) -> None:
    """
    Set the value of a field that is not multitext; a blank one removes it. Choices are not enforced.

    A check box is 1 or gone; any word but 0 counts as ticked, also "No".
    """
    if field["fieldtype"] == CHECKBOX:
        value = "" if value.strip() in {"", "0"} else "1"
    if not value:
        clear(store, field, record_id)
        return
    short, long = (value, "") if len(value) <= columns.TEXT_WIDTH else ("", value)
    store.db.execute(
        "INSERT OR REPLACE INTO custom_field_values (field_id, record_id, value, value_long) VALUES (?, ?, ?, ?)",
        (field["id"], record_id, short, long),
    )


def append_values(store: Store, field: sqlite3.Row, record_id: int, parts: Sequence[str]) -> None:
    """Add values to a multitext field, also those already there; each is trimmed and cut, blank ones are left out."""
    for part in parts:
        value = part.strip()
        if len(value) > columns.TEXT_WIDTH:
            store.lint.report("cut text", f"custom field {field['code']}", f"{len(value)} characters, 254 kept")
            value = value[: columns.TEXT_WIDTH]
        if value:
            store.db.execute(
                "INSERT INTO custom_field_multi_values (id, field_id, record_id, value) VALUES (?, ?, ?, ?)",
                (store.db.next_id("custom_field_multi_values"), field["id"], record_id, value),
            )


def replace_values(store: Store, field: sqlite3.Row, record_id: int, parts: Sequence[str]) -> None:
    """Set the values of a multitext field."""
    clear(store, field, record_id)
    append_values(store, field, record_id, parts)


def write(store: Store, field: sqlite3.Row, record_id: int, text: str) -> None:
    """Set a field of any type from one text; the values of a multitext field are parted by bars and replace the old."""
    if field["fieldtype"] == MULTITEXT:
        replace_values(store, field, record_id, split(text))
    else:
        set_value(store, field, record_id, text)


def clear(store: Store, field: sqlite3.Row, record_id: int) -> None:
    for table in ("custom_field_values", "custom_field_multi_values"):
        store.db.execute(
            f"DELETE FROM {table} WHERE field_id = ? AND record_id = ?",  # noqa: S608 - our own tables
            (field["id"], record_id),
        )


def remove_value(store: Store, field: sqlite3.Row, record_id: int, value: str) -> None:
    """Take one value out of a multitext field."""
    store.db.execute(
        "DELETE FROM custom_field_multi_values WHERE field_id = ? AND record_id = ? AND value = ?",
        (field["id"], record_id, value),
    )


def values(
    store: Store, entity: Entity, record_ids: Collection[int], fields: Sequence[sqlite3.Row]
) -> dict[int, dict[str, str | list[str]]]:
    """
    Read the fields of many records with two queries.

    Returns {record id: {field code: text, or list of texts for multitext}}; a field never set is a blank or empty.
    """
    unset = {field["code"]: (field["fieldtype"] == MULTITEXT) for field in fields}
    found: dict[int, dict[str, str | list[str]]] = {
        record_id: {code: [] if is_list else "" for code, is_list in unset.items()} for record_id in record_ids
    }
    codes = {field["id"]: field["code"] for field in fields if field["entity"] == entity}
    if not codes or not found:
        return found
    ids, field_ids = (", ".join(str(int(number)) for number in numbers) for numbers in (found, codes))
    condition = f"record_id IN ({ids}) AND field_id IN ({field_ids})"
    for row in store.db.rows(
        f"SELECT record_id, field_id, value, value_long FROM custom_field_values WHERE {condition}"  # noqa: S608 - numbers only
    ):
        found[row["record_id"]][codes[row["field_id"]]] = row["value"] or row["value_long"]
    for row in store.db.rows(
        f"SELECT record_id, field_id, value FROM custom_field_multi_values WHERE {condition} ORDER BY id"  # noqa: S608 - numbers only
    ):
        collected = found[row["record_id"]][codes[row["field_id"]]]
        assert isinstance(collected, list)
        collected.append(row["value"])
    return found


def split(text: str) -> list[str]:
    """Part the text of a multitext value at its bars; a backslash before a bar keeps it in the value."""
    parts: list[str] = [""]
    characters = iter(text)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            parts[-1] += following if following in {"|", "\\"} else character + following
        elif character == "|":
            parts.append("")
        else:
            parts[-1] += character
    return parts


def record_deleted(store: Store, entity: Entity, record_id: int) -> None:
    for table in ("custom_field_values", "custom_field_multi_values"):
        store.db.execute(
            f"DELETE FROM {table} WHERE record_id = ? AND field_id IN (SELECT id FROM custom_fields WHERE entity = ?)",  # noqa: S608 - our own tables
            (record_id, entity),
        )


def find_group(store: Store, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM custom_field_groups WHERE code_key = ?", (columns.key(code),))


def insert_group(store: Store, code: str, *, name: str) -> int:
    """Create a group of fields and return its id. Raises AlreadyExists, Invalid."""
    if find_group(store, code) is not None:
        raise AlreadyExists("", f"A group with the code '{code}' already exists", field="code")
    _fit({"code": code, "name": name})
    group_id = store.db.next_id("custom_field_groups")
    store.db.execute(
        "INSERT INTO custom_field_groups (id, code, code_key, name) VALUES (?, ?, ?, ?)",
        (group_id, code, columns.key(code), name),
    )
    return group_id


def update_group(store: Store, group: sqlite3.Row, *, code: str | None = None, name: str | None = None) -> None:
    """Raises AlreadyExists, Invalid."""
    code = group["code"] if code is None else code
    name = group["name"] if name is None else name
    _fit({"code": code, "name": name})
    owner = find_group(store, code)
    if owner is not None and owner["id"] != group["id"]:
        raise AlreadyExists("", f"A group with the code '{code}' already exists", field="code")
    store.db.execute(
        "UPDATE custom_field_groups SET code = ?, code_key = ?, name = ? WHERE id = ?",
        (code, columns.key(code), name, group["id"]),
    )


def delete_group(store: Store, group: sqlite3.Row) -> None:
    """Delete a group; its fields stay, ungrouped."""
    store.db.execute("UPDATE custom_fields SET group_id = 0 WHERE group_id = ?", (group["id"],))
    store.db.execute("DELETE FROM custom_field_groups WHERE id = ?", (group["id"],))


def _taken(entity: str, code: str) -> AlreadyExists:
    article = "An" if entity == "order" else "A"
    return AlreadyExists("", f"{article} {entity} field with the code '{code}' already exists", field="code")


def _delete_values(store: Store, field_id: int) -> None:
    for table in ("custom_field_values", "custom_field_multi_values"):
        store.db.execute(f"DELETE FROM {table} WHERE field_id = ?", (field_id,))  # noqa: S608 - our own tables


def _fit(values: Mapping[str, str | int]) -> None:
    for column, width in (("code", columns.CODE_WIDTH), ("name", columns.NAME_WIDTH)):
        if column in values:
            columns.fit(str(values[column]), column, width)
