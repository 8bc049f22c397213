"""Notifications in the back office: who is told what, added, tried and forgotten on a page."""

from html import unescape

import pytest
from django.urls import reverse

from people import NAMES, browser_of, person
from tradepost.database.models import NoticePlace

PLACE = {
    "do": "add",
    "by": "other",
    "name": "hook",
    "events": ["brake"],
    "digest_at": "",
    "time_zone": "",
    "is_local": "on",
}


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


def test_a_web_hook_and_e_mail_are_added_by_what_a_person_knows_of_them(people, web_place):
    alice = browser_of("alice")
    link = f"http://127.0.0.1:{web_place.server_port}/secret-path"
    mail = {"to": "me@example.com", "server": "smtp.example.com", "user": "shop@example.com", "password": "p@ss/word"}

    offered = words_of(alice.get(page()))
    alice.post(page(), PLACE | {"by": "web", "link": link})
    tried = words_of(alice.post(page(), {"do": "test", "place": "hook"}, follow=True))
    refused = alice.post(page(), PLACE | mail | {"by": "mail", "name": "post", "to": "me"})
    added = words_of(alice.post(page(), PLACE | mail | {"by": "mail", "name": "post"}, follow=True))

    assert 'aria-current="page">E-mail</a>' in offered
    assert "A message is on its way to hook." in tried
    assert len(web_place.taken) == 1
    assert "'me' is no e-mail address; write it as me@example.com." in words_of(refused)
    assert "p@ss/word" not in refused.content.decode()
    assert "post is told from now on." in added
    assert {place.shown for place in NoticePlace.objects.all()} == {"json://127.0.0.1", "mailtos://smtp.example.com"}


def test_a_place_is_moved_to_another_kind_and_keeps_what_it_is_told(people, web_place, address):
    alice = browser_of("alice")
    alice.post(page(), PLACE | {"address": address})
    change = reverse("admin:notifications_change", args=[NoticePlace.objects.get().pk])

    shown = words_of(alice.get(f"{change}?by=ntfy"))
    alice.post(change, {"by": "ntfy", "topic": "shop-7f3a", "server": "", "token": "", "events": ["brake"]})

    place = NoticePlace.objects.get()
    assert "Topic" in shown
    assert (place.shown, place.events) == ("ntfys://ntfy.sh", ["brake"])


def test_an_operator_looks_and_changes_nothing(people, address):
    bob = browser_of("bob")

    assert "Nobody is told anything yet." in words_of(bob.get(page()))
    assert bob.post(page(), PLACE | {"address": address}).status_code == 403
    assert bob.get(reverse("admin:notifications_change", args=[1])).status_code == 403
    assert not NoticePlace.objects.exists()
