"""Activity in the back office: what was done, how it goes, and what can be done about what did not go through."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from browser import PASSWORD, chromium, log_in
from miva_sandbox.faults.rules import Rule
from people import NAMES, browser_of, person
from queued_runs import execute_queued
from shopper import Shopper
from tradepost.cli.hub.serve import serving
from tradepost.database.models import Listing, Run, RunChange, RunKind, Trigger
from tradepost.domain.plan import RunState

ROWS = "sku,name,price,quantity,images\nMUG,Enamel Mug,7.90,5,mug.png\n"


@pytest.fixture
def people(sqlite: str) -> None:
    for name in NAMES:
        person(name)


@pytest.fixture
def queued(connected, tmp_path):
    """A shell whose channel has a mug with a picture to publish."""
    Image.new("RGB", (40, 40), (10, 120, 90)).save(tmp_path / "mug.png")
    path = tmp_path / "products.csv"
    path.write_text(ROWS, encoding="utf-8")
    assert connected("catalogue", "import", path).code == 0
    return connected


# Whoever carries it out, it is not here.
OWNED = {"owner": "elsewhere", "attempt": 1, "lease_until": timezone.now() + timedelta(hours=1)}


def make_run(channel, *, kind=RunKind.SYNC, state=RunState.COMPLETED, **more):
    now = timezone.now()
    return Run.objects.create(
        channel=channel,
        kind=kind.value,
        lane=more.pop("lane", "listings"),
        trigger=Trigger.SCHEDULE.value,
        state=state.value,
        scope_key=more.pop("scope_key", ""),
        queued_at=now,
        **more,
    )


def page_of(run):
    return reverse("admin:tradepost_run_change", args=[run.pk])


def text_of(client, address):
    return " ".join(client.get(address).content.decode().split())


def test_what_did_not_go_through_is_told_in_the_words_of_who_refused_it_and_tried_again(queued, store):
    bob = browser_of("bob")
    store.faults.add(Rule(kind="ftp_full", after_bytes=10))
    queued("listings", "publish")
    run = Run.objects.filter(kind="publish", is_dry=False).latest("pk")

    told = text_of(bob, page_of(run))
    store.faults.clear(seed=0)
    again = bob.post(reverse("admin:tradepost_run_again", args=[run.pk]))
    execute_queued()
    mended = text_of(bob, again["Location"])

    assert run.state == "completed_with_errors"
    assert "1 image not sent or not read" in told
    refused = RunChange.objects.get(run=run, outcome="failed")
    assert refused.message.split("'")[0].strip() in told, "the words of the image server"
    assert "1 image uploaded" in mended
    assert "COMPLETED" not in again["Location"]
    shopper = Shopper(store)
    assert list(shopper.sold(["MUG"])) == ["MUG"]
    shopper.close()


def test_a_change_leads_to_its_listing(queued, store):
    queued("listings", "publish")
    run = Run.objects.filter(kind="publish", is_dry=False).latest("pk")
    mug = Listing.objects.get(sku="MUG")

    assert f'href="{reverse("admin:tradepost_listing_change", args=[mug.pk])}"' in text_of(
        browser_of("vera"), page_of(run)
    )


def test_the_changes_of_a_run_are_a_file_without_formulas(channel, people):
    run = make_run(channel)
    RunChange.objects.create(
        run=run,
        attempt=1,
        subject_kind="product",
        subject_key="=1+1",
        side="store",
        action="update",
        outcome="rejected",
        message="No.",
        fields=[{"name": "price", "before": "1.00", "after": "2.00"}],
    )

    answer = browser_of("vera").get(reverse("admin:tradepost_run_csv", args=[run.pk]))

    (row,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert row["code"] == "'=1+1"
    assert row["what became of it"] == "product refused by the store"
    assert row["fields"] == "price: 1.00 → 2.00"
    assert row["message"] == "No."


def test_what_had_nothing_to_do_is_one_line(channel, people):
    for _ in range(3):
        make_run(channel, counts=[])
    busy = make_run(
        channel,
        counts=[{"subject": "product", "action": "update", "outcome": "applied", "proof": "read", "count": 2}],
    )

    page = browser_of("vera").get(reverse("admin:tradepost_run_changelist"))

    assert [(len(group.rows), group.is_folded) for group in page.context["groups"]] == [(1, False), (3, True)]
    assert page.context["groups"][0].newest.run == busy
    assert "3 with nothing to do" in page.content.decode()
    assert "2 products updated" in page.content.decode()


def test_tabs_choose_what_is_at_work_and_what_went_wrong(channel, people):
    make_run(channel)
    waits = make_run(channel, state=RunState.QUEUED, scope_key="x")
    failed = make_run(channel, state=RunState.FAILED, error="The store does not answer.")

    client = browser_of("vera")
    shown = {
        name: [row.pk for row in client.get(f"/tradepost/run/?show={name}").context["cl"].result_list]
        for name in ("work", "problems", "answer")
    }

    assert shown == {"work": [waits.pk], "problems": [failed.pk], "answer": []}
    assert "The store does not answer." in text_of(client, "/tradepost/run/?show=problems")


def test_a_run_that_waits_is_stopped_once_it_is_said_what_that_means(channel, people):
    run, bob = make_run(channel, state=RunState.QUEUED), browser_of("bob")
    stop = reverse("admin:tradepost_run_stop", args=[run.pk])

    asked = text_of(bob, stop)
    bob.post(stop)

    assert "What it has done stays done and proven." in asked
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_viewer_looks_and_stops_nothing(channel, people):
    run, vera = make_run(channel, state=RunState.QUEUED), browser_of("vera")

    shown = text_of(vera, page_of(run))
    refused = vera.post(reverse("admin:tradepost_run_stop", args=[run.pk])).status_code

    assert "Stop…" not in shown
    assert refused == 403
    run.refresh_from_db()
    assert run.state == "queued"


@pytest.mark.parametrize("number", ["0", "999999", "9" * 40, "x"])
def test_a_run_that_there_is_not_is_not_found(people, number):
    assert browser_of("vera").get(f"/tradepost/run/{number}/change/").status_code == 404


@pytest.fixture
def office(people, channel):
    bob = person("bob")
    bob.set_password(PASSWORD)
    bob.save()
    with serving(host="127.0.0.1", port=0, crew=None) as url:
        yield url


@pytest.mark.browser
def test_progress_moves_without_a_reload_and_ends_with_the_report(office, channel):
    began = timezone.now() - timedelta(minutes=1)
    run = make_run(channel, state=RunState.RUNNING, done=10, total=100, label="prices", started_at=began, **OWNED)
    with chromium() as browser:
        tab = browser.new_page()
        tab.set_default_timeout(60_000)
        log_in(tab, office, "bob")
        tab.goto(f"{office}{page_of(run).lstrip('/')}")
        tab.get_by_text("10 of 100").wait_for()
        tab.evaluate("window.stays = true")

        Run.objects.filter(pk=run.pk).update(done=60)
        tab.get_by_text("60 of 100").wait_for()
        is_same_page = tab.evaluate("window.stays === true")
        Run.objects.filter(pk=run.pk).update(
            state=RunState.COMPLETED.value,
            finished_at=timezone.now(),
            counts=[{"subject": "product", "action": "update", "outcome": "applied", "proof": "read", "count": 100}],
        )
        tab.get_by_text("100 products updated").wait_for()

        assert is_same_page
