"""Tags of categories, and of the products in them."""

from miva_sandbox.provisioning.lookups import category, product
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import categories
from miva_sandbox.state.columns import ColumnValues


@tag("Category_Add")
def add(tag: Tag) -> None:
    values: ColumnValues = {"code": tag.required_code("Code"), "name": tag.required_text("Name", limit=100)}
    values |= _details(tag)
    categories.insert(tag.store, categories.Category(**values))  # type: ignore[arg-type]  # fields by name


@tag("Category_Update")
def update(tag: Tag) -> None:
    row = category(tag, tag.attribute("code"))
    changes: ColumnValues = {}
    code = tag.code("Code")
    if code is not None:
        changes["code"] = code
    name = tag.text("Name", blank=False, limit=100)
    if name is not None:
        changes["name"] = name
    if tag.text("ParentCategoryCode") == "":
        tag.lint("nothing to do", "a blank ParentCategoryCode does not move a category to the root")
    categories.update(tag.store, row["id"], changes | _details(tag))


@tag("Category_Delete")
def delete(tag: Tag) -> None:
    categories.delete(tag.store, category(tag, tag.attribute("code"))["id"])


@tag("CategoryProduct_Assign")
def assign(tag: Tag) -> None:
    category_code, product_code = tag.attribute("category_code"), tag.attribute("product_code")
    if not categories.assign(tag.store, category(tag, category_code)["id"], product(tag, product_code)["id"]):
        raise tag.refuse(f"Product '{product_code}' is already assigned to Category '{category_code}'")


@tag("CategoryProduct_Unassign")
def unassign(tag: Tag) -> None:
    category_code, product_code = tag.attribute("category_code"), tag.attribute("product_code")
    if not categories.unassign(tag.store, category(tag, category_code)["id"], product(tag, product_code)["id"]):
        raise tag.refuse(f"Product '{product_code}' is not assigned to Category '{category_code}'")


def _details(tag: Tag) -> ColumnValues:
    """Read what Category_Add and Category_Update share; only what is present."""
    changes: ColumnValues = {}
    parent_code = tag.text("ParentCategoryCode")
    if parent_code:
        parent = categories.find(tag.store, parent_code)
        if parent is None:
            raise tag.refuse(f"Parent Category with the code '{parent_code}' does not exist")
        changes["parent_id"] = parent["id"]
    active = tag.boolean("Active")
    if active is not None:
        changes["active"] = active
    title = tag.text("PageTitle", limit=254)
    if title is not None:
        changes["page_title"] = title
    page = tag.code("AlternateDisplayPage", blank=True)
    if page is not None:
        changes["page_code"] = page
    return changes
