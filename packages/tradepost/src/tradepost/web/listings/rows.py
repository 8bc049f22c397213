"""Rows of listings as an operator reads them: one status, what should be beside what is, and what happens next."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django.db.models import Count, QuerySet

from tradepost import wiring
from tradepost.database.models import AttentionRecord, Listing, with_attentions
from tradepost.database.models.listing import IS_LIVE
from tradepost.database.several import CountStatement
from tradepost.domain.listings.listing import Health, Link
from tradepost.domain.listings.listing_explanation import next_deeds
from tradepost.domain.listings.operator_status import OperatorStatus, operator_status, wanted_count
from tradepost.engine.schedules import NextRun, next_run
from tradepost.operations.ports import ListingRow
from tradepost.web.catalogue.pictures import pictures
from tradepost.web.format import STATUS_COLOURS, money, number, spoken
from tradepost.web.tables.addresses import addresses
from tradepost.web.tables.counts import count_statement

# What of a row somebody may do without.
COLUMNS: Mapping[str, str] = {
    "picture": "Picture",
    "price": "Price",
    "stock": "Stock",
    "next": "Next",
    "checked": "Checked",
}


@dataclass(frozen=True, slots=True)
class WantedFigure:
    """What should be on the store, and what is there where that differs; blank where it does not, or is not known."""

    wanted: str
    there: str = ""


@dataclass(frozen=True, slots=True)
class RowOfListing:
    """
    A listing in a list. `options`: name and value of each. `why`: what needs a person, in a few words, or that what is
    live is sold out. `address`: of its page, `family_address`: of its variants.

    `picture`: the address of one, where there is one. `variants`: how many it has, of which `needy` need a person.
    `deed`: what happens to it next, with `next_run`. `checked_at`: when something of it was read on the store last.
    """

    id: int
    address: str
    family_address: str
    code: str
    sku: str
    title: str
    picture: str
    channel: str
    options: Sequence[tuple[str, str]]
    is_parent: bool
    status: OperatorStatus
    colour: str
    why: str
    price: WantedFigure
    stock: WantedFigure
    deed: str
    run_kind: str
    next_run: NextRun | None
    checked_at: datetime | None
    variants: int = 0
    needy: int = 0


def rows_of(listings: Sequence[Listing]) -> list[RowOfListing]:
    """
    Write listings as rows. They come `with_all_of_a_row`, or with what it shows; what else is needed is read once for
    all of them.
    """
    families = _families([listing.pk for listing in listings if listing.kind == "parent"])
    seen = pictures({(listing.product_id, listing.variant_id) for listing in listings})
    sends_images = cache(wiring.images.sends_images)
    when = cache(next_run)
    page, family = addresses("admin:tradepost_listing_change"), addresses("admin:tradepost_listing_family")
    return [
        _row(
            listing,
            wiring.listings.row_of(listing),
            families.get(listing.pk, (0, 0)),
            address=page(listing.pk),
            family_address=family(listing.pk),
            picture=seen.get((listing.product_id, listing.variant_id), ""),
            sends_images=sends_images,
            when=when,
        )
        for listing in listings
    ]


def _row(
    listing: Listing,
    row: ListingRow,
    family: tuple[int, int],
    *,
    address: str,
    family_address: str,
    picture: str,
    sends_images: Any,
    when: Any,
) -> RowOfListing:
    noted = listing.noted
    status = status_of(row, noted)
    deeds = list(next_deeds(row, sends_images=sends_images(listing.channel)))
    return RowOfListing(
        id=row.id,
        address=address,
        family_address=family_address,
        code=row.code,
        sku=row.sku if listing.kind != "parent" else "",
        title=listing.product.title,
        picture=picture,
        channel=listing.channel.name,
        options=options_of(listing),
        is_parent=listing.kind == "parent",
        status=status,
        colour=STATUS_COLOURS[status],
        why=_why(listing, row, status),
        price=price_of(row),
        stock=WantedFigure("") if listing.kind == "parent" else stock_of(row),
        deed=deeds[0].words if deeds else "",
        run_kind=deeds[0].kind if deeds else "",
        next_run=when(listing.channel, deeds[0].kind) if deeds else None,
        checked_at=max(filter(None, (listing.proven_at, row.looked_at, row.compared_at)), default=None),
        variants=family[0],
        needy=family[1],
    )


def _why(listing: Listing, row: ListingRow, status: OperatorStatus) -> str:
    noted = listing.noted
    is_sold_out = wanted_count(row.status, row.available) == 0 and not row.sells_without_stock
    if status is OperatorStatus.LIVE and listing.kind != "parent" and is_sold_out:
        return "sold out"
    return ", ".join(spoken(each.kind) for each in noted[:2]) + (" …" if len(noted) > 2 else "")  # noqa: PLR2004


def status_of(listing: Listing | ListingRow, noted: Collection[Any]) -> OperatorStatus:
    """The one status of a listing. `noted`: what of it needs a person."""
    return operator_status(listing.status, is_inactive=listing.is_inactive, needs_person=bool(noted))


def options_of(listing: Listing) -> list[tuple[str, str]]:
    if listing.variant is None:
        return []
    return [
        (name, value)
        for name, value in zip(listing.product.option_names, listing.variant.options, strict=False)
        if value
    ]


def wanted_price_words(row: ListingRow) -> str:
    """What it should cost; what has no price yet is no present."""
    return "no price yet" if row.is_price_held and not row.wanted_price else money(row.wanted_price)


def price_of(row: ListingRow) -> WantedFigure:
    wanted = wanted_price_words(row)
    if row.status.link is not Link.LINKED or row.proven_price in {None, row.wanted_price}:
        return WantedFigure(wanted)
    return WantedFigure(wanted, money(row.proven_price))


def stock_of(row: ListingRow) -> WantedFigure:
    count = wanted_count(row.status, row.available)
    wanted = "unknown" if count is None else number(count)
    if row.status.link is not Link.LINKED or row.account in {None, count}:
        return WantedFigure(wanted)
    return WantedFigure(wanted, number(row.account))


def _families(parent_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Count the variants of parents, and those that need a person."""
    if not parent_ids:
        return {}
    variants = Listing.objects.filter(parent_id__in=parent_ids).values("parent_id").annotate(count=Count("pk"))
    noted = AttentionRecord.objects.filter(listing__parent_id__in=parent_ids).values("listing__parent_id")
    needy = {row["listing__parent_id"]: row["needy"] for row in noted.annotate(needy=Count("listing", distinct=True))}
    return {row["parent_id"]: (row["count"], needy.get(row["parent_id"], 0)) for row in variants}


# Reading fifty products whole takes longer than the rest of a page.
_SHOWN = (
    *wiring.listings.ROW_COLUMNS,
    *("channel", "variant", "code_key", "proven_at", "product__title", "product__option_names", "variant__options"),
)


def with_all_of_a_row(rows: "QuerySet[Listing]") -> "QuerySet[Listing]":
    # Not joined with the channel: a database may begin with it, and sorts a million rows then.
    return with_attentions(wiring.listings.with_row(rows).select_related("product")).prefetch_related("channel")


def with_what_a_row_shows(rows: "QuerySet[Listing]") -> "QuerySet[Listing]":
    """And with nothing else: what a list is made of, or a family."""
    return with_all_of_a_row(rows).only(*_SHOWN)


# --- tabs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListingTab:
    """A part of the list; `rows` narrows to it. `is_shown_empty`: it has its place although nothing is in it."""

    value: str
    name: str
    empty: str
    is_shown_empty: bool = True


TABS: Mapping[str, ListingTab] = {
    tab.value: tab
    for tab in (
        ListingTab("", "All", "There is no listing yet: import a catalogue, and its products are listed here."),
        ListingTab("needs-you", "Needs you", "Nothing needs you."),
        ListingTab("waiting", "Waiting", "Nothing is waiting: all that was asked for is done."),
        ListingTab("live", "Live", "Nothing is on sale yet: publish what is not on the store."),
        ListingTab("hidden", "Hidden", "Nothing is hidden."),
        ListingTab("not-there", "Not on the store", "All that there is is on the store."),
        ListingTab("removed", "Removed", "Nothing was removed from the store.", is_shown_empty=False),
    )
}


# What these show is of few listings, and the index by health has it.
BY_HEALTH = frozenset({"hidden", "not-there", "removed"})


def in_tab(rows: "QuerySet[Listing]", tab: str, channel_ids: Iterable[int]) -> "QuerySet[Listing]":
    """
    Narrow listings to those of a tab, in the words of the indexes that were made for them.

    `channel_ids`: those of whose channels they are; each of these indexes begins with it.
    """
    ids = list(channel_ids)
    match tab:
        case "needs-you":
            return rows.filter(pk__in=AttentionRecord.objects.filter(channel_id__in=ids).values("listing_id"))
        case "waiting":
            return rows.filter(pk__in=_waiting(ids))
        case "live":
            return _of(rows, ids).filter(**IS_LIVE)
        case "hidden":
            return _of(rows, ids).filter(health=Health.HIDDEN.value)
        case "not-there":
            return _of(rows, ids).filter(health=Health.NOT_LISTED.value)
        case "removed":
            return _of(rows, ids).filter(health=Health.DELISTED.value)
    return rows


def _of(rows: "QuerySet[Listing]", channel_ids: Sequence[int]) -> "QuerySet[Listing]":
    return rows.filter(channel_id=channel_ids[0]) if len(channel_ids) == 1 else rows.filter(channel_id__in=channel_ids)


def _waiting(channel_ids: Sequence[int]) -> "QuerySet[Any]":
    """What was asked for and no run has done yet; what is paused does not wait, it rests."""
    if not channel_ids:
        return Listing.objects.none().values("pk")
    first, *others = [part.values("pk") for key in channel_ids for part in Listing.waiting(key)]
    return first.union(*others, all=True)


def tab_counts(channel_ids: Sequence[int]) -> dict[str, int]:
    """Count each tab, as far as it is counted."""
    return dict(zip(TABS, _tab_statement(tuple(channel_ids)).numbers(), strict=True))


@lru_cache(maxsize=64)
def _tab_statement(channel_ids: tuple[int, ...]) -> CountStatement:
    return count_statement([list(_parts_of(tab, channel_ids)) for tab in TABS])


def _parts_of(tab: str, channel_ids: Sequence[int]) -> "Iterator[QuerySet[Any]]":
    """The rows of a tab, channel by channel as the indexes are."""
    for key in channel_ids:
        if tab == "needs-you":
            yield AttentionRecord.objects.filter(channel_id=key).values("listing_id").distinct()
        elif tab == "waiting":
            yield from Listing.waiting(key)
        else:
            yield in_tab(Listing.objects.all(), tab, [key]) if tab else _of(Listing.objects.all(), [key])
