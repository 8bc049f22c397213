"""People in a real chromium: invited, logged in, refused, and logged out by the owner; and what pages may load."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

import browser
from browser import PASSWORD, log_in
from people import person
from tradepost.cli.hub.serve import serving
from tradepost.database.models import AuditEntry, Listing, Order
from tradepost.engine.runs import request_run

pytestmark = pytest.mark.browser

VERAS = "nobody guesses this one"
# What a page tells of each thing that it was not let do.
LISTEN = """
window.violations = [];
document.addEventListener('securitypolicyviolation', event =>
    window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@pytest.fixture
def office(sqlite) -> Iterator[str]:
    alice = person("alice")
    alice.set_password(PASSWORD)
    alice.save()
    # No run is executed here.
    with serving(host="127.0.0.1", port=0, crew=None) as url:
        yield url


@pytest.fixture
def chromium(office):
    with browser.chromium() as opened:
        yield opened


def new_tab(chromium):
    """Open a tab of a person's own, without anybody else's session."""
    tab = chromium.new_context().new_page()
    tab.set_default_timeout(60_000)
    return tab


def choose_action(tab, name: str, action: str) -> None:
    tab.locator("tbody tr", has_text=name).locator("input.action-select").check()
    tab.select_option("select[name=action]", action)
    tab.locator("button[name=index]").first.click()
    tab.wait_for_load_state("networkidle")


def trail() -> list[tuple[str, ...]]:
    """Read the audit trail in a thread of its own: in that of the browser's driver, connections outlive the test."""

    def read() -> list[tuple[str, ...]]:
        try:
            return list(AuditEntry.objects.order_by("pk").values_list("event", "who", "subject", "whence"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(read).result()


def test_vera_is_invited_logs_in_is_refused_what_is_not_hers_and_logged_out_by_the_owner(chromium, office):
    """R55"""
    alices, veras = new_tab(chromium), new_tab(chromium)
    log_in(alices, office, "alice", PASSWORD)
    alices.goto(f"{office}tradepost/person/add/")
    alices.fill("input[name=name]", "vera")
    alices.select_option("select[name=role]", "viewer")
    alices.click("button:has-text('Make a link')")
    link = alices.inner_text("#invitation")

    veras.goto(link)
    assert link.rsplit("/", 2)[1] not in veras.url, "the token does not stay in the address"
    veras.fill("input[name=new_password1]", VERAS)
    veras.fill("input[name=new_password2]", VERAS)
    veras.click("button:has-text('Set the password')")
    log_in(veras, office, "vera", VERAS)
    welcome = veras.inner_text("body")
    again = new_tab(chromium)
    again.goto(link)
    used = again.inner_text("#invalid")
    refused = [veras.goto(f"{office}tradepost/{page}/").status for page in ("person", "auditentry", "person/add")]
    veras.goto(f"{office}tradepost/channel/")
    sees = (veras.locator("select[name=action]").count(), veras.locator("text=Audit trail").count())

    alices.goto(f"{office}tradepost/person/")
    choose_action(alices, "vera", "end_sessions")
    told = alices.inner_text("body")
    veras.goto(f"{office}tradepost/channel/")

    assert "Today" in welcome
    assert used.startswith("This link is of no use")
    assert refused == [403, 403, 403]
    assert sees == (0, 0)
    assert "1 sessions of vera ended." in told
    assert "/login/" in veras.url
    assert trail() == [
        ("logged_in", "alice", "", "127.0.0.1"),
        ("person_added", "alice", "vera", "127.0.0.1"),
        ("person_invited", "alice", "vera", "127.0.0.1"),
        ("password_set", "vera", "vera", "127.0.0.1"),
        ("logged_in", "vera", "", "127.0.0.1"),
        ("sessions_ended", "alice", "vera", "127.0.0.1"),
    ]


@pytest.fixture
def rows(channel) -> list[str]:
    """One row of each kind that has a page; gives the pages."""
    listing = Listing.objects.get(sku="HP-MUG-WHITE")
    order = Order.objects.create(
        channel=channel,
        external_id=77,
        store_status="pending",
        placed_at=timezone.now(),
        imported_at=timezone.now(),
        total=5,
    )
    run = request_run(channel.pk, "get_orders", requested_by="alice")
    vera = person("vera")
    return [
        "",
        "password_change/",
        *(f"tradepost/{table}/" for table in TABLES),
        "tradepost/person/add/",
        f"tradepost/channel/{channel.pk}/change/",
        f"tradepost/listing/{listing.pk}/change/",
        f"tradepost/listing/ask/lock/?id={listing.pk}",
        f"tradepost/listing/{listing.pk}/candidates/",
        f"tradepost/order/{order.pk}/change/",
        f"tradepost/run/{run.pk}/change/",
        f"tradepost/run/{run.pk}/release/",
        f"tradepost/person/{vera.pk}/change/",
        f"tradepost/person/{vera.pk}/sessions/",
        f"tradepost/productrecord/{listing.product_id}/change/",
    ]


TABLES = (
    "auditentry",
    "channel",
    "fetchedfile",
    "listing",
    "order",
    "parkedorderrecord",
    "person",
    "productrecord",
    "run",
    "runchange",
    "shipmentrecord",
)


def test_no_page_does_what_the_policy_forbids_and_what_opens_and_closes_works(rows, chromium, office):
    tab = new_tab(chromium)
    said: list[str] = []
    tab.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.add_init_script(LISTEN)
    violations: dict[str, list[str]] = {}

    tab.goto(f"{office}login/")
    violations["login/"] = tab.evaluate("window.violations")
    log_in(tab, office, "alice", PASSWORD)
    for page in rows:
        answer = tab.goto(f"{office}{page}")
        tab.wait_for_load_state("networkidle")
        violations[page] = tab.evaluate("window.violations")
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self' 'unsafe-eval';" in f"{policy};"
        assert answer.headers["permissions-policy"].startswith("accelerometer=()")
    tab.goto(f"{office}tradepost/listing/")
    tab.get_by_text("Filters").first.click()
    tab.locator("#filter-form button[type=submit]").first.wait_for(state="visible")
    violations["filters"] = tab.evaluate("window.violations")
    tab.goto(f"{office}tradepost/listing/")
    tab.get_by_role("button", name="variants").first.click()
    tab.locator("tr.listing-variant").first.wait_for()
    tab.locator("input[name=id]").first.check()
    tab.get_by_text("More", exact=True).click()
    tab.get_by_role("button", name="Remove from the store…").click()
    tab.get_by_role("dialog").get_by_text("Can't delist").wait_for()
    violations["delist"] = tab.evaluate("window.violations")

    assert {page: found for page, found in violations.items() if found} == {}
    assert said == []


def test_the_policy_is_in_force(rows, chromium, office):
    """So that the test before can't pass for want of a policy: a script in the page is not done."""
    tab = new_tab(chromium)
    tab.add_init_script(LISTEN)
    tab.goto(f"{office}login/")

    tab.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.evil = 1'}))")

    assert tab.evaluate("window.evil") is None
    assert len(tab.evaluate("window.violations")) == 1
