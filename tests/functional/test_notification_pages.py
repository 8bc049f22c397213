"""Notifications in the back office: who is told what, added, tried and forgotten on a page."""

from html import unescape

import pytest
from django.urls import reverse

from people import NAMES, browser_of, person
from tradepost.database.models import NoticePlace

PLACE = {"do": "add", "name": "hook", "events": ["brake"], "digest_at": "", "time_zone": "", "is_local": "on"}


@pytest.fixture
def people(sqlite: str) -> None:
    for name in NAMES:
        person(name)


@pytest.fixture
def address(web_place) -> str:
    return f"json://127.0.0.1:{web_place.server_port}/secret-path"


def page() -> str:
    return reverse("admin:notifications")


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def test_a_place_is_added_tried_and_forgotten_and_its_secret_never_shown(people, web_place, address):
    alice = browser_of("alice")

    added = words_of(alice.post(page(), PLACE | {"address": address}, follow=True))
    tried = words_of(alice.post(page(), {"do": "test", "place": "hook"}, follow=True))
    forgotten = words_of(alice.post(page(), {"do": "remove", "place": "hook"}, follow=True))

    assert "hook is told from now on." in added
    assert "the brake waits for an answer; at once" in added
    assert "secret-path" not in added
    assert "A message is on its way to hook." in tried
    assert len(web_place.taken) == 1
    assert "Nobody is told at hook any more." in forgotten
    assert not NoticePlace.objects.exists()


def test_what_can_not_be_is_refused_and_shown_again_without_the_secret(people, address):
    answer = browser_of("alice").post(page(), PLACE | {"address": address, "digest_at": "noon"})

    assert "'noon' is no time of day; write it as 08:00." in words_of(answer)
    assert answer.context["form"]["name"].value() == "hook"
    assert "secret-path" not in answer.content.decode()
    assert not NoticePlace.objects.exists()


def test_a_place_that_can_not_be_reached_says_why(people, address):
    alice = browser_of("alice")
    alice.post(page(), PLACE | {"address": address} | {"is_local": ""})

    told = words_of(alice.post(page(), {"do": "test", "place": "hook"}, follow=True))

    assert "The message to hook was not sent" in told
    assert "inside a private network" in told


def test_what_is_told_at_a_place_is_changed_and_its_address_stays_where_none_is_typed(people, web_place, address):
    alice = browser_of("alice")
    alice.post(page(), PLACE | {"address": address})
    change = reverse("admin:notifications_change", args=[NoticePlace.objects.get().pk])
    typed = {"events": ["run_failed"], "digest_at": "08:00", "time_zone": "Europe/Berlin", "is_local": "on"}

    shown = words_of(alice.get(change))
    refused = words_of(alice.post(change, typed | {"digest_at": "noon"}))
    changed = words_of(alice.post(change, typed, follow=True))
    place = NoticePlace.objects.get()
    digest_from = place.digest_from
    alice.post(change, typed | {"events": []})
    tried = words_of(alice.post(page(), {"do": "test", "place": "hook"}, follow=True))

    assert "secret-path" not in shown
    assert "'noon' is no time of day; write it as 08:00." in refused
    assert "hook is told from now on: runs failed; at 08:00 Europe/Berlin. Try it." in changed
    assert (place.events, place.digest_at, place.is_local) == (["run_failed"], "08:00", True)
    # What a digest has gathered is not lost where its time stays.
    assert NoticePlace.objects.get().digest_from == digest_from
    assert NoticePlace.objects.get().events == []
    assert "A message is on its way to hook." in tried
    assert len(web_place.taken) == 1


def test_an_operator_looks_and_changes_nothing(people, address):
    bob = browser_of("bob")

    assert "Nobody is told anything yet." in words_of(bob.get(page()))
    assert bob.post(page(), PLACE | {"address": address}).status_code == 403
    assert bob.get(reverse("admin:notifications_change", args=[1])).status_code == 403
    assert not NoticePlace.objects.exists()
