"""What can be done about each listing of a family: created, linked, changed, closed, or left alone and why."""

from dataclasses import replace

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout, has_parent
from tradepost.domain.fields import ALL_GROUPS, CONTENT_GROUPS, Group, fingerprint
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.family_health import keeps_new_hidden
from tradepost.domain.listings.listing import Health, Link, Pending, is_due_for_images
from tradepost.domain.listings.structure import structure_mark
from tradepost.domain.store import StoreProduct
from tradepost.operations.listings.publish.family_layout import FamilyLayout
from tradepost.operations.listings.publish.product_match import ProductMatch, Refusal
from tradepost.operations.listings.publish.values import PublishFacts, PublishSeen, PublishTerms
from tradepost.operations.ports import FamilyRows, ListingRow
from tradepost.operations.selection import Selection

# While hidden, stock is held at 0 and the shop's view is left alone, whatever else is overwritten.
_HELD_BACK_WHILE_HIDDEN = frozenset({Group.QUANTITY, Group.STATUS})
# What makes a page of a child, or a child of a page; price and quantity are a sync's.
_OF_ANOTHER_KIND = CONTENT_GROUPS | {Group.STATUS}
_OF_A_SIMPLE_PRODUCT = fingerprint(structure_mark(Kind.SIMPLE))


def due_groups(row: ListingRow, selection: Selection, *, sends_images: bool) -> frozenset[Group]:
    """Say what of a linked listing is to be sent: what a person asked for, and images that it still awaits."""
    groups = row.overwrite_groups if selection.is_published(row) else frozenset()
    awaits = is_due_for_images(row.status, awaits_images=row.awaits_images) and selection.has(row)
    return groups | {Group.IMAGES} if sends_images and awaits else groups


class FamilyTriage:
    """Places the rows of one family by what can be done about them."""

    def __init__(
        self, family: FamilyRows, layout: FamilyLayout, *, terms: PublishTerms, facts: PublishFacts, seen: PublishSeen
    ) -> None:
        self._family = family
        self._layout = layout
        self._rules = terms.rules
        self._selection = terms.selection
        self._ours = facts.ours
        self._seen = seen
        self._match = ProductMatch([row.id for row in family.listings], terms=terms, facts=facts, seen=seen)
        self.groups: dict[str, frozenset[Group]] = {}
        self.creates: set[str] = set()
        self.takes_part: set[int] = set()
        self.links: list[tuple[ListingRow, StoreProduct, str]] = []
        self.gone: list[ListingRow] = []
        self.refused: list[Refusal] = []
        self.closed: ListingRow | None = None
        self.adds_only = False
        self.hidden: set[int] = set()

    def decide(self, *, is_opened: bool) -> None:
        """Place every listing. `is_opened`: what a switch opens was sent, and what it replaces may be closed."""
        for row in self._family.listings:
            self._place(row)
        self._settle_parent()
        if is_opened:
            self._keep_what_is_not_replaced()

    def family_with_codes_of_links(self) -> FamilyRows:
        """What was found by its SKU has a code of its own, and that is what its page has to name."""
        codes = {row.id: product.code for row, product, _ in self.links}
        return replace(
            self._family,
            listings=tuple(
                replace(row, code=codes[row.id]) if codes.get(row.id, row.code) != row.code else row
                for row in self._family.listings
            ),
        )

    def _place(self, row: ListingRow) -> None:
        found = self._seen.products.get(code_key(row.code))
        if row.status.link is Link.LINKED:
            self._linked(row, found)
        elif row.kind is not Kind.PARENT and self._is_to_be_published(row):
            self._unlinked(row, found)

    def _linked(self, row: ListingRow, found: StoreProduct | None) -> None:
        groups = due_groups(row, self._selection, sends_images=self._seen.sends_images)
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
        if Group.STRUCTURE in asked and _is_closed_by_us(row, found):
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
            match self._match.found(row):
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
        page = self._seen.products.get(code_key(parent.code))
        if parent.kind is not Kind.PARENT or not keeps_new_hidden(parent.status):
            return False
        return self._rules.layout is not Layout.NATIVE or page is None or page.is_active

    def _held_on_sale(self, found: StoreProduct | None) -> frozenset[Group]:
        """A stock is set before its product can be bought; on what is on sale, every sale since would be erased."""
        is_held = found is not None and self._seen.is_on_sale(found)
        return frozenset({Group.QUANTITY}) if is_held else frozenset()

    def _link(self, row: ListingRow, product: StoreProduct, found_by: str) -> None:
        self.links.append((row, product, found_by))
        self._match.take(row, product)
        self.takes_part.add(row.id)

    def _settle_parent(self) -> None:
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
            found = self._seen.products.get(code_key(row.code))
            has_page = Group.STATUS in asked or (found is not None and found.is_active)
            if row.kind is Kind.SIMPLE and asked and has_page:
                self.closed = parent

    def _keep_what_is_not_replaced(self) -> None:
        """A page is closed when what takes its place was seen to sell the same, and not before."""
        family = self._family
        parent = family.listings[0]
        closing = [row for row in family.listings if row.id in self._layout.closing]
        if self._layout.layout is Layout.NATIVE:
            page = self._seen.products.get(code_key(parent.code))
            # What can't be read was answered.
            is_told = page is not None and page.is_active and page.variants is None
            for row in closing:
                if code_key(row.code) not in self._seen.on_pages and not is_told:
                    self._keep_page(row, f"is not sold on the page of {parent.code} yet")
            return
        unsold = [row.sku for row in family.listings if row.id in self._layout.opening and not self._is_open(row)]
        if unsold and closing:
            self.closed = None
            self._keep_page(parent, f"sells what has no open page of its own yet: {', '.join(unsold)}")

    def _is_open(self, row: ListingRow) -> bool:
        found = self._seen.products.get(code_key(row.code))
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
        found = self._seen.products.get(key)
        self.takes_part.add(parent.id)
        match = None if found is not None and key in self._ours else self._match.found(parent)
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


def _draft(row: ListingRow) -> str:
    return f"The catalogue has {row.sku} as a draft, as archived or as unpublished, so it is not published."


def _is_closed_by_us(row: ListingRow, found: StoreProduct) -> bool:
    """Whether a parent's page was taken off sale when its product lost its options, and by nobody else."""
    return row.is_retired and not found.is_active


def _takes_options(found: StoreProduct, family: FamilyRows) -> bool:
    prompts = {attribute.prompt.strip().lower() for attribute in found.attributes if attribute.is_dimension}
    return not prompts or prompts == {name.strip().lower() for name in family.product.option_names}
