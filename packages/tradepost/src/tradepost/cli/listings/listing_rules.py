"""`tradepost listings rules`, `set-rule` and `remove-rule`: what a channel makes of prices and quantities."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import ChannelOption, DryRunOption, JsonOption, shell_user, the_channel
from tradepost.cli.output import counted, out, print_json, print_table, say
from tradepost.domain.listings.listing_rules import ListingRule, ListingRules, Rounding, Start, typed_amount

if TYPE_CHECKING:
    from tradepost.operations.listings.listing_rules import ListingRulesChanged

ListingRuleName = Annotated[str, typer.Argument(metavar="RULE", help="A name for the rule.")]


def rules(*, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """List the channel's rules for prices and quantities, in the order in which they are asked."""
    from tradepost import wiring

    found = ListingRules.of(wiring.channels.profile_of(the_channel(channel)).settings.listing_rules).in_order
    if as_json:
        print_json({"rules": [_json(rule) for rule in found]})
        return
    print_table(
        ("rule", "for", "does"),
        ((rule.name, rule.conditions, rule.deeds) for rule in found),
        empty="No rules: listings have the catalogue's prices, and all that is left is offered.",
    )


def set_rule(
    name: ListingRuleName,
    *,
    brand: Annotated[
        list[str] | None, typer.Option(help="For articles of this brand; * is for any characters, may be repeated.")
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(help="For what is in this category or below it, a name or a path as 'Clothing > Shirts'."),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="For articles with this tag; may be repeated.")] = None,
    sku: Annotated[
        list[str] | None, typer.Option(help="For articles of this SKU, as 'TEE-*'; may be repeated.")
    ] = None,
    from_: Annotated[Start | None, typer.Option("--from", metavar="WHAT", help="Reckon the price from this.")] = None,
    percent: Annotated[str | None, typer.Option(help="Add so many percent; -10 takes them off.")] = None,
    amount: Annotated[str | None, typer.Option(help="Add so much, after the percentage.")] = None,
    lowest: Annotated[str | None, typer.Option(metavar="PRICE", help="Raise what is below this to it.")] = None,
    highest: Annotated[str | None, typer.Option(metavar="PRICE", help="Lower what is above this to it.")] = None,
    margin: Annotated[
        str | None,
        typer.Option(metavar="PERCENT", help="Not below the cost and so many percent of it, where a cost is known."),
    ] = None,
    ending: Annotated[
        list[str] | None,
        typer.Option("--ending", help="Round to prices that end so, as .99 or 9.99; may be repeated."),
    ] = None,
    multiple: Annotated[str | None, typer.Option(metavar="AMOUNT", help="Round to multiples of this, as 0.05.")] = None,
    rounding: Annotated[Rounding, typer.Option(help="Which way to round.")] = Rounding.UP,
    guard: Annotated[
        str | None,
        typer.Option(metavar="PERCENT", help="Hold back a price that changes by more than so many percent."),
    ] = None,
    share: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Offer only so many percent of what is left.")
    ] = None,
    buffer: Annotated[int | None, typer.Option(metavar="PIECES", help="Keep so many pieces back.")] = None,
    at_least: Annotated[int | None, typer.Option(metavar="PIECES", help="Show fewer than this as none.")] = None,
    at_most: Annotated[int | None, typer.Option(metavar="PIECES", help="Never show more than this.")] = None,
    lists: Annotated[
        bool | None, typer.Option("--list/--no-list", help="Whether the channel lists these products at all.")
    ] = None,
    before: Annotated[str, typer.Option(metavar="RULE", help="Ask it before this rule.")] = "",
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Set a rule for listings: which articles it is for, and what it makes of their prices and quantities.

    All that is named has to be so; a rule that names nothing is for everything and asked last. Each step (markup, each
    limit, rounding, each part of a quantity) is made by the first rule that says it, from the catalogue's value.
    """
    from tradepost import wiring
    from tradepost.operations.listings import listing_rules

    rule = ListingRule(
        name=name.strip(),
        brands=tuple(brand or ()),
        categories=tuple(category or ()),
        tags=tuple(tag or ()),
        skus=tuple(sku or ()),
        start=from_,
        percent=_number(percent),
        amount=_number(amount),
        lowest=_number(lowest),
        highest=_number(highest),
        margin=_number(margin),
        endings=tuple(found for text in ending or () if (found := _number(text)) is not None),
        step=_number(multiple),
        rounding=rounding,
        guard=_number(guard),
        share=_number(share),
        buffer=buffer,
        at_least=at_least,
        at_most=at_most,
        lists=lists,
    )
    ports = wiring.channels.channel_ports(requested_by=shell_user())
    changed = listing_rules.set_rule(the_channel(channel).pk, rule, ports, before=before.strip(), is_dry=dry_run)
    fitting = f" It is for {counted(changed.differences.ruled[rule.name], 'listing')}." if changed.is_new else ""
    words = f"Rule '{rule.name}' for {rule.conditions}: {rule.deeds}.{fitting}"
    _tell(words, changed, is_dry=dry_run, as_json=as_json)


def remove_rule(
    name: ListingRuleName, *, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False
) -> None:
    """Forget a rule for prices and quantities."""
    from tradepost import wiring
    from tradepost.operations.listings import listing_rules

    ports = wiring.channels.channel_ports(requested_by=shell_user())
    changed = listing_rules.remove_rule(the_channel(channel).pk, name, ports, is_dry=dry_run)
    words = f"Rule '{name}' would be removed." if dry_run else f"Rule '{name}' was removed."
    _tell(words, changed, is_dry=dry_run, as_json=as_json)


def _tell(words: str, changed: "ListingRulesChanged", *, is_dry: bool, as_json: bool) -> None:
    found = changed.differences
    if as_json:
        print_json(
            {
                "dry_run": is_dry,
                "changed": changed.is_new,
                "prices": {"raised": found.raised, "lowered": found.lowered, "held": found.held, "freed": found.freed},
                "listed": {"left_out": found.left_out, "back": found.back},
                "quantities": {"more": found.more, "fewer": found.fewer},
                "ruled": dict(found.ruled),
                "examples": [
                    {
                        "sku": each.sku,
                        "price": {"before": each.price_before, "after": each.price_after, "held": each.is_held},
                        "quantity": {"before": each.quantity_before, "after": each.quantity_after},
                    }
                    for each in found.examples
                ],
            }
        )
        return
    say(words if changed.is_new else "The rule is like that already.")
    if not changed.is_new:
        return
    if found.examples:
        print_table(
            ("sku", "price", "new price", "quantity", "new quantity"),
            (
                (
                    each.sku,
                    each.price_before,
                    f"{each.price_after}{' (held back)' if each.is_held else ''}",
                    "unknown" if each.quantity_before is None else each.quantity_before,
                    "unknown" if each.quantity_after is None else each.quantity_after,
                )
                for each in found.examples
            ),
            title="The first of them" if len(found.examples) < found.prices + found.quantities else "",
        )
    did, went = ("would change", "would go") if is_dry else ("changed", "went")
    say(
        f"{counted(found.prices, 'price')} {did}: {found.raised:,} higher, {found.lowered:,} lower; "
        f"{found.held:,} held back, {found.freed:,} no more. Of quantities, {found.more:,} {went} up, "
        f"{found.fewer:,} down."
    )
    if found.left_out or found.back:
        out.print(f"{counted(found.left_out, 'listing')} {went} off sale, {found.back:,} back on.")
    if not is_dry and (found.prices or found.quantities):
        out.print("A sync sends them.")


def _number(text: str | None) -> Decimal | None:
    return None if text is None else typed_amount(text)


def _json(rule: ListingRule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "brands": list(rule.brands),
        "categories": list(rule.categories),
        "tags": list(rule.tags),
        "skus": list(rule.skus),
        "from": rule.start,
        "percent": rule.percent,
        "amount": rule.amount,
        "lowest": rule.lowest,
        "highest": rule.highest,
        "margin": rule.margin,
        "endings": list(rule.endings),
        "multiple": rule.step,
        "rounding": rule.rounding if rule.rounds else None,
        "guard": rule.guard,
        "share": rule.share,
        "buffer": rule.buffer,
        "at_least": rule.at_least,
        "at_most": rule.at_most,
        "list": rule.lists,
    }
