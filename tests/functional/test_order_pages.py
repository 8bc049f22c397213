"""Orders in the back office: found, shipped in part and told, held, put right, shipped from files, and proven."""

import html
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

import browser
from browser import PASSWORD, log_in
from people import browser_of, person
from queued_runs import execute_queued
from sdk.call import Call
from sdk.python_sdk import PythonSdk
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.cli.hub.serve import serving
from tradepost.database.models import Channel, Order, ParkedOrderRecord, Run, ShipmentRecord
from tradepost.domain.plan import RunState
from tradepost.engine.executor import Executor

NEEDS = reverse("admin:tradepost_order_needs")
LIST = reverse("admin:tradepost_order_changelist")
FILE = reverse("admin:tradepost_shipmentrecord_file")
PROOF = reverse("admin:tradepost_order_reconciliation")


SHIPMENTS = Call(
    function="OrderShipmentList_Load_Query",
    methods={"set_count": 100},
    answer={"order_shipments": [dict.fromkeys(("order_id", "tracking_number", "tracking_type", "cost", "status"))]},
)
SHIPPED = 200


@pytest.fixture
def sent(box) -> Callable[[int], list[tuple[str, str, float]]]:
    """What the store has shipped of an order, read with Miva's own SDK: tracking number, carrier and cost."""
    sdk = PythonSdk(endpoint=box.endpoint, token=box.token, signature_key=box.signature_key)

    def read(number: int) -> list[tuple[str, str, float]]:
        return [
            (each["tracking_number"], each["tracking_type"], each["cost"])
            for each in sdk.make(SHIPMENTS)["order_shipments"]
            if each["order_id"] == number and each["status"] == SHIPPED
        ]

    return read


@pytest.fixture
def mugs(published, box) -> Order:
    """An order of three mugs, fetched."""
    purchases = [Purchase("HP-MUG-WHITE", (), 3)]
    number = buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
    assert published("orders", "get").code == 0
    return Order.objects.get(external_id=number)


def page_of(order: Order) -> str:
    return reverse("admin:tradepost_order_change", args=[order.pk])


def words_of(answer) -> str:
    return html.unescape(" ".join(answer.content.decode().split()))


def text_of(client, address) -> str:
    return words_of(client.get(address))


def ask(client, address, do, **more) -> str:
    """Press a button of a page; return what it then says."""
    return words_of(client.post(address, {"do": do, **more}, follow=True))


def package(order: Order, pieces: object, **more: str) -> dict[str, object]:
    """What is typed into the form of an order with one line."""
    line = order.lines.order_by("pk").last()
    assert line is not None
    return {"carrier": "UPS", "tracking": "1Z999", "cost": "4.50", f"pieces-{line.line_id}": pieces, **more}


def test_an_order_is_shipped_in_part_from_its_page_and_the_proof_is_there_too(mugs, sent):
    bob = browser_of("bob")
    page = page_of(mugs)

    before = text_of(bob, page)
    preview = ask(bob, page, "preview", **package(mugs, 1))
    nothing_yet = ShipmentRecord.objects.count()
    shipped = ask(bob, page, "ship", **package(mugs, 1))
    progress = bob.get(reverse("admin:tradepost_order_progress", args=[mugs.pk]))
    execute_queued()
    done = bob.get(reverse("admin:tradepost_order_progress", args=[mugs.pk]))
    after = text_of(bob, page)

    assert "Fetched from the store." in before
    assert "Nothing was sent yet." in before
    assert "The store is told that these pieces are shipped with UPS, under the tracking number 1Z999" in preview
    assert "2 pieces stay open, and the store shows the order as partially shipped." in preview
    assert nothing_yet == 0
    assert "tells the store." in shipped
    assert "The store is being told" in shipped
    assert (progress.status_code, progress.get("HX-Refresh")) == (HTTPStatus.NO_CONTENT, None)
    assert done["HX-Refresh"] == "true"
    assert "The store was told, and read again: it has UPS 1Z999." in after
    assert "on the store, checked" in after
    assert "partly shipped" in after
    assert sent(mugs.external_id) == [("1Z999", "UPS", 4.5)]


def test_a_store_parts_a_line_that_was_shipped_in_part_and_the_page_joins_it_again(mugs):
    bob = browser_of("bob")
    ask(bob, page_of(mugs), "ship", **package(mugs, 1))
    execute_queued()
    assert mugs.lines.count() == 2

    (line,) = bob.get(page_of(mugs)).context_data["lines"]

    assert (line.ordered, line.shipped, line.packed, line.open) == (3, 1, 0, 2)


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"carrier": ""}, "A shipment needs a carrier"),
        ({"tracking": ""}, "A shipment needs a tracking number."),
        ({"cost": "much"}, "'much' is no amount; write it as 7.50."),
        ({"pieces": "4"}, "only 3 can be shipped; type 3 or fewer."),
        ({"pieces": "x"}, "'x' is no number of pieces"),
        ({"pieces": ""}, "Nothing is to be shipped"),
    ],
)
@pytest.mark.parametrize("button", ["preview", "ship"])
def test_a_refused_form_is_shown_again_with_what_was_typed(mugs, typed, refusal, button):
    bob = browser_of("bob")
    form = package(mugs, typed.get("pieces", 2), reference="box 7")
    form |= {name: value for name, value in typed.items() if name != "pieces"}

    answer = bob.post(page_of(mugs), {"do": button, **form})

    assert refusal in words_of(answer)
    shown = answer.context_data["form"]
    assert (shown.carrier, shown.tracking, shown.cost, shown.reference) == tuple(
        form[name] for name in ("carrier", "tracking", "cost", "reference")
    )
    assert list(shown.pieces.values()) == [str(typed.get("pieces", 2))]
    assert 'value="box 7"' in answer.content.decode()
    assert not ShipmentRecord.objects.exists()


def test_what_was_previewed_can_be_changed_before_it_is_told(mugs):
    answer = browser_of("bob").post(page_of(mugs), {"do": "edit", **package(mugs, 2, tracking="1Z-WRONG")})

    assert answer.context_data["form"].tracking == "1Z-WRONG"
    assert 'name="tracking" class="order-input" value="1Z-WRONG"' in answer.content.decode()


def test_an_order_is_held_with_a_reason_shipped_only_on_purpose_and_released(mugs):
    bob = browser_of("bob")
    page = page_of(mugs)

    no_reason = ask(bob, page, "hold", hold=" ")
    held = ask(bob, page, "hold", hold="The buyer wants another colour.")
    on_hold = text_of(bob, f"{LIST}?state__exact=on_hold")
    refused = ask(bob, page, "ship", **package(mugs, 1))
    shipped = ask(bob, page, "ship", **package(mugs, 1, even_if_held="yes"))
    released = ask(bob, page, "release")

    assert "The reason is empty" in no_reason
    assert "On hold: The buyer wants another colour." in held
    assert f">{mugs.external_id}<" in on_hold
    assert "is on hold: The buyer wants another colour." in refused
    assert "tells the store." in shipped
    assert "goes on; it was on hold: The buyer wants another colour." in released
    assert "Put on hold by bob: The buyer wants another colour." in released
    assert Order.objects.get().state == "open"


def test_today_says_since_when_an_order_is_on_hold_not_since_when_it_is_here(mugs):
    Order.objects.update(imported_at=timezone.now() - timedelta(days=5))
    bob = browser_of("bob")

    ask(bob, page_of(mugs), "hold", hold="The buyer wants another colour.")

    (card,) = [each for each in bob.get("/").context["needs"] if each.title == "Orders on hold"]
    assert timezone.now() - card.since < timedelta(minutes=5)


def test_a_line_of_the_timeline_is_a_sentence_and_below_it_its_time(mugs):
    page = text_of(browser_of("bob"), page_of(mugs))

    assert '<p>Fetched from the store.</p><p class="soft"><time' in page


def test_the_timeline_ends_with_an_order_wholly_shipped(mugs, published):
    """The store says since when to the second, by its own clock."""
    bob = browser_of("bob")
    ask(bob, page_of(mugs), "ship", **package(mugs, 3))
    execute_queued()
    assert published("orders", "get").code == 0
    Order.objects.update(shipped_at=mugs.placed_at)

    entries = [entry.words for entry in bob.get(page_of(mugs)).context["timeline"]]

    shipped, told, whole = (
        next(place for place, words in enumerate(entries) if words.startswith(begin))
        for begin in ("Shipped with", "The store was told", "Wholly shipped.")
    )
    assert shipped < told < whole


def test_a_hub_without_an_order_does_not_say_that_everything_is_shipped(channel):
    told = browser_of("bob").get(LIST).content.decode()

    assert "No order yet. Fetch orders, or wait for the schedule to do it." in told
    assert "Everything is shipped" not in told


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("none", "fetches orders, and tells the store nothing of that: so it is set on this channel."),
        ("note", "fetches orders, and acknowledges new ones."),
    ],
)
def test_what_is_said_of_a_fetch_is_what_the_channel_does(published, mode, words):
    person("bob")
    Channel.objects.update(acknowledge_mode=mode)

    told = words_of(browser_of("bob").post(reverse("admin:tradepost_order_start", args=["fetch"]), follow=True))

    assert words in told
    assert ("acknowledges" in told) is (mode == "note")


def test_a_shipment_is_put_right_and_taken_back_from_the_page(mugs, sent):
    bob = browser_of("bob")
    page = page_of(mugs)
    ask(bob, page, "ship", **package(mugs, 1))
    first = ShipmentRecord.objects.get()

    taken_back = ask(bob, page, "take_back", shipment=first.code, reason="It never left.")
    again = ask(bob, page, "ship", **package(mugs, 3, tracking="1Z-TYPO"))
    execute_queued()
    second = ShipmentRecord.objects.get(tracking_number="1Z-TYPO")
    refused = ask(bob, page, "correct", shipment=second.code, tracking="1Z-GOOD", carrier="", cost="1")
    corrected = ask(bob, page, "correct", shipment=second.code, tracking="1Z-GOOD", carrier="UPS", cost="1")
    execute_queued()
    too_late = ask(bob, page, "take_back", shipment=second.code, reason="No.")

    assert "is taken back; its pieces are open again." in taken_back
    assert "tells the store." in again
    assert 'value="1Z-GOOD"' in refused
    assert "A shipment needs a carrier" in refused
    assert "tells the store of all of it once more" in corrected
    assert "The store has shipment" in too_late
    assert sent(mugs.external_id) == [("1Z-GOOD", "UPS", 1)]


def test_a_paused_channel_records_a_package_and_says_that_it_is_not_told(mugs):
    Channel.objects.update(is_paused=True)
    bob = browser_of("bob")

    preview = ask(bob, page_of(mugs), "preview", **package(mugs, 1))
    shipped = ask(bob, page_of(mugs), "ship", **package(mugs, 1))

    assert "The channel is paused: the package is recorded now, and told once the channel is resumed." in preview
    assert "Recorded UPS 1Z999" in shipped
    assert "paused" in shipped
    assert ShipmentRecord.objects.get().state == "waiting"


def test_the_list_shows_what_is_to_be_shipped_first_and_oldest_first(published, box):
    numbers = [
        buy(box.storefront, store_code=box.store_code, purchases=[Purchase("HP-MUG-WHITE", (), 1)], name=name)
        for name in ("Ada Lovelace", "Bo Ek", "Cy Twombly")
    ]
    published("orders", "get")
    vera = browser_of("vera")

    answer = vera.get(LIST)
    everything = vera.get(f"{LIST}?show=all")
    behind = vera.get(f"{LIST}?after={Order.objects.get(external_id=numbers[0]).pk}")
    before = vera.get(f"{LIST}?before={Order.objects.get(external_id=numbers[2]).pk}")
    sought = vera.get(f"{LIST}?q={numbers[1]}")

    def listed(shown):
        return [each.order.external_id for each in shown.context_data["orders"]]

    assert [listed(each) for each in (answer, behind, before)] == [numbers, numbers[1:], numbers[:2]]
    assert listed(everything) == numbers[::-1]
    assert listed(sought) == [numbers[1]]
    assert [(tab.name, tab.count) for tab in answer.context_data["tabs"]] == [
        ("To ship", "3"),
        ("On hold", "0"),
        ("Shipped", "0"),
        ("Needs you", "0"),
        ("All", "3"),
    ]
    row = answer.context_data["orders"][1]
    assert (row.buyer, row.pieces, row.items, row.words) == ("Bo Ek", 1, "Enamel Mug", "to ship")


def test_what_the_store_did_not_take_and_what_could_not_be_read_is_on_one_page_and_tried_again(mugs):
    bob = browser_of("bob")
    ask(bob, page_of(mugs), "ship", **package(mugs, 1))
    Run.objects.filter(state=RunState.QUEUED.value).delete()
    ShipmentRecord.objects.update(state="parked", last_error="Somebody has changed the shipment on the store.")
    now = timezone.now()
    ParkedOrderRecord.objects.create(
        channel=mugs.channel, number="77", reason="Order 77 is odd.", version="0", first_at=now, last_at=now
    )

    shown = text_of(bob, NEEDS)
    shipments = ask(bob, NEEDS, "shipments")
    orders = ask(bob, NEEDS, "orders")
    execute_queued()

    assert "Somebody has changed the shipment on the store." in shown
    assert "Order 77 is odd." in shown
    assert "sends again what the store did not take" in shipments
    assert "tries the parked orders again" in orders
    assert ShipmentRecord.objects.get().state == "told"


def test_a_file_of_shipments_is_previewed_with_its_refused_rows_and_then_recorded_and_told(mugs, sent):
    bob = browser_of("bob")
    channel = mugs.channel_id
    rows = f"order,tracking,carrier,quantity,sku\n{mugs.external_id},1Z1,UPS,2,HP-MUG-WHITE\n1,1Z2,UPS,,\n"
    file = SimpleUploadedFile("today.csv", rows.encode())

    preview = bob.post(FILE, {"do": "preview", "channel": channel, "file": file})
    nothing_yet = ShipmentRecord.objects.count()
    coded = preview.context_data["file"].coded
    recorded = ask(bob, FILE, "record", channel=channel, name="today.csv", content=coded)
    execute_queued()
    again = bob.post(FILE, {"do": "preview", "channel": channel, "name": "today.csv", "content": coded})

    assert "today.csv: 1 shipment would be recorded, 1 refused" in words_of(preview)
    assert "There is no order 1 in this channel's ledger" in words_of(preview)
    assert [(row.line, row.message[:19]) for row in preview.context_data["refused"]] == [(3, "There is no order 1")]
    assert nothing_yet == 0
    assert "Recorded 1 shipment, 1 refused." in recorded
    assert "tells the store." in recorded
    assert sent(mugs.external_id) == [("1Z1", "UPS", 0)]
    assert "0 shipments would be recorded, 1 recorded before, 1 refused" in words_of(again)


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("big.csv", b"x" * 1_000_001, "big.csv has more than 1,000,000 bytes."),
        ("long.csv", b"order,tracking\n" + b"1,2\n" * 501, "long.csv has more than 500 rows."),
        ("book.xlsx", b"PK\x03\x04 and more", "book.xlsx is a spreadsheet or ZIP file, not a CSV."),
        ("other.csv", b"sku,price\nMUG,1\n", "order"),
        ("empty.csv", b" ", "empty.csv is empty."),
    ],
)
def test_a_file_that_is_no_file_of_shipments_is_refused_with_what_to_do(channel, name, content, refusal):
    file = SimpleUploadedFile(name, content)

    shown = browser_of("bob").post(FILE, {"do": "preview", "channel": channel.pk, "file": file})

    assert refusal in words_of(shown)
    assert 'id="refusal"' in shown.content.decode()


def test_what_did_not_come_back_whole_from_a_preview_is_refused(channel):
    bob = browser_of("bob")

    answers = [
        ask(bob, FILE, "record", channel=channel.pk, name="x.csv", content=content) for content in ("", "%%%", "AAA")
    ]

    assert "Choose a file first" in answers[0]
    assert all("The file did not come back whole" in answer for answer in answers[1:])
    assert not ShipmentRecord.objects.exists()


def test_orders_are_compared_with_the_store_and_the_proof_is_on_a_page(mugs):
    bob = browser_of("bob")

    before = text_of(bob, PROOF)
    started = words_of(bob.post(reverse("admin:tradepost_order_start", args=["compare"]), follow=True))
    execute_queued()
    proven = bob.get(PROOF)
    ask(bob, page_of(mugs), "ship", **package(mugs, 1))
    Run.objects.filter(state=RunState.QUEUED.value).delete()
    ShipmentRecord.objects.update(state="parked", last_error="The store says no.")
    bob.post(reverse("admin:tradepost_order_start", args=["compare"]))
    execute_queued()
    differing = text_of(bob, PROOF)

    assert "Not compared yet." in before
    assert "compares every order and shipment with the store" in started
    assert "1 placed, 1 in the hub, 0 missing" in words_of(proven)
    figures = dict(proven.context_data["proofs"][0]["figures"])
    assert (figures["placed"], figures["fetched"], figures["missing"], figures["differences"]) == (1, 1, 0, 0)
    assert "is parked: The store says no." in differing
    assert "standing-danger" in differing


def test_a_viewer_reads_orders_and_can_press_nothing(mugs):
    vera = browser_of("vera")
    page = page_of(mugs)

    shown = text_of(vera, page)
    deeds = ("preview", "edit", "ship", "hold", "release", "rematch", "hand_over", "correct", "suppress", "take_back")
    answers = {do: vera.post(page, {"do": do}).status_code for do in (*deeds, "retry", "tell")}
    started = [
        vera.post(reverse("admin:tradepost_order_start", args=[what])).status_code
        for what in ("fetch", "tell", "compare")
    ]
    tried = [vera.post(NEEDS, {"do": what}).status_code for what in ("shipments", "orders")]

    assert "3 pieces open. Who works here may ship them; you may look." in shown
    assert '<button class="button' not in shown
    assert set(answers.values()) == {HTTPStatus.FORBIDDEN}
    assert {*started, *tried} == {HTTPStatus.FORBIDDEN}
    assert not ShipmentRecord.objects.exists()
    assert Order.objects.get().state == "open"


def test_who_may_do_nothing_more_with_an_order_reads_no_empty_heading(mugs):
    shown = browser_of("vera").get(page_of(mugs)).content.decode()

    assert 'id="order-more"' not in shown


def test_what_is_asked_of_nothing_is_told_and_what_is_not_there_is_not_found(mugs):
    bob = browser_of("bob")

    assert "The page asked for nothing that there is" in ask(bob, page_of(mugs), "burn")
    assert "The page asked for nothing that there is" in ask(bob, NEEDS, "burn")
    assert "a shipment of another order" in ask(bob, page_of(mugs), "retry", shipment="TP-1-2")
    missing = [f"{LIST}999999/change/", f"{LIST}x/change/", reverse("admin:tradepost_order_start", args=["burn"])]
    assert {bob.get(address).status_code for address in missing} == {HTTPStatus.NOT_FOUND}


@pytest.fixture
def office(published) -> Iterator[str]:
    """The hub's server, which executes runs."""
    bob = person("bob")
    bob.set_password(PASSWORD)
    bob.save()
    with serving(host="127.0.0.1", port=0, crew=Executor(threads=1)) as url:
        yield url


@pytest.mark.browser
def test_bob_fetches_an_order_ships_a_part_of_it_and_sees_the_proof_in_a_browser(office, box, sent):
    """R19: the journey of an order, as somebody who never opens a terminal goes it."""
    purchases = [Purchase("HP-MUG-WHITE", (), 3)]
    number = buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
    with browser.chromium() as opened:
        tab = opened.new_context(viewport={"width": 390, "height": 844}).new_page()
        tab.set_default_timeout(60_000)
        log_in(tab, office, "bob")

        tab.click("nav.sections >> text=Orders")
        tab.click("button:has-text('Fetch orders')")
        row = tab.locator("a.text-link", has_text=str(number))
        for _ in range(100):
            if row.count():
                break
            tab.reload()
        row.click()
        tab.keyboard.press("Tab")
        for name, value in (("carrier", "UPS"), ("tracking", "1Z999AA1"), ("cost", "4.50")):
            tab.get_by_label(name.capitalize()).first.fill(value)
        tab.get_by_label("Enamel Mug").fill("1")
        tab.click("button:has-text('Ship and tell the store')")
        preview = tab.inner_text("section[aria-labelledby=order-ship]")
        tab.click("button[value=ship]")
        message = tab.inner_text("main")
        tab.wait_for_selector("text=The store was told, and read again: it has UPS 1Z999AA1.")
        proof = tab.inner_text("main")
        widest = tab.evaluate("document.documentElement.scrollWidth")

    assert "2 pieces stay open" in preview
    assert "tells the store" in message
    assert "on the store, checked" in proof
    assert widest == 390
    assert sent(number) == [("1Z999AA1", "UPS", 4.5)]
