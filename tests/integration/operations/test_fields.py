"""Part numbers, barcodes, measures, cost and list price: from columns of a file to the store, and kept by blanks."""

import warnings
from dataclasses import replace
from decimal import Decimal

import pytest

from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.listing import Pending

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client

HEADER = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Variant Barcode,"
    "Google Shopping / MPN,Cost per item,Variant Compare At Price,Variant Length,Variant Width,Variant Height\n"
)
FILE = HEADER + (
    "tee,Tee,Size,S,TEE-S,15.00,3,4006381333931,AC-100-S,6.10,20.00,30,20.5,2\n"
    "tee,,,M,TEE-M,15.00,3,4006381333932,AC-100-M,6.20,20.00,30,20.5,\n"
    "mug,Mug,,,MUG,7.90,3,4.00638E+12,ME-7,3.10,9.90,,,\n"
)
BLANK = HEADER + "tee,Tee,Size,S,TEE-S,15.00,3,,,,,,,\ntee,,,M,TEE-M,15.00,3,,,,,,,\nmug,Mug,,,MUG,7.90,3,,,,,,,\n"
EXPECTED = {
    "TEE-S": ("4006381333931", "AC-100-S", "20.00", Decimal("6.10"), (30, Decimal("20.5"), 2)),
    "TEE-M": ("4006381333932", "AC-100-M", "20.00", Decimal("6.20"), (30, Decimal("20.5"), 0)),
    "MUG": (None, "ME-7", "9.90", Decimal("3.10"), (0, 0, 0)),
}


def sends_dimensions(shop, *, layout=Layout.NATIVE):
    shop.settings = replace(shop.settings, rules=replace(shop.settings.rules, sends_dimensions=True, layout=layout))


def read_by_sdk(sandbox):
    """What Miva's own SDK reads of each product that is sold."""
    sdk = Client(sandbox.endpoint, sandbox.full.token, sandbox.full.signature_key, {"default_store_code": "sandbox"})
    request = merchantapi.request.ProductListLoadQuery(sdk)
    request.set_on_demand_columns(["productshippingrules", "CustomField_Values:*"])
    found = {}
    for product in request.send().get_products():
        values = product.get_custom_field_values()
        rules = product.get_product_shipping_rules()
        measures = (rules.get_length(), rules.get_width(), rules.get_height())
        found[product.get_code()] = (
            *(values.get_value(name, "customfields") or None for name in ("upc", "mpn", "msrp")),
            round(Decimal(product.get_cost()), 4),  # it reads numbers as floats
            tuple(round(Decimal(measure), 4) for measure in measures),
        )
    return {code: found[code] for code in EXPECTED}


@pytest.mark.parametrize("layout", list(Layout))
def test_what_the_file_has_of_a_variant_reaches_the_store(shop, layout):
    sends_dimensions(shop, layout=layout)
    shop.import_text(FILE)

    run = shop.publish()

    assert run.bad() == []
    assert read_by_sdk(shop.sandbox) == EXPECTED


def test_a_wrong_barcode_is_noted_and_the_row_goes_in(shop):
    report = shop.import_text(FILE)

    assert report.refused == []
    assert [(row.line, row.message) for row in report.reports] == [
        (3, "The barcode 4006381333932 is no valid EAN, UPC or GTIN: its last digit should be 1."),
        (4, "The barcode 4.00638E+12 was rounded by a spreadsheet, so it is lost and left out."),
    ]


def test_a_blank_column_erases_nothing(shop):
    sends_dimensions(shop)
    shop.import_text(FILE)
    shop.publish()

    shop.import_text(BLANK)
    shop.queue(Pending.OVERWRITE, "tee", "MUG")
    run = shop.publish()

    assert run.bad() == []
    assert read_by_sdk(shop.sandbox) == EXPECTED


def test_a_changed_value_reaches_the_store_with_an_overwrite_and_nothing_else_does(shop):
    sends_dimensions(shop)
    shop.import_text(FILE)
    shop.publish()

    shop.import_text(FILE.replace("AC-100-S,6.10,20.00,30,", "AC-200-S,6.10,20.00,31,"))
    shop.queue(Pending.OVERWRITE, "tee", "MUG")
    run = shop.publish()

    changes = {result.change.subject.key: result.change for result in run.results}
    # How the prices of variants are made can't be read, so it is said again with every overwrite of structure.
    assert [field.name for field in changes.pop("tee").fields] == ["variant_pricing"]
    (change,) = changes.values()
    assert {(field.name, str(field.after)) for field in change.fields} == {
        ("custom_fields", "{'mpn': 'AC-200-S'}"),
        ("dimensions", "{'length': Decimal('31.00')}"),
    }
    assert read_by_sdk(shop.sandbox)["TEE-S"][1] == "AC-200-S"


def test_measures_stay_at_home_unless_the_channel_sends_them(shop):
    """R38: dimensions are not sent by default."""
    shop.import_text(FILE)

    shop.publish()

    assert {code: values[4] for code, values in read_by_sdk(shop.sandbox).items()} == dict.fromkeys(EXPECTED, (0, 0, 0))
