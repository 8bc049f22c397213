"""What is left of an order when its person is forgotten: what was bought, the money, and the country."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fakes.articles import NOON, an_order, an_order_line
from tradepost.domain.changes import order_changed
from tradepost.domain.orders.order import Address, LineOption, OrderState, StorePayment
from tradepost.domain.orders.order_changes import PERSONAL
from tradepost.domain.orders.personal_data import emptied, is_kept_long_enough, is_personal_field, without_person
from tradepost.domain.plan import FieldChange

ADA = Address(first_name="Ada", email="ada@example.com", address1="1 Pier Rd", country="FR")
ENGRAVED = LineOption("engraving", "", "For Ada", "Engraving")
ORDER = an_order(
    1,
    an_order_line(10, 2, options=(ENGRAVED, LineOption("size", "s", "", "Size", "Small"))),
    ship_to=ADA,
    bill_to=replace(ADA, country="US"),
    notes=("Ring twice.",),
    custom_fields={"gift": "For Ada"},
    customer_id=7,
    payments=(StorePayment(1, Decimal(4), NOON, "4111", "EUR"),),
    payload='{"ship_fname": "Ada"}',
)


def test_nothing_of_the_person_is_left_and_everything_else_is():
    left = without_person(ORDER)

    assert left == replace(
        ORDER,
        lines=(replace(ORDER.lines[0], options=(replace(ENGRAVED, text=""), ORDER.lines[0].options[1])),),
        ship_to=Address(country="FR"),
        bill_to=Address(country="US"),
        notes=(),
        custom_fields={},
        customer_id=0,
        payments=(StorePayment(1, Decimal(4), NOON, "", "EUR"),),
    )
    assert left.payload == ""
    assert "Ada" not in str(left)


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize(("age", "is_long"), [(1, True), (0, False), (-1, False)])
def test_only_an_order_that_is_done_is_forgotten_and_only_after_its_time(state, age, is_long):
    kept = is_kept_long_enough(state, last_at=NOON - timedelta(days=age), before=NOON)

    assert kept is (is_long and state in {OrderState.CLOSED, OrderState.CANCELLED})


@pytest.mark.parametrize(
    ("name", "is_personal"),
    [
        *((name, True) for name in sorted(PERSONAL)),
        ("line 7 options", True),
        ("line 7 quantity", False),
        ("line 7", False),
        ("options", False),
        ("total", False),
    ],
)
def test_what_a_person_is_or_has_typed_is_told_in_no_report_and_forgotten_in_the_events(name, is_personal):
    before, after = ("Ada",), ("Bo",)

    (told,) = order_changed(1, [FieldChange(name, before, after)]).fields

    assert is_personal_field(name, personal=PERSONAL) is is_personal
    assert told == (FieldChange(name, None, "changed") if is_personal else FieldChange(name, before, after))
    assert emptied({"name": name, "before": before, "after": after}) == {"name": name, "before": None, "after": None}
