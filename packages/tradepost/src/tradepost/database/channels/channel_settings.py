"""The settings of a channel as plain values."""

import dataclasses
from typing import Any

from tradepost.database.models import Channel
from tradepost.domain.channels.image_pages import ImagePage
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.drift import USUAL_POLICIES, DriftPolicy, Policies
from tradepost.domain.listings.listing_rules import rules_of as listing_rules_of
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.orders.order import AcknowledgeMode, PaymentState, ShipmentPath, StoreStatus
from tradepost.domain.orders.order_rules import rules_of
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.ports import ChannelSettings

RULES = {field.name for field in dataclasses.fields(ContentRules)}


def settings_of(channel: Channel) -> ChannelSettings:
    """Return the channel's settings; what is stored as empty takes the default of `ChannelSettings`."""
    given: dict[str, Any] = {}
    if channel.order_statuses:
        given["order_statuses"] = frozenset(map(StoreStatus, channel.order_statuses))
    if channel.payment_states:
        given["payment_states"] = frozenset(map(PaymentState, channel.payment_states))
    return ChannelSettings(
        id=channel.pk,
        name=channel.name,
        # Rules of a newer version that was gone back from are left alone, not fatal.
        rules=_content_rules(channel),
        is_local=channel.is_local,
        is_look_only=channel.is_look_only,
        time_zone=channel.time_zone,
        look_back_days=channel.look_back_days,
        payload_days=channel.payload_days,
        personal_days=channel.personal_days,
        acknowledge_mode=AcknowledgeMode(channel.acknowledge_mode),
        acknowledge_field=channel.acknowledge_field,
        acknowledge_value=channel.acknowledge_value,
        acknowledge_queue=channel.acknowledge_queue,
        shipment_path=ShipmentPath(channel.shipment_path),
        carrier_map={word.casefold(): carrier for word, carrier in channel.carrier_map.items()},
        requires_product_type=channel.requires_product_type,
        linking_priority=LinkingPriority(channel.linking_priority),
        batch_size=channel.batch_size,
        requests_at_once=channel.requests_at_once,
        delist_parent_with_last_variant=channel.delist_parent_with_last_variant,
        stock_mode=StockMode(channel.stock_mode),
        basket_hours=channel.basket_hours,
        lost_answer_seconds=channel.lost_answer_seconds,
        lowest_price=channel.lowest_price,
        highest_price=channel.highest_price,
        allows_zero_prices=channel.allows_zero_prices,
        sells_without_stock=channel.sells_without_stock,
        sends_images_itself=channel.sends_images_itself,
        image_pages=frozenset(ImagePage(page) for page in channel.image_pages if page in list(ImagePage)),
        brake_percent=channel.brake_percent,
        brake_at_least=channel.brake_at_least,
        order_rules=tuple(rules_of(channel.order_rules)),
        listing_rules=tuple(listing_rules_of(channel.listing_rules)),
        lists_new=channel.lists_new,
        drift_policies=_policies_of(channel),
        **given,
    )


def _content_rules(channel: Channel) -> ContentRules:
    known = {name: value for name, value in channel.rules.items() if name in RULES}
    if "layout" in known:
        known["layout"] = Layout(known["layout"])
    mapping = tuple((target, template) for target, template in known.pop("mapping", ()))
    return ContentRules(**known, mapping=mapping)


def _policies_of(channel: Channel) -> Policies:
    return {
        group: DriftPolicy(channel.drift_policies.get(group.value, usual)) for group, usual in USUAL_POLICIES.items()
    }
