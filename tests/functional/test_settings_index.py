"""The page that lists all that can be set, with its state, as far as somebody may see it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from people import NAMES, browser_of, person
from tradepost.database.models import Channel, NoticePlace, ScheduleRecord

PAGE = "/settings/"


@pytest.fixture
def people(sqlite):
    for name in NAMES:
        person(name)


def text_of(answer):
    page = re.sub("<[^>]*>", " ", answer.content.decode())
    return " ".join(page.replace("&#x27;", "'").split())


def links_in(answer):
    body = answer.content.decode().split('id="of-hub"')[1]
    return set(re.findall(r'href="(/[^"]*)"', body))


def test_each_thing_that_can_be_set_is_listed_with_what_the_commands_have_made_of_it(connected, tmp_path):
    for name in NAMES:
        person(name)
    connected("channel", "set", "shop", "--map", "name={title}", "--carrier", "acme=UPS", "--no-list-new")
    connected("listings", "set-rule", "outlet", "--percent", "10")
    connected("orders", "set-rule", "hold all", "--hold")
    assert connected("orders", "export", "--consumer", "warehouse").code == 0
    before = text_of(browser_of("alice").get(PAGE))
    assert connected("database", "backup", tmp_path / "hub.backup").code == 0

    shown = text_of(browser_of("alice").get(PAGE))

    assert "Backups none was made yet" in before
    assert "Backups made on the server; the last one" in shown
    assert "Channels 1 live" in shown
    assert "People 1 operator, 1 owner, 1 viewer" in shown
    assert "Notifications nobody is told of anything" in shown
    assert "Connection everything well, tested" in shown
    assert "Listings only what somebody names is listed" in shown
    assert "Mapping 1: name" in shown
    assert "Rules for listings 1: outlet" in shown
    assert "Rules for orders 1: hold all" in shown
    assert "Carriers 1: acme" in shown
    assert "Who takes orders 1: warehouse" in shown
    assert "Where shipments come from files of shipments are fetched from nowhere" in shown
    assert re.search(r"Schedules \d of 9 operations start by themselves", shown)


@pytest.mark.parametrize("name", ["alice", "bob", "vera"])
def test_every_link_leads_to_a_page_that_the_person_may_see(people, name):
    channel = Channel.objects.create(name="Harbour")
    Channel.objects.create(name="Inland", setup_step="test", is_look_only=True)
    ScheduleRecord.objects.create(channel=channel, operation="sync", every_minutes=5, next_at=timezone.now())
    client = browser_of(name)

    answer = client.get(PAGE)
    statuses = {link: client.get(link, follow=True).status_code for link in links_in(answer)}

    assert set(statuses.values()) == {200}
    assert reverse("admin:tradepost_channel_listing_rules", args=[channel.pk]) in statuses
    assert reverse("admin:tradepost_channel_order_rules", args=[channel.pk]) in statuses
    assert reverse("admin:consumers") in statuses
    is_owner = name == "alice"
    assert (reverse("admin:personal_data") in statuses) is is_owner
    assert (reverse("admin:tradepost_person_changelist") in statuses) is is_owner
    assert ("Audit trail" in text_of(answer)) is is_owner
    assert ("Backups" in text_of(answer)) is is_owner


def test_the_part_settings_opens_with_it_and_it_shows_the_channel_that_is_looked_at(people):
    harbour = Channel.objects.create(name="Harbour")
    Channel.objects.create(name="Inland")
    vera = browser_of("vera")

    first = vera.get("/").content.decode()
    both = text_of(vera.get(PAGE)).split("Tradepost Channels")[1]
    vera.post("/choose-channel/", {"channel": harbour.pk})
    chosen = text_of(vera.get(PAGE)).split("Tradepost Channels")[1]

    assert f'href="{PAGE}"' in first
    assert ("Harbour" in both, "Inland" in both) == (True, True)
    assert ("Harbour" in chosen, "Inland" in chosen) == (True, False)


def test_it_reads_no_more_for_ten_channels_than_for_one(people):
    alice = browser_of("alice")

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert alice.get(PAGE).status_code == 200
        return len(captured)

    NoticePlace.objects.all().delete()
    Channel.objects.create(name="first", checked_at=timezone.now() - timedelta(days=1))
    alice.get(PAGE)
    one = queries()
    Channel.objects.bulk_create(Channel(name=f"shop {number}") for number in range(9))

    assert queries() == one


def test_where_no_store_is_connected_an_owner_is_led_to_the_wizard(people):
    assert reverse("admin:tradepost_channel_add") in browser_of("alice").get(PAGE).content.decode()
    assert "An owner connects one." in text_of(browser_of("vera").get(PAGE))
