"""
What a person says of a product where no file can: it has another name, is something else, or is no more.

Each is previewed with what becomes of every listing, and is the call that its command makes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html

from tradepost import wiring
from tradepost.database.models import Listing, ProductRecord
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing import Link
from tradepost.domain.plan import Change
from tradepost.engine.chains import chain_decreases
from tradepost.operations.catalogue.catalogue_changes import (
    CatalogueChangePorts,
    CataloguePlan,
    carry_out,
    plan_merger,
    plan_removal,
    plan_renaming,
)
from tradepost.web.orders.deeds import run_link
from tradepost.web.rights import need
from tradepost.web.shell.page import page

_SHOWN = 50
_LONGEST = 255
_STALE = "Meanwhile something has changed; look at the preview again."


@dataclass(frozen=True, slots=True)
class ProductDeed:
    """
    Something that is done with a product (`of_product` names it) or with one SKU of it.

    `asks`: what is to be typed; blank where nothing is. `keeps`: what stays as it is, whatever becomes of listings.
    """

    act: str
    title: str
    of_product: str
    asks: str
    keeps: str
    done: str
    plan: Callable[[str, str, CatalogueChangePorts], CataloguePlan]


def _removal(before: str, _after: str, ports: CatalogueChangePorts) -> CataloguePlan:
    return plan_removal([before], ports)


PRODUCT_DEEDS: Mapping[str, ProductDeed] = {
    "rename": ProductDeed(
        "catalogue rename",
        "Rename {}",
        "Change the handle…",
        "What it is called from now on",
        "Orders keep the SKU that they were placed with, and stay joined to the listing. Do it before a file brings "
        "the new name: else the file makes something new of it. To take it back, rename it again.",
        "{before} is {after} now.",
        plan_renaming,
    ),
    "merge": ProductDeed(
        "catalogue merge",
        "{} is another one",
        "",
        "The SKU that it is the same as, and that stays",
        "{before} leaves the catalogue, with its price and its count; those of the SKU that stays hold. Orders keep "
        "the SKU that they were placed with. This can't be taken back: a file that brings {before} again makes it "
        "something new.",
        "{before} and {after} are one: {after} stays.",
        plan_merger,
    ),
    "remove": ProductDeed(
        "catalogue remove",
        "Take {} out of the catalogue",
        "Take it out of the catalogue…",
        "",
        "Nothing is deleted on a store, and orders keep all that they have. A file that brings it again puts it back "
        "on sale.",
        "{before} is out of the catalogue.",
        _removal,
    ),
}


def product_deed(request: HttpRequest, product_id: int, deed: str) -> HttpResponse:
    """Ask what is needed, and show what becomes of each listing; posted once more, do it."""
    chosen = PRODUCT_DEEDS.get(deed)
    need(request, "" if chosen is None else chosen.act)
    assert chosen is not None, "nobody may do what there is not"
    product = get_object_or_404(ProductRecord, pk=product_id)
    given = request.POST if request.method == "POST" else request.GET
    before, after = given.get("of", "") or product.handle, given.get("after", "").strip()
    ports = wiring.catalogue.catalogue_change_ports(requested_by=request.user.get_username())
    plan, refusal = None, ""
    try:
        # What a file has replaced by something new is gone already, and can still be said to be that.
        if before != product.handle and not product.variants.filter(sku=before).exists():
            raise NotAllowed(f"{product.handle} has no SKU {before} any more; load its page again.")
        if request.method == "POST" or not chosen.asks:
            plan = chosen.plan(before, _typed(after, chosen), ports)
        if plan is not None and request.POST.get("do") == "do":
            if request.POST.get("seen") == str(len(plan.changes)):
                return _done(request, product, plan, ports, chosen.done.format(before=before, after=after))
            refusal = _STALE
    except NotAllowed as reason:
        refusal = str(reason)
    return page(
        request,
        "back_office/catalogue/product_deed.html",
        title=chosen.title.format(before),
        product=product,
        deed=chosen,
        is_removal=not chosen.asks,
        before=before,
        after=after,
        longest=_LONGEST,
        keeps=chosen.keeps.format(before=before),
        refusal=refusal,
        plan=plan,
        changes=len(plan.changes) if plan else 0,
        pieces=sum(change.before("quantity") or 0 for change in plan.changes) if plan else 0,
        sentences=_consequences(plan) if plan else (),
    )


def _typed(after: str, deed: ProductDeed) -> str:
    if deed.asks and not after:
        raise NotAllowed(f"“{deed.asks}” is blank; type it.")
    if len(after) > _LONGEST:
        raise NotAllowed(f"A handle or SKU has at most {_LONGEST} characters.")
    return after


def _done(
    request: HttpRequest, product: ProductRecord, plan: CataloguePlan, ports: CatalogueChangePorts, words: str
) -> HttpResponse:
    carry_out(plan, ports)
    messages.success(request, words)
    for run in chain_decreases(requested_by=request.user.get_username()):
        messages.success(
            request, format_html("{} takes off sale on {} what is gone.", run_link(run, f"Run {run.pk}"), run.of)
        )
    return redirect("admin:tradepost_productrecord_change", product.pk)


# --- what becomes of listings -----------------------------------------------------------------------------------------


def _consequences(plan: CataloguePlan) -> list[tuple[str, Sequence[str], int]]:
    """Say by channel what becomes of its listings: the first ones, and how many more."""
    shown = [change.listing_id or 0 for found in plan.by_channel.values() for change in found[:_SHOWN]]
    listings = {each.pk: each for each in Listing.objects.filter(pk__in=shown).select_related("channel")}
    told: list[tuple[str, Sequence[str], int]] = []
    for found in plan.by_channel.values():
        pairs = [
            (change, listings[change.listing_id or 0]) for change in found[:_SHOWN] if change.listing_id in listings
        ]
        if pairs:
            sentences = [_sentence(change, listing) for change, listing in pairs]
            told.append((pairs[0][1].channel.name, sentences, len(found) - len(pairs)))
    return told


def _sentence(change: Change, listing: Listing) -> str:
    field = change.fields[0]
    is_on_store = listing.link == Link.LINKED.value
    if field.name == "sku":
        if is_on_store:
            return f"{listing.code} keeps its code on the store; the next publish sends the SKU {field.after}."
        return f"{listing.code} is not on the store; it is the listing of {field.after} from now on."
    if not is_on_store:
        return f"{listing.code} is not on the store, and is not published any more."
    pieces = "how many are on sale there is not known" if field.before is None else f"{field.before:,} on sale there"
    return (
        f"{listing.code} goes off sale with the next sync ({pieces}); its product stays on the store with a stock of 0."
    )
