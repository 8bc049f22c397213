"""
The command `tradepost`. Its grammar is `tradepost <noun> <verb>`, with one module per noun: `NOUNS`.

A noun's module is loaded when the noun is called, and the hub is opened when a verb is executed. What needs the hub (or
Django, or the network) is imported inside the verb: so help and completion answer at once, and the demo can choose a
data folder of its own before anything reads the settings.
"""

import functools
import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from tradepost.cli import exit_codes
from tradepost.cli.help_text import without_type_noise
from tradepost.cli.negative_numbers import taking_negative_numbers
from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.roles import Role, refuse_beyond


@dataclass(frozen=True, slots=True)
class Noun:
    """A first word of the command line: the module it lives in, and whether it works on the hub's data."""

    module: str
    help: str
    opens_hub: bool = True


NOUNS = {
    "channel": Noun("channels.channel", "Connect stores and check the connection."),
    "catalogue": Noun("catalogue.catalogue", "Bring in what the merchant sells."),
    "source": Noun("catalogue.sources", "Say where the catalogue comes from, and fetch it."),
    "listings": Noun("listings.listings", "See, publish, sync, hide, overwrite and delist what is on a store."),
    "orders": Noun("orders.orders", "Get orders, acknowledge and ship them."),
    "shipments": Noun("orders.shipments", "Record shipments, and see what the store was told of them."),
    "personal-data": Noun("orders.personal_data", "Tell and erase what is kept of somebody who ordered."),
    "plans": Noun("runs.plans", "Save plans, approve them in whole or in part, and carry them out."),
    "runs": Noun("runs.runs", "See what was executed, stop it, and undo it."),
    "notify": Noun("hub.notify", "Tell people of what needs them."),
    "users": Noun("hub.users", "Say who may log in, and as what."),
    "audit": Noun("hub.audit", "See who did what, from where and when."),
    "keys": Noun("hub.keys", "Change the keys that credentials are encrypted with."),
    "database": Noun("hub.database", "Back the database up, restore it, and move it elsewhere.", opens_hub=False),
    "serve": Noun("hub.serve", "Serve the back office and execute runs."),
    "worker": Noun("hub.worker", "Execute runs beside others, on a PostgreSQL database."),
    "demo": Noun("hub.demo", "Do the whole job on a store in a box, and prove it.", opens_hub=False),
}


class Commands(TyperGroup):
    """The nouns: enough of each to be listed, completed and suggested; the one that is called is loaded."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=noun.help) for name, noun in NOUNS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and command else command, rest


def load(name: str) -> Any:
    """Import a noun's module and build its command, whose verbs open the hub first where the noun works on it."""
    noun = NOUNS[name]
    group = typer.main.get_group(importlib.import_module(f"tradepost.cli.{noun.module}").app)
    # A noun without verbs is a command itself.
    command = group.commands.get(name, group)
    command.name = name
    without_type_noise(command)
    for word, verb in verbs_of(command).items():
        taking_negative_numbers(without_type_noise(verb))
        verb.callback = _allowed(verb.callback, act=f"{name} {word}".strip(), opens_hub=noun.opens_hub)
    return command


def verbs_of(command: Any) -> dict[str, Any]:
    """Return the verbs of a noun's command by name; of one without verbs itself, under no name."""
    return getattr(command, "commands", None) or {"": command}


def top_command() -> Any:
    """Build the command `tradepost`, of which everything else is a part."""
    return without_type_noise(typer.main.get_command(app))


def _allowed(verb: Callable[..., Any], *, act: str, opens_hub: bool) -> Callable[..., Any]:
    """Do what a verb does as what the environment says, which is the owner; see `role_of_shell`."""

    @functools.wraps(verb)
    def execute(**arguments: Any) -> Any:
        refuse_beyond(role_of_shell(), act)
        if opens_hub:
            from tradepost.cli.bootstrap import open_hub

            open_hub()
        return verb(**arguments)

    return execute


def role_of_shell() -> Role:
    """
    Return what commands may do here: all, as whoever may read the data folder can, or what TRADEPOST_ROLE leaves.

    Raises NotAllowed for a role that there is not.
    """
    name = os.environ.get("TRADEPOST_ROLE", "").strip() or Role.OWNER.value
    if name not in list(Role):
        raise NotAllowed(f"TRADEPOST_ROLE must be {', '.join(Role)}, or not be set.")
    return Role(name)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print(installed_version("tradepost"))
        raise typer.Exit


@app.callback()
def _tradepost(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A channel manager for Miva stores: plans what it sends, and proves what it sent."""


def main() -> None:
    """Run the command line and leave with its exit code; no exception ever shows a stack trace."""
    # Before anything is written: what the hub keeps is for its user only, whatever the folder was before.
    os.umask(0o077)
    exit_codes.end_when_told()
    sys.exit(exit_codes.run(top_command(), arguments=sys.argv[1:]))
