"""What a store says, as it reaches a terminal."""

import io
import json

import pytest
from rich.progress import Progress
from rich.table import Table

from tradepost.cli import output
from tradepost.cli.console import CleanConsole
from tradepost.cli.exit_codes import run
from tradepost.domain import errors

NASTY = "\x1b[2J\x1b]0;owned\x07A\u202eB\x9b1AC\u2066D\x7f"
CONTROLS = set("\x07\u202e\x9b\u2066\x7f")


def test_nothing_that_controls_a_terminal_gets_through_the_console_but_its_own_colours():
    stream = io.StringIO()
    console = CleanConsole(file=stream, force_terminal=True, width=80, color_system="standard")
    table = Table("name")
    table.add_row(NASTY)

    console.print(NASTY, markup=False)
    console.print("[red]seen[/red]\nsecond line")
    console.print(table)
    with Progress(console=console) as progress:
        progress.add_task(NASTY)

    said = stream.getvalue()
    assert not CONTROLS & set(said)
    assert "\x1b]" not in said
    assert "\x1b[2J" not in said
    assert "\x1b[31mseen\x1b[0m\nsecond line\n" in said


def test_json_is_escaped_and_means_the_same(capsys):
    output.print_json({"message": NASTY, "name": "Zoë 😀"})

    said = capsys.readouterr().out
    assert json.loads(said) == {"message": NASTY, "name": "Zoë 😀"}
    assert said.rstrip("\n").isprintable()
    assert "Zoë 😀" in said


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_an_error_with_a_stores_words_is_clean(capsys, arguments):
    def refuse(**_):
        raise errors.Rejected(NASTY)

    run(refuse, arguments=arguments)

    captured = capsys.readouterr()
    assert (captured.out + captured.err).replace("\n", "").isprintable()


def test_the_consoles_of_commands_are_clean():
    assert isinstance(output.out, CleanConsole)
    assert isinstance(output.err, CleanConsole)
