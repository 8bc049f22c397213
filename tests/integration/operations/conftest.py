"""A shop: a sandbox store on real sockets, a channel in a real database, and the operations between them."""

import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from django.db import transaction
from PIL import Image

from asking import queue
from fakes.deliveries import MemoryDeliveries
from fakes.fetches import memory_fetches
from fakes.run import MemoryRun
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import tokens
from miva_sandbox.state.tokens import Token
from sdk.store_reader import read_store
from shopper import Shopper
from tradepost.catalogues.registry import CatalogueFiles
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.adoptions import DjangoAdoptions
from tradepost.database.listings.drifts import DjangoDrifts
from tradepost.database.listings.existence_notes import DjangoExistenceNotes
from tradepost.database.listings.intents import DjangoIntents
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.listings.store_inventory import DjangoStoreInventory
from tradepost.database.models import Channel, Listing, Trigger
from tradepost.database.orders.orders import DjangoOrders
from tradepost.database.runs.history import RequestHistory
from tradepost.database.runs.past_changes import DjangoPastChanges
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.orders.order import AcknowledgeMode, ShipmentPath
from tradepost.images import ImageLibrary
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.files.file_server import FileServerAddress
from tradepost.miva.files.image_folder import ImageFolder
from tradepost.miva.files.image_store import connect_images
from tradepost.miva.store import MivaStore
from tradepost.miva.wire.retrying import API
from tradepost.miva.wire.transport import OpenTransport
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.imports import ImportOptions, import_catalogue, preview_import
from tradepost.operations.listings import adopt, link, product_types, publish, sync
from tradepost.operations.listings.queue_changes import plan_unlink
from tradepost.operations.orders import get_orders, sync_orders
from tradepost.operations.ports import ChannelSettings, FileProtocol, Ports
from tradepost.operations.selection import Selection
from tradepost.security.descriptions import AllowedMarkup
from traffic import ignored_by

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    from merchantapi.client import Client

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Qty,Variant Price,Variant Barcode,Image Src\n"
)
TEE = (
    "tee,Cotton Tee,<p>Plain &amp; light</p>,Acme,Shirts,Colour,Red,Size,M,TEE-RED-M,400,5,15.00,4001,{image}\n"
    "tee,,,,,,Red,,L,TEE-RED-L,400,3,15.00,4002,\n"
    "tee,,,,,,Navy,,L,TEE-NAVY-L,410,0,16.50,4003,\n"
)
MUG = "mug,Enamel Mug,<p>Holds coffee</p>,Acme,Kitchen,,,,,MUG-01,210,14,7.90,4006,{image}\n"
CUP = "cup,Tin Cup,,Acme,Kitchen,,,,,CUP-01,90,7,4.50,,\n"
CATALOGUE = HEADER + TEE + MUG + CUP


def _png(path: Path) -> Path:
    Image.new("RGB", (64, 48), (200, 30, 30)).save(path)
    return path


# A token with exactly the eight functions, and one with all rights. What a function grants can be read in another way,
# too, by which the eight bring their columns along; test_tokens.py proves that such a token is answered as all rights.
EIGHT = "eight functions"
EIGHT_WITH_COLUMNS = "eight functions and their columns"
ALL_RIGHTS = "all rights"


class Shop:
    """One merchant with one channel; `ports` is made anew for each operation, as each run has it."""

    retrying = API
    open_transport: OpenTransport = httpx2.HTTPTransport

    def __init__(
        self,
        sandbox: SandboxServer,
        folder: Path,
        *,
        token: str,
        name: str = "Shop",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.token = sandbox.full if token == ALL_RIGHTS else sandbox.hub
        if token == EIGHT_WITH_COLUMNS:
            sandbox.domain.change_settings(functions_grant_columns=True)
        self.can_read_stock = token != EIGHT
        self.folder = folder
        self.channel = Channel.objects.create(name=name)
        self.settings = ChannelSettings(
            id=self.channel.pk,
            name=name,
            rules=ContentRules(),
            is_local=True,
            acknowledge_mode=AcknowledgeMode.NOTE,
        )
        self.store = self.open_store()
        self.image_store = connect_images(
            FileServerAddress(
                host=sandbox.ftp.host,
                port=sandbox.ftp.port,
                user=sandbox.ftp_user,
                password=sandbox.ftp_password,
                protocol=FileProtocol.FTP,
            ),
            folder=ImageFolder(),
        )
        self.image_store.make_folder()
        self.listings = DjangoListings(self.channel.pk, clock=clock)
        self.orders = DjangoOrders(self.channel.pk)
        self.source_images = ImageLibrary(folder / "images", check_address=lambda _address: None)

    def open_store(self, token: Token | None = None) -> MivaStore:
        token = token or self.token
        client = connect_client(
            StoreConnection(
                domain=self.sandbox.endpoint,
                store_code="sandbox",
                token=token.token,
                signature_key=token.signature_key,
                plain_http=True,
            ),
            clock=lambda: self.clock().timestamp(),
            retrying=self.retrying,
            open_transport=self.open_transport,
        )
        return MivaStore(client)

    def close(self) -> None:
        self.image_store.close()
        self.store.close()

    def ports(self, run: MemoryRun | None = None, **changes) -> Ports:
        ports = Ports(
            channel=self.settings,
            store=self.store,
            image_store=self.image_store,
            source_images=self.source_images,
            descriptions=AllowedMarkup(),
            listings=self.listings,
            adoptions=DjangoAdoptions(self.channel.pk, clock=self.clock),
            drifts=DjangoDrifts(self.channel.pk),
            intents=DjangoIntents(self.channel.pk, clock=self.clock),
            inventory=DjangoStoreInventory(self.channel.pk),
            existence=DjangoExistenceNotes(self.channel.pk),
            orders=self.orders,
            accounts=DjangoAccounts(self.channel.pk, clock=self.clock),
            deliveries=MemoryDeliveries(),
            fetches=memory_fetches(),
            past=DjangoPastChanges(channel_id=self.channel.pk),
            run=run or MemoryRun(atomic=transaction.atomic),
            clock=self.clock,
        )
        return replace(ports, **changes)

    def import_text(self, text: str, *, name: str = "catalogue.csv", queue: bool = True, is_dry: bool = False):
        image = _png(self.folder / "image.png")
        path = self.folder / name
        path.write_text(text.replace("{image}", image.name), encoding="utf-8")
        written = self.clock().timestamp()
        os.utime(path, (written, written))
        return self.import_file(path, queue=queue, is_dry=is_dry)

    def import_file(self, path: Path, *, queue: bool = True, images_root: Path | None = None, is_dry: bool = False):
        ports = ImportPorts(
            reader=CatalogueFiles(),
            catalogue=DjangoCatalogue(),
            channels={"shop": self.listings},
            source_images=self.source_images,
            channel_ids={"shop": self.channel.pk},
            history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=self.clock),
            transaction=transaction.atomic,
            savepoint=transaction.atomic,
            clock=self.clock,
            reads_files=True,
            images_root=images_root,
        )
        bring = preview_import if is_dry else import_catalogue
        return bring(path, ports, options=ImportOptions(queue=queue))

    def _run(self, operation, *, is_dry: bool = False, only=None, preview: dict | None = None, **changes) -> MemoryRun:
        run = MemoryRun(is_dry=is_dry, atomic=transaction.atomic)
        operation.execute(self.ports(run, **changes), Selection.of(only, **(preview or {})))
        return run

    def _run_orders(self, operation, *, is_dry: bool = False, **changes) -> MemoryRun:
        run = MemoryRun(is_dry=is_dry, atomic=transaction.atomic)
        operation.execute(self.ports(run, **changes))
        return run

    def publish(self, **options) -> MemoryRun:
        return self._run(publish, **options)

    def sync(self, **options) -> MemoryRun:
        return self._run(sync, **options)

    def link(self, **options) -> MemoryRun:
        return self._run(link, **options)

    def set_type(self, **options) -> MemoryRun:
        return self._run(product_types, **options)

    def adopt(self, **options) -> MemoryRun:
        return self._run(adopt, **options)

    def get_orders(self, **options) -> MemoryRun:
        return self._run_orders(get_orders, **options)

    def sync_orders(self, **options) -> MemoryRun:
        return self._run_orders(sync_orders, **options)

    def queue(self, change: Pending, *skus: str, **options):
        with transaction.atomic():
            return queue(self.listings, self.listings.by_skus(skus), change, **options)

    def unlink(self, *skus: str) -> None:
        with transaction.atomic():
            self.listings.set_status(plan_unlink(self.listings.by_skus(skus)).statuses)

    def all_ids(self) -> list[int]:
        return list(Listing.objects.filter(channel=self.channel).values_list("pk", flat=True))

    def listing(self, sku: str) -> Listing:
        return Listing.objects.get(channel=self.channel, sku=sku)

    def on_store(self):
        """Every product of the store by code key, read with all rights by Miva's own SDK."""
        return read_store(self.sandbox)


@pytest.fixture
def sandbox():
    with SandboxServer() as server:
        yield server
        assert ignored_by(server) == []


@pytest.fixture
def sdk(sandbox):
    """
    Miva's own client for Python: it reads what the hub has done, and knows nothing of the hub.

    It may read everything, and in any time: its own clock does not go along where time is let pass.
    """
    db = sandbox.domain.db
    token = tokens.insert(db, name="official client", req_ts=False)
    tokens.grant(db, token, store_id=sandbox.store.id, functions=[tokens.EVERY_FUNCTION])
    options = {"default_store_code": "sandbox", "require_timestamps": False}
    return Client(sandbox.endpoint, token.token, token.signature_key, options)


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = Shop(sandbox, tmp_path, token=request.param)
    yield made
    made.close()


@pytest.fixture
def shopper(sandbox):
    """Whoever visits the store: what can be bought there, and how often."""
    visitor = Shopper(sandbox)
    yield visitor
    visitor.close()


@pytest.fixture(params=list(ShipmentPath))
def either_way(request, shop):
    """The shop of a test's own module, once for each call by which a shipment can be made."""
    shop.settings = replace(shop.settings, shipment_path=request.param)
    return shop


@pytest.fixture
def published(shop):
    """A shop whose whole catalogue is on the store."""
    shop.import_text(CATALOGUE)
    run = shop.publish()
    assert run.bad() == []
    return shop
