"""
A store in a box beside this process, to try things on: started, connected as a channel and stopped with the process.

Its state is in a folder of the data folder, so that it is the same store the next time, at other ports.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings

from tradepost import wiring
from tradepost.database.models import Channel
from tradepost.domain.channels.schedule import DEFAULT_SCHEDULES, Schedule, ScheduledOperation
from tradepost.domain.errors import NotAllowed, TradepostError
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.engine.imports import import_file
from tradepost.engine.sample import write_sample
from tradepost.engine.store_in_a_box import RunningBox, StoreInABox, is_installed, start_box
from tradepost.operations.catalogue.imports import NamedFile
from tradepost.operations.channels import channels
from tradepost.operations.channels.connection_check import faults
from tradepost.operations.ports import (
    ChannelProfile,
    ChannelSettings,
    FileProtocol,
    ImageConnection,
    StoreConnection,
)

__all__ = ["CHANNEL", "connect_box", "is_installed", "running_box", "start_again", "stop", "try_out"]

CHANNEL = "sandbox"
_FOLDER = "sandbox"
_logger = logging.getLogger(__name__)
_turn = threading.Lock()
_running: RunningBox | None = None


def try_out(*, requested_by: str) -> Channel:
    """
    Start the store in a box, connect it as a channel that is live, and bring the sample catalogue in. Idempotent.

    Raises NotAllowed where it is not installed, or a channel of another store has its name; StoreUnavailable.
    """
    channel = _started(requested_by=requested_by)
    sample = write_sample(settings.DATA_DIR / _FOLDER / "sample")
    import_file(NamedFile.of(sample, channels=(channel.name,)), requested_by=requested_by)
    return channel


def start_again() -> None:
    """Start the store in a box if its channel is in use; what is in the way is logged, and keeps nobody from work."""
    if not (is_installed() and Channel.objects.filter(name=CHANNEL, is_local=True, archived_at__isnull=True).exists()):
        return
    try:
        _started(requested_by="server")
    except TradepostError as error:
        _logger.warning("The store in a box was not started: %s", error)


def running_box() -> StoreInABox | None:
    """What the store in a box of this process is called by; None where it is not running."""
    return _running.box if _running is not None and _running.is_running else None


def stop() -> None:
    """Stop the store in a box of this process, if there is one."""
    global _running  # noqa: PLW0603 there is one of it
    with _turn:
        if _running is not None:
            _running.stop()
            _running = None


def _started(*, requested_by: str) -> Channel:
    global _running  # noqa: PLW0603 as above
    with _turn:
        other = Channel.objects.filter(name=CHANNEL, archived_at__isnull=True).first()
        if other is not None and not other.is_local:
            raise NotAllowed(f"There is a channel '{CHANNEL}' of another store. Give that one another name first.")
        if _running is None or not _running.is_running:
            _running = start_box(settings.DATA_DIR / _FOLDER)
        return connect_box(_running.box, name=CHANNEL, requested_by=requested_by)


def connect_box(
    box: StoreInABox,
    *,
    name: str,
    requested_by: str,
    schedules: Mapping[ScheduledOperation, Schedule] = DEFAULT_SCHEDULES,
) -> Channel:
    """
    Connect a store in a box as a merchant would: with the token that has just the hub's functions. Idempotent.

    A channel of this name gets its new addresses. Raises NotAllowed where something is not as it should be.
    """
    wanted = _profile(box, name=name)
    ports = wiring.channels.channel_ports(requested_by=requested_by)
    channel = Channel.objects.filter(name=name).first()
    if channel is None:
        _, look = channels.connect_channel(wanted, ports, make_folder=True, schedules=schedules)
    else:
        # The store is the same one, at new ports.
        channels.change_channel(
            channel.pk, lambda stored: replace(stored, store=wanted.store, images=wanted.images), ports
        )
        look = channels.check_channel(channel.pk, ports, make_folder=True)
    if not look.is_good:
        raise NotAllowed(faults(look.findings))
    return Channel.objects.get(name=name)


def _profile(box: StoreInABox, *, name: str) -> ChannelProfile:
    return ChannelProfile(
        settings=ChannelSettings(
            id=0, name=name, rules=ContentRules(), is_local=True, acknowledge_mode=AcknowledgeMode.NOTE
        ),
        store=StoreConnection(
            domain=box.endpoint,
            store_code=box.store_code,
            token=box.hub_token,
            signature_key=box.hub_signature_key,
            plain_http=True,
        ),
        images=ImageConnection(
            host=box.ftp_host,
            port=box.ftp_port,
            user=box.ftp_user,
            password=box.ftp_password,
            # The child's server listens on this machine only.
            protocol=FileProtocol.FTP,
        ),
    )
