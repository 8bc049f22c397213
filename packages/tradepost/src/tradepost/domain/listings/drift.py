"""
Drift: what somebody else has changed on the store since the hub proved it there, and what becomes of it.

Wanted and proven differ: that is work. What is seen and what was proven differ: that is drift. Content is compared by
the fields' own comparison, group by group, as long as the catalogue still says what was proven.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from tradepost.domain.fields import CONTENT_GROUPS, FIELDS, Group, fingerprint, fingerprints, group_of
from tradepost.domain.listings.content import WantedProduct
from tradepost.domain.listings.image_names import path_at, place_of
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.locks import spoken
from tradepost.domain.plan import FieldChange
from tradepost.domain.store import StoreProduct
from tradepost.domain.value_words import difference_words


class DriftPolicy(StrEnum):
    """Who is right when somebody changes a group of fields on the store."""

    OURS = "ours"
    STORE = "store"
    ASK = "ask"


Policies = Mapping[Group, DriftPolicy]

_NOT_ASKED = frozenset({Group.PRICE, Group.QUANTITY})
USUAL_POLICIES: Policies = {group: DriftPolicy.OURS if group in _NOT_ASKED else DriftPolicy.ASK for group in Group}

# Images are told by their places. What else a store keeps here is not a value that somebody changes: an address may
# have been in use when the product was made, and no store tells how a combination is priced.
_OWN_WAY = frozenset({"images", "address", "variant_pricing"})

COMPARE_AGAIN_AFTER = timedelta(days=7)
"""How old the last comparison of a listing may be: the catalogue is compared in turn."""

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Drift:
    """
    What differs in one group: its fields, `before` ours and `after` the store's.

    `mark` tells one drift from another: it is of what the store has. `is_kept`: that was accepted, by policy or by a
    person, and nobody is asked any more.
    """

    fields: tuple[FieldChange, ...]
    mark: str
    is_kept: bool = False

    @classmethod
    def of(cls, fields: tuple[FieldChange, ...], *, is_kept: bool = False) -> "Drift":
        return cls(fields, fingerprint([(each.name, each.after) for each in fields]), is_kept=is_kept)


def is_comparison_due(status: Status, *, compared_at: datetime | None, is_touched: bool, now: datetime) -> bool:
    """Whether to compare a listing: the store says that it was changed, or nobody has looked for long."""
    if status.link is not Link.LINKED or status.is_paused:
        return False
    return is_touched or compared_at is None or compared_at <= now - COMPARE_AGAIN_AFTER


# --- content --------------------------------------------------------------------------------------------------------


def content_drift(
    wanted: WantedProduct, product: StoreProduct, *, proven: Mapping[Group, str], awaits_images: bool = False
) -> dict[Group, tuple[FieldChange, ...]]:
    """
    Compare what the store has of a product's content with what was proven, by group; empty where nothing differs.

    A group that was never proven, or of which the catalogue says something else by now, is left out; so is a field
    whose column did not come. `wanted` is built without any image file.
    """
    marks = content_marks(wanted)
    compared = {group for group in CONTENT_GROUPS if proven.get(group) == marks[group]}
    found = {group: list[FieldChange]() for group in CONTENT_GROUPS if group in compared}
    for name, value in wanted.values.items():
        group = group_of(name)
        if group not in found or name in _OWN_WAY or name in product.absent:
            continue
        different = FIELDS[name].difference(product, value, unread_too=False, made=wanted.made)
        if different is not None:
            found[group].append(FieldChange(name, different.after, different.before))
    if Group.IMAGES in found and not awaits_images and "images" not in product.absent:
        found[Group.IMAGES] += _image_drift(wanted, product)
    return {group: tuple(changes) for group, changes in found.items()}


def content_marks(wanted: WantedProduct) -> dict[Group, str]:
    """The fingerprints of what is wanted; of images, whichever can be had, that of their sources."""
    return {**fingerprints(wanted.made), Group.IMAGES: fingerprint(list(wanted.made.sources))}


def as_they_are(wanted: WantedProduct, product: StoreProduct) -> dict[Group, str]:
    """Return the fingerprints of those groups in which a store has what is wanted, whoever has put it there."""
    marks = content_marks(wanted)
    met = {group for group, fields in content_drift(wanted, product, proven=marks).items() if not fields}
    if FIELDS["images"].difference(product, wanted["images"], unread_too=False, made=wanted.made) is not None:
        met.discard(Group.IMAGES)
    return {group: mark for group, mark in marks.items() if group in met}


def _image_drift(wanted: WantedProduct, product: StoreProduct) -> Iterable[FieldChange]:
    """Whatever else is attached is the merchant's own, and where no image is wanted, that takes none off the store."""
    if not wanted.made.sources:
        return ()
    below = wanted.made.rules.files_address
    adopted = [path_at(source, below=below) for source in wanted.made.sources]
    ours = tuple(path or str(place) for place, path in enumerate(adopted, start=1))
    found = (image.path if image.path in adopted else place_of(image.path) for image in product.images)
    theirs = tuple(filter(None, found))
    return () if ours == theirs else (FieldChange("images", ours, theirs),)


# --- what becomes of it ---------------------------------------------------------------------------------------------


class ComparedValues(Protocol):
    """What is looked at of a listing; prices as in `ListingRow`."""

    @property
    def status(self) -> Status: ...
    @property
    def wanted_price(self) -> Decimal: ...
    @property
    def proven_price(self) -> Decimal | None: ...
    @property
    def yielded_price(self) -> Decimal | None: ...
    @property
    def sent_price(self) -> Decimal | None: ...
    @property
    def overwrite_groups(self) -> frozenset[Group]: ...


@dataclass(slots=True)
class DriftFinding:
    """
    What a comparison makes of one listing.

    `price`: what the store has; None where it was not compared. `yielded_price`: the wanted price that gives way to it.
    `is_inactive`: the store has it switched off, `keeps_inactive`: and it stays so; None where it has no page of its
    own. `drifts`: what is kept in mind of each group that was compared, None for nothing. `overwrite`: groups of
    content that are to be sent again. `news`: what was not known before, and who is right, by group.
    """

    price: Decimal | None = None
    yielded_price: Decimal | None = None
    is_inactive: bool | None = None
    keeps_inactive: bool | None = None
    drifts: dict[Group, Drift | None] = field(default_factory=dict)
    overwrite: frozenset[Group] = frozenset()
    news: dict[Group, tuple[Drift, DriftPolicy]] = field(default_factory=dict)

    def decide(
        self,
        group: Group,
        fields: tuple[FieldChange, ...],
        *,
        known: Drift | None,
        policy: DriftPolicy,
        may: bool = True,
    ) -> bool:
        """
        Keep in mind what differs in a group, or say that ours is to be sent.

        `may`: whether it can be sent as things are; what can't is asked for. What was accepted stays accepted.
        """
        drift = Drift.of(fields, is_kept=policy is DriftPolicy.STORE)
        is_known = known is not None and known.mark == drift.mark
        if is_known and known is not None and known.is_kept:
            self.drifts[group] = known
            return False
        is_ours = policy is DriftPolicy.OURS and may
        if is_ours or not is_known:
            self.news[group] = drift, policy if may or policy is not DriftPolicy.OURS else DriftPolicy.ASK
        self.drifts[group] = None if is_ours else drift
        return is_ours


def judge_drift(
    row: ComparedValues,
    product: StoreProduct,
    *,
    has_page: bool,
    is_child: bool = False,
    content: Mapping[Group, tuple[FieldChange, ...]],
    known: Mapping[Group, Drift],
    policies: Policies,
) -> DriftFinding:
    """
    Decide what becomes of what differs; `content` as `content_drift` found it, `known` from earlier comparisons.

    `is_child`: it is sold on the page of its family.
    """
    finding = DriftFinding()
    _judge_price(finding, row, product, known.get(Group.PRICE), policies[Group.PRICE])
    if has_page:
        _judge_status(finding, row, product, known.get(Group.STATUS), policies[Group.STATUS])
    elif is_child:
        # Nobody is asked: it is the same pieces at the same price, and many a store has it so on purpose.
        opened = Drift.of((FieldChange("is_active", False, True),), is_kept=True)
        finding.drifts[Group.STATUS] = opened if product.is_active else None
    for group, fields in content.items():
        if row.status.pending is Pending.OVERWRITE and group in row.overwrite_groups:
            continue  # it is about to be sent
        if not fields:
            finding.drifts[group] = None
        elif finding.decide(
            group, fields, known=known.get(group), policy=policies[group], may=may_overwrite(row.status)
        ):
            finding.overwrite |= {group}
    return finding


def _judge_price(
    finding: DriftFinding, row: ComparedValues, product: StoreProduct, known: Drift | None, policy: DriftPolicy
) -> None:
    if row.proven_price is None:
        return
    finding.price = product.price
    if product.price in {row.wanted_price, row.sent_price}:
        # As it should be, or the hub's own that has arrived although nobody heard of it.
        finding.drifts[Group.PRICE] = None
        return
    gives_way = row.yielded_price == row.wanted_price
    if product.price == row.proven_price and not gives_way:
        finding.drifts[Group.PRICE] = None  # work: another price is wanted
        return
    fields = (FieldChange("price", row.wanted_price, _in_cents(product.price)),)
    if not finding.decide(Group.PRICE, fields, known=known, policy=policy):
        finding.yielded_price = row.wanted_price


def _in_cents(price: Decimal) -> Decimal:
    """Write at least two decimals, however a store writes them."""
    cents = price.quantize(CENT)
    return cents if cents == price else price


def _judge_status(
    finding: DriftFinding, row: ComparedValues, product: StoreProduct, known: Drift | None, policy: DriftPolicy
) -> None:
    finding.is_inactive, finding.keeps_inactive = not product.is_active, False
    finding.drifts[Group.STATUS] = None
    if product.is_active:
        return
    if row.status.health is not Health.LISTED:
        # The hub has closed it itself, or it was linked as it is.
        finding.keeps_inactive = True
        return
    fields = (FieldChange("is_active", True, False),)
    finding.keeps_inactive = not finding.decide(Group.STATUS, fields, known=known, policy=policy)


def may_overwrite(status: Status) -> bool:
    """Whether an overwrite can be queued without taking anything back that a person has asked for."""
    return not status.is_paused and not status.is_orphaned and status.pending in {Pending.NONE, Pending.OVERWRITE}


# --- in words -------------------------------------------------------------------------------------------------------

_WORDS: Mapping[DriftPolicy, str] = {
    DriftPolicy.OURS: "ours is sent again",
    DriftPolicy.STORE: "the store's is kept",
    DriftPolicy.ASK: "a person decides",
}


def news_reason(news: Mapping[Group, tuple[Drift, DriftPolicy]]) -> str:
    """Say what becomes of what was found: the reason of a change."""
    by_policy = {
        policy: sorted(spoken(group) for group, (_, other) in news.items() if other is policy) for policy in DriftPolicy
    }
    parts = [f"{', '.join(groups)}: {_WORDS[policy]}" for policy, groups in by_policy.items() if groups]
    return f"somebody changed it on the store; {'; '.join(parts)}"


def remembered(known: Mapping[Group, Drift], now: Mapping[Group, Drift | None]) -> dict[Group, Drift]:
    """Return what is kept in mind of a listing when what was found now is added; None forgets."""
    return {group: drift for group, drift in {**known, **now}.items() if drift is not None}


def asks(drifts: Mapping[Group, Drift]) -> bool:
    """Whether a person has to decide."""
    return any(not drift.is_kept for drift in drifts.values())


def question(sku: str, drifts: Mapping[Group, Drift]) -> str:
    """Say what differs, field by field, and which commands answer it."""
    open_groups = {group: drift for group, drift in sorted(drifts.items()) if not drift.is_kept}
    fields = [each for drift in open_groups.values() for each in drift.fields]
    shown = "; ".join(difference_words(each.name, each.before, each.after) for each in fields)
    content = [group for group in open_groups if group in CONTENT_GROUPS]
    sends = [f"'tradepost listings sync --force {sku}'"] if len(content) < len(open_groups) else []
    if content:
        options = " ".join(f"--group {group}" for group in content)
        sends.append(f"'tradepost listings overwrite {sku} {options}'")
    return (
        f"Somebody changed it on the store ({shown}). {' and '.join(sends)} "
        f"{'send' if len(sends) > 1 else 'sends'} ours; 'tradepost listings accept-drift {sku}' keeps the store's."
    )
