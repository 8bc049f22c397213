"""A connection check says what is missing, and changes nothing."""

from functools import partial

import pytest

from miva_sandbox.state import inventory, modules, products, tokens
from tradepost.domain.errors import AddressRefused, CredentialsRejected
from tradepost.domain.stock.stock import StockMode
from tradepost.miva import check
from tradepost.miva.wire import functions
from tradepost.operations.ports import StockCheck

check_connection = partial(check.check_connection, type_field="product_type", image_type="main")


@pytest.fixture
def token(sandbox):
    """A token of these functions."""

    def make(*names, **settings):
        made = tokens.insert(sandbox.domain.db, name="test", **settings)
        tokens.grant(sandbox.domain.db, made, store_id=sandbox.store.id, functions=names)
        return made

    return make


def test_a_token_with_all_that_is_needed_is_complete(sandbox, connect):
    products.insert(sandbox.store, products.Product(code="mug", name="Mug"))

    found = [check_connection(connect(one)) for one in (sandbox.hub, sandbox.full)]

    assert [one.missing for one in found] == [{}, {}]
    assert [one.stock.is_read for one in found] == [False, True]
    assert all(abs(one.clock_difference_seconds) < 3 for one in found)
    assert all(one.store_name for one in found)


@pytest.mark.parametrize("function", functions.THE_EIGHT)
def test_each_missing_function_is_named_with_the_cure(connect, token, function):
    rest = [name for name in functions.THE_EIGHT if name != function]

    found = check_connection(connect(token(*rest)))

    assert list(found.missing) == [function]
    assert function in found.missing[function]


def test_a_token_that_requires_no_timestamp_may_not_provision(connect, token):
    found = check_connection(connect(token(*functions.THE_EIGHT, req_ts=False)))

    assert list(found.missing) == ["Provision_Store"]
    assert "Require Timestamp" in found.missing["Provision_Store"]


def test_nothing_is_changed_by_looking(sandbox, connect):
    made = products.insert(sandbox.store, products.Product(code="mug", name="Mug"))
    inventory.update_product(sandbox.store, made, {}, track=True, stock=7)
    products.insert(sandbox.store, products.Product(code="cup", name="Cup"))
    before = list(sandbox.store.db._connection.iterdump())

    check_connection(connect(sandbox.full))

    assert list(sandbox.store.db._connection.iterdump()) == before


@pytest.mark.parametrize(
    ("mode", "change", "told"),
    [
        ("basket", modules.install, (True, StockMode.BASKET)),
        ("checkout", modules.install, (True, StockMode.CHECKOUT)),
        ("basket", modules.remove, (False, StockMode.UNKNOWN)),
    ],
)
def test_what_baskets_hold_tells_the_mode_too(sandbox, connect, mode, change, told):
    products.insert(sandbox.store, products.Product(code="mug", name="Mug"))
    inventory.change_settings(sandbox.store, {"mode": mode})
    change(sandbox.store, modules.BASKET_INVENTORY)

    found = check_connection(connect(sandbox.hub)).stock

    assert (found.counts_baskets, found.mode) == told


def test_a_move_by_none_is_tried_on_a_product_that_is_counted_and_on_no_other(sandbox, connect):
    cup = products.insert(sandbox.store, products.Product(code="cup", name="Cup"))
    untracked = check_connection(connect(sandbox.full)).stock
    inventory.update_product(sandbox.store, cup, {}, track=True, stock=7)
    unseen = check_connection(connect(sandbox.hub)).stock
    tracked = check_connection(connect(sandbox.full)).stock

    assert [found.move_refusal for found in (untracked, unseen, tracked)] == [None, None, ""]
    assert inventory.counted(sandbox.store, cup) == 7


def test_a_store_without_products_does_not_tell_how_stock_is_kept(sandbox, connect):
    assert check_connection(connect(sandbox.full)).stock == StockCheck()


def test_a_token_that_is_not_let_in_is_rejected(connect):
    with pytest.raises(CredentialsRejected):
        check_connection(connect(name="0" * 32))


def test_a_wrong_folder_is_named(sandbox):
    from tradepost.miva.connect import StoreConnection, connect_client  # noqa: PLC0415

    connection = StoreConnection(domain=sandbox.address, folder="/wrong/", store_code="x", token="x", plain_http=True)

    with connect_client(connection) as client, pytest.raises(AddressRefused, match="folder"):
        check_connection(client)
