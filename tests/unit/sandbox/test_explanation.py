"""What the sandbox can be asked for is told on its page: every option, control request, fault and page of images."""

import re
from pathlib import Path

import pytest

from miva_sandbox import cli, control
from miva_sandbox.faults.rules import KINDS
from miva_sandbox.state.page_images import PAGES

PAGE = (Path(__file__).parents[3] / "docs/explanation/sandbox.md").read_text(encoding="utf-8")


def options():
    serve = cli._parser()._subparsers._group_actions[0].choices["serve"]
    return sorted(name for action in serve._actions for name in action.option_strings if name not in {"-h", "--help"})


@pytest.mark.parametrize("option", options())
def test_every_option_of_serve_is_explained(option):
    assert re.search(rf"`{option}[ `]", PAGE)


def test_every_request_of_the_control_api_is_explained():
    described = set(re.findall(r"/[a-z/{}]+(?=`)", control.__doc__))

    assert described
    assert {path for path in described if f"{path}`" not in PAGE} == set()


@pytest.mark.parametrize("name", sorted([*KINDS, *PAGES]))
def test_every_fault_and_page_is_explained(name):
    assert f"`{name}`" in PAGE
