"""One bad order never stops the others (R43): it is set aside with the reason, shown, and tried again."""

import re

import httpx2
import pytest

from stock_shop import StockShop
from tradepost.database.models import Order, ParkedOrderRecord, Sighting
from tradepost.domain.plan import Action, Outcome

from .conftest import ALL_RIGHTS, EIGHT

BY_PIECES = {
    "a quantity of -3": "UPDATE order_items SET quantity = -3 WHERE order_id = :number",
    "a quantity beyond the database": "UPDATE order_items SET quantity = 1 << 40 WHERE order_id = :number",
}
BY_DETAILS = {
    "a date of -1": "UPDATE orders SET orderdate = -1, dt_updated = :now WHERE id = :number",
    "a name with a NUL": "UPDATE orders SET ship_fname = 'A' || char(0) || 'B' WHERE id = :number",
    "a total beyond the database": "UPDATE orders SET total = 9000000000000000000 WHERE id = :number",
}
WHAT_IS_WRONG = BY_PIECES | BY_DETAILS


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


def spoil(shop, number, what):
    db = shop.sandbox.store.db
    with db.lock:
        db.execute(WHAT_IS_WRONG[what], {"number": number, "now": shop.sandbox.domain.clock.now()})


def mend(shop, number):
    """Put an order right by hand, which the store notes as a change of it."""
    db, now = shop.sandbox.store.db, shop.sandbox.domain.clock.now()
    with db.lock:
        db.execute("UPDATE order_items SET quantity = 1 WHERE order_id = ?", (number,))
        db.execute(
            "UPDATE orders SET orderdate = ?, dt_updated = ?, ship_fname = 'Ada', total = 790 WHERE id = ?",
            (now, now, number),
        )


def parked():
    return list(ParkedOrderRecord.objects.order_by("number").values_list("number", flat=True))


def imported():
    return sorted(Order.objects.values_list("external_id", flat=True))


def failed(run):
    return [key for key, _message in run.bad()]


@pytest.mark.parametrize("what", WHAT_IS_WRONG)
def test_a_bad_order_is_parked_and_the_rest_of_its_page_comes_in(shop, what):
    before, bad, after = (shop.buy("MUG", 1) for _ in range(3))
    spoil(shop, bad, what)

    run, again = shop.get_orders(), shop.get_orders()

    assert imported() == [before, after]
    assert set(failed(run)) == {str(bad)}
    # What was said once is not said, nor counted as an error, a second time.
    assert again.bad() == []
    row = ParkedOrderRecord.objects.get()
    assert (row.number, row.external_id) == (str(bad), bad)
    assert str(bad) in row.reason
    assert row.reason.endswith(".")
    assert f'"id":{bad}' in row.payload.replace(" ", "")


@pytest.mark.parametrize("what", WHAT_IS_WRONG)
def test_a_parked_order_comes_in_when_it_was_put_right(shop, what):
    number = shop.buy("MUG", 1)
    spoil(shop, number, what)
    shop.get_orders()
    shop.wait(3600)
    mend(shop, number)

    run = shop.get_orders()

    assert (imported(), parked(), run.bad()) == ([number], [], [])
    assert [r.outcome for r in run.results if r.change.action is Action.IMPORT] == [Outcome.APPLIED]
    assert shop.can_buy("MUG") == 7


@pytest.mark.parametrize("what", ["a quantity of -3", "a name with a NUL"])
def test_a_person_can_ask_to_try_again_and_is_told_when_it_fails_again(shop, what):
    number = shop.buy("MUG", 1)
    spoil(shop, number, what)
    shop.get_orders()
    shop.get_orders()

    asked = shop.orders.try_again(None)
    run = shop.get_orders()
    later = shop.get_orders()

    assert asked == [str(number)]
    assert (set(failed(run)), later.bad(), parked()) == ({str(number)}, [], [str(number)])


@pytest.mark.parametrize("asks", ["a person", "another version of the hub"])
@pytest.mark.parametrize("what", ["a quantity of -3", "a name with a NUL"])
def test_an_old_order_that_was_put_right_without_a_trace_comes_in_when_it_is_tried_again(shop, what, asks):
    number = shop.buy("MUG", 1)
    spoil(shop, number, what)
    shop.get_orders()
    # Others come since, so that what is new and changed is all later.
    shop.wait(24 * 3600)
    other = shop.buy("TEE-S", 1)
    shop.get_orders()
    shop.sandbox.store.db.execute("UPDATE order_items SET quantity = 1 WHERE order_id = ?", (number,))
    shop.sandbox.store.db.execute("UPDATE orders SET ship_fname = 'Ada' WHERE id = ?", (number,))
    if asks == "a person":
        shop.orders.try_again([str(number)])
    else:
        ParkedOrderRecord.objects.update(version="0.0.1")

    shop.get_orders()

    assert (imported(), parked()) == ([number, other], [])


@pytest.mark.parametrize("what", ["a quantity of -3", "a name with a NUL"])
def test_another_version_of_the_hub_tries_again_by_itself(shop, what):
    number = shop.buy("MUG", 1)
    spoil(shop, number, what)
    shop.get_orders()
    # An older hub could not take what this one can.
    ParkedOrderRecord.objects.update(version="0.0.1")
    shop.sandbox.store.db.execute("UPDATE order_items SET quantity = 1 WHERE order_id = ?", (number,))
    shop.sandbox.store.db.execute("UPDATE orders SET ship_fname = 'Ada' WHERE id = ?", (number,))
    Sighting.objects.update(fingerprint="as it was", is_news=False)

    shop.get_orders()

    assert (imported(), parked()) == ([number], [])


def test_a_hub_that_is_newer_tells_again_what_it_can_not_take_either(shop):
    number = shop.buy("MUG", 1)
    spoil(shop, number, "a name with a NUL")
    shop.get_orders()
    ParkedOrderRecord.objects.update(version="0.0.1")

    run, later = shop.get_orders(), shop.get_orders()

    assert (failed(run), later.bad()) == ([str(number)], [])


@pytest.mark.parametrize("what", ["a quantity of -3", "a name with a NUL"])
def test_a_parked_order_that_is_deleted_on_the_store_is_parked_no_more(shop, what):
    number = shop.buy("MUG", 1)
    spoil(shop, number, what)
    shop.get_orders()
    shop.sandbox.store.db.execute("UPDATE order_items SET quantity = 1 WHERE order_id = ?", (number,))
    shop.merchant.delete(number)

    shop.get_orders()

    assert (imported(), parked()) == ([], [])


# --- what is no JSON, and by which no decoder reads any order of the page -------------------------------------------


class OddStore(httpx2.HTTPTransport):
    """The way to a store that writes a value of one of its orders as no JSON."""

    number, pattern, written = 0, b"", b""

    def handle_request(self, request):
        answer = super().handle_request(request)
        body = answer.read()
        if b"OrderList_Load_Query" in request.content and self.number:
            row = body.find(b'"id":%d,' % self.number)
            odd = re.sub(self.pattern, self.written, body[row:], count=1) if row >= 0 else b""
            body = body[: max(row, 0)] + odd if row >= 0 else body
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-length"]
        return httpx2.Response(answer.status_code, headers=headers, content=body)


@pytest.fixture
def odd_store(monkeypatch):
    class Odd(OddStore):
        pass

    monkeypatch.setattr(StockShop, "open_transport", Odd)
    return Odd


@pytest.mark.parametrize(
    ("pattern", "written", "reason"),
    [
        (rb'"total":[0-9.]+', b'"total":NaN', "its total is NaN, which is no amount"),
        (rb'"quantity":1', b'"quantity":-nan', "can't be counted"),
        (rb'"orderdate":[0-9]+', b'"orderdate":', "can't be counted"),
    ],
)
def test_a_bare_nan_parks_its_order_and_the_rest_of_the_page_comes_in(odd_store, shop, pattern, written, reason):
    before, bad, after = (shop.buy("MUG", 1) for _ in range(3))
    odd_store.number, odd_store.pattern, odd_store.written = bad, pattern, written

    run, again = shop.get_orders(), shop.get_orders()

    assert imported() == [before, after]
    assert (set(failed(run)), again.bad(), parked()) == ({str(bad)}, [], [str(bad)])
    assert reason in ParkedOrderRecord.objects.get().reason
    odd_store.number = 0
    shop.orders.try_again([str(bad)])
    shop.get_orders()
    assert (imported(), parked()) == ([before, bad, after], [])


def test_an_order_whose_number_can_not_be_read_comes_in_once_it_can_and_a_person_asks(odd_store, shop):
    bad = shop.buy("MUG", 1)
    odd_store.number, odd_store.pattern, odd_store.written = bad, rb'"id":[0-9]+', b'"id":"?"'
    shop.get_orders()
    shop.wait(24 * 3600)
    other = shop.buy("TEE-S", 1)
    shop.get_orders()
    waiting = (imported(), parked())

    shop.orders.try_again(["?"])
    still = shop.get_orders()
    between = (imported(), parked())
    odd_store.number = 0
    shop.get_orders()
    unasked = imported()
    shop.orders.try_again(["?"])
    shop.get_orders()

    assert waiting == between == ([other], ["?"])
    assert failed(still) == ["?"]
    assert unasked == [other]
    assert (imported(), parked()) == ([bad, other], [])


def test_an_order_whose_number_can_be_read_by_now_comes_in_with_the_nightly_comparison(odd_store, shop):
    bad = shop.buy("MUG", 1)
    odd_store.number, odd_store.pattern, odd_store.written = bad, rb'"id":[0-9]+', b'"id":null'
    shop.get_orders()
    waiting = (imported(), parked())
    odd_store.number = 0

    shop.sync(preview={"full_existence": True})
    shop.get_orders()

    assert (waiting, imported(), parked()) == (([], ["null"]), [bad], [])


def test_an_imported_order_that_goes_bad_is_parked_and_stays_as_it_was_known(shop):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    spoil(shop, number, "a total beyond the database")

    run = shop.get_orders()

    assert (imported(), parked(), failed(run)) == ([number], [str(number)], [str(number)])


def test_a_preview_parks_nothing(shop):
    spoil(shop, shop.buy("MUG", 1), "a name with a NUL")

    run = shop.get_orders(is_dry=True)

    assert (len(run.bad()), parked()) == (1, [])
