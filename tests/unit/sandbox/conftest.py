"""A store of its own for each test, in memory, and a way to run provisioning tags on it without a server."""

import pytest
from PIL import Image

from miva_sandbox import provisioning
from miva_sandbox.state.store import Store


@pytest.fixture
def store(tmp_path):
    made = Store(store_id=1, code="sandbox", files_root=tmp_path)
    yield made
    made.close()


@pytest.fixture
def messages(store):
    """Run tags and return the texts of the messages."""
    return lambda xml: [message.message for message in provisioning.run(store, xml)]


@pytest.fixture
def accept(messages):
    """Run tags that must not give any message."""

    def run(xml):
        assert messages(xml) == []

    return run


@pytest.fixture
def lint(store):
    """The kinds of what went to the lint log, in order."""
    return lambda: [entry.kind for entry in store.lint.entries()]


@pytest.fixture
def image(store):
    """Put an image where FTP would have put it, and return its path."""

    def draw(name, *, size=(40, 30), kind="PNG"):
        path = f"graphics/00000001/{name}"
        file = store.files_root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, "teal").save(file, format=kind)
        return path

    return draw
