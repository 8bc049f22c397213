"""One table of fields on either side: the domain says what a field is, Miva's side where a store keeps it."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tradepost.domain.fields import ALL_GROUPS, CONTENT_GROUPS, FIELDS, Verb
from tradepost.miva import fields as kept
from tradepost.miva.rows import translate
from tradepost.miva.rows.product_records import WireProduct

DOCUMENTED = Path(__file__).parents[2] / "docs" / "reference" / "fields.md"
SAMPLES = {"price": "7.90", "cost": "3.10", "weight_grams": 210, "is_taxable": 0, "is_active": 0, "is_in_search": 1}


def test_both_tables_cover_the_same_fields():
    assert set(FIELDS) == set(kept.FIELDS)


def test_every_group_has_a_field_and_every_field_a_verb_that_creates_it():
    assert {field.group for field in FIELDS.values()} == ALL_GROUPS
    assert [name for name, field in FIELDS.items() if Verb.PUBLISH not in field.verbs] == []


def test_what_can_be_overwritten_is_sent_by_no_sync():
    both = {name for name, field in FIELDS.items() if field.verbs >= {Verb.OVERWRITE, Verb.SYNC}}

    assert both == set()
    assert {field.group for field in FIELDS.values() if Verb.SYNC in field.verbs} & CONTENT_GROUPS == set()


@pytest.mark.parametrize("name", sorted(kept.ELEMENTS))
def test_what_an_element_writes_is_what_its_member_reads(name):
    element = kept.ELEMENTS[name]
    sent = SAMPLES.get(name, "some text")
    record = msgspec.convert({"id": 1, "code": "MUG", element.member: sent}, WireProduct, strict=False)

    read = translate.product_of(record, variants=None, grams=Decimal(1)).value(name)

    written = element.write(read)
    assert written == msgspec.convert(sent, element.kind, strict=False)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_can_be_read_of_a_store_product(name):
    record = msgspec.convert({"id": 1, "code": "MUG"}, WireProduct)

    FIELDS[name].on_store(translate.product_of(record, variants=None, grams=None))


def test_the_reference_lists_every_field_with_its_group_and_its_verbs():
    text = DOCUMENTED.read_text(encoding="utf-8")

    for name, field in FIELDS.items():
        verbs = ", ".join(verb.value for verb in Verb if verb in field.verbs)
        assert f"| `{name}` | `{field.group.value}` | {verbs} |" in text
