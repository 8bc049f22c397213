"""Admin users who sign requests with an RSA key; their rights are those of their groups in each store."""

from dataclasses import dataclass

from miva_sandbox.state import privileges
from miva_sandbox.state.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, public_key TEXT NOT NULL,
    is_administrator INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0, expires INTEGER NOT NULL DEFAULT 0,
    must_change_password INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS user_groups (
    user_id INTEGER NOT NULL, store_id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (user_id, store_id, name)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class User:
    """`public_key` is PEM or one line of OpenSSH; `expires` is epoch seconds, 0 = never."""

    id: int
    name: str
    public_key: str
    is_administrator: bool
    locked: bool
    expires: int
    must_change_password: bool

    def may_sign_in(self, now: int) -> bool:
        return not (self.locked or self.must_change_password or (self.expires and self.expires <= now))


def insert(
    db: Database,
    *,
    name: str,
    public_key: str,
    is_administrator: bool = False,
    locked: bool = False,
    expires: int = 0,
    must_change_password: bool = False,
) -> User:
    db.execute(
        "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)",
        (db.next_id("users"), name, public_key, is_administrator, locked, expires, must_change_password),
    )
    made = find(db, name)
    assert made is not None
    return made


def find(db: Database, name: str) -> User | None:
    row = db.row("SELECT * FROM users WHERE name = ?", (name,))
    if row is None:
        return None
    found = dict(row)
    for flag in ("is_administrator", "locked", "must_change_password"):
        found[flag] = bool(found[flag])
    return User(**found)


def join(db: Database, user: User, *, store_id: int, group: str) -> None:
    db.execute("INSERT OR IGNORE INTO user_groups VALUES (?, ?, ?)", (user.id, store_id, group))


def privileges_of(db: Database, user: User, *, store_id: int) -> frozenset[str]:
    if user.is_administrator:
        return frozenset(f"{area}:{mode}" for area in privileges.AREAS for mode in privileges.MODES)
    rows = db.rows("SELECT name FROM user_groups WHERE user_id = ? AND store_id = ?", (user.id, store_id))
    return privileges.of_groups(row[0] for row in rows)
