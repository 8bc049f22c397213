"""
Setting a channel up step by step: it is kept from the first step on, and until the last it is paused and looks only.

What each step keeps is kept as any other change of a channel; see `operations.channels.channels`.
"""

from collections.abc import Callable
from dataclasses import replace

from tradepost.domain.channels.schedule import DEFAULT_SCHEDULES
from tradepost.domain.channels.setup import SetupStep, is_later, step_after
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.plan import Change, Outcome, Result
from tradepost.operations.channels import channel_changes as changes
from tradepost.operations.channels.channel_edit import name_of
from tradepost.operations.channels.channels import (
    ChannelPorts,
    change_channel,
    check_channel,
    connected_before,
    refuse_unusable,
    resume_channel,
    take_in,
    timed,
)
from tradepost.operations.channels.connection_check import Look
from tradepost.operations.ports import ChannelProfile, ChannelSettings, RemovedChannel


def begin_setup(name: str, ports: ChannelPorts) -> int:
    """Keep a channel that is still to be connected; return its id. Raises NotAllowed for a name that is taken."""
    settings = ChannelSettings(id=0, name=name_of(name), rules=ContentRules(), is_look_only=True)
    profile = ChannelProfile(settings=settings, is_paused=True, setup=SetupStep.CONNECTION)
    with ports.transaction():
        refuse_unusable(profile, ports)
        channel_id = ports.channels.add(profile)
        ports.schedules.keep(channel_id, timed(DEFAULT_SCHEDULES, profile, ports))
        connected = changes.channel_connected(profile, DEFAULT_SCHEDULES)
        ports.history.keep([Result(connected, Outcome.APPLIED)], channel_id=channel_id)
    return channel_id


def pass_step(channel_id: int, step: SetupStep, ports: ChannelPorts) -> SetupStep:
    """Note that a step is done, and return the one that follows. Going back and on again forgets no later one."""
    following = step_after(step)
    with ports.transaction():
        profile = ports.channels.read(channel_id)
        if profile.setup is not None and is_later(following, profile.setup):
            ports.channels.save(replace(profile, setup=following))
    return following


def reuse_connection(channel_id: int, other_id: int, *, store_code: str, ports: ChannelPorts) -> Change:
    """
    Connect a channel as another one is, with its token and key, to a store of the same domain.

    Raises NotAllowed where that one has no connection, Reconfigure when the key to its secrets does not fit.
    """
    other = ports.channels.read(other_id, with_secrets=True)
    if other.store is None:
        raise NotAllowed(f"'{other.name}' has no connection that could be used again.")
    store = replace(other.store, store_code=store_code.strip() or other.store.store_code)

    def edit(profile: ChannelProfile) -> ChannelProfile:
        return replace(profile, store=store, settings=replace(profile.settings, is_local=other.settings.is_local))

    return change_channel(channel_id, edit, ports)


def go_on_as_before(channel_id: int, ports: ChannelPorts) -> RemovedChannel | None:
    """
    Let a channel that is set up go on as the one that its store had, if that was taken out of use; see `take_in`.

    Returns which that is, under whose id the setup goes on from there; None where there is none, or no setup.
    """
    profile = ports.channels.read(channel_id, with_secrets=True)
    removed = None if profile.setup is None else connected_before(profile.store, ports)
    if removed is None:
        return None
    with ports.transaction():
        schedules = {row.operation: row.schedule for row in ports.schedules.of(channel_id)}
        ports.channels.replace_begun(channel_id, by=removed.id)
        take_in(profile, schedules, ports)
    return removed


def do_without_image_server(channel_id: int, ports: ChannelPorts, *, by_store: bool) -> Look:
    """
    Let images go `by_store`, inside what publishing sends, if the store takes them; else send none. Looks at the store.
    """
    change_channel(channel_id, _without_server(by_store=by_store), ports)
    look = check_channel(channel_id, ports, writes_probe=True)
    if by_store and not look.takes_images:
        change_channel(channel_id, _without_server(by_store=False), ports)
    return look


def finish_setup(channel_id: int, ports: ChannelPorts) -> None:
    """
    Let a channel execute runs that only look, its schedules beginning now. To have it write is `channels.go_live`.

    Raises NotAllowed where there is no store to look at.
    """
    profile = ports.channels.read(channel_id)
    if profile.store is None:
        raise NotAllowed(f"'{profile.name}' has no store yet; its connection is the first step.")
    with ports.transaction():
        schedules = {row.operation: row.schedule for row in ports.schedules.of(channel_id)}
        ports.schedules.keep(channel_id, timed(schedules, profile, ports))
    resume_channel(channel_id, ports)


def _without_server(*, by_store: bool) -> Callable[[ChannelProfile], ChannelProfile]:
    def edit(profile: ChannelProfile) -> ChannelProfile:
        return replace(profile, images=None, settings=replace(profile.settings, sends_images_itself=by_store))

    return edit
