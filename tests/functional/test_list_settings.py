"""The list of listings as each person likes it: pictures, columns, the distance of rows, and views by name."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from people import browser_of, person
from tradepost.database.models import Listing

LIST = "/tradepost/listing/"
VIEW = f"{LIST}view/"
HEADER = "sku,parent,options,name,price,quantity,images\n"


@pytest.fixture
def shop(connected, tmp_path):
    """A mug with a picture on the store, and a cup without one."""
    Image.new("RGB", (640, 480), (20, 60, 110)).save(tmp_path / "mug.png")
    path = tmp_path / "products.csv"
    path.write_text(f"{HEADER}MUG,,,Enamel Mug,7.90,5,mug.png\nCUP,,,Cup,3.00,2,\n", encoding="utf-8")
    assert connected("catalogue", "import", path).code == 0
    assert connected("listings", "publish").code == 0
    return connected


@pytest.fixture
def bob(shop):
    person("vera")
    return browser_of("bob")


def page_of(browser, query=""):
    return browser.get(f"{LIST}{query}").content.decode()


def headings(page):
    return [re.sub("<[^>]*>", "", each).strip() for each in re.findall(r"<th scope=\"col\".*?</th>", page, re.DOTALL)]


def test_each_row_shows_the_picture_that_the_hub_keeps_and_a_page_loads_it_from_the_hub(bob):
    page = page_of(bob)

    (address,) = re.findall(r'<img class="thumbnail" src="([^"]+)"', page)
    answer = bob.get(address)

    assert address.startswith("/tradepost/productrecord/image/")
    assert answer["Content-Type"] == "image/jpeg"
    assert page.count("no-thumbnail") == 1
    assert f'src="{address}"' in bob.get(f"{LIST}{Listing.objects.get(sku='MUG').pk}/change/").content.decode()


def test_a_picture_costs_no_query_more_for_each_row(bob, shop, tmp_path):
    asked = []
    for first in (0, 20):
        path = tmp_path / f"from-{first}.csv"
        rows = "".join(f"MUG-{number},,,Mug {number},1.00,1,mug.png\n" for number in range(first, first + 20))
        path.write_text(HEADER + rows, encoding="utf-8")
        assert shop("catalogue", "import", path).code == 0
        with CaptureQueriesContext(connection) as queries:
            assert page_of(bob).count('<img class="thumbnail"') == first + 21
        asked.append(len(queries))

    assert asked[1] == asked[0]


def test_columns_that_somebody_does_without_stay_away_for_that_person_alone(bob):
    bob.post(VIEW, {"do": "columns", "column": ["price", "stock"], "density": "compact", "here": ""})

    assert headings(page_of(bob)) == ["Choose", "Listing", "Status", "Price", "Stock"]
    assert "listings-compact" in page_of(bob)
    assert headings(page_of(browser_of("vera"))) == [
        "Picture",
        "Listing",
        "Status",
        "Price",
        "Stock",
        "Next",
        "Checked",
    ]


def test_a_view_leads_back_to_what_the_list_was_narrowed_and_sorted_by(bob):
    answer = bob.post(
        VIEW, {"do": "keep", "name": "  Dear   mugs ", "here": "q=mug&sort=-wanted_price&after=5.1&id=7"}, follow=True
    )

    assert "Kept as the view &#x27;Dear mugs&#x27;." in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"{LIST}?q=mug&sort=-wanted_price"
    assert 'href="?q=mug&amp;sort=-wanted_price">Dear mugs</a>' in page_of(bob)
    assert 'href="?q=mug&amp;sort=-wanted_price" aria-current="page">Dear mugs</a>' in answer.content.decode()
    assert "Dear mugs" not in page_of(browser_of("vera"))

    bob.post(VIEW, {"do": "forget", "name": "Dear mugs", "here": ""})

    assert "Dear mugs" not in page_of(bob).replace("The view &#x27;Dear mugs&#x27; is forgotten.", "")


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x07b"])
def test_a_name_that_can_not_be_keeps_nothing_and_says_why(bob, name):
    answer = bob.post(VIEW, {"do": "keep", "name": name, "here": "q=mug"}, follow=True)

    assert "Give the view a name of at most 60 letters; nothing was kept." in answer.content.decode()
    assert "list-view-forget" not in page_of(bob)


def test_a_view_leads_nowhere_but_to_the_list(bob):
    answer = bob.post(VIEW, {"do": "keep", "name": "Elsewhere", "here": "//elsewhere.example/?q=mug"})

    assert answer["Location"].startswith(f"{LIST}?")
    assert re.findall(r'href="([^"]+)">Elsewhere</a>', page_of(bob)) == ["?%2F%2Felsewhere.example%2F%3Fq=mug"]


def test_views_come_to_an_end(bob):
    for number in range(31):
        answer = bob.post(VIEW, {"do": "keep", "name": f"View {number}", "here": "q=mug"}, follow=True)

    assert "There are 30 views already: remove one first." in answer.content.decode()
    assert page_of(bob).count("list-view-forget") == 30


def test_who_only_looks_changes_nothing(bob):
    assert bob.get(f"{VIEW}?do=keep&name=Mugs&here=q=mug", follow=True).redirect_chain[-1][0] == f"{LIST}?"
    assert "list-view-forget" not in page_of(bob)
