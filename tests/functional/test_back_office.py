"""The back office in a real browser: logging in, reading tables, and asking for changes."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from browser import PASSWORD, chromium, log_in
from people import NAMES, browser_of, person
from tradepost.cli.hub.serve import serving
from tradepost.database.models import (
    AuditEntry,
    Channel,
    Listing,
    Order,
    ParkedOrderRecord,
    Run,
    ScheduleRecord,
    ShipmentRecord,
)


@pytest.fixture
def people(sqlite: str) -> None:
    for name in NAMES:
        person(name)


@pytest.fixture
def office(people, channel) -> Iterator[str]:
    alice = person("alice")
    alice.set_password(PASSWORD)
    alice.save()
    # No run is executed here, so nothing else writes to the database meanwhile.
    with serving(host="127.0.0.1", port=0, crew=None) as url:
        yield url


@pytest.fixture
def tab(office):
    with chromium() as browser:
        opened = browser.new_page()
        opened.set_default_timeout(60_000)
        yield opened


def test_who_logs_in_from_a_bookmark_of_the_login_comes_to_today(people):
    """It was Django's own page of a profile, which there is not: the first page after the login was "no such page"."""
    bob = person("bob")
    bob.set_password(PASSWORD)
    bob.save()

    answer = Client(SERVER_NAME="localhost").post("/login/", {"username": "bob", "password": PASSWORD})

    assert answer["Location"] == "/"


@pytest.mark.browser
def test_a_day_long_ago_is_that_of_the_reader_and_written_as_there(office, channel):
    placed_at = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    row = Order.objects.create(
        channel=channel, external_id=4711, store_status="pending", placed_at=placed_at, imported_at=placed_at, total=1
    )
    with chromium() as browser:
        tab = browser.new_page(locale="de-DE", timezone_id="Asia/Tokyo")
        tab.set_default_timeout(60_000)
        log_in(tab, office, "alice")
        tab.goto(f"{office}tradepost/order/{row.pk}/change/")
        shown = tab.locator("#order-timeline ~ ol time").first.inner_text()

    assert shown == "02.01.2026"


@pytest.mark.browser
def test_alice_logs_in_finds_a_listing_and_queues_its_publish(tab, office):
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    log_in(tab, office, "alice")
    # Nothing is for sale yet.
    assert tab.get_by_role("heading", name="First steps").count() == 1
    tab.goto(office)
    assert tab.get_by_role("heading", name="Needs you").count() == 1

    tab.goto(f"{office}tradepost/listing/?q=hp-mug-white")
    tab.wait_for_load_state("networkidle")
    assert tab.locator("tbody tr", has_text="Enamel Mug").count() == 1
    tab.get_by_label("Choose HP-MUG-WHITE").check()
    tab.get_by_role("button", name="Publish…").click()
    tab.get_by_role("dialog").get_by_text("1 will be created on the store").wait_for()
    tab.get_by_role("dialog").get_by_role("button", name="With the next publish").click()
    tab.locator(".message", has_text="publish is not scheduled").wait_for()

    assert Listing.objects.get(sku="HP-MUG-WHITE").pending == "publish"
    assert [url for url in asked if not url.startswith((office, "data:"))] == [], "nothing is loaded from elsewhere"


@pytest.fixture
def two_queued(channel) -> None:
    # Before there is a browser: in the event loop of its driver, Django has connections of its own.
    Listing.objects.filter(sku__in=["HP-MUG-WHITE", "HP-NOTE-SLATE"]).update(pending="publish")


@pytest.mark.browser
def test_alice_filters_a_list_and_searches_in_what_is_left(two_queued, tab, office):
    log_in(tab, office, "alice")

    tab.goto(f"{office}tradepost/listing/")
    tab.wait_for_load_state("networkidle")
    tab.get_by_text("Filters").first.click()
    # The drop-down is drawn over the real one, which is what the form sends.
    tab.locator("select[name=pending__exact]").evaluate("list => list.value = 'publish'")
    tab.locator("#filter-form button[type=submit]").first.click()
    tab.get_by_text("2 listings", exact=True).wait_for()
    tab.fill("input[name=q]", "mug")
    tab.press("input[name=q]", "Enter")
    tab.get_by_text("1 listing", exact=True).wait_for()

    assert "pending__exact=publish" in tab.url
    assert tab.locator("tbody tr", has_text="Enamel Mug").count() == 1


@pytest.fixture
def visit(people, channel):
    return browser_of


TABLES = ("listing", "order", "run", "runchange", "channel", "productrecord")


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_for_people_with_a_login_only(visit, table):
    from django.test import Client  # noqa: PLC0415

    address = f"/tradepost/{table}/"

    assert visit("alice").get(address).status_code == 200
    assert visit("vera").get(address).status_code == 200
    assert visit("charlie").get(address).status_code == 302
    assert Client(SERVER_NAME="localhost").get(address).status_code == 302


def ask(client, change: str, *listings: Listing, **more: str):
    """Open the preview of a change on the page of listings; with `do`, carry it out."""
    address = f"/tradepost/listing/ask/{change}/?" + "&".join(f"id={row.pk}" for row in listings)
    return client.post(address, more, follow=True) if more else client.get(address)


@pytest.fixture
def scheduled(channel) -> Channel:
    """A channel in Berlin whose next sync is a hundred years away."""
    Channel.objects.filter(pk=channel.pk).update(time_zone="Europe/Berlin")
    due = datetime(2126, 3, 1, 12, 15, tzinfo=UTC)
    ScheduleRecord.objects.create(channel=channel, operation="sync", every_minutes=15, next_at=due)
    ScheduleRecord.objects.create(channel=channel, operation="publish")
    return channel


def test_a_channels_page_shows_its_schedules_and_next_times(visit, scheduled):
    page = visit("vera").get(f"/tradepost/channel/{scheduled.pk}/change/").content.decode()
    Channel.objects.update(is_paused=True)
    paused = visit("vera").get(f"/tradepost/channel/{scheduled.pk}/change/").content.decode()

    assert "every 15 minutes" in page
    assert 'datetime="2126-03-01T12:15:00+00:00"' in page
    assert "not while it is paused" in paused


def test_delist_shows_count_and_asks_for_the_password_before_anything_is_queued(visit, scheduled):
    """R55: a browser that somebody left open removes nothing from a store."""
    alice = person("alice")
    alice.set_password(PASSWORD)
    alice.save()
    listing = Listing.objects.get(sku="HP-MUG-WHITE")
    Listing.objects.filter(pk=listing.pk).update(health="listed", link="linked", external_id=7)

    question = ask(visit("alice"), "delist", listing)
    before = Listing.objects.get(pk=listing.pk).pending
    miscounted = ask(visit("alice"), "delist", listing, do="later", number="2", password=PASSWORD)
    mistyped = ask(visit("alice"), "delist", listing, do="later", number="1", password="not that one")
    not_yet = Listing.objects.get(pk=listing.pk).pending
    answer = ask(visit("alice"), "delist", listing, do="later", number="1", password=PASSWORD)

    shown = " ".join(re.sub("<[^>]*>", "", question.content.decode()).split())
    assert "1 will be removed from the store for good." in shown
    assert "The next sync is due 2126-03-01" in shown
    assert (before, not_yet) == ("", "")
    assert "Type how many products leave the store for good: 1. Nothing was queued." in miscounted.content.decode()
    assert "That is not your password; nothing was queued." in mistyped.content.decode()
    told = AuditEntry.objects.exclude(event="logged_in").order_by("pk").values_list("event", "who")
    assert list(told) == [("login_failed", "alice"), ("requested", "alice")]
    assert "The next sync does it, due" in answer.content.decode()
    assert Listing.objects.get(pk=listing.pk).pending == "delist"


def test_the_question_before_a_delist_names_every_product_that_goes_and_the_parent_too(visit):
    family = Listing.objects.filter(product__handle="harbour-tee")
    for number, row in enumerate(family, start=1):
        Listing.objects.filter(pk=row.pk).update(health="listed", link="linked", external_id=number)

    question = ask(visit("alice"), "delist", *family.filter(kind="variant")).content.decode()

    listed = re.findall(r"<li>(\S+) .*?</li>", question.split('id="products"')[1])
    assert sorted(listed) == sorted(row.code for row in family)
    assert question.count("(its last variant goes)") == 1


def test_a_change_that_is_not_allowed_is_refused_with_the_reason(visit):
    listing = Listing.objects.get(sku="HP-MUG-WHITE")

    answer = ask(visit("alice"), "hide", listing)

    assert "only a listed listing can be hidden" in answer.content.decode()
    assert "Apply now" not in answer.content.decode()
    ask(visit("alice"), "hide", listing, do="now")
    assert Listing.objects.get(pk=listing.pk).pending == ""


def test_a_viewer_sees_listings_and_can_not_ask_for_changes(visit):
    listing = Listing.objects.get(sku="HP-MUG-WHITE")

    answer = ask(visit("vera"), "publish", listing, do="later")

    assert answer.status_code == 403
    assert Listing.objects.get(pk=listing.pk).pending == ""


def test_parked_orders_are_shown_with_the_reason_and_what_the_store_sent(visit):
    channel = Channel.objects.first()
    now = timezone.now()
    row = ParkedOrderRecord.objects.create(
        channel=channel,
        number="77",
        reason="Order 77 has a quantity of -3.",
        version="0",
        payload='{"id":77}',
        first_at=now,
        last_at=now,
    )

    client = visit("vera")

    assert "Order 77 has a quantity of -3." in client.get("/tradepost/parkedorderrecord/").content.decode()
    page = client.get(f"/tradepost/parkedorderrecord/{row.pk}/change/").content.decode()
    assert "{&quot;id&quot;:77}" in page


def test_shipments_that_the_store_is_not_told_of_are_counted_and_listed_with_the_reason(visit):
    channel = Channel.objects.first()
    now = timezone.now()
    order = Order.objects.create(
        channel=channel, external_id=4711, store_status="pending", placed_at=now, imported_at=now, total=Decimal(1)
    )
    row = ShipmentRecord.objects.create(
        channel=channel,
        order=order,
        code="TP-4711-1",
        state="parked",
        carrier="UPS",
        tracking_number="1Z4711",
        cost=Decimal(1),
        shipped_at=now,
        last_error="Order 4711 is cancelled on the store.",
    )

    client = visit("vera")
    start = client.get("/").content.decode()
    (link,) = re.findall(r'href="(/tradepost/shipmentrecord/[^"]*state__exact=parked[^"]*)"', start)

    assert "Shipments that the store did not take" in start
    assert "Order 4711 is cancelled on the store." in client.get(html.unescape(link)).content.decode()
    assert "TP-4711-1" in client.get("/tradepost/shipmentrecord/?q=1Z4711").content.decode()
    assert "1Z4711" in client.get(f"/tradepost/shipmentrecord/{row.pk}/change/", follow=True).content.decode()


def test_r45_a_fresh_order_is_marked_until_its_page_is_opened_by_who_works_on_it(visit, channel):
    row = Order.objects.create(
        channel=channel,
        external_id=77,
        store_status="pending",
        placed_at=timezone.now(),
        imported_at=timezone.now(),
        total=5,
        tags=["abroad"],
        fulfiller="Warehouse North",
        rules_done=[{"rule": "far", "why": "country CA", "deeds": "tag abroad"}],
    )
    client = visit("bob")

    def listed(query=""):
        page = client.get(f"/tradepost/order/{query}").content.decode()
        return (
            ">77<" in page.replace("\n", "").replace(" ", ""),
            "fresh</span>" in page.replace("\n", "").replace(" ", ""),
        )

    visit("vera").get(f"/tradepost/order/{row.pk}/change/")
    before = (listed(), listed("?fresh=yes"))
    page = client.get(f"/tradepost/order/{row.pk}/change/").content.decode()
    after = (listed(), listed("?fresh=yes"))

    assert before == ((True, True), (True, True))
    assert after == ((True, False), (False, False))
    assert all(words in page for words in ("Warehouse North", "far: tag abroad, because of country CA"))
    assert client.get("/tradepost/order/?fresh=perhaps").status_code == 400


def test_the_page_of_a_channel_shows_its_rules_for_orders_in_words(visit, channel):
    rules = [{"name": "usual", "fulfiller": "North"}, {"name": "dear", "total_above": "50", "holds": True}]
    Channel.objects.filter(pk=channel.pk).update(order_rules=rules)

    page = visit("vera").get(f"/tradepost/channel/{channel.pk}/change/").content.decode()

    assert (
        "<li>dear, for total above 50: holds the order</li><li>usual, for every order: fulfilled by North</li>" in page
    )
    assert "total_above" not in page


def test_nobody_adds_edits_or_deletes_rows_by_a_form(visit):
    listing = Listing.objects.get(sku="HP-MUG-WHITE")
    client = visit("alice")

    assert client.get("/tradepost/listing/add/").status_code == 403
    assert client.post(f"/tradepost/listing/{listing.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"/tradepost/listing/{listing.pk}/change/", {"code": "OTHER"})
    assert Listing.objects.get(pk=listing.pk).code == "HP-MUG-WHITE"


def test_pages_go_on_behind_the_last_row_and_come_back(visit, monkeypatch):
    from tradepost.web.listings.table import ListingTable  # noqa: PLC0415

    monkeypatch.setattr(ListingTable, "list_per_page", 5)
    client = visit("alice")
    newest = list(Listing.objects.order_by("-pk").values_list("pk", flat=True))

    first = client.get("/tradepost/listing/?families=open").context["cl"]
    second = client.get(f"/tradepost/listing/{first.older}").context["cl"]
    back = client.get(f"/tradepost/listing/{second.newer}").context["cl"]
    last = client.get(f"/tradepost/listing/?families=open&after={newest[-3]}").context["cl"]

    assert [row.pk for row in first.result_list] == newest[:5]
    assert [row.pk for row in second.result_list] == newest[5:10]
    assert [row.pk for row in back.result_list] == newest[:5]
    assert ([row.pk for row in last.result_list], last.older) == (newest[-2:], None)


@pytest.mark.parametrize("query", ["after=x", "before=99999999999999999999", "q=%00", "q=[", "health__exact=nonsense"])
def test_nonsense_in_an_address_is_no_error_of_the_server(visit, query):
    assert visit("alice").get(f"/tradepost/listing/?{query}").status_code in {200, 302}


CATASTROPHE = "(.%2B)%2B%01"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "query",
    [
        f"pk__regex={CATASTROPHE}",
        f"id__iregex={CATASTROPHE}",
        "id__in=1,2",
        "channel__name__startswith=s",
        "no_such_field=1",
        "_popup=1&password=x",
    ],
)
def test_a_look_up_that_a_list_does_not_declare_is_a_bad_request(visit, table, query):
    # Not sent to the database at all: there it would keep a thread of the server busy for ever.
    assert visit("alice").get(f"/tradepost/{table}/?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        f"title__regex={CATASTROPHE}",
        f"sku__regex={CATASTROPHE}",
        f"product__title__regex={CATASTROPHE}",
        "health__in=listed",
        "attention=moody",
        "health__exact=%00",
        "channel__id__exact=x",
    ],
)
def test_neither_is_a_look_up_of_another_kind_or_a_value_that_can_not_be(visit, query):
    Channel.objects.create(name="a second one, so that there is a choice")

    assert visit("alice").get(f"/tradepost/listing/?{query}").status_code == 400
    assert visit("alice").post(f"/tradepost/listing/ask/hide/?{query}&all=1", {"do": "now"}).status_code == 400


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("listing", "channel__id__exact=1&health__exact=listed&pending__exact=publish&is_paused__exact=0"),
        ("listing", "attention=oversold&kind__exact=simple&q=mug&o=1&p=2&all=&after=7"),
        ("order", "channel__id__exact=1&state__exact=open&store_status__exact=pending&fresh=yes&q=7&before=2"),
        ("run", "channel__id__exact=1&kind__exact=sync&state__exact=failed&is_dry__exact=1"),
        ("runchange", "outcome__exact=failed&action__exact=create&subject_kind__exact=product&q=TEE"),
        ("channel", "p=1"),
        ("productrecord", "is_for_sale__exact=1&q=mug"),
    ],
)
def test_the_filters_the_search_and_the_paging_of_each_list_are_answered(visit, channel, table, query):
    assert visit("alice").get(f"/tradepost/{table}/?{query}").status_code == 200


def test_a_run_is_started_from_the_channels_table_and_joins_one_that_waits(visit, channel):
    form = {"action": "get_orders", "_selected_action": str(channel.pk), "index": "0"}

    for _ in range(2):
        visit("alice").post("/tradepost/channel/", form)
    visit("vera").post("/tradepost/channel/", {**form, "action": "sync"})

    runs = Run.objects.values_list("kind", "state", "requested_by")
    assert list(runs) == [("get_orders", "queued", "alice")]
