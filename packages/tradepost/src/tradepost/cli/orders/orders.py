"""`tradepost orders`: get them, look at them, acknowledge, hand over and ship them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli import role_of_shell
from tradepost.cli.arguments import ChannelOption, DryRunOption, JsonOption, shell_user, the_channel, the_order
from tradepost.cli.exit_codes import Exit
from tradepost.cli.orders import order_rules
from tradepost.cli.orders.order_export import confirm_, consumers, deliver, deliver_to, export, remove_consumer_
from tradepost.cli.orders.order_reconcile import reconcile
from tradepost.cli.orders.shipments import TellNowOption, shipment_json, told
from tradepost.cli.output import err, out, print_json, print_table, say
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.shipment import UNSENT, ShipmentState, typed_amount
from tradepost.domain.orders.shipping import Wanted
from tradepost.domain.people.roles import may
from tradepost.operations.orders.handovers import hand_over
from tradepost.operations.orders.order_requests import (
    hold_order,
    open_order,
    release_order,
    rematch_orders,
    retry_parked,
)
from tradepost.operations.orders.shipments import preview_shipment, record_shipment
from tradepost.operations.ports import NewShipment

if TYPE_CHECKING:
    from tradepost.database.models import Order, OrderEvent, OrderLine, ParkedOrderRecord, ShipmentRecord
    from tradepost.database.models.fulfilment import WithFulfilment

app = typer.Typer(no_args_is_help=True, help="Get orders, acknowledge and ship them.")
app.command()(order_rules.rules)
app.command()(order_rules.set_rule)
app.command()(order_rules.move_rule)
app.command()(order_rules.remove_rule)

Number = Annotated[int, typer.Argument(metavar="ORDER", help="The store's order number.")]


@app.command()
def get(*, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False) -> Exit:
    """Import new orders of the store, follow known ones, and acknowledge them in the channel's way."""
    done = _execute("get_orders", channel, dry_run=dry_run, as_json=as_json)
    number = the_channel(channel).parked_orders.count()
    if number and not as_json:
        orders = "1 order is parked" if number == 1 else f"{number} orders are parked"
        say(f"{orders}; 'tradepost orders parked' says why.", to=err)
    return done


@app.command("list")
def list_(
    *,
    channel: ChannelOption = "",
    state: Annotated[OrderState | None, typer.Option(help="Only orders in this state.")] = None,
    is_fresh: Annotated[
        bool, typer.Option("--fresh", help="Only those that nobody has looked at or worked on yet.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to print.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List orders, newest first."""
    from django.db.models import Count, Q

    from tradepost.database.models import Order
    from tradepost.database.models.fulfilment import fresh, with_fulfilment

    unsent = Count("shipments", filter=Q(shipments__state__in=UNSENT))
    rows = Order.objects.filter(channel=the_channel(channel)).order_by("-placed_at", "-pk")
    if state is not None:
        rows = rows.filter(state=state.value)
    if is_fresh:
        rows = fresh(rows)
    found = list(with_fulfilment(rows).annotate(unsent=unsent)[:limit])
    if as_json:
        print_json({"orders": [{**_json(order), "unsent_shipments": order.unsent} for order in found]})
        return
    print_table(
        ("order", "fresh", "state", "on the store", "placed", "total", "acknowledged", "unsent shipments", "ship to"),
        (
            (
                order.external_id,
                "fresh" if order.is_fresh else "",
                order.state,
                order.store_status,
                order.placed_at.strftime("%Y-%m-%d %H:%M"),
                f"{order.total} {order.currency}".strip(),
                "yes" if order.acknowledged_at else "no",
                order.unsent or "",
                f"{order.ship_to.get('first_name', '')} {order.ship_to.get('last_name', '')}".strip(),
            )
            for order in found
        ),
        empty="No orders.",
    )


@app.command()
def show(
    order: Number,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Print the order as the store sent it, and nothing else.")] = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show an order with its lines, its shipments and what happened to it."""
    from tradepost import wiring
    from tradepost.database.models import Order
    from tradepost.database.models.fulfilment import with_fulfilment

    chosen = the_channel(channel)
    found = with_fulfilment(Order.objects.filter(pk=the_order(chosen, order).pk)).get()
    if may(role_of_shell(), "orders open"):
        # After it was read, so that it is shown as it was.
        open_order(order, wiring.orders.order_ports(chosen, requested_by=shell_user()))
    if raw:
        _print_raw(found)
        return
    lines = list(found.lines.order_by("pk"))
    shipments = list(found.shipments.select_related("order").order_by("pk"))
    events = list(found.events.order_by("pk"))
    if as_json:
        print_json(
            {
                **_json(found),
                "ship_to": found.ship_to,
                "lines": [_line_json(line) for line in lines],
                "charges": found.charges,
                "rules": found.rules_done,
                "shipments": [shipment_json(shipment) for shipment in shipments],
                "events": [_event_json(event) for event in events],
            }
        )
        return
    _print_order(found, lines, shipments, events)


@app.command()
def hold(
    order: Number,
    *,
    reason: Annotated[str, typer.Option(help="Why, for whoever meets it.")],
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """Hold an order: nothing of it is shipped until it is released."""
    from tradepost import wiring

    ports = wiring.orders.order_ports(the_channel(channel), requested_by=shell_user())
    hold_order(order, ports, reason=_text(reason, "reason"))
    _say_state(order, "on_hold", f"Order {order} is on hold.", as_json=as_json)


@app.command()
def release(order: Number, *, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """Let an order that is on hold go on, whatever held it."""
    from tradepost import wiring

    chosen = the_channel(channel)
    reason = release_order(order, wiring.orders.order_ports(chosen, requested_by=shell_user()))
    state = the_order(chosen, order).state
    _say_state(order, state, f"Order {order} is {state}; it was on hold: {reason}", as_json=as_json)


@app.command()
def rematch(
    orders: Annotated[
        list[int] | None, typer.Argument(metavar="ORDER", help="The store's order numbers; left out, all of them.")
    ] = None,
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let the next get look again for items of orders that were no listings."""
    from tradepost import wiring
    from tradepost.engine.schedules import when_applied

    chosen = the_channel(channel)
    found = rematch_orders(orders or None, wiring.orders.order_ports(chosen, requested_by=shell_user()))
    if as_json:
        print_json({"orders": found})
    elif found:
        when = when_applied(chosen, "get_orders")
        say(f"To be looked at: {_numbers(found)}; {when}.")
    else:
        out.print("None of these orders has an unknown item." if orders else "No order has an unknown item.")


app.command()(reconcile)
app.command()(export)
app.command("confirm")(confirm_)
app.command()(consumers)
app.command("remove-consumer")(remove_consumer_)
app.command("deliver-to")(deliver_to)
app.command()(deliver)


@app.command()
def parked(*, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """List orders of the store that can't be imported, with the reason."""
    rows = list(the_channel(channel).parked_orders.order_by("first_at", "pk"))
    if as_json:
        print_json({"parked": [_parked_json(row) for row in rows]})
        return
    print_table(
        ("order", "parked", "tried last", "reason"),
        ((row.number, f"{row.first_at:%Y-%m-%d %H:%M}", f"{row.last_at:%Y-%m-%d %H:%M}", row.reason) for row in rows),
        empty="No order is parked.",
    )


@app.command()
def retry(
    orders: Annotated[
        list[str] | None, typer.Argument(metavar="ORDER", help="Numbers of parked orders; left out, all of them.")
    ] = None,
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Let the next get try parked orders again."""
    from tradepost import wiring
    from tradepost.engine.schedules import when_applied

    chosen = the_channel(channel)
    retried = retry_parked(orders or None, wiring.orders.order_ports(chosen, requested_by=shell_user()))
    unknown = sorted(set(orders or ()) - set(retried))
    if as_json:
        print_json({"retried": retried, "not_parked": unknown})
    else:
        if retried:
            when = when_applied(chosen, "get_orders")
            say(f"To be tried: {', '.join(retried)}; {when}.")
        elif not unknown:
            out.print("No order is parked.")
        if unknown:
            say(f"Not parked: {', '.join(unknown)}.", to=err)
    return Exit.WITH_ERRORS if unknown else Exit.DONE


@app.command()
def acknowledge(*, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False) -> Exit:
    """Tell the store of orders that it has not been told about yet; new ones are fetched on the way."""
    return _execute("get_orders", channel, dry_run=dry_run, as_json=as_json)


@app.command("hand-over")
def hand_over_(
    orders: Annotated[
        list[int] | None, typer.Argument(metavar="ORDER", help="The store's order numbers, imported or not.")
    ] = None,
    *,
    all_open: Annotated[
        bool, typer.Option("--all-open", help="All orders of the channel that are open on the store.")
    ] = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Say that whoever packs these orders has their pieces in the count from now on."""
    from tradepost import wiring

    if all_open == bool(orders):
        message = "Name the orders to hand over, or say --all-open."
        raise NotAllowed(message)
    chosen = the_channel(channel)
    ports = wiring.orders.handover_ports(chosen, requested_by=shell_user())
    handover = hand_over(None if all_open else orders, ports)
    if as_json:
        print_json(
            {
                "handed_over": list(handover.marked),
                "before": list(handover.before),
                "unknown": list(handover.unknown),
            }
        )
    else:
        say(f"Handed over: {_numbers(handover.marked) or 'none'}.")
        if handover.before:
            say(f"Handed over before: {_numbers(handover.before)}.")
        if handover.unknown:
            unknown = f"No order was seen on '{chosen.name}' with the number {_numbers(handover.unknown)}"
            say(f"{unknown}; 'tradepost orders get' looks for new ones.", to=err)
    return Exit.WITH_ERRORS if handover.unknown else Exit.DONE


@app.command()
def ship(
    order: Number,
    *,
    carrier: Annotated[
        str, typer.Option(help="Who carries it, for example UPS; left out, whom a rule for orders has chosen.")
    ] = "",
    tracking: Annotated[str, typer.Option(help="The tracking number.")],
    line: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="SKU=QTY", help="Only these pieces; may be repeated. Else all that is open."),
    ] = None,
    cost: Annotated[str, typer.Option(help="What the shipment cost.")] = "0",
    reference: Annotated[str, typer.Option(help="Your own name for the package.")] = "",
    now: TellNowOption = False,
    even_if_held: Annotated[bool, typer.Option("--even-if-held", help="Ship an order that is on hold.")] = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Record a shipment; 'tradepost orders sync' sends it to the store, and 'tradepost shipments' takes files."""
    from tradepost import wiring
    from tradepost.engine.schedules import when_applied

    chosen = the_channel(channel)
    the_order(chosen, order)
    new = NewShipment(
        order_number=order,
        carrier=carrier,
        tracking_number=_text(tracking, "tracking number"),
        cost=typed_amount(cost),
        lines=_pieces(line) if line else None,
        even_if_held=even_if_held,
        reference=reference,
    )
    ports = wiring.orders.order_ports(chosen, requested_by=shell_user())
    shipment = preview_shipment(new, ports) if dry_run else record_shipment(new, ports)
    pieces = sum(part.quantity for part in shipment.lines)
    if not as_json:
        done = f"Would record {pieces} pieces" if dry_run else f"Recorded {pieces} pieces as shipment {shipment.code}"
        when = "" if now else f"; {when_applied(chosen, 'sync_orders')}"
        say(f"{done}{when}.")
    answer = {
        "order": order,
        "dry_run": dry_run,
        "shipment": None if dry_run else shipment.code,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "pieces": pieces,
    }
    return told(chosen, answer, now=now and not dry_run, as_json=as_json)


@app.command()
def sync(*, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False) -> Exit:
    """Send shipments that the store does not know yet."""
    return _execute("sync_orders", channel, dry_run=dry_run, as_json=as_json)


def _execute(kind: str, channel: str, *, dry_run: bool, as_json: bool) -> Exit:
    from tradepost.cli.runs.run_report import execute

    return execute(the_channel(channel), kind, dry_run=dry_run, as_json=as_json)


def _say_state(order: int, state: str, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"order": order, "state": state})
    else:
        say(words)


def _on_store(shipment: "ShipmentRecord") -> str:
    if shipment.state == ShipmentState.WAITING:
        return shipment.last_error or "not yet"
    words = "yes" if shipment.state == ShipmentState.TOLD else shipment.state.replace("_", " ")
    return f"{words}: {shipment.last_error}" if shipment.last_error else words


def _event_json(event: "OrderEvent") -> dict[str, Any]:
    return {
        "at": event.at,
        "what": event.what,
        "reason": event.reason,
        "by": event.by,
        "run": event.run_id,
        "fields": event.fields,
    }


def _print_events(events: "Sequence[OrderEvent]") -> None:
    if not events:
        return
    say("\nWhat happened")
    for event in events:
        words = " ".join(filter(None, (event.what, f"by {event.by}" if event.by else "", event.reason)))
        say(f"{event.at:%Y-%m-%d %H:%M} {words}")
        for field in event.fields:
            before, after = (_shown(field[side], other=field[other]) for side, other in _SIDES)
            say(f"    {field['name']}: {before} -> {after}")


_SIDES = (("before", "after"), ("after", "before"))


def _shown(value: Any, *, other: Any) -> str:
    """One side of a change; of an address, the parts that differ."""
    if isinstance(value, dict) and isinstance(other, dict):
        return ", ".join(f"{name} {part!r}" for name, part in value.items() if part != other.get(name)) or "nothing"
    return "nothing" if value is None or value == [] else str(value)


def _print_order(
    found: "WithFulfilment",
    lines: "Sequence[OrderLine]",
    shipments: "Sequence[ShipmentRecord]",
    events: "Sequence[OrderEvent]",
) -> None:
    for name, value in _json(found).items():
        shown = ", ".join(value) if isinstance(value, list) else value
        say(f"{name}: {'' if shown is None else shown}")
    say("ship_to: " + ", ".join(str(value) for value in found.ship_to.values() if value))
    for done in found.rules_done:
        say(f"rule {done['rule']}: {done['deeds']}, because of {done['why']}")
    print_table(
        ("sku", "name", "options", "quantity", "price", "total", "status", "listing"),
        (
            (
                line.sku,
                line.name,
                line.chosen,
                line.quantity,
                line.price,
                line.total,
                line.store_status,
                line.listing_id or "none",
            )
            for line in lines
        ),
        title="\nLines",
    )
    print_table(
        ("shipment", "carrier", "tracking number", "shipped", "on the store"),
        (
            (
                shipment.code,
                shipment.carrier,
                shipment.tracking_number,
                shipment.shipped_at.strftime("%Y-%m-%d %H:%M"),
                _on_store(shipment),
            )
            for shipment in shipments
        ),
        title="\nShipments",
        empty="\nNo shipments.",
    )
    _print_events(events)


def _print_raw(order: "Order") -> None:
    from tradepost.database.models import OrderPayload

    payload = OrderPayload.objects.filter(order=order).first()
    if payload is None:
        message = (
            f"Order {order.external_id} is not kept as the store sent it any more; "
            "'tradepost channel set --payload-days' says how long orders are."
        )
        raise NotAllowed(message)
    out.print(payload.record, markup=False, highlight=False, soft_wrap=True)


def _numbers(orders: Sequence[int]) -> str:
    return ", ".join(map(str, orders))


def _pieces(lines: list[str]) -> Wanted:
    pieces: dict[str | int, int | None] = {}
    for text in lines:
        sku, separator, number = text.rpartition("=")
        if not separator or not sku or not (number.isascii() and number.isdigit()) or int(number) == 0:
            message = f"'{text}' is no line; write it as SKU=QTY, for example --line TEE-S=2."
            raise NotAllowed(message)
        pieces[sku] = (pieces.get(sku) or 0) + int(number)
    return pieces


def _text(text: str, what: str) -> str:
    if not text.strip():
        message = f"The {what} is empty."
        raise NotAllowed(message)
    return text.strip()


def _json(order: "WithFulfilment") -> dict[str, Any]:
    return {
        "order": order.external_id,
        "state": order.state,
        "fresh": order.is_fresh,
        "hold_reason": order.holds.reason,
        "closed_reason": order.closed_reason,
        "store_status": order.store_status,
        "placed_at": order.placed_at,
        "imported_at": order.imported_at,
        "handed_over_at": order.handed_over_at,
        "acknowledged_at": order.acknowledged_at,
        "shipped_at": order.shipped_at,
        "total": order.total,
        "currency": order.currency,
        "payment_state": order.payment_state,
        "shipping_method": order.shipping_method,
        "service": order.service,
        "carrier": order.carrier,
        "fulfilled_by": order.fulfiller,
        "tags": order.tags,
    }


def _parked_json(row: "ParkedOrderRecord") -> dict[str, Any]:
    return {
        "order": row.number,
        "reason": row.reason,
        "parked_at": row.first_at,
        "tried_at": row.last_at,
        "hub_version": row.version,
        "payload": row.payload,
    }


def _line_json(line: "OrderLine") -> dict[str, Any]:
    return {
        "line": line.line_id,
        "sku": line.sku,
        "code": line.code,
        "name": line.name,
        "options": line.options,
        "chosen": line.chosen,
        "quantity": line.quantity,
        "price": line.price,
        "total": line.total,
        "status": line.store_status,
        "listing": line.listing_id,
    }
