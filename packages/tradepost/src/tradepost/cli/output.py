"""
What commands print: tables for people, or with `--json` one object for programs, on standard output; progress on
standard error, and only where somebody watches it.
"""

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tradepost.cli.console import CleanConsole
from tradepost.database.json_values import plain
from tradepost.domain.plan import Change, Result
from tradepost.domain.value_words import field_words
from tradepost.security.terminal import escaped, printable

if TYPE_CHECKING:
    from tradepost.database.models import Channel

# Piped into a file or a program, a table is not squeezed into the 80 columns that no screen has.
out = CleanConsole(highlight=False, width=None if sys.stdout.isatty() else 240)
err = CleanConsole(stderr=True, highlight=False)

ShowStep = Callable[[int, int | None, str], None]
"""Shows how far a piece of work is: done, total (None if unknown), both of the same things, and what is being done."""


def say(sentence: str, *, to: CleanConsole = out) -> None:
    """Print a sentence as it is: nothing in it is markup, and no line of it is broken."""
    to.print(sentence, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one object; decimals as text, so that no cent is lost on the way."""
    print(escaped(json.dumps(value, default=plain, ensure_ascii=False)))


def counted(number: int, singular: str) -> str:
    """Write a number with its noun: 1 listing, 2 listings."""
    return f"{number} {singular if number == 1 else singular + 's'}"


def look_only_sentence(channel: "Channel") -> str:
    """Say that nothing is written to a store, and how that ends."""
    from tradepost.engine.standings import unshared_words

    return (
        f"'{channel.name}' is look-only: nothing is written to its store, and every run only shows what it would do. "
        f"'tradepost channel go-live {shlex.quote(channel.name)}' ends that.{unshared_words(channel.pk)}"
    )


def restored_sentence(channel: "Channel") -> str:
    """Say that what came after a channel's database was put back is not known, and how it becomes known."""
    return (
        f"'{channel.name}' is look-only: {channel.restored_why} Orders and listings that came after that are on the "
        f"store, and not here. 'tradepost channel go-live {shlex.quote(channel.name)}' reads both back, says what it "
        "found, and asks before anything is written."
    )


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "", empty: str = "") -> None:
    """
    Print rows as a table, or the sentence `empty` where there are none.

    Columns come in the order of their importance: where a terminal is too narrow for all of them without breaking
    words, the last ones are left out, and named below.
    """
    cells = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    if not cells and empty:
        say(empty)
        return
    widths = fitting_widths(columns, cells, room=out.width)
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column, width in zip(columns, widths, strict=False):
        table.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold", width=width)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row[: len(widths)]))
    out.print(table, soft_wrap=not out.is_terminal)
    left_out = columns[len(widths) :]
    if left_out:
        out.print(f"Left out, for a wider terminal or --json: {', '.join(left_out)}.", markup=False, style="dim")


_NUMBERS = frozenset({"price", "quantity", "count", "total", "done", "lines", "pieces", "id"})
_GAP = 2
# What is as short as this is never parted; longer text is, between words, and a longer word has to give in at last.
_UNPARTED, _LONGEST_WORD = 16, 40


def fitting_widths(columns: Sequence[str], rows: Sequence[Sequence[str]], *, room: int) -> list[int]:
    """Return the width of each column that fits into `room` without breaking words, from the first one on."""
    texts = [[column, *(row[place] for row in rows)] for place, column in enumerate(columns)]
    longest = [max(cell_len(text) for text in column) for column in texts]
    least = [max(_least_width(text) for text in column) for column in texts]
    shown = len(columns)
    while shown > 1 and sum(least[:shown]) + _GAP * (shown - 1) > room:
        shown -= 1
    widths = least[:shown]
    spare = room - sum(widths) - _GAP * (shown - 1)
    # Who lacks little gets it first: so most columns are whole, and one long text takes the rest.
    for place in sorted(range(shown), key=lambda place: longest[place] - widths[place]):
        more = max(0, min(spare, longest[place] - widths[place]))
        widths[place] += more
        spare -= more
    return widths


def _least_width(text: str) -> int:
    if cell_len(text) <= _UNPARTED:
        return cell_len(text)
    return min(_LONGEST_WORD, max(cell_len(word) for word in text.split(" ")))


def change_json(change: Change) -> dict[str, Any]:
    return {
        "subject": change.subject.kind.value,
        "key": change.subject.key,
        "label": change.subject.label,
        "side": change.side.value,
        "action": change.action.value,
        "fields": [{"name": field.name, "before": field.before, "after": field.after} for field in change.fields],
        "reason": change.reason,
    }


def result_json(result: Result) -> dict[str, Any]:
    return {
        **change_json(result.change),
        "outcome": result.outcome.value,
        "proof": result.proof.value,
        "message": result.message,
    }


def change_lines(change: Mapping[str, Any]) -> Iterator[str]:
    """Write a change, as JSON has it, for people: what, on what, why, what became of it if it was done, and values."""
    label = f" {change['label']}" if change["label"] else ""
    reason = f"  ({change['reason']})" if change["reason"] else ""
    outcome = f" [{change['outcome']}]" if change.get("outcome") else ""
    message = f" {change['message']}" if change.get("message") else ""
    yield printable(f"{change['action']} {change['subject']} {change['key']}{label}{reason}{outcome}{message}")
    for field in change["fields"]:
        yield printable(f"    {field_words(field['name'], field.get('before'), field.get('after'))}")


@contextmanager
def progress(*, is_shown: bool = True) -> Iterator[ShowStep]:
    """Show a progress bar on standard error while the block works; quiet where nobody watches."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not (is_shown and err.is_terminal),
    )
    with bar:
        task = bar.add_task("", total=None)

        def step(done: int, total: int | None, label: str) -> None:
            # More may come up while the work goes on: the total follows, and is never less than what is done.
            known = None if total is None else max(done, total)
            bar.update(task, completed=done, total=known, description=escape(printable(label)))

        yield step
