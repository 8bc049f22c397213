"""Settings of the domain and of stores, as the control API changes them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from miva_sandbox.control.request_body import RefusedError, texts
from miva_sandbox.state import inventory, modules, page_images, queues
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.store import DEFAULTS, Store


def change(domain: Domain, store: Store, body: Mapping[str, Any]) -> None:
    """Change settings by name; all names are checked before the first is changed. Raises RefusedError."""
    groups = {
        name: body.get(name) or {} for name in ("domain", "store", "inventory", "workflows", "page_images", "modules")
    }
    _check(groups["domain"], asdict(domain.settings), "domain")
    _check(groups["store"], DEFAULTS, "store")
    _check(groups["inventory"], dict(inventory.settings(store)), "inventory")
    workflows = {row["code"]: True for row in store.db.rows("SELECT code FROM workflows")}
    _check(groups["workflows"], workflows, "workflows")
    _check(groups["modules"], dict.fromkeys(modules.FEATURES, True), "modules")
    _check(groups["page_images"], dict.fromkeys(page_images.PAGES, ""), "page_images")
    if groups["domain"]:
        domain.change_settings(**groups["domain"])
    if groups["store"]:
        store.change_settings(**groups["store"])
    inventory.change_settings(store, groups["inventory"])
    page_images.choose(store, groups["page_images"])
    for code in texts(body, "queues"):
        queues.insert(store, code)
    for code, is_on in groups["modules"].items():
        switch = modules.install if is_on else modules.remove
        switch(store, code)
    for code, is_on in groups["workflows"].items():
        queues.enable(store, code, enabled=bool(is_on))


def _check(given: Any, known: Mapping[str, Any], what: str) -> None:
    """Compare names and kinds with what is there now."""
    if not isinstance(given, dict):
        raise RefusedError(f"{what} must be an object")
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise RefusedError(f"Unknown settings of {what}: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    for name, value in given.items():
        # Flags are 0 and 1 in the database, and a number of seconds may be whole.
        kinds = (bool, int, float) if isinstance(known[name], bool | int | float) else type(known[name])
        is_of_the_kind = isinstance(value, kinds) and not (isinstance(value, int | float) and value < 0)
        if isinstance(value, dict):
            is_of_the_kind = all(isinstance(member, str) for member in value.values())
        if not is_of_the_kind:
            raise RefusedError(f"{name} of {what} must be of the kind of {known[name]!r}")
