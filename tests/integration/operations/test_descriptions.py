"""Descriptions from a file to a shopper's page: what runs is left out, and said, unless a channel wants it."""

from dataclasses import replace

import httpx2
import pytest

from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Outcome, RunState

from .conftest import HEADER

HOSTILE = "<p onclick='a()'>Warm</p><script>a()</script><script src=//evil.example/b.js></script>"
FAMILY = (
    f'tee,Cotton Tee,"{HOSTILE}",Acme,Shirts,Colour,Red,Size,M,TEE-RED-M,400,5,15.00,,\n'
    "tee,,,,,,Red,,L,TEE-RED-L,400,3,15.00,,\n"
)
MUG = f'mug,Enamel Mug,"{HOSTILE}",Acme,Kitchen,,,,,MUG-01,210,14,7.90,,\n'
WENT = "2 scripts, 1 handler removed from the description of"


def page(shop, code):
    """The product's page as a browser gets it, before it runs anything."""
    address = f"{shop.sandbox.storefront}?Screen=PROD&Store_Code=sandbox&Product_Code={code}"
    return httpx2.get(address, trust_env=False).text


def told(run):
    return [result.message for result in run.results if "removed from the description" in result.message]


def rules(shop, **changes):
    shop.settings = replace(shop.settings, rules=replace(shop.settings.rules, **changes))


@pytest.mark.parametrize(
    ("layout", "code"), [(Layout.NATIVE, "tee"), (Layout.FLAT, "TEE-RED-L"), (Layout.SIMPLE, "TEE-RED-L")]
)
def test_what_runs_does_not_reach_the_shopper(shop, layout, code):
    rules(shop, layout=layout)
    shop.import_text(HEADER + FAMILY + MUG)

    run = shop.publish()

    assert (run.counts.state, run.bad()) == (RunState.COMPLETED, [])
    for shown in (code, "MUG-01"):
        assert '<div id="description"><p>Warm</p></div>' in page(shop, shown)
    assert told(run) == [f"{WENT} tee", f"{WENT} MUG-01"]


def test_a_preview_says_what_will_go(shop):
    shop.import_text(HEADER + MUG)

    run = shop.publish(is_dry=True)

    assert told(run) == [f"{WENT} MUG-01"]
    (left_out,) = [result for result in run.results if result.message]
    assert left_out.outcome is Outcome.SKIPPED


def test_plan_fingerprint_and_proof_are_of_the_same_text(shop):
    shop.import_text(HEADER + MUG)
    shop.publish()

    shop.queue(Pending.OVERWRITE, "MUG-01", groups=[Group.TEXTS])
    run = shop.publish()

    assert run.units == []
    assert shop.listing("MUG-01").pending == ""


def test_a_channel_that_wants_it_gets_the_description_as_it_was_written(shop):
    rules(shop, cleans_descriptions=False)
    shop.import_text(HEADER + MUG)

    run = shop.publish()

    assert shop.on_store()["mug-01"].description == HOSTILE
    assert f'<div id="description">{HOSTILE}</div>' in page(shop, "MUG-01")
    assert told(run) == []


def test_turning_the_setting_on_again_cleans_what_is_there_with_an_overwrite(shop):
    rules(shop, cleans_descriptions=False)
    shop.import_text(HEADER + MUG)
    shop.publish()
    rules(shop, cleans_descriptions=True)

    shop.queue(Pending.OVERWRITE, "MUG-01", groups=[Group.TEXTS])
    run = shop.publish()

    assert (shop.on_store()["mug-01"].description, told(run)) == ("<p>Warm</p>", [f"{WENT} MUG-01"])
