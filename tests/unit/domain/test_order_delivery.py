"""Where batches are brought: names that no two contents share."""

from tradepost.domain.orders.order_delivery import file_name
from tradepost.domain.orders.order_export import ExportForm


def test_names_sort_as_batches_follow_and_differ_with_their_content():
    names = [
        file_name(channel="Shop/1", consumer="é p", cursor=cursor, content=content, form=ExportForm.CSV)
        for cursor, content in ((9, b"a"), (9, b"b"), (10, b"a"))
    ]

    assert names[0] == "orders-Shop_1-__p-00000009-ca978112.csv"
    assert len(set(names)) == 3
    assert max(names) == names[2]
