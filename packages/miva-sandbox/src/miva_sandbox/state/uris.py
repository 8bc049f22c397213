"""
URIs: the short addresses of products and categories, unique among all stores of the domain.

One of a record's URIs is its canonical one.
"""

import re
import sqlite3
import unicodedata

from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS uris (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    screen TEXT NOT NULL DEFAULT '',
    page_code TEXT NOT NULL DEFAULT '',
    cat_id INTEGER NOT NULL DEFAULT 0,
    product_id INTEGER NOT NULL DEFAULT 0,
    feed_id INTEGER NOT NULL DEFAULT 0,
    canonical INTEGER NOT NULL DEFAULT 0,
    status INTEGER NOT NULL DEFAULT 200
);
-- Partial indexes serve only queries that repeat their condition.
CREATE INDEX IF NOT EXISTS uris_of_product ON uris (product_id, cat_id);
CREATE INDEX IF NOT EXISTS uris_of_category ON uris (cat_id, product_id);
"""

STATUSES = (200, 301, 302, 303, 307)
_RETIRED = 301
_WIDTH = 254


def find(store: Store, uri: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM uris WHERE uri = ?", (uri,))


def is_in_use(store: Store, uri: str) -> bool:
    """Tell whether the store has the URI, or one beside it that nobody writes to at this moment."""
    return find(store, uri) is not None or any(
        other is not store and other.db.glance("SELECT 1 FROM uris WHERE uri = ?", (uri,))
        for other in list(store.neighbours.values())
    )


def insert(
    store: Store,
    uri: str,
    *,
    product_id: int = 0,
    cat_id: int = 0,
    page_code: str = "",
    canonical: bool = False,
    status: int = 200,
) -> int:
    """
    Add a URI to one record. A new canonical URI turns the old one into a permanent redirect.

    Raises AlreadyExists.
    """
    if is_in_use(store, uri):
        raise AlreadyExists("", f"URI '{uri}' is already in use", field="uri")
    if canonical:
        _retire_canonical(store, product_id=product_id, cat_id=cat_id, page_code=page_code)
    return _insert(
        store, uri, product_id=product_id, cat_id=cat_id, page_code=page_code, canonical=canonical, status=status
    )


def delete(store: Store, uri: str) -> bool:
    return store.db.execute("DELETE FROM uris WHERE uri = ?", (uri,)).rowcount > 0


def delete_all(store: Store, *, product_id: int = 0, cat_id: int = 0, page_code: str = "") -> None:
    if product_id:
        product_deleted(store, product_id)
    elif cat_id:
        category_deleted(store, cat_id)
    else:
        store.db.execute("DELETE FROM uris WHERE page_code = ? AND product_id = 0 AND cat_id = 0", (page_code,))


def generate_for_product(store: Store, product_id: int, *, title: str) -> None:
    _generate(store, title, product_id=product_id)


def generate_for_category(store: Store, category_id: int, *, title: str) -> None:
    _generate(store, title, cat_id=category_id)


def product_deleted(store: Store, product_id: int) -> None:
    """Delete them: whether a real store does is a setting of which the initial value is not public."""
    store.db.execute("DELETE FROM uris WHERE product_id = ? AND product_id <> 0", (product_id,))


def category_deleted(store: Store, category_id: int) -> None:
    store.db.execute("DELETE FROM uris WHERE cat_id = ? AND cat_id <> 0", (category_id,))


def slug(title: str) -> str:
    """Write a title in lower-case ASCII letters, digits and single dashes."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _generate(store: Store, title: str, *, product_id: int = 0, cat_id: int = 0) -> None:
    base = slug(title)[: _WIDTH - 30]
    owner = product_id or cat_id
    # How a real store evades a URI in use is not public; the id makes it unique in its store, and keeps it readable.
    for candidate in (f"/{base}.html", f"/{base}-{owner}.html", f"/{base}-{store.id}-{owner}.html"):
        if base and not is_in_use(store, candidate):
            _insert(store, candidate, product_id=product_id, cat_id=cat_id, page_code="", canonical=True, status=200)
            return


def _insert(
    store: Store, uri: str, *, product_id: int, cat_id: int, page_code: str, canonical: bool, status: int
) -> int:
    screen = "PROD" if product_id else "CTGY" if cat_id else page_code
    uri_id = store.db.next_id("uris")
    store.db.execute(
        "INSERT INTO uris (id, uri, screen, page_code, cat_id, product_id, canonical, status) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (uri_id, uri, screen, page_code, cat_id, product_id, canonical, status),
    )
    return uri_id


def _retire_canonical(store: Store, *, product_id: int, cat_id: int, page_code: str) -> None:
    # One condition for each kind of owner, so that its index serves.
    column, owner = ("product_id", product_id) if product_id else ("cat_id", cat_id)
    condition = f"{column} = ? AND {column} <> 0" if owner else "page_code = ? AND product_id = 0 AND cat_id = 0"
    store.db.execute(
        f"UPDATE uris SET canonical = 0, status = ? WHERE canonical = 1 AND {condition}",  # noqa: S608 - our own names
        (_RETIRED, owner or page_code),
    )
