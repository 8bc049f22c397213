"""Inventory: when stock is tracked, what a count then means, and how it moves."""

import pytest

from miva_sandbox.state import inventory, products, shelves
from miva_sandbox.state.products import Product


@pytest.fixture
def mug(store):
    inventory.change_settings(store, {"active": 1})
    return products.insert(store, Product(code="mug", name="Mug"))


def update(inside):
    return f"<InventoryProductSettings_Update product_code='mug'>{inside}</InventoryProductSettings_Update>"


def is_listed(store):
    return shelves.everything(store, limit=1, offset=0) != []


TRACKED = "<TrackProduct>Yes</TrackProduct>"
UNTRACKED = "<TrackProduct>No</TrackProduct>"


@pytest.mark.parametrize(
    ("before", "tag", "expected"),
    [
        ("", "<CurrentStock>5</CurrentStock>", None),
        ("", UNTRACKED + "<CurrentStock>5</CurrentStock>", None),
        ("", TRACKED, 0),
        ("", TRACKED + "<CurrentStock>5</CurrentStock>", 5),
        ("", TRACKED + "<AdjustStockBy>-3</AdjustStockBy>", -3),
        (TRACKED + "<CurrentStock>5</CurrentStock>", "<CurrentStock>0</CurrentStock>", 0),
        (TRACKED + "<CurrentStock>5</CurrentStock>", "<AdjustStockBy>2</AdjustStockBy>", 7),
        (
            TRACKED + "<CurrentStock>5</CurrentStock>",
            "<CurrentStock>8</CurrentStock><AdjustStockBy>0</AdjustStockBy>",
            8,
        ),
        (TRACKED + "<CurrentStock>5</CurrentStock>", TRACKED, 5),
        (TRACKED + "<CurrentStock>5</CurrentStock>", UNTRACKED, None),
    ],
)
def test_stock_is_only_taken_by_a_product_that_is_tracked(store, mug, accept, before, tag, expected):  # noqa: PLR0917 - three fixtures, three columns
    accept(update(before))

    accept(update(tag))

    assert inventory.counted(store, mug) == expected


def test_stock_for_an_untracked_product_is_dropped_in_silence_and_reported_to_lint(mug, accept, lint):
    accept(update("<CurrentStock>5</CurrentStock>"))

    assert lint() == ["dropped stock"]


def test_setting_and_adjusting_at_once_is_refused(store, mug, messages):
    complaints = messages(update(TRACKED + "<CurrentStock>5</CurrentStock><AdjustStockBy>1</AdjustStockBy>"))

    assert complaints == [
        "Product with the code 'mug' cannot have the Current Stock Level and Adjust Stock Level set at the same time."
    ]
    assert inventory.product_settings(store, mug) is None


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<TrackOutOfStockLevel>1</TrackOutOfStockLevel>", "TrackOutOfStockLevel must be one of: Default,Yes,No"),
        ("<CurrentStock>1.5</CurrentStock>", "Invalid value for CurrentStock: Please enter a whole number"),
        (
            "<CurrentStock>3000000000</CurrentStock>",
            "Invalid value for CurrentStock: Please specify a number no greater than 2147483647",
        ),
        ("<OutOfStockLevel/>", "If specified, the value of OutOfStockLevel may not be blank"),
    ],
)
def test_what_a_store_says_against_settings(mug, messages, inside, message):
    assert messages(update(TRACKED + inside)) == [message]


def test_a_level_is_a_number_or_the_default(store, mug, accept):
    accept(update(TRACKED + "<OutOfStockLevel>3</OutOfStockLevel><LowStockLevel>DEFAULT</LowStockLevel>"))

    row = inventory.product_settings(store, mug)
    assert (row["out_level"], row["out_lvl_d"], row["low_level"], row["low_lvl_d"]) == (3, 0, 0, 1)


def test_the_out_of_stock_level_of_the_store_has_a_name_that_says_otherwise(store, accept, messages):
    accept(
        "<InventorySettings_Update><TrackInventory>Yes</TrackInventory><TrackOutOfStockLevel>4</TrackOutOfStockLevel>"
        "</InventorySettings_Update>"
    )

    row = inventory.settings(store)
    assert (row["active"], row["out_level"], row["out_track"]) == (1, 4, 0)
    assert messages(
        "<InventorySettings_Update><TrackOutOfStockLevel>Yes</TrackOutOfStockLevel></InventorySettings_Update>"
    ) == ["Invalid value for TrackOutOfStockLevel: Please enter a whole number"]


def test_the_page_for_sold_out_baskets_must_exist(messages):
    page = "<InventorySettings_Update><InventoryExceptionPage>{}</InventoryExceptionPage></InventorySettings_Update>"

    assert messages(page.format("NONE")) == ["Page 'NONE' does not exist"]
    assert messages(page.format("BASK")) == []


@pytest.mark.parametrize(
    ("settings", "count", "expected"),
    [
        # out_track, hide, out level, low_track, low level; then level, limit, listed
        ({"out_track": "y"}, 5, ("in", 5, True)),
        ({"out_track": "y"}, 0, ("out", 0, True)),
        ({"out_track": "y"}, -2, ("out", 0, True)),
        ({"out_track": "y", "out_level": 3, "out_lvl_d": 0}, 5, ("in", 2, True)),
        ({"out_track": "y", "out_level": 3, "out_lvl_d": 0}, 3, ("out", 0, True)),
        ({"out_track": "y", "out_hide": "y"}, 0, ("out", 0, False)),
        ({"out_track": "n", "out_hide": "y"}, 0, ("in", None, False)),
        ({"out_track": "n"}, -4, ("in", None, True)),
        ({"out_track": "n", "low_track": "y", "low_level": 2, "low_lvl_d": 0}, 2, ("low", None, True)),
        ({"out_track": "y", "low_track": "y", "low_level": 2, "low_lvl_d": 0}, 2, ("low", 2, True)),
        ({"out_track": "d"}, 0, ("in", None, True)),
    ],
)
def test_what_a_count_means_to_a_shopper(store, mug, settings, count, expected):
    inventory.update_product(store, mug, settings, track=True, stock=count)

    stock = inventory.stock(store, mug)

    assert (stock.level, stock.limit, is_listed(store)) == expected


def test_the_stores_settings_hold_where_a_product_says_default(store, mug):
    inventory.change_settings(store, {"out_track": 1, "out_level": 2, "out_hide": 1})
    inventory.update_product(store, mug, {}, track=True, stock=2)

    stock = inventory.stock(store, mug)

    assert (stock.level, stock.available, is_listed(store)) == ("out", 0, False)


def test_nothing_is_tracked_while_the_store_tracks_nothing(store, mug):
    inventory.update_product(store, mug, {"out_track": "y"}, track=True, stock=0)
    inventory.change_settings(store, {"active": 0})

    stock = inventory.stock(store, mug)

    assert (stock.tracked, stock.limit, is_listed(store)) == (False, None, True)
    assert inventory.take(store, mug, 1) is False


def test_what_is_sold_falls_below_zero_and_comes_back(store, mug):
    inventory.update_product(store, mug, {}, track=True, stock=1)

    assert inventory.take(store, mug, 3)
    assert inventory.counted(store, mug) == -2
    assert inventory.give_back(store, mug, 3)
    assert inventory.counted(store, mug) == 1


def test_adjusting_switches_tracking_on(store, mug):
    inventory.adjust(store, mug, 4)
    inventory.adjust(store, mug, -1)

    assert inventory.counted(store, mug) == 3
    assert inventory.product_settings(store, mug)["active"] == 1
