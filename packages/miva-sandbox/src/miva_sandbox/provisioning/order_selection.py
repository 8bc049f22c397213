"""Which lines of an order a tag means, by line or by product code, with part quantities split off."""

from collections.abc import Collection

from miva_sandbox.provisioning.registry import Tag
from miva_sandbox.state import order_lines
from miva_sandbox.state.columns import key
from miva_sandbox.state.order_status import OPEN


def select(
    tag: Tag,
    order_id: int,
    *,
    line_id: int | None,
    code: str | None,
    quantity: int | None,
    taken: Collection[int] = (),
) -> list[int]:
    """
    Return the lines that are meant, of those that have not left yet; a smaller quantity splits the line.

    `taken` are lines that were selected before. More than there is selects what there is, and lint hears of it.
    """
    if line_id is None and code is None:
        raise tag.refuse("Missing required attribute product_code")
    if quantity is not None and quantity < 1:
        raise tag.refuse("Quantity must be a positive integer")
    found: list[int] = []
    left = quantity
    for line in order_lines.of_order(tag.store, order_id):
        if line["status"] not in OPEN or line["line_id"] in taken or left == 0:
            continue
        if line_id is not None and line["line_id"] != line_id:
            continue
        if code is not None and key(line["code"]) != key(code):
            continue
        if left is not None and left < line["quantity"]:
            found.append(order_lines.split(tag.store, line, left))
            left = 0
            continue
        found.append(line["line_id"])
        left = None if left is None else left - line["quantity"]
    if left or not found:
        tag.lint("skipped line", f"line {line_id or ''} {code or ''}: {left or 'none'} not available to ship")
    return found
