"""Where batches are brought: addresses as people write them, and names that no two contents share."""

import pytest

from tradepost.domain.errors import NotAllowed
from tradepost.domain.order_delivery import DeliveryAddress, delivery_address, file_name
from tradepost.domain.order_export import ExportForm


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/srv/dock", DeliveryAddress("folder", "", 0, "", "/srv/dock")),
        ("sftp://dock@files.example.com/in", DeliveryAddress("sftp", "files.example.com", 0, "dock", "/in")),
        ("FTP://a%40b@127.0.0.1:2121/x%20y/", DeliveryAddress("ftp", "127.0.0.1", 2121, "a@b", "/x y")),
        ("ftps-implicit://host", DeliveryAddress("ftps-implicit", "host", 0, "", "/")),
        ("https://erp.example.com", DeliveryAddress("https", "erp.example.com", 0, "", "/")),
        ("https://erp.example.com:8443/a?b=c", DeliveryAddress("https", "erp.example.com", 8443, "", "/a?b=c")),
    ],
)
def test_an_address_is_read_as_it_is_written(text, address):
    assert delivery_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "dock", "C:\\dock", "file:///srv", "https://", "ssh://host/x", "https://host:port/", "/a\nb", "/" * 1001],
)
def test_what_is_none_is_refused_with_what_to_write(text):
    with pytest.raises(NotAllowed, match="no address to deliver to"):
        delivery_address(text)


@pytest.mark.parametrize("text", ["sftp://dock:secret@host/in", "https://token@host/", "https://a:b@host/"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(NotAllowed) as refused:
        delivery_address(text)

    assert "secret" not in str(refused.value)


def test_names_sort_as_batches_follow_and_differ_with_their_content():
    names = [
        file_name(channel="Shop/1", consumer="é p", cursor=cursor, content=content, form=ExportForm.CSV)
        for cursor, content in ((9, b"a"), (9, b"b"), (10, b"a"))
    ]

    assert names[0] == "orders-Shop_1-__p-00000009-ca978112.csv"
    assert len(set(names)) == 3
    assert max(names) == names[2]
