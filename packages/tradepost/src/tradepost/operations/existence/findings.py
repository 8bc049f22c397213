"""What becomes of the findings of a pass: links that break, and codes that are noted."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tradepost.domain.codes import code_key
from tradepost.domain.listing import Attention, Event, settle
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.domain.rules import is_gone_check_due
from tradepost.operations.existence.differences import Differences
from tradepost.operations.ports import LinkedListing, Ports, Proven

_WRITE_BATCH = 500


def drop_what_is_there(ports: Ports, differences: Differences) -> bool:
    """
    Ask for each missing product by its id; what comes is not gone, and is left as it is.

    Returns whether nothing came: otherwise the store has left out rows, and what was read of it proves nothing.
    """
    if not differences.gone:
        return True
    there = ports.store.products_by_id([listing.external_id for listing in differences.gone.values()])
    kept = [listing for listing in differences.gone.values() if listing.external_id in there]
    for listing in kept:
        del differences.gone[listing.listing_id]
    return not kept


def show(ports: Ports, differences: Differences) -> None:
    changes = [
        *(gone_change(code=lost.code, listing_id=lost.listing_id) for lost in differences.gone.values()),
        *(_recoded_change(*recoded) for recoded in differences.recoded.values()),
    ]
    if changes:
        ports.run.plan([Unit(change.subject.key, (change,)) for change in changes])


def record(ports: Ports, differences: Differences, *, at: datetime) -> None:
    """Break and recode in batches, each in a transaction of its own."""
    gone = list(differences.gone.values())
    again = ports.store.products_by_code([lost.code for lost in gone]) if gone else {}
    ids = {key: product.id for key, product in again.items()}
    for start in range(0, len(gone), _WRITE_BATCH):
        _break(ports, gone[start : start + _WRITE_BATCH], ids, at=at)
    recoded = list(differences.recoded.values())
    for start in range(0, len(recoded), _WRITE_BATCH):
        _recode(ports, recoded[start : start + _WRITE_BATCH], at=at)


def _break(ports: Ports, batch: Sequence[LinkedListing], again: Mapping[str, int], *, at: datetime) -> None:
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


def _recode(ports: Ports, batch: Sequence[tuple[LinkedListing, str]], *, at: datetime) -> None:
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
