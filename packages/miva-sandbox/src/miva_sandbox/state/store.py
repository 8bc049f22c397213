"""
One store of a domain: its own database, its settings (the members of Store_Load), its place for images.

Ids, codes, images and custom fields are a store's own; what several stores share belongs to the domain.
"""

import importlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import miva_sandbox.state
from miva_sandbox.lint import Lint
from miva_sandbox.state.agenda import Agenda
from miva_sandbox.state.clock import Clock
from miva_sandbox.state.database import Database
from miva_sandbox.state.hooks import Hooks

SETTINGS_SCHEMA = "CREATE TABLE IF NOT EXISTS store_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"

# State modules whose tables are the domain's.
_OF_THE_DOMAIN = {"domain", "store", "tokens", "users"}

DEFAULTS: Mapping[str, Any] = {
    "id": 1,
    "manager_id": 1,
    "code": "",
    "license": "SANDBOX",
    "name": "",
    "icon": "",
    "owner": "Sandbox Owner",
    "email": "owner@example.com",
    "company": "",
    "address": "1 Example Street",
    "city": "Salem",
    "state": "OR",
    "zip": "97301",
    "phone": "",
    "fax": "",
    "country": "US",
    "wtunits": "lb",
    "wtunitcode": "lb",
    "wtdispmix": False,
    "wtdisplow": False,
    "wtdispdig": 2,
    "dmunitcode": "in",
    "baskexp": 60,
    "deferbask": False,
    "trackhits": False,
    "pgrp_ovlp": "",
    "ui_id": 1,
    "tax_id": 0,
    "currncy_id": 1,
    "boxpack_id": 0,
    "addrval_id": 0,
    "mnt_warn": "",
    "mnt_close": "",
    "mnt_time": 0,
    "mnt_no_new": 0,
    "mnt_ips": "",
    "omin_quant": 0,
    "omin_price": 0,
    "omin_all": False,
    "omin_msg": "",
    "crypt_id": 0,
    "req_ship": False,
    "req_tax": False,
    "req_frship": False,
    "branch_id": 1,
    "charset": "utf-8",
    "schtsk_adv": False,
    "schtsk_min": 5,
    "schtsk_que": 0,
    "cache_exp": 0,
    "cache_ver": 0,
    "cache_type": "none",
    "cache_ridx": 0,
    "redishost": "",
    "redisport": 0,
    "redisto": 0,
    "redisex": 0,
    "cacheset": 0,
}


@cache
def _schema() -> tuple[str, ...]:
    """Collect the DDL of every state module that has tables in a store."""
    names = sorted(found.name for found in pkgutil.iter_modules(miva_sandbox.state.__path__))
    modules = (importlib.import_module(f"miva_sandbox.state.{name}") for name in names if name not in _OF_THE_DOMAIN)
    return (SETTINGS_SCHEMA, *(module.SCHEMA for module in modules if hasattr(module, "SCHEMA")))


class Store:
    """
    `files_root` is the base directory for graphics: an image's path `graphics/...` is relative to it.

    `settings` is read freely and written through `change_settings`.
    """

    def __init__(
        self,
        *,
        store_id: int,
        code: str,
        name: str = "",
        database: Path | None = None,
        files_root: Path,
        clock: Clock | None = None,
        lint: Lint | None = None,
        folder: str = "/mm5/",
        strict_codes: bool = True,
        hooks: Hooks | None = None,
        agenda: Agenda | None = None,
        tracking_links: Mapping[str, str] | None = None,
        neighbours: Mapping[str, "Store"] | None = None,
    ) -> None:
        self.id = store_id
        self.code = code
        self.files_root = files_root
        self.clock = clock or Clock()
        self.lint = lint or Lint()
        self.folder = folder
        self.strict_codes = strict_codes
        self.hooks = hooks or Hooks()
        self.agenda = agenda or Agenda(self.clock)
        # When the store's scheduled tasks were last looked at.
        self.tasks_looked_at = self.clock.now()
        self.tracking_links: Mapping[str, str] = tracking_links or {}
        # All stores of the domain, this one included once it is open.
        self.neighbours: Mapping[str, Store] = {} if neighbours is None else neighbours
        self.db = Database(database, _schema())
        self._initial_settings = {**DEFAULTS, "id": store_id, "code": code, "name": name or code}
        self.settings: dict[str, Any] = {}
        self.reload_settings()

    @property
    def number(self) -> str:
        """The eight digits that name this store's own folders: 00000001."""
        return f"{self.id:08d}"

    def change_settings(self, **changes: Any) -> None:
        with self.db.lock:
            for name, value in changes.items():
                self.db.execute("INSERT OR REPLACE INTO store_settings VALUES (?, ?)", (name, json.dumps(value)))
            self.settings |= changes

    def reload_settings(self) -> None:
        """Read the settings anew, as after the database's content was replaced."""
        with self.db.lock:
            stored = self.db.rows("SELECT name, value FROM store_settings")
            self.settings = self._initial_settings | {row["name"]: json.loads(row["value"]) for row in stored}

    def close(self) -> None:
        self.db.close()
