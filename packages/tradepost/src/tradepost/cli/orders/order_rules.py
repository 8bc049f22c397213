"""`tradepost orders rules`, `set-rule`, `move-rule` and `remove-rule`: what a channel's rules do with its orders."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import ChannelOption, JsonOption, shell_user, the_channel
from tradepost.cli.output import print_json, print_table, say
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing_rules import typed_amount
from tradepost.domain.orders.order_rules import AddressPart, OrderRule, in_order

if TYPE_CHECKING:
    from tradepost.operations.orders.order_rules import RulesChanged

RuleName = Annotated[str, typer.Argument(metavar="RULE", help="A name for the rule.")]


def rules(*, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """List the channel's rules for orders, in the order in which they are asked."""
    from tradepost import wiring

    found = in_order(wiring.channels.profile_of(the_channel(channel)).settings.order_rules)
    if as_json:
        print_json({"rules": [_json(rule) for rule in found]})
        return
    print_table(
        ("rule", "for", "does"),
        ((rule.name, rule.conditions, rule.deeds) for rule in found),
        empty="No rules. Unknown items and totals that don't add up hold an order in any case.",
    )


def set_rule(
    name: RuleName,
    *,
    lacks: Annotated[
        list[AddressPart] | None,
        typer.Option(help="For orders whose delivery address lacks this; may be repeated, and one is enough."),
    ] = None,
    total_above: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="For orders with a higher total than this.")
    ] = None,
    price_off: Annotated[
        str | None,
        typer.Option(
            metavar="PERCENT",
            help="For orders with an item whose price differs by more than so many percent from its listing's.",
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="For orders with this shipping method of the store; * is for any characters, may be repeated."
        ),
    ] = None,
    country: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="For orders to this country; may be repeated.")
    ] = None,
    sku: Annotated[
        list[str] | None,
        typer.Option(help="For orders with an item of this SKU; * is for any characters, may be repeated."),
    ] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Hold them until a person releases them.")] = False,
    tag: Annotated[str, typer.Option(help="Tag them so.")] = "",
    service: Annotated[str, typer.Option(help="Ship them by this service, in your own words.")] = "",
    carrier: Annotated[str, typer.Option(help="And with this carrier.")] = "",
    fulfilled_by: Annotated[str, typer.Option(metavar="WHO", help="Let these people ship them: a warehouse.")] = "",
    before: Annotated[str, typer.Option(metavar="RULE", help="Ask it before this rule.")] = "",
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Set a rule for orders: which ones it is for, and what it does with them.

    All that is named has to be so; a rule that names nothing is for every order and asked last. Of several services and
    warehouses the first counts. Orders that are open are judged by it at once.
    """
    from tradepost import wiring
    from tradepost.operations.orders import order_rules

    rule = OrderRule(
        name=name.strip(),
        lacks=frozenset(lacks or ()),
        total_above=None if total_above is None else typed_amount(total_above),
        price_off=None if price_off is None else typed_amount(price_off),
        methods=tuple(method or ()),
        countries=tuple(country or ()),
        skus=tuple(sku or ()),
        holds=hold,
        tag=tag.strip(),
        service=service.strip(),
        carrier=carrier.strip(),
        fulfiller=fulfilled_by.strip(),
    )
    chosen = the_channel(channel)
    user = shell_user()
    changed = order_rules.set_rule(
        rule,
        wiring.channels.channel_ports(requested_by=user),
        wiring.orders.order_ports(chosen, requested_by=user),
        before=before.strip(),
    )
    _tell(f"Rule '{rule.name}' for {rule.conditions}: {rule.deeds}.", changed, as_json=as_json)


def move_rule(
    name: RuleName,
    *,
    before: Annotated[str, typer.Option(metavar="RULE", help="Ask it before this rule.")] = "",
    last: Annotated[bool, typer.Option("--last", help="Ask it after all others.")] = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Ask a rule for orders before another one, or after all others: of several services and warehouses the first counts.

    Orders that are open are judged by it at once.
    """
    from tradepost import wiring
    from tradepost.operations.orders import order_rules

    other = before.strip()
    if bool(other) is last:
        raise NotAllowed("Say when the rule is asked: --before RULE, or --last.")
    chosen = the_channel(channel)
    user = shell_user()
    changed = order_rules.move_rule(
        name,
        wiring.channels.channel_ports(requested_by=user),
        wiring.orders.order_ports(chosen, requested_by=user),
        before=other,
    )
    where = f"before '{other}'" if other else "after all others"
    _tell(f"Rule '{name}' is asked {where} now.", changed, as_json=as_json)


def remove_rule(name: RuleName, *, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """Forget a rule for orders; what it held goes on, unless something else holds it."""
    from tradepost import wiring
    from tradepost.operations.orders import order_rules

    chosen = the_channel(channel)
    user = shell_user()
    changed = order_rules.remove_rule(
        name, wiring.channels.channel_ports(requested_by=user), wiring.orders.order_ports(chosen, requested_by=user)
    )
    _tell(f"Rule '{name}' was removed.", changed, as_json=as_json)


def _tell(words: str, changed: "RulesChanged", *, as_json: bool) -> None:
    if as_json:
        print_json({"changed": changed.is_new, "orders": list(changed.orders)})
        return
    say(words if changed.is_new else "The rule is like that already.")
    if changed.orders:
        numbers = ", ".join(map(str, changed.orders))
        say(f"Orders that are in another state now: {numbers}.")


def _json(rule: OrderRule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "lacks": sorted(rule.lacks),
        "total_above": rule.total_above,
        "price_off": rule.price_off,
        "methods": list(rule.methods),
        "countries": list(rule.countries),
        "skus": list(rule.skus),
        "hold": rule.holds,
        "tag": rule.tag,
        "service": rule.service,
        "carrier": rule.carrier,
        "fulfilled_by": rule.fulfiller,
    }
