"""The notes of existence passes: kept as a whole, for each channel."""

from datetime import timedelta

import pytest

from tradepost.database.listings.existence_notes import DjangoExistenceNotes
from tradepost.database.models import Channel
from tradepost.operations.ports import ChangeWindow, StoreNotes, Stretch


@pytest.fixture
def notes(channel):
    return DjangoExistenceNotes(channel.pk)


@pytest.fixture
def full(noon):
    return StoreNotes(
        full_pass_at=noon,
        stretches=(Stretch(1007, 1000), Stretch(2**62, 998)),
        created=1_760_000_000,
        window=ChangeWindow(start=1_759_999_100, latest=1_760_000_000, latest_id=2**62, products=3),
    )


def test_there_are_no_notes_before_the_first_pass(notes):
    assert notes.load() is None


def test_notes_come_back_as_they_were_saved(notes, full):
    notes.save(full)

    assert notes.load() == full


def test_later_notes_replace_the_earlier_ones_as_a_whole(notes, full, noon):
    later = StoreNotes(full_pass_at=noon + timedelta(days=1))
    notes.save(full)

    notes.save(later)

    assert notes.load() == later


def test_notes_are_those_of_one_channel(notes, full):
    other = DjangoExistenceNotes(Channel.objects.create(name="Other").pk)
    notes.save(full)

    other.forget()

    assert (notes.load(), other.load()) == (full, None)
    notes.forget()
    assert notes.load() is None
