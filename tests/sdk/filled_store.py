"""
A store with one of everything, made for each test of an SDK; ids are the same each time.

| what | ids |
|---|---|
| products | TEE 1 (parent), TEE-S 2 (10 in stock), TEE-M 3, MUG 4 (linked to the template), KIT 5 |
| attributes and options | TEE size 1: S 1, M 2; MUG colours 2 (the link); KIT box 3: small 3 |
| variant | of TEE 1: S, whose part is TEE-S |
| templates | colours 1: colour 1: red 1, blue 2; spare 2, which nothing links to |
| categories | shirts 1 (holds TEE), polos 2 within it |
| customer | ada 1, addresses 1 and 2 |
| order | 1000 of ada: lines 1 (TEE in S, twice), 2 (WRAP), 3 (in shipment 1), 4 (in return 1); payment 1, note 1 |
| images | tee.png is image 1 of TEE; mug.png is a file only |
"""

import base64

from miva_sandbox.server import SandboxServer
from miva_sandbox.state import (
    attribute_templates,
    attributes,
    categories,
    charges,
    custom_fields,
    customers,
    images,
    inventory,
    kits,
    notes,
    order_lines,
    orders,
    products,
    queues,
    related,
    returns,
    shipments,
    variants,
)
from miva_sandbox.state.attributes import PRODUCT, TEMPLATE, Attribute, Option
from miva_sandbox.state.categories import Category
from miva_sandbox.state.database import Database
from miva_sandbox.state.order_lines import ChosenOption, NewLine
from miva_sandbox.state.products import Product
from miva_sandbox.state.store import Store
from miva_sandbox.state.variants import Dimension, Part, Pricing

UNIT = 10**8
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class FilledStore:
    """A server that goes back to the same content and files as often as wanted."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self._folder = server.domain.files_root / "graphics" / server.store.number
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write_images()
        fill(server.store)
        self._content = Database(None, ())
        server.store.db.copy_to(self._content)

    def restore(self) -> None:
        self._content.copy_to(self.server.store.db)
        self._write_images()
        self.server.domain.lint.clear()
        self.server.log.clear()

    def close(self) -> None:
        self._content.close()

    def _write_images(self) -> None:
        for name in ("tee.png", "mug.png"):
            (self._folder / name).write_bytes(PNG)


def fill(store: Store) -> None:
    _fill_catalogue(store)
    _fill_orders(store)


def _fill_catalogue(store: Store) -> None:
    for code, name, price in (
        ("TEE", "T-Shirt", 19), ("TEE-S", "Small", 19), ("TEE-M", "Medium", 21), ("MUG", "Mug", 5), ("KIT", "Box", 30),
    ):  # fmt: skip
        products.insert(store, Product(code=code, name=name, sku=f"SKU-{code}", price=price * UNIT))
    tee, small, _, mug, kit = (row["id"] for row in store.db.rows("SELECT id FROM products ORDER BY id"))
    inventory.update_product(store, small, {}, track=True, stock=10)
    size, (s, _) = _attribute(store, tee, "size", "S", "M")
    variants.insert(store, tee, [Dimension(size, 0, s)], [Part(small, 1)], Pricing(method=variants.SUM))
    _link_template(store, mug)
    box, (little,) = _attribute(store, kit, "box", "small")
    kits.replace_parts(store, kit, Dimension(box, 0, little), [Part(mug, 2)])
    shirts = categories.insert(store, Category(code="shirts", name="Shirts"))
    categories.insert(store, Category(code="polos", name="Polos", parent_id=shirts))
    categories.assign(store, shirts, tee)
    related.assign(store, tee, mug)
    image = images.register(store, f"graphics/{store.number}/tee.png")
    images.add_to_product(store, tee, image, images.find_type(store, "main")["id"])
    custom_fields.insert(store, "product", code="brand", name="Brand")


def _attribute(store: Store, product_id: int, code: str, *options: str) -> tuple[int, list[int]]:
    attribute = Attribute(code=code, type="select", prompt=code.title(), required=True, inventory=True)
    attribute_id = attributes.insert(store, PRODUCT, product_id, attribute)
    row = attributes.find(store, PRODUCT, product_id, code)
    return attribute_id, [
        attributes.insert_option(store, PRODUCT, row, Option(code=one, prompt=one.title())) for one in options
    ]


def _link_template(store: Store, product_id: int) -> None:
    template_id = attribute_templates.insert(store, "colours", prompt="Colours")
    attributes.insert(store, TEMPLATE, template_id, Attribute(code="colour", type="radio", prompt="Colour"))
    colour = attributes.find(store, TEMPLATE, template_id, "colour")
    for code in ("red", "blue"):
        attributes.insert_option(store, TEMPLATE, colour, Option(code=code, prompt=code.title()))
    template = attribute_templates.find(store, "colours")
    attribute_templates.insert(store, "spare", prompt="Spare")
    attribute_templates.link(store, product_id, template, code="colours", prompt="Colours")


def _fill_orders(store: Store) -> None:
    ada = customers.insert(
        store, login="ada", pw_email="ada@example.com", password="pass", details={"ship_city": "Salem"}
    )
    for name in ("Home", "Work"):
        customers.add_address(store, ada, {"descrip": name, "city": "Salem"})
    order_id = orders.insert(store, orders.NewOrder(cust_id=ada, address={"ship_fname": "Ada", "ship_city": "Salem"}))
    size = ChosenOption(attr_code="size", opt_code="S", attr_id=1, option_id=1)
    lines = [
        NewLine(
            code="TEE", name="T-Shirt", sku="SKU-TEE-S", price=19 * UNIT, weight=0, quantity=2, product_id=1,
            options=(size,),
        ),
        NewLine(code="WRAP", name="Gift wrap", price=3 * UNIT, weight=0, quantity=1),
        NewLine(code="MUG", name="Mug", price=5 * UNIT, weight=0, quantity=1, product_id=4),
        NewLine(code="MUG", name="Mug", price=5 * UNIT, weight=0, quantity=1, product_id=4),
    ]  # fmt: skip
    ids = [order_lines.insert(store, order_id, line) for line in lines]
    orders.summed(store, order_id)
    charges.authorise(store, order_id, 5400)
    shipments.create(store, order_id, order_lines.of_order(store, order_id, ids[2:3]))
    returns.create(store, order_id, order_lines.of_order(store, order_id, ids[3:]))
    notes.insert(store, "Ring twice", order_id=order_id)
    custom_fields.insert(store, "order", code="erp", name="ERP number")
    queues.add(store, queues.find(store, "new_and_updated")["id"], order_id)
