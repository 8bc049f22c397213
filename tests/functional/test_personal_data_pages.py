"""What is known of somebody who ordered, on its page: looked up, given as a file, and forgotten."""

import json
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from people import browser_of
from tradepost.database.models import Order, ParkedOrderRecord

PAGE = "/personal-data/"


@pytest.fixture
def email(order) -> str:
    order()
    address = Order.objects.get().ship_to["email"]
    assert isinstance(address, str)
    return address


@pytest.fixture
def alice(email):
    return browser_of("alice")


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def test_somebody_is_found_by_their_address_and_the_file_is_what_the_command_writes(alice, published, email):
    shown = words_of(alice.post(PAGE, {"do": "find", "email": email.upper()}))
    file = alice.post(PAGE, {"do": "download", "email": email})
    nobody = words_of(alice.post(PAGE, {"do": "find", "email": "nobody@example.com"}))

    order = Order.objects.get()
    assert reverse("admin:personal_data") == PAGE
    assert f"Order {order.external_id}" in shown
    assert "Ada" in shown
    assert "1 x " in shown
    assert json.loads(file.content) == published("personal-data", "export", "--email", email).json
    assert file["Content-Disposition"] == 'attachment; filename="personal-data.json"'
    assert "no-store" in file["Cache-Control"]
    assert "Nothing. No order has this address" in nobody
    assert "Forget them" not in nobody


def test_an_open_order_is_named_as_what_can_not_be_erased_and_why(alice, email):
    shown = words_of(alice.post(PAGE, {"do": "find", "email": email}))
    told = words_of(alice.post(PAGE, {"do": "erase", "email": email, "again": email}, follow=True))

    number = Order.objects.get().external_id
    assert f"Order {number} of shop can't be erased yet: it is still open, and has to be shipped." in shown
    assert "Type the address again" not in shown
    assert f"Still open and left, to be erased once they are closed or cancelled: {number} of shop." in told
    assert Order.objects.get().ship_to["email"] == email


def test_somebody_is_forgotten_once_the_address_is_typed_again(alice, published, email):
    Order.objects.update(state="closed")
    now = timezone.now()
    record = json.dumps({"ship_email": email})
    ParkedOrderRecord.objects.create(
        channel=Order.objects.get().channel, number="77", reason="odd", payload=record, first_at=now, last_at=now
    )

    shown = words_of(alice.post(PAGE, {"do": "find", "email": email}))
    mistyped = words_of(alice.post(PAGE, {"do": "erase", "email": email, "again": "other@example.com"}))
    before = Order.objects.get().ship_to["email"]
    told = words_of(alice.post(PAGE, {"do": "erase", "email": email, "again": email.upper()}, follow=True))

    assert "1 order would be anonymised" in shown
    assert "The record of 1 parked order would be forgotten." in shown
    assert "Type the same address again; nothing was erased." in mistyped
    assert before == email
    assert "1 order is anonymised. 1 records of parked orders are forgotten." in told
    assert email not in told
    assert published("personal-data", "export", "--email", email).json == {"email": email, "orders": [], "parked": []}


def test_what_is_no_address_is_said_and_only_an_owner_gets_near(alice, email):
    refused = words_of(alice.post(PAGE, {"do": "find", "email": "Ada Lovelace"}))
    answers = [browser_of(name).post(PAGE, {"do": "download", "email": email}).status_code for name in ("bob", "vera")]

    assert "That is no e-mail address; write it as ada@example.com." in refused
    assert answers == [403, 403]
    assert alice.post(PAGE, {"do": "burn", "email": email}).status_code == 403
