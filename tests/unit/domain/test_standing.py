"""The sentence of a channel: the worst is said, once, with where it is put right."""

import pytest

from tradepost.domain.channels.standing import ChannelFacts, FailedWork, Remedy, Standing, standing_of
from tradepost.domain.counts import COUNT_UP_TO

PASSWORD = FailedWork(7, "publish", "The image server refuses the password.", is_by_set_up=True)
MENDED = FailedWork(7, "publish", "The image server refuses the password.", is_by_set_up=True, is_mended=True)
STORE_DOWN = FailedWork(8, "get_orders", "The store does not answer", is_by_set_up=False)


@pytest.mark.parametrize(
    ("facts", "standing", "sentence", "remedy"),
    [
        (ChannelFacts(), Standing.WELL, "All is well. Nothing is on the store yet.", Remedy.NONE),
        (ChannelFacts(live=1), Standing.WELL, "All is well: 1 listing is live, and nothing waits.", Remedy.NONE),
        (
            ChannelFacts(live=1, has_values_due=True),
            Standing.WELL,
            "All is well: 1 listing is live, and new prices or quantities wait for the next sync.",
            Remedy.NONE,
        ),
        (
            ChannelFacts(live=1_200, to_publish=1, to_sync=1),
            Standing.WELL,
            "All is well: 1,200 listings are live, 2 wait to be sent.",
            Remedy.WAITING,
        ),
        (
            # What was counted as far as to one more than are counted exactly.
            ChannelFacts(live=COUNT_UP_TO + 1, to_sync=COUNT_UP_TO + 1),
            Standing.WELL,
            "All is well: 10,000+ listings are live, 10,000+ wait to be sent.",
            Remedy.WAITING,
        ),
        (
            ChannelFacts(failed=(PASSWORD,), to_publish=17),
            Standing.STOPPED,
            "Publishing has stopped: The image server refuses the password. 17 listings wait.",
            Remedy.CHANNEL,
        ),
        (
            ChannelFacts(failed=(STORE_DOWN,), to_publish=17),
            Standing.STOPPED,
            "Fetching orders has stopped: The store does not answer.",
            Remedy.RUN,
        ),
        (
            ChannelFacts(refusal="The token is not known there."),
            Standing.STOPPED,
            "The store refuses the hub, so nothing is sent or fetched. The token is not known there.",
            Remedy.CHANNEL,
        ),
        (
            ChannelFacts(restored_why="The database was put back."),
            Standing.STOPPED,
            "Nothing is written to the store. The database was put back.",
            Remedy.GO_LIVE,
        ),
        (
            ChannelFacts(store_doubt="Every product is gone."),
            Standing.STOPPED,
            "Nothing is written, because this may be another store. Every product is gone.",
            Remedy.CHANNEL,
        ),
        (
            ChannelFacts(braked=(9, "It would hide 40 of 50.")),
            Standing.WATCH,
            "The brake waits for your answer. It would hide 40 of 50.",
            Remedy.RUN,
        ),
        (
            ChannelFacts(is_being_set_up=True, is_paused=True, is_look_only=True),
            Standing.WATCH,
            "The channel is not set up to its end.",
            Remedy.SET_UP,
        ),
        (
            ChannelFacts(is_paused=True),
            Standing.WATCH,
            "The channel is paused: nothing is sent or fetched.",
            Remedy.RESUME,
        ),
        (
            ChannelFacts(differences=1),
            Standing.WATCH,
            "Orders or shipments differ from the store's: 1 difference.",
            Remedy.ORDERS,
        ),
        (
            ChannelFacts(is_look_only=True),
            Standing.WATCH,
            "The channel only looks: everything is planned and shown, and nothing is sent.",
            Remedy.GO_LIVE,
        ),
        (
            ChannelFacts(failed=(MENDED,), to_publish=17),
            Standing.WATCH,
            "Publishing had stopped. A test has found everything well since, so it can go on.",
            Remedy.NONE,
        ),
        (
            ChannelFacts(failed=(MENDED, STORE_DOWN)),
            Standing.STOPPED,
            "Fetching orders has stopped: The store does not answer.",
            Remedy.RUN,
        ),
        (
            ChannelFacts(overdue="get_orders"),
            Standing.WATCH,
            "Fetching orders is overdue. Is the server at work?",
            Remedy.NONE,
        ),
        (
            ChannelFacts(paused=("Fetch new orders",)),
            Standing.WATCH,
            "“Fetch new orders” is paused, and not started until it is resumed.",
            Remedy.SCHEDULES,
        ),
        (
            ChannelFacts(paused=("Fetch new orders", "Publish")),
            Standing.WATCH,
            "“Fetch new orders”, “Publish” are paused, and not started until they are resumed.",
            Remedy.SCHEDULES,
        ),
    ],
)
def test_what_is_so_is_said_in_a_sentence(facts, standing, sentence, remedy):
    judged = standing_of(facts)

    assert (judged.standing, judged.sentence, judged.remedy) == (standing, sentence, remedy)


def test_what_stops_everything_is_said_before_what_follows_from_it():
    judged = standing_of(ChannelFacts(refusal="No.", failed=(STORE_DOWN,), is_paused=True, differences=3))

    assert judged.sentence.startswith("The store refuses the hub")


def test_what_failed_is_named_so_that_it_can_be_looked_at_and_tried_again():
    judged = standing_of(ChannelFacts(failed=(PASSWORD, STORE_DOWN)))

    assert (judged.run_id, judged.kind) == (7, "publish")


def test_the_two_words_of_a_channel_are_of_the_same_matter_as_its_sentence():
    facts = {
        "refused by the store": ChannelFacts(refusal="No.", failed=(STORE_DOWN,)),
        "stopped": ChannelFacts(failed=(STORE_DOWN,), is_paused=True),
        "paused": ChannelFacts(is_paused=True, is_look_only=True),
        "only looks": ChannelFacts(is_look_only=True, overdue="sync"),
        "partly paused": ChannelFacts(paused=("Fetch new orders",)),
        "live": ChannelFacts(live=3),
    }

    assert {state: standing_of(each).state.value for state, each in facts.items()} == {state: state for state in facts}
