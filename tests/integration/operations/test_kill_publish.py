"""
A publish that is killed, or whose answers are lost, is completed by the next one: no second product, no second image.

A kill is an exception that nothing catches, at each call by which the publish touches the store, the image server or
the database, before it and after it; what was committed stays, what was not is gone.
"""

import contextlib
from collections import Counter
from dataclasses import replace

import pytest
from django.db import transaction

from attentions import reason_of
from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from miva_sandbox.faults.interruptions import EngineTimeoutError
from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from tradepost.database.models import Intent, Listing
from tradepost.domain.errors import AnswerLost, StoreUnavailable
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Outcome
from tradepost.operations.listings import publish
from tradepost.operations.ports import UnitAnswer, WriteOutcome

from .conftest import CATALOGUE, Shop

TOKENS = ["eight functions", "all rights"]


class CutStore:
    """A store that dies after a number of units, or does them all and whose answers are lost from there on."""

    def __init__(self, store, *, after: int, how: str) -> None:
        self._store = store
        self._left = after
        self._how = how

    def __getattr__(self, name):
        return getattr(self._store, name)

    def provision(self, units):
        if self._how == "works":
            return self._store.provision(units)
        done, rest = units[: self._left], units[self._left :]
        answers = self._store.provision(done) if done else []
        self._left -= len(done)
        if not rest:
            return answers
        if self._how == "killed":
            raise Killed
        lost = [UnitAnswer(WriteOutcome.LOST, message="The connection broke off.") for _ in rest]
        if self._how == "answers lost":
            self._store.provision(rest)
        self._how = "works"
        return [*answers, *lost]


@pytest.mark.parametrize("token", TOKENS)
def test_a_publish_that_was_cleared_before_its_answer_came_is_settled_by_reading_the_store(new_shop, token):
    shop = new_shop(token)
    store = shop.store
    shop.store = CutStore(store, after=1, how="answers lost")
    shop.publish()
    shop.queue(Pending.NONE, "tee", "MUG-01", "CUP-01")
    shop.store = store

    shop.sync()

    made = shop.on_store()
    assert set(made) == {"tee", "tee-red-m", "tee-red-l", "tee-navy-l", "mug-01", "cup-01"}
    linked = {row.code_key: row.external_id for row in Listing.objects.filter(channel=shop.channel, link="linked")}
    assert linked == {key: product.id for key, product in made.items()}
    assert not Intent.objects.filter(channel=shop.channel).exists()
    # What is on the store has the stock that the catalogue has, from the first sync on.
    shop.import_text(CATALOGUE.replace(",14,7.90", ",3,7.90"))
    shop.sync()
    assert shop.on_store()["mug-01"].stock.count == 3


@pytest.mark.parametrize("is_whole", [True, False], ids=["a whole sync", "a sync of another listing"])
@pytest.mark.parametrize("token", TOKENS)
def test_what_a_publish_made_that_was_killed_and_cleared_is_found_by_any_sync(new_shop, token, is_whole):
    shop = new_shop(token)
    store = shop.store
    shop.store = CutStore(store, after=1, how="killed")
    with pytest.raises(Killed):
        shop.publish()
    shop.store = store
    shop.queue(Pending.NONE, "tee", "TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L", "MUG-01", "CUP-01")
    made = shop.on_store()
    unknown = set(made) - {row.code_key for row in Listing.objects.filter(channel=shop.channel, link="linked")}

    shop.sync(only=None if is_whole else [shop.listing("CUP-01").pk])

    linked = {row.code_key: row.external_id for row in Listing.objects.filter(channel=shop.channel, link="linked")}
    assert unknown == {"tee", "tee-red-m", "tee-red-l", "tee-navy-l"}
    assert linked == {key: product.id for key, product in made.items()}
    assert "Overwrite it to complete it" in reason_of(shop.listing("TEE-RED-M"), "publish_failed")


@pytest.fixture
def new_shop(sqlite, tmp_path):
    """Makes shops of their own, each with an empty store, in one database."""
    made = []

    def make(token):
        server = SandboxServer().start()
        folder = tmp_path / str(len(made))
        folder.mkdir()
        shop = Shop(server, folder, token=token, name=f"Shop {len(made)}")
        made.append((shop, server))
        shop.import_text(CATALOGUE)
        return shop

    yield make
    for shop, server in made:
        shop.close()
        server.stop()


def publish_fused(shop, fuse):
    run = MemoryRun(atomic=transaction.atomic)
    ports = shop.ports(run)
    publish.execute(
        replace(
            ports,
            store=Fused(ports.store, fuse),
            image_store=Fused(ports.image_store, fuse),
            intents=Fused(ports.intents, fuse),
            inventory=Fused(ports.inventory, fuse),
            listings=Fused(ports.listings, fuse),
        )
    )


def state_of(shop):
    """Everything that must be there exactly once."""
    there = shop.on_store()
    folder = shop.sandbox.domain.files_root / "graphics" / "is-images"
    files = Counter(path.name for path in folder.iterdir())
    return {
        "products": {code: (p.name, p.price, p.sku, p.is_active) for code, p in there.items()},
        "stock": {code: p.stock.count for code, p in there.items() if p.stock.is_tracked},
        "variants": sorted(sorted(v.part_codes) for v in there["tee"].variants or ()) if "tee" in there else [],
        "images": {code: [image.image_type for image in p.images] for code, p in there.items()},
        "files": sorted(name[:5] for name in files),
        "addresses": {code: p.addresses for code, p in there.items()},
    }


@pytest.mark.timeout(300)
@pytest.mark.parametrize("token", TOKENS)
def test_a_publish_killed_at_any_boundary_is_completed_by_the_next_one(new_shop, token):
    """R35: a publish that is cut off anywhere is completed by the next, and nothing is made twice."""
    reference = new_shop(token)
    counting = Fuse()
    publish_fused(reference, counting)
    wanted = state_of(reference)
    assert len(wanted["products"]) == 6
    assert counting.passed > 20

    for boundary in range(counting.passed):
        shop = new_shop(token)
        with pytest.raises(Killed):
            publish_fused(shop, Fuse(boundary))

        run = shop.publish()

        assert run.bad() == [], f"after a kill at boundary {boundary}"
        assert state_of(shop) == wanted, f"after a kill at boundary {boundary}"
        assert {row.status.pending.value for row in shop.listings.by_ids(shop.all_ids())} == {""}
        shop.close()
        shop.sandbox.stop()


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("how", ["killed", "units lost", "answers lost"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_publish_cut_between_units_is_completed_by_the_next_one(new_shop, token, how, after):
    shop = new_shop(token)
    store = shop.store
    shop.store = CutStore(store, after=after, how=how)
    with contextlib.suppress(Killed):
        shop.publish()
    shop.store = store

    run = shop.publish()

    assert run.bad() == []
    there = state_of(shop)
    assert sorted(there["products"]) == ["cup-01", "mug-01", "tee", "tee-navy-l", "tee-red-l", "tee-red-m"]
    assert there["stock"] == {"cup-01": 7, "mug-01": 14, "tee-navy-l": 0, "tee-red-l": 3, "tee-red-m": 5}
    assert there["images"] == {code: ["main"] if code in {"tee", "mug-01"} else [] for code in there["products"]}
    assert there["files"] == ["mug-0", "tee-1"]


class TagFuse:
    """Lets the store's engine give up before one of the tags that it is sent; what was done before it stays done."""

    def __init__(self, sandbox, at: int | None = None) -> None:
        self.passed = 0
        self._at = at
        sandbox.domain.hooks.before_tag.append(self)

    def __call__(self, _name: str) -> None:
        self.passed += 1
        if self.passed - 1 == self._at:
            raise EngineTimeoutError


class DyingHub:
    """A store whose answer to the first documents is the last thing that the hub ever hears."""

    def __init__(self, store) -> None:
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def provision(self, units):
        self._store.provision(units)
        raise Killed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("hub_dies", [True, False])
@pytest.mark.parametrize("token", TOKENS)
def test_a_product_of_which_only_a_part_was_made_is_given_the_rest(new_shop, token, hub_dies):
    reference = new_shop(token)
    counting = TagFuse(reference.sandbox)
    assert reference.publish().bad() == []
    wanted = state_of(reference)
    assert counting.passed > 30

    for tag in range(1, counting.passed, 4):
        shop = new_shop(token)
        TagFuse(shop.sandbox, tag)
        store = shop.store
        shop.store = DyingHub(store) if hub_dies else store
        with contextlib.suppress(StoreUnavailable, Killed):
            shop.publish()
        shop.store = store

        run = shop.publish()

        assert run.bad() == [], f"after tag {tag}"
        assert state_of(shop) == wanted, f"after tag {tag}"
        shop.close()
        shop.sandbox.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "cut", "error"])
@pytest.mark.parametrize("token", TOKENS)
def test_a_publish_whose_connection_breaks_at_any_request_is_completed_by_the_next_one(new_shop, token, kind):
    reference = new_shop(token)
    reference.publish()
    requests = len(reference.sandbox.log.requests())
    wanted = state_of(reference)
    assert requests >= 5

    for number in range(1, requests + 1):
        shop = new_shop(token)
        shop.sandbox.faults.add(Rule(kind=kind, nth=number, times=1, after_bytes=20))
        with contextlib.suppress(StoreUnavailable, AnswerLost):
            shop.publish()
        assert [taken.kind for taken in shop.sandbox.faults.log()] == [kind]

        run = shop.publish()

        assert run.bad() == [], f"at request {number}"
        assert state_of(shop) == wanted, f"at request {number}"
        shop.close()
        shop.sandbox.stop()


@pytest.mark.parametrize("token", TOKENS)
def test_lost_answers_are_settled_in_the_same_run_by_reading_back(new_shop, token):
    shop = new_shop(token)
    shop.store = CutStore(shop.store, after=1, how="answers lost")

    run = shop.publish()

    assert {result.outcome for result in run.results} == {Outcome.APPLIED}
    assert len(shop.on_store()) == 6
