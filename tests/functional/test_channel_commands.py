"""A channel's life by commands: connected or not at all, changed in every field, paused, removed, and why it failed."""

import socket
import ssl
import threading
from contextlib import closing
from dataclasses import fields
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from miva_sandbox.files.certificate import self_signed
from tradepost import wiring
from tradepost.cli.exit_codes import Exit
from tradepost.database.models import Channel, Run, RunChange, RunKind, Trigger
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import USUAL_POLICIES, DriftPolicy
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.engine import runs
from tradepost.operations.ports import ChannelSettings, ImageConnection, StoreConnection


@pytest.fixture
def add(shell, box, monkeypatch):
    """Type `channel add shop` with what fits the box, but for what a test says instead; None leaves an option out."""
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", box.hub_signature_key)
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", box.ftp_password)

    def type_it(*flags, plain_http=True, **changes):
        fitting = {
            "domain": box.endpoint,
            "store-code": box.store_code,
            "ftp-host": box.ftp_host,
            "ftp-port": box.ftp_port,
            "ftp-user": box.ftp_user,
            "ftp-protocol": "ftp",
        }
        typed = fitting | {name.replace("_", "-"): value for name, value in changes.items()}
        words = [word for name, value in typed.items() if value is not None for word in (f"--{name}", value)]
        flags = (*flags, "--plain-http") if plain_http else flags
        return shell("channel", "add", "shop", *words, "--local", *flags)

    return type_it


@pytest.fixture
def silent_port():
    """A port that is taken, and that nobody listens on."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def https_port(tmp_path):
    """A port of a web server that speaks https, and hangs up on everything else."""
    certificate = self_signed()
    pem = tmp_path / "server.pem"
    key = certificate.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pem.write_bytes(key + certificate.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                with plain:
                    try:
                        context.wrap_socket(plain, server_side=True).close()
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def assert_cured(said, *cure, code=3):
    """The sentence is there, on one line of its own, and nothing is kept."""
    told = said.out + said.err
    assert said.code == code, told
    assert [words for words in cure if words not in told] == [], told
    assert "Traceback" not in told
    assert "Something went wrong" not in told
    assert not Channel.objects.exists()


# --- connecting ---


def test_an_add_that_fails_keeps_nothing_and_may_be_typed_again(add, monkeypatch, box):
    monkeypatch.setenv("TRADEPOST_TOKEN", "0" * 32)

    first = add("--make-folder", "--json")
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    second = add("--make-folder", "--json")

    assert (first.code, first.json["channel"]) == (3, None)
    assert (second.code, second.json["channel"]["name"]) == (0, "shop")
    assert all(check["ok"] for check in second.json["checks"])


def test_an_add_that_fails_says_that_nothing_was_kept_and_how_to_go_on(add, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TOKEN", "0" * 32)

    assert_cured(add(), "Nothing was kept", "--no-check")


def test_without_a_check_a_channel_is_kept_unseen_and_its_name_is_taken(add, silent_port):
    kept = add("--no-check", domain=f"http://127.0.0.1:{silent_port}")
    again = add("--no-check")

    assert kept.code == 0
    assert (again.code, "'tradepost channel set' changes it" in again.err) == (2, True)


def test_connecting_and_checking_are_kept_with_the_name_of_who_asked(connected):
    connected("channel", "check", "shop")

    requests = Run.objects.filter(kind="request")
    assert all(run.requested_by.startswith("shell") for run in requests)
    changes = RunChange.objects.filter(run__in=requests, subject_kind="channel").order_by("pk")
    assert list(changes.values_list("subject_key", "action", "outcome", "reason")) == [
        ("shop", "create", "applied", "connected by a person"),
        *[("shop", "keep", "unchanged", f"{place} checked by a person") for place in ("store", "images")] * 2,
    ]
    created = {field["name"]: field["after"] for field in changes[0].fields}
    assert created["store_store_code"] == "sandbox"
    assert [created[f"store_{name}"] for name in ("token", "signature_key")] == ["replaced"] * 2


# --- what can't be reached says why ---


def test_a_wrong_password_of_the_image_server_is_named(add, monkeypatch):
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", "not-the-password")

    said = add()

    assert_cured(said, "refuses the login of store", "Check user, password and protocol")
    assert "not-the-password" not in said.out + said.err


def test_http_where_https_is_meant_is_refused_before_secrets_are_asked_for(add, monkeypatch, box):
    for name in ("TRADEPOST_TOKEN", "TRADEPOST_SIGNATURE_KEY", "TRADEPOST_FTP_PASSWORD"):
        monkeypatch.delenv(name)

    assert_cured(add(plain_http=False), "Type https:// instead", "--plain-http", code=2)


def test_https_where_only_http_answers_is_named(add, box):
    address = box.endpoint.removeprefix("http://")

    assert_cured(add(plain_http=False, domain=f"https://{address}"), "does not speak https", "check domain and port")


def test_plain_http_to_a_server_of_https_is_named(add, https_port):
    assert_cured(add(domain=f"http://127.0.0.1:{https_port}"), "may want https", "leave out http://")


def test_a_host_that_nobody_knows_is_named(add):
    said = add(domain="http://no-such-store.invalid", ftp_host="no-such-server.invalid")

    assert_cured(
        said,
        "the host no-such-store.invalid is not known here. Check how the domain is spelled",
        "host no-such-server.invalid is not known here: check how it is spelled",
    )


def test_a_port_that_nobody_listens_on_is_named(add, silent_port):
    said = add(domain=f"http://127.0.0.1:{silent_port}", ftp_port=silent_port)

    assert_cured(
        said,
        f"nothing answers at 127.0.0.1:{silent_port}. Check domain and port",
        f"No file server answers at 127.0.0.1:{silent_port}: check host, port and protocol",
    )


def test_a_wrong_folder_of_the_store_is_named(add, box):
    root = box.endpoint.removesuffix("/mm5/json.mvc")

    assert_cured(add(domain=root, folder="/Merchant2/"), "check domain and folder", "/mm5/")


def test_a_wrong_graphics_folder_is_named_with_the_one_that_is_there(add):
    said = add("--make-folder", ftp_directory="/public_html/graphics")

    assert_cured(said, "has no folder /public_html/graphics", "--ftp-directory /htdocs/mm5/graphics")


def test_a_missing_folder_for_images_is_named_with_how_to_make_it(add):
    """R22, R23: a named folder that does not exist is an error, with the way to make it."""
    assert_cured(add(ftp_folder="is-imags"), "no folder 'is-imags'", "--make-folder")


def test_a_certificate_of_the_image_server_that_is_not_trusted_is_named_with_its_fingerprint(add):
    assert_cured(add(ftp_protocol="ftps"), "is not trusted by this machine", "SHA256:")


def test_tls_from_the_first_byte_where_the_image_server_has_none_is_named(add):
    assert_cured(add(ftp_protocol="ftps-implicit"), "choose another protocol")


def test_a_store_that_lets_nobody_in_is_told_by_check_too(connected, silent_port):
    connected("channel", "set", "shop", "--domain", f"http://127.0.0.1:{silent_port}", "--plain-http")

    said = connected("channel", "check", "shop")

    assert said.code == 3
    assert f"nothing answers at 127.0.0.1:{silent_port}" in said.out
    assert "nothing answers" in connected("channel", "show", "shop").out
    assert Run.objects.filter(kind="request").latest("pk").state == "completed_with_errors"


# --- changing ---

# One option for each field of a channel: what to type, and the value that it then has.
SETTINGS = {
    "time_zone": (("--time-zone", "America/Chicago"), "America/Chicago"),
    "name": (("--name", "other"), "other"),
    "is_local": (("--public",), False),
    "order_statuses": (("--order-status", "processing"), frozenset({"processing"})),
    "look_back_days": (("--look-back-days", 3), 3),
    "payment_states": (
        ("--payment-states", "captured", "--payment-states", "pending"),
        frozenset({"captured", "pending"}),
    ),
    "payload_days": (("--payload-days", 30), 30),
    "personal_days": (("--personal-days", 30), 30),
    "acknowledge_mode": (("--acknowledge", "note"), "note"),
    "acknowledge_field": (("--acknowledge-field", "taken"), "taken"),
    "acknowledge_value": (("--acknowledge-value", "yes"), "yes"),
    "acknowledge_queue": (("--acknowledge-queue", "archive"), "archive"),
    "shipment_path": (("--shipments", "function"), "function"),
    "drift_policies": (("--drift", "price=ask"), {**USUAL_POLICIES, Group.PRICE: DriftPolicy.ASK}),
    "carrier_map": (("--carrier", "DPD=Other"), {"dpd": "Other"}),
    "requires_product_type": (("--any-product-type",), False),
    "linking_priority": (("--link-by", "code"), "code"),
    "batch_size": (("--batch-size", 7), 7),
    "requests_at_once": (("--requests-at-once", 1), 1),
    "delist_parent_with_last_variant": (("--keep-parent",), False),
    "lowest_price": (("--lowest-price", "2.50"), Decimal("2.50")),
    "highest_price": (("--highest-price", "900"), Decimal("900.00")),
    "allows_zero_prices": (("--zero-prices",), True),
    "sells_without_stock": (("--sell-without-stock",), True),
    "lists_new": (("--no-list-new",), False),
    "brake_percent": (("--brake-percent", 30), 30),
    "brake_at_least": (("--brake-at-least", 4), 4),
    "stock_mode": (("--stock-mode", "checkout"), "checkout"),
    "basket_hours": (("--basket-hours", 50), 50),
    "lost_answer_seconds": (("--lost-answer-seconds", 300), 300),
    "is_look_only": (("--look-only",), True),
    "sends_images_itself": (("--images-by-store",), True),
    "image_pages": (("--image-pages", "SRCH CTGY"), frozenset({"SRCH", "CTGY"})),
}
RULES = {
    "layout": (("--layout", "flat"), Layout.FLAT),
    "type_field": (("--type-field", "kind"), "kind"),
    "parent_field": (("--parent-field", "mother"), "mother"),
    "barcode_field": (("--barcode-field", ""), ""),
    "brand_field": (("--brand-field", "maker"), "maker"),
    "msrp_field": (("--msrp-field", "list_price"), "list_price"),
    "mpn_field": (("--mpn-field", "part_number"), "part_number"),
    "image_type": (("--image-type", "zoom"), "zoom"),
    "sends_address": (("--no-address",), False),
    "sends_dimensions": (("--dimensions",), True),
    "mapping": (("--map", "name={brand} {title}"), (("name", "{brand} {title}"),)),
    "cleans_descriptions": (("--raw-descriptions",), False),
}
STORE = {
    "domain": (("--domain", "shop.example:8443"), "https://shop.example:8443"),
    "store_code": (("--store-code", "S2"), "S2"),
    "token": (("--new-token",), "new"),
    "signature_key": (("--new-signature-key",), "new"),
    "folder": (("--folder", "Merchant2"), "/Merchant2/"),
    "digest": (("--digest", "sha1"), "sha1"),
    "plain_http": (("--https",), False),
    "web_user": (("--web-user", "guest"), "guest"),
    "web_password": (("--new-web-password",), "new"),
}
IMAGES = {
    "host": (("--ftp-host", "ftp.example"), "ftp.example"),
    "user": (("--ftp-user", "me"), "me"),
    "password": (("--new-ftp-password",), "new"),
    "protocol": (("--ftp-protocol", "sftp"), "sftp"),
    "port": (("--ftp-port", 0), 0),
    "directory": (("--ftp-directory", "/www/graphics/"), "/www/graphics"),
    "folder": (("--ftp-folder", "graphics"), "graphics"),
    "fingerprint": (("--ftp-fingerprint", "SHA256:abc"), "SHA256:abc"),
}


def places(profile):
    return {
        "settings": profile.settings,
        "rules": profile.settings.rules,
        "store": profile.store,
        "images": profile.images,
    }


def stored(shell):
    return wiring.channels.channel_ports(requested_by="test").channels.read(Channel.objects.get().pk, with_secrets=True)


def test_every_field_of_a_channel_has_an_option():
    # Rules for orders have commands of their own.
    # An id is made; where images lie is told by the image server and the store's address.
    told = {
        ChannelSettings: {"id", "rules", "order_rules", "listing_rules"},
        ContentRules: {"image_folder", "files_address"},
    }

    for kind, table in {
        ChannelSettings: SETTINGS,
        ContentRules: RULES,
        StoreConnection: STORE,
        ImageConnection: IMAGES,
    }.items():
        assert set(table) == {field.name for field in fields(kind)} - told.get(kind, set())


@pytest.mark.parametrize(
    ("field", "words", "value"),
    [
        pytest.param((place, name), words, value, id=f"{place}-{name}")
        for place, table in (("settings", SETTINGS), ("rules", RULES), ("store", STORE), ("images", IMAGES))
        for name, (words, value) in table.items()
    ],
)
def test_each_field_is_changed_by_its_option_and_the_others_stay(connected, monkeypatch, field, words, value):
    place, name = field
    for secret in ("TOKEN", "SIGNATURE_KEY", "FTP_PASSWORD", "WEB_PASSWORD"):
        monkeypatch.setenv(f"TRADEPOST_{secret}", "new")
    before = places(stored(connected))

    said = connected("channel", "set", "shop", *words)

    assert said.code == 0, said
    after = places(stored(connected))
    assert getattr(after[place], name) == value
    untouched = {"settings", "store", "images"} - {place, *(["settings"] if place == "rules" else [])}
    assert {key: after[key] for key in untouched} == {key: before[key] for key in untouched}
    shown = said.out + RunChange.objects.filter(action="update").latest("pk").subject_key
    assert (name in shown, "'shop'" in shown) == (True, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--acknowledge", "field"), "--acknowledge-field"),
        (("--acknowledge-value", " "), "A blank value"),
        (("--acknowledge-value", " yes"), "blanks around one are cut"),
        (("--acknowledge-value", "x" * 255), "254 characters"),
        (("--acknowledge-field", "customfields:taken"), "'customfields:taken' can't be the code of a field"),
        (("--acknowledge-queue", "q" * 51), "can't be the code of a queue"),
    ],
)
def test_a_way_of_acknowledging_that_is_impossible_is_refused(connected, words, reason):
    said = connected("channel", "set", "shop", *words)

    assert (said.code, reason in said.err) == (Exit.BAD_INPUT, True), said
    assert stored(connected).settings.acknowledgement == Acknowledgement()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--parent-field", ""), "name its code with --parent-field"),
        (("--type-field", " "), "name its code with --type-field"),
        (("--brand-field", "UPC"), "The custom field 'upc' can't hold both UPC and Brand"),
        (("--mpn-field", "parent_code"), "can't hold both Parent Code and MPN"),
    ],
)
def test_custom_fields_that_nothing_could_be_published_with_are_refused(connected, words, reason):
    said = connected("channel", "set", "shop", *words)

    assert (said.code, reason in said.err) == (Exit.BAD_INPUT, True), said
    assert stored(connected).settings.rules == ContentRules()


@pytest.mark.parametrize("pair", ["price", "colour=ours", "price=mine", "address=ask"])
def test_a_policy_of_drift_that_makes_no_sense_is_refused_with_the_words_that_do(connected, pair):
    said = connected("channel", "set", "shop", "--drift", pair)

    assert said.code == Exit.BAD_INPUT
    assert "write GROUP=POLICY" in said.err
    assert all(word in said.err for word in ("price", "texts", "status", "ours", "store", "ask"))


def test_a_change_is_kept_with_before_and_after_and_the_same_again_changes_nothing(connected):
    connected("channel", "set", "shop", "--batch-size", "7")
    kept = Run.objects.count()

    again = connected("channel", "set", "shop", "--batch-size", "7")

    assert (again.code, Run.objects.count()) == (0, kept)
    assert "nothing was changed" in again.out
    assert RunChange.objects.latest("pk").fields == [{"name": "batch_size", "before": 50, "after": 7}]


def test_an_address_that_changes_is_https_again_unless_plain_http_is_allowed_again(connected):
    refused = connected("channel", "set", "shop", "--domain", "http://127.0.0.1:1")
    connected("channel", "set", "shop", "--domain", "shop.example")

    assert (refused.code, "--plain-http" in refused.err) == (2, True)
    assert (stored(connected).store.domain, stored(connected).store.plain_http) == ("https://shop.example:443", False)


def test_an_image_server_can_be_forgotten_and_named_anew(connected):
    connected("channel", "set", "shop", "--no-images")
    alone = connected("channel", "set", "shop", "--ftp-user", "me")
    anew = connected("channel", "set", "shop", "--ftp-host", "ftp.example", "--ftp-user", "me")

    assert (alone.code, "--ftp-host" in alone.err) == (2, True)
    assert anew.code == 0
    assert stored(connected).images.user == "me"
    assert stored(connected).images.password


def test_a_word_for_a_carrier_can_be_taken_back(connected):
    connected("channel", "set", "shop", "--carrier", "dpd=Other", "--carrier", "post=USPS")
    connected("channel", "set", "shop", "--carrier", "DPD=")

    assert connected("channel", "show", "shop", "--json").json["carriers"] == {"post": "USPS"}


@pytest.mark.parametrize("words", [("--name", "other"), ("--name", " other ")])
def test_a_name_that_is_taken_is_refused(connected, words):
    Channel.objects.create(name="other")

    said = connected("channel", "set", "shop", *words)

    assert (said.code, "There is a channel 'other' already" in said.err) == (2, True)


def test_a_store_that_a_channel_has_gets_no_second_one(connected, box):
    """Each of its orders came in twice, was packed twice, and took its pieces off sale twice."""
    other = Channel.objects.create(name="other")
    address = ("--domain", box.endpoint, "--plain-http", "--local", "--store-code")

    added = connected("channel", "add", "twin", *address, box.store_code.upper())
    moved = connected("channel", "set", "other", *address, box.store_code)
    kept = connected("channel", "set", "shop", *address, box.store_code)

    for said in (added, moved):
        assert (said.code, "This store is connected already, as 'shop'" in said.err) == (2, True), said
    assert (kept.code, list(other.connections.all())) == (0, [])
    assert Channel.objects.count() == 2


# --- pausing and removing ---


def test_a_paused_channel_executes_no_runs_until_it_is_resumed(connected):
    channel = Channel.objects.get()
    queued = runs.request_run(channel.pk, RunKind.SYNC, trigger=Trigger.PERSON)

    paused = connected("channel", "pause", "shop")
    refused = connected("listings", "publish")
    previewed = connected("listings", "publish", "--dry-run")
    taken = runs.take(queued.pk)
    listed = connected("channel", "list")
    resumed = connected("channel", "resume", "shop")

    assert (paused.code, resumed.code) == (0, 0)
    assert [(said.code, "'tradepost channel resume'" in said.err) for said in (refused, previewed)] == [(2, True)] * 2
    assert taken is None
    assert "paused" in listed.out
    assert not Run.objects.filter(kind="publish").exists()
    assert connected("listings", "publish").code == 0
    assert runs.take(queued.pk) is not None
    assert [
        change.fields for change in RunChange.objects.filter(subject_kind="channel", action="update").order_by("pk")
    ] == [[{"name": "is_paused", "before": not state, "after": state}] for state in (True, False)]


def test_pausing_twice_says_so(connected):
    connected("channel", "pause", "shop")

    said = connected("channel", "pause", "shop", "--json")

    assert (said.code, said.json) == (0, {"channel": "shop", "paused": True, "changed": False})


def test_a_channel_is_not_removed_while_a_run_is_at_work(connected):
    channel = Channel.objects.get()
    queued = runs.request_run(channel.pk, RunKind.GET_ORDERS, trigger=Trigger.PERSON)
    running = runs.request_run(channel.pk, RunKind.SYNC, trigger=Trigger.PERSON)
    assert runs.take(running.pk) is not None

    refused = connected("channel", "remove", "shop", "--yes")
    Run.objects.filter(pk=running.pk).update(state="completed", lease_until=None, owner="")
    removed = connected("channel", "remove", "shop", "--yes")

    assert (refused.code, "A run is at work on 'shop'" in refused.err) == (2, True)
    assert removed.code == 0
    assert Run.objects.get(pk=queued.pk).state == "cancelled"
    change = RunChange.objects.latest("pk")
    assert (change.subject_key, change.action, change.outcome) == ("shop", "delete", "applied")


def test_a_channel_says_what_may_be_sold_elsewhere_before_it_knows(connected):
    told = connected("channel", "show", "shop", "--json").json["remainder"]

    assert (told["expected"], told["worst"], told["others"]) == (0, 0, [])
    assert "No other channel sells the same pieces" in connected("channel", "show", "shop").out
