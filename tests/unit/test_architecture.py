"""What the import contracts can't say: what the domain needs, what there is one of, and where statements are made."""

import ast
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pytest

HUB = Path(__file__).parents[2] / "packages" / "tradepost" / "src" / "tradepost"
SANDBOX = Path(__file__).parents[2] / "packages" / "miva-sandbox" / "src" / "miva_sandbox"
DOMAIN = HUB / "domain"
BUILDER = HUB / "database" / "sql.py"
# A file of its own beside the hub's database, with rows of a catalogue file.
STAGING = HUB / "catalogues" / "row_staging.py"
# What is as pure as the domain itself: values in, values out, no clock, no file and no network.
PURE = {"cronsim"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", sorted(DOMAIN.glob("**/*.py")), ids=lambda path: path.stem)
def test_the_domain_imports_nothing_but_the_standard_library_itself_and_what_is_as_pure(path):
    foreign = [
        name
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names | PURE and not name.startswith("tradepost.domain")
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
    others = set(HUB.glob("**/*.py")) - {BUILDER, STAGING}

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


def read_by_position(path: Path) -> Iterator[str]:
    """Where a column of a row is read by its number."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_row = isinstance(node, ast.Subscript) and ast.unparse(node.value) == "row"
        if is_row and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            yield f"{path.relative_to(HUB)}:{node.lineno}"


def test_rows_are_read_by_the_names_of_their_columns():
    assert [where for path in sorted((HUB / "database").glob("**/*.py")) for where in read_by_position(path)] == []


# --- what there is one of -------------------------------------------------------------------------------------------


def owned_nodes(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Every node with where it stands: `operations/form.py:drive`, or `:<module>` outside of functions."""
    where = path.relative_to(HUB).as_posix()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)

    def walk(node: ast.AST, owner: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            names = isinstance(child, (*functions, ast.ClassDef))
            inner = f"{owner}.{child.name}".lstrip(".") if names else owner
            yield f"{where}:{inner or '<module>'}", child
            yield from walk(child, inner)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), "")


def all_nodes(below: str = "") -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((HUB / below).glob("**/*.py")):
        yield from owned_nodes(path)


def called(node: ast.AST) -> str:
    return ast.unparse(node.func).rsplit(".", 1)[-1] if isinstance(node, ast.Call) else ""


def members(node: ast.AST, name: str) -> bool:
    """Whether this is a member of an enumeration: `Outcome.APPLIED`."""
    return isinstance(node, ast.Attribute) and ast.unparse(node.value).rsplit(".", 1)[-1] == name


def reads_dry(node: ast.AST) -> bool:
    is_attribute = isinstance(node, ast.Attribute) and node.attr == "is_dry" and isinstance(node.ctx, ast.Load)
    by_name = called(node) in {"getattr", "attrgetter"} and "is_dry" in ast.unparse(node)
    return is_attribute or by_name


def test_whether_a_run_is_a_preview_is_asked_once_by_the_driver():
    asked = [where for where, node in all_nodes("operations") if reads_dry(node)]
    passed_on = [where for where, node in all_nodes("engine") if reads_dry(node)]

    assert asked == ["operations/form.py:drive"]
    assert passed_on == [
        # From the row to the port.
        "engine/run_handle.py:RunHandle.__init__",
        # A preview waits for no other run of its channel, and keeps none waiting.
        "engine/runs.py:free_runs",
        "engine/runs.py:free_runs",
        # One of the catalogue is made in a transaction that is taken back.
        "engine/runs.py:_carry_out",
        # It may be of a change that nobody has queued.
        "engine/runs.py:selection_of",
        # A preview has changed nothing that could be undone.
        "engine/undo.py:refuse_what_cannot_be_undone",
    ]


def test_changes_are_made_by_their_factories_only():
    assert {where.split(":")[0] for where, node in all_nodes() if called(node) == "Change"} == {"domain/changes.py"}


def test_one_function_makes_an_outcome_of_an_answer():
    defined = [where for where, node in all_nodes() if isinstance(node, ast.FunctionDef) and node.name == "result_of"]
    by_place: dict[str, set[str]] = {}
    for where, node in all_nodes():
        found = by_place.setdefault(where, set())
        found |= {name for name in ("Outcome", "WriteOutcome") if members(node, name)}
        found |= {"makes a result"} & ({"makes a result"} if called(node) == "Result" else set())
    answers_read = {where for where, found in by_place.items() if "WriteOutcome" in found}
    results_made = {where for where, found in by_place.items() if "makes a result" in found}
    both_named = {where for where, found in by_place.items() if found >= {"Outcome", "WriteOutcome"}}

    assert defined == ["operations/outcomes.py:result_of"]
    assert answers_read & results_made == {"operations/outcomes.py:result_of"}
    assert both_named == {
        "operations/outcomes.py:result_of",
        # Asks for either, and makes neither of the other: whether what is missing can be lived with.
        "operations/listings/publish/verdict.py:_failures",
    }


def types_of(module: ast.Module) -> Iterator[str]:
    """The names of its classes, and of the types that it gives a name. What stands for any type may be alike."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and node.name != "Meta":
            yield node.name
    for node in module.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            is_variable = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "TypeVar"
            if isinstance(target, ast.Name) and target.id[0].isupper() and not target.id.isupper() and not is_variable:
                yield target.id


@pytest.mark.parametrize("distribution", [HUB, SANDBOX], ids=lambda path: path.name)
def test_no_two_types_have_one_name(distribution):
    found: dict[str, list[str]] = {}
    for path in sorted(distribution.glob("**/*.py")):
        if path.parent.name != "migrations":
            for name in types_of(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(name, []).append(str(path.relative_to(distribution)))

    assert {name: places for name, places in found.items() if len(places) > 1} == {}
