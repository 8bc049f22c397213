"""Linking by hand: what the store has that a listing could mean, the choice of one, and the types that are missing."""

from collections.abc import Sequence
from typing import Any

from tradepost import wiring
from tradepost.cli.arguments import confirm, named_listings
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, print_json, print_table, say
from tradepost.cli.runs.run_report import combined_exit, execute, perform, print_report, print_unknown
from tradepost.database.models import Channel
from tradepost.domain.errors import NotAllowed
from tradepost.operations.listings.candidates import LinkCandidate, candidates_of, chosen_product
from tradepost.operations.selection import LINK_TO


def show_candidates(channel: Channel, sku: str, *, as_json: bool) -> Exit:
    """Print what a listing could be linked to."""
    listings = wiring.listings.listings_of(channel.pk)
    settings = wiring.channels.profile_of(channel).settings
    (row,) = listings.by_ids(named_listings(channel, [sku]).ids[:1])
    with wiring.stores.open_store(channel) as store:
        found = candidates_of(
            row, store=store, listings=listings, rules=settings.rules, priority=settings.linking_priority
        )
    if as_json:
        print_json({"sku": row.sku, "candidates": [_json(candidate) for candidate in found]})
        return Exit.DONE
    print_table(
        ("id", "code", "sku", "name", "type", "active", "found by", "linked to"),
        (tuple(_json(candidate).values()) for candidate in found),
        empty=f"The store has no product with the SKU or the code of {row.sku}.",
    )
    if found:
        say(f"'tradepost listings link {row.sku} --to ID' links one of them.")
    return Exit.DONE


def link_to(
    channel: Channel,
    skus: Sequence[str] | None,
    chosen: str,
    *,
    dry_run: bool,
    save: bool,
    is_confirmed: bool,
    as_json: bool,
) -> Exit:
    """Link one listing to the product that a person names, when they have seen what it is."""
    if not skus or len(skus) != 1:
        message = "Name the one listing that is to be linked to this product."
        raise NotAllowed(message)
    listings = wiring.listings.listings_of(channel.pk)
    named = named_listings(channel, skus)
    # A family's handle names its variants, too; here it is its page that is meant.
    (row,) = listings.by_ids(named.ids[:1])
    if not (dry_run or is_confirmed):
        rules = wiring.channels.profile_of(channel).settings.rules
        with wiring.stores.open_store(channel) as store:
            product = chosen_product(row, chosen, store=store, listings=listings, rules=rules)
        what = f"{product.code} ({product.name}, SKU '{product.sku}', id {product.id})"
        confirm(f"Link {row.sku} to {what}? A sync then sends its price and quantity there.", is_confirmed=False)
        # What was looked at is what is linked, whatever has the code by then.
        chosen = str(product.id)
    report = perform(
        channel, "link", only=[row.id], dry_run=dry_run, save=save, quiet=as_json, options={LINK_TO: {row.id: chosen}}
    )
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    return combined_exit(Exit.DONE, report)


def write_types(
    channel: Channel, skus: Sequence[str] | None, *, dry_run: bool, save: bool, is_confirmed: bool, as_json: bool
) -> Exit:
    """Show which types would be written, and write them when a person agrees."""
    named = named_listings(channel, skus) if skus else None
    if not (dry_run or is_confirmed):
        plan = perform(channel, "set_type", only=None if named is None else named.ids, dry_run=True, quiet=as_json)
        changed = plan.totals["change"]
        if plan.exit_code is not Exit.DONE or not changed:
            print_report(plan)
            print_unknown(channel, named)
            return combined_exit(Exit.DONE, plan)
        if not as_json:
            print_report(plan)
        confirm(
            f"Write the types of {counted(changed, 'product')} on the store of '{channel.name}'?", is_confirmed=False
        )
    return execute(channel, "set_type", named=named, dry_run=dry_run, save=save, as_json=as_json)


def _json(candidate: LinkCandidate) -> dict[str, Any]:
    product = candidate.product
    return {
        "id": product.id,
        "code": product.code,
        "sku": product.sku,
        "name": product.name,
        "type": candidate.product_type,
        "active": product.is_active,
        "found_by": candidate.found_by,
        "linked_to": candidate.holder,
    }
