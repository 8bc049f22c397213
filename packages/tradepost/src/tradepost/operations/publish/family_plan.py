"""What a publish intends for one family or simple product: pure, from the catalogue and what the store has."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.attention import Attention
from tradepost.domain.catalogue import ImageFile, Kind
from tradepost.domain.codes import code_key
from tradepost.domain.content import Scope, WantedProduct, WantedUnit, difference, wanted_unit
from tradepost.domain.family_health import keeps_new_hidden
from tradepost.domain.fields import ALL_GROUPS, CONTENT_GROUPS, Group, custom_field_names, fingerprint
from tradepost.domain.layout import Layout, has_parent, switch_reason
from tradepost.domain.listing import Health, Link, Pending, is_due_for_images
from tradepost.domain.making import ContentRules, ListingValues
from tradepost.domain.matching import LinkingPriority, TypeFit, hits_among, several_match, sku_on_store, type_fit
from tradepost.domain.plan import Action, Change, Unit
from tradepost.domain.stock import offered
from tradepost.domain.store import StoreProduct
from tradepost.domain.structure import Structure, combination, fitted, structure_mark
from tradepost.operations.ports import FamilyRows, ListingRow, SetupItem, SetupKind
from tradepost.operations.publish.family_layout import FamilyLayout, laid_out, layout_of_plan
from tradepost.operations.selection import EVERYTHING, Selection

# While hidden, stock is held at 0 and the shop's view is left alone, whatever else is overwritten.
_HELD_BACK_WHILE_HIDDEN = frozenset({Group.QUANTITY, Group.STATUS})
# What makes a page of a child, or a child of a page; price and quantity are a sync's.
_OF_ANOTHER_KIND = CONTENT_GROUPS | {Group.STATUS}
_NO_OPTIONS = "its product has no options any more"
_OF_A_SIMPLE_PRODUCT = fingerprint(structure_mark(Kind.SIMPLE))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that this publish leaves alone, and why."""

    row: ListingRow
    attention: Attention
    message: str


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


def due_groups(row: ListingRow, selection: Selection, *, sends_images: bool) -> frozenset[Group]:
    """Say what of a linked listing is to be sent: what a person asked for, and images that it still awaits."""
    groups = row.overwrite_groups if selection.is_published(row) else frozenset()
    awaits = is_due_for_images(row.status, awaits_images=row.awaits_images) and selection.has(row)
    return groups | {Group.IMAGES} if sends_images and awaits else groups


def plan_family(
    family: FamilyRows,
    *,
    rules: ContentRules,
    seen: Mapping[str, StoreProduct],
    ours: Collection[str],
    files: Mapping[str, ImageFile],
    selection: Selection = EVERYTHING,
    answered: Collection[str] = (),
    taken: Mapping[int, int] | None = None,
    holders: Mapping[str, int] | None = None,
    priority: LinkingPriority = LinkingPriority.SKU,
    sends_images: bool = True,
    on_pages: Collection[str] | None = None,
    opened: Collection[str] | None = None,
) -> FamilyPlan:
    """
    Plan one family or simple product.

    `seen` and `ours` are by code key; `ours` are codes with an open intent: found on the store, they were made by a
    publish that did not come to its end, and are completed instead of linked. `answered`: the roots of families that
    the store has been sent and has answered, so what can't be read was taken, and an address that is missing was in
    use. `opened`: what of a switch was sent and
    answered, code keys; None before it is. `taken` and `holders`: see `Facts`. `on_pages`: of all that was
    seen, what is `on_open_pages`, where that is known already.
    """
    layout = layout_of_plan(family, rules, selection, seen)
    rules = replace(rules, layout=layout.layout)
    family = laid_out(family, layout.layout)
    triage = _FamilyTriage(
        family,
        rules,
        seen,
        ours,
        selection,
        layout=layout,
        taken=taken or {},
        holders=holders or {},
        priority=priority,
        sends_images=sends_images,
        on_pages=on_open_pages(seen.values()) if on_pages is None else on_pages,
    )
    for row in family.listings:
        triage.place(row)
    triage.settle_parent()
    if opened is not None:
        triage.keep_what_is_not_replaced()
    # What was found by its SKU has a code of its own, and that is what its page has to name.
    codes = {row.id: product.code for row, product, _ in triage.links}
    family = replace(
        family,
        listings=tuple(
            replace(row, code=codes[row.id]) if codes.get(row.id, row.code) != row.code else row
            for row in family.listings
        ),
    )
    was_answered = family.listings[0].code in answered
    wanted: WantedUnit | None = None
    scope = Scope({})
    unit = Unit(family.listings[0].code, ())
    if triage.groups:
        wanted = build_wanted(family, rules=rules, takes_part=triage.takes_part, files=files, hidden=triage.hidden)
        wanted = fitted_to_page(wanted, seen=seen, adds_only=triage.adds_only)
        if _is_address_taken(wanted, seen, family) or ((was_answered or opened) and _lacks_address(wanted, seen)):
            wanted = with_other_address(wanted)
        scope = Scope(
            groups=triage.groups,
            creates=frozenset(triage.creates),
            unread_too=not was_answered,
            answered=frozenset(opened or ()),
        )
        # By its first row, which need not be the page: the parent of what has no options any more.
        unit = replace(
            difference(wanted, seen=seen, scope=scope, reason=_reason(family, selection, triage.hidden, layout)),
            key=unit.key,
        )
    if triage.closed is not None and seen[code_key(triage.closed.code)].is_active:
        page = seen[code_key(triage.closed.code)]
        why = _NO_OPTIONS if layout.before is None else switch_reason(layout.before, layout.layout)
        closing = changes.page_closed(page.code, page.name, reason=why, listing_id=triage.closed.id)
        unit = replace(unit, changes=(closing, *unit.changes))
    if layout.switched:
        # In the order in which they are sent; see `FamilyPlan.opens`.
        unit = replace(unit, changes=tuple(sorted(unit.changes, key=closes)))
    return FamilyPlan(
        family,
        layout,
        wanted,
        scope,
        unit,
        tuple(triage.links),
        tuple(triage.gone),
        tuple(triage.refused),
        triage.closed,
        triage.adds_only,
        frozenset(triage.hidden),
    )


def _is_address_taken(wanted: WantedUnit, seen: Mapping[str, StoreProduct], family: FamilyRows) -> bool:
    """Whether another product of the family has the address: what was the page before is one no more, and keeps it."""
    found = {code_key(row.code): seen.get(code_key(row.code)) for row in family.listings}
    taken = {(address, key) for key, other in found.items() if other for address in other.addresses or ()}
    return any(
        product["address"] == address and code_key(product.code) != key
        for product in wanted.products
        for address, key in taken
    )


def _lacks_address(wanted: WantedUnit, seen: Mapping[str, StoreProduct]) -> bool:
    pairs = ((product, seen.get(code_key(product.code))) for product in wanted.products)
    return any(product["address"] and found is not None and found.addresses == () for product, found in pairs)


def build_wanted(
    family: FamilyRows,
    *,
    rules: ContentRules,
    takes_part: Collection[int],
    files: Mapping[str, ImageFile],
    hidden: Collection[int] = (),
) -> WantedUnit:
    """Build the wanted unit of the listings that take part (by id), and of the parent, which its variants name."""
    values = {
        "" if row.kind is Kind.PARENT else row.sku: ListingValues(
            code=row.code,
            price=row.wanted_price,
            # Unknown is published as none: a stock that is not counted would be sold without an end.
            quantity=0 if row.id in hidden else offered(row.available or 0),
            listing_id=row.id,
            sells_without_stock=row.sells_without_stock and row.id not in hidden,
            proven_categories=row.proven_fingerprints.get(Group.CATEGORIES, ""),
            proven_images=row.proven_fingerprints.get(Group.IMAGES, ""),
            own=row.locks.texts,
        )
        for row in family.listings
        if row.id in takes_part or row.kind is Kind.PARENT
    }
    return wanted_unit(family.product, rules=rules, values=values, files=files)


def fitted_to_page(wanted: WantedUnit, *, seen: Mapping[str, StoreProduct], adds_only: bool) -> WantedUnit:
    """Return the unit with the structure of its page in the page's own codes; see `domain.structure`."""
    root = wanted.root
    page = seen.get(code_key(root.code))
    if page is None or not root["attributes"]:
        return wanted
    structure = fitted(Structure(root["attributes"], root["variants"]), page, keeps_rest=adds_only)
    values = {**root.values, "attributes": structure.attributes, "variants": structure.variants}
    if adds_only:
        values["placement"] = None
    else:
        present = {combination(variant) for variant in page.variants or ()}
        # Those that are new say themselves how they are priced.
        values["variant_pricing"] = tuple(v for v in structure.variants if combination(v) in present)
    return replace(wanted, products=(replace(root, values=values), *wanted.products[1:]))


def with_other_address(wanted: WantedUnit) -> WantedUnit:
    """Return the unit with web addresses that end in the code, for when the plain ones are in use."""
    return replace(
        wanted,
        products=tuple(
            replace(product, values={**product.values, "address": _other_address(product)})
            if product["address"]
            else product
            for product in wanted.products
        ),
    )


def _other_address(product: WantedProduct) -> str:
    return f"{product['address'].removesuffix('.html')}-{code_key(product.code)}.html"


def setup_items(wanted: WantedUnit, *, rules: ContentRules) -> Iterator[SetupItem]:
    """Name what the store must have before this unit: custom fields, image types, categories from the root down."""
    names = custom_field_names(rules)
    for product in wanted.products:
        given = {**(product["placement"] or {}), **product["custom_fields"]}
        for code in (code for code, value in given.items() if value):
            choices = tuple(kind.value for kind in Kind) if code == rules.type_field else ()
            yield SetupItem(SetupKind.CUSTOM_FIELD, code, names[code], choices=choices)
        image_type = next((image.image_type for image in product.made.images), "")
        if image_type:
            yield SetupItem(SetupKind.IMAGE_TYPE, image_type, rules.image_type)
        for category in product.made.categories if product.made.has_own_page else ():
            yield SetupItem(SetupKind.CATEGORY, category.code, category.name, parent=category.parent_code)


def on_open_pages(seen: Iterable[StoreProduct]) -> frozenset[str]:
    """Name, by code key, what is sold on the page of a parent that is open."""
    return frozenset(
        code_key(code)
        for parent in seen
        if parent.is_active
        for variant in parent.variants or ()
        for code in variant.part_codes
    )


def is_on_sale(product: StoreProduct, on_pages: Collection[str]) -> bool:
    """Whether a shopper may be buying a product: on its own page, or on that of a parent which is open."""
    return product.is_active or code_key(product.code) in on_pages


class _FamilyTriage:
    """Places the rows of one family by what can be done about them."""

    def __init__(
        self,
        family: FamilyRows,
        rules: ContentRules,
        seen: Mapping[str, StoreProduct],
        ours: Collection[str],
        selection: Selection,
        *,
        layout: FamilyLayout,
        taken: Mapping[int, int],
        holders: Mapping[str, int],
        priority: LinkingPriority,
        sends_images: bool,
        on_pages: Collection[str],
    ) -> None:
        self._family = family
        self._ids = {row.id for row in family.listings}
        self._taken = dict(taken)
        self._holders = holders
        self._priority = priority
        self._sends_images = sends_images
        self._on_pages = on_pages
        self._rules = rules
        self._layout = layout
        self._seen = seen
        self._ours = ours
        self._selection = selection
        self.groups: dict[str, frozenset[Group]] = {}
        self.creates: set[str] = set()
        self.takes_part: set[int] = set()
        self.links: list[tuple[ListingRow, StoreProduct, str]] = []
        self.gone: list[ListingRow] = []
        self.refused: list[Refusal] = []
        self.closed: ListingRow | None = None
        self.adds_only = False
        self.hidden: set[int] = set()

    def place(self, row: ListingRow) -> None:
        found = self._seen.get(code_key(row.code))
        if row.status.link is Link.LINKED:
            self._linked(row, found)
        elif (
            row.kind is not Kind.PARENT and self._selection.is_published(row) and row.status.pending is Pending.PUBLISH
        ):
            self._unlinked(row, found)

    def _linked(self, row: ListingRow, found: StoreProduct | None) -> None:
        groups = due_groups(row, self._selection, sends_images=self._sends_images)
        is_switched = row.id in self._layout.switched
        is_wanted = bool(groups) or is_switched or self._selection.is_published(row)
        if found is None or found.id != row.external_id:
            if is_wanted:
                self.gone.append(row)
            return
        self.takes_part.add(row.id)
        if not is_wanted:
            return
        held = _HELD_BACK_WHILE_HIDDEN if row.status.health is Health.HIDDEN else frozenset()
        asked = groups - held - row.locks.groups
        if is_switched:
            asked |= self._layout.groups(row)
        elif Group.STRUCTURE in asked and self._is_of_another_kind(row, found):
            asked |= _OF_ANOTHER_KIND
        if Group.STRUCTURE in asked and is_closed_by_us(row, found):
            asked |= {Group.STATUS}
        self.groups[code_key(row.code)] = asked

    def _is_of_another_kind(self, row: ListingRow, found: StoreProduct) -> bool:
        """Whether the store has as a child what has a page of its own by now, or the other way round."""
        # What the merchant made inactive stays so.
        is_theirs = row.status.health is Health.HIDDEN and not row.was_hidden
        if row.kind is Kind.PARENT or is_theirs:
            return False
        proven = row.proven_fingerprints.get(Group.STRUCTURE)
        if proven is not None:
            # Not by the store's type, which is another half way through.
            return (row.kind is Kind.SIMPLE) != (proven == _OF_A_SIMPLE_PRODUCT)
        kind = (found.custom_fields or {}).get(self._rules.type_field, "").strip().lower()
        return kind not in {"", row.kind.value}

    def _unlinked(self, row: ListingRow, found: StoreProduct | None) -> None:
        key = code_key(row.code)
        if row.kind is Kind.VARIANT and self._is_family_hidden():
            self.hidden.add(row.id)
        is_ours = found is not None and key in self._ours
        if not is_ours:
            match self._match(row):
                case Refusal() as refusal:
                    self.refused.append(refusal)
                    return
                case (product, found_by):
                    self._link(row, product, found_by)
                    return
        if not self._family.product.is_for_sale:
            self.refused.append(Refusal(row, Attention.DRAFT, _draft(row)))
            return
        if row.is_price_held:
            message = f"{row.price_held_why} So {row.sku} is not published."
            self.refused.append(Refusal(row, Attention.PRICE_HELD, message))
            return
        if not is_ours:
            self.creates.add(key)
        self.groups[key] = ALL_GROUPS - self._held_on_sale(found)
        self.takes_part.add(row.id)

    def _is_family_hidden(self) -> bool:
        """Whether somebody took the family off sale; a page that is inactive on the store needs nothing besides."""
        parent = self._family.listings[0]
        page = self._seen.get(code_key(parent.code))
        if parent.kind is not Kind.PARENT or not keeps_new_hidden(parent.status):
            return False
        return self._rules.layout is not Layout.NATIVE or page is None or page.is_active

    def _held_on_sale(self, found: StoreProduct | None) -> frozenset[Group]:
        """A stock is set before its product can be bought; on what is on sale, every sale since would be erased."""
        is_held = found is not None and is_on_sale(found, self._on_pages)
        return frozenset({Group.QUANTITY}) if is_held else frozenset()

    def _link(self, row: ListingRow, product: StoreProduct, found_by: str) -> None:
        self.links.append((row, product, found_by))
        self._taken[product.id] = row.id
        self.takes_part.add(row.id)

    def _match(self, row: ListingRow) -> tuple[StoreProduct, str] | Refusal | None:
        """Find what the store has of a row that is to be created: the product to link, or why neither can be done."""
        hits = hits_among(self._seen.values(), sku=row.sku, code=row.code)
        if self._priority is LinkingPriority.CODE and hits.by_code:
            return self._match_by_code(row, hits.by_code[0])
        free = [product for product in hits.by_sku if self._is_meant(row, product)]
        if len(free) > 1:
            return Refusal(row, Attention.AMBIGUOUS_MATCH, several_match(row.sku, free))
        if free:
            return self._taken_from(row, free[0]) or (free[0], "SKU")
        for product in hits.by_code:
            if not _is_same(row, product, self._rules):
                return Refusal(row, Attention.ALREADY_EXISTS, _collision(row, product, self._rules))
            return self._taken_from(row, product) or (product, "code")
        near = next((product for product in hits.near if self._is_meant(row, product)), None)
        if near is None or near.id in self._taken:
            return None
        message = (
            f"The store has the product {near.code} with the SKU '{near.sku}', which differs from '{row.sku}' in case "
            f"only: if it is the same, 'tradepost listings link {row.sku} --to {near.id}'; else give one another SKU."
        )
        return Refusal(row, Attention.ALREADY_EXISTS, message)

    def _match_by_code(self, row: ListingRow, product: StoreProduct) -> tuple[StoreProduct, str] | Refusal:
        """Let the code decide, whatever SKU the product has."""
        if not self._is_meant(row, product):
            return Refusal(row, Attention.ALREADY_EXISTS, _collision(row, product, self._rules))
        return self._taken_from(row, product) or (product, "code")

    def _is_meant(self, row: ListingRow, product: StoreProduct) -> bool:
        """Whether a product that was found can be it: not one of another type, nor what its own family has already."""
        is_of_family = self._taken.get(product.id) in self._ids - {row.id}
        return not is_of_family and type_fit(row.kind, _type_of(product, self._rules)) is not TypeFit.OTHER

    def _taken_from(self, row: ListingRow, product: StoreProduct) -> Refusal | None:
        holder = self._taken.get(product.id, self._holders.get(code_key(product.code), row.id))
        if holder == row.id:
            return None
        return Refusal(row, Attention.MATCH_TAKEN, f"{product.code} on the store is another listing's already.")

    def settle_parent(self) -> None:
        """A parent is made, completed or extended whenever one of its variants is."""
        family = self._family
        parent = family.listings[0]
        if self._layout.stays:
            row = next(row for row in family.listings if row.layout is not None and row.status.link is Link.LINKED)
            message = f"The family stays {self._layout.layout}: {self._layout.stays}."
            self.refused.append(Refusal(row, Attention.PUBLISH_FAILED, message))
        if parent.kind is not Kind.PARENT:
            return
        if not has_parent(self._rules.layout, is_family=family.product.is_family):
            self._retire(parent)
            return
        # What the catalogue has no more is on no page of its own making.
        living = [row for row in family.listings if row.kind is Kind.VARIANT and not row.status.is_orphaned]
        offered = [row for row in living if row.id in self.takes_part]
        has_new = any(row.status.link is not Link.LINKED for row in offered)
        if parent.status.link is Link.LINKED:
            if has_new:
                self._extend(parent)
            elif not offered:
                self._keep_structure(parent)
        elif has_new or self._layout.switched or self._is_to_be_published(parent):
            if offered:
                self._make(parent, has_new=has_new)
            else:
                self._refuse_empty(parent, f"{parent.code} is not published")
        if parent.id not in self.takes_part:
            self._keep_pages()

    def _is_to_be_published(self, row: ListingRow) -> bool:
        return self._selection.is_published(row) and row.status.pending is Pending.PUBLISH

    def _keep_structure(self, parent: ListingRow) -> None:
        """Leave the page the choices that it has: with none at all, it would be open and sell nothing."""
        key = code_key(parent.code)
        asked = self.groups.get(key, frozenset())
        if self._rules.layout is not Layout.NATIVE or Group.STRUCTURE not in asked:
            return
        self.groups[key] = asked - {Group.STRUCTURE, Group.STATUS}
        if not self.groups[key]:
            self.groups.pop(key)
        self._refuse_empty(parent, f"The page of {parent.code} keeps its choices")

    def _refuse_empty(self, parent: ListingRow, what: str) -> None:
        if not self._family.product.is_for_sale:
            self.refused.append(Refusal(parent, Attention.DRAFT, _draft(parent)))
            return
        message = (
            f"{what}: none of its variants is on the store or can be published, so nobody could buy from it. "
            f"'tradepost listings show' says why for each; 'tradepost listings publish {parent.sku}' queues them all."
        )
        self.refused.append(Refusal(parent, Attention.PUBLISH_FAILED, message))

    def _retire(self, parent: ListingRow) -> None:
        """Close the page of a family that is none any more, together with the articles that get one of their own."""
        is_ours = parent.id in self.takes_part and (parent.is_ours or parent.id in self._layout.switched)
        self.takes_part.discard(parent.id)
        self.groups.pop(code_key(parent.code), None)
        if not is_ours or parent.status.is_paused:
            return
        for row in self._family.listings:
            asked = self.groups.get(code_key(row.code), frozenset())
            found = self._seen.get(code_key(row.code))
            has_page = Group.STATUS in asked or (found is not None and found.is_active)
            if row.kind is Kind.SIMPLE and asked and has_page:
                self.closed = parent

    def keep_what_is_not_replaced(self) -> None:
        """A page is closed when what takes its place was seen to sell the same, and not before."""
        family = self._family
        parent = family.listings[0]
        closing = [row for row in family.listings if row.id in self._layout.closing]
        if self._layout.layout is Layout.NATIVE:
            page = self._seen.get(code_key(parent.code))
            # What can't be read was answered.
            is_told = page is not None and page.is_active and page.variants is None
            for row in closing:
                if code_key(row.code) not in self._on_pages and not is_told:
                    self._keep_page(row, f"is not sold on the page of {parent.code} yet")
            return
        unsold = [row.sku for row in family.listings if row.id in self._layout.opening and not self._is_open(row)]
        if unsold and closing:
            self.closed = None
            self._keep_page(parent, f"sells what has no open page of its own yet: {', '.join(unsold)}")

    def _is_open(self, row: ListingRow) -> bool:
        found = self._seen.get(code_key(row.code))
        return found is not None and found.is_active

    def _keep_page(self, row: ListingRow, why: str) -> None:
        self.groups.pop(code_key(row.code), None)
        self.refused.append(
            Refusal(row, Attention.PUBLISH_FAILED, f"{row.code} keeps its page for the moment: it {why}.")
        )

    def _keep_pages(self) -> None:
        """Without its parent, an article that became a variant would not be on sale at all."""
        if self._rules.layout is not Layout.NATIVE:
            return
        for row in self._family.listings:
            key = code_key(row.code)
            is_linked_child = row.kind is Kind.VARIANT and row.status.link is Link.LINKED
            if is_linked_child and Group.STATUS in self.groups.get(key, frozenset()):
                message = f"{row.sku} keeps its own page until its parent is on the store."
                self.refused.append(Refusal(row, Attention.PUBLISH_FAILED, message))
                self.groups.pop(key)

    def _extend(self, parent: ListingRow) -> None:
        if parent.id in self.takes_part:
            key = code_key(parent.code)
            asked = self.groups.get(key, frozenset())
            # A page whose structure was never ours may offer what the catalogue does not have.
            self.adds_only = Group.STRUCTURE not in asked and Group.STRUCTURE not in parent.proven_fingerprints
            self.groups[key] = asked | {Group.STRUCTURE}
            return
        self._refuse_new("its parent is gone from the store; unlink the parent and publish the family")
        if parent not in self.gone:
            self.gone.append(parent)

    def _make(self, parent: ListingRow, *, has_new: bool) -> None:
        key = code_key(parent.code)
        found = self._seen.get(key)
        self.takes_part.add(parent.id)
        match = None if found is not None and key in self._ours else self._match(parent)
        if match is None:
            self.groups[key] = ALL_GROUPS
            if found is None:
                self.creates.add(key)
            return
        if isinstance(match, Refusal):
            self.refused.append(match)
            self.takes_part.discard(parent.id)
            self._refuse_new(f"its parent can't be published. {match.message}")
            return
        found, found_by = match
        if self._layout.switched:
            self._refuse_page(parent, found)
            return
        self._link(parent, found, found_by)
        if has_new and _takes_options(found, self._family):
            self.groups[code_key(found.code)] = frozenset({Group.STRUCTURE})
            self.adds_only = True
        elif has_new:
            self._refuse_new(
                f"the product {found.code} on the store has other options; add the variant there and link it"
            )

    def _refuse_page(self, parent: ListingRow, found: StoreProduct) -> None:
        """A page of the merchant's may be closed, or offer anything: nothing leaves its own page for that one."""
        self.takes_part.discard(parent.id)
        message = (
            f"{parent.sku} needs a page, and the store has the product {found.code}, which the hub did not make: "
            f"'tradepost listings link {parent.sku} --to {found.id}' makes it that page; else give it another code and "
            "SKU there."
        )
        self.refused.append(Refusal(parent, Attention.ALREADY_EXISTS, message))

    def _refuse_new(self, why: str) -> None:
        linked = {row.id for row, _, _ in self.links}
        for row in self._family.listings:
            key = code_key(row.code)
            if row.kind is Kind.VARIANT and row.status.link is not Link.LINKED and row.id not in linked:
                if row.id in self.takes_part:
                    message = f"{row.sku} can't be published: {why}."
                    self.refused.append(Refusal(row, Attention.PUBLISH_FAILED, message))
                self.takes_part.discard(row.id)
                self.creates.discard(key)
                self.groups.pop(key, None)


def closes(change: Change) -> bool:
    """Whether a change takes a page off sale."""
    return change.after("is_active") is False and change.action is not Action.CREATE


def _draft(row: ListingRow) -> str:
    return f"The catalogue has {row.sku} as a draft, as archived or as unpublished, so it is not published."


def is_closed_by_us(row: ListingRow, found: StoreProduct) -> bool:
    """Whether a parent's page was taken off sale when its product lost its options, and by nobody else."""
    return row.is_retired and not found.is_active


def _is_same(row: ListingRow, found: StoreProduct, rules: ContentRules) -> bool:
    """Whether a product under our code, that we did not make, is what the listing means: same SKU, fitting type."""
    if type_fit(row.kind, _type_of(found, rules)) is TypeFit.OTHER:
        return False
    return found.sku == sku_on_store(row.sku) or (not found.sku and code_key(found.code) == code_key(row.sku))


def _collision(row: ListingRow, found: StoreProduct, rules: ContentRules) -> str:
    return (
        f"The store has another product with the code {found.code} ('{found.name}', SKU '{found.sku}', "
        f"{_type_of(found, rules) or 'no type'}), so '{row.sku}' can't be published under it. Give one of the two "
        f"another SKU, or link them: 'tradepost listings link {row.sku} --to {found.id}'."
    )


def _type_of(product: StoreProduct, rules: ContentRules) -> str:
    """What a store says that it is; where nothing is but simple, nobody asks."""
    if rules.layout is Layout.SIMPLE:
        return ""
    return (product.custom_fields or {}).get(rules.type_field, "").strip()


def is_untyped(product: StoreProduct, rules: ContentRules) -> bool:
    """Whether a product's type is to be written; unread is not blank."""
    return rules.layout is not Layout.SIMPLE and product.custom_fields is not None and not _type_of(product, rules)


def _takes_options(found: StoreProduct, family: FamilyRows) -> bool:
    prompts = {attribute.prompt.strip().lower() for attribute in found.attributes if attribute.is_dimension}
    return not prompts or prompts == {name.strip().lower() for name in family.product.option_names}


def _reason(family: FamilyRows, selection: Selection, hidden: Collection[int], layout: FamilyLayout) -> str:
    if layout.before is not None:
        return switch_reason(layout.before, layout.layout)
    pending = {row.status.pending.value for row in family.listings if selection.is_published(row)}
    starts = ", and hidden, as its family is, until you unhide it" if hidden else ""
    return f"queued to {' and '.join(sorted(pending))}{starts}"
