"""What the import contracts can't say: what the domain needs, and where statements are made."""

import ast
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pytest

HUB = Path(__file__).parents[2] / "packages" / "tradepost" / "src" / "tradepost"
DOMAIN = HUB / "domain"
BUILDER = HUB / "database" / "sql.py"


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", sorted(DOMAIN.glob("**/*.py")), ids=lambda path: path.stem)
def test_the_domain_imports_nothing_but_the_standard_library_and_itself(path):
    foreign = [
        name
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("tradepost.domain")
    ]

    assert foreign == []


def places(texts: Collection[str], paths: Iterable[Path]) -> list[str]:
    """Where in the hub one of these texts stands: 'database/sql.py:12'."""
    return [
        f"{path.relative_to(HUB)}:{number}"
        for path in sorted(paths)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if any(text in line for text in texts)
    ]


def test_statements_are_put_together_in_one_place():
    others = set(HUB.glob("**/*.py")) - {BUILDER}

    # The rule against statements made from texts holds everywhere, the builder included.
    assert places(["S608"], HUB.glob("**/*.py")) == []
    assert places(["connection.cursor", ".executemany(", "RawSQL", ".extra(", ".raw("], others) == []


def given_rows(path: Path) -> Iterator[ast.expr]:
    """The rows that are written out where they are handed to a statement."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Rows", "sql.insert", "sql.upsert", "sql.update"}:
            for argument in node.args:
                if isinstance(argument, ast.ListComp):
                    yield argument.elt
                elif isinstance(argument, ast.List):
                    yield from argument.elts


def test_rows_go_to_statements_by_the_names_of_their_columns():
    rows = [row for path in sorted((HUB / "database").glob("**/*.py")) for row in given_rows(path)]

    # Those made elsewhere are refused by `Rows` itself, which takes nothing without names.
    assert rows
    assert [ast.unparse(row) for row in rows if isinstance(row, ast.Tuple | ast.List)] == []
