"""A description that would run scripts, from the file to a shopper's browser."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from miva_sandbox.state import products

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"needs a Chromium; there is none at {CHROMIUM}"),
]
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
HOSTILE = (
    "<p>Warm</p><script>ran('script')</script><img src=/none.png onerror=ran('image')><svg onload=ran('drawing')></svg>"
    "<iframe srcdoc='<script>parent.ran(1)</script>'></iframe><details open ontoggle=ran('details')>x</details>"
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=ran(2)&gt;'>"
    "<a id=click href='jav&#x09;ascript:ran(3)'>click</a>"
)
CATALOGUE = (
    f'Handle,Title,Body (HTML),Variant SKU,Variant Price,Variant Inventory Qty\nmug,Mug,"{HOSTILE}",MUG,7.90,3\n'
)


def what_runs(address):
    """Open a page, click what can be clicked in its description, and return what ran."""
    ran = []
    # Opened and closed here, as the database can't be used while it is open.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.expose_function("ran", lambda what: ran.append(what))  # noqa: PLW0108 - it must be of Python
        page.goto(address, wait_until="networkidle")
        assert page.locator("#description").get_by_text("Warm").is_visible()
        for link in page.locator("#description a").all():
            link.click(force=True)
        page.wait_for_load_state("networkidle")
        browser.close()
    return ran


def import_and_publish(shell, folder):
    file = folder / "products.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    imported = shell("catalogue", "import", file)
    preview = shell("listings", "publish", "--dry-run")
    published = shell("listings", "publish")
    assert (imported.code, preview.code, published.code) == (0, 0, 0), published
    return imported, preview, published


def test_no_script_of_a_description_runs_in_the_browser_of_a_shopper(connected, store, tmp_path):
    imported, preview, published = import_and_publish(connected, tmp_path)

    assert what_runs(f"{store.storefront}?Screen=PROD&Product_Code=MUG") == []
    assert "will be left out of the description of 'mug'" in imported.err
    for said in (preview.out, published.err):
        assert "1 script" in said
        assert "removed from the description of MUG" in said


def test_a_channel_with_raw_descriptions_sends_each_byte_and_then_they_run(connected, store, tmp_path):
    assert connected("channel", "set", "shop", "--raw-descriptions").code == 0

    imported, preview, published = import_and_publish(connected, tmp_path)

    assert products.find(store.store, "MUG")["descrip"] == HOSTILE
    # What the test above says is worth something only if they do run.
    assert {"script", "image", "drawing"} <= set(what_runs(f"{store.storefront}?Screen=PROD&Product_Code=MUG"))
    assert "left out" not in imported.err
    assert "removed from" not in preview.out + published.err
