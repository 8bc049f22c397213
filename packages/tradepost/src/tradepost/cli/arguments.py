"""
Naming things on the command line: a channel by its name, listings by SKU, an order by the store's number, and who asks.
"""

import getpass
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.domain.codes import code_key
from tradepost.domain.errors import NotAllowed

if TYPE_CHECKING:
    from tradepost.database.models import Channel, Order

ChannelOption = Annotated[
    str, typer.Option("--channel", "-c", metavar="NAME", help="The channel; may be left out where there is only one.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be changed and why; change and queue nothing.")
]
SaveOption = Annotated[
    bool, typer.Option("--save", help="With --dry-run: save the plan, to be approved and carried out by 'plans'.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")]
BeyondBrakeOption = Annotated[
    bool,
    typer.Option(
        "--beyond-brake", help="Go on however many listings are delisted, taken off sale or re-priced at once."
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="All listings of the channel for which it is allowed.")]
Skus = Annotated[
    list[str] | None, typer.Argument(metavar="SKU", help="SKUs; a family's handle or code means the whole family.")
]

SHOWN_UNKNOWN = 10
# A suggestion compares letter by letter; over a million SKUs that would take longer than anybody waits.
_COMPARED = 2000


@dataclass(frozen=True, slots=True)
class Named:
    """Listings as they were named: the ids that were found, and for each name that was not the nearest one that is."""

    ids: list[int]
    unknown: Mapping[str, str] = field(default_factory=dict)

    def sentences(self, channel: "Channel") -> list[str]:
        return unknown_sentences(
            self.unknown, lambda name: f"There is no listing {name} on the channel '{channel.name}'."
        )

    def unknown_json(self) -> list[dict[str, Any]]:
        return unknown_json(self.unknown)


def unknown_sentences(unknown: Mapping[str, str], sentence: Callable[[str], str]) -> list[str]:
    """Say of each unknown name that it is unknown, of the first ten at least."""
    sentences = [f"{sentence(name)}{_did_you_mean(meant)}" for name, meant in list(unknown.items())[:SHOWN_UNKNOWN]]
    more = len(unknown) - SHOWN_UNKNOWN
    return [*sentences, f"... and {more} more are unknown."] if more > 0 else sentences


def unknown_json(unknown: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "did_you_mean": meant or None} for name, meant in unknown.items()]


def shell_user() -> str:
    """Name who asks, for the audit trail."""
    try:
        return f"shell: {getpass.getuser()}"
    except (KeyError, OSError):
        return "shell"


def the_channel(name: str) -> "Channel":
    """Return the channel of this name; without a name the only one. Raises NotAllowed."""
    from tradepost.database.models import Channel

    channels = Channel.objects.filter(archived_at__isnull=True)
    if name:
        found = channels.filter(name=name).first()
        if found is None:
            names = list(channels.values_list("name", flat=True))
            known = ", ".join(names) or "none yet"
            message = f"There is no channel '{name}' (there are: {known}).{_did_you_mean(nearest(name, names))}"
            raise NotAllowed(message)
        return found
    first = list(channels[:2])
    if not first:
        message = "There is no channel yet; connect a store with 'tradepost channel add'."
        raise NotAllowed(message)
    if len(first) > 1:
        known = ", ".join(channels.values_list("name", flat=True))
        message = f"There are several channels ({known}); say which one with --channel."
        raise NotAllowed(message)
    return first[0]


def named_listings(channel: "Channel", names: Sequence[str]) -> Named:
    """Find the listings that these SKUs, handles or codes name. Raises NotAllowed if none of them names any."""
    from tradepost import wiring
    from tradepost.database.models import Listing

    listings = wiring.listings_of(channel.pk)
    rows = {row.id: row for row in listings.by_skus(names)}
    known = {row.sku for row in rows.values()} | {row.code for row in rows.values()}
    missing = [name for name in names if name not in known]
    for code, row in (listings.by_codes(missing) if missing else {}).items():
        rows[row.id] = row
        known |= {code, row.code}
    handles = set(
        Listing.objects.filter(channel=channel, kind="parent", product__handle__in=missing).values_list(
            "product__handle", flat=True
        )
    )
    unknown = [name for name in missing if name not in known and name.casefold() not in known and name not in handles]
    named = Named(list(rows), _meant(unknown, partial(_nearest_listing, channel)))
    if unknown and not rows:
        message = " ".join(named.sentences(channel))
        if not any(named.unknown.values()):
            message += (
                " 'tradepost listings list' shows those that there are; 'tradepost catalogue import' brings in more."
            )
        raise NotAllowed(message)
    return named


def meant_in_catalogue(unknown: Sequence[str]) -> Mapping[str, str]:
    """Return for each name the nearest handle or SKU that the catalogue has."""
    return _meant(unknown, _nearest_in_catalogue)


def the_order(channel: "Channel", number: int) -> "Order":
    from tradepost.database.models import Order

    found = Order.objects.filter(channel=channel, external_id=number).first()
    if found is None:
        message = (
            f"There is no order {number} on the channel '{channel.name}'; 'tradepost orders get' fetches new ones."
        )
        raise NotAllowed(message)
    return found


def confirm(question: str, *, is_confirmed: bool) -> None:
    """Ask a person before what can't be undone. Raises NotAllowed where nobody is there to ask."""
    if is_confirmed:
        return
    if not is_at_terminal():
        message = f"{question} There is no terminal to ask at, so nothing was done; say so with --yes."
        raise NotAllowed(message)
    typer.confirm(question, abort=True, err=True)


def refuse_to_save(*, dry_run: bool, save: bool) -> None:
    """Raise NotAllowed where a plan is to be saved that is none."""
    if save and not dry_run:
        message = "--save goes with --dry-run: what is done can't be approved any more."
        raise NotAllowed(message)


def is_at_terminal() -> bool:
    """Whether somebody is there to ask."""
    return bool(typer.get_text_stream("stdin").isatty())


def ask(question: str) -> bool:
    """Ask a person at a terminal; no is the usual answer."""
    return typer.confirm(question, err=True)


def nearest(name: str, known: Collection[str]) -> str:
    """Return the known name that somebody may have meant, upper and lower case alike; blank if none is near."""
    by_key = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), by_key, n=1, cutoff=0.7)
    return by_key[close[0]] if close else ""


def _meant(unknown: Sequence[str], nearest_to: Callable[[str], str]) -> dict[str, str]:
    """Return what may have been meant, of as many as are told."""
    return {name: nearest_to(name) if place < SHOWN_UNKNOWN else "" for place, name in enumerate(unknown)}


def _nearest_listing(channel: "Channel", name: str) -> str:
    from tradepost.database.models import Listing

    key = code_key(name)
    rows = Listing.objects.filter(channel=channel)

    def alike(letters: int) -> set[str]:
        pairs = rows.filter(code_key__startswith=key[:letters]).values_list("sku", "code")[:_COMPARED]
        return {text for pair in pairs for text in pair if text}

    return _nearest_alike(name, alike)


def _nearest_in_catalogue(name: str) -> str:
    from tradepost.database.models import ProductRecord, VariantRecord

    skus = VariantRecord.objects.filter(is_gone=False)

    def alike(letters: int) -> set[str]:
        handles = ProductRecord.objects.filter(handle__istartswith=name[:letters])
        found = handles.values_list("handle", flat=True)[:_COMPARED]
        return {*found, *skus.filter(sku__istartswith=name[:letters]).values_list("sku", flat=True)[:_COMPARED]}

    return _nearest_alike(name, alike)


def _nearest_alike(name: str, alike: Callable[[int], Collection[str]]) -> str:
    """Look among the names that begin alike, first with many letters, last with none."""
    return next((found for letters in (6, 3, 1, 0) if (found := nearest(name, alike(letters)))), "")


def _did_you_mean(name: str) -> str:
    return f" Did you mean '{name}'?" if name else ""
