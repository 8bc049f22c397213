"""
Fixtures for other projects: `pytest_plugins = ["miva_sandbox.pytest_plugin"]` gives a test a store of its own.

    def test_a_product_arrives(miva_sandbox):
        miva_sandbox.endpoint, miva_sandbox.full.token, miva_sandbox.full.signing_key
"""

from collections.abc import Iterator

import pytest

from miva_sandbox.server import SandboxServer


@pytest.fixture
def miva_sandbox() -> Iterator[SandboxServer]:
    """Serve an empty store in memory for one test."""
    with SandboxServer() as server:
        yield server
