"""Write `commands.md` from the command line itself: `.venv/bin/python docs/reference/write_commands.py`."""

from pathlib import Path
from typing import Any

from tradepost.cli import NOUNS, load, top_command, verbs_of
from tradepost.cli.exit_codes import Exit

HEAD = """# Commands

Written by `docs/reference/write_commands.py`; a test keeps it true.

The grammar is `tradepost <noun> <verb>`. Every command answers `--help`. What all have in common:

- `--json` prints one object on standard output and nothing else; an error is `{"error": sentence, "kind": class}`.
- `--channel NAME` may be left out where there is only one channel.
- `--dry-run` prints the plan, queues nothing and changes nothing.
- Progress and complaints go to standard error.
- Secrets are asked for without echo, or read from a file, from standard input, or from the environment:
  `TRADEPOST_TOKEN`, `TRADEPOST_SIGNATURE_KEY`, `TRADEPOST_FTP_PASSWORD`, `TRADEPOST_WEB_PASSWORD`,
  `TRADEPOST_PASSWORD`. They are never an option's value.
- Data and keys lie in the folder that `TRADEPOST_DATA` names, by default the user's data folder.
- Whatever takes effect at once for many listings (`--all --now`, `--where ... --now`, and `clear`, `pause`, `unpause`
  and `unlink` with `--all` or `--where`), and `delist` in any case, asks first and names how many listings it concerns.
  `--yes` answers; where there is no terminal to ask at, it is refused. It is no answer to the brake: that is
  `--beyond-brake`.
- `--where` takes a [filter](filters.md), `--file` a CSV file with a column SKU.
- A name that is not known is answered by the nearest one that is. Where several SKUs are named, the others are done,
  and the exit code is 1.
"""

EXIT_CODES = {
    Exit.DONE: "done, and everything went well",
    Exit.WITH_ERRORS: "done with errors: something went wrong, could not be proven, or was not known by its name",
    Exit.BAD_INPUT: "bad usage or input, not allowed in the present state, or the data folder is in the way",
    Exit.STORE_REFUSED: "the store can't be reached, or refuses the credentials",
    Exit.ALREADY_RUNNING: "somebody else is executing what was asked for",
    Exit.STOPPED_BY_BRAKE: "the brake held a part back; see 'When the brake stops a run' in the how-to on listings",
    Exit.INTERRUPTED: "stopped by Ctrl-C, or by a no to a question",
}


def text() -> str:
    """Describe every command, its arguments and its options."""
    codes = "".join(f"| {code.value} | {EXIT_CODES[code]} |\n" for code in Exit)
    parts = [HEAD, "\n| exit code | means |\n|---|---|\n", codes, _describe("tradepost", top_command())]
    for name, noun in NOUNS.items():
        parts.append(f"\n## {name}\n\n{noun.help}\n")
        parts.extend(_describe(f"tradepost {name} {verb}".strip(), each) for verb, each in verbs_of(load(name)).items())
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
    word = "" if parameter.is_flag else parameter.display_type_rich(None)
    return f" {word}" if word else ""


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


if __name__ == "__main__":
    Path(__file__).with_name("commands.md").write_text(text(), encoding="utf-8")
