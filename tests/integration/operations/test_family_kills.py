"""A structural overwrite that is killed, cut off or whose answer is lost: one more run, and the page is right."""

import contextlib

import pytest

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from tradepost.domain.errors import AnswerLost, StoreUnavailable

from .conftest import Shop
from .test_families import MUG, TEE, seen_by_a_shopper, shelves, simple, text_of
from .test_kill_publish import TOKENS, CutStore, DyingHub, Fuse, Killed, TagFuse, publish_fused

# An option and a value are renamed, another is dropped, a variant goes and one comes; an article becomes a family,
# and a family an article.
AFTER = ("tee", ("Colour", "Fit"), {"T-1": ("Crimson", "M"), "T-2": ("Crimson", "S"), "T-4": ("Blue", "M")})
CUP = ("cup", (), {"T-6": ()})
BOWL = ("bowl", ("Size",), {"C-1": ("Small",), "T-5": ("Big",)})


@pytest.fixture
def reshaped(sqlite, tmp_path):
    """Makes shops whose catalogue has another shape than their stores; each with a store of its own."""
    made = []

    def make(token):
        server = SandboxServer().start()
        folder = tmp_path / str(len(made))
        folder.mkdir()
        shop = Shop(server, folder, token=token, name=f"Shop {len(made)}")
        made.append((shop, server))
        shop.import_text(text_of(TEE, MUG, ("cup", ("Size",), {"T-6": ("S",), "T-7": ("L",)})) + simple("bowl", "C-1"))
        assert shop.publish().bad() == []
        shop.import_text(text_of(AFTER, MUG, BOWL, CUP))
        return shop

    yield make
    for shop, server in made:
        shop.close()
        server.stop()


def assert_it_is_right_after_one_more_run(shop, where):
    run = shop.publish()

    assert run.bad() == [], where
    assert seen_by_a_shopper(shop) == shelves(AFTER, MUG, BOWL, CUP, is_native=True), where
    assert len(shop.on_store()["tee"].variants) == len(AFTER[2]), where
    # The article that became a page has all that a page has, not only its type.
    cup = shop.on_store()["t-6"]
    assert (cup.description, cup.addresses, shop.on_store()["cup"].is_active) == ("Plain", ("/cup-t-6.html",), False)
    assert {row.status.pending.value for row in shop.listings.by_ids(shop.all_ids())} == {""}, where
    shop.close()
    shop.sandbox.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("token", TOKENS)
def test_a_change_of_shape_killed_at_any_boundary_is_completed_by_the_next_run(reshaped, token):
    counting = Fuse()
    publish_fused(reshaped(token), counting)
    assert counting.passed > 10

    for boundary in range(0, counting.passed, 2):
        shop = reshaped(token)
        with pytest.raises(Killed):
            publish_fused(shop, Fuse(boundary))

        assert_it_is_right_after_one_more_run(shop, f"after a kill at boundary {boundary}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("hub_dies", [True, False])
@pytest.mark.parametrize("token", TOKENS)
def test_a_change_of_shape_of_which_only_a_part_was_made_is_given_the_rest(reshaped, token, hub_dies):
    reference = reshaped(token)
    counting = TagFuse(reference.sandbox)
    assert reference.publish().bad() == []
    assert counting.passed > 20

    for tag in range(1, counting.passed, 3):
        shop = reshaped(token)
        TagFuse(shop.sandbox, tag)
        store = shop.store
        shop.store = DyingHub(store) if hub_dies else store
        with contextlib.suppress(StoreUnavailable, Killed):
            shop.publish()
        shop.store = store

        assert_it_is_right_after_one_more_run(shop, f"after tag {tag}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["killed", "units lost", "answers lost"])
@pytest.mark.parametrize("token", TOKENS)
def test_a_change_of_shape_whose_answer_is_lost_is_settled(reshaped, token, how):
    shop = reshaped(token)
    store = shop.store
    shop.store = CutStore(store, after=0, how=how)
    with contextlib.suppress(Killed):
        shop.publish()
    shop.store = store

    assert_it_is_right_after_one_more_run(shop, how)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "cut", "error"])
def test_a_change_of_shape_whose_connection_breaks_at_any_request_is_completed(reshaped, kind):
    reference = reshaped(TOKENS[0])
    before = len(reference.sandbox.log.requests())
    reference.publish()
    requests = len(reference.sandbox.log.requests()) - before
    assert requests >= 4

    for number in range(1, requests + 1):
        shop = reshaped(TOKENS[0])
        shop.sandbox.faults.add(Rule(kind=kind, nth=number, times=1, after_bytes=20))
        with contextlib.suppress(StoreUnavailable, AnswerLost):
            shop.publish()
        assert [taken.kind for taken in shop.sandbox.faults.log()] == [kind]

        assert_it_is_right_after_one_more_run(shop, f"{kind} at request {number}")
