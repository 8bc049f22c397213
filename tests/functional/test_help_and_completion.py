"""Help, completion and the version: answered at once, before anything of the hub is read or made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_EVERY_HELP = """
import contextlib, io, json, sys

from tradepost.cli import NOUNS, load, top_command, verbs_of
from tradepost.cli.exit_codes import run

lines = [["--help"], *([noun, "--help"] for noun in NOUNS)]
lines += [[noun, verb, "-h"] for noun in NOUNS for verb in verbs_of(load(noun)) if verb]
helps = {}
for line in lines:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run(top_command(), arguments=line)
    heavy = sorted({"django", "httpx2", "lxml", "waitress"} & set(sys.modules))
    helps[" ".join(line)] = [code, heavy, printed.getvalue()]
print(json.dumps(helps))
"""


@pytest.fixture
def environment(tmp_path):
    """A shell of somebody who has no hub yet."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    return {**environment, "TRADEPOST_DATA": str(tmp_path / "hub"), "COLUMNS": "80", "HOME": str(tmp_path)}


def execute(*words: str, environment, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tradepost", *words],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def completions(words: str, *, environment) -> list[str]:
    done = execute(
        environment=environment,
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
        _TRADEPOST_COMPLETE="complete_bash",
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_help_of_every_noun_and_verb_imports_neither_django_nor_a_network_and_makes_no_hub(environment, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _EVERY_HELP], env=environment, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    helps = json.loads(done.stdout)
    assert len(helps) > 35
    assert {line: told[:2] for line, told in helps.items() if told[:2] != [0, []]} == {}
    assert not (tmp_path / "hub").exists()


@pytest.fixture
def helps(environment):
    """What `--help` prints of each noun and verb, at 80 columns."""
    done = subprocess.run(
        [sys.executable, "-c", _EVERY_HELP], env=environment, capture_output=True, text=True, check=False
    )
    return {line: told[2] for line, told in json.loads(done.stdout).items()}


def test_no_option_is_cut_at_80_columns_and_its_contrary_is_below_it(helps):
    assert {word for text in helps.values() for word in text.split() if "…" in word} == set()
    lines = [line.strip("│ ").split("  ")[0] for line in helps["channel set -h"].splitlines()]
    assert lines[lines.index("--local") + 1] == "--public"
    assert "--ftp-host TEXT" in lines


def test_help_names_values_by_words_and_flags_by_nothing(helps):
    assert {line for line, text in helps.items() if "<" in text} == set()
    words = " ".join(helps["listings list -h"].replace("│", " ").split())
    assert "--health HEALTH What the store shows. One of: not_listed, listed, inactive, hidden, delisted." in words
    assert "--limit NUMBER How many to print. From 1 to 10000. [default: 100]" in words
    assert "--json Print one JSON object" in words


def test_a_number_out_of_its_range_is_still_refused(shell):
    answer = shell("listings", "list", "--limit", "0")

    assert answer.code == 2
    assert "--limit" in answer.err


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (
            "tradepost ",
            [
                *("channel", "catalogue", "source", "listings", "orders", "shipments", "personal-data"),
                *("plans", "runs", "notify", "users", "audit", "keys", "database", "serve", "worker", "demo"),
            ],
        ),
        ("tradepost li", ["listings"]),
        ("tradepost --v", ["--version"]),
        ("tradepost listings un", ["unhide", "unpause", "unlink", "unlock"]),
        ("tradepost listings hide --d", ["--dry-run"]),
        ("tradepost listings list --health ", ["not_listed", "listed", "inactive", "hidden", "delisted"]),
        ("tradepost serve --po", ["--port"]),
    ],
)
def test_nouns_verbs_options_and_choices_are_completed(environment, tmp_path, words, offered):
    assert completions(words, environment=environment) == offered
    assert not (tmp_path / "hub").exists()


def test_completion_is_shown_and_installed_from_the_top(environment, tmp_path):
    # The shell is named here, because that of whoever runs the tests is not known.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}

    shown = execute("--show-completion", "bash", environment=environment, **named)
    installed = execute("--install-completion", "bash", environment=environment, **named)

    assert (shown.returncode, installed.returncode) == (0, 0)
    assert "_TRADEPOST_COMPLETE=complete_bash" in shown.stdout
    assert (
        Path(tmp_path / ".bash_completions" / "tradepost.sh").read_text(encoding="utf-8").strip()
        == shown.stdout.strip()
    )


def test_nouns_have_no_completion_of_their_own(environment):
    done = execute("listings", "--help", environment=environment)

    assert "--install-completion" not in done.stdout


def test_the_version_is_an_option_and_no_command(environment):
    told = execute("--version", environment=environment)
    refused = execute("version", environment=environment)

    assert (told.returncode, told.stdout.strip()[0].isdigit(), refused.returncode) == (0, True, 2)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("lisings", "list"), "'listings'"),
        (("listings", "lst"), "'list'"),
        (("order", "get"), "'orders'"),
    ],
)
def test_a_mistyped_command_is_answered_by_the_nearest_one(shell, words, meant):
    answer = shell(*words)

    assert answer.code == 2
    assert f"Did you mean {meant}" in answer.err
