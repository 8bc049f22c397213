"""One shopper's request: the store it is for, its fields, its basket; and the answer that it gets."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from miva_sandbox.state import baskets, inventory
from miva_sandbox.state.choices import Question
from miva_sandbox.state.columns import key
from miva_sandbox.state.store import Store


@dataclass(slots=True)
class ShopperRequest:
    """`fields` are the query's and the form's, the form's first; `session` is blank until there is a basket."""

    store: Store
    fields: Mapping[str, str]
    session: str = ""

    def field(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def basket(self) -> sqlite3.Row | None:
        return baskets.find(self.store, self.session) if self.session else None

    def own_basket(self) -> sqlite3.Row:
        """Return the basket, made now if there is none."""
        found = self.basket()
        if found is None:
            self.session = baskets.open_new(self.store)
            found = self.basket()
        assert found is not None
        return found

    def address(self, screen: str = "", **fields: str) -> str:
        """Write a link to a page of this store."""
        query = {"Screen": screen, "Store_Code": self.store.code, **fields} if screen else {}
        return f"{self.store.folder}merchant.mvc" + (f"?{urlencode(query)}" if query else "")

    def given(self) -> dict[tuple[str, str], str]:
        """Return the answers to a product's questions, by the codes that name them."""
        answers: dict[tuple[str, str], str] = {}
        for name, code in self.fields.items():
            if name.startswith("Product_Attributes[") and name.endswith("]:code"):
                prefix = name.removesuffix("code")
                inner = self.field(f"{prefix}template_code")
                answers[key(code.strip()), key(inner)] = self.field(f"{prefix}value")
        return answers

    def refuses_at_checkout(self) -> str:
        """Return the page that a shortage found only at checkout leads to."""
        return str(inventory.settings(self.store)["ex_page"])


def field_names(question: Question, position: int) -> tuple[str, str, str]:
    prefix = f"Product_Attributes[{position}]:"
    return f"{prefix}code", f"{prefix}template_code" if question.attmpat_id else "", f"{prefix}value"
