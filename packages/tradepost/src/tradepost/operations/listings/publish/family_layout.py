"""
In which layout a publish plans a family: the one that its channel wants, or the one that the store has it in.

A family is switched as one, or not at all: half of it would be on sale twice, or nowhere. No stock is touched by it. A
variant's pieces are those of its own product, whichever page sells it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout, has_own_page, has_parent, kind_in
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Link, Pending, is_parked
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.store import StoreProduct
from tradepost.operations.ports import FamilyRows, ListingRow
from tradepost.operations.selection import Selection

_NEEDED = frozenset({Group.STRUCTURE, Group.STATUS})
# Beside the structure, what only a page has.
_OF_A_PAGE = frozenset({Group.TEXTS, Group.CATEGORIES, Group.STRUCTURE})
_NAMED = 3


@dataclass(frozen=True, slots=True)
class FamilyLayout:
    """
    `layout`: in which a family is planned. `before`: in which the store has what is `switched` by the plan (ids);
    `opening` and `closing`: those of them that get a page, and that lose theirs. `stays`: why it is not switched
    although that is due. `lost`: what the merchant asks on a page that goes.
    """

    layout: Layout
    before: Layout | None = None
    switched: frozenset[int] = frozenset()
    opening: frozenset[int] = frozenset()
    closing: frozenset[int] = frozenset()
    stays: str = ""
    lost: tuple[str, ...] = ()

    def groups(self, row: ListingRow) -> frozenset[Group]:
        """What is sent of a listing to switch it."""
        found = CONTENT_GROUPS if Layout.SIMPLE in {self.before, self.layout} else _OF_A_PAGE
        return (found | ({Group.STATUS} if row.id in self.opening | self.closing else set())) - row.locks.groups


@dataclass(frozen=True, slots=True)
class _Standing:
    """A listing that the store has in another layout, with its product; None where that is gone."""

    row: ListingRow
    product: StoreProduct | None
    before: Layout
    after: Layout

    @property
    def had_page(self) -> bool:
        return has_own_page(kind_in(self.before, self.row.kind), self.before)

    @property
    def gets_page(self) -> bool:
        if self.row.kind is Kind.PARENT:
            return self.after is Layout.NATIVE
        return has_own_page(kind_in(self.after, self.row.kind), self.after)


def layout_of_plan(
    family: FamilyRows, rules: ContentRules, selection: Selection, seen: Mapping[str, StoreProduct]
) -> FamilyLayout:
    """Decide for one family; `seen` by code key."""
    wanted = rules.layout
    linked = [row for row in family.listings if row.status.link is Link.LINKED]
    standing = [row for row in linked if row.layout is not None and not row.status.is_orphaned]
    if not family.product.is_family or not standing:
        return FamilyLayout(wanted)
    before = _layout_of(linked, standing, wanted)
    if not any(_is_asked(row, selection) for row in standing):
        return FamilyLayout(before)
    found = [
        _Standing(row, seen.get(code_key(row.code)), row.layout, wanted) for row in standing if row.layout is not None
    ]
    if stays := _in_the_way(found, family, seen):
        return FamilyLayout(before, stays=stays)
    return FamilyLayout(
        wanted,
        found[0].before,
        frozenset(each.row.id for each in found),
        frozenset(each.row.id for each in found if each.gets_page and not each.had_page),
        frozenset(each.row.id for each in found if each.had_page and not each.gets_page),
        lost=tuple(_lost(found)),
    )


def laid_out(family: FamilyRows, layout: Layout) -> FamilyRows:
    """Return a family as it is in a layout: where that knows no parents, each variant stands for itself."""
    if has_parent(layout, is_family=True) or not family.product.is_family:
        return family
    rows = (
        replace(row, kind=Kind.SIMPLE, parent_id=None, parent_code="") if row.kind is Kind.VARIANT else row
        for row in family.listings
    )
    return replace(family, listings=tuple(rows))


def _layout_of(linked: Sequence[ListingRow], standing: Sequence[ListingRow], wanted: Layout) -> Layout:
    """As its page stands, where it has one: that is what decides about its variants."""
    page = next((row for row in linked if row.kind is Kind.PARENT), standing[0])
    return page.layout or wanted


def _is_asked(row: ListingRow, selection: Selection) -> bool:
    is_overwritten = row.status.pending is Pending.OVERWRITE and Group.STRUCTURE in row.overwrite_groups
    return selection.is_switched(row) or (is_overwritten and selection.is_published(row))


def _in_the_way(found: Sequence[_Standing], family: FamilyRows, seen: Mapping[str, StoreProduct]) -> str:
    """Say why a family can't be switched as things are; blank where it can."""
    open_page = _sold_on_page(family, seen)
    for each in found:
        row = each.row
        if each.product is None or each.product.id != row.external_id:
            return f"{row.code} is gone from the store; unlink it, then link or publish it again"
        if row.status.is_paused:
            return f"{row.sku} is paused; 'tradepost listings unpause {row.sku}' ends that"
        if is_parked(row.refusals):
            return f"the store has refused {row.code} too often; 'tradepost listings explain {row.sku}' says more"
        if locked := sorted(group.value for group in row.locks.groups & _NEEDED):
            return f"{' and '.join(locked)} of {row.sku} {'is' if len(locked) == 1 else 'are'} locked"
        if why := _off_sale(each, found, open_page):
            return why
        if each.had_page and not each.gets_page and (others := _left_behind(each.product, found, family, seen)):
            return (
                f"the page of {row.code} sells {others}, too, which would go off sale, since the switch brings it to "
                "no other page; link it, or take it off that page"
            )
    return ""


def _off_sale(each: _Standing, found: Sequence[_Standing], open_page: Collection[str]) -> str:
    """
    What somebody has switched off must not come on sale by another page; what is hidden sells nothing on any.

    `open_page`: the code keys of what the family's own page sells, where it is active.
    """
    product = each.product
    if product is None or product.is_active or not each.had_page or each.gets_page:
        return ""
    variants = [other for other in found if other.row.kind is not Kind.PARENT]
    if each.row.kind is Kind.PARENT:
        # What it sold has pages already: it was closed by the switch.
        is_begun = any(other.product is not None and other.product.is_active for other in variants)
        sold = [other.row for other in variants]
    else:
        is_begun = code_key(each.row.code) in open_page
        sold = [each.row]
    if is_begun:
        return ""
    if any(row.status.health is not Health.HIDDEN for row in sold):
        return (
            f"the page {product.code} is inactive on the store, and what it sells would be on sale again by the "
            "switch; activate it there, or hide the listings"
        )
    row = next((row for row in sold if row.account != 0), None)
    return "" if row is None else f"{row.sku} is hidden, and its stock is not known to be 0, which a sync sees to"


def _sold_on_page(family: FamilyRows, seen: Mapping[str, StoreProduct]) -> frozenset[str]:
    pages = (seen.get(code_key(row.code)) for row in family.listings if row.kind is Kind.PARENT)
    return frozenset(
        code_key(code)
        for page in pages
        if page is not None and page.is_active
        for variant in page.variants or ()
        for code in variant.part_codes
    )


def _left_behind(
    product: StoreProduct, found: Sequence[_Standing], family: FamilyRows, seen: Mapping[str, StoreProduct]
) -> str:
    """Name what a page sells that would be sold nowhere without it: it is nobody's, or nobody's any more."""
    linked = {code_key(row.code): row for row in family.listings if row.status.link is Link.LINKED}
    goes_on = {code_key(each.row.code) for each in found} | {
        key
        for key, row in linked.items()
        # What the catalogue has no more goes off sale anyway.
        if row.status.is_orphaned or ((own := seen.get(key)) is not None and own.is_active)
    }
    others = dict.fromkeys(
        code for variant in product.variants or () for code in variant.part_codes if code_key(code) not in goes_on
    )
    return _words(others)


def _lost(found: Sequence[_Standing]) -> Iterator[str]:
    for each in found:
        if each.product is None or not each.had_page or each.gets_page:
            continue
        asked = [
            attribute.prompt or attribute.code for attribute in each.product.attributes if not attribute.is_dimension
        ]
        if asked:
            yield (
                f"The page of {each.row.code} asks {_words(asked)}, which the pages that take its place don't; it "
                "stays there, and comes back with that page"
            )


def _words(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
