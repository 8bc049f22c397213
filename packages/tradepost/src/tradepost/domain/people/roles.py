"""
Who may do what: each act, named as the command that does it, with the least role that it takes.

Pages, their actions and commands all ask `may`, so that a right is decided here and nowhere else. What is in no row
may be done by nobody.
"""

from collections.abc import Mapping
from enum import StrEnum

from tradepost.domain.errors import NotAllowed


class Role(StrEnum):
    """What somebody may do; each role may do all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"


ABOUT = {
    Role.VIEWER: "looks at everything but people, the audit trail and what the hub knows of one customer",
    Role.OPERATOR: "works: listings, orders, shipments, runs, rules",
    Role.OWNER: "sets up: stores and their credentials, sources, people, keys; and answers for personal data",
}

_OF_NOUNS: Mapping[str, Mapping[Role, str]] = {
    "overview": {Role.VIEWER: "show"},
    "channel": {
        Role.VIEWER: "list show",
        Role.OPERATOR: "check pause resume",
        Role.OWNER: "add set schedule go-live confirm-store remove",
    },
    "catalogue": {
        Role.VIEWER: "formats template list",
        Role.OPERATOR: "import remove state-count rename merge",
    },
    "source": {Role.VIEWER: "show list files", Role.OPERATOR: "run", Role.OWNER: "add set remove"},
    "listings": {
        Role.VIEWER: "list show explain attention mapping rules candidates export",
        Role.OPERATOR: "set-rule remove-rule build publish overwrite hide unhide delist clear request pause unpause"
        " retry sync link unlink remove set-type adopt accept-drift accept-price lock unlock customise",
    },
    "orders": {
        Role.VIEWER: "rules list show consumers parked",
        # To open one is to say that somebody has seen it: then it is fresh no more.
        Role.OPERATOR: "open set-rule move-rule remove-rule get hold release rematch reconcile export confirm deliver"
        " retry acknowledge hand-over ship sync",
        Role.OWNER: "remove-consumer deliver-to",
    },
    "shipments": {
        Role.VIEWER: "list sources files",
        Role.OPERATOR: "import correct suppress take-back retry fetch settle",
        Role.OWNER: "fetch-from",
    },
    "personal-data": {Role.OWNER: "export erase"},
    "plans": {Role.VIEWER: "list show", Role.OPERATOR: "save approve apply discard"},
    "runs": {Role.VIEWER: "list show", Role.OPERATOR: "release undo cancel"},
    "notify": {Role.VIEWER: "list", Role.OWNER: "add set remove test"},
    "database": {Role.OWNER: "backup check restore move"},
    "users": {Role.OWNER: "add invite list role disable enable remove sessions end-sessions"},
    "password": {Role.VIEWER: "change"},
    "audit": {Role.OWNER: "list"},
    "keys": {Role.OWNER: "list rotate"},
    "serve": {Role.OWNER: ""},
    "worker": {Role.OWNER: ""},
    "demo": {Role.OWNER: ""},
}

ACTS: Mapping[str, Role] = {
    f"{noun} {verb}".strip(): role
    for noun, of_role in _OF_NOUNS.items()
    for role, verbs in of_role.items()
    for verb in verbs.split() or [""]
}


def may(role: Role, act: str) -> bool:
    """Say whether a role is enough for an act; for one that is in no row, none is."""
    least = ACTS.get(act)
    return least is not None and _RANK[role] >= _RANK[least]


def refuse_beyond(role: Role, act: str) -> None:
    """Raise NotAllowed for what a role is not enough for."""
    if not may(role, act):
        least = ACTS.get(act)
        needed = f"takes the role '{least}'" if least else "may be done by nobody"
        raise NotAllowed(f"'{act}' {needed}, and this is done as '{role}'.")


_RANK = {role: rank for rank, role in enumerate(Role)}
