"""Listings in the back office: read in a list, hidden by the dozen, compared side by side, and linked by hand."""

import csv
import io
import re
from http import HTTPStatus

import pytest
from django.urls import reverse
from django.utils import timezone

from browser import PASSWORD, chromium, log_in
from miva_sandbox import provisioning
from people import browser_of, person
from queued_runs import execute_queued
from tradepost.cli.hub.serve import serving
from tradepost.database.models import Channel, Listing, Run
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Event
from tradepost.domain.people.roles import ACTS, Role
from tradepost.web.format import NOTHING
from tradepost.web.listings.asks import LISTING_ASKS
from tradepost.web.listings.attention_places import PAGE_CURES

LIST = "/tradepost/listing/"
HEADER = "sku,parent,options,name,price,quantity,categories\n"
ROWS = (
    "MUG,,,Enamel Mug,7.90,5,Mugs\n"
    "CUP,,,Cup,3.00,2,Mugs\n"
    "TEE,,,Tee,,,Shirts\n"
    "TEE-S,TEE,Size=S,,12.00,4,\n"
    "TEE-M,TEE,Size=M,,12.00,3,\n"
)
LARGE = 1_200
SHOP_PAGE = re.compile(r'href="([^"]+Screen=PROD[^"]*)"')


@pytest.fixture
def shop(connected, tmp_path):
    """A mug, a cup and a family of tees on the store."""
    path = tmp_path / "products.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    assert connected("catalogue", "import", path).code == 0
    assert connected("listings", "publish").code == 0
    return connected


def text_of(answer):
    return text_of_part(answer.content.decode(), between="")


def text_of_part(html, between=" "):
    page = re.sub("<[^>]*>", between, html)
    return " ".join(page.replace("&#x27;", "'").replace("&quot;", '"').split())


def listing(sku):
    return Listing.objects.get(sku=sku)


def page_of(row):
    return reverse("admin:tradepost_listing_change", args=[row.pk])


def asking(verb, *rows, query=""):
    return f"{LIST}ask/{verb}/?{query}" + "&".join(f"id={row.pk}" for row in rows)


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_folds_families_and_opens_them_below(shop):
    bob = browser_of("bob")
    parent = Listing.objects.get(kind="parent")

    folded = text_of(bob.get(LIST))
    below = text_of(bob.get(reverse("admin:tradepost_listing_family", args=[parent.pk])))
    each = bob.get(f"{LIST}?families=open").context["cl"].result_count

    assert "3 live" not in folded
    assert "2 variants" in folded
    assert "TEE-S" not in folded
    assert "TEE-S" in below
    assert "TEE-M" in below
    assert each == 5
    products = bob.get(LIST).context["cl"].result_count
    assert f"{products} products with 5 listings" in folded
    assert "products with" not in text_of(bob.get(f"{LIST}?families=open"))


def test_each_tab_counts_and_shows_what_it_is_named_after(shop):
    bob = browser_of("bob")
    Listing.objects.filter(sku="CUP").update(pending="hide")
    mug = listing("MUG")
    mug.attentions.create(
        channel=mug.channel, kind="price_failed", message="The store said no.", since=timezone.now(), run_id=1
    )
    Listing.objects.filter(sku="TEE-S").update(health="hidden")

    def skus(tab):
        answer = bob.get(f"{LIST}?show={tab}")
        rows = sorted(row.sku or row.code for row in answer.context["rows"])
        (count,) = (number for each, number, _, _, is_here in answer.context["tabs"] if is_here)
        assert count == len(rows), tab
        return rows

    assert skus("needs-you") == ["MUG"]
    assert skus("waiting") == ["CUP"]
    assert skus("hidden") == ["TEE-S"]
    assert skus("live") == ["CUP", "MUG", "TEE", "TEE-M"]
    assert skus("not-there") == []


def test_a_row_shows_what_should_be_beside_what_is_only_where_they_differ(shop):
    Listing.objects.filter(sku="CUP").update(wanted_price="4.50", pending="hide")

    rows = {row.code: row for row in browser_of("vera").get(LIST).context["rows"]}

    assert (rows["CUP"].price.wanted, rows["CUP"].price.there) == ("4.50", "3.00")
    assert (rows["CUP"].stock.wanted, rows["CUP"].stock.there) == ("0", "2")
    assert rows["CUP"].status == "waiting to hide"
    assert "sets its stock to 0" in rows["CUP"].deed
    assert (rows["MUG"].price.there, rows["MUG"].stock.there, rows["MUG"].deed) == ("", "", "")


def test_what_is_live_and_sold_out_says_so_in_the_list(shop, shopper):
    assert shop("catalogue", "state-count", "CUP", "0").code == 0
    assert shop("listings", "sync").code == 0

    rows = {row.code: row for row in browser_of("vera").get(LIST).context["rows"]}

    assert (rows["CUP"].status, rows["CUP"].why) == ("live", "sold out")
    assert (rows["MUG"].status, rows["MUG"].why) == ("live", "")
    assert set(shopper.sold(("CUP", "MUG"))) == {"MUG"}


def test_what_has_no_price_yet_is_not_shown_as_a_present(shop, tmp_path):
    path = tmp_path / "more.csv"
    path.write_text(HEADER + "JUG,,,Jug,on request,4,Mugs\n", encoding="utf-8")
    shop("catalogue", "import", path)

    rows = {row.code: row for row in browser_of("vera").get(LIST).context["rows"]}
    beside = browser_of("vera").get(page_of(listing("JUG"))).context["groups"]
    (price,) = (field for group in beside for field in group.fields if field.name == "price")

    assert rows["JUG"].price.wanted == "no price yet"
    assert (price.catalogue, price.wanted, price.there) == (NOTHING, "no price yet", "not there")


def test_the_list_is_sorted_by_code_and_price_and_its_headings_say_so(shop):
    vera = browser_of("vera")

    def codes(query):
        return [row.code for row in vera.get(f"{LIST}?families=open&sort={query}").context["rows"]]

    shown = vera.get(f"{LIST}?sort=wanted_price").content.decode()

    assert codes("code") == ["CUP", "MUG", "TEE", "TEE-M", "TEE-S"]
    assert codes("-code") == ["TEE-S", "TEE-M", "TEE", "MUG", "CUP"]
    assert codes("wanted_price")[:2] == ["CUP", "MUG"]
    assert 'aria-sort="ascending"' in shown
    assert "sort=-wanted_price" in shown


def test_a_page_of_the_list_is_small(sqlite):
    channel = many_listings(60)
    answer = browser_of("bob").get(LIST)

    assert len(answer.context["rows"]) == 50
    assert len(answer.content) < 150_000, channel


def test_the_table_of_what_fits_is_the_one_that_the_command_writes(shop, tmp_path):
    path = tmp_path / "listings.csv"
    assert shop("listings", "export", path, "--where", "sku=MUG").code == 0

    answer = browser_of("vera").get(f"{LIST}export/?q=MUG")
    written = b"".join(answer.streaming_content).decode()

    assert written == path.read_bytes().decode()
    assert [row["SKU"] for row in csv.DictReader(io.StringIO(written))] == ["MUG"]


# --- many at once -----------------------------------------------------------------------------------------------------


def test_ticked_listings_are_hidden_after_a_preview_and_nobody_can_buy_them(shop, shopper):
    """R8, R36: what would become of them is said before, done at once, and seen by a shopper."""
    bob = browser_of("bob")
    before = shopper.sold(("MUG", "CUP"))
    assert shop("listings", "hide", "CUP", "--now").code == 0
    meant = asking("hide", listing("MUG"), listing("CUP"), Listing.objects.get(kind="parent"))

    seen = text_of(bob.get(meant))
    still = shopper.sold(("MUG",))
    answer = text_of(bob.post(meant, {"do": "now", "seen": "3"}, follow=True))
    execute_queued()

    assert "4 will be hidden, 1 can't. 12 pieces leave sale." in seen
    assert "1: Can't hide: this listing is hidden, and only a listed listing can be hidden. CUP" in seen
    assert still["MUG"] == before["MUG"]
    assert "is at it now." in answer
    assert shopper.sold(("MUG", "CUP", "TEE")) == {}
    assert Run.objects.filter(kind="sync").latest("pk").requested_by == "bob"


def test_what_waits_for_the_next_sync_is_taken_back_on_the_page_of_the_listing(shop, shopper):
    bob, mug = browser_of("bob"), listing("MUG")

    answer = text_of(bob.post(asking("hide", mug), {"do": "later"}, follow=True))
    waits = text_of(bob.get(page_of(mug)))
    bob.post(asking("clear", mug), {"do": "now"})
    assert shop("listings", "sync").code == 0

    assert "Hide: 1 listing will be hidden. The next sync does it, due in" in answer
    assert "waiting to hide" in waits
    assert shopper.sold(("MUG",))["MUG"]


def many_listings(number: int) -> Channel:
    """Simple listings on sale on a channel without a store."""
    from tradepost.database.models import ProductRecord, VariantRecord  # noqa: PLC0415 of tables alone

    channel, now = Channel.objects.create(name="large"), timezone.now()
    made = range(number)
    products = ProductRecord.objects.bulk_create(
        ProductRecord(handle=f"item-{i}", title=f"Item {i}", created_at=now, updated_at=now) for i in made
    )
    variants = VariantRecord.objects.bulk_create(
        VariantRecord(product=product, sku=f"ITEM-{i}", position=1, price="2.00", quantity=1, stated_at=now)
        for i, product in enumerate(products)
    )
    Listing.objects.bulk_create(
        Listing(
            channel=channel,
            product=variant.product,
            variant=variant,
            kind="simple",
            code=variant.sku,
            code_key=variant.sku.lower(),
            sku=variant.sku,
            health="listed",
            link="linked",
            external_id=i + 1,
            wanted_price="2.00",
            proven_price="2.00",
            available=1,
            account=1,
            created_at=now,
        )
        for i, variant in enumerate(variants)
    )
    return channel


def test_all_that_fit_are_hidden_however_many_they_are_and_no_other(sqlite):
    """R8: more than a thousand at once, by what is true of them and not by a list of ids."""
    many_listings(LARGE)
    Listing.objects.filter(sku="ITEM-7").update(is_inactive=True)
    bob, meant = browser_of("bob"), f"{LIST}ask/hide/?show=live&all=1"

    seen = text_of(bob.get(meant))
    refused = text_of(bob.post(meant, {"do": "later", "seen": "1000"}))
    not_yet = Listing.objects.filter(pending="hide").count()
    answer = text_of(bob.post(meant, {"do": "later", "seen": str(LARGE - 1)}, follow=True))

    assert "1,199 will be hidden. 1,199 pieces leave sale." in seen
    assert "1,199 listings fit by now: look at them once more." in refused
    assert not_yet == 0
    assert "Hide: 1,199 listings will be hidden." in answer
    assert Listing.objects.exclude(pending="hide").get().sku == "ITEM-7"


def test_what_the_brake_will_ask_about_is_said_before_it_is_asked_for(sqlite):
    """ "Apply now" would else stop after a part, and who clicked it looks elsewhere already."""
    many_listings(60)
    bob = browser_of("bob")

    many = text_of(bob.get(f"{LIST}ask/hide/?all=1"))
    few = text_of(bob.get(asking("hide", *Listing.objects.order_by("pk")[:5])))

    assert "at once go off sale only after a second yes: the sync stops before that, and Today asks for it." in many
    assert "second yes" not in few


def test_what_is_more_than_a_preview_looks_at_is_done_as_well(sqlite, monkeypatch):
    for module in ("table", "bulk"):
        monkeypatch.setattr(f"tradepost.web.listings.{module}.SEEN_AT_ONCE", 100)
    many_listings(250)
    bob, meant = browser_of("bob"), f"{LIST}ask/pause/?all=1"

    seen = text_of(bob.get(meant))
    form = {"do": "now", "seen": "250"}
    told = []
    while True:
        answer = bob.post(meant, form)
        if answer.status_code == HTTPStatus.FOUND:
            break
        told.append(text_of(answer))
        form = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w*)"', answer.content.decode()))
    done = text_of(bob.get(answer["Location"]))
    too_many = text_of(bob.post(f"{LIST}ask/delist/?all=1", {"do": "now", "seen": "250", "number": "250"}))

    assert "250 listings fit. This is what becomes of the first 100" in seen
    assert [number for page in told for number in re.findall(r"(\d+) of 250 listings asked for", page)] == [
        "100",
        "200",
        "250",
    ]
    assert "Pause: 250 listings will be paused." in done
    assert Listing.objects.filter(is_paused=True).count() == 250
    assert "More than 100 at once are not removed for good" in too_many
    assert not Listing.objects.filter(pending="delist").exists()


def test_listings_leave_the_store_for_good_only_with_their_number_and_the_password(shop, shopper):
    """R55: each product is named, and what nothing brings back is asked twice."""
    bob = person("bob")
    bob.set_password(PASSWORD)
    bob.save()
    client, tees = browser_of("bob"), Listing.objects.filter(kind="variant")
    meant = asking("delist", *tees)

    seen = client.get(meant)
    wrong_number = text_of(client.post(meant, {"do": "now", "number": "2", "password": PASSWORD}))
    wrong_password = text_of(client.post(meant, {"do": "now", "number": "3", "password": "another"}))
    nothing_yet = shopper.sold(("TEE",))
    client.post(meant, {"do": "now", "number": "3", "password": PASSWORD})
    execute_queued()

    named = re.findall(r"<li>(\S+) .*?</li>", seen.content.decode().split('id="products"')[1])
    assert sorted(named) == ["TEE", "TEE-M", "TEE-S"]
    assert "Type how many products leave the store for good: 3. Nothing was queued." in wrong_number
    assert "That is not your password; nothing was queued." in wrong_password
    assert nothing_yet.keys() == {"TEE-S", "TEE-M"}
    assert shopper.sold(("MUG",))["MUG"]
    assert set(Listing.objects.filter(product__handle="TEE").values_list("health", flat=True)) == {"delisted"}


def test_a_listing_is_forgotten_only_with_the_number_typed_and_the_store_goes_on_selling_it(shop, shopper):
    bob, mug, tee = browser_of("bob"), listing("MUG"), Listing.objects.get(kind="parent")
    bob.post(asking("hide", tee), {"do": "later"})
    offered = text_of(bob.get(page_of(mug)))
    meant = asking("remove", mug, tee)

    seen = text_of(bob.get(meant))
    wrong = text_of(bob.post(meant, {"do": "now", "number": "4"}))
    untouched = Listing.objects.count()
    done = text_of(bob.post(meant, {"do": "now", "number": "1"}, follow=True))

    assert "Forget…" in offered
    assert "1 will be forgotten here, 3 can't." in seen
    assert "'hide' is queued for it" in seen
    assert "Type how many listings are forgotten: 1. Nothing was done." in wrong
    assert untouched == 5
    assert "Forget: 1 listing will be forgotten here." in done
    assert "MUG" not in {row["sku"] for row in shop("listings", "list", "--json").json["listings"]}
    assert shopper.sold(("MUG",))["MUG"]


def test_what_a_request_gives_up_is_said_beforehand_and_afterwards(shop, shopper):
    bob, mug, cup = browser_of("bob"), listing("MUG"), listing("CUP")
    Listing.objects.filter(sku="MUG").update(pending="hide")
    address = asking("overwrite", mug, cup)

    seen = text_of(bob.get(address))
    told = text_of(bob.post(address, {"seen": 2, "do": "later"}, follow=True))
    again = text_of(bob.get(address))

    assert "1 listing is waiting to hide. That is given up: a listing waits for one thing at a time." in seen
    assert "1 listing was waiting to hide, which was given up for it." in told
    assert "given up" not in again
    assert listing("MUG").pending == "overwrite"


def test_nothing_ticked_is_said_and_nothing_done(shop):
    bob = browser_of("bob")

    seen = text_of(bob.get(asking("hide")))
    done = text_of(bob.post(asking("hide"), {"do": "now"}))

    assert "Nothing is ticked" in seen
    assert "Nothing is ticked" in done
    assert not Listing.objects.filter(pending="hide").exists()


def test_what_is_typed_wrongly_is_refused_and_shown_again(shop):
    bob, mug = browser_of("bob"), listing("MUG")

    refused = bob.post(asking("lock", mug), {"do": "now", "price": "cheap", "quantity": "5"})
    bob.post(asking("lock", mug), {"do": "now", "price": "6.50", "group": "texts"})
    locked = listing("MUG")
    bob.post(asking("unlock", mug), {"do": "now", "group": "price"})

    assert "'cheap' is no price; write it as 9.99" in text_of(refused)
    assert 'value="cheap"' in refused.content.decode()
    assert (sorted(locked.locked_groups), str(locked.locked_price)) == (["price", "texts"], "6.50")
    assert listing("MUG").locked_groups == ["texts"]


# --- one listing ------------------------------------------------------------------------------------------------------


def test_a_price_that_was_edited_on_the_store_is_shown_as_different_and_accepted(shop, store, shopper):
    """R19: what somebody changed there is seen beside ours, and a person says which is right."""
    assert shop("channel", "set", "shop", "--drift", "price=ask").code == 0
    assert shop("listings", "sync").code == 0
    # Later than what was published, by the store's own clock.
    store.domain.clock.move(10)
    edit = '<Product_Update code="MUG"><Price>6.66</Price></Product_Update>'
    assert list(provisioning.run(store.store, edit)) == []
    assert shop("listings", "sync").code == 0
    bob, mug = browser_of("bob"), listing("MUG")

    shown = text_of(bob.get(page_of(mug)))
    bob.post(asking("accept-drift", mug), {"do": "now"})
    assert shop("listings", "sync").code == 0
    after = text_of(bob.get(page_of(mug)))

    assert "Somebody has changed on the store what the hub sends" in shown
    assert "price, not decided: price: ours 7.90, the store's 6.66" in shown
    assert "Keep the store's…" in shown
    assert "price, kept" in after
    assert {price for *_, price in shopper.sold(("MUG",))["MUG"]} == {"$6.66"}


def test_the_page_of_a_listing_says_why_what_was_done_and_where_shoppers_see_it(shop, store):
    vera, mug = browser_of("vera"), listing("MUG")

    answer = vera.get(page_of(mug))
    shown = text_of(answer)
    (address,) = SHOP_PAGE.findall(answer.content.decode())
    variant = vera.get(page_of(listing("TEE-S"))).content.decode()

    assert "The store has that price." in shown
    assert "Created on the store: sent, not re-read." in shown
    assert "Send what is ticked" not in shown
    assert address.replace("&amp;", "&").endswith("Screen=PROD&Product_Code=MUG")
    assert SHOP_PAGE.findall(variant)[0].endswith("Product_Code=TEE"), "a variant is bought on its family's page"


def test_images_are_counted_in_the_catalogue_as_they_are_on_the_store(published):
    """Of a variant its own, of a family all."""

    def images_of(row):
        groups = browser_of("vera").get(page_of(row)).context["groups"]
        (field,) = (field for group in groups for field in group.fields if field.name == "images")
        return field.catalogue, field.wanted

    assert images_of(listing("HP-MUG-WHITE")) == ("1 image", "1 image")
    assert images_of(listing("HP-CAP-RUST")) == ("1 image", "1 image")
    assert images_of(Listing.objects.get(code="pier-cap")) == ("3 images", "3 images")


def test_the_page_of_a_family_says_of_each_variant_what_the_list_does(shop):
    Listing.objects.filter(sku="TEE-M").update(wanted_price="13.50", pending="hide")

    shown = browser_of("vera").get(page_of(Listing.objects.get(kind="parent"))).content.decode()
    rows = [text_of_part(part) for part in re.findall(r'(?s)<tr class="listing listing-variant">.*?</tr>', shown)]

    assert [row.split()[:2] for row in rows] == [["S", "TEE-S"], ["M", "TEE-M"]]
    assert "12.00 4 " in rows[0]
    assert "13.50 → on the store 12.00 0 → on the store 3 sets its stock to 0" in rows[1]
    assert all(row.endswith(("ago", "just now")) for row in rows)


def test_whatever_needs_a_person_is_on_the_page_with_its_cure(shop):
    mug = listing("MUG")
    for kind in ("price_failed", "stock_failed"):
        mug.attentions.create(
            channel=mug.channel, kind=kind, message=f"The store says: {kind}.", since=timezone.now(), run_id=1
        )
    Listing.objects.filter(pk=mug.pk).update(is_inactive=True)
    bob = browser_of("bob")

    listed = text_of(bob.get(f"{LIST}?attention=price_failed"))
    shown = text_of(bob.get(page_of(mug)))

    assert "price failed, stock failed" in listed
    assert "In the store's words: The store says: price_failed." in shown
    assert "In the store's words: The store says: stock_failed." in shown
    assert shown.count("Sync now…") == 3, "beside each, and among all that can be asked for"


def test_what_is_ticked_side_by_side_is_sent_and_nothing_else(shop):
    bob, mug = browser_of("bob"), listing("MUG")
    meant = asking("overwrite", mug) + "&group=texts"

    shown = bob.get(meant).content.decode()
    bob.post(meant, {"do": "later", "group": "texts"})

    assert re.findall(r'name="group" value="(\w+)" checked', shown) == ["texts"]
    assert listing("MUG").overwrite_groups == ["texts"]


def test_a_product_of_the_store_is_chosen_by_hand(shop):
    bob, mug = browser_of("bob"), listing("MUG")
    number = mug.external_id
    bob.post(asking("unlink", mug), {"do": "now"})
    candidates = reverse("admin:tradepost_listing_candidates", args=[mug.pk])

    shown = text_of(bob.get(candidates))
    unlinked = listing("MUG").link
    bob.post(candidates, {"product": str(number)})
    execute_queued()

    assert unlinked == "unlinked"
    assert f"code MUG, SKU MUG, id {number}" in shown
    assert "This is it" in shown
    assert (listing("MUG").link, listing("MUG").external_id) == ("linked", number)


def test_what_nobody_has_compared_is_neither_said_to_differ_nor_ticked_to_be_sent(shop):
    """What is linked by hand has content of the merchant's, and nothing is known of it yet."""
    bob, mug = browser_of("bob"), listing("MUG")
    number = mug.external_id
    bob.post(asking("unlink", mug), {"do": "now"})
    bob.post(reverse("admin:tradepost_listing_candidates", args=[mug.pk]), {"product": str(number)})
    execute_queued()
    Listing.objects.filter(pk=mug.pk).update(proven_price=None)

    shown = bob.get(page_of(mug)).content.decode()
    side_by_side = shown.split('id="beside"')[1].split("</table>")[0]

    assert "there, and not compared yet" in side_by_side
    assert "not known" in side_by_side
    assert "≠" not in side_by_side
    assert " checked>" not in side_by_side


def test_a_store_that_does_not_answer_is_said_on_the_page_of_candidates(shop, store):
    mug = listing("MUG")
    Channel.objects.get().connections.filter(kind="store_api").update(port=1)

    answer = browser_of("bob").get(reverse("admin:tradepost_listing_candidates", args=[mug.pk]))

    assert answer.status_code == HTTPStatus.OK
    assert 'role="alert"' in answer.content.decode()


# --- who may, and what there is ---------------------------------------------------------------------------------------


def test_what_somebody_counted_is_what_can_be_bought(shop, shopper):
    bob, mug = browser_of("bob"), listing("MUG")

    refused = bob.post(page_of(mug), {"number": "a dozen"})
    told = text_of(bob.get(bob.post(page_of(mug), {"number": "0"})["Location"]))
    execute_queued()

    assert "'a dozen' is no count" in text_of(refused)
    assert 'value="a dozen"' in refused.content.decode(), "what was typed is there to be put right"
    assert "0 of MUG are there, as you have counted them; that is being lowered on the store." in told
    assert shopper.sold(["MUG"]) == {}
    assert browser_of("vera").post(page_of(mug), {"number": "5"}).status_code == 403


def test_a_viewer_only_looks(shop):
    vera, mug = browser_of("vera"), listing("MUG")

    answers = {verb: vera.post(asking(verb, mug), {"do": "now"}).status_code for verb in LISTING_ASKS}
    seen = {verb: vera.get(asking(verb, mug)).status_code for verb in LISTING_ASKS}
    linked = vera.post(reverse("admin:tradepost_listing_candidates", args=[mug.pk]), {"product": "1"}).status_code
    shown = vera.get(LIST).content.decode()

    assert {*answers.values(), *seen.values(), linked} == {HTTPStatus.FORBIDDEN}
    assert 'name="id"' not in shown
    assert "Hide…" not in shown + vera.get(page_of(mug)).content.decode()


def test_each_thing_that_can_be_asked_for_is_the_act_of_a_command():
    acts = {ask.act for ask in LISTING_ASKS.values()}

    assert acts <= set(ACTS)
    assert {ACTS[act] for act in acts} == {Role.OPERATOR}
    assert {ask.event for ask in LISTING_ASKS.values() if ask.event} == {
        event for event in Event if event.value in {act.removeprefix("listings ") for act in acts}
    }


def test_each_kind_of_attention_has_its_cure_on_pages():
    assert set(PAGE_CURES) == set(Attention)
    assert {verb for cure in PAGE_CURES.values() for verb in cure.asks} <= set(LISTING_ASKS)
    assert all(cure.words for cure in PAGE_CURES.values())


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture
def office(shop):
    bob = person("bob")
    bob.set_password(PASSWORD)
    bob.save()
    with serving(host="127.0.0.1", port=0, crew=None) as url:
        yield url


@pytest.fixture
def tab(office):
    with chromium() as browser:
        opened = browser.new_page()
        opened.set_default_timeout(60_000)
        yield opened


@pytest.mark.browser
def test_bob_opens_a_family_ticks_and_hides_by_the_side_panel(tab, office, shopper):
    log_in(tab, office, "bob")
    tab.goto(f"{office}tradepost/listing/")
    tab.get_by_role("button", name="2 variants").click()
    tab.get_by_label("Choose TEE-M").check()
    tab.get_by_label("Choose MUG").check()
    tab.get_by_text("2 chosen").wait_for()
    tab.get_by_role("button", name="Hide…", exact=True).click()

    panel = tab.get_by_role("dialog")
    panel.get_by_text("2 will be hidden").wait_for()
    assert "8 pieces leave sale." in panel.inner_text()
    panel.get_by_role("button", name="Apply now").click()
    tab.get_by_text("is at it now").wait_for()
    execute_queued()

    assert shopper.sold(("MUG", "CUP", "TEE")).keys() == {"CUP", "TEE-S"}
