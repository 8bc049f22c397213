"""
Which image type each page shows, as a merchant chooses it in the templates of the pages.

A new store has chosen nothing, and its pages show no images.
"""

from collections.abc import Mapping

from miva_sandbox.state.columns import key
from miva_sandbox.state.store import Store

SCHEMA = "CREATE TABLE IF NOT EXISTS page_images (page TEXT PRIMARY KEY, type_code TEXT NOT NULL) WITHOUT ROWID"

RELATED = "PROD-RELATED"
PAGES = ("SRCH", "CTGY", "PROD", RELATED, "PLST", "BASK")


def type_key(store: Store, page: str) -> str:
    """Return the key of the image type that a page shows; blank for none."""
    return key(store.db.value("SELECT type_code FROM page_images WHERE page = ?", (page,)) or "")


def chosen(store: Store) -> dict[str, str]:
    """Return the type's code by page, of those that show one."""
    return {row["page"]: row["type_code"] for row in store.db.rows("SELECT * FROM page_images ORDER BY page")}


def choose(store: Store, types: Mapping[str, str]) -> None:
    """
    Let pages show images of a type, or none for a blank code; other pages stay as they are.

    A type that doesn't exist is taken, as a template keeps the code of one that was deleted. Raises LookupError.
    """
    unknown = sorted(types.keys() - set(PAGES))
    if unknown:
        raise LookupError(f"Unknown pages: {', '.join(unknown)}; known are {', '.join(PAGES)}")
    for page, code in types.items():
        store.db.execute("DELETE FROM page_images WHERE page = ?", (page,))
        if code:
            store.db.execute("INSERT INTO page_images VALUES (?, ?)", (page, code))


def choose_everywhere(store: Store, code: str) -> None:
    choose(store, dict.fromkeys(PAGES, code))
