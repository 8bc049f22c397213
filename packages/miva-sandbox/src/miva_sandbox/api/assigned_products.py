"""Pages of products with whether each is assigned to something: to a category, or to another product."""

from miva_sandbox.api import list_query, product_rows
from miva_sandbox.api.list_query import ListQuery
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import Answer, done, page


def answer(call: Call, query: ListQuery, *, join: str, owner_id: int) -> Answer:
    """
    Answer with what `Assigned` and `Unassigned` ask for; without either it is the assigned ones.

    `join` is the table of assignments as `x`, with the condition on the owner as its only parameter.
    """
    assigned, unassigned = call.parameters.boolean("Assigned"), call.parameters.boolean("Unassigned")
    if assigned is False and not unassigned:
        return done()
    if not unassigned:
        query.also("x.product_id IS NOT NULL")
    elif assigned is False:
        query.also("x.product_id IS NULL")
    found, total = list_query.fetch(
        call,
        query,
        select="p.*, x.product_id IS NOT NULL AS assigned",
        source=f"products p LEFT JOIN {join}",
        values=(owner_id,),
    )
    rows = product_rows.rows(call, found, query.on_demand)
    return page(
        [{"assigned": bool(source["assigned"]), **row} for source, row in zip(found, rows, strict=True)],
        total_count=total,
        start_offset=query.offset,
    )
