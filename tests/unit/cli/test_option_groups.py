"""Options that belong together, which a command takes as one value."""

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from tradepost.cli.option_groups import with_groups


@dataclass(frozen=True, kw_only=True)
class Parcel:
    weight: Annotated[int, typer.Option("--parcel-weight")] = 1
    is_fragile: Annotated[bool, typer.Option("--fragile/--sturdy")] = False
    stamps: int = 2


@dataclass(frozen=True, kw_only=True)
class HeavyParcel(Parcel):
    stamps: Annotated[int, typer.Option("--stamps")] = 5


@dataclass(frozen=True, kw_only=True)
class Letter:
    weight: Annotated[int, typer.Option("--letter-weight")] = 3


def told(command, *words):
    app = typer.Typer()
    app.command()(with_groups(command))
    return CliRunner().invoke(app, words)


def test_a_command_gets_its_options_as_the_values_that_they_belong_to():
    got = []

    def send(to: str, *, stamps: HeavyParcel, letter: Letter, now: bool = False) -> None:
        got.append((to, stamps, letter, now))

    told(send, "Bob", "--parcel-weight", "7", "--fragile", "--stamps", "9", "--letter-weight", "4", "--now")
    told(send, "Vera")

    assert got == [
        ("Bob", HeavyParcel(weight=7, is_fragile=True, stamps=9), Letter(weight=4), True),
        ("Vera", HeavyParcel(), Letter(), False),
    ]


def test_a_field_that_is_no_option_of_the_command_keeps_its_default():
    got = []

    def send(parcel: Parcel) -> None:
        got.append(parcel)

    refused = told(send, "--stamps", "9")
    told(send)

    assert ("No such option" in refused.output, got) == (True, [Parcel(stamps=2)])
