"""
The existence pass: which linked products are still on the store, and under which codes.

Ids are never used twice, so the number of products up to an id can only fall. A full pass reads the store and notes
how many products there are in each stretch of it; the passes after it count, and read only the stretches that have
become shorter, what was changed since, and what was added (ADR 10). Whatever does not fit the notes is answered by a
full pass.

`stretches`, `change_window`, `differences` and `findings` are the thinking, without a store or a database; `full_pass`
and `counting_pass` read.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from tradepost.domain import changes
from tradepost.domain.brake import USUAL_AT_LEAST, USUAL_PERCENT, BrakeLimits
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import StoreDoubted, TradepostError, UnexpectedAnswer
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Event, Health, Link, Pending, settle
from tradepost.domain.plan import Outcome, Plan, Proof, Result, Unit
from tradepost.domain.store import is_same_product
from tradepost.operations.existence.contradiction import NotesContradicted, PassCancelled
from tradepost.operations.existence.counting_pass import read_differences
from tradepost.operations.existence.differences import Differences, MassLoss
from tradepost.operations.existence.findings import KnownListings, LinkFinding, change_of, gone_message
from tradepost.operations.existence.full_pass import read_all
from tradepost.operations.form import Batch, Evidence, Operation, Verdict, drive
from tradepost.operations.ports import ListingRow, Ports, Proven, StoreNotes, StoreStanding

FULL_PASS_EVERY = timedelta(days=7)
_BATCH = 500
_ASKED_OF_A_LOSS = 100
_LIMITS = BrakeLimits(USUAL_PERCENT, USUAL_AT_LEAST)
_logger = logging.getLogger(__name__)


class Existence(Operation[LinkFinding, KnownListings, Mapping[str, int], None]):
    """
    Break the links of listings whose product is gone, and note new codes. Nothing is written to the store.

    `full`: read the whole store, as is done weekly and after any surprise anyway. Raises StoreDoubted, with nothing
    changed, when so much is gone that the store can't be the right one, or another product has a known id, unless a
    person has said that it is the right one; and whatever a request raises: a part of the store is never taken for the
    whole.
    """

    name = "existence"
    label = "links looked at"
    is_observation = True
    attentions = frozenset({Attention.BROKEN_LINK})

    def __init__(self, *, full: bool = False) -> None:
        self._full = full
        self._findings: list[LinkFinding] = []
        self._before: StoreNotes | None = None
        self._notes: StoreNotes | None = None
        self._touched: Sequence[int] = ()
        self._is_proven = True
        self._is_confirmed = False

    @property
    def touched(self) -> Sequence[int]:
        """The listings whose product the store says was changed since it was compared."""
        return self._touched

    def prepare(self, ports: Ports) -> None:
        standing, _ = ports.existence.standing()
        self._is_confirmed = standing is StoreStanding.CONFIRMED
        linked_count = ports.listings.linked_count()
        self._findings = list(_back_again(ports))
        if not linked_count:
            return
        self._before = ports.existence.load()
        known = None if self._full or self._is_confirmed else self._before
        # Losing as many is as little a matter of course as taking as many off sale.
        differences = Differences(None if self._is_confirmed else _LIMITS.allowed(linked_count))
        try:
            differences, notes = _read(ports, known, differences, at=ports.clock())
        except PassCancelled:
            self._findings = []
            return
        except MassLoss as loss:
            raise _judged(ports, loss) from loss
        self._notes, self._is_proven = notes, _drop_what_is_there(ports, differences)
        self._touched = differences.touched
        self._findings += [
            *(LinkFinding(lost) for lost in differences.gone.values()),
            *(LinkFinding(listing, code) for listing, code in differences.recoded.values()),
            *(LinkFinding(listing, listing.code, created) for listing, created in differences.dated.values()),
        ]

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[LinkFinding]]:
        for start in range(0, len(self._findings), _BATCH):
            yield Batch(self._findings[start : start + _BATCH])

    def observe(self, ports: Ports, batch: Batch[LinkFinding]) -> Mapping[str, int]:
        """Whether a code of what is gone is in use again, and by which product."""
        codes = [finding.listing.code for finding in batch.rows if finding.code is None]
        found = ports.store.products_by_code(codes) if codes else {}
        return {key: product.id for key, product in found.items()}

    def facts(self, ports: Ports, batch: Batch[LinkFinding], seen: Mapping[str, int]) -> KnownListings:
        rows = ports.listings.by_ids([finding.listing.listing_id for finding in batch.rows])
        parents = [row for row in rows if row.kind is Kind.PARENT]
        along = _left_by_all(ports, parents) if parents and ports.channel.delist_parent_with_last_variant else ()
        return KnownListings(
            {row.id: row for row in rows},
            ports.listings.by_codes([finding.code for finding in batch.rows if finding.code is not None]),
            along,
        )

    def plan(self, batch: Batch[LinkFinding], facts: KnownListings | None, seen: Mapping[str, int]) -> Plan[None]:
        assert facts is not None
        units: list[Unit] = []
        settled: list[Result] = []
        for finding in batch.rows:
            holder = facts.in_the_way(finding)
            if finding.created is not None or (finding.is_back and facts.healing(finding) is None):
                continue
            if finding.code is None and not finding.is_back:
                row = facts.broken(finding)
                if row is None:
                    continue
                is_asked = row.status.pending is Pending.DELIST
                if is_asked or row.id in facts.goes_along:
                    delisted = changes.product_delisted(
                        row.code, external_id=row.external_id, is_asked=is_asked, listing_id=row.id
                    )
                    settled.append(Result(delisted, Outcome.UNCHANGED, Proof.READ))
                    continue
            if holder is not None:
                # The link is by id and holds; only the name can't be noted until the other listing lets go of it.
                message = f"The store calls it {finding.code} now, but that is the code of the listing {holder.sku}."
                settled.append(Result(change_of(finding), Outcome.SKIPPED, message=message))
                continue
            units.append(Unit(finding.listing.code, (change_of(finding),)))
        return Plan(None, tuple(units), tuple(settled))

    def judge(
        self,
        batch: Batch[LinkFinding],
        facts: KnownListings | None,
        seen: Mapping[str, int],
        plan: Plan[None],
        evidence: Evidence,
    ) -> Verdict:
        assert facts is not None
        verdict = Verdict()
        for finding in batch.rows:
            row = facts.broken(finding) if finding.code is None and not finding.is_back else None
            back = facts.healing(finding) if finding.is_back else None
            if back is not None:
                verdict.proven.append(Proven.of(back, evidence.began, settle(back.status, Event.FOUND_AGAIN)))
            elif finding.created is not None:
                dated = Proven(finding.listing.listing_id, evidence.began, external_created=finding.created)
                verdict.proven.append(dated)
            elif row is not None:
                status = settle(row.status, facts.event_of(row))
                verdict.proven.append(Proven.of(row, evidence.began, status))
                if status.link is Link.BROKEN:
                    verdict.flag(row.id, Attention.BROKEN_LINK, gone_message(finding, seen))
            elif finding.code is not None and facts.in_the_way(finding) is None:
                verdict.proven.append(Proven(finding.listing.listing_id, evidence.began, code=finding.code))
        return verdict

    def finish(self, ports: Ports) -> None:
        if self._touched:
            ports.drifts.touch(self._touched)
        if self._is_confirmed:
            ports.existence.set_standing(StoreStanding.KNOWN)
        # Last: notes say that what was missing is dealt with, and a pass that is cut off must find it again.
        if not self._is_proven:
            _logger.warning("The store left out products that it has: the next pass reads the whole store.")
            ports.existence.forget()
        elif self._notes is not None and self._notes != self._before:
            ports.existence.save(self._notes)


def is_full_pass_due(notes: StoreNotes, *, at: datetime) -> bool:
    """Measured on the hub's own clock; one that was set back does not put the pass off."""
    return not timedelta(0) <= at - notes.full_pass_at < FULL_PASS_EVERY


def look_at_confirmed_store(ports: Ports) -> None:
    """Look at every product of a store that a person has confirmed, before anything is written to it."""
    if ports.existence.standing()[0] is StoreStanding.CONFIRMED:
        drive(ports, Existence(full=True))


def _left_by_all(ports: Ports, parents: Sequence[ListingRow]) -> frozenset[int]:
    """
    Those of the pages, by listing, that go along with their last variant, which was delisted or is asked to be.

    What is not linked holds no page, there or here.
    """
    variants = ports.listings.variants_of([parent.id for parent in parents])
    asked = {row.parent_id for row in variants if row.status.pending is Pending.DELIST}
    delisted = {row.parent_id for row in variants if row.status.health is Health.DELISTED}
    staying = {
        row.parent_id
        for row in variants
        if row.status.link is not Link.UNLINKED and row.status.pending is not Pending.DELIST
    }
    return frozenset(number for number in (asked | delisted) - staying if number is not None)


def _read(
    ports: Ports, notes: StoreNotes | None, differences: Differences, *, at: datetime
) -> tuple[Differences, StoreNotes]:
    if notes is not None and notes.stretches and not is_full_pass_due(notes, at=at):
        counted = Differences(differences.allowed)
        try:
            return counted, read_differences(ports, counted, notes)
        except NotesContradicted as reason:
            _logger.info("The whole store is read, as it can't be counted: %s.", reason)
        except MassLoss as loss:
            if not _some_are_there(ports, loss):
                raise
            _logger.info("The whole store is read, as it counts less than it has.")
    return differences, read_all(ports, differences, at=at)


def _back_again(ports: Ports) -> Iterator[LinkFinding]:
    """Ask by id for the products of broken links: one that is there again, made when it was made, was never gone."""
    after = 0
    while broken := ports.listings.broken(after=after, limit=_BATCH):
        after = broken[-1].listing_id
        found = ports.store.products_by_id([listing.external_id for listing in broken])
        for listing in broken:
            product = found.get(listing.external_id)
            if product is not None and product.created == listing.created:
                yield LinkFinding(listing, is_back=True)


def _judged(ports: Ports, loss: MassLoss) -> TradepostError:
    """Say what a loss means: a person has to, unless it is the store's list that is wrong."""
    if _some_are_there(ports, loss):
        return UnexpectedAnswer("The store leaves out products that it has, so nothing was changed; try again later.")
    codes = ", ".join(listing.code for listing in loss.gone[:3])
    return StoreDoubted(
        f"More than {len(loss.gone) - 1} linked products are missing on the store ({codes} and more), so nothing was "
        "changed: check that the channel's store code and domain are right."
    )


def _some_are_there(ports: Ports, loss: MassLoss) -> bool:
    """Ask for some of what seems to be lost by id: what is there all the same was left out, and nothing is lost."""
    asked = loss.gone[:_ASKED_OF_A_LOSS]
    return bool(ports.store.products_by_id([listing.external_id for listing in asked]))


def _drop_what_is_there(ports: Ports, differences: Differences) -> bool:
    """
    Ask for each missing product by its id; what comes is not gone, and is left as it is.

    Returns whether nothing came: otherwise the store has left out rows, and what was read of it proves nothing.
    """
    if not differences.gone:
        return True
    found = ports.store.products_by_id([listing.external_id for listing in differences.gone.values()])
    kept = [
        listing
        for listing in differences.gone.values()
        if (product := found.get(listing.external_id)) is not None and is_same_product(listing.created, product.created)
    ]
    for listing in kept:
        del differences.gone[listing.listing_id]
    return not kept
