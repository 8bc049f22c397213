"""Sentences that name a command, on pages: the page that does the same is a link."""

import pytest
from django.utils.html import format_html

from tradepost.web.shell.spoken_commands import on_page


def link(address: str, command: str, words: str) -> str:
    return f'<a class="text-link" href="{address}" title="tradepost {command}">{words}</a>'


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Nothing to do.", "Nothing to do."),
        (
            "'tradepost listings link HP-MUG --to 7' chooses one.",
            link("/tradepost/listing/?q=HP-MUG", "listings link HP-MUG --to 7", "Listings: link") + " chooses one.",
        ),
        (
            "'tradepost listings attention' has them.",
            link("/tradepost/listing/", "listings attention", "Listings") + " has them.",
        ),
        (
            "See 'tradepost runs show 12'.",
            "See " + link("/tradepost/run/12/change/", "runs show 12", "Activity") + ".",
        ),
        ("'tradepost channel go-live shop' lets it go on.", "“Go live” lets it go on."),
        (
            "'tradepost channel pause shop' stops it.",
            link("/tradepost/channel/", "channel pause shop", "Settings: pause") + " stops it.",
        ),
        (
            "'tradepost shipments fetch-from NAME ADDRESS' adds one.",
            link("/tradepost/shipmentrecord/sources/", "shipments fetch-from NAME ADDRESS", "Where shipments come from")
            + " adds one.",
        ),
        ("'tradepost database restore' needs a shell.", "&#x27;tradepost database restore&#x27; needs a shell."),
    ],
)
def test_a_command_is_the_way_to_its_page(sentence, shown):
    assert on_page(sentence) == shown


def test_what_a_merchant_wrote_stays_text():
    shown = on_page("'tradepost listings link <b>\"x\"' and <i>")

    assert "<b>" not in shown
    assert "<i>" not in shown
    assert '"x"' not in shown.replace("q=", "")


def test_a_link_that_a_page_wrote_itself_is_kept():
    assert on_page(format_html("<a href='{}'>Run</a>", "/x/")) == "<a href='/x/'>Run</a>"
