"""
Which functions of Miva's JSON API the sandbox has, as a page: `miva-sandbox coverage`.

function_names.txt lists what Miva's Python SDK 2.7.0 can call; functions of modules come from the registry.
"""

from collections.abc import Iterator
from importlib.resources import files

from miva_sandbox.api import functions, registry
from miva_sandbox.api.registry import Function

# Importing the package is what registers the functions.
_REGISTERED = functions

_HEAD = """# What the sandbox implements of the JSON API

Made by `miva-sandbox coverage`; don't edit. A function that is missing answers `invalid_function`, as a real store does
for a name that it doesn't know.

{implemented} of {total} functions are implemented.

| function | state | right that it asks for |
|---|---|---|
"""


def names() -> list[str]:
    """Return the name under which each function of the API is assigned to a token, in order."""
    known = (files("miva_sandbox.api") / "function_names.txt").read_text(encoding="utf-8").split()
    # The SDK's `Module` is the way to call any module's function, which are listed themselves.
    return sorted({*known, *_implemented()} - {"Module"}, key=str.casefold)


def page() -> str:
    implemented = _implemented()
    head = _HEAD.format(implemented=len(implemented), total=len(names()))
    return head + "".join(_lines(implemented))


def _implemented() -> dict[str, Function]:
    return {function.assignment: function for function in registry.all_functions()}


def _lines(implemented: dict[str, Function]) -> Iterator[str]:
    for name in names():
        function = implemented.get(name)
        yield f"| `{name}` | {'implemented' if function else 'missing'} | {_right(function) if function else ''} |\n"


def _right(function: Function) -> str:
    if function.only_assigned or (function.is_domain_level and not function.open_to_all):
        return "assigned to the token"
    if function.open_to_all:
        return "none"
    return (" or " if function.any_of else " and ").join(function.needs)
