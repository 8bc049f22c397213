"""A product's page: how its variants stand on channels; renamed, merged and taken out, previewed and then proven."""

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from people import browser_of
from queued_runs import execute_queued
from tradepost.database.models import Listing, ProductRecord, Run, RunKind, VariantRecord
from tradepost.domain.plan import RunState

FILE = (
    "sku,parent,options,name,price,quantity\n"
    "JUG,,,Jug,7.90,5\n"
    "POT,,,Pot,12.00,2\n"
    "TEE,,,Tee,,\nTEE-S,TEE,Size=S,,6.00,2\nTEE-L,TEE,Size=L,,9.00,\n"
)


@pytest.fixture
def shop(connected, tmp_path):
    file = tmp_path / "products.csv"
    file.write_text(FILE, encoding="utf-8")
    assert connected("catalogue", "import", file).code == 0
    assert connected("listings", "publish").code == 0
    return connected


def page_of(handle):
    return reverse("admin:tradepost_productrecord_change", args=[ProductRecord.objects.get(handle=handle).pk])


def deed_of(handle, deed):
    return reverse("admin:tradepost_productrecord_deed", args=[ProductRecord.objects.get(handle=handle).pk, deed])


def words_of(answer):
    return " ".join(unescape(answer.content.decode()).split())


def done(client, address, **typed):
    """Preview something and do it; return what the preview and the page afterwards said."""
    previewed = client.post(address, {"do": "preview", **typed})
    answer = client.post(address, {"do": "do", "seen": previewed.context["changes"], **typed}, follow=True)
    execute_queued()
    return words_of(previewed), words_of(answer)


def with_more(shop, folder, number):
    file = folder / f"with-{number}.csv"
    variants = (f"TEE-{size},TEE,Size={size},,7.00,1\n" for size in range(number))
    file.write_text(FILE + "".join(variants), encoding="utf-8")
    assert shop("catalogue", "import", file).code == 0


def test_a_products_page_has_each_variant_with_price_stock_and_its_state_on_each_channel(shop, tmp_path):
    vera = browser_of("vera")

    shown = words_of(vera.get(page_of("TEE")))
    with_more(shop, tmp_path, 2)
    with CaptureQueriesContext(connection) as few:
        vera.get(page_of("TEE"))
    with_more(shop, tmp_path, 9)
    with CaptureQueriesContext(connection) as many:
        vera.get(page_of("TEE"))

    assert "To be chosen: Size." in shown
    assert ">6.00</data>" in shown
    assert ">9.00</data>" in shown
    for listing in Listing.objects.filter(product__handle="TEE", link="linked"):
        assert reverse("admin:tradepost_listing_change", args=[listing.pk]) in shown
    assert "live" in shown
    assert "Rename…" not in shown
    assert VariantRecord.objects.filter(product__handle="TEE").count() == 11
    assert len(many) == len(few)


def test_a_sku_is_renamed_and_the_store_keeps_its_product(shop, shopper):
    bob = browser_of("bob")
    before = shopper.sold(["TEE"])

    previewed, told = done(bob, deed_of("TEE", "rename"), of="TEE-S", after="TEE-SMALL")
    taken = words_of(bob.post(deed_of("TEE", "rename"), {"do": "preview", "of": "TEE-SMALL", "after": "JUG"}))
    assert shop("listings", "publish").code == 0

    assert "What becomes of" in previewed
    assert "keeps its code on the store; the next publish sends the SKU TEE-SMALL." in previewed
    assert "TEE-S is TEE-SMALL now." in told
    assert "The catalogue has JUG already" in taken
    assert set(VariantRecord.objects.filter(product__handle="TEE").values_list("sku", flat=True)) == {
        "TEE-SMALL",
        "TEE-L",
    }
    assert Listing.objects.get(sku="TEE-SMALL").code == "TEE-S"
    assert sum(map(len, shopper.sold(["TEE"]).values())) == sum(map(len, before.values()))


def test_an_article_that_is_called_by_its_sku_gets_both_names(shop):
    done(browser_of("bob"), deed_of("JUG", "rename"), after="JUG-2")

    found = shop("catalogue", "list", "--search", "JUG", "--json").json["products"]
    assert [each["handle"] for each in found] == ["JUG-2"]
    assert VariantRecord.objects.get(product__handle="JUG-2").sku == "JUG-2"
    assert Listing.objects.get(sku="JUG-2").code == "JUG"


def test_two_skus_that_are_one_article_are_never_sold_twice(shop, shopper):
    bob = browser_of("bob")

    previewed, told = done(bob, deed_of("JUG", "merge"), of="JUG", after="POT")
    assert shop("listings", "sync").code == 0

    assert "JUG goes off sale with the next sync (5 on sale there)" in previewed
    assert "JUG and POT are one: POT stays." in told
    assert "takes off sale on shop what is gone" in told
    assert VariantRecord.objects.get(sku="JUG").is_gone
    assert shopper.sold(["JUG"]) == {}
    assert list(shopper.sold(["POT"])) == ["POT"]


def test_what_is_taken_out_goes_off_sale_and_nothing_changes_before_it_is_said_twice(shop, shopper):
    bob = browser_of("bob")
    address = deed_of("JUG", "remove")

    previewed = words_of(bob.get(address))
    stale = words_of(bob.post(address, {"do": "do", "seen": "7"}))
    not_yet = VariantRecord.objects.get(sku="JUG").is_gone
    told = words_of(bob.post(address, {"do": "do", "seen": "1"}, follow=True))
    queued = Run.objects.get(kind=RunKind.SYNC.value, state=RunState.QUEUED.value)
    execute_queued()

    assert "What becomes of" in previewed
    assert '<data value="5">5</data> pieces leave sale.' in previewed
    assert "Nothing is deleted on a store" in previewed
    assert "Meanwhile something has changed" in stale
    assert not not_yet
    assert "JUG is out of the catalogue." in told
    assert f"Run {queued.pk}" in told
    assert "not in the catalogue any more" in words_of(bob.get(page_of("JUG")))
    assert shopper.sold(["JUG"]) == {}


def test_what_can_not_be_is_said_and_a_viewer_can_do_nothing(shop):
    bob, vera = browser_of("bob"), browser_of("vera")

    blank = words_of(bob.post(deed_of("JUG", "rename"), {"do": "preview"}))
    nobody = words_of(bob.post(deed_of("JUG", "merge"), {"do": "preview", "of": "JUG", "after": "ZZZ"}))
    elsewhere = words_of(bob.post(deed_of("JUG", "remove"), {"of": "POT"}))
    refused = [vera.post(deed_of("JUG", deed), {"do": "do"}).status_code for deed in ("rename", "merge", "remove")]
    nothing = bob.get(deed_of("JUG", "burn")).status_code

    assert "is blank; type it." in blank
    assert "The catalogue has no ZZZ." in nobody
    assert "JUG has no SKU POT any more" in elsewhere
    assert refused == [403] * 3
    assert nothing == 403
    assert not VariantRecord.objects.filter(is_gone=True).exists()
