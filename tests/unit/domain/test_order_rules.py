"""Which orders a rule is for, what it does with them, and that a rule is read as it was written."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.database.json_values import plain
from tradepost.domain.orders.order import (
    Address,
    PaymentState,
    StoreDiscount,
    StoreOrder,
    StoreOrderLine,
    StoreStatus,
)
from tradepost.domain.orders.order_rules import (
    AddressPart,
    OrderRule,
    RuleDone,
    differences,
    in_order,
    misfit,
    rule_of,
    ruled,
    rules_of,
)

WHOLE = Address(
    first_name="Ada",
    last_name="Long",
    address1="1 Pier Rd",
    city="Salem",
    state="OR",
    postal_code="97301",
    country="US",
)


def line(line_id=1, sku="MUG", price="10", **more):
    values = {"name": sku, "quantity": 1, "total": Decimal(price), "status": StoreStatus.PENDING, "code": sku, **more}
    return StoreOrderLine(line_id=line_id, sku=sku, price=Decimal(price), **values)


ORDER = StoreOrder(
    id=1,
    status=StoreStatus.PENDING,
    placed_at=datetime(2026, 1, 1, tzinfo=UTC),
    ship_to=WHOLE,
    bill_to=WHOLE,
    total=Decimal(100),
    shipping_method="Express Plus",
    payment_state=PaymentState.CAPTURED,
    lines=(line(),),
)


def rule(name="r", **values):
    return OrderRule(name=name, **values)


def made(*rules, order=ORDER, listed=None):
    return ruled(order, rules, listed=listed or {})


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"total_above": Decimal("99.99")}, "the total 100.00 is above 99.99"),
        ({"total_above": Decimal(100)}, None),
        ({"methods": ("express*",)}, "shipping method Express Plus"),
        ({"methods": ("Express",)}, None),
        ({"methods": ("Express ?lus",)}, None),
        ({"methods": ("Post", "Express Plus")}, "shipping method Express Plus"),
        ({"countries": ("us",)}, "country US"),
        ({"countries": ("U",)}, None),
        ({"skus": ("mu*", "X")}, "SKU MUG"),
        ({"skus": ("M",)}, None),
        ({"skus": ("MUG",), "countries": ("DE",)}, None),
        ({"skus": ("MUG",), "countries": ("US",)}, "country US; SKU MUG"),
        ({}, "every order"),
    ],
)
def test_a_rule_is_for_the_orders_of_which_all_that_it_names_is_so(conditions, why):
    assert rule(tag="t", **conditions).why(ORDER, listed={}) == why


@pytest.mark.parametrize(
    ("blank", "missing"),
    [
        ({"first_name": ""}, None),
        ({"first_name": "", "last_name": " "}, "the address lacks name"),
        ({"first_name": "", "last_name": "", "company": "Acme"}, None),
        ({"address1": ""}, "the address lacks street"),
        ({"address1": "", "address2": "Flat 2"}, None),
        ({"city": "", "postal_code": ""}, "the address lacks city, postal code"),
        ({"phone": ""}, None),
    ],
)
def test_an_address_lacks_what_the_rule_needs_and_the_parts_are_named(blank, missing):
    needed = frozenset(AddressPart) - {AddressPart.PHONE, AddressPart.EMAIL, AddressPart.COMPANY}
    order = replace(ORDER, ship_to=replace(WHOLE, **blank))

    assert rule(lacks=needed, holds=True).why(order, listed={}) == missing


@pytest.mark.parametrize(
    ("price", "listed", "discounts", "is_off"),
    [
        ("10", "10", (), False),
        ("10.50", "10", (), False),
        ("10.51", "10", (), True),
        ("9.49", "10", (), True),
        ("9.49", "10", (StoreDiscount("Spring", Decimal(1)),), False),
        ("10.51", "10", (StoreDiscount("Spring", Decimal(1)),), True),
        ("1", "0", (), True),
        ("0", "0", (), False),
    ],
)
def test_a_price_is_off_by_more_than_the_percentage_unless_a_discount_made_it_less(price, listed, discounts, is_off):
    order = replace(ORDER, lines=(line(price=price), line(2, "UNKNOWN")), discounts=discounts)

    why = rule(price_off=Decimal(5), holds=True).why(order, listed={1: Decimal(listed)})

    assert why == (
        f"'MUG' was sold for {Decimal(price):.2f} and was listed for {Decimal(listed):.2f}" if is_off else None
    )


def test_lines_that_are_cancelled_or_no_products_are_none_of_a_rules_business():
    lines = (line(status=StoreStatus.CANCELLED), line(2, "WRAP", is_product=False), line(3, "TEE"))
    order = replace(ORDER, lines=lines)

    found = [rule(skus=(sku,), tag="t").why(order, listed={}) for sku in ("MUG", "WRAP", "TEE")]

    assert found == [None, None, "SKU TEE"]


def test_the_first_service_and_fulfiller_count_every_tag_and_hold_does_and_what_is_usual_is_asked_last():
    usual = rule("usual", service="Ground", carrier="USPS", fulfiller="North", tag="all")
    dear = rule("dear", total_above=Decimal(50), holds=True, tag="dear")
    fast = rule("fast", methods=("express*",), service="Next day")
    faster = rule("faster", methods=("express*",), service="Same day", carrier="Bike", fulfiller="South", holds=True)

    found = made(usual, dear, fast, faster)

    assert found.holds == ("Rule 'dear': the total 100.00 is above 50.", "Rule 'faster': shipping method Express Plus.")
    assert found.tags == ("dear", "all")
    assert (found.service, found.carrier, found.fulfiller) == ("Next day", "", "South")
    assert found.done == (
        RuleDone("dear", "the total 100.00 is above 50", "holds the order, tag dear"),
        RuleDone("fast", "shipping method Express Plus", "shipped by Next day"),
        RuleDone("faster", "shipping method Express Plus", "holds the order, fulfilled by South"),
        RuleDone("usual", "every order", "tag all"),
    )


def test_a_carrier_comes_with_the_service_that_counts():
    fast, slow = rule("fast", service="Next day", carrier="Bike"), rule("slow", service="Ground", carrier="USPS")

    found = made(fast, slow)

    assert (found.service, found.carrier) == ("Next day", "Bike")


def test_a_rule_of_which_nothing_counts_is_not_told_as_done():
    found = made(rule("fast", service="Next day", fulfiller="North"), rule("slow", service="Ground", fulfiller="South"))

    assert [done.rule for done in found.done] == ["fast"]


def test_a_shipping_method_that_no_rule_maps_holds_the_order_once_others_are_mapped():
    post = rule("post", methods=("Post",), service="Parcel")

    assert made(post).holds == ("No rule says by which service the shipping method 'Express Plus' is shipped.",)
    assert made(post, rule("usual", service="Parcel")).holds == ()
    assert made(rule("tag", tag="t")).holds == ()
    assert made(post, order=replace(ORDER, shipping_method="")).holds == (
        "No rule says by which service an order without a shipping method is shipped.",
    )


def test_no_rule_says_a_persons_data():
    everything = rule(lacks=frozenset({AddressPart.PHONE}), countries=("*",), holds=True)

    said = str(made(everything))

    assert not any(word in said for word in ("Ada", "Long", "Pier", "97301"))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": " ", "tag": "t"}, "1 to 50 characters"),
        ({"name": "n" * 51, "tag": "t"}, "1 to 50 characters"),
        ({"countries": ("US",)}, "has to do something"),
        ({"carrier": "UPS"}, "belongs to a service"),
        ({"tag": "t" * 101}, "more than 100 characters"),
        ({"tag": "t", "skus": (" ",)}, "A blank word"),
        ({"tag": "t", "total_above": Decimal(-1)}, "below 0"),
        ({"tag": "t"}, ""),
    ],
)
def test_an_impossible_rule_is_told_why(values, reason):
    told = misfit(OrderRule(**{"name": "r", **values}))

    assert reason in told
    assert bool(told) is bool(reason)


def test_the_longest_words_and_the_smallest_amounts_are_possible():
    word = "w" * 100
    longest = OrderRule(
        name="n" * 50, tag=word, service=word, carrier=word, fulfiller=word,
        methods=(word,), countries=(word,), skus=(word,), total_above=Decimal(), price_off=Decimal(),
    )  # fmt: skip

    assert misfit(longest) == ""
    for name in ("tag", "service", "carrier", "fulfiller"):
        assert misfit(replace(longest, **{name: word + "w"})) == f"'{'w' * 20}...' has more than 100 characters."
    for name in ("methods", "countries", "skus"):
        assert "more than 100" in misfit(replace(longest, **{name: ("a", word + "w")}))
        assert "A blank word" in misfit(replace(longest, **{name: ("a", "")}))
    assert "below 0" in misfit(replace(longest, price_off=Decimal("-0.01")))


@pytest.mark.parametrize(
    ("values", "conditions", "is_usual"),
    [
        ({}, "every order", True),
        ({"lacks": frozenset({AddressPart.POSTAL_CODE, AddressPart.NAME})}, "address without name, postal code", False),
        ({"total_above": Decimal(0)}, "total above 0", False),
        ({"price_off": Decimal(5)}, "a price off by more than 5 %", False),
        ({"price_off": Decimal(0)}, "a price off by more than 0 %", False),
        (
            {"methods": ("Post", "Express*"), "countries": ("US",), "skus": ("MUG*",), "total_above": Decimal(50)},
            "total above 50; shipping method Post or Express*; country US; SKU MUG*",
            False,
        ),
    ],
)
def test_a_rule_says_which_orders_it_is_for(values, conditions, is_usual):
    assert rule(tag="t", **values).conditions == conditions
    assert rule(tag="t", **values).is_usual is is_usual


def test_a_rule_says_what_it_does():
    whole = rule(holds=True, tag="gift", service="Ground", carrier="UPS", fulfiller="North")

    assert whole.deeds == "holds the order, tag gift, shipped by Ground (UPS), fulfilled by North"
    assert rule().deeds == ""


def test_of_an_article_its_sku_and_its_code_are_looked_at_and_marks_other_than_a_star_are_themselves():
    order = replace(ORDER, lines=(line(sku="MUG-R", code="MUG"), line(2, sku="", code="[x]?")))

    def why(*skus):
        return rule(skus=skus, tag="t").why(order, listed={})

    assert why("mug") == "SKU MUG"
    assert why("mug*") == "SKU MUG-R, MUG"
    assert why(" [X]? ") == "SKU [x]?"
    assert why("x?") is None
    assert why("*") == "SKU MUG-R, MUG, [x]?"


def test_each_article_that_was_sold_for_another_price_is_named_once_as_the_merchant_calls_it():
    order = replace(ORDER, lines=(line(price="12"), line(2, sku="", code="TEE", price="8"), line(3, "CUP")))

    why = rule(price_off=Decimal(5), tag="t").why(order, listed={1: Decimal(10), 2: Decimal(10), 3: Decimal(10)})

    assert why == "'MUG' was sold for 12.00 and was listed for 10.00, 'TEE' was sold for 8.00 and was listed for 10.00"


def test_a_tag_that_two_rules_give_is_given_once():
    assert made(rule("a", tag="gift"), rule("b", tag="gift", holds=True)).tags == ("gift",)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
AMOUNTS = st.none() | st.decimals(min_value=0, max_value=1000, places=2)
RULES = st.builds(
    OrderRule,
    name=WORDS,
    lacks=st.frozensets(st.sampled_from(AddressPart)),
    total_above=AMOUNTS,
    price_off=AMOUNTS,
    methods=st.lists(WORDS, max_size=2).map(tuple),
    countries=st.lists(WORDS, max_size=2).map(tuple),
    skus=st.lists(WORDS, max_size=2).map(tuple),
    holds=st.booleans(),
    tag=WORDS | st.just(""),
    service=WORDS | st.just(""),
    carrier=WORDS | st.just(""),
    fulfiller=WORDS | st.just(""),
)


@given(RULES)
def test_a_rule_is_read_as_it_was_written(written):
    assert rule_of(plain(written)) == written


def test_a_rule_of_a_newer_version_is_passed_over():
    newer = {**plain(rule(tag="t")), "weight_above": 3}

    assert rules_of([newer, {"name": "r", "lacks": ["planet"]}, {}, plain(rule(tag="t"))]) == [rule(tag="t")]


@given(st.lists(RULES, max_size=5), st.dictionaries(st.integers(1, 2), st.decimals(0, 20, places=2)))
def test_what_the_rules_make_is_what_those_that_are_for_the_order_say(rules, listed):
    found = ruled(ORDER, rules, listed=listed)

    applying = [one for one in in_order(rules) if one.why(ORDER, listed=listed) is not None]
    assert set(found.tags) == {one.tag for one in applying} - {""}
    assert found.service == next((one.service for one in applying if one.service), "")
    assert found.fulfiller == next((one.fulfiller for one in applying if one.fulfiller), "")
    held = sum(one.holds for one in applying)
    is_unmapped = not found.service and any(one.service for one in rules)
    assert len(found.holds) == held + is_unmapped
    assert {done.rule for done in found.done} <= {one.name for one in applying}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((), (), []),
        ((), (rule(tag="a", holds=True),), ["held. Rule 'r': every order.", "tagged a"]),
        ((rule(tag="a", holds=True),), (), ["held no more for this: Rule 'r': every order.", "tagged a no more"]),
        ((), (rule(service="Post"),), ["shipped by Post instead of no service named"]),
        (
            (rule(service="Post", fulfiller="North"),),
            (rule(service="Post", carrier="UPS"),),
            ["shipped by Post with UPS instead of Post", "fulfilled by nobody named instead of North"],
        ),
        ((rule("one", tag="a"),), (rule("other", tag="a"),), []),
    ],
)
def test_what_other_rules_make_of_an_order_is_told_as_what_differs(before, after, told):
    assert differences(made(*before), made(*after)) == told
