"""Customers who have an account, and their address books. Logins are unique in any case."""

import hashlib
import secrets
import sqlite3
from collections.abc import Mapping

from miva_sandbox.state import notes
from miva_sandbox.state.columns import fit, key
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.orders import ADDRESS, ADDRESS_COLUMNS
from miva_sandbox.state.store import Store

LOGIN_WIDTH = 50
EMAIL_WIDTH = 254
DESCRIPTION_WIDTH = 100

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS customers (
    id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL DEFAULT 0, login TEXT NOT NULL COLLATE NOCASE,
    login_key TEXT NOT NULL UNIQUE, pw_email TEXT NOT NULL, password TEXT NOT NULL,
    ship_id INTEGER NOT NULL DEFAULT 0, ship_res INTEGER NOT NULL DEFAULT 0, bill_id INTEGER NOT NULL DEFAULT 0, """
    + ", ".join(f"{name} TEXT NOT NULL DEFAULT ''" for name in ADDRESS_COLUMNS)
    + """,
    tax_exempt INTEGER NOT NULL DEFAULT 0, note_count INTEGER NOT NULL DEFAULT 0, credit INTEGER NOT NULL DEFAULT 0,
    dt_created INTEGER NOT NULL, dt_updated INTEGER NOT NULL, dt_login INTEGER NOT NULL DEFAULT 0,
    dt_pwchg INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS customer_addresses (
    id INTEGER PRIMARY KEY, cust_id INTEGER NOT NULL, descrip TEXT NOT NULL DEFAULT '',
    resdntl INTEGER NOT NULL DEFAULT 0, """
    + ", ".join(f"{name} TEXT NOT NULL DEFAULT ''" for name in ADDRESS)
    + """
);
CREATE INDEX IF NOT EXISTS customer_addresses_by_customer ON customer_addresses (cust_id, id);
"""
)


def find(store: Store, login: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM customers WHERE login_key = ?", (key(login),))


def find_by_id(store: Store, cust_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM customers WHERE id = ?", (cust_id,))


def insert(store: Store, *, login: str, pw_email: str, password: str, details: Mapping[str, str | int]) -> int:
    """
    Open an account and return its id. `details` are columns: both addresses, `ship_res`, `tax_exempt`, `account_id`.

    Raises AlreadyExists, Invalid.
    """
    if find(store, login) is not None:
        raise AlreadyExists("", f"A customer with the login '{login}' already exists", field="login")
    _fit({**details, "login": login, "pw_email": pw_email})
    now = store.clock.now()
    values = {
        **details,
        "id": store.db.next_id("customers"),
        "login": login,
        "login_key": key(login),
        "pw_email": pw_email,
        "password": _hashed(password),
        "dt_created": now,
        "dt_updated": now,
        "dt_pwchg": now,
    }
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    store.db.execute(f"INSERT INTO customers ({names}) VALUES ({marks})", values)  # noqa: S608 - names are our own
    return int(values["id"])


def update(store: Store, cust_id: int, changes: Mapping[str, str | int], *, password: str | None = None) -> None:
    """Raises AlreadyExists for another customer's login, Invalid."""
    values = dict(changes)
    _fit(values)
    if "login" in values:
        owner = find(store, str(values["login"]))
        if owner is not None and owner["id"] != cust_id:
            raise AlreadyExists("", f"A customer with the login '{values['login']}' already exists", field="login")
        values["login_key"] = key(str(values["login"]))
    values["dt_updated"] = store.clock.now()
    if password is not None:
        values |= {"password": _hashed(password), "dt_pwchg": store.clock.now()}
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    store.db.execute(
        f"UPDATE customers SET {assignments} WHERE id = :cust_id",  # noqa: S608 - names are our own
        {**values, "cust_id": cust_id},
    )


def delete(store: Store, cust_id: int) -> None:
    """Close an account; its orders stay, as orders of nobody's."""
    with store.db.savepoint():
        store.db.execute("UPDATE orders SET cust_id = 0 WHERE cust_id = ?", (cust_id,))
        store.db.execute("DELETE FROM customer_addresses WHERE cust_id = ?", (cust_id,))
        notes.customer_deleted(store, cust_id)
        store.db.execute("DELETE FROM customers WHERE id = ?", (cust_id,))


def addresses_of(store: Store, cust_id: int) -> list[sqlite3.Row]:
    return store.db.rows("SELECT * FROM customer_addresses WHERE cust_id = ? ORDER BY id", (cust_id,))


def find_address(store: Store, address_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM customer_addresses WHERE id = ?", (address_id,))


def add_address(store: Store, cust_id: int, details: Mapping[str, str | int]) -> int:
    """Raises Invalid."""
    _fit_address(details)
    values = {**details, "id": store.db.next_id("customer_addresses"), "cust_id": cust_id}
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    store.db.execute(
        f"INSERT INTO customer_addresses ({names}) VALUES ({marks})",  # noqa: S608 - names are our own
        values,
    )
    return int(values["id"])


def change_address(store: Store, address_id: int, changes: Mapping[str, str | int]) -> None:
    """Raises Invalid."""
    _fit_address(changes)
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    if assignments:
        store.db.execute(
            f"UPDATE customer_addresses SET {assignments} WHERE id = :address_id",  # noqa: S608 - names are our own
            {**changes, "address_id": address_id},
        )


def delete_address(store: Store, address_id: int) -> None:
    store.db.execute("DELETE FROM customer_addresses WHERE id = ?", (address_id,))
    store.db.execute("UPDATE customers SET ship_id = 0 WHERE ship_id = ?", (address_id,))
    store.db.execute("UPDATE customers SET bill_id = 0 WHERE bill_id = ?", (address_id,))


def totals(store: Store, cust_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Return for each customer the number of orders and their sum in cents."""
    marks = ",".join("?" * len(cust_ids))
    rows = store.db.rows(
        f"SELECT cust_id, count(*), sum(total) FROM orders WHERE cust_id IN ({marks}) GROUP BY cust_id",  # noqa: S608
        cust_ids,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _fit(values: Mapping[str, str | int]) -> None:
    widths = {**ADDRESS_COLUMNS, "login": LOGIN_WIDTH, "pw_email": EMAIL_WIDTH}
    for name, value in values.items():
        if name in widths:
            fit(str(value), name, widths[name])


def _fit_address(values: Mapping[str, str | int]) -> None:
    widths = {**ADDRESS, "descrip": DESCRIPTION_WIDTH}
    for name, value in values.items():
        if name in widths:
            fit(str(value), name, widths[name])


def _hashed(password: str) -> str:
    salt = secrets.token_hex(8)
    # Few rounds on purpose: a sandbox's passwords guard nothing, and seeds make thousands of customers.
    return f"{salt}${hashlib.pbkdf2_hmac('sha256', password.encode(), salt.encode(), 10).hex()}"
