"""What becomes of one family or article of a store that is adopted: pure, from both sides as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.adoption import Adopted, adopted_product
from tradepost.domain.listings.codes import code_for, code_key
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.plan import Change, Outcome, Result, Side
from tradepost.domain.store import ProductsById, is_same_product
from tradepost.operations.ports import KnownSkus, ListingRow, OutlineFamily, OutlineRow, Taken, TakenListing

_NAMED = 5
_GONE = "It is gone from the store by now."


@dataclass(frozen=True, slots=True)
class IntakeFacts:
    """
    The hub's side of a batch. `linked`: the listings of products of the store, by the store's id; `by_sku` those that
    are sold, `by_code` all, `parents` by the handle of their product.
    """

    known: KnownSkus = field(default_factory=KnownSkus)
    linked: Mapping[int, ListingRow] = field(default_factory=dict)
    by_sku: Mapping[str, ListingRow] = field(default_factory=dict)
    by_code: Mapping[str, ListingRow] = field(default_factory=dict)
    parents: Mapping[str, ListingRow] = field(default_factory=dict)


@dataclass(slots=True)
class FamilyIntake:
    """
    What is taken of one family or article, by the handle of its product in the catalogue; the changes that this is; and
    what is left out, with the reason.
    """

    taken: dict[str, Taken] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    left_out: list[Result] = field(default_factory=list)


def plan_intake(
    family: OutlineFamily,
    facts: IntakeFacts,
    seen: ProductsById,
    *,
    rules: ContentRules,
    handles: set[str],
) -> FamilyIntake:
    """
    Decide on one family or article. `handles`: those whose product or page the batch has given away already; this one's
    is added.

    What the catalogue has is linked, and never changed; what it does not have is new, unless its family is there.
    """
    triage = _Triage(family, facts, seen, handles)
    for row in family.sold:
        triage.place(row)
    triage.keep_page()
    if triage.is_unsayable():
        return triage.intake
    if triage.owners:
        triage.leave_out_new()
        triage.link()
    elif triage.new:
        triage.make(rules)
    else:
        triage.leave_out_page()
    return triage.intake


class _Triage:
    """Sorts the products of one family by what the hub has of them."""

    def __init__(self, family: OutlineFamily, facts: IntakeFacts, seen: ProductsById, handles: set[str]) -> None:
        self._family = family
        self._facts = facts
        self._seen = seen
        self._handles = handles
        self.intake = FamilyIntake()
        self.new: list[OutlineRow] = []
        self.linkable: list[OutlineRow] = []
        self.owners: set[str] = set()

    def place(self, row: OutlineRow) -> None:
        facts = self._facts
        holder = facts.linked.get(row.id)
        if holder is not None:
            self._own(holder.sku)
            self._keep(row, holder)
            return
        if row.id not in self._seen:
            self._leave_out(row, _GONE)
            return
        if row.sku in facts.known.namesakes:
            self._leave_out(row, _namesakes(row.sku, facts.known.namesakes[row.sku]))
            return
        listing = facts.by_sku.get(row.sku)
        if listing is not None and listing.status.link is Link.LINKED:
            self._leave_out(row, f"Its SKU {row.sku} is that of {listing.code} on the store, which is linked already.")
            return
        if clash := self._clash(row, listing):
            self._leave_out(row, clash)
            return
        if row.sku in facts.known.owners:
            self._own(row.sku)
            self.linkable.append(row)
            return
        self.new.append(row)

    def keep_page(self) -> None:
        root = self._family.root
        if self._family.variants and (holder := self._facts.linked.get(root.id)) is not None:
            self._keep(root, holder)

    def is_unsayable(self) -> bool:
        """Leave out what is a page of variants that the hub has no word for."""
        family = self._family
        if family.variants:
            return False
        root, message = family.root, ""
        if root.has_bundles:
            message = "Its variants are made of several products or pieces each, which the catalogue can't say."
        elif root.product_type.strip().lower() == Kind.PARENT.value:
            message = (
                "The store says that it is a parent, but it has no variants, and no product names it as its parent."
            )
        if message and root in (*self.new, *self.linkable):
            self._leave_out(root, message)
        return bool(message)

    def leave_out_page(self) -> None:
        """A family of which nothing is left is none."""
        root = self._family.root
        if self._family.variants and root.id not in self._facts.linked:
            self._leave_out(root, "None of its variants can be taken.")

    def leave_out_new(self) -> None:
        """What the catalogue has is not changed, so a family there is given no more variants."""
        for row in self.new:
            handles = ", ".join(sorted(self.owners))
            self._leave_out(
                row, f"Its family is in the catalogue ({handles}) without it; import it with that, and link it then."
            )

    def link(self) -> None:
        """Link what the catalogue has; the page, too, where all of it is one product there."""
        for row in self.linkable:
            handle = self._facts.known.owners[row.sku]
            self._take(handle, row, row.sku, is_new=False, reason="the catalogue has its SKU")
        if self._family.variants and self._family.root.id not in self._facts.linked:
            self._link_page()

    def _link_page(self) -> None:
        root, handle = self._family.root, min(self.owners)
        product, parent = self._facts.known.products.get(handle), self._facts.parents.get(handle)
        if len(self.owners) > 1:
            names = ", ".join(sorted(self.owners))
            self._leave_out(root, f"Its variants are of several products in the catalogue: {names}.")
        elif product is None or not product.is_family:
            self._leave_out(root, f"In the catalogue {handle} is no family, so it has no page of its own.")
        elif root.id not in self._seen:
            self._leave_out(root, _GONE)
        elif handle in self._handles or (parent is not None and parent.status.link is Link.LINKED):
            self._leave_out(
                root, f"In the catalogue its variants are of {handle}, which has a page on the store already."
            )
        elif clash := self._clash(root, parent):
            self._leave_out(root, clash)
        else:
            self._handles.add(handle)
            self._take(handle, root, "", is_new=False, reason="the catalogue has its variants")

    def make(self, rules: ContentRules) -> None:
        """Make a product of the catalogue."""
        family = self._family
        root = family.root
        if family.variants and (message := self._unfit_page()):
            for row in (root, *self.new):
                self._leave_out(row, message)
            return
        handle = self._free_handle()
        if not handle:
            for row in dict.fromkeys((root, *self.new)):
                self._leave_out(row, f"The catalogue has another product called {root.code}; rename one of the two.")
            return
        self._handles.add(handle)
        sold = [Adopted(row.sku, self._seen[row.id]) for row in self.new]
        product = adopted_product(handle, self._seen[root.id], sold, rules)
        if family.variants:
            self._take(handle, root, "", is_new=True, reason=f"a family of {len(self.new)}")
        for row in self.new:
            reason = f"a variant of {root.code}" if family.variants else "a product of its own"
            self._take(handle, row, row.sku, is_new=True, reason=reason)
        self.intake.taken[handle] = Taken(handle, product, self.intake.taken[handle].listings)

    def _unfit_page(self) -> str:
        root = self._family.root
        if root.id in self._facts.linked:
            return f"The page of its family, {root.code}, is linked to a listing that has none of its variants."
        if root.id not in self._seen:
            return f"The page of its family, {root.code}, is gone from the store by now."
        return self._clash(root, None)

    def _free_handle(self) -> str:
        """Name the product as its page is called, or else by its SKU; blank where both are taken."""
        root, sku = self._family.root, self._family.root.sku
        # Of a family as a publish would have it: the code is made of the SKU.
        has_own = not self._family.variants or code_key(code_for(sku)) == code_key(root.code)
        names = [sku] if has_own else []
        taken = self._handles | self._facts.known.products.keys()
        return next((name for name in (*names, root.code) if name not in taken), "")

    def _clash(self, row: OutlineRow, listing: ListingRow | None) -> str:
        """Two listings can't have one code."""
        holder = self._facts.by_code.get(code_key(row.code))
        if holder is None or (listing is not None and holder.id == listing.id):
            return ""
        return (
            f"{row.code} is the code of the listing {holder.sku}; link that one, or let the hub forget it "
            f"('tradepost listings remove {holder.sku}')."
        )

    def _own(self, sku: str) -> None:
        if handle := self._facts.known.owners.get(sku):
            self.owners.add(handle)

    def _take(self, handle: str, row: OutlineRow, sku: str, *, is_new: bool, reason: str) -> None:
        product = self._seen[row.id]
        before = self.intake.taken[handle].listings if handle in self.intake.taken else ()
        listing = TakenListing(
            sku, row.id, product.created, product.code, product.price, is_closed=self._is_closed(row)
        )
        self.intake.taken[handle] = Taken(handle, None, (*before, listing))
        self.intake.changes.append(
            changes.product_adopted(
                product.code,
                product.name,
                sku=sku or handle,
                external_id=row.id,
                price=product.price,
                is_new=is_new,
                reason=reason,
            )
        )

    def _is_closed(self, row: OutlineRow) -> bool:
        """What is a variant of a page is inactive as a rule, and that says nothing."""
        is_variant = self._family.variants and row.id != self._family.root.id
        return not is_variant and not self._seen[row.id].is_active

    def _keep(self, row: OutlineRow, holder: ListingRow) -> None:
        change = changes.listing_left_alone(
            row.code, side=Side.HUB, reason="asked to adopt the store", listing_id=holder.id
        )
        if is_same_product(holder.external_created, row.created):
            self.intake.left_out.append(Result(change, Outcome.UNCHANGED))
            return
        message = (
            f"Its id {row.id} is linked to {holder.sku}, but as a product that was made at another time; a sync finds "
            "out what became of that."
        )
        self.intake.left_out.append(Result(change, Outcome.SKIPPED, message=message))

    def _leave_out(self, row: OutlineRow, message: str) -> None:
        change = changes.listing_left_alone(row.code, side=Side.HUB, reason="asked to adopt the store", listing_id=None)
        self.intake.left_out.append(Result(change, Outcome.SKIPPED, message=message))


def _namesakes(sku: str, codes: Sequence[str]) -> str:
    shown = ", ".join(codes[:_NAMED]) + (" and more" if len(codes) > _NAMED else "")
    return (
        f"{len(codes)} products of the store have the SKU {sku}: {shown}. Give each one of its own there, or adopt "
        "them by their codes (--sku-from code)."
    )
