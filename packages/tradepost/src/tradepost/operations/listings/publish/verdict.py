"""What was proven of families that were published, what is to be flagged, and which intents are closed."""

from collections.abc import Collection
from datetime import datetime

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout, has_own_page, has_parent
from tradepost.domain.fields import Group, fingerprint, fingerprints, is_blank
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.family_health import published_hidden
from tradepost.domain.listings.listing import (
    Event,
    Health,
    Link,
    Pending,
    Status,
    is_due_for_publish,
    is_parked,
    settle,
)
from tradepost.domain.listings.rules import price_held_message
from tradepost.domain.listings.structure import RETIRED_MARK, combination
from tradepost.domain.plan import Outcome, Result, SubjectId, SubjectKind
from tradepost.domain.stock.stock import EntryKind
from tradepost.domain.stock.stock_attention import quantity_unknown_message
from tradepost.domain.store import StoreProduct, StoreRow
from tradepost.operations.form import Evidence, Verdict
from tradepost.operations.listings.publish.family_plan import FamilyPlan, PublishDetail
from tradepost.operations.listings.publish.values import PublishSeen
from tradepost.operations.outcomes import names
from tradepost.operations.ports import AccountEntry, ListingRow, Proven, ToLink, WriteOutcome

# What may be missing without the listing being called unpublished: it can be bought, and attention says what lacks.
_SOFT = frozenset({"images", "address"})

_CLOSED = "The product has no options any more, so its page went off sale; delist it when nobody needs it."
_NOT_NEEDED = (
    "The channel gives each variant a page of its own, so the family's page went off sale; delist it when nobody needs "
    "it."
)


def judge(detail: PublishDetail, *, seen: PublishSeen, evidence: Evidence) -> Verdict:
    """Judge a batch; `detail` is that of the last plan."""
    verdict = Verdict(files=dict(seen.uploaded), set_up=list(seen.set_up.values()))
    for family in detail.families:
        _judge_family(family, seen, evidence, verdict)
        for row, _, _ in family.links:
            flag_held_price(row, verdict)
    return verdict


def _judge_family(family: FamilyPlan, seen: PublishSeen, evidence: Evidence, verdict: Verdict) -> None:
    for listing_id, message in _failures(family, seen, evidence).items():
        verdict.flag(listing_id, Attention.PUBLISH_FAILED, message)
    for refusal in family.refused:
        verdict.flag(refusal.row.id, refusal.attention, refusal.message)
    for row in family.gone:
        verdict.flag(row.id, Attention.BROKEN_LINK, f"{row.code} is gone from the store.")
        verdict.proven.append(Proven.of(row, evidence.began, settle(row.status, Event.GONE)))
    for row, found, _ in family.links:
        stays_hidden = row.id in family.hidden
        layout = family.layout.layout
        verdict.proven.append(linked(row, found, evidence.began, layout=layout, stays_hidden=stays_hidden))
        # A creation that was meant once, and that the merchant has forestalled under another code.
        verdict.closed_intents.append(row.code)
    if family.closed is not None and family.closed.id not in verdict.flags:
        is_family = family.family.product.is_family
        verdict.proven.append(closed_page(family.closed, evidence.began, family.layout.layout))
        verdict.flag(family.closed.id, Attention.ORPHANED, _NOT_NEEDED if is_family else _CLOSED)
    not_offered = _not_offered(family, seen, evidence)
    for key in family.scope.groups:
        product = seen.products.get(key)
        row = family.rows[key]
        if row.id in verdict.flags or product is None:
            continue
        if key in not_offered:
            words = _said(family.unit.key, evidence) or "the store did not take it as a variant"
            message = f"{row.code} is not offered on its parent's page: {words}"
            verdict.flag(row.id, Attention.PUBLISH_FAILED, message)
            continue
        _settle(family, row, product, evidence, verdict)
    _count_refusals(family, evidence, verdict)
    reasons = {**{source: str(reason) for source, reason in seen.unusable.items()}, **seen.refused}
    for key, sources in family.missing_images.items():
        reason = next((reasons[source] for source in sources if source in reasons), None)
        if reason is not None:
            verdict.flag(family.rows[key].id, Attention.IMAGE_FAILED, reason)


def _count_refusals(family: FamilyPlan, evidence: Evidence, verdict: Verdict) -> None:
    """Count what the store has refused of what was asked for, and say which is parked by that."""
    settled = {proven.listing_id for proven in verdict.proven if proven.status is not None}
    # Without its page a variant is offered nowhere.
    has_page = has_parent(family.layout.layout, is_family=family.family.product.is_family)
    root = evidence.results.get(_subject(family.unit.key)) if has_page else None
    for key, row in family.rows.items():
        is_asked = row.id in family.layout.switched or is_due_for_publish(row.status, refusals=row.refusals)
        if not is_asked or row.id in settled or Attention.PUBLISH_FAILED not in verdict.flags.get(row.id, {}):
            continue
        if any(
            each is not None and each.outcome is Outcome.REJECTED
            for each in (evidence.results.get(_subject(key)), root)
        ):
            verdict.refused.append(row.id)
            if is_parked(row.refusals + 1):
                parked = changes.listing_parked(row.code, refusals=row.refusals + 1, listing_id=row.id)
                verdict.results.append(Result(parked, Outcome.APPLIED))


def _failures(family: FamilyPlan, seen: PublishSeen, evidence: Evidence) -> dict[int, str]:
    """Say by listing what could not be done, and why."""
    failed: dict[int, str] = {}
    root = code_key(family.unit.key)
    lacks_only = _lacks_only(family, seen)
    for key, row in family.rows.items():
        result = evidence.results.get(_subject(key))
        left = evidence.left.get(_subject(key), frozenset())
        if result is None or result.outcome is Outcome.APPLIED:
            continue
        # Missing variants are judged child by child; a lost answer with unreadable values is not good enough.
        is_lost = evidence.answers[_subject(key)].outcome is WriteOutcome.LOST
        soft = _SOFT | ({"variants"} if key == root and lacks_only else frozenset())
        if key not in seen.products or not left or not left <= soft or is_lost:
            failed[row.id] = result.message
    if family.closed is not None and family.closed.id in failed:
        # Two pages for one article: what has a page of its own by now stays due until the other one is closed.
        failed |= {family.rows[key].id: failed[family.closed.id] for key in family.scope.groups}
    return failed


def _settle(family: FamilyPlan, row: ListingRow, product: StoreProduct, evidence: Evidence, verdict: Verdict) -> None:
    """Record what the store was proven to have of a listing."""
    assert family.wanted is not None
    is_new = row.status.link is not Link.LINKED
    groups = family.scope.groups[code_key(row.code)]
    if not is_new and not row.overwrite_groups and family.adds_only and Group.IMAGES not in groups:
        return  # a parent that was only extended
    wanted = family.wanted.product(row.code)
    soft = evidence.left.get(_subject(row.code), frozenset()) & _SOFT
    if soft:
        words = _said(row.code, evidence) or "the store did not take it"
        message = f"On the store, but without its {names(soft)}: {words}"
        attention = Attention.IMAGE_FAILED if soft == {"images"} else Attention.PUBLISH_FAILED
        verdict.flag(row.id, attention, message)
    awaits_images = None
    if Group.IMAGES in groups:
        awaits_images = bool(wanted.made.missing_images) or "images" in soft
    else:
        verdict.undecided[row.id] = frozenset({Attention.IMAGE_FAILED})
    prints = {group: value for group, value in fingerprints(wanted.made).items() if group in groups}
    if awaits_images:
        prints.pop(Group.IMAGES)
    if is_blank(wanted["categories"]) and Group.CATEGORIES in row.proven_fingerprints:
        # A blank takes it out of none: the one that the hub has put it in is left when another comes.
        prints.pop(Group.CATEGORIES, None)
    if family.adds_only and row.kind is Kind.PARENT:
        # What a page of the merchant's offers besides is the merchant's: it is not ours by what was put in.
        prints.pop(Group.STRUCTURE, None)
    if is_new:
        verdict.closed_intents.append(row.code)
    starts_hidden = row.id in family.hidden
    wants_without_stock = row.sells_without_stock and not starts_hidden
    verdict.proven.append(
        Proven.of(
            row,
            evidence.began,
            _status(row, product, groups, starts_hidden=starts_hidden, has_page=wanted.made.has_own_page),
            external_id=product.id,
            external_created=product.created or None,
            code=product.code,
            price=product.price if Group.PRICE in groups else None,
            # Of what was there before, more than these groups may have been changed since it was compared.
            external_updated=product.updated or None if is_new else None,
            fingerprints={**row.proven_fingerprints, **prints},
            awaits_images=awaits_images,
            without_stock=_sells_without_stock(wants_without_stock, product)
            if is_new or Group.QUANTITY in groups
            else None,
            is_inactive=wanted.made.has_own_page and not product.is_active if Group.STATUS in groups else None,
            layout=family.layout.layout if is_new or Group.STRUCTURE in groups else None,
        )
    )
    _enter_stock(row, product, evidence, verdict)


def _sells_without_stock(is_wanted: bool, product: StoreProduct) -> bool:
    """What can't be read was sent, and what nobody has told the store may well go on being sold."""
    return is_wanted if product.stock is None else not product.stock.stops_sale_at_zero


def _enter_stock(row: ListingRow, product: StoreProduct, evidence: Evidence, verdict: Verdict) -> None:
    """Open the account with the first stock, which was set before anybody could buy."""
    result = evidence.results.get(_subject(row.code))
    sent = None if result is None else result.change.after("quantity")
    is_counted = product.stock is None or product.stock.is_tracked
    if sent is not None and is_counted:
        verdict.accounts.append(AccountEntry(row.id, EntryKind.SET, sent))
    if sent is not None and row.available is None and row.kind is not Kind.PARENT:
        verdict.flag(row.id, Attention.QUANTITY_UNKNOWN, quantity_unknown_message(row.sku))


def _status(
    row: ListingRow, product: StoreProduct, groups: Collection[Group], *, starts_hidden: bool, has_page: bool
) -> Status | None:
    """None where nothing of it changes: it was only given images that it awaited, which nobody had asked for."""
    if row.status.link is not Link.LINKED:
        return published_hidden(row.status) if starts_hidden else settle(row.status, Event.PUBLISHED)
    status = row.status
    if status.pending is Pending.OVERWRITE:
        status = settle(status, Event.OVERWRITTEN)
    if _was_closed(row) and Group.STRUCTURE in groups and product.is_active is has_page:
        status = settle(status, Event.OPENED)
    return None if status == row.status else status


def _was_closed(row: ListingRow) -> bool:
    """Whether its page was taken off sale when its product lost its options. By now it may be open already."""
    return row.is_retired and row.status.health is Health.HIDDEN


def closed_page(row: ListingRow, at: datetime, layout: Layout) -> Proven:
    """A page that nobody can open is hidden; whether it is delisted, a person decides."""
    status = row.status if row.status.health is Health.HIDDEN else settle(row.status, Event.CLOSED)
    if status.pending is Pending.UNHIDE:
        # Nothing is sold there any more, so no sync could put it back.
        status = settle(status, Event.CLEARED)
    prints = {**row.proven_fingerprints, Group.STRUCTURE: fingerprint(RETIRED_MARK)}
    return Proven.of(row, at, status, fingerprints=prints, layout=layout)


def flag_held_price(row: ListingRow, verdict: Verdict) -> None:
    """What is linked while its price is held back keeps the store's, which nobody may have noticed before."""
    is_left_alone = Group.PRICE in row.locks.groups and row.locks.price is None
    if row.is_price_held and row.kind is not Kind.PARENT and not is_left_alone:
        verdict.flag(row.id, Attention.PRICE_HELD, price_held_message(row.price_held_why))


def linked(
    row: ToLink, product: StoreProduct | StoreRow, at: datetime, *, layout: Layout, stays_hidden: bool = False
) -> Proven:
    """
    Say what is proven of a listing that was just linked: what the store has, not what we want.

    `stays_hidden`: its family is hidden, and the next sync sets its stock to 0.
    """
    # What has no page of its own is inactive as a rule, and that says nothing.
    is_closed = has_own_page(row.kind, layout) and not product.is_active
    is_hidden = row.was_hidden or is_closed or stays_hidden
    event = Event.FOUND_HIDDEN if is_hidden else Event.FOUND_ACTIVE
    return Proven.of(
        row,
        at,
        settle(row.status, event),
        external_id=product.id,
        external_created=product.created or None,
        code=product.code,
        price=product.price,
        layout=layout,
    )


def _not_offered(family: FamilyPlan, seen: PublishSeen, evidence: Evidence) -> Collection[str]:
    """The code keys of children that the parent's page does not offer."""
    root = code_key(family.unit.key)
    if family.wanted is None or "variants" not in evidence.left.get(_subject(root), frozenset()):
        return frozenset()
    parent = seen.products.get(root)
    offered = parent.variants or () if parent is not None else ()
    offered_codes = {code_key(code) for variant in offered for code in variant.part_codes}
    wanted = {code_key(code) for variant in family.wanted.root["variants"] for code in variant.part_codes}
    return wanted - offered_codes


def _lacks_only(family: FamilyPlan, seen: PublishSeen) -> bool:
    """Whether the page offers nothing but what it should, so that what it lacks can be judged child by child."""
    page = seen.products.get(code_key(family.unit.key))
    if family.wanted is None or page is None:
        return False
    wanted = {combination(variant) for variant in family.wanted.root["variants"]}
    return all(combination(variant) in wanted for variant in page.variants or ())


def _subject(code: str) -> SubjectId:
    return SubjectKind.PRODUCT, code_key(code)


def _said(code: str, evidence: Evidence) -> str:
    answer = evidence.answers.get(_subject(code))
    return answer.message if answer is not None else ""
