"""Whatever tags are run in whatever order, what the catalogue counts agrees with what it holds."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from miva_sandbox import provisioning
from miva_sandbox.state.store import Store

# Each query finds the rows that are wrong.
INVARIANTS = {
    "a product counts its categories": """
        SELECT id FROM products p WHERE catcount <> (SELECT count(*) FROM category_products WHERE product_id = p.id)""",
    "an assignment has both its ends": """
        SELECT * FROM category_products WHERE product_id NOT IN (SELECT id FROM products)
        OR cat_id NOT IN (SELECT id FROM categories)""",
    "an image counts its products": """
        SELECT id FROM images i WHERE refcount <> (SELECT count(*) FROM product_images WHERE image_id = i.id)""",
    "a product image has its product and its image": """
        SELECT id FROM product_images WHERE product_id NOT IN (SELECT id FROM products)
        OR image_id NOT IN (SELECT id FROM images)""",
    "a template counts the attributes that link to it": """
        SELECT id FROM attribute_templates t
        WHERE refcount <> (SELECT count(*) FROM attributes WHERE attemp_id = t.id)""",
    "a tracked product has a count, and only that": """
        SELECT product_id FROM inventory_product_settings WHERE product_id NOT IN
            (SELECT product_id FROM inventory_product_counts)
        UNION SELECT product_id FROM inventory_product_counts WHERE product_id NOT IN
            (SELECT product_id FROM inventory_product_settings)""",
    "a variant counts its parts": """
        SELECT variant_id FROM product_variants v WHERE part_count <> (SELECT count(*) FROM product_variant_parts p
            WHERE p.product_id = v.product_id AND p.variant_id = v.variant_id)""",
    "a variant counts its dimensions": """
        SELECT variant_id FROM product_variants WHERE variant_id <> 0
        GROUP BY product_id, variant_id HAVING count(*) <> max(dimensions)""",
    "a part is a product": "SELECT * FROM product_variant_parts WHERE part_id NOT IN (SELECT id FROM products)",
    "a combination is there once": """
        SELECT 1 FROM (SELECT product_id, variant_id, group_concat(attr_id || ':' || attmpat_id || ':' || option_id)
            AS combination FROM (SELECT * FROM product_variants WHERE variant_id <> 0
            ORDER BY attr_id, attmpat_id, option_id) GROUP BY product_id, variant_id)
        GROUP BY product_id, combination HAVING count(*) > 1""",
    "an option has its attribute": "SELECT id FROM options WHERE attr_id NOT IN (SELECT id FROM attributes)",
    "a default is an option of its attribute": """
        SELECT id FROM attributes a WHERE default_id <> 0
        AND default_id NOT IN (SELECT id FROM options WHERE attr_id = a.id)""",
    "a value has its field and its product": """
        SELECT * FROM custom_field_values WHERE field_id NOT IN (SELECT id FROM custom_fields)
        OR record_id NOT IN (SELECT id FROM products)""",
    "a record has one canonical URI": """
        SELECT product_id FROM uris WHERE canonical GROUP BY product_id, cat_id, page_code HAVING count(*) > 1""",
}

# Most often the same, so that tags meet each other.
P, C, T = st.sampled_from(["p", "p", "p", "q", "r"]), st.sampled_from(["c", "d"]), st.just("t")
A, V = st.sampled_from(["size", "size", "look"]), st.sampled_from(["S", "M"])
FLAG = st.sampled_from(["Yes", "No"])


def tag(template, *values):
    return st.tuples(*values).map(lambda chosen: template.format(*chosen))


OPTION = '<Attribute_Option attribute_code="{}" option_code="{}"/>'
TAGS = st.one_of(
    tag("<Product_Add><Code>{0}</Code><Name>{0}</Name><Active>{1}</Active></Product_Add>", P, FLAG),
    tag('<Product_Update code="{}"><Code>{}</Code></Product_Update>', P, P),
    tag('<Product_Delete code="{}"/>', st.sampled_from(["q", "r"])),
    tag("<Category_Add><Code>{0}</Code><Name>{0}</Name></Category_Add>", C),
    tag('<Category_Update code="{}"><ParentCategoryCode>{}</ParentCategoryCode></Category_Update>', C, C),
    tag('<Category_Delete code="{}"/>', C),
    tag('<CategoryProduct_Assign category_code="{}" product_code="{}"/>', C, P),
    tag('<CategoryProduct_Unassign category_code="{}" product_code="{}"/>', C, P),
    tag(
        '<ProductAttribute_Add product_code="{}"><Code>{}</Code><Type>select</Type><Prompt>P</Prompt>'
        "<Inventory>{}</Inventory></ProductAttribute_Add>",
        P,
        A,
        FLAG,
    ),
    tag(
        '<ProductAttribute_Update product_code="{}" attribute_code="{}"><Inventory>{}</Inventory><Type>{}</Type>'
        "<Template_Code>t</Template_Code></ProductAttribute_Update>",
        P,
        A,
        FLAG,
        st.sampled_from(["select", "text", "template"]),
    ),
    tag('<ProductAttribute_Delete product_code="{}" attribute_code="{}"/>', P, A),
    tag('<ProductAttribute_Delete_All product_code="{}"/>', P),
    tag(
        '<ProductAttributeOption_Add product_code="{}" attribute_code="{}"><Code>{}</Code><Prompt>P</Prompt>'
        "<DefaultOption>{}</DefaultOption></ProductAttributeOption_Add>",
        P,
        A,
        V,
        FLAG,
    ),
    tag('<ProductAttributeOption_Delete product_code="{}" attribute_code="{}" option_code="{}"/>', P, A, V),
    tag(
        '<ProductVariant_Add product_code="{}"><Options>' + OPTION + '</Options><Parts><Part product_code="{}" '
        'quantity="1"/><Part product_code="{}" quantity="2"/></Parts></ProductVariant_Add>',
        P,
        A,
        V,
        P,
        P,
    ),
    tag('<ProductVariant_Delete product_code="{}"><Options>' + OPTION + "</Options></ProductVariant_Delete>", P, A, V),
    tag('<ProductVariant_Generate product_code="{}" pricing_method="sum"/>', P),
    tag(
        '<ProductVariant_Update_Default product_code="{}"><Parts><Part product_code="{}" quantity="1"/></Parts>'
        "</ProductVariant_Update_Default>",
        P,
        P,
    ),
    tag('<AttributeTemplate_Add code="{}" prompt="T"/>', T),
    tag('<AttributeTemplate_Delete code="{}"/>', T),
    tag(
        '<ProductAttribute_Add_Template product_code="{}"><AttributeTemplateCode>{}</AttributeTemplateCode>'
        "</ProductAttribute_Add_Template>",
        P,
        T,
    ),
    tag(
        '<InventoryProductSettings_Update product_code="{}"><TrackProduct>{}</TrackProduct><CurrentStock>3'
        "</CurrentStock></InventoryProductSettings_Update>",
        P,
        FLAG,
    ),
    tag('<ProductImage_Add product_code="{}" filepath="{}.png" imagetype_code="main"/>', P, C),
    tag('<ProductImage_Replace_Type product_code="{}" filepath="{}.png" imagetype_code="main"/>', P, C),
    tag('<ProductImage_Delete_File product_code="{}" filepath="{}.png"/>', P, C),
    tag('<Image_Delete filepath="{}.png"/>', C),
    tag(
        '<Module code="customfields" feature="util"><ProductField_Add><Code>{1}</Code><Name>N</Name></ProductField_Add>'
        '<ProductField_Value product="{0}" field="{1}">x</ProductField_Value></Module>',
        P,
        C,
    ),
    tag('<Module code="customfields" feature="util"><ProductField_Delete code="{}"/></Module>', C),
    tag('<URI_Add uri="/{}" product_code="{}" canonical="1"/>', C, P),
)


# Most tags need something to work on.
SET_UP = "".join(
    [
        *(f"<Product_Add><Code>{code}</Code><Name>{code}</Name></Product_Add>" for code in "pqr"),
        *(f"<Category_Add><Code>{code}</Code><Name>{code}</Name></Category_Add>" for code in "cd"),
        *(
            f'<ProductAttribute_Add product_code="p"><Code>{code}</Code><Type>select</Type><Prompt>P</Prompt>'
            "<Inventory>Yes</Inventory></ProductAttribute_Add>"
            for code in ("size", "look")
        ),
        *(
            f'<ProductAttributeOption_Add product_code="p" attribute_code="size"><Code>{code}</Code><Prompt>P</Prompt>'
            "<DefaultOption>Yes</DefaultOption></ProductAttributeOption_Add>"
            for code in "SM"
        ),
        '<AttributeTemplate_Add code="t" prompt="T"/>',
    ]
)


@pytest.fixture(scope="module")
def files_root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name in ("c", "d"):
        Image.new("RGB", (4, 4)).save(folder / f"{name}.png")
    return folder


# Not shrunk: that takes minutes, and the claim that is wrong says enough.
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(TAGS, min_size=60, max_size=100))
def test_counts_agree_with_what_is_there(files_root, tags):
    store = Store(store_id=1, code="sandbox", files_root=files_root)

    provisioning.run(store, SET_UP + "".join(tags))

    wrong = [claim for claim, query in INVARIANTS.items() if store.db.rows(query)]
    store.close()
    assert wrong == []
