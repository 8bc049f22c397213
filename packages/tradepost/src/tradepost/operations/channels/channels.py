"""Setting channels up: connect, change, schedule, check, pause, remove; each is in the history with who asked."""

import shlex
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from tradepost.domain import fields
from tradepost.domain.channels.schedule import DEFAULT_SCHEDULES, Schedule, ScheduledOperation, next_time
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders import acknowledgement
from tradepost.domain.plan import Change, Outcome, Result
from tradepost.operations.channels import channel_changes as changes
from tradepost.operations.channels.connection_check import Look, faults, look_at
from tradepost.operations.channels.known_stores import as_before
from tradepost.operations.ports import (
    CHECKED_WELL,
    ChannelProfile,
    Channels,
    ChannelSettings,
    Clock,
    Connector,
    History,
    ImageConnection,
    KnownSince,
    RemovedChannel,
    ScheduleRow,
    Schedules,
    StoreConnection,
    WantedDifferences,
)


@dataclass(frozen=True, slots=True)
class ChannelPorts:
    """What setting channels up needs; `history` knows who asks."""

    channels: Channels
    schedules: Schedules
    history: History
    connector: Connector
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock


def refuse_unusable(profile: ChannelProfile, ports: ChannelPorts) -> None:
    """
    Raise NotAllowed for a name or a store that is taken, AddressRefused for what can't be called; secrets aren't looked
    at.
    """
    if ports.channels.has(profile.name):
        raise NotAllowed(f"There is a channel '{profile.name}' already; 'tradepost channel set' changes it.")
    _refuse_held_store(_settled(profile, ports.connector), ports)


def connect_channel(
    profile: ChannelProfile,
    ports: ChannelPorts,
    *,
    is_checked: bool = True,
    make_folder: bool = False,
    chooses_images: bool = True,
    schedules: Mapping[ScheduledOperation, Schedule] = DEFAULT_SCHEDULES,
) -> tuple[int | None, Look]:
    """
    Connect a store: look at its connections first, and keep the channel only if all is well. Return its id.

    None, and nothing kept, where something is not: the name stays free, and the same may be asked again. Without
    `is_checked` it is kept unseen. `chooses_images`: where no image server is given, images go the way that the store
    takes them in without one, if it does. A channel of this store that was taken out of use goes on (`take_in`). Raises
    NotAllowed for a name or a store that is taken, AddressRefused.
    """
    refuse_unusable(profile, ports)
    profile = _settled(profile, ports.connector)
    chooses = is_checked and chooses_images and profile.images is None
    if chooses:
        # Whether the store can is what the look finds out.
        profile = _with_own_images(profile, is_on=True)
    look = look_at(profile, ports.connector, make_folder=make_folder, is_new=chooses) if is_checked else Look()
    if not look.is_good:
        return None, look
    if chooses and not look.takes_images:
        profile = _with_own_images(profile, is_on=False)
    with ports.transaction():
        channel_id = take_in(profile, schedules, ports)
        if is_checked:
            _keep_look(channel_id, profile, look, ports)
    return channel_id, look


def connected_before(store: StoreConnection | None, ports: ChannelPorts) -> RemovedChannel | None:
    """Return the channel that a store had, if it was taken out of use; its address as a person has typed it."""
    return None if store is None else ports.channels.removed(ports.connector.settled_store(store))


def take_in(profile: ChannelProfile, schedules: Mapping[ScheduledOperation, Schedule], ports: ChannelPorts) -> int:
    """
    Keep a channel that is connected; return its id. To be called in a transaction, with settled addresses.

    That is the one that its store had before, if it was taken out of use: its orders are in the ledger, are reserved
    and were handed over, and what is on the store is linked. As a new one it would have all of that twice. Raises
    NotAllowed for a name that is taken.
    """
    removed = None if profile.store is None else ports.channels.removed(profile.store)
    if removed is None:
        channel_id = ports.channels.add(profile)
    else:
        channel_id = removed.id
        ports.channels.put_back(channel_id, name=profile.name)
        before = ports.channels.read(channel_id)
        profile = as_before(before, profile)
        _save(before, profile, ports)
    ports.schedules.keep(channel_id, timed(schedules, profile, ports))
    connected = changes.channel_connected(profile, schedules, again=removed is not None)
    ports.history.keep([Result(connected, Outcome.APPLIED)], channel_id=channel_id)
    return channel_id


def _with_own_images(profile: ChannelProfile, *, is_on: bool) -> ChannelProfile:
    return replace(profile, settings=replace(profile.settings, sends_images_itself=is_on))


def change_channel(channel_id: int, edit: Callable[[ChannelProfile], ChannelProfile], ports: ChannelPorts) -> Change:
    """
    Change a channel's settings or connections; return what differs, without fields where nothing does.

    `edit` gets the channel with blank secrets, and those that it leaves blank stay. Raises NotAllowed for a name or a
    store that is taken and for what is impossible, AddressRefused. What is on the store in another layout than the
    channel has by then is switched by the next publish.
    """
    change, _ = change_what_is_shown(channel_id, edit, ports)
    return change


def change_what_is_shown(
    channel_id: int,
    edit: Callable[[ChannelProfile], ChannelProfile],
    ports: ChannelPorts,
    *,
    is_computed_now: bool = True,
) -> tuple[Change, WantedDifferences]:
    """
    Change a channel as `change_channel` does; return, too, what its listings should show otherwise than before.

    That is left to its next run where it is not `is_computed_now`.
    """
    with ports.transaction():
        before, after = _edited(channel_id, edit, ports)
        change = changes.channel_changed(before, after)
        if change.fields:
            _save(before, after, ports)
            if after.settings.is_look_only and not before.settings.is_look_only:
                ports.channels.stop_runs(channel_id)
            if after.settings.time_zone != before.settings.time_zone:
                stored = {row.operation: row.schedule for row in ports.schedules.of(channel_id) if row.schedule.cron}
                ports.schedules.keep(channel_id, timed(stored, after, ports))
            ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=channel_id)
    # Of many listings it takes minutes, and others write meanwhile; what a kill leaves is done before the next run.
    return change, ports.channels.refresh_wanted(channel_id) if is_computed_now else WantedDifferences()


def _save(before: ChannelProfile, after: ChannelProfile, ports: ChannelPorts) -> None:
    """Keep a channel as it is by now, with what follows for its listings."""
    channel_id = after.settings.id
    ports.channels.save(after)
    layouts = before.settings.rules.layout, after.settings.rules.layout
    if layouts[0] is not layouts[1]:
        ports.channels.change_layout(channel_id, before=layouts[0], after=layouts[1])
    # What the store refused may be taken as it is made up now.
    ports.channels.forget_refusals(channel_id)
    if _wants_otherwise(before.settings, after.settings):
        ports.channels.outdate_wanted(channel_id)
    if _is_elsewhere(before.images, after.images):
        ports.channels.forget_files(channel_id)


def preview_what_is_shown(
    channel_id: int, edit: Callable[[ChannelProfile], ChannelProfile], ports: ChannelPorts
) -> tuple[Change, WantedDifferences]:
    """Return what `change_what_is_shown` would. Nothing is kept, and raises what it raises."""
    before, after = _edited(channel_id, edit, ports)
    change = changes.channel_changed(before, after)
    if not _wants_otherwise(before.settings, after.settings):
        return change, WantedDifferences()
    return change, ports.channels.preview_wanted(channel_id, after.settings)


def _edited(
    channel_id: int, edit: Callable[[ChannelProfile], ChannelProfile], ports: ChannelPorts
) -> tuple[ChannelProfile, ChannelProfile]:
    """Return a channel before and after; raises NotAllowed for what is impossible."""
    before = ports.channels.read(channel_id)
    after = _settled(edit(before), ports.connector)
    if _store_place(after) != _store_place(before):
        _refuse_held_store(after, ports)
    _refuse_impossible_prices(after)
    _refuse_misfits(after.settings)
    return before, after


def _wants_otherwise(before: ChannelSettings, after: ChannelSettings) -> bool:
    """Whether what listings should show goes by a setting that has changed."""
    return _shown_by(before) != _shown_by(after)


def _shown_by(settings: ChannelSettings) -> tuple[object, ...]:
    return settings.price_limits, settings.sells_without_stock, settings.listing_rules, settings.rules.layout


def _is_elsewhere(before: ImageConnection | None, after: ImageConnection | None) -> bool:
    """Whether images go to another place, so that what was sent before is not there, or not known to be."""
    return after is not None and (before is None or _place(before) != _place(after))


def _place(images: ImageConnection) -> ImageConnection:
    """All but what lets the hub in. The user belongs to it: many a server has a root of its own for each."""
    return replace(images, password="", fingerprint="")


def set_schedule(
    channel_id: int, operation: ScheduledOperation, schedule: Schedule, ports: ChannelPorts
) -> tuple[Change, ScheduleRow]:
    """
    Set when an operation is started without a person, from now on; return what differs, and the row as it is then.

    Idempotent: the same schedule keeps its next time. One that is paused stays so, unless it is off now. Raises
    NotAllowed.
    """
    with ports.transaction():
        profile = ports.channels.read(channel_id)
        row = _row_of(channel_id, operation, ports)
        change = changes.schedule_changed(profile, operation, before=row.schedule, after=schedule)
        if change.fields:
            ports.schedules.keep(channel_id, timed({operation: schedule}, profile, ports))
            ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=channel_id)
        return change, _row_of(channel_id, operation, ports)


def pause_schedule(channel_id: int, operation: ScheduledOperation, ports: ChannelPorts) -> tuple[bool, ScheduleRow]:
    """
    Let nothing start an operation but a person; its times are kept. Return whether that is new, and the row.

    What is queued or at work already goes on to its end. Raises NotAllowed for what is off.
    """
    with ports.transaction():
        profile = ports.channels.read(channel_id)
        _scheduled(profile, operation, ports, to="pause")
        is_new = ports.schedules.pause(channel_id, operation, at=ports.clock())
        if is_new:
            change = changes.schedule_paused(profile, operation, is_paused=True)
            ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=channel_id)
        return is_new, _row_of(channel_id, operation, ports)


def resume_schedule(channel_id: int, operation: ScheduledOperation, ports: ChannelPorts) -> tuple[bool, ScheduleRow]:
    """
    Let a paused schedule start its operation again, at the next of its times: what it missed is not made up for.

    Return whether that is new, and the row. Raises NotAllowed for what is off.
    """
    with ports.transaction():
        profile = ports.channels.read(channel_id)
        row = _scheduled(profile, operation, ports, to="resume")
        time_zone = profile.settings.time_zone
        next_at = next_time(row.schedule, after=ports.clock(), time_zone=time_zone, beat=row.next_at)
        is_new = ports.schedules.resume(channel_id, operation, next_at=next_at)
        if is_new:
            change = changes.schedule_paused(profile, operation, is_paused=False)
            ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=channel_id)
        return is_new, _row_of(channel_id, operation, ports)


def _scheduled(profile: ChannelProfile, operation: ScheduledOperation, ports: ChannelPorts, *, to: str) -> ScheduleRow:
    """Raises NotAllowed for what is off."""
    row = _row_of(profile.settings.id, operation, ports)
    if row.schedule.is_off:
        what = f"{operation.replace('_', ' ')} of '{profile.name}'"
        raise NotAllowed(f"Nothing starts {what} but a person, so there is no schedule to {to}.")
    return row


def _row_of(channel_id: int, operation: ScheduledOperation, ports: ChannelPorts) -> ScheduleRow:
    return next(row for row in ports.schedules.of(channel_id) if row.operation is operation)


def check_channel(
    channel_id: int, ports: ChannelPorts, *, make_folder: bool = False, writes_probe: bool = False
) -> Look:
    """
    Look at a channel's connections, and keep what was found.

    `make_folder`: make the folder for images where it is missing. `writes_probe`: put a file onto the image server and
    take it away again although the channel is look-only, as the person was told who asks for it. Raises Reconfigure
    when the key to the secrets does not fit.
    """
    profile = ports.channels.read(channel_id, with_secrets=True)
    looked_at = profile
    if writes_probe:
        looked_at = replace(profile, settings=replace(profile.settings, is_look_only=False))
    look = look_at(looked_at, ports.connector, make_folder=make_folder)
    with ports.transaction():
        _keep_look(channel_id, profile, look, ports)
    return look


def pause_channel(channel_id: int, ports: ChannelPorts) -> bool:
    """Let a channel execute no more runs; one at work goes on to its end. False where it is paused already."""
    return _set_paused(channel_id, ports, is_paused=True)


def resume_channel(channel_id: int, ports: ChannelPorts) -> bool:
    """Let a channel execute runs again, first those that were queued. False where it is not paused."""
    return _set_paused(channel_id, ports, is_paused=False)


def go_live(channel_id: int, ports: ChannelPorts, *, known: KnownSince | None = None) -> bool:
    """
    Let the runs of a look-only channel write to its store from now on; False where they do already.

    `known`: what a person says of the time since the state that its database was put back to. Raises NotAllowed
    where that is missing.
    """
    with ports.transaction():
        before = ports.channels.read(channel_id)
        if not before.settings.is_look_only:
            return False
        if before.restored_why:
            if known is None:
                raise NotAllowed(
                    f"{before.restored_why} What came after that has to be read back first: 'tradepost channel go-live "
                    f"{shlex.quote(before.name)}'."
                )
            ports.channels.take_up(channel_id, known, at=ports.clock())
        after = replace(before, settings=replace(before.settings, is_look_only=False), restored_why="")
        ports.channels.save(after)
        change = changes.channel_changed(before, after)
        ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=channel_id)
    return True


def confirm_store(channel_id: int, ports: ChannelPorts) -> bool:
    """
    Take a person's word that a doubted store is the same; False where nobody doubts it.

    The next run looks at every product before it writes, and breaks the links of those that are another product now.
    """
    with ports.transaction():
        profile = ports.channels.read(channel_id)
        if not ports.channels.confirm_store(channel_id):
            return False
        ports.history.keep([Result(changes.store_confirmed(profile), Outcome.APPLIED)], channel_id=channel_id)
    return True


def remove_channel(channel_id: int, ports: ChannelPorts) -> None:
    """
    Take a channel out of use and forget its credentials; its history stays, and nothing is changed on the store.

    It goes on where the same store is connected again. Raises NotAllowed while a run is at work on it.
    """
    with ports.transaction():
        profile = ports.channels.read(channel_id)
        if not ports.channels.archive(channel_id, at=ports.clock()):
            raise NotAllowed(
                f"A run is at work on '{profile.name}'. Wait for its end, or stop it: 'tradepost runs list' shows "
                "it, and 'tradepost runs cancel' stops it."
            )
        ports.history.keep([Result(changes.channel_removed(profile), Outcome.APPLIED)], channel_id=channel_id)


def _set_paused(channel_id: int, ports: ChannelPorts, *, is_paused: bool) -> bool:
    with ports.transaction():
        profile = ports.channels.read(channel_id)
        if profile.is_paused == is_paused:
            return False
        # Who has it executed runs has it set up, whatever step that was left at.
        ports.channels.save(replace(profile, is_paused=is_paused, setup=profile.setup if is_paused else None))
        change = changes.channel_paused(profile, is_paused=is_paused)
        ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=channel_id)
    return True


def timed(
    schedules: Mapping[ScheduledOperation, Schedule], profile: ChannelProfile, ports: ChannelPorts
) -> list[ScheduleRow]:
    """Say when each is due first, from now on."""
    now, time_zone = ports.clock(), profile.settings.time_zone
    return [
        ScheduleRow(operation, schedule, next_time(schedule, after=now, time_zone=time_zone))
        for operation, schedule in schedules.items()
    ]


def _settled(profile: ChannelProfile, connector: Connector) -> ChannelProfile:
    return replace(
        profile,
        store=None if profile.store is None else connector.settled_store(profile.store),
        images=None if profile.images is None else connector.settled_images(profile.images),
    )


def _refuse_held_store(profile: ChannelProfile, ports: ChannelPorts) -> None:
    """With two channels each order of a store comes in twice: it is packed twice, and reserves its pieces twice."""
    holder = "" if profile.store is None else ports.channels.holder(profile.store, besides=profile.settings.id)
    if holder:
        raise NotAllowed(
            f"This store is connected already, as '{holder}'; as a second channel its orders would come in twice, and "
            f"what they took would be off sale twice. 'tradepost channel set {shlex.quote(holder)}' changes that "
            "channel."
        )


def _store_place(profile: ChannelProfile) -> tuple[str, str, str] | None:
    store = profile.store
    return None if store is None else (store.domain, store.folder, store.store_code)


def _refuse_impossible_prices(profile: ChannelProfile) -> None:
    limits = profile.settings.price_limits
    if limits.lowest is not None and limits.highest is not None and limits.lowest > limits.highest:
        raise NotAllowed(
            f"The lowest price, {limits.lowest}, is above the highest, {limits.highest}, so nothing could be sold."
        )


def _refuse_misfits(settings: ChannelSettings) -> None:
    reason = acknowledgement.misfit(settings.acknowledgement) or fields.misfit(settings.rules)
    if reason:
        raise NotAllowed(reason)


def _keep_look(channel_id: int, profile: ChannelProfile, look: Look, ports: ChannelPorts) -> None:
    store, images = faults(look.store), faults(look.images)
    ports.channels.note_check(
        channel_id,
        store=store or CHECKED_WELL,
        images=images or CHECKED_WELL,
        findings=look.findings,
        at=ports.clock(),
    )
    found = {"store": store} | ({} if profile.images is None else {"images": images})
    ports.history.keep(
        [
            Result(
                changes.connection_checked(profile, connection),
                Outcome.FAILED if words else Outcome.UNCHANGED,
                message=words,
            )
            for connection, words in found.items()
        ],
        channel_id=channel_id,
    )
