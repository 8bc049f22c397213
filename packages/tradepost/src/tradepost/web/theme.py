"""How the back office looks: title, colours and the pages in its side bar. Read by the settings."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _page(title: str, icon: str, name: str, *, act: str = "overview show") -> dict[str, Any]:
    """Name a page in the side bar for those who may do `act`."""

    def is_shown(request: HttpRequest) -> bool:
        # The settings read this module before there are tables, of which people are one.
        from tradepost.web.rights import may  # noqa: PLC0415

        return may(request, act)

    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}"), "permission": is_shown}


def _favicon(_request: HttpRequest) -> str:
    return static("back_office/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Tradepost",
    "SITE_HEADER": "Tradepost",
    "SITE_SUBHEADER": "Channel manager",
    "SITE_SYMBOL": "storefront",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _favicon}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(60% .118 184.704)",
            "700": "oklch(51.1% .096 186.391)",
            "800": "oklch(43.7% .078 188.216)",
            "900": "oklch(38.6% .063 188.416)",
            "950": "oklch(27.7% .046 192.524)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {"items": [_page("Overview", "dashboard", "index")]},
            {
                "title": "Channels",
                "separator": True,
                "items": [
                    _page("Listings", "sell", "tradepost_listing_changelist"),
                    _page("Orders", "receipt_long", "tradepost_order_changelist"),
                    _page("Parked orders", "report", "tradepost_parkedorderrecord_changelist"),
                    _page("Shipments", "local_shipping", "tradepost_shipmentrecord_changelist"),
                    _page("Fetched files", "move_to_inbox", "tradepost_fetchedfile_changelist"),
                    _page("Plans", "checklist", "tradepost_savedplan_changelist"),
                    _page("Runs", "play_circle", "tradepost_run_changelist"),
                    _page("Channels", "hub", "tradepost_channel_changelist"),
                ],
            },
            {
                "title": "Catalogue",
                "separator": True,
                "items": [_page("Products", "inventory_2", "tradepost_productrecord_changelist")],
            },
            {
                "title": "Hub",
                "separator": True,
                "items": [
                    _page("People", "group", "tradepost_person_changelist", act="users list"),
                    _page("Audit trail", "history", "tradepost_auditentry_changelist", act="audit list"),
                ],
            },
        ],
    },
}
