"""Tags of products: the records themselves, and which are related."""

from miva_sandbox.provisioning.lookups import category, product
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import categories, products, related
from miva_sandbox.state.columns import ColumnValues

_TEXTS = {
    "SKU": "sku",
    "Description": "descrip",
    "ThumbnailImage": "thumbnail",
    "FullSizeImage": "image",
    "PageTitle": "page_title",
}
_BOOLEANS = {"Taxable": "taxable", "Active": "active", "ExcludeFromSearchResults": "exsearch"}


@tag("Product_Add")
def add(tag: Tag) -> None:
    values: ColumnValues = {"code": tag.required_code("Code"), "name": tag.required_text("Name")}
    chosen = [category(tag, code)["id"] for code in _codes(tag.text("CategoryCode"))]
    values |= _details(tag)
    product_id = products.insert(tag.store, products.Product(**values))  # type: ignore[arg-type]  # fields by name
    for category_id in chosen:
        categories.assign(tag.store, category_id, product_id)


@tag("Product_Update")
def update(tag: Tag) -> None:
    row = product(tag, tag.attribute("code"))
    changes: ColumnValues = {}
    code = tag.code("Code")
    if code is not None:
        changes["code"] = code
    name = tag.text("Name", blank=False)
    if name is not None:
        changes["name"] = name
    changes |= _details(tag)
    products.update(tag.store, row["id"], changes)


@tag("Product_Delete")
def delete(tag: Tag) -> None:
    products.delete(tag.store, product(tag, tag.attribute("code"))["id"])


@tag("ProductRelatedProduct_Assign")
def relate(tag: Tag) -> None:
    first, second = tag.attribute("product_code"), tag.attribute("relatedproduct_code")
    if not related.assign(tag.store, product(tag, first)["id"], product(tag, second)["id"]):
        tag.lint("nothing to do", f"'{second}' is related to '{first}' already")


@tag("ProductRelatedProduct_Unassign")
def unrelate(tag: Tag) -> None:
    first, second = tag.attribute("product_code"), tag.attribute("relatedproduct_code")
    if not related.unassign(tag.store, product(tag, first)["id"], product(tag, second)["id"]):
        tag.lint("nothing to do", f"'{second}' is not related to '{first}'")


def _codes(text: str | None) -> list[str]:
    return [code.strip() for code in (text or "").split(",") if code.strip()]


def _details(tag: Tag) -> ColumnValues:
    """Read what Product_Add and Product_Update share; only what is present."""
    changes: ColumnValues = {}
    for name, column in _TEXTS.items():
        text = tag.text(name)
        if text is not None:
            changes[column] = text
    for column, value in (
        ("price", tag.price("Price")),
        ("cost", tag.price("Cost")),
        ("weight", tag.weight("Weight")),
    ):
        if value is not None:
            changes[column] = value
    for name, column in _BOOLEANS.items():
        flag = tag.boolean(name)
        if flag is not None:
            changes[column] = flag
    page = tag.code("AlternateDisplayPage", blank=True)
    if page is not None:
        changes["page_code"] = page
    canonical = tag.text("CanonicalCategoryCode")
    if canonical is not None:
        found = categories.find(tag.store, canonical) if canonical else None
        if canonical and found is None:
            # The product is stored all the same, without a canonical category.
            tag.complain(f"The Category '{canonical}' does not exist")
        changes["cancat_id"] = found["id"] if found is not None else 0
    return changes
