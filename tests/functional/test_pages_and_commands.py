"""
What pages can do and what commands can do, compared: whatever a page asks for is a command, and whatever is a command
is on a page, or is named here with the reason why not.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tradepost import web
from tradepost.cli import NOUNS, load, verbs_of
from tradepost.domain.people.roles import ACTS

_SERVER = "of the server: whoever may do it has a shell there"
_KEYS = "of the server's keys, which no page should get near"
_DATABASE = "of the whole database, which the pages themselves stand on"
_FILES = "a file in and out, for whoever works with scripts"

ONLY_IN_A_SHELL = {
    "serve": _SERVER,
    "worker": _SERVER,
    "keys list": _KEYS,
    "keys rotate": _KEYS,
    "database backup": _DATABASE,
    "database check": _DATABASE,
    "database move": _DATABASE,
    "database restore": _DATABASE,
    "listings request": _FILES,
    "listings customise": _FILES,
}
# On pages another act stands for these.
UNDER_ANOTHER_ACT = {
    "catalogue formats": ("catalogue template", "the import page has the columns and the layouts"),
    "channel schedule": ("channel set", "schedules are a part of the channel's settings"),
    "listings attention": ("overview show", "Today has the cards of what needs somebody"),
    "listings explain": ("listings show", "a listing's page says why its price and stock are as they are"),
    "listings mapping": ("channel set", "the mapping's page tries one SKU"),
    "orders acknowledge": ("orders get", "getting orders tells of those that are taken over, too"),
    "users add": ("users invite", "whoever is invited chooses the password; the first owner has a page of its own"),
}
# What pages ask for and no command does.
ONLY_ON_PAGES = {
    "overview show": "Today, and whatever everybody sees who may log in",
    "orders open": "an order that somebody looks at is fresh no more",
    "": "what a page asks where nothing may be asked for: nobody may",
}
_ASKING = {"may", "need", "asks"}
_NAMED = {"act", "_ACT", "_LOOK"}


def commands() -> set[str]:
    return {f"{noun} {verb}".strip() for noun in NOUNS for verb in verbs_of(load(noun))}


def claims_in(code: str) -> Iterator[str]:
    """
    Yield what a module's code asks for by name: what is passed to `may`, `need` and `asks`, what is called `act`, and
    what stands in a table together with an act.
    """
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in _ASKING:
                yield from _texts(arguments)
            case ast.keyword(arg="act", value=value) | ast.AnnAssign(target=ast.Name(id="act"), value=value) if value:
                yield from _texts([value])
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _NAMED:
                yield from _texts([value])
            case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.Set(elts=values):
                texts = [value.value for value in values if isinstance(value, ast.Constant)]
                if len(texts) == len(values) and ACTS.keys() & set(texts):
                    yield from texts
                elif values and isinstance(values[0], ast.Constant) and values[0].value in ACTS:
                    yield values[0].value


def _texts(nodes: list[ast.expr]) -> list[str]:
    """Return the act, or both of them where it depends; `asks` has its words after the act, and they are none."""
    for node in nodes:
        parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
        if texts := [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]:
            return texts
    return []


def acts_of_tables() -> Iterator[str]:
    """Yield the acts of deeds that a module of pages keeps in a table, where an act is put together."""
    for found in pkgutil.walk_packages(web.__path__, "tradepost.web."):
        # What starts a server is not imported by a test.
        if found.name.endswith(".wsgi"):
            continue
        for table in vars(importlib.import_module(found.name)).values():
            if isinstance(table, Mapping):
                yield from (act for value in table.values() if isinstance(act := getattr(value, "act", None), str))


@pytest.fixture(scope="module")
def asked() -> set[str]:
    modules = Path(web.__path__[0]).rglob("*.py")
    return {act for path in modules for act in claims_in(path.read_text(encoding="utf-8"))} | set(acts_of_tables())


def test_whatever_a_page_asks_for_is_a_command(asked):
    assert asked - commands() <= set(ONLY_ON_PAGES)
    assert asked - {""} <= set(ACTS)


def test_whatever_a_command_does_is_on_a_page_or_named_with_the_reason_why_not(asked):
    named = {*ONLY_IN_A_SHELL, *UNDER_ANOTHER_ACT}

    assert commands() - asked - named == set()


def test_what_is_named_as_missing_on_pages_is_a_command_and_is_missing(asked):
    named = {*ONLY_IN_A_SHELL, *UNDER_ANOTHER_ACT}

    assert named - commands() == set()
    assert named & asked == set()


def test_what_stands_for_a_command_on_pages_is_asked_for_by_one(asked):
    assert {act for act, _ in UNDER_ANOTHER_ACT.values()} <= asked


@pytest.mark.parametrize(
    "code",
    [
        'need(request, "listings burn")',
        'x = may(request, "listings burn")',
        'need(request, "listings hide" if is_kind else "listings burn")',
        '@asks("listings burn", "Burn")\ndef burn(): ...',
        'class Table:\n    act = "listings burn"',
        'class Table:\n    act: str = "listings burn"',
        'Deed("Burn", act="listings burn")',
        'offers = {"hide": "listings hide", "burn": "listings burn"}',
        'deeds = [Deed(("orders ship", "listings burn"), ship)]',
    ],
)
def test_an_act_that_is_no_command_is_found_wherever_a_page_may_name_it(code):
    assert set(claims_in(code)) - commands() == {"listings burn"}
