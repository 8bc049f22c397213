"""What every page stands in: parts, the channel that is looked at, and pages for what went wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from people import NAMES, browser_of, person
from tradepost.database.models import Channel, Run, RunKind, Trigger
from tradepost.domain.plan import RunState
from tradepost.web.format import relative
from tradepost.web.shell.sections import SECTIONS
from tradepost.web.site import site

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def people(sqlite: str) -> None:
    for name in NAMES:
        person(name)


@pytest.fixture
def two_shops(people):
    """Two channels with a run each."""
    shops = [Channel.objects.create(name=name) for name in ("Harbour", "Inland")]
    for shop in shops:
        Run.objects.create(
            channel=shop,
            kind=RunKind.SYNC.value,
            lane="listings",
            trigger=Trigger.PERSON.value,
            state=RunState.COMPLETED.value,
            scope_key="",
            label=f"of {shop.name}",
            queued_at=NOON,
        )
    return shops


def page_of(client, address="/"):
    return " ".join(client.get(address).content.decode().split())


def test_every_page_that_a_table_has_belongs_to_one_part():
    lists = {f"tradepost_{model._meta.model_name}_changelist" for model in site._registry}

    homeless = {name for name in lists if sum(each.holds(name) for each in SECTIONS) != 1}

    assert homeless == set()


def test_a_viewer_is_shown_no_page_that_is_not_hers(people):
    page = page_of(browser_of("vera"), reverse("admin:tradepost_channel_changelist"))

    assert ">Notifications</a>" in page
    assert ">People</a>" not in page
    assert "Audit trail" not in page
    assert "Audit trail" in page_of(browser_of("alice"), reverse("admin:tradepost_channel_changelist"))


def test_who_looks_at_one_channel_sees_its_rows_until_all_are_looked_at_again(two_shops):
    alice, runs = browser_of("alice"), reverse("admin:tradepost_run_changelist")
    harbour, _ = two_shops

    alice.post(reverse("admin:choose_channel"), {"channel": harbour.pk, "next": runs})
    one = alice.get(runs).context["cl"].result_count
    meant = alice.get(f"{runs}?channel__id__exact={two_shops[1].pk}").context["cl"].result_count
    alice.post(reverse("admin:choose_channel"), {"channel": "all", "next": runs})
    both = alice.get(runs).context["cl"].result_count

    assert (one, meant, both) == (1, 1, 2)


@pytest.mark.parametrize("named", ["", "nonsense", "999999999", "9" * 40, "\0"])
def test_a_channel_that_there_is_not_changes_nothing(two_shops, named):
    alice = browser_of("alice")

    answer = alice.post(reverse("admin:choose_channel"), {"channel": named, "next": "https://elsewhere.example/"})

    assert answer["Location"] == "/", "nor does it lead away"
    assert alice.get(reverse("admin:tradepost_run_changelist")).context["cl"].result_count == 2


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/no/such/page/", 404, "There is no such page"),
        ("/tradepost/listing/?nonsense=1", 400, "This list has no filter"),
        ("/tradepost/person/", 403, "That is not for you to do"),
    ],
)
def test_what_goes_wrong_has_a_page_that_says_so(people, address, status, words):
    answer = browser_of("vera").get(address)

    assert answer.status_code == status
    assert words in answer.content.decode()
    assert 'href="/"' in answer.content.decode(), "there is a way back"


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=3), "in a moment"),
        (timedelta(minutes=-1), "1 min ago"),
        (timedelta(minutes=-59), "59 min ago"),
        (timedelta(hours=-5), "5 h ago"),
        (timedelta(hours=30), "in 1 day"),
        (timedelta(days=-6), "6 days ago"),
        (timedelta(days=-40), "2026-05-22"),
    ],
)
def test_times_are_as_far_away_as_a_person_would_say(away, words):
    assert relative(NOON + away, now=NOON) == words
