"""Write `commands.md` from the command line itself: `.venv/bin/python docs/reference/write_commands.py`."""

import os
import tempfile
from enum import Enum
from pathlib import Path
from typing import Any

HEAD = """# Commands

Written by `docs/reference/write_commands.py`; a test keeps it true.

The grammar is `tradepost <noun> <verb>`. Every command answers `--help`. What all have in common:

- `--json` prints one object on standard output and nothing else; an error is `{"error": sentence, "kind": class}`.
- `--channel NAME` may be left out where there is only one channel.
- `--dry-run` prints the plan, queues nothing and changes nothing.
- Progress and complaints go to standard error.
- Secrets are asked for without echo, or read from a file, from standard input, or from the environment:
  `TRADEPOST_TOKEN`, `TRADEPOST_SIGNING_KEY`, `TRADEPOST_FTP_PASSWORD`, `TRADEPOST_PASSWORD`. They are never an
  option's value.
- Data and keys lie in the folder that `TRADEPOST_DATA` names, by default the user's data folder.

| exit code | means |
|---|---|
| 0 | done, and everything went well |
| 1 | done with errors, or something could not be proven |
| 2 | bad usage or input, not allowed in the present state, or disk, database or data folder are in the way |
| 3 | the store can't be reached, or refuses the credentials |
| 4 | somebody else is executing what was asked for |
| 130 | stopped by Ctrl-C |
"""


def text() -> str:
    """Describe every command, its arguments and its options."""
    from tradepost.cli import NOUNS, load  # noqa: PLC0415 reads the environment that main() prepares

    parts = [HEAD]
    for name, noun in NOUNS.items():
        command = load(name)
        parts.append(f"\n## {name}\n\n{noun.help}\n")
        verbs: dict[str, Any] = getattr(command, "commands", None) or {"": command}
        parts.extend(_describe(f"tradepost {name} {verb}".strip(), each) for verb, each in verbs.items())
    return "".join(parts)


def _describe(line: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join([line, *(_argument(p) for p in arguments)])
    described = "\n\n".join(" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n"))
    rows = [f"| `{_argument(p)}` | {_cell(p)} |" for p in arguments]
    rows += [f"| `{'`, `'.join([*p.opts, *p.secondary_opts])}`{_values(p)} | {_cell(p)} |" for p in options]
    table = "\n".join(["| argument or option | |", "|---|---|", *rows]) + "\n" if rows else ""
    return f"\n### `{usage}`\n\n{described}\n\n{table}"


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name.upper()).replace("[", "").replace("]", "").removesuffix("...")
    if parameter.nargs == -1:
        name += "..."
    return name if parameter.required else f"[{name}]"


def _values(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    if not parameter.is_flag and isinstance(kind, type) and issubclass(kind, Enum):
        return " " + ", ".join(f"`{choice.value}`" for choice in kind if choice.value)
    return f" {parameter.metavar}" if parameter.metavar else ""


def _cell(parameter: Any) -> str:
    words = [" ".join((parameter.help or "").split()).replace("|", "\\|")]
    if parameter.required and parameter.param_type_name == "option":
        words.append("Required.")
    if _has_default(parameter):
        words.append(f"Default: `{getattr(parameter.default, 'value', parameter.default)}`.")
    return " ".join(words)


def _has_default(parameter: Any) -> bool:
    default = parameter.default
    return not getattr(parameter, "is_flag", False) and default not in (None, "", ()) and not callable(default)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRADEPOST_DATA"] = folder
        os.environ.pop("DATABASE_URL", None)
        Path(__file__).with_name("commands.md").write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
