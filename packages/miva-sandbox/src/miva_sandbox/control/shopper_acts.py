"""A shopper's acts as the control API takes them, and what it answers."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from miva_sandbox.control import request_body
from miva_sandbox.control.request_body import Body, RefusedError
from miva_sandbox.control.shopper import Shopper
from miva_sandbox.state.baskets import OutOfStock, PaymentDied, PaymentRefused
from miva_sandbox.state.hooks import PaymentOutcome
from miva_sandbox.state.sales import NotForSaleError


def act(shopper: Shopper, body: Body) -> Body:
    """Do what `act` names; what the shop refuses is no error here, its reason is in `refused`. Raises RefusedError."""
    name = request_body.text(body, "act")
    if name not in _ACTS:
        raise RefusedError(f"act must be one of: {', '.join(_ACTS)}")
    try:
        return _ACTS[name](shopper, body)
    except NotForSaleError as refused:
        return {"refused": refused.message, "page": refused.page}
    except OutOfStock as refused:
        short = refused.shortage
        return {"refused": "out of stock", "product": short.product["code"], "available": short.available}
    except PaymentRefused:
        return {"refused": "payment refused"}
    except PaymentDied:
        return {"refused": "payment died"}


def _add(shopper: Shopper, body: Body) -> Body:
    choices = body.get("choices") or {}
    if not isinstance(choices, dict) or not all(isinstance(value, str) for value in choices.values()):
        raise RefusedError("choices must be an object of texts")
    quantity = request_body.whole(body, "quantity", default=1, low=1)
    return {"line": shopper.add(request_body.text(body, "code"), quantity, choices)}


def _change(shopper: Shopper, body: Body) -> Body:
    shopper.change(request_body.whole(body, "line"), request_body.whole(body, "quantity"))
    return {}


def _remove(shopper: Shopper, body: Body) -> Body:
    shopper.remove(request_body.whole(body, "line"))
    return {}


def _empty(shopper: Shopper, _: Body) -> Body:
    shopper.empty()
    return {}


def _look(shopper: Shopper, _: Body) -> Body:
    return {
        "lines": [
            {"line": item.line_id, "code": item.line.code, "sku": item.line.sku, "quantity": item.line.quantity}
            for item in shopper.look()
        ]
    }


def _check_out(shopper: Shopper, body: Body) -> Body:
    payment: Any = body.get("payment")
    if payment is not None and payment not in get_args(PaymentOutcome):
        raise RefusedError(f"payment must be one of: {', '.join(get_args(PaymentOutcome))}")
    bought = shopper.check_out(payment=payment)
    return (
        {"refused": "the basket is empty"}
        if bought is None
        else {"order": bought.order_id, "pending": bought.is_pending}
    )


_ACTS: Mapping[str, Callable[[Shopper, Body], Body]] = {
    "add": _add,
    "change": _change,
    "remove": _remove,
    "empty": _empty,
    "look": _look,
    "check_out": _check_out,
}
