"""Asking for changes of listings: queue them, or show what would be queued, or queue and apply at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db.models import QuerySet

from tradepost.cli.arguments import Named, confirm, refuse_to_save, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listings.listing_choice import ListingChoice, Manner, chosen_listings, lines_of_families
from tradepost.cli.output import change_json, counted, err, out, print_json, result_json, say
from tradepost.cli.runs.results_output import ResultsOutput, results_output
from tradepost.cli.runs.run_report import (
    Report,
    combined_exit,
    execute,
    perform,
    print_changes,
    print_report,
    print_totals,
    print_unknown,
    totals_of,
)
from tradepost.database.models import Channel, Listing
from tradepost.domain import changes
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import APPLIED_BY, PARKED_AFTER, Event, Health, Link, Pending, asked_by
from tradepost.domain.listings.locks import Locks
from tradepost.domain.listings.operator_status import given_up_sentences
from tradepost.domain.plan import Outcome, Result
from tradepost.engine.requests import (
    LETTING_PRICES_THROUGH,
    RETRYING,
    TOLD,
    Asked,
    GoingProduct,
    ListingDeed,
    RequestOutcome,
    accepting,
    locking,
    preview_asked,
    preview_change,
    preview_removal,
    products_that_go,
    request_asked,
    request_change,
    request_removal,
    unlocking,
)
from tradepost.engine.schedules import when_applied
from tradepost.operations.channels.abilities import refuse_groups, refuse_unable
from tradepost.operations.listings.sync.delist import LAST_GOES
from tradepost.operations.ports import Ability
from tradepost.operations.selection import AS_IF, GROUPS, IS_FORCED
from tradepost.wiring.channels import profile_of
from tradepost.wiring.listings import drifts_of
from tradepost.wiring.stores import capabilities

_SHOWN = 50
ACCEPT, RETRY, LET_THROUGH, LOCK, UNLOCK = "accept", "retry", "accept price", "lock", "unlock"
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
    RETRY: "Send {listings} again, which the store has refused?",
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
    """
    A change asked for. `is_sweeping`: the rows were not named one by one, so those it does not fit are no mistake.
    """

    channel: Channel
    named: Named
    change: Pending
    groups: frozenset[Group] = CONTENT_GROUPS
    is_sweeping: bool = False

    @property
    def event(self) -> Event:
        return asked_by(self.change)

    @property
    def verb(self) -> str:
        return self.event.value

    def needs_a_yes(self, *, now: bool) -> bool:
        """Whether it can't be taken back once it is done: for good, or for many listings at once."""
        at_once = now or self.change is Pending.NONE
        return self.change is Pending.DELIST or (self.is_sweeping and at_once)


def requested(
    channel: Channel,
    change: Pending,
    choice: ListingChoice,
    *,
    groups: frozenset[Group] = CONTENT_GROUPS,
    is_chosen: bool = False,
) -> Request:
    """
    Say which listings a change is asked for: named one by one, meant by a filter, or all that can be allowed it.

    `is_chosen`: a person has named the groups. Raises NotAllowed for what the channel can't do.
    """
    if change is not Pending.NONE:
        refuse_unable(capabilities(), Ability(change.value))
    if is_chosen:
        refuse_groups(capabilities(), groups, profile_of(channel))
    named = chosen_listings(channel, choice, event=asked_by(change), fitting=_askable(channel, change))
    return Request(channel=channel, named=named, change=change, groups=groups, is_sweeping=choice.is_sweeping)


def ask(request: Request, manner: Manner) -> Exit:
    """Queue a change and say when it is applied; with `now` run it for these rows, with `dry_run` only show it."""
    dry_run = manner.dry_run
    refuse_to_save(dry_run=dry_run, save=manner.save)
    if not dry_run:
        _confirm(request, now=manner.now, is_confirmed=manner.is_confirmed)
    kind = APPLIED_BY.get(request.change, "")
    report: Report | None = None
    with results_output(manner.output, lines=request.named.lines, is_preview=dry_run) as results:
        asked = _asked(request, results, dry_run=dry_run)
        if kind and asked.listing_ids and (manner.now or dry_run):
            # Nothing was queued for a preview, so the run is told to plan as if it had been.
            options = {AS_IF: request.change.value, GROUPS: sorted(request.groups)} if dry_run else None
            report = perform(
                request.channel,
                kind,
                only=asked.listing_ids,
                dry_run=dry_run,
                save=manner.save,
                quiet=manner.as_json,
                options=options,
                beyond_brake=manner.beyond_brake,
            )
            results.executed(report.run)
    if manner.as_json:
        print_json({**_request_json(request, asked, dry_run=dry_run), "run": report.to_json() if report else None})
    else:
        if dry_run:
            _show_plan(request, asked, kind=kind)
        else:
            _tell(request, asked, kind=kind, now=manner.now)
        if report is not None:
            print_report(report)
        print_unknown(request.channel, request.named)
    if asked.refused and not request.is_sweeping and not (asked.queued or asked.unchanged):
        return combined_exit(Exit.BAD_INPUT, report)
    return combined_exit(Exit.WITH_ERRORS if request.named.is_incomplete else Exit.DONE, report)


def _request_json(request: Request, asked: RequestOutcome, *, dry_run: bool) -> dict[str, Any]:
    shown = [change_json(change) for change in asked.changes] if dry_run else [*map(result_json, asked.results)]
    return {
        "change": request.verb,
        "dry_run": dry_run,
        "queued": asked.queued,
        "unchanged": asked.unchanged,
        "refused": [{"reason": reason, "count": count} for reason, count in sorted(asked.refused.items())],
        "given_up": {pending.value: number for pending, number in asked.given_up.items()},
        "unknown": request.named.unknown_json(),
        "refused_lines": [*request.named.refused_json(), *refused_lines_json(asked, request.named)],
        "applied_by": APPLIED_BY.get(request.change, ""),
        "changes": shown,
        "changes_left_out": max(0, (asked.queued if dry_run else len(asked.listing_ids)) - TOLD),
    }


def refused_lines_json(asked: RequestOutcome, named: Named) -> list[dict[str, Any]]:
    """Say of what was named in a file, and is left as it is, on which line that is."""
    return [{"line": line, "name": name, "reason": reason} for line, name, reason in _refused_lines(asked, named)]


def _refused_lines(asked: RequestOutcome, named: Named) -> list[tuple[int, str, str]]:
    if not (named.lines and asked.refusals):
        return []
    lines = lines_of_families(named.lines)
    found = [
        (lines[number], refusal.change.subject.key, refusal.message)
        for refusal in asked.refusals
        if (number := refusal.change.listing_id) in lines and number is not None
    ]
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _AtOnce:
    """What needs no run: its plan, and what does it. `event`: that of a listing's status, where it is one."""

    plan: Callable[[Channel, Named, ResultsOutput], RequestOutcome]
    do: Callable[[Channel, Named, ResultsOutput], RequestOutcome]
    event: Event | None = None


def do_at_once(
    channel: Channel,
    verb: str,
    choice: ListingChoice,
    manner: Manner,
) -> Exit:
    """Do what needs no run: pause, unpause, unlink, try again, accept what differs, let prices through."""
    fitting = Listing.objects.filter(channel=channel)
    if verb == ACCEPT:
        fitting = fitting.filter(pk__in=drifts_of(channel.pk).open_ids())
    elif verb == LET_THROUGH:
        fitting = fitting.filter(is_price_guarded=True)
    elif verb == RETRY:
        fitting = fitting.filter(refusals__gte=PARKED_AFTER)
    elif verb == Event.UNLINKED:
        fitting = fitting.exclude(link=Link.UNLINKED.value)
    else:
        fitting = fitting.filter(is_paused=verb == Event.UNPAUSED)
    work = _of_deed(verb, _DEEDS[verb](channel.pk)) if verb in _DEEDS else _of_event(Event(verb))
    return _done_at_once(channel, verb, choice, manner, work=work, fitting=fitting)


def change_locks(
    channel: Channel,
    choice: ListingChoice,
    manner: Manner,
    *,
    locks: Locks | None = None,
    unlocks: Collection[Group] = (),
) -> Exit:
    """Leave more of listings alone, or less."""
    rows = Listing.objects.filter(channel=channel)
    if locks is None:
        verb, fitting = UNLOCK, rows.exclude(locked_groups=[], own_texts={})
        deed = unlocking(unlocks)
    else:
        verb, fitting = LOCK, rows
        deed = locking(locks)
    return _done_at_once(channel, verb, choice, manner, work=_of_deed(verb, deed), fitting=fitting)


def _done_at_once(
    channel: Channel,
    verb: str,
    choice: ListingChoice,
    manner: Manner,
    *,
    work: _AtOnce,
    fitting: QuerySet[Listing],
) -> Exit:
    dry_run = manner.dry_run
    named = chosen_listings(channel, choice, event=work.event, fitting=fitting)
    if choice.is_sweeping and not dry_run:
        expected = work.plan(channel, named, ResultsOutput())
        if expected.queued:
            confirm(question(channel, verb, expected.queued), is_confirmed=manner.is_confirmed)
    with results_output(manner.output, lines=named.lines, is_preview=dry_run) as results:
        results.refused(named.refused, verb)
        asked = (work.plan if dry_run else work.do)(channel, named, results)
    if manner.as_json:
        print_json(
            {
                "change": verb,
                "dry_run": dry_run,
                "changed": asked.queued,
                "refused": [{"reason": reason, "count": count} for reason, count in sorted(asked.refused.items())],
                "unknown": named.unknown_json(),
                "refused_lines": [*named.refused_json(), *refused_lines_json(asked, named)],
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
            say(f"{count} left as they are: {reason}")
        print_unknown(channel, named)
    if asked.refused and not choice.is_sweeping and not (asked.queued or asked.unchanged):
        return Exit.BAD_INPUT
    return Exit.WITH_ERRORS if named.is_incomplete else Exit.DONE


def _of_event(event: Event) -> _AtOnce:
    """What is an event of a listing's status."""

    def plan(channel: Channel, named: Named, results: ResultsOutput) -> RequestOutcome:
        (outcome,) = preview_asked(channel.pk, [Asked(event, named.ids)], tell=results.requested)
        return outcome

    def do(channel: Channel, named: Named, results: ResultsOutput) -> RequestOutcome:
        (outcome,) = request_asked(
            channel.pk,
            [Asked(event, named.ids)],
            requested_by=shell_user(),
            refused=refused_results(named, event.value),
            tell=results.requested,
        )
        return outcome

    return _AtOnce(plan, do, event)


def _of_deed(verb: str, deed: ListingDeed) -> _AtOnce:
    """What is none."""

    def plan(channel: Channel, named: Named, results: ResultsOutput) -> RequestOutcome:
        return deed.preview(channel.pk, named.ids, tell=partial(results.requested, verb))

    def do(channel: Channel, named: Named, results: ResultsOutput) -> RequestOutcome:
        return deed.request(channel.pk, named.ids, requested_by=shell_user(), tell=partial(results.requested, verb))

    return _AtOnce(plan, do)


_DEEDS: Mapping[str, Callable[[int], ListingDeed]] = {
    ACCEPT: accepting,
    RETRY: lambda _channel_id: RETRYING,
    LET_THROUGH: lambda _channel_id: LETTING_PRICES_THROUGH,
}


def refused_results(named: Named, asked: str) -> list[Result]:
    """Say for the history what became of rows that can't be used."""
    return [
        Result(changes.row_refused(row.name, line=row.line, asked=asked), Outcome.FAILED, message=row.reason)
        for row in named.refused
    ]


def force_sync(
    channel: Channel, choice: ListingChoice, *, dry_run: bool, save: bool, as_json: bool, beyond_brake: bool
) -> Exit:
    """Send ours of what was named, or of all that waits for an answer, whatever was accepted on the store."""
    named = Named(drifts_of(channel.pk).open_ids()) if choice.is_blank else chosen_listings(channel, choice)
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
    choice: ListingChoice,
    *,
    delists: bool,
    dry_run: bool,
    is_confirmed: bool,
    beyond_brake: bool,
    as_json: bool,
) -> Exit:
    """Forget listings; with `delists` their products leave the store first, and what could not leave stays listed."""
    named = chosen_listings(channel, choice, fitting=Listing.objects.filter(channel=channel))
    asked = preview_removal(channel.pk, named.ids)
    report: Report | None = None
    if not dry_run and asked.queued:
        if delists:
            name_products_that_go(channel, named.ids, Pending.DELIST)
        verb = "remove and delist" if delists else "remove"
        confirm(question(channel, verb, asked.queued), is_confirmed=is_confirmed)
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
                "refused_lines": named.refused_json(),
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
    is_refused = bool(asked.refused) and not choice.is_sweeping
    return combined_exit(Exit.WITH_ERRORS if named.is_incomplete or is_refused else Exit.DONE, report)


def _delist(channel: Channel, asked: RequestOutcome, *, quiet: bool, beyond_brake: bool) -> Report | None:
    queued = request_change(channel.pk, asked.changed_ids, Pending.DELIST, requested_by=shell_user())
    if not queued.queued:
        return None
    kind = APPLIED_BY[Pending.DELIST]
    return perform(channel, kind, only=queued.listing_ids, quiet=quiet, beyond_brake=beyond_brake)


def _asked(request: Request, results: ResultsOutput, *, dry_run: bool) -> RequestOutcome:
    """Queue what is asked for, or plan that."""
    named, asked = request.named, [Asked(request.event, request.named.ids)]
    results.refused(named.refused, request.verb)
    if dry_run:
        (outcome,) = preview_asked(request.channel.pk, asked, groups=request.groups, tell=results.requested)
    else:
        (outcome,) = request_asked(
            request.channel.pk,
            asked,
            requested_by=shell_user(),
            groups=request.groups,
            refused=refused_results(named, request.verb),
            tell=results.requested,
        )
    return outcome


def _confirm(request: Request, *, now: bool, is_confirmed: bool) -> None:
    """Ask a person before what can't be taken back."""
    if is_confirmed or not request.needs_a_yes(now=now):
        return
    expected = preview_change(request.channel.pk, request.named.ids, request.change, groups=request.groups)
    # What is queued already is applied as well, if it is applied now.
    number = expected.queued + (expected.unchanged if now else 0)
    if number:
        for sentence in given_up_sentences(expected.given_up, is_done=False):
            say(f"  {sentence}", to=err)
        name_products_that_go(request.channel, request.named.ids, request.change)
        confirm(question(request.channel, request.verb, number), is_confirmed=False)


def name_products_that_go(channel: Channel, ids: Collection[int], change: Pending) -> None:
    for product in products_that_go(channel.pk, ids, change):
        say(f"  {product.code} {product.name}{_with_it(product)}", to=err)


def _with_it(product: GoingProduct) -> str:
    return "" if product.is_asked else f" ({LAST_GOES})"


def question(channel: Channel, verb: str, number: int) -> str:
    return _QUESTIONS[verb].format(listings=f"{counted(number, 'listing')} of the channel '{channel.name}'")


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
    print_changes(asked.changes, shown=_SHOWN, number=asked.queued)
    if kind and asked.queued:
        out.print(f"Would queue '{request.verb}' for {counted(asked.queued, 'listing')}.")
    _tell_of_others(asked, kind=kind, named=request.named, is_planned=True)
    if kind:
        _tell_if_nothing(asked)
    else:
        print_totals(totals_of(asked.actions))


def _print_plan(asked: RequestOutcome) -> None:
    """Print the plan of what needs no run."""
    print_changes(asked.changes, shown=_SHOWN, number=asked.queued)
    print_totals(totals_of(asked.actions))


def _tell(request: Request, asked: RequestOutcome, *, kind: str, now: bool) -> None:
    if asked.queued and kind:
        is_applied = now and not request.channel.is_look_only
        when = "applied now" if is_applied else when_applied(request.channel, kind)
        say(f"Queued '{request.verb}' for {counted(asked.queued, 'listing')}; {when}.")
    elif asked.queued:
        out.print(f"Took back what was queued for {counted(asked.queued, 'listing')}.")
    _tell_of_others(asked, kind=kind, named=request.named)
    _tell_if_nothing(asked)


def _tell_if_nothing(asked: RequestOutcome) -> None:
    if not (asked.queued or asked.unchanged or asked.refused):
        out.print("Nothing to do.")


def _tell_of_others(asked: RequestOutcome, *, kind: str, named: Named | None = None, is_planned: bool = False) -> None:
    """
    Say what is given up for it, and what is left as it is, and why: of a file line by line, else how many for each
    reason.
    """
    for sentence in given_up_sentences(asked.given_up, is_done=not is_planned):
        say(sentence)
    if asked.unchanged:
        out.print(f"{asked.unchanged} were queued already." if kind else f"{asked.unchanged} had nothing queued.")
    by_line = _refused_lines(asked, named) if named is not None else []
    for line, code, reason in by_line[:_SHOWN]:
        say(f"Line {line}: {code} is left as it is. {reason}")
    if not by_line or len(by_line) > _SHOWN:
        for reason, count in sorted(asked.refused.items()):
            say(f"{count} left as they are: {reason}")
