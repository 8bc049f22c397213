"""A mug with a stock of 10, a tee in two sizes whose parts have 10 each, and what the API says of stock and orders."""

CATALOGUE = """
<Product_Add><Code>MUG</Code><SKU>SKU-MUG</SKU><Name>Mug</Name><Price>5</Price></Product_Add>
<Product_Add><Code>TEE</Code><Name>Tee</Name><Price>19</Price></Product_Add>
<Product_Add><Code>TEE-S</Code><SKU>SKU-S</SKU><Name>Tee S</Name><Price>20</Price><Active>No</Active></Product_Add>
<Product_Add><Code>TEE-M</Code><SKU>SKU-M</SKU><Name>Tee M</Name><Price>22</Price><Active>No</Active></Product_Add>
<ProductAttribute_Add product_code="TEE"><Code>size</Code><Type>select</Type><Prompt>Size</Prompt>
  <Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>
<ProductAttributeOption_Add product_code="TEE" attribute_code="size"><Code>S</Code><Prompt>S</Prompt>
</ProductAttributeOption_Add>
<ProductAttributeOption_Add product_code="TEE" attribute_code="size"><Code>M</Code><Prompt>M</Prompt>
</ProductAttributeOption_Add>
<ProductVariant_Add product_code="TEE">
  <Options><Attribute_Option attribute_code="size" option_code="S"/></Options>
  <Parts><Part product_code="TEE-S" quantity="1"/></Parts>
  <ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>
<ProductVariant_Add product_code="TEE">
  <Options><Attribute_Option attribute_code="size" option_code="M"/></Options>
  <Parts><Part product_code="TEE-M" quantity="1"/></Parts>
  <ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>
"""
TRACK = (
    '<InventoryProductSettings_Update product_code="{}"><TrackProduct>Yes</TrackProduct>'
    "<CurrentStock>10</CurrentStock></InventoryProductSettings_Update>"
)


def fill(client):
    assert client.provision(CATALOGUE + "".join(TRACK.format(code) for code in ("MUG", "TEE-S", "TEE-M"))) == []


def counts(client):
    """Return {code: count} of what is tracked."""
    rows = client.rows("ProductList_Load_Query", Filter=[{"name": "ondemandcolumns", "value": ["product_inventory"]}])
    return {row["code"]: row["product_inventory"] for row in rows if row["product_inventory_active"]}


def left(client, code="MUG"):
    return counts(client)[code]


def orders(client):
    """Return {order number: [(code, quantity), ...]}."""
    rows = client.rows("OrderList_Load_Query", Filter=[{"name": "ondemandcolumns", "value": ["items"]}])
    return {row["id"]: [(item["code"], item["quantity"]) for item in row["items"]] for row in rows}
