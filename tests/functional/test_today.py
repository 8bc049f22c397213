"""The page of the morning: is everything all right, what needs me, what happens next."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from people import NAMES, browser_of, person
from queued_runs import execute_queued
from shopper import Shopper
from tradepost.database.models import AttentionRecord, Channel, Listing, Run, ScheduleRecord
from tradepost.domain.listings.attention import Attention
from tradepost.domain.orders.order_proof import OrderFinding, OrderPlace, OrderProof
from tradepost.engine.schedules import start_due

ROWS = "sku,name,price,quantity,images\nMUG,Enamel Mug,7.90,5,{picture}\n"


@pytest.fixture
def people(sqlite: str) -> None:
    for name in NAMES:
        person(name)


def today_of(client):
    return client.get("/")


def text_of(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def queued(connected, tmp_path, picture):
    """A shell whose channel has a mug with a picture to publish."""
    path = tmp_path / "products.csv"
    path.write_text(ROWS.format(picture=picture), encoding="utf-8")
    assert connected("catalogue", "import", path).code == 0
    return connected


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (40, 40), (10, 120, 90)).save(tmp_path / "mug.png")
    return "mug.png"


def test_a_wrong_image_password_is_explained_on_today_and_cured_from_there(queued, store, monkeypatch, box):
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", "not that")
    queued("channel", "set", "shop", "--new-ftp-password")
    bob = browser_of("bob")
    channel = Channel.objects.get()

    bob.post(reverse("admin:start", args=[channel.pk, "publish"]))
    execute_queued()
    told = today_of(bob)
    led_to = text_of(bob.get(told.context["standings"][0].place))
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", box.ftp_password)
    queued("channel", "set", "shop", "--new-ftp-password")
    queued("channel", "check", "shop")
    mended = today_of(bob)
    bob.post(reverse("admin:start", args=[channel.pk, "publish"]))
    execute_queued()
    cured = today_of(bob)

    shown = told.context["standings"][0]
    assert shown.judged.sentence.startswith("Publishing has stopped: ")
    assert shown.judged.sentence.endswith(" 1 listing waits.")
    assert "password" in shown.judged.sentence
    assert (shown.place, shown.button) == (
        reverse("admin:tradepost_channel_change", args=[channel.pk]),
        "Mend the connection",
    )
    assert shown.again == "publish"
    assert "Publishing has stopped: " in led_to
    assert "Try again</button>" in led_to.replace(" </button>", "</button>")
    assert mended.context["standings"][0].judged.sentence.startswith("Publishing had stopped. A test has found")
    assert mended.context["standings"][0].again == "publish"
    assert cured.context["standings"][0].judged.sentence == "All is well: 1 listing is live, and nothing waits."
    shopper = Shopper(store)
    assert list(shopper.sold(["MUG"])) == ["MUG"]
    shopper.close()


def _has_failed_to_publish(channel):
    now = timezone.now()
    Run.objects.create(
        channel=channel, kind="publish", lane="listings", trigger="schedule", state="failed", error="No.",
        queued_at=now, finished_at=now,
    )  # fmt: skip


def test_a_channel_that_has_stopped_rings_the_bell(channel, people):
    vera = browser_of("vera")
    before = text_of(vera.get(reverse("admin:bell")))
    _has_failed_to_publish(channel)

    after = text_of(vera.get(reverse("admin:bell")))

    assert "What needs you: nothing" in before
    assert "1 thing needs you" in after


def test_wherever_a_channel_has_a_state_it_is_that_of_todays_sentence(channel, people):
    _has_failed_to_publish(channel)
    vera = browser_of("vera")

    today = today_of(vera)
    switchers = {
        address: vera.get(address).context["channel_choice"]["channels"]
        for address in ("/", "/tradepost/listing/", reverse("admin:settings"))
    }
    page = vera.get(reverse("admin:tradepost_channel_change", args=[channel.pk]))
    listed = text_of(vera.get("/tradepost/channel/"))
    overview = vera.get(reverse("admin:settings")).context["cards"][0].standing

    stopped = {"state": "stopped", "colour": "danger"}
    assert today.context["standings"][0].colour == "danger"
    assert switchers == {address: [{"id": channel.pk, "name": "shop", **stopped}] for address in switchers}
    assert 'dot dot-danger" aria-hidden="true"></span> <span class="menu-name">shop</span>' in text_of(today)
    assert (page.context["standing"], overview) == (stopped, stopped)
    assert ">stopped<" in listed.replace("> ", ">").replace(" <", "<")


def test_a_channel_that_is_out_of_use_is_not_said_to_be_live(channel, people, shell):
    shell("channel", "remove", "shop", "--yes")

    listed = text_of(browser_of("vera").get("/tradepost/channel/"))

    assert "out of use" in listed


def test_how_ten_channels_stand_is_asked_as_often_as_how_one_does(channel, people):
    vera = browser_of("vera")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert vera.get("/tradepost/run/").status_code == 200
        return len(captured)

    queries()
    one = queries()
    Channel.objects.bulk_create(Channel(name=f"shop {number}") for number in range(9))

    assert queries() == one


def test_who_only_looks_is_offered_nothing_that_would_be_refused(channel, people):
    _has_failed_to_publish(channel)

    shown = {name: today_of(browser_of(name)).context["standings"][0].again for name in ("vera", "bob")}

    assert shown == {"vera": "", "bob": "publish"}


def test_the_first_steps_are_found_again_until_something_is_for_sale(channel, people):
    link = reverse("admin:first_steps")
    bob = browser_of("bob")
    before = text_of(today_of(bob))
    Listing.objects.filter(kind="simple").update(link="linked", health="listed", external_id=F("pk"))
    Channel.objects.update(is_look_only=False, is_paused=False, setup_step="")
    after = text_of(today_of(bob))

    assert link in before
    assert link not in after
    assert link in text_of(bob.get(reverse("admin:settings")))


def test_a_time_of_the_day_is_told_as_one(channel, people):
    ScheduleRecord.objects.create(
        channel=channel, operation="reconcile", cron="0 3 * * *", next_at=timezone.now() + timedelta(hours=1)
    )

    page = text_of(today_of(browser_of("vera")))

    assert "every day at 03:00" in page
    assert "* * *" not in page


def test_what_waits_to_be_hidden_waits_on_today_as_in_the_list_and_is_not_said_to_be_done(published):
    published("listings", "hide", "HP-NOTE-SLATE")
    vera = browser_of("vera")

    standing = today_of(vera).context["standings"][0]
    tabs = {tab.name: count for tab, count, *_ in vera.get("/tradepost/listing/").context["tabs"]}
    activity = text_of(vera.get("/tradepost/run/"))

    assert standing.judged.sentence.endswith(" 1 waits to be sent.")
    assert [row.code for row in vera.get(standing.place).context["rows"]] == ["HP-NOTE-SLATE"]
    assert tabs["Waiting"] == 1
    assert "1 listing asked to be hidden" in activity
    assert "1 listing hidden" not in activity


def test_a_new_price_that_the_store_does_not_have_yet_is_told_until_a_sync_sends_it(published):
    """Without a schedule nobody sends it, and "nothing waits" is what its merchant would rely on."""
    published("listings", "set-rule", "dearer", "--sku", "HP-MUG-*", "--percent", "10")
    waiting = today_of(browser_of("bob")).context["standings"][0].judged.sentence

    published("listings", "sync")

    assert waiting.endswith("and new prices or quantities wait for the next sync.")
    assert today_of(browser_of("bob")).context["standings"][0].judged.sentence.endswith("and nothing waits.")


def test_what_lost_its_product_is_not_live_on_today_either(published):
    Listing.objects.filter(code="HP-NOTE-SLATE").update(link="broken")
    vera = browser_of("vera")

    told = today_of(vera).context["standings"][0].judged.sentence
    tabs = {tab.name: count for tab, count, *_ in vera.get("/tradepost/listing/").context["tabs"]}

    assert tabs["Live"] == 16
    assert told.startswith("All is well: 16 listings are live")


def test_what_needs_somebody_is_a_card_per_cause_with_count_age_and_the_way_to_it(channel, people):
    first, second = Listing.objects.order_by("pk")[:2]
    three_days = timezone.now() - timedelta(days=3)
    for listing in (first, second):
        listing.attentions.create(channel=channel, kind="oversold", message="Too many.", since=three_days)
    first.attentions.create(channel=channel, kind="draft", message="A draft.", since=timezone.now())

    page = today_of(browser_of("vera"))

    oversold, draft = page.context["needs"]
    assert (oversold.title, oversold.number, oversold.since) == ("Sold more often than there are", 2, three_days)
    assert draft.title == "Not for sale in their source"
    assert "3 days ago" in text_of(page)
    listed = browser_of("vera").get(oversold.address)
    assert {row.pk for row in listed.context["cl"].result_list} == {first.pk, second.pk}


def test_the_bell_rings_for_each_cause(channel, people):
    listing = Listing.objects.first()
    for kind in ("oversold", "draft"):
        listing.attentions.create(channel=channel, kind=kind, message=".", since=timezone.now())

    bell = browser_of("vera").get(reverse("admin:bell"))

    assert "2 things need you" in text_of(bell)


def test_all_that_might_need_somebody_is_asked_for_at_once(channel, people):
    with CaptureQueriesContext(connection) as queries:
        answer = browser_of("vera").get("/")

    assert answer.status_code == 200
    asked = [query["sql"] for query in queries if "tradepost_attentionrecord" in query["sql"]]
    assert len(asked) == 1
    assert all(f"'{kind}'" in asked[0] for kind in Attention)


def test_more_causes_than_fit_are_under_one_line(channel, people):
    listing = Listing.objects.first()
    kinds = [kind for kind, _ in AttentionRecord._meta.get_field("kind").choices]
    for kind in kinds:
        listing.attentions.create(channel=channel, kind=kind, message=".", since=timezone.now())

    page = today_of(browser_of("vera"))

    assert len(page.context["needs"]) == 7
    assert f"And {len(kinds) - 7} more" in text_of(page)


def test_orders_are_added_up_and_what_is_missing_is_said(channel, people):
    proof = OrderProof(0, 1)
    proof.add(OrderFinding("1001", OrderPlace.MISSING, differences=("Order 1001 is <missing>.",)))
    proof.add(OrderFinding("1002", OrderPlace.IMPORTED, is_acknowledged=True))
    Channel.objects.filter(pk=channel.pk).update(orders_proof=proof.as_values(), orders_proven_at=timezone.now())

    page = text_of(today_of(browser_of("vera")))

    assert re.search(r'href="/tradepost/order/reconciliation/"><data value="1">1</data> missing</a>', page)
    assert "Order 1001 is &lt;missing&gt;." in page
    assert "Orders or shipments differ from the store&#x27;s: 1 difference." in page


def test_the_coming_day_is_a_timeline_and_what_is_next_can_be_had_at_once(channel, people):
    soon, later = timezone.now() + timedelta(minutes=5), timezone.now() + timedelta(days=3)
    ScheduleRecord.objects.create(channel=channel, operation="get_orders", every_minutes=15, next_at=soon)
    ScheduleRecord.objects.create(channel=channel, operation="reconcile", every_minutes=6000, next_at=later)
    bob = browser_of("bob")

    page = today_of(bob)
    started = bob.post(reverse("admin:start", args=[channel.pk, "get_orders"]))

    assert [each.words for each in page.context["next"]] == ["Fetch new orders"]
    assert "in 5 min" in text_of(page)
    assert "Fetch new orders: queued." in text_of(bob.get(started["Location"]))
    assert Run.objects.get().requested_by == "bob"


def test_a_channel_is_paused_and_resumed_from_today(channel, people):
    bob = browser_of("bob")

    paused = text_of(bob.get(bob.post(reverse("admin:pause_channel", args=[channel.pk]))["Location"]))
    refused = text_of(bob.get(bob.post(reverse("admin:start", args=[channel.pk, "sync"]))["Location"]))
    resumed = text_of(bob.get(bob.post(reverse("admin:resume_channel", args=[channel.pk]))["Location"]))

    assert "The channel is paused: nothing is sent or fetched." in paused
    assert not Run.objects.filter(kind="sync").exists()
    assert "is paused" in refused
    assert "shop goes on." in resumed


def test_one_schedule_is_paused_on_the_timeline_and_is_started_by_hand_only_until_it_is_resumed(channel, people):
    now = timezone.now()
    for operation, minutes in (("sync", 3), ("get_orders", 5)):
        ScheduleRecord.objects.create(
            channel=channel, operation=operation, every_minutes=15, next_at=now + timedelta(minutes=minutes)
        )
    bob = browser_of("bob")

    paused = bob.get(bob.post(reverse("admin:pause_schedule", args=[channel.pk, "sync"]))["Location"])
    # Its time passes, and a server looks at what is due.
    by_itself = start_due(clock=lambda: now + timedelta(minutes=10))
    by_hand = bob.post(reverse("admin:start", args=[channel.pk, "sync"]))
    ScheduleRecord.objects.filter(operation="sync").update(next_at=now - timedelta(hours=4))
    later = today_of(bob)
    resumed = bob.get(bob.post(reverse("admin:resume_schedule", args=[channel.pk, "sync"]))["Location"])

    told = text_of(paused)
    assert "“Send prices, quantities and status” is paused: it keeps its times" in told
    assert "Paused <time" in told
    assert [each.operation for each in paused.context["next"]] == ["get_orders", "sync"]
    judged = later.context["standings"][0]
    assert judged.judged.sentence == (
        "“Send prices, quantities and status” is paused, and not started until it is resumed."
    )
    assert (judged.colour, judged.button) == ("warning", "See what is paused")
    assert judged.place == reverse("admin:tradepost_channel_change", args=[channel.pk]) + "#schedules"
    assert 'id="schedules"' in text_of(bob.get(judged.place))
    assert [run.kind for run in by_itself] == ["get_orders"]
    assert by_hand.status_code == 302
    assert Run.objects.filter(kind="sync", requested_by="bob").exists()
    assert "“Send prices, quantities and status” goes on by itself, next <time" in text_of(resumed)
    assert [each.operation for each in resumed.context["next"]] == ["sync", "get_orders"]
    assert all(each.at > now for each in resumed.context["next"])


def test_a_schedule_is_paused_and_resumed_on_the_channels_page(channel, people, shell):
    ScheduleRecord.objects.create(
        channel=channel, operation="sync", every_minutes=15, next_at=timezone.now() + timedelta(minutes=5)
    )
    page, bob = reverse("admin:tradepost_channel_change", args=[channel.pk]), browser_of("bob")

    bob.post(page, {"do": "pause:sync"})
    paused = shell("channel", "schedule", "shop", "sync").out
    shown = text_of(bob.get(page))
    bob.post(page, {"do": "resume:sync"})
    resumed = shell("channel", "schedule", "shop", "sync").out

    assert "paused at" in paused
    assert "<strong>paused</strong> <time" in shown
    assert "next" in resumed.splitlines()[1]


def test_who_only_looks_sees_that_a_schedule_is_paused_and_can_not_resume_it(channel, people):
    now = timezone.now()
    ScheduleRecord.objects.create(
        channel=channel, operation="sync", every_minutes=15, next_at=now, paused_at=now - timedelta(hours=2)
    )
    vera = browser_of("vera")

    answer = vera.post(reverse("admin:resume_schedule", args=[channel.pk, "sync"]))

    assert answer.status_code == 403
    assert "2 h ago" in text_of(today_of(vera))
    assert "Resume:" not in text_of(today_of(vera))
    assert ScheduleRecord.objects.get().paused_at is not None


def test_a_schedule_that_nobody_starts_is_told(channel, people):
    long_ago = timezone.now() - timedelta(hours=1)
    ScheduleRecord.objects.create(channel=channel, operation="get_orders", every_minutes=15, next_at=long_ago)

    assert "Fetching orders is overdue. Is the server at work?" in text_of(today_of(browser_of("vera")))


def test_a_hub_without_a_store_says_what_to_do_first(people):
    assert "No store is connected yet." in text_of(today_of(browser_of("vera")))
