"""Notices over real sockets: each cause is told once, nothing is lost, and nothing personal is in a message."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from mail_place import MailPlace
from tradepost.database import notices as kept
from tradepost.database.models import (
    AttentionRecord,
    AuditEntry,
    Channel,
    Listing,
    Notice,
    NoticeMessage,
    NoticePlace,
    Order,
    ProductRecord,
    Run,
    ShipmentRecord,
    Source,
)
from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.notices import RETRIES, NoticeEvent
from tradepost.engine import notices
from web_place import WebPlace

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)


@contextmanager
def serving(server) -> Iterator:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def mail() -> Iterator[MailPlace]:
    with serving(MailPlace()) as place:
        yield place


@pytest.fixture
def web() -> Iterator[WebPlace]:
    with serving(WebPlace()) as place:
        yield place


@pytest.fixture
def channel(database) -> Channel:
    return Channel.objects.create(name="shop")


def hold(channel: Channel, number: int) -> Order:
    return Order.objects.create(
        channel=channel,
        external_id=number,
        state="on_hold",
        hold_reason="The address of Ada Lovelace, ada@example.com, is incomplete.",
        store_status="pending",
        placed_at=AT,
        imported_at=AT,
        total=1,
    )


def tell(clock) -> int:
    """Look what is news, and send all that is due; return how many messages were tried."""
    notices.look(clock=clock)
    sent = 0
    while notices.send_next(clock=clock):
        sent += 1
    return sent


def test_an_order_on_hold_is_told_once_by_e_mail_and_web_until_it_is_on_hold_again(channel, mail, web, clock):
    notices.add_place("ops", mail.address, is_local=True, clock=clock)
    notices.add_place("hook", f"json://127.0.0.1:{web.server_port}/x", is_local=True, clock=clock)
    order = hold(channel, 1001)

    tried = [tell(clock), tell(clock)]
    Order.objects.filter(pk=order.pk).update(state="open")
    tried.append(tell(clock))
    Order.objects.filter(pk=order.pk).update(state="on_hold")
    tried.append(tell(clock))

    assert tried == [2, 0, 0, 2]
    (first, _) = mail.letters
    assert first["Subject"] == "Tradepost: orders are on hold"
    assert first["To"] == "ops@example.com"
    body = first.get_body(("plain",)).get_content()
    assert "Order 1001 of shop is on hold. 'tradepost orders show 1001' says why." in body
    assert "Ada" not in body
    (_, posted), _ = web.taken
    assert json.loads(posted)["title"] == "Tradepost: orders are on hold"
    assert [place.failure for place in NoticePlace.objects.all()] == ["", ""]


def test_every_kind_of_cause_is_found_and_nothing_else_is(channel, clock):
    """R55: what needs a person is told, and what does not is not."""
    Channel.objects.filter(pk=channel.pk).update(refusal="Bad token abc", restored_why="It came back.")
    hold(channel, 1)
    other = Order.objects.create(
        channel=channel,
        external_id=2,
        state="open",
        store_status="pending",
        placed_at=AT,
        imported_at=AT,
        total=1,
    )
    run = {"channel": channel, "kind": "sync", "lane": "listings", "trigger": "person", "queued_at": AT}
    Run.objects.create(**run, state="failed", finished_at=AT, error="Ada Lovelace", error_kind="StoreUnavailable")
    recovered = {**run, "kind": "link"}
    Run.objects.create(**recovered, state="failed", finished_at=AT)
    Run.objects.create(**recovered, state="completed", finished_at=AT)
    Run.objects.create(**{**run, "kind": "publish"}, state="stopped", finished_at=AT, needs_answer=True)
    Source.objects.create(name="feed", problem="No file for two days.")
    ShipmentRecord.objects.create(
        channel=channel,
        order=other,
        code="S1",
        tracking_number="1Z",
        carrier="ups",
        state="parked",
        shipped_at=AT,
        cost=0,
    )
    product = ProductRecord.objects.create(handle="mug", created_at=AT, updated_at=AT)
    listing = Listing.objects.create(
        channel=channel,
        product=product,
        kind="parent",
        code="mug",
        code_key="mug",
        health="listed",
        link="broken",
        external_id=7,
        wanted_price=0,
        created_at=AT,
    )
    AttentionRecord.objects.create(channel=channel, listing=listing, kind="image_failed", since=AT)
    AttentionRecord.objects.create(channel=channel, listing=listing, kind="broken_link", since=AT)

    AuditEntry.objects.create(at=AT, event="locked_out", who="ada@example.com", whence="203.0.113.9")

    found = list(kept.causes(now=AT))

    assert sorted(cause.event for cause in found) == sorted(NoticeEvent)
    words = " ".join(cause.words for cause in found)
    assert "Sync of shop failed (run 1, StoreUnavailable)" in words.replace(str(Run.objects.earliest("pk").pk), "1")
    assert not any(secret in words for secret in ("Ada", "abc", "ada@", "203."))


def test_somebody_who_tries_passwords_is_told_as_long_as_it_goes_on(channel):
    def tried(minutes, number, event="login_failed"):
        at = AT - timedelta(minutes=minutes)
        AuditEntry.objects.bulk_create(AuditEntry(at=at, event=event, who="x", whence="y") for _ in range(number))
        return [cause.words.split("'")[0] for cause in kept.causes(now=AT)]

    assert tried(1, 3) == []
    assert tried(61, 100, "locked_out") == []
    assert tried(59, 1, "locked_out") == ["3 logins failed within an hour, and 1 were refused after too many. "]


def test_a_place_is_told_what_it_wants_and_no_more(channel, mail, clock):
    notices.add_place("ops", mail.address, events=[NoticeEvent.BRAKE], is_local=True, clock=clock)
    hold(channel, 1001)

    assert tell(clock) == 0
    assert Notice.objects.count() == 1


def test_a_digest_tells_once_a_day_what_came_up_since_the_last(channel, mail, clock):
    notices.add_place("boss", mail.address, is_local=True, digest_at="08:00", time_zone="Europe/Berlin", clock=clock)
    order = hold(channel, 1001)
    clock.now = AT + timedelta(minutes=1)
    tried = [tell(clock)]
    Order.objects.filter(pk=order.pk).update(state="open")
    hold(channel, 1002)
    clock.now = AT + timedelta(hours=1)
    tried.append(tell(clock))

    clock.now = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    tried += [tell(clock), tell(clock)]
    clock.now = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    tried.append(tell(clock))

    assert tried == [0, 0, 1, 0, 0]
    (letter,) = mail.letters
    assert letter["Subject"] == "Tradepost: digest: orders are on hold"
    lines = letter.get_body(("plain",)).get_content().split("\n")
    assert [line.strip().endswith("(It is over.)") for line in lines if line.startswith("Order")] == [True, False]


def test_what_could_not_be_sent_is_tried_again_later_and_shown_meanwhile(channel, mail, clock):
    notices.add_place("ops", mail.address, is_local=True, clock=clock)
    hold(channel, 1001)
    mail.refuses = 1

    tried = [tell(clock), tell(clock)]
    failure = NoticePlace.objects.get().failure
    clock.now = AT + RETRIES[0]
    tried.append(tell(clock))

    assert tried == [1, 0, 1]
    assert "could not be sent" in failure
    assert "@" not in failure
    assert len(mail.letters) == 1
    assert NoticePlace.objects.get().failure == ""


def test_a_message_that_never_gets_through_is_given_up_in_the_end(channel, mail, clock):
    notices.add_place("ops", mail.address, is_local=True, clock=clock)
    hold(channel, 1001)
    mail.refuses = 1000

    tried = 0
    for wait in [*RETRIES, timedelta(days=30)]:
        tried += tell(clock)
        clock.now += wait

    assert tried == len(RETRIES) + 1
    assert NoticeMessage.objects.get().due_at is None
    assert NoticePlace.objects.get().failing_since == AT


def test_who_is_killed_while_a_message_is_under_way_loses_none(channel, mail, clock):
    notices.add_place("ops", mail.address, is_local=True, clock=clock)
    hold(channel, 1001)
    notices.look(clock=clock)
    # Claimed, and never heard of again.
    assert kept.claim(at=clock()) is not None

    meanwhile = tell(clock)
    clock.now = AT + timedelta(minutes=11)
    later = tell(clock)

    assert (meanwhile, later, len(mail.letters)) == (0, 1, 1)


def test_a_server_tells_by_itself(channel, mail):
    notices.add_place("ops", mail.address, is_local=True)
    hold(channel, 1001)
    notifier = notices.Notifier()

    notifier.start()
    deadline = time.monotonic() + 60
    while not mail.letters and time.monotonic() < deadline:
        time.sleep(0.05)
    notifier.stop()

    assert [letter["Subject"] for letter in mail.letters] == ["Tradepost: orders are on hold"]


def test_a_host_inside_the_network_is_not_called_unless_that_is_meant(channel, web, clock):
    """R55: a place to notify is no way into the network."""
    notices.add_place("hook", f"json://127.0.0.1:{web.server_port}/x", clock=clock)
    hold(channel, 1001)

    tried = tell(clock)
    clock.now = AT + timedelta(days=1)
    again = tell(clock)

    assert (tried, again, web.taken) == (1, 0, [])
    assert "inside a private network" in NoticePlace.objects.get().failure


def test_a_web_address_that_leads_on_elsewhere_is_not_followed(channel, web, clock):
    web.statuses = [302]
    notices.add_place("hook", f"json://127.0.0.1:{web.server_port}/x", is_local=True, clock=clock)

    failure = notices.try_place("hook", clock=clock)

    assert "could not be sent" in failure
    assert (len(web.taken), web.asked) == (1, [])


def test_an_address_is_kept_encrypted_and_shown_without_its_secrets(channel, clock):
    notices.add_place("ops", "mailtos://user:geheim@mail.example.com?to=me@example.com", clock=clock)
    notices.add_place("chat", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", clock=clock)

    places = NoticePlace.objects.all()

    assert [place.shown for place in places] == ["slack", "mailtos://mail.example.com"]
    assert not any(b"geheim" in bytes(place.address) for place in places)


@pytest.mark.parametrize("address", ["nonsense", "json://", "nothing://x"])
def test_what_is_no_address_is_refused_with_examples(channel, clock, address):
    with pytest.raises(NotAllowed, match="mailtos://"):
        notices.add_place("ops", address, clock=clock)
