"""
API tokens and what they may do: a token has functions and groups for each store of the domain.

A grant for store 0 is one for domain-level functions. The function name `*` stands for every function there is;
it is the sandbox's own, so that a full-rights token need not list them.
"""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from miva_sandbox.state import privileges
from miva_sandbox.state.database import Database

EVERY_FUNCTION = "*"
DOMAIN_LEVEL = 0

SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, token TEXT NOT NULL UNIQUE, signing_key TEXT NOT NULL,
    enabled INTEGER NOT NULL, req_sig INTEGER NOT NULL, req_ts INTEGER NOT NULL, ts_window INTEGER NOT NULL,
    ip_addresses TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS token_functions (
    token_id INTEGER NOT NULL, store_id INTEGER NOT NULL, function TEXT NOT NULL,
    PRIMARY KEY (token_id, store_id, function)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token_groups (
    token_id INTEGER NOT NULL, store_id INTEGER NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (token_id, store_id, name)
) WITHOUT ROWID;
"""

_COLUMNS = "id, name, token, signing_key, enabled, req_sig, req_ts, ts_window, ip_addresses"


@dataclass(frozen=True, slots=True)
class Token:
    id: int
    name: str
    token: str
    signature_key: str
    enabled: bool
    req_sig: bool
    req_ts: bool
    ts_window: int
    ip_addresses: str


def insert(
    db: Database,
    *,
    name: str,
    req_sig: bool = True,
    req_ts: bool = True,
    ts_window: int = 120,
    ip_addresses: str = "0.0.0.0/0, ::/0",
) -> Token:
    """Make a token with random secrets and no rights: 32 hex characters, and 32 random bytes in base64 as its key."""
    db.execute(
        f"INSERT INTO tokens ({_COLUMNS}) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?)",  # noqa: S608 - our own constant
        (
            db.next_id("tokens"),
            name,
            secrets.token_hex(16),
            base64.b64encode(secrets.token_bytes(32)).decode(),
            req_sig,
            req_ts,
            ts_window,
            ip_addresses,
        ),
    )
    made = find_by_name(db, name)
    assert made is not None
    return made


def find(db: Database, token: str) -> Token | None:
    return _find(db, "token", token)


def find_by_name(db: Database, name: str) -> Token | None:
    return _find(db, "name", name)


def _find(db: Database, column: str, value: str) -> Token | None:
    row = db.row(f"SELECT {_COLUMNS} FROM tokens WHERE {column} = ?", (value,))  # noqa: S608 - our own constants
    if row is None:
        return None
    found = dict(row)
    # The column keeps its first name, so that a state folder of before is still read.
    found["signature_key"] = found.pop("signing_key")
    for flag in ("enabled", "req_sig", "req_ts"):
        found[flag] = bool(found[flag])
    return Token(**found)


def change(
    db: Database,
    token: Token,
    *,
    enabled: bool | None = None,
    req_sig: bool | None = None,
    req_ts: bool | None = None,
    ts_window: int | None = None,
    ip_addresses: str | None = None,
) -> None:
    db.execute(
        "UPDATE tokens SET enabled = coalesce(?, enabled), req_sig = coalesce(?, req_sig), "
        "req_ts = coalesce(?, req_ts), ts_window = coalesce(?, ts_window), "
        "ip_addresses = coalesce(?, ip_addresses) WHERE id = ?",
        (enabled, req_sig, req_ts, ts_window, ip_addresses, token.id),
    )


def grant(
    db: Database, token: Token, *, store_id: int, functions: Iterable[str] = (), groups: Iterable[str] = ()
) -> None:
    """Add rights; what is granted already stays. Idempotent."""
    db.execute_many(
        "INSERT OR IGNORE INTO token_functions VALUES (?, ?, ?)", [(token.id, store_id, name) for name in functions]
    )
    db.execute_many(
        "INSERT OR IGNORE INTO token_groups VALUES (?, ?, ?)", [(token.id, store_id, name) for name in groups]
    )


def revoke(
    db: Database, token: Token, *, store_id: int, functions: Iterable[str] = (), groups: Iterable[str] = ()
) -> None:
    for name in functions:
        db.execute(
            "DELETE FROM token_functions WHERE token_id = ? AND store_id = ? AND function = ?",
            (token.id, store_id, name),
        )
    for name in groups:
        db.execute(
            "DELETE FROM token_groups WHERE token_id = ? AND store_id = ? AND name = ?", (token.id, store_id, name)
        )


def functions_of(db: Database, token: Token, *, store_id: int) -> frozenset[str]:
    rows = db.rows(
        "SELECT function FROM token_functions WHERE token_id = ? AND store_id = ?",
        (token.id, store_id),
    )
    return frozenset(row[0] for row in rows)


def privileges_of(db: Database, token: Token, *, store_id: int) -> frozenset[str]:
    rows = db.rows("SELECT name FROM token_groups WHERE token_id = ? AND store_id = ?", (token.id, store_id))
    return privileges.of_groups(row[0] for row in rows)
