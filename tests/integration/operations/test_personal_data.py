"""
Customers' data is kept as long as it is needed and no longer: anonymised some time after an order was closed, told and
erased when its person asks, and never in the history or the log.
"""

import json
import logging
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import connection, transaction

from miva_sandbox.state import order_lines
from miva_sandbox.state import orders as store_orders
from stock_shop import HOUR, StockShop
from tradepost.database.models import (
    Channel,
    OpenBatch,
    Order,
    OrderEvent,
    OrderLine,
    OrderPayload,
    ParkedOrderRecord,
    Trigger,
)
from tradepost.database.orders.exports import DjangoOrderExports
from tradepost.database.orders.personal_data import DjangoPersonalData
from tradepost.database.runs.history import RequestHistory
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.errors import NotAllowed
from tradepost.exports.registry import OrderFiles
from tradepost.operations.orders.order_exports import ExportPorts, next_batch
from tradepost.operations.orders.personal_data import PersonalDataPorts, data_of, erase_data_of
from tradepost.operations.ports import NewShipment

from .conftest import ALL_RIGHTS

DAY = 24 * HOUR
PERSON = {
    "ship_fname": "Adelheid",
    "ship_lname": "Zwirner",
    "ship_email": "Adelheid.Zwirner@example.com",
    "ship_addr1": "77 Secret Street",
    "ship_phone": "555-0177",
    "bill_fname": "Adelheid",
    "bill_email": "adelheid.zwirner@example.com",
}
EMAIL = "adelheid.zwirner@EXAMPLE.com"
TRACES = ("adelheid", "zwirner", "secret street", "555-0177")


@pytest.fixture
def shop(sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=ALL_RIGHTS)
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


@pytest.fixture
def ports(shop):
    return PersonalDataPorts(
        personal_data=DjangoPersonalData(),
        history=RequestHistory(requested_by="Bob", trigger=Trigger.PERSON, clock=shop.clock),
        transaction=transaction.atomic,
        clock=shop.clock,
    )


@pytest.fixture
def export_ports(shop):
    return ExportPorts(
        channel_id=shop.channel.pk,
        exports=DjangoOrderExports(shop.channel.pk),
        writer=OrderFiles(),
        handovers=DjangoHandovers(shop.channel.pk),
        history=RequestHistory(requested_by="erp", trigger=Trigger.PERSON, clock=shop.clock),
        transaction=transaction.atomic,
        clock=shop.clock,
    )


def in_store(shop, work):
    with shop.sandbox.store.db.lock:
        return work(shop.sandbox.store)


def rename(shop, number, **more):
    in_store(shop, lambda store: store_orders.update(store, number, {**PERSON, **more}))


def buy(shop):
    """An order of a person with a name that nobody else has."""
    number = shop.buy("MUG", 2)
    rename(shop, number)
    shop.get_orders()
    return number


def ship(shop, number):
    with transaction.atomic():
        shop.orders.add_shipment(NewShipment(number, "UPS", "1Z9"), at=shop.clock())
    assert shop.sync_orders().bad() == []


def traces():
    """Every table and column of the hub in which anything of the person stands."""
    found = set()
    with connection.cursor() as cursor:
        for model in apps.get_app_config("tradepost").get_models():
            table = model._meta.db_table
            cursor.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                found |= {
                    (table, name)
                    for name, value in zip(names, row, strict=True)
                    if any(trace in str(value).lower() for trace in TRACES)
                }
    return found


# --- what is written down of a person, and where --------------------------------------------------------------------


def test_names_stay_out_of_the_history_and_the_log(shop, caplog):
    caplog.set_level(logging.DEBUG)
    number = buy(shop)
    run = shop.get_orders(is_dry=True)
    rename(shop, number, ship_addr1="78 Secret Street")
    runs = [shop.get_orders(), shop.sync()]
    ship(shop, number)

    told = " ".join(str(each) for run in [run, *runs] for each in run.results)

    assert not [trace for trace in TRACES if trace in (told + caplog.text).lower()]
    # The request's own body is masked before it is logged; nowhere else but with the order is anything kept.
    assert {table for table, _ in traces()} == {"tradepost_order", "tradepost_orderevent", "tradepost_orderpayload"}


def engrave(shop, number, text):
    """What a shopper has typed on the product's page, as the store's staff correct it."""
    (line,) = shop.merchant.lines(number)
    option = order_lines.ChosenOption(attr_code="engraving", data=text)
    in_store(shop, lambda store: order_lines.add_option(store, number, line, option))
    rename(shop, number)


def test_what_a_shopper_has_typed_on_a_page_stays_out_of_the_history_and_goes_with_the_person(shop):
    number = buy(shop)
    engrave(shop, number, "For Adelheid")

    (result,) = shop.get_orders().results

    assert [(field.before, field.after) for field in result.change.fields] == [(None, "changed")]
    assert ("tradepost_runchange", "fields") not in traces()
    assert ("tradepost_orderevent", "fields") in traces()
    shop.merchant.cancel(number)
    shop.wait(366 * DAY)
    shop.get_orders()
    shop.wait(366 * DAY)
    shop.get_orders()
    assert traces() == set()


# --- kept long enough -----------------------------------------------------------------------------------------------


def test_a_closed_order_is_anonymised_after_its_time_and_keeps_what_was_bought_and_paid(shop):
    number = buy(shop)
    rename(shop, number, ship_addr1="78 Secret Street")
    shop.get_orders()
    ship(shop, number)
    before = Order.objects.values("total", "charges", "currency", "state").get()

    shop.wait(364 * DAY)
    shop.get_orders()
    assert traces() != set()
    shop.wait(2 * DAY)
    run = shop.get_orders()

    assert traces() == set()
    row = Order.objects.get()
    assert Order.objects.values("total", "charges", "currency", "state").get() == before
    assert (row.ship_to["country"], row.ship_to["email"], row.customer_id) == ("US", "", 0)
    assert list(OrderLine.objects.values_list("sku", "quantity")) == [("MUG", 2)]
    assert OrderEvent.objects.filter(fields__0__name="ship_to").first().fields == [
        {"name": "ship_to", "before": None, "after": None}
    ]
    assert not OrderPayload.objects.exists()
    (result,) = [each for each in run.results if each.change.touches("is_anonymous")]
    assert result.change.subject.key == str(number)


def test_an_order_that_is_still_open_is_kept_however_old_it_is(shop):
    buy(shop)

    shop.wait(800 * DAY)
    shop.get_orders()

    assert Order.objects.get().anonymised_at is None
    assert traces() != set()


def test_the_time_is_a_setting_and_goes_by_what_happened_last(shop):
    shop.settings = replace(shop.settings, personal_days=30)
    number = buy(shop)
    shop.wait(29 * DAY)
    shop.merchant.cancel(number)
    shop.get_orders()
    shop.wait(20 * DAY)
    shop.get_orders()
    assert Order.objects.get().anonymised_at is None

    shop.wait(11 * DAY)
    shop.get_orders()

    assert traces() == set()


def test_what_the_store_still_has_does_not_come_back(shop):
    shop.settings = replace(shop.settings, personal_days=30)
    number = buy(shop)
    ship(shop, number)
    shop.wait(31 * DAY)
    shop.get_orders()
    rename(shop, number, ship_addr1="79 Secret Street")
    line = next(iter(shop.merchant.lines(number)))
    in_store(shop, lambda store: store.db.execute("UPDATE order_items SET status = 600 WHERE line_id = ?", (line,)))

    run = shop.get_orders()

    assert traces() == set()
    assert run.bad() == []
    assert OrderLine.objects.get().store_status == "returned"


def test_an_order_of_a_channel_that_is_out_of_use_is_anonymised_by_the_next_run_of_another(shop):
    number = buy(shop)
    ship(shop, number)
    old = Channel.objects.create(name="Old", archived_at=shop.clock())
    Order.objects.update(channel=old)
    Channel.objects.update(personal_days=10)

    shop.wait(11 * DAY)
    shop.get_orders()

    assert Order.objects.get(channel=old).anonymised_at is not None


def test_parked_records_are_forgotten_in_their_time(shop):
    shop.settings = replace(shop.settings, personal_days=30)
    number = shop.buy("MUG", 1)
    rename(shop, number)
    in_store(shop, lambda store: store.db.execute("UPDATE orders SET orderdate = -1 WHERE id = ?", (number,)))
    shop.get_orders()
    assert traces() == {("tradepost_parkedorder", "payload")}

    shop.wait(31 * DAY)
    shop.get_orders()

    assert traces() == set()
    assert ParkedOrderRecord.objects.get().reason


# --- when its person asks -------------------------------------------------------------------------------------------


def test_all_that_is_known_of_a_person_is_told_on_request_by_address_however_written(shop, ports):
    number = buy(shop)
    other = shop.buy("MUG", 1)
    shop.get_orders()

    told = data_of(EMAIL, ports)

    (order,) = told.orders
    assert (order["order"], order["ship_to"]["address1"]) == (number, "77 Secret Street")
    assert "Secret Street" in order["as_the_store_sent_it"]
    assert order["payments"] != []
    assert str(other) not in json.dumps([order["order"] for order in told.orders])
    assert data_of("nobody@example.com", ports).orders == []


def test_who_has_another_address_by_now_is_known_by_the_old_one_too(shop, ports):
    number, other = buy(shop), shop.buy("MUG", 1)
    rename(shop, number, ship_email="Married.Name@example.com", bill_email="married.name@example.com")
    # That somebody is named in a note makes it nobody's order.
    in_store(shop, lambda store: store_orders.update(store, other, {"ship_comp": EMAIL}))
    shop.get_orders()

    by_old, by_new = (data_of(email, ports).orders for email in (EMAIL, "married.name@example.com"))
    shop.merchant.cancel(number)
    shop.get_orders()
    erasure = erase_data_of(EMAIL, ports)

    assert [[order["order"] for order in told] for told in (by_old, by_new)] == [[number], [number]]
    assert [order.number for order in erasure.erased] == [number]
    assert data_of("married.name@example.com", ports).orders == []


@pytest.mark.parametrize("email", ["", "Ada", "@", "ada@", "a b@example.com"])
def test_what_is_no_address_is_refused(shop, ports, email):
    with pytest.raises(NotAllowed, match="no e-mail address"):
        erase_data_of(email, ports)


def test_a_person_is_erased_on_request_and_the_history_names_nobody(shop, ports):
    number = buy(shop)
    shop.merchant.cancel(number)
    shop.get_orders()
    with transaction.atomic():
        OrderEvent.objects.create(order=Order.objects.get(), at=shop.clock(), what="held", reason="Ring Zwirner")

    erasure = erase_data_of(EMAIL, ports)
    again = erase_data_of(EMAIL, ports)

    assert [order.number for order in erasure.erased] == [number]
    assert (again.erased, again.still_open) == ([], [])
    assert traces() == set()
    assert Order.objects.get().total > 0


def test_an_open_order_is_left_and_named(shop, ports):
    number = buy(shop)

    erasure = erase_data_of(EMAIL, ports)

    assert ([order.number for order in erasure.still_open], erasure.erased) == ([number], [])
    assert traces() != set()


def test_a_batch_that_nobody_has_confirmed_is_made_anew_without_the_person(shop, ports, export_ports):
    gone, kept = buy(shop), shop.buy("MUG", 1)
    shop.get_orders()
    next_batch("erp", export_ports)
    shop.merchant.cancel(gone)
    shop.get_orders()

    erase_data_of(EMAIL, ports)
    batch = next_batch("erp", export_ports)

    assert [json.loads(line)["order"] for line in batch.content.splitlines()] == [kept]
    assert batch.cursor == 2
    assert OpenBatch.objects.count() == 1
    assert traces() == set()
