"""
Delist: remove products from the store for good.

A parent goes before its variants, so that no shopper meets half a family; the last variant takes its parent along.
Deleting what is gone already counts as done, so a delist that was killed is simply run again.
"""

from collections.abc import Mapping, Sequence

from tradepost.domain.catalogue import Kind
from tradepost.domain.codes import code_key
from tradepost.domain.errors import PermissionMissing
from tradepost.domain.listing import Attention, Event, Link, Pending, settle
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import StoreProduct
from tradepost.operations.ports import ListingRow, Ports, Proven, WriteOutcome


def apply(ports: Ports, rows: Sequence[ListingRow]) -> None:
    """Delete the products of these rows, which are due for it, and take off options that nothing uses any more."""
    at = ports.clock()
    ordered = sorted(_with_parents(ports, rows), key=lambda row: row.kind is not Kind.PARENT)
    ports.run.plan([Unit(row.code, (_change(row),)) for row in ordered])
    if ports.run.is_dry:
        return
    parents = _parents_kept(ports, ordered)
    answers = ports.store.delete_products([row.external_id or 0 for row in ordered])
    there = ports.store.products_by_id([row.external_id or 0 for row in ordered])
    proven: list[Proven] = []
    flags: dict[int, tuple[Attention, str]] = {}
    results: list[Result] = []
    gone: list[ListingRow] = []
    for row, answer in zip(ordered, answers, strict=True):
        if row.external_id not in there:
            gone.append(row)
            proven.append(Proven(row.id, at, status=settle(row.status, Event.DELISTED)))
            results.append(Result(_change(row), Outcome.APPLIED, Proof.READ))
            continue
        outcome = Outcome.UNKNOWN if answer.outcome is WriteOutcome.LOST else Outcome.REJECTED
        message = answer.message or "The store said yes, but the product is still there."
        flags[row.id] = (Attention.DELIST_FAILED, message)
        results.append(Result(_change(row), outcome, message=message))
    with ports.run.transaction():
        ports.listings.record(proven)
        ports.listings.flag(flags, clear=[record.listing_id for record in proven])
        ports.run.report(results)
    _take_off_options(ports, gone, parents)


def _with_parents(ports: Ports, rows: Sequence[ListingRow]) -> list[ListingRow]:
    """Add the parents that lose their last variant, if the channel wants that."""
    found = {row.id: row for row in rows}
    if not ports.channel.delist_parent_with_last_variant:
        return list(found.values())
    ids = {row.parent_id for row in rows if row.parent_id is not None} - set(found)
    for parent in ports.listings.by_ids(sorted(ids)):
        stays = any(
            child.status.link is Link.LINKED and child.status.pending is not Pending.DELIST
            for child in ports.listings.family(parent.id)
        )
        if not stays and parent.status.link is Link.LINKED and not parent.status.is_paused:
            found[parent.id] = parent
    return list(found.values())


def _parents_kept(ports: Ports, rows: Sequence[ListingRow]) -> Mapping[str, StoreProduct]:
    """Read the parents that stay while a variant goes, with their variants as they are now."""
    going = {code_key(row.code) for row in rows}
    codes = {row.parent_code for row in rows if row.parent_code and code_key(row.parent_code) not in going}
    return ports.store.products_by_code(codes) if codes and ports.channel.rules.is_native else {}


def _take_off_options(ports: Ports, gone: Sequence[ListingRow], parents: Mapping[str, StoreProduct]) -> None:
    units: list[Unit] = []
    for key, parent in parents.items():
        codes = {code_key(row.code) for row in gone if code_key(row.parent_code) == key}
        unused = unused_options(parent, codes)
        if unused:
            change = Change(
                Subject(SubjectKind.PRODUCT, parent.code, parent.name),
                Side.STORE,
                Action.UPDATE,
                (FieldChange("unused_options", None, unused),),
                "no variant has these options any more",
            )
            units.append(Unit(parent.code, (change,)))
    if not units:
        return
    try:
        answers = ports.store.provision(units)
    except PermissionMissing as missing:
        results = [Result(unit.changes[0], Outcome.SKIPPED, message=str(missing)) for unit in units]
    else:
        now = ports.store.products_by_code([unit.key for unit in units])
        results = [
            _option_result(unit, now.get(code_key(unit.key)), list(answer.refusals.values()))
            for unit, answer in zip(units, answers, strict=True)
        ]
    with ports.run.transaction():
        ports.run.report(results)


def unused_options(parent: StoreProduct, gone: set[str]) -> tuple[tuple[str, str], ...]:
    """The options that only the variants behind these codes (keys) had, as attribute and option code."""
    used: set[tuple[str, str]] = set()
    lost: set[tuple[str, str]] = set()
    for variant in parent.variants or ():
        is_gone = all(code_key(code) in gone for code in variant.part_codes)
        (lost if is_gone else used).update(variant.options)
    return tuple(sorted(lost - used))


def _option_result(unit: Unit, there: StoreProduct | None, refusals: list[str]) -> Result:
    change = unit.changes[0]
    unused = {(code_key(attribute), code_key(option)) for attribute, option in change.after("unused_options")}
    have = {
        (code_key(attribute.code), code_key(option.code))
        for attribute in (there.attributes if there is not None else ())
        for option in attribute.options
    }
    if not unused & have:
        return Result(change, Outcome.APPLIED, Proof.READ)
    message = " ".join(refusals) or "The store still offers options that no variant has."
    return Result(change, Outcome.REJECTED, message=message)


def _change(row: ListingRow) -> Change:
    is_asked = row.status.pending is Pending.DELIST
    return Change(
        Subject(SubjectKind.PRODUCT, row.code),
        Side.STORE,
        Action.DELIST,
        (FieldChange("external_id", row.external_id, None),),
        "queued to delist" if is_asked else "its last variant is delisted",
        row.id,
    )
