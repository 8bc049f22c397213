"""Rights of tokens and settings of stores, as the control API changes them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from miva_sandbox.state import inventory, page_images, queues, tokens
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.store import DEFAULTS, Store


def change_rights(domain: Domain, store: Store, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a token's rights in a store and return its functions. Raises LookupError."""
    name = str(body.get("token", ""))
    token = tokens.find_by_name(domain.db, name) or tokens.find(domain.db, name)
    if token is None:
        raise LookupError(f"There is no token '{name}'")
    tokens.grant(
        domain.db, token, store_id=store.id, functions=_texts(body, "grant"), groups=_texts(body, "grant_groups")
    )
    tokens.revoke(
        domain.db, token, store_id=store.id, functions=_texts(body, "revoke"), groups=_texts(body, "revoke_groups")
    )
    if isinstance(body.get("enabled"), bool):
        tokens.change(domain.db, token, enabled=body["enabled"])
    return {"functions": sorted(tokens.functions_of(domain.db, token, store_id=store.id))}


def change(domain: Domain, store: Store, body: Mapping[str, Any]) -> None:
    """Change settings by name; all names are checked before the first is changed. Raises LookupError."""
    groups = {name: body.get(name) or {} for name in ("domain", "store", "inventory", "workflows", "page_images")}
    _check(groups["domain"], asdict(domain.settings), "domain")
    _check(groups["store"], DEFAULTS, "store")
    _check(groups["inventory"], dict(inventory.settings(store)), "inventory")
    workflows = {row["code"]: True for row in store.db.rows("SELECT code FROM workflows")}
    _check(groups["workflows"], workflows, "workflows")
    _check(groups["page_images"], dict.fromkeys(page_images.PAGES, ""), "page_images")
    if groups["domain"]:
        domain.change_settings(**groups["domain"])
    if groups["store"]:
        store.change_settings(**groups["store"])
    inventory.change_settings(store, groups["inventory"])
    page_images.choose(store, groups["page_images"])
    for code in _texts(body, "queues"):
        queues.insert(store, code)
    for code, is_on in groups["workflows"].items():
        queues.enable(store, code, enabled=bool(is_on))


def _check(given: Any, known: Mapping[str, Any], what: str) -> None:
    """Compare names and kinds with what is there now."""
    if not isinstance(given, dict):
        raise LookupError(f"{what} must be an object")  # noqa: TRY004 - told to whoever asked, like a wrong name
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise LookupError(f"Unknown settings of {what}: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    for name, value in given.items():
        # Flags are 0 and 1 in the database, and a number of seconds may be whole.
        kinds = (bool, int, float) if isinstance(known[name], bool | int | float) else type(known[name])
        if not isinstance(value, kinds):
            raise LookupError(f"{name} of {what} must be of the kind of {known[name]!r}")  # noqa: TRY004 - likewise


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise LookupError(f"{name} must be a list of texts")
    return value
