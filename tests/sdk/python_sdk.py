"""Makes calls with Miva's SDK for Python."""

import warnings
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sdk.call import Call

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.model
    import merchantapi.request
    from merchantapi.client import Client


# Where the SDK takes models only, and does not make them of objects itself.
_MODELS = {
    "add_order_item": merchantapi.model.OrderItem,
    "set_custom_field_values": merchantapi.model.CustomFieldValues,
}


class PythonSdk:
    def __init__(self, *, endpoint: str, token: str, signature_key: str) -> None:
        self._client = Client(endpoint, token, signature_key, {"default_store_code": "sandbox"})

    def make(self, call: Call) -> dict[str, Any]:
        """Make a call; returns what its `answer` asks for, or the error."""
        request = getattr(merchantapi.request, call.request)(self._client)
        for name, value in call.methods.items():
            arguments = value if isinstance(value, tuple) else (value,)
            getattr(request, name)(*(_MODELS[name](one) if name in _MODELS else one for one in arguments))
        response = request.send()
        if response.is_error():
            return {"error": f"{response.get_error_code()}: {response.get_error_message()}"}
        return {name: _read(getattr(response, f"get_{name}")(), shape) for name, shape in call.answer.items()}


def _read(value: Any, shape: Any) -> Any:
    """Read of a value what a shape has: of models and objects its members, of lists all elements."""
    if isinstance(value, list) and isinstance(shape, list):
        return [_read(one, shape[min(index, len(shape) - 1)] if shape else None) for index, one in enumerate(value)]
    if isinstance(shape, Mapping) and value is not None:
        return {name: _read(_member(value, name), inner) for name, inner in shape.items()}
    # The SDK reads numbers as floats before it makes them decimals.
    return float(value) if isinstance(value, Decimal) else value


def _member(value: Any, name: str) -> Any:
    # Models are dictionaries as well, of the store's own names.
    getter = getattr(value, f"get_{name}", None)
    return getter() if getter is not None else value.get(name)
