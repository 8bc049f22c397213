"""Errors as a person at a terminal meets them."""

import json

import pytest

from tradepost.cli.exit_codes import BusyElsewhere, Exit, code_of, code_of_kind, run
from tradepost.domain import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.StoreUnavailable("x"), 3),
        (errors.RateLimited("x"), 3),
        (errors.AnswerLost("x"), 3),
        (errors.CredentialsRejected("x"), 3),
        (errors.PermissionMissing("x", function="Provision_Store"), 3),
        (errors.AddressRefused("x"), 2),
        (errors.FileRefused("x"), 2),
        (errors.NotAllowed("x"), 2),
        (BusyElsewhere("x"), 4),
        (errors.RunLost("x"), 4),
        (errors.UnexpectedAnswer("x"), 1),
        (errors.Rejected("x"), 1),
    ],
)
def test_each_branch_of_the_error_tree_has_its_exit_code(error, code):
    assert code_of(error) == code
    if hasattr(errors, type(error).__name__):
        assert code_of_kind(type(error).__name__) == code


@pytest.mark.parametrize("name", ["", "ValueError", "nonsense", "Any", "annotations"])
def test_an_error_of_another_name_counts_as_done_with_errors(name):
    assert code_of_kind(name) is Exit.WITH_ERRORS


def test_an_error_is_one_sentence_and_with_json_one_object(capsys):
    def refuse(**_):
        raise errors.NotAllowed("Not today.")

    code = run(refuse, arguments=["x", "--json"])

    captured = capsys.readouterr()
    assert code == 2
    assert json.loads(captured.out) == {"error": "Not today.", "kind": "NotAllowed"}
    assert captured.err == "Not today.\n"


def test_a_bug_shows_no_trace_and_its_details_are_in_the_log(capsys, caplog):
    def fail(**_):
        raise ZeroDivisionError

    code = run(fail, arguments=[])

    captured = capsys.readouterr()
    reference = captured.err.rstrip(".\n").rpartition(" ")[2]
    assert (code, captured.out) == (1, "")
    assert "Traceback" not in captured.err
    assert reference in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_ctrl_c_is_no_error_with_a_trace(capsys):
    def interrupt(**_):
        raise KeyboardInterrupt

    assert run(interrupt, arguments=[]) == 130
    assert capsys.readouterr().err == "Stopped.\n"
