"""
Miva's SDK for Node, unmodified, as the client: the same calls that the one for Python makes, and what is Node's own.

The package is installed from the lock file with `npm ci`, unless tests/node/node_modules is there already.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from miva_sandbox.server import SandboxServer
from sdk import catalogue_calls, order_calls
from sdk.filled_store import FilledStore
from sdk.node_sdk import NodeSdk, install

CALLS = [*catalogue_calls.CALLS, *order_calls.CALLS]

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def scripts():
    """The folder with the scripts and the installed SDK; all processes of a test run share it."""
    if shutil.which("npm") is None:
        pytest.skip("needs node with npm, which is not on this machine")
    return install(Path(tempfile.gettempdir()))


@pytest.fixture(scope="module")
def filled():
    with SandboxServer(control_port=0) as server:
        made = FilledStore(server)
        yield made
        made.close()


@pytest.fixture
def store(filled):
    filled.restore()
    return filled.server.store


@pytest.fixture(scope="module")
def sdk(filled, scripts):
    server = filled.server
    with NodeSdk(
        scripts, endpoint=server.endpoint, token=server.full.token, signature_key=server.full.signature_key
    ) as started:
        yield started


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.function)
def test_a_function_answers_what_the_sdk_reads_and_leaves_what_it_should(sdk, filled, store, call):
    answer = sdk.make(call)

    assert answer == call.answer
    assert {sql: [tuple(row) for row in store.db.rows(sql)] for sql in call.leaves} == call.leaves
    # What an official client sends, a store must want to know.
    assert filled.server.domain.lint.entries() == []


def test_client_list_queries_and_multi_calls_work_as_node_has_them(scripts):
    with SandboxServer(control_port=0) as server:
        keys = {
            "ENDPOINT": server.endpoint,
            "TOKEN": server.full.token,
            "SIGNATURE_KEY": server.full.signature_key,
            "CONTROL": server.control,
        }

        run = subprocess.run(
            ["node", "--test", "--test-reporter=tap", "sdk.test.mjs"],
            cwd=scripts, env={**os.environ, **keys}, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip

    assert run.returncode == 0, run.stdout + run.stderr
    assert "# pass 10\n" in run.stdout
