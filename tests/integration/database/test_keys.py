"""Keys that change, on both databases: everything is encrypted anew, and whoever is killed on the way goes on."""

from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from kills import Fuse, Fused, Killed
from tradepost.database.ciphertexts import ENCRYPTED, DjangoCiphertexts, has_secrets
from tradepost.database.models import AuditEntry, Channel, Connection
from tradepost.database.orders.shipment_sources import DjangoShipmentSources
from tradepost.database.people.audit import DjangoAudit
from tradepost.domain.errors import NotAllowed, Reconfigure
from tradepost.operations.keys import KeyPorts, key_uses, rotate_keys
from tradepost.operations.ports import SourceAddress
from tradepost.security.encryption import FernetCipher, KeyRing

# Of what a store sent and a consumer was given; nothing of it is a secret of ours.
NOT_ENCRYPTED = {"OpenBatch.content", "OrderPayload.content", "OrderPayload.payload"}


@pytest.fixture
def stored(channel, tmp_path):
    """Three secrets in places of their own, under the key of a folder; gives what they are read by."""

    def cipher() -> FernetCipher:
        return FernetCipher.of_folder(tmp_path)

    docks = DjangoShipmentSources(channel.pk, cipher=cipher)
    for name in ("east", "north", "west"):
        docks.set_source(name, SourceAddress(f"sftp://{name}@host/out", "", f"secret of {name}"))
    return docks


def secrets(docks: DjangoShipmentSources) -> list[str]:
    return [source.at.secret for source in docks.sources()]


def key_ports(folder: Path, **others) -> KeyPorts:
    keys = KeyRing.of_folder(folder, keys=(), is_in_use=has_secrets)
    return KeyPorts(**{"keys": keys, "ciphertexts": DjangoCiphertexts(), "audit": DjangoAudit(), "who": "x"} | others)


def keys_in(folder: Path) -> list[str]:
    return (folder / "encryption.key").read_text().split()


EXPECTED = ["secret of east", "secret of north", "secret of west"]


def test_after_a_rotation_everything_is_under_one_new_key_and_the_old_one_reads_nothing(stored, tmp_path):
    (old,) = keys_in(tmp_path)
    before = [each.secret for each in DjangoCiphertexts().all()]

    done = rotate_keys(key_ports(tmp_path))

    (new,) = keys_in(tmp_path)
    assert (done.is_new, done.renewed, done.retired, new == old) == (True, 3, 1, False)
    assert secrets(stored) == EXPECTED
    assert all(KeyRing(None, [old]).key_of(each.secret) is None for each in DjangoCiphertexts().all())
    assert not {each.secret for each in DjangoCiphertexts().all()} & set(before)
    assert (tmp_path / "encryption.key").stat().st_mode & 0o077 == 0
    assert AuditEntry.objects.get().words == "3 encrypted anew, 1 keys retired"


def test_a_rotation_that_is_killed_anywhere_leaves_everything_readable_and_is_gone_on_with(stored, tmp_path):
    boundaries = Fuse()
    rotate_keys(key_ports(tmp_path, ciphertexts=Fused(DjangoCiphertexts(), boundaries)))

    for at in range(boundaries.passed):
        made_before = len(keys_in(tmp_path))
        ports = key_ports(tmp_path, ciphertexts=Fused(DjangoCiphertexts(), Fuse(at)))
        with pytest.raises(Killed):
            rotate_keys(ports)
        assert secrets(stored) == EXPECTED
        assert made_before == 1

        rotate_keys(key_ports(tmp_path))

        assert secrets(stored) == EXPECTED
        assert len(keys_in(tmp_path)) == 1


def test_a_rotation_that_is_gone_on_with_makes_no_third_key(stored, tmp_path):
    with pytest.raises(Killed):
        rotate_keys(key_ports(tmp_path, ciphertexts=Fused(DjangoCiphertexts(), Fuse(3))))
    newest = keys_in(tmp_path)[0]

    done = rotate_keys(key_ports(tmp_path))

    assert (done.is_new, keys_in(tmp_path)) == (False, [newest])


def test_what_was_stored_under_the_old_key_meanwhile_is_taken_along(stored, channel, tmp_path):
    """A server that has read the keys before encrypts with what it has."""
    late = FernetCipher.of_folder(tmp_path)

    class Late(DjangoCiphertexts):
        is_stored = False

        def all(self):
            yield from super().all()
            if not self.is_stored:
                self.is_stored = True
                at = SourceAddress("sftp://late@host/out", "", "secret of late")
                DjangoShipmentSources(channel.pk, cipher=lambda: late).set_source("late", at)

    rotate_keys(key_ports(tmp_path, ciphertexts=Late()))

    assert secrets(stored) == [*EXPECTED, "secret of late"]


def test_a_secret_that_no_key_reads_is_named_and_every_key_is_kept(stored, channel, tmp_path):
    lost = FernetCipher.of_folder(tmp_path / "elsewhere")
    DjangoShipmentSources(channel.pk, cipher=lambda: lost).set_source("lost", SourceAddress("sftp://a@b/c", "", "x"))

    with pytest.raises(NotAllowed, match=r"No key fits the secrets of the shipments of '.*' from 'lost'"):
        rotate_keys(key_ports(tmp_path))

    assert len(keys_in(tmp_path)) == 2
    assert [number for _, number in key_uses(key_ports(tmp_path))] == [3, 0, 1]


def test_keys_of_the_environment_are_changed_there(stored, tmp_path):
    (old,) = keys_in(tmp_path)
    new = FernetCipher.of_folder(tmp_path / "new") and keys_in(tmp_path / "new")[0]
    with pytest.raises(NotAllowed, match="put a new one before it"):
        rotate_keys(key_ports(tmp_path, keys=KeyRing(None, [old])))

    done = rotate_keys(key_ports(tmp_path, keys=KeyRing(None, [new, old])))

    assert (done.renewed, done.retired, done.is_ours) == (3, 1, False)
    assert keys_in(tmp_path) == [old], "the file is not theirs"
    assert {KeyRing(None, [new]).key_of(each.secret) for each in DjangoCiphertexts().all()} == {0}


def test_a_row_that_was_given_another_channels_secrets_does_not_read_them(channel, tmp_path):
    """R55"""
    other = Channel.objects.create(name="mine")
    docks = [
        DjangoShipmentSources(each.pk, cipher=lambda: FernetCipher.of_folder(tmp_path)) for each in (channel, other)
    ]
    docks[0].set_source("dock", SourceAddress("sftp://a@b/c", "", "theirs"))
    docks[1].set_source("dock", SourceAddress("sftp://evil@b/c", "", "mine"))
    stolen, own = (channel.shipment_sources.get(), other.shipment_sources.get())
    own.secret = stolen.secret
    own.save()

    with pytest.raises(Reconfigure, match="belong to another channel"):
        docks[1].sources()


def test_every_column_with_bytes_is_rotated_or_known_to_be_no_secret():
    columns = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("tradepost").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.BinaryField)
    }

    assert columns - NOT_ENCRYPTED == {f"{table.__name__}.{column}" for table, column in ENCRYPTED.items()}
    assert Connection in ENCRYPTED
