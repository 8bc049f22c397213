"""The children of `Module`: each module registers its own; what a module doesn't know it passes over in silence."""

from collections.abc import Callable

from miva_sandbox.provisioning.registry import TagFunction

_children: dict[tuple[str, str], TagFunction] = {}


def child(module_code: str, name: str) -> Callable[[TagFunction], TagFunction]:
    """Register the function of a child element of one module."""

    def register(function: TagFunction) -> TagFunction:
        _children[module_code, name.lower()] = function
        return function

    return register


def find(module_code: str, key: str) -> TagFunction | None:
    return _children.get((module_code, key))
