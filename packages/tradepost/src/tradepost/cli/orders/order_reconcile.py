"""`tradepost orders reconcile`: the proof that no order and no shipment was lost."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import ChannelOption, JsonOption, the_channel
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, err, print_json, print_table, say
from tradepost.domain.orders.order_proof import placed_span

if TYPE_CHECKING:
    from tradepost.database.models import Channel, RunChange

SHOWN = 200

FromOption = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="DAY",
        help="Orders that were placed on or after this day, such as 2026-03-01, by the channel's time zone.",
    ),
]
ToOption = Annotated[str, typer.Option("--to", metavar="DAY", help="Orders that were placed up to this day.")]


def reconcile(
    *, from_: FromOption = "", to: ToOption = "", channel: ChannelOption = "", as_json: JsonOption = False
) -> Exit:
    """
    Compare the store's orders and shipments with the hub's, and name each difference with its remedy.

    Every order that was placed in that time, of the last 30 days unless you say so, is told with where it is in the
    hub. Nothing is changed. Ends with exit code 1 where anything differs.
    """
    from tradepost.cli.runs.run_report import perform
    from tradepost.operations.selection import whole_comparison

    chosen = the_channel(channel)
    span = placed_span(from_, to, time_zone=chosen.time_zone)
    report = perform(chosen, "reconcile_orders", quiet=as_json, options=whole_comparison(span))
    told = {(row.subject_kind, row.subject_key): row for row in report.run.changes.order_by("pk")}
    orders = [row for row in told.values() if row.subject_kind == "order"]
    shipments = [row for row in told.values() if row.subject_kind == "shipment"]
    differences = [row.message for row in told.values() if row.outcome == "failed"]
    if as_json:
        print_json(
            {
                "run": report.run.pk,
                "state": report.run.state,
                "error": report.run.error,
                "placed_from": _moment(span[0]),
                "placed_before": _moment(span[1]),
                "orders": [_order_json(row) for row in orders],
                "shipments": [_shipment_json(row) for row in shipments],
                "differences": differences,
            }
        )
    elif report.run.error:
        # What was seen by then says nothing of the rest.
        say(report.run.error, to=err)
        say("Nothing is proven: not all orders were compared.", to=err)
    else:
        _print(orders, shipments, differences)
    return report.exit_code


def proof_json(channel: "Channel") -> dict[str, Any] | None:
    """What the last usual comparison came to; None where there was none."""
    from tradepost.domain.orders.order_proof import proof_of

    proof = proof_of(channel.orders_proof)
    if proof is None:
        return None
    return {
        "at": channel.orders_proven_at,
        "sentence": proof.sentence,
        "counts": dict(proof.counts),
        "differences": proof.differences,
        "examples": proof.examples,
    }


def proof_lines(proof: dict[str, Any] | None) -> Iterable[str]:
    """Say how the last comparison ended, and what of it needs a person."""
    if proof is None:
        return
    yield f"orders compared: {proof['at']:%Y-%m-%d %H:%M} UTC, {proof['sentence']}"
    for example in proof["examples"]:
        yield f"attention: {example}"
    more = proof["differences"] - len(proof["examples"])
    if more > 0:
        yield f"attention: {more} more differences; 'tradepost orders reconcile' names them all."


def _moment(seconds: int | None) -> str | None:
    from datetime import UTC

    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _fields(row: "RunChange") -> dict[str, Any]:
    return {field["name"]: field["after"] for field in row.fields}


def _order_json(row: "RunChange") -> dict[str, Any]:
    return {
        "order": row.subject_key,
        **_fields(row),
        "reason": row.reason,
        "difference": row.message if row.outcome == "failed" else "",
    }


def _shipment_json(row: "RunChange") -> dict[str, Any]:
    return {
        "shipment": row.subject_key,
        "order": row.subject_label.removeprefix("order "),
        **_fields(row),
        "difference": row.message if row.outcome == "failed" else "",
    }


def _print(orders: "list[RunChange]", shipments: "list[RunChange]", differences: list[str]) -> None:
    print_table(
        ("order", "in the hub", "acknowledged", "why"),
        (
            (row.subject_key, _spoken(fields["place"]), "yes" if fields["acknowledged"] else "no", row.reason)
            for row in orders[:SHOWN]
            if (fields := _fields(row))
        ),
        empty="No order was placed in that time.",
    )
    _print_left_out(orders)
    print_table(
        ("shipment", "order", "in the hub", "on the store"),
        (
            (
                row.subject_key,
                row.subject_label.removeprefix("order "),
                "yes" if fields["in_hub"] else "no",
                "yes" if fields["on_store"] else "no",
            )
            for row in shipments[:SHOWN]
            if (fields := _fields(row))
        ),
        title="\nShipments",
        empty="\nNo shipments.",
    )
    _print_left_out(shipments)
    for words in differences:
        say(words, to=err)
    found = f"{counted(len(orders), 'order')}, {counted(len(shipments), 'shipment')}"
    say(f"\n{found}: {counted(len(differences), 'difference')}.")


def _print_left_out(rows: "list[RunChange]") -> None:
    if len(rows) > SHOWN:
        say(f"... and {len(rows) - SHOWN} more, which --json has.")


def _spoken(place: str) -> str:
    return place.replace("_", " ")
