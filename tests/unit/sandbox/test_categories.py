"""Categories: the tree, its quirks, and assignments."""

import pytest

from miva_sandbox.state import categories


@pytest.fixture
def tree(accept):
    """home > kitchen > mugs."""
    accept(
        "<Category_Add><Code>home</Code><Name>Home</Name></Category_Add>"
        "<Category_Add><Code>kitchen</Code><Name>K</Name><ParentCategoryCode>HOME</ParentCategoryCode></Category_Add>"
        "<Category_Add><Code>mugs</Code><Name>M</Name><ParentCategoryCode>kitchen</ParentCategoryCode></Category_Add>"
    )


def depths(store):
    return {row["code"]: row["depth"] for row in store.db.rows("SELECT code, depth FROM categories ORDER BY id")}


def test_children_stand_one_deeper_than_their_parent(store, tree):
    assert depths(store) == {"home": 0, "kitchen": 1, "mugs": 2}


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        (
            "<Category_Add><Code>x</Code><Name>X</Name><ParentCategoryCode>no</ParentCategoryCode></Category_Add>",
            "Parent Category with the code 'no' does not exist",
        ),
        (
            "<Category_Add><Code>HOME</Code><Name>X</Name></Category_Add>",
            "Category with the code 'HOME' already exists",
        ),
        ("<Category_Delete code='no'/>", "Category with the code 'no' does not exist"),
        (
            "<Category_Update code='kitchen'><ParentCategoryCode>mugs</ParentCategoryCode></Category_Update>",
            "A category can not be the child of one of its children",
        ),
        (
            f"<Category_Add><Code>x</Code><Name>{'x' * 101}</Name></Category_Add>",
            "Value for Name must be 100 characters or less",
        ),
        (
            "<CategoryProduct_Assign category_code='home' product_code='no'/>",
            "Product with the code 'no' does not exist",
        ),
    ],
)
def test_what_a_store_says_against_a_tag(tree, messages, tag, message):
    assert messages(tag) == [message]


def test_a_blank_parent_does_not_move_a_category_to_the_root(store, tree, accept, lint):
    accept("<Category_Update code='mugs'><ParentCategoryCode/></Category_Update>")

    assert depths(store)["mugs"] == 2
    assert lint() == ["nothing to do"]


def test_a_top_level_category_can_be_put_below_itself_without_a_message(store, tree, accept, lint):
    accept("<Category_Update code='home'><ParentCategoryCode>mugs</ParentCategoryCode></Category_Update>")

    assert categories.find(store, "home")["parent_id"] == categories.find(store, "mugs")["id"]
    assert lint() == ["category ring"]


def test_children_of_a_deleted_category_move_to_its_parent(store, tree, accept):
    accept("<Category_Delete code='kitchen'/>")

    assert depths(store) == {"home": 0, "mugs": 1}
    assert categories.find(store, "mugs")["parent_id"] == categories.find(store, "home")["id"]


def test_a_rename_does_not_look_for_a_code_in_use(store, tree, accept):
    accept("<Category_Update code='mugs'><Code>home</Code></Category_Update>")

    assert store.db.value("SELECT count(*) FROM categories WHERE code_key = 'home'") == 2


def test_assigning_twice_and_unassigning_twice_each_give_a_message(store, tree, accept, messages):
    accept("<Product_Add><Code>p</Code><Name>P</Name></Product_Add>")
    assign = "<CategoryProduct_Assign category_code='mugs' product_code='p'/>"
    unassign = "<CategoryProduct_Unassign category_code='mugs' product_code='p'/>"

    assert messages(assign * 2) == ["Product 'p' is already assigned to Category 'mugs'"]
    assert store.db.value("SELECT catcount FROM products") == 1
    assert messages(unassign * 2) == ["Product 'p' is not assigned to Category 'mugs'"]
    assert store.db.value("SELECT catcount FROM products") == 0


def test_deleting_a_category_keeps_its_products(store, tree, accept):
    accept(
        "<Product_Add><Code>p</Code><Name>P</Name><CategoryCode>mugs</CategoryCode>"
        "<CanonicalCategoryCode>mugs</CanonicalCategoryCode></Product_Add><Category_Delete code='mugs'/>"
    )

    row = store.db.row("SELECT code, catcount, cancat_id FROM products")
    assert tuple(row) == ("p", 0, 0)
