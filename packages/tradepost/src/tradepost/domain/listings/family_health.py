"""
The health of a family's page, which follows its variants: hidden as long as all of them are, on sale with the first.

Whoever hid all of a family does not want a new variant of it sold, either.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tradepost.domain.listings.listing import HIDDEN, LISTED, Event, Health, Link, Pending, Status, request, settle


@dataclass(frozen=True, slots=True)
class Moved:
    """What has become of a listing; `page`: the id of its parent, or its own where it is one."""

    page: int
    is_page: bool
    before: Status
    after: Status


def pages_concerned(moved: Iterable[Moved]) -> dict[int, bool]:
    """
    Return the pages that may have to follow, and whether one may be called on sale by it.

    Only with a variant that was put back, or that could not be hidden with it: a page that was hidden when it was
    linked is inactive on the store, whatever its variants are.
    """
    pages: dict[int, bool] = {}
    for each in moved:
        if each.before.health is each.after.health:
            continue
        was_hidden, is_hidden = each.before.health is Health.HIDDEN, each.after.health is Health.HIDDEN
        if each.is_page:
            is_meant = each.before.link is each.after.link is Link.LINKED
            may_open = is_hidden
        else:
            is_meant = is_hidden or each.before.health in {Health.LISTED, Health.HIDDEN}
            may_open = was_hidden and each.after.settled == LISTED
        if is_meant:
            pages[each.page] = may_open or pages.get(each.page, False)
    return pages


def followed(page: Status, variants: Iterable[Status], *, may_open: bool) -> Status | None:
    """Say what becomes of a page with its variants, what is pending of it kept; None where it stays."""
    found = {variant.health for variant in variants if not variant.is_orphaned}
    if page.settled == HIDDEN and Health.LISTED in found and may_open:
        if page.pending is Pending.UNHIDE:
            return settle(page, Event.UNHIDDEN)
        return request(settle(request(page, Pending.NONE), Event.OPENED), page.pending)
    if page.settled == LISTED and Health.HIDDEN in found and Health.LISTED not in found:
        if page.pending is Pending.HIDE:
            return settle(page, Event.HIDDEN)
        return request(settle(page, Event.CLOSED), page.pending)
    return None


def keeps_new_hidden(page: Status) -> bool:
    """Whether a new variant of this page starts hidden: it is, or is about to be, and nobody has asked to unhide it."""
    return page.pending is Pending.HIDE or (page.settled == HIDDEN and page.pending is not Pending.UNHIDE)


def published_hidden(status: Status) -> Status:
    """Return what a listing becomes that is made for a hidden family: published, and hidden in the same breath."""
    return settle(request(settle(status, Event.PUBLISHED), Pending.HIDE), Event.HIDDEN)
