"""The door of the JSON API: HTTP rules, authentication with its order and texts, rights, reading parameters."""

import base64
import hashlib
import hmac
import json
import time

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from miva_sandbox.state import tokens, users
from miva_sandbox.state.tokens import DOMAIN_LEVEL

DENIED = "access_denied"


def post(sandbox, body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return httpx2.post(sandbox.endpoint, content=content, headers=sent)


def error(answer):
    decoded = answer if isinstance(answer, dict) else answer.json()
    return decoded["success"], decoded["error_code"], decoded["error_message"]


@pytest.fixture
def open_token(sandbox):
    """A token that needs neither signature nor timestamp, and may load the store."""
    token = tokens.insert(sandbox.domain.db, name="open", req_sig=False, req_ts=False)
    tokens.grant(sandbox.domain.db, token, store_id=sandbox.store.id, functions=["ProductList_Load_Query"])
    return token


def with_token(sandbox, token, body):
    return post(sandbox, body, X_Miva_API_Authorization=f"MIVA {token.token}")


def test_the_api_can_be_switched_off_and_then_says_503(sandbox, client):
    sandbox.domain.change_settings(api_offline=True)

    answer = client.post({"Function": "Store_Load", "Store_Code": "sandbox"})

    assert answer.status_code == 503
    assert answer.json() == {
        "success": 0, "error_code": "api_offline", "error_message": "The API is currently offline",
    }  # fmt: skip


def test_other_methods_and_content_types_are_refused_with_200(sandbox):
    authorization = {"X-Miva-API-Authorization": "MIVA x"}

    get = httpx2.get(sandbox.endpoint, headers=authorization)
    put = httpx2.put(sandbox.endpoint, headers=authorization, content=b"{}")
    text = httpx2.post(
        sandbox.endpoint, headers={**authorization, "Content-Type": "application/vnd.api+json"}, content=b"{}"
    )

    assert [answer.status_code for answer in (get, put, text)] == [200, 200, 200]
    assert error(get) == error(put) == (0, DENIED, "Invalid request method")
    assert error(text) == (0, DENIED, "Invalid request content type")


def test_a_charset_behind_the_content_type_is_fine(client):
    answer = client.post(
        {"Function": "Store_Load", "Store_Code": "sandbox"}, Content_Type="application/json; charset=utf-8"
    )

    assert answer.json()["success"] == 1


def test_a_request_without_the_header_is_none_of_the_api(sandbox):
    assert error(post(sandbox, {})) == (0, "session_expired", "Your session has expired. Please log in again.")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Bearer x", "Unrecognized authorization type"),
        ("MIVA nobody", "Access denied"),
        ("miva nobody", "Access denied"),
        ("MIVA-HMAC-SHA256 nobody:c2ln", "Access denied"),
    ],
)
def test_an_unknown_scheme_or_token_is_denied(sandbox, header, message):
    assert error(post(sandbox, {}, X_Miva_API_Authorization=header)) == (0, DENIED, message)


def test_the_checks_come_in_the_order_address_enabled_timestamp_signature(sandbox):
    db, full = sandbox.domain.db, sandbox.full
    now = int(time.time())

    def attempt(timestamp):
        body = {"Miva_Request_Timestamp": timestamp} if timestamp is not None else {}
        answer = post(sandbox, body, X_Miva_API_Authorization=f"MIVA-HMAC-SHA256 {full.token}:AAAA")
        return error(answer)[2]

    tokens.change(db, full, ip_addresses="10.0.0.0/8", enabled=False)
    assert attempt(None) == "Access denied"
    tokens.change(db, full, ip_addresses="10.0.0.0/8, 127.0.0.1")
    assert attempt(None) == "Token is disabled"
    tokens.change(db, full, enabled=True)
    assert attempt(None) == "Missing required timestamp"
    assert attempt(now - 125) == attempt(now + 125) == "Timestamp outside configured window"
    assert attempt(now - 100) == attempt(now + 100) == "Invalid request signature"
    assert attempt(str(now)) == "Invalid request signature"


def test_a_token_that_requires_a_signature_refuses_the_plain_scheme_in_odd_words(sandbox):
    answer = with_token(sandbox, sandbox.full, {"Miva_Request_Timestamp": int(time.time())})

    assert error(answer) == (0, DENIED, "Timestamp requires request signature")


def test_a_signature_that_is_not_required_is_not_looked_at(sandbox, open_token):
    answer = post(
        sandbox,
        {"Function": "ProductList_Load_Query", "Store_Code": "sandbox"},
        X_Miva_API_Authorization=f"MIVA-HMAC-SHA256 {open_token.token}:wrong",
    )

    assert answer.json()["success"] == 1


def test_the_signature_is_over_the_exact_bytes_and_either_digest_will_do(sandbox):
    key = base64.b64decode(sandbox.full.signature_key)
    body = json.dumps(
        {"Miva_Request_Timestamp": int(time.time()), "Function": "Store_Load", "Store_Code": "sandbox"}
    ).encode()

    def signed(digest, content):
        mac = base64.b64encode(hmac.new(key, body, digest).digest()).decode()
        header = f"MIVA-HMAC-{digest().name.upper()} {sandbox.full.token}:{mac}"
        return post(sandbox, content, X_Miva_API_Authorization=header).json()

    assert signed(hashlib.sha1, body)["success"] == signed(hashlib.sha256, body)["success"] == 1
    assert signed(hashlib.sha256, body + b" ")["error_message"] == "Invalid request signature"


def test_a_failed_login_is_answered_late_when_the_domain_says_so(sandbox):
    sandbox.domain.change_settings(login_delay_seconds=0.5)
    started = time.monotonic()

    post(sandbox, {}, X_Miva_API_Authorization="MIVA nobody")

    assert time.monotonic() - started >= 0.5


def test_the_date_header_is_the_stores_own_clock(sandbox, client):
    sandbox.domain.clock.freeze(1_800_000_000)

    assert client.post({"Function": "Store_Load"}).headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"


def test_a_body_that_is_no_json_object_has_no_members(sandbox, open_token):
    for body in (b"", b"[", b"\xff\xfe", b"[1]", b'{"Function": "\\ud800"}', b"[" * 100_000, b'{"a":' * 5_000):
        answer = with_token(sandbox, open_token, body)
        assert error(answer) == (0, "MER-JSN-00024", "Missing required parameter Function")


def test_the_store_comes_first_then_the_function_then_the_right(sandbox, open_token):
    def attempt(**body):
        return error(with_token(sandbox, open_token, body))[1]

    assert attempt(Store_Code="nowhere") == "store_not_found"
    assert attempt(Store_Code="", Function="Store_Load") == "store_not_found"
    assert attempt(Store_Code="sandbox") == "MER-JSN-00024"
    assert attempt(Store_Code="sandbox", Function="store_load") == "invalid_function"
    assert attempt(Function="Product_Delete") == "MER-JSN-00017"
    assert attempt(Store_Code="sandbox", Function="Product_Delete") == DENIED
    assert attempt(Store_Code="sandbox", Function="Module") == "MER-JSN-00025"
    assert attempt(Store_Code="sandbox", Function="Module", Module_Code="x") == "MER-JSN-00026"
    assert attempt(Store_Code="sandbox", Function="Module", Module_Code="x", Module_Function="y") == "invalid_module"


def test_a_module_must_be_installed_in_the_store(sandbox, client):
    sandbox.domain.add_store("second")
    tokens.grant(sandbox.domain.db, sandbox.full, store_id=2, functions=["*"])
    body = {"Function": "Module", "Module_Code": "orderworkflow", "Module_Function": "nonsense"}

    assert error(client.send({**body, "Store_Code": "sandbox"})) == (0, "MER-UTIL-ORWF-00117", "Invalid function")
    assert error(client.send({**body, "Store_Code": "second"})) == (0, "invalid_module", "Invalid module")


def test_rights_are_per_token_and_per_store(sandbox, open_token):
    sandbox.domain.add_store("second")

    first = with_token(sandbox, open_token, {"Store_Code": "SANDBOX", "Function": "ProductList_Load_Query"})
    second = with_token(sandbox, open_token, {"Store_Code": "second", "Function": "ProductList_Load_Query"})

    assert first.json()["success"] == 1
    assert error(second) == (0, DENIED, "Access denied")


def test_a_group_gives_what_its_privileges_ask_for_and_nothing_more(sandbox, open_token):
    tokens.grant(sandbox.domain.db, open_token, store_id=sandbox.store.id, groups=["Product Management"])
    body = {"Store_Code": "sandbox", "Product_Code": "X"}

    deleted = with_token(sandbox, open_token, {**body, "Function": "Product_Delete"})
    provisioned = with_token(sandbox, open_token, {**body, "Function": "Provision_Store"})
    version = with_token(sandbox, open_token, {"Function": "MivaMerchantVersion"})

    assert error(deleted) == (0, "MER-JSN-PRD-00014", "Product not found")
    assert error(provisioned) == (0, DENIED, "Function not assigned to token")
    assert error(version) == (0, DENIED, "Access denied")


def test_a_domain_level_function_is_assigned_without_a_store(sandbox, open_token):
    tokens.grant(sandbox.domain.db, open_token, store_id=DOMAIN_LEVEL, functions=["MivaMerchantVersion"])

    answer = with_token(sandbox, open_token, {"Function": "MivaMerchantVersion"})

    assert answer.json() == {"success": 1, "data": {"version": "26.01.01"}}


def test_provisioning_wants_a_token_that_requires_signature_and_timestamp(sandbox, client):
    db, full = sandbox.domain.db, sandbox.full

    def attempt(**parameters):
        return error(client.call("Provision_Store", **parameters))

    tokens.change(db, full, req_sig=False)
    assert attempt(XML="<x/>") == (0, DENIED, "Token does not require signature")
    tokens.change(db, full, req_sig=True, req_ts=False)
    assert attempt(XML="<x/>") == (0, DENIED, "Token does not require timestamp")
    tokens.change(db, full, req_ts=True)
    assert attempt() == attempt(XML=" ") == (0, "MER-JSN-00023", "One or more parameters are invalid")
    assert attempt(XML="<a>")[1] == "MER-PRV-JSN-00004"
    assert client.call("Provision_Store", XML="<Bogus/>")["data"][0]["message"] == "Unknown tag"


def test_parameter_names_match_in_any_case_and_values_are_trimmed(client):
    client.provision("<Product_Add><Code>TEE</Code><Name>T-Shirt</Name></Product_Add>")

    answer = client.send({"function": "Product_Delete", "STORE_CODE": " sandbox ", "pRoDuCt_CoDe": " tee "})

    assert answer == {"success": 1}


def test_a_field_error_has_every_member(client):
    client.call("Product_Insert", Product_Code="A-1", Product_Name="One")

    answer = client.call("Product_Insert", Product_Code="a-1", Product_Name="Again")

    assert answer == {
        "success": 0,
        "error_code": "MER-JSN-00018",
        "error_message": "Invalid value for field 'Product_Code': A product with the code 'a-1' already exists",
        "validation_error": True,
        "error_field": "Product_Code",
        "error_field_message": "A product with the code 'a-1' already exists",
        "input_errors": True,
        "error_fields": [
            {"error_field": "Product_Code", "error_message": "A product with the code 'a-1' already exists"}
        ],
    }


@pytest.mark.parametrize(
    ("parameters", "field", "message"),
    [
        ({}, "Product_Code", "Missing required parameter"),
        ({"Product_Code": ""}, "Product_Code", "Value may not be blank"),
        ({"Product_Code": None}, "Product_Code", "Value may not be blank"),
        ({"Product_Code": "a b"}, "Product_Code",
         "Codes may only contain letters, numbers, underscores (_) and dashes (-)."),
        ({"Product_Code": "a" * 51}, "Product_Code", "Code must be 50 characters long or shorter"),
        ({"Product_Code": "a"}, "Product_Name", "Missing required parameter"),
        ({"Product_Code": "a", "Product_Name": "n" * 101}, "Product_Name", "Value must be 100 characters or less"),
        ({"Product_Price": ""}, "Product_Price", "The value may not be blank"),
        ({"Product_Price": "1,5"}, "Product_Price", "Please enter a number"),
        ({"Product_Price": "123456789"}, "Product_Price",
         "Please specify a number with 8 digits or less to the left of the decimal point"),
        ({"Product_Price": "0.123456789"}, "Product_Price",
         "Please specify a number with 8 digits or less to the right of the decimal point"),
        ({"Product_Active": "maybe"}, "Product_Active", "Boolean values must be Yes/No, True/False, or 0/1"),
        ({"Product_Inventory": 1.5}, "Product_Inventory", "Please enter a whole number"),
        ({"Product_Inventory": 2**31}, "Product_Inventory", "Please specify a number no greater than 2147483647"),
        ({"Product_Weight": {"unit": "stone", "value": 1}}, "Product_Weight:unit", "Must be one of: lb, oz, g, kg"),
    ],
)  # fmt: skip
def test_an_invalid_parameter_is_named_with_the_standard_text(client, parameters, field, message):
    known = {"Product_Code": "a", "Product_Name": "n"} if field not in ("Product_Code", "Product_Name") else {}

    answer = client.call("Product_Insert", **known, **parameters)

    assert answer["error_code"] == "MER-JSN-00023"
    assert answer["error_fields"] == [{"error_field": field, "error_message": message}]


def test_loose_codes_refuse_three_characters_only(sandbox, client):
    sandbox.domain.change_settings(strict_codes=False)

    def attempt(code):
        answer = client.call("Product_Insert", Product_Code=code, Product_Name="n")
        return answer.get("error_field_message", "stored")

    assert attempt("a b/ü") == "stored"
    assert attempt("50%") == "Code may not contain a percent sign"
    assert attempt("a\\b") == "Code may not contain a backslash (\\)"


def test_a_parameter_that_nobody_asks_for_is_ignored_and_reported(sandbox, client):
    client.call("Product_Insert", Product_Code="A", Product_Name="n", Product_Colour="red")

    assert [(entry.kind, entry.detail) for entry in sandbox.domain.lint.entries()] == [
        ("unknown parameter", "product_colour")
    ]


@pytest.fixture(scope="module")
def private_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_with(key, sandbox, body, *, name="alice", scheme="SSH-RSA-SHA2-256", digest=hashes.SHA256):
    content = json.dumps(body).encode()
    signature = base64.b64encode(key.sign(content, padding.PKCS1v15(), digest())).decode()
    return post(
        sandbox, content, X_Miva_API_Authorization=f"{scheme} {base64.b64encode(name.encode()).decode()}:{signature}"
    ).json()


def test_an_admin_user_signs_with_a_key(sandbox, private_key):
    public = private_key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode()  # fmt: skip
    user = users.insert(sandbox.domain.db, name="alice", public_key=public)
    users.join(sandbox.domain.db, user, store_id=sandbox.store.id, group="Product Management")
    now = int(time.time())
    body = {"Function": "ProductList_Load_Query", "Store_Code": "sandbox", "Miva_Request_Timestamp": now}

    assert sign_with(private_key, sandbox, body)["success"] == 1
    assert sign_with(private_key, sandbox, body, scheme="SSH-RSA-SHA2-512", digest=hashes.SHA512)["success"] == 1
    assert error(sign_with(private_key, sandbox, body, digest=hashes.SHA512))[2] == "Invalid request signature"
    assert error(sign_with(private_key, sandbox, body, name="bob"))[2] == "Access denied"
    late = {**body, "Miva_Request_Timestamp": now - 40}
    assert error(sign_with(private_key, sandbox, late))[2] == "Timestamp outside configured window"
    provision = {**body, "Function": "Provision_Store", "XML": "<x/>"}
    assert error(sign_with(private_key, sandbox, provision))[2] == "Function not assigned to token"


def test_a_locked_user_is_denied(sandbox, private_key):
    public = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip
    users.insert(sandbox.domain.db, name="alice", public_key=public, is_administrator=True, locked=True)

    answer = sign_with(private_key, sandbox, {"Miva_Request_Timestamp": int(time.time())})

    assert error(answer) == (0, DENIED, "Access denied")
