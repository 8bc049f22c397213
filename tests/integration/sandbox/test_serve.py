"""The command `miva-sandbox serve`, started as a process of its own."""

import base64
import ftplib
import hashlib
import hmac
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import PurePosixPath

import httpx2
import pytest

from miva_sandbox.cli import main


@pytest.fixture
def serve():
    """Start the command with arguments; returns what it announced and the process."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", "from miva_sandbox.cli import main; raise SystemExit(main())", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return json.loads(process.stdout.readline()), process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def post(facts, function, *, pair="", **parameters):
    """Call a function with one of the announced pairs of keys, signed as the reference describes."""
    body = json.dumps(
        {
            "Function": function,
            "Store_Code": facts["store_code"],
            "Miva_Request_Timestamp": int(time.time()),
            **parameters,
        }
    ).encode()
    mac = hmac.new(base64.b64decode(facts[f"{pair}signature_key"]), body, hashlib.sha256).digest()
    answer = httpx2.post(
        facts["endpoint"],
        content=body,
        headers={
            "Content-Type": "application/json",
            "X-Miva-API-Authorization": f"MIVA-HMAC-SHA256 {facts[f'{pair}token']}:{base64.b64encode(mac).decode()}",
        },
    )
    return answer.json()


def store_load(facts):
    return post(facts, "Store_Load")


def test_it_announces_in_one_line_what_a_client_needs_and_answers(serve):
    facts, _ = serve("--json", "--store", "acme", "--folder", "/Merchant2/")

    answer = store_load(facts)
    with ftplib.FTP() as ftp:
        ftp.connect(facts["ftp_host"], facts["ftp_port"])
        ftp.login(facts["ftp_user"], facts["ftp_password"])
        folders = ftp.nlst("/htdocs/Merchant2/graphics")

    assert answer["data"]["code"] == "acme"
    assert facts["endpoint"].endswith("/Merchant2/json.mvc")
    assert [PurePosixPath(folder).name for folder in folders] == ["00000001"]
    assert facts["hub_token"] != facts["token"]


def test_keys_and_content_survive_a_restart_with_a_state_directory(serve, tmp_path):
    seed = tmp_path / "seed.xml"
    seed.write_text("<Product_Add><Code>TEE</Code><Name>T-Shirt</Name></Product_Add>", encoding="utf-8")
    first, process = serve("--json", "--state", str(tmp_path / "store"), "--seed-file", str(seed))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0

    second, process = serve("--json", "--state", str(tmp_path / "store"), "--seed-file", str(seed))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    keys = ("token", "signature_key", "hub_token", "hub_signature_key", "ftp_password")
    assert [first[key] for key in keys] == [second[key] for key in keys]
    assert "Product with the code 'TEE' already exists" in errors


def test_a_seed_file_may_be_a_document_of_several_stores(serve, tmp_path):
    seed = tmp_path / "seed.xml"
    seed.write_text(
        '<?xml version="1.0"?>\n<Provision>\n<Store code="sandbox"><Product_Add><Code>A</Code><Name>A &amp; Co</Name>'
        '</Product_Add></Store>\n<Store code="second">\n<Nonsense/></Store>\n</Provision>',
        encoding="utf-8",
    )
    facts, process = serve("--json", "--control-port", "0", "--seed-file", str(seed))

    state = httpx2.get(f"{facts['control']}/state").json()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)

    assert {code: counts["products"] for code, counts in state.items()} == {"sandbox": 1, "second": 0}
    assert errors == f"{seed}:5: Nonsense: Unknown tag\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<Product_Add>", "Unable to parse XML: 1: "),
        (b"<Provision><Domain/></Provision>", 'Line 1: only <Store code="..."> stands in <Provision>'),
        (b'<Provision><Store code="a b"/></Provision>', "There can be no store 'a b': "),
        (b"\xff", "can't decode byte"),
    ],
)
def test_a_seed_file_that_cannot_be_read_ends_the_command_with_a_sentence(tmp_path, capsys, content, sentence):
    seed = tmp_path / "seed.xml"
    seed.write_bytes(content)

    status = main(["serve", "--seed-file", str(seed)])

    assert (status, sentence in capsys.readouterr().err) == (1, True)


def test_a_port_that_is_taken_or_none_ends_the_command_with_a_sentence(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = main(["serve", "--port", str(other.getsockname()[1])])
    with pytest.raises(SystemExit):
        main(["serve", "--ftp-port", "65536"])

    errors = capsys.readouterr().err
    assert taken == 1
    assert "miva-sandbox: [Errno 98] Address already in use" in errors
    assert "65536 is no port" in errors


@pytest.mark.parametrize(("options", "stock"), [((), 0), (("--functions-grant-columns",), 5)])
def test_an_assigned_function_grants_its_columns_by_option(serve, tmp_path, options, stock):
    seed = tmp_path / "seed.xml"
    seed.write_text(
        "<Product_Add><Code>A</Code><Name>A</Name></Product_Add>"
        '<InventoryProductSettings_Update product_code="A"><TrackProduct>Yes</TrackProduct>'
        "<AdjustStockBy>5</AdjustStockBy></InventoryProductSettings_Update>",
        encoding="utf-8",
    )
    facts, process = serve("--json", "--seed-file", str(seed), *options)

    columns = [{"name": "ondemandcolumns", "value": ["product_inventory"]}]
    answer = post(facts, "ProductList_Load_Query", pair="hub_", Filter=columns)
    process.send_signal(signal.SIGTERM)

    assert process.communicate(timeout=60)[1] == ""
    assert [row["product_inventory"] for row in answer["data"]["data"]] == [stock]


def test_requests_are_logged_as_lines_of_json(serve):
    facts, process = serve("--json", "--log-requests")
    store_load(facts)

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)

    logged = json.loads(errors.splitlines()[0])
    assert (logged["caller"], logged["status"]) == ("full rights", 200)
    assert [(operation["function"], operation["success"]) for operation in logged["operations"]] == [
        ("Store_Load", True)
    ]


def test_the_control_api_is_announced_when_it_is_served(serve):
    facts, _ = serve("--json", "--control-port", "0")

    assert httpx2.get(facts["control"]).status_code < 500
