"""
Options that belong together: the fields of a dataclass, which a command takes as one value.

So a group that several commands have is written once, and a command of many options has few parameters.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_origin, get_type_hints

R = TypeVar("R")


def with_groups(command: Callable[..., R]) -> Callable[..., R]:
    """
    Show a command to typer, which knows one parameter for each option, with the options of its groups as its own.

    A parameter whose type is a dataclass is a group, and each of its fields that says what option it is (`Annotated`)
    becomes one; other fields keep their default.
    """
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, tuple[type, dict[str, str]]] = {}
    for parameter in inspect.signature(command).parameters.values():
        kind = hints[parameter.name]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            options = {_typed_name(option): option for option in _options(kind)}
            groups[parameter.name] = kind, {option.name: name for name, option in options.items()}
            parameters += [option.replace(name=name) for name, option in options.items()]
        else:
            parameters.append(parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def execute(**given: Any) -> R:
        # Taken apart first: a group may be named as an option of another one is.
        values = {
            group: kind(**{field: given.pop(name) for field, name in fields.items()})
            for group, (kind, fields) in groups.items()
        }
        return command(**given, **values)

    execute.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # it is read by `inspect`
    return execute


def _options(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    fields = inspect.signature(group).parameters.values()
    return [field.replace(annotation=hint) for field in fields if get_origin(hint := hints[field.name]) is Annotated]


def _typed_name(field: inspect.Parameter) -> str:
    """
    Return what an option is called on the command line, as typer would name its parameter; an argument has its field's
    name. Fields bear the names of what is made of them, and two groups may have one in common.
    """
    declared = field.annotation.__metadata__[0].default
    return declared.partition("/")[0].strip("-").replace("-", "_") if isinstance(declared, str) else field.name
