"""Channels: their settings as plain values, and the port of those that set channels up."""

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tradepost.database.channels.channel_settings import set_settings, settings_of
from tradepost.database.channels.connections import (
    forget_connection,
    image_connection_of,
    save_image_connection,
    save_store_connection,
    store_connection_of,
)
from tradepost.database.json_values import plain
from tradepost.database.listings.layouts import change_layout
from tradepost.database.listings.wanted import outdate_channel, preview_channel, refresh_channel
from tradepost.database.models import (
    Channel,
    Connection,
    ConnectionKind,
    ConsumerTargetRecord,
    Listing,
    Run,
    StoreFile,
)
from tradepost.database.orders.known_orders import note_handed_over
from tradepost.domain.channels.layout import Layout
from tradepost.domain.channels.setup import SetupStep
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing import Link
from tradepost.domain.plan import RunState
from tradepost.operations.ports import (
    CHECKED_WELL,
    ChannelProfile,
    ChannelSettings,
    Cipher,
    KeptFinding,
    KnownSince,
    RemovedChannel,
    StoreConnection,
    StoreStanding,
    WantedDifferences,
)

_LONGEST_NAME = 100
_REMOVED = " (removed "


def profile_of(channel: Channel, *, cipher: Cipher | None = None) -> ChannelProfile:
    """Return the channel whole; without a cipher, with blanks for its secrets."""
    return ChannelProfile(
        settings=settings_of(channel),
        is_paused=channel.is_paused,
        setup=SetupStep(channel.setup_step) if channel.setup_step else None,
        standing=StoreStanding(channel.store_standing),
        doubt=channel.store_doubt,
        restored_why=channel.restored_why,
        store=store_connection_of(channel, cipher=cipher),
        images=image_connection_of(channel, cipher=cipher),
    )


class DjangoChannels:
    """Implements `ports.Channels`; the cipher is made only where secrets are read or written."""

    def __init__(self, *, cipher: Callable[[], Cipher]) -> None:
        self._cipher = cipher

    def has(self, name: str) -> bool:
        return Channel.objects.filter(name=name).exists()

    def read(self, channel_id: int, *, with_secrets: bool = False) -> ChannelProfile:
        return profile_of(_in_use(channel_id), cipher=self._cipher() if with_secrets else None)

    def add(self, profile: ChannelProfile) -> int:
        channel = Channel()
        self._write(channel, profile)
        return channel.pk

    def save(self, profile: ChannelProfile) -> None:
        self._write(_in_use(profile.settings.id), profile)

    def _write(self, channel: Channel, profile: ChannelProfile) -> None:
        set_settings(channel, profile.settings)
        channel.is_paused = profile.is_paused
        channel.setup_step = "" if profile.setup is None else profile.setup.value
        try:
            # A transaction of its own, so that the one around it is of use after a refusal.
            with transaction.atomic():
                channel.save()
        except IntegrityError as error:
            if not Channel.objects.filter(name=profile.name).exclude(pk=channel.pk).exists():
                raise
            raise _taken(profile.name) from error
        if profile.store is None:
            forget_connection(channel, ConnectionKind.STORE_API)
        else:
            save_store_connection(channel, profile.store, cipher=self._cipher)
        if profile.images is None:
            forget_connection(channel, ConnectionKind.IMAGE_FTP)
        else:
            save_image_connection(channel, profile.images, cipher=self._cipher)

    def confirm_store(self, channel_id: int) -> bool:
        doubted = Channel.objects.filter(pk=_in_use(channel_id).pk, store_standing=StoreStanding.DOUBTED.value)
        return doubted.update(store_standing=StoreStanding.CONFIRMED.value, store_doubt="") == 1

    def change_layout(self, channel_id: int, *, before: Layout, after: Layout) -> None:
        change_layout(channel_id, before=before, after=after, at=timezone.now())

    def outdate_wanted(self, channel_id: int) -> None:
        outdate_channel(channel_id)

    def refresh_wanted(self, channel_id: int) -> WantedDifferences:
        return refresh_channel(channel_id, at=timezone.now())

    def preview_wanted(self, channel_id: int, settings: ChannelSettings) -> WantedDifferences:
        return preview_channel(channel_id, settings)

    def forget_refusals(self, channel_id: int) -> None:
        Listing.objects.filter(channel_id=channel_id, refusals__gt=0).update(refusals=0)

    def forget_files(self, channel_id: int) -> None:
        forgotten, _ = StoreFile.objects.filter(channel_id=channel_id).delete()
        if forgotten:
            Listing.objects.filter(channel_id=channel_id, link=Link.LINKED.value).update(awaits_images=True)

    def note_check(
        self, channel_id: int, *, store: str, images: str, findings: Sequence[KeptFinding], at: datetime
    ) -> None:
        Channel.objects.filter(pk=channel_id).update(findings=[plain(each) for each in findings], checked_at=at)
        for kind, result in ((ConnectionKind.STORE_API, store), (ConnectionKind.IMAGE_FTP, images)):
            connections = _in_use(channel_id).connections.filter(kind=kind.value)
            connections.update(tested_at=at, test_result=result)
        if store == CHECKED_WELL:
            forget_refusal(channel_id)

    def take_up(self, channel_id: int, known: KnownSince, *, at: datetime) -> None:
        Channel.objects.filter(pk=channel_id).update(restored_from=None, restored_why="")
        if known.is_nothing:
            return
        note_handed_over(channel_id, missing=known.new_orders, through=known.handed_over_through, at=at)
        # Moves of the hub that went on are in no account here, and the store's counts are of now.
        Listing.objects.filter(channel_id=channel_id, link=Link.LINKED.value).update(account=None)

    def stop_runs(self, channel_id: int) -> int:
        at_work = Run.objects.filter(channel_id=channel_id, state=RunState.RUNNING.value, is_dry=False)
        return at_work.update(cancel_requested=True)

    def archive(self, channel_id: int, *, at: datetime) -> bool:
        channel = _in_use(channel_id)
        if channel.runs.filter(state=RunState.RUNNING.value).exists():
            return False
        Run.objects.filter(channel=channel, state=RunState.QUEUED.value).update(
            state=RunState.CANCELLED.value, cancel_requested=True, finished_at=at
        )
        channel.connections.exclude(kind=ConnectionKind.STORE_API.value).delete()
        # Where its store is, it is known again by.
        channel.connections.update(secrets=b"", user="", tested_at=None, test_result="")
        ConsumerTargetRecord.objects.filter(consumer__channel=channel).delete()
        channel.shipment_sources.update(secret=b"")
        channel.schedules.all().delete()
        suffix = f"{_REMOVED}{at:%Y-%m-%d %H:%M:%S})"
        channel.archived_at = at
        channel.name = channel.name[: _LONGEST_NAME - len(suffix)] + suffix
        channel.save(update_fields=["archived_at", "name"])
        return True

    def holder(self, store: StoreConnection, *, besides: int) -> str:
        in_use = _channels_of(store).filter(archived_at__isnull=True).exclude(pk=besides)
        return in_use.order_by("pk").values_list("name", flat=True).first() or ""

    def removed(self, store: StoreConnection) -> RemovedChannel | None:
        found = _channels_of(store).filter(archived_at__isnull=False).order_by("archived_at").last()
        if found is None or found.archived_at is None:
            return None
        return RemovedChannel(found.pk, found.name.rpartition(_REMOVED)[0], found.archived_at)

    def put_back(self, channel_id: int, *, name: str) -> None:
        if self.has(name):
            raise _taken(name)
        Channel.objects.filter(pk=channel_id).update(archived_at=None, name=name)

    def replace_begun(self, channel_id: int, *, by: int) -> None:
        Run.objects.filter(channel_id=channel_id).update(channel_id=by)
        _in_use(channel_id).delete()


def _channels_of(store: StoreConnection) -> QuerySet[Channel]:
    """The channels of a store, in use or not: of its address, in any case and with `www.` or without."""
    address = urlsplit(store.domain)
    host = (address.hostname or "").removeprefix("www.")
    places = Connection.objects.filter(
        Q(host__iexact=host) | Q(host__iexact=f"www.{host}"),
        kind=ConnectionKind.STORE_API.value,
        port=address.port,
        folder=store.folder,
        store_code__iexact=store.store_code,
    )
    return Channel.objects.filter(connections__in=places)


def note_refusal(channel_id: int, reason: str, *, until: datetime) -> None:
    """Keep that the store has refused a channel's token; until then no schedule has it asked again."""
    Channel.objects.filter(pk=channel_id).update(refusal=reason, refused_until=until)


def forget_refusal(channel_id: int) -> None:
    """Take back that the store refuses a channel, because it does not, or because its connection is another one now."""
    Channel.objects.filter(pk=channel_id, refused_until__isnull=False).update(refusal="", refused_until=None)


def _taken(name: str) -> NotAllowed:
    return NotAllowed(f"There is a channel '{name}' already; 'tradepost channel set' changes it.")


def _in_use(channel_id: int) -> Channel:
    channel = Channel.objects.filter(pk=channel_id, archived_at__isnull=True).first()
    if channel is None:
        raise NotAllowed("This channel is out of use.")
    return channel
