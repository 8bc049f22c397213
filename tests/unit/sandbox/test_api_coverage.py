"""The page that says which functions there are, and the rights that they ask for."""

import inspect
import warnings
from pathlib import Path

from miva_sandbox import coverage
from miva_sandbox.cli import main
from miva_sandbox.seed import HUB_FUNCTIONS

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request

PAGE = Path(__file__).parents[3] / "docs/reference/sandbox-coverage.md"


def test_the_page_in_the_docs_is_what_the_command_prints(capsys):
    assert main(["coverage"]) == 0

    assert PAGE.read_text(encoding="utf-8") == capsys.readouterr().out


def test_the_page_names_every_function_that_the_official_sdk_can_call():
    requests = [request for _, request in inspect.getmembers(merchantapi.request, inspect.isclass)]
    # The builder makes requests of any name, so it has none of its own.
    named = [request for request in requests if not request.__module__.endswith("request_builder")]

    callable_names = {request.get_function(None) for request in named}

    assert "ProductList_Load_Query" in callable_names
    assert callable_names - {"Module", None} - set(coverage.names()) == set()


def test_what_a_hub_needs_is_implemented():
    lines = {line.split("`")[1]: line for line in coverage.page().splitlines() if line.startswith("| `")}

    assert all("| implemented |" in lines[name] for name in HUB_FUNCTIONS)
