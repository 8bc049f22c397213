"""What all commands promise: exit codes, one JSON object, sentences for errors, and no secret shown anywhere."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradepost.cli import NOUNS, load
from tradepost.database.models import Channel, Run, RunKind, Trigger
from tradepost.engine import runs

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def test_bad_usage_is_code_2_with_one_sentence_and_one_object(shell):
    said = shell("listings", "list", "--health", "happy", "--json")

    assert said.code == 2
    assert set(said.json) == {"error", "kind"}
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("listings", "list"), "no channel yet"),
        (("listings", "list", "--channel", "nowhere"), "no channel 'nowhere'"),
        (("catalogue", "import", "/no/such/file.csv"), "no file"),
        (("runs", "show", "7"), "no run 7"),
        (("demo", "--catalogue", "/no/such/file.csv"), "no file"),
    ],
)
def test_what_can_not_be_done_is_code_2_and_says_why(shell, words, sentence):
    said = shell(*words)

    assert said.code == 2
    assert sentence in said.err


def test_a_file_that_is_no_catalogue_is_refused_with_what_to_do(shell, tmp_path):
    file = tmp_path / "notes.csv"
    file.write_text("Name,Colour\nMug,blue\n")

    said = shell("catalogue", "import", file, "--json")

    assert said.code == 2
    assert said.json["kind"] == "FileRefused"


def test_a_store_that_can_not_be_reached_is_code_3(connected):
    channel = Channel.objects.get()
    channel.connections.filter(kind="store_api").update(port=9)

    said = connected("channel", "check", "--json")

    assert said.code == 3
    assert [check["ok"] for check in said.json["checks"]] == [False, True, True, True]  # the image server is well


def test_a_token_that_the_store_refuses_is_code_3_and_leaves_the_queue_as_it_was(connected, sample, monkeypatch):
    connected("catalogue", "import", sample)
    monkeypatch.setenv("TRADEPOST_TOKEN", "0" * 32)
    assert connected("channel", "set", "shop", "--new-token").code == 0

    said = connected("listings", "publish", "--json")

    assert said.code == 3
    assert said.json["state"] == "failed"
    assert len(connected("listings", "list", "--pending", "publish", "--json").json["listings"]) == 17


def test_a_run_that_somebody_else_executes_is_code_4(connected):
    channel = Channel.objects.get()
    other = runs.request_run(channel.pk, RunKind.SYNC, trigger=Trigger.PERSON)
    assert runs.take(other.pk) is not None

    said = connected("listings", "publish")

    assert said.code == 4
    assert "running on this channel" in said.err
    assert Run.objects.filter(kind="publish", state="queued").exists()


def test_a_queued_run_can_be_cancelled_and_a_settled_one_not(connected):
    run = runs.request_run(Channel.objects.get().pk, RunKind.SYNC, trigger=Trigger.PERSON)

    first = connected("runs", "cancel", run.pk, "--json")
    second = connected("runs", "cancel", run.pk)

    assert (first.code, first.json["state"]) == (0, "cancelled")
    assert (second.code, "is over" in second.err) == (2, True)


def test_secrets_are_shown_nowhere_and_kept_encrypted(connected, box, tmp_path):
    told = [connected("channel", verb, "shop", "--json").out for verb in ("show", "check")]
    told.append(connected("channel", "list").out)

    kept = b"".join(path.read_bytes() for path in tmp_path.glob("tradepost.sqlite3*"))
    for secret in (box.hub_token, box.hub_signature_key, box.ftp_password):
        assert secret not in "".join(told)
        assert secret.encode() not in kept


def test_no_option_of_any_command_takes_a_secret_as_its_value(shell):
    takers = []
    for name in NOUNS:
        command = load(name)
        for verb in (getattr(command, "commands", None) or {"": command}).values():
            takers += [
                option
                for parameter in verb.params
                for option in parameter.opts
                if any(word in option for word in ("token", "key", "password", "secret"))
                and not (parameter.is_flag or option.endswith("-file"))
            ]

    assert takers == []


def test_a_removed_channel_forgets_its_credentials_and_frees_its_name(connected):
    said = connected("channel", "remove", "shop", "--yes")

    assert said.code == 0
    assert connected("channel", "list", "--json").json["channels"] == []
    assert [(c.kind, bytes(c.secrets), c.user) for c in Channel.objects.get().connections.all()] == [
        ("store_api", b"", "")
    ]


def test_every_command_is_in_the_reference_as_it_is(shell):
    specification = importlib.util.spec_from_file_location("write_commands", DOCS / "write_commands.py")
    writer = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(writer)

    assert (DOCS / "commands.md").read_text(encoding="utf-8") == writer.text()


def test_an_error_of_ours_is_a_sentence_with_a_reference_and_no_trace(shell, monkeypatch):
    monkeypatch.setattr("tradepost.database.people.people.Person", None)

    said = shell("users", "list")

    assert said.code == 1
    assert "the log has it as" in said.err
    assert "Traceback" not in said.err


def test_a_new_hub_is_made_by_its_first_command_and_its_keys_are_private(tmp_path):
    folder = tmp_path / "new"
    environment = {**os.environ, "TRADEPOST_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "tradepost.settings"}

    done = subprocess.run(
        [Path(sys.executable).with_name("tradepost"), "channel", "list"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "No channel yet" in done.stdout
    assert (folder / "secret.key").stat().st_mode & 0o077 == 0


def test_the_states_of_orders_and_the_layout_are_settings_of_the_channel(connected):
    code = connected(
        *("channel", "set", "shop", "--order-status", "pending", "--order-status", "processing", "--layout", "flat")
    ).code

    shown = connected("channel", "show", "shop", "--json").json
    assert code == 0
    assert (shown["order_statuses"], shown["layout"]) == (["pending", "processing"], "flat")


def test_a_new_ftp_password_replaces_the_old_one_and_is_never_shown(connected, monkeypatch):
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", "not-the-password")

    said = connected("channel", "set", "shop", "--new-ftp-password")
    check = connected("channel", "check", "shop", "--json")

    assert said.code == 0
    assert "not-the-password" not in said.out + said.err + check.out + check.err
    assert [one["check"] for one in check.json["checks"] if not one["ok"]] == ["images: log-in and folder"]
