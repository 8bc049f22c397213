"""R58: what a channel can do is one table, and what is not in it is refused with its sentence."""

from dataclasses import replace

import pytest

from tradepost.cli.listings.listing_changes import ContentGroup
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import APPLIED_BY
from tradepost.domain.listings.making import ContentRules
from tradepost.miva.capabilities import MIVA
from tradepost.miva.wire import functions
from tradepost.operations.channels.abilities import refuse_groups, refuse_unable
from tradepost.operations.ports import Ability, Capability, ChannelProfile, ChannelSettings

PROFILE = ChannelProfile(settings=ChannelSettings(id=1, name="shop", rules=ContentRules()))


def test_every_ability_is_in_the_table_with_how_it_is_done_or_why_not():
    """R58: one table says what a channel can do, how, and why not."""
    assert list(MIVA.table) == list(Ability)
    for each in MIVA.table.values():
        assert bool(each.about) is not bool(each.why_not)
        assert (each.about or each.why_not).endswith(".")


def test_what_the_essential_abilities_need_are_the_eight_functions_and_no_other():
    """R7, R58: what is essential needs the eight functions and no other."""
    needed = {name for each in MIVA.table.values() for name in each.needs}

    assert needed == set(functions.THE_EIGHT)


def test_every_change_that_can_be_queued_is_an_ability():
    assert {change.value for change in APPLIED_BY} <= {ability.value for ability in Ability}


def test_what_can_be_chosen_to_overwrite_is_what_the_table_of_fields_says():
    assert {group.value for group in ContentGroup} == {group.value for group in CONTENT_GROUPS}


def test_what_a_type_of_channel_can_not_do_is_refused_with_the_tables_sentence():
    other = replace(MIVA, table={**MIVA.table, Ability.HIDE: Capability("", why_not="This store hides nothing.")})

    refuse_unable(MIVA, Ability.HIDE)
    with pytest.raises(NotAllowed, match=r"^This store hides nothing\.$"):
        refuse_unable(other, Ability.HIDE)


@pytest.mark.parametrize(
    ("group", "rules", "sentence"),
    [
        (Group.IMAGES, ContentRules(), "The channel has no image server"),
        (Group.DIMENSIONS, ContentRules(), "The channel sends no dimensions"),
        (Group.PRICE, ContentRules(), "A sync sends the rest."),
    ],
)
def test_a_part_that_the_channel_does_not_send_is_refused_as_it_is_set_up(group, rules, sentence):
    """R42: what the channel does not send can't be chosen to be overwritten, and the refusal says why."""
    profile = replace(PROFILE, settings=replace(PROFILE.settings, rules=rules))

    with pytest.raises(NotAllowed, match=sentence):
        refuse_groups(MIVA, [Group.TEXTS, group], profile)


def test_what_is_sent_is_not_refused():
    rules = ContentRules(sends_dimensions=True)
    profile = replace(PROFILE, settings=replace(PROFILE.settings, rules=rules))

    refuse_groups(MIVA, CONTENT_GROUPS - {Group.IMAGES}, profile)


def test_images_are_sent_without_an_image_server_where_the_store_writes_them_itself():
    profile = replace(PROFILE, settings=replace(PROFILE.settings, sends_images_itself=True))

    refuse_groups(MIVA, [Group.IMAGES], profile)
