"""
A merchant's day, act by act, while something goes wrong at one of its requests: what a shopper can buy in the evening
is what it is after the same day without the fault.

A run that was broken off is started again, as the schedules do, after the time in which a lost request may still land.
"""

from dataclasses import replace

import pytest
from django.core.management import call_command

from integration.operations.conftest import ALL_RIGHTS, EIGHT, HEADER
from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from shopper import Shopper
from stock_shop import LOST_ANSWER, StockShop
from tradepost.domain.errors import TradepostError
from tradepost.domain.listings.listing import Pending

MUG = "mug,{title},<p>Holds coffee</p>,Acme,Kitchen,,,,,MUG,210,{mugs},{price},4006,{{image}}\n"
TEE = (
    "tee,Cotton Tee,,Acme,Shirts,Size,S,,,TEE-S,400,6,15.00,,\n"
    "tee,,,,,Size,M,,,TEE-M,400,5,15.00,,\n"
    "tee,,,,,Size,L,,,TEE-L,400,4,15.00,,\n"
)
CUP = "cup,Tin Cup,,Acme,Kitchen,,,,,CUP,90,7,4.50,,\n"
MORNING = HEADER + MUG.format(title="Enamel Mug", mugs=8, price="7.90") + TEE + CUP
NOON = (
    HEADER + MUG.format(title="Big Enamel Mug", mugs=11, price="8.90") + TEE.replace("TEE-M,400,5", "TEE-M,400,2") + CUP
)


def day(shop):
    """The acts of a day: each asks for something, and the run behind it does it."""

    def publish_all():
        shop.import_text(MORNING)
        yield shop.publish

    def sell():
        shop.bought = shop.sandbox.shopper()
        shop.bought.add("mug", 2, {})
        shop.bought.check_out()
        yield shop.catch_up

    def import_again():
        shop.import_text(NOON)
        yield shop.sync

    def overwrite():
        shop.queue(Pending.OVERWRITE, "MUG")
        yield shop.publish

    def hide():
        shop.queue(Pending.HIDE, "MUG", "TEE-S")
        yield shop.sync

    def unhide():
        shop.queue(Pending.UNHIDE, "MUG")
        yield shop.sync

    def delist():
        shop.queue(Pending.DELIST, "CUP")
        yield shop.sync

    def close():
        # What is still under way by the clock comes to its end.
        shop.wait(LOST_ANSWER)
        yield shop.catch_up

    return [publish_all, sell, import_again, overwrite, hide, unhide, delist, close]


def live(shop):
    """Go through the day; a run that breaks off, or leaves something over, is started again later."""
    said = []
    for act in day(shop):
        for run in act():
            for _attempt in range(4):
                report, reason = run_of(run)
                said.append(reason)
                if not reason and (report is None or not report.bad()):
                    break
                shop.wait(LOST_ANSWER)
    shop.sandbox.faults.clear()
    return [reason for reason in said if reason]


def run_of(run):
    """Run once; return the report, and the sentence with which it broke off, if it did."""
    try:
        return run(), ""
    except TradepostError as error:
        return None, str(error)


def evening(shop):
    """What shoppers meet, what is on the store, and what the hub says of it."""
    shopper = Shopper(shop.sandbox)
    there = shop.on_store()
    folder = shop.sandbox.domain.files_root / "graphics" / "is-images"
    try:
        return {
            "sold": shopper.sold(["mug", "tee", "cup"]),
            "pieces": {code: product.stock.count for code, product in there.items() if product.stock.is_tracked},
            "names": {code: (product.name, product.price, len(product.images)) for code, product in there.items()},
            "variants": sorted(sorted(each.part_codes) for each in there["tee"].variants),
            "files": sorted(path.name for path in folder.iterdir()),
            "listings": {
                row.code: (row.status.health, row.status.link, row.status.pending)
                for row in shop.listings.by_ids(shop.all_ids())
            },
        }
    finally:
        shopper.close()


@pytest.fixture
def new_shop(sqlite, tmp_path):
    """Makes shops, one after the other; each has its own store and catalogue, and the one before it is forgotten."""
    made = []

    def make(token):
        call_command("flush", interactive=False, verbosity=0)
        server = SandboxServer().start()
        folder = tmp_path / str(len(made))
        folder.mkdir()
        shop = StockShop(server, folder, token=token, mode="checkout", name=f"Shop {len(made)}")
        made.append((shop, server))
        return shop

    yield make
    for shop, server in made:
        shop.close()
        server.stop()


@pytest.fixture
def quiet(new_shop):
    """Gives the evening of a day on which nothing goes wrong, and how many requests it had."""
    found = {}

    def give(token):
        if token not in found:
            shop = new_shop(token)
            live(shop)
            found[token] = evening(shop), len(shop.sandbox.log.requests())
        return found[token]

    return give


EVERY = 7
# How many requests find the store switched off: as many runs break off.
AWAY = 3
# What somebody else does by hand in the middle of a run; a product that is not there yet, or any more, is left alone.
EDIT = '<Product_Update code="mug"><Price>1.00</Price></Product_Update>'
COUNT = (
    '<InventoryProductSettings_Update product_code="TEE-L"><AdjustStockBy>3</AdjustStockBy>'
    "</InventoryProductSettings_Update>"
)
# The fault, whose token, the first request that it strikes; every seventh from there on is struck in a shop of its own.
FAULTS = [
    (Rule(kind="drop_before", times=1), EIGHT, 1),
    (Rule(kind="drop_after", times=1), ALL_RIGHTS, 2),
    (Rule(kind="cut", times=1, after_bytes=20), EIGHT, 3),
    (Rule(kind="error", times=1), ALL_RIGHTS, 4),
    (Rule(kind="drop_after", times=1), EIGHT, 5),
    (Rule(kind="engine_timeout", times=1), ALL_RIGHTS, 6),
    (Rule(kind="lands_late", times=1, seconds=20, requests=2), EIGHT, 7),
    (Rule(kind="api_offline", times=1), ALL_RIGHTS, 1),
    # A right that is taken away, and given back when its loss was noticed.
    (Rule(kind="permission", times=1), EIGHT, 2),
    (Rule(kind="edit", times=1, xml=EDIT), EIGHT, 3),
    # Counts are seen by whoever may see them.
    (Rule(kind="edit", times=1, xml=EDIT + COUNT), ALL_RIGHTS, 4),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("rule", "token", "first"), FAULTS, ids=[f"{rule.kind}, {token}" for rule, token, _ in FAULTS])
def test_a_day_ends_as_it_would_have_without_the_fault(new_shop, quiet, rule, token, first):
    wanted, requests = quiet(token)
    assert wanted["sold"].keys() == {"MUG", "TEE-M", "TEE-L"}

    for number in range(first, requests + 1, EVERY):
        shop = new_shop(token)
        for request in range(number, number + (AWAY if rule.kind == "api_offline" else 1)):
            shop.sandbox.faults.add(replace(rule, nth=request))

        said = live(shop)
        if rule.kind == "edit":
            # Nothing of it was broken off. What somebody did in the second of a write is seen when one looks.
            assert said == []
            shop.sync(only=shop.all_ids(), preview={"is_forced": True})

        # What happens side by side may be a request more or less.
        assert shop.sandbox.faults.log() or number > requests - EVERY
        assert all(sentence.rstrip().endswith((".", "?")) for sentence in said), said
        assert evening(shop) == wanted, f"{rule.kind} at request {number}"
        shop.close()
        shop.sandbox.stop()


@pytest.mark.parametrize("kind", ["ftp_full", "ftp_disconnect"])
def test_a_day_on_which_the_image_server_fails_ends_with_all_images(new_shop, quiet, kind):
    wanted, _ = quiet(EIGHT)
    shop = new_shop(EIGHT)
    shop.sandbox.faults.add(Rule(kind=kind, times=1, after_bytes=10))

    live(shop)

    assert [taken.kind for taken in shop.sandbox.faults.log()] == [kind]
    assert evening(shop) == wanted
