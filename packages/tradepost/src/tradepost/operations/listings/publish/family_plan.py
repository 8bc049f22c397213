"""What a publish intends for one family or simple product: pure, from the catalogue and what the store has."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.channels.layout import switch_reason
from tradepost.domain.fields import Group
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.content import Scope, WantedUnit, difference
from tradepost.domain.plan import Action, Change, SubjectId, Unit
from tradepost.domain.store import StoreProduct
from tradepost.operations.listings.publish.family_layout import FamilyLayout, laid_out, layout_of_plan
from tradepost.operations.listings.publish.family_triage import FamilyTriage
from tradepost.operations.listings.publish.product_match import Refusal
from tradepost.operations.listings.publish.values import PublishFacts, PublishSeen, PublishTerms
from tradepost.operations.listings.publish.wanted_pages import (
    build_wanted,
    fitted_to_page,
    is_address_taken,
    lacks_address,
    with_other_address,
)
from tradepost.operations.ports import FamilyRows, ListingRow, SetupItem
from tradepost.operations.selection import Selection

_NO_OPTIONS = "its product has no options any more"


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """
    The plan for one catalogue product.

    `family`: the rows with the codes that they have on the store. `unit` are the changes to the store. `links`: rows
    whose product the merchant has made already, with what it was found by. `gone`: linked rows that are due, but whose
    product is not there. `refused`: rows that can't be published as things are. `closed`: the parent of a product that
    has no options any more; its page goes off sale. `adds_only`: the parent's page is the merchant's, so it is only
    added to. `hidden`: the ids of new variants that start hidden, as their family is. `layout`: in which it is planned,
    and what is switched to that.
    """

    family: FamilyRows
    layout: FamilyLayout
    wanted: WantedUnit | None
    scope: Scope
    unit: Unit
    links: tuple[tuple[ListingRow, StoreProduct, str], ...] = ()
    gone: tuple[ListingRow, ...] = ()
    refused: tuple[Refusal, ...] = ()
    closed: ListingRow | None = None
    adds_only: bool = False
    hidden: frozenset[int] = frozenset()

    @property
    def rows(self) -> dict[str, ListingRow]:
        """The listings by code key."""
        return {code_key(row.code): row for row in self.family.listings}

    @property
    def creates(self) -> list[str]:
        return [change.subject.key for change in self.unit.changes if change.action is Action.CREATE]

    @property
    def sends_texts(self) -> bool:
        return any(Group.TEXTS in groups for groups in self.scope.groups.values())

    @property
    def missing_images(self) -> dict[str, tuple[str, ...]]:
        """The sources of images that can't be had, by the code key of the product that is to be given them."""
        found: dict[str, tuple[str, ...]] = {}
        for key, groups in self.scope.groups.items():
            missing = self.wanted.product(key).made.missing_images if self.wanted and Group.IMAGES in groups else ()
            if missing:
                found[key] = missing
        return found

    @property
    def codes(self) -> list[str]:
        return [row.code for row in self.family.listings]


@dataclass(frozen=True, slots=True)
class PublishDetail:
    """
    What the changes are about: families, set-up items by subject, and image files by path. `switched`: the listings
    (ids) of families that get another layout.
    """

    families: tuple[FamilyPlan, ...]
    set_up: Mapping[SubjectId, SetupItem]
    files: Mapping[str, ImageFile]
    switched: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls, families: Sequence[FamilyPlan], set_up: Mapping[SubjectId, SetupItem], files: Mapping[str, ImageFile]
    ) -> "PublishDetail":
        switched = (row.id for family in families if family.layout.switched for row in family.family.listings)
        return cls(tuple(families), set_up, files, frozenset(switched))


def plan_family(family: FamilyRows, *, terms: PublishTerms, facts: PublishFacts, seen: PublishSeen) -> FamilyPlan:
    """Plan one family or simple product."""
    layout = layout_of_plan(family, terms.rules, terms.selection, seen.products)
    terms = replace(terms, rules=replace(terms.rules, layout=layout.layout))
    opened = seen.opened.get(family.listings[0].code)
    triage = FamilyTriage(laid_out(family, layout.layout), layout, terms=terms, facts=facts, seen=seen)
    triage.decide(is_opened=opened is not None)
    family = triage.family_with_codes_of_links()
    wanted: WantedUnit | None = None
    scope = Scope({})
    found: tuple[Change, ...] = ()
    if triage.groups:
        was_answered = family.listings[0].code in seen.answered
        wanted = _wanted(family, triage, terms, seen, is_sent=was_answered or bool(opened))
        scope = Scope(
            groups=triage.groups,
            creates=frozenset(triage.creates),
            # What can't be read was taken.
            unread_too=not was_answered,
            answered=opened or frozenset(),
        )
        reason = _reason(family, terms.selection, triage.hidden, layout)
        found = difference(wanted, seen=seen.products, scope=scope, reason=reason).changes
    found = (*_closing(triage.closed, layout, seen), *found)
    # In the order in which they are sent: what a switch opens first.
    found = tuple(sorted(found, key=closes)) if layout.switched else found
    return FamilyPlan(
        family,
        layout,
        wanted,
        scope,
        # By its first row, which need not be the page: the parent of what has no options any more.
        Unit(family.listings[0].code, found),
        tuple(triage.links),
        tuple(triage.gone),
        tuple(triage.refused),
        triage.closed,
        triage.adds_only,
        frozenset(triage.hidden),
    )


def _wanted(
    family: FamilyRows, triage: FamilyTriage, terms: PublishTerms, seen: PublishSeen, *, is_sent: bool
) -> WantedUnit:
    """`is_sent`: the store has answered, so an address that is missing was in use."""
    wanted = build_wanted(
        family, rules=terms.rules, takes_part=triage.takes_part, files=seen.usable_files, hidden=triage.hidden
    )
    wanted = fitted_to_page(wanted, seen=seen.products, adds_only=triage.adds_only)
    if is_address_taken(wanted, seen.products, family) or (is_sent and lacks_address(wanted, seen.products)):
        wanted = with_other_address(wanted)
    return wanted


def _closing(parent: ListingRow | None, layout: FamilyLayout, seen: PublishSeen) -> Iterator[Change]:
    """Close the page of what has none any more, unless it is closed."""
    page = None if parent is None else seen.products[code_key(parent.code)]
    if parent is not None and page is not None and page.is_active:
        why = _NO_OPTIONS if layout.before is None else switch_reason(layout.before, layout.layout)
        yield changes.page_closed(page.code, page.name, reason=why, listing_id=parent.id)


def closes(change: Change) -> bool:
    """Whether a change takes a page off sale."""
    return change.after("is_active") is False and change.action is not Action.CREATE


def _reason(family: FamilyRows, selection: Selection, hidden: Collection[int], layout: FamilyLayout) -> str:
    if layout.before is not None:
        return switch_reason(layout.before, layout.layout)
    pending = {row.status.pending.value for row in family.listings if selection.is_published(row)}
    starts = ", and hidden, as its family is, until you unhide it" if hidden else ""
    return f"queued to {' and '.join(sorted(pending))}{starts}"
