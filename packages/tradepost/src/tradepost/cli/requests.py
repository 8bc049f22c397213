"""Asking for changes of listings: queue them, or show what would be queued, or queue and apply at once."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db.models import QuerySet

from tradepost.cli.arguments import Named, confirm, named_listings, refuse_to_save, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import change_json, counted, err, out, print_json, result_json
from tradepost.cli.run_report import (
    Report,
    combined_exit,
    execute,
    perform,
    print_changes,
    print_report,
    print_totals,
    print_unknown,
    totals_of_changes,
)
from tradepost.database.models import Channel, Listing
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import APPLIED_BY, Health, Link, Pending
from tradepost.domain.locks import Locks
from tradepost.engine.requests import (
    GoingProduct,
    RequestOutcome,
    preview_acceptance,
    preview_change,
    preview_lock,
    preview_pause,
    preview_prices_through,
    preview_removal,
    preview_unlink,
    preview_unlock,
    products_that_go,
    request_acceptance,
    request_change,
    request_lock,
    request_pause,
    request_prices_through,
    request_removal,
    request_unlink,
    request_unlock,
)
from tradepost.engine.schedules import when_applied
from tradepost.operations.selection import AS_IF, GROUPS, IS_FORCED
from tradepost.operations.sync.delist import LAST_GOES
from tradepost.wiring import drifts_of

_SHOWN = 50
ACCEPT = "accept"
LET_THROUGH = "accept price"
_DOES = {ACCEPT: "accept what the store has of", LET_THROUGH: "let the price through of"}

# What a person is asked before it is done; {listings} is how many, and of which channel.
_QUESTIONS = {
    "publish": "Create {listings} on the store now?",
    "overwrite": "Replace the content of {listings} on the store now? What was changed there by hand is lost.",
    "hide": "Show {listings} as out of stock now? Nobody can buy them until they are unhidden.",
    "unhide": "Put {listings} back for sale now?",
    "delist": "Remove {listings} from the store for good? Nobody can buy them until they are published anew.",
    "clear": "Take back what was asked for on {listings} and is not done yet?",
    "pause": "Freeze {listings}? The store is told of no price and no quantity until they are unpaused.",
    "unpause": "Let runs touch {listings} again? They send what is queued, and what has changed since.",
    ACCEPT: "Keep what the store has of {listings}, as somebody changed it there?",
    LET_THROUGH: "Let the prices of {listings} through, however much they change?",
    "lock": "Leave that alone on {listings}, until it is unlocked?",
    "unlock": "Let what is locked on {listings} follow the catalogue again?",
    "remove": "Forget {listings}? What is on the store stays there, and nothing is sent to it any more.",
    "remove and delist": "Remove {listings} from the store for good, and forget them?",
    "unlink": "Let go of {listings}? They stay on the store as they are, and nothing is sent to them any more.",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A change asked for. `is_all`: the rows were not named one by one, so those it does not fit are no mistake."""

    channel: Channel
    named: Named
    change: Pending
    groups: frozenset[Group] = CONTENT_GROUPS
    is_all: bool = False

    @property
    def verb(self) -> str:
        return self.change.value or "clear"

    def needs_a_yes(self, *, now: bool) -> bool:
        """Whether it can't be taken back once it is done: for good, or for all listings at once."""
        at_once = now or self.change is Pending.NONE
        return self.change is Pending.DELIST or (self.is_all and at_once)


def requested(
    channel: Channel,
    change: Pending,
    skus: Sequence[str] | None,
    *,
    is_all: bool,
    groups: frozenset[Group] = CONTENT_GROUPS,
) -> Request:
    """Say which listings a change is asked for: named by SKU, or all for which it can be allowed."""
    named = _named(channel, skus, is_all=is_all, rows=_askable(channel, change))
    return Request(channel=channel, named=named, change=change, groups=groups, is_all=is_all)


def ask(
    request: Request,
    *,
    now: bool,
    dry_run: bool,
    is_confirmed: bool,
    as_json: bool,
    beyond_brake: bool = False,
    save: bool = False,
) -> Exit:
    """Queue a change and say when it is applied; with `now` run it for these rows, with `dry_run` only show it."""
    refuse_to_save(dry_run=dry_run, save=save)
    asked = _preview(request) if dry_run else _queue(request, now=now, is_confirmed=is_confirmed)
    kind = APPLIED_BY.get(request.change, "")
    report: Report | None = None
    if kind and asked.listing_ids and (now or dry_run):
        # Nothing was queued for a preview, so the run is told to plan as if it had been.
        options = {AS_IF: request.change.value, GROUPS: sorted(request.groups)} if dry_run else None
        report = perform(
            request.channel,
            kind,
            only=asked.listing_ids,
            dry_run=dry_run,
            save=save,
            quiet=as_json,
            options=options,
            beyond_brake=beyond_brake,
        )
    if as_json:
        print_json(
            {
                "change": request.verb,
                "dry_run": dry_run,
                "queued": asked.queued,
                "unchanged": asked.unchanged,
                "refused": [{"reason": reason, "count": count} for reason, count in sorted(asked.refused.items())],
                "unknown": request.named.unknown_json(),
                "applied_by": kind,
                "changes": [change_json(change) for change in asked.changes]
                if dry_run
                else [result_json(result) for result in asked.results],
                "run": report.to_json() if report else None,
            }
        )
    else:
        if dry_run:
            _show_plan(request, asked, kind=kind)
        else:
            _tell(request, asked, kind=kind, now=now)
        if report is not None:
            print_report(report)
        print_unknown(request.channel, request.named)
    if asked.refused and not request.is_all and not (asked.queued or asked.unchanged):
        return combined_exit(Exit.BAD_INPUT, report)
    return combined_exit(Exit.WITH_ERRORS if request.named.unknown else Exit.DONE, report)


def do_at_once(
    channel: Channel,
    verb: str,
    skus: Sequence[str] | None,
    *,
    is_all: bool,
    is_confirmed: bool = True,
    dry_run: bool,
    as_json: bool,
) -> Exit:
    """Do what needs no run: pause, unpause, unlink, accept what differs, let prices through."""
    fitting = Listing.objects.filter(channel=channel)
    preview: Callable[..., RequestOutcome]
    request: Callable[..., RequestOutcome]
    if verb == LET_THROUGH:
        fitting = fitting.filter(is_price_guarded=True)
        preview, request = preview_prices_through, request_prices_through
    elif verb == "unlink":
        fitting = fitting.exclude(link=Link.UNLINKED.value)
        preview, request = preview_unlink, request_unlink
    elif verb == ACCEPT:
        fitting = fitting.filter(pk__in=drifts_of(channel.pk).open_ids())
        preview, request = preview_acceptance, request_acceptance
    else:
        is_paused = verb == "pause"
        fitting = fitting.filter(is_paused=not is_paused)
        preview, request = partial(preview_pause, is_paused=is_paused), partial(request_pause, is_paused=is_paused)
    named = _named(channel, skus, is_all=is_all, rows=fitting)
    return _done_at_once(
        channel,
        verb,
        named,
        preview,
        request,
        is_all=is_all,
        is_confirmed=is_confirmed,
        dry_run=dry_run,
        as_json=as_json,
    )


def change_locks(
    channel: Channel,
    skus: Sequence[str] | None,
    *,
    locks: Locks | None = None,
    unlocks: Collection[Group] = (),
    is_all: bool,
    is_confirmed: bool,
    dry_run: bool,
    as_json: bool,
) -> Exit:
    """Leave more of listings alone, or less."""
    rows = Listing.objects.filter(channel=channel)
    named = _named(channel, skus, is_all=is_all, rows=rows if locks else rows.exclude(locked_groups=[]))
    preview: Callable[..., RequestOutcome]
    request: Callable[..., RequestOutcome]
    if locks is None:
        preview, request = partial(preview_unlock, groups=unlocks), partial(request_unlock, groups=unlocks)
    else:
        preview, request = partial(preview_lock, wanted=locks), partial(request_lock, wanted=locks)
    verb = "unlock" if locks is None else "lock"
    return _done_at_once(
        channel,
        verb,
        named,
        preview,
        request,
        is_all=is_all,
        is_confirmed=is_confirmed,
        dry_run=dry_run,
        as_json=as_json,
    )


def _done_at_once(
    channel: Channel,
    verb: str,
    named: Named,
    preview: Callable[..., RequestOutcome],
    request: Callable[..., RequestOutcome],
    *,
    is_all: bool,
    is_confirmed: bool,
    dry_run: bool,
    as_json: bool,
) -> Exit:
    asked = preview(channel.pk, named.ids) if dry_run or is_all else RequestOutcome()
    if is_all and asked.queued and not dry_run:
        confirm(_question(channel, verb, asked.queued), is_confirmed=is_confirmed)
    if not dry_run:
        asked = request(channel.pk, named.ids, requested_by=shell_user())
    if as_json:
        refused = [{"reason": reason, "count": count} for reason, count in sorted(asked.refused.items())]
        print_json(
            {
                "change": verb,
                "dry_run": dry_run,
                "changed": asked.queued,
                "refused": refused,
                "unknown": named.unknown_json(),
            }
        )
    else:
        if dry_run:
            _print_plan(asked)
        else:
            words = _DOES.get(verb, verb)
            what = f"Done: {words} {counted(asked.queued, 'listing')}." if asked.queued else f"Nothing to {verb}."
            out.print(what)
        for reason, count in sorted(asked.refused.items()):
            out.print(f"{count} left as they are: {reason}", markup=False, soft_wrap=True)
        print_unknown(channel, named)
    if asked.refused and not is_all and not (asked.queued or asked.unchanged):
        return Exit.BAD_INPUT
    return Exit.WITH_ERRORS if named.unknown else Exit.DONE


def force_sync(
    channel: Channel, skus: Sequence[str] | None, *, dry_run: bool, save: bool, as_json: bool, beyond_brake: bool
) -> Exit:
    """Send ours of what was named, or of all that waits for an answer, whatever was accepted on the store."""
    named = named_listings(channel, skus) if skus else Named(drifts_of(channel.pk).open_ids())
    if not named.ids:
        message = "Nothing that somebody changed on the store waits for an answer; name listings by SKU."
        raise NotAllowed(message)
    family = Listing.objects.filter(channel=channel, parent_id__in=named.ids).values_list("pk", flat=True)
    named = replace(named, ids=[*named.ids, *(set(family) - set(named.ids))])
    return execute(
        channel,
        "sync",
        named=named,
        dry_run=dry_run,
        save=save,
        as_json=as_json,
        options={IS_FORCED: True},
        beyond_brake=beyond_brake,
    )


def remove_listings(
    channel: Channel,
    skus: Sequence[str] | None,
    *,
    is_all: bool,
    delists: bool,
    dry_run: bool,
    is_confirmed: bool,
    beyond_brake: bool,
    as_json: bool,
) -> Exit:
    """Forget listings; with `delists` their products leave the store first, and what could not leave stays listed."""
    named = _named(channel, skus, is_all=is_all, rows=Listing.objects.filter(channel=channel))
    asked = preview_removal(channel.pk, named.ids)
    report: Report | None = None
    if not dry_run and asked.queued:
        if delists:
            for product in products_that_go(channel.pk, named.ids, Pending.DELIST):
                err.print(f"  {product.code} {product.name}{_with_it(product)}", markup=False, soft_wrap=True)
        verb = "remove and delist" if delists else "remove"
        confirm(_question(channel, verb, asked.queued), is_confirmed=is_confirmed)
        if delists:
            report = _delist(channel, asked, quiet=as_json, beyond_brake=beyond_brake)
        asked = request_removal(channel.pk, asked.listing_ids, requested_by=shell_user(), only_off_the_store=delists)
    if as_json:
        print_json(
            {
                "change": "remove",
                "dry_run": dry_run,
                "changed": asked.queued,
                "refused": [{"reason": reason, "count": count} for reason, count in sorted(asked.refused.items())],
                "unknown": named.unknown_json(),
                "run": report.to_json() if report else None,
            }
        )
    else:
        if report is not None:
            print_report(report)
        if not dry_run:
            out.print(f"Removed {counted(asked.queued, 'listing')}." if asked.queued else "Nothing to remove.")
        _tell_of_others(asked, kind="")
        if dry_run:
            _print_plan(asked)
        print_unknown(channel, named)
    is_refused = bool(asked.refused) and not is_all
    return combined_exit(Exit.WITH_ERRORS if named.unknown or is_refused else Exit.DONE, report)


def _delist(channel: Channel, asked: RequestOutcome, *, quiet: bool, beyond_brake: bool) -> Report | None:
    ids = [change.listing_id for change in asked.changes if change.listing_id is not None]
    queued = request_change(channel.pk, ids, Pending.DELIST, requested_by=shell_user())
    if not queued.queued:
        return None
    kind = APPLIED_BY[Pending.DELIST]
    return perform(channel, kind, only=queued.listing_ids, quiet=quiet, beyond_brake=beyond_brake)


def _preview(request: Request) -> RequestOutcome:
    return preview_change(request.channel.pk, request.named.ids, request.change, groups=request.groups)


def _queue(request: Request, *, now: bool, is_confirmed: bool) -> RequestOutcome:
    if request.needs_a_yes(now=now) and not is_confirmed:
        expected = _preview(request)
        # What is queued already is applied as well, if it is applied now.
        number = expected.queued + (expected.unchanged if now else 0)
        if number:
            for product in products_that_go(request.channel.pk, request.named.ids, request.change):
                err.print(f"  {product.code} {product.name}{_with_it(product)}", markup=False, soft_wrap=True)
            confirm(_question(request.channel, request.verb, number), is_confirmed=False)
    return request_change(
        request.channel.pk, request.named.ids, request.change, requested_by=shell_user(), groups=request.groups
    )


def _with_it(product: GoingProduct) -> str:
    return "" if product.is_asked else f" ({LAST_GOES})"


def _question(channel: Channel, verb: str, number: int) -> str:
    return _QUESTIONS[verb].format(listings=f"{counted(number, 'listing')} of the channel '{channel.name}'")


def _named(channel: Channel, skus: Sequence[str] | None, *, is_all: bool, rows: QuerySet[Listing]) -> Named:
    """Return the listings that SKUs name, or with --all those of `rows`."""
    if bool(skus) == is_all:
        message = "Say which listings: either SKUs or --all."
        raise NotAllowed(message)
    if is_all:
        return Named(list(rows.order_by("pk").values_list("pk", flat=True)))
    return named_listings(channel, skus or ())


def _askable(channel: Channel, change: Pending) -> QuerySet[Listing]:
    """Narrow --all to rows for which the change can be allowed at all; the domain decides on each."""
    rows = Listing.objects.filter(channel=channel)
    narrowed: dict[Pending, dict[str, Any]] = {
        Pending.PUBLISH: {"link": Link.UNLINKED.value},
        Pending.OVERWRITE: {"link": Link.LINKED.value},
        Pending.HIDE: {"health": Health.LISTED.value, "link": Link.LINKED.value},
        Pending.UNHIDE: {"health": Health.HIDDEN.value, "link": Link.LINKED.value},
        Pending.DELIST: {"link": Link.LINKED.value},
    }
    return rows.filter(**narrowed[change]) if change in narrowed else rows.exclude(pending=Pending.NONE.value)


def _show_plan(request: Request, asked: RequestOutcome, *, kind: str) -> None:
    """Print what would be queued; of the run that applies it, its own report tells."""
    print_changes(asked.changes, shown=_SHOWN)
    if kind and asked.changes:
        out.print(f"Would queue '{request.verb}' for {counted(len(asked.changes), 'listing')}.")
    _tell_of_others(asked, kind=kind)
    if not kind:
        print_totals(totals_of_changes(asked.changes))


def _print_plan(asked: RequestOutcome) -> None:
    """Print the plan of what needs no run."""
    print_changes(asked.changes, shown=_SHOWN)
    print_totals(totals_of_changes(asked.changes))


def _tell(request: Request, asked: RequestOutcome, *, kind: str, now: bool) -> None:
    if asked.queued and kind:
        is_applied = now and not request.channel.is_look_only
        when = "applied now" if is_applied else when_applied(request.channel.pk, kind)
        out.print(
            f"Queued '{request.verb}' for {counted(asked.queued, 'listing')}; {when}.", markup=False, soft_wrap=True
        )
    elif asked.queued:
        out.print(f"Took back what was queued for {counted(asked.queued, 'listing')}.")
    _tell_of_others(asked, kind=kind)
    if not (asked.queued or asked.unchanged or asked.refused):
        out.print("Nothing to do.")


def _tell_of_others(asked: RequestOutcome, *, kind: str) -> None:
    if asked.unchanged:
        out.print(f"{asked.unchanged} were queued already." if kind else f"{asked.unchanged} had nothing queued.")
    for reason, count in sorted(asked.refused.items()):
        out.print(f"{count} left as they are: {reason}", markup=False, soft_wrap=True)
