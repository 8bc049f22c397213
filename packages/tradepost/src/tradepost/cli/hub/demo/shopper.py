"""Somebody who buys: a plain HTTP client of the storefront, which knows of the store what any browser knows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from tradepost.domain.errors import StoreUnavailable, UnexpectedAnswer

_TIMEOUT_SECONDS = 30.0
_PAGE = re.compile(r'data-page="([^"]*)"')
_ORDER = re.compile(r'data-order-id="(\d+)"')


@dataclass(frozen=True, slots=True)
class Purchase:
    """A product page's code, the choices made on it as (attribute, option) codes, and how many pieces."""

    code: str
    choices: Sequence[tuple[str, str]]
    quantity: int


def buy(storefront: str, *, store_code: str, purchases: Sequence[Purchase], name: str) -> int:
    """
    Put purchases into a basket and order them; return the order's number.

    Raises UnexpectedAnswer when the shop refuses, StoreUnavailable when it does not answer.
    """
    try:
        # One client is one shopper: its cookie is the basket.
        with httpx2.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=True) as browser:
            for purchase in purchases:
                _post(browser, storefront, _basket_form(purchase, store_code), expected="BASK")
            page = _post(browser, storefront, _checkout_form(name, store_code), expected="INVC")
    except httpx2.HTTPError as error:
        message = f"The storefront at {storefront} does not answer."
        raise StoreUnavailable(message) from error
    found = _ORDER.search(page)
    if found is None:
        message = "The storefront took an order and did not say its number."
        raise UnexpectedAnswer(message)
    return int(found[1])


def _post(browser: httpx2.Client, storefront: str, form: dict[str, str], *, expected: str) -> str:
    answer = browser.post(storefront, data=form)
    answer.raise_for_status()
    found = _PAGE.search(answer.text)
    page = found[1] if found else "?"
    if page != expected:
        what = form.get("Product_Code", "the basket")
        message = f"The storefront refused {what} with its page {page}."
        raise UnexpectedAnswer(message)
    return answer.text


def _basket_form(purchase: Purchase, store_code: str) -> dict[str, str]:
    form = {
        "Store_Code": store_code,
        "Action": "ADPR",
        "Product_Code": purchase.code,
        "Quantity": str(purchase.quantity),
    }
    for number, (attribute, option) in enumerate(purchase.choices, start=1):
        form[f"Product_Attributes[{number}]:code"] = attribute
        form[f"Product_Attributes[{number}]:value"] = option
    return form


def _checkout_form(name: str, store_code: str) -> dict[str, str]:
    first, _, last = name.partition(" ")
    return {
        "Store_Code": store_code,
        "Action": "AUTH",
        "ShipFirstName": first,
        "ShipLastName": last,
        "ShipEmail": f"{first}.{last}@example.com".lower(),
        "ShipAddress1": "1 Harbour Street",
        "ShipCity": "San Diego",
        "ShipState": "CA",
        "ShipZip": "92101",
        "ShipCountry": "US",
        "ShippingMethod": "Ground",
    }
