"""`tradepost orders export`, `confirm` and `consumers`: orders out again, to whoever packs them or keeps the books."""

import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from tradepost.cli.arguments import ChannelOption, DryRunOption, JsonOption, YesOption, confirm, shell_user, the_channel
from tradepost.cli.exit_codes import Exit
from tradepost.cli.option_groups import with_groups
from tradepost.cli.orders.exchange_places import (
    AddressArgument,
    PlaceAccess,
    TestOption,
    tell_of_test,
)
from tradepost.cli.output import counted, err, print_json, print_table, say
from tradepost.domain.errors import FileRefused, NotAllowed
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_delivery import Confirmation
from tradepost.domain.orders.order_export import LARGEST_BATCH, ExportForm
from tradepost.operations.orders.deliver_orders import set_target
from tradepost.operations.orders.order_exports import confirm_batch, exported_text, next_batch, remove_consumer
from tradepost.operations.ports import ConsumerTarget
from tradepost.security.terminal import printable

ConsumerArgument = Annotated[str, typer.Argument(metavar="CONSUMER", help="The consumer's name.")]


def export(
    *,
    consumer: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Who takes them: each order once, then what becomes of it. A name that is new is a new consumer.",
        ),
    ] = "",
    form: Annotated[
        ExportForm | None,
        typer.Option(
            "--format", help="How they are written: jsonl, unless you say otherwise; a consumer stays with one."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this file, whole or not at all; else to standard output."),
    ] = None,
    state: Annotated[
        list[OrderState] | None,
        typer.Option(help="Without a consumer: orders in this state; may be repeated. Open ones, unless you say so."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=LARGEST_BATCH, help="How many orders a consumer is given at once, at most.")
    ] = LARGEST_BATCH,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Write orders down as JSON lines or CSV, for a warehouse or an ERP.

    With a consumer: what it was not given yet. It is given the same again, byte for byte, until 'orders confirm' says
    that it has taken it over.
    """
    from tradepost import wiring

    ports = wiring.orders.export_ports(the_channel(channel), requested_by=shell_user())
    if not consumer:
        text = exported_text(state or [OrderState.OPEN], ports, form=form or ExportForm.JSONL)
        if as_json:
            print_json({"consumer": None, "cursor": None, "content": "".join(text)})
        else:
            _give(text, output)
        return
    batch = next_batch(consumer, ports, form=form, limit=limit)
    if as_json:
        print_json(
            {
                "consumer": consumer,
                "cursor": None if batch is None else batch.cursor,
                "orders": 0 if batch is None else batch.orders,
                "changes": 0 if batch is None else batch.changes,
                "content": "" if batch is None else batch.content,
            }
        )
    elif batch is None:
        say(f"Nothing is new for '{consumer}'.", to=err)
    else:
        _give([batch.content], output)
        what = f"{counted(batch.orders, 'new order')} and {counted(batch.changes, 'change')}"
        confirmed = f"'tradepost orders confirm {consumer} {batch.cursor}' once they are taken over"
        say(f"Batch {batch.cursor} with {what}; {confirmed}.", to=err)


def confirm_(
    consumer: ConsumerArgument,
    cursor: Annotated[int, typer.Argument(metavar="CURSOR", help="The number of the batch.")],
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say that a consumer has taken a batch over: its orders are handed over, and the next batch is due."""
    from tradepost import wiring

    ports = wiring.orders.export_ports(the_channel(channel), requested_by=shell_user())
    handover = confirm_batch(consumer, cursor, ports)
    if as_json:
        print_json({"consumer": consumer, "cursor": cursor, "handed_over": list(handover.marked)})
    else:
        orders = counted(len(handover.marked), "order")
        say(f"'{consumer}' has confirmed {cursor}: {orders} handed over.")


def consumers(*, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """List who takes orders, how far each has confirmed, and what waits for it to."""
    from tradepost import wiring

    rows = wiring.orders.export_ports(the_channel(channel), requested_by=shell_user()).exports.consumers()
    found = [(row, row.open, row.target) for row in rows]
    if as_json:
        print_json(
            {
                "consumers": [
                    {
                        "consumer": row.name,
                        "format": row.form,
                        "confirmed": row.cursor,
                        "delivered_to": None if target is None else target.address,
                        "confirmed_by": None if target is None else target.confirmation,
                        "delivered": None if target is None else row.delivered,
                        "waiting": None
                        if batch is None
                        else {
                            "cursor": batch.cursor,
                            "orders": batch.orders,
                            "changes": batch.changes,
                            "made_at": batch.made_at,
                        },
                        "not_given": row.waiting,
                    }
                    for row, batch, target in found
                ]
            }
        )
        return
    print_table(
        ("consumer", "format", "confirmed", "not confirmed", "since", "not given yet", "delivered to"),
        (
            (
                row.name,
                row.form,
                row.cursor or "nothing",
                "nothing" if batch is None else f"{batch.cursor}: {counted(batch.orders + batch.changes, 'record')}",
                "" if batch is None else f"{batch.made_at:%Y-%m-%d %H:%M}",
                counted(row.waiting, "record") if row.waiting else "nothing",
                "" if target is None else target.address,
            )
            for row, batch, target in found
        ),
        empty="No consumer; 'tradepost orders export --consumer NAME' makes one.",
    )


def remove_consumer_(
    consumer: ConsumerArgument, *, yes: YesOption = False, channel: ChannelOption = "", as_json: JsonOption = False
) -> None:
    """Forget a consumer and what it was given; orders that were handed over stay so."""
    from tradepost import wiring

    ports = wiring.orders.export_ports(the_channel(channel), requested_by=shell_user())
    confirm(f"Forget the consumer '{consumer}', and which orders it was given?", is_confirmed=yes)
    remove_consumer(consumer, ports)
    if as_json:
        print_json({"removed": consumer})
    else:
        say(f"The consumer '{consumer}' is forgotten.")


@with_groups
def deliver_to(
    consumer: ConsumerArgument,
    address: AddressArgument = "",
    *,
    off: Annotated[bool, typer.Option("--off", help="Bring it nothing any more; the consumer fetches.")] = False,
    confirmed_by: Annotated[
        Confirmation, typer.Option(help="Who confirms: the consumer, or the delivery itself.")
    ] = Confirmation.CONSUMER,
    access: PlaceAccess,
    test: TestOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Say where a consumer's orders are brought; 'orders deliver' does it, or its schedule.

    A password or token is asked for, or read from a file, standard input or TRADEPOST_TARGET_SECRET.
    """
    from tradepost import wiring

    if off == bool(address):
        message = "Say where to deliver to, or --off."
        raise NotAllowed(message)
    chosen = the_channel(channel)
    target = None
    if not off:
        at = access.to(address)
        target = ConsumerTarget(at.address, confirmed_by, at.fingerprint, at.secret)
        if test:
            tell_of_test(at, chosen, takes=True)
    ports = wiring.orders.export_ports(chosen, requested_by=shell_user())
    set_target(consumer, target, ports, wiring.orders.targets_of(chosen), channel_name=chosen.name)
    if as_json:
        print_json({"consumer": consumer, "address": address or None, "confirmed_by": confirmed_by})
    elif target is None:
        say(f"'{consumer}' is brought nothing any more.")
    else:
        say(
            f"'{consumer}' is delivered to at {address}, as soon as 'tradepost orders deliver' or its schedule runs "
            "('tradepost channel schedule')."
        )


def deliver(*, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False) -> Exit:
    """Bring consumers what is new for them, where they want it."""
    from tradepost.cli.runs.run_report import execute

    return execute(the_channel(channel), "deliver_orders", dry_run=dry_run, as_json=as_json)


def _give(text: Iterable[str], output: Path | None) -> None:
    if output is None:
        is_watched = sys.stdout.isatty()
        for part in text:
            sys.stdout.write("".join(f"{printable(line)}\n" for line in part.splitlines()) if is_watched else part)
        return
    _write_whole(text, output)
    say(f"Written to {output}.", to=err)


def _write_whole(text: Iterable[str], output: Path) -> None:
    """Write beside the file and rename, so that nobody ever reads half of it. Raises FileRefused."""
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            with partial.open("x", encoding="utf-8", newline="") as file:
                file.writelines(text)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(output)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        message = f"{output} can't be written: {error.strerror or error}."
        raise FileRefused(message) from error
