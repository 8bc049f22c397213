"""A layout by command: what stands otherwise is told, shown, approved in part, switched, and switched back."""

import pytest

from full_rights import store_of
from tradepost.database.models import Listing, Run

from .test_plan_commands import HEADER, changes_of, saved

FAMILIES = HEADER + (
    "tee,Tee,,Size,S,TEE-S,3,15.00\n"
    "tee,,,,M,TEE-M,4,15.00\n"
    "hat,Hat,,Size,S,HAT-S,2,7.00\n"
    "hat,,,,M,HAT-M,2,7.00\n"
)  # fmt: skip
NATIVE = {"tee": True, "TEE-S": False, "TEE-M": False, "hat": True, "HAT-S": False, "HAT-M": False}
SWITCHED_TEE = {**NATIVE, "tee": False, "TEE-S": True, "TEE-M": True}
SWITCHED = {code: not is_open for code, is_open in NATIVE.items()}


@pytest.fixture
def shop(connected, tmp_path):
    path = tmp_path / "families.csv"
    path.write_text(FAMILIES, encoding="utf-8")
    assert connected("catalogue", "import", path).code == 0
    assert connected("listings", "publish").code == 0
    return connected


def open_pages(box):
    with store_of(box) as store:
        return {product.code: product.is_active for product in store.products_by_code(list(NATIVE)).values()}


def to_switch(shop):
    return shop("channel", "show", "shop", "--json").json["to_switch"]


@pytest.mark.parametrize("layout", ["flat", "simple"])
def test_a_layout_is_set_shown_approved_family_by_family_and_set_back(shop, box, layout):
    """R13, R16."""
    said = shop("channel", "set", "shop", "--layout", layout)

    assert said.code == 0
    assert "2 products stand in another layout on the store. The next publish switches them" in said.out
    assert "2 products stand in another layout" in shop("channel", "show", "shop").out
    assert "switches its family, which is native on the store" in shop("listings", "explain", "TEE-S").out
    plan = saved(shop("listings", "publish", "--dry-run", "--save", "--json"))
    assert open_pages(box) == NATIVE

    shop("plans", "approve", plan, "--only", "TEE-S")
    approved = {change["key"] for change in changes_of(shop, plan) if change["approved"]}
    done = shop("plans", "apply", plan)

    assert approved == {"tee", "TEE-S", "TEE-M"}
    assert done.code == 0, done
    assert open_pages(box) == SWITCHED_TEE
    assert to_switch(shop) == {"due": 1, "theirs": 0}
    assert shop("listings", "publish").code == 0
    assert open_pages(box) == SWITCHED
    assert to_switch(shop) == {"due": 0, "theirs": 0}
    undone = shop("runs", "undo", Run.objects.filter(kind="publish", is_dry=False).latest("pk").pk, "--dry-run")
    assert "It was switched to another layout, together with its family." in undone.out
    assert shop("channel", "set", "shop", "--layout", "native").code == 0
    assert shop("listings", "publish").code == 0
    assert open_pages(box) == NATIVE
    assert set(Listing.objects.values_list("health", "layout")) == {("listed", "")}


def test_what_was_only_linked_is_told_of_and_left_alone_until_its_structure_is_overwritten(shop, box):
    shop("listings", "unlink", "tee", "--yes")
    shop("listings", "link")

    said = shop("channel", "set", "shop", "--layout", "flat")

    assert "1 product stands in another layout" in said.out
    assert "1 product was linked as the merchant had made them" not in said.out
    assert "1 product was linked as the merchant had made it, and stays so" in said.out
    assert shop("listings", "publish").code == 0
    assert open_pages(box) == {**SWITCHED, **{code: NATIVE[code] for code in ("tee", "TEE-S", "TEE-M")}}
    shop("listings", "overwrite", "tee", "--group", "structure")
    assert shop("listings", "publish").code == 0
    assert open_pages(box) == SWITCHED


def test_a_variant_that_is_linked_no_more_stays_on_sale_on_its_familys_page_until_it_is_switched_with_it(shop, box):
    """The page was closed, and the size sold nowhere; linked again, it counted as hidden, and went to 0 pieces."""
    assert shop("channel", "set", "shop", "--layout", "flat").code == 0
    plan = saved(shop("listings", "publish", "--dry-run", "--save", "--json"))
    assert shop("listings", "unlink", "TEE-M", "--yes").code == 0
    assert shop("plans", "approve", plan, "--all").code == 0

    kept = shop("plans", "apply", plan)
    meanwhile = open_pages(box)
    linked = shop("listings", "link")
    switched = shop("listings", "publish")
    synced = shop("listings", "sync")

    assert (kept.code, "The family stays native: the page of tee sells TEE-M, too" in kept.err) == (1, True), kept
    assert meanwhile == {**SWITCHED, **{code: NATIVE[code] for code in ("tee", "TEE-S", "TEE-M")}}
    assert [said.code for said in (linked, switched, synced)] == [0, 0, 0]
    assert open_pages(box) == SWITCHED
    assert set(Listing.objects.values_list("health", "layout", "account")) == {
        ("listed", "", pieces) for pieces in (None, 2, 3, 4)
    }


def test_a_store_is_not_adopted_without_its_families(connected):
    connected("channel", "set", "shop", "--layout", "simple")

    said = connected("listings", "adopt")

    assert "Families are looked for when a store is adopted" in said.out + said.err
