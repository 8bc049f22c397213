"""A person of the merchant's who works in the store itself, by Miva's own SDK: `cancel FACTS ORDER LINE...`."""

import json
import sys
import warnings
from collections.abc import Sequence

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from merchantapi.client import Client
    from merchantapi.request import OrderItemListCancel


def main(arguments: Sequence[str]) -> int:
    """Cancel lines of an order. Ends with 1 where the store refused, or a fault struck; it may be done all the same."""
    facts, order, *lines = arguments
    connection = json.loads(facts)
    options = {"default_store_code": connection["store_code"]}
    client = Client(connection["endpoint"], connection["token"], connection["signature_key"], options)
    request = OrderItemListCancel(client)
    request.set_order_id(int(order))
    for line in lines:
        request.add_line_id(int(line))
    try:
        return 0 if request.send().is_success() else 1
    except Exception as error:  # noqa: BLE001 - the SDK raises what its transport raises
        print(error, file=sys.stderr)
        return 1
