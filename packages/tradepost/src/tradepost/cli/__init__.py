"""
The command `tradepost`. Its grammar is `tradepost <noun> <verb>`, with one module per noun.

A module is loaded, and the hub opened, only when its noun is called: help answers at once, and the demo can choose a
data folder of its own before anything reads the settings.
"""

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from tradepost.cli import exit_codes as failures


@dataclass(frozen=True, slots=True)
class Noun:
    """A first word of the command line: the module it lives in, and whether it works on the hub's data."""

    module: str
    help: str
    opens_hub: bool = True


NOUNS = {
    "channel": Noun("channel", "Connect stores and check the connection."),
    "catalogue": Noun("catalogue", "Bring in what the merchant sells."),
    "listings": Noun("listings", "See, publish, sync, hide, overwrite and delist what is on a store."),
    "orders": Noun("orders", "Get orders, acknowledge and ship them."),
    "runs": Noun("runs", "See what was executed, and stop it."),
    "users": Noun("users", "Give people a login for the back office."),
    "serve": Noun("serve", "Serve the back office and execute runs."),
    "demo": Noun("demo", "Do the whole job on a store in a box, and prove it.", opens_hub=False),
    "version": Noun("version", "Print the version.", opens_hub=False),
}


class Commands(TyperGroup):
    """The nouns, each loaded when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 the framework passes its context
        return list(NOUNS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 the framework passes its context
        noun = NOUNS.get(cmd_name)
        # Enough to be listed in the help; what is called is loaded below.
        return None if noun is None else TyperCommand(cmd_name, help=noun.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and command else command, rest


def load(name: str) -> Any:
    """Import a noun's module and build its command, opening the hub first where the noun works on it."""
    noun = NOUNS[name]
    if noun.opens_hub:
        hub = importlib.import_module("tradepost.cli.bootstrap")
        hub.open_hub()
    command = typer.main.get_command(importlib.import_module(f"tradepost.cli.{noun.module}").app)
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _tradepost() -> None:
    """A channel manager for Miva stores: plans what it sends, and proves what it sent."""


def main() -> None:
    """Run the command line and leave with its exit code; no exception ever shows a stack trace."""
    # Before anything is written: what the hub keeps is for its user only, whatever the folder was before.
    os.umask(0o077)
    failures.end_when_told()
    sys.exit(failures.run(app, arguments=sys.argv[1:]))
