"""A store that is connected again: its channel goes on as it was, but for what is said of it now. Pure."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from tradepost.domain.listings.making import ContentRules
from tradepost.operations.ports import ChannelProfile, ChannelSettings, RemovedChannel

_Settings = TypeVar("_Settings", ChannelSettings, ContentRules)

# Of the connection, and not of what the merchant has made of the channel.
_OF_NOW = frozenset({"name", "is_local", "is_look_only", "sends_images_itself"})


def known_store_words(removed: RemovedChannel) -> str:
    """Say to whoever connects a store again what becomes of what is known of it."""
    return (
        f"This store was connected before, as '{removed.name}' until {removed.removed_at:%Y-%m-%d}, and goes on as "
        "that channel: its listings, orders and settings are as they were. Passwords of other places, for orders and "
        "shipments, have to be given again."
    )


def as_before(before: ChannelProfile, now: ChannelProfile) -> ChannelProfile:
    """
    Return a channel as it is connected now, with the settings that it had; one that is not the usual one is meant.

    What was put back to an earlier state, and of which nobody has said what came after it, looks only.
    """
    usual = ChannelSettings(id=0, name="", rules=ContentRules())
    settings = _merged(before.settings, now.settings, usual, of_now=_OF_NOW)
    settings = replace(
        settings,
        id=before.settings.id,
        rules=_merged(before.settings.rules, now.settings.rules, usual.rules),
        is_look_only=now.settings.is_look_only or bool(before.restored_why),
    )
    return replace(
        now, settings=settings, standing=before.standing, doubt=before.doubt, restored_why=before.restored_why
    )


def _merged(before: _Settings, now: _Settings, usual: _Settings, *, of_now: frozenset[str] = frozenset()) -> _Settings:
    said: dict[str, Any] = {
        name: getattr(now, name)
        for name in (each.name for each in fields(now))
        if name in of_now or getattr(now, name) != getattr(usual, name)
    }
    return replace(before, **said)
