"""What was approved: the same change, from the same values to the same values, and nothing besides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.approval import NOT_APPROVED, NOT_PLANNED, SavedChange, lacks, needed, rule, with_needs
from tradepost.domain.plan import FieldChange, SubjectKind

PRICE = FieldChange("price", "10.00", "12.00")
NAME = FieldChange("name", "Mug", "Cup")
NAMES = ["price", "name", "weight"]
FIELDS = st.dictionaries(st.sampled_from(NAMES), st.tuples(st.integers(0, 2), st.integers(0, 2))).map(
    lambda found: tuple(FieldChange(name, before, after) for name, (before, after) in found.items())
)


def saved(*fields, number=1, is_approved=True):
    return SavedChange(number, fields, is_approved)


@pytest.mark.parametrize(
    ("wanted", "plan", "reason"),
    [
        ([PRICE], [saved(PRICE)], ""),
        ([PRICE], [saved(PRICE, NAME)], ""),
        ([PRICE], [saved(PRICE, is_approved=False)], NOT_APPROVED),
        ([PRICE], [], NOT_PLANNED),
        ([PRICE], [saved(NAME)], NOT_PLANNED),
        ([PRICE, NAME], [saved(PRICE)], "It is stale: it would change name, too, which was not in the saved plan."),
        (
            [FieldChange("price", "11.00", "12.00")],
            [saved(PRICE)],
            "It is stale: price was 10.00 when the plan was saved, and is 11.00 now.",
        ),
        (
            [FieldChange("price", "10.00", "13.00")],
            [saved(PRICE)],
            "It is stale: price was to become 12.00, and would become 13.00 now.",
        ),
        ([FieldChange("brand", None, "Acme")], [saved(FieldChange("brand", "", "Acme"))], ""),
        (
            [FieldChange("product_type", None, "simple")],
            [saved(FieldChange("product_type", "parent", "simple"))],
            "It is stale: product type was parent when the plan was saved, and is nothing now.",
        ),
    ],
)
def test_a_change_is_held_against_what_was_saved_of_it(wanted, plan, reason):
    """R57."""
    assert rule(wanted, plan).reason == reason


def test_price_and_stock_of_one_product_are_approved_apart():
    stock = FieldChange("quantity", 5, 9)
    plan = [saved(PRICE, number=1, is_approved=False), saved(stock, number=2)]

    assert (rule([PRICE], plan).saved_id, rule([PRICE], plan).reason) == (1, NOT_APPROVED)
    assert (rule([stock], plan).saved_id, rule([stock], plan).reason) == (2, "")


@given(wanted=FIELDS, plan=FIELDS, is_approved=st.booleans())
def test_nothing_is_done_that_was_not_approved_field_by_field(wanted, plan, is_approved):
    reason = rule(wanted, [saved(*plan, is_approved=is_approved)]).reason

    if not reason:
        assert is_approved
        assert set(wanted) <= set(plan)
    if is_approved and wanted and set(wanted) <= set(plan):
        assert reason == ""


SUBJECTS = [(SubjectKind.PRODUCT, name) for name in "abcdef"]
NEEDS = st.dictionaries(st.sampled_from(SUBJECTS), st.sets(st.sampled_from(SUBJECTS), max_size=3))


@given(needs=NEEDS, refused=st.sets(st.sampled_from(SUBJECTS)))
def test_what_needs_something_that_is_not_done_is_not_done_however_far_off(needs, refused):
    missing = needed(dict.fromkeys(refused, "No."), needs)

    undone = refused | set(missing)
    assert not refused & set(missing)
    assert all(
        bool(others & undone) == (subject in missing) for subject, others in needs.items() if subject not in refused
    )
    assert all(needs[subject] >= {other} for subject, other in missing.items())


@given(needs=NEEDS, chosen=st.sets(st.sampled_from(range(len(SUBJECTS)))))
def test_approving_brings_along_all_that_is_needed_and_nothing_else(needs, chosen):
    numbers = {subject: number for number, subject in enumerate(SUBJECTS)}
    by_number = {numbers[subject]: others for subject, others in needs.items()}

    found = with_needs(chosen, by_number, lambda subject: [numbers[subject]])

    assert found >= chosen
    assert all({numbers[other] for other in by_number.get(number, ())} <= found for number in found)
    assert all(any(SUBJECTS[n] in by_number.get(other, ()) for other in found) for n in found - chosen)


def test_what_is_lacking_is_named():
    assert lacks((SubjectKind.SETUP, "size\ncustom field Size")) == (
        "It needs the setup size, custom field Size, which is not done."
    )
