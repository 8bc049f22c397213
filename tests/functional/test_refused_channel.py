"""A store that lets a channel's token in no more: told once, at the channel, and nothing that is queued is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from miva_sandbox.state import tokens
from people import browser_of
from tradepost.database.models import Channel, Listing, Run, ScheduleRecord
from tradepost.engine.runs import run_now
from tradepost.engine.schedules import start_due, when_applied


@pytest.fixture
def revoked(published, store):
    """A channel with queued changes and an order, whose token somebody has switched off."""
    assert published("listings", "hide", "HP-MUG-MOSS").code == 0
    assert published("listings", "overwrite", "HP-NOTE-SLATE").code == 0
    tokens.change(store.domain.db, store.hub, enabled=False)
    return published


def rows():
    return list(Listing.objects.order_by("pk").values_list("sku", "health", "link", "pending", "attentions__kind"))


def all_are_due(at):
    ScheduleRecord.objects.exclude(every_minutes=0).update(next_at=at)
    return start_due(clock=lambda: at)


@pytest.mark.parametrize(
    "verb", [("listings", "sync"), ("listings", "publish"), ("listings", "link"), ("orders", "get")]
)
def test_every_operation_is_refused_at_the_channel_and_no_row_is_touched(revoked, verb):
    """R7: a denied call stops the run with one word at the channel, and no listing is marked."""
    before = rows()

    said = revoked(*verb)

    assert said.code == 3
    assert "The access token is switched off" in said.out + said.err
    assert rows() == before
    assert {sku: pending for sku, _, _, pending, _ in before if pending} == {
        "HP-MUG-MOSS": "hide",
        "HP-NOTE-SLATE": "overwrite",
    }
    shown = revoked("channel", "show", "shop")
    assert shown.out.count("attention: The access token is switched off") == 1
    assert "refused by the store" in revoked("channel", "list").out


def test_how_a_channel_stands_is_said_by_the_command_as_today_says_it(revoked):
    bob = browser_of("bob")

    def told():
        standing = revoked("channel", "show", "shop", "--json").json["standing"]
        (shown,) = bob.get("/").context["standings"]
        assert shown.judged.sentence == standing["sentence"]
        assert f"{standing['state']}: {standing['sentence']}" in revoked("channel", "show", "shop").out
        assert standing["state"] in revoked("channel", "list").out
        return standing["standing"], standing["sentence"]

    well = told()
    revoked("listings", "sync")
    stopped = told()

    assert well == ("well", "All is well: 17 listings are live, 2 wait to be sent.")
    assert stopped[0] == "stopped"
    assert stopped[1].startswith("The store refuses the hub, so nothing is sent or fetched. The access token is")


def test_schedules_start_nothing_for_an_hour_and_then_try_again(revoked):
    now = timezone.now()
    first = all_are_due(now)
    for run in first:
        run_now(run)
    before, refused = rows(), Channel.objects.get().refused_until

    second = all_are_due(now + timedelta(minutes=30))
    third = all_are_due(refused + timedelta(seconds=1))

    assert first != []
    kinds = Run.objects.filter(pk__in=[run.pk for run in first]).values_list("kind", "error_kind")
    # What has nothing to send asks nothing, and so finds nothing out.
    assert {kind: error for kind, error in kinds if kind != "sync_orders"} == {
        "get_orders": "StoreRefused",
        "sync": "StoreRefused",
    }
    assert (second, third != []) == ([], True)
    assert rows() == before
    assert "the store refuses the channel" in when_applied(Channel.objects.get(), "sync")


@pytest.mark.parametrize("cure", [("channel", "check", "shop"), ("listings", "sync")])
def test_once_it_is_mended_what_was_queued_is_applied(revoked, store, cure):
    revoked("listings", "sync")
    tokens.change(store.domain.db, store.hub, enabled=True)

    assert revoked(*cure).code == 0

    assert Channel.objects.get().refusal == ""
    assert all_are_due(timezone.now()) != []
    assert revoked("listings", "sync").code == revoked("listings", "publish").code == 0
    assert Listing.objects.get(sku="HP-MUG-MOSS").health == "hidden"
    assert [sku for sku, _, _, pending, attention in rows() if pending or attention] == []


def test_another_token_takes_the_refusal_back(revoked, store, monkeypatch):
    revoked("listings", "sync")
    monkeypatch.setenv("TRADEPOST_TOKEN", store.full.token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", store.full.signature_key)

    revoked("channel", "set", "shop", "--new-token")

    assert Channel.objects.get().refusal == ""


def test_an_image_server_that_refuses_keeps_no_schedule_from_starting(published, monkeypatch):
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", "wrong")
    published("channel", "set", "shop", "--new-ftp-password")
    published("listings", "overwrite", "HP-NOTE-SLATE", "--group", "images")

    published("listings", "publish")

    assert Channel.objects.get().refusal == ""


def test_a_channel_out_of_use_starts_nothing_and_keeps_its_rows(published):
    published("listings", "hide", "HP-MUG-MOSS")
    before = rows()

    assert published("channel", "remove", "shop", "--yes").code == 0

    assert all_are_due(timezone.now()) == []
    assert published("listings", "sync", "--channel", "shop").code != 0
    assert rows() == before
