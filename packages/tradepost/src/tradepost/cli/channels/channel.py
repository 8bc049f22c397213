"""`tradepost channel`: connect stores, look at channels, change, check, schedule, pause and remove them."""

import shlex
from typing import TYPE_CHECKING, Annotated, Any

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
from tradepost.cli.output import look_only_sentence, print_json, print_table, say
from tradepost.cli.secrets import read_ftp_password, read_signature_key, read_token, read_web_password
from tradepost.domain.channels.image_pages import pages_of
from tradepost.domain.channels.standing import standing_of
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.channels import channels
from tradepost.operations.channels.channel_edit import (
    ChannelEdit,
    carriers_of,
    digest_of,
    drift_policies_of,
    mapping_of,
    name_of,
    price_limits_of,
    time_zone_of,
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
def add(
    name: Name,
    *,
    domain: Annotated[str, typer.Option(help="The store's domain, from its domain details.")],
    store_code: Annotated[str, typer.Option(help="The store code (Store ID), from the store's settings.")],
    folder: options.Folder = None,
    plain_http: options.PlainHttp = None,
    local: options.Local = None,
    look_only: options.LookOnly = False,
    digest: options.DigestOption = None,
    token_file: options.TokenFile = None,
    token_stdin: options.TokenStdin = False,
    signature_key_file: options.KeyFile = None,
    signature_key_stdin: options.KeyStdin = False,
    ftp_host: options.FtpHost = None,
    ftp_port: options.FtpPort = None,
    ftp_protocol: options.FtpProtocol = None,
    ftp_user: options.FtpUser = None,
    ftp_directory: options.FtpDirectory = None,
    ftp_folder: options.FtpFolder = None,
    ftp_fingerprint: options.FtpFingerprint = None,
    ftp_password_file: options.FtpPasswordFile = None,
    ftp_password_stdin: options.FtpPasswordStdin = False,
    web_user: options.WebUser = None,
    web_password_file: options.WebPasswordFile = None,
    web_password_stdin: options.WebPasswordStdin = False,
    make_folder: options.MakeFolder = False,
    images_by_store: options.ImagesByStore = None,
    time_zone: options.TimeZone = None,
    stock_mode: options.StockModeOption = None,
    basket_hours: options.BasketHours = None,
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
    settings = {
        "is_local": local,
        "is_look_only": look_only or None,
        "time_zone": time_zone_of(time_zone),
        "stock_mode": stock_mode,
        "basket_hours": basket_hours,
        "sends_images_itself": images_by_store,
    }
    store = {
        "domain": domain,
        "store_code": store_code,
        "folder": folder,
        "plain_http": plain_http,
        "digest": digest_of(digest),
        "web_user": web_user,
    }
    images = {
        "host": ftp_host or None,
        "port": ftp_port,
        "protocol": ftp_protocol,
        "user": ftp_user,
        "directory": ftp_directory,
        "folder": ftp_folder,
        "fingerprint": ftp_fingerprint,
    }
    new = ChannelProfile(settings=ChannelSettings(id=0, name=name_of(name), rules=ContentRules()))
    # What can't be an address is refused before secrets are asked for.
    channels.refuse_unusable(ChannelEdit(store=store, images=images)(new), ports)
    store |= read_token(file=token_file, from_stdin=token_stdin)
    store |= read_signature_key(file=signature_key_file, from_stdin=signature_key_stdin)
    if ftp_host:
        images |= read_ftp_password(file=ftp_password_file, from_stdin=ftp_password_stdin)
    if web_user:
        store |= read_web_password(file=web_password_file, from_stdin=web_password_stdin)
    profile = ChannelEdit(settings=settings, store=store, images=images)(new)
    removed = channels.connected_before(profile.store, ports)
    channel_id, look = channels.connect_channel(
        profile, ports, is_checked=check, make_folder=make_folder, chooses_images=images_by_store is None
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
def set_(
    name: Name,
    *,
    new_name: options.NewName = None,
    domain: options.Domain = None,
    store_code: options.StoreCode = None,
    folder: options.Folder = None,
    plain_http: options.PlainHttp = None,
    local: options.Local = None,
    look_only: options.LookOnly = False,
    time_zone: options.TimeZone = None,
    digest: options.DigestOption = None,
    new_token: options.NewToken = False,
    token_file: options.TokenFile = None,
    token_stdin: options.TokenStdin = False,
    new_signature_key: options.NewKey = False,
    signature_key_file: options.KeyFile = None,
    signature_key_stdin: options.KeyStdin = False,
    ftp_host: options.FtpHost = None,
    ftp_port: options.FtpPort = None,
    ftp_protocol: options.FtpProtocol = None,
    ftp_user: options.FtpUser = None,
    ftp_directory: options.FtpDirectory = None,
    ftp_folder: options.FtpFolder = None,
    ftp_fingerprint: options.FtpFingerprint = None,
    new_ftp_password: options.NewFtpPassword = False,
    ftp_password_file: options.FtpPasswordFile = None,
    ftp_password_stdin: options.FtpPasswordStdin = False,
    no_images: options.NoImages = False,
    images_by_store: options.ImagesByStore = None,
    image_pages: options.ImagePages = None,
    web_user: options.WebUser = None,
    new_web_password: options.NewWebPassword = False,
    web_password_file: options.WebPasswordFile = None,
    web_password_stdin: options.WebPasswordStdin = False,
    acknowledge: options.AcknowledgeOption = None,
    acknowledge_field: options.AcknowledgeField = None,
    acknowledge_value: options.AcknowledgeValue = None,
    acknowledge_queue: options.AcknowledgeQueue = None,
    shipments: options.ShipmentsOption = None,
    look_back_days: options.LookBackDays = None,
    payment_states: options.PaymentStates = None,
    payload_days: options.PayloadDays = None,
    personal_days: options.PersonalDays = None,
    order_status: options.OrderStatuses = None,
    layout: options.LayoutOption = None,
    require_product_type: options.RequireProductType = None,
    link_by: options.LinkBy = None,
    delist_parent: options.DelistParent = None,
    lowest_price: options.LowestPrice = None,
    highest_price: options.HighestPrice = None,
    zero_prices: options.ZeroPrices = None,
    sell_without_stock: options.SellWithoutStock = None,
    list_new: options.ListNew = None,
    brake_percent: options.BrakePercent = None,
    brake_at_least: options.BrakeAtLeast = None,
    stock_mode: options.StockModeOption = None,
    basket_hours: options.BasketHours = None,
    lost_answer_seconds: options.LostAnswerSeconds = None,
    address: options.AddressOption = None,
    dimensions: options.Dimensions = None,
    clean_descriptions: options.CleanDescriptions = None,
    type_field: options.TypeField = None,
    parent_field: options.ParentField = None,
    barcode_field: options.BarcodeField = None,
    mpn_field: options.MpnField = None,
    image_type: options.ImageType = None,
    brand_field: options.BrandField = None,
    msrp_field: options.MsrpField = None,
    batch_size: options.BatchSize = None,
    requests_at_once: options.RequestsAtOnce = None,
    drift: options.DriftPolicies = None,
    map_: options.Mappings = None,
    carrier: options.Carriers = None,
    as_json: JsonOption = False,
) -> Exit:
    """Change a channel's settings, addresses or credentials; what is not named stays."""
    from tradepost.database.models import ConnectionKind

    channel = the_channel(name)
    store: dict[str, Any] = {
        "domain": domain,
        "store_code": store_code,
        "folder": folder,
        "plain_http": plain_http,
        "digest": digest_of(digest),
        "web_user": web_user,
    }
    images: dict[str, Any] = {
        "host": ftp_host,
        "port": ftp_port,
        "protocol": ftp_protocol,
        "user": ftp_user,
        "directory": ftp_directory,
        "folder": ftp_folder,
        "fingerprint": ftp_fingerprint,
    }
    with_token = bool(new_token or token_file or token_stdin)
    if with_token:
        store |= read_token(file=token_file, from_stdin=token_stdin)
    if with_token or new_signature_key or signature_key_file or signature_key_stdin:
        store |= read_signature_key(file=signature_key_file, from_stdin=signature_key_stdin)
    is_new_server = bool(ftp_host) and not channel.connections.filter(kind=ConnectionKind.IMAGE_FTP.value).exists()
    if is_new_server or new_ftp_password or ftp_password_file or ftp_password_stdin:
        images |= read_ftp_password(file=ftp_password_file, from_stdin=ftp_password_stdin)
    if new_web_password or web_password_file or web_password_stdin:
        store |= read_web_password(file=web_password_file, from_stdin=web_password_stdin)
    edit = ChannelEdit(
        settings={
            "name": None if new_name is None else name_of(new_name),
            "is_local": local,
            "is_look_only": look_only or None,
            "time_zone": time_zone_of(time_zone),
            "acknowledge_mode": acknowledge,
            "acknowledge_field": acknowledge_field,
            "acknowledge_value": acknowledge_value,
            "acknowledge_queue": acknowledge_queue,
            "shipment_path": shipments,
            "look_back_days": look_back_days,
            "payment_states": frozenset(payment_states) if payment_states else None,
            "payload_days": payload_days,
            "personal_days": personal_days,
            "order_statuses": frozenset(order_status) if order_status else None,
            "requires_product_type": require_product_type,
            "linking_priority": link_by,
            "delist_parent_with_last_variant": delist_parent,
            "allows_zero_prices": zero_prices,
            "sells_without_stock": sell_without_stock,
            "sends_images_itself": images_by_store,
            "image_pages": None if image_pages is None else pages_of(image_pages),
            "lists_new": list_new,
            "brake_percent": brake_percent,
            "brake_at_least": brake_at_least,
            "stock_mode": stock_mode,
            "basket_hours": basket_hours,
            "lost_answer_seconds": lost_answer_seconds,
            "batch_size": batch_size,
            "requests_at_once": requests_at_once,
        },
        rules={
            "layout": layout,
            "sends_address": address,
            "sends_dimensions": dimensions,
            "cleans_descriptions": clean_descriptions,
            "type_field": type_field,
            "parent_field": parent_field,
            "barcode_field": barcode_field,
            "mpn_field": mpn_field,
            "image_type": None if image_type is None else image_type.strip(),
            "brand_field": brand_field,
            "msrp_field": msrp_field,
        },
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
    if as_json:
        print_json(channel_json(the_channel(new_name or name)))
    elif change.fields:
        changed = ", ".join(field.name for field in change.fields)
        say(f"Changed {changed} of '{channel.name}'.")
        if look_only and "is_look_only" in changed:
            say(f"A run that is at work stops. {look_only_sentence(channel)}")
        if "layout" in changed:
            tell_to_switch(the_channel(new_name or name))
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
