"""The parts of the back office and the pages of each: the one place that says what is where."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from tradepost.web.rights import may

_LOOK = "overview show"


@dataclass(frozen=True, slots=True)
class SectionPage:
    """A page of a part. `name`: of its address; `also`: how names of addresses begin that belong to it."""

    title: str
    name: str
    also: tuple[str, ...] = ()
    act: str = _LOOK

    def holds(self, url_name: str) -> bool:
        begins = (self.name.removesuffix("_changelist"), *self.also)
        return url_name == self.name or any(url_name.startswith(f"{begin}_") for begin in begins)


@dataclass(frozen=True, slots=True)
class Section:
    """A part, led into by its first page."""

    title: str
    icon: str
    pages: tuple[SectionPage, ...]

    def holds(self, url_name: str) -> bool:
        return any(each.holds(url_name) for each in self.pages)


SECTIONS: Sequence[Section] = (
    Section("Today", "today", (SectionPage("Today", "index"),)),
    Section("Listings", "sell", (SectionPage("Listings", "tradepost_listing_changelist"),)),
    Section(
        "Orders",
        "receipt_long",
        (
            SectionPage("Orders", "tradepost_order_changelist", also=("tradepost_parkedorderrecord",)),
            SectionPage("Shipments", "tradepost_shipmentrecord_changelist"),
            SectionPage("Fetched files", "tradepost_fetchedfile_changelist"),
            SectionPage("Where shipments come from", "shipment_sources", also=("shipment_source",)),
            SectionPage("Who takes orders", "consumers", also=("consumer",)),
        ),
    ),
    Section(
        "Catalogue",
        "inventory_2",
        (
            SectionPage("Products", "tradepost_productrecord_changelist"),
            SectionPage("Imports", "tradepost_upload_changelist"),
            SectionPage("Sources", "tradepost_source_changelist"),
        ),
    ),
    Section(
        "Activity",
        "play_circle",
        (
            SectionPage("Activity", "tradepost_run_changelist", also=("tradepost_runchange",)),
            SectionPage("Plans", "tradepost_savedplan_changelist"),
        ),
    ),
    Section(
        "Settings",
        "settings",
        (
            SectionPage("All settings", "settings"),
            SectionPage("Channels", "tradepost_channel_changelist", also=("first",)),
            SectionPage("Notifications", "notifications", act="notify list"),
            SectionPage("People", "tradepost_person_changelist", act="users list"),
            SectionPage("Personal data", "personal_data", act="personal-data export"),
            SectionPage("Audit trail", "tradepost_auditentry_changelist", act="audit list"),
        ),
    ),
)
ON_A_PHONE = 4
"""So many parts are at the bottom of a phone; the rest is in its menu."""


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link of the shell."""

    title: str
    address: str
    is_here: bool
    icon: str = ""


def section_links(request: HttpRequest) -> list[ShownLink]:
    here = _here(request)
    return [
        ShownLink(each.title, _address(each.pages[0]), is_here=each.holds(here), icon=each.icon)
        for each in SECTIONS
        if may(request, each.pages[0].act)
    ]


def page_links(request: HttpRequest) -> list[ShownLink]:
    """The pages beside the one that is shown; none where it is the only one."""
    here = _here(request)
    section = next((each for each in SECTIONS if each.holds(here)), None)
    shown = [] if section is None else [each for each in section.pages if may(request, each.act)]
    if len(shown) < 2:  # noqa: PLR2004 one page needs no choice
        return []
    return [ShownLink(each.title, _address(each), is_here=each.holds(here)) for each in shown]


def _here(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name or "") if match is not None else ""


def _address(shown: SectionPage) -> str:
    return reverse(f"admin:{shown.name}")
