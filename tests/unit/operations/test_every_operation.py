"""Every operation is planned and judged in a test of its own: without a store, a database or a network."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from tradepost import operations
from tradepost.operations.form import Operation

TESTS = {path.name: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")}


def classes():
    """All operations that can be driven, whatever module they are in."""
    for module in pkgutil.walk_packages(operations.__path__, f"{operations.__name__}."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, Operation) and not inspect.isabstract(found) and found.__module__ == module.name:
                yield found


BY_NAME = {each.__name__: each for each in classes() if not each.__name__.startswith("_")}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_it_is_named_in_a_unit_test_that_also_draws_its_cases(name):
    # A test names the class, or the module or package that its verb is.
    verb = "|".join(BY_NAME[name].__module__.split(".")[2:])
    named = re.compile(rf"^(?!from|import).*(\b{name}\b|\b(?:{verb})\.execute\(|: (?:{verb})\b)", re.MULTILINE)
    naming = [text for text in TESTS.values() if named.search(text)]
    assert naming, f"no unit test drives {name}"
    assert any("@given" in text for text in naming), f"no unit test of {name} draws its cases"
