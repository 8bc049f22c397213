"""Executing what is due on a channel, of all listings or of those that a command is about."""

from collections.abc import Mapping
from typing import Any

from tradepost.cli.arguments import the_channel
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listings.listing_choice import ListingChoice, chosen_listings


def execute_chosen(
    kind: str,
    choice: ListingChoice,
    *,
    dry_run: bool,
    save: bool = False,
    channel: str,
    as_json: bool,
    options: Mapping[str, Any] | None = None,
    beyond_brake: bool = False,
) -> Exit:
    from tradepost.cli.runs.run_report import execute

    chosen = the_channel(channel)
    named = None if choice.is_blank else chosen_listings(chosen, choice)
    return execute(
        chosen,
        kind,
        named=named,
        dry_run=dry_run,
        save=save,
        as_json=as_json,
        options=options,
        beyond_brake=beyond_brake,
    )
