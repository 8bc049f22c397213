"""`listings explain` and `listings attention`: why, what next, what stands in the way, and what to type."""

import re

import pytest


def sections(published, sku):
    (told,) = published("listings", "explain", sku, "--json").json["listings"]
    return told


def test_a_listing_is_explained_section_by_section(published):
    told = published("listings", "explain", "HP-MUG-WHITE")

    assert told.code == 0
    headings = [line.strip() for line in told.out.splitlines()[1:] if re.fullmatch(r" {2}\S.*", line)]
    assert headings == ["State", "Next", "Price", "Stock"]
    assert "    It is listed: product " in told.out
    assert re.search(r"since today at \d\d:\d\d by run \d+ \(publish\)\.", told.out)
    assert "    Its price: catalogue 14.90.\n    The store has that price.\n" in told.out
    assert "    The store should have 40" in told.out


def test_what_was_asked_is_told_with_who_asked_and_when_it_is_done(published):
    published("listings", "hide", "HP-MUG-WHITE")
    queued = sections(published, "HP-MUG-WHITE")
    published("listings", "sync")
    hidden = sections(published, "HP-MUG-WHITE")
    published("listings", "pause", "HP-MUG-WHITE")
    paused = sections(published, "HP-MUG-WHITE")

    assert re.fullmatch(r"'hide' is queued for it, asked for by shell: \S+ today at \d\d:\d\d\.", queued["state"][1])
    assert queued["next"][0].startswith("A sync sets its stock to 0: sync runs next ")
    assert re.search(r"is shown as out of stock, since today at \d\d:\d\d by run \d+ \(sync\)\.", hidden["state"][0])
    assert hidden["next"] == ["Nothing is due. 'tradepost listings unhide HP-MUG-WHITE' puts it back for sale."]
    assert paused["state"][1].startswith("It is paused, by shell: ")
    assert paused["next"][0].startswith("Nothing happens to it while it is paused")


def test_what_was_unlinked_or_delisted_is_told_with_by_whom(published):
    published("listings", "unlink", "HP-MUG-WHITE")
    published("listings", "delist", "HP-BAG-SAND", "--now", "--yes")

    unlinked, delisted = sections(published, "HP-MUG-WHITE"), sections(published, "HP-BAG-SAND")

    assert re.fullmatch(
        r"It is not listed: nothing on the store is known to be it, by shell: \S+ today at \d\d:\d\d\.",
        unlinked["state"][0],
    )
    assert re.search(r"It is delisted: .* by run \d+ \(sync\)\.", delisted["state"][0])


def test_what_stands_in_the_way_is_told_with_the_command_that_cures_it(published):
    published("catalogue", "remove", "HP-MUG-WHITE", "--yes")

    told = sections(published, "HP-MUG-WHITE")["in_the_way"]

    assert told[0].startswith("orphaned since ")
    assert "'tradepost listings delist HP-MUG-WHITE' takes it off the store for good." in told[1]
    assert told[-1].startswith(
        "It can't be bought now. The catalogue does not have it any more, or a rule does not list it."
    )


def test_a_familys_handle_explains_its_page_and_each_variant(published):
    told = published("listings", "explain", "harbour-tee", "--json").json["listings"]

    assert told[0]["sku"] == "harbour-tee"
    assert told[0]["price"][0].startswith("Its page shows ")
    assert [bool(each["stock"]) for each in told] == [False] + [True] * 8


@pytest.mark.parametrize("as_json", [False, True], ids=["people", "json"])
def test_what_needs_a_person_is_grouped_by_cause_with_what_to_do(published, as_json):
    nothing = published("listings", "attention")
    published("catalogue", "remove", "HP-MUG-WHITE", "HP-BAG-SAND", "--yes")

    told = published("listings", "attention", *(["--json"] if as_json else []))

    assert nothing.out == "Nothing needs you.\n"
    if as_json:
        (group,) = told.json["attention"]
        assert (group["kind"], group["count"], group["example"]["sku"] in {"HP-MUG-WHITE", "HP-BAG-SAND"}) == (
            "orphaned",
            2,
            True,
        )
    else:
        assert told.out.startswith("orphaned: 2 listings. The catalogue does not have it any more")
        assert "'tradepost listings list --attention orphaned' lists them." in told.out
