"""
A Miva domain: one folder, one clock, one set of API tokens, and the stores that share them.

With a state directory everything persists there; without one it lives in memory, and files in a temporary folder.
"""

import json
import secrets
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from miva_sandbox.lint import Lint
from miva_sandbox.state import tokens, users
from miva_sandbox.state.agenda import Agenda
from miva_sandbox.state.clock import Clock
from miva_sandbox.state.database import Database
from miva_sandbox.state.hooks import Hooks
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS domain_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stores (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL, code_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL
);
"""

_TRACKING_LINKS = {
    "UPS": "https://www.ups.com/track?tracknum=%tracknum%",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels=%tracknum%",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr=%tracknum%",
    "DHL": "https://www.dhl.com/en/express/tracking.html?AWB=%tracknum%",
}


@dataclass(frozen=True, slots=True)
class DomainSettings:
    """
    Switches of the whole domain.

    `functions_grant_columns`: whether a token that a function is assigned to also sees the columns that another
    privilege guards; the sources leave it open, so both readings can be had.
    """

    version: str = "26.01.01"
    api_offline: bool = False
    login_delay_seconds: float = 0.0
    strict_codes: bool = True
    functions_grant_columns: bool = False
    tracking_links: dict[str, str] = field(default_factory=lambda: dict(_TRACKING_LINKS))


class Domain:
    def __init__(self, *, state: Path | None = None, folder: str = "/mm5/", clock: Clock | None = None) -> None:
        self.state = state
        self.folder = "/" + folder.strip("/") + "/" if folder.strip("/") else "/"
        self.clock = clock or Clock()
        self.lint = Lint()
        # The address of the web server, without slash at the end, once there is one.
        self.base_url = ""
        self.hooks = Hooks()
        self.agenda = Agenda(self.clock)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if state is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="miva-sandbox-")
            self.files = Path(self._temporary.name) / "files"
        else:
            state.mkdir(parents=True, exist_ok=True)
            self.files = state / "files"
        self.files_root = self.files / "htdocs" / self.folder.strip("/")
        self.files_root.mkdir(parents=True, exist_ok=True)
        self.db = Database(state / "domain.sqlite" if state else None, (SCHEMA, tokens.SCHEMA, users.SCHEMA))
        stored = {row[0]: json.loads(row[1]) for row in self.db.rows("SELECT name, value FROM domain_settings")}
        known = DomainSettings.__dataclass_fields__
        self.settings = DomainSettings(**{name: value for name, value in stored.items() if name in known})
        self.stores: dict[str, Store] = {}
        for row in self.db.rows("SELECT id, code, name FROM stores ORDER BY id"):
            self._open(row["id"], row["code"], row["name"])

    def change_settings(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)
        for name, value in asdict(self.settings).items():
            self.db.execute("INSERT OR REPLACE INTO domain_settings VALUES (?, ?)", (name, json.dumps(value)))
        for store in self.stores.values():
            store.strict_codes = self.settings.strict_codes
            store.tracking_links = self.settings.tracking_links

    def secret(self, name: str) -> str:
        """Return the random text kept under this name, made when it is first asked for."""
        self.db.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, secrets.token_urlsafe(18)))
        return str(self.db.value("SELECT value FROM secrets WHERE name = ?", (name,)))

    def add_store(self, code: str, *, name: str = "") -> Store:
        """Make an empty store; one with that code, in any case, is returned as it is. Idempotent."""
        if (found := self.find_store(code)) is not None:
            return found
        store_id = self.db.next_id("stores")
        self.db.execute("INSERT INTO stores VALUES (?, ?, ?, ?)", (store_id, code, code.casefold(), name or code))
        return self._open(store_id, code, name or code)

    def find_store(self, code: str) -> Store | None:
        return self.stores.get(code.casefold())

    def _open(self, store_id: int, code: str, name: str) -> Store:
        store = Store(
            store_id=store_id,
            code=code,
            name=name,
            database=self.state / f"store-{store_id:08d}.sqlite" if self.state else None,
            files_root=self.files_root,
            clock=self.clock,
            lint=self.lint,
            folder=self.folder,
            strict_codes=self.settings.strict_codes,
            hooks=self.hooks,
            agenda=self.agenda,
            tracking_links=self.settings.tracking_links,
            neighbours=self.stores,
        )
        (self.files_root / "graphics" / store.number).mkdir(parents=True, exist_ok=True)
        self.stores[code.casefold()] = store
        return store

    def close(self) -> None:
        for store in self.stores.values():
            store.close()
        self.db.close()
        if self._temporary is not None:
            self._temporary.cleanup()
