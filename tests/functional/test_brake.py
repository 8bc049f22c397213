"""The brake over sockets: what a wrong file or a wrong click would do to a store waits until a person has said so."""

import io

import pytest

from full_rights import store_of
from people import browser_of
from shopper import Shopper
from tradepost.database.models import Channel, Listing, Run
from tradepost.engine.executor import Executor
from tradepost.engine.runs import request_run

HEADER = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
MUGS = 20
SKUS = [f"MUG-{number:02}" for number in range(MUGS)]


def a_file(folder, *, quantities=None, prices=None, only=SKUS):
    """Write a catalogue of twenty mugs at 10.00, five of each; what is given by SKU differs."""
    rows = [
        f"{sku.lower()},Mug {sku[-2:]},,,{sku},{(quantities or {}).get(sku, 5)},{(prices or {}).get(sku, '10.00')}\n"
        for sku in only
    ]
    path = folder / "mugs.csv"
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def shop(connected, tmp_path):
    """A shell whose channel has twenty mugs on the store."""
    assert connected("catalogue", "import", a_file(tmp_path)).code == 0
    assert connected("listings", "publish").code == 0
    return connected


def on_store(box):
    """What the store has by SKU, read with all rights: the price and the count."""
    with store_of(box) as store:
        found = store.products_by_code(SKUS)
    return {product.sku: (product.price, product.stock.count) for product in found.values()}


def as_usual(box):
    return {sku: values for sku, values in on_store(box).items() if values == (10, 5)}


def at_a_terminal(monkeypatch, answers):
    terminal = io.StringIO(answers)
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", terminal)


# --- what is stopped -----------------------------------------------------------------------------------------------


def test_delisting_all_by_hand_is_stopped_and_stays_asked_for(shop, box):
    answer = shop("listings", "delist", "--all", "--now", "--yes")

    assert answer.code == 5
    assert "Of 20 live listings it would remove 20 from the store for good; more than 10 at once" in answer.err
    assert "delist: MUG-00 Mug 00" in answer.err
    assert len(as_usual(box)) == MUGS
    assert Listing.objects.filter(pending="delist").count() == MUGS
    assert Run.objects.latest("pk").state == "stopped"


def test_a_file_with_nothing_but_zeros_takes_nothing_off_sale(shop, box, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, quantities=dict.fromkeys(SKUS, 0)))

    answer = shop("listings", "sync", "--json")

    assert answer.code == 5
    assert answer.json["state"] == "stopped"
    assert answer.json["brake"]["numbers"] == {"zero": 20}
    assert len(as_usual(box)) == MUGS


def test_a_file_with_tenfold_prices_changes_none_and_its_quantities_arrive(shop, box, tmp_path):
    tenfold = dict.fromkeys(SKUS, "100.00")
    shop("catalogue", "import", a_file(tmp_path, prices=tenfold, quantities={"MUG-03": 2, "MUG-04": 0}))

    answer = shop("listings", "sync")

    assert answer.code == 5
    assert "it would change the price of 20; more than 10" in answer.err
    assert on_store(box) == {sku: (10, {"MUG-03": 2, "MUG-04": 0}.get(sku, 5)) for sku in SKUS}


def test_a_file_that_lost_most_of_its_rows_takes_nothing_off_sale(shop, box, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, only=SKUS[:3]))

    shop("listings", "sync")

    assert len(as_usual(box)) == MUGS


def test_hiding_all_is_stopped_too(shop, box):
    answer = shop("listings", "hide", "--all", "--now", "--yes")

    assert answer.code == 5
    assert len(as_usual(box)) == MUGS


# --- families: what a publish would take off a page ------------------------------------------------------------------


TEES = [f"TEE-{number:02}" for number in range(30)]


def a_family_file(folder, skus, *, is_family=True, title="Tee"):
    """Write a tee in as many sizes as there are SKUs, five of each, or the one article that is left of it."""
    name, values = ("Size", skus) if is_family else ("", [""] * len(skus))
    rows = (f"tee,{title},{name},{value},{sku},5,10.00\n" for sku, value in zip(skus, values, strict=True))
    path = folder / "tees.csv"
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def tees(connected, tmp_path):
    """A shell whose channel has a tee in thirty sizes on the store."""
    assert connected("catalogue", "import", a_family_file(tmp_path, TEES)).code == 0
    assert connected("listings", "publish").code == 0
    return connected


def bought(store):
    """What a shopper can put into a basket, by SKU."""
    shopper = Shopper(store)
    try:
        return set(shopper.sold([row["code"] for row in store.store.db.rows("SELECT code FROM products")]))
    finally:
        shopper.close()


LEFT = {"two sizes of thirty": (TEES[:2], True), "one article of thirty sizes": (TEES[:1], False)}


@pytest.mark.parametrize("left", LEFT)
def test_a_family_that_lost_most_of_its_variants_keeps_its_page_until_a_person_has_said_so(tees, store, tmp_path, left):
    skus, is_family = LEFT[left]
    tees("catalogue", "import", a_family_file(tmp_path, skus, is_family=is_family))

    preview = tees("listings", "publish", "--dry-run")
    answer = tees("listings", "publish")
    before = bought(store)
    stopped = Run.objects.latest("pk")
    released = tees("runs", "release", stopped.pk)

    gone = len(TEES) - len(skus)
    assert (preview.code, answer.code, stopped.state) == (0, 5, "stopped")
    assert f"The brake would stop this. Of 30 live listings it would take {gone} off sale; more" in preview.err
    assert f"Of 30 live listings it would take {gone} off sale; more than 10 at once" in answer.err
    assert "off sale: TEE-03 Tee" in preview.err
    assert before == set(TEES)
    assert released.code == 0
    assert bought(store) == set(skus)


def test_a_publish_that_is_held_back_for_a_family_does_all_else(tees, store, tmp_path):
    tees("catalogue", "import", a_family_file(tmp_path, TEES[:2]))
    tees("catalogue", "import", a_file(tmp_path, only=SKUS[:1]))

    answer = tees("listings", "publish")

    assert answer.code == 5
    assert bought(store) == {*TEES, SKUS[0]}


def test_a_family_that_lost_a_few_variants_is_published_at_once(tees, store, tmp_path):
    tees("catalogue", "import", a_family_file(tmp_path, TEES[:25]))

    answer = tees("listings", "publish")

    assert answer.code == 0
    assert bought(store) == set(TEES[:25])


def test_what_is_sold_out_already_is_no_harm_when_it_leaves_its_page(tees, store, tmp_path):
    tees("catalogue", "import", a_family_file(tmp_path, TEES[:2]))
    tees("listings", "sync", "--beyond-brake")

    answer = tees("listings", "publish")

    assert answer.code == 0
    assert bought(store) == set(TEES[:2])


def test_a_new_variant_takes_the_page_along_and_is_held_back_with_it(tees, store, tmp_path):
    tees("catalogue", "import", a_family_file(tmp_path, [*TEES[:2], "TEE-NEW"]))
    tees("listings", "clear", "tee")
    tees("listings", "publish", "TEE-NEW")

    preview = tees("listings", "publish", "TEE-NEW", "--dry-run")
    stopped = tees("listings", "publish", "TEE-NEW", "--now")
    before = bought(store)
    done = tees("listings", "publish", "TEE-NEW", "--now", "--beyond-brake")

    assert "it would take 28 off sale" in preview.err
    assert (stopped.code, done.code) == (5, 0)
    assert before == set(TEES)
    assert bought(store) == {*TEES[:2], "TEE-NEW"}


# --- what is not ---------------------------------------------------------------------------------------------------


def test_nine_of_twenty_ordinary_changes_are_not_stopped(shop, box, tmp_path):
    shop(
        "catalogue",
        "import",
        a_file(tmp_path, prices=dict.fromkeys(SKUS[:9], "11.00"), quantities=dict.fromkeys(SKUS[9:18], 0)),
    )

    answer = shop("listings", "sync")

    assert answer.code == 0
    expected = [(11, 5)] * 9 + [(10, 0)] * 9 + [(10, 5)] * 2
    assert on_store(box) == dict(zip(SKUS, expected, strict=True))


def test_any_number_may_be_lowered_and_raised(shop, box, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, quantities={sku: 1 + 8 * (n % 2) for n, sku in enumerate(SKUS)}))

    answer = shop("listings", "sync")

    assert answer.code == 0
    assert on_store(box) == {sku: (10, 1 + 8 * (n % 2)) for n, sku in enumerate(SKUS)}


def test_a_channel_may_be_given_other_limits(shop, box, tmp_path):
    set_up = shop("channel", "set", "shop", "--brake-percent", 10, "--brake-at-least", 2)
    shop("catalogue", "import", a_file(tmp_path, prices=dict.fromkeys(SKUS[:3], "11.00")))

    answer = shop("listings", "sync")

    assert (set_up.code, answer.code) == (0, 5)
    assert "more than 2 at once" in answer.err
    assert len(as_usual(box)) == MUGS


# --- saying so -----------------------------------------------------------------------------------------------------


def test_a_preview_says_that_the_brake_would_stop_it_and_asks_nothing(shop, box):
    queued = shop("listings", "delist", "--all", "--yes")
    plan = shop("listings", "sync", "--dry-run")
    unqueued = shop("listings", "hide", "--all", "--dry-run")

    assert (queued.code, plan.code) == (0, 0)
    assert "The brake would stop this. Of 20 live listings it would remove 20" in plan.err
    assert "20 changes planned" in plan.out
    assert "The brake would stop this." in unqueued.err
    assert not Run.objects.filter(needs_answer=True).exists()


def test_the_flag_lets_one_run_go_beyond_the_brake_and_the_run_says_who(shop, box):
    shop("listings", "delist", "--all", "--yes")

    answer = shop("listings", "sync", "--beyond-brake")

    assert answer.code == 0
    assert on_store(box) == {}
    assert Run.objects.latest("pk").released_by.startswith("shell: ")


def test_the_flag_is_for_that_run_only(shop, box, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, prices=dict.fromkeys(SKUS, "11.00")))
    first = shop("listings", "sync", "--beyond-brake")
    shop("catalogue", "import", a_file(tmp_path))

    second = shop("listings", "sync")

    assert (first.code, second.code) == (0, 5)
    assert {price for price, _ in on_store(box).values()} == {11}


@pytest.mark.parametrize(("answer", "ends"), [("y", (0, 0)), ("n", (5, MUGS))])
def test_a_person_at_a_terminal_is_asked_with_the_numbers(shop, box, monkeypatch, answer, ends):
    shop("listings", "delist", "--all", "--yes")
    at_a_terminal(monkeypatch, f"{answer}\n")

    done = shop("listings", "sync")

    assert (done.code, len(on_store(box))) == ends
    assert "remove 20 from the store for good" in done.err
    assert "Do it all the same, this once?" in done.err


def test_what_was_stopped_is_released_by_its_number_once(shop, box):
    shop("listings", "delist", "--all", "--yes")
    shop("listings", "sync")
    stopped = Run.objects.latest("pk")

    released = shop("runs", "release", stopped.pk)
    again = shop("runs", "release", stopped.pk)

    assert (released.code, again.code) == (0, 2)
    assert "nothing to release" in again.err
    assert on_store(box) == {}
    assert Run.objects.get(kind="sync", state="completed").released_by.startswith("shell: ")


def test_a_release_covers_what_was_shown_and_no_more(shop, box):
    shop("listings", "delist", *SKUS[:12], "--yes")
    shop("listings", "sync")
    stopped = Run.objects.latest("pk")
    shop("listings", "delist", *SKUS[12:], "--yes")

    released = shop("runs", "release", stopped.pk)

    assert released.code == 5
    assert "remove 20 from the store for good" in released.err
    assert len(as_usual(box)) == MUGS


# --- nobody is there -----------------------------------------------------------------------------------------------


def by_itself(channel):
    """Let the server execute a sync that no person waits for."""
    run = request_run(channel.pk, "sync")
    executor = Executor(threads=1, poll_seconds=0.05)
    executor.start()
    try:
        while Run.objects.get(pk=run.pk).state in {"queued", "running"}:
            pass
    finally:
        executor.stop()
    return Run.objects.get(pk=run.pk)


def test_a_run_without_a_person_ends_stopped_and_the_channel_says_so_until_it_is_settled(shop, box, tmp_path):
    channel = Channel.objects.get()
    shop("catalogue", "import", a_file(tmp_path, quantities=dict.fromkeys(SKUS, 0)))

    first, second = by_itself(channel), by_itself(channel)
    told = shop("channel", "show", "shop", "--json").json["attention"]
    spoken = shop("channel", "show", "shop").out
    shop("catalogue", "import", a_file(tmp_path))
    mended = by_itself(channel)

    assert [run.state for run in (first, second, mended)] == ["stopped", "stopped", "completed"]
    # The later question takes the place of the earlier one, and none is left when the file is right again.
    assert [question["run"] for question in told] == [second.pk]
    assert "it would take 20 off sale" in told[0]["message"]
    assert f"'tradepost runs release {second.pk}' lets it go on" in spoken
    assert shop("channel", "show", "shop", "--json").json["attention"] == []
    assert len(as_usual(box)) == MUGS


def test_the_back_office_shows_what_was_stopped_and_has_the_button(shop, box):
    alice, vera = browser_of("alice"), browser_of("vera")
    shop("listings", "delist", "--all", "--yes")
    run = by_itself(Channel.objects.get())

    start = alice.get("/").content.decode()
    page = alice.get(f"/tradepost/run/{run.pk}/change/").content.decode()
    question = alice.get(f"/tradepost/run/{run.pk}/release/").content.decode()
    refused = vera.post(f"/tradepost/run/{run.pk}/release/")
    alice.post(f"/tradepost/run/{run.pk}/release/")

    assert "The brake stopped sync" in start
    assert f"/tradepost/run/{run.pk}/release/" in page
    assert "remove 20 from the store for good" in question
    assert "MUG-00 Mug 00" in question
    assert refused.status_code == 403
    released = Run.objects.latest("pk")
    assert (released.state, released.released_by) == ("queued", "alice")


# --- what goes, by name --------------------------------------------------------------------------------------------


def test_a_confirmation_names_every_product_that_goes_and_the_parent_of_the_last_variant(published, monkeypatch):
    at_a_terminal(monkeypatch, "n\n")
    variants = [row.sku for row in Listing.objects.filter(product__handle="harbour-tee", kind="variant")]

    asked = published("listings", "delist", *variants)

    named = [line.split()[0] for line in asked.err.splitlines() if line.startswith("  ")]
    assert sorted(named) == sorted([*variants, Listing.objects.get(product__handle="harbour-tee", kind="parent").code])
    assert "(its last variant goes)" in asked.err
    assert not Listing.objects.filter(pending="delist").exists()


def named_in(text):
    """What is named until the question, by code, with what is said of it."""
    text = text.partition("Do it all the same")[0]
    lines = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("  ")]
    return {line.split()[0]: line for line in lines}


def test_a_person_whom_the_brake_asks_is_told_every_product_and_the_page_that_goes_with_its_last_variant(
    tees, store, monkeypatch
):
    tees("listings", "delist", *TEES, "--yes")
    at_a_terminal(monkeypatch, "n\n")

    asked = named_in(tees("listings", "sync").err)
    kept = named_in(tees("runs", "show", Run.objects.latest("pk").pk).err)

    page = Listing.objects.get(kind="parent")
    assert sorted(asked) == sorted([*TEES, page.code])
    assert asked["tee"].endswith("tee Tee (its last variant goes)")
    assert kept == asked
    assert bought(store) == set(TEES)


def test_a_person_whom_the_brake_asks_is_told_the_pages_that_are_hidden_or_closed(tees, tmp_path, monkeypatch):
    at_a_terminal(monkeypatch, "n\nn\n")
    tees("listings", "hide", "tee")
    hidden = named_in(tees("listings", "sync").err)
    tees("listings", "clear", "tee")
    tees("catalogue", "import", a_family_file(tmp_path, TEES[:1], is_family=False))

    closed = named_in(tees("listings", "publish").err)

    assert sorted(hidden) == sorted([*TEES, "tee"])
    assert hidden["tee"].endswith("(the family's page)")
    assert sorted(closed) == sorted([*TEES[1:], "tee"])
    assert closed["tee"].endswith("(its page goes off sale)")


def test_the_back_office_names_every_product_before_a_person_lets_a_run_go_on(tees, box):
    alice = browser_of("alice")
    tees("listings", "delist", "tee", "--yes")
    run = by_itself(Channel.objects.get())

    page = alice.get(f"/tradepost/run/{run.pk}/change/").content.decode()
    question = alice.get(f"/tradepost/run/{run.pk}/release/").content.decode()

    assert [sku for sku in TEES if f"delist: {sku} Tee" not in question] == []
    assert "delist: tee Tee (the family&#x27;s page)" in question
    assert "delist: and 26 more" in page


def test_a_report_that_nobody_is_asked_about_is_short_and_says_where_all_are_named(shop):
    answer = shop("listings", "delist", "--all", "--now", "--yes")

    assert [line for line in answer.err.splitlines() if line.startswith("  ")][-1] == "  delist: and 15 more"
    assert f"'tradepost runs show {Run.objects.latest('pk').pk}' names all of them." in answer.err
