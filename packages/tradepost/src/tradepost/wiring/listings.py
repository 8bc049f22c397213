"""The listings of a channel: tables of them, and what explains them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tradepost.catalogues.listing_table import ListingCsv
from tradepost.catalogues.requests_csv import RequestCsv
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.listings import layouts, listing_rows
from tradepost.database.listings.drifts import DjangoDrifts
from tradepost.database.listings.due import count_due_when_unpaused
from tradepost.database.listings.intents import DjangoIntents
from tradepost.database.listings.listing_filter import filtered
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.listings.wanted import explained_prices
from tradepost.database.models import Channel, Listing, Trigger
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.database.stock.explanations import explained_stocks
from tradepost.domain.channels.mapping import changed
from tradepost.domain.listings.listing_filter import ListingFilter
from tradepost.domain.listings.price_explanation import ExplainedPrice
from tradepost.domain.listings.stages import Stage
from tradepost.domain.stock.stock_explanation import ExplainedStock
from tradepost.exports import listings_csv
from tradepost.exports.results_csv import results_csv
from tradepost.operations.listings.building import BuildPorts
from tradepost.operations.listings.customising import Customising
from tradepost.operations.listings.listing_comparison import ComparedField, compared_fields
from tradepost.operations.listings.listing_export import ListedRows
from tradepost.operations.listings.mapping_view import MappedField, mapped_values
from tradepost.operations.listings.queue_changes import ASKED
from tradepost.operations.ports import (
    Accounts,
    Drifts,
    Intents,
    Listings,
    ListingTableReader,
    RequestReader,
    ToSwitch,
    WriteResults,
)
from tradepost.security.descriptions import AllowedMarkup
from tradepost.wiring.catalogue import catalogue
from tradepost.wiring.trail import history

# A list reads its rows with these columns, and makes what it shows of them without another query.
ROW_COLUMNS = listing_rows.COLUMNS_OF_LISTING
row_of = listing_rows.row_of
with_row = listing_rows.with_row


def listings_of(channel_id: int) -> Listings:
    return DjangoListings(channel_id)


def listings_meant(channel: Channel, meant: ListingFilter) -> QuerySet[Listing]:
    """Narrow a channel's listings to those that a filter is true of, for a table of them."""
    return filtered(Listing.objects.filter(channel=channel), meant)


def listing_table(channel: Channel, meant: ListingFilter) -> ListedRows:
    """Give the listings that are meant as a table."""
    return listed_rows(channel, DjangoListings(channel.pk).ids_meant(meant))


def listed_rows(channel: Channel, ids: Sequence[int]) -> ListedRows:
    """Give these listings as a table."""
    listings = DjangoListings(channel.pk)
    return ListedRows(channel.name, ids, listings, settings_of(channel).rules, AllowedMarkup())


def listing_lines(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Give the lines of a table of listings one by one."""
    return listings_csv.listing_lines(columns, rows)


def write_listings(path: Path | None, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> int:
    """Write a table of listings; without a path on standard output. Raises FileRefused."""
    return listings_csv.write_listings(path, columns, rows)


def listing_table_reader() -> ListingTableReader:
    """Give what reads tables of listings that come back."""
    return ListingCsv()


def request_reader() -> RequestReader:
    """Give what reads files that name listings, and may say what is asked of each."""
    return RequestCsv(ASKED)


def customising_of(channel: Channel) -> Customising:
    """Give what customises listings of a channel."""
    return Customising(DjangoListings(channel.pk), settings_of(channel).rules, AllowedMarkup())


def results_file(path: Path) -> AbstractContextManager[WriteResults]:
    """Give what writes down what became of listings. Raises FileRefused."""
    return results_csv(path)


def build_ports(channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON) -> BuildPorts:
    """Give what making a channel's listings needs; `requested_by` is kept."""
    return BuildPorts(
        channel_id=channel.pk,
        channel_name=channel.name,
        catalogue=catalogue(),
        listings=DjangoListings(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger),
        transaction=transaction.atomic,
    )


def drifts_of(channel_id: int) -> Drifts:
    return DjangoDrifts(channel_id)


def accounts_of(channel_id: int) -> Accounts:
    return DjangoAccounts(channel_id, clock=timezone.now)


def intents_of(channel_id: int) -> Intents:
    return DjangoIntents(channel_id, clock=timezone.now)


def stocks_of(listing_ids: Collection[int]) -> list[ExplainedStock]:
    """Return what the stock of these listings is made up of, by SKU; parents have none."""
    return explained_stocks(listing_ids)


def prices_of(listing_ids: Collection[int]) -> dict[int, ExplainedPrice]:
    """Return how the prices of these listings are made up, by their ids; a parent's is its variants'."""
    return explained_prices(listing_ids)


def mapped_values_of(
    channel: Channel, listing_ids: Collection[int], *, changes: Mapping[str, str] | None = None
) -> list[MappedField]:
    """
    Return what the channel's mapping makes of these listings, as it is or with `changes`: templates by target.

    Nothing is asked of the store.
    """
    listings = DjangoListings(channel.pk)
    rules = settings_of(channel).rules
    rules = replace(rules, mapping=changed(rules.mapping, changes or {}))
    return mapped_values(listings.by_ids(listing_ids), listings, rules=rules, cleaner=AllowedMarkup())


def compared_fields_of(channel: Channel, listing_id: int) -> list[ComparedField]:
    """Return a listing's content field by field beside what is proven of it; nothing is asked of the store."""
    listings = DjangoListings(channel.pk)
    (row,) = listings.by_ids([listing_id])
    return compared_fields(row, listings, rules=settings_of(channel).rules, cleaner=AllowedMarkup())


def to_switch(channel_id: int) -> ToSwitch:
    """Count what of a channel's store stands in another layout than the channel wants."""
    return layouts.to_switch(channel_id)


def due_when_unpaused(channel_id: int) -> Mapping[Stage | None, int]:
    """Count by stage what would be due of a channel's paused listings if they were not; None: by a publish."""
    return count_due_when_unpaused(channel_id)
