"""An import in a real chromium: a file is dropped, previewed, imported and undone, and the catalogue is as before."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

import browser
from browser import PASSWORD, log_in
from people import person
from tradepost.cli.hub.serve import serving
from tradepost.database.models import VariantRecord
from tradepost.engine.crew import server_crew

pytestmark = pytest.mark.browser

BEFORE = "sku,name,price,quantity\nMUG,Enamel Mug,7.90,5\nCUP,Cup,3.00,2\n"
AFTER = "sku,name,price,quantity\nMUG,Enamel Mug,9.90,5\n,Of nobody,1.00,1\nCUP,Cup,3.00,2\nPOT,Pot,12.00,1\n"
# As a person drags a file from a window: the field gets it, and is told.
DROP = """([name, content]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([content], name, {type: "text/csv", lastModified: Date.UTC(2026, 0, 5, 12)}));
    const field = document.getElementById("file");
    field.files = carried.files;
    field.dispatchEvent(new Event("change", {bubbles: true}));
}"""


@pytest.fixture
def office(shell, tmp_path) -> Iterator[str]:
    for name in ("bob", "vera"):
        made = person(name)
        made.set_password(PASSWORD)
        made.save()
    file = tmp_path / "before.csv"
    file.write_text(BEFORE, encoding="utf-8")
    assert shell("catalogue", "import", file).code == 0
    with serving(host="127.0.0.1", port=0, crew=server_crew(threads=1)) as url:
        yield url


@pytest.fixture
def tab(office):
    with browser.chromium() as opened:
        shown = opened.new_context().new_page()
        shown.set_default_timeout(60_000)
        yield shown


def prices() -> dict[str, str]:
    """Read them in a thread of its own: in that of the browser's driver, connections outlive the test."""

    def read() -> dict[str, str]:
        try:
            rows = VariantRecord.objects.filter(is_gone=False, product__is_for_sale=True)
            return {sku: f"{price:.2f}" for sku, price in rows.values_list("sku", "price")}
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(read).result()


def press(tab, words: str) -> None:
    tab.get_by_role("button", name=re.compile(f"^{words}")).click()


def test_a_file_is_dropped_previewed_imported_and_undone(tab, office):
    before = prices()
    failures: list[object] = []
    tab.on("pageerror", lambda failure: failures.append(failure))  # noqa: PLW0108 the driver wants a function
    log_in(tab, office, "bob")
    tab.goto(f"{office}tradepost/upload/")
    tab.get_by_role("link", name="Import a file").click()
    # With its scripts.
    tab.wait_for_url("**/upload/add/")
    tab.evaluate(DROP, ["products.csv", AFTER])
    written = tab.input_value("#written-at")
    press(tab, "Look at it")
    recognised = tab.inner_text("#recognised")
    press(tab, "Preview")
    refused = tab.inner_text("#refused-rows")
    figures = [tab.inner_text(f"#{name}") for name in ("new", "changed", "as-before", "refused")]
    while_previewed = prices()

    press(tab, "Import it")
    tab.wait_for_selector("text=It is imported")
    after = prices()
    tab.get_by_role("link", name="Undo this import").click()
    press(tab, "Plan the undo")
    press(tab, "Approve everything")
    press(tab, "Carry out")
    for _ in range(600):
        if prices() == before:
            break
        tab.wait_for_timeout(200)

    assert failures == []
    assert written == "1767614400000"
    assert "template" in recognised
    assert "Enamel Mug" in recognised
    assert "Line 3: The row has no SKU." in refused
    assert figures == ["1", "1", "1", "1"]
    assert while_previewed == before == {"MUG": "7.90", "CUP": "3.00"}
    assert after == {"MUG": "9.90", "CUP": "3.00", "POT": "12.00"}
    assert prices() == before


def test_a_viewer_sees_imports_and_no_way_to_make_one(tab, office):
    log_in(tab, office, "vera")

    tab.goto(f"{office}tradepost/upload/")

    assert tab.locator("#imports tbody tr").count() == 1
    assert tab.locator("text=Import a file").count() == 0
    assert tab.locator("text=Undo").count() == 1, "the column's heading, for who hears the page"
