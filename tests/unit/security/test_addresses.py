import socket
from urllib.parse import urlsplit

import pytest

from tradepost.domain.errors import AddressRefused
from tradepost.security.addresses import check_host, check_web_address, checked_addresses, connect


@pytest.mark.parametrize(
    "address",
    [
        "ftp://93.184.216.34/x.jpg",
        "file:///etc/passwd",
        "gopher://93.184.216.34/",
        "/etc/passwd",
        "",
        "https://",
        "https://user:password@93.184.216.34/",
        "https://93.184.216.34:99999/",
        "https://93.184.216.34:0/",
        "http://[::1",
        "http://[",
    ],
)
def test_what_is_no_plain_web_address_is_refused_for_every_channel(address):
    with pytest.raises(AddressRefused):
        check_web_address(address)


def host_of(text):
    host = urlsplit(f"http://{text}/x.jpg").hostname
    assert host
    return host


PRIVATE = [
    "127.0.0.1",
    "localhost",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[fec0::1]",  # the site-local addresses of old
    "[::ffff:127.0.0.1]",
    "[64:ff9b::10.1.2.3]",  # by way of NAT64
    "[64:ff9b:1::1]",
    "[2002:a00:1::1]",  # 6to4 of 10.0.0.1
    "[2002:5db8:d822::1]",  # 6to4 of a public address: a tunnel that nobody serves images by
    "[2001:0:4136:e378:8000:63bf:f5ff:fffe]",  # Teredo of 10.0.0.1
    "[2001:db8::1]",
    "[::7f00:1]",  # 127.0.0.1 in the form before ::ffff:0:0/96
    "[4000::1]",  # given to nobody
    "2130706433",  # 127.0.0.1, written as one number
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_only_for_channels_marked_as_local(host):
    with pytest.raises(AddressRefused):
        check_host(host_of(host), port=80)
    check_host(host_of(host), port=80, is_local=True)


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_only_for_hosts_that_are_named(host):
    with pytest.raises(AddressRefused):
        checked_addresses(host_of(host), 80, private_hosts={"shop.example"})
    assert checked_addresses(host_of(host), 80, private_hosts={host_of(host)})


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "224.0.0.1", "[::]", "255.255.255.255", "[ff02::1]", "[::ffff:0.0.0.0]", "[2002:e000:1::1]"]
)
def test_addresses_of_no_server_are_refused_even_for_local_channels(host):
    with pytest.raises(AddressRefused):
        check_host(host_of(host), port=80, is_local=True)


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "[2606:2800:220:1:248:1893:25c8:1946]", "[::ffff:93.184.216.34]", "[64:ff9b::5db8:d822]"]
)
def test_public_addresses_pass(host):
    check_web_address(f"https://{host}/x.jpg")
    check_web_address(f"HTTP://{host}:8080/x.jpg")
    check_host(host_of(host), port=443)
    assert checked_addresses(host_of(host), 443) == [host_of(host)]


def test_every_address_of_a_name_is_looked_at():
    def resolve(host, port):
        return ["93.184.216.34", "10.0.0.1"]

    with pytest.raises(AddressRefused, match="private network"):
        check_host("rebinding.example", port=443, resolve=resolve)
    with pytest.raises(AddressRefused, match="private network"):
        checked_addresses("rebinding.example", 443, resolve=resolve)
    check_host("rebinding.example", port=443, resolve=lambda host, port: ["93.184.216.34"])


def test_a_name_that_is_not_known_is_left_to_the_call_itself():
    check_host("nowhere.example", port=443, resolve=lambda host, port: [])


def not_known(host, port):
    raise socket.gaierror(socket.EAI_NONAME, "not known")


@pytest.mark.parametrize("resolve", [not_known, lambda host, port: []])
def test_a_name_that_is_not_known_is_not_connected_to(resolve):
    check_host("nowhere.example", port=443, resolve=resolve)

    with pytest.raises(OSError):
        connect(("nowhere.example", 443), resolve=resolve)


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_name_is_looked_up_once_and_connected_to_at_the_address_that_was_judged(listening):
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with connect(("shop.example", listening), 5, private_hosts={"shop.example"}, resolve=resolve) as connection:
        assert connection.getpeername() == ("127.0.0.1", listening)

    assert asked == ["shop.example"]


def test_a_name_that_points_inwards_is_not_connected_to(listening):
    with pytest.raises(AddressRefused, match=r"private network\. Do this\."):
        connect(("shop.example", listening), 5, cure=" Do this.", resolve=lambda host, port: ["127.0.0.1"])


def test_the_next_address_is_tried_when_one_does_not_answer(listening):
    addresses = ["127.0.0.2", "127.0.0.1"]  # nothing listens at the first one

    with connect(("a", listening), 5, private_hosts={"a"}, resolve=lambda host, port: addresses) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"
