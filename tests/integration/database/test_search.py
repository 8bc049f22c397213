"""Searches find exactly the rows that a plain look at their texts would, on both databases, whoever wrote them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tradepost.database import search
from tradepost.database.models import (
    Channel,
    Listing,
    Order,
    OrderLine,
    OrderWords,
    ProductRecord,
    ProductWords,
    VariantRecord,
)
from tradepost.database.orders.orders import DjangoOrders
from tradepost.database.search import Search, is_walked, words_of
from tradepost.domain.catalogue.catalogue import Product, Variant
from tradepost.domain.catalogue.identity import IdentityPlan, Move, SkuChange
from tradepost.domain.listings.listing_filter import folded
from tradepost.domain.orders.order import Address, PaymentState, StoreOrder, StoreOrderLine, StoreStatus
from tradepost.operations.ports import Saying

TITLES = (
    "Enamel Mug",
    "enamel mugs, 2% off",
    "Émaille_Becher  weiß",
    'The "Grand" Tee \\ Shirt',
    "T-Shirt",
    "日本語の本 mug",
    "te",
    "A",
)
# Pieces of what is there, and what nearly is: marks of patterns and of FTS5, cases, and letters of other scripts.
PIECES = (
    *TITLES,
    *("mug", "MUG", "ug", "m", "te", "t", "-", "tee-", "-s", "mug-0 mug", "nothing", "1000", "10", "a b"),
    *("2%", "%", "_", "\\", '"', "'", "é", "É", "weiß", "本語の", "本", "AND", "mug*", "^tee", "(tee", "\x1f"),
)
TERMS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(alphabet="teMUG-0123 %_\"'\\ÉßS", max_size=6)),
    min_size=1,
    max_size=3,
).map(" ".join)
EVERY_WAY = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def has_words(term: str, *texts: str) -> bool:
    """What a search means, in plain words."""
    folds = [folded(text) for text in texts]
    return all(
        any(word in text if len(word) >= 3 else f" {word}" in f" {text}" for text in folds)
        for word in folded(term).split()
    )


def of_listing(row: Listing) -> list[str]:
    return [row.sku, row.code, row.product.title]


def of_product(row: ProductRecord) -> list[str]:
    listings = Listing.objects.filter(product=row)
    return [
        row.handle,
        row.title,
        *VariantRecord.objects.filter(product=row).values_list("sku", flat=True),
        *listings.values_list("sku", flat=True),
        *listings.values_list("code", flat=True),
    ]


def of_order(row: Order) -> list[str]:
    lines = OrderLine.objects.filter(order=row)
    return [str(row.external_id), *lines.values_list("sku", flat=True), *lines.values_list("code", flat=True)]


@pytest.fixture
def saved(channel, catalogue, listings, noon):
    """Families and simple products of all titles, listed on one channel, and half of them on another."""

    def product(number: int, title: str) -> Product:
        is_family = number % 2 == 0
        skus = [f"Tee-{number}/{size}" for size in "SML"] if is_family else [f"MUG-{number}"]
        return Product(
            handle=f"{'tee' if is_family else 'mug'}-{number}",
            title=title,
            description="",
            option_names=("Size",) if is_family else (),
            variants=tuple(
                Variant(
                    sku=sku, options=(sku,) if is_family else (), price=Decimal(number + 1), quantity=1, position=place
                )
                for place, sku in enumerate(skus)
            ),
        )

    products = [product(number, title) for number, title in enumerate(TITLES)]
    catalogue.save(products, saying=Saying("a file", noon, noon))
    listings.build([each.handle for each in products], queue=False)
    other = Channel.objects.create(name="Other")
    type(listings)(other.pk, clock=lambda: noon).build([each.handle for each in products[::2]], queue=False)
    # As what was adopted: a store has a code of its own.
    return catalogue


@pytest.fixture
def sold(channel, noon):
    def order(number: int, *skus: str) -> StoreOrder:
        lines = tuple(
            StoreOrderLine(
                line_id=number * 10 + place, sku=sku, code=f"c-{sku}"[:50], name=sku, quantity=1, price=Decimal(1),
                total=Decimal(1), status=StoreStatus.PENDING,
            )
            for place, sku in enumerate(skus)
        )  # fmt: skip
        return StoreOrder(
            id=number, status=StoreStatus.PENDING, placed_at=noon, total=Decimal(len(skus)), charges=(),
            ship_to=Address(first_name="Mug", city="Tee"), bill_to=Address(), shipping_method="Post",
            payment_state=PaymentState.CAPTURED, lines=lines,
        )  # fmt: skip

    orders = DjangoOrders(channel.pk)
    orders.add([order(1000, "MUG-1", "Tee-0/S"), order(1001, 'a"b%_'), order(10, "mug-0 mug"), order(31000)], at=noon)
    return orders, order


def differing(term: str) -> list[str]:
    """Of what tables a search finds something else than it should."""
    expected = {
        "listings": {row.pk for row in Listing.objects.select_related("product") if has_words(term, *of_listing(row))},
        "products": {row.pk for row in ProductRecord.objects.all() if has_words(term, *of_product(row))},
        "orders": {row.pk for row in Order.objects.all() if has_words(term, *of_order(row))},
    }
    found = {
        "listings": [*Search(term).listings(Listing.objects.all()).values_list("pk", flat=True)],
        "products": [*Search(term).products(ProductRecord.objects.all()).values_list("pk", flat=True)],
        "orders": [*Search(term).orders(Order.objects.all()).values_list("pk", flat=True)],
    }
    return [table for table in expected if sorted(expected[table]) != sorted(found[table])]


def test_a_search_finds_exactly_the_rows_with_all_its_words(saved, sold):
    found: set[str] = set()

    @EVERY_WAY
    @given(TERMS)
    @example("tee s")
    @example('"grand" tee-')
    @example("1000 mug")
    # More pieces than are asked for, and a word that is one of those.
    @example("enamel mug tee-0/s mug-1 zebra-crossing-of-the-long-road mug")
    @example("mug " + " ".join(f"ab{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
    def compare(term: str) -> None:
        found.update(map(str, Search(term).listings(Listing.objects.all())) if words_of(term) else ())
        assert differing(term) == []

    compare()

    # It would be no proof if nothing was ever found.
    assert len(found) > 10


@pytest.mark.parametrize("most", [0, 2])
def test_it_finds_the_same_where_more_have_a_word_than_are_fetched(saved, sold, monkeypatch, most):
    monkeypatch.setattr(search, "MOST_FETCHED", most)

    assert {term: differing(term) for term in ("mug", "tee", "te", "mug-1", "enamel mug", "2%", "10", "zebra")} == {
        term: [] for term in ("mug", "tee", "te", "mug-1", "enamel mug", "2%", "10", "zebra")
    }
    assert is_walked(Search("tee").listings(Listing.objects.all()))
    assert not is_walked(Search("zebra").listings(Listing.objects.all()))


@pytest.mark.parametrize("seldom", [1, 1_000_000], ids=["asked of the index", "read in order"])
@pytest.mark.parametrize("most", [0, 2, 5])
def test_what_very_many_have_comes_in_order_from_any_of_them_on(saved, sold, monkeypatch, most, seldom):
    """Product by product, order by order; in both directions, and also where it is read a few at a time."""
    small = {"MOST_FETCHED": most, "_READ_FIRST": 2, "_READ_AT_ONCE": 3, "_WALKED_FIRST": 1, "_WALKED_AT_ONCE": 2}
    for name, value in {**small, "_SELDOM": seldom, "_SORTED_FIRST": 1, "_SORTED_FIRST_OF_NARROWED": 1}.items():
        monkeypatch.setattr(search, name, value)
    listings = list(Listing.objects.select_related("product"))
    orders = list(Order.objects.all())
    walked, wrong = 0, []

    for term in ("mug", "tee", "te", "mug-1", "enamel mug", "2%", "10", "e", "zebra"):
        of_listings = [(row.product_id, row.pk) for row in listings if has_words(term, *of_listing(row))]
        of_orders = [(row.pk, row.pk) for row in orders if has_words(term, *of_order(row))]
        for rows, keys in (
            (Search(term).listings(Listing.objects.all()), of_listings),
            (Search(term).orders(Order.objects.all()), of_orders),
        ):
            if not is_walked(rows):
                continue
            for is_descending in (True, False):
                for beyond in (None, *{owner for owner, _ in keys}):
                    walked += 1
                    wanted = [
                        pk
                        for owner, pk in sorted(keys, reverse=is_descending)
                        if beyond is None or (owner <= beyond if is_descending else owner >= beyond)
                    ]
                    found = search.first_walked(rows, beyond=beyond, is_descending=is_descending, most=4)
                    if found != wanted[:4]:
                        wrong.append((term, beyond, is_descending, found, wanted[:4]))

    assert wrong == []
    assert walked > 10


@pytest.mark.parametrize("looked_at", [0, 2, 1_000])
def test_it_finds_the_same_among_rows_that_are_few_or_all_old(saved, sold, monkeypatch, looked_at):
    small = {"MOST_FETCHED": 0, "_LOOKED_AT": looked_at, "_READ_FIRST": 2, "_READ_AT_ONCE": 3, "_WALKED_FIRST": 1}
    for name, value in {**small, "_SORTED_FIRST_OF_NARROWED": 1}.items():
        monkeypatch.setattr(search, name, value)
    orders = list(Order.objects.order_by("pk"))
    middle = orders[len(orders) // 2].pk
    ways, wrong = set(), []

    for narrowed in ({"pk__lte": middle}, {"pk__gt": middle}, {"pk": middle}, {"pk__lt": 0}):
        for term in ("mug", "tee", "te", "10", "e", "zebra"):
            rows = Search(term).orders(Order.objects.filter(**narrowed))
            among = set(Order.objects.filter(**narrowed).values_list("pk", flat=True))
            keys = [row.pk for row in orders if row.pk in among and has_words(term, *of_order(row))]
            ways.add(is_walked(rows))
            if not is_walked(rows):
                wrong += [(narrowed, term)] * (sorted(rows.values_list("pk", flat=True)) != keys)
                continue
            for is_descending in (True, False):
                for beyond in (None, middle, orders[0].pk, orders[-1].pk):
                    wanted = [
                        pk
                        for pk in sorted(keys, reverse=is_descending)
                        if beyond is None or (pk <= beyond if is_descending else pk >= beyond)
                    ]
                    found = search.first_walked(rows, beyond=beyond, is_descending=is_descending, most=3)
                    wrong += [(narrowed, term, is_descending, beyond)] * (found != wanted[:3])

    assert wrong == []
    assert ways == ({False} if looked_at == 1_000 else {True, False})


@pytest.mark.parametrize("term", ["", "  ", "\x1f"])
def test_a_term_without_a_word_narrows_nothing(saved, sold, term):
    assert Search(term).listings(Listing.objects.all()).count() == Listing.objects.count() > 0
    assert Search(term).orders(Order.objects.all()).count() == Order.objects.count() > 0


@pytest.mark.parametrize("term", ["mug\0", "mug " * 1000, "x" * 5000])
def test_a_term_that_nothing_can_have_finds_nothing(saved, sold, term):
    assert not Search(term).listings(Listing.objects.all()).exists()
    assert not Search(term).products(ProductRecord.objects.all()).exists()
    assert not Search(term).orders(Order.objects.all()).exists()


def test_what_an_import_a_rename_or_a_move_has_changed_is_found_by_its_new_words_alone(saved, channel, listings, noon):
    later = noon + timedelta(hours=1)
    tee, mug = (saved.by_handles([handle])[handle] for handle in ("tee-0", "mug-1"))
    saved.save([replace(mug, title="Lantern")], saying=Saying("a file", later, later))
    saved.settle({"lantern": IdentityPlan(renamed="mug-1")})
    saved.settle({"lantern": IdentityPlan(skus=(SkuChange("lantern", "MUG-1", "LANTERN-9"),))})
    of_tee = tee.variants[0]
    moved = replace(tee, variants=(*tee.variants, replace(of_tee, sku="MUG-3", options=("Mug",))))
    saved.settle({"tee-0": IdentityPlan(moves=(Move("mug-3", "tee-0", ("MUG-3",), is_whole=True),))})
    saved.save([moved], saying=Saying("a file", later, later))
    listings.build(["tee-0"], queue=False)
    listings.remove(Listing.objects.filter(sku="MUG-5").values_list("pk", flat=True))

    terms = ("lantern", "lantern-9", "mug-1", "mug-3", "mug-5", "enamel", "tee-0", "tee-0/s", "becher")
    assert {term: differing(term) for term in terms} == {term: [] for term in terms}
    assert {row.sku for row in Search("lantern").listings(Listing.objects.filter(channel=channel))} == {"LANTERN-9"}


def test_what_the_store_has_changed_of_an_order_is_found_by_its_new_lines(saved, sold, noon):
    orders, order = sold
    orders.follow([order(1000, "MUG-1", "BLANKET-7")], at=noon)

    assert [row.external_id for row in Search("blanket").orders(Order.objects.all())] == [1000]
    assert differing("tee-0/s") == []


def test_an_order_is_not_found_by_who_bought(saved, sold):
    """A person's data is nowhere but in the order itself, or it could not be forgotten."""
    assert not OrderWords.objects.filter(words__contains="ada").exists()
    assert {row.external_id for row in Search("tee").orders(Order.objects.all())} == {1000}


def test_the_index_follows_words_that_are_changed_and_removed(saved):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its indexes itself")
    ids = list(ProductWords.objects.order_by("pk").values_list("pk", flat=True))
    ProductWords.objects.filter(pk=ids[0]).update(words="\x1f\x1fquilt")
    ProductWords.objects.filter(pk=ids[1]).delete()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rowid FROM tradepost_productwords_trigrams WHERE tradepost_productwords_trigrams MATCH '\"uil\"'"
        )
        changed = cursor.fetchall()
        cursor.execute(
            "SELECT rowid FROM tradepost_productwords_trigrams WHERE tradepost_productwords_trigrams MATCH '\"mug\"'"
        )
        rest = {number for (number,) in cursor.fetchall()}
    assert changed == [(ids[0],)]
    assert rest == {row.pk for row in ProductWords.objects.all() if "mug" in row.words}


def test_a_word_is_looked_up_in_the_index_of_pieces(saved):
    if connection.vendor != "sqlite":
        pytest.skip("it is asked of SQLite, where there is always an index")
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT product_id FROM tradepost_productwords_trigrams AS pieces"
            " CROSS JOIN tradepost_productwords ON product_id = pieces.rowid"
            " WHERE tradepost_productwords_trigrams MATCH '\"mug\"' ORDER BY pieces.rowid DESC LIMIT 5"
        )
        plan = "\n".join(row[3] for row in cursor.fetchall())

    assert "VIRTUAL TABLE INDEX" in plan
    assert "SEARCH tradepost_productwords" in plan
    assert "TEMP B-TREE" not in plan
