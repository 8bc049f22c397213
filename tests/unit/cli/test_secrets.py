"""Where secrets come from."""

import io

import pytest

from tradepost.cli.secrets import read_secret
from tradepost.domain.errors import FileRefused, NotAllowed


def test_a_file_comes_before_the_environment_and_its_line_end_is_no_part_of_it(tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text("  from the file \n")
    monkeypatch.setenv("TOKEN", "from the environment")

    assert read_secret("token", variable="TOKEN", file=file) == "from the file"
    assert read_secret("token", variable="TOKEN") == "from the environment"


def test_standard_input_gives_one_secret_per_line(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("token\nkey\n"))

    read = [read_secret(what, variable="NONE", from_stdin=True) for what in ("token", "key")]

    assert read == ["token", "key"]


def test_without_anybody_to_ask_it_says_where_to_put_the_secret(monkeypatch):
    monkeypatch.delenv("TOKEN", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with pytest.raises(NotAllowed, match="set TOKEN in the environment"):
        read_secret("access token", variable="TOKEN")


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_secret_is_refused(text, monkeypatch):
    monkeypatch.setenv("TOKEN", text)

    with pytest.raises(NotAllowed, match="empty"):
        read_secret("token", variable="TOKEN")


def test_a_file_that_is_missing_is_refused_with_its_name(tmp_path):
    with pytest.raises(FileRefused, match="nothing-here"):
        read_secret("token", variable="TOKEN", file=tmp_path / "nothing-here")
