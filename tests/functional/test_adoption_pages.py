"""A store that is in use is taken over on pages: looked at, taken, its types written, and unpaused without a change."""

import re
from http import HTTPStatus

import pytest
from django.urls import reverse

from miva_sandbox import provisioning
from miva_sandbox.control import bulk
from people import browser_of
from queued_runs import execute_queued
from tradepost.database.models import Channel, Listing, Run, SavedPlan

WRITES = ("Provision_Store", "_Update", "_Delete", "_Insert", "_Create", "Adjust", "Acknowledge")


@pytest.fixture
def living(connected, store):
    """Seven products that can be taken over, and two of one SKU that can't."""
    bulk.add_families(store.store, 2, variants=2)
    bulk.add_products(store.store, 3)
    assert list(provisioning.run(store.store, '<Product_Update code="SEED-9"><SKU>SEED-8</SKU></Product_Update>')) == []
    store.log.clear()
    return connected


def text_of(answer):
    page = re.sub("<[^>]*>", "", answer.content.decode())
    return " ".join(page.replace("&#x27;", "'").replace("&quot;", '"').split())


def address():
    return reverse("admin:tradepost_channel_adopt", args=[Channel.objects.get(name="shop").pk])


def step(client, do, **more):
    answer = client.post(address(), {"do": do, **more}, follow=True)
    execute_queued()
    return answer


def written(store):
    called = {operation.function for request in store.log.requests() for operation in request.operations}
    return {function for function in called if any(word in function for word in WRITES)}


@pytest.mark.parametrize("mode", ["live", "only looks"])
def test_a_store_is_taken_over_after_a_look_and_unpaused_with_nothing_to_send(living, store, mode):
    """R11: also while the channel only looks, as nothing is written."""
    if mode == "only looks":
        living("channel", "set", "shop", "--look-only")
    store.log.clear()
    bob = browser_of("bob")

    unseen = text_of(step(bob, "adopt", sku_from="sku"))
    step(bob, "look", sku_from="sku")
    seen = text_of(bob.get(address()))
    before = Listing.objects.count()
    step(bob, "adopt", sku_from="sku")
    done = text_of(bob.get(address()))
    unpause = re.search(r'href="([^"]*/ask/unpause/[^"]*)"', bob.get(address()).content.decode())[1]
    shown = text_of(bob.get(unpause.replace("&amp;", "&")))
    back = bob.post(unpause.replace("&amp;", "&"), {"do": "now", "seen": "7"})
    freed = text_of(bob.get(address()))
    plan = living("listings", "sync", "--dry-run")

    assert "Look first at what would be taken over" in unseen
    assert "The store has 9 products: 2 families with 4 variants, and 3 products of their own." in seen
    assert "7 products become listings, paused; 2 can't." in seen
    assert "SEED-9 2 products of the store have the SKU SEED-8" in seen
    assert before == 0
    assert "7 products were taken over" in done
    assert "7 listings are paused. If they were unpaused now, nothing would be sent" in done
    assert "7 will be worked on again" in shown
    assert back["Location"] == address()
    assert "No listing is paused." in freed
    rows = living("listings", "list", "--json").json["listings"]
    assert {(row["link"], row["health"], row["paused"]) for row in rows} == {("linked", "listed", False)}
    assert "Nothing to do." in plan.out
    assert written(store) == set()


def test_what_would_be_sent_after_unpausing_is_counted_as_a_sync_plans_it(living, tmp_path):
    bob = browser_of("bob")
    step(bob, "look", sku_from="code")
    step(bob, "adopt", sku_from="code")
    # The catalogue says another price and a count of two of them.
    path = tmp_path / "products.csv"
    path.write_text("sku,name,price,quantity\nSEED-8,Seed 8,99.00,321\nSEED-9,Seed 9,98.00,\n", encoding="utf-8")
    assert living("catalogue", "import", path).code == 0

    told = text_of(bob.get(address()))
    living("listings", "unpause", "--all", "--yes")
    plan = living("listings", "sync", "--dry-run", "--json").json

    assert "the next runs would change the store: 2 sent with another price, 1 sent with a first count" in told
    planned = [(change["key"], change["fields"][0]["name"] == "price") for change in plan["changes"]]
    assert sorted(planned) == [("SEED-8", False), ("SEED-8", True), ("SEED-9", True)]


def test_what_products_are_is_written_for_those_that_are_ticked_and_no_other(living, store):
    bob = browser_of("bob")
    step(bob, "look", sku_from="code")
    step(bob, "adopt", sku_from="code")
    offered = text_of(bob.get(address()))
    answer = bob.post(address(), {"do": "types"})
    execute_queued()
    plan = SavedPlan.objects.get()
    shown = text_of(bob.get(answer["Location"]))
    untouched = written(store)
    ticked = plan.changes.get(change__subject_key="SEED-8")
    every = list(plan.changes.values_list("pk", flat=True))
    bob.post(answer["Location"], {"do": "apply", "shown": every, "change": [ticked.pk]})
    execute_queued()
    again = living("listings", "set-type", "--dry-run", "--json").json

    assert "9 have nothing in the custom field product_type" in offered
    assert "“Say what products are” names those that are linked" in offered
    assert "SEED-8" in shown
    assert "simple" in shown
    assert untouched == set()
    assert "SEED-8" not in str(again["changes"])
    assert "SEED-9" in str(again["changes"])


def test_the_wizard_and_the_channel_lead_to_the_takeover_of_what_the_test_has_counted(living):
    channel = Channel.objects.get(name="shop")
    living("channel", "check", "shop")
    Channel.objects.filter(pk=channel.pk).update(setup_step="review", is_look_only=True, is_paused=True)
    alice = browser_of("alice")
    review = reverse("admin:tradepost_channel_setup", args=[channel.pk, "review"])

    seen = text_of(alice.get(review))
    finished = alice.post(review, {"do": "look_only", "then": "adopt"})

    assert "The test counted 9 products there." in seen
    assert finished["Location"] == address()
    assert address() in alice.get(reverse("admin:tradepost_channel_change", args=[channel.pk])).content.decode()
    assert "The last test counted 9 products on this store." in text_of(alice.get(address()))


def test_nothing_is_taken_over_before_what_came_since_a_restore_is_read_back(living):
    bob = browser_of("bob")
    step(bob, "look", sku_from="sku")
    Channel.objects.update(is_look_only=True, restored_why="The database was restored from a backup.")

    told = text_of(step(bob, "adopt", sku_from="sku"))
    living("listings", "adopt")

    assert "Read back first what came since" in told
    assert Listing.objects.count() == 0


def test_a_viewer_takes_nothing_over(living):
    vera = browser_of("vera")

    assert vera.get(address()).status_code == HTTPStatus.FORBIDDEN
    assert vera.post(address(), {"do": "look", "sku_from": "sku"}).status_code == HTTPStatus.FORBIDDEN
    assert not Run.objects.filter(kind="adopt").exists()
