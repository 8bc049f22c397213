"""`personal-data` by command: what somebody who ordered may ask for."""

import json

import pytest

from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Order, RunChange


@pytest.fixture
def email(published, box) -> str:
    purchases = [Purchase("HP-MUG-WHITE", (), 2)]
    buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
    published("orders", "get")
    address = Order.objects.get().ship_to["email"]
    assert "@" in address
    return address


def test_what_is_known_of_somebody_is_written_to_a_file_of_its_owner(published, email, tmp_path):
    path = tmp_path / "ada.json"

    answer = published("personal-data", "export", "--email", email, "--output", path)
    again = published("personal-data", "export", "--email", email, "--output", path)
    printed = published("personal-data", "export", "--email", email)

    assert (answer.code, answer.out.startswith("1 order written to")) == (0, True)
    assert (again.code, "File exists" in again.err) == (2, True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text(encoding="utf-8")) == printed.json
    assert printed.json["orders"][0]["ship_to"]["first_name"] == "Ada"


def test_erasing_asks_leaves_open_orders_and_says_nothing_of_the_person(published, email):
    open_ = published("personal-data", "erase", "--email", email, "--yes")
    Order.objects.update(state="closed")
    unasked = published("personal-data", "erase", "--email", email)
    planned = published("personal-data", "erase", "--email", email, "--dry-run", "--json")
    done = published("personal-data", "erase", "--email", email, "--yes")

    assert (open_.code, "is still open" in open_.err) == (1, True)
    assert unasked.code == 2
    assert planned.json == {"dry_run": True, "orders": 1, "parked": 0, "still_open": []}
    assert (done.code, done.out) == (0, "1 order was anonymised.\n")
    told = json.dumps(list(RunChange.objects.values("subject_label", "fields", "reason", "message", "subject_key")))
    assert not [name for name in (email, "Lovelace") if name in told]
    assert RunChange.objects.filter(reason="erased, as its person has asked").count() == 1
