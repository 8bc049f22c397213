"""Products that a product points to: a list, and whether one belongs to it."""

from miva_sandbox.api import assigned_products, list_query, product_reference, product_rows
from miva_sandbox.api.list_query import Column
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, FieldError, done
from miva_sandbox.state import products, related
from miva_sandbox.state.errors import Invalid

_LIST = product_rows.spec(order_column=Column("x.disp_order", searchable=False))


@function("RelatedProductList_Load_Query", needs=("PROD:view",))
def related_product_list_load_query(call: Call) -> Answer:
    product = product_reference.product(call)
    query = list_query.read(call, _LIST)
    join = "related_products x ON x.relprod_id = p.id AND x.product_id = ?"
    return assigned_products.answer(call, query, join=join, owner_id=product["id"])


@function("RelatedProduct_Update_Assigned", needs=("PROD:modify",))
def related_product_update_assigned(call: Call) -> Answer:
    product = product_reference.product(call)
    parameters = call.parameters
    if parameters.has("RelatedProduct_ID"):
        other = products.find_by_id(call.store, parameters.required_integer("RelatedProduct_ID"))
    else:
        name = "Edit_RelatedProduct" if parameters.has("Edit_RelatedProduct") else "RelatedProduct_Code"
        other = products.find(call.store, parameters.required_text(name))
    parameters.expect(("Edit_RelatedProduct", "RelatedProduct_Code"))
    if other is None:
        raise ApiError("MER-JSN-PRD-00074", "Related product not found")
    try:
        change = related.assign if parameters.boolean("Assigned", required=True) else related.unassign
        change(call.store, product["id"], other["id"])
    except Invalid as error:
        raise FieldError("RelatedProduct_Code", error.message) from error
    return done()
