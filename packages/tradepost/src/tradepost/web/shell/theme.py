"""How the back office looks: title and colours; read by the settings. Its parts and their pages are in `sections`."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


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
            # Dark enough to be read on white, and to have white read on it.
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(46.5% .086 187.3)",
            "800": "oklch(42% .075 188.216)",
            "900": "oklch(38.6% .063 188.416)",
            "950": "oklch(27.7% .046 192.524)",
        },
    },
    "STYLES": [lambda _request: static("back_office/back_office.css")],
    "SCRIPTS": [lambda _request: static("back_office/back_office.js")],
}
