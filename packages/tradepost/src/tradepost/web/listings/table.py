"""The list of listings, with what can be asked for of many at once, and the page of each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tradepost import wiring
from tradepost.database.models import AttentionRecord, Channel, Listing
from tradepost.database.models.listing import IN_LISTS, IN_LISTS_BY_KIND, IS_ASKED_FOR, IS_BROKEN
from tradepost.database.search import Search, is_walked
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.counts import COUNT_UP_TO
from tradepost.domain.errors import NotAllowed, TradepostError
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Link
from tradepost.engine.runs import request_run
from tradepost.operations.listings.candidates import LinkCandidate, candidates_of
from tradepost.operations.selection import LINK_TO
from tradepost.web.listings.asks import LISTING_ASKS, ListingAsk, Terms
from tradepost.web.listings.bulk import (
    ASKED_NAMES,
    SEEN_AT_ONCE,
    BulkOutcome,
    BulkPart,
    BulkPreview,
    ChosenListings,
    carry_out,
    choose,
    group_choices,
    hidden_fields,
    next_part,
    preview,
    run_link,
    tell,
    terms_of,
    timings,
    typed_number,
    waits_for_ticks,
)
from tradepost.web.listings.count import state_count
from tradepost.web.listings.listing_page import page_context
from tradepost.web.listings.rows import (
    BY_HEALTH,
    COLUMNS,
    TABS,
    in_tab,
    rows_of,
    tab_counts,
    with_all_of_a_row,
    with_what_a_row_shows,
)
from tradepost.web.people.sign_in import is_same_person
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import CHANNEL, channel_ids, channels_in_use, chosen_channel
from tradepost.web.shell.page import is_in_panel, page
from tradepost.web.site import site
from tradepost.web.tables.columns import ChannelFilter, DropdownFilter, YesNoFilter, asking
from tradepost.web.tables.keyset import AFTER, BEFORE, NEWEST_FIRST, SORT, KeysetChangeList, RowOrder
from tradepost.web.tables.list_settings import ListSettings
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number

ATTENTION_PARAMETER = "attention"
TAB, FLAT = "show", "families"
# What the bar of the list offers; the page of a listing has all of them.
_IN_BAR = ("hide", "unhide", "publish", "overwrite")
_IN_MENU = (
    "clear",
    "pause",
    "unpause",
    "retry",
    "accept-drift",
    "send-ours",
    "lock",
    "unlock",
    "sync",
    "remove",
    "delist",
)
_OPEN_TO = "admin:tradepost_listing_changelist"
_FAMILY = 200
_TABLE = "listing"
# Where in the list somebody is, and how it is sorted; what it shows is said by the rest of its address.
_PLACES = frozenset({AFTER, BEFORE, SORT, "o", "e"})
# What the parts of one bulk have in common.
_KEPT = frozenset({"do", "seen", "group", "price", "quantity"})
_LEFT = "what can't have it; the requests in Activity name each."


_BY_PRODUCT = RowOrder(field=Listing._meta.get_field("product"))  # noqa: SLF001 Django documents it


class AttentionFilter(DropdownFilter):
    """Listings that need a person for one reason, whatever other reasons they have."""

    title = "why it needs you"
    parameter_name = ATTENTION_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 Django's form
        return [(kind.value, ATTENTION_CURES[kind].heading) for kind in Attention]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Listing]) -> QuerySet[Listing]:  # noqa: ARG002 Django's form
        kind = self.value()
        if not kind:
            return queryset
        if kind not in list(Attention):
            raise IncorrectLookupParameters(f"No attention is called {kind!r}.")
        return queryset.filter(pk__in=AttentionRecord.objects.filter(kind=kind).values("listing_id"))


class ListingChangeList(KeysetChangeList):
    """The list, in tabs; families are folded as long as nothing is looked for, nor sorted."""

    tab = ""
    is_folded = False

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in {TAB, FLAT, *ASKED_NAMES}}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Listing]:
        rows: QuerySet[Listing] = super().get_queryset(request, exclude_parameters)
        self.tab = request.GET.get(TAB, "")
        if self.tab not in TABS:
            self.tab = ""
        looks_for = set(request.GET) - {*_PLACES, CHANNEL, TAB, FLAT, *ASKED_NAMES}
        # Sorted, each stands for itself: no index has those of a page alone in another order than by id.
        is_looked_for = self.tab or any(request.GET.get(name) for name in (*looks_for, SORT))
        self.is_folded = not is_looked_for and request.GET.get(FLAT) != "open"
        rows = in_tab(rows, self.tab, channel_ids(request))
        # What has no parent; the index of lists has the kind in it.
        return rows.filter(kind__in=[Kind.PARENT.value, Kind.SIMPLE.value]) if self.is_folded else rows

    def rows_of_keys(self, keys: Sequence[int]) -> QuerySet[Listing]:
        return with_what_a_row_shows(Listing.objects.filter(pk__in=keys))

    def usual_order(self) -> RowOrder:
        # What very many have is found product by product.
        return _BY_PRODUCT if is_walked(self.queryset) else NEWEST_FIRST

    def index_condition(self) -> Any:
        # What is so of the fewest comes first.
        asked = self.params
        if asked.get("is_paused__exact") == "1" or asked.get("is_inactive__exact") == "1":
            return None
        if asked.get("pending__exact"):
            return IS_ASKED_FOR
        if asked.get("link__exact") == Link.BROKEN.value:
            return IS_BROKEN
        if asked.get("health__exact", Health.LISTED.value) != Health.LISTED.value or self.tab in BY_HEALTH:
            return None
        return IN_LISTS_BY_KIND if asked.get("kind__exact") else IN_LISTS


@admin.register(Listing, site=site)
class ListingTable(ReadOnlyTable):
    """Listings, with what may be asked for of them."""

    act = "listings list"
    change_list_template = "back_office/listings/listings.html"
    channel_path = "channel"
    list_display = ("code", "wanted_price")
    sorted_by: Mapping[str, str] = {"code": "code_key", "wanted_price": "wanted_price"}
    list_filter = (
        ("channel", ChannelFilter),
        ("health", asking("On the store")),
        ("link", asking("Link to the store's product")),
        ("pending", asking("What was asked for")),
        AttentionFilter,
        ("is_inactive", asking("Switched off on the store", YesNoFilter)),
        ("is_paused", asking("Paused", YesNoFilter)),
        ("kind", asking("Family, variant or simple product")),
    )
    search_fields = ("sku",)
    search_help_text = "Pieces of a SKU, a code or the title"
    sorted_within = "channel"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:  # noqa: ARG002 Django's form
        return ListingChangeList

    def own_pages(self) -> OwnPages:
        return {
            "tradepost_listing_ask": ("ask/<slug:verb>/", self.ask_view),
            "tradepost_listing_export": ("export/", self.export_view),
            "tradepost_listing_view": ("view/", self.view_view),
            "tradepost_listing_family": ("<int:listing_id>/family/", self.family_view),
            "tradepost_listing_candidates": ("<int:listing_id>/candidates/", self.candidates_view),
        }

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django\'s form
        queryset: QuerySet[Listing],
        search_term: str,
    ) -> tuple[QuerySet[Listing], bool]:
        return Search(search_term).listings(queryset), False

    # --- the list -----------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = super().changelist_view(request, extra_context)
        # What is refused, or leads elsewhere, shows no list.
        if isinstance(shown, TemplateResponse) and shown.context_data is not None and "cl" in shown.context_data:
            shown.context_data.update(self._list_context(request, shown.context_data["cl"]))
        return shown

    def _list_context(self, request: HttpRequest, changes: ListingChangeList) -> dict[str, Any]:
        counts = tab_counts(channel_ids(request))
        meant = _filter_of(request)
        settings = ListSettings.of(request, _TABLE)
        here = _view_of(request.GET)
        asks = [ask for ask in LISTING_ASKS.values() if may(request, ask.act)]
        return {
            "rows": rows_of(changes.result_list),
            "tabs": [
                (tab, counts[value], counts[value] > COUNT_UP_TO, _with(request, TAB, value), value == changes.tab)
                for value, tab in TABS.items()
                if counts[value] or tab.is_shown_empty
            ],
            "empty": "No listing fits this filter." if changes.params.get(SEARCH_VAR) else TABS[changes.tab].empty,
            "is_folded": changes.is_folded,
            # Folded is only what is not narrowed, so that its listings are those of the first tab.
            "in_families": counts[""] if changes.is_folded else 0,
            "can_fold": changes.is_folded or request.GET.get(FLAT) == "open",
            "unfolded": _with(request, FLAT, "" if request.GET.get(FLAT) == "open" else "open"),
            "count_up_to": COUNT_UP_TO,
            "meant": list(hidden_fields(meant)),
            "export_address": f"{reverse('admin:tradepost_listing_export')}?{meant.urlencode()}",
            "in_bar": [ask for ask in asks if ask.verb in _IN_BAR],
            "in_menu": [ask for ask in asks if ask.verb in _IN_MENU],
            "may_ask": bool(asks),
            "may_import": may(request, "catalogue import"),
            "many_channels": len(channels_in_use(request)) > 1,
            "shown": COLUMNS.keys() - settings.hidden,
            "columns": [(name, title, name not in settings.hidden) for name, title in COLUMNS.items()],
            "is_compact": settings.is_compact,
            "views": [(name, f"?{query}", query == here) for name, query in settings.views.items()],
            "here": here,
        }

    def view_view(self, request: HttpRequest) -> HttpResponse:
        """Posted, keep how somebody likes the list, or a view of it; theirs alone."""
        need(request, "listings list")
        settings, query = ListSettings.of(request, _TABLE), _view_of(QueryDict(request.POST.get("here", "")))
        name = request.POST.get("name", "")
        try:
            match request.POST.get("do"):
                case "keep":
                    settings.with_view(name, query).keep(request, _TABLE)
                    messages.success(request, f"Kept as the view '{' '.join(name.split())}'.")
                case "forget":
                    settings.without_view(name).keep(request, _TABLE)
                    messages.success(request, f"The view '{name}' is forgotten.")
                case "columns":
                    settings.with_columns(request.POST, COLUMNS).keep(request, _TABLE)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        return redirect(f"{reverse(_OPEN_TO)}?{query}")

    def family_view(self, request: HttpRequest, listing_id: int) -> HttpResponse:
        """The variants of a parent, as rows below it."""
        need(request, "listings list")
        parent = get_object_or_404(Listing, pk=listing_id)
        children = with_what_a_row_shows(parent.children.order_by("variant__position", "id"))[: _FAMILY + 1]
        rows = rows_of(list(children))
        shown = COLUMNS.keys() - ListSettings.of(request, _TABLE).hidden
        context = {"rows": rows[:_FAMILY], "parent": parent, "has_more": len(rows) > _FAMILY, "shown": shown}
        return render(
            request, "back_office/listings/listing_family.html", {**context, "may_ask": may(request, "listings hide")}
        )

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """Write what the list shows as a table, line by line."""
        need(request, "listings export")
        names = dict(Channel.objects.values_list("pk", "name"))
        pairs = self._fitting(request).order_by("channel_id", "pk").values_list("channel_id", "pk")
        ids: dict[int, list[int]] = {}
        for channel_id, number in pairs.iterator(chunk_size=SEEN_AT_ONCE):
            ids.setdefault(channel_id, []).append(number)
        answer = StreamingHttpResponse(_lines(ids), content_type="text/csv; charset=utf-8")
        of = names[next(iter(ids))] if len(ids) == 1 else "all"
        answer["Content-Disposition"] = f'attachment; filename="listings-{code_key(of)[:40]}.csv"'
        return answer

    def _fitting(self, request: HttpRequest) -> QuerySet[Listing]:
        """What fits the filter that an address has."""
        changes: ListingChangeList = self.get_changelist_instance(request)
        rows: QuerySet[Listing] = changes.get_queryset(request)
        return rows

    # --- asking for something -----------------------------------------------------------------------------------------

    def ask_view(self, request: HttpRequest, verb: str) -> HttpResponse:
        """Show what would become of listings; posted, do it."""
        ask = LISTING_ASKS.get(verb)
        if ask is None:
            raise Http404
        need(request, ask.act)
        if request.method == "POST":
            return self._asked(request, ask)
        return self._preview(request, ask)

    def _asked(self, request: HttpRequest, ask: ListingAsk) -> HttpResponse:
        """Do it, if it is still what was seen; else show it anew with what stands in the way."""
        who, is_now = request.user.get_username(), request.POST.get("do") == "now"
        try:
            terms = terms_of(ask, request.POST)
            if "after" in request.POST:
                return self._in_parts(request, ask, BulkPart.of(request))
            chosen = choose(request.GET, self._fitting(request), most=SEEN_AT_ONCE)
            why_not = self._why_not_yet(request, ask, chosen)
            if not why_not and chosen.has_more:
                return self._in_parts(request, ask, BulkPart())
            if not why_not:
                tell(request, ask, carry_out(ask, chosen.ids, terms, is_now=is_now, who=who), chosen.ids)
                # The page of one that is forgotten is no more.
                is_gone = ask.forgets and not chosen.is_all
                return redirect(_OPEN_TO if is_gone else _back(request, chosen))
        except NotAllowed as refusal:
            why_not = str(refusal)
        return self._preview(request, ask, why_not=why_not, typed=request.POST)

    def _in_parts(self, request: HttpRequest, ask: ListingAsk, part: BulkPart) -> HttpResponse:
        """Do the next part of what is more than a page can wait for; the answer asks for the one after it."""
        who, is_now = request.user.get_username(), request.POST.get("do") == "now"
        reached = next_part(ask, self._fitting(request), part, terms_of(ask, request.POST), is_now=is_now, who=who)
        if reached is not None:
            fields = [(name, value) for name, value in hidden_fields(request.POST) if name in _KEPT]
            return page(
                request,
                "back_office/listings/listing_asking.html",
                title=ask.label,
                ask=ask,
                part=reached,
                total=max(typed_number(request, "seen") or 0, reached.dealt_with),
                address=request.get_full_path(),
                fields=fields,
            )
        tell(request, ask, BulkOutcome(part.changed, refused={_LEFT: part.left} if part.left else {}), ())
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": _back(request, None)})
        return redirect(_back(request, None))

    def _why_not_yet(self, request: HttpRequest, ask: ListingAsk, chosen: ChosenListings) -> str:
        """More than a person has seen is never done, and what is for good is asked twice."""
        seen = typed_number(request, "seen")
        if chosen.is_all and (seen is None or chosen.number > seen):
            return f"{chosen.number:,} listings fit by now: look at them once more."
        if waits_for_ticks(ask, terms_of(ask, request.POST)):
            return "Tick what is to be left alone, or give a value."
        if not (ask.is_for_good or ask.forgets):
            return ""
        if chosen.number > SEEN_AT_ONCE:
            words = "forgotten" if ask.forgets else "removed for good"
            return f"More than {SEEN_AT_ONCE:,} at once are not {words}; narrow the list."
        if ask.forgets:
            gone = preview(ask, chosen, Terms()).changed
            is_typed = typed_number(request, "number") == gone
            return "" if is_typed else f"Type how many listings are forgotten: {gone:,}. Nothing was done."
        going = len(preview(ask, chosen, terms_of(ask, request.POST)).products)
        if typed_number(request, "number") != going:
            return f"Type how many products leave the store for good: {going:,}. Nothing was queued."
        return "" if is_same_person(request) else "That is not your password; nothing was queued."

    def _preview(
        self, request: HttpRequest, ask: ListingAsk, *, why_not: str = "", typed: QueryDict | None = None
    ) -> HttpResponse:
        said = request.GET if typed is None else typed
        seen: BulkPreview | None = None
        chosen: ChosenListings | None = None
        more: dict[str, Any] = {}
        try:
            terms = terms_of(ask, said)
        except NotAllowed as refusal:
            why_not, terms = why_not or str(refusal), terms_of(ask, QueryDict())
        try:
            chosen = choose(request.GET, self._fitting(request), most=SEEN_AT_ONCE)
            seen = None if waits_for_ticks(ask, terms) else preview(ask, chosen, terms)
            more = {"groups": list(group_choices(ask, terms)), "timings": timings(ask, chosen.ids)}
        except NotAllowed as refusal:
            why_not = why_not or str(refusal)
        return page(
            request,
            "back_office/listings/listing_ask.html",
            title=f"{ask.label}: {_of_what(chosen, seen)}" if chosen is not None else ask.label,
            ask=ask,
            chosen=chosen,
            seen=seen,
            why_not=why_not,
            waits_for_ticks=chosen is not None and waits_for_ticks(ask, terms),
            address=request.get_full_path(),
            back=_back(request, chosen),
            in_panel=is_in_panel(request),
            seen_up_to=SEEN_AT_ONCE,
            has_values=ask.verb == "lock",
            price=said.get("price", ""),
            quantity=said.get("quantity", ""),
            **more,
        )

    # --- one listing --------------------------------------------------------------------------------------------------

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show a listing; posted, take down how many there are."""
        need(request, "listings show")
        listing = self._listing(key)
        refusal, typed = "", ""
        if request.method == "POST":
            need(request, "catalogue state-count")
            typed = request.POST.get("number", "").strip()
            try:
                messages.success(request, state_count(listing, typed, who=request.user.get_username()))
            except NotAllowed as why_not:
                refusal = str(why_not)
            else:
                return redirect(request.get_full_path())
        context = {**page_context(request, listing), "count_refusal": refusal, "typed_count": typed}
        return page(request, "back_office/listings/listing.html", title=listing.product.title, **context)

    def _listing(self, number: str) -> Listing:
        return get_object_or_404(with_all_of_a_row(Listing.objects.all()), pk=needed_row_number(number))

    def candidates_view(self, request: HttpRequest, listing_id: int) -> HttpResponse:
        """Show what the store has that a listing could be; posted, link it to the one that is meant."""
        need(request, "listings candidates")
        listing = self._listing(str(listing_id))
        if request.method == "POST":
            need(request, "listings link")
            return self._linked(request, listing)
        found: list[LinkCandidate] = []
        why_not = ""
        try:
            found = _candidates(listing)
        except TradepostError as refusal:
            why_not = str(refusal)
        return page(
            request,
            "back_office/listings/listing_candidates.html",
            title=f"Which product of the store is {listing.sku}?",
            listing=listing,
            candidates=found,
            why_not=why_not,
            may_link=may(request, "listings link"),
        )

    def _linked(self, request: HttpRequest, listing: Listing) -> HttpResponse:
        here = reverse("admin:tradepost_listing_change", args=[listing.pk])
        chosen = request.POST.get("product", "").strip()
        if not chosen:
            self.message_user(request, "Choose one of the products.", messages.WARNING)
            return redirect("admin:tradepost_listing_candidates", listing.pk)
        try:
            run = request_run(
                listing.channel_id,
                "link",
                scope=[listing.pk],
                options={LINK_TO: {str(listing.pk): chosen}},
                requested_by=request.user.get_username(),
            )
        except NotAllowed as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return redirect(here)
        messages.success(request, run_link(run.pk, "links it."))
        return redirect(here)


def _candidates(listing: Listing) -> list[LinkCandidate]:
    """Ask the store what it has. Raises TradepostError."""
    listings = wiring.listings.listings_of(listing.channel_id)
    settings = wiring.channels.profile_of(listing.channel).settings
    (row,) = listings.by_ids([listing.pk])
    with wiring.stores.open_store(listing.channel) as store:
        return candidates_of(
            row, store=store, listings=listings, rules=settings.rules, priority=settings.linking_priority
        )


def _lines(ids: dict[int, list[int]]) -> Iterator[str]:
    """The lines of all channels; those that send other fields have other columns."""
    tables = [
        wiring.listings.listed_rows(channel, ids[channel.pk]) for channel in Channel.objects.filter(pk__in=list(ids))
    ]
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    yield from wiring.listings.listing_lines(columns, (row for table in tables for row in table.rows()))


def _filter_of(request: HttpRequest) -> QueryDict:
    """What the list is narrowed by, as an address says it: with the channel that is looked at, and without a place."""
    meant = request.GET.copy()
    for name in (*_PLACES, *ASKED_NAMES):
        meant.pop(name, None)
    chosen = chosen_channel(request)
    if chosen is not None and CHANNEL not in meant:
        meant[CHANNEL] = str(chosen)
    return meant


def _view_of(asked: QueryDict) -> str:
    """What a view keeps of an address: what the list is narrowed and sorted by, and not how far somebody has read."""
    kept = asked.copy()
    for name in (AFTER, BEFORE, *ASKED_NAMES):
        kept.pop(name, None)
    return kept.urlencode()


def _with(request: HttpRequest, name: str, value: str) -> str:
    """The address of the list with another value of this, from its first row."""
    meant = request.GET.copy()
    for each in (AFTER, BEFORE):
        meant.pop(each, None)
    meant.pop(name, None)
    if value:
        meant[name] = value
    return f"?{meant.urlencode()}"


def _back(request: HttpRequest, chosen: ChosenListings | None) -> str:
    """Where somebody came from: the page of a listing, or the list as it was narrowed."""
    named = request.GET.get("back", "")
    if named and url_has_allowed_host_and_scheme(named, {request.get_host()}, require_https=request.is_secure()):
        return named
    if chosen is not None and chosen.single is not None and not chosen.is_all:
        return reverse("admin:tradepost_listing_change", args=[chosen.single])
    narrowed = request.GET.copy()
    for name in ASKED_NAMES:
        narrowed.pop(name, None)
    return f"{reverse(_OPEN_TO)}?{narrowed.urlencode()}" if narrowed else reverse(_OPEN_TO)


def _of_what(chosen: ChosenListings, seen: BulkPreview | None) -> str:
    words = f"{chosen.number:,} listing" if chosen.number == 1 else f"{chosen.number:,} listings"
    has_more = seen is not None and seen.changed + seen.unchanged + seen.left > chosen.number
    return f"{words} with {'its' if chosen.number == 1 else 'their'} variants" if has_more else words
