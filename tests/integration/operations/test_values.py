"""What a shopper finds: prices, and what is for sale, whatever the merchant's data says and whoever was at it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from attentions import kinds_of, reason_of
from miva_sandbox import provisioning
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.models import Channel
from tradepost.database.stock.explanations import explained_stocks
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Outcome
from tradepost.domain.stock.stock_explanation import explain

from .conftest import CUP, HEADER, MUG, TEE

PAGES = ("tee", "MUG-01", "CUP-01")


def prices_of(shopper):
    """What a shopper pays for what can be bought on any page, by SKU."""
    return {sku: {price.removeprefix("$") for *_, price in found} for sku, found in shopper.sold(PAGES).items()}


def set_limits(shop, **limits):
    """As `channel set` does."""
    Channel.objects.filter(pk=shop.channel.pk).update(**limits)
    shop.settings = replace(shop.settings, **limits)
    channels = DjangoChannels(cipher=lambda: None)
    channels.outdate_wanted(shop.channel.pk)
    channels.refresh_wanted(shop.channel.pk)


# --- prices that are held back ----------------------------------------------------------------------------------------


def test_what_costs_nothing_is_not_published_until_it_has_a_price_or_that_is_meant(shop, shopper):
    report = shop.import_text(HEADER + MUG.replace(",7.90,", ",0.00,") + CUP + TEE.replace(",3,15.00,", ",3,0,"))

    run = shop.publish()
    first = prices_of(shopper)
    flagged = {sku for sku in ("MUG-01", "CUP-01", "TEE-RED-L") if "price_held" in kinds_of(shop.listing(sku))}
    shop.import_text(HEADER + MUG)
    set_limits(shop, allows_zero_prices=True)
    shop.publish()

    assert first == {"CUP-01": {"4.50"}, "TEE-RED-M": {"15.00"}}
    assert flagged == {"MUG-01", "TEE-RED-L"}
    assert [r.message for r in report.reports if "MUG-01 on 'Shop'" in r.message and "0.00" in r.message] != []
    refused = {r.change.subject.key for r in run.results if r.outcome is Outcome.FAILED}
    assert refused == {"MUG-01", "TEE-RED-L"}
    assert prices_of(shopper) == {
        "CUP-01": {"4.50"}, "TEE-RED-M": {"15.00"}, "TEE-RED-L": {"0.00"}, "MUG-01": {"7.90"}
    }  # fmt: skip
    assert all(kinds_of(shop.listing(sku)) == set() for sku in flagged)


def test_what_is_on_sale_keeps_its_price_while_the_catalogue_has_none_or_one_outside_the_limits(shop, shopper):
    shop.import_text(HEADER + MUG + CUP + TEE)
    shop.publish()
    set_limits(shop, lowest_price=Decimal(2), highest_price=Decimal(20))
    shop.import_text(
        HEADER + MUG.replace(",7.90,", ",0,") + CUP.replace(",4.50,", ",1.99,") + TEE.replace(",16.50,", ",20.01,")
    )

    preview = shop.sync(is_dry=True)
    run = shop.sync()

    for told in (preview, run):
        (result,) = told.results
        assert result.outcome is Outcome.SKIPPED
        assert result.message.startswith("3 prices are held back: ")
    assert prices_of(shopper) == {
        "MUG-01": {"7.90"}, "CUP-01": {"4.50"}, "TEE-RED-M": {"15.00"}, "TEE-RED-L": {"15.00"}
    }  # fmt: skip
    assert shop.on_store()["tee-navy-l"].price == Decimal("16.50")
    assert "1.99 is below the channel's lowest, 2" in reason_of(shop.listing("CUP-01"), "price_held")
    assert "20.01 is above the channel's highest, 20" in reason_of(shop.listing("TEE-NAVY-L"), "price_held")


@pytest.mark.parametrize("cell", ["", "3 for 2"])
def test_what_has_no_price_in_the_file_keeps_the_one_it_had_and_is_sold_as_often_as_the_file_says(shop, shopper, cell):
    shop.import_text(HEADER + MUG + TEE)
    shop.publish()

    without = HEADER + MUG.replace(",14,7.90,", f",2,{cell},") + TEE.replace(",3,15.00,", f",0,{cell},")
    report = shop.import_text(without)
    shop.sync()
    told, sold, flags = (
        prices_of(shopper),
        shop.on_store(),
        [kinds_of(shop.listing(s)) for s in ("MUG-01", "TEE-RED-L")],
    )
    shop.import_text(HEADER + MUG.replace(",14,7.90,", ",2,8.40,") + TEE.replace(",3,15.00,", ",1,15.00,"))
    shop.sync()

    assert report.refused == []
    assert any("MUG-01 has no price" in entry.message for entry in report.reports)
    assert (told, sold["mug-01"].stock.count) == ({"MUG-01": {"7.90"}, "TEE-RED-M": {"15.00"}}, 2)
    assert flags == [{"price_held"}, {"price_held"}]
    assert prices_of(shopper) == {"MUG-01": {"8.40"}, "TEE-RED-M": {"15.00"}, "TEE-RED-L": {"15.00"}}
    assert kinds_of(shop.listing("MUG-01")) == set()


def test_something_new_without_a_price_is_not_published_whatever_the_channel_allows(shop, shopper):
    set_limits(shop, allows_zero_prices=True)
    shop.import_text(HEADER + MUG.replace(",7.90,", ",,") + CUP)

    run = shop.publish()
    first, flagged = prices_of(shopper), reason_of(shop.listing("MUG-01"), "price_held")
    shop.import_text(HEADER + MUG + CUP)
    shop.publish()

    assert [sku for sku, _ in run.bad()] == ["MUG-01"]
    assert (first, shop.listing("MUG-01").available) == ({"CUP-01": {"4.50"}}, 14)
    assert "no price" in flagged
    assert prices_of(shopper) == {"CUP-01": {"4.50"}, "MUG-01": {"7.90"}}


@pytest.mark.parametrize("cell", ["heavy", "1e9999"])
def test_a_variant_whose_row_can_not_be_used_is_sold_on_as_it_was(shop, shopper, cell):
    shop.import_text(HEADER + TEE)
    shop.publish()
    before = prices_of(shopper)

    report = shop.import_text(HEADER + TEE.replace("L,400,3,", f"L,{cell},2,").replace(",5,15.00,", ",5,14.00,"))
    shop.sync()

    assert [entry.line for entry in report.refused] == [3]
    assert "TEE-RED-L stays as the catalogue has it" in " ".join(entry.message for entry in report.reports)
    assert before == {"TEE-RED-M": {"15.00"}, "TEE-RED-L": {"15.00"}}
    assert prices_of(shopper) == {"TEE-RED-M": {"14.00"}, "TEE-RED-L": {"15.00"}}


def test_a_row_that_is_refused_because_another_has_its_choices_keeps_nothing(shop, shopper):
    shop.import_text(HEADER + TEE)
    shop.publish()

    report = shop.import_text(
        HEADER
        + TEE.replace("TEE-RED-L", "TEE-RED-XL").replace("4003,", "4003,\ntee,,,,,,Red,,L,TEE-RED-L,400,3,15.00,4002,")
    )
    shop.publish()

    assert [entry.line for entry in report.refused] == [5]
    assert set(prices_of(shopper)) == {"TEE-RED-M", "TEE-RED-XL"}


def test_limits_that_change_let_a_price_go_or_hold_it_at_once(shop, shopper):
    shop.import_text(HEADER + MUG + CUP)
    shop.publish()
    set_limits(shop, highest_price=Decimal(5))
    shop.import_text(HEADER + MUG.replace(",7.90,", ",8.90,"))
    shop.sync()
    held = (prices_of(shopper)["MUG-01"], kinds_of(shop.listing("MUG-01")))

    set_limits(shop, highest_price=None)
    shop.sync()

    assert held == ({"7.90"}, {"price_held"})
    assert (prices_of(shopper)["MUG-01"], kinds_of(shop.listing("MUG-01"))) == ({"8.90"}, set())


def test_what_is_linked_while_its_price_is_held_back_keeps_the_stores_price(shop, shopper):
    shop.import_text(HEADER + MUG)
    shop.publish()
    shop.unlink("MUG-01")
    shop.import_text(HEADER + MUG.replace(",7.90,", ",0,"), queue=False)

    shop.link()
    shop.sync()

    assert (shop.listing("MUG-01").link, kinds_of(shop.listing("MUG-01"))) == ("linked", {"price_held"})
    assert prices_of(shopper) == {"MUG-01": {"7.90"}}


# --- what a family's page shows --------------------------------------------------------------------------------------


def test_a_familys_page_shows_the_lowest_price_of_those_that_can_be_bought(shop, shopper):
    shop.import_text(HEADER + TEE.replace(",5,15.00,", ",5,9.00,").replace(",0,16.50,", ",2,16.50,"))
    shop.publish()

    def page():
        return shop.on_store()["tee"].price, prices_of(shopper)

    def after(change, *skus):
        shop.queue(change, *skus)
        shop.sync()
        shop.sync()
        return page()

    everything = {"TEE-RED-M": {"9.00"}, "TEE-RED-L": {"15.00"}, "TEE-NAVY-L": {"16.50"}}
    assert page() == (Decimal(9), everything)
    dear = {sku: price for sku, price in everything.items() if sku != "TEE-RED-M"}
    assert after(Pending.HIDE, "TEE-RED-M") == (Decimal(15), dear)
    assert after(Pending.DELIST, "TEE-RED-L") == (Decimal("16.50"), {"TEE-NAVY-L": {"16.50"}})
    assert after(Pending.UNHIDE, "TEE-RED-M") == (
        Decimal(9),
        {sku: everything[sku] for sku in ("TEE-RED-M", "TEE-NAVY-L")},
    )
    assert after(Pending.HIDE, "tee") == (Decimal(9), {})


def test_a_family_of_which_the_cheapest_variant_was_not_published_shows_what_can_be_bought(shop, shopper):
    shop.import_text(HEADER + TEE.replace(",5,15.00,", ",5,0.00,").replace(",0,16.50,", ",2,14.00,"))

    shop.publish()
    shop.sync()

    assert shop.on_store()["tee"].price == Decimal(14)
    assert prices_of(shopper) == {"TEE-RED-L": {"15.00"}, "TEE-NAVY-L": {"14.00"}}


# --- what is for sale -------------------------------------------------------------------------------------------------

WITH_STATUS = HEADER.replace("\n", ",Status\n")


def stated(*, mug="active", tee="active"):
    rows = [(row, tee if row.startswith("tee,Cotton") else "") for row in TEE.splitlines()]
    rows += [(MUG.strip(), mug), (CUP.strip(), "active")]
    return WITH_STATUS + "".join(f"{row},{status}\n" for row, status in rows)


def sold(shopper):
    return set(prices_of(shopper))


EVERYTHING = {"TEE-RED-M", "TEE-RED-L", "MUG-01", "CUP-01"}


def test_what_becomes_a_draft_goes_off_sale_and_comes_back_when_it_is_for_sale_again(shop, shopper):
    shop.import_text(stated())
    shop.publish()

    report = shop.import_text(stated(mug="draft", tee="archived"))
    shop.sync()
    hidden, flagged = sold(shopper), kinds_of(shop.listing("MUG-01"))
    again = shop.import_text(stated(mug="draft", tee="archived"))
    back = shop.import_text(stated())
    shop.sync()

    told = [r.message for r in report.reports]
    assert "MUG-01 on 'Shop' is not for sale any more, so a sync hides it: 14 pieces are on sale there." in told
    assert len(told) == 4
    assert (hidden, flagged) == ({"CUP-01"}, {"draft"})
    assert again.reports == []
    assert "TEE-RED-M on 'Shop' is for sale again, so a sync puts it back." in [r.message for r in back.reports]
    assert sold(shopper) == EVERYTHING
    assert all(kinds_of(shop.listing(sku)) == set() for sku in [*EVERYTHING, "tee"])


def test_what_a_person_has_hidden_does_not_come_back_with_the_product(shop, shopper):
    shop.import_text(stated())
    shop.publish()
    shop.queue(Pending.HIDE, "TEE-RED-M")
    shop.sync()

    shop.import_text(stated(tee="draft"))
    shop.sync()
    hidden = sold(shopper)
    shop.import_text(stated())
    shop.sync()

    assert hidden == {"MUG-01", "CUP-01"}
    assert sold(shopper) == EVERYTHING - {"TEE-RED-M"}


def test_a_person_who_shows_a_draft_all_the_same_is_not_overruled_by_the_same_file(shop, shopper):
    shop.import_text(stated())
    shop.publish()
    shop.import_text(stated(mug="draft"))
    shop.sync()

    shop.queue(Pending.UNHIDE, "MUG-01")
    shop.sync()
    shop.import_text(stated(mug="draft"))
    shop.sync()

    assert sold(shopper) == EVERYTHING
    assert kinds_of(shop.listing("MUG-01")) == set()


def test_a_draft_is_published_by_nobody_until_it_is_for_sale(shop, shopper):
    shop.import_text(stated())
    shop.import_text(stated(mug="draft"))

    refused = shop.publish()
    first, flagged = sold(shopper), kinds_of(shop.listing("MUG-01"))
    shop.import_text(stated())
    shop.publish()

    assert first == EVERYTHING - {"MUG-01"}
    assert [(sku, "as a draft" in message) for sku, message in refused.bad()] == [("MUG-01", True)]
    assert flagged == {"draft"}
    assert sold(shopper) == EVERYTHING
    assert kinds_of(shop.listing("MUG-01")) == set()


def test_many_drafts_at_once_wait_for_a_person_like_any_other_hide(shop, shopper):
    shop.import_text(stated())
    shop.publish()
    shop.settings = replace(shop.settings, brake_at_least=1, brake_percent=0)

    shop.import_text(stated(mug="draft", tee="draft"))
    run = shop.sync()

    assert run.braked
    assert sold(shopper) == EVERYTHING


# --- what stands in the way of being bought ---------------------------------------------------------------------------


def switch(shop, code, *, active):
    """As the merchant does in the store's admin."""
    active = "Yes" if active else "No"
    xml = f'<Product_Update code="{code}"><Active>{active}</Active></Product_Update>'
    assert list(provisioning.run(shop.sandbox.store, xml)) == []


@pytest.mark.parametrize(("sku", "page"), [("MUG-01", "MUG-01"), ("TEE-RED-M", "tee")])
def test_what_is_put_back_behind_a_page_that_somebody_switched_off_is_not_called_listed(shop, shopper, sku, page):
    shop.import_text(HEADER + MUG + CUP + TEE)
    shop.publish()
    shop.queue(Pending.HIDE, sku)
    shop.sync()
    switch(shop, page, active=False)
    shop.queue(Pending.UNHIDE, sku)

    preview = shop.sync(is_dry=True)
    run = shop.sync()
    first = (shop.listing(sku).health, reason_of(shop.listing(sku), "stock_failed"), sku in sold(shopper))
    switch(shop, page, active=True)
    shop.sync()

    # That the page is inactive may be seen besides, by when it was changed.
    for told in (preview, run):
        (refused,) = [r for r in told.results if f"the page {page} is inactive" in r.message]
        assert refused.change.subject.key == sku
    assert first == ("hidden", refused.message, False)
    assert (shop.listing(sku).health, kinds_of(shop.listing(sku))) == ("listed", set())
    assert sku in sold(shopper)


def test_what_is_put_back_with_nothing_left_says_so(shop, shopper):
    shop.import_text(HEADER + MUG + CUP)
    shop.publish()
    shop.queue(Pending.HIDE, "MUG-01")
    shop.sync()
    shop.import_text(HEADER + MUG.replace(",14,", ",0,"))
    shop.queue(Pending.UNHIDE, "MUG-01")

    run = shop.sync()

    told = [r.message for r in run.results if r.outcome is Outcome.SKIPPED]
    assert told == ["MUG-01 still can't be bought. None are left: 0 are available."]
    assert sold(shopper) == {"CUP-01"}


@pytest.mark.parametrize(("code", "sku"), [("MUG-01", "MUG-01"), ("tee", "tee")])
def test_what_is_inactive_on_the_store_is_linked_as_hidden(shop, shopper, code, sku):
    shop.import_text(HEADER + MUG + CUP + TEE)
    shop.publish()
    shop.unlink(*PAGES, "TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L")
    switch(shop, code, active=False)

    shop.link()
    shop.sync()

    assert {each for each in PAGES if shop.listing(each).health == "hidden"} == {sku}
    assert shop.on_store()[code.lower()].is_active is False
    left = {"MUG-01": {"CUP-01", "TEE-RED-M", "TEE-RED-L"}, "tee": {"MUG-01", "CUP-01"}}
    assert sold(shopper) == left[sku]


def test_a_page_that_the_merchant_has_closed_is_not_opened_by_an_overwrite(shop, shopper):
    shop.import_text(HEADER + CUP + TEE)
    shop.publish()
    shop.unlink("tee")
    switch(shop, "tee", active=False)
    shop.link()

    shop.queue(Pending.OVERWRITE, "tee", groups=[Group.STRUCTURE, Group.TEXTS])
    shop.publish()

    assert sold(shopper) == {"CUP-01"}


def explained(shop, sku):
    """As `listings explain` says it."""
    (stock,) = explained_stocks([shop.listing(sku).pk])
    return "\n".join(explain(stock, now=datetime.now(UTC), when_synced=""))


def test_what_a_catalogue_would_go_on_selling_without_stock_is_sold_out_at_zero(shop, shopper):
    """The policy *continue* promises pieces that nobody has; a channel sells what there is."""
    header = HEADER.replace("\n", ",Variant Inventory Policy\n")
    shop.import_text(header + MUG.replace(",14,", ",0,").strip() + ",continue\n" + CUP.strip() + ",continue\n")

    shop.publish()

    assert sold(shopper) == {"CUP-01"}
    assert shop.on_store()["mug-01"].stock.stops_sale_at_zero
    assert "would go on selling it without stock" in explained(shop, "MUG-01")
    assert "would go on selling it without stock" not in explained(shop, "CUP-01")
