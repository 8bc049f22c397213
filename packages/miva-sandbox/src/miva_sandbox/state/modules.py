"""Modules: what a domain has to offer beyond the core, and which of it a store has installed."""

from miva_sandbox.state.store import Store

SCHEMA = "CREATE TABLE IF NOT EXISTS installed_modules (code TEXT PRIMARY KEY) WITHOUT ROWID;"

BASKET_INVENTORY = "baskinv"
CUSTOM_FIELDS = "customfields"
META = "cmp-mv-prodctgy-meta"
ORDER_WORKFLOW = "orderworkflow"

# The features that a module may be addressed by.
FEATURES = {
    BASKET_INVENTORY: frozenset({"util", "fields_prod"}),
    CUSTOM_FIELDS: frozenset({"util", "fields_prod", "fields_cat", "fields_cust", "fields_ordr", "fields_page"}),
    META: frozenset({"component"}),
    ORDER_WORKFLOW: frozenset({"util"}),
}


def find(code: str) -> str | None:
    """Return a module's code as it is written, if the domain has the module."""
    return code.lower() if code.lower() in FEATURES else None


def is_installed(store: Store, code: str) -> bool:
    return store.db.value("SELECT 1 FROM installed_modules WHERE code = ?", (code.lower(),)) is not None


def install(store: Store, code: str) -> None:
    """Idempotent."""
    store.db.execute("INSERT INTO installed_modules (code) VALUES (?) ON CONFLICT DO NOTHING", (code.lower(),))


def remove(store: Store, code: str) -> None:
    """Idempotent."""
    store.db.execute("DELETE FROM installed_modules WHERE code = ?", (code.lower(),))
