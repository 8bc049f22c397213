"""What changes of a channel, as changes. No secret is ever in one, only that it is new."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tradepost.domain import changes
from tradepost.domain.channels.schedule import OFF, Schedule, ScheduledOperation
from tradepost.domain.people.audit import REPLACED
from tradepost.domain.plan import Action, Change, FieldChange
from tradepost.operations.ports import ChannelProfile, ImageConnection, StoreConnection, StoreStanding

_NO_SETTINGS = frozenset({"id", "rules"})
_SECRETS = frozenset({"token", "signature_key", "web_password", "password"})


def channel_connected(
    profile: ChannelProfile, schedules: Mapping[ScheduledOperation, Schedule], *, again: bool = False
) -> Change:
    """Make the change by which a channel comes into being, or `again` into use."""
    after = {**_facts(profile), **_schedules(schedules), **_secrets(profile)}
    given = tuple(FieldChange(name, None, value) for name, value in after.items() if value not in (None, ""))
    reason = "connected again by a person" if again else "connected by a person"
    return changes.of_channel(profile.name, Action.CREATE, given, reason)


def channel_changed(before: ChannelProfile, after: ChannelProfile) -> Change:
    """Make the change between two states of a channel; it has no fields where nothing differs."""
    old, new = _facts(before), _facts(after)
    differing = tuple(
        FieldChange(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )
    replaced = tuple(FieldChange(name, None, word) for name, word in _secrets(after).items())
    return changes.of_channel(before.name, Action.UPDATE, differing + replaced, "changed by a person")


def channel_paused(profile: ChannelProfile, *, is_paused: bool) -> Change:
    """Make the change by which a channel executes no more runs, or executes them again."""
    reason = "paused by a person" if is_paused else "resumed by a person"
    return changes.of_channel(
        profile.name, Action.UPDATE, (FieldChange("is_paused", profile.is_paused, is_paused),), reason
    )


def schedule_changed(
    profile: ChannelProfile, operation: ScheduledOperation, *, before: Schedule, after: Schedule
) -> Change:
    """Make the change of when an operation is started; it has no fields where nothing differs."""
    differing = () if before == after else (FieldChange(_schedule(operation), str(before), str(after)),)
    return changes.of_channel(profile.name, Action.UPDATE, differing, "changed by a person")


def schedule_paused(profile: ChannelProfile, operation: ScheduledOperation, *, is_paused: bool) -> Change:
    """Make the change by which nothing starts an operation but a person, or its schedule does again."""
    reason = "paused by a person" if is_paused else "resumed by a person"
    switched = FieldChange(f"{_schedule(operation)}_is_paused", not is_paused, is_paused)
    return changes.of_channel(profile.name, Action.UPDATE, (switched,), reason)


def store_confirmed(profile: ChannelProfile) -> Change:
    """Make the change by which a person says that a doubted store is the one that was linked."""
    standing = FieldChange("standing", profile.standing.value, StoreStanding.CONFIRMED.value)
    return changes.of_channel(profile.name, Action.UPDATE, (standing,), f"confirmed by a person: {profile.doubt}")


def channel_removed(profile: ChannelProfile) -> Change:
    """Make the change by which a channel goes out of use and its credentials are forgotten."""
    forgotten = tuple(FieldChange(name, value, None) for name, value in _connections(profile).items() if value)
    return changes.of_channel(profile.name, Action.DELETE, forgotten, "taken out of use by a person")


def connection_checked(profile: ChannelProfile, connection: str) -> Change:
    """Make the change that looking at a connection is: none, but kept, because what was found is asked for later."""
    return changes.of_channel(profile.name, Action.KEEP, (), f"{connection} checked by a person")


def _facts(profile: ChannelProfile) -> dict[str, Any]:
    settings = profile.settings
    return {
        **{each.name: getattr(settings, each.name) for each in fields(settings) if each.name not in _NO_SETTINGS},
        **{each.name: getattr(settings.rules, each.name) for each in fields(settings.rules)},
        **_connections(profile),
    }


def _schedules(schedules: Mapping[ScheduledOperation, Schedule]) -> dict[str, str]:
    return {_schedule(operation): str(schedule) for operation, schedule in schedules.items() if schedule != OFF}


def _schedule(operation: ScheduledOperation) -> str:
    return f"schedule_{operation}"


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
