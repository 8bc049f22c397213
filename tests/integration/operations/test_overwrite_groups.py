"""
An overwrite replaces what was chosen and nothing else: all the rest of a product's record stays byte for byte as it
was, and what the catalogue says nothing of is never erased.

Read with Miva's own SDK. Which member belongs to which group is written down here, from the reference of the API.
"""

import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from miva_sandbox import provisioning
from miva_sandbox.server import SandboxServer
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Pending

from .conftest import ALL_RIGHTS, EIGHT, Shop

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client

COLUMNS = (
    "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,"
    "Variant Price,Variant Barcode,Variant Taxable,Cost per item,SEO Title,Image Src\n"
)
FULL = (
    "tee,Cotton Tee,Plain,Acme,Shirts,Size,M,TEE-M,400,5,15.00,4001,true,4.00,Cotton Tee,{image}\n"
    "tee,,,,,,L,TEE-L,410,3,16.00,4002,true,4.10,,\n"
    "mug,Enamel Mug,Holds coffee,Acme,Kitchen,,,MUG-01,210,14,7.90,4006,true,2.00,Enamel Mug,{image}\n"
)
# All of it is another; a blank cell says nothing, and a blank page title is the title.
CHANGED = {
    "full": (
        "tee,Wool Tee,Warm,Best,Wool,Length,Mid,TEE-M,500,5,15.00,5001,false,5.00,Wool,{other}\n"
        "tee,,,,,,Long,TEE-L,510,3,16.00,5002,false,5.10,,\n"
        "mug,Tin Mug,Holds tea,Best,Bar,,,MUG-01,220,14,7.90,5006,false,3.00,Tin,{other}\n"
    ),
    "blank": (
        "tee,Cotton Tee,,,,Size,M,TEE-M,,5,15.00,,true,,,\n"
        "tee,,,,,,L,TEE-L,,3,16.00,,true,,,\n"
        "mug,Enamel Mug,,,,,,MUG-01,,14,7.90,,true,,,\n"
    ),
}
MEMBERS = {
    Group.TEXTS: {"name", "descrip", "page_title", "uris", "url"},
    Group.IDENTIFIERS: {"sku"},
    Group.CATEGORIES: {"categories", "catcount", "cancat_id", "cancat_code"},
    Group.CUSTOM_FIELDS: {"CustomField_Values"},
    Group.IMAGES: {"productimagedata", "image", "thumbnail", "imagetypes"},
    Group.STRUCTURE: {"attributes"},
    Group.WEIGHT: {"weight", "formatted_weight"},
    Group.COST: {"cost", "formatted_cost", "profit", "formatted_profit", "margin"},
    Group.TAX: {"taxable"},
    Group.DIMENSIONS: set(),  # a channel sends them only if it is told to
}
# Moves with every write of a product.
ALWAYS = {"dt_updated"}


def records(sandbox):
    """Every product's whole record by code."""
    sdk = Client(sandbox.endpoint, sandbox.full.token, sandbox.full.signature_key, {"default_store_code": "sandbox"})
    request = merchantapi.request.ProductListLoadQuery(sdk)
    request.set_on_demand_columns(
        [
            *("descrip", "categories", "catcount", "product_inventory", "productinventorysettings", "attributes"),
            *("productimagedata", "uris", "cancat_code", "CustomField_Values:*"),
        ]
    )
    return {record["code"]: record for record in request.send().data["data"]["data"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("overwrites")


@pytest.mark.parametrize("token", [EIGHT, ALL_RIGHTS])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.sets(st.sampled_from(sorted(CONTENT_GROUPS)), min_size=1), how=st.sampled_from(sorted(CHANGED)))
def test_what_was_not_chosen_stays_byte_for_byte(sqlite, folder, token, groups, how):
    """R41: an overwrite replaces the groups that were chosen, and the others stay to the byte."""
    with SandboxServer() as sandbox:
        shop = Shop(sandbox, folder, token=token, name=f"{sandbox.endpoint}")
        try:
            shop.import_text(COLUMNS + FULL)
            assert shop.publish().bad() == []
            _by_the_merchant(sandbox)
            before = records(sandbox)
            text = (COLUMNS + CHANGED[how]).replace("{other}", other_image(folder))
            shop.import_text(text, queue=False)
            shop.queue(Pending.OVERWRITE, "tee", "MUG-01", groups=groups)

            assert shop.publish().bad() == []

            after = records(sandbox)
        finally:
            shop.close()
            shop.channel.delete()
    may_differ = ALWAYS.union(*(MEMBERS[group] for group in groups))
    assert set(before) == set(after)
    for code, record in after.items():
        different = {name for name in record if record[name] != before[code][name]}
        assert different <= may_differ, (code, different - may_differ)
        if how == "blank":
            assert different <= ALWAYS, (code, different)


def other_image(folder):
    Image.new("RGB", (32, 32), (20, 30, 200)).save(folder / "other.png")
    return "other.png"


def _by_the_merchant(sandbox):
    """What the merchant has done to the products, and the hub has no word for."""
    xml = (
        "<Category_Add><Code>sale</Code><Name>Sale</Name></Category_Add>"
        '<CategoryProduct_Assign category_code="sale" product_code="MUG-01"/>'
        '<ProductAttribute_Add product_code="tee"><Code>gift</Code><Type>text</Type><Prompt>Gift note</Prompt>'
        "</ProductAttribute_Add>"
    )
    assert list(provisioning.run(sandbox.store, xml)) == []
