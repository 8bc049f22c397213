"""
Link: attach listings to products that are on the store already. Nothing is written to the store.

The store is paged through once; only products that could match are kept. A listing links by SKU, then by code (or the
other way round), to exactly one product that nothing else is linked to; anything else is reported with the candidates.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tradepost.domain import changes, listing
from tradepost.domain.attention import Attention
from tradepost.domain.codes import code_key
from tradepost.domain.errors import NotAllowed
from tradepost.domain.matching import WORDS, Hits, LinkingPriority, TypeFit, several_match, type_fit
from tradepost.domain.plan import Change, Outcome, Plan, Result, Side, Unit
from tradepost.domain.store import ProductsByKey, StoreProduct, StoreRow, is_same_product
from tradepost.operations.candidates import chosen_products
from tradepost.operations.form import Batch, Evidence, Operation, Verdict, drive
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports
from tradepost.operations.publish.verdict import flag_held_price, linked
from tradepost.operations.selection import EVERYTHING, Selection

_BATCH = 200


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """What linking decided for one listing: the product and what it was found by, or the attention that it needs."""

    row: ListingRow
    product: StoreRow | None
    attention: Attention | None = None
    message: str = ""
    found_by: str = ""


@dataclass(slots=True)
class Candidates:
    """Store products that could match, by listing: those with its SKU, and those with its code."""

    rows: dict[int, ListingRow] = field(default_factory=dict)
    by_sku: defaultdict[int, list[StoreRow]] = field(default_factory=lambda: defaultdict(list))
    by_code: defaultdict[int, list[StoreRow]] = field(default_factory=lambda: defaultdict(list))

    def ids(self, priority: LinkingPriority) -> set[int]:
        """Return the store's ids of those that decide."""
        return {hit.id for row_id in self.rows for hit in self.hits(row_id).deciding(priority)[1]}

    def hits(self, row_id: int) -> Hits[StoreRow]:
        return Hits(tuple(self.by_sku[row_id]), tuple(self.by_code[row_id]))

    def add(self, listings: Sequence[ListingRow], page: Sequence[StoreRow]) -> None:
        """Join a page of the store with the listings that share a SKU or a code with it."""
        skus: defaultdict[str, list[StoreRow]] = defaultdict(list)
        codes: defaultdict[str, list[StoreRow]] = defaultdict(list)
        for product in page:
            if product.sku.strip():
                skus[product.sku.strip()].append(product)
            codes[code_key(product.code)].append(product)
        for row in listings:
            self.rows[row.id] = row
            self.by_sku[row.id] += skus.get(row.sku, [])
            self.by_code[row.id] += codes.get(code_key(row.code), [])


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """
    Link unlinked and broken listings; a selection is told, too, which of its listings match nothing.

    Idempotent. Raises what `ports.Store` raises; what was linked before stays linked.
    """
    drive(ports, LinkListings(ports.channel, selection))


def read_candidates(
    ports: Ports,
    *,
    type_field: str,
    only: Collection[int] | None,
    look: Callable[[Sequence[StoreRow]], None] = lambda _page: None,
) -> Candidates | None:
    """Page through the store, and keep what could match; `look` is shown every page. None if a person cancels."""
    candidates = Candidates()
    scanned = 0
    for page in ports.store.iterate_rows(custom_fields=(type_field,)):
        if ports.run.is_cancelled():
            return None
        scanned += len(page)
        ports.run.progress(scanned, None, "products on the store looked at")
        skus = [product.sku.strip() for product in page if product.sku.strip()]
        codes = [product.code for product in page]
        candidates.add(ports.listings.unlinked_matches(skus=skus, codes=codes, only=only), page)
        look(page)
    return candidates


Holders = Mapping[str, ListingRow]


class LinkListings(Operation[LinkDecision, Holders, ProductsByKey, None]):
    """The store is paged through before anything is decided: a match must be the only one."""

    name = "link"
    label = "listings decided"
    attentions = frozenset(
        {Attention.NO_MATCH, Attention.AMBIGUOUS_MATCH, Attention.MATCH_TAKEN, Attention.ALREADY_EXISTS}
    )

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        self._channel = channel
        self._selection = selection
        self._decisions: list[LinkDecision] = []

    def prepare(self, ports: Ports) -> None:
        self._decisions = by_hand(ports, self._selection.link_to)
        matched = None if self._selection.only is None else self._selection.only - self._selection.link_to.keys()
        if self._selection.link_to and not matched:
            return
        type_field = self._channel.rules.type_field
        candidates = read_candidates(ports, type_field=type_field, only=matched)
        if candidates is None:
            return
        priority = self._channel.linking_priority
        self._decisions += plan_link(
            candidates,
            priority=priority,
            taken=ports.listings.taken(candidates.ids(priority)),
            type_field=type_field,
            requires_type=self._channel.requires_product_type,
        )
        if self._selection.only is not None:
            decided = {decision.row.id for decision in self._decisions}
            self._decisions += [
                LinkDecision(row, None, Attention.NO_MATCH, "No product on the store has this SKU or code.")
                for row in ports.listings.by_ids(matched or ())
                if row.id not in decided and row.status.link is not listing.Link.LINKED and not row.status.is_paused
            ]

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[LinkDecision]]:
        for start in range(0, len(self._decisions), _BATCH):
            yield Batch(self._decisions[start : start + _BATCH])

    def observe(self, ports: Ports, batch: Batch[LinkDecision]) -> ProductsByKey:
        codes = [decision.product.code for decision in batch.rows if decision.product is not None]
        return ports.store.products_by_code(codes) if codes else {}

    def facts(self, ports: Ports, batch: Batch[LinkDecision], seen: ProductsByKey) -> Holders:
        """Which listings have these codes already."""
        codes = [decision.product.code for decision in batch.rows if decision.product is not None]
        return ports.listings.by_codes(codes) if codes else {}

    def plan(self, batch: Batch[LinkDecision], facts: Holders | None, seen: ProductsByKey) -> Plan[None]:
        units: list[Unit] = []
        settled: list[Result] = []
        for decision in batch.rows:
            confirmed = confirm(decision, holders=facts or {}, seen=seen)
            if isinstance(confirmed, StoreProduct):
                units.append(Unit(confirmed.code, (_linked(decision, confirmed),)))
            elif confirmed is not None:
                settled.append(Result(_left_alone(decision.row), Outcome.SKIPPED, message=confirmed[1]))
        return Plan(None, tuple(units), tuple(settled))

    def judge(
        self,
        batch: Batch[LinkDecision],
        facts: Holders | None,
        seen: ProductsByKey,
        plan: Plan[None],
        evidence: Evidence,
    ) -> Verdict:
        verdict = Verdict()
        for decision in batch.rows:
            confirmed = confirm(decision, holders=facts or {}, seen=seen)
            if isinstance(confirmed, StoreProduct):
                verdict.proven.append(
                    linked(decision.row, confirmed, evidence.began, is_native=self._channel.rules.is_native)
                )
                flag_held_price(decision.row, verdict)
            elif confirmed is not None:
                verdict.flag(decision.row.id, *confirmed)
        return verdict


def confirm(
    decision: LinkDecision, *, holders: Holders, seen: ProductsByKey
) -> StoreProduct | tuple[Attention, str] | None:
    """Look at a decision again with the whole product: what to link to, or why not; None if it is gone meanwhile."""
    row = decision.row
    product = seen.get(code_key(decision.product.code)) if decision.product is not None else None
    if product is not None and decision.product is not None and _is_same(product, decision.product):
        holder = holders.get(code_key(product.code))
        if holder is None or holder.id == row.id:
            return product
        # Two listings can't have one code: the other one was built for it and waits to be linked or published.
        message = f"{product.code} on the store is the code of the listing {holder.sku}; link that one, or recode it."
        return Attention.MATCH_TAKEN, message
    return None if decision.attention is None else (decision.attention, decision.message)


def plan_link(
    candidates: Candidates,
    *,
    taken: dict[int, int],
    type_field: str,
    requires_type: bool,
    priority: LinkingPriority = LinkingPriority.SKU,
) -> list[LinkDecision]:
    """Decide for every candidate: the first of SKU and code that yields a hit decides, and must be the only one."""
    chosen: dict[int, int] = {}
    matches: list[LinkDecision] = []
    # Older listings first: two that want the same product are settled in their favour.
    for row_id in sorted(candidates.rows):
        row = candidates.rows[row_id]
        way, hits = candidates.hits(row_id).deciding(priority)
        fitting = [product for product in hits if _fits(row, product, type_field, requires_type=requires_type)]
        if not fitting:
            if hits:
                matches.append(_unfit(row, hits[0], type_field))
            continue
        if len(fitting) > 1:
            matches.append(LinkDecision(row, None, Attention.AMBIGUOUS_MATCH, several_match(row.sku, fitting)))
            continue
        product = fitting[0]
        holder = taken.get(product.id) or chosen.get(product.id)
        if holder is not None and holder != row.id:
            message = f"{product.code} on the store is linked to another listing already."
            matches.append(LinkDecision(row, None, Attention.MATCH_TAKEN, message))
            continue
        chosen[product.id] = row.id
        matches.append(LinkDecision(row, product, found_by=f"the same {WORDS[way]}"))
    return matches


def _fits(row: ListingRow, product: StoreRow, type_field: str, *, requires_type: bool) -> bool:
    fit = type_fit(row.kind, product.fields.get(type_field, ""))
    return fit is TypeFit.FITS or (fit is TypeFit.UNTYPED and not requires_type)


def _unfit(row: ListingRow, product: StoreRow, type_field: str) -> LinkDecision:
    kind = product.fields.get(type_field, "").strip()
    found = f"'{kind}'" if kind else "empty"
    cure = "" if kind else f" 'tradepost listings set-type {row.sku}' writes it."
    message = (
        f"{product.code} on the store matches, but its custom field {type_field} is {found}; "
        f"it must be '{row.kind.value}' to be linked.{cure}"
    )
    return LinkDecision(row, None, Attention.NO_MATCH, message)


def by_hand(ports: Ports, link_to: Mapping[int, str]) -> list[LinkDecision]:
    """
    Decide for listings whose products a person has named, by ids or codes.

    What can't be linked to its product needs a person. Raises NotAllowed where that is the only one.
    """
    decisions: list[LinkDecision] = []
    taken: set[int] = set()
    ids = list(link_to)
    for start in range(0, len(ids), _BATCH):
        rows = [(row, link_to[row.id]) for row in ports.listings.by_ids(ids[start : start + _BATCH])]
        found = chosen_products(rows, store=ports.store, listings=ports.listings, rules=ports.channel.rules)
        for row, product in found:
            if isinstance(product, NotAllowed) and len(ids) == 1:
                raise product
            if isinstance(product, NotAllowed):
                decisions.append(LinkDecision(row, None, Attention.NO_MATCH, str(product)))
            elif product.id in taken:
                message = f"{product.code} on the store is chosen for another listing, too; choose one of them."
                decisions.append(LinkDecision(row, None, Attention.MATCH_TAKEN, message))
            else:
                taken.add(product.id)
                seen = StoreRow(product.id, product.code, product.sku, product.is_active, created=product.created)
                decisions.append(LinkDecision(row, seen, found_by="chosen by a person"))
    return decisions


def _linked(decision: LinkDecision, product: StoreProduct) -> Change:
    row = decision.row
    return changes.listing_linked(
        row.code,
        product.name,
        before=row.external_id,
        external_id=product.id,
        reason=decision.found_by,
        listing_id=row.id,
    )


def _is_same(product: StoreProduct, seen: StoreRow) -> bool:
    return product.id == seen.id and is_same_product(seen.created, product.created)


def _left_alone(row: ListingRow) -> Change:
    return changes.listing_left_alone(row.code, side=Side.HUB, reason="asked to link", listing_id=row.id)
