"""What becomes of one finding of a pass: a link that breaks, or a code that is noted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Event, Link
from tradepost.domain.listings.rules import is_gone_check_due
from tradepost.domain.plan import Change
from tradepost.operations.ports import LinkedListing, ListingRow


@dataclass(frozen=True, slots=True)
class LinkFinding:
    """
    `code` is what the store calls the product now; None where it has none any more. `created`: when it was made.
    `is_back`: the link is broken, and its product is there again.
    """

    listing: LinkedListing
    code: str | None = None
    created: int | None = None
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class KnownListings:
    """
    The hub's side: the listings as they are now, and which listings have the codes that the store uses now.

    `goes_along`: pages that a delist takes with their last variant, although nobody has asked for them.
    """

    by_id: Mapping[int, ListingRow]
    holders: Mapping[str, ListingRow]
    goes_along: Collection[int] = ()

    def event_of(self, row: ListingRow) -> Event:
        """What it means for a listing that its product is gone: it was delisted, in a run that was cut off, or not."""
        return Event.DELISTED if row.id in self.goes_along else Event.GONE

    def broken(self, finding: LinkFinding) -> ListingRow | None:
        """The listing whose link is to break; one that was unlinked or delisted meanwhile has nothing left to break."""
        row = self.by_id.get(finding.listing.listing_id)
        if row is None or not is_gone_check_due(row.status) or row.external_id != finding.listing.external_id:
            return None
        return row

    def healing(self, finding: LinkFinding) -> ListingRow | None:
        """The listing whose link is to heal; one that a person has unlinked or linked meanwhile needs nothing."""
        row = self.by_id.get(finding.listing.listing_id)
        if row is None or row.status.link is not Link.BROKEN or row.external_id != finding.listing.external_id:
            return None
        return row

    def in_the_way(self, finding: LinkFinding) -> ListingRow | None:
        """Another listing that has the new code: two can't have one."""
        holder = self.holders.get(code_key(finding.code or ""))
        return holder if holder is not None and holder.id != finding.listing.listing_id else None


def change_of(finding: LinkFinding) -> Change:
    listing = finding.listing
    if finding.is_back:
        return changes.link_healed(listing.code, listing_id=listing.listing_id)
    if finding.code is None:
        return changes.link_broken(listing.code, listing_id=listing.listing_id)
    return changes.listing_recoded(listing.code, after=finding.code, listing_id=listing.listing_id)


def gone_message(finding: LinkFinding, again: Mapping[str, int]) -> str:
    """`again`: products of the store by code key, where the code is in use again."""
    code = finding.listing.code
    other = again.get(code_key(code))
    if not other:
        return f"{code} is gone from the store."
    return (
        f"{code} is gone from the store; a new product with its code has the id {other}. If it is the same, "
        f"'tradepost listings link {code} --to {other}' takes it over."
    )
