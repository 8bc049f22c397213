"""Miva's own Python SDK, unmodified, as the client: what it sends is understood, what it reads is there."""

import base64
import warnings
from decimal import Decimal

import pytest
from Crypto.PublicKey import RSA

from miva_sandbox.state import inventory, products, users
from miva_sandbox.state.products import Product

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.model
    import merchantapi.request
    from merchantapi.authenticator import SSHPrivateKeyAuthenticator
    from merchantapi.client import BaseClient, Client
    from merchantapi.listquery import FilterExpression
    from merchantapi.multicall import MultiCallRequest

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(autouse=True)
def nothing_was_ignored(sandbox):
    """What the official client sends, a store must want to know."""
    yield
    assert sandbox.domain.lint.entries() == []


@pytest.fixture
def sdk(sandbox):
    return Client(sandbox.endpoint, sandbox.full.token, sandbox.full.signature_key, {"default_store_code": "sandbox"})


@pytest.fixture
def hub_sdk(sandbox):
    return Client(sandbox.endpoint, sandbox.hub.token, sandbox.hub.signature_key, {"default_store_code": "sandbox"})


@pytest.fixture
def family(sandbox, hub_sdk):
    """A shirt in one size and its part, published by provisioning."""
    provision(
        hub_sdk,
        """
        <Product_Add><Code>TEE</Code><Name>T-Shirt</Name><Price>19.90</Price></Product_Add>
        <Product_Add><Code>TEE-S</Code><SKU>TEE-S</SKU><Name>Small</Name><Price>19.90</Price><Active>No</Active></Product_Add>
        <ProductAttribute_Add product_code="TEE"><Code>size</Code><Type>select</Type><Prompt>Size</Prompt>
          <Inventory>Yes</Inventory><Required>Yes</Required></ProductAttribute_Add>
        <ProductAttributeOption_Add product_code="TEE" attribute_code="size"><Code>S</Code><Prompt>S</Prompt>
        </ProductAttributeOption_Add>
        <ProductVariant_Add product_code="TEE">
          <Options><Attribute_Option attribute_code="size" option_code="S"/></Options>
          <Parts><Part product_code="TEE-S" quantity="1"/></Parts>
        </ProductVariant_Add>
        """,
    )


def provision(client, xml):
    response = merchantapi.request.ProvisionStore(client).set_xml(xml).send()
    assert response.is_success(), response.get_error_message()
    assert response.get_provision_messages() == []


def all_products(client, *columns):
    request = merchantapi.request.ProductListLoadQuery(client).set_on_demand_columns(list(columns)).set_sort("id")
    return request.send().get_products()


def test_product_list_load_query_reads_products_with_their_columns(sdk, sandbox, family):
    inventory.update_product(sandbox.store, 2, {}, track=True, stock=5)

    parent, part = all_products(sdk, "attributes", "product_inventory", "uris", "descrip", "cancat_code")

    # The SDK reads numbers as floats before it makes them decimals.
    assert (parent.get_code(), float(parent.get_price()), parent.get_formatted_price()) == ("TEE", 19.9, "$19.90")
    assert (part.get_active(), part.get_product_inventory(), part.get_product_inventory_active()) == (False, 5, True)
    (size,) = parent.get_attributes()
    assert (size.get_code(), size.get_inventory(), [option.get_code() for option in size.get_options()]) == (
        "size", True, ["S"],
    )  # fmt: skip


def test_the_list_query_builder_finds_what_it_says(sdk, sandbox):
    for code, price in (("A", 1), ("B", 2), ("C", 3)):
        products.insert(sandbox.store, Product(code=code, name=code, price=price * 10**8))
    request = merchantapi.request.ProductListLoadQuery(sdk)
    expression = request.filter_expression().equal("code", "A").or_is_in("code", ["C"])
    assert isinstance(expression, FilterExpression)

    response = request.set_filters(expression).set_count(1).set_sort("price", "desc").send()

    assert (response.get_total_count(), response.get_start_offset()) == (2, 0)
    assert [product.get_code() for product in response.get_products()] == ["C"]


def test_conditions_chained_by_and_must_all_hold(sdk, sandbox):
    for code, active in (("A", True), ("B", False), ("C", True)):
        products.insert(sandbox.store, Product(code=code, name=code, active=active))
    request = merchantapi.request.ProductListLoadQuery(sdk)
    expression = request.filter_expression().is_in("code", ["A", "B"]).and_is_true("active")

    found = request.set_filters(expression).send().get_products()

    assert [product.get_code() for product in found] == ["A"]


def test_product_variant_list_load_product_reads_the_family(hub_sdk, family):
    request = merchantapi.request.ProductVariantListLoadProduct(hub_sdk).set_product_code("TEE")

    (variant,) = request.send().get_product_variants()

    (part,), (dimension,) = variant.get_parts(), variant.get_dimensions()
    assert (part.get_product_code(), part.get_quantity()) == ("TEE-S", 1)
    assert (dimension.get_option_code(), dimension.get_attribute_template_attribute_id()) == ("S", 0)


def test_product_variant_list_load_query_reads_codes_of_attributes(sdk, family):
    request = merchantapi.request.ProductVariantListLoadQuery(sdk).set_product_code("TEE")

    (variant,) = request.send().get_product_variants()

    assert [
        (attribute.get_attribute_code(), attribute.get_option_code()) for attribute in variant.get_attributes()
    ] == [("size", "S")]
    assert [part.get_product_sku() for part in variant.get_parts()] == ["TEE-S"]


def test_inventory_product_settings_update_sets_a_count(hub_sdk, sandbox, family):
    request = merchantapi.request.InventoryProductSettingsUpdate(hub_sdk).set_product_code("TEE-S")

    response = request.set_track_product(True).set_current_stock(12).set_hide_out_of_stock_products("Default").send()

    assert response.is_success()
    assert inventory.counted(sandbox.store, 2) == 12


def test_product_list_adjust_inventory_adds(sdk, sandbox, family):
    adjustment = merchantapi.model.ProductInventoryAdjustment().set_product_code("TEE-S").set_adjustment(-3)
    request = merchantapi.request.ProductListAdjustInventory(sdk).add_inventory_adjustment(adjustment)

    assert request.send().is_success()
    assert inventory.counted(sandbox.store, 2) == -3


def test_product_delete_tells_what_is_not_there(hub_sdk, family):
    first = merchantapi.request.ProductDelete(hub_sdk).set_product_code("TEE").send()
    second = merchantapi.request.ProductDelete(hub_sdk).set_product_code("TEE").send()

    assert first.is_success()
    assert (second.is_error(), second.get_error_code()) == (True, "MER-JSN-PRD-00014")
    assert [product.get_code() for product in all_products(hub_sdk)] == ["TEE-S"]


def test_products_are_inserted_and_updated(sdk):
    insert = merchantapi.request.ProductInsert(sdk).set_product_code("MUG").set_product_name("Mug")
    made = insert.set_product_price(Decimal("7.25")).set_product_active(True).send().get_product()

    update = merchantapi.request.ProductUpdate(sdk).set_product_id(made.get_id()).set_product_code("MUG-1")
    assert update.set_product_price(8).send().is_success()

    (product,) = all_products(sdk)
    assert (made.get_price(), product.get_code(), product.get_price()) == (Decimal("7.25"), "MUG-1", 8)


def test_images_are_added_and_removed(sdk, sandbox, family):
    (image_type,) = merchantapi.request.ImageTypeListLoadQuery(sdk).send().get_image_types()
    add = merchantapi.request.ProductImageAdd(sdk).set_product_code("TEE").set_image_type_id(image_type.get_id())
    path = f"graphics/{sandbox.store.number}/tee.png"

    (sandbox.domain.files_root / path).write_bytes(PNG)
    response = add.set_filepath(path).send()

    assert response.is_success(), response.get_error_message()
    (image,) = all_products(sdk, "productimagedata")[0].get_product_image_data()
    assert (image.get_image(), image.get_code(), image.get_width()) == (path, "main", 1)
    assert merchantapi.request.ProductImageDelete(sdk).set_product_image_id(image.get_id()).send().is_success()
    assert all_products(sdk, "productimagedata")[0].get_product_image_data() == []


def test_categories_are_written_and_hold_products(sdk, family):
    insert = merchantapi.request.CategoryInsert(sdk).set_category_code("shirts").set_category_name("Shirts")
    assert insert.send().get_category().get_code() == "shirts"
    assign = merchantapi.request.CategoryProductUpdateAssigned(sdk).set_category_code("shirts").set_product_code("TEE")

    assert assign.set_assigned(True).send().is_success()

    inside = merchantapi.request.CategoryProductListLoadQuery(sdk).set_category_code("shirts").set_assigned(True)
    assert [product.get_code() for product in inside.send().get_category_products()] == ["TEE"]
    (category,) = merchantapi.request.CategoryListLoadQuery(sdk).send().get_categories()
    assert (category.get_name(), category.get_active(), category.get_parent_id()) == ("Shirts", True, 0)


def test_store_functions(sdk):
    store = merchantapi.request.StoreLoad(sdk).send().get_store()
    (listed,) = merchantapi.request.StoreListLoadQuery(sdk).send().get_stores()
    version = merchantapi.request.MivaMerchantVersion(sdk).send().get_merchant_version()

    assert (store.get_code(), listed.get_code(), store.get_weight_units()) == ("sandbox", "sandbox", "lb")
    assert version.get_version() == "26.01.01"


def test_a_multicall_that_is_cut_short_goes_on_by_itself(sdk, sandbox, family):
    sandbox.domain.hooks.multicall_seconds = 0
    multicall = MultiCallRequest(sdk)
    multicall.set_auto_timeout_continue(True)
    for code in ("TEE", "TEE-S", "none"):
        multicall.add_request(merchantapi.request.ProductDelete(sdk).set_product_code(code))

    response = multicall.send()

    assert [answer.is_success() for answer in response.get_responses()] == [True, True, False]
    assert len([request for request in sandbox.log.requests() if request.status == 206]) == 2


def test_a_key_of_an_admin_user_signs_too(sandbox, tmp_path):
    key = RSA.generate(2048)
    path = tmp_path / "id_rsa"
    path.write_bytes(key.export_key("PEM"))
    users.insert(
        sandbox.domain.db,
        name="alice",
        public_key=key.public_key().export_key("OpenSSH").decode(),
        is_administrator=True,
    )
    authenticator = SSHPrivateKeyAuthenticator("alice", str(path), None)
    client = BaseClient(sandbox.endpoint, authenticator, {"default_store_code": "sandbox"})

    assert merchantapi.request.ProductListLoadQuery(client).send().is_success()
