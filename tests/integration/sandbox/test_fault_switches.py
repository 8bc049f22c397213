"""How faults are switched on: through the control API, and by options of the command."""

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

from miva_sandbox.cli import main
from miva_sandbox.faults import rules
from miva_sandbox.faults.rules import BadRuleError, Rule
from miva_sandbox.server import SandboxServer

# Each kind of fault of requests, with a function for it alone.
ON_FUNCTIONS = {
    "latency": ("OrderList_Load_Query", {"seconds": 0.01}),
    "bandwidth": ("ProductList_Load_Query", {"bytes_per_second": 100_000}),
    "error": ("CategoryList_Load_Query", {"status": 502}),
    "drop_before": ("CustomerList_Load_Query", {}),
    "drop_after": ("NoteList_Load_Query", {}),
    "cut": ("OrderShipmentList_Load_Query", {"after_bytes": 3}),
    "timeout": ("StoreList_Load_Query", {"seconds": 0.01}),
    "engine_timeout": ("Store_Load", {}),
    "stop_early": ("ImageTypeList_Load_Query", {}),
    "api_offline": ("AttributeTemplateList_Load_Query", {}),
    "permission": ("OrderCustomFieldList_Load", {}),
    "clock": ("MivaMerchantVersion", {"seconds": 3600}),
    "lands_late": ("CountryList_Load_Query", {"requests": 1}),
    "edit": ("Provision_Store", {"xml": "<Category_Add><Code>theirs</Code><Name>Theirs</Name></Category_Add>"}),
}
# The faults of shoppers, each with the act that it strikes at.
ON_ACTS = {
    "stock_race": ("ADPR", {"act": "add", "code": "SEED-1", "quantity": 1000}),
    "payment_refused": ("AUTH", {"act": "check_out"}),
    "payment_dies": ("AUTH", {"act": "check_out"}),
    "checkout_gap": ("AUTH", {"act": "check_out"}),
}
# The faults of transfers, each for files of its name.
ON_PATHS = {
    "ftp_slow": {"bytes_per_second": 1_000_000},
    "ftp_disconnect": {"after_bytes": 0},
    "ftp_full": {"after_bytes": 0},
}


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


def post(function, *, endpoint, token, signature_key):
    body = json.dumps(
        {"Function": function, "Store_Code": "sandbox", "Miva_Request_Timestamp": int(time.time())}
    ).encode()
    mac = hmac.new(base64.b64decode(signature_key), body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-Miva-API-Authorization": f"MIVA-HMAC-SHA256 {token}:{base64.b64encode(mac).decode()}",
    }
    with contextlib.suppress(httpx2.TransportError):
        httpx2.post(endpoint, content=body, headers=headers)


def upload(facts, name):
    with contextlib.suppress(*ftplib.all_errors), ftplib.FTP(timeout=60) as client:
        client.connect(facts["ftp_host"], facts["ftp_port"])
        client.login(facts["ftp_user"], facts["ftp_password"])
        client.storbinary(f"STOR /htdocs/mm5/graphics/{name}", BytesIO(b"x" * 100))


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer(control_port=0) as server:
        yield server


@pytest.mark.parametrize("kind", ON_FUNCTIONS)
def test_the_control_api_switches_each_fault_on_and_tells_of_it(sandbox, kind):
    function, members = ON_FUNCTIONS[kind]
    rule = {"kind": kind, "function": function, "times": 1, **members}

    (rule_id,) = httpx2.post(f"{sandbox.control}/faults", json=rule).raise_for_status().json()["ids"]
    post(function, endpoint=sandbox.endpoint, token=sandbox.full.token, signature_key=sandbox.full.signature_key)

    taken = httpx2.get(f"{sandbox.control}/faults/log").json()["taken"][-1]
    assert (taken["rule"], taken["kind"], taken["event"]["functions"]) == (rule_id, kind, [function])


def test_options_of_the_command_switch_each_fault_on():
    by_function = [
        {"kind": kind, "function": function, "times": 1, **members}
        for kind, (function, members) in ON_FUNCTIONS.items()
    ]
    by_act = [
        {"kind": kind, "verb": verb, "times": 1, **({"requests": 1, "nth": 3} if kind == "checkout_gap" else {})}
        for kind, (verb, _) in ON_ACTS.items()
    ]
    by_path = [{"kind": kind, "path": kind, **members} for kind, members in ON_PATHS.items()]
    options = [
        ["--fault", json.dumps(rule)] for rule in (*by_function, *by_act, {"kind": "ftp_refuse", "times": 1}, *by_path)
    ]
    functions = [function for function, _ in ON_FUNCTIONS.values()]

    with served(*itertools.chain.from_iterable(options)) as facts:
        for function in functions:
            post(function, **{name: facts[name] for name in ("endpoint", "token", "signature_key")})
        httpx2.post(f"{facts['control']}/seed", json={"products": 1}).raise_for_status()
        session = ""
        for _, act in ON_ACTS.values():
            answer = httpx2.post(f"{facts['control']}/shopper", json={"session": session, **act})
            session = answer.raise_for_status().json()["session"]
        for name in ("refused", *ON_PATHS):
            upload(facts, f"{name}.png")
        taken = httpx2.get(f"{facts['control']}/faults/log").json()["taken"]

    kinds = [fault["kind"] for fault in taken]
    assert kinds == [*ON_FUNCTIONS, *ON_ACTS, "ftp_refuse", *ON_PATHS]
    assert set(kinds) == rules.KINDS
    assert [fault["event"]["functions"] for fault in taken[: len(functions)]] == [[name] for name in functions]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("latency", "A rule is written as kind=error,nth=2 or as a JSON object; 'latency' is neither"),
        ("[1]", "A rule is written as kind=error,nth=2 or as a JSON object; '[1]' is neither"),
        ("{1}", "This is no JSON object: {1}"),
        ("", "A rule is written as kind=error,nth=2"),
        ("kind=error,nth=two", "nth must be a number"),
        ("kind=error,nth=1,nth=2", "nth is there twice"),
        ("kind=error,sometimes=1", "Unknown members: sometimes"),
        ("nth=2", "kind must be one of: api_offline,"),
        ('{"kind": "meteor"}', "kind must be one of: api_offline,"),
    ],
)
def test_a_bad_rule_among_the_options_is_refused_with_a_sentence(capsys, rule, sentence):
    with pytest.raises(SystemExit):
        main(["serve", "--fault", rule])

    assert f"argument --fault: {sentence}" in capsys.readouterr().err


def test_a_rule_is_typed_as_members_with_commas_between():
    typed = " kind = drop_after, function=Module:orderworkflow:OrderList_Acknowledge,nth=2,probability=0.5"

    assert rules.from_text(typed) == Rule(
        kind="drop_after", function="Module:orderworkflow:OrderList_Acknowledge", nth=2, probability=0.5
    )


def test_the_command_takes_rules_as_they_are_typed_and_a_seed_for_them():
    with served("--fault", "kind=error,function=product_delete,status=503", "--fault-seed", "7") as facts:
        post("Product_Delete", **{name: facts[name] for name in ("endpoint", "token", "signature_key")})
        [rule] = httpx2.get(f"{facts['control']}/faults").json()["rules"]

    assert (rule["kind"], rule["status"], rule["taken"]) == ("error", 503, 1)


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
        ({"kind": "checkout_gap"}, "checkout_gap needs requests or seconds"),
        ({"kind": "lands_late", "requests": 0.5}, "requests must be a whole number"),
    ],
)
def test_a_rule_that_could_not_be_kept_is_refused_before_it_is_on(members, sentence):
    with pytest.raises(BadRuleError, match=sentence):
        rules.read(members)
