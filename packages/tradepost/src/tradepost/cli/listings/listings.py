"""`tradepost listings`: see what is on a store, ask for changes, and apply them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from tradepost.cli.arguments import ChannelOption, JsonOption, WhereOption, named_listings, the_channel
from tradepost.cli.listings import (
    listing_changes,
    listing_links,
    listing_locks,
    listing_mapping,
    listing_rules,
    listing_table,
)
from tradepost.cli.output import out, print_json, print_table, say
from tradepost.domain.channels.schedule import zone_of
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link, Pending, ShownHealth
from tradepost.domain.listings.listing_filter import NONE, condition, parse_filters
from tradepost.domain.stock.stock import offered
from tradepost.domain.value_words import value_words
from tradepost.security.terminal import printable

if TYPE_CHECKING:
    from tradepost.database.models import DriftRecord, Listing, RunChange

app = typer.Typer(no_args_is_help=True, help="See, publish, sync, hide, overwrite and delist what is on a store.")

HISTORY_LENGTH = 20


@app.command("list")
def list_(
    *,
    channel: ChannelOption = "",
    health: Annotated[ShownHealth | None, typer.Option(help="What the store shows.")] = None,
    link: Annotated[Link | None, typer.Option(help="Whether we know the store's product.")] = None,
    pending: Annotated[Pending | None, typer.Option(help="What was asked for and is not done yet.")] = None,
    attention: Annotated[Attention | None, typer.Option(help="Why it needs a person.")] = None,
    paused: Annotated[bool | None, typer.Option("--paused/--not-paused", help="Whether it is frozen.")] = None,
    locked: Annotated[
        bool | None, typer.Option("--locked/--not-locked", help="Whether something of it is left alone.")
    ] = None,
    where: WhereOption = None,
    search: Annotated[str, typer.Option(help="Pieces of a SKU, a code or the title.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to print.")] = 100,
    after: Annotated[int, typer.Option(help="Continue behind the listing of this id.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """List the listings of a channel."""
    from tradepost import wiring
    from tradepost.database.models import with_attentions
    from tradepost.database.search import Search

    chosen = the_channel(channel)
    options = {"health": health, "link": link, "pending": pending, "attention": attention}
    meant = [
        *parse_filters(where or ()),
        *(condition(name, option.value or NONE) for name, option in options.items() if option is not None),
    ]
    switches = {"paused": paused, "locked": locked}
    meant += [condition(name, "yes" if is_so else "no") for name, is_so in switches.items() if is_so is not None]
    rows = wiring.listings.listings_meant(chosen, tuple(meant)).filter(pk__gt=after).select_related("product")
    rows = with_attentions(rows)
    if search:
        rows = Search(search).listings(rows)
    found = list(rows.order_by("pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    if as_json:
        print_json({"listings": [_json(row) for row in found], "next_after": found[-1].pk if more else None})
        return
    print_table(
        ("id", "code", "health", "pending", "price", "quantity", "attention", "title", "link", "kind"),
        (
            (
                row.pk,
                row.code,
                row.shown_health.value,
                _pending(row),
                row.wanted_price,
                _quantity(row),
                ", ".join(noted.kind for noted in row.noted),
                row.product.title,
                row.link,
                row.kind,
            )
            for row in found
        ),
        empty="No listings.",
    )
    if more:
        out.print(f"There are more: --after {found[-1].pk}")


@app.command()
def show(
    sku: Annotated[str, typer.Argument(help="A SKU, a family's handle, or a code.")],
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show one listing, with what was done to it."""
    from tradepost.database.models import Listing, RunChange

    named = named_listings(the_channel(channel), [sku])
    row = Listing.objects.select_related("product", "channel").get(pk=named.ids[0])
    history = list(RunChange.history_of(row.pk)[:HISTORY_LENGTH])
    if as_json:
        print_json({**_json(row), "history": [_history_json(change) for change in history]})
        return
    for name, value in _json(row).items():
        if name not in {"attentions", "drift", "locked"}:
            out.print(f"[bold]{name}[/bold]: ", end="")
            say(printable(value_words(name, _figures(value))))
    if words := row.locks.words:
        out.print(f"[bold]locked[/bold]: {escape(words)}", soft_wrap=True)
    for sentence in map(_drift_sentence, row.drifts.order_by("group")):
        out.print(f"[bold]drift[/bold]: {escape(printable(sentence))}", soft_wrap=True)
    for sentence in _attention_sentences(row):
        out.print(f"[bold]attention[/bold]: {escape(printable(sentence))}", soft_wrap=True)
    print_table(
        ("run", "action", "outcome", "message", "changed", "proof"),
        (
            (
                change.run_id,
                change.action,
                change.outcome,
                change.message,
                ", ".join(str(field["name"]) for field in change.fields),
                change.proof,
            )
            for change in history
        ),
        title="\nHistory, newest first",
        empty="\nNothing was done to it yet.",
    )


@app.command("explain")
def explain_(
    sku: Annotated[str, typer.Argument(help="A SKU, a family's handle, or a code.")],
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Say why a listing is in its state, what happens next and what stands in the way, and why price and stock are such.

    What needs a person is said with what to type.
    """
    from tradepost.cli.listings.explain import explain_listings

    explain_listings(the_channel(channel), sku, as_json=as_json)


@app.command()
def attention(*, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """Say what needs a person: each cause with how many listings it concerns, an example, and what to do."""
    from tradepost.cli.listings.attention import tell_attention

    tell_attention(the_channel(channel), as_json=as_json)


for _command in (
    listing_mapping.mapping,
    listing_rules.rules,
    listing_rules.set_rule,
    listing_rules.remove_rule,
    listing_changes.build,
    listing_changes.publish,
    listing_changes.overwrite,
    listing_changes.hide,
    listing_changes.unhide,
    listing_changes.delist,
    listing_changes.clear,
    listing_changes.request,
    listing_table.export,
    listing_table.customise,
    listing_changes.pause,
    listing_changes.unpause,
    listing_changes.retry,
    listing_changes.sync,
    listing_links.link,
    listing_changes.unlink,
    listing_changes.remove,
    listing_links.candidates,
    listing_links.set_type,
    listing_links.adopt,
    listing_changes.accept_drift,
    listing_changes.accept_price,
    listing_locks.lock,
    listing_locks.unlock,
):
    app.command()(_command)


def _figures(value: Any) -> Any:
    """Of figures that go together say which nobody knows."""
    if not isinstance(value, dict):
        return value
    return {name: "unknown" if number is None else number for name, number in value.items()}


def _json(row: "Listing") -> dict[str, Any]:
    locks = row.locks
    return {
        "id": row.pk,
        "code": row.code,
        "sku": row.sku,
        "title": row.product.title,
        "kind": row.kind,
        "health": row.shown_health.value,
        "link": row.link,
        "pending": row.pending,
        "paused": row.is_paused,
        "parked": row.is_parked,
        "external_id": row.external_id,
        "price": {"wanted": row.wanted_price, "proven": row.proven_price},
        "quantity": {
            "available": row.available,
            "account": row.account,
            "sells_without_stock": row.sells_without_stock,
        },
        "locked": {
            "groups": sorted(locks.groups),
            "price": locks.price,
            "quantity": locks.quantity,
            "texts": dict(locks.texts),
        },
        "drift": [_drift_json(drift) for drift in row.drifts.order_by("group")],
        "attentions": attentions_json(row),
    }


def _drift_json(drift: "DriftRecord") -> dict[str, Any]:
    return {
        "group": drift.group,
        "kept": drift.is_kept,
        "since": drift.since,
        "fields": [{"name": each["name"], "ours": each["before"], "store": each["after"]} for each in drift.fields],
    }


def attentions_json(row: "Listing") -> list[dict[str, Any]]:
    return [
        {"kind": noted.kind, "message": noted.message, "since": noted.since, "run": noted.run_id} for noted in row.noted
    ]


def _drift_sentence(drift: "DriftRecord") -> str:
    decision = "kept" if drift.is_kept else "not decided"
    return f"{drift.group}: {drift.words}; {decision} (seen {drift.since:%Y-%m-%d %H:%M})"


def _attention_sentences(row: "Listing") -> list[str]:
    zone = zone_of(row.channel.time_zone)
    return [f"{noted.kind} since {noted.since.astimezone(zone):%Y-%m-%d %H:%M}: {noted.message}" for noted in row.noted]


def _history_json(change: "RunChange") -> dict[str, Any]:
    return {
        "run": change.run_id,
        "action": change.action,
        "outcome": change.outcome,
        "proof": change.proof,
        "fields": change.fields,
        "reason": change.reason,
        "message": change.message,
    }


def _pending(row: "Listing") -> str:
    held = {
        "paused": row.is_paused,
        "locked": bool(row.locked_groups),
        "customised": bool(row.own_texts),
        "parked": row.is_parked,
    }
    return " ".join([*(word for word, is_so in held.items() if is_so), row.pending]).rstrip()


def _quantity(row: "Listing") -> str:
    if row.kind == "parent":
        return ""
    return "unknown" if row.available is None else str(offered(row.available))
