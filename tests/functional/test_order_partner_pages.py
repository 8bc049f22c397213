"""Who takes orders and where shipments come from, on pages: places are tried out, kept, and forgotten, over sockets."""

import ftplib
import json
from html import unescape

import pytest
from django.urls import reverse

from people import browser_of
from tradepost.database.models import Channel, Consumer, ConsumerTargetRecord, ShipmentSourceRecord, Sighting

TOKEN = "s3cret-token"


@pytest.fixture
def number(order) -> int:
    return order()


@pytest.fixture
def alice(number):
    return browser_of("alice")


@pytest.fixture
def warehouse(box) -> str:
    """A folder of a file server, with its password in the box."""
    return f"ftp://{box.ftp_user}@{box.ftp_host}:{box.ftp_port}/htdocs/mm5/graphics"


def add(what: str) -> str:
    return reverse(f"admin:{what}_add", args=[Channel.objects.get().pk])


def consumer_page(what: str = "consumer_show") -> str:
    return reverse(f"admin:{what}", args=[Consumer.objects.get().pk])


def source_page(what: str = "shipment_source_show") -> str:
    return reverse(f"admin:{what}", args=[ShipmentSourceRecord.objects.get().pk])


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def files_of(box) -> list[str]:
    with ftplib.FTP() as ftp:
        ftp.connect(box.ftp_host, box.ftp_port)
        ftp.login(box.ftp_user, box.ftp_password)
        ftp.cwd("/htdocs/mm5/graphics")
        return [name for name in ftp.nlst() if name.startswith(("orders-", ".tradepost"))]


# --- who takes orders -------------------------------------------------------------------------------------------------


def test_a_warehouse_is_added_with_a_place_that_was_tried_and_gets_its_orders_there(
    alice, published, number, box, warehouse
):
    empty = words_of(alice.get(reverse("admin:consumers")))
    typed = {"name": "dock", "form": "jsonl", "address": warehouse, "confirmed_by": "delivery"}

    told = words_of(alice.post(add("consumer"), typed | {"secret": box.ftp_password}, follow=True))
    left_behind = files_of(box)
    listed = words_of(alice.get(reverse("admin:consumers")))
    delivered = published("orders", "deliver")
    after = words_of(alice.get(consumer_page()))

    assert "Nobody takes its orders yet." in empty
    assert "dock takes orders from now on; none was given yet. The server lets the hub in, read and write there" in told
    assert left_behind == []
    assert "1 not given yet" in listed
    assert f"brought to {warehouse}" in listed
    assert delivered.code == 0
    assert [name[:20] for name in files_of(box)] == ["orders-shop-dock-000"]
    assert "has everything" in after
    assert "batch 1 has arrived" in after
    (consumer,) = published("orders", "consumers", "--json").json["consumers"]
    assert (consumer["consumer"], consumer["confirmed"], consumer["not_given"]) == ("dock", 1, 0)


def test_a_place_that_refuses_the_password_is_not_kept_unless_somebody_insists(alice, published, box, warehouse):
    typed = {"name": "dock", "form": "csv", "address": warehouse, "secret": "wrong-password"}

    refused = words_of(alice.post(add("consumer"), typed))
    nobody = published("orders", "consumers", "--json").json["consumers"]
    told = words_of(alice.post(add("consumer"), typed | {"keeps_untested": "on"}, follow=True))

    assert "Nothing was kept." in refused
    assert "Keep it although the test fails" in refused
    assert nobody == []
    assert "The test failed all the same" in told
    assert [row["delivered_to"] for row in published("orders", "consumers", "--json").json["consumers"]] == [warehouse]
    assert "wrong-password" not in refused + told


def test_a_token_is_sent_to_its_address_kept_with_it_and_never_shown_or_sent_elsewhere(
    alice, published, number, web_place
):
    typed = {"name": "erp", "form": "jsonl", "address": web_place.address, "secret": TOKEN}
    pages = [words_of(alice.post(add("consumer"), typed, follow=True))]
    same = {"do": "keep", "address": web_place.address, "confirmed_by": "delivery"}

    pages += [words_of(alice.post(consumer_page(), same, follow=True)), words_of(alice.get(consumer_page()))]
    pages.append(words_of(alice.post(consumer_page(), {"do": "test"}, follow=True)))
    published("orders", "deliver")
    sent = [headers.get("Authorization") for headers, _ in web_place.taken]
    elsewhere = {"do": "keep", "address": f"{web_place.address}&other=1", "confirmed_by": "delivery"}
    pages.append(words_of(alice.post(consumer_page(), elsewhere, follow=True)))

    assert [headers.get("Authorization") for headers in web_place.asked] == [f"Bearer {TOKEN}"] * 3 + [None]
    assert sent == [f"Bearer {TOKEN}"]
    assert [json.loads(line)["order"] for _, content in web_place.taken for line in content.splitlines()] == [number]
    assert bytes(ConsumerTargetRecord.objects.get().secret) == b""
    assert TOKEN not in "".join(pages)
    assert "with a password or token that is stored" in pages[2]


def test_a_web_address_that_only_takes_is_no_failure_and_one_that_lets_nobody_in_is(alice, published, web_place):
    typed = {"name": "erp", "form": "jsonl", "address": web_place.address}

    web_place.statuses = [401]
    shut = words_of(alice.post(add("consumer"), typed))
    web_place.statuses = [405]
    taken = words_of(alice.post(add("consumer"), typed, follow=True))

    assert "lets nobody in with this token (status 401)" in shut
    assert "It answers (status 405); whether it takes orders shows with the first ones." in taken
    assert Consumer.objects.count() == 1


def test_before_a_consumer_is_forgotten_the_page_says_what_stays_untaken_and_wants_its_name(alice, published, number):
    published("orders", "export", "--consumer", "erp")

    asked = words_of(alice.get(consumer_page("consumer_forget")))
    mistyped = words_of(alice.post(consumer_page("consumer_forget"), {"name": "other"}))
    still = Consumer.objects.count()
    told = words_of(alice.post(consumer_page("consumer_forget"), {"name": "erp"}, follow=True))

    assert "What it has not taken stays untaken: batch 1 is not taken over yet: 1 order and 0 changes" in asked
    assert "Type erp to forget it; nothing was done." in mistyped
    assert still == 1
    assert "erp is forgotten; orders that were handed over stay so." in told
    assert published("orders", "consumers", "--json").json["consumers"] == []


def test_what_is_brought_can_be_ended_and_a_folder_of_the_machine_is_not_named_on_a_page(alice, published, tmp_path):
    published("orders", "export", "--consumer", "dock")
    published("orders", "deliver-to", "dock", tmp_path)

    refused = words_of(alice.post(consumer_page(), {"do": "keep", "address": "/etc", "confirmed_by": "consumer"}))
    tried = words_of(alice.post(consumer_page(), {"do": "test"}, follow=True))
    ended = words_of(alice.post(consumer_page(), {"do": "off"}, follow=True))

    assert "A folder of this machine is not named on a page" in refused
    assert "The folder can be read and written to" in tried
    assert "dock is brought nothing any more" in ended
    assert list(tmp_path.glob(".*")) == []
    assert [row["delivered_to"] for row in published("orders", "consumers", "--json").json["consumers"]] == [None]


def test_an_operator_adds_who_fetches_and_a_viewer_only_looks(alice, published):
    bob, vera = browser_of("bob"), browser_of("vera")

    form = words_of(bob.get(add("consumer")))
    bob.post(add("consumer"), {"name": "erp", "form": "csv", "address": "https://erp.example.com/"})
    answers = [
        bob.post(consumer_page(), {"do": "keep", "address": "https://erp.example.com/"}).status_code,
        bob.get(consumer_page("consumer_forget")).status_code,
        vera.get(add("consumer")).status_code,
        vera.post(reverse("admin:consumer_deliver", args=[Channel.objects.get().pk])).status_code,
    ]

    assert "Password or token" not in form
    assert answers == [403, 403, 403, 403]
    assert "Add somebody" not in words_of(vera.get(reverse("admin:consumers")))
    (consumer,) = published("orders", "consumers", "--json").json["consumers"]
    assert (consumer["consumer"], consumer["format"], consumer["delivered_to"]) == ("erp", "csv", None)


def test_a_batch_is_downloaded_as_it_would_be_brought_and_handed_over_by_somebodys_word(alice, published, number):
    bob = browser_of("bob")
    alice.post(add("consumer"), {"name": "dock", "form": "jsonl"})

    file = bob.post(consumer_page(), {"do": "take"})
    again = bob.post(consumer_page(), {"do": "take"})
    shown = words_of(bob.get(consumer_page()))
    seen = [browser_of("vera").post(consumer_page(), {"do": what}).status_code for what in ("take", "confirm")]
    other = words_of(bob.post(consumer_page(), {"do": "confirm", "cursor": "7"}, follow=True))
    told = words_of(bob.post(consumer_page(), {"do": "confirm", "cursor": "1"}, follow=True))
    nothing = words_of(bob.post(consumer_page(), {"do": "take"}, follow=True))

    assert json.loads(file.content)["order"] == number
    assert file.content == again.content
    assert 'filename="orders-shop-dock-00000001-' in file["Content-Disposition"]
    assert "Batch 1 was taken over" in shown
    assert seen == [403, 403]
    assert "can't confirm 7: the next cursor to confirm is 1." in other
    assert "1 order is handed over." in told
    assert "Nothing is new for dock." in nothing
    assert Sighting.objects.get(external_id=number).handed_over_at is not None


# --- where shipments come from ----------------------------------------------------------------------------------------


def test_a_place_of_shipments_is_tried_kept_fetched_from_and_shown_with_what_came_of_it(
    alice, published, number, web_place
):
    empty = words_of(alice.get(reverse("admin:shipment_sources")))
    web_place.offered = f"order,tracking,carrier\n{number},1Z1,UPS\n4711,1Z2,UPS\n".encode()
    typed = {"name": "dock", "address": web_place.address, "secret": TOKEN}

    told = words_of(alice.post(add("shipment_source"), typed, follow=True))
    untaken = published("shipments", "list", "--json").json["shipments"]
    published("shipments", "fetch")
    listed = words_of(alice.get(reverse("admin:shipment_sources")))
    shown = words_of(alice.get(source_page()))

    assert "Nothing is fetched yet." in empty
    assert "Shipments are fetched from dock from now on. It answers (status 200), and lets the hub in." in told
    assert untaken == []
    assert [row["tracking_number"] for row in published("shipments", "list", "--json").json["shipments"]] == ["1Z1"]
    assert "1 recorded" in listed
    assert "1 row refused" in listed
    assert "completed with errors" in listed
    assert "line 3: " in shown
    assert {headers["Authorization"] for headers in web_place.asked} == {f"Bearer {TOKEN}"}
    assert TOKEN not in told + listed + shown


def test_a_source_that_does_not_answer_is_not_kept_and_a_known_name_is_refused(alice, published, web_place):
    web_place.statuses = [404]
    missing = words_of(alice.post(add("shipment_source"), {"name": "dock", "address": web_place.address}))
    before = ShipmentSourceRecord.objects.count()
    alice.post(add("shipment_source"), {"name": "dock", "address": web_place.address})
    twice = words_of(alice.post(add("shipment_source"), {"name": "dock", "address": web_place.address}))

    assert "does not give a file (status 404)" in missing
    assert before == 0
    assert "There is a source 'dock' on this channel already." in twice
    assert ShipmentSourceRecord.objects.count() == 1


def test_a_source_is_moved_with_its_password_only_where_the_address_stays_and_forgotten_by_its_name(
    alice, published, box, warehouse
):
    typed = {"name": "dock", "address": warehouse, "secret": box.ftp_password}
    alice.post(add("shipment_source"), typed)

    same = words_of(alice.post(source_page(), {"do": "keep", "address": warehouse}, follow=True))
    tested = words_of(alice.post(source_page(), {"do": "test"}, follow=True))
    moved = words_of(alice.post(source_page(), {"do": "keep", "address": warehouse.replace("graphics", "other")}))
    kept = ShipmentSourceRecord.objects.get().address
    mistyped = words_of(alice.post(source_page("shipment_source_forget"), {"name": ""}))
    asked = words_of(alice.get(source_page("shipment_source_forget")))
    alice.post(source_page("shipment_source_forget"), {"name": "dock"})

    assert "Shipments of dock are fetched there. The server lets the hub in" in same
    assert "The server lets the hub in" in tested
    assert "Nothing was kept." in moved
    assert kept == warehouse
    assert "nothing was done" in mistyped
    assert "Shipments that it brought stay recorded." in asked
    assert published("shipments", "sources", "--json").json["sources"] == []


def test_the_commands_try_a_place_out_where_they_are_asked_to(published, web_place, tmp_path, monkeypatch):
    published("orders", "export", "--consumer", "erp")
    web_place.statuses = [401]

    refused = published("orders", "deliver-to", "erp", web_place.address, "--no-secret", "--test")
    missing = published("shipments", "fetch-from", "dock", tmp_path / "nowhere", "--test")
    tried = published("shipments", "fetch-from", "dock", tmp_path, "--test")

    assert (refused.code, missing.code, tried.code) != (0, 0, 0)
    assert "lets nobody in" in refused.err
    assert "can't be read" in missing.err
    assert "The folder can be read and written to" in tried.err
    assert published("orders", "consumers", "--json").json["consumers"][0]["delivered_to"] is None
    assert [row["address"] for row in published("shipments", "sources", "--json").json["sources"]] == [str(tmp_path)]
