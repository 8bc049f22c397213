"""The control API over real sockets: logs, clock, seeds, snapshots, shoppers, rights, settings, fault rules."""

import base64
import json
import threading
import time

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from miva_sandbox.server import SandboxServer
from miva_sandbox.state import inventory, page_images, products, queues
from miva_sandbox.state.products import Product

CONTROL_PATHS = ("/state", "/faults", "/faults/log", "/lint", "/requests", "/clock", "/shoppers", "/stores")


@pytest.fixture
def sandbox():
    with SandboxServer(control_port=0) as server:
        yield server


class Control:
    def __init__(self, server):
        self.http = httpx2.Client(base_url=server.control, timeout=60)

    def get(self, path):
        return self.http.get(path).raise_for_status().json()

    def post(self, path, **body):
        return self.http.post(path, json=body).raise_for_status().json()

    def delete(self, path):
        return self.http.delete(path).raise_for_status().json()


@pytest.fixture
def control(sandbox):
    made = Control(sandbox)
    yield made
    made.http.close()


def add_product(client, code):
    return client.provision(f"<Product_Add><Code>{code}</Code><Name>{code}</Name></Product_Add>")


def codes(client):
    return [row["code"] for row in client.rows("ProductList_Load_Query", Sort="id")]


def test_a_rule_strikes_and_is_logged_until_it_is_cleared(control, client):
    rule = control.post("/faults", kind="error", function="ProductList_Load_Query", status=502)
    struck = client.post({"Function": "ProductList_Load_Query", "Store_Code": "sandbox"}).status_code

    log = control.get("/faults/log")["taken"]
    control.delete(f"/faults/{rule['ids'][0]}")

    assert struck == 502
    assert [(fault["kind"], fault["event"]["functions"]) for fault in log] == [("error", ["ProductList_Load_Query"])]
    assert client.call("ProductList_Load_Query")["success"] == 1
    assert control.get("/faults") == {"rules": []}


def test_a_bad_rule_among_good_ones_switches_none_on(control):
    response = control.http.post("/faults", json={"rules": [{"kind": "error"}, {"kind": "meteor"}]})

    assert response.status_code == 400
    assert response.json()["error"].startswith("kind must be one of")
    assert control.get("/faults") == {"rules": []}


def test_lint_and_requests_are_read_and_cleared(control, client):
    client.call("ProductList_Load_Query", Sort="nonsense")

    entries, requests = control.get("/lint")["entries"], control.get("/requests")
    control.delete("/lint")
    control.delete("/requests")

    assert [entry["kind"] for entry in entries] == ["unknown sort"]
    assert [request["operations"][0]["function"] for request in requests["requests"]] == ["ProductList_Load_Query"]
    assert requests["total_seconds"] > 0
    assert (control.get("/lint")["entries"], control.get("/requests")["requests"]) == ([], [])


def test_the_clock_is_frozen_moved_and_released(control, client, sandbox):
    control.post("/clock", freeze=1_760_000_000)
    moved = control.post("/clock", move=3600)["now"]
    at_that_time = client.call("ProductList_Load_Query")["success"]

    released = control.post("/clock", release=True)["now"]

    assert (moved, at_that_time) == (1_760_003_600, 1)
    assert abs(released - time.time()) < 60


@pytest.mark.parametrize(("seconds", "year"), [(-1e11, "1970"), (1e11, "5195"), (9e11, "9999")])
def test_the_store_answers_however_far_its_clock_is_moved(control, client, seconds, year):
    for _ in range(9 if seconds > 1e11 else 1):
        control.post("/clock", move=min(seconds, 1e11))

    answer = client.post({"Function": "Provision_Store", "Store_Code": "sandbox", "XML": "<Nonsense/>"})

    assert answer.json()["data"][0]["message"] == "Unknown tag"
    assert year in answer.headers["Date"]


def test_a_snapshot_brings_back_records_settings_and_files_as_often_as_wanted(control, client, sandbox):
    image = sandbox.domain.files_root / "graphics" / "a.png"
    image.write_bytes(b"old")
    add_product(client, "KEPT")
    control.post("/snapshot", name="before")

    for _ in range(2):
        add_product(client, "LATER")
        control.post("/settings", store={"name": "Changed"})
        image.write_bytes(b"new")
        control.post("/restore", name="before")

        assert codes(client) == ["KEPT"]
        assert image.read_bytes() == b"old"
        assert sandbox.store.settings["name"] == "sandbox"


def test_an_unknown_snapshot_is_refused(control):
    response = control.http.post("/restore", json={"name": "never"})

    assert (response.status_code, response.json()) == (400, {"error": "There is no snapshot 'never'"})


def test_a_reset_leaves_a_new_store_under_the_same_token(control, client, sandbox):
    add_product(client, "GONE")
    (sandbox.domain.files_root / "graphics" / "a.png").write_bytes(b"x")
    control.post("/faults", kind="latency", seconds=9)
    control.post("/settings", inventory={"active": 0})

    control.post("/reset")

    assert codes(client) == []
    assert [path.name for path in (sandbox.domain.files_root / "graphics").iterdir()] == ["00000001"]
    assert control.get("/faults") == {"rules": []}
    assert inventory.settings(sandbox.store)["active"] == 1


def test_seeded_records_are_as_good_as_real_ones(control, client, sandbox):
    counts = control.post("/seed", products=20, families=3, variants=2, orders=10)["sandbox"]

    rows = client.rows("ProductList_Load_Query", Filter=[{"name": "ondemandcolumns", "value": ["attributes"]}])
    parents = [row["code"] for row in rows if row.get("attributes")]
    variants = client.call("ProductVariantList_Load_Product", Product_Code=parents[0])["data"]
    [order] = client.rows(
        "OrderList_Load_Query", Count=1, Filter=[{"name": "ondemandcolumns", "value": ["items", "charges", "payments"]}]
    )
    assert (counts["products"], counts["orders"], len(rows), len(parents)) == (29, 10, 29, 3)
    assert [part["product_code"] for variant in variants for part in variant["parts"]] == ["SEED-22", "SEED-23"]
    assert order["total"] == order["items"][0]["total"] + order["charges"][0]["amount"] == order["total_auth"]
    assert add_product(client, "AFTER") == []


def test_seeding_twice_adds_to_what_is_there(control):
    control.post("/seed", products=5, orders=3)

    counts = control.post("/seed", products=5, families=1, orders=3)["sandbox"]

    assert (counts["products"], counts["orders"]) == (15, 6)


def test_shoppers_order_what_is_in_stock_by_the_same_choices_for_a_seed(control, sandbox):
    control.post("/seed", families=5, variants=3)
    control.post("/snapshot", name="stocked")

    def bought():
        numbers = control.post("/shoppers", count=6, seed=4)["orders"]
        found = sandbox.store.db.rows("SELECT code, sku FROM order_items ORDER BY line_id")
        return len(numbers), [tuple(row) for row in found]

    first = bought()
    control.post("/restore", name="stocked")

    assert first == bought()
    assert first[0] == 6
    assert all(code != sku for code, sku in first[1])


def test_shoppers_at_a_rate_go_on_until_they_are_stopped(control, sandbox):
    product_id = products.insert(sandbox.store, Product(code="MUG", name="Mug"))
    inventory.update_product(sandbox.store, product_id, {}, track=True, stock=100_000)
    control.post("/shoppers", rate=200)
    deadline = time.monotonic() + 20
    while control.get("/shoppers")["placed"] < 3 and time.monotonic() < deadline:
        time.sleep(0.01)

    placed = control.delete("/shoppers")["placed"]

    assert placed >= 3
    assert control.get("/shoppers") == {"shopping": False, "placed": placed}
    assert inventory.counted(sandbox.store, product_id) == 100_000 - placed


def test_a_function_can_be_taken_from_a_token_and_given_back(control, hub_client):
    taken = control.post("/permissions", token="hub", revoke=["ProductList_Load_Query"])["functions"]
    refused = hub_client.call("ProductList_Load_Query")["error_code"]

    control.post("/permissions", token="hub", grant=["ProductList_Load_Query"])

    assert "ProductList_Load_Query" not in taken
    assert refused == "access_denied"
    assert hub_client.call("ProductList_Load_Query")["success"] == 1


def test_settings_are_changed_by_name_and_unknown_ones_change_nothing(control, client, sandbox):
    control.post(
        "/settings",
        domain={"api_offline": False},
        page_images={"PROD": "main"},
        inventory={"mode": "checkout"},
        workflows={"new_orders": True},
        queues=["hub_orders"],
    )
    refused = control.http.post("/settings", json={"store": {"nmae": "x"}, "inventory": {"mode": "basket"}})

    assert inventory.settings(sandbox.store)["mode"] == "checkout"
    assert queues.find(sandbox.store, "hub_orders") is not None
    assert page_images.chosen(sandbox.store) == {"PROD": "main"}
    assert (refused.status_code, "nmae" in refused.json()["error"]) == (400, True)


def test_somebody_else_edits_and_the_messages_come_back(control, client):
    edited = control.post("/edit", xml="<Product_Add><Code>T</Code><Name>T</Name></Product_Add><Nonsense/>")

    assert codes(client) == ["T"]
    assert [message["message"] for message in edited["messages"]] == ["Unknown tag"]


def test_a_second_store_has_its_own_records_under_the_same_token(control, client):
    add_product(client, "FIRST")
    stores = control.post("/stores", code="Second")["stores"]

    found = client.call("ProductList_Load_Query", Store_Code="SECOND")["data"]["data"]
    control.post("/edit", store="second", xml="<Product_Add><Code>OTHER</Code><Name>x</Name></Product_Add>")
    control.post("/reset")

    assert stores == [{"code": "sandbox", "number": "00000001"}, {"code": "Second", "number": "00000002"}]
    assert found == []
    assert {code: counts["products"] for code, counts in control.get("/state").items()} == {"sandbox": 0, "Second": 0}


def test_uris_are_unique_among_the_stores_of_the_domain(control, client):
    control.post("/stores", code="second")
    add_product(client, "TEE")

    [taken] = control.post(
        "/edit",
        store="second",
        xml="<Product_Add><Code>TEE</Code><Name>TEE</Name></Product_Add>"
        '<URI_Add uri="/tee.html" product_code="TEE" status="301"/>',
    )["messages"]
    uris = [
        client.call("ProductList_Load_Query", Store_Code=code, Filter=[{"name": "ondemandcolumns", "value": ["uris"]}])
        for code in ("sandbox", "second")
    ]

    assert taken["message"] == "URI '/tee.html' is already in use"
    assert [[row["uri"] for row in answer["data"]["data"][0]["uris"]] for answer in uris] == [
        ["/tee.html"],
        ["/tee-1.html"],
    ]


def test_stores_that_write_at_once_do_not_wait_for_each_other(control, client, sandbox):
    control.post("/stores", code="second")

    def fill(code):
        own = type(client)(sandbox, sandbox.full)
        for number in range(30):
            xml = f"<Product_Add><Code>P{number}</Code><Name>Name {number}</Name></Product_Add>"
            own.call("Provision_Store", Store_Code=code, XML=xml)
        own.http.close()

    writers = [threading.Thread(target=fill, args=(code,)) for code in ("sandbox", "second")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert {code: counts["products"] for code, counts in control.get("/state").items()} == {"sandbox": 30, "second": 30}


def test_a_token_is_made_with_its_own_demands_and_changed_later(control, sandbox):
    made = control.post("/tokens", token="reader", req_sig=False, req_ts=False, ip_addresses="10.0.0.0/8, ::1")
    control.post("/permissions", token="reader", grant=["ProductList_Load_Query"])

    def code():
        body = {"Function": "ProductList_Load_Query", "Store_Code": "sandbox"}
        header = {"X-Miva-API-Authorization": f"MIVA {made['token']}"}
        return httpx2.post(sandbox.endpoint, json=body, headers=header).json().get("error_message")

    from_elsewhere = code()
    again = control.post("/tokens", token="reader", ip_addresses="127.0.0.0/8")
    from_here = code()
    control.post("/tokens", token="reader", enabled=False)

    assert (from_elsewhere, from_here, code()) == ("Access denied", None, "Token is disabled")
    assert again == made


def test_an_admin_user_is_made_with_a_key(control, sandbox):
    key = rsa.generate_private_key(65537, 2048)
    control.post(
        "/users", user="ada", public_key=key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    )
    body = json.dumps(
        {"Function": "Store_Load", "Store_Code": "sandbox", "Miva_Request_Timestamp": int(time.time())}
    ).encode()
    signature = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    name = base64.b64encode(b"ada").decode()

    answer = httpx2.post(
        sandbox.endpoint,
        content=body,
        headers={
            "Content-Type": "application/json",
            "X-Miva-API-Authorization": f"SSH-RSA-SHA2-256 {name}:{signature}",
        },
    ).json()

    assert answer["success"] == 1, answer


def test_snapshots_and_resets_amid_requests_break_nothing(control, client, sandbox):
    control.post("/seed", products=50)
    control.post("/snapshot", name="fifty")
    stop = threading.Event()
    answers = []

    def write():
        own = type(client)(sandbox, sandbox.full)
        number = 0
        while not stop.is_set():
            number += 1
            own.provision(f"<Product_Add><Code>W{number}</Code><Name>x</Name></Product_Add>")
            answers.append(own.call("ProductList_Load_Query", Count=0)["success"])
        own.http.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for _ in range(5):
        control.post("/snapshot", name="later")
        control.post("/restore", name="fifty")
        control.post("/reset")
        control.post("/restore", name="later")
    stop.set()
    for writer in writers:
        writer.join()
    control.post("/restore", name="fifty")

    assert set(answers) == {1}
    assert len(codes(client)) == 50
    assert sandbox.store.db.value("PRAGMA integrity_check") == "ok"


@pytest.mark.parametrize(
    ("path", "content", "content_type"),
    [
        ("/clock", b"{", "application/json"),
        ("/clock", b"[]", "application/json"),
        ("/clock", b"{}", "text/plain"),
        ("/clock", b'{"move": "x"}', "application/json"),
        ("/clock", b'{"move": 1e300}', "application/json"),
        ("/clock", b"[" * 100_000, "application/json"),
        ("/seed", b'{"products": -1}', "application/json"),
        ("/seed", b'{"products": 1e9}', "application/json"),
        ("/seed", b'{"store": "none"}', "application/json"),
        ("/permissions", b'{"token": "none"}', "application/json"),
        ("/permissions", b'{"token": "hub", "grant": "x"}', "application/json"),
        ("/settings", b'{"store": {"baskexp": "x"}}', "application/json"),
        ("/faults", b'{"kind": "edit", "xml": "<unclosed>"}', "application/json"),
        ("/settings", b'{"domain": [1]}', "application/json"),
        ("/settings", b'{"domain": {"login_delay_seconds": -1}}', "application/json"),
        ("/settings", b'{"domain": {"tracking_links": {"UPS": 1}}}', "application/json"),
        ("/settings", b'{"queues": ["\\ud800"]}', "application/json"),
        ("/snapshot", b'{"name": "\\ud800"}', "application/json"),
        ("/permissions", b'{"token": "hub", "grant": ["\\ud800"]}', "application/json"),
        ("/shoppers", b'{"rate": -1}', "application/json"),
        ("/clock", b'{"freeze": -1}', "application/json"),
        ("/stores", b'{"code": "SANDBOX"}', "application/json"),
        ("/stores", b'{"code": "a b"}', "application/json"),
        ("/tokens", b'{"token": "t", "ts_window": true}', "application/json"),
        ("/tokens", b'{"token": "t", "ts_window": -1}', "application/json"),
        ("/tokens", b'{"req_sig": false}', "application/json"),
        ("/users", b'{"user": "u", "public_key": "ssh-rsa AAAA"}', "application/json"),
        ("/users", b'{"public_key": ""}', "application/json"),
        ("/snapshot", b"{}", "application/json"),
        ("/edit", b'{"xml": "<unclosed>"}', "application/json"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(control, path, content, content_type):
    response = control.http.post(path, content=content, headers={"Content-Type": content_type})

    assert response.status_code == 400, response.content
    assert response.json()["error"]


def test_a_page_from_elsewhere_cannot_reach_the_control(control):
    response = control.http.get("/state", headers={"Host": "rebound.example.com"})

    assert response.status_code == 400


@pytest.mark.parametrize("path", CONTROL_PATHS)
def test_what_can_be_read_answers_with_an_object(control, path):
    assert isinstance(control.get(path), dict)
