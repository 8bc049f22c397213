"""Tables that stay readable on a narrow terminal, and a bar that never claims more than there is to do."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tradepost.cli import output
from tradepost.cli.output import fitting_widths, print_table, progress

COLUMNS = ("id", "code", "health", "attention", "title", "link")
ROWS = [("1", "HP-MUG-WHITE", "not_listed", "missing_required", "Enamel Mug with a very long name indeed", "unlinked")]


@pytest.fixture
def terminal(monkeypatch):
    def terminal(width: int) -> io.StringIO:
        screen = io.StringIO()
        console = Console(file=screen, width=width, force_terminal=True, color_system=None, highlight=False)
        monkeypatch.setattr(output, "out", console)
        monkeypatch.setattr(output, "err", console)
        return screen

    return terminal


def test_what_fits_is_shown_whole(terminal):
    screen = terminal(120)

    print_table(COLUMNS, ROWS)

    assert [line.split("  ") for line in screen.getvalue().splitlines()][1][-1].strip() == "unlinked"
    assert "Left out" not in screen.getvalue()


def test_a_narrow_terminal_leaves_out_the_last_columns_and_names_them(terminal):
    screen = terminal(60)

    print_table(COLUMNS, ROWS)

    lines = screen.getvalue().splitlines()
    assert lines[0].split() == ["id", "code", "health", "attention", "title"]
    assert lines[-1] == "Left out, for a wider terminal or --json: link."
    assert max(len(line) for line in lines) <= 60


def test_long_text_is_folded_between_words_and_short_text_never(terminal):
    screen = terminal(60)

    print_table(COLUMNS, ROWS)

    words = {word for line in screen.getvalue().splitlines()[:-1] for word in line.split()}
    assert words == {*COLUMNS[:-1], *(word for cell in ROWS[0][:-1] for word in cell.split())}


cells = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=60)


@given(rows=st.lists(st.tuples(cells, cells, cells, cells), max_size=5), room=st.integers(1, 200))
def test_widths_fit_into_the_room_or_only_the_first_column_is_left(rows, room):
    columns = ("first", "second", "third", "fourth")

    widths = fitting_widths(columns, rows, room=room)

    assert 1 <= len(widths) <= 4
    assert len(widths) == 1 or sum(widths) + 2 * (len(widths) - 1) <= room
    assert all(width >= len(column) for width, column in zip(widths, columns, strict=False))


def test_markup_in_a_cell_is_shown_as_it_is(terminal):
    screen = terminal(80)

    print_table(("code",), [("[bold]x\\",)])

    assert "[bold]x\\" in screen.getvalue()


def test_a_bar_never_shows_more_done_than_there_is_to_do(terminal):
    screen = terminal(80)

    with progress() as step:
        step(704, 51, "published")

    assert "704/704" in screen.getvalue()
    assert "/51" not in screen.getvalue()


def test_a_bar_without_a_known_total_says_so(terminal):
    screen = terminal(80)

    with progress() as step:
        step(12, None, "orders looked at")

    assert "12/?" in screen.getvalue()
