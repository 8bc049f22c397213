"""What may be shipped of an order: never more than is open, never twice, and only what the operator can name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import OrderState, StoreStatus
from tradepost.domain.orders.shipping import ShipmentPart, ShippableLine, ShippableOrder, parts_to_ship, with_packed

CUP = ShippableLine(1, code="cup", sku="CUP", quantity=2, status=StoreStatus.PENDING)
TEE = ShippableLine(2, code="tee", sku="TEE-S", quantity=1, status=StoreStatus.PENDING)
MORE_CUPS = replace(CUP, id=3, quantity=3)
ORDER = ShippableOrder(1001, OrderState.OPEN, (CUP, TEE, MORE_CUPS), frozenset({"1Z"}))


def ship(order: ShippableOrder = ORDER, *, wanted=None, tracking_number="2Z") -> dict[int, int]:
    """Pieces by line."""
    return {
        part.line_id: part.quantity for part in parts_to_ship(order, tracking_number=tracking_number, wanted=wanted)
    }


def test_a_shipment_takes_all_that_is_open_unless_told_otherwise():
    assert ship() == {1: 2, 2: 1, 3: 3}


def test_pieces_are_taken_from_the_first_line_on_in_the_order_asked_for():
    parts = parts_to_ship(ORDER, tracking_number="2Z", wanted={"TEE-S": 1, "CUP": 3})

    assert parts == [ShipmentPart(2, 1), ShipmentPart(1, 2), ShipmentPart(3, 1)]


@pytest.mark.parametrize(
    ("line", "open_pieces"),
    [
        (CUP, 2),
        (replace(CUP, packed=1), 1),
        (replace(CUP, packed=3), 0),
        (replace(CUP, is_product=False), 0),
        (replace(CUP, status=StoreStatus.PROCESSING), 2),
        (replace(CUP, status=StoreStatus.BACKORDERED), 2),
        (replace(CUP, status=StoreStatus.SHIPPED), 0),
        (replace(CUP, status=StoreStatus.CANCELLED), 0),
        (replace(CUP, status=StoreStatus.RETURNED), 0),
        (replace(CUP, status=StoreStatus.RMA_ISSUED), 0),
    ],
)
def test_open_pieces_are_those_that_nobody_has_sent_and_that_are_still_wanted(line, open_pieces):
    assert line.open_pieces == open_pieces


SPLIT_OFF = replace(CUP, id=3, quantity=2)
REST = replace(CUP, quantity=1)


@pytest.mark.parametrize(
    ("lines", "open_pieces"),
    [
        ([replace(CUP, quantity=3)], {1: 1}),
        # Somebody has split off what is packed, to ship it by hand or to have it in hand.
        ([REST, replace(SPLIT_OFF, status=StoreStatus.SHIPPED, shipment=8)], {1: 1, 3: 0}),
        ([REST, SPLIT_OFF], {1: 1, 3: 0}),
        ([replace(CUP, status=StoreStatus.CANCELLED), SPLIT_OFF], {1: 0, 3: 0}),
        # Not to another article, nor to pieces that left in a shipment of ours; fewer are wanted then.
        ([REST, replace(SPLIT_OFF, sku="MUG")], {1: 0, 3: 2}),
        ([REST, replace(SPLIT_OFF, chosen=(("engraving", "", "Ada"),))], {1: 0, 3: 2}),
        ([REST, replace(SPLIT_OFF, status=StoreStatus.SHIPPED, shipment=7)], {1: 0, 3: 0}),
    ],
)
def test_what_is_packed_is_taken_off_where_the_store_has_its_pieces_by_now(lines, open_pieces):
    found = with_packed(lines, [ShipmentPart(1, 2)], told={7})

    assert {line.id: line.open_pieces for line in found} == open_pieces


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (CUP, {"CUP"}),
        (replace(CUP, listing_sku="MUG"), {"CUP", "MUG"}),
        (replace(CUP, sku="", listing_sku="MUG"), {"MUG"}),
        (replace(CUP, sku=""), {"cup"}),
    ],
)
def test_a_line_is_asked_for_by_sku_and_by_its_code_only_where_it_has_none(line, names):
    assert set(line.names) == names


@pytest.mark.parametrize(
    ("order", "asked", "words"),
    [
        (replace(ORDER, state=OrderState.CLOSED), {}, "Order 1001 is closed; nothing of it is left to be shipped."),
        (replace(ORDER, state=OrderState.CANCELLED), {}, "Order 1001 is cancelled"),
        (ORDER, {"tracking_number": ""}, "A shipment needs a tracking number."),
        (ORDER, {"tracking_number": "1Z"}, "Order 1001 has a shipment with the tracking number 1Z already."),
        (ORDER, {"wanted": {}}, "at least one piece"),
        (ORDER, {"wanted": {"CUP": 0}}, "0 pieces of 'CUP' can't be shipped; give one or more."),
        (ORDER, {"wanted": {"CUP": 6}}, "6 pieces of 'CUP' can't be shipped: order 1001 has 5 still open."),
        (ORDER, {"wanted": {"MUG": 1}}, "Order 1001 has no line with the SKU 'MUG'; it has CUP, TEE-S."),
        (replace(ORDER, lines=()), {}, "Everything in order 1001 is packed, shipped or cancelled already."),
        (
            replace(ORDER, lines=(replace(CUP, sku=""), replace(TEE, is_product=False))),
            {"wanted": {"MUG": 1}},
            "no line with the SKU 'MUG'; it has cup.",
        ),
        (replace(ORDER, state=OrderState.ON_HOLD, why_held="No stock."), {}, "Order 1001 is on hold: No stock. "),
        (replace(ORDER, state=OrderState.NOT_MANAGED), {}, "None of the items of order 1001 is a listing"),
    ],
)
def test_what_may_not_be_shipped_is_refused_with_the_reason(order, asked, words):
    with pytest.raises(NotAllowed, match=words):
        ship(order, **asked)


def test_a_line_of_which_nothing_is_open_is_not_in_the_shipment():
    order = replace(ORDER, lines=(replace(CUP, packed=2), MORE_CUPS))

    assert parts_to_ship(order, tracking_number="2Z", wanted={"CUP": 1}) == [ShipmentPart(3, 1)]


def test_an_order_on_hold_is_shipped_when_somebody_says_so():
    held = replace(ORDER, state=OrderState.ON_HOLD)

    parts = parts_to_ship(held, tracking_number="2Z", wanted={"TEE-S": 1}, even_if_held=True)

    assert parts == [ShipmentPart(2, 1)]


def test_what_is_finished_is_not_shipped_even_if_somebody_says_so():
    for state in (OrderState.CLOSED, OrderState.CANCELLED, OrderState.NOT_MANAGED):
        with pytest.raises(NotAllowed):
            parts_to_ship(replace(ORDER, state=state), tracking_number="2Z", wanted=None, even_if_held=True)


def test_a_line_that_is_asked_for_by_two_names_is_not_shipped_twice():
    order = replace(ORDER, lines=(replace(CUP, listing_sku="MUG"),))

    assert ship(order, wanted={"CUP": 1, "MUG": 1}) == {1: 2}
    with pytest.raises(NotAllowed, match="3 pieces of 'MUG' can't be shipped: order 1001 has 0 still open"):
        ship(order, wanted={"CUP": 2, "MUG": 3})


lines = st.lists(
    st.builds(
        lambda sku, **values: replace(CUP, sku=sku, **values),
        st.sampled_from(["CUP", "TEE-S", ""]),
        listing_sku=st.sampled_from(["", "CUP", "MUG"]),
        quantity=st.integers(0, 4),
        packed=st.integers(0, 4),
        status=st.sampled_from(StoreStatus),
        is_product=st.booleans(),
    ),
    max_size=6,
).map(lambda found: tuple(replace(line, id=number) for number, line in enumerate(found)))
requests = st.none() | st.dictionaries(st.sampled_from(["CUP", "TEE-S", "MUG", "cup"]), st.integers(-1, 5))


@given(lines=lines, wanted=requests)
def test_a_shipment_has_what_was_asked_for_and_never_more_than_is_open(lines, wanted):
    order = ShippableOrder(1001, OrderState.OPEN, lines)

    try:
        parts = parts_to_ship(order, tracking_number="1Z", wanted=wanted)
    except NotAllowed:
        return

    open_pieces = {line.id: line.open_pieces for line in lines}
    assert parts
    assert len({part.line_id for part in parts}) == len(parts)
    assert all(0 < part.quantity <= open_pieces[part.line_id] for part in parts)
    expected = sum(open_pieces.values()) if wanted is None else sum(wanted.values())
    assert sum(part.quantity for part in parts) == expected


def test_a_reference_names_one_package_of_an_order():
    order = replace(ORDER, references=frozenset({"box 1"}))

    with pytest.raises(NotAllowed, match="has a shipment with the reference box 1 already"):
        parts_to_ship(order, tracking_number="2Z", reference="box 1", wanted=None)
    assert parts_to_ship(order, tracking_number="2Z", reference="box 2", wanted={"CUP": 1})
