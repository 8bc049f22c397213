"""
What the store tells the hub, by the rights of its token. Nobody has settled whether a function that is assigned to a
token brings the columns along that another privilege guards, so both readings are had here.
"""

import json
from collections import Counter

import httpx2
import pytest
from django.core.management import call_command

from miva_sandbox.server import SandboxServer
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.domain.fields import ALL_GROUPS
from tradepost.domain.listings.listing import Pending

from .conftest import ALL_RIGHTS, CATALOGUE, EIGHT, EIGHT_WITH_COLUMNS, Shop

# What a token without the right gets as nothing: False and 0.
_NEUTRAL = ("product_inventory_active", "product_inventory")


def _told(value, path=""):
    """The members that an answer has, and the values of those that come without a right, too."""
    if isinstance(value, list):
        for each in value:
            yield from _told(each, f"{path}[]")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield f"{path}.{name}"
            yield from _told(each, f"{path}.{name}")
    elif path.endswith((*_NEUTRAL, ".success", ".error_code")):
        yield f"{path} = {value}"


def _recording(heard):
    class Recording(httpx2.HTTPTransport):
        """Notes what each function that is called tells."""

        def handle_request(self, request):
            response = super().handle_request(request)
            response.read()
            asked, answer = json.loads(request.content), json.loads(response.content)
            calls = asked.get("Operations", [asked])
            answers = answer if isinstance(answer, list) else [answer]
            for called, answered in zip(calls, answers, strict=True):
                function = called.get("Function", asked.get("Function"))
                heard[f"{function}: called"] += 1
                heard.update({f"{function}{each}": 0 for each in _told(answered)})
            return response

    return Recording


@pytest.fixture
def heard(sqlite, tmp_path):
    """Walk through a merchant's week with a token: what the store told, and how often each function was called."""

    def walk(token):
        call_command("flush", interactive=False, verbosity=0)
        answers = Counter()
        folder = tmp_path / token
        folder.mkdir()
        with SandboxServer() as sandbox:
            Shop.open_transport = _recording(answers)
            shop = Shop(sandbox, folder, token=token)
            try:
                _week(shop)
            finally:
                shop.close()
        return answers

    yield walk
    Shop.open_transport = httpx2.HTTPTransport


def _week(shop):
    shop.import_text(CATALOGUE)
    shop.publish()
    buy(shop.sandbox.storefront, store_code="sandbox", purchases=[Purchase("MUG-01", [], 1)], name="Ada Byron")
    shop.get_orders()
    shop.sync_orders()
    shop.import_text(CATALOGUE.replace("7.90", "8.20").replace("Enamel", "Steel"))
    shop.sync()
    shop.queue(Pending.OVERWRITE, "MUG-01", groups=ALL_GROUPS)
    shop.queue(Pending.HIDE, "CUP-01")
    shop.publish()
    shop.sync()
    shop.queue(Pending.DELIST, "CUP-01")
    shop.sync()
    shop.link()


def told_by(answers):
    """Leave out how often was looked: that goes by the seconds in which products were changed."""
    return {what: number for what, number in answers.items() if not what.endswith("Load_Query: called")}


def test_a_token_whose_functions_bring_their_columns_is_answered_as_one_of_all_rights(heard):
    with_columns, with_all = heard(EIGHT_WITH_COLUMNS), heard(ALL_RIGHTS)

    assert {"ProductList_Load_Query.data.data[].productinventorysettings", "Product_Delete: called"} <= set(with_all)
    assert told_by(with_columns) == told_by(with_all)


def test_a_token_of_the_bare_functions_is_told_less(heard):
    bare, with_all = heard(EIGHT), heard(ALL_RIGHTS)

    assert "ProductList_Load_Query.data.data[].productinventorysettings" in set(with_all) - set(bare)
