"""A run through everything that wiring joins: database, store and image server on real sockets."""

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings

from miva_sandbox.server import SandboxServer
from tradepost import wiring
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.models import Channel, Connection, Listing
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import AddressRefused, NotAllowed, Reconfigure
from tradepost.domain.orders.order import StoreStatus
from tradepost.engine.runs import request_run, run_now
from tradepost.operations.catalogue.imports import import_catalogue
from tradepost.operations.channels import channels
from tradepost.operations.ports import FileProtocol, ImageConnection, StoreConnection

CATALOGUE = (
    "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
    "tee,Tee,,Acme,Shirts,Size,S,TEE-S,5,15.00\n"
    "tee,,,,,,M,TEE-M,3,15.00\n"
    "mug,Mug,,Acme,Kitchen,,,MUG,14,7.90\n"
)


@pytest.fixture
def data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(django_settings, "DATA_DIR", tmp_path)
    return tmp_path


@pytest.fixture
def channel(sqlite, data_folder) -> Channel:
    return Channel.objects.create(name="Shop", is_local=True)


@pytest.fixture
def sandbox():
    with SandboxServer() as server:
        yield server


def change(channel, **connections) -> None:
    ports = wiring.channels.channel_ports(requested_by="bob")
    channels.change_channel(channel.pk, lambda profile: replace(profile, **connections), ports)


@pytest.fixture
def connected(channel, sandbox) -> Channel:
    change(
        channel,
        store=StoreConnection(
            domain=sandbox.endpoint,
            store_code="sandbox",
            token=sandbox.hub.token,
            signature_key=sandbox.hub.signature_key,
            plain_http=True,
        ),
        images=ImageConnection(
            host=sandbox.ftp.host,
            port=sandbox.ftp.port,
            user=sandbox.ftp_user,
            password=sandbox.ftp_password,
            protocol=FileProtocol.FTP,
        ),
    )
    return channel


def test_a_catalogue_is_published_by_a_run(connected, data_folder):
    path = data_folder / "catalogue.csv"
    path.write_text(CATALOGUE)
    import_catalogue(path, wiring.catalogue.import_ports([connected], requested_by="bob", reads_files=True))

    run = run_now(request_run(connected.pk, "publish", requested_by="bob"))

    assert (run.state, run.error) == ("completed", "")
    listings = Listing.objects.order_by("sku").values_list("sku", "health", "link", "pending")
    assert list(listings) == [(sku, "listed", "linked", "") for sku in ("MUG", "TEE-M", "TEE-S", "tee")]
    assert run.changes.filter(action="create", outcome="applied", listing_id__isnull=False).count() == 4
    with wiring.stores.open_store(connected) as store:
        assert set(store.products_by_code(["mug", "tee", "tee-s", "tee-m"])) == {"mug", "tee", "tee-s", "tee-m"}


def test_a_store_that_refuses_the_token_fails_the_run_with_a_sentence(connected):
    known = wiring.channels.profile_of(connected).store
    change(connected, store=replace(known, token="wrong"))

    run = run_now(request_run(connected.pk, "get_orders"))

    assert (run.state, run.error_kind) == ("failed", "StoreRefused")
    assert "wrong" not in run.error


def stored(channel) -> StoreConnection | None:
    return wiring.channels.channel_ports(requested_by="bob").channels.read(channel.pk, with_secrets=True).store


def test_secrets_are_encrypted_and_a_blank_one_keeps_what_is_stored(channel, data_folder):
    given = StoreConnection(
        domain="https://Shop.example", store_code="s", token="T0KEN", signature_key="S1GN", folder="mm5"
    )
    change(channel, store=given)

    change(channel, store=StoreConnection(domain="https://shop.example:8443/Merchant2/json.mvc", store_code="t"))

    row = Connection.objects.get()
    assert b"T0KEN" not in bytes(row.secrets)
    assert (row.protocol, row.host, row.port, row.folder) == ("https", "shop.example", 8443, "/Merchant2/")
    known = stored(channel)
    assert (known.token, known.signature_key, known.store_code) == ("T0KEN", "S1GN", "t")
    assert (data_folder / "encryption.key").exists()


def test_without_the_old_key_addresses_can_be_changed_and_credentials_entered_again(channel, monkeypatch):
    change(channel, store=StoreConnection(domain="shop.example", store_code="s", token="T0KEN", signature_key="S1GN"))
    monkeypatch.setattr(django_settings, "TRADEPOST_ENCRYPTION_KEYS", [Fernet.generate_key().decode()])

    change(channel, store=StoreConnection(domain="shop.example", store_code="t"))
    with pytest.raises(Reconfigure, match="enter the channel's credentials again"):
        stored(channel)
    change(channel, store=StoreConnection(domain="shop.example", store_code="t", token="NEW", signature_key="K"))

    known = stored(channel)
    assert (known.token, known.signature_key, known.store_code) == ("NEW", "K", "t")


def test_a_channel_that_is_not_local_does_not_call_a_private_address(connected):
    connected.is_local = False

    with pytest.raises(AddressRefused, match="private network"), wiring.stores.open_store(connected):
        pass
    with pytest.raises(AddressRefused, match="private network"), wiring.stores.open_image_store(connected):
        pass


def test_a_name_that_points_elsewhere_at_the_second_look_is_not_followed(connected, sandbox, monkeypatch):
    # Public while it is looked at, inside the network when it is connected to.
    connected.is_local = False
    for kind in ("store_api", "image_ftp"):
        Connection.objects.filter(kind=kind).update(host="shop.example")
    numbers = iter(["93.184.216.34", "127.0.0.1", "93.184.216.34", "127.0.0.1"])
    monkeypatch.setattr("tradepost.security.addresses._resolve", lambda host, port: [next(numbers)])

    with wiring.stores.open_store(connected) as store, pytest.raises(AddressRefused, match="private network"):
        store.reads_stock()
    with wiring.stores.open_image_store(connected) as images, pytest.raises(AddressRefused, match="private network"):
        images.has_folder()


def test_only_the_stores_own_hosts_are_open_to_the_images_of_a_local_channel(connected, sandbox):
    own, other = (f"http://{host}:{sandbox.ftp.port + 1}/a.png" for host in ("127.0.0.1", "localhost"))

    local = wiring.images.source_images(connected).prepare([own, other])
    connected.is_local = False
    public = wiring.images.source_images(connected).prepare([own, other])
    of_no_channel = wiring.images.source_images(None).prepare([own])

    assert "private network" not in str(local[own])
    assert all("private network" in str(reason) for reason in (local[other], *public.values(), *of_no_channel.values()))


def test_a_channel_without_connections_says_so(channel):
    with pytest.raises(NotAllowed, match="no connection to a store"), wiring.stores.open_store(channel):
        pass
    with wiring.stores.open_image_store(channel) as images:
        assert images is None


def test_settings_of_a_channel_are_plain_values(channel):
    channel.rules = {"layout": "flat", "from_a_later_version": 1}
    channel.order_statuses = ["pending", "processing"]
    channel.carrier_map = {"Post": "USPS"}
    channel.acknowledge_mode = "note"

    settings = settings_of(channel)

    assert settings.rules.layout is Layout.FLAT
    assert settings.order_statuses == {StoreStatus.PENDING, StoreStatus.PROCESSING}
    assert settings.carrier_map == {"post": "USPS"}
    assert settings.acknowledge_mode == "note"
