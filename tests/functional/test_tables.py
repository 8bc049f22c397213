# ruff: noqa: PLR0917 - fixtures are asked for by name

"""Lists that are walked page by page, whatever they are sorted by, and never say more than they know."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape, strip_tags

from people import browser_of
from tradepost.database import search
from tradepost.database.models import (
    AuditEntry,
    Channel,
    Listing,
    Order,
    Person,
    ProductRecord,
    Source,
    VariantRecord,
)
from tradepost.database.search import note_order_words, note_product_words
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES
from tradepost.web.listings.table import ListingTable
from tradepost.web.site import site
from tradepost.web.tables import keyset
from tradepost.web.tables.read_only import ReadOnlyTable
from tradepost.web.tables.searching import search_everywhere

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# With ties, with nothing, and with keys that an address has to write in other words.
PRICES = (*map(Decimal, ("10", "10", "10", "2.5", "99.99", "10", "0", "2.5", "10", "7.0001")),)
QUANTITIES = (5, None, 0, -3, None, 5, None, 5, 12, 0)
SORTS = {"listing": "code_key", "price": "wanted_price", "quantity": "available", "link_label": "proven_at"}


@pytest.fixture
def rows(database) -> list[Listing]:
    """Ten simple products on each of two channels."""
    channels = [Channel.objects.create(name=name) for name in ("Shop", "Other")]
    made = []
    for number, (price, quantity) in enumerate(zip(PRICES, QUANTITIES, strict=True)):
        product = ProductRecord.objects.create(
            handle=f"thing-{number}", title=f"Mug No {number % 3}", created_at=NOON, updated_at=NOON
        )
        sku = f"Ä&B.{number % 4}-{number}"
        variant = VariantRecord.objects.create(product=product, sku=sku, position=1, price=price)
        made += [
            Listing.objects.create(
                channel=channel, product=product, variant=variant, kind="simple", code=sku, code_key=sku.casefold(),
                sku=sku, wanted_price=price, available=quantity, created_at=NOON,
                proven_at=None if quantity is None else NOON + timedelta(minutes=quantity), is_inactive=number == 3,
            )
            for channel in channels
        ]  # fmt: skip
    note_product_words(list(ProductRecord.objects.values_list("pk", flat=True)))
    return made


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(ReadOnlyTable, "list_per_page", 3)
    monkeypatch.setattr(ListingTable, "list_per_page", 3)
    monkeypatch.setattr(ListingTable, "sorted_by", SORTS)


def page_of(client, query: str):
    answer = client.get(f"/tradepost/listing/{query}")
    assert answer.status_code == 200
    return answer.context_data["cl"]


def walked(client, query: str, *, towards: str = "older") -> list[int]:
    """The ids of all rows from an address on, page by page; backwards where that is asked for."""
    found: list[int] = []
    for _ in range(20):
        shown = page_of(client, query)
        page = [row.pk for row in shown.result_list]
        found = page + found if towards == "newer" else found + page
        following = getattr(shown, towards)
        if following is None:
            return found
        query = following
    raise AssertionError("it never ends")


def last_page(client, query: str):
    shown = page_of(client, query)
    while shown.older:
        shown = page_of(client, shown.older)
    return shown


def expected(name: str, *, is_descending: bool) -> list[int]:
    """By value, then by id, both turned round where it descends; what has no value comes last all the same."""

    def key(row: Listing):
        value = getattr(row, SORTS[name])
        # As the database puts texts in order, which is its own affair.
        return (value, row.pk)

    rows = Listing.objects.all()
    if name == "listing":
        sign = "-" if is_descending else ""
        return list(rows.order_by(f"{sign}code_key", f"{sign}pk").values_list("pk", flat=True))
    with_value = [row for row in rows if getattr(row, SORTS[name]) is not None]
    without = sorted((row.pk for row in rows if getattr(row, SORTS[name]) is None), reverse=is_descending)
    return [row.pk for row in sorted(with_value, key=key, reverse=is_descending)] + without


@pytest.mark.parametrize("bound", [1, 10_000])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", SORTS)
def test_a_walk_over_all_pages_shows_each_row_once_in_order_and_the_same_way_back(
    rows, small_pages, monkeypatch, name, sign, bound
):
    """Over ties and over what has no value; whether rows are few enough to be sorted, or an index is walked."""
    monkeypatch.setattr(keyset, "COUNT_UP_TO", bound)
    client = browser_of("vera")
    wanted = expected(name, is_descending=sign == "-")

    forwards = walked(client, f"?sort={sign}{name}")
    last = last_page(client, f"?sort={sign}{name}")
    backwards = walked(client, last.newer, towards="newer")

    assert forwards == wanted
    assert backwards == wanted[: len(backwards)]
    assert len(wanted) - len(backwards) == len(last.result_list)


def test_without_a_sort_the_newest_row_comes_first(rows, small_pages):
    assert walked(browser_of("vera"), "") == sorted((row.pk for row in rows), reverse=True)


def test_a_sort_goes_with_filters_with_the_channel_and_with_a_search(rows, small_pages):
    client = browser_of("vera")
    shop = Channel.objects.get(name="Shop").pk
    of_shop = set(Listing.objects.filter(channel=shop).values_list("pk", flat=True))
    by_price = expected("price", is_descending=False)
    mugs = set(Listing.objects.filter(product__title="Mug No 1").values_list("pk", flat=True))
    inactive = set(Listing.objects.filter(is_inactive=True).values_list("pk", flat=True))

    in_shop = walked(client, f"?sort=price&channel__id__exact={shop}")
    filtered = walked(client, "?sort=price&is_inactive__exact=1")
    searched = walked(client, "?sort=price&q=mug+1")

    assert in_shop == [pk for pk in by_price if pk in of_shop]
    assert filtered == [pk for pk in by_price if pk in inactive]
    assert searched == [pk for pk in by_price if pk in mugs]


def test_what_is_searched_in_all_rows_is_walked_and_not_counted(rows, small_pages, monkeypatch):
    monkeypatch.setattr(search, "MOST_FETCHED", 2)
    monkeypatch.setattr(search, "_WALKED_FIRST", 3)
    client = browser_of("vera")
    mugs = Listing.objects.filter(product__title__icontains="mug")
    by_product = list(mugs.order_by("-product_id", "-pk").values_list("pk", flat=True))

    shown = page_of(client, "?q=mug")
    forwards = walked(client, "?q=mug")
    last = last_page(client, "?q=mug")
    backwards = walked(client, last.newer, towards="newer")
    everywhere = walked(client, "?q=mug&sort=price")

    assert not shown.is_counted
    assert forwards == by_product
    assert backwards == by_product[: -len(last.result_list)]
    assert everywhere == expected("price", is_descending=False)
    assert "10,000+ listings" in client.get("/tradepost/listing/?q=mug").content.decode()


@pytest.mark.parametrize(
    "key",
    [
        "x", "-1", "1e9", "9" * 30, "5.x", "5.", "5.1e999999", "5.NaN", "5.Infinity", "5." + "9" * 40, "5.1.2.3", ".5",
        "\u0661", "5.2026-03-01", "5.9999-12-31T23:59:59-12:00", "5.%00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", SORTS)
def test_a_key_that_can_not_be_is_no_key(rows, small_pages, name, key):
    client = browser_of("vera")

    for parameter in ("after", "before"):
        answer = client.get("/tradepost/listing/", {"sort": name, parameter: key.replace("%00", "\0")})
        assert answer.status_code in {200, 400}, (parameter, key)


@pytest.mark.parametrize("sort", ["title", "-", "--price", "wanted_price", "price,title", "product__title", "\u00e9"])
def test_a_sort_that_no_column_has_is_none(rows, small_pages, sort):
    assert walked(browser_of("vera"), f"?sort={sort}") == walked(browser_of("vera"), "")


def test_headings_are_links_that_say_how_the_list_is_sorted(rows):
    client = browser_of("vera")

    plain = client.get("/tradepost/listing/?is_inactive__exact=0&after=3").content.decode()
    sorted_up = client.get("/tradepost/listing/?sort=wanted_price").content.decode()
    sorted_down = client.get("/tradepost/listing/?sort=-wanted_price").content.decode()

    headings = dict(re.findall(r'aria-sort="none"><a href="([^"]*)">(\w+)', plain))
    assert {parse_qs(urlsplit(escape(link).replace("&amp;amp;", "&")).query)["sort"][0] for link in headings} == {
        "code",
        "wanted_price",
    }
    assert all("after" not in link and "is_inactive__exact=0" in link for link in headings)
    assert re.search(r'aria-sort="ascending"><a href="\?sort=-wanted_price">Price', sorted_up)
    assert re.search(r'aria-sort="descending"><a href="\?sort=wanted_price">Price', sorted_down)


def test_every_sort_that_is_offered_reads_its_keys_by_an_index(rows, monkeypatch):
    """Of more rows than are sorted; on an empty database's plans, as it has no statistics."""
    if connection.vendor != "sqlite":
        pytest.skip("its plans depend on how many rows there are")
    monkeypatch.setattr(keyset, "COUNT_UP_TO", 1)
    client = browser_of("vera")
    _orders(3)
    of_shop = {"channel__id__exact": Channel.objects.get(name="Shop").pk}
    of_one = {
        model._meta.model_name: of_shop if getattr(table, "sorted_within", "") else {}
        for model, table in site._registry.items()
    }
    offered = [
        (model._meta.model_name, sign + name)
        for model, table in site._registry.items()
        for name in getattr(table, "sorted_by", {})
        for sign in ("", "-")
    ]

    plans = {}
    for table, sort in offered:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/tradepost/{table}/", {"sort": sort, **of_one[table]}).status_code == 200
        keys = [query["sql"] for query in queries if re.match(r'SELECT "tradepost_\w+"\."id" AS "pk"', query["sql"])]
        # Of few rows those are sorted that were found; see `several.few_rows`.
        walks = [sql for sql in keys if "ORDER BY" in sql and "AS found" not in sql]
        with connection.cursor() as cursor:
            for sql in walks:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                plans[table, sort, sql] = "\n".join(row[3] for row in cursor.fetchall())

    assert {table for table, _, _ in plans} >= {"listing", "order", "productrecord"}
    assert [key for key, plan in plans.items() if "TEMP B-TREE" in plan] == []
    assert {(table, sort) for (table, sort, _), plan in plans.items() if "INDEX" in plan} == set(offered)


def test_a_row_of_a_table_has_a_cell_for_each_column_and_a_link_to_its_page(rows):
    product = ProductRecord.objects.order_by("-pk").first()
    ProductRecord.objects.filter(pk=product.pk).update(title='<b>Mug</b> & "saucer"', brand="", is_for_sale=False)

    page = browser_of("alice").get("/tradepost/productrecord/").content.decode()

    head, first = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[:2]
    cells = re.findall(r'<(t[dh]) class="([\w-]+)" data-label="([^"]*)">(.*?)</\1>', first, re.DOTALL)
    assert len(re.findall(r"<t[dh]\b", head)) == len(cells)
    assert [name for _, name, _, _ in cells] == [
        "action-checkbox", "field-picture", "field-product", "field-brand", "field-prices", "field-stock",
        "field-channels", "field-is_for_sale",
    ]  # fmt: skip
    shown = {name: cell for _, name, _, cell in cells}
    assert f'href="/tradepost/productrecord/{product.pk}/change/"' in shown["field-product"]
    assert "&lt;b&gt;Mug&lt;/b&gt; &amp; &quot;saucer&quot;" in shown["field-product"]
    assert product.handle in shown["field-product"]
    assert shown["field-brand"] == "-"
    assert "close_small" in shown["field-is_for_sale"]
    assert f'name="_selected_action" value="{product.pk}"' in shown["action-checkbox"]


def test_a_filter_offers_what_there_is_and_shows_what_is_chosen(rows):
    shop = Channel.objects.get(name="Shop")
    Channel.objects.filter(pk=shop.pk).update(name="<Shop>")

    page = browser_of("vera").get(f"/tradepost/listing/?channel__id__exact={shop.pk}&attention=drift").content.decode()

    drawn = {
        name: re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', options)
        for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL)
    }
    other = Channel.objects.get(name="Other")
    assert sorted(drawn["channel__id__exact"]) == sorted(
        [("", "", "All"), (str(shop.pk), " selected", "&lt;Shop&gt;"), (str(other.pk), "", "Other")]
    )
    assert ("drift", " selected", ATTENTION_CURES[Attention.DRIFT].heading) in drawn["attention"]
    assert [text for value, chosen, text in drawn["health__exact"] if chosen] == ["All"]
    assert [text for value, chosen, text in drawn["pending__exact"] if chosen or not value] == ["All"]
    assert {value for value, _, _ in drawn["kind__exact"]} == {"", "parent", "variant", "simple"}
    assert all(f'<label for="id_{name}"' in page for name in drawn)


@pytest.mark.parametrize("table", ["listing", "order"])
def test_a_list_asks_each_question_once_however_many_channels_there_are(rows, table):
    """Whatever is counted above it, and however many parts an index has of it."""
    _orders(3)
    client = browser_of("vera")
    # The first page of a connection says besides how long its statements may take.
    client.get(f"/tradepost/{table}/")
    asked = []
    for number in (0, 8):
        Channel.objects.bulk_create([Channel(name=f"Empty {each}") for each in range(number)])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/tradepost/{table}/").status_code == 200
        asked.append([query["sql"] for query in queries])

    assert len(asked[1]) == len(asked[0])
    assert len(set(asked[1])) == len(asked[1])


def test_whatever_products_are_filtered_by_is_looked_up_in_an_index(rows):
    """Also what is not for sale, of which there may be none: a list that looks at each row takes as long as all do."""
    if connection.vendor != "sqlite":
        pytest.skip("its plans depend on how many rows there are")
    client = browser_of("vera")
    of_source = {"source__id__exact": Source.objects.create(name="erp").pk}
    sales = [{"is_for_sale__exact": sale} for sale in (0, 1)]
    looked_up = {
        "(source_id=?)": [of_source],
        "(is_for_sale=?)": sales,
        "(source_id=? AND is_for_sale=?)": [of_source | sale for sale in sales],
    }

    plans: dict[str, set[str]] = {columns: set() for columns in looked_up}
    for columns, asked in looked_up.items():
        for parameters in asked:
            with CaptureQueriesContext(connection) as queries:
                assert client.get("/tradepost/productrecord/", parameters).status_code == 200
            keys = [query["sql"] for query in queries if 'FROM "tradepost_product" WHERE' in query["sql"]]
            with connection.cursor() as cursor:
                for sql in keys:
                    cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                    plans[columns] |= {row[3] for row in cursor.fetchall() if " tradepost_product " in row[3]}

    # The rows of the page are read by their ids, once these are known.
    others = {
        columns: {plan for plan in found if columns not in plan and "PRIMARY KEY" not in plan}
        for columns, found in plans.items()
    }
    assert all(any(columns in plan for plan in found) for columns, found in plans.items())
    assert others == {columns: set() for columns in looked_up}


def _orders(count: int) -> None:
    for number in range(count):
        Order.objects.create(
            channel=Channel.objects.first(), external_id=1000 + number, store_status="pending", total=Decimal(5),
            placed_at=NOON + timedelta(minutes=number), imported_at=NOON,
        )  # fmt: skip
    note_order_words(list(Order.objects.values_list("pk", flat=True)))


def test_the_search_box_finds_listings_products_and_orders_as_far_as_one_may_see_them(rows):
    _orders(12)

    mugs = {group.name: group for group in search_everywhere("mug")}
    orders = search_everywhere("10", may=lambda act: act == "orders list")
    nothing = [search_everywhere(term) for term in ("zebra", "", "  ", "x" * 5000)]

    assert set(mugs) == {"Listings", "Products"}
    assert (len(mugs["Listings"].rows), mugs["Listings"].has_more) == (10, True)
    assert (len(mugs["Products"].rows), mugs["Products"].has_more) == (10, False)
    assert [group.name for group in orders] == ["Orders"]
    assert orders[0].rows[0].title == "1011"
    assert nothing == [[], [], [], []]
    client = browser_of("vera")
    for address in (mugs["Listings"].rows[0].address, mugs["Listings"].address, orders[0].rows[0].address):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("table", "words", "step"),
    [
        ("productrecord", "There is no product yet.", "/tradepost/upload/add/"),
        ("savedplan", "No plan is kept.", "/tradepost/channel/"),
        ("shipmentrecord", "Nothing was shipped yet.", "/tradepost/shipmentrecord/file/"),
        ("fetchedfile", "No file of shipments was fetched yet.", "/tradepost/shipmentrecord/sources/"),
        ("channel", "No store is connected yet.", "/tradepost/channel/first-steps/"),
        ("parkedorderrecord", "Every order of the store could be read.", ""),
        ("runchange", "There is nothing here yet.", ""),
    ],
)
def test_a_list_without_rows_says_what_to_do_next(database, table, words, step):
    address = f"/tradepost/{table}/"

    shown = browser_of("bob").get(address).content.decode()

    assert words in shown
    assert not step or f'href="{step}"' in shown
    assert "No results found" not in shown


def test_what_is_offered_next_is_what_one_may_do(database):
    shown = {name: browser_of(name).get("/tradepost/channel/").content.decode() for name in ("alice", "vera")}

    assert "Connect a store</a>" in shown["alice"]
    assert "Connect a store</a>" not in shown["vera"]


def test_a_list_that_is_narrowed_to_nothing_leads_back_to_all_of_it(rows):
    shown = browser_of("vera").get("/tradepost/productrecord/?q=zebra").content.decode()

    assert "Nothing has “zebra” in it." in shown
    assert "Show all products" in shown
    assert "There is no product yet" not in shown


@pytest.mark.parametrize("table", ["channel", "auditentry", "person"])
def test_moments_are_told_as_far_away_as_they_are_and_exactly_on_hover(rows, table):
    at = datetime.now(tz=UTC) - timedelta(hours=3)
    Channel.objects.update(orders_fetched_at=at)
    AuditEntry.objects.create(at=at, event="logged_in", who="alice")
    client = browser_of("alice")
    Person.objects.update(last_login=at)
    row = {"channel": Channel, "auditentry": AuditEntry, "person": Person}[table].objects.order_by("pk").first()

    shown = client.get(f"/tradepost/{table}/").content.decode()
    page = client.get(f"/tradepost/{table}/{row.pk}/change/").content.decode()

    assert re.search(r'<time datetime="[^"]+" title="[^"]+ UTC">3 h ago</time>', shown)
    assert not re.search(r"\d [ap]\.m\.", shown + page)


def test_what_is_found_is_told_in_the_words_of_the_lists(rows):
    _orders(1)
    Listing.objects.filter(pk=rows[0].pk).update(health="delisted")
    rows[1].attentions.create(channel=rows[1].channel, kind="oversold", message=".", since=NOON)

    details = {hit.detail for group in search_everywhere("Mug No 0") for hit in group.rows}
    order = search_everywhere("1000")[-1].rows[0].detail

    assert "Mug No 0, removed on Shop" in details
    assert "Mug No 0, needs you on Other" in details
    assert strip_tags(order).startswith("to ship, 5.00")


FILTERED = ("listing", "order", "run", "productrecord", "shipmentrecord", "fetchedfile", "savedplan", "auditentry")


@pytest.mark.parametrize("table", FILTERED)
def test_filters_are_asked_for_in_words_of_operators(published, table):
    """`is_dry`, `pending` and `health` are columns; who looks for something that was only previewed knows none."""
    page = browser_of("alice").get(f"/tradepost/{table}/").content.decode()

    headings = re.findall(r'<label for="id_[^"]+"[^>]*>([^<]+)</label>', page)
    assert headings
    assert not {"Is dry", "Is inactive", "Is paused", "Is open", "Is for sale", "Health", "Pending"} & set(headings)
    assert not re.search(r"\bBy is ", page)
