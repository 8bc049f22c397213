"""What help says of arguments and options: the words of a person, not the types of the program."""

from copy import copy
from pathlib import Path
from typing import Any

import typer

_WORDS: dict[Any, str] = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "PATH"}


def without_type_noise(command: Any) -> Any:
    """Let a command's help show a word for the value of an option, none for a flag, and choices in its sentence."""
    # The option --help is made on first use, so it is asked for here.
    context = typer.Context(command, help_option_names=["-h", "--help"])
    for parameter in [*command.params, command.get_help_option(context)]:
        word = _word(parameter)
        # The framework has no setting for it; where it has another name for this, its help is noisy and still right.
        parameter.display_type_rich = lambda ctx, word=word: word  # noqa: ARG005 the framework passes its context
        parameter.help = f"{parameter.help or ''}{_limits(parameter)}"
    # Parsing needs the names as they are; what is shown is a copy.
    shown = copy(command)
    shown.get_params = lambda context: [_in_one_column(parameter) for parameter in command.get_params(context)]
    command.format_help = shown.format_help
    return command


def _in_one_column(parameter: Any) -> Any:
    """Put the value and the contrary beside and below an option's name: in columns of their own they cut names."""
    if parameter.param_type_name == "argument":
        return parameter
    shown = copy(parameter)
    long = [name for name in parameter.opts if name.startswith("--")]
    lines = [f"{', '.join(long)} {_word(parameter)}".strip(), *parameter.secondary_opts]
    shown.opts = ["\n".join(lines), *(name for name in parameter.opts if name not in long)]
    shown.secondary_opts = []
    shown.display_type_rich = lambda ctx: ""  # noqa: ARG005 the framework passes its context
    return shown


def _limits(parameter: Any) -> str:
    """Say what values are accepted, and take it from where the framework would show it as a formula."""
    choices = choices_of(parameter)
    if choices:
        return f" One of: {', '.join(choices)}."
    least, most = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if least is None or most is None:
        return ""
    # Values are checked by their type, which keeps its limits.
    parameter.min = parameter.max = None
    return f" From {least} to {most}."


def choices_of(parameter: Any) -> list[str]:
    """Return what an option accepts, where that is a list; blank, which can't be typed, is left out."""
    kind = getattr(parameter, "type_descriptor", None)
    if kind is None or not kind.is_choice:
        return []
    return [str(getattr(choice, "value", choice)) for choice in kind.choices or () if getattr(choice, "value", choice)]


def _word(parameter: Any) -> str:
    if parameter.param_type_name == "argument" or parameter.is_flag:
        return ""
    if parameter.metavar:
        return str(parameter.metavar)
    if choices_of(parameter):
        return str(parameter.name).upper().replace("_", "-")
    return _WORDS.get(parameter.type_descriptor.annotation, "TEXT")
