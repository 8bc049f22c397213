"""`tradepost notify`: who is told what, although they do not look."""

from pathlib import Path
from typing import Annotated

import typer

from tradepost.cli.arguments import JsonOption, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import print_json, print_table, say
from tradepost.cli.secrets import read_secret
from tradepost.domain.people.notices import NoticeEvent

app = typer.Typer(no_args_is_help=True, help="Tell people of what needs them.")

PlaceName = Annotated[str, typer.Argument(metavar="NAME", help="What the place is called, for example 'ops'.")]
ToldEvents = Annotated[
    list[NoticeEvent] | None,
    typer.Option("--event", help="Tell this there; may be repeated. Without any, everything is told."),
]
PlaceLocal = Annotated[bool | None, typer.Option("--local/--public", help="Its host may be inside your own network.")]
DigestTime = Annotated[
    str | None, typer.Option("--digest", metavar="TIME", help="Once a day at this time, as 08:00, instead of at once.")
]
AtOnce = Annotated[bool, typer.Option("--at-once", help="At once again, and not once a day.")]
DigestZone = Annotated[str | None, typer.Option(metavar="ZONE", help="The time zone of the digest, as Europe/Berlin.")]
AddressFile = Annotated[Path | None, typer.Option(help="A file with the address.")]
AddressStdin = Annotated[bool, typer.Option("--address-stdin", help="Read it from standard input.")]


@app.command()
def add(
    name: PlaceName,
    *,
    event: ToldEvents = None,
    local: PlaceLocal = None,
    digest: DigestTime = None,
    time_zone: DigestZone = None,
    address_file: AddressFile = None,
    address_stdin: AddressStdin = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Add a place where somebody is told: by e-mail, at a web address, or by any service that Apprise reaches.

    The address is asked for, or read (TRADEPOST_NOTIFY_ADDRESS), and kept encrypted:
    mailtos://user:password@mail.example.com?to=me@example.com is e-mail, jsons://hooks.example.com/path a web address.
    """
    from tradepost.engine import notices

    notices.add_place(
        name,
        _address(address_file, from_stdin=address_stdin),
        events=event or (),
        is_local=bool(local),
        digest_at=digest or "",
        time_zone=time_zone or "UTC",
        requested_by=shell_user(),
    )
    _tell(name, f"'{name}' is told from now on. 'tradepost notify test {name}' tries it.", as_json=as_json)
    return Exit.DONE


@app.command("set")
def set_(
    name: PlaceName,
    *,
    new_address: Annotated[bool, typer.Option("--new-address", help="Ask for another address.")] = False,
    event: ToldEvents = None,
    every_event: Annotated[bool, typer.Option("--every-event", help="Tell everything there.")] = False,
    local: PlaceLocal = None,
    digest: DigestTime = None,
    at_once: AtOnce = False,
    time_zone: DigestZone = None,
    address_file: AddressFile = None,
    address_stdin: AddressStdin = False,
    as_json: JsonOption = False,
) -> Exit:
    """Change what is told at a place, when, or where; what is not named stays."""
    from tradepost.engine import notices

    notices.the_place(name)
    asks = new_address or address_file is not None or address_stdin
    notices.change_place(
        name,
        address=_address(address_file, from_stdin=address_stdin) if asks else None,
        events=() if every_event else event,
        is_local=local,
        digest_at="" if at_once else digest,
        time_zone=time_zone,
        requested_by=shell_user(),
    )
    _tell(name, f"'{name}' is changed.", as_json=as_json)
    return Exit.DONE


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List where somebody is told, and what could not be sent."""
    from django.db.models import Count, Q

    from tradepost.database.models import NoticePlace

    places = NoticePlace.objects.annotate(waiting=Count("messages", filter=Q(messages__due_at__isnull=False)))
    if as_json:
        rows = [
            {
                "place": place.name,
                "address": place.shown,
                "events": place.events,
                "local": place.is_local,
                "digest": place.digest_at or None,
                "time_zone": place.time_zone,
                "waiting": place.waiting,
                "failure": place.failure or None,
                "failing_since": place.failing_since,
            }
            for place in places
        ]
        print_json({"places": rows, "events": [event.value for event in NoticeEvent]})
        return
    print_table(
        ("name", "address", "events", "when", "waiting", "failure"),
        (
            (
                place.name,
                place.shown,
                ", ".join(place.events) or "all",
                f"at {place.digest_at} {place.time_zone}" if place.digest_at else "at once",
                place.waiting,
                place.failure,
            )
            for place in places
        ),
        empty="Nobody is told anything; 'tradepost notify add NAME' adds a place.",
    )


@app.command()
def remove(name: PlaceName, *, as_json: JsonOption = False) -> Exit:
    """Tell nothing there any more, and forget the address."""
    from tradepost.engine import notices

    notices.remove_place(name, requested_by=shell_user())
    _tell(name, f"'{name}' is told nothing any more.", as_json=as_json)
    return Exit.DONE


@app.command("test")
def try_(name: PlaceName, *, as_json: JsonOption = False) -> Exit:
    """Send a message there now, and say what came of it."""
    from tradepost.engine import notices

    failure = notices.try_place(name)
    if as_json:
        print_json({"place": name, "sent": not failure, "failure": failure or None})
    else:
        say(failure or f"A message was sent to '{name}'.")
    return Exit.WITH_ERRORS if failure else Exit.DONE


def _address(file: Path | None, *, from_stdin: bool) -> str:
    return read_secret("address", variable="TRADEPOST_NOTIFY_ADDRESS", from_stdin=from_stdin, file=file)


def _tell(name: str, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"place": name})
    else:
        say(words)
