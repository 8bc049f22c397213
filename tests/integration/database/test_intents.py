"""What the hub was about to create: each code once, with the run that sent it last."""

from datetime import timedelta

from django.db import transaction

from tradepost.database.listings.intents import DjangoIntents
from tradepost.database.models import Intent


def opened(channel, codes, *, at, run_id):
    intents = DjangoIntents(channel.pk, clock=lambda: at, run_id=run_id)
    with transaction.atomic():
        intents.open(codes)
    return intents


def test_a_code_that_is_sent_again_stays_one_intent_with_the_last_time_and_run(channel, noon):
    later = noon + timedelta(hours=1)

    opened(channel, ["CUP", "Tee"], at=noon, run_id=None)
    intents = opened(channel, ["TEE", "HAT"], at=later, run_id=7)

    found = intents.all_open(after=0, limit=10)
    assert [(intent.code, intent.opened_at) for intent in found] == [("CUP", noon), ("Tee", later), ("HAT", later)]
    assert list(Intent.objects.order_by("id").values_list("run_id", flat=True)) == [None, 7, 7]


def test_nothing_is_opened_for_no_codes(channel, noon):
    assert opened(channel, [], at=noon, run_id=7).all_open(after=0, limit=10) == []
