import pytest

from tradepost.domain.errors import AddressRefused
from tradepost.security.addresses import check_host, check_web_address


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
        "http://[::1",
    ],
)
@pytest.mark.parametrize("is_local", [False, True])
def test_what_is_no_plain_web_address_is_refused_for_every_channel(address, is_local):
    with pytest.raises(AddressRefused):
        check_web_address(address, is_local=is_local)


PRIVATE = [
    "127.0.0.1",
    "localhost",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:127.0.0.1]",
    "2130706433",  # 127.0.0.1, written as one number
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_only_for_channels_marked_as_local(host):
    with pytest.raises(AddressRefused):
        check_web_address(f"http://{host}/x.jpg")
    check_web_address(f"http://{host}/x.jpg", is_local=True)


@pytest.mark.parametrize("host", ["0.0.0.0", "224.0.0.1", "[::]", "255.255.255.255"])
def test_addresses_of_no_server_are_refused_even_for_local_channels(host):
    with pytest.raises(AddressRefused):
        check_web_address(f"http://{host}/", is_local=True)


def test_public_addresses_pass():
    check_web_address("https://93.184.216.34/x.jpg")
    check_web_address("HTTP://[2606:2800:220:1:248:1893:25c8:1946]:8080/x.jpg")


def test_every_address_of_a_name_is_looked_at():
    def resolve(host, port):
        return ["93.184.216.34", "10.0.0.1"]

    with pytest.raises(AddressRefused, match="private network"):
        check_host("rebinding.example", port=443, resolve=resolve)
    check_host("rebinding.example", port=443, resolve=lambda host, port: ["93.184.216.34"])


def test_a_name_that_is_not_known_is_left_to_the_call_itself():
    check_host("nowhere.example", port=443, resolve=lambda host, port: [])
