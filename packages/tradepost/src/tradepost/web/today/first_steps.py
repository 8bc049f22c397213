"""
The first steps: from a hub that is empty to a product that is for sale, each done or not as the database says.

Connect, import, preview, publish one product of one's choice and see it in the shop, go live. Or all of that on a
sandbox, which comes with the hub where it is installed.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Case, Q, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from tradepost import wiring
from tradepost.database.models import Channel, ConnectionKind, Listing, ProductRecord, Run, RunKind, SavedPlan
from tradepost.database.models.listing import IN_LISTS_BY_KIND
from tradepost.database.several import first_keys
from tradepost.domain.approval import PlanState
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import NotAllowed, TradepostError
from tradepost.domain.fields import CONTENT_GROUPS
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.plan import SETTLED_STATES, RunState, SubjectKind
from tradepost.domain.run_words import change_words, count_words, planned_words
from tradepost.engine import sandbox
from tradepost.engine.plans import Choice, apply, approve, request_saved_plan
from tradepost.operations.selection import AS_IF, GROUPS
from tradepost.web.format import field_lines, spoken
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages

CHOICES = 12
SHOWN_CHANGES = 30
# The plans and runs that this page makes are of one product; it knows them by this option.
_ONE = "first_steps"
# As the indexes name them.
_SOLD = (Kind.VARIANT.value, Kind.SIMPLE.value)
_DUE = (Pending.PUBLISH.value, Pending.OVERWRITE.value)


@dataclass(frozen=True, slots=True)
class FirstStep:
    """
    A step as the page lists it. `words`: what it is good for; `link` leads to where it is done, if somebody may, and
    `deed` is what is posted there so that it is done at once.
    """

    title: str
    words: str
    link: str
    button: str
    is_done: bool
    deed: str = ""


def are_ahead() -> bool:
    """Whether no channel that is live has anything for sale yet."""
    # In the order of an index, behind parents: these may be many, and older than all others.
    sold = Listing.objects.filter(IN_LISTS_BY_KIND, kind__gt=Kind.PARENT.value, link=Link.LINKED.value)
    of_channels = [sold.filter(channel=channel) for channel in Channel.objects.filter(_live())]
    return not first_keys(of_channels, order=("kind", "pk"), most=1)


def first_steps(request: HttpRequest) -> HttpResponse:
    """Show the steps; posted, start a sandbox and connect it."""
    need(request, "overview show")
    if request.method == "POST":
        need(request, "demo")
        return _on_a_sandbox(request)
    channel = _channel()
    steps = _steps(request, channel)
    box = sandbox.running_box()
    return page(
        request,
        "back_office/today/first_steps.html",
        title="First steps",
        steps=steps,
        following=next((step for step in steps if not step.is_done), None),
        channel=channel,
        storefront=box.storefront if box is not None else "",
        sandbox_is_connected=Channel.objects.filter(name=sandbox.CHANNEL, archived_at__isnull=True).exists(),
        offers_sandbox=may(request, "demo") and sandbox.is_installed(),
    )


def _on_a_sandbox(request: HttpRequest) -> HttpResponse:
    try:
        channel = sandbox.try_out(requested_by=request.user.get_username())
    except TradepostError as error:
        messages.warning(request, in_words_of_pages(str(error)))
        return redirect("admin:first_steps")
    messages.success(
        request,
        f"A sandbox store is running, and connected as the channel {channel.name}. A sample catalogue is imported. "
        "Publish one of its products next.",
    )
    return redirect("admin:first_steps")


def _channel() -> Channel | None:
    """The channel that the steps are about: the one that is furthest, the newest of them."""
    channels = Channel.objects.filter(archived_at__isnull=True)
    return channels.filter(setup_step="").order_by("-pk").first() or channels.order_by("-pk").first()


def _steps(request: HttpRequest, channel: Channel | None) -> list[FirstStep]:
    is_connected = channel is not None and not channel.setup_step and _has_store(channel)
    has_products = ProductRecord.objects.exists()
    is_seen = channel is not None and _publishes(channel).exists()
    is_published = channel is not None and _published(channel).exists()
    is_live = channel is not None and is_connected and Channel.objects.filter(_live(), pk=channel.pk).exists()
    name = channel.name if channel is not None else "the store"
    return [
        FirstStep(
            "Connect a store",
            "Its address, a token, its image server: six short steps, each with a test.",
            _connect_link(channel) if may(request, "channel add") else "",
            _connect_button(channel, is_connected=is_connected),
            is_done=is_connected,
        ),
        FirstStep(
            "Import the catalogue",
            "A CSV file, also as other shops export it. It is shown first what comes of it.",
            _import_link(request),
            "Import a file" if may(request, "catalogue import") else "To the catalogue",
            is_done=has_products,
        ),
        FirstStep(
            "Preview",
            f"What publishing would make on {name}, product by product, and nothing is sent.",
            reverse("admin:tradepost_channel_changelist") if not is_connected else _preview_link(channel),
            "Preview publishing",
            is_done=is_seen,
            deed="preview:publish" if is_connected and may(request, "plans save") else "",
        ),
        FirstStep(
            "Publish one product of your choice",
            "And look at it in the shop, before the others follow.",
            reverse("admin:first_product"),
            "Choose a product",
            is_done=is_published,
        ),
        FirstStep(
            "Go live",
            "Orders are fetched, prices and stock are kept in step, by the schedules of the channel.",
            "" if channel is None else reverse("admin:tradepost_channel_change", args=[channel.pk]),
            "To the channel",
            is_done=is_live and is_published,
        ),
    ]


def _import_link(request: HttpRequest) -> str:
    is_for_them = may(request, "catalogue import")
    return reverse("admin:tradepost_upload_add" if is_for_them else "admin:tradepost_productrecord_changelist")


def _connect_button(channel: Channel | None, *, is_connected: bool) -> str:
    if channel is not None and channel.setup_step:
        return "Go on connecting"
    return "Connect another" if is_connected else "Connect a store"


def _connect_link(channel: Channel | None) -> str:
    if channel is not None and channel.setup_step:
        return reverse("admin:tradepost_channel_setup", args=[channel.pk, channel.setup_step])
    return reverse("admin:tradepost_channel_add")


def _preview_link(channel: Channel | None) -> str:
    assert channel is not None
    return reverse("admin:tradepost_channel_change", args=[channel.pk])


def _live() -> Q:
    """Condition of channels that write to their stores."""
    return Q(archived_at__isnull=True, is_paused=False, is_look_only=False, setup_step="")


def _has_store(channel: Channel) -> bool:
    return channel.connections.filter(kind=ConnectionKind.STORE_API.value).exists()


def _publishes(channel: Channel) -> Any:
    return Run.objects.filter(channel=channel, kind=RunKind.PUBLISH.value, finished_at__isnull=False)


def _published(channel: Channel) -> Any:
    return Listing.objects.filter(channel=channel, link=Link.LINKED.value, kind__in=_SOLD)


# --- one product of one's choice --------------------------------------------------------------------------------------


def first_product(request: HttpRequest) -> HttpResponse:
    """Offer products that are not on the store yet; posted with one, preview its publishing."""
    need(request, "listings list")
    channel = _channel()
    if channel is None or channel.setup_step or not _has_store(channel):
        messages.info(request, "Connect a store first.")
        return redirect("admin:first_steps")
    if request.method == "POST":
        need(request, "plans save")
        return _previewed(request, channel)
    sought = request.GET.get("q", "").strip()
    return page(
        request,
        "back_office/today/first_product.html",
        title="Publish one product of your choice",
        channel=channel,
        products=_offered(channel, sought),
        sought=sought,
        may_preview=may(request, "plans save"),
    )


def _offered(channel: Channel, sought: str) -> list[Listing]:
    """Products that wait for publishing; sought, also others, by how their code begins, each by an index."""
    rows = Listing.objects.filter(channel=channel, link=Link.UNLINKED.value, kind__in=["parent", "simple"])
    rows = rows.select_related("product")
    if not sought or "\0" in sought:
        due = rows.filter(pending__in=_DUE, is_paused=False, is_orphaned=False)
        return list(due.order_by("product_id")[:CHOICES])
    begin = code_key(sought)
    found = rows.filter(code_key__gte=begin, code_key__lt=f"{begin}\U0010ffff").order_by("code_key")[:CHOICES]
    families = Listing.objects.filter(channel=channel, kind__in=_SOLD, sku=sought).values("product_id")[:CHOICES]
    named = rows.filter(product_id__in=[row["product_id"] for row in families])
    return list({row.pk: row for row in (*named, *found)}.values())[:CHOICES]


def _previewed(request: HttpRequest, channel: Channel) -> HttpResponse:
    chosen = request.POST.get("listing", "")
    listing = Listing.objects.filter(channel=channel, pk=int(chosen) if chosen.isdecimal() else 0).first()
    if listing is None:
        messages.warning(request, "Choose a product.")
        return redirect("admin:first_product")
    family = Listing.objects.filter(Q(pk=listing.pk) | Q(parent=listing)).values_list("pk", flat=True)
    try:
        plan = request_saved_plan(
            channel.pk,
            RunKind.PUBLISH,
            scope=sorted(family),
            options={AS_IF: Pending.PUBLISH.value, GROUPS: sorted(CONTENT_GROUPS), _ONE: listing.pk},
            requested_by=request.user.get_username(),
        )
    except NotAllowed as refusal:
        messages.warning(request, in_words_of_pages(str(refusal)))
        return redirect("admin:first_product")
    return redirect("admin:first_publish", plan.pk)


def first_publish(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Show what publishing the one product makes; posted, do it; afterwards lead to its page in the shop."""
    need(request, "plans show")
    plan = get_object_or_404(SavedPlan.objects.select_related("run__channel", "applied_by"), pk=plan_id)
    listing = Listing.objects.select_related("product", "channel").filter(pk=plan.run.options.get(_ONE)).first()
    if listing is None:
        raise Http404
    if request.method == "POST":
        need(request, "plans approve")
        need(request, "plans apply")
        _publish(request, plan)
        return redirect("admin:first_publish", plan.pk)
    done = plan.applied_by
    is_made = RunState(plan.run.state) in SETTLED_STATES
    changes = _shown_changes(plan) if is_made else []
    is_settled = done is not None and RunState(done.state) in SETTLED_STATES
    return page(
        request,
        "back_office/today/first_publish.html",
        title=f"Publish {listing.product.title or listing.code}",
        listing=listing,
        plan=plan,
        is_waiting=not is_made or (done is not None and not is_settled),
        is_made=is_made,
        is_open=is_made and plan.state == PlanState.OPEN.value,
        changes=changes[:SHOWN_CHANGES],
        more=len(changes) > SHOWN_CHANGES,
        totals=", ".join(planned_words(plan.run.planned or [])),
        done=done,
        done_state=spoken(done.state) if done is not None else "",
        done_lines=count_words(done.counts) if done is not None else [],
        is_on_store=listing.link == Link.LINKED.value,
        shop_page=wiring.stores.page_in_shop(listing.channel, listing.code),
        channel_link=reverse("admin:tradepost_channel_change", args=[listing.channel.pk]),
        may_publish=may(request, "plans apply"),
        may_go_live=may(request, "channel go-live"),
    )


def _publish(request: HttpRequest, plan: SavedPlan) -> None:
    who = request.user.get_username()
    try:
        approve(plan.pk, Choice(is_all=True), who=who)
        apply(plan.pk, who=who)
    except NotAllowed as refusal:
        messages.warning(request, in_words_of_pages(str(refusal)))


def _shown_changes(plan: SavedPlan) -> list[tuple[str, list[str]]]:
    # What somebody has chosen comes before what is needed for it.
    is_product = Case(When(change__subject_kind=SubjectKind.PRODUCT.value, then=0), default=1)
    rows = plan.changes.select_related("change").order_by(is_product, "pk")[: SHOWN_CHANGES + 1]
    return [
        (
            f"{row.change.subject_key}: {change_words(row.change.subject_kind, row.change.action, '')}",
            field_lines(row.change.fields),
        )
        for row in rows
    ]
