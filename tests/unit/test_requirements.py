"""
Every requirement of listings and of what they need has a test that names it, in words, at the head of its docstring:
`R26: a product deleted on the store stays linked until the next sync`.

The numbers are those of the list that the product was planned by. Pages of the back office have their tests elsewhere.
"""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
_PAGES = {8, 19, 36}
REQUIRED = set(range(1, 43)) - _PAGES | {52, 53, 57, 58}
_NAMED = re.compile(r"\s*(R\d+(?:, R\d+)*): \S")


def named() -> dict[int, list[str]]:
    """The tests that name each requirement."""
    found: dict[int, list[str]] = {}
    for path in TESTS.glob("**/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            head = _NAMED.match(ast.get_docstring(node) or "")
            for number in re.findall(r"\d+", head[1]) if head else ():
                found.setdefault(int(number), []).append(node.name)
    return found


def test_every_requirement_is_named_by_a_test_that_says_it_in_words():
    tests = named()

    assert [f"R{number}" for number in sorted(REQUIRED) if number not in tests] == []
