"""
Link: attach listings to products that are on the store already. Nothing is written to the store.

The store is paged through once; only products that could match are kept. A listing links by SKU, then by code, to
exactly one product that nothing else is linked to; anything else is reported with the candidates.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tradepost.domain.catalogue import Kind
from tradepost.domain.codes import code_key
from tradepost.domain.listing import Attention, Link
from tradepost.domain.plan import Action, Change, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import StoreProduct, StoreRow
from tradepost.operations.ports import ListingRow, Ports
from tradepost.operations.publish import linked
from tradepost.operations.publish_plan import link_change

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Match:
    """What linking decided for one listing: the product, or the attention that it needs."""

    row: ListingRow
    product: StoreRow | None
    attention: Attention | None = None
    message: str = ""


@dataclass(slots=True)
class Candidates:
    """Store products that could match, by listing: those with its SKU, and those with its code."""

    rows: dict[int, ListingRow] = field(default_factory=dict)
    by_sku: defaultdict[int, list[StoreRow]] = field(default_factory=lambda: defaultdict(list))
    by_code: defaultdict[int, list[StoreRow]] = field(default_factory=lambda: defaultdict(list))

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


def execute(ports: Ports, *, only: Collection[int] | None = None) -> None:
    """
    Link unlinked and broken listings; `only` limits it to these, and says so of those that match nothing.

    Idempotent. Raises what `ports.Store` raises; what was linked before stays linked.
    """
    type_field = ports.channel.rules.type_field
    candidates = Candidates()
    scanned = 0
    for page in ports.store.iterate_rows(custom_fields=(type_field,)):
        scanned += len(page)
        ports.run.progress(scanned, None, "products on the store looked at")
        candidates.add(
            ports.listings.unlinked_matches(
                skus=[product.sku.strip() for product in page if product.sku.strip()],
                codes=[product.code for product in page],
                only=only,
            ),
            page,
        )
    taken = ports.listings.taken({product.id for row_id in candidates.rows for product in _hits(candidates, row_id)})
    matches = plan_link(
        candidates, taken=taken, type_field=type_field, requires_type=ports.channel.requires_product_type
    )
    for start in range(0, len(matches), _BATCH):
        _apply(ports, matches[start : start + _BATCH])
    if only is not None:
        _report_unmatched(ports, only, {match.row.id for match in matches})


def plan_link(candidates: Candidates, *, taken: dict[int, int], type_field: str, requires_type: bool) -> list[Match]:
    """Decide for every candidate: the first of SKU and code that yields a hit decides, and must be the only one."""
    chosen: dict[int, int] = {}
    matches: list[Match] = []
    # Older listings first: two that want the same product are settled in their favour.
    for row_id in sorted(candidates.rows):
        row = candidates.rows[row_id]
        hits = _hits(candidates, row_id)
        fitting = [product for product in hits if _fits(row, product, type_field, requires_type=requires_type)]
        if not fitting:
            if hits:
                matches.append(_unfit(row, hits[0], type_field))
            continue
        if len(fitting) > 1:
            names = ", ".join(product.code for product in fitting[:5])
            message = f"{len(fitting)} products on the store match {row.sku}: {names}. Link it to one of them by hand."
            matches.append(Match(row, None, Attention.AMBIGUOUS_MATCH, message))
            continue
        product = fitting[0]
        holder = taken.get(product.id) or chosen.get(product.id)
        if holder is not None and holder != row.id:
            message = f"{product.code} on the store is linked to another listing already."
            matches.append(Match(row, None, Attention.MATCH_TAKEN, message))
            continue
        chosen[product.id] = row.id
        matches.append(Match(row, product))
    return matches


def _hits(candidates: Candidates, row_id: int) -> list[StoreRow]:
    return candidates.by_sku[row_id] or candidates.by_code[row_id]


def _fits(row: ListingRow, product: StoreRow, type_field: str, *, requires_type: bool) -> bool:
    kind = product.fields.get(type_field, "").strip().lower()
    if not kind:
        return not requires_type and row.kind is not Kind.PARENT
    if row.kind is Kind.PARENT:
        return kind == Kind.PARENT.value
    return kind in {Kind.VARIANT.value, Kind.SIMPLE.value}


def _unfit(row: ListingRow, product: StoreRow, type_field: str) -> Match:
    kind = product.fields.get(type_field, "").strip()
    found = f"'{kind}'" if kind else "empty"
    message = (
        f"{product.code} on the store matches, but its custom field {type_field} is {found}; "
        f"it must be '{row.kind.value}' to be linked."
    )
    return Match(row, None, Attention.NO_MATCH, message)


def _apply(ports: Ports, matches: Sequence[Match]) -> None:
    at = ports.clock()
    codes = [match.product.code for match in matches if match.product is not None]
    found = ports.store.products_by_code(codes)
    holders = ports.listings.by_codes(codes)
    links: list[tuple[Match, StoreProduct]] = []
    results: list[Result] = []
    flags: dict[int, tuple[Attention, str]] = {}
    for match in matches:
        there = found.get(code_key(match.product.code)) if match.product is not None else None
        if there is not None and match.product is not None and there.id == match.product.id:
            holder = holders.get(code_key(there.code))
            if holder is None or holder.id == match.row.id:
                links.append((match, there))
                continue
            # Two listings can't have one code: the other one was built for it and waits to be linked or published.
            message = f"{there.code} on the store is the code of the listing {holder.sku}; link that one, or recode it."
            flags[match.row.id] = (Attention.MATCH_TAKEN, message)
            results.append(Result(_keep(match.row), Outcome.SKIPPED, message=message))
        elif match.attention is not None:
            flags[match.row.id] = (match.attention, match.message)
            results.append(Result(_keep(match.row), Outcome.SKIPPED, message=match.message))
    changes = [link_change(match.row, there, _reason(match.row, there)) for match, there in links]
    ports.run.plan([Unit(change.subject.key, (change,)) for change in changes])
    if ports.run.is_dry:
        return
    results += [Result(change, Outcome.APPLIED, Proof.READ) for change in changes]
    with ports.run.transaction():
        ports.listings.record([linked(match.row, there, at) for match, there in links])
        ports.listings.flag(flags, clear=[match.row.id for match, _there in links])
        ports.run.report(results)


def _report_unmatched(ports: Ports, only: Collection[int], matched: Collection[int]) -> None:
    rows = [
        row
        for row in ports.listings.by_ids(list(only))
        if row.id not in matched and row.status.link is not Link.LINKED and not row.status.is_paused
    ]
    if not rows or ports.run.is_dry:
        return
    message = "No product on the store has this SKU or code."
    with ports.run.transaction():
        ports.listings.flag({row.id: (Attention.NO_MATCH, message) for row in rows})
        ports.run.report([Result(_keep(row), Outcome.SKIPPED, message=message) for row in rows])


def _reason(row: ListingRow, there: StoreProduct) -> str:
    return "the same SKU" if there.sku.strip() == row.sku else "the same code"


def _keep(row: ListingRow) -> Change:
    return Change(Subject(SubjectKind.LISTING, row.code), Side.HUB, Action.KEEP, (), "asked to link", row.id)
