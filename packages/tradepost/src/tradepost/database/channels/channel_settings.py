"""The settings of a channel as plain values, and as the columns of the same names hold them."""

import dataclasses
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tradepost.database.json_values import plain
from tradepost.database.models import Channel
from tradepost.domain.channels.image_pages import ImagePage
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings import listing_rules
from tradepost.domain.listings.drift import USUAL_POLICIES, DriftPolicy, Policies
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.orders import order_rules
from tradepost.domain.orders.order import AcknowledgeMode, PaymentState, ShipmentPath, StoreStatus
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.ports import ChannelSettings

_SETTINGS = tuple(field.name for field in dataclasses.fields(ChannelSettings) if field.name != "id")
_RULES = {field.name for field in dataclasses.fields(ContentRules)}
_USUAL_WHERE_EMPTY = frozenset({"order_statuses", "payment_states"})


def settings_of(channel: Channel) -> ChannelSettings:
    """Return the channel's settings."""
    kept = {name: getattr(channel, name) for name in _SETTINGS}
    for name in _USUAL_WHERE_EMPTY:
        if not kept[name]:
            del kept[name]
    return ChannelSettings(
        id=channel.pk, **{name: _READ[name](value) if name in _READ else value for name, value in kept.items()}
    )


def set_settings(channel: Channel, settings: ChannelSettings) -> None:
    """Put the settings into the channel's columns; what a newer version, since gone back from, put there stays."""
    for name in _SETTINGS:
        value, before = getattr(settings, name), getattr(channel, name)
        if name in _WRITTEN:
            value = _WRITTEN[name](value, before)
        elif not isinstance(value, Decimal):
            value = plain(value)
        setattr(channel, name, value)


def _content_rules(kept: Mapping[str, Any]) -> ContentRules:
    known = {name: value for name, value in kept.items() if name in _RULES}
    if "layout" in known:
        known["layout"] = Layout(known["layout"])
    mapping = tuple((target, template) for target, template in known.pop("mapping", ()))
    return ContentRules(**known, mapping=mapping)


def _written_content_rules(rules: ContentRules, before: Mapping[str, Any]) -> dict[str, Any]:
    usual = ContentRules()
    changed = [name for name in sorted(_RULES) if getattr(rules, name) != getattr(usual, name)]
    newer = {name: value for name, value in before.items() if name not in _RULES}
    return {**newer, **{name: plain(getattr(rules, name)) for name in changed}}


def _policies(kept: Mapping[str, str]) -> Policies:
    return {group: DriftPolicy(kept.get(group.value, usual)) for group, usual in USUAL_POLICIES.items()}


def _written_policies(policies: Policies, _before: Any) -> dict[str, str]:
    return {group.value: policy.value for group, policy in policies.items() if USUAL_POLICIES.get(group) is not policy}


def _written_rules(rule_of: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any, Any], Any]:
    return lambda rules, before: [*map(plain, rules), *(values for values in before if rule_of(values) is None)]


# What a column holds otherwise than the settings do.
_READ: Mapping[str, Callable[[Any], Any]] = {
    "rules": _content_rules,
    "order_statuses": lambda kept: frozenset(map(StoreStatus, kept)),
    "payment_states": lambda kept: frozenset(map(PaymentState, kept)),
    "acknowledge_mode": AcknowledgeMode,
    "shipment_path": ShipmentPath,
    "carrier_map": lambda kept: {word.casefold(): carrier for word, carrier in kept.items()},
    "linking_priority": LinkingPriority,
    "stock_mode": StockMode,
    "image_pages": lambda kept: frozenset(ImagePage(page) for page in kept if page in list(ImagePage)),
    "order_rules": lambda kept: tuple(order_rules.rules_of(kept)),
    "listing_rules": lambda kept: tuple(listing_rules.rules_of(kept)),
    "drift_policies": _policies,
}
# What is written with an eye on what stands there, or shorter than `plain` writes it.
_WRITTEN: Mapping[str, Callable[[Any, Any], Any]] = {
    "rules": _written_content_rules,
    "order_rules": _written_rules(order_rules.rule_of),
    "listing_rules": _written_rules(listing_rules.rule_of),
    "drift_policies": _written_policies,
}
