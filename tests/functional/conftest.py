"""A hub with an empty database, commands that are run as a person types them, and a store in a box as a process."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from miva_sandbox.server import SandboxServer
from shopper import Shopper
from tradepost.catalogues.registry import CatalogueFiles
from tradepost.cli import top_command
from tradepost.cli.exit_codes import run
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel
from tradepost.engine.sample import write_sample
from tradepost.engine.store_in_a_box import StoreInABox
from tradepost.operations.ports import Saying
from traffic import ignored_by
from web_place import WebPlace


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        assert self.out.count("\n") == 1, "one object on one line, and nothing else"
        return answer


class Shell:
    """Runs commands in this process, on the test's own database."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Said:
        self._capsys.readouterr()
        code = run(top_command(), arguments=[str(word) for word in words])
        captured = self._capsys.readouterr()
        return Said(int(code), captured.out, captured.err)


@pytest.fixture
def shell(sqlite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    # Keys and images of its own: workers of a test run share the settings' folder.
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "hub")
    (tmp_path / "hub").mkdir()
    return Shell(capsys)


@pytest.fixture
def store() -> Iterator[SandboxServer]:
    """A store in memory; the demo's tests have one as a process of its own."""
    with SandboxServer() as server:
        yield server
        assert ignored_by(server) == []


@pytest.fixture
def shopper(store: SandboxServer) -> Iterator[Shopper]:
    """Whoever visits the store: what can be bought there, and how often."""
    visitor = Shopper(store)
    yield visitor
    visitor.close()


@pytest.fixture
def box(store: SandboxServer) -> StoreInABox:
    return StoreInABox(
        endpoint=store.endpoint,
        store_code=store.store.code,
        token=store.full.token,
        signature_key=store.full.signature_key,
        hub_token=store.hub.token,
        hub_signature_key=store.hub.signature_key,
        storefront=store.storefront,
        ftp_host=store.ftp.host,
        ftp_port=store.ftp.port,
        ftp_user=store.ftp_user,
        ftp_password=store.ftp_password,
    )


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def channel(sqlite: str, sample: Path) -> Channel:
    """A channel without a store, with a listing for each product of the sample."""
    made = Channel.objects.create(name="shop")
    products = [read.product for read in CatalogueFiles().read(sample) if read.product is not None]
    DjangoCatalogue().save(products, saying=Saying("a file", timezone.now(), timezone.now()))
    DjangoListings(made.pk).build([product.handle for product in products], queue=False)
    DjangoCatalogue().refresh_wanted([product.handle for product in products])
    return made


@pytest.fixture
def connected(shell: Shell, box: StoreInABox, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell whose hub has the channel `shop` on the store, with the token that a merchant gives to a hub."""
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", box.hub_signature_key)
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", box.ftp_password)
    said = shell(
        *("channel", "add", "shop", "--domain", box.endpoint, "--store-code", box.store_code),
        *("--plain-http", "--local", "--ftp-protocol", "ftp", "--ftp-host", box.ftp_host),
        *("--ftp-port", box.ftp_port, "--ftp-user", box.ftp_user, "--make-folder", "--json"),
    )
    assert said.code == 0, said
    return shell


@pytest.fixture
def published(connected: Shell, sample: Path) -> Shell:
    """The same, with the sample catalogue imported and published."""
    assert connected("catalogue", "import", sample).code == 0
    said = connected("listings", "publish", "--json")
    assert said.code == 0, said
    return connected


@pytest.fixture
def web_place() -> Iterator[WebPlace]:
    with WebPlace() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def order(published: Shell, box: StoreInABox) -> Callable[[], int]:
    """Let a shopper buy a mug; gives the order's number, imported."""

    def place() -> int:
        purchases = [Purchase("HP-MUG-WHITE", (), 1)]
        number = buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
        assert published("orders", "get").code == 0
        return number

    return place


@pytest.fixture
def state_mugs(connected, tmp_path):
    """Import a file that says how many mugs there are, which are all that the catalogue has."""

    def state(pieces):
        path = tmp_path / "catalogue.csv"
        header = "Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price"
        path.write_text(f"{header}\nmug,Mug,MUG,{pieces},10.00\n", encoding="utf-8")
        said = connected("catalogue", "import", path)
        assert said.code == 0, said

    return state
