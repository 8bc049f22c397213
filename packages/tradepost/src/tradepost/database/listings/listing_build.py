"""Building listings: a row on the channel for each product and variant, with its code and what it should show."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from tradepost.database import sql
from tradepost.database.catalogue.products import products_by_id
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.listings.attentions import forget_attention, note_attention
from tradepost.database.listings.wanted import WantedOfNew, note_held_prices, wanted_of_new
from tradepost.database.listings.wanted_basis import NOTHING_SHOWN, WANTED_COLUMNS, WantedValues
from tradepost.database.models import Channel, Listing, ProductRecord, VariantRecord
from tradepost.database.orders.order_lines import look_again_at
from tradepost.database.search import note_product_words
from tradepost.database.sql import Column, Rows
from tradepost.database.stock.sightings import match_pieces
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import has_parent
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key, other_codes
from tradepost.domain.listings.content import listing_codes
from tradepost.domain.listings.listing import Health, Link, Pending
from tradepost.domain.listings.listing_rules import ListingRules, articles_of
from tradepost.operations.ports import ChannelSettings, MadeListings

_RETIRED = "The product has no options any more, so its page goes off sale; delist it when nobody needs it."


class _New(NamedTuple):
    """A listing to be made; `variant_id` None for a parent."""

    product_id: int
    variant_id: int | None
    kind: Kind
    code: str
    code_key: str
    sku: str
    pending: Pending


def build_listings(
    handles: Collection[str],
    *,
    channel_id: int,
    queue: bool,
    at: datetime,
    codes: Mapping[tuple[str, str], str] = MappingProxyType({}),
    is_asked: bool = False,
) -> MadeListings:
    """
    Make what is missing, with what it should show, and put right what a changed catalogue made wrong.

    `codes`: what is on the store already has its code there; by handle and SKU, which is blank for a parent.

    What the channel does not list gets nothing new; `is_asked`: by a person, and then only its rules say so.
    """
    settings = settings_of(Channel.objects.get(pk=channel_id))
    seen = _Holdings.read(handles, settings)
    lacking = seen.lacking()
    if not codes:
        lacking = _listed(lacking, settings, is_asked=is_asked)
    wanted = [new for product_id in sorted(lacking) for new in seen.new_of(product_id, codes, queue=queue)]
    wanted = _with_free_codes(wanted, channel_id)
    shown = _shown_by(wanted, seen.products, settings)
    parents = _make(wanted, shown, seen.parents, channel_id, at)
    # Mostly a code is the SKU, which products are found by as it is.
    note_product_words({new.product_id for new in wanted if new.code != new.sku})
    products_by_variant = {new.variant_id: new.product_id for new in wanted if new.variant_id is not None}
    ordered = match_pieces(products_by_variant, channel_id=channel_id)
    look_again_at(products_by_variant, channel_id=channel_id)
    # What was made just now is of the right kind.
    _settle_kinds(seen.had_some, seen, channel_id, parents, at)
    # What was ordered already is not left: the product's other listings show that, too.
    unsettled = seen.had_some | {products_by_variant[variant_id] for variant_id in ordered}
    settled = frozenset(row["handle"] for number, row in seen.products.items() if number not in unsettled)
    return MadeListings(len(wanted), settled, shown.changes)


@dataclass(frozen=True, slots=True)
class _Holdings:
    """
    What the catalogue and a channel have of some products, by their ids.

    `is_family`: whether they have a parent in the channel's layout. `variants`: SKU and id of each, in their order.
    `parents`: the listings that are parents, `listed`: the variants that have a listing, `had_some`: the products that
    have any.
    """

    products: Mapping[int, Mapping[str, Any]]
    is_family: Mapping[int, bool]
    variants: Mapping[int, Sequence[tuple[str, int]]]
    parents: Mapping[int, int]
    listed: frozenset[int]
    had_some: frozenset[int]

    @classmethod
    def read(cls, handles: Collection[str], settings: ChannelSettings) -> "_Holdings":
        found = ProductRecord.objects.filter(handle__in=sql.among_texts(handles))
        products = {row["id"]: row for row in found.values("id", "handle", "option_names", "is_for_sale")}
        layout = settings.rules.layout
        is_family = {
            number: has_parent(layout, is_family=bool(row["option_names"])) for number, row in products.items()
        }
        _follow_catalogue(products, settings.id)
        of_products = sql.among_ids(products)
        in_order = VariantRecord.objects.filter(product_id__in=of_products, is_gone=False).order_by("position", "id")
        variants: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for sku, variant_id, product_id in in_order.values_list("sku", "id", "product_id"):
            variants[product_id].append((sku, variant_id))
        ours = sql.in_channel(Listing.objects.filter(product_id__in=of_products), settings.id)
        rows = list(ours.values_list("product_id", "id", "kind", "variant_id"))
        return cls(
            products,
            is_family,
            variants,
            {product_id: listing_id for product_id, listing_id, kind, _ in rows if kind == Kind.PARENT},
            frozenset(variant_id for *_, variant_id in rows),
            frozenset(product_id for product_id, *_ in rows),
        )

    def lacking(self) -> set[int]:
        """The products of which a listing lacks: mostly none."""
        without_parent = {number for number, needed in self.is_family.items() if needed and number not in self.parents}
        return without_parent | {
            product_id
            for product_id, variants in self.variants.items()
            if not self.listed.issuperset(variant_id for _, variant_id in variants)
        }

    def new_of(self, product_id: int, on_store: Mapping[tuple[str, str], str], *, queue: bool) -> Iterator[_New]:
        """Give the listings that a product lacks, its parent first. `on_store`: codes, by handle and SKU."""
        product, variants = self.products[product_id], self.variants.get(product_id, ())
        handle, is_family = product["handle"], self.is_family[product_id]
        codes = listing_codes(handle, [sku for sku, _ in variants], is_family=is_family)
        if on_store:
            codes = {sku: on_store.get((handle, sku), code) for sku, code in codes.items()}
        pending = Pending.PUBLISH if queue and product["is_for_sale"] else Pending.NONE
        if is_family and product_id not in self.parents:
            yield _New(product_id, None, Kind.PARENT, codes[""], code_key(codes[""]), handle, pending)
        kind = Kind.VARIANT if is_family else Kind.SIMPLE
        for sku, variant_id in variants:
            if variant_id not in self.listed:
                yield _New(product_id, variant_id, kind, codes[sku], code_key(codes[sku]), sku, pending)

    @property
    def in_layout(self) -> set[int]:
        """The products that have options, but no parent in the channel's layout."""
        return {number for number, row in self.products.items() if row["option_names"] and not self.is_family[number]}


def lacking(handles: Collection[str], *, channel_id: int) -> list[str]:
    """Name those of these products of which the channel lacks a listing, whether it is to have one or not."""
    found = sql.fetch_rows(
        """
        SELECT product.handle FROM given JOIN tradepost_product AS product ON product.handle = given.handle
        WHERE EXISTS (
            SELECT 1 FROM tradepost_variant AS variant
            WHERE variant.product_id = product.id AND NOT variant.is_gone AND NOT EXISTS (
                SELECT 1 FROM tradepost_listing AS listing
                WHERE listing.variant_id = variant.id AND listing.channel_id = %s
            )
        ) OR NOT EXISTS (
            SELECT 1 FROM tradepost_listing AS listing
            WHERE listing.product_id = product.id AND listing.channel_id = %s
        )
        """,
        channel_id,
        channel_id,
        given=Rows.of_texts("handle", handles),
    )
    return [row["handle"] for row in found]


def _listed(product_ids: Collection[int], settings: ChannelSettings, *, is_asked: bool) -> set[int]:
    """Those of these products that the channel lists: by its rules, or else because somebody asks for it."""
    if not product_ids:
        return set()
    rules = ListingRules.of(settings.listing_rules)
    if settings.lists_new and not rules.says_what_is_listed:
        return set(product_ids)
    # A family that is there gets its new variants.
    known: set[int] = set()
    if not (settings.lists_new or is_asked):
        ours = sql.in_channel(Listing.objects.filter(product_id__in=product_ids, is_left_out=False), settings.id)
        known = set(ours.values_list("product_id", flat=True))
    found: set[int] = set()
    for product_id, product in products_by_id(product_ids).items():
        rule = rules.of_listing(articles_of(product))
        is_listed = rule.lists if rule is not None else settings.lists_new or is_asked or product_id in known
        if is_listed:
            found.add(product_id)
    return found


def _with_free_codes(wanted: Sequence[_New], channel_id: int) -> list[_New]:
    """
    Let nothing have the code of another listing: a store knows no case in codes, and a listing keeps its own while its
    product is on the store, also when the catalogue has it no more.
    """
    taken = _taken([new.code_key for new in wanted], channel_id)
    found: list[_New] = []
    for new in wanted:
        free = new
        if new.code_key in taken:
            keyed = (
                (code, code_key(code)) for code in other_codes(new.sku, new.code, is_parent=new.kind is Kind.PARENT)
            )
            code, key = next((code, key) for code, key in keyed if key not in taken and not _taken([key], channel_id))
            free = new._replace(code=code, code_key=key)
        taken.add(free.code_key)
        found.append(free)
    return found


def _taken(keys: Collection[str], channel_id: int) -> set[str]:
    """Those of these keys of codes that a listing of the channel has."""
    found = Listing.objects.filter(channel_id=channel_id, code_key__in=sql.among_texts(keys))
    return set(found.values_list("code_key", flat=True))


# What a listing is made with, whatever it is of.
_AT_FIRST: Mapping[str, Any] = MappingProxyType(
    {
        "health": Health.NOT_LISTED,
        "link": Link.UNLINKED,
        "is_paused": False,
        "is_orphaned": False,
        "is_left_out": False,
        "was_hidden": False,
        "locked_groups": [],
        "locked_price": None,
        "locked_quantity": None,
        "own_texts": {},
        "missing": 0,
        "proven_price": None,
        "proven_fingerprints": {},
        "proven_without_stock": False,
        "overwrite_groups": [],
        "account": None,
        "awaits_images": False,
        "refusals": 0,
        "is_touched": False,
        "is_inactive": False,
        "keeps_inactive": False,
        "layout": "",
    }
)


def _shown_by(
    listings: Sequence[_New], products: Mapping[int, Mapping[str, Any]], settings: ChannelSettings
) -> WantedOfNew:
    """Say what these should show, by their places."""
    if not listings:
        return WantedOfNew()
    alike = {**NOTHING_SHOWN._asdict(), **_AT_FIRST, "channel_id": settings.id}
    parents = {new.product_id: place for place, new in enumerate(listings) if new.kind is Kind.PARENT}
    return wanted_of_new(
        [
            {
                **alike,
                "id": place,
                "product_id": new.product_id,
                "product__handle": products[new.product_id]["handle"],
                "variant_id": new.variant_id,
                "parent_id": None if new.kind is Kind.PARENT else parents.get(new.product_id),
                "kind": new.kind,
                "sku": new.sku,
                "pending": new.pending,
            }
            for place, new in enumerate(listings)
        ],
        settings,
    )


# What one listing is made with, and another one otherwise.
_OF_ONE = ("product_id", "variant_id", "parent_id", "kind", "code", "code_key", "sku", "pending", *WANTED_COLUMNS)


def _insert(
    listings: Sequence[tuple[_New, WantedValues]],
    channel_id: int,
    parents: Mapping[int, int],
    at: datetime,
    *,
    returning: Sequence[str] = (),
) -> dict[int, int]:
    """Insert listings; returns the ids by product id, where it is asked to."""
    made = sql.insert(
        Listing,
        [
            dict(
                zip(
                    _OF_ONE,
                    (
                        new.product_id,
                        new.variant_id,
                        parents[new.product_id] if new.kind is Kind.VARIANT else None,
                        new.kind,
                        new.code,
                        new.code_key,
                        new.sku,
                        new.pending,
                        *shown[1:],
                    ),
                    strict=True,
                )
            )
            for new, shown in listings
        ],
        constants={**_AT_FIRST, "channel_id": channel_id, "created_at": at},
        returning=returning,
    )
    return {row["product_id"]: row["id"] for row in made}


def _make(
    wanted: Sequence[_New], shown: WantedOfNew, parents: Mapping[int, int], channel_id: int, at: datetime
) -> Mapping[int, int]:
    """Insert listings with what they should show; `parents`: by product, those that are there. Returns all of them."""
    made = [(new, shown.values.get(place, NOTHING_SHOWN)) for place, new in enumerate(wanted)]
    new_parents = [pair for pair in made if pair[0].kind is Kind.PARENT]
    all_parents = {**parents, **_insert(new_parents, channel_id, {}, at, returning=("product_id", "id"))}
    _insert([pair for pair in made if pair[0].kind is not Kind.PARENT], channel_id, all_parents, at)
    if shown.held:
        held = {wanted[place].variant_id: reason for place, reason in shown.held.items()}
        found = Listing.objects.filter(channel_id=channel_id, variant_id__in=list(held))
        reasons = {listing_id: held[variant_id] for listing_id, variant_id in found.values_list("id", "variant_id")}
        note_held_prices(reasons, [], channel_id=channel_id, at=at)
    return all_parents


def _follow_catalogue(products: Collection[int], channel_id: int) -> None:
    """Let listings go with variants that moved to another product."""
    # As a subquery, or SQLite goes through all listings of the channel for each product.
    moved = sql.fetch_numbers(
        """
        UPDATE tradepost_listing
        SET product_id = (SELECT variant.product_id FROM tradepost_variant AS variant WHERE variant.id = variant_id)
        WHERE channel_id = %s
          AND variant_id IN (
            SELECT variant.id FROM given JOIN tradepost_variant AS variant ON variant.product_id = given.id
          )
          AND product_id <> (SELECT variant.product_id FROM tradepost_variant AS variant WHERE variant.id = variant_id)
        RETURNING product_id
        """,
        channel_id,
        given=Rows.of_ids(products),
    )
    note_product_words(set(moved))


def _settle_kinds(
    product_ids: Collection[int], seen: _Holdings, channel_id: int, parents: Mapping[int, int], at: datetime
) -> None:
    """
    Turn simple listings into variants and back where a product gained or lost its options, or the channel has another
    layout; what the store has as a variant then, stays one until a publish switches it.
    """
    if not product_ids:
        return
    is_family, in_layout = {number: seen.is_family[number] for number in product_ids}, seen.in_layout
    placed = [
        {
            "product_id": product_id,
            "kind": Kind.VARIANT if has_a_parent else Kind.SIMPLE,
            "parent_id": parents[product_id] if has_a_parent else None,
            "is_switched": product_id in in_layout,
        }
        for product_id, has_a_parent in is_family.items()
        if not has_a_parent or product_id in parents
    ]
    sql.execute(
        """
        UPDATE tradepost_listing SET kind = placed.kind, parent_id = placed.parent_id
        FROM placed, tradepost_variant
        WHERE tradepost_listing.channel_id = %s AND tradepost_listing.product_id = placed.product_id
          AND tradepost_listing.variant_id = tradepost_variant.id AND NOT tradepost_variant.is_gone
          AND (tradepost_listing.kind <> placed.kind
            OR COALESCE(tradepost_listing.parent_id, 0) <> COALESCE(placed.parent_id, 0))
          AND NOT (placed.is_switched AND tradepost_listing.layout > '')
        """,
        channel_id,
        placed=Rows(
            {
                "product_id": Column.INTEGER,
                "kind": Column.TEXT,
                "parent_id": Column.INTEGER,
                "is_switched": Column.BOOLEAN,
            },
            placed,
        ),
    )
    families = sql.among_ids([product_id for product_id, has_a_parent in is_family.items() if has_a_parent])
    of_products = Listing.objects.filter(kind=Kind.PARENT, product_id__in=sql.among_ids(is_family))
    ours = sql.in_channel(of_products, channel_id)
    retired = ours.exclude(product_id__in=families)
    retired.filter(link=Link.UNLINKED).update(pending=Pending.NONE)
    # Not orphaned: a page that is on the store is closed by the publish that gives its article one.
    lost = retired.exclude(product_id__in=in_layout)
    note_attention(list(lost.values_list("id", flat=True)), Attention.ORPHANED, _RETIRED, at=at)
    # A parent that is not on the store is of no use where the channel knows none.
    retired.filter(product_id__in=in_layout, link=Link.UNLINKED).update(is_orphaned=True)
    lived_in = VariantRecord.objects.filter(product_id__in=families, is_gone=False).values("product_id")
    # What a rule leaves out comes back by a rule.
    back = ours.filter(product_id__in=lived_in, is_left_out=False)
    back.filter(is_orphaned=True).update(is_orphaned=False)
    forget_attention(list(back.values_list("id", flat=True)), Attention.ORPHANED)
