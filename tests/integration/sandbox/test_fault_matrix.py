"""
The fault matrix: each kind of fault at each of the eight functions that a hub needs.

Whether work was done is not judged by one value: the whole content of the store's database must be what it was before,
or what an undisturbed call of the function makes of it.
"""

import base64
import contextlib
import ftplib
import hashlib
import hmac
import itertools
import json
import subprocess
import sys
import time
from io import BytesIO

import httpx2
import pytest

from miva_sandbox import provisioning
from miva_sandbox.cli import main
from miva_sandbox.faults import rules
from miva_sandbox.faults.rules import BadRuleError
from miva_sandbox.seed import HUB_FUNCTIONS
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import inventory, order_lines, orders, products
from miva_sandbox.state.database import Database
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.products import Product

FROZEN_AT = 1_800_000_000
EDIT = "<Product_Add><Code>THEIRS</Code><Name>Theirs</Name></Product_Add>"
WAIT_SECONDS = 0.05

CALLS = {
    "Provision_Store": {"XML": "<Product_Update code='MUG'><Name>Cup</Name></Product_Update>"},
    "OrderItemList_CreateShipment": {"Order_ID": 5001, "Line_IDs": [7]},
    "OrderList_Load_Query": {"Filter": [{"name": "ondemandcolumns", "value": ["items"]}]},
    "OrderShipmentList_Update": {
        "Shipment_Updates": [{"shpmnt_id": 3, "mark_shipped": True, "tracknum": "1Z", "tracktype": "UPS", "cost": 1}]
    },
    "ProductList_Load_Query": {"Count": 5},
    "ProductVariantList_Load_Product": {"Product_Code": "MUG"},
    "Product_Delete": {"Product_Code": "MUG"},
    "InventoryProductSettings_Update": {"Product_Code": "MUG", "CurrentStock": 4},
}
READS = {"OrderList_Load_Query", "ProductList_Load_Query", "ProductVariantList_Load_Product"}

JSON, HTML = "application/json; charset=utf-8", "text/html"
# Kind of fault, and the answer: status, type, and the error code if the body has one.
REFUSALS = {
    "error": ({"status": 502}, (502, HTML, None)),
    "engine_timeout": ({}, (504, HTML, None)),
    "api_offline": ({}, (503, JSON, "api_offline")),
    "permission": ({}, (200, JSON, "access_denied")),
    "clock": ({"seconds": 3600}, (200, JSON, "access_denied")),
}
# Kind of fault, and whether the work was done before the answer was lost.
LOSSES = {
    "drop_before": ({}, False),
    "drop_after": ({}, True),
    "cut": ({"after_bytes": 9}, True),
    "timeout": ({"seconds": WAIT_SECONDS}, True),
}
# The whole answer arrives, but late.
DELAYS = {"latency": {"seconds": WAIT_SECONDS}, "bandwidth": {"bytes_per_second": 4000}}
INTERFERENCES = {"stop_early", "edit"}
ON_FILES = {"ftp_refuse", "ftp_slow", "ftp_disconnect", "ftp_full"}
# Where the log says that a fault struck; anywhere else it is the request.
AT_FUNCTIONS = {"permission", "engine_timeout", "latency"}


def fill(store):
    """Give every function something to work on: a tracked product, and an order of one line with an empty shipment."""
    product_id = products.insert(store, Product(code="MUG", name="Mug", price=5 * 10**8))
    inventory.update_product(store, product_id, {}, track=True, stock=5)
    order_id = orders.insert(store, orders.NewOrder(id=5001))
    line = NewLine(code="MUG", name="Mug", price=5 * 10**8, weight=0, quantity=1)
    order_lines.insert(store, order_id, line, line_id=7)
    orders.summed(store, order_id)
    store.db.execute(
        "INSERT INTO order_shipments (id, code, code_key, order_id, status, weight) "
        "VALUES (3, 'S3', 's3', 5001, 100, 0)"
    )


@pytest.fixture(scope="module")
def filled():
    """A server with its clock stopped, and the content that each test begins with."""
    with SandboxServer(control_port=0) as server:
        server.domain.clock.freeze(FROZEN_AT)
        fill(server.store)
        content = Database(None, ())
        server.store.db.copy_to(content)
        yield server, content
        content.close()


@pytest.fixture
def sandbox(filled):
    server, content = filled
    yield server
    content.copy_to(server.store.db)
    server.faults.clear()
    server.faults.clear_log()
    for path in pictures(server).values():
        path.unlink()


def contents(store):
    """Return everything in the store's database, as statements."""
    with store.db.lock:
        return list(store.db._connection.iterdump())


def post(client, function):
    return client.post({"Function": function, "Store_Code": "sandbox", **CALLS[function]})


def undisturbed(store, act):
    """Return what the store's database would be after `act`, and leave it as it is."""
    kept = Database(None, ())
    store.db.copy_to(kept)
    act()
    after = contents(store)
    kept.copy_to(store.db)
    kept.close()
    return after


def switch_on(sandbox, kind, **members):
    """Let a fault strike once."""
    sandbox.faults.add(rules.read({"kind": kind, "times": 1, **members}))


def events(sandbox):
    return [(one.kind, dict(one.event)) for one in sandbox.faults.log()]


def event(kind, function):
    return kind, {"at": "function" if kind in AT_FUNCTIONS else "request", "functions": [function]}


def received(client, function):
    """Post and return the bytes of the body that arrive before the connection ends."""
    body = json.dumps(
        {"Miva_Request_Timestamp": FROZEN_AT, "Function": function, "Store_Code": "sandbox", **CALLS[function]}
    ).encode()
    headers = {"Content-Type": "application/json", "X-Miva-API-Authorization": client.sign(body)}
    arrived = b""
    try:
        with client.http.stream("POST", client.server.endpoint, content=body, headers=headers) as response:
            for chunk in response.iter_raw():
                arrived += chunk
    except httpx2.TransportError:
        return arrived
    pytest.fail("the answer arrived whole")


def test_the_matrix_has_every_kind_of_fault_and_every_function():
    kinds = [*REFUSALS, *LOSSES, *DELAYS, *INTERFERENCES, *ON_FILES]

    assert sorted(kinds) == sorted(rules.KINDS)
    assert set(CALLS) == set(HUB_FUNCTIONS)


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_what_an_undisturbed_call_does_shows_in_the_content(hub_client, sandbox, function):
    before = contents(sandbox.store)

    after = undisturbed(sandbox.store, lambda: post(hub_client, function))

    assert (after == before) == (function in READS)
    assert contents(sandbox.store) == before


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_changes_nothing_and_is_over_at_the_next_request(hub_client, sandbox, kind, function):
    members, expected = REFUSALS[kind]
    before, done = contents(sandbox.store), undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, kind, function=function, **members)

    response = post(hub_client, function)

    is_json = response.headers["content-type"] == JSON
    code = response.json()["error_code"] if is_json else None
    assert (response.status_code, response.headers["content-type"], code) == expected
    assert contents(sandbox.store) == before
    assert events(sandbox) == [event(kind, function)]
    assert post(hub_client, function).json()["success"] == 1
    assert contents(sandbox.store) == done


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize("kind", LOSSES)
def test_an_answer_is_lost_before_the_work_or_after_it(hub_client, sandbox, kind, function):
    members, is_done = LOSSES[kind]
    before, done = contents(sandbox.store), undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, kind, function=function, **members)
    started = time.monotonic()

    arrived = received(hub_client, function)

    assert arrived == (b'{"success' if kind == "cut" else b"")[: members.get("after_bytes", 0)]
    assert contents(sandbox.store) == (done if is_done else before)
    assert events(sandbox) == [event(kind, function)]
    assert time.monotonic() - started >= members.get("seconds", 0)


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize("kind", DELAYS)
def test_a_delayed_answer_is_late_and_whole_and_the_work_is_done(hub_client, sandbox, kind, function):
    members = DELAYS[kind]
    done = undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, kind, function=function, **members)
    started = time.monotonic()

    response = post(hub_client, function)

    least = len(response.content) / members["bytes_per_second"] if kind == "bandwidth" else WAIT_SECONDS
    assert time.monotonic() - started >= least
    assert response.json()["success"] == 1
    assert contents(sandbox.store) == done
    assert events(sandbox) == [event(kind, function)]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_latency_of_requests_waits_once_for_a_whole_multi_call(hub_client, sandbox, function):
    operation = {"Function": function, **CALLS[function]}
    sandbox.faults.add(rules.read({"kind": "latency", "seconds": WAIT_SECONDS}))
    started = time.monotonic()

    response = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, operation]})

    assert time.monotonic() - started >= WAIT_SECONDS
    assert len(response.json()) == 2
    assert events(sandbox) == [("latency", {"at": "request", "functions": [function, function]})]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_a_multi_call_that_stops_early_has_done_what_it_answers(hub_client, sandbox, function):
    operation = {"Function": function, **CALLS[function]}
    # An operation that changes the content whenever it is done.
    other = {"Function": "Provision_Store", "XML": EDIT}
    once = undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, "stop_early", function=function)

    first = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, other]})
    then = contents(sandbox.store)
    rest = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, other]}, Range="Operations=2-2")

    assert (first.status_code, first.headers["content-range"]) == (206, "1/2")
    assert [answer["success"] for answer in first.json()] == [1]
    assert then == once
    assert (rest.status_code, [answer["success"] for answer in rest.json()]) == (200, [1])
    assert contents(sandbox.store) != once
    assert events(sandbox) == [("stop_early", {"at": "request", "functions": [function, "Provision_Store"]})]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_an_edit_by_somebody_else_is_there_before_the_request(hub_client, sandbox, function):
    def both():
        provisioning.run(sandbox.store, EDIT)
        post(hub_client, function)

    done = undisturbed(sandbox.store, both)
    switch_on(sandbox, "edit", function=function, xml=EDIT)

    response = post(hub_client, function)

    assert response.json()["success"] == 1
    assert contents(sandbox.store) == done
    assert events(sandbox) == [event("edit", function)]
    if function == "ProductList_Load_Query":
        assert [row["code"] for row in response.json()["data"]["data"]] == ["MUG", "THEIRS"]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_a_right_lost_within_a_multi_call_is_lost_for_that_operation_only(hub_client, sandbox, function):
    operation = {"Function": function, **CALLS[function]}
    done = undisturbed(sandbox.store, lambda: post(hub_client, function))
    sandbox.faults.add(rules.read({"kind": "permission", "function": function, "nth": 2}))

    response = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, operation]})

    assert [answer.get("error_code") for answer in response.json()] == [None, "access_denied"]
    assert contents(sandbox.store) == done


# --- files ---


@pytest.fixture
def ftp(sandbox):
    client = ftplib.FTP(timeout=10)
    client.connect("127.0.0.1", sandbox.ftp.port)
    client.login(sandbox.ftp_user, sandbox.ftp_password)
    client.cwd("/htdocs/mm5/graphics")
    yield client
    client.close()


def pictures(sandbox):
    folder = sandbox.domain.files_root / "graphics"
    return {path.name: path for path in folder.iterdir() if path.is_file()}


def files(sandbox):
    return {name: path.read_bytes() for name, path in pictures(sandbox).items()}


def transfer(ftp, verb, content):
    """Send a.png, or fetch it; returns what was fetched."""
    fetched = BytesIO()
    if verb == "STOR":
        ftp.storbinary("STOR a.png", BytesIO(content))
    else:
        ftp.retrbinary("RETR a.png", fetched.write)
    return fetched.getvalue()


def test_a_refused_login_leaves_nothing_and_is_over_at_the_next(sandbox):
    switch_on(sandbox, "ftp_refuse")
    with ftplib.FTP(timeout=10) as client:
        client.connect("127.0.0.1", sandbox.ftp.port)

        with pytest.raises(ftplib.error_perm, match=r"^530 "):
            client.login(sandbox.ftp_user, sandbox.ftp_password)

        with pytest.raises(ftplib.error_perm, match=r"^530 "):
            client.storbinary("STOR /htdocs/mm5/graphics/a.png", BytesIO(b"x"))
        assert files(sandbox) == {}
        assert events(sandbox) == [("ftp_refuse", {"at": "ftp", "verb": "PASS"})]
        client.login(sandbox.ftp_user, sandbox.ftp_password)


@pytest.mark.parametrize("verb", ["STOR", "RETR"])
def test_a_slow_transfer_is_late_and_whole(sandbox, ftp, verb):
    content = bytes(range(256)) * 20
    (sandbox.domain.files_root / "graphics/a.png").write_bytes(content)
    switch_on(sandbox, "ftp_slow", bytes_per_second=2560, verb=verb)
    started = time.monotonic()

    fetched = transfer(ftp, verb, content)

    # The library waits out each second of its budget but the last.
    assert time.monotonic() - started >= 0.5
    assert fetched == (content if verb == "RETR" else b"")
    assert files(sandbox) == {"a.png": content}
    assert events(sandbox) == [("ftp_slow", {"at": "ftp", "verb": verb, "path": "/htdocs/mm5/graphics/a.png"})]


@pytest.mark.parametrize("verb", ["STOR", "RETR"])
def test_a_broken_connection_leaves_part_of_what_was_sent(sandbox, ftp, verb):
    content = b"x" * 8_000_000
    kept = {} if verb == "STOR" else {"a.png": content}
    for name, old in kept.items():
        (sandbox.domain.files_root / "graphics" / name).write_bytes(old)
    switch_on(sandbox, "ftp_disconnect", after_bytes=70_000, verb=verb)

    with pytest.raises((EOFError, OSError)):
        transfer(ftp, verb, content)

    with pytest.raises((EOFError, OSError)):
        ftp.pwd()
    left = files(sandbox)["a.png"]
    assert (left == content) == (verb == "RETR")
    assert len(left) > 70_000
    assert events(sandbox) == [("ftp_disconnect", {"at": "ftp", "verb": verb, "path": "/htdocs/mm5/graphics/a.png"})]


def test_a_full_disk_keeps_what_fitted_and_has_room_again_afterwards(sandbox, ftp):
    switch_on(sandbox, "ftp_full", after_bytes=10)

    with pytest.raises(ftplib.error_temp, match=r"^452 No space left"):
        transfer(ftp, "STOR", b"x" * 100)

    assert files(sandbox) == {"a.png": b"x" * 10}
    assert events(sandbox) == [("ftp_full", {"at": "ftp", "verb": "STOR", "path": "/htdocs/mm5/graphics/a.png"})]
    transfer(ftp, "STOR", b"y" * 100)
    assert files(sandbox) == {"a.png": b"y" * 100}


# --- how faults are switched on ---

ON_PATHS = {
    "ftp_slow": {"bytes_per_second": 1_000_000},
    "ftp_disconnect": {"after_bytes": 0},
    "ftp_full": {"after_bytes": 0},
}

MEMBERS = {
    **{kind: members for kind, (members, _) in (*REFUSALS.items(), *LOSSES.items())},
    **DELAYS,
    "stop_early": {},
    "edit": {"xml": EDIT},
}


# One for each of these kinds.
FUNCTIONS = (
    *HUB_FUNCTIONS,
    "CategoryList_Load_Query",
    "CustomerList_Load_Query",
    "NoteList_Load_Query",
    "OrderShipmentList_Load_Query",
    "Store_Load",
)


@contextlib.contextmanager
def served(*options):
    """Start the command in a process of its own; gives what it announced."""
    code = "from miva_sandbox.cli import main; raise SystemExit(main())"
    command = [sys.executable, "-c", code, "serve", "--json", "--control-port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def signed(facts, function):
    body = json.dumps(
        {
            "Function": function,
            "Store_Code": facts["store_code"],
            "Miva_Request_Timestamp": int(time.time()),
            **CALLS.get(function, {}),
        }
    ).encode()
    mac = hmac.new(base64.b64decode(facts["signing_key"]), body, hashlib.sha256).digest()
    signature = f"MIVA-HMAC-SHA256 {facts['token']}:{base64.b64encode(mac).decode()}"
    return {"content": body, "headers": {"Content-Type": "application/json", "X-Miva-API-Authorization": signature}}


def upload(facts, name):
    with ftplib.FTP(timeout=10) as client:
        client.connect(facts["ftp_host"], facts["ftp_port"])
        client.login(facts["ftp_user"], facts["ftp_password"])
        client.storbinary(f"STOR /htdocs/mm5/graphics/{name}", BytesIO(b"x" * 100))


@pytest.mark.parametrize("kind", MEMBERS)
def test_the_control_api_switches_each_fault_on_and_tells_of_it(hub_client, sandbox, kind):
    function = "ProductList_Load_Query"
    rule = {"kind": kind, "function": function, "times": 1, **MEMBERS[kind]}

    (rule_id,) = httpx2.post(f"{sandbox.control}/faults", json=rule).raise_for_status().json()["ids"]
    if kind in LOSSES:
        received(hub_client, function)
    else:
        post(hub_client, function)

    (taken,) = httpx2.get(f"{sandbox.control}/faults/log").json()["taken"]
    assert (taken["rule"], taken["kind"], taken["event"]) == (rule_id, *event(kind, function))


def test_options_of_the_command_switch_each_fault_on():
    """A process with a rule of each kind, each for a function or a file of its own."""
    kinds = dict(zip(MEMBERS, FUNCTIONS, strict=True))
    by_function = [{"kind": kind, "function": name, "times": 1, **MEMBERS[kind]} for kind, name in kinds.items()]
    by_path = [{"kind": kind, "path": kind, **members} for kind, members in ON_PATHS.items()]
    options = [["--fault", json.dumps(rule)] for rule in (*by_function, {"kind": "ftp_refuse", "times": 1}, *by_path)]

    with served(*itertools.chain.from_iterable(options)) as facts:
        for function in kinds.values():
            with contextlib.suppress(httpx2.TransportError):
                httpx2.post(facts["endpoint"], **signed(facts, function))
        for kind in ("ftp_refuse", *ON_PATHS):
            with contextlib.suppress(*ftplib.all_errors):
                upload(facts, f"{kind}.png")
        taken = httpx2.get(f"{facts['control']}/faults/log").json()["taken"]

    assert [one["kind"] for one in taken] == [*kinds, "ftp_refuse", *ON_PATHS]
    assert {one["kind"] for one in taken} == rules.KINDS
    assert [one["event"]["functions"] for one in taken[: len(kinds)]] == [[name] for name in kinds.values()]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("latency", "A rule must be JSON, not: latency"),
        ("[1]", "A rule must be a JSON object, not: [1]"),
        ('{"kind": "meteor"}', "kind must be one of: api_offline,"),
    ],
)
def test_a_bad_rule_among_the_options_is_refused_with_a_sentence(capsys, rule, sentence):
    with pytest.raises(SystemExit):
        main(["serve", "--fault", rule])

    assert f"argument --fault: {sentence}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"kind": "latency", "seconds": float("nan")}, "seconds must be a number"),
        ({"kind": "latency", "seconds": float("inf")}, "seconds must be a number"),
        ({"kind": "cut", "after_bytes": 1.5}, "after_bytes must be a whole number"),
        ({"kind": "cut", "after_bytes": None}, "after_bytes must be a number"),
        ({"kind": "error", "status": 200}, "status must be one of an error"),
        ({"kind": "error", "times": True}, "times must be a number"),
        ({"kind": "bandwidth"}, "bandwidth needs bytes_per_second"),
        ({"kind": "ftp_slow", "bytes_per_second": 0}, "ftp_slow needs bytes_per_second"),
        ({"kind": "clock"}, "clock needs seconds"),
        ({"kind": "edit"}, "edit needs xml"),
    ],
)
def test_a_rule_that_could_not_be_kept_is_refused_before_it_is_on(members, sentence):
    with pytest.raises(BadRuleError, match=sentence):
        rules.read(members)
