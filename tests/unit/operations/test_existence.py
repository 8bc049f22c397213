"""The existence pass against a store in memory: its findings are those of a full comparison, for far fewer requests."""

import math
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.existence import CountedShop
from tradepost.domain.errors import Reconfigure, StoreDoubted, UnexpectedAnswer
from tradepost.domain.plan import Action
from tradepost.operations.existence import Existence, change_window, counting_pass, stretches
from tradepost.operations.existence.contradiction import NotesContradicted
from tradepost.operations.form import drive
from tradepost.operations.ports import IdRange, LatestProducts, RangeCount, StoreStanding, Stretch

LENGTH = 5
AT_ONCE = 4
LATEST = 6
MINUTE = 60


@pytest.fixture(scope="module", autouse=True)
def _small_stretches():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STRETCH_LENGTH", LENGTH)
        patch.setattr(stretches, "COUNTS_AT_ONCE", AT_ONCE)
        patch.setattr(counting_pass, "LATEST_AT_ONCE", LATEST)
        yield


@pytest.fixture
def shop():
    """A store of 200 products in 40 stretches, an hour after a full pass."""
    made = CountedShop()
    made.fill(200)
    run(made)
    made.store.now += 60 * MINUTE
    return made


def run(shop, **options):
    """Run a pass; returns its changes as (action, code), and leaves only its own requests counted."""
    shop.store.requests.clear()
    ports = shop.ports(is_dry=options.pop("is_dry", False))
    drive(ports, Existence(**options))
    return sorted((change.action, change.subject.key) for change in ports.run.changes)


def expected(shop):
    """The naive comparison of everything."""
    found = []
    for listing in shop.listings.all.values():
        product = shop.store.products.get(listing.external_id)
        if product is None:
            found.append((Action.BREAK, listing.code))
        elif product.code != listing.code:
            found.append((Action.UPDATE, listing.code))
    return sorted(found)


def requests(shop):
    return {kind: number for kind, number in shop.store.requests.items() if kind != "stretch"}


def was_full(shop):
    return shop.store.requests["page"] > len(shop.store.products) / shop.store.page_size - 1


def linked(shop):
    return sorted(listing.external_id for listing in shop.listings.all.values())


# --- what it costs ------------------------------------------------------------------------------------------------


def test_a_store_that_nobody_touched_is_counted_once(shop):
    saved = shop.existence.saved

    assert run(shop) == []

    assert requests(shop) == {"latest": 1, "count": 1, "page": 1}
    assert shop.existence.saved == saved


def test_what_was_changed_since_it_was_compared_is_marked_and_nothing_else(shop):
    for number, listing in shop.listings.all.items():
        shop.listings.all[number] = listing._replace(updated=shop.store.products[listing.external_id].updated)
    changed = linked(shop)[30]
    run(shop)
    before = set(shop.drifts.ids)
    shop.store.recode(changed, "NEW")

    run(shop)

    assert before == set()
    assert shop.drifts.ids == {changed + 1000}


@pytest.mark.parametrize("known", [None, 1])
def test_a_full_pass_marks_what_was_changed_and_not_what_was_never_compared(shop, known):
    for number, listing in shop.listings.all.items():
        shop.listings.all[number] = listing._replace(updated=known)

    run(shop, full=True)

    assert len(shop.drifts.ids) == (0 if known is None else len(shop.listings.all))


def test_a_product_that_is_gone_is_searched_for_by_counting(shop):
    shop.store.delete(linked(shop)[70])

    found = run(shop)

    assert [action for action, _ in found] == [Action.BREAK]
    # 40 stretches, parted in 4: 10, 3, 1.
    assert requests(shop) == {"latest": 1, "count": 4, "between": 1, "page": 1, "by id": 1, "by code": 1}
    assert shop.store.requests["stretch"] == 1
    # A link that broke may heal: its product is asked for.
    assert (run(shop), requests(shop)) == ([], {"latest": 1, "count": 1, "page": 1, "by id": 1})


def test_products_that_were_never_linked_are_read_once_when_they_go(shop):
    number = next(n for n in shop.store.products if n > 50 and n not in linked(shop))
    shop.store.delete(number)

    assert run(shop) == []
    assert shop.store.requests["stretch"] == 1

    run(shop)
    assert requests(shop) == {"latest": 1, "count": 1, "page": 1}


def test_a_new_code_comes_with_the_time_of_its_change(shop):
    shop.store.recode(linked(shop)[30], "NEW")

    assert run(shop) == [(Action.UPDATE, f"P-{linked(shop)[30]}")]

    assert requests(shop) == {"latest": 1, "count": 1, "page": 1}


def test_many_changes_come_as_a_page_for_each_page_of_them(shop):
    for number in linked(shop)[:45]:
        shop.store.recode(number, f"NEW-{number}")

    assert len(run(shop)) == 45

    assert requests(shop) == {"latest": 1, "count": 1, "page": 1 + 5}
    shop.store.now += 5 * MINUTE
    assert (run(shop), requests(shop)) == ([], {"latest": 1, "count": 1, "page": 1})


def test_what_was_added_is_read_behind_the_last_note_and_noted(shop):
    for _ in range(12):
        shop.listings.link(shop.store.products[shop.store.create()])

    assert run(shop) == []

    shop.store.delete(shop.store.next_id - 1)
    shop.store.delete(shop.store.next_id - 12)
    assert [code for _, code in run(shop)] == sorted(f"P-{shop.store.next_id - n}" for n in (1, 12))
    assert not was_full(shop)


def test_an_empty_shop_asks_nothing():
    shop = CountedShop()
    shop.store.create()

    assert (run(shop), requests(shop)) == ([], {})


def test_a_shop_smaller_than_a_stretch_is_read():
    shop = CountedShop()
    shop.fill(LENGTH)
    run(shop)
    shop.store.delete(linked(shop)[0])

    assert len(run(shop)) == 1
    assert requests(shop) == {"latest": 1, "page": 1, "by id": 1, "by code": 1}


# --- when everything is read --------------------------------------------------------------------------------------


def test_a_week_later_the_whole_store_is_read(shop):
    shop.now += timedelta(days=7) - timedelta(seconds=1)
    run(shop)
    assert not was_full(shop)

    shop.now += timedelta(seconds=1)
    run(shop)

    assert was_full(shop)
    run(shop)
    assert not was_full(shop)


def test_a_clock_that_was_set_back_does_not_put_the_full_pass_off(shop):
    shop.now -= timedelta(days=1)

    run(shop)

    assert was_full(shop)


def test_the_whole_store_is_read_on_request(shop):
    run(shop, full=True)

    assert was_full(shop)


def test_more_products_than_were_read_are_a_surprise(shop):
    rows = shop.store.products
    free = next(number for number in range(50, 100) if number not in rows)
    rows[free] = rows[free - 1]._replace(id=free)

    run(shop)

    assert was_full(shop)
    run(shop)
    assert not was_full(shop)


def test_a_store_restored_from_a_backup_is_doubted_though_its_count_is_the_same(shop):
    late = linked(shop)[-30:]
    old = [n for n in shop.store.products if n >= late[0]]
    for number in old:
        shop.store.delete(number)
    shop.store.next_id = old[0]
    while shop.store.next_id <= old[-1]:
        if shop.store.next_id in old:
            shop.store.create(f"OTHER-{shop.store.next_id}")
        else:
            shop.store.next_id += 1
    before = linked(shop)

    with pytest.raises(StoreDoubted, match="made at another time"):
        run(shop)

    assert linked(shop) == before
    assert shop.existence.stands[0] is StoreStanding.DOUBTED
    with pytest.raises(StoreDoubted, match="made at another time"):
        run(shop)
    assert requests(shop) == {}


def test_a_restored_store_that_a_person_has_confirmed_keeps_the_links_that_hold_and_breaks_the_others(shop):
    late = linked(shop)[-30:]
    for number in late:
        shop.store.products[number] = shop.store.products[number]._replace(created=shop.store.now)
    with pytest.raises(StoreDoubted):
        run(shop, full=True)
    shop.existence.set_standing(StoreStanding.CONFIRMED)

    found = run(shop)

    assert was_full(shop)
    assert found == sorted((Action.BREAK, f"P-{number}") for number in late)
    assert not set(linked(shop)) & set(late)
    assert shop.existence.stands == (StoreStanding.KNOWN, "")
    assert run(shop) == []


def test_a_mass_loss_is_asked_for_by_id_and_doubted(shop):
    for number in linked(shop)[:50]:
        shop.store.delete(number)

    with pytest.raises(StoreDoubted, match="confirm-store"):
        run(shop)

    assert requests(shop)["by id"] >= 1
    standing, reason = shop.existence.stands
    assert (standing, "linked products are missing" in reason) == (StoreStanding.DOUBTED, True)


def test_a_preview_doubts_and_notes_nothing(shop):
    for number in linked(shop)[:50]:
        shop.store.delete(number)

    with pytest.raises(StoreDoubted):
        run(shop, is_dry=True)

    assert shop.existence.stands == (StoreStanding.KNOWN, "")


def test_a_store_that_leaves_out_many_products_is_not_doubted_but_asked_again(shop):
    shop.store.left_out = set(linked(shop)[:50])

    with pytest.raises(UnexpectedAnswer, match="leaves out"):
        run(shop)

    assert shop.existence.stands == (StoreStanding.KNOWN, "")
    shop.store.left_out = set()
    assert run(shop) == []


def test_a_link_that_an_odd_answer_broke_heals_when_the_product_is_there_again(shop):
    number = linked(shop)[7]
    product = shop.store.products[number]
    shop.store.delete(number)
    assert run(shop) == [(Action.BREAK, product.code)]
    shop.store.products[number] = product

    assert run(shop) == [(Action.LINK, product.code)]

    assert number in linked(shop)
    assert run(shop) == []
    assert "by id" not in requests(shop)


def test_a_broken_link_does_not_heal_by_a_product_that_was_made_later(shop):
    number = linked(shop)[7]
    product = shop.store.products[number]
    shop.store.delete(number)
    run(shop)
    shop.store.products[number] = product._replace(created=shop.store.now)

    assert run(shop) == []

    assert number not in linked(shop)


def test_a_link_of_which_nobody_knew_when_its_product_was_made_learns_it(shop):
    listing_id, listing = next(iter(shop.listings.all.items()))
    shop.listings.all[listing_id] = listing._replace(created=None)

    assert run(shop, full=True) == []

    assert shop.listings.all[listing_id] == listing


def test_a_restored_store_that_nobody_touched_since_is_read(shop):
    number = linked(shop)[30]
    before = shop.store.products[number]
    shop.store.recode(number, "NEW")
    run(shop)
    shop.store.products[number] = before

    assert run(shop) == [(Action.UPDATE, "NEW")]
    assert was_full(shop)


def test_the_latest_changed_product_may_go_without_a_full_pass(shop):
    number = linked(shop)[30]
    shop.store.recode(number, "NEW")
    run(shop)
    shop.store.delete(number)

    assert run(shop) == [(Action.BREAK, "NEW")]
    assert not was_full(shop)
    assert run(shop) == []
    assert not was_full(shop)
    shop.store.recode(linked(shop)[3], "NEWER")
    assert len(run(shop)) == 1
    assert run(shop) == []
    assert requests(shop) == {"latest": 1, "count": 1, "page": 1, "by id": 1}


@pytest.mark.parametrize(
    "count",
    [
        lambda _ranges, whole: [RangeCount(len(whole), whole[-1])] * len(_ranges),
        lambda ranges, whole: [RangeCount(min(50, len(whole)), ids.up_to) for ids in ranges],
        lambda ranges, whole: [RangeCount(0, whole[-1])] * len(ranges),
        lambda ranges, whole: [RangeCount(0, None)] * len(ranges),
        lambda ranges, whole: [RangeCount(-1, None)] * len(ranges),
    ],
    ids=["ignores the condition", "stops counting at 50", "counts nothing", "returns nothing", "counts below nothing"],
)
def test_a_store_that_counts_wrongly_is_read_every_time(shop, count):
    shop.store.create()
    shop.store.count_existing = lambda ranges: count(ranges, sorted(shop.store.products))
    shop.store.existing_between = lambda ranges, **_: [[] for _ in ranges]
    gone = linked(shop)[20]
    shop.store.delete(gone)

    # A store that says that nothing is there contradicts itself at the latest when asked for what is missing.
    try:
        found = run(shop)
    except Reconfigure:
        assert linked(shop)[20] == gone
        return

    assert found == [(Action.BREAK, f"P-{gone}")]
    assert was_full(shop)
    run(shop)
    assert was_full(shop)


def test_a_store_that_counts_one_product_less_than_it_returns_is_read_every_time(shop):
    counted = shop.store.count_existing
    hidden = linked(shop)[40]

    def count(ranges):
        answers = zip(ranges, counted(ranges), strict=True)
        return [
            answer._replace(products=answer.products - (ids.after < hidden <= ids.up_to)) for ids, answer in answers
        ]

    shop.store.count_existing = count

    for _ in range(2):
        assert run(shop) == []
        assert shop.store.requests["stretch"] == 1
        assert was_full(shop)


@pytest.mark.parametrize(
    ("noted", "counted"),
    [
        (5, RangeCount(5, 20)),
        (5, RangeCount(4, 20)),
        (5, RangeCount(4, 11)),
        (5, RangeCount(0, None)),
    ],
)
def test_a_count_with_a_product_of_its_range_is_believed(noted, counted):
    assert stretches.believe_count(IdRange(10, 20), counted, noted=noted) == counted.products


@pytest.mark.parametrize(
    "counted",
    [
        RangeCount(6, 20),  # more than can be
        RangeCount(5, 19),  # as many, but the last one is missing
        RangeCount(5, 21),
        RangeCount(5, None),
        RangeCount(4, 10),  # fewer, and one of another range
        RangeCount(4, 21),
        RangeCount(4, None),
        RangeCount(0, 20),
        RangeCount(-1, None),
    ],
)
def test_a_count_that_proves_that_the_condition_was_not_understood_is_not_believed(counted):
    with pytest.raises(NotesContradicted):
        stretches.believe_count(IdRange(10, 20), counted, noted=5)


def test_a_count_that_ends_early_is_found_out_by_its_parts():
    asked = []

    def count(ranges):
        asked.append(len(ranges))
        return [RangeCount(min(7, ids.up_to - ids.after), ids.up_to) for ids in ranges]

    with pytest.raises(NotesContradicted):
        stretches.short_stretches([Stretch(number * LENGTH, LENGTH) for number in range(1, 41)], count)

    assert asked == [1, AT_ONCE]


@pytest.mark.parametrize("updated", [0, 7])
def test_a_store_that_does_not_say_when_products_changed_is_read_every_time(updated):
    shop = CountedShop()
    shop.fill(60)
    latest = shop.store.latest_changed

    def ignoring(*, changed_from=None, limit):
        rows, _ = latest(limit=limit)
        return LatestProducts([row._replace(updated=updated) for row in rows], 60)

    shop.store.latest_changed = ignoring
    rows = shop.store.products
    shop.store.products = {number: row._replace(updated=updated) for number, row in rows.items()}
    if updated:
        shop.store.latest_changed = latest
        run(shop)
        shop.store.latest_changed = lambda **_: LatestProducts([rows[linked(shop)[0]]._replace(updated=-10_000)], 60)

    run(shop)
    assert was_full(shop)
    run(shop)
    assert was_full(shop)


# --- what must never happen ---------------------------------------------------------------------------------------


def test_rows_that_the_store_left_out_break_nothing_and_are_read_again(shop):
    lost = linked(shop)[40:44]
    shop.store.left_out = set(lost)

    assert run(shop) == []

    shop.store.left_out = set()
    assert shop.existence.notes is None
    assert run(shop) == []
    assert was_full(shop)
    assert set(lost) < set(linked(shop))


def test_a_pass_that_is_cut_off_finds_the_same_again(shop):
    gone = linked(shop)[40]
    shop.store.delete(gone)
    record = shop.listings.record
    notes = shop.existence.notes

    def refuse(_proven):
        raise RuntimeError("killed")

    shop.listings.record = refuse
    with pytest.raises(RuntimeError):
        run(shop)
    shop.listings.record = record

    assert shop.existence.notes == notes
    assert run(shop) == [(Action.BREAK, f"P-{gone}")]


def test_a_full_pass_that_is_cut_off_notes_nothing():
    shop = CountedShop()
    shop.fill(100)
    pages = shop.store.iterate_existing

    def broken(**options):
        yield next(pages(**options))
        raise UnexpectedAnswer("cut off")

    shop.store.iterate_existing = broken
    with pytest.raises(UnexpectedAnswer):
        run(shop)

    assert shop.existence.notes is None


def test_a_cancelled_pass_changes_nothing(shop):
    shop.store.delete(linked(shop)[40])
    notes = shop.existence.notes
    for options in ({}, {"full": True}):
        ports = shop.ports()
        ports.run.cancelled = True

        drive(ports, Existence(**options))

        assert (ports.run.changes, shop.existence.notes) == ([], notes)


def test_a_preview_notes_nothing(shop):
    gone = linked(shop)[40]
    shop.store.delete(gone)
    notes = shop.existence.notes

    assert run(shop, is_dry=True) == [(Action.BREAK, f"P-{gone}")]

    assert shop.existence.notes == notes
    assert gone in linked(shop)


def test_more_missing_than_anybody_removes_changes_nothing(shop):
    for number in linked(shop)[10:60]:
        shop.store.delete(number)
    notes, before = shop.existence.notes, linked(shop)

    with pytest.raises(Reconfigure):
        run(shop)

    assert (shop.existence.notes, linked(shop)) == (notes, before)


def test_two_passes_side_by_side_leave_notes_that_find_what_goes_next(shop):
    first, second = linked(shop)[20], linked(shop)[90]
    shop.store.delete(first)
    run(shop, is_dry=True)
    older = shop.existence.notes
    run(shop)
    shop.existence.notes = older  # the slower of the two wrote last
    shop.store.delete(second)

    assert run(shop) == [(Action.BREAK, f"P-{second}")]


def test_a_change_that_was_committed_late_is_found(shop):
    busy, late = linked(shop)[:3], linked(shop)[50]
    for number in busy:
        shop.store.recode(number, f"NEW-{number}")
    run(shop)
    shop.store.now -= 10 * MINUTE
    shop.store.recode(late, "LATE")
    shop.store.now += 20 * MINUTE

    assert run(shop) == [(Action.UPDATE, f"P-{late}")]


def test_a_late_change_among_very_many_others_is_found(shop):
    for number in linked(shop)[:40]:
        shop.store.recode(number, f"NEW-{number}")
    run(shop)
    late = linked(shop)[50]
    shop.store.now -= 10 * MINUTE
    shop.store.recode(late, "LATE")
    shop.store.now += 12 * MINUTE
    shop.store.recode(linked(shop)[60], "NEWER")

    assert run(shop) == sorted([(Action.UPDATE, f"P-{late}"), (Action.UPDATE, f"P-{linked(shop)[60]}")])
    assert not was_full(shop)


# --- any store ----------------------------------------------------------------------------------------------------

edits = st.lists(
    st.tuples(st.sampled_from(["delete", "recode", "create", "link", "wait", "add"]), st.integers(0, 10_000)),
    max_size=12,
)


def _edit(shop, kind, number):
    ids = sorted(shop.store.products)
    if kind == "create":
        shop.listings.link(shop.store.products[shop.store.create()])
    elif kind == "add":
        for _ in range(number % 15):
            shop.store.create()
    elif kind == "wait":
        shop.store.now += number % (40 * MINUTE)
    elif not ids:
        pass
    elif kind == "delete":
        shop.store.delete(ids[number % len(ids)])
    elif kind == "recode":
        shop.store.recode(ids[number % len(ids)], f"NEW-{number}")
    else:
        shop.listings.link(shop.store.products[ids[number % len(ids)]])


@settings(deadline=None)
@given(size=st.integers(1, 120), passes=st.lists(edits, min_size=1, max_size=5))
def test_a_counting_pass_finds_what_a_full_comparison_finds(size, passes):
    shop = CountedShop()
    shop.fill(size, unlinked_every=3)
    run(shop)
    # Two changes of one product within a second, with a pass in between, are one for a clock of seconds.
    for changes in passes:
        shop.store.now += 1
        for kind, number in changes:
            _edit(shop, kind, number)
        before = len(shop.store.products)
        wanted = expected(shop)
        if sum(action is Action.BREAK for action, _ in wanted) > max(10, len(shop.listings.all) // 5):
            return

        assert run(shop) == wanted

        changed = sum(kind in {"recode", "create"} for kind, _ in changes) + sum(
            number % 15 for kind, number in changes if kind == "add"
        )
        gone = sum(kind == "delete" for kind, _ in changes)
        assert shop.store.requests.total() - shop.store.requests["stretch"] <= _bound(
            before, changed=changed, gone=gone
        )


def _bound(products, *, changed, gone):
    """Requests of a pass: three, a search, and pages of what is new or changed, twice if changes may come late."""
    notes = max(2, math.ceil(products / LENGTH) + gone)
    parts = max(2, AT_ONCE // max(1, gone))
    levels = math.ceil(math.log(notes, parts)) + 1 if gone else 0
    search = levels * math.ceil(max(AT_ONCE, 2 * gone) / AT_ONCE) + 1 + 2
    return 3 + 1 + search + 1 + math.ceil((LENGTH + changed) / 10) + 2 * math.ceil((120 + changed) / 10)


@given(gaps=st.lists(st.integers(1, 9), min_size=1, max_size=60), data=st.data())
def test_the_search_finds_exactly_the_stretches_that_became_shorter(gaps, data):
    ids = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    builder = stretches.StretchBuilder()
    rows = [SimpleNamespace(id=number, created=0) for number in ids]
    builder.add(rows)
    noted = builder.stretches
    gone = data.draw(st.sets(st.sampled_from(ids)))
    asked = []

    def count(ranges):
        asked.append(len(ranges))
        found = [[n for n in ids if after < n <= up_to and n not in gone] for after, up_to in ranges]
        return [RangeCount(len(part), part[-1] if part else None) for part in found]

    short = stretches.short_stretches(noted, count) if noted else {}

    starts = [0, *(stretch.up_to for stretch in noted)]
    missing = {
        index: LENGTH - sum(start < number <= stretch.up_to for number in gone)
        for index, (start, stretch) in enumerate(zip(starts, noted, strict=False))
    }
    assert short == {index: left for index, left in missing.items() if left < LENGTH}
    assert all(number <= AT_ONCE for number in asked)
    if noted:
        parts = max(2, AT_ONCE // max(1, len(short)))
        levels = math.ceil(math.log(len(noted), parts)) if len(noted) > 1 and short else 0
        assert len(asked) <= 1 + (levels + 1) * math.ceil(max(AT_ONCE, 2 * len(short)) / AT_ONCE)


def test_the_overlap_is_a_quarter_of_an_hour():
    assert change_window.OVERLAP_SECONDS == 15 * MINUTE
