"""The table of listings: what is on which store, what was asked for, and what needs a person."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from unfold.widgets import INPUT_CLASSES  # type: ignore[import-untyped] # the package has no types

from tradepost.database.models import AttentionRecord, Channel, Listing, RunChange
from tradepost.database.models.allowed import choices
from tradepost.database.models.listing import IN_LISTS
from tradepost.database.search import found_listings
from tradepost.domain.attention import Attention
from tradepost.domain.listing import APPLIED_BY, Pending
from tradepost.domain.stock import offered
from tradepost.engine.requests import RequestOutcome, preview_change, products_that_go, request_change
from tradepost.engine.schedules import when_applied
from tradepost.web.columns import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter, column
from tradepost.web.format import HEALTH_COLOURS, LINK_COLOURS, NOTHING, field_lines, money, number, spoken
from tradepost.web.read_only import ReadOnlyTable
from tradepost.web.rights import asks
from tradepost.web.sign_in import is_same_person
from tradepost.web.site import site

HISTORY_LENGTH = 50
# Beyond this, a selection would take longer than a page may: commands do it in the background.
MOST_AT_ONCE = 10_000
ATTENTION_PARAMETER = "attention"


class AttentionFilter(DropdownFilter):  # type: ignore[misc] # the package has no types
    """Listings that need a person for one reason, whatever other reasons they have."""

    title = "attention"
    parameter_name = ATTENTION_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 Django's form
        return choices(Attention)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Listing]) -> QuerySet[Listing]:  # noqa: ARG002 Django's form
        kind = self.value()
        if not kind:
            return queryset
        if kind not in list(Attention):
            raise IncorrectLookupParameters(f"No attention is called {kind!r}.")
        return queryset.filter(pk__in=AttentionRecord.objects.filter(kind=kind).values("listing_id"))


@admin.register(Listing, site=site)
class ListingTable(ReadOnlyTable):
    """Listings, with the changes that may be asked for."""

    act = "listings list"
    channel_path = "channel"
    list_display = (
        "listing",
        "title",
        "kind",
        "health_label",
        "link_label",
        "asked",
        "price",
        "quantity",
        "attention_text",
    )
    list_display_links = ("listing",)
    list_filter = (
        ("channel", RelatedDropdownFilter),
        ("health", ChoicesDropdownFilter),
        ("link", ChoicesDropdownFilter),
        ("pending", ChoicesDropdownFilter),
        AttentionFilter,
        "is_inactive",
        "is_paused",
        ("kind", ChoicesDropdownFilter),
    )
    list_select_related = ("product", "channel")
    search_fields = ("sku",)
    search_help_text = "Pieces of a SKU, a code or the title"
    sorted_by = {"listing": "code_key", "price": "wanted_price"}
    sorted_within = "channel"
    list_condition = IN_LISTS
    actions = ("publish", "overwrite", "hide", "unhide", "delist")
    fieldsets = (
        (None, {"fields": ("channel", "product", "kind", "code", "sku", "parent")}),
        ("Status", {"fields": ("health_label", "link_label", "asked", "is_paused", "external_id")}),
        ("Wanted and proven", {"fields": ("price", "proven_price_text", "quantity", "expected", "proven_at")}),
        ("Attention", {"fields": ("attention_reasons", "drift")}),
        ("History", {"fields": ("history",)}),
    )
    readonly_fields = (
        "health_label",
        "link_label",
        "asked",
        "price",
        "proven_price_text",
        "quantity",
        "expected",
        "attention_reasons",
        "drift",
        "history",
    )

    # --- columns ---

    @column("Listing", two_lines=True)
    def listing(self, row: Listing) -> list[str]:
        return [row.code, row.channel.name]

    @column("Title")
    def title(self, row: Listing) -> str:
        return row.product.title

    @column("Health", label=HEALTH_COLOURS)
    def health_label(self, row: Listing) -> str:
        return spoken(row.shown_health)

    @column("Link", label=LINK_COLOURS)
    def link_label(self, row: Listing) -> str:
        return spoken(row.link)

    @column("Asked for")
    def asked(self, row: Listing) -> str:
        overlays = ("paused" if row.is_paused else "", "parked" if row.is_parked else "")
        return ", ".join(part for part in (row.pending, *overlays) if part) or NOTHING

    @column("Price")
    def price(self, row: Listing) -> str:
        return money(row.wanted_price)

    @column("Price on the store")
    def proven_price_text(self, row: Listing) -> str:
        return money(row.proven_price)

    @column("Quantity")
    def quantity(self, row: Listing) -> str:
        return NOTHING if row.kind == "parent" else number(None if row.available is None else offered(row.available))

    @column("Quantity on the store by now")
    def expected(self, row: Listing) -> str:
        if row.account is None:
            return "never proven"
        return number(row.account)

    @column("Attention")
    def attention_text(self, row: Listing) -> str:
        return ", ".join(spoken(noted.kind) for noted in _noted(row)) or NOTHING

    @column("What needs a person")
    def attention_reasons(self, row: Listing) -> SafeString | str:
        return (
            format_html_join(
                mark_safe("<br>"),
                "{} since {}: {}",
                (
                    (spoken(noted.kind), date_format(localtime(noted.since), "Y-m-d H:i"), noted.message)
                    for noted in _noted(row)
                ),
            )
            or NOTHING
        )

    @column("Changed by others on the store")
    def drift(self, row: Listing) -> SafeString | str:
        return (
            format_html_join(
                mark_safe("<br>"),
                "{}, {}: {}",
                (
                    (
                        spoken(noted.group),
                        "kept" if noted.is_kept else "not decided",
                        noted.words,
                    )
                    for noted in row.drifts.order_by("group")
                ),
            )
            or NOTHING
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        rows: QuerySet[Listing] = super().get_queryset(request)
        return rows.prefetch_related("attentions")

    @column("What was done, newest first")
    def history(self, row: Listing) -> SafeString:
        changes = RunChange.history_of(row.pk)[:HISTORY_LENGTH]
        if not changes:
            return mark_safe("Nothing yet.")
        return format_html_join(
            mark_safe("<br>"),
            "run {}: {} {}{} {}",
            (
                (
                    change.run_id,
                    change.action,
                    change.outcome or "planned",
                    f": {change.message}" if change.message else "",
                    f"({'; '.join(field_lines(change.fields))})" if change.fields else "",
                )
                for change in changes
            ),
        )

    # --- looking for one ---

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django\'s form
        queryset: QuerySet[Listing],
        search_term: str,
    ) -> tuple[QuerySet[Listing], bool]:
        return found_listings(queryset, search_term), False

    # --- asking for changes ---

    @asks("listings publish", "Publish")
    def publish(self, request: HttpRequest, queryset: QuerySet[Listing]) -> HttpResponse | None:
        return self._ask(request, queryset, Pending.PUBLISH)

    @asks("listings overwrite", "Overwrite the content")
    def overwrite(self, request: HttpRequest, queryset: QuerySet[Listing]) -> HttpResponse | None:
        return self._ask(request, queryset, Pending.OVERWRITE)

    @asks("listings hide", "Hide (show as out of stock)")
    def hide(self, request: HttpRequest, queryset: QuerySet[Listing]) -> HttpResponse | None:
        return self._ask(request, queryset, Pending.HIDE)

    @asks("listings unhide", "Unhide")
    def unhide(self, request: HttpRequest, queryset: QuerySet[Listing]) -> HttpResponse | None:
        return self._ask(request, queryset, Pending.UNHIDE)

    @asks("listings delist", "Delist (remove from the store for good)")
    def delist(self, request: HttpRequest, queryset: QuerySet[Listing]) -> HttpResponse | None:
        return self._ask(request, queryset, Pending.DELIST)

    def _ask(self, request: HttpRequest, queryset: QuerySet[Listing], change: Pending) -> HttpResponse | None:
        chosen = list(queryset.order_by().values_list("channel_id", "pk")[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            self.message_user(
                request,
                f"That is more than {MOST_AT_ONCE:,} listings; narrow the selection, or use "
                f"'tradepost listings {change.value} --all'.",
                messages.ERROR,
            )
            return None
        by_channel: dict[int, list[int]] = {}
        for channel_id, listing_id in chosen:
            by_channel.setdefault(channel_id, []).append(listing_id)
        is_confirmed = request.POST.get("confirmed") == change.value
        if is_confirmed and change is Pending.DELIST and not is_same_person(request):
            self.message_user(request, "That is not your password; nothing was queued.", messages.ERROR)
            is_confirmed = False
        if change is Pending.DELIST and not is_confirmed:
            previews = [preview_change(channel_id, ids, change) for channel_id, ids in by_channel.items()]
            return self._confirmation(request, previews, by_channel, change, whens=_whens(by_channel, change))
        for channel_id, ids in by_channel.items():
            asked = request_change(channel_id, ids, change, requested_by=request.user.get_username())
            self._tell(request, asked, change, channel_id=channel_id)
        return None

    def _confirmation(
        self,
        request: HttpRequest,
        previews: list[RequestOutcome],
        by_channel: dict[int, list[int]],
        change: Pending,
        *,
        whens: Sequence[str],
    ) -> TemplateResponse:
        refused: dict[str, int] = {}
        for preview in previews:
            for reason, count in preview.refused.items():
                refused[reason] = refused.get(reason, 0) + count
        context = {
            **self.admin_site.each_context(request),
            "title": "Delist",
            "opts": self.opts,
            "change": change.value,
            "whens": whens,
            "eligible": sum(preview.queued for preview in previews),
            "products": [
                product
                for channel_id, ids in by_channel.items()
                for product in products_that_go(channel_id, ids, change)
            ],
            "refused": sorted(refused.items()),
            "selected": [listing_id for ids in by_channel.values() for listing_id in ids],
            "select_name": ACTION_CHECKBOX_NAME,
            "input_classes": " ".join(INPUT_CLASSES),
        }
        return TemplateResponse(request, "back_office/confirm.html", context)

    def _tell(self, request: HttpRequest, asked: RequestOutcome, change: Pending, *, channel_id: int) -> None:
        if asked.queued:
            self.message_user(
                request,
                f"Queued '{change.value}' for {asked.queued:,} listings; "
                f"{when_applied(channel_id, APPLIED_BY[change])}.",
                messages.SUCCESS,
            )
        if asked.unchanged:
            self.message_user(request, f"{asked.unchanged:,} were queued already.", messages.INFO)
        for reason, count in sorted(asked.refused.items()):
            self.message_user(request, f"{count:,} left as they are: {reason}", messages.WARNING)


def _noted(row: Listing) -> list[AttentionRecord]:
    """What has held longest first."""
    return sorted(row.attentions.all(), key=lambda noted: (noted.since, noted.pk))


def _whens(channel_ids: Collection[int], change: Pending) -> list[str]:
    """Say for each channel when a change is applied, with its name where there are several."""
    names = dict(Channel.objects.filter(pk__in=channel_ids).values_list("pk", "name"))
    whens = {key: when_applied(key, APPLIED_BY[change]) for key in names}
    return [f"{names[key]}: {when}" if len(names) > 1 else when for key, when in whens.items()]
