"""The table of what needs a person is complete, and every command in it can be typed."""

import re

import pytest

from tradepost.cli import NOUNS, load, verbs_of
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES

_COMMAND = re.compile("'tradepost ([^']+)'")


def test_every_kind_is_in_the_table_once():
    assert list(ATTENTION_CURES) == list(Attention)


@pytest.mark.parametrize("kind", Attention)
def test_every_kind_says_why_and_what_to_do_in_sentences(kind):
    cure = ATTENTION_CURES[kind]

    assert cure.cause.endswith(".")
    assert cure.cure.endswith(".")
    assert cure.ends
    assert not cure.ends.endswith(".")


@pytest.mark.parametrize("kind", Attention)
def test_every_command_of_a_cure_exists_with_its_options(kind):
    for words in map(str.split, _COMMAND.findall(ATTENTION_CURES[kind].cure)):
        noun, verb, *rest = words
        assert noun in NOUNS
        command = verbs_of(load(noun))[verb]
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options


def test_a_cure_is_written_for_one_listing_so_that_a_shell_takes_it():
    plain = ATTENTION_CURES[Attention.NO_MATCH].cure_of("HP-MUG_1.5")
    parted = ATTENTION_CURES[Attention.NO_MATCH].cure_of("A MUG")

    assert "'tradepost listings publish HP-MUG_1.5'" in plain
    assert "'tradepost listings link HP-MUG_1.5 --to ID'" in plain
    assert "'tradepost listings publish \"A MUG\"'" in parted


def test_a_cure_that_speaks_of_another_sku_does_not_name_the_listings_own_for_it():
    goes_on = ATTENTION_CURES[Attention.ORPHANED].cure_of("MUG")
    taken = ATTENTION_CURES[Attention.MATCH_TAKEN].cure_of("MUG")

    assert "If it goes on under another SKU, 'tradepost catalogue merge MUG OTHER' says so." in goes_on
    assert "'tradepost listings unlink' with that one's SKU frees the product" in taken
    assert "'tradepost listings link MUG' takes it." in taken
