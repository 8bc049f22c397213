"""What becomes of what somebody changed on the store, group by group, and what is no drift at all."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakes.articles import a_simple
from fakes.store_products import BLANK
from tradepost.domain.catalogue.catalogue import SourceImage
from tradepost.domain.fields import FIELDS, Group, fingerprint, fingerprints, is_blank
from tradepost.domain.listings.content import wanted_unit
from tradepost.domain.listings.drift import (
    COMPARE_AGAIN_AFTER,
    USUAL_POLICIES,
    Drift,
    DriftPolicy,
    asks,
    content_drift,
    is_comparison_due,
    judge_drift,
    news_reason,
    question,
    remembered,
)
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.making import ContentRules, ListingValues
from tradepost.domain.plan import FieldChange
from tradepost.domain.store import StoreImage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LISTED = Status(Health.LISTED, Link.LINKED)
prices = st.sampled_from([Decimal(3), Decimal("7.90"), Decimal("8.50")])


@dataclass(frozen=True)
class Row:
    status: Status = LISTED
    wanted_price: Decimal = Decimal("7.90")
    proven_price: Decimal | None = Decimal("7.90")
    yielded_price: Decimal | None = None
    sent_price: Decimal | None = None
    overwrite_groups: frozenset = frozenset()


def seen(price="7.90", *, is_active=True):
    return replace(BLANK, id=7, code="mug", price=Decimal(price), is_active=is_active)


def judged(row, product, *, content=None, known=None, has_page=True, **policies):
    chosen = {**USUAL_POLICIES, **{Group[name.upper()]: DriftPolicy(policy) for name, policy in policies.items()}}
    return judge_drift(row, product, has_page=has_page, content=content or {}, known=known or {}, policies=chosen)


# --- prices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "yielded", "kept"), [("ours", None, None), ("store", "7.90", True), ("ask", "7.90", False)]
)
def test_another_price_is_sent_again_kept_or_asked_for(policy, yielded, kept):
    finding = judged(Row(), seen("3"), price=policy)

    drift = finding.drifts[Group.PRICE]
    assert finding.price == Decimal(3)
    assert finding.news[Group.PRICE][0].fields == (FieldChange("price", Decimal("7.90"), Decimal("3.00")),)
    assert finding.yielded_price == (None if yielded is None else Decimal(yielded))
    assert (None if drift is None else drift.is_kept) == kept
    assert set(finding.news) == {Group.PRICE}


@pytest.mark.parametrize(("found", "told"), [("3", "3.00"), ("3.0000", "3.00"), ("3.005", "3.005")])
def test_a_price_is_told_in_cents_and_in_more_places_only_where_it_has_them(found, told):
    (field,) = judged(Row(), seen(found), price="ask").news[Group.PRICE][0].fields

    assert str(field.after) == told


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(Row(proven_price=Decimal(3)), id="another price is wanted by now"),
        pytest.param(Row(wanted_price=Decimal(3)), id="the store has what is wanted"),
        pytest.param(Row(sent_price=Decimal(3)), id="the hub sent it, and nobody heard of it"),
        pytest.param(Row(proven_price=None), id="nothing was ever proven"),
    ],
)
def test_a_price_that_is_work_or_the_hubs_own_is_no_drift(row):
    finding = judged(row, seen("3"), price="ask")

    assert (finding.news, finding.drifts.get(Group.PRICE), finding.yielded_price) == ({}, None, None)


@given(
    wanted=prices,
    proven=st.none() | prices,
    yielded=st.none() | prices,
    found=prices,
    policy=st.sampled_from(DriftPolicy),
)
@example(wanted=Decimal("7.90"), proven=Decimal("7.90"), yielded=None, found=Decimal(3), policy=DriftPolicy.ASK)
def test_after_a_comparison_another_one_of_the_same_says_nothing_new(wanted, proven, yielded, found, policy):
    row = Row(wanted_price=wanted, proven_price=proven, yielded_price=yielded)
    first = judged(row, seen(found), price=policy.value)
    known = {group: drift for group, drift in first.drifts.items() if drift is not None}
    if first.price is not None:
        row = replace(row, proven_price=first.price, yielded_price=first.yielded_price)

    again = judged(row, seen(found), known=known, price=policy.value)

    assert again.news == {}
    assert (again.yielded_price, again.drifts) == (first.yielded_price, first.drifts)


def test_what_a_person_has_accepted_stays_accepted_whatever_the_policy_says():
    accepted = replace(judged(Row(), seen("3"), price="ask").drifts[Group.PRICE], is_kept=True)
    row = Row(proven_price=Decimal(3), yielded_price=Decimal("7.90"))

    finding = judged(row, seen("3"), known={Group.PRICE: accepted}, price="ours")

    assert (finding.drifts[Group.PRICE], finding.yielded_price, finding.news) == (accepted, Decimal("7.90"), {})


# --- active ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "keeps"), [("ours", False), ("store", True), ("ask", True)])
def test_a_product_that_is_switched_off_is_inactive_and_due_only_where_ours_is_right(policy, keeps):
    finding = judged(Row(), seen(is_active=False), status=policy)

    assert (finding.is_inactive, finding.keeps_inactive) == (True, keeps)
    assert finding.news[Group.STATUS][0].fields == (FieldChange("is_active", True, False),)


def test_what_can_be_bought_is_not_kept_from_it():
    finding = judged(Row(), seen())

    assert (finding.is_inactive, finding.keeps_inactive, finding.drifts[Group.STATUS]) == (False, False, None)


def test_a_variant_says_nothing_by_being_inactive():
    finding = judged(Row(), seen(is_active=False), has_page=False)

    assert (finding.is_inactive, finding.news) == (None, {})


def test_what_the_hub_has_hidden_may_be_switched_off_besides():
    finding = judged(Row(Status(Health.HIDDEN, Link.LINKED)), seen(is_active=False), status="ours")

    assert (finding.is_inactive, finding.keeps_inactive, finding.news) == (True, True, {})


# --- content --------------------------------------------------------------------------------------------------------


def as_published(product=None):
    """A product as the catalogue wants it, the store's side of it, and what was proven."""
    product = product or a_simple("mug")
    values = {variant.sku: ListingValues(variant.sku, variant.price, 5) for variant in product.variants}
    wanted = wanted_unit(product, rules=ContentRules(), values=values, files={}).root
    named = {name: value for name, value in wanted.values.items() if hasattr(BLANK, name) and not is_blank(value)}
    fields = {**wanted["custom_fields"], **wanted["placement"]}
    found = replace(BLANK, **{**named, "categories": frozenset(wanted["categories"]), "custom_fields": fields})
    proven = fingerprints(wanted.made)
    return wanted, found, proven


def test_what_is_as_it_was_published_is_no_drift():
    wanted, found, proven = as_published()

    assert {group: fields for group, fields in content_drift(wanted, found, proven=proven).items() if fields} == {}


@pytest.mark.parametrize(
    ("change", "group"),
    [
        ({"name": "Other"}, Group.TEXTS),
        ({"sku": "OTHER"}, Group.IDENTIFIERS),
        ({"cost": Decimal(99)}, Group.COST),
        ({"is_taxable": False}, Group.TAX),
        ({"categories": frozenset()}, Group.CATEGORIES),
    ],
)
def test_a_changed_field_is_drift_of_its_group_and_of_no_other(change, group):
    product = replace(a_simple("mug"), category=("Kitchen",))
    product = replace(product, variants=tuple(replace(v, cost=Decimal(2), taxable=True) for v in product.variants))
    wanted, found, proven = as_published(product)

    drift = content_drift(wanted, replace(found, **change), proven=proven)

    assert {name for name, fields in drift.items() if fields} == {group}
    (field,) = drift[group]
    assert (field.name, field.after) == next(
        (name, value if not isinstance(value, frozenset) else ()) for name, value in change.items()
    )


def test_what_the_catalogue_has_changed_since_is_work_and_is_not_compared():
    _, found, proven = as_published()
    later, _, _ = as_published(replace(a_simple("mug"), title="Another title"))

    assert Group.TEXTS not in content_drift(later, replace(found, name="Third"), proven=proven)


def test_what_was_never_proven_is_not_compared():
    wanted, found, _ = as_published()

    assert content_drift(wanted, replace(found, name="Other"), proven={}) == {}


@pytest.mark.parametrize("name", ["name", "description", "custom_fields", "placement", "categories", "images"])
def test_a_column_that_did_not_come_says_nothing(name):
    image = SourceImage("https://images.example/a.png", 1)
    product = replace(a_simple("mug"), description="Plain", brand="Acme", category=("Kitchen",), images=(image,))
    wanted, found, proven = as_published(product)
    proven = {**proven, Group.IMAGES: fingerprint([image.source])}
    emptied = replace(found, name="", description="", custom_fields={}, categories=frozenset())

    def different(**more):
        drift = content_drift(wanted, replace(emptied, **more), proven=proven)
        return {field.name for fields in drift.values() for field in fields}

    assert different() - different(absent=frozenset({name})) == {name}


def test_what_the_token_can_not_read_is_no_drift():
    wanted, found, proven = as_published(a_simple("mug", weight_grams=Decimal(210)))

    assert content_drift(wanted, replace(found, weight_grams=None), proven=proven)[Group.WEIGHT] == ()
    assert content_drift(wanted, replace(found, weight_grams=Decimal(1)), proven=proven)[Group.WEIGHT] != ()


def test_images_are_told_by_their_places_and_the_merchants_own_are_not_looked_at():
    images = (SourceImage("https://images.example/a.png", 1), SourceImage("https://images.example/b.png", 2))
    wanted, found, _ = as_published(replace(a_simple("mug"), images=images))
    proven = {Group.IMAGES: fingerprint([image.source for image in images])}
    first, second, third = (StoreImage(f"x/mug-{place}-0123abcd.png", "") for place in (1, 2, 3))
    theirs = StoreImage("x/photo.png", "")

    def drift(*attached, **more):
        return content_drift(wanted, replace(found, images=attached), proven=proven, **more)[Group.IMAGES]

    assert drift(first, second) == drift(theirs, first, second) == ()
    assert drift(theirs, second) == (FieldChange("images", ("1", "2"), ("2",)),)
    assert drift(first, second, third) == (FieldChange("images", ("1", "2"), ("1", "2", "3")),)
    # Where some of them are still to be brought, they are no drift.
    assert drift(second, awaits_images=True) == ()


@pytest.mark.parametrize(
    ("status", "policy"),
    [
        (LISTED, DriftPolicy.OURS),
        (replace(LISTED, pending=Pending.OVERWRITE), DriftPolicy.OURS),
        (replace(LISTED, pending=Pending.HIDE), DriftPolicy.ASK),
        (replace(LISTED, is_paused=True), DriftPolicy.ASK),
        (replace(LISTED, is_orphaned=True), DriftPolicy.ASK),
    ],
)
def test_content_is_queued_only_where_nothing_else_was_asked_for(status, policy):
    content = {Group.TEXTS: (FieldChange("name", "Mug", "Other"),)}

    finding = judged(Row(status), seen(), content=content, texts="ours")

    assert finding.news[Group.TEXTS][1] is policy
    assert (Group.TEXTS in finding.overwrite) == (policy is DriftPolicy.OURS)


def test_a_group_without_a_difference_is_forgotten_and_nobody_is_asked():
    finding = judged(Row(), seen(), content={Group.TEXTS: ()}, known=drift_of(Group.TEXTS, "Cup"))

    assert finding.drifts == {Group.PRICE: None, Group.STATUS: None, Group.TEXTS: None}
    assert finding.news == {}


def test_what_is_about_to_be_overwritten_is_left_as_it_is():
    row = Row(replace(LISTED, pending=Pending.OVERWRITE), overwrite_groups=frozenset({Group.TEXTS}))

    finding = judged(row, seen(), content={Group.TEXTS: (FieldChange("name", "Mug", "Other"),)})

    assert Group.TEXTS not in finding.drifts


# --- when, and in words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "age", "is_touched", "is_due"),
    [
        (LISTED, None, False, True),
        (LISTED, timedelta(), False, False),
        (LISTED, timedelta(), True, True),
        (LISTED, COMPARE_AGAIN_AFTER, False, True),
        (replace(LISTED, is_paused=True), None, True, False),
        (Status(Health.LISTED, Link.BROKEN), None, True, False),
    ],
)
def test_a_comparison_is_due_where_something_was_changed_or_nobody_looked_for_a_week(status, age, is_touched, is_due):
    compared_at = None if age is None else NOON - age

    assert is_comparison_due(status, compared_at=compared_at, is_touched=is_touched, now=NOON) == is_due


def test_the_question_names_fields_and_the_commands_that_answer_it():
    drifts = {
        Group.PRICE: Drift.of((FieldChange("price", Decimal("7.90"), Decimal("3.00")),)),
        Group.TEXTS: Drift.of((FieldChange("page_title", "Mug", ""),)),
        Group.COST: Drift.of((FieldChange("cost", 1, 2),), is_kept=True),
    }

    assert question("MUG", drifts) == (
        "Somebody changed it on the store (price: ours 7.90, the store's 3.00; page title: ours Mug, the store's "
        "nothing). 'tradepost listings sync --force MUG' and 'tradepost listings overwrite MUG --group texts' send "
        "ours; 'tradepost listings accept-drift MUG' keeps the store's."
    )


def test_the_question_names_only_the_command_that_sends_what_differs():
    price = {Group.PRICE: Drift.of((FieldChange("price", Decimal("7.90"), Decimal("3.001")),))}
    texts = {Group.TEXTS: Drift.of((FieldChange("name", "Mug", "Cup"),)), **drift_of(Group.IMAGES, "2")}

    assert question("MUG", price) == (
        "Somebody changed it on the store (price: ours 7.90, the store's 3.001). 'tradepost listings sync --force MUG' "
        "sends ours; 'tradepost listings accept-drift MUG' keeps the store's."
    )
    assert "). 'tradepost listings overwrite MUG --group images --group texts' sends ours; " in question("MUG", texts)


def test_the_question_shortens_what_is_long_and_names_each_custom_field():
    texts = FieldChange("description", "x" * 60, "x" * 61)
    fields = FieldChange("custom_fields", {"upc": "1", "brand": "Acme"}, {"upc": "", "brand": "A \n b"})

    said = question("MUG", {Group.TEXTS: Drift.of((texts,)), Group.CUSTOM_FIELDS: Drift.of((fields,))})

    assert f"description: ours {'x' * 60}, the store's {'x' * 57}...)" in said
    assert "custom fields: ours upc 1, brand Acme, the store's upc nothing, brand A b; " in said


def test_the_reason_says_who_is_right_in_what():
    news = {
        Group.PRICE: (Drift.of(()), DriftPolicy.OURS),
        Group.CUSTOM_FIELDS: (Drift.of(()), DriftPolicy.ASK),
        Group.TEXTS: (Drift.of(()), DriftPolicy.ASK),
    }

    assert news_reason(news) == (
        "somebody changed it on the store; price: ours is sent again; custom fields, texts: a person decides"
    )


def test_every_group_that_is_sent_after_a_publish_has_a_policy():
    sent = {field.group for field in FIELDS.values()}

    assert set(USUAL_POLICIES) == sent
    ours = {group for group, policy in USUAL_POLICIES.items() if policy is DriftPolicy.OURS}
    assert ours == {Group.PRICE, Group.QUANTITY}
    assert {USUAL_POLICIES[group] for group in sent - ours} == {DriftPolicy.ASK}


def drift_of(group, after, *, is_kept=False):
    return {group: Drift.of((FieldChange("name", "Mug", after),), is_kept=is_kept)}


def test_what_was_found_now_replaces_what_was_known_of_its_group_and_of_no_other():
    price, text = drift_of(Group.PRICE, "8"), drift_of(Group.TEXTS, "Cup")
    newer = drift_of(Group.TEXTS, "Beaker")

    assert remembered({**price, **text}, newer) == {**price, **newer}
    assert remembered({**price, **text}, {Group.TEXTS: None}) == price
    assert remembered({}, {Group.TEXTS: None}) == {}


def test_a_person_is_asked_as_long_as_one_difference_was_not_accepted():
    kept = drift_of(Group.PRICE, "8", is_kept=True)

    assert not asks({})
    assert not asks(kept)
    assert asks({**kept, **drift_of(Group.TEXTS, "Cup")})
