"""Channels as people set them up, and their schedules."""

from django.db import transaction
from django.utils import timezone

from tradepost.database.channels import channels
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.channels.schedules import DjangoSchedules
from tradepost.database.models import Channel, Trigger
from tradepost.database.stock import remainders
from tradepost.domain.stock.stock_remainder import Remainder
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.ports import ChannelProfile, Clock, Schedules
from tradepost.wiring.secrets import cipher
from tradepost.wiring.stores import connector
from tradepost.wiring.trail import history


def channel_ports(*, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now) -> ChannelPorts:
    """Give what connecting, changing, checking, pausing and removing channels needs; `requested_by` is kept."""
    return ChannelPorts(
        channels=DjangoChannels(cipher=cipher),
        schedules=schedules(),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        connector=connector(),
        transaction=transaction.atomic,
        clock=clock,
    )


def profile_of(channel: Channel) -> ChannelProfile:
    """Return a channel whole, as people set it up, with blanks for its secrets."""
    return channels.profile_of(channel)


def schedules() -> Schedules:
    return DjangoSchedules()


def remainder_of(channel: Channel, *, clock: Clock = timezone.now) -> Remainder:
    """Say how many pieces may be sold twice, on this channel and on others, before either knows."""
    return remainders.remainder_of(channel, now=clock())
