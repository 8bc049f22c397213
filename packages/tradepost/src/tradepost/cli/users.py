"""`tradepost users`: logins for the back office."""

from pathlib import Path
from typing import Annotated

import typer

from tradepost.cli.arguments import JsonOption
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import out, print_json, print_table
from tradepost.cli.secrets import read_secret
from tradepost.domain.errors import NotAllowed

app = typer.Typer(no_args_is_help=True, help="Give people a login for the back office.")

MAX_NAME = 150


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name to log in with; of somebody known, the password is changed.")],
    *,
    password_file: Annotated[Path | None, typer.Option(help="A file with the password.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read it from standard input.")] = False,
    as_json: JsonOption = False,
) -> Exit:
    """Add an owner, who may see and ask for everything; the password is asked for, or read (TRADEPOST_PASSWORD)."""
    from django.contrib.auth.models import User
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    if not name.strip() or len(name) > MAX_NAME:
        message = f"A name has 1 to {MAX_NAME} characters."
        raise NotAllowed(message)
    password = read_secret("password", variable="TRADEPOST_PASSWORD", from_stdin=password_stdin, file=password_file)
    person = User.objects.filter(username=name).first() or User(username=name)
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise NotAllowed(" ".join(error.messages)) from error
    is_new = person.pk is None
    person.is_active = person.is_staff = person.is_superuser = True
    person.set_password(password)
    person.save()
    if as_json:
        print_json({"user": name, "created": is_new})
    else:
        done = "can log in now" if is_new else "has a new password"
        out.print(f"{name} {done}.", markup=False)
    return Exit.DONE


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List who can log in."""
    from django.contrib.auth.models import User

    people = list(User.objects.filter(is_active=True).order_by("username"))
    if as_json:
        print_json({"users": [{"user": p.username, "last_login": p.last_login} for p in people]})
        return
    print_table(
        ("user", "last login"),
        ((p.username, p.last_login.strftime("%Y-%m-%d %H:%M") if p.last_login else "never") for p in people),
        empty="Nobody yet; 'tradepost users add NAME' adds somebody.",
    )
