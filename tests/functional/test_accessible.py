"""
The pages for everybody: by keyboard, on a phone, in light and in dark.

axe looks at every page that the back office has an address for, with a shop's rows in it.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from browser import PASSWORD, chromium, log_in
from people import NAMES, person
from tradepost.cli.hub.serve import serving
from tradepost.database.models import (
    AuditEntry,
    Channel,
    Consumer,
    ConsumerTargetRecord,
    FetchedFile,
    Listing,
    NoticePlace,
    Order,
    OrderLine,
    PlannedChange,
    ProductRecord,
    Run,
    RunChange,
    SavedPlan,
    ScheduleRecord,
    ShipmentRecord,
    ShipmentSourceRecord,
    Source,
)
from tradepost.domain.people.audit import AuditEvent
from tradepost.domain.plan import RunState

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
GRAVE = {"serious", "critical"}


@pytest.fixture
def shop(sqlite: str, channel: Channel) -> dict[str, int]:
    """A shop with something on every page; the ids by table."""
    for name in NAMES:
        person(name)
    alice = person("alice")
    alice.set_password(PASSWORD)
    alice.save()
    now = timezone.now()
    rules = [
        {"name": "mugs", "skus": ["MUG-*"], "tag": "mug"},
        {"name": "abroad", "countries": ["CA"], "tag": "customs"},
    ]
    Channel.objects.filter(pk=channel.pk).update(order_rules=rules)
    mug, note = Listing.objects.filter(kind="simple").order_by("pk")[:2]
    mug.attentions.create(channel=channel, kind="oversold", message="Sold 3 of 2.", since=now - timedelta(days=2))
    note.attentions.create(channel=channel, kind="draft", message="A draft.", since=now)
    Listing.objects.filter(pk=note.pk).update(health="listed", link="linked", external_id=7, proven_price=Decimal(1))
    ScheduleRecord.objects.create(
        channel=channel, operation="get_orders", every_minutes=5, next_at=now + timedelta(minutes=3)
    )
    order = Order.objects.create(
        channel=channel,
        external_id=1001,
        store_status="pending",
        placed_at=now,
        imported_at=now,
        total=Decimal("24.80"),
        currency="USD",
        ship_to={"first_name": "Ada", "last_name": "Smith", "city": "Kiel", "country": "DE"},
    )
    OrderLine.objects.create(
        order=order,
        line_id=1,
        sku=mug.sku,
        code=mug.code,
        name="Mug",
        quantity=2,
        price=Decimal("12.40"),
        total=Decimal("24.80"),
        is_product=True,
        listing=mug,
        store_status="pending",
    )
    shipment = ShipmentRecord.objects.create(
        channel=channel,
        order=order,
        code="TP-1001-1",
        state="parked",
        carrier="UPS",
        tracking_number="1Z1001",
        cost=Decimal(1),
        shipped_at=now,
        last_error="The store says no.",
    )
    run = Run.objects.create(
        channel=channel,
        kind="publish",
        lane="listings",
        trigger="person",
        state=RunState.COMPLETED_WITH_ERRORS.value,
        scope_key="",
        queued_at=now,
        started_at=now,
        finished_at=now,
        counts=[{"subject": "product", "action": "create", "outcome": "rejected", "proof": "", "count": 1}],
    )
    RunChange.objects.create(
        run=run,
        attempt=1,
        subject_kind="product",
        subject_key=mug.code,
        subject_label="Mug",
        side="store",
        action="create",
        outcome="rejected",
        message="The store says no.",
        listing_id=mug.pk,
        fields=[{"name": "price", "before": None, "after": "12.40"}],
    )
    preview = Run.objects.create(
        channel=channel,
        kind="publish",
        lane="listings",
        trigger="person",
        state=RunState.COMPLETED.value,
        is_dry=True,
        scope_key="",
        queued_at=now,
        finished_at=now,
        planned=[{"subject": "product", "action": "create", "count": 1}],
    )
    planned = RunChange.objects.create(
        run=preview,
        attempt=1,
        subject_kind="product",
        subject_key=mug.code,
        subject_label="Mug",
        side="store",
        action="create",
        fields=[{"name": name, "before": None, "after": "12.40"} for name in ("price", "cost", "name", "sku")],
    )
    plan = SavedPlan.objects.create(
        run=preview,
        expires_at=now + timedelta(days=7),
        events=[{"at": now.isoformat(), "who": "alice", "what": "saved"}],
    )
    PlannedChange.objects.create(plan=plan, change=planned, is_approved=True)
    NoticePlace.objects.create(
        name="ops", shown="mailtos://mail.example.com", address=b"x", digest_from=now, made_at=now
    )
    entry = AuditEntry.objects.create(at=now, event=AuditEvent.LOGGED_IN.value, who="alice", whence="127.0.0.1")
    source, _ = Source.objects.get_or_create(name="erp")
    consumer = Consumer.objects.create(channel=channel, name="dock", form="csv", made_at=now)
    ConsumerTargetRecord.objects.create(
        consumer=consumer, address="sftp://dock@example.com/in", confirmation="consumer"
    )
    ships = ShipmentSourceRecord.objects.create(channel=channel, name="dock", address="sftp://dock@example.com/out")
    FetchedFile.objects.create(channel=channel, source=ships, name="a.csv", checksum="a", size_bytes=1, seen_at=now)
    return {
        "channel": channel.pk,
        "listing": mug.pk,
        "order": order.pk,
        "shipmentrecord": shipment.pk,
        "run": run.pk,
        "auditentry": entry.pk,
        "productrecord": ProductRecord.objects.order_by("pk").values_list("pk", flat=True)[0],
        "person": alice.pk,
        "source": source.pk,
        "savedplan": plan.pk,
    }


@pytest.fixture
def addresses(shop: dict[str, int]) -> list[str]:
    """Every page that there is something for."""
    tables = ("listing", "order", "shipmentrecord", "fetchedfile", "productrecord", "upload", "source", "run")
    tables += ("savedplan", "channel", "person", "auditentry", "parkedorderrecord", "runchange")
    steps = ("connection", "test", "images", "pages", "schedules")
    return [
        reverse("admin:index"),
        *(reverse(f"admin:tradepost_{table}_changelist") for table in tables),
        *(reverse(f"admin:tradepost_{table}_change", args=[key]) for table, key in shop.items()),
        *(reverse("admin:tradepost_channel_setup", args=[shop["channel"], step]) for step in steps),
        reverse("admin:tradepost_channel_add"),
        reverse("admin:tradepost_order_needs"),
        reverse("admin:tradepost_order_reconciliation"),
        reverse("admin:tradepost_shipmentrecord_file"),
        reverse("admin:tradepost_upload_add"),
        reverse("admin:tradepost_source_add"),
        reverse("admin:tradepost_person_add"),
        reverse("admin:tradepost_person_sessions", args=[shop["person"]]),
        reverse("admin:tradepost_run_stop", args=[shop["run"]]),
        reverse("admin:tradepost_savedplan_undo", args=[shop["run"]]),
        reverse("admin:tradepost_listing_candidates", args=[shop["listing"]]),
        reverse("admin:tradepost_listing_ask", args=["hide"]) + f"?id={shop['listing']}",
        reverse("admin:tradepost_channel_listing_rules", args=[shop["channel"]]),
        reverse("admin:tradepost_channel_order_rules", args=[shop["channel"]]),
        reverse("admin:consumers"),
        reverse("admin:consumer_add", args=[shop["channel"]]),
        *(reverse(f"admin:consumer{what}", args=[Consumer.objects.get().pk]) for what in ("_show", "_forget")),
        reverse("admin:shipment_sources"),
        reverse("admin:shipment_source_add", args=[shop["channel"]]),
        *(
            reverse(f"admin:shipment_source{what}", args=[ShipmentSourceRecord.objects.get().pk])
            for what in ("_show", "_forget")
        ),
        reverse("admin:personal_data"),
        reverse("admin:tradepost_listing_ask", args=["remove"]) + f"?id={shop['listing']}",
        reverse("admin:tradepost_productrecord_list_on") + "?all=1",
        reverse("admin:tradepost_channel_adopt", args=[shop["channel"]]),
        reverse("admin:tradepost_channel_go_live", args=[shop["channel"]]),
        reverse("admin:settings"),
        reverse("admin:notifications"),
        *(
            reverse("admin:tradepost_productrecord_deed", args=[shop["productrecord"], deed])
            for deed in ("rename", "merge", "remove")
        ),
        reverse("admin:notifications_change", args=[NoticePlace.objects.get().pk]),
        f"{reverse('admin:notifications')}?by=telegram",
        f"{reverse('admin:notifications_change', args=[NoticePlace.objects.get().pk])}?by=mail",
        reverse("admin:first_steps"),
        reverse("admin:first_product"),
        reverse("admin:search") + "?word=mug",
        reverse("admin:password_change"),
        "/no/such/page/",
    ]


@pytest.fixture
def office(shop: dict[str, int]) -> Iterator[str]:
    with serving(host="127.0.0.1", port=0, crew=None) as url:
        yield url.rstrip("/")


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def tab_of(browser: Any, office: str, **settings: Any) -> Any:
    tab = browser.new_context(**settings).new_page()
    tab.set_default_timeout(60_000)
    log_in(tab, office, "alice")
    return tab


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(addresses, office, browser, scheme):
    tab = tab_of(browser, office, viewport=DESK, color_scheme=scheme)
    found = []

    for address in addresses:
        tab.goto(f"{office}{address}")
        tab.wait_for_load_state("networkidle")
        for problem in Axe().run(tab).response["violations"]:
            if problem["impact"] in GRAVE:
                node = problem["nodes"][0]
                found.append((address, problem["id"], node["html"][:160], node["failureSummary"][:200]))

    assert found == []


@pytest.mark.timeout(600)
def test_no_page_is_wider_than_a_phone_and_every_page_has_one_heading(addresses, office, browser):
    tab = tab_of(browser, office, viewport=PHONE)
    wide, headless = [], []

    for address in addresses:
        tab.goto(f"{office}{address}")
        tab.wait_for_load_state("networkidle")
        if tab.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(address)
        if tab.locator("h1").count() != 1 or tab.locator("main").count() != 1:
            headless.append(address)

    assert (wide, headless) == ([], [])


def test_the_shell_is_worked_by_keyboard_alone(office, browser):
    tab = tab_of(browser, office, viewport=DESK)
    focused = "document.activeElement"

    tab.keyboard.press("Tab")
    skip = tab.evaluate(f"{focused}.textContent")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    is_in_main = tab.evaluate(f"document.getElementById('main').contains({focused})")
    tab.locator("summary", has_text="alice").focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    in_menu = tab.evaluate(f"{focused}.textContent.trim()")
    tab.keyboard.press("Escape")
    is_closed = tab.evaluate("document.querySelectorAll('details.menu[open]').length === 0")

    assert skip == "Skip to the content"
    assert is_in_main
    assert in_menu == "Light"
    assert is_closed


def test_filters_are_opened_by_keyboard(office, browser):
    tab = tab_of(browser, office, viewport=DESK)
    tab.goto(f"{office}{reverse('admin:tradepost_listing_changelist')}")

    button = tab.get_by_role("button", name="Filters")
    button.focus()
    tab.keyboard.press("Enter")
    tab.locator("#changelist-filter").wait_for(state="visible")
    tab.keyboard.press("Escape")
    tab.locator("#changelist-filter").wait_for(state="hidden")


def test_the_side_panel_takes_the_focus_and_gives_it_back(office, shop, browser):
    tab = tab_of(browser, office, viewport=DESK)
    Run.objects.filter(pk=shop["run"]).update(state=RunState.QUEUED.value, finished_at=None)
    tab.goto(f"{office}{reverse('admin:tradepost_run_change', args=[shop['run']])}")

    tab.get_by_role("link", name="Stop…").focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("dialog").wait_for()
    inside = tab.evaluate("document.getElementById('panel').contains(document.activeElement)")
    tab.keyboard.press("Escape")
    tab.get_by_role("dialog").wait_for(state="hidden")

    assert inside
