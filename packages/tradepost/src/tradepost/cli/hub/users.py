"""`tradepost users`: who may log in to the back office, and as what."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import JsonOption, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, out, print_json, print_table, say
from tradepost.cli.secrets import read_secret
from tradepost.domain.people.roles import ABOUT, Role

if TYPE_CHECKING:
    from datetime import datetime

    from tradepost.operations.people import PeoplePorts

app = typer.Typer(no_args_is_help=True, help="Say who may log in, and as what.")

PersonName = Annotated[str, typer.Argument(metavar="NAME", help="The name to log in with.")]
_ROLES = "; ".join(f"{role.value} {about}" for role, about in ABOUT.items())


@app.command()
def add(
    name: PersonName,
    *,
    role: Annotated[
        Role | None,
        typer.Option(help=f"What they may do; if nothing is said, the first is owner and others viewers. {_ROLES}."),
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="A file with the password.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read it from standard input.")] = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Add somebody with a password, which is asked for, or read (TRADEPOST_PASSWORD).

    'users invite' lets them choose it themselves. A name that is known is refused.
    """
    from tradepost.operations import people

    password = read_secret("password", variable="TRADEPOST_PASSWORD", from_stdin=password_stdin, file=password_file)
    role = people.add_person(name, role, password, _ports())
    if as_json:
        print_json({"user": name, "role": role, "created": True})
    else:
        say(f"{name} can log in now, as {role}.")
    return Exit.DONE


@app.command()
def invite(
    name: PersonName,
    *,
    role: Annotated[
        Role | None, typer.Option(help="What they may do; viewer, if nothing is said of somebody new.")
    ] = None,
    as_json: JsonOption = False,
) -> Exit:
    """
    Make a link with which somebody chooses a password; it is shown once, and is of use once, within three days.

    Of somebody known it is the way to another password; only the link that was made last is of any use.
    """
    from django.conf import settings
    from django.urls import reverse

    from tradepost.operations import people

    person, ending = people.invite(name, role, _ports())
    address = settings.TRADEPOST_ADDRESS or "http://127.0.0.1:8000"
    link = f"{address}{reverse('invitation', args=ending.split('/'))}"
    if as_json:
        print_json({"user": person.name, "role": person.role, "link": link})
        return Exit.DONE
    say(f"{person.name} may choose a password, and log in as {person.role} then, by this link:")
    # As it is, whatever the width of the terminal.
    print(link)
    if not settings.TRADEPOST_ADDRESS:
        out.print("It begins with this machine's own address; TRADEPOST_ADDRESS says what others call it.")
    return Exit.DONE


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List who there is."""
    ports = _ports()
    known = [(person, len(ports.people.sessions(person.name))) for person in ports.people.all()]
    if as_json:
        print_json(
            {
                "users": [
                    {
                        "user": person.name,
                        "role": person.role,
                        "is_active": person.is_active,
                        "is_invited": person.is_invited,
                        "has_password": person.has_password,
                        "last_login": person.last_login,
                        "sessions": sessions,
                    }
                    for person, sessions in known
                ]
            }
        )
        return
    print_table(
        ("user", "role", "state", "last login", "sessions"),
        (
            (
                person.name,
                person.role,
                "disabled" if not person.is_active else "invited" if person.is_invited else "may log in",
                _time(person.last_login),
                sessions,
            )
            for person, sessions in known
        ),
        empty="Nobody yet; 'tradepost users add NAME' adds somebody.",
    )


@app.command()
def role(
    name: PersonName,
    wanted: Annotated[Role, typer.Argument(metavar="ROLE", help=_ROLES)],
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Give somebody another role, from their next page on. The last owner stays one."""
    from tradepost.operations import people

    has_changed = people.change_role(name, wanted, _ports())
    return _tell(name, f"is {wanted} {'now' if has_changed else 'already'}", as_json=as_json, role=wanted)


@app.command()
def disable(name: PersonName, *, as_json: JsonOption = False) -> Exit:
    """End somebody's sessions and invitations, and refuse logins by that name. Not for the last owner."""
    from tradepost.operations import people

    has_changed = people.disable(name, _ports())
    return _tell(name, f"can't log in {'any more' if has_changed else 'as it is'}", as_json=as_json, is_active=False)


@app.command()
def enable(name: PersonName, *, as_json: JsonOption = False) -> Exit:
    """Let somebody log in again who is disabled, or locked out after too many failed logins."""
    from tradepost.operations import people

    people.enable(name, _ports())
    return _tell(name, "may log in", as_json=as_json, is_active=True)


@app.command()
def remove(name: PersonName, *, as_json: JsonOption = False) -> Exit:
    """Take somebody out; what was done by that name stays in the audit trail. Not for the last owner."""
    from tradepost.operations import people

    people.remove(name, _ports())
    return _tell(name, "is removed", as_json=as_json, is_removed=True)


@app.command()
def sessions(name: PersonName, *, as_json: JsonOption = False) -> Exit:
    """List somebody's sessions: the browsers that are logged in."""
    from tradepost.operations import people

    ports = _ports()
    found = ports.people.sessions(people.known_person(name, ports).name)
    if as_json:
        print_json(
            {
                "sessions": [
                    {
                        "session": each.mark,
                        "address": each.address,
                        "browser": each.browser,
                        "started_at": each.started_at,
                        "seen_at": each.seen_at,
                        "ends_at": each.ends_at,
                    }
                    for each in found
                ]
            }
        )
        return Exit.DONE
    print_table(
        ("session", "from", "since", "seen", "until", "browser"),
        (
            (each.mark, each.address, _time(each.started_at), _time(each.seen_at), _time(each.ends_at), each.browser)
            for each in found
        ),
        empty=f"{name} is not logged in.",
    )
    return Exit.DONE


@app.command("end-sessions")
def end_sessions(
    name: PersonName,
    *,
    session: Annotated[str, typer.Option(help="Only this one, as 'users sessions' names it.")] = "",
    as_json: JsonOption = False,
) -> Exit:
    """Log somebody out, everywhere or from one browser."""
    from tradepost.operations import people

    ended = people.end_sessions(name, _ports(), mark=session)
    return _tell(name, f"had {counted(ended, 'session')}, ended now", as_json=as_json, ended=ended)


def _ports() -> "PeoplePorts":
    from tradepost import wiring

    return wiring.people.people_ports(requested_by=shell_user())


def _tell(name: str, words: str, *, as_json: bool, **facts: Any) -> Exit:
    if as_json:
        print_json({"user": name, **facts})
    else:
        say(f"{name} {words}.")
    return Exit.DONE


def _time(at: "datetime | None") -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"
