"""What was proven of families that were published, what is to be flagged, and which intents are closed."""

from collections.abc import Collection
from datetime import datetime

from tradepost.domain.catalogue import Kind
from tradepost.domain.codes import code_key
from tradepost.domain.fields import Group, fingerprints
from tradepost.domain.listing import Attention, Event, Link, Pending, Status, settle
from tradepost.domain.plan import Outcome, SubjectId, SubjectKind
from tradepost.domain.stock import EntryKind
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Evidence, Verdict
from tradepost.operations.outcomes import names
from tradepost.operations.ports import AccountEntry, ListingRow, Proven, WriteOutcome
from tradepost.operations.publish.family_plan import FamilyPlan
from tradepost.operations.publish.values import Detail, Seen

# What may be missing without the listing being called unpublished: it can be bought, and attention says what lacks.
_SOFT = frozenset({"images", "address"})


def judge(detail: Detail, *, seen: Seen, evidence: Evidence) -> Verdict:
    """Judge a batch; `detail` is that of the last plan."""
    verdict = Verdict(files=dict(seen.uploaded), set_up=list(seen.set_up.values()))
    for family in detail.families:
        _judge_family(family, seen, evidence, verdict)
    return verdict


def _judge_family(family: FamilyPlan, seen: Seen, evidence: Evidence, verdict: Verdict) -> None:
    failed: dict[int, str] = {}
    for key, row in family.rows.items():
        result = evidence.results.get(_subject(key))
        left = evidence.left.get(_subject(key), frozenset())
        if result is None or result.outcome is Outcome.APPLIED:
            continue
        # Missing variants are judged child by child; a lost answer with unreadable values is not good enough.
        is_lost = evidence.answers[_subject(key)].outcome is WriteOutcome.LOST
        if key not in seen.products or not left or not left <= _SOFT | {"variants"} or is_lost:
            failed[row.id] = result.message
    for listing_id, message in failed.items():
        verdict.flags[listing_id] = (Attention.PUBLISH_FAILED, message)
    for refusal in family.refused:
        verdict.flags[refusal.row.id] = (refusal.attention, refusal.message)
    for row in family.gone:
        verdict.flags[row.id] = (Attention.BROKEN_LINK, f"{row.code} is gone from the store.")
        verdict.proven.append(Proven(row.id, evidence.began, status=settle(row.status, Event.GONE)))
    for row, found, _ in family.links:
        verdict.proven.append(linked(row, found, evidence.began))
        # A creation that was meant once, and that the merchant has forestalled under another code.
        verdict.closed_intents.append(row.code)
    not_offered = _not_offered(family, seen, evidence)
    for key in family.scope.groups:
        product = seen.products.get(key)
        row = family.rows[key]
        if row.id in verdict.flags or product is None:
            continue
        if key in not_offered:
            words = _said(family.unit.key, evidence) or "the store did not take it as a variant"
            message = f"{row.code} is not offered on its parent's page: {words}"
            verdict.flags[row.id] = (Attention.PUBLISH_FAILED, message)
            continue
        _settle(family, row, product, evidence, verdict)
    reasons = {**{source: str(reason) for source, reason in seen.unusable.items()}, **seen.refused}
    for key, sources in family.missing_images.items():
        reason = next((reasons[source] for source in sources if source in reasons), None)
        if reason is not None:
            verdict.flags.setdefault(family.rows[key].id, (Attention.IMAGE_FAILED, reason))


def _settle(family: FamilyPlan, row: ListingRow, product: StoreProduct, evidence: Evidence, verdict: Verdict) -> None:
    """Record what the store was proven to have of a listing."""
    assert family.wanted is not None
    is_new = row.status.link is not Link.LINKED
    groups = family.scope.groups[code_key(row.code)]
    if not is_new and not row.overwrite_groups and Group.IMAGES not in groups:
        return  # a parent that was only extended
    wanted = family.wanted.product(row.code)
    soft = evidence.left.get(_subject(row.code), frozenset()) & _SOFT
    if soft:
        words = _said(row.code, evidence) or "the store did not take it"
        message = f"On the store, but without its {names(soft)}: {words}"
        attention = Attention.IMAGE_FAILED if soft == {"images"} else Attention.PUBLISH_FAILED
        verdict.flags[row.id] = (attention, message)
    awaits_images = None
    if Group.IMAGES in groups:
        awaits_images = bool(wanted.made.missing_images) or "images" in soft
    prints = {group: value for group, value in fingerprints(wanted.made).items() if group in groups}
    if awaits_images:
        prints.pop(Group.IMAGES)
    if is_new:
        verdict.closed_intents.append(row.code)
    verdict.proven.append(
        Proven(
            row.id,
            evidence.began,
            status=_status_after(row),
            external_id=product.id,
            external_created=product.created or None,
            code=product.code,
            price=product.price if Group.PRICE in groups else None,
            fingerprints={**row.proven_fingerprints, **prints},
            awaits_images=awaits_images,
        )
    )
    _enter_stock(row, product, evidence, verdict)


def _enter_stock(row: ListingRow, product: StoreProduct, evidence: Evidence, verdict: Verdict) -> None:
    """Open the account with the first stock, which was set before anybody could buy."""
    result = evidence.results.get(_subject(row.code))
    sent = None if result is None else result.change.after("quantity")
    is_counted = product.stock is None or product.stock.is_tracked
    if sent is not None and is_counted:
        verdict.accounts.append(AccountEntry(row.id, EntryKind.SET, sent))


def _status_after(row: ListingRow) -> Status | None:
    """None: it was only given images that it awaited, which nobody had asked for."""
    if row.status.link is not Link.LINKED:
        return settle(row.status, Event.PUBLISHED)
    return settle(row.status, Event.OVERWRITTEN) if row.status.pending is Pending.OVERWRITE else None


def linked(row: ListingRow, product: StoreProduct, at: datetime) -> Proven:
    """Say what is proven of a listing that was just linked: what the store has, not what we want."""
    # A native child is never active; that its parent is, is looked at by the link run. Here it was made to be sold.
    is_hidden = row.was_hidden or (row.kind is Kind.SIMPLE and not product.is_active)
    event = Event.FOUND_HIDDEN if is_hidden else Event.FOUND_ACTIVE
    return Proven(
        row.id,
        at,
        status=settle(row.status, event),
        external_id=product.id,
        external_created=product.created or None,
        code=product.code,
        price=product.price,
    )


def _not_offered(family: FamilyPlan, seen: Seen, evidence: Evidence) -> Collection[str]:
    """The code keys of children that the parent's page does not offer."""
    root = code_key(family.unit.key)
    if family.wanted is None or "variants" not in evidence.left.get(_subject(root), frozenset()):
        return frozenset()
    parent = seen.products.get(root)
    offered = parent.variants or () if parent is not None else ()
    offered_codes = {code_key(code) for variant in offered for code in variant.part_codes}
    wanted = {code_key(code) for variant in family.wanted.root["variants"] for code in variant.part_codes}
    return wanted - offered_codes


def _subject(code: str) -> SubjectId:
    return SubjectKind.PRODUCT, code_key(code)


def _said(code: str, evidence: Evidence) -> str:
    answer = evidence.answers.get(_subject(code))
    return answer.message if answer is not None else ""
