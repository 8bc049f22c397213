"""
The existence pass: which linked products are still on the store.

Both sides are read in ascending order of the store's id and merged like two sorted lists, so that memory does not
grow with the catalogue, and only differences are written.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tradepost.domain.codes import code_key
from tradepost.domain.errors import Reconfigure
from tradepost.domain.listing import Attention, Event, settle
from tradepost.domain.plan import (
    Action,
    Change,
    FieldChange,
    Outcome,
    Plan,
    Proof,
    Result,
    Side,
    Subject,
    SubjectKind,
    Unit,
)
from tradepost.domain.rules import is_gone_check_due
from tradepost.operations.ports import Listings, Ports, Proven

_PAGE = 5000
_WRITE_BATCH = 500
# More than this at once is hardly the merchant tidying up; it is a wrong store code, or a store that is being restored.
_MAX_SHARE = 0.2
_ALWAYS_ALLOWED = 10


@dataclass(frozen=True, slots=True)
class LinkedListing:
    external_id: int
    listing_id: int
    code: str


@dataclass(slots=True)
class Differences:
    """`gone`: not there any more. `recoded`: there, under another code (the store's spelling)."""

    gone: list[LinkedListing] = field(default_factory=list)
    recoded: list[tuple[LinkedListing, str]] = field(default_factory=list)
    scanned: int = 0


def check(ports: Ports) -> None:
    """
    Break the links of listings whose product is gone, and note new codes. Writes nothing to the store.

    Raises Reconfigure, with nothing changed, when so much is gone that the store can't be the right one, and
    whatever a page of the store raises: a part of the store is never taken for the whole.
    """
    count = ports.listings.linked_count()
    if not count:
        return
    at = ports.clock()
    allowed = max(_ALWAYS_ALLOWED, int(count * _MAX_SHARE))
    differences = compare(ports, allowed=allowed)
    if not (differences.gone or differences.recoded):
        return
    changes = [
        *(gone_change(code=lost.code, listing_id=lost.listing_id) for lost in differences.gone),
        *(_recoded_change(*r) for r in differences.recoded),
    ]
    if ports.run.is_dry:
        ports.run.show(Plan(None, tuple(Unit(change.subject.key, (change,)) for change in changes)))
        return
    again = ports.store.products_by_code([lost.code for lost in differences.gone]) if differences.gone else {}
    for start in range(0, len(differences.gone), _WRITE_BATCH):
        _break(ports, differences.gone[start : start + _WRITE_BATCH], {key: p.id for key, p in again.items()}, at)
    for start in range(0, len(differences.recoded), _WRITE_BATCH):
        _recode(ports, differences.recoded[start : start + _WRITE_BATCH], at)


def compare(ports: Ports, *, allowed: int) -> Differences:
    """Merge the store's products with the linked listings; raises Reconfigure past `allowed` missing ones."""
    differences = Differences()
    listings = _linked(ports.listings)
    waiting = next(listings, None)
    for page in ports.store.iterate_rows(page_size=1000):
        differences.scanned += len(page)
        ports.run.progress(differences.scanned, None, "products on the store looked at")
        for row in page:
            while waiting is not None and waiting.external_id < row.id:
                differences.gone.append(waiting)
                waiting = next(listings, None)
            if waiting is not None and waiting.external_id == row.id:
                if waiting.code != row.code:
                    differences.recoded.append((waiting, row.code))
                waiting = next(listings, None)
        _guard(differences, allowed)
    while waiting is not None:
        differences.gone.append(waiting)
        waiting = next(listings, None)
        _guard(differences, allowed)
    return differences


def _guard(differences: Differences, allowed: int) -> None:
    if len(differences.gone) > allowed:
        raise Reconfigure(
            f"More than {allowed} linked products are missing on the store, so nothing was changed: check that the "
            "channel's store code and domain are right. If the products were really removed, unlink their listings."
        )


def _linked(listings: Listings) -> Iterator[LinkedListing]:
    after = 0
    while page := listings.linked(after_external_id=after, limit=_PAGE):
        for external_id, listing_id, code in page:
            yield LinkedListing(external_id, listing_id, code)
        after = page[-1][0]


def _break(ports: Ports, batch: list[LinkedListing], again: dict[str, int], at: datetime) -> None:
    proven: list[Proven] = []
    flags: dict[int, tuple[Attention, str]] = {}
    results: list[Result] = []
    rows = {row.id: row for row in ports.listings.by_ids([lost.listing_id for lost in batch])}
    for lost in batch:
        row = rows.get(lost.listing_id)
        # A listing that was unlinked or delisted since the page was read has nothing left to break.
        if row is None or not is_gone_check_due(row.status) or row.external_id != lost.external_id:
            continue
        other = again.get(code_key(lost.code))
        message = f"{lost.code} is gone from the store"
        message += f"; a new product with its code has the id {other}. Re-link to take it over." if other else "."
        proven.append(Proven(row.id, at, status=settle(row.status, Event.GONE)))
        flags[row.id] = (Attention.BROKEN_LINK, message)
        results.append(
            Result(gone_change(code=lost.code, listing_id=lost.listing_id), Outcome.APPLIED, Proof.READ, message)
        )
    with ports.run.transaction():
        ports.listings.record(proven)
        ports.listings.flag(flags)
        ports.run.report(results)


def _recode(ports: Ports, batch: list[tuple[LinkedListing, str]], at: datetime) -> None:
    holders = ports.listings.by_codes([code for _lost, code in batch])
    proven: list[Proven] = []
    results: list[Result] = []
    for lost, code in batch:
        holder = holders.get(code_key(code))
        if holder is None or holder.id == lost.listing_id:
            proven.append(Proven(lost.listing_id, at, code=code))
            results.append(Result(_recoded_change(lost, code), Outcome.APPLIED, Proof.READ))
            continue
        # The link is by id and holds; only the name can't be noted until the other listing lets go of it.
        message = f"The store calls it {code} now, but that is the code of the listing {holder.sku}."
        results.append(Result(_recoded_change(lost, code), Outcome.SKIPPED, message=message))
    with ports.run.transaction():
        ports.listings.record(proven)
        ports.run.report(results)


def gone_change(*, code: str, listing_id: int) -> Change:
    """The change by which a listing's link breaks."""
    return Change(
        Subject(SubjectKind.LISTING, code),
        Side.HUB,
        Action.BREAK,
        (FieldChange("link", "linked", "broken"),),
        "its product is gone from the store",
        listing_id,
    )


def _recoded_change(lost: LinkedListing, code: str) -> Change:
    return Change(
        Subject(SubjectKind.LISTING, lost.code),
        Side.HUB,
        Action.UPDATE,
        (FieldChange("code", lost.code, code),),
        "the code was changed on the store",
        lost.listing_id,
    )
