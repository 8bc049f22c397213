"""`tradepost shipments`: record or fetch them, see what the store was told, and put right what was recorded."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import ChannelOption, DryRunOption, JsonOption, shell_user, the_channel
from tradepost.cli.exit_codes import Exit
from tradepost.cli.orders.shipment_fetch import fetch, fetch_from, files, settle, sources
from tradepost.cli.output import counted, err, out, print_json, print_table, say
from tradepost.domain.errors import FileRefused, NotAllowed
from tradepost.domain.orders.shipment import ShipmentState, typed_amount
from tradepost.operations.orders.shipment_imports import ShipmentImport, import_shipments, preview_shipments
from tradepost.operations.orders.shipments import correct_shipment, leave_out_shipment, retry_shipments
from tradepost.operations.ports import Level, ShipmentCorrection

if TYPE_CHECKING:
    from tradepost.database.models import Channel, ShipmentRecord
    from tradepost.operations.orders.order_requests import OrderPorts
    from tradepost.operations.ports import ShipmentEdit

app = typer.Typer(no_args_is_help=True, help="Record shipments, and see what the store was told of them.")

SHOWN_REPORTS = 20

Code = Annotated[str, typer.Argument(metavar="SHIPMENT", help="Its code in the hub, such as TP-1001-5f3a9c21.")]
Codes = Annotated[
    list[str] | None, typer.Argument(metavar="SHIPMENT", help="Codes in the hub; left out, all that are parked.")
]
ReasonOption = Annotated[str, typer.Option(help="Why, for whoever meets it.")]
TellNowOption = Annotated[bool, typer.Option("--now", help="Tell the store at once of all shipments that are due.")]


@app.command("list")
def list_(
    *,
    channel: ChannelOption = "",
    state: Annotated[ShipmentState | None, typer.Option(help="Only shipments in this state.")] = None,
    order: Annotated[int | None, typer.Option(help="Only those of this order.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to print.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List shipments, newest first, and why those that wait or are parked are not on the store."""
    from tradepost.database.models import ShipmentRecord

    rows = ShipmentRecord.objects.filter(channel=the_channel(channel)).select_related("order").order_by("-pk")
    if state is not None:
        rows = rows.filter(state=state.value)
    if order is not None:
        rows = rows.filter(order__external_id=order)
    found = list(rows[:limit])
    if as_json:
        print_json({"shipments": [shipment_json(row) for row in found]})
        return
    print_table(
        ("shipment", "order", "state", "carrier", "tracking number", "shipped", "reference", "because"),
        (
            (
                row.code,
                row.order.external_id,
                row.state.replace("_", " "),
                row.carrier,
                row.tracking_number,
                row.shipped_at.strftime("%Y-%m-%d %H:%M"),
                row.reference,
                row.last_error,
            )
            for row in found
        ),
        empty="No shipments.",
    )


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns order, tracking, carrier and more.")],
    *,
    now: TellNowOption = False,
    even_if_held: Annotated[bool, typer.Option("--even-if-held", help="Ship orders that are on hold.")] = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Record the shipments of a file; the same file again records nothing twice."""
    from tradepost import wiring

    if not file.is_file():
        message = f"There is no file {file}."
        raise FileRefused(message)
    chosen = the_channel(channel)
    bring = preview_shipments if dry_run else import_shipments
    done = bring(wiring.orders.shipment_reader().rows(file), _ports(chosen), even_if_held=even_if_held)
    first = Exit.WITH_ERRORS if done.refused else Exit.DONE
    if not as_json:
        _print(done, chosen, dry_run=dry_run, now=now)
    answer = {
        "file": str(file),
        "dry_run": dry_run,
        "recorded": [] if dry_run else [shipment.code for shipment in done.recorded],
        "packages": len(done.recorded),
        "known": done.known,
        "refused": done.refused,
        "rows": [{"line": row.line, "level": row.level.value, "message": row.message} for row in done.reports],
    }
    return told(chosen, answer, now=now and not dry_run, as_json=as_json, first=first)


@app.command()
def correct(
    shipment: Code,
    *,
    tracking: Annotated[str | None, typer.Option(help="The tracking number as it should be.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Who carries it.")] = None,
    cost: Annotated[str | None, typer.Option(help="What it cost.")] = None,
    now: TellNowOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Correct a shipment, told or not; the store is told of all of it once more."""
    if tracking is None and carrier is None and cost is None:
        message = "Say what is to be corrected: --tracking, --carrier or --cost."
        raise NotAllowed(message)
    chosen = the_channel(channel)
    correction = ShipmentCorrection(tracking, carrier, None if cost is None else typed_amount(cost))
    edit = correct_shipment(shipment, correction, _ports(chosen))
    return _say(chosen, edit, "corrected", now=now, as_json=as_json)


@app.command()
def suppress(shipment: Code, *, reason: ReasonOption, channel: ChannelOption = "", as_json: JsonOption = False) -> Exit:
    """Don't tell the store of a shipment that it has not been told of yet."""
    chosen = the_channel(channel)
    edit = leave_out_shipment(shipment, ShipmentState.SUPPRESSED, _ports(chosen), reason=_reason(reason))
    return _say(chosen, edit, "suppressed", as_json=as_json)


@app.command("take-back")
def take_back(
    shipment: Code, *, reason: ReasonOption, channel: ChannelOption = "", as_json: JsonOption = False
) -> Exit:
    """Take a shipment back that never went out and that the store was not told of; its pieces are open again."""
    chosen = the_channel(channel)
    edit = leave_out_shipment(shipment, ShipmentState.TAKEN_BACK, _ports(chosen), reason=_reason(reason))
    return _say(chosen, edit, "taken back", as_json=as_json)


@app.command()
def retry(
    shipments: Codes = None, *, now: TellNowOption = False, channel: ChannelOption = "", as_json: JsonOption = False
) -> Exit:
    """Let parked or suppressed shipments be sent, also over what somebody has made of them on the store."""
    from tradepost.engine.schedules import when_applied

    chosen = the_channel(channel)
    edits = retry_shipments(shipments or None, _ports(chosen))
    retried = [edit.code for edit in edits]
    left = sorted(set(shipments or ()) - set(retried))
    if not as_json:
        if retried:
            when = "now" if now else when_applied(chosen, "sync_orders")
            say(f"To be sent: {', '.join(retried)}; {when}.")
        elif not left:
            out.print("No shipment is parked.")
        if left:
            say(f"Neither parked nor suppressed: {', '.join(left)}.", to=err)
    first = Exit.WITH_ERRORS if left else Exit.DONE
    answer = {"retried": retried, "not_parked": left}
    return told(chosen, answer, now=now and bool(retried), as_json=as_json, first=first)


app.command("fetch-from")(fetch_from)
app.command()(fetch)
app.command()(sources)
app.command()(files)
app.command()(settle)


def told(channel: "Channel", answer: dict[str, Any], *, now: bool, as_json: bool, first: Exit = Exit.DONE) -> Exit:
    """Sync orders if that is to be done at once, print what came of it, and return what is worse of both codes."""
    from tradepost.cli.runs.run_report import combined_exit, perform, print_report

    report = perform(channel, "sync_orders", quiet=as_json) if now else None
    if as_json:
        print_json({**answer, **({} if report is None else {"run": report.to_json()})})
    elif report is not None:
        print_report(report)
    return combined_exit(first, report)


def shipment_json(row: "ShipmentRecord") -> dict[str, Any]:
    return {
        "shipment": row.code,
        "order": row.order.external_id,
        "state": row.state,
        "reference": row.reference,
        "carrier": row.carrier,
        "tracking_number": row.tracking_number,
        "cost": row.cost,
        "shipped_at": row.shipped_at,
        "synced_at": row.synced_at,
        "last_error": row.last_error,
    }


def _say(channel: "Channel", edit: "ShipmentEdit", done: str, *, now: bool = False, as_json: bool) -> Exit:
    if not as_json:
        words = f"Shipment {edit.code} of order {edit.order_number} is {done}."
        say(words)
    fields = [{"name": each.name, "before": each.before, "after": each.after} for each in edit.fields]
    answer = {"shipment": edit.code, "order": edit.order_number, "fields": fields}
    return told(channel, answer, now=now, as_json=as_json)


def _print(done: ShipmentImport, channel: "Channel", *, dry_run: bool, now: bool) -> None:
    from tradepost.engine.schedules import when_applied

    for report in done.reports[:SHOWN_REPORTS]:
        say(f"line {report.line}: {report.message}", to=err)
    more = len(done.reports) - SHOWN_REPORTS
    if more > 0:
        say(f"... and {more} more rows.", to=err)
    number = counted(len(done.recorded), "shipment")
    words = [f"Would record {number}" if dry_run else f"Recorded {number}"]
    words += [f"{done.known} recorded before"] if done.known else []
    words += [f"{done.refused} refused"] if any(row.level is Level.REFUSED for row in done.reports) else []
    when = f"; {when_applied(channel, 'sync_orders')}" if done.recorded and not dry_run and not now else ""
    say(f"{', '.join(words)}{when}.")


def _ports(channel: "Channel") -> "OrderPorts":
    from tradepost import wiring

    return wiring.orders.order_ports(channel, requested_by=shell_user())


def _reason(text: str) -> str:
    if not text.strip():
        message = "The reason is empty."
        raise NotAllowed(message)
    return text.strip()
