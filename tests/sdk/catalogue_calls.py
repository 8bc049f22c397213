"""Calls of every function of the catalogue, on the store of filled_store.py."""

from sdk.call import call

TEMPLATE = {"set_attribute_template_code": "colours"}
TEMPLATE_ATTRIBUTE = {**TEMPLATE, "set_attribute_template_attribute_code": "colour"}
TEMPLATE_OPTION = {**TEMPLATE_ATTRIBUTE, "set_attribute_template_option_code": "red"}
SIZE = {"set_product_code": "TEE", "set_attribute_code": "size"}
SMALL = {"attr_code": "size", "option_code": "S"}

PRODUCTS = [
    call(
        "Product_Insert",
        set_product_code="CAP",
        set_product_name="Cap",
        set_product_price=7.25,
        set_product_active=True,
        set_product_description="<b>Warm</b>",
        answer={"product": {"id": 6, "code": "CAP", "price": 7.25, "active": True, "description": "<b>Warm</b>"}},
        leaves={"SELECT code, price FROM products WHERE id = 6": [("CAP", 725_000_000)]},
    ),
    call(
        "Product_Update",
        set_edit_product="TEE",
        set_product_code="SHIRT",
        set_product_name="Shirt",
        set_custom_field_values={"customfields": {"brand": "Acme"}},
        leaves={
            "SELECT code, name, active FROM products WHERE id = 1": [("SHIRT", "Shirt", 1)],
            "SELECT record_id, value FROM custom_field_values": [(1, "Acme")],
        },
    ),
    call(
        "Product_Copy",
        set_source_product_code="TEE",
        set_destination_product_code="TEE2",
        set_destination_product_name="Second",
        leaves={
            "SELECT id, name FROM products WHERE code = 'TEE2'": [(6, "Second")],
            "SELECT code FROM attributes WHERE product_id = 6": [("size",)],
        },
    ),
    call(
        "Product_Delete",
        set_product_code="TEE",
        leaves={
            "SELECT code FROM products ORDER BY id": [("TEE-S",), ("TEE-M",), ("MUG",), ("KIT",)],
            "SELECT * FROM product_variants": [],
        },
    ),
    call(
        "ProductList_Load_Query",
        set_sort="id",
        set_count=2,
        set_on_demand_columns=(["attributes", "product_inventory", "categories", "productimagedata"],),
        answer={
            "products": [
                {
                    "code": "TEE",
                    "price": 19,
                    "attributes": [{"code": "size", "options": [{"code": "S"}, {"code": "M"}]}],
                    "categories": [{"code": "shirts"}],
                    "product_image_data": [{"image": "graphics/00000001/tee.png", "code": "main"}],
                    "product_inventory_active": False,
                },
                {
                    "code": "TEE-S",
                    "price": 19,
                    "attributes": [],
                    "categories": [],
                    "product_image_data": [],
                    "product_inventory_active": True,
                },
            ],
            "total_count": 5,
        },
    ),
    call(
        "ProductShippingRules_Update",
        set_product_code="TEE",
        set_width=2.5,
        set_limit_shipping_methods=True,
        add_shipping_method={"mod_code": "baseunit", "meth_code": "Ground"},
        leaves={"SELECT width, limitmeths FROM product_shipping_rules": [(250, 1)]},
    ),
    call(
        "RelatedProduct_Update_Assigned",
        set_product_code="TEE",
        set_related_product_code="KIT",
        set_assigned=True,
        leaves={"SELECT relprod_id FROM related_products WHERE product_id = 1 ORDER BY 1": [(4,), (5,)]},
    ),
    call(
        "RelatedProductList_Load_Query",
        set_product_code="TEE",
        set_assigned=True,
        answer={"related_products": [{"code": "MUG", "assigned": True}]},
    ),
]

STOCK = [
    call(
        "InventoryProductSettings_Update",
        set_product_code="TEE-M",
        set_track_product=True,
        set_current_stock=12,
        set_hide_out_of_stock_products="No",
        leaves={
            "SELECT inventory FROM inventory_product_counts WHERE product_id = 3": [(12,)],
            "SELECT active, out_hide FROM inventory_product_settings WHERE product_id = 3": [(1, "n")],
        },
    ),
    call(
        "ProductList_Adjust_Inventory",
        add_inventory_adjustment={"product_code": "TEE-S", "adjustment": -3},
        leaves={"SELECT inventory FROM inventory_product_counts": [(7,)]},
    ),
]

ATTRIBUTES = [
    call(
        "Attribute_Insert",
        set_product_code="TEE",
        set_code="fit",
        set_type="radio",
        set_prompt="Fit",
        set_price=1.5,
        answer={"product_attribute": {"id": 4, "product_id": 1, "code": "fit", "type": "radio", "price": 1.5}},
        leaves={"SELECT code, prompt FROM attributes WHERE id = 4": [("fit", "Fit")]},
    ),
    call(
        "Attribute_Update",
        **SIZE,
        set_prompt="Your size",
        set_required=False,
        leaves={"SELECT code, prompt, required FROM attributes WHERE id = 1": [("size", "Your size", 0)]},
    ),
    call(
        "Attribute_Delete",
        **SIZE,
        leaves={
            "SELECT id FROM attributes ORDER BY id": [(2,), (3,)],
            "SELECT id FROM options": [(3,)],
            "SELECT * FROM product_variants": [],
        },
    ),
    call(
        "Attribute_Load_Code",
        **SIZE,
        answer={"product_attribute": {"id": 1, "code": "size", "required": True, "inventory": True}},
    ),
    call(
        "Attribute_CopyTemplate",
        **TEMPLATE,
        set_product_code="TEE",
        leaves={
            "SELECT code, type FROM attributes WHERE product_id = 1 ORDER BY id": [
                ("size", "select"),
                ("colour", "radio"),
            ]
        },
    ),
    call(
        "Attribute_CopyLinkedTemplate",
        set_product_code="MUG",
        set_attribute_code="colours",
        leaves={
            "SELECT code, attemp_id FROM attributes WHERE product_id = 4": [("colour", 0)],
            "SELECT code FROM options WHERE product_id = 4": [("red",), ("blue",)],
        },
    ),
    call(
        "AttributeAndOptionList_Load_Product",
        set_product_code="TEE",
        answer={"product_attributes": [{"code": "size", "options": [{"code": "S"}, {"code": "M"}]}]},
    ),
    call(
        "ProductAttributeAndOptionList_Load_Query",
        set_product_code="TEE",
        answer={"attributes": [{"code": "size", "options": [{"code": "S"}, {"code": "M"}]}], "total_count": 1},
    ),
    call(
        "Option_Insert",
        **SIZE,
        set_code="L",
        set_prompt="Large",
        set_price=2,
        set_default=True,
        answer={"product_option": {"id": 4, "attribute_id": 1, "code": "L", "prompt": "Large", "price": 2}},
        leaves={"SELECT default_id FROM attributes WHERE id = 1": [(4,)]},
    ),
    call(
        "Option_Update",
        **SIZE,
        set_option_code="S",
        set_code="XS",
        set_prompt="Extra small",
        leaves={"SELECT code, prompt FROM options WHERE id = 1": [("XS", "Extra small")]},
    ),
    call(
        "Option_Set_Default",
        set_attribute_id=1,
        set_option_id=2,
        set_option_default=True,
        leaves={"SELECT default_id FROM attributes WHERE id = 1": [(2,)]},
    ),
    call(
        "Option_Delete",
        set_attribute_id=1,
        set_option_id=2,
        leaves={"SELECT code FROM options WHERE attr_id = 1": [("S",)]},
    ),
    call("Option_Load_Code", **SIZE, set_option_code="M", answer={"product_option": {"id": 2, "prompt": "M"}}),
    call("OptionList_Load_Attribute", **SIZE, answer={"product_options": [{"code": "S"}, {"code": "M"}]}),
]

TEMPLATES = [
    call(
        "AttributeTemplate_Insert",
        set_code="sizes",
        set_prompt="Sizes",
        answer={"attribute_template": {"id": 3, "code": "sizes", "prompt": "Sizes"}},
        leaves={"SELECT code, prompt FROM attribute_templates WHERE id = 3": [("sizes", "Sizes")]},
    ),
    call(
        "AttributeTemplate_Update",
        set_edit_attribute_template="colours",
        set_code="hues",
        # The SDK sends a null for the prompt, which was not set; a store takes it for a blank one.
        leaves={"SELECT code, prompt FROM attribute_templates WHERE id = 1": [("hues", "")]},
    ),
    call(
        "AttributeTemplate_Delete",
        set_edit_attribute_template="spare",
        leaves={"SELECT code FROM attribute_templates": [("colours",)]},
    ),
    call(
        "AttributeTemplateList_Load_Query",
        answer={"attribute_templates": [{"code": "colours"}, {"code": "spare"}]},
    ),
    call(
        "AttributeTemplateAttribute_Insert",
        **TEMPLATE,
        set_code="shade",
        set_type="select",
        set_prompt="Shade",
        answer={"attribute_template_attribute": {"id": 2, "attribute_template_id": 1, "code": "shade"}},
    ),
    call(
        "AttributeTemplateAttribute_Update",
        **TEMPLATE_ATTRIBUTE,
        set_prompt="Your colour",
        leaves={"SELECT code, prompt FROM template_attributes": [("colour", "Your colour")]},
    ),
    call(
        "AttributeTemplateAttribute_Delete",
        **TEMPLATE_ATTRIBUTE,
        leaves={"SELECT * FROM template_attributes": [], "SELECT * FROM template_options": []},
    ),
    call(
        "AttributeTemplateAttributeList_Load_Query",
        **TEMPLATE,
        answer={"attribute_template_attributes": [{"code": "colour", "options": [{"code": "red"}, {"code": "blue"}]}]},
    ),
    call(
        "AttributeTemplateOption_Insert",
        **TEMPLATE_ATTRIBUTE,
        set_code="green",
        set_prompt="Green",
        set_default=True,
        answer={"attribute_template_option": {"id": 3, "code": "green", "prompt": "Green"}},
        leaves={"SELECT default_id FROM template_attributes": [(3,)]},
    ),
    call(
        "AttributeTemplateOption_Update",
        **TEMPLATE_OPTION,
        set_code="rot",
        set_prompt="Rot",
        leaves={"SELECT code, prompt FROM template_options": [("rot", "Rot"), ("blue", "Blue")]},
    ),
    call(
        "AttributeTemplateOption_Set_Default",
        **TEMPLATE_OPTION,
        set_attribute_template_option_default=True,
        leaves={"SELECT default_id FROM template_attributes": [(1,)]},
    ),
    call(
        "AttributeTemplateOption_Delete",
        **TEMPLATE_OPTION,
        leaves={"SELECT code FROM template_options": [("blue",)]},
    ),
    call(
        "AttributeTemplateOptionList_Load_Attribute",
        **TEMPLATE_ATTRIBUTE,
        answer={"attribute_template_options": [{"code": "red"}, {"code": "blue"}]},
    ),
    call(
        "AttributeTemplateProduct_Update_Assigned",
        **TEMPLATE,
        set_product_code="TEE",
        set_assigned=True,
        leaves={"SELECT product_id FROM attributes WHERE attemp_id = 1 ORDER BY 1": [(1,), (4,)]},
    ),
    call(
        "AttributeTemplateProductList_Load_Query",
        **TEMPLATE,
        set_assigned=True,
        answer={"attribute_template_products": [{"code": "MUG", "assigned": True}]},
    ),
]

VARIANTS = [
    call(
        "ProductVariant_Insert",
        set_product_code="TEE",
        add_variant_attribute={"attr_code": "size", "option_code": "M"},
        add_variant_part={"part_code": "TEE-M", "quantity": 2},
        answer={
            "product_variant": {"variant_id": 2, "product_id": 1, "parts": [{"product_code": "TEE-M", "quantity": 2}]}
        },
        leaves={"SELECT part_id, quantity FROM product_variant_parts WHERE variant_id = 2": [(3, 2)]},
    ),
    call(
        "ProductVariant_Update",
        set_product_code="TEE",
        set_variant_id=1,
        add_variant_attribute=SMALL,
        add_variant_part={"part_code": "TEE-M", "quantity": 1},
        leaves={"SELECT variant_id, part_id, quantity FROM product_variant_parts": [(1, 3, 1)]},
    ),
    call(
        "ProductVariantPricing_Update",
        set_product_code="TEE",
        set_variant_id=1,
        set_method="specific",
        set_price=17.5,
        leaves={"SELECT method, price FROM product_variant_pricing WHERE variant_id = 1": [(1, 1_750_000_000)]},
    ),
    call(
        "ProductVariantList_Delete",
        add_variant_id=1,
        answer={"processed": 1},
        leaves={"SELECT * FROM product_variants": []},
    ),
    call(
        "ProductVariantList_Load_Product",
        set_product_code="TEE",
        add_limit=SMALL,
        answer={
            "product_variants": [
                {
                    "variant_id": 1,
                    "dimensions": [{"attribute_id": 1, "option_code": "S"}],
                    "parts": [{"product_code": "TEE-S", "quantity": 1}],
                }
            ]
        },
    ),
    call(
        "ProductVariantList_Load_Query",
        set_product_code="TEE",
        answer={
            "product_variants": [
                {
                    "variant_id": 1,
                    "attributes": [{"attribute_code": "size", "option_code": "S"}],
                    "parts": [{"product_sku": "SKU-TEE-S"}],
                }
            ]
        },
    ),
    call(
        "ProductVariant_Generate",
        set_product_code="TEE",
        set_pricing_method="sum",
        leaves={"SELECT variant_id, option_id FROM product_variants ORDER BY option_id": [(2, 1), (3, 2)]},
    ),
    call(
        "ProductVariant_Generate_Delimiter",
        set_product_code="TEE",
        set_pricing_method="sum",
        set_delimiter="-",
        leaves={"SELECT variant_id, part_id FROM product_variant_parts ORDER BY 1": [(2, 2), (3, 3)]},
    ),
    call(
        "ProductKit_Update_Parts",
        set_product_code="KIT",
        set_attribute_id=3,
        set_option_id=3,
        add_kit_part={"part_code": "TEE-S", "quantity": 3},
        leaves={"SELECT part_id, quantity FROM product_kits": [(2, 3)]},
    ),
    call("ProductKit_Variant_Count", set_product_code="KIT", answer={"variants": 1}),
    call(
        "ProductKit_Generate_Variants",
        set_product_code="KIT",
        set_pricing_method="master",
        leaves={"SELECT part_id, quantity FROM product_variant_parts WHERE product_id = 5": [(4, 2)]},
    ),
    call(
        "ProductKitList_Load_Query",
        set_product_code="KIT",
        answer={
            "product_kits": [
                {
                    "attribute_code": "box",
                    "option_code": "small",
                    "parts": [{"product_code": "MUG", "quantity": 2}],
                }
            ]
        },
    ),
]

IMAGES = [
    call("ImageTypeList_Load_Query", answer={"image_types": [{"id": 1, "code": "main"}]}),
    call(
        "ProductImage_Add",
        set_product_code="MUG",
        set_filepath="graphics/00000001/mug.png",
        set_image_type_id=1,
        answer={"product_image_data": {"id": 2, "type_id": 1}},
        leaves={"SELECT product_id, type_id FROM product_images WHERE id = 2": [(4, 1)]},
    ),
    call(
        "ProductImage_Update_Type",
        set_product_image_id=1,
        set_image_type_id=0,
        leaves={"SELECT type_id FROM product_images": [(0,)]},
    ),
    call("ProductImage_Delete", set_product_image_id=1, leaves={"SELECT * FROM product_images": []}),
]

CATEGORIES = [
    call(
        "Category_Insert",
        set_category_code="hats",
        set_category_name="Hats",
        set_category_parent_category="shirts",
        answer={"category": {"id": 3, "code": "hats", "parent_id": 1}},
        leaves={"SELECT name, parent_id FROM categories WHERE code = 'hats'": [("Hats", 1)]},
    ),
    call(
        "Category_Update",
        set_edit_category="polos",
        set_category_name="Polo shirts",
        set_category_active=False,
        leaves={"SELECT name, active, parent_id FROM categories WHERE id = 2": [("Polo shirts", 0, 1)]},
    ),
    call("Category_Delete", set_category_code="polos", leaves={"SELECT code FROM categories": [("shirts",)]}),
    call(
        "CategoryList_Load_Query",
        set_sort="id",
        answer={"categories": [{"code": "shirts", "parent_id": 0}, {"code": "polos", "parent_id": 1}]},
    ),
    call("CategoryList_Load_Parent", set_parent_id=1, answer={"categories": [{"code": "polos"}]}),
    call(
        "ChildCategoryList_Load_Query",
        set_parent_category_code="shirts",
        set_assigned=True,
        answer={"categories": [{"code": "polos"}]},
    ),
    call(
        "CategoryProduct_Update_Assigned",
        set_category_code="polos",
        set_product_code="TEE",
        set_assigned=True,
        leaves={"SELECT cat_id FROM category_products WHERE product_id = 1": [(1,), (2,)]},
    ),
    call(
        "CategoryProductList_Load_Query",
        set_category_code="shirts",
        set_assigned=True,
        answer={"category_products": [{"code": "TEE", "assigned": True}]},
    ),
]

STORES = [
    call("MivaMerchantVersion", answer={"merchant_version": {"version": "26.01.01"}}),
    call("Store_Load", answer={"store": {"code": "sandbox", "weight_units": "lb"}}),
    call("StoreList_Load_Query", answer={"stores": [{"code": "sandbox"}], "total_count": 1}),
    call(
        "Provision_Store",
        set_xml="<Category_Add><Code>hats</Code><Name>Hats</Name></Category_Add><Product_Delete code='none'/>",
        answer={"provision_messages": [{"tag": "Product_Delete"}]},
        leaves={"SELECT name FROM categories WHERE code = 'hats'": [("Hats",)]},
    ),
]

CALLS = [*PRODUCTS, *STOCK, *ATTRIBUTES, *TEMPLATES, *VARIANTS, *IMAGES, *CATEGORIES, *STORES]
