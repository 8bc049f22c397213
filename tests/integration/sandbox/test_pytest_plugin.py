"""The fixtures for other projects, used by a project of that kind: another pytest with a folder of its own."""

import pytest

pytest_plugins = ["pytester"]

THEIR_TESTS = """
    import base64, hashlib, hmac, json, time
    import httpx2, pytest

    def call(sandbox, function, **parameters):
        body = json.dumps({"Function": function, "Store_Code": sandbox.store.code,
                           "Miva_Request_Timestamp": int(time.time()), **parameters}).encode()
        mac = base64.b64encode(hmac.new(base64.b64decode(sandbox.full.signature_key), body, hashlib.sha256).digest())
        headers = {"Content-Type": "application/json",
                   "X-Miva-API-Authorization": f"MIVA-HMAC-SHA256 {sandbox.full.token}:{mac.decode()}"}
        return httpx2.post(sandbox.endpoint, content=body, headers=headers).json()

    def add(sandbox):
        return call(sandbox, "Provision_Store", XML="<Product_Add><Code>A</Code><Name>A</Name></Product_Add>")["data"]
"""


@pytest.fixture
def theirs(pytester):
    """Run tests of somebody else's, with options of the command."""
    pytester.makeconftest('pytest_plugins = ["miva_sandbox.pytest_plugin"]')

    def run(tests, *options):
        pytester.makepyfile(THEIR_TESTS + tests)
        return pytester.runpytest_subprocess("-p", "no:django", "-p", "no:cacheprovider", "-W", "error", *options)

    return run


def test_each_test_gets_a_store_of_its_own(theirs):
    result = theirs("""
    def test_one(miva_sandbox):
        assert add(miva_sandbox) == []

    def test_two(miva_sandbox):
        assert add(miva_sandbox) == []
        assert httpx2.get(f"{miva_sandbox.control}/state").json()["sandbox"]["products"] == 1
    """)

    result.assert_outcomes(passed=2)


def test_the_store_of_the_session_keeps_what_tests_leave(theirs):
    result = theirs("""
    def test_one(miva_sandbox_session):
        assert add(miva_sandbox_session) == []

    def test_two(miva_sandbox_session):
        assert [message["message"] for message in add(miva_sandbox_session)] != []
    """)

    result.assert_outcomes(passed=2)


SLOPPY = """
    def test_sloppy(miva_sandbox):
        assert call(miva_sandbox, "ProductList_Load_Query", Sort="nonsense")["success"] == 1

    def test_careful(miva_sandbox):
        assert call(miva_sandbox, "ProductList_Load_Query", Sort="code")["success"] == 1

    def test_without():
        pass
"""


def test_what_a_store_ignores_fails_no_test_unless_asked(theirs):
    theirs(SLOPPY).assert_outcomes(passed=3)


@pytest.mark.parametrize("way", ["option", "configuration"])
def test_in_strict_mode_what_a_store_ignores_fails_the_test_that_sent_it(theirs, pytester, way):
    if way == "configuration":
        pytester.makeini("[pytest]\nmiva_sandbox_strict = true\n")

    result = theirs(SLOPPY, *(["--miva-sandbox-strict"] if way == "option" else []))

    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*unknown sort in *nonsense*"])


def test_strictness_is_asked_for_by_a_single_test_too(theirs):
    result = theirs("""
    @pytest.mark.parametrize("sort", ["code", "nonsense", "code"])
    def test_one(miva_sandbox_session, miva_sandbox_strict, sort):
        call(miva_sandbox_session, "ProductList_Load_Query", Sort=sort)
    """)

    result.assert_outcomes(passed=3, errors=1)
