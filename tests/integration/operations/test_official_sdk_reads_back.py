"""
What the hub has published and shipped, read back by Miva's own SDK, which knows nothing of the hub.

The expected values are computed here from the catalogue file itself, with `csv` and `Decimal`: not by the hub's code.
"""

import csv
import os
import re
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from lxml import html

from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.operations.ports import NewShipment

from .conftest import CATALOGUE
from .test_orders import Shopper

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request

_CATALOGUES = Path(os.environ.get("TRADEPOST_CATALOGUES", Path(__file__).parents[4] / "shared" / "data" / "shopify"))


@pytest.fixture(params=["our own", "solidus.csv"])
def catalogue(request, shop):
    """The file that was published, as rows of text."""
    if request.param == "our own":
        shop.import_text(CATALOGUE)
        path = shop.folder / "catalogue.csv"
    else:
        path = _CATALOGUES / request.param
        if not path.exists():
            pytest.skip("needs the catalogue solidus.csv: set TRADEPOST_CATALOGUES to its folder")
        shop.import_file(path, images_root=path.parent.parent)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def products_of(sdk):
    request = merchantapi.request.ProductListLoadQuery(sdk)
    request.set_on_demand_columns(
        ["descrip", "categories", "product_inventory", "productimagedata", "CustomField_Values:*"]
    )
    return {product.get_code(): product for product in request.send().get_products()}


def families_of(rows):
    """Handle -> its rows with a price, as the file has them, and its first row."""
    families = {}
    for row in rows:
        families.setdefault(row["Handle"], []).append(row)
    return {
        handle: (its[0], [row for row in its if row["Variant Price"]], [row for row in its if row["Image Src"]])
        for handle, its in families.items()
    }


def test_every_product_is_as_the_catalogue_says(shop, catalogue, sdk):
    run = shop.publish()
    assert run.bad() == []

    products = products_of(sdk)

    families = families_of(catalogue)
    expected = {row["Variant SKU"] for row in catalogue if row["Variant SKU"]}
    parents = {handle for handle, (_head, variants, _images) in families.items() if len(variants) > 1}
    assert set(products) == expected | parents
    for handle, (head, variants, images) in families.items():
        is_family = len(variants) > 1
        root = products[handle if is_family else variants[0]["Variant SKU"]]
        assert root.get_name() == head["Title"]
        assert _markup(root.get_description()) == _markup(head["Body (HTML)"])
        assert [category.get_name() for category in root.get_categories()] == [head["Type"]]
        assert _exact(root.get_price()) == min(Decimal(row["Variant Price"]) for row in variants)
        assert _field(root, "product_type") == ("parent" if is_family else "simple")
        assert len(root.get_product_image_data()) == len(images)
        for number, image in enumerate(root.get_product_image_data()):
            assert re.fullmatch(r"graphics/is-images/[a-z0-9-]+-\d+-[0-9a-f]{8}\.(png|jpg)", image.get_image())
            assert image.get_code() == ("main" if number == 0 else "")
        for row in variants:
            product = products[row["Variant SKU"]]
            assert product.get_sku() == row["Variant SKU"]
            assert _exact(product.get_price()) == Decimal(row["Variant Price"])
            assert product.get_product_inventory() == int(row["Variant Inventory Qty"])
            assert product.get_product_inventory_active() is True
            assert abs(_exact(product.get_weight()) * Decimal("453.59237") - Decimal(row["Variant Grams"])) < Decimal(
                "0.01"
            )
            assert (_field(product, "upc") or "") == row["Variant Barcode"]
            assert _field(product, "brand") == head["Vendor"]
            assert _field(product, "product_type") == ("variant" if is_family else "simple")
            if is_family:
                assert _field(product, "parent_code") == handle


def test_every_combination_of_a_family_leads_to_its_own_product(shop, catalogue, sdk):
    shop.publish()

    for handle, (_head, rows, _images) in families_of(catalogue).items():
        if len(rows) == 1:
            continue
        names = [rows[0][f"Option{number} Name"] for number in (1, 2) if rows[0][f"Option{number} Name"]]
        request = merchantapi.request.ProductListLoadQuery(sdk).set_on_demand_columns(["attributes"])
        request.set_filters(request.filter_expression().equal("code", handle))
        (parent,) = request.send().get_products()
        prompts = {
            option.get_id(): (attribute.get_prompt(), option.get_prompt())
            for attribute in parent.get_attributes()
            for option in attribute.get_options()
        }
        variants = merchantapi.request.ProductVariantListLoadProduct(sdk).set_product_code(handle).send()

        found = {
            frozenset(prompts[dimension.get_option_id()] for dimension in variant.get_dimensions()): [
                (part.get_product_code(), part.get_quantity()) for part in variant.get_parts()
            ]
            for variant in variants.get_product_variants()
        }

        assert found == {
            frozenset((name, row[f"Option{number} Value"]) for number, name in enumerate(names, start=1)): [
                (row["Variant SKU"], 1)
            ]
            for row in rows
        }


def test_orders_and_shipments_are_on_the_store_as_they_were_recorded(shop, catalogue, sdk):
    shop.settings = replace(shop.settings, acknowledge_mode=AcknowledgeMode.NOTE)
    shop.publish()
    row = next(row for row in catalogue if int(row["Variant Inventory Qty"] or 0) >= 2)
    handle, (_head, variants, _images) = next(
        (handle, family) for handle, family in families_of(catalogue).items() if row in family[1]
    )
    options = (
        {
            variants[0][f"Option{number} Name"]: _code(row[f"Option{number} Value"])
            for number in (1, 2)
            if variants[0][f"Option{number} Name"]
        }
        if len(variants) > 1
        else {}
    )
    number = Shopper(shop.sandbox.storefront).buy(
        handle if len(variants) > 1 else row["Variant SKU"], quantity=2, **options
    )
    shop.get_orders()
    with transaction.atomic():
        shop.orders.add_shipment(NewShipment(number, "UPS", "1Z42", Decimal("7.35")), at=datetime.now(UTC))
    assert shop.sync_orders().bad() == []

    request = merchantapi.request.OrderListLoadQuery(sdk).set_on_demand_columns(["items", "shipments", "notes"])
    (order,) = request.send().get_orders()

    assert (order.get_id(), order.get_status()) == (number, 200)
    (line,) = order.get_items()
    assert (line.get_sku(), line.get_quantity(), _exact(line.get_price())) == (
        row["Variant SKU"],
        2,
        Decimal(row["Variant Price"]),
    )
    (shipment,) = order.get_shipments()
    assert (shipment.get_tracking_number(), shipment.get_tracking_type(), _exact(shipment.get_cost())) == (
        "1Z42",
        "UPS",
        Decimal("7.35"),
    )
    assert [note.get_note_text() for note in order.get_notes()] == [f"Tradepost has taken over order {number}."]
    left = products_of(sdk)[row["Variant SKU"]].get_product_inventory()
    assert left == int(row["Variant Inventory Qty"]) - 2


def _markup(description):
    """A description as its elements and texts: it is cleaned on its way, and markup is then written in one fashion."""
    return html.tostring(html.fragment_fromstring(description, create_parent="div")).replace(b"\xa0", b" ")


def _exact(number):
    """The SDK makes its decimals of floats; a store has eight of them."""
    return Decimal(number).quantize(Decimal("0.00000001"))


def _field(product, code):
    return product.get_custom_field_values().get_value(code, "customfields")


def _code(value):
    """The options of these catalogues are their own codes; the shop's page offers codes."""
    return value
