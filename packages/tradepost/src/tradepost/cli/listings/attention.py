"""What of a channel needs a person: by cause, how many, and what to do about it."""

from typing import Any

from django.db.models import Count, Min, QuerySet

from tradepost.cli.output import counted, out, print_json, say
from tradepost.database.models import AttentionRecord, Channel
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES
from tradepost.security.terminal import printable


def tell_attention(channel: Channel, *, as_json: bool) -> None:
    """Print each cause that there is, most listings first, with an example and the cure."""
    noted = AttentionRecord.objects.filter(channel=channel)
    rows = list(noted.values("kind").annotate(number=Count("pk"), first=Min("listing_id")).order_by("-number", "kind"))
    groups = [_group(noted, row["kind"], row["number"], row["first"]) for row in rows]
    if as_json:
        print_json({"attention": groups})
        return
    if not groups:
        out.print("Nothing needs you.")
        return
    for place, group in enumerate(groups):
        lead = "\n" if place else ""
        out.print(f"{lead}{group['kind']}: {counted(group['count'], 'listing')}. {group['cause']}", soft_wrap=True)
        example = group["example"]
        say(f"  {example['sku']}: {printable(example['message'])}")
        say(f"  {group['cure']}")
        say(f"  'tradepost listings list --attention {group['kind']}' lists them.")


def _group(noted: QuerySet[AttentionRecord], kind: str, number: int, first: int) -> dict[str, Any]:
    """`first`: the listing that is the example."""
    example = noted.select_related("listing").get(kind=kind, listing_id=first)
    cure = ATTENTION_CURES[Attention(kind)]
    return {
        "kind": kind,
        "count": number,
        "cause": cure.cause,
        "cure": cure.cure,
        "example": {"sku": example.listing.sku, "message": example.message, "since": example.since},
    }
