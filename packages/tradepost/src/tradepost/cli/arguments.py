"""
Naming things on the command line: a channel by its name, listings by SKU, an order by the store's number, and who asks.
"""

import getpass
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.codes import code_key

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
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FILTER",
        help="Those that a filter is true of, as 'health=listed and quantity=0'; may be repeated.",
    ),
]
FileOption = Annotated[
    Path | None, typer.Option("--file", metavar="CSV", help="Those that a CSV file names in its column SKU.")
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="CSV", help="Write what became of each listing into this file.")
]
Skus = Annotated[
    list[str] | None, typer.Argument(metavar="SKU", help="SKUs; a family's handle or code means the whole family.")
]

SHOWN_UNKNOWN = 10
SHOWN_LINES = 50
_NAMES_AT_ONCE = 1000
# A suggestion compares letter by letter; over a million SKUs that would take longer than anybody waits.
_COMPARED = 2000


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A row of a file that is left out; `name` is the SKU in it, blank where there is none."""

    line: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Named:
    """
    Listings as they were named: the ids that were found, and for each name that was not the nearest one that is.

    Of a file: `lines`, on which line a listing is named, and `refused`, the rows that can't be used. `note`: a
    sentence on all of them.
    """

    ids: list[int]
    unknown: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[int, int] = field(default_factory=dict)
    refused: Sequence[RefusedLine] = ()
    note: str = ""

    @property
    def is_incomplete(self) -> bool:
        return bool(self.unknown or self.refused)

    def sentences(self, channel: "Channel") -> list[str]:
        unknown = unknown_sentences(
            self.unknown, lambda name: f"There is no listing {name} on the channel '{channel.name}'."
        )
        lines = [f"Line {row.line}: {row.reason}" for row in self.refused[:SHOWN_LINES]]
        more = len(self.refused) - SHOWN_LINES
        note = [self.note] if self.note else []
        return [*note, *unknown, *lines, *([f"... and {more} more lines are refused."] if more > 0 else [])]

    def unknown_json(self) -> list[dict[str, Any]]:
        return unknown_json(self.unknown)

    def refused_json(self) -> list[dict[str, Any]]:
        return [{"line": row.line, "name": row.name, "reason": row.reason} for row in self.refused]


def unknown_sentences(unknown: Mapping[str, str], sentence: Callable[[str], str]) -> list[str]:
    """Say of each unknown name that it is unknown, of the first ten at least."""
    sentences = [f"{sentence(name)}{did_you_mean(meant)}" for name, meant in list(unknown.items())[:SHOWN_UNKNOWN]]
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
            message = f"There is no channel '{name}' (there are: {known}).{did_you_mean(nearest(name, names))}"
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
    found = listings_by_name(channel, names)
    unknown = [name for name in dict.fromkeys(names) if name not in found]
    named = Named(list(dict.fromkeys(chain.from_iterable(found.values()))), nearest_listings(channel, unknown))
    if unknown and not found:
        message = " ".join(named.sentences(channel))
        if not any(named.unknown.values()):
            message += (
                " 'tradepost listings list' shows those that there are; 'tradepost catalogue import' brings in more."
            )
        raise NotAllowed(message)
    return named


def listings_by_name(channel: "Channel", names: Sequence[str]) -> dict[str, list[int]]:
    """Find for each SKU, handle or code the listings that it names; what names none is left out."""
    found: dict[str, list[int]] = {}
    distinct = list(dict.fromkeys(names))
    for start in range(0, len(distinct), _NAMES_AT_ONCE):
        found |= _by_name(channel, distinct[start : start + _NAMES_AT_ONCE])
    return found


def _by_name(channel: "Channel", names: Sequence[str]) -> dict[str, list[int]]:
    from tradepost import wiring
    from tradepost.database.models import Listing

    listings = wiring.listings.listings_of(channel.pk)
    rows = listings.by_skus(names)
    parents = Listing.objects.filter(pk__in=[row.id for row in rows if row.kind is Kind.PARENT])
    handles = dict(parents.values_list("pk", "product__handle"))
    by_sku: dict[str, list[int]] = {}
    by_code: dict[str, list[int]] = {}
    for row in rows:
        by_sku.setdefault(handles.get(row.id, row.sku), []).append(row.id)
        if row.kind is Kind.PARENT:
            by_code[code_key(row.code)] = [row.id]
    missing = [name for name in names if name not in by_sku and code_key(name) not in by_code]
    if missing:
        by_code |= {code: [row.id] for code, row in listings.by_codes(missing).items()}
    ids = {name: by_sku.get(name) or by_code.get(code_key(name), []) for name in names}
    return {name: numbers for name, numbers in ids.items() if numbers}


def nearest_listings(channel: "Channel", unknown: Sequence[str]) -> dict[str, str]:
    """Return for each unknown name the nearest SKU or code that the channel has."""
    return _meant(unknown, partial(_nearest_listing, channel))


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


def did_you_mean(name: str) -> str:
    return f" Did you mean '{name}'?" if name else ""
