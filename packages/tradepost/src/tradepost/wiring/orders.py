"""Orders of a channel, handing them over, and shipments."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial

from django.db import transaction
from django.utils import timezone

from tradepost.catalogues.shipments_csv import COLUMNS as SHIPMENT_COLUMNS
from tradepost.catalogues.shipments_csv import ShipmentCsv
from tradepost.database.models import Channel, Trigger
from tradepost.database.orders.exports import DjangoOrderExports
from tradepost.database.orders.orders import DjangoOrders
from tradepost.database.orders.shipment_sources import DjangoShipmentSources
from tradepost.database.orders.targets import DjangoTargets
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.errors import NotAllowed
from tradepost.exports.registry import OrderFiles
from tradepost.operations.orders.deliver_orders import ConsumerDeliveries
from tradepost.operations.orders.handovers import HandoverPorts
from tradepost.operations.orders.order_exports import ExportPorts
from tradepost.operations.orders.order_requests import OrderPorts
from tradepost.operations.ports import (
    Clock,
    ConsumerTarget,
    Deliveries,
    Fetches,
    ShipmentReader,
    ShipmentSources,
    Target,
    Targets,
)
from tradepost.wiring.places import open_source, open_target
from tradepost.wiring.secrets import cipher
from tradepost.wiring.trail import history


def order_ports(
    channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> OrderPorts:
    """Give what requests about a channel's orders need; `requested_by` is kept."""
    return OrderPorts(
        channel_id=channel.pk,
        requested_by=requested_by,
        orders=DjangoOrders(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


def shipment_reader() -> ShipmentReader:
    """Give what reads files of shipments."""
    return ShipmentCsv()


def shipment_columns() -> Mapping[str, str]:
    """Name the columns of a file of shipments, and what they say."""
    return SHIPMENT_COLUMNS


def handover_ports(
    channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> HandoverPorts:
    """Give what handing over a channel's orders needs; `requested_by` is kept."""
    return HandoverPorts(
        channel_id=channel.pk,
        handovers=DjangoHandovers(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


def export_ports(
    channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> ExportPorts:
    """Give what taking a channel's orders out needs; `requested_by` is kept."""
    return ExportPorts(
        channel_id=channel.pk,
        exports=DjangoOrderExports(channel.pk),
        writer=OrderFiles(),
        handovers=DjangoHandovers(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


def targets_of(channel: Channel) -> Targets:
    return DjangoTargets(channel.pk, cipher=cipher)


def deliveries_of(channel: Channel, *, clock: Clock = timezone.now) -> Deliveries:
    exports = export_ports(channel, requested_by="", trigger=Trigger.CHAIN, clock=clock)
    opener = _no_target if channel.is_look_only else partial(open_target, is_local=channel.is_local)
    return ConsumerDeliveries(channel.name, exports, targets_of(channel), opener)


def _no_target(_target: ConsumerTarget) -> AbstractContextManager[Target]:
    raise NotAllowed("The channel is look-only, so nothing is brought to consumers.")


def shipment_sources_of(channel: Channel) -> ShipmentSources:
    return DjangoShipmentSources(channel.pk, cipher=cipher)


def fetches_of(channel: Channel) -> Fetches:
    return Fetches(shipment_sources_of(channel), shipment_reader(), partial(open_source, is_local=channel.is_local))
