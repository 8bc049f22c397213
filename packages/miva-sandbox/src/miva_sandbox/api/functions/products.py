"""Products: list and delete."""

from miva_sandbox.api import list_query, product_reference, product_rows
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, done, page
from miva_sandbox.state import products

_LIST = product_rows.spec()


@function("ProductList_Load_Query", needs=("PROD:view",))
def product_list_load_query(call: Call) -> Answer:
    query = list_query.read(call, _LIST)
    product_rows.show(query)
    found, total = list_query.fetch(call, query, select="p.*", source="products p")
    rows = product_rows.rows(call, found, query.on_demand)
    return page(rows, total_count=total, start_offset=query.offset)


@function("Product_Delete", needs=("PROD:delete",))
def product_delete(call: Call) -> Answer:
    products.delete(call.store, product_reference.product(call)["id"])
    return done()
