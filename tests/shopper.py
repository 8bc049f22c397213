"""A shopper in the sandbox's storefront, over HTTP: what can be put into a basket, and where."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import httpx2
from lxml import html

from miva_sandbox.server import SandboxServer


class Shopper:
    """Goes through pages with a basket of its own; takes out again what it has put in."""

    def __init__(self, server: SandboxServer) -> None:
        self._address = server.storefront + "merchant.mvc"
        self._http = httpx2.Client(timeout=60, verify=False)

    def close(self) -> None:
        self._http.close()

    def choices(self, code: str) -> dict[str, list[str]]:
        """Read the drop-downs of a page: their values by what they are called."""
        return {prompt: list(options) for prompt, (_, options) in self._drop_downs(self._page(code)).items()}

    def sold(self, codes: Iterable[str]) -> dict[str, list[tuple[str, tuple[str, ...], str]]]:
        """
        Try every combination of every page.

        Returns by SKU the page, what was chosen there, and the price of each that came into the basket.
        """
        found: dict[str, list[tuple[str, tuple[str, ...], str]]] = defaultdict(list)
        for code in codes:
            for chosen, sku, price in self._bought(code):
                found[sku].append((code, chosen, price))
        return dict(found)

    def _bought(self, code: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
        page = self._page(code)
        forms = page.xpath('//form[@class="buy"]')
        if not forms:
            return
        hidden = {field.get("name"): field.get("value") for field in forms[0].xpath('.//input[@type="hidden"]')}
        drop_downs = self._drop_downs(page)
        names = [name for name, _ in drop_downs.values()]
        for choice in product(*(options.items() for _, options in drop_downs.values())):
            values = {name: value for name, (_, value) in zip(names, choice, strict=True)}
            answer = self._sent({**hidden, **values, "Quantity": "1"})
            for line in answer.xpath("//tr[@data-line-id]"):
                chosen = (f"{prompt}: {words}" for prompt, (words, _) in zip(drop_downs, choice, strict=True))
                yield tuple(sorted(chosen)), line.get("data-sku"), line.xpath("./td")[4].text_content()
                self._sent({"Action": "RGRP", "Basket_Group": line.get("data-line-id")})

    @staticmethod
    def _drop_downs(page: Any) -> dict[str, tuple[str, dict[str, str]]]:
        """The field's name, and what is sent for each choice, by what the page calls them."""
        return {
            label.xpath("./span")[0].text_content(): (
                select.get("name"),
                {option.text_content(): option.get("value") for option in select.xpath("./option")},
            )
            for label in page.xpath('//form[@class="buy"]//label')
            for select in label.xpath("./select")
        }

    def _page(self, code: str) -> Any:
        return self._read(self._http.get(self._address, params={"Screen": "PROD", "Product_Code": code}))

    def _sent(self, fields: dict[str, str]) -> Any:
        return self._read(self._http.post(self._address, data=fields))

    @staticmethod
    def _read(response: httpx2.Response) -> Any:
        assert response.status_code == 200
        return html.document_fromstring(response.content)
