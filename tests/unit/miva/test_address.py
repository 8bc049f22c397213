"""What a person types about a domain and a folder, and the one endpoint it means."""

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.errors import AddressRefused
from tradepost.miva.wire.address import endpoint_of, normalised_folder


@pytest.mark.parametrize(
    ("domain", "folder", "url"),
    [
        ("shop.example.com", "/mm5/", "https://shop.example.com/mm5/json.mvc"),
        ("  https://shop.example.com/  ", "mm5", "https://shop.example.com/mm5/json.mvc"),
        ("HTTPS://Shop.Example.com", "/Merchant2/", "https://shop.example.com/Merchant2/json.mvc"),
        ("shop.example.com:8443", "/", "https://shop.example.com:8443/json.mvc"),
        ("shop.example.com:443", "", "https://shop.example.com/json.mvc"),
        ("shop.example.com", "a/b//c", "https://shop.example.com/a/b/c/json.mvc"),
        ("https://shop.example.com/Store/json.mvc", "/mm5/", "https://shop.example.com/Store/json.mvc"),
        ("shop.example.com/mm5/json.mvc", "/other/", "https://shop.example.com/mm5/json.mvc"),
        ("shop.example.com/json.mvc", "/mm5/", "https://shop.example.com/mm5/json.mvc"),
        ("shop.example.com", "/mm5/json.mvc", "https://shop.example.com/mm5/json.mvc"),
        ("müller.example", "/mm5/", "https://xn--mller-kva.example/mm5/json.mvc"),
        ("shop.example.com.", "/mm5/", "https://shop.example.com/mm5/json.mvc"),
        ("https://[::1]:8443", "/mm5/", "https://[::1]:8443/mm5/json.mvc"),
    ],
)
def test_what_is_typed_becomes_one_endpoint(domain, folder, url):
    """R1, R2: a domain with or without scheme, port or slash, and a folder of any name, become one https endpoint."""
    assert endpoint_of(domain, folder=folder).url == url


@pytest.mark.parametrize("domain", ["127.0.0.1:8080", "http://127.0.0.1:8080"])
def test_plain_http_only_by_its_switch(domain):
    """R1: https is the default, and plain http is only spoken where somebody has switched it on."""
    assert endpoint_of(domain, plain_http=True).url == "http://127.0.0.1:8080/mm5/json.mvc"
    assert endpoint_of("127.0.0.1:8080").url == "https://127.0.0.1:8080/mm5/json.mvc"
    with pytest.raises(AddressRefused, match="unencrypted"):
        endpoint_of("http://127.0.0.1:8080")


@pytest.mark.parametrize(
    "domain",
    ["", " ", "https://", "ftp://shop.example", "shop.example:99999", "shop.example:x", "user:pass@shop.example",
     "shop.example?x=1", "shop.example/#a", "my shop.example", "https://[::1", "a..b\u2024é",
     "shop..example", "-" * 64 + ".example", "a" * 260, "shop.ex@mple", "[::zz]", "shop,example", "sh%6fp.example"],
)  # fmt: skip
def test_what_is_no_domain_is_refused_with_a_sentence(domain):
    with pytest.raises(AddressRefused, match=r"[a-z]+"):
        endpoint_of(domain)


@pytest.mark.parametrize("folder", ["../", "/mm5/../x", "/m m/", "/mm5?x/", "/a%2e/", "/c:/", "/a\x00b/"])
def test_a_folder_that_leads_elsewhere_is_refused(folder):
    with pytest.raises(AddressRefused):
        normalised_folder(folder)


def test_images_lie_below_the_same_folder():
    assert endpoint_of("shop.example", folder="store").graphics_url == "https://shop.example/store/"


@given(st.text(), st.text())
def test_whatever_is_typed_becomes_an_address_that_can_be_called_or_is_refused(domain, folder):
    try:
        endpoint = endpoint_of(domain, folder=folder)
    except AddressRefused:
        return

    url = httpx2.URL(endpoint.url)
    assert (url.raw_host.decode(), url.scheme, url.path) == (endpoint.host, "https", f"{endpoint.folder}json.mvc")
