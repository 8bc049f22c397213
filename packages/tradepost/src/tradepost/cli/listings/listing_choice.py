"""
Which listings a command is about, and how it is done: named by SKU, by a filter or by a file, or all for which it is
allowed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradepost.cli.arguments import (
    AllOption,
    BeyondBrakeOption,
    ChannelOption,
    DryRunOption,
    FileOption,
    JsonOption,
    Named,
    OutputOption,
    RefusedLine,
    SaveOption,
    Skus,
    WhereOption,
    YesOption,
    did_you_mean,
    listings_by_name,
    named_listings,
    nearest_listings,
    the_channel,
)
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Event
from tradepost.domain.listings.listing_filter import nothing_meant, parse_filters
from tradepost.operations.ports import AskedRow, FileAction

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tradepost.database.models import Channel, Listing

NowOption = Annotated[bool, typer.Option("--now", help="Apply it at once, for these listings only.")]
# A database takes so many values in one statement, and a file may have more.
_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class ListingChoice:
    """What was typed to say which listings are meant."""

    skus: Skus = None
    is_all: bool = False
    where: WhereOption = None
    file: FileOption = None

    @property
    def is_blank(self) -> bool:
        return not (self.skus or self.is_all or self.where or self.file)

    @property
    def is_sweeping(self) -> bool:
        """Whether nobody named them one by one, so that those it does not fit are no mistake."""
        return self.is_all or bool(self.where)


@dataclass(frozen=True, kw_only=True)
class ListingChoiceOrAll(ListingChoice):
    is_all: AllOption = False


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How what is asked for is done, and told. `now` and the others that are no options here concern a run."""

    now: bool = False
    dry_run: DryRunOption = False
    save: bool = False
    output: OutputOption = None
    is_confirmed: YesOption = False
    beyond_brake: bool = False
    channel_name: ChannelOption = ""
    as_json: JsonOption = False

    @property
    def channel(self) -> "Channel":
        return the_channel(self.channel_name)


@dataclass(frozen=True, kw_only=True)
class MannerOfRun(Manner):
    """Of what a run applies."""

    now: NowOption = False
    save: SaveOption = False
    beyond_brake: BeyondBrakeOption = False


def chosen_listings(
    channel: "Channel",
    choice: ListingChoice,
    *,
    event: Event | None = None,
    fitting: "QuerySet[Listing] | None" = None,
) -> Named:
    """
    Find what was chosen. `event`: what is asked of them; `fitting`: all for which it can be allowed, for --all.

    Raises NotAllowed where it was not said, or said in two ways, and FileRefused.
    """
    ways = [bool(choice.skus), choice.is_all, bool(choice.where), choice.file is not None]
    if sum(ways) != 1 or (choice.is_all and fitting is None):
        all_ = "" if fitting is None else " or --all"
        message = f"Say which listings, in one way: SKUs, --where, --file{all_}."
        raise NotAllowed(message)
    if choice.is_all and fitting is not None:
        return Named(list(fitting.order_by("pk").values_list("pk", flat=True)))
    if choice.where:
        return _meant(channel, choice.where)
    if choice.file is not None:
        return _of_file(channel, choice.file, event)
    return named_listings(channel, choice.skus or ())


def _meant(channel: "Channel", where: Sequence[str]) -> Named:
    from tradepost import wiring

    ids = wiring.listings.listings_of(channel.pk).ids_meant(parse_filters(where))
    return Named(ids, note="" if ids else nothing_meant(where))


def _of_file(channel: "Channel", path: Path, event: Event | None) -> Named:
    """Find the listings of a file that is about one thing."""
    asked, refused = asked_rows(channel, path, asks=False)
    others = [row for row in asked if row.event not in {None, event}]
    refused += [
        RefusedLine(
            row.line,
            row.name,
            f"{row.name} is to {row.event}, which 'tradepost listings request FILE' asks for row by row.",
        )
        for row in others
    ]
    lines = {number: row.line for row in reversed(asked) if row not in others for number in row.ids}
    return Named(sorted(lines), lines=lines, refused=sorted(refused, key=lambda row: row.line))


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a file with the listings that it names."""

    line: int
    name: str
    event: Event | FileAction | None
    ids: tuple[int, ...]
    external_code: str = ""
    groups: frozenset[Group] = frozenset()


def asked_rows(channel: "Channel", path: Path, *, asks: bool) -> tuple[list[FoundRow], list[RefusedLine]]:
    """Read a file, and find the listings that its rows name. Raises FileRefused."""
    from tradepost import wiring

    refused: list[RefusedLine] = []
    rows: list[AskedRow] = []
    for row in wiring.listings.request_reader().rows(path, asks=asks):
        if isinstance(row, AskedRow):
            rows.append(row)
        else:
            refused.append(RefusedLine(row.line, row.handle, row.message))
    found = listings_by_name(channel, [row.name for row in rows])
    refused += _unknown(channel, [row for row in rows if row.name not in found])
    known = [row for row in rows if row.name in found]
    return [
        FoundRow(row.line, row.name, row.event, tuple(found[row.name]), row.external_code, row.groups) for row in known
    ], refused


def _unknown(channel: "Channel", rows: Sequence[AskedRow]) -> Iterator[RefusedLine]:
    meant = nearest_listings(channel, list(dict.fromkeys(row.name for row in rows)))
    for row in rows:
        reason = f"There is no listing {row.name} on the channel '{channel.name}'.{did_you_mean(meant[row.name])}"
        yield RefusedLine(row.line, row.name, reason)


def lines_of_families(lines: Mapping[int, int]) -> dict[int, int]:
    """Put variants on the line of their parent, unless they have one of their own."""
    from tradepost.database.models import Listing

    of_variants: dict[int, int] = {}
    ids = list(lines)
    for start in range(0, len(ids), _AT_ONCE):
        family = Listing.objects.filter(parent_id__in=ids[start : start + _AT_ONCE]).values_list("pk", "parent_id")
        of_variants |= {number: lines[parent] for number, parent in family}
    return {**of_variants, **lines}
