"""`tradepost personal-data`: what somebody who ordered may ask for."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from tradepost.cli.arguments import DryRunOption, JsonOption, YesOption, confirm, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, err, print_json, say
from tradepost.domain.errors import FileRefused
from tradepost.operations.orders.personal_data import erase_data_of, export_of, orders_to_erase

app = typer.Typer(no_args_is_help=True, help="Tell and erase what is kept of somebody who ordered.")

Email = Annotated[str, typer.Option(help="The person's e-mail address, as in their orders.")]


@app.command()
def export(
    *,
    email: Email,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this new file, for its owner only; else to standard output."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write down as JSON all that the hub has of somebody, on every channel: orders, what happened to them, records."""
    from tradepost import wiring

    told = export_of(email, wiring.people.personal_data_ports(requested_by=shell_user()))
    orders, parked = len(told["orders"]), len(told["parked"])
    if output is None:
        print_json(told)
        return
    try:
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(told, file, ensure_ascii=False, indent=2)
    except OSError as error:
        message = f"{output} can't be written: {error.strerror or error}."
        raise FileRefused(message) from error
    if as_json:
        print_json({"file": str(output), "orders": orders, "parked": parked})
    else:
        say(f"{counted(orders, 'order')} written to {output}.")


@app.command()
def erase(*, email: Email, dry_run: DryRunOption = False, yes: YesOption = False, as_json: JsonOption = False) -> Exit:
    """
    Forget who somebody is in their orders, on every channel; what was bought stays, with its money.

    Orders that are still open are left, because they have to be shipped, and the exit code is 1.
    """
    from tradepost import wiring

    ports = wiring.people.personal_data_ports(requested_by=shell_user())
    found = orders_to_erase(email, ports)
    still_open = [order for order in found if order.is_open]
    number, parked = len(found) - len(still_open), 0
    if not dry_run:
        question = f"Forget who bought in {counted(number, 'order')}? It can't be undone."
        confirm(question, is_confirmed=yes)
        erasure = erase_data_of(email, ports)
        still_open, number, parked = list(erasure.still_open), len(erasure.erased), erasure.parked
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "orders": number,
                "parked": parked,
                "still_open": [{"channel": order.channel, "order": order.number} for order in still_open],
            }
        )
    else:
        verb = "would be" if dry_run else "were" if number != 1 else "was"
        say(f"{counted(number, 'order')} {verb} anonymised.")
        for order in still_open:
            say(
                f"Order {order.number} of '{order.channel}' is still open; it is left until it is closed or cancelled.",
                to=err,
            )
    return Exit.WITH_ERRORS if still_open else Exit.DONE
