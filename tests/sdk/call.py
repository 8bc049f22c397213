"""
One call of an SDK, told so that any language's SDK can make it.

Miva's SDKs of all languages are generated from one source: `set_product_code` of one is `setProductCode` of another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    `methods` of the request are called in order; a value that is an object becomes a model of the SDK.

    `answer` is read by getters: {"products": [{"code": "A"}]} is the code of each of `get_products()`, one "A".
    `leaves` are queries of the store's database, and the rows that they must find afterwards.
    """

    function: str
    methods: Mapping[str, Any]
    answer: Mapping[str, Any] = field(default_factory=dict)
    leaves: Mapping[str, list[Any]] = field(default_factory=dict)

    @property
    def request(self) -> str:
        """The name of the SDK's class of requests."""
        return "Module" if self.function.startswith("Module:") else self.function.replace("_", "")


def call(
    function: str,
    /,
    *,
    answer: Mapping[str, Any] | None = None,
    leaves: Mapping[str, list[Any]] | None = None,
    **methods: Any,
) -> Call:
    return Call(function=function, methods=methods, answer=answer or {}, leaves=leaves or {})
