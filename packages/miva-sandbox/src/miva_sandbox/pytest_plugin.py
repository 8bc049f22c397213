"""
Fixtures for other projects: `pytest_plugins = ["miva_sandbox.pytest_plugin"]` in the topmost conftest.py.

    def test_a_product_arrives(miva_sandbox):
        connect(miva_sandbox.endpoint, miva_sandbox.full.token, miva_sandbox.full.signature_key)

| fixture | gives |
|---|---|
| `miva_sandbox` | an empty store in memory, for one test |
| `miva_sandbox_session` | one for the whole run: quicker, and what tests leave behind is still there for the next |
| `miva_sandbox_strict` | fails a test whose traffic left something that a real store would ignore in silence |

`--miva-sandbox-strict`, or `miva_sandbox_strict = true` in the configuration, does the last for all tests that use a
sandbox. Nothing is registered by installation alone: a project that does not ask for the fixtures has none.
"""

from collections.abc import Iterator

import pytest

from miva_sandbox.lint import Entry
from miva_sandbox.server import SandboxServer

_FIXTURES = ("miva_sandbox", "miva_sandbox_session")


def pytest_addoption(parser: pytest.Parser) -> None:
    sentence = "fail tests whose traffic a Miva store would have ignored in part"
    parser.getgroup("miva_sandbox").addoption("--miva-sandbox-strict", action="store_true", help=sentence)
    parser.addini("miva_sandbox_strict", sentence, type="bool", default=False)


@pytest.fixture
def miva_sandbox() -> Iterator[SandboxServer]:
    """Serve an empty store in memory for one test, with a control API."""
    with SandboxServer(control_port=0) as server:
        yield server


@pytest.fixture(scope="session")
def miva_sandbox_session() -> Iterator[SandboxServer]:
    """Serve one store in memory for all tests, with a control API."""
    with SandboxServer(control_port=0) as server:
        yield server


@pytest.fixture
def miva_sandbox_strict(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test if its traffic left lint; what was there before counts for nothing."""
    used = [request.getfixturevalue(name) for name in _FIXTURES if name in request.fixturenames]
    before = {id(server): _last(server) for server in used}
    yield
    ignored = [entry for server in used for entry in server.domain.lint.entries() if entry.number > before[id(server)]]
    if ignored:
        pytest.fail("A Miva store would have ignored in silence:\n" + "\n".join(map(_line, ignored)), pytrace=False)


@pytest.fixture(autouse=True)
def _miva_sandbox_strict_by_option(request: pytest.FixtureRequest) -> None:
    config = request.config
    if config.getoption("--miva-sandbox-strict", default=False) or config.getini("miva_sandbox_strict"):
        request.getfixturevalue("miva_sandbox_strict")


def _last(server: SandboxServer) -> int:
    return max((entry.number for entry in server.domain.lint.entries()), default=0)


def _line(entry: Entry) -> str:
    return f"  {entry.kind} in {entry.where}: {entry.detail}"
