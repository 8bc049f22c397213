"""Setting channels up, on both databases, with a connector that can be told what it finds."""

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from django.db import transaction

from fakes.connector import FakeConnector
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.channels.schedules import DjangoSchedules
from tradepost.database.models import Channel, Connection, Run, RunChange, RunKind, Trigger
from tradepost.database.runs.history import RequestHistory
from tradepost.domain.errors import CredentialsRejected, NotAllowed
from tradepost.domain.listings.making import ContentRules
from tradepost.engine import runs
from tradepost.operations.channels import channels
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.ports import ChannelProfile, ChannelSettings, ImageConnection, StoreConnection
from tradepost.security.encryption import FernetCipher

NEW = ChannelProfile(
    settings=ChannelSettings(id=0, name="Shop", rules=ContentRules(brand_field="maker"), carrier_map={"dpd": "Other"}),
    store=StoreConnection(domain="https://shop.example:443", store_code="S1", token="T0KEN", signature_key="S1GN"),
    images=ImageConnection(host="ftp.example", user="me", password="s3cret"),
)


@pytest.fixture
def connector():
    return FakeConnector()


@pytest.fixture
def ports(database, clock, connector):
    cipher = FernetCipher([Fernet.generate_key().decode()])
    return ChannelPorts(
        channels=DjangoChannels(cipher=lambda: cipher),
        schedules=DjangoSchedules(),
        history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=clock),
        connector=connector,
        transaction=transaction.atomic,
        clock=clock,
    )


def test_a_channel_is_kept_as_it_was_given(ports):
    channel_id, look = channels.connect_channel(NEW, ports)

    assert look.is_good
    kept = ports.channels.read(channel_id, with_secrets=True)
    assert kept == replace(NEW, settings=replace(NEW.settings, id=channel_id))
    assert ports.channels.read(channel_id).store == replace(NEW.store, token="", signature_key="")


def test_what_was_done_is_kept_with_who_and_when_and_without_secrets(ports, clock):
    channels.connect_channel(NEW, ports)

    run = Run.objects.order_by("pk").first()
    assert (run.kind, run.trigger, run.requested_by, run.finished_at) == ("request", "person", "bob", clock())
    kept = str(list(RunChange.objects.values()))
    assert [secret for secret in ("T0KEN", "S1GN", "s3cret") if secret in kept] == []
    assert kept.count("'replaced'") == 3


@pytest.mark.parametrize("place", ["store", "images"])
def test_a_channel_whose_connection_fails_is_not_kept_at_all(ports, connector, place):
    connector.faults[place] = CredentialsRejected("The password is wrong.")

    channel_id, look = channels.connect_channel(NEW, ports)

    assert channel_id is None
    assert [finding.words for finding in look.findings if not finding.is_good] == ["The password is wrong."]
    assert [table.objects.count() for table in (Channel, Connection, Run)] == [0, 0, 0]
    connector.faults.clear()
    assert channels.connect_channel(NEW, ports)[0] is not None


def test_a_name_that_is_taken_is_refused_before_anything_is_called(ports, connector):
    channels.connect_channel(NEW, ports)
    connector.looks = 0

    with pytest.raises(NotAllowed, match="There is a channel 'Shop' already"):
        channels.connect_channel(NEW, ports)

    assert connector.looks == 0


def test_renaming_to_a_name_that_is_taken_changes_nothing(ports):
    Channel.objects.create(name="Other")
    channel_id, _ = channels.connect_channel(NEW, ports)

    with pytest.raises(NotAllowed, match="'Other' already"):
        channels.change_channel(
            channel_id, lambda profile: replace(profile, settings=replace(profile.settings, name="Other")), ports
        )

    assert ports.channels.read(channel_id).name == "Shop"


def test_an_address_that_changes_counts_as_unchecked_and_the_other_one_stays_checked(ports):
    channel_id, _ = channels.connect_channel(NEW, ports)

    channels.change_channel(
        channel_id, lambda profile: replace(profile, store=replace(profile.store, folder="/Merchant2/")), ports
    )

    assert dict(Connection.objects.values_list("kind", "test_result")) == {"store_api": "", "image_ftp": "ok"}


def test_a_check_that_fails_is_kept_with_its_cure_and_the_channel_stays(ports, connector):
    channel_id, _ = channels.connect_channel(NEW, ports)
    connector.faults["images"] = CredentialsRejected("The password is wrong.")

    look = channels.check_channel(channel_id, ports)

    assert not look.is_good
    assert Connection.objects.get(kind="image_ftp").test_result == "The password is wrong."
    assert Run.objects.latest("pk").state == "completed_with_errors"
    assert RunChange.objects.latest("pk").message == "The password is wrong."


def test_a_paused_channel_takes_no_run_and_queues_none(ports):
    channel_id, _ = channels.connect_channel(NEW, ports)
    queued = runs.request_run(channel_id, RunKind.SYNC)

    assert channels.pause_channel(channel_id, ports)
    assert not channels.pause_channel(channel_id, ports)

    assert runs.take(queued.pk) is None
    with pytest.raises(NotAllowed, match="is paused"):
        runs.request_run(channel_id, RunKind.PUBLISH)
    with pytest.raises(NotAllowed, match="is paused"):
        runs.run_now(queued)
    assert channels.resume_channel(channel_id, ports)
    assert runs.take(queued.pk) is not None


def test_a_channel_is_removed_once_no_run_is_at_work_and_takes_none_afterwards(ports):
    channel_id, _ = channels.connect_channel(NEW, ports)
    queued = runs.request_run(channel_id, RunKind.SYNC)
    assert runs.take(queued.pk) is not None

    with pytest.raises(NotAllowed, match="A run is at work on 'Shop'"):
        channels.remove_channel(channel_id, ports)
    Run.objects.filter(pk=queued.pk).update(state="queued", lease_until=None, owner="")
    channels.remove_channel(channel_id, ports)

    assert runs.take(queued.pk) is None
    assert not Connection.objects.exclude(secrets=b"").exists()
    with pytest.raises(NotAllowed, match="out of use"):
        channels.check_channel(channel_id, ports)
    assert channels.connect_channel(NEW, ports)[0] == channel_id, "the same store's, which goes on"
