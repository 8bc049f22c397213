"""Where shipments are fetched from, on both databases: secrets encrypted, and each file remembered by its content."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from tradepost.database.ciphertexts import has_secrets
from tradepost.database.models import Channel, FetchedFile, ShipmentSourceRecord
from tradepost.database.orders.shipment_sources import DjangoShipmentSources
from tradepost.domain.files.fetched_file import LONGEST_FILE_NAME, KnownFile
from tradepost.operations.ports import FileId, Level, RowReport, ShipmentSource, SourceAddress, TakenFile
from tradepost.security.encryption import FernetCipher


@pytest.fixture
def sources(channel) -> DjangoShipmentSources:
    cipher = FernetCipher([Fernet.generate_key().decode()])
    return DjangoShipmentSources(channel.pk, cipher=lambda: cipher)


@pytest.fixture
def dock(sources) -> int:
    sources.set_source("dock", SourceAddress("/srv/dock"))
    return ShipmentSourceRecord.objects.get().pk


def of_file(dock: int, checksum: str = "a" * 64, name: str = "monday.csv") -> FileId:
    return FileId(dock, name, checksum)


def test_a_secret_is_kept_encrypted_and_given_back_with_its_address(sources):
    sources.set_source("dock", SourceAddress("sftp://dock@host/out", "SHA256:abc", "s3cret"))

    (found,) = sources.sources()

    stored = ShipmentSourceRecord.objects.get()
    assert found == ShipmentSource(stored.pk, "dock", SourceAddress("sftp://dock@host/out", "SHA256:abc", "s3cret"))
    assert b"s3cret" not in bytes(stored.secret)
    assert has_secrets()
    assert "s3cret" not in repr(found)


def test_a_file_is_seen_then_taken_then_put_away(sources, dock, noon):
    file = of_file(dock, name="x" * LONGEST_FILE_NAME)
    known = [sources.known(file)]

    sources.note_seen(file, size_bytes=7, at=noon)
    known.append(sources.known(file))
    sources.note_taken(TakenFile(file, 7, recorded=2, tag='"v1"'), run_id=5, at=noon + timedelta(minutes=1))
    known.append(sources.known(file))
    sources.note_put_away(file, at=noon + timedelta(minutes=2))
    known.append(sources.known(file))

    assert known == [
        None,
        KnownFile(is_taken=False),
        KnownFile(is_taken=True),
        KnownFile(is_taken=True, is_put_away=True),
    ]
    assert sources.known(of_file(dock, "b" * 64, "x" * LONGEST_FILE_NAME)) is None
    assert FetchedFile.objects.get().seen_at == noon
    assert sources.sources()[0].tag == '"v1"'


def test_a_file_that_grows_from_look_to_look_leaves_one_trace(sources, dock, noon):
    sources.note_taken(TakenFile(of_file(dock, "a" * 64), 5), run_id=1, at=noon)
    for checksum in ("b" * 64, "c" * 64):
        sources.note_seen(of_file(dock, checksum), size_bytes=7, at=noon)

    assert sorted(FetchedFile.objects.values_list("checksum", flat=True)) == ["a" * 64, "c" * 64]


def test_what_was_refused_is_open_until_a_right_file_of_the_name_comes_or_somebody_settles_it(sources, dock, noon):
    reports = [RowReport(line, Level.REFUSED, "It is wrong.") for line in range(2, 202)]
    bad = {
        name: TakenFile(of_file(dock, checksum * 64, name), 9, refused=200, reports=reports)
        for name, checksum in (("a.csv", "a"), ("b.csv", "b"), ("c.csv", "c"))
    }
    for taken in bad.values():
        sources.note_taken(taken, run_id=1, at=noon)
    ids = dict(FetchedFile.objects.values_list("name", "pk"))
    other = Channel.objects.create(name="Other")

    sources.note_taken(TakenFile(of_file(dock, "d" * 64, "a.csv"), 9, recorded=1), run_id=2, at=noon)
    elsewhere = DjangoShipmentSources(other.pk, cipher=lambda: None).settle(None)
    settled = [sources.settle([ids["a.csv"], ids["b.csv"]]), sources.settle(None), sources.settle(None)]

    assert (elsewhere, settled) == ([], [[ids["b.csv"]], [ids["c.csv"]], []])
    assert [len(row.reports) for row in FetchedFile.objects.filter(refused=200)] == [100] * 3


def test_a_source_that_is_removed_is_forgotten_with_its_files(sources, dock, noon):
    sources.note_taken(TakenFile(of_file(dock), 5), run_id=1, at=noon)

    assert [sources.remove_source("dock"), sources.remove_source("dock")] == [True, False]

    assert (sources.sources(), FetchedFile.objects.count()) == ([], 0)
