"""
What commands print: tables for people, or with `--json` one object for programs, on standard output; progress on
standard error, and only where somebody watches it.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tradepost.cli.console import CleanConsole
from tradepost.domain.plan import Change, Outcome, Proof, Result
from tradepost.security.terminal import escaped, printable

# Piped into a file or a program, a table is not squeezed into the 80 columns that no screen has.
out = CleanConsole(highlight=False, width=None if sys.stdout.isatty() else 240)
err = CleanConsole(stderr=True, highlight=False)

Step = Callable[[int, int | None, str], None]
"""Shows how far a piece of work is: done, total (None if unknown), and what is being done."""


def print_json(value: Any) -> None:
    """Print one object; decimals as text, so that no cent is lost on the way."""
    print(escaped(json.dumps(value, default=_plain, ensure_ascii=False)))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return sorted(value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)


def counted(number: int, singular: str) -> str:
    """Write a number with its noun: 1 listing, 2 listings."""
    return f"{number} {singular if number == 1 else singular + 's'}"


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "", empty: str = "") -> None:
    """Print rows as a table, or the sentence `empty` where there are none."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else _safe(str(cell)) for cell in row))
    if table.row_count or not empty:
        out.print(table, soft_wrap=not out.is_terminal)
    else:
        out.print(empty, markup=False)


_NUMBERS = frozenset({"price", "quantity", "count", "total", "done", "lines", "pieces", "id"})


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


def print_change(change: Change, *, outcome: str = "") -> None:
    reason = f"  [dim]({_safe(change.reason)})[/dim]" if change.reason else ""
    label = f" [dim]{_safe(change.subject.label)}[/dim]" if change.subject.label else ""
    out.print(
        f"[bold]{change.action.value}[/bold] {change.subject.kind.value} "
        f"{_safe(change.subject.key)}{label}{reason}{outcome}",
        soft_wrap=True,
    )
    for field in change.fields:
        before = "" if field.before is None else f"{short(field.before)} -> "
        out.print(f"    {field.name}: {before}{short(field.after)}", markup=False, soft_wrap=True)


def print_results(results: Sequence[Result], *, quiet: frozenset[Outcome] = frozenset()) -> None:
    for result in results:
        if result.outcome in quiet:
            continue
        proof = f", {result.proof.value}" if result.proof is not Proof.NONE else ""
        message = f": {_safe(result.message)}" if result.message else ""
        print_change(result.change, outcome=f"  [{_COLOURS[result.outcome]}]{result.outcome.value}[/]{proof}{message}")


_COLOURS = {
    Outcome.APPLIED: "green",
    Outcome.UNCHANGED: "dim",
    Outcome.SKIPPED: "yellow",
    Outcome.REJECTED: "red",
    Outcome.FAILED: "red",
    Outcome.UNKNOWN: "red",
}


def short(value: Any, *, width: int = 100) -> str:
    """Write a value on one line, cut where it is long."""
    text = " ".join(str(value).split())
    return printable(text if len(text) <= width else f"{text[: width - 1]}…")


def _safe(text: str) -> str:
    # It may look like markup, too.
    return printable(text).replace("[", "\\[")


@contextmanager
def progress(*, is_shown: bool = True) -> Iterator[Step]:
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
            bar.update(task, completed=done, total=total, description=_safe(label))

        yield step
