"""`tradepost channel`: connect stores, look at channels, change, check, schedule, pause and remove them."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from tradepost.cli.arguments import JsonOption, YesOption, confirm, shell_user, the_channel
from tradepost.cli.channels import channel_options as options
from tradepost.cli.channels.channel_restored import HandedOverThrough, NothingSince, go_live_restored
from tradepost.cli.channels.channel_schedule import OneOperation, schedule, switch_schedule
from tradepost.cli.channels.channel_view import (
    channel_json,
    finding_json,
    print_channel,
    print_findings,
    tell_to_switch,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.option_groups import with_groups
from tradepost.cli.output import look_only_sentence, print_json, print_table, say
from tradepost.domain.channels.standing import standing_of
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.channels import channels
from tradepost.operations.channels.channel_edit import (
    ChannelEdit,
    carriers_of,
    drift_policies_of,
    mapping_of,
    name_of,
    price_limits_of,
)
from tradepost.operations.channels.connection_check import Look
from tradepost.operations.channels.known_stores import known_store_words
from tradepost.operations.ports import ChannelProfile, ChannelSettings

if TYPE_CHECKING:
    from tradepost.database.models import Channel, ConnectionKind
    from tradepost.operations.channels.channels import ChannelPorts
    from tradepost.operations.ports import RemovedChannel

app = typer.Typer(no_args_is_help=True, help="Connect stores and check the connection.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The channel's name.")]


@app.command()
@with_groups
def add(
    name: Name,
    *,
    domain: Annotated[str, options.DOMAIN],
    store_code: Annotated[str, options.STORE_CODE],
    address: options.StoreAddress,
    secrets: options.Secrets,
    server: options.ImageServer,
    make_folder: options.MakeFolder = False,
    settings: options.FirstSettings,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Try the connection first, and keep nothing if it fails.")
    ] = True,
    as_json: JsonOption = False,
) -> Exit:
    """
    Connect a store: make a channel with the store's address and credentials.

    The connection is tried first. If something is not as it should be, nothing is kept: cure it, and type the same
    again. Secrets are asked for, or read from a file, standard input or the environment (TRADEPOST_TOKEN,
    TRADEPOST_SIGNATURE_KEY, TRADEPOST_FTP_PASSWORD, TRADEPOST_WEB_PASSWORD).
    """
    from tradepost.database.models import Channel

    ports = _ports()
    store = {"domain": domain, "store_code": store_code, **address.fields}
    images = {**server.fields, "host": server.host or None}
    new = ChannelProfile(settings=ChannelSettings(id=0, name=name_of(name), rules=ContentRules()))
    # What can't be an address is refused before secrets are asked for.
    channels.refuse_unusable(ChannelEdit(store=store, images=images)(new), ports)
    store |= secrets.read_token() | secrets.read_signature_key()
    if server.host:
        images |= secrets.read_ftp_password()
    if address.web_user:
        store |= secrets.read_web_password()
    profile = ChannelEdit(settings=settings.fields, store=store, images=images)(new)
    removed = channels.connected_before(profile.store, ports)
    channel_id, look = channels.connect_channel(
        profile, ports, is_checked=check, make_folder=make_folder, chooses_images=settings.sends_images_itself is None
    )
    if as_json:
        made = None if channel_id is None else channel_json(Channel.objects.get(pk=channel_id))
        print_json(
            {
                "channel": made,
                "was": removed.name if removed is not None and made is not None else None,
                "checks": [finding_json(finding) for finding in look.findings],
            }
        )
    else:
        print_findings(look.findings)
        _tell_connected(name, domain, removed, is_kept=channel_id is not None)
    return _exit(look)


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List the channels, and how each stands."""
    from tradepost.database.models import Channel, ConnectionKind
    from tradepost.engine.standings import facts_of

    found = list(Channel.objects.filter(archived_at__isnull=True).prefetch_related("connections"))
    if as_json:
        print_json({"channels": [channel_json(channel) for channel in found]})
        return
    facts = facts_of(found)
    print_table(
        ("name", "state", "store", "images", "listings", "orders fetched"),
        (
            (
                channel.name,
                standing_of(facts[channel.pk]).state.value,
                _addresses(channel, ConnectionKind.STORE_API),
                _addresses(channel, ConnectionKind.IMAGE_FTP) or "none",
                channel.listings.count(),
                channel.orders_fetched_at.strftime("%Y-%m-%d %H:%M") if channel.orders_fetched_at else "never",
            )
            for channel in found
        ),
        empty="No channel yet; 'tradepost channel add' connects a store.",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The channel; may be left out where there is only one.")] = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Show how a channel stands, its settings, and when its operations start next; secrets are never shown."""
    channel = the_channel(name)
    if as_json:
        print_json(channel_json(channel))
    else:
        print_channel(channel)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="The channel; may be left out where there is only one.")] = "",
    *,
    make_folder: options.MakeFolder = False,
    as_json: JsonOption = False,
) -> Exit:
    """Try a channel's connections, and say what is missing and how to cure it."""
    channel = the_channel(name)
    ports = _ports()
    look = channels.check_channel(channel.pk, ports, make_folder=make_folder)
    if as_json:
        print_json({"channel": channel.name, "checks": [finding_json(finding) for finding in look.findings]})
    else:
        print_findings(look.findings)
    return _exit(look)


@app.command("set")
@with_groups
def set_(
    named: Name,
    *,
    address: options.ChangedStoreAddress,
    secrets: options.NewSecrets,
    server: options.ImageServer,
    no_images: options.NoImages = False,
    settings: options.Settings,
    content: options.Content,
    lowest_price: options.LowestPrice = None,
    highest_price: options.HighestPrice = None,
    drift: options.DriftPolicies = None,
    map_: options.Mappings = None,
    carrier: options.Carriers = None,
    as_json: JsonOption = False,
) -> Exit:
    """Change a channel's settings, addresses or credentials; what is not named stays."""
    from tradepost.database.models import ConnectionKind

    channel = the_channel(named)
    store, images = address.fields, server.fields
    if secrets.has_token:
        store |= secrets.read_token()
    if secrets.has_signature_key:
        store |= secrets.read_signature_key()
    is_new_server = bool(server.host) and not channel.connections.filter(kind=ConnectionKind.IMAGE_FTP.value).exists()
    if is_new_server or secrets.has_ftp_password:
        images |= secrets.read_ftp_password()
    if secrets.has_web_password:
        store |= secrets.read_web_password()
    edit = ChannelEdit(
        settings=settings.fields,
        rules=content.fields,
        mapping=mapping_of(map_ or []),
        carriers=carriers_of(carrier or []),
        drift=drift_policies_of(drift or []),
        store=store,
        images=images,
        no_images=no_images,
        price_limits=price_limits_of(lowest=lowest_price, highest=highest_price),
    )
    if edit.is_empty:
        message = "Say what to change; 'tradepost channel set --help' lists the settings."
        raise NotAllowed(message)
    change = channels.change_channel(channel.pk, edit, _ports())
    name = settings.name or named
    if as_json:
        print_json(channel_json(the_channel(name)))
    elif change.fields:
        changed = ", ".join(field.name for field in change.fields)
        say(f"Changed {changed} of '{channel.name}'.")
        if settings.is_look_only and "is_look_only" in changed:
            say(f"A run that is at work stops. {look_only_sentence(channel)}")
        if "layout" in changed:
            tell_to_switch(the_channel(name))
    else:
        say(f"'{channel.name}' is like that already; nothing was changed.")
    return Exit.DONE


app.command()(schedule)


@app.command()
def pause(name: Name, operation: OneOperation = None, *, as_json: JsonOption = False) -> Exit:
    """
    Let a channel execute no more runs: nothing is sent to its store and nothing fetched. One at work ends first.

    With an operation, only its schedule is paused: it keeps its times, and starts nothing until it is resumed.
    """
    from tradepost.engine.standings import unshared_words

    channel = the_channel(name)
    if operation is not None:
        return switch_schedule(channel, operation, is_paused=True, as_json=as_json)
    is_new = channels.pause_channel(channel.pk, _ports())
    meanwhile = unshared_words(channel.pk)
    _tell_paused(channel.name, is_paused=True, is_new=is_new, as_json=as_json, meanwhile=meanwhile)
    return Exit.DONE


@app.command()
def resume(name: Name, operation: OneOperation = None, *, as_json: JsonOption = False) -> Exit:
    """
    Let a paused channel execute runs again, first those that are queued.

    With an operation, only its schedule is resumed, at the next of its times: what it missed is not made up for.
    """
    channel = the_channel(name)
    if operation is not None:
        return switch_schedule(channel, operation, is_paused=False, as_json=as_json)
    is_new = channels.resume_channel(channel.pk, _ports())
    _tell_paused(channel.name, is_paused=False, is_new=is_new, as_json=as_json)
    return Exit.DONE


@app.command()
def go_live(
    name: Name,
    *,
    handed_over_through: HandedOverThrough = None,
    nothing_since: NothingSince = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Let the runs of a look-only channel write to its store; what they would do at once is shown first.

    Of a channel whose database was restored, moved or copied, it is read back first what came after that: orders that
    are not here, and listings that are on the store already. Those are linked then, and nothing is published twice.
    """
    from tradepost.cli.runs.run_report import what_is_due

    channel = the_channel(name)
    if not channel.is_look_only:
        message = f"'{channel.name}' is live already."
        raise NotAllowed(message)
    if channel.restored_why:
        return go_live_restored(
            channel,
            handed_over_through=handed_over_through,
            is_nothing=nothing_since,
            is_confirmed=yes,
            as_json=as_json,
        )
    due = what_is_due(channel, quiet=as_json)
    if not as_json:
        for verb, words in due.items():
            say(f"{verb}: {words}")
    confirm(f"Let the runs of '{channel.name}' do that, and all that comes up later?", is_confirmed=yes)
    channels.go_live(channel.pk, _ports())
    if as_json:
        print_json({"channel": channel.name, "look_only": False, "due": due})
    else:
        say(f"'{channel.name}' is live.")
    return Exit.DONE


@app.command()
def confirm_store(name: Name, *, yes: YesOption = False, as_json: JsonOption = False) -> Exit:
    """Say that a store that was found changed is still the same; the next run looks at every product of it first."""
    channel = the_channel(name)
    if channel.store_doubt:
        question = (
            f"{channel.store_doubt} Is it still the same store? Links whose product is gone or another one will break, "
            "and the rest is written to again."
        )
        confirm(question, is_confirmed=yes)
    is_new = channels.confirm_store(channel.pk, _ports())
    if as_json:
        print_json({"channel": channel.name, "confirmed": is_new})
    else:
        told = (
            f"The store of '{channel.name}' counts as the same again; the next run looks at every product of it first."
            if is_new
            else f"Nobody doubts the store of '{channel.name}'."
        )
        say(told)
    return Exit.DONE


@app.command()
def remove(name: Name, *, yes: YesOption = False, as_json: JsonOption = False) -> Exit:
    """Take a channel out of use and forget its credentials; its history stays, and nothing is changed on the store."""
    channel = the_channel(name)
    confirm(f"Take the channel '{channel.name}' out of use?", is_confirmed=yes)
    channels.remove_channel(channel.pk, _ports())
    if as_json:
        print_json({"removed": name})
    else:
        say(
            f"The channel '{name}' is out of use, and its credentials are forgotten. What its orders took stays off "
            "sale on other channels until you state how many there are."
        )
    return Exit.DONE


def _ports() -> "ChannelPorts":
    from tradepost import wiring

    return wiring.channels.channel_ports(requested_by=shell_user())


# --- what is told ---


def _addresses(channel: "Channel", kind: "ConnectionKind") -> str:
    return ", ".join(f"{c.host} {c.store_code}".strip() for c in channel.connections.all() if c.kind == kind.value)


def _tell_connected(name: str, domain: str, removed: "RemovedChannel | None", *, is_kept: bool) -> None:
    if is_kept and removed is not None:
        say(known_store_words(removed))
    begins = "was added for" if removed is None else "is connected again to"
    told = (
        f"Channel '{name}' {begins} the store at {domain}. While 'tradepost serve' runs, orders and listings are "
        f"kept in step; 'tradepost channel schedule {shlex.quote(name)}' shows when."
        if is_kept
        else "Nothing was kept. Cure what failed and type the same again, or keep the channel as it is with --no-check."
    )
    say(told)


def _tell_paused(name: str, *, is_paused: bool, is_new: bool, as_json: bool, meanwhile: str = "") -> None:
    if as_json:
        print_json({"channel": name, "paused": is_paused, "changed": is_new})
        return
    state = "is paused: no run is executed until 'tradepost channel resume'" if is_paused else "executes runs again"
    told = f"'{name}' {state}.{meanwhile}" if is_new else f"'{name}' was like that already."
    say(told)


def _exit(look: Look) -> Exit:
    return Exit.DONE if look.is_good else Exit.STORE_REFUSED
