"""`tradepost channel`: connect stores, look at channels, check and change their connections."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import JsonOption, YesOption, confirm, the_channel
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import out, print_json, print_table
from tradepost.cli.secrets import read_secret
from tradepost.domain.catalogue import Kind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listing import Link
from tradepost.domain.order import AcknowledgeMode, ShipmentPath, StoreStatus
from tradepost.miva.files.image_folder import DEFAULT_BASE_DIRECTORY, DEFAULT_SUB_FOLDER, ImageFolder

if TYPE_CHECKING:
    from tradepost.cli.connection_check import Finding
    from tradepost.database.models import Channel, ConnectionKind

app = typer.Typer(no_args_is_help=True, help="Connect stores and check the connection.")

MakeFolder = Annotated[
    bool, typer.Option("--make-folder", help="Make the folder for images on the image server if it is missing.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The channel's name.")]


class FtpProtocol(StrEnum):
    """How images travel."""

    FTP = "ftp"
    FTPS = "ftps"
    FTPS_IMPLICIT = "ftps-implicit"
    SFTP = "sftp"


_TOKEN, _KEY, _FTP = "TRADEPOST_TOKEN", "TRADEPOST_SIGNING_KEY", "TRADEPOST_FTP_PASSWORD"


@app.command()
def add(
    name: Name,
    *,
    domain: Annotated[str, typer.Option(help="The store's domain, from its domain details.")],
    store_code: Annotated[str, typer.Option(help="The store code (Store ID), from the store's settings.")],
    folder: Annotated[str, typer.Option(help="The root directory (folder structure) of the store.")] = "/mm5/",
    plain_http: Annotated[bool, typer.Option("--plain-http", help="Use http instead of https (tests only).")] = False,
    local: Annotated[bool, typer.Option("--local", help="The store may be at a private address.")] = False,
    token_file: Annotated[Path | None, typer.Option(help="A file with the access token.")] = None,
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")] = False,
    signing_key_file: Annotated[Path | None, typer.Option(help="A file with the signature key.")] = None,
    signing_key_stdin: Annotated[
        bool, typer.Option("--signing-key-stdin", help="Read the signature key from the next line of standard input.")
    ] = False,
    ftp_host: Annotated[str, typer.Option(help="The image server; leave it out to publish without images.")] = "",
    ftp_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Its port, if not the usual one.")] = None,
    ftp_protocol: Annotated[FtpProtocol, typer.Option(help="How images travel.")] = FtpProtocol.FTPS,
    ftp_user: Annotated[str, typer.Option(help="The user of the image server.")] = "",
    ftp_directory: Annotated[str, typer.Option(help="The graphics folder on it.")] = DEFAULT_BASE_DIRECTORY,
    ftp_folder: Annotated[str, typer.Option(help="The sub-folder for images; 'graphics' means none.")] = (
        DEFAULT_SUB_FOLDER
    ),
    ftp_fingerprint: Annotated[
        str, typer.Option(help="The fingerprint (SHA256:...) of its certificate or host key, once you trust it.")
    ] = "",
    ftp_password_file: Annotated[Path | None, typer.Option(help="A file with the password.")] = None,
    ftp_password_stdin: Annotated[
        bool, typer.Option("--ftp-password-stdin", help="Read the password from the next line of standard input.")
    ] = False,
    make_folder: MakeFolder = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Try the connection at once.")] = True,
    as_json: JsonOption = False,
) -> Exit:
    """
    Connect a store: make a channel with the store's address and credentials.

    Secrets are asked for, or read from a file, standard input or the environment (TRADEPOST_TOKEN,
    TRADEPOST_SIGNING_KEY, TRADEPOST_FTP_PASSWORD).
    """
    from django.db import IntegrityError

    from tradepost.cli.connecting import connect
    from tradepost.cli.connection_check import check_channel
    from tradepost.miva.connect import StoreConnection
    from tradepost.miva.files.file_server import FileServerAddress
    from tradepost.miva.wire.address import endpoint_of

    endpoint_of(
        domain, folder=folder, plain_http=plain_http
    )  # refuses what can't be an address before secrets are asked
    token = read_secret("access token", variable=_TOKEN, from_stdin=token_stdin, file=token_file)
    key = read_secret("signature key", variable=_KEY, from_stdin=signing_key_stdin, file=signing_key_file)
    password = ""
    if ftp_host:
        password = read_secret("FTP password", variable=_FTP, from_stdin=ftp_password_stdin, file=ftp_password_file)
    store = StoreConnection(
        domain=domain,
        store_code=store_code,
        token=token,
        signing_key=key,
        folder=folder,
        plain_http=plain_http,
    )
    server = FileServerAddress(
        host=ftp_host,
        user=ftp_user,
        password=password,
        mode=ftp_protocol.value,
        port=ftp_port or 0,
        fingerprint=ftp_fingerprint,
    )
    images = (server, ImageFolder(ftp_directory, ftp_folder)) if ftp_host else None
    try:
        channel = connect(name, store=store, images=images, is_local=local)
    except IntegrityError as error:
        message = f"There is a channel '{name}' already; 'tradepost channel set' changes it."
        raise NotAllowed(message) from error
    findings = check_channel(channel, make_folder=make_folder) if check else []
    if as_json:
        print_json({"channel": _json(channel), "checks": [finding.to_json() for finding in findings]})
    else:
        out.print(f"Channel '{name}' was added for the store at {domain}.", markup=False)
        _print_findings(findings)
    return _exit(findings)


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List the channels."""
    from tradepost.database.models import Channel, ConnectionKind

    channels = list(Channel.objects.filter(archived_at__isnull=True).prefetch_related("connections"))
    if as_json:
        print_json({"channels": [_json(channel) for channel in channels]})
        return
    print_table(
        ("name", "store", "images", "listings", "orders fetched"),
        (
            (
                channel.name,
                _addresses(channel, ConnectionKind.STORE_API),
                _addresses(channel, ConnectionKind.IMAGE_FTP) or "none",
                channel.listings.count(),
                channel.orders_fetched_at.strftime("%Y-%m-%d %H:%M") if channel.orders_fetched_at else "never",
            )
            for channel in channels
        ),
        empty="No channel yet; 'tradepost channel add' connects a store.",
    )


@app.command()
def show(name: Name, *, as_json: JsonOption = False) -> None:
    """Show a channel's settings; secrets are never shown."""
    channel = the_channel(name)
    facts = _json(channel)
    if as_json:
        print_json(facts)
        return
    for key, value in facts.items():
        if key != "connections":
            out.print(f"{key}: {value}", markup=False, soft_wrap=True)
    for connection in facts["connections"]:
        out.print(", ".join(f"{key}: {value}" for key, value in connection.items() if value), markup=False)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="The channel; may be left out where there is only one.")] = "",
    *,
    make_folder: MakeFolder = False,
    as_json: JsonOption = False,
) -> Exit:
    """Try a channel's connections, and say what is missing and how to cure it."""
    from tradepost.cli.connection_check import check_channel

    channel = the_channel(name)
    findings = check_channel(channel, make_folder=make_folder)
    if as_json:
        print_json({"channel": channel.name, "checks": [finding.to_json() for finding in findings]})
    else:
        _print_findings(findings)
    return _exit(findings)


@app.command("set")
def set_(
    name: Name,
    *,
    acknowledge: Annotated[
        AcknowledgeMode | None, typer.Option(help="How the store is told of imported orders.")
    ] = None,
    shipments: Annotated[ShipmentPath | None, typer.Option(help="By which call shipments are made.")] = None,
    look_back_days: Annotated[int | None, typer.Option(min=0, max=3650, help="How far the first fetch goes.")] = None,
    only_paid: Annotated[bool | None, typer.Option("--only-paid/--unpaid-too", help="Which orders to fetch.")] = None,
    order_status: Annotated[
        list[StoreStatus] | None,
        typer.Option(help="Fetch orders that are in this state on the store; may be repeated."),
    ] = None,
    native: Annotated[
        bool | None,
        typer.Option("--native/--flat", help="One page per family with drop-downs, or one page per variant."),
    ] = None,
    require_product_type: Annotated[
        bool | None,
        typer.Option(
            "--require-product-type/--any-product-type", help="Whether only products with a product_type are linked."
        ),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, max=1000, help="Products or rows in one batch.")] = None,
    carrier: Annotated[
        list[str] | None, typer.Option(metavar="WORD=TYPE", help="Our word for a carrier = the store's tracking type.")
    ] = None,
    new_token: Annotated[bool, typer.Option("--new-token", help="Read a new access token and signature key.")] = False,
    token_file: Annotated[Path | None, typer.Option(help="A file with the new token.")] = None,
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read it from standard input.")] = False,
    signing_key_file: Annotated[Path | None, typer.Option(help="A file with the new signature key.")] = None,
    signing_key_stdin: Annotated[bool, typer.Option("--signing-key-stdin", help="Read it from the next line.")] = False,
    new_ftp_password: Annotated[
        bool, typer.Option("--new-ftp-password", help="Read a new password of the image server.")
    ] = False,
    ftp_password_file: Annotated[Path | None, typer.Option(help="A file with the new password.")] = None,
    ftp_password_stdin: Annotated[
        bool, typer.Option("--ftp-password-stdin", help="Read it from the next line.")
    ] = False,
    as_json: JsonOption = False,
) -> Exit:
    """Change a channel's settings or credentials; what is not named stays."""
    from django.db import transaction

    from tradepost.wiring import change_image_password, save_store_connection, store_connection

    channel = the_channel(name)
    settings: dict[str, Any] = {
        "acknowledge_mode": acknowledge,
        "shipment_path": shipments,
        "look_back_days": look_back_days,
        "only_paid_orders": only_paid,
        "batch_size": batch_size,
        "order_statuses": [status.value for status in order_status] if order_status else None,
        "requires_product_type": require_product_type,
    }
    changed = {column: value for column, value in settings.items() if value is not None}
    if native is not None:
        changed["rules"] = _with_layout(channel, is_native=native)
    if carrier:
        changed["carrier_map"] = {**channel.carrier_map, **_carriers(carrier)}
    secrets: dict[str, str] = {}
    if new_token or token_file or token_stdin:
        secrets = {
            "token": read_secret("access token", variable=_TOKEN, from_stdin=token_stdin, file=token_file),
            "signing_key": read_secret(
                "signature key", variable=_KEY, from_stdin=signing_key_stdin, file=signing_key_file
            ),
        }
    if new_ftp_password or ftp_password_file or ftp_password_stdin:
        secrets["ftp_password"] = read_secret(
            "FTP password", variable=_FTP, from_stdin=ftp_password_stdin, file=ftp_password_file
        )
    if not changed and not secrets:
        message = "Say what to change; 'tradepost channel set --help' lists the settings."
        raise NotAllowed(message)
    with transaction.atomic():
        for column, value in changed.items():
            setattr(channel, column, value)
        channel.save(update_fields=list(changed) or None)
        if "ftp_password" in secrets:
            change_image_password(channel, secrets["ftp_password"])
        if "token" in secrets:
            stored = store_connection(channel)
            save_store_connection(channel, replace(stored, token=secrets["token"], signing_key=secrets["signing_key"]))
    if as_json:
        print_json(_json(channel))
    else:
        out.print(f"Changed {', '.join([*changed, *secrets])} of '{channel.name}'.", markup=False)
    return Exit.DONE


@app.command()
def remove(name: Name, *, yes: YesOption = False, as_json: JsonOption = False) -> Exit:
    """Take a channel out of use and forget its credentials; its history stays, and nothing is changed on the store."""
    from django.db import transaction
    from django.utils import timezone

    channel = the_channel(name)
    confirm(f"Take the channel '{channel.name}' out of use?", is_confirmed=yes)
    with transaction.atomic():
        channel.connections.all().delete()
        channel.archived_at = timezone.now()
        # The name is free for a new channel again.
        channel.name = f"{channel.name[:70]} (removed {channel.archived_at:%Y-%m-%d %H:%M:%S})"
        channel.save(update_fields=["archived_at", "name"])
    if as_json:
        print_json({"removed": name})
    else:
        out.print(f"The channel '{name}' is out of use, and its credentials are forgotten.", markup=False)
    return Exit.DONE


def _with_layout(channel: "Channel", *, is_native: bool) -> dict[str, Any]:
    """Return the channel's rules with another layout. Raises NotAllowed while families are on the store in the old."""
    from tradepost.database.channels.channels import settings_of

    is_other = settings_of(channel).rules.is_native != is_native
    families = channel.listings.filter(kind=Kind.PARENT.value).exclude(link=Link.UNLINKED.value)
    if is_other and families.exists():
        message = (
            f"'{channel.name}' has families on the store in the other layout. Delist or unlink them first, then change "
            "the layout and publish them again."
        )
        raise NotAllowed(message)
    return {**channel.rules, "is_native": is_native}


def _carriers(pairs: list[str]) -> dict[str, str]:
    carriers: dict[str, str] = {}
    for pair in pairs:
        word, separator, kind = pair.partition("=")
        if not separator or not word.strip() or not kind.strip():
            message = f"'{pair}' is no pair; write it as WORD=TYPE, for example --carrier dpd=Other."
            raise NotAllowed(message)
        carriers[word.strip().casefold()] = kind.strip()
    return carriers


def _addresses(channel: "Channel", kind: "ConnectionKind") -> str:
    return ", ".join(f"{c.host} {c.store_code}".strip() for c in channel.connections.all() if c.kind == kind.value)


def _json(channel: "Channel") -> dict[str, Any]:
    from tradepost.database.channels.channels import settings_of

    return {
        "name": channel.name,
        "local": channel.is_local,
        "acknowledge": channel.acknowledge_mode,
        "shipments": channel.shipment_path,
        "look_back_days": channel.look_back_days,
        "only_paid_orders": channel.only_paid_orders,
        "batch_size": channel.batch_size,
        "order_statuses": sorted(status.value for status in settings_of(channel).order_statuses),
        "layout": "native" if settings_of(channel).rules.is_native else "flat",
        "requires_product_type": channel.requires_product_type,
        "carriers": channel.carrier_map,
        "orders_fetched_at": channel.orders_fetched_at,
        "connections": [
            {
                "kind": c.kind,
                "protocol": c.protocol,
                "host": c.host,
                "port": c.port,
                "folder": c.folder,
                "sub_folder": c.sub_folder,
                "store_code": c.store_code,
                "user": c.user,
            }
            for c in channel.connections.order_by("pk")
        ],
    }


def _print_findings(findings: "list[Finding]") -> None:
    for finding in findings:
        mark = "[green]ok[/green]    " if finding.is_good else "[red]failed[/red]"
        out.print(f"{mark} {finding.name}", end="")
        out.print(f": {finding.words}" if finding.words else "", markup=False, soft_wrap=True)


def _exit(findings: "list[Finding]") -> Exit:
    return Exit.DONE if all(finding.is_good for finding in findings) else Exit.STORE_REFUSED
