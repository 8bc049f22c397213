"""
Taking over a store that has products already: look, take over, write what products are, unpause. Step by step on one
page that can be left, as each step shows by what is there how far it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode

from tradepost import wiring
from tradepost.database.models import Channel, Listing, Run, RunChange, RunKind, SavedPlan
from tradepost.domain.counts import count_words as bounded_words
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.listings.stages import Stage
from tradepost.domain.plan import SETTLED_STATES, Action, Outcome, RunState, SubjectKind
from tradepost.domain.run_words import count_words
from tradepost.engine.plans import request_saved_plan
from tradepost.engine.runs import request_run
from tradepost.operations.channels.connection_check import products_found
from tradepost.operations.ports import KeptFinding
from tradepost.operations.selection import SKU_FROM
from tradepost.web.activity.run_page import run_state
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import CHANNEL
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages
from tradepost.web.tables.counts import count

LEFT_SHOWN = 50
_SKU_CHOICES: Mapping[LinkingPriority, str] = {
    LinkingPriority.SKU: "its SKU, or its code where it has none",
    LinkingPriority.CODE: "its code, of every product",
}
_DUE_WORDS: Mapping[Stage | None, str] = {
    None: "published or updated",
    Stage.PRICE: "sent with another price",
    Stage.DECREASE: "sent with a lower count",
    Stage.INCREASE: "sent with a higher count",
    Stage.SET: "sent with a first count",
    Stage.AT_ZERO: "told what happens when none is left",
    Stage.HIDE: "hidden",
    Stage.UNHIDE: "put back for sale",
    Stage.DELIST: "removed from the store",
    Stage.ACTIVATE: "switched on",
}


@dataclass(frozen=True, slots=True)
class LeftProduct:
    """A product of the store that is not taken over, and why."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class AdoptionFound:
    """
    What a look, or a takeover, came to. `made`: products that are new in the catalogue, `linked`: those that it has.

    `told`: what there is on the store as a whole; blank where it was looked at in vain.
    """

    made: int
    linked: int
    left: int
    told: str
    first_left: Sequence[LeftProduct]

    @property
    def taken(self) -> int:
        return self.made + self.linked

    @property
    def more_left(self) -> int:
        return self.left - len(self.first_left)

    @classmethod
    def of(cls, run: Run) -> "AdoptionFound":
        numbers = {
            row["action"]: row["count"]
            for row in (run.planned if run.is_dry else run.counts)
            if row["subject"] == SubjectKind.LISTING and row.get("outcome", Outcome.APPLIED) == Outcome.APPLIED
        }
        skipped = RunChange.objects.filter(run=run, outcome=Outcome.SKIPPED.value).order_by("pk")
        told = skipped.filter(subject_kind=SubjectKind.CHANNEL.value).first()
        left = skipped.filter(subject_kind=SubjectKind.LISTING.value)
        return cls(
            made=numbers.get(Action.CREATE.value, 0),
            linked=numbers.get(Action.LINK.value, 0),
            left=sum(
                row["count"]
                for row in run.counts
                if (row["subject"], row["outcome"]) == (SubjectKind.LISTING, Outcome.SKIPPED)
            ),
            told=told.message if told is not None else "",
            first_left=[LeftProduct(each.subject_key, each.message) for each in left[:LEFT_SHOWN]],
        )


def found_on_store(channel: Channel) -> int:
    """How many products the last test has counted on a channel's store; 0 where that is not known."""
    return products_found(KeptFinding(**each) for each in channel.findings) or 0


def adoption_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Show how far the takeover of a store is; posted, do its next step."""
    need(request, "listings adopt")
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True, setup_step="")
    if request.method == "POST":
        try:
            return _do(request, channel)
        except NotAllowed as refusal:
            messages.warning(request, in_words_of_pages(str(refusal)))
            return redirect("admin:tradepost_channel_adopt", channel.pk)
    look, takeover = _last(channel, is_dry=True), _last(channel, is_dry=False)
    if look is not None and takeover is not None and look.pk < takeover.pk:
        # What was seen before is not so any more.
        look = None
    return page(
        request,
        "back_office/channels/adoption.html",
        title=f"Take over what {channel.name} sells already",
        channel=channel,
        products=found_on_store(channel),
        sku_choices=[(each.value, words, each is _sku_from(look or takeover)) for each, words in _SKU_CHOICES.items()],
        look=_shown(request, look),
        takeover=_shown(request, takeover),
        types=_types(channel),
        may_write_types=may(request, "listings set-type") and may(request, "plans save"),
        **_unpausing(request, channel),
    )


def _last(channel: Channel, *, is_dry: bool) -> Run | None:
    runs = Run.objects.filter(channel=channel, kind=RunKind.ADOPT.value, is_dry=is_dry)
    return runs.select_related("channel", "source").order_by("-pk").first()


def _sku_from(run: Run | None) -> LinkingPriority:
    return LinkingPriority(run.options.get(SKU_FROM, LinkingPriority.SKU)) if run is not None else LinkingPriority.SKU


def _shown(request: HttpRequest, run: Run | None) -> dict[str, Any] | None:
    """What the page shows of a run: how it goes while it is at work, else what it found."""
    if run is None:
        return None
    is_whole = run.state in {RunState.COMPLETED.value, RunState.COMPLETED_WITH_ERRORS.value}
    return {
        **run_state(request, run),
        "is_whole": is_whole,
        "found": AdoptionFound.of(run) if is_whole else None,
        "lines": count_words(run.counts),
    }


def _types(channel: Channel) -> SavedPlan | None:
    """The last plan of what products are."""
    plans = SavedPlan.objects.filter(run__channel=channel, run__kind=RunKind.SET_TYPE.value)
    return plans.select_related("run").order_by("-pk").first()


def _unpausing(request: HttpRequest, channel: Channel) -> dict[str, Any]:
    paused = Listing.objects.filter(channel=channel, is_paused=True)
    number = count(paused)
    back = reverse("admin:tradepost_channel_adopt", args=[channel.pk])
    meant = urlencode({"all": "1", CHANNEL: str(channel.pk), "is_paused__exact": "1", "back": back})
    return {
        "paused": number,
        "paused_words": bounded_words(number),
        "due": list(_due(channel)) if number else [],
        "unpause_address": f"{reverse('admin:tradepost_listing_ask', args=['unpause'])}?{meant}",
        "may_unpause": may(request, "listings unpause"),
        "may_preview": may(request, "plans save"),
    }


def _due(channel: Channel) -> Iterator[tuple[int, str]]:
    for stage, number in wiring.listings.due_when_unpaused(channel.pk).items():
        if number:
            yield number, _DUE_WORDS[stage]


# --- what the buttons do ----------------------------------------------------------------------------------------------


def _do(request: HttpRequest, channel: Channel) -> HttpResponse:
    asked = request.POST.get("do", "")
    who = request.user.get_username()
    if asked == "types":
        need(request, "listings set-type")
        need(request, "plans save")
        plan = request_saved_plan(channel.pk, RunKind.SET_TYPE, requested_by=who)
        return redirect("admin:tradepost_savedplan_change", plan.pk)
    named = request.POST.get("sku_from", "")
    if asked not in {"look", "adopt"} or named not in list(LinkingPriority):
        raise NotAllowed("The page asked for nothing that there is; load it again.")
    options = {SKU_FROM: named}
    if asked == "adopt":
        _refuse_unseen(channel, LinkingPriority(named))
    request_run(channel.pk, RunKind.ADOPT, options=options, is_dry=asked == "look", requested_by=who)
    if asked == "adopt":
        messages.success(request, "The store's products are being taken over; nothing is written to the store.")
    return redirect("admin:tradepost_channel_adopt", channel.pk)


def _refuse_unseen(channel: Channel, sku_from: LinkingPriority) -> None:
    """Raises NotAllowed unless somebody has looked first at what would be taken."""
    if channel.restored_why:
        raise NotAllowed("Read back first what came since: “Go live” on the channel's page does it.")
    look = _last(channel, is_dry=True)
    if look is None or RunState(look.state) not in SETTLED_STATES or _sku_from(look) is not sku_from:
        raise NotAllowed("Look first at what would be taken over, with the same choice; nothing was done.")
