"""Changes, each made by a factory named after what happens. No secret is ever in one, only that it is new."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tradepost.domain.order import Shipment
from tradepost.domain.plan import Action, Change, FieldChange, Side, Subject, SubjectKind
from tradepost.operations.ports import ChannelProfile, ImageConnection, ListingRow, StoreConnection

# --- channels and their connections ---

_NO_SETTINGS = frozenset({"id", "rules", "has_images"})
_SECRETS = frozenset({"token", "signature_key", "web_password", "password"})
REPLACED = "replaced"


def channel_connected(profile: ChannelProfile) -> Change:
    """Make the change by which a channel comes into being."""
    after = {**_facts(profile), **_secrets(profile)}
    given = tuple(FieldChange(name, None, value) for name, value in after.items() if value not in (None, ""))
    return _of_channel(profile, Action.CREATE, given, "connected by a person")


def channel_changed(before: ChannelProfile, after: ChannelProfile) -> Change:
    """Make the change between two states of a channel; it has no fields where nothing differs."""
    old, new = _facts(before), _facts(after)
    differing = tuple(
        FieldChange(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )
    replaced = tuple(FieldChange(name, None, word) for name, word in _secrets(after).items())
    return _of_channel(before, Action.UPDATE, differing + replaced, "changed by a person")


def channel_paused(profile: ChannelProfile, *, is_paused: bool) -> Change:
    """Make the change by which a channel executes no more runs, or executes them again."""
    reason = "paused by a person" if is_paused else "resumed by a person"
    return _of_channel(profile, Action.UPDATE, (FieldChange("is_paused", profile.is_paused, is_paused),), reason)


def channel_removed(profile: ChannelProfile) -> Change:
    """Make the change by which a channel goes out of use and its credentials are forgotten."""
    forgotten = tuple(FieldChange(name, value, None) for name, value in _connections(profile).items() if value)
    return _of_channel(profile, Action.DELETE, forgotten, "taken out of use by a person")


def connection_checked(profile: ChannelProfile, connection: str) -> Change:
    """Make the change that looking at a connection is: none, but kept, because what was found is asked for later."""
    return _of_channel(profile, Action.KEEP, (), f"{connection} checked by a person")


def _of_channel(profile: ChannelProfile, action: Action, differing: tuple[FieldChange, ...], reason: str) -> Change:
    return Change(Subject(SubjectKind.CHANNEL, profile.name), Side.HUB, action, differing, reason)


def _facts(profile: ChannelProfile) -> dict[str, Any]:
    settings = profile.settings
    return {
        **{each.name: getattr(settings, each.name) for each in fields(settings) if each.name not in _NO_SETTINGS},
        **{each.name: getattr(settings.rules, each.name) for each in fields(settings.rules)},
        **_connections(profile),
    }


def _connections(profile: ChannelProfile) -> dict[str, Any]:
    """Return the fields of both connections without secrets, as `store_domain` and `images_host`."""
    return {
        f"{place}_{each.name}": getattr(connection, each.name)
        for place, connection in _places(profile).items()
        for each in fields(connection)
        if each.name not in _SECRETS
    }


def _secrets(profile: ChannelProfile) -> dict[str, str]:
    """Say of each secret that was given that it is new."""
    return {
        f"{place}_{each.name}": REPLACED
        for place, connection in _places(profile).items()
        for each in fields(connection)
        if each.name in _SECRETS and getattr(connection, each.name)
    }


def _places(profile: ChannelProfile) -> Mapping[str, StoreConnection | ImageConnection]:
    places = {"store": profile.store, "images": profile.images}
    return {place: connection for place, connection in places.items() if connection is not None}


# --- shipments ---


def shipment_recorded(shipment: Shipment) -> Change:
    """Make the change by which the hub learns of a package; a later run tells the store."""
    return Change(
        Subject(SubjectKind.SHIPMENT, shipment.code, f"order {shipment.order_number}"),
        Side.HUB,
        Action.CREATE,
        (
            FieldChange("carrier", None, shipment.carrier),
            FieldChange("tracking_number", None, shipment.tracking_number),
            FieldChange("cost", None, shipment.cost),
            FieldChange("lines", None, shipment.lines),
        ),
        "recorded by a person",
    )


# --- what is asked for of listings ---


def listing_paused(row: ListingRow, *, is_paused: bool) -> Change:
    """Make the change by which no run touches a listing any more, or may again."""
    return Change(
        Subject(SubjectKind.LISTING, row.code),
        Side.HUB,
        Action.UPDATE,
        (FieldChange("is_paused", row.status.is_paused, is_paused),),
        "paused by a person" if is_paused else "resumed by a person",
        row.id,
    )
