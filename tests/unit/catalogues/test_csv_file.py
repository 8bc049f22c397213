"""What is common to all CSV files: lines, columns, and what is no text."""

import os

import pytest

from tradepost.catalogues import csv_file, text_file
from tradepost.catalogues.csv_file import CsvRow, csv_rows
from tradepost.domain.errors import FileRefused
from tradepost.operations.ports import Level, RowReport


@pytest.fixture
def read(tmp_path):
    def read_bytes(content, *, columns=("Code", "Name")):
        path = tmp_path / "x.csv"
        path.write_bytes(content)
        csv_file.check_csv(path, needed=("Code",), layout="list")
        return list(csv_rows(path, columns=columns))

    return read_bytes


def test_cells_are_stripped_and_those_of_other_columns_and_empty_ones_left_out(read):
    assert read(b"Code,Colour,Name\n a ,red, \n\n,,\n,blue,\nb,,B\n") == [
        CsvRow(2, {"Code": "a"}),
        CsvRow(5, {}),
        CsvRow(6, {"Code": "b", "Name": "B"}),
    ]


@pytest.mark.parametrize("before", [0, 5000])
def test_a_nul_costs_its_row_wherever_it_stands(read, before):
    rows = read(b"Code,Name\n" + b"a,A\n" * before + b"b,B\0B\nc,C\n")

    assert rows[before:] == [
        RowReport(before + 2, Level.REFUSED, "The column Name has a character that is no text (U+0000); remove it."),
        CsvRow(before + 3, {"Code": "c", "Name": "C"}),
    ]


def test_half_of_a_character_costs_its_row(read):
    refused, good = read(b"Code,Name\nb,\xed\xa0\xbd\nc,C\n")

    assert "no text (U+D83D)" in refused.message
    assert good == CsvRow(3, {"Code": "c", "Name": "C"})


def test_another_encoding_far_into_the_file_is_refused_with_the_place(read):
    with pytest.raises(FileRefused, match="is not in UTF-8"):
        read(b"Code,Name\n" + b"a,A\n" * 50_000 + b"b,M\xfcg\n")


def test_a_repeated_column_is_noted_and_a_row_in_which_the_two_differ_refused(read):
    assert read(b"Code,Name,Code,Colour,Colour\na,A,a,red,blue\nb,B,,,\n,C,c,,\nd,D,e,,\nf,F\n") == [
        RowReport(1, Level.NOTE, "The column Code is in the header twice; a row in which the two differ is refused."),
        CsvRow(2, {"Code": "a", "Name": "A"}),
        CsvRow(3, {"Code": "b", "Name": "B"}),
        CsvRow(4, {"Code": "c", "Name": "C"}),
        RowReport(5, Level.REFUSED, "The column Code is there twice, with 'd' and 'e'; keep one."),
        CsvRow(6, {"Code": "f", "Name": "F"}),
    ]


def test_a_line_longer_than_memory_should_bear_costs_itself(read, monkeypatch):
    monkeypatch.setattr(text_file, "_MAX_LINE_CHARACTERS", 100)

    refused, good = read(b"Code,Name\na," + b"A" * 1000 + b"\nb,B\n")

    assert (refused.line, refused.message) == (
        2,
        "The row can't be read as CSV: the line is longer than 100 characters.",
    )
    assert good == CsvRow(3, {"Code": "b", "Name": "B"})


def test_a_cell_longer_than_memory_should_bear_costs_its_row(read, monkeypatch):
    monkeypatch.setattr(csv_file, "_MAX_CELL_CHARACTERS", 100)

    refused, good = read(b"Code,Name\na," + b"A" * 1000 + b"\nb,B\n")

    assert refused.level is Level.REFUSED
    assert good == CsvRow(3, {"Code": "b", "Name": "B"})


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(FileRefused, match="no regular file"):
        csv_file.check_csv(tmp_path / "pipe", needed=(), layout="list")
