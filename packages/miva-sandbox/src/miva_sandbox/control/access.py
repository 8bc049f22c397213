"""Who may do what: tokens, admin users and their rights, as the control API makes and changes them."""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm

from miva_sandbox.api.authentication import public_key
from miva_sandbox.control.request_body import RefusedError, texts
from miva_sandbox.state import tokens, users
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.store import Store

_TOKEN_MEMBERS: Mapping[str, type] = {
    "enabled": bool,
    "req_sig": bool,
    "req_ts": bool,
    "ts_window": int,
    "ip_addresses": str,
}
_LONGEST_WINDOW_SECONDS = 2**31 - 1


def set_token(domain: Domain, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a token, or change the one of that name, and return its secrets. Raises RefusedError."""
    name = str(body.get("token") or "")
    if not name:
        raise RefusedError("token must be the name of a token")
    given = {member: body[member] for member in _TOKEN_MEMBERS if member in body}
    for member, value in given.items():
        # Not isinstance, as a flag would pass for a number.
        if type(value) is not _TOKEN_MEMBERS[member]:
            raise RefusedError(f"{member} must be of the kind of {_TOKEN_MEMBERS[member].__name__}")
    if not 0 <= given.get("ts_window", 0) <= _LONGEST_WINDOW_SECONDS:
        raise RefusedError(f"ts_window must be a number of seconds up to {_LONGEST_WINDOW_SECONDS}")
    token = _find_token(domain, name) or tokens.insert(domain.db, name=name)
    tokens.change(domain.db, token, **given)
    return {"token": token.token, "signature_key": token.signature_key}


def change_rights(domain: Domain, store: Store, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a token's rights in a store and return its functions. Raises RefusedError."""
    name = str(body.get("token", ""))
    token = _find_token(domain, name)
    if token is None:
        raise RefusedError(f"There is no token '{name}'")
    tokens.grant(
        domain.db, token, store_id=store.id, functions=texts(body, "grant"), groups=texts(body, "grant_groups")
    )
    tokens.revoke(
        domain.db, token, store_id=store.id, functions=texts(body, "revoke"), groups=texts(body, "revoke_groups")
    )
    if isinstance(body.get("enabled"), bool):
        tokens.change(domain.db, token, enabled=body["enabled"])
    return {"functions": sorted(tokens.functions_of(domain.db, token, store_id=store.id))}


def add_user(domain: Domain, store: Store, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make an admin user who signs with a key; without groups the user is an administrator. Raises RefusedError."""
    name, key = str(body.get("user") or ""), str(body.get("public_key") or "")
    if not name:
        raise RefusedError("user must be a name")
    if users.find(domain.db, name) is not None:
        raise RefusedError(f"There is a user '{name}' already")
    try:
        public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        raise RefusedError("public_key must be an RSA key, in PEM or as a line of OpenSSH") from None
    groups = texts(body, "groups")
    user = users.insert(domain.db, name=name, public_key=key, is_administrator=not groups)
    for group in groups:
        users.join(domain.db, user, store_id=store.id, group=group)
    return {"user": user.name, "administrator": user.is_administrator}


def _find_token(domain: Domain, name: str) -> tokens.Token | None:
    return tokens.find_by_name(domain.db, name) or tokens.find(domain.db, name)
