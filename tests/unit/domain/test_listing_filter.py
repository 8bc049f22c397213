"""Filters of listings: the grammar, and what is refused with a sentence."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.listing_filter import FILTER_FIELDS, folded, holds, parse_filters

LISTED = Status(Health.LISTED, Link.LINKED)


@dataclass
class Meant:
    kind: Kind = Kind.SIMPLE
    sku: str = "HP-MUG-WHITE"
    code: str = "HP-MUG-WHITE"
    handle: str = "mug"
    title: str = "A mug"
    brand: str = "Salt and Sun"
    category: list = field(default_factory=lambda: ["Home", "Kitchen"])
    status: Status = LISTED
    is_inactive: bool = False
    wanted_price: Decimal = Decimal("14.90")
    available: int | None = 40
    attentions: frozenset = frozenset()
    refusals: int = 0
    locked_groups: tuple = ()
    own_texts: dict = field(default_factory=dict)
    tags: tuple = ("Gift", "white")
    source_name: str = "shop.csv"
    created_at: datetime = datetime(2026, 11, 1, 12, tzinfo=UTC)
    linked_at: datetime | None = datetime(2026, 11, 2, 12, tzinfo=UTC)
    proven_at: datetime | None = None


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("health=listed", Meant()),
        ("HEALTH = Listed", Meant()),
        ("health=hidden,listed and price<15", Meant()),
        ("health=inactive", Meant(is_inactive=True)),
        ("link!=broken", Meant()),
        ("pending=none", Meant()),
        ("pending=hide", Meant(status=Status(Health.LISTED, Link.LINKED, Pending.HIDE))),
        ("paused=no and orphaned=yes", Meant(status=Status(is_orphaned=True))),
        ("locked=yes", Meant(locked_groups=("price",))),
        ("locked=no", Meant()),
        ("parked=yes", Meant(refusals=5)),
        ("parked=no", Meant(refusals=4)),
        ("attention=any", Meant(attentions=frozenset({Attention.DRIFT}))),
        ("attention=none", Meant()),
        ("attention=drift,draft", Meant(attentions=frozenset({Attention.DRIFT, Attention.OVERSOLD}))),
        ("kind!=parent,variant", Meant()),
        ("sku=hp-mug-white", Meant()),
        ("sku~HP-*", Meant()),
        ("sku~*-white", Meant()),
        ("sku~hp-*-white", Meant()),
        ("sku~*mug*", Meant()),
        ("sku!~*TEE*", Meant()),
        ('brand="salt and sun"', Meant()),
        ("brand=Harbour Press and title~A*", Meant(brand="Harbour Press")),
        ('title="a ""big"" one"', Meant(title='A "big" one')),
        ('category="Home"', Meant()),
        ('category="home > kitchen"', Meant()),
        ('category!="Kitchen"', Meant()),
        ("price=14.9", Meant()),
        ("price>=14.90 and price<=14.90", Meant()),
        ("quantity=0", Meant(available=-3)),
        ("quantity>39", Meant()),
        ("quantity=unknown", Meant(available=None)),
        ("quantity!=0", Meant(available=None)),
        ("tag=gift", Meant()),
        ("tag!=red,blue", Meant()),
        ("source=shop.csv", Meant()),
        ('source=""', Meant(source_name="")),
        ("customised=yes", Meant(own_texts={"name": "Own"})),
        ("customised=no", Meant()),
        ("created<2026-11-02 and created>=2026-11-01", Meant()),
        ("linked>2026-11-02T13:59+02:00", Meant()),
        ("synced=never", Meant()),
        ("linked!=never", Meant()),
    ],
)
def test_a_filter_says_what_is_true_of_a_listing(text, listing):
    assert holds(parse_filters([text]), listing)


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("health=listed", Meant(is_inactive=True)),
        ("health=listed and price>15", Meant()),
        ("quantity<1", Meant(available=None)),
        ("quantity>=0", Meant(available=None)),
        ("sku~ab*ba", Meant(sku="aba")),
        ("synced<2030-01-01", Meant()),
        ("tag=gif", Meant()),
        ("category=Home > Kitchen > Mugs", Meant()),
    ],
)
def test_a_listing_is_not_meant_where_one_condition_does_not_hold(text, listing):
    if ">" in text and "category" in text:
        text = f'category="{text.partition("=")[2]}"'

    assert not holds(parse_filters([text]), listing)


def test_several_filters_must_all_hold():
    assert holds(parse_filters(["health=listed", "sku~HP-*"]), Meant())
    assert not holds(parse_filters(["health=listed", "sku~TEE-*"]), Meant())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  ", "A filter is blank; write one as 'health=listed and price<10'."),
        ("colour=red", "Listings can't be asked about 'colour'; they can about health, link, pending"),
        ("health", "The filter 'health' does not say how health is compared, as in 'health=...'."),
        ("health=gone", "health is never 'gone'; it is one of not_listed, listed, inactive, hidden, delisted."),
        ("health<listed", "health can't be compared by <; it can by = !=."),
        ("price~1*", "price can't be compared by ~; it can by = != < <= > >=."),
        ("price<", "The filter 'price<' ends where a value should come."),
        ("price<10 and", "The filter 'price<10 and' ends where a condition should come."),
        ("price<10,20", "price is compared with several values; < takes one."),
        ("price<ten", "'ten' is no number to compare price with; write it as 12.50."),
        ("price<nan", "'nan' is no number to compare price with; write it as 12.50."),
        ("price<1.00001", "price has at most 4 decimals, and 1.00001 has more."),
        ("quantity=1.5", "quantity has at most 0 decimals, and 1.5 has more."),
        ("quantity<unknown", "'unknown' is no number to compare quantity with; write it as 12."),
        (
            "health=listed price<10",
            "In the filter 'health=listed price<10' there is a < in or behind the value of health.",
        ),
        ("sku~HP", "The pattern 'hp' is none: put a star where anything may stand"),
        ("sku~*", "The pattern '*' is none"),
        ("sku~a*b*c", "The pattern 'a*b*c' is none"),
        ('title="open', "has a quotation mark, or a !, without its counterpart."),
        ('category="Men > > Tees"', 'is no path of categories; write it as "Men > Tops".'),
        ("created=2026-11-01", "created can't be compared by =; it can by < <= > >=."),
        ("synced=2026-11-01", "synced is equal to nothing but never; ask for a time as in synced<2026-11-27."),
        ("synced<friday", "'friday' is no time to compare synced with; write it as 2026-11-27"),
        (f"title={'x' * 1001}", "A value of title is longer than 1000 characters."),
    ],
)
def test_what_is_no_filter_is_refused_with_what_is_wrong(text, sentence):
    with pytest.raises(NotAllowed) as refused:
        parse_filters([text])

    assert sentence in str(refused.value)


@pytest.mark.parametrize("name", FILTER_FIELDS)
def test_every_choice_of_the_table_can_be_asked_for(name):
    for choice in FILTER_FIELDS[name].choices:
        assert holds(parse_filters([f"{name}={choice}"]), Meant()) in {True, False}


def test_only_letters_of_ascii_are_folded():
    assert folded("ÄB-straße") == "Äb-straße"
