"""
A state machine of stock: shoppers, a merchant, a hub that is killed and not answered, two channels, both modes.

What the hub may offer is reckoned from the stores' own records of orders, never from the hub's figures. Of the hub's
only this is taken: which shipped pieces it had seen when a number was stated, since that is what a statement knows.

`benchmarks/stock_machine_run.py` lets it run for long.
"""

import json
import shutil
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import ClassVar

from django.db import connections, transaction
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from asking import queue
from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from listing_acts import CHANNELS, LISTINGS, SKUS, ListingActs
from machine_acts import ACTS, act
from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import inventory, modules
from miva_sandbox.state.baskets import OutOfStock, PaymentDied, PaymentRefused
from miva_sandbox.state.sales import NotForSaleError
from stock_shop import STATED, HubClock, StockShop, catalogue_of
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.models import Channel, DriftRecord, Listing, SightedPieces, StockEntry
from tradepost.domain.errors import RunLost, TradepostError
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import TRANSITIONS, Health, Link, Pending
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.domain.stock.stock import Counting, EntryKind, StockMode
from tradepost.operations.catalogue.imports import SOURCE
from tradepost.operations.listings import link, publish, sync
from tradepost.operations.listings.queue_changes import plan_pause, plan_unlink
from tradepost.operations.orders import get_orders
from tradepost.operations.ports import SourceSettings
from tradepost.operations.selection import EVERYTHING, Selection
from transition_watch import TransitionWatch, statuses

# The catalogue would go on selling it without stock.
SOLD_ON = "TEE-S"
CANCELLED = 300
GIVEN_BACK_ON_DELETE = (0, 100, 400)
VERBS = ("get_orders", "sync", "publish")
WRITE = "InventoryProductSettings_Update"
LOST_ANSWERS = (
    Rule(kind="drop_before", times=1),
    Rule(kind="drop_after", times=1),
    # After all that the client asks again by itself, and before nothing can land any more.
    Rule(kind="drop_after", times=4),
    Rule(kind="lands_late", times=1, seconds=20),
    Rule(kind="lands_late", times=1, seconds=150),
)


class World:
    """Two stores and one hub, made once; each example starts from the same state of all three."""

    def __init__(self, folder: Path, database: Path) -> None:
        self._folder, self._database, self._connections = folder, database, connections
        self.clock = HubClock()
        self.servers = [SandboxServer().start() for _ in CHANNELS]
        self.shops = {}
        for index, server in enumerate(self.servers):
            for token in ("eight functions", "all rights"):
                place = folder / f"{index}-{token}"
                place.mkdir()
                shop = StockShop(server, place, token=token, name=f"{index} {token}", clock=self.clock)
                # One channel with two keys: what was made for the second is not needed.
                first = self.shops.get((index, "eight functions"), shop)
                if first is not shop:
                    shop.channel.delete()
                    shop.channel, shop.listings, shop.orders = first.channel, first.listings, first.orders
                shop.settings = replace(
                    shop.settings, id=shop.channel.pk, acknowledge_mode=AcknowledgeMode.NONE, batch_size=50
                )
                self.shops[index, token] = shop
        self.state({})
        self._keep("new")
        for index in CHANNELS:
            assert self.shops[index, "all rights"].publish().bad() == []
        self._keep("published")

    def state(self, quantities) -> None:
        """Import the catalogue with these numbers, on both channels."""
        self.take_file(catalogue_of(quantities))

    def take_file(self, text) -> None:
        header, *rows = text.splitlines()
        rows = [f"{row},{'continue' if SOLD_ON in row else 'deny'}" for row in rows]
        self.shops[0, "all rights"].import_text("\n".join([f"{header},Variant Inventory Policy", *rows]) + "\n")
        self._build(queue=True)

    def remove(self, skus) -> None:
        """Take variants out of the catalogue, as a person does."""
        with transaction.atomic():
            DjangoCatalogue(clock=self.clock).remove(skus)
            self.shops[0, "all rights"].listings.build(["mug", "tee"], queue=False)
            self._build(queue=False)

    def _build(self, *, queue) -> None:
        other = self.shops[1, "all rights"].listings
        with transaction.atomic():
            other.build(["mug", "tee"], queue=queue)
            if queue:
                other.queue_structure(["mug", "tee"])
            DjangoCatalogue().refresh_wanted(["mug", "tee"])

    def _keep(self, name) -> None:
        self._connections.close_all()
        shutil.copyfile(self._database, self._folder / f"{name}.sqlite3")
        for server in self.servers:
            server.snapshot(name)

    def begin(self, name, mode) -> None:
        self._connections.close_all()
        for suffix in ("-wal", "-shm"):
            Path(f"{self._database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._folder / f"{name}.sqlite3", self._database)
        self.clock.moved *= 0
        for server in self.servers:
            server.reset()
            server.restore(name)
            inventory.change_settings(server.store, {"mode": mode})

    def close(self) -> None:
        for shop in self.shops.values():
            shop.close()
        for server in self.servers:
            server.stop()


class StockMachine(ListingActs, RuleBasedStateMachine):
    """Whatever happens, no piece is sold twice; and when it is quiet again, none is kept from being sold."""

    world: ClassVar[World]
    taken: ClassVar[Counter] = Counter()
    watch: ClassVar[TransitionWatch] = TransitionWatch(taken)

    # --- the beginning ----------------------------------------------------------------------------------------------

    @initialize(
        token=st.sampled_from(["eight functions", "all rights"]),
        mode=st.sampled_from(["basket", "checkout"]),
        both=st.booleans(),
        start=st.sampled_from(["published", "published", "new"]),
        counts=st.sampled_from(["changed", "file"]),
        tells_baskets=st.booleans(),
        knows_mode=st.booleans(),
    )
    def begin(self, token, mode, both, start, counts, tells_baskets, knows_mode):  # noqa: PLR0917 - drawn by name
        for what in (
            f"token: {token}",
            f"mode: {mode}, {'known' if knows_mode else 'unknown'}, baskets {'' if tells_baskets else 'not '}told",
            f"channels: {1 + both}",
            f"start: {start}",
            f"counts: {counts}",
        ):
            self.taken[what] += 1
        self.world.begin(start, mode)
        if not tells_baskets:
            for server in self.world.servers:
                modules.remove(server.store, modules.BASKET_INVENTORY)
        if counts == "file":
            DjangoCatalogue().set_source(SourceSettings(SOURCE, Counting.FILE))
        self.counts_all, self.mode = counts == "file", mode
        self.channels = CHANNELS if both else CHANNELS[:1]
        self.shops = [self.world.shops[index, token] for index in self.channels]
        for shop in self.shops:
            shop.store.close()
            shop.store = shop.open_store()
            known = StockMode(mode) if knows_mode else StockMode.UNKNOWN
            shop.settings = replace(shop.settings, stock_mode=known, sells_without_stock=False)
        # Whether the hub can tell a basket from a piece that is gone.
        self.tells_baskets = mode == "basket" and tells_baskets
        self.counts_are_whole = self.tells_baskets or (mode == "checkout" and knows_mode)
        self.stated = dict(STATED)
        self.source = dict(STATED)
        self.given = dict(STATED)
        self.text = catalogue_of(STATED)
        # What the catalogue does not have any more, and whether its tee comes in sizes.
        self.gone = set()
        self.has_sizes = True
        # Products that the store does not show for a while, by channel and code.
        self.vanished = {}
        # {(channel, order, SKU): pieces that a statement knows of}, and what is left of orders that are gone.
        self.known = defaultdict(int)
        self.ghosts = defaultdict(int)
        # How much more than was stated may be sold, by channel and SKU: a lower number that came too late, orders
        # written by hand, and pieces that were in flight while a stock was set.
        self.slack = Counter()
        # The channels on which `SOLD_ON` may have been sold without stock since it was quiet.
        self.sold_on = set()
        # Where something happened that only a look at the count can find.
        self.needs_look = {}
        self.shoppers = []
        self.acts = self.steps = 0
        self.last_entry = self.entries()

    @rule(data=st.data())
    def step(self, data):
        self.taken["step"] += 1
        possible = [each for each in ACTS if each.when(self) for _ in range(each.times)]
        # Spread, as Hypothesis likes small numbers and those that it has drawn before.
        self.steps += 1
        found = Random(data.draw(st.integers(0, 2**32)) + self.steps * 2**33).choice(possible)
        values = {name: data.draw(strategy) for name, strategy in found.drawn.items()}
        note(f"{found.name} {values}")
        places, held = self.places(), self.held_by_baskets()
        unanswered, out = self.unanswered_sets(), self.out_of_counts()
        getattr(self, found.name)(**values)
        self.note_moved_places(places, held)
        if found.name != "settle":
            self.note_taken_beside_sets(unanswered | self.unanswered_sets(), out)

    statuses = staticmethod(statuses)

    # --- what is physically there ------------------------------------------------------------------------------------

    def entries(self):
        return StockEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0

    def product_id(self, channel, sku):
        rows = self.shops[channel].sandbox.store.db.rows("SELECT id FROM products WHERE sku = ?", (sku,))
        return rows[0]["id"] if rows else None

    def count(self, channel, sku):
        product_id = self.product_id(channel, sku)
        return None if product_id is None else inventory.counted(self.shops[channel].sandbox.store, product_id)

    def pieces(self, channel):
        """Return {(order, SKU): pieces out of the count}, of the orders that are there and those that are gone."""
        found = Counter({(order, sku): n for (index, order, sku), n in self.ghosts.items() if index == channel})
        rows = self.shops[channel].sandbox.store.db.rows(
            "SELECT order_id, code, sku, quantity, status FROM order_items"
        )
        for row in rows:
            if row["status"] != CANCELLED:
                found[row["order_id"], row["sku"] or row["code"]] += row["quantity"]
        return found

    def reserved(self, channel, sku):
        return sum(
            max(0, n - self.known[channel, order, other])
            for (order, other), n in self.pieces(channel).items()
            if other == sku
        )

    def available(self, sku):
        return self.stated[sku] - sum(self.reserved(channel, sku) for channel in self.channels)

    def held_by_baskets(self):
        held = Counter()
        for channel, shop in enumerate(self.shops):
            for row in shop.sandbox.store.db.rows("SELECT line FROM basket_items"):
                line = json.loads(row["line"])
                held[channel, line["sku"] or line["code"]] += line["quantity"]
        return held

    def in_flight(self, channel, sku):
        """Count pieces out of the store's count, or about to be, that the hub can't know of yet."""
        shop = self.shops[channel]
        held = 0
        is_resting = not shop.sandbox.domain.agenda.is_empty
        for row in shop.sandbox.store.db.rows("SELECT line, taken FROM basket_items"):
            line = json.loads(row["line"])
            is_out = row["taken"] and not self.tells_baskets
            if (line["sku"] or line["code"]).casefold() == sku.casefold() and (is_out or is_resting):
                held += line["quantity"]
        seen = {
            (order, key): taken
            for order, key, taken in SightedPieces.objects.filter(sighting__channel=shop.channel).values_list(
                "sighting__external_id", "key", "taken"
            )
        }
        now = {(order, other.casefold()): n for (order, other), n in self.pieces(channel).items()}
        key = sku.casefold()
        unseen = sum(
            abs(now.get((order, other), 0) - seen.get((order, other), 0))
            for order, other in {*now, *seen}
            if other == key
        )
        return held + unseen + is_resting

    def unanswered_sets(self):
        """Where a set may land yet, and would erase what is sold until then: channels and SKUs."""
        return {
            (channel, sku)
            for channel, shop in enumerate(self.shops)
            for sku in Listing.objects.filter(
                channel=shop.channel, open_since__isnull=False, open_move__isnull=True
            ).values_list("sku", flat=True)
        }

    def out_of_counts(self):
        """Count, by channel and SKU, the pieces that orders and baskets have taken from the store's count, or will."""
        out = Counter()
        for channel, shop in enumerate(self.shops):
            for (_order, sku), pieces in self.pieces(channel).items():
                out[channel, sku] += pieces
            is_resting = not shop.sandbox.domain.agenda.is_empty
            for row in shop.sandbox.store.db.rows("SELECT line, taken FROM basket_items"):
                if (row["taken"] and not self.tells_baskets) or is_resting:
                    line = json.loads(row["line"])
                    out[channel, line["sku"] or line["code"]] += line["quantity"]
        return out

    def note_taken_beside_sets(self, places, before):
        """What an act has taken while a set may land, it erases; nothing else may be sold beyond what is stated."""
        after = self.out_of_counts()
        for channel, sku in places:
            if (taken := after[channel, sku] - before[channel, sku]) > 0:
                note(f"{taken} of {sku} taken on channel {channel} beside a set without an answer")
                self.slack[channel, sku] += taken
                self.taken["pieces taken beside a set without an answer"] += taken

    def look_needed(self, channel, sku, why):
        self.needs_look.setdefault((channel, sku), set()).add(why)

    # --- shoppers ----------------------------------------------------------------------------------------------------

    @act(times=14, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(SKUS), pieces=st.integers(1, 4))
    def add(self, channel, sku, pieces):
        shop = self.shop(channel)
        if self.product(self.shops.index(shop), sku) is None:
            # Its page would sell the choice all the same, off no count at all.
            return
        shopper = shop.sandbox.shopper()
        code, choices = self.offer(self.shops.index(shop), sku)
        with suppress(OutOfStock, NotForSaleError):
            shopper.add(code, pieces, choices)
            self.shoppers.append((shopper, shop))
            self.taken["add"] += 1

    @act(
        times=14,
        when=lambda self: self.shoppers,
        which=st.integers(0, 99),
        payment=st.sampled_from(["authorised"] * 4 + ["refused", "dies"]),
    )
    def check_out(self, which, payment):
        shopper, shop = self.shoppers.pop(which % len(self.shoppers))
        if payment == "dies" and self.mode == "checkout":
            for item in shopper.look():
                self.look_needed(self.shops.index(shop), item.line.sku or item.line.code, "a payment died")
        with suppress(OutOfStock):
            try:
                shopper.check_out(payment=payment)
                self.taken["check out"] += 1
            except PaymentRefused:
                self.taken["payment refused"] += 1
                self.shoppers.append((shopper, shop))
            except PaymentDied:
                self.taken["payment died"] += 1

    @act(times=2, when=lambda self: self.shoppers, which=st.integers(0, 99))
    def empty_basket(self, which):
        shopper, _ = self.shoppers.pop(which % len(self.shoppers))
        shopper.empty()
        self.taken["empty basket"] += 1

    @act(times=1, channel=st.sampled_from(CHANNELS), requests=st.integers(1, 9))
    def next_purchase_rests(self, channel, requests):
        rest = Rule(kind="checkout_gap", verb="AUTH", requests=requests, times=1)
        self.shop(channel).sandbox.faults.add(rest)

    # --- the merchant ------------------------------------------------------------------------------------------------

    def shop(self, channel):
        return self.shops[channel % len(self.shops)]

    def some_order(self, which):
        found = [(shop, order) for shop in self.shops for order in shop.merchant.orders()]
        return found[which % len(found)] if found else (None, None)

    @act(times=2, channel=st.sampled_from(CHANNELS), pieces=st.integers(1, 2), requests=st.integers(0, 6))
    def write_order(self, channel, pieces, requests):
        """Nobody tests whether there are as many; the line is there before its stock falls."""
        shop = self.shop(channel)
        if self.product_id(self.shops.index(shop), "MUG") is None:
            return
        if requests:
            gap = Rule(kind="checkout_gap", function="Order_Create", requests=requests, times=1)
            shop.sandbox.faults.add(gap)
        shop.merchant.create("MUG", pieces)
        self.give_slack("MUG", pieces)
        self.taken["write order"] += 1

    @act(times=2, when=lambda self: self.some_order(0)[0], which=st.integers(0, 99))
    def cancel(self, which):
        shop, order = self.some_order(which)
        if shop is None or not shop.merchant.lines(order):
            return
        channel = self.shops.index(shop)
        for sku, _quantity, status in shop.merchant.lines(order).values():
            if status != CANCELLED:
                # What a statement knows of has left the house, and is on sale until a move takes it off again.
                self.slack[channel, sku] += self.known[channel, order, sku]
        self.note_given_back_elsewhere(channel, order)
        shop.merchant.cancel(order)
        self.taken["cancel"] += 1

    @act(times=2, when=lambda self: self.some_order(0)[0], which=st.integers(0, 99))
    def ship(self, which):
        shop, order = self.some_order(which)
        if shop is None or not any(status == 0 for *_, status in shop.merchant.lines(order).values()):
            return
        shop.merchant.ship(order)
        self.taken["ship"] += 1

    @act(times=1, when=lambda self: self.some_order(0)[0], which=st.integers(0, 99))
    def split(self, which):
        shop, order = self.some_order(which)
        lines = {} if shop is None else shop.merchant.lines(order)
        line = next((line for line, (_, n, status) in lines.items() if n > 1 and status == 0), None)
        if line is None:
            return
        shop.merchant.split(order, line)
        self.taken["split"] += 1

    @act(times=1, when=lambda self: self.some_order(0)[0], which=st.integers(0, 99))
    def delete(self, which):
        """What had not been shipped comes back; of the rest the hub knows only if it had seen it shipped."""
        shop, order = self.some_order(which)
        # An order whose stock has not fallen yet would be deleted in the middle of its making.
        if shop is None or not shop.sandbox.domain.agenda.is_empty:
            return
        channel = self.shops.index(shop)
        kept, back = Counter(), Counter()
        for sku, quantity, status in shop.merchant.lines(order).values():
            if status != CANCELLED:
                (back if status in GIVEN_BACK_ON_DELETE else kept)[sku] += quantity
        seen = {
            key: (taken, on_delete)
            for key, taken, on_delete in SightedPieces.objects.filter(
                sighting__channel=shop.channel, sighting__external_id=order
            ).values_list("key", "taken", "on_delete")
        }
        self.note_given_back_elsewhere(channel, order)
        shop.merchant.delete(order)
        self.taken["delete"] += 1
        for sku in {*kept, *back}:
            taken, on_delete = seen.get(sku.casefold(), (0, 0))
            if (taken - on_delete, on_delete) == (kept[sku], back[sku]):
                self.ghosts[channel, order, sku] = kept[sku]
                continue
            # Nobody can say afterwards what became of it: what the hub has seen is what it goes by.
            self.ghosts[channel, order, sku] = taken - on_delete
            self.give_slack(sku, kept[sku] + back[sku] + taken)
            self.look_needed(channel, sku, "deleted before it was seen as it was")

    def give_slack(self, sku, pieces):
        for channel in self.channels:
            self.slack[channel, sku] += pieces

    @act(times=1, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(SKUS), cents=st.integers(100, 900))
    def edit_price(self, channel, sku, cents):
        shop = self.shop(channel)
        if self.product_id(self.shops.index(shop), sku) is not None:
            shop.merchant.set_price(sku, f"{cents / 100:.2f}")
            self.taken["edit price"] += 1

    @act(times=1, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(SKUS), count=st.integers(0, 12))
    def edit_count(self, channel, sku, count):
        shop = self.shop(channel)
        channel = self.shops.index(shop)
        before = self.count(channel, sku)
        if before is not None:
            shop.merchant.set_count(sku, count)
            self.slack[channel, sku] += max(0, count - before) + self.in_flight(channel, sku)
            self.look_needed(channel, sku, "somebody set the count")
            self.taken["edit count"] += 1

    @act(times=3, sku=st.sampled_from(SKUS), number=st.integers(0, 12))
    def state(self, sku, number):
        if sku not in self.gone:
            self.source[sku] = number
            self.bring()
            self.taken["state"] += 1

    def bring(self):
        """Import the file of what the catalogue is by now; what it says anew is a statement."""
        before, listed = {each: self.available(each) for each in SKUS}, statuses()
        text = catalogue_of(self.source, without=self.gone, has_sizes=self.has_sizes)
        shipped = {
            (channel, order, key): taken
            for channel, shop in enumerate(self.shops)
            for order, key, taken in SightedPieces.objects.filter(
                sighting__channel=shop.channel, shipped_at__isnull=False
            ).values_list("sighting__external_id", "key", "taken")
        }
        self.world.take_file(text)
        self.watch.count_catalogue(listed)
        is_counted, self.text = self.counts_all and text != self.text, text
        for each in SKUS:
            if each in self.gone or not (is_counted or self.given[each] != self.source[each]):
                continue
            self.given[each] = self.stated[each] = self.source[each]
            for (channel, order, key), taken in shipped.items():
                if key == each.casefold():
                    self.known[channel, order, each] = max(self.known[channel, order, each], taken)
            self.give_slack(each, max(0, before[each] - self.available(each)))

    @act(
        times=2,
        channel=st.sampled_from(CHANNELS),
        sku=st.sampled_from(LISTINGS),
        change=st.sampled_from(["hide", "unhide", "overwrite", "publish", ""]),
    )
    def ask(self, channel, sku, change):
        with self.watch.watching():
            self.shop(channel).queue(Pending(change), sku)
        self.watch.count()
        self.taken[f"ask {change or 'nothing any more'}"] += 1

    @act(times=2, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(SKUS), is_paused=st.booleans())
    def pause(self, channel, sku, is_paused):
        shop = self.shop(channel)
        with self.watch.watching(), transaction.atomic():
            shop.listings.set_status(plan_pause(shop.listings.by_skus([sku]), is_paused=is_paused).statuses)
        self.watch.count()
        self.taken["pause" if is_paused else "unpause"] += 1

    @act(times=2, channel=st.sampled_from(CHANNELS), sells=st.sampled_from([True, True, False]))
    def allow(self, channel, sells):
        shop = self.shop(channel)
        Channel.objects.filter(pk=shop.channel.pk).update(sells_without_stock=sells)
        shop.settings = replace(shop.settings, sells_without_stock=sells)
        channels = DjangoChannels(cipher=lambda: None)
        channels.outdate_wanted(shop.channel.pk)
        channels.refresh_wanted(shop.channel.pk)
        self.sold_on |= {self.shops.index(shop)} if sells else set()
        self.taken[f"selling without stock {'on' if sells else 'off'}"] += 1

    # --- time --------------------------------------------------------------------------------------------------------

    def move(self, seconds):
        self.world.clock.moved += timedelta(seconds=seconds)
        for server in self.world.servers:
            server.domain.clock.move(seconds)

    @act(times=2, minutes=st.sampled_from([1, 4, 11, 59, 61]))
    def wait(self, minutes):
        self.move(minutes * 60)
        self.taken["wait"] += 1

    @act(times=1, channel=st.sampled_from(CHANNELS), minutes=st.sampled_from([-10, 0, 10]))
    def clock_is_wrong(self, channel, minutes):
        self.shop(channel).sandbox.domain.clock.skew_seconds = minutes * 60
        self.taken["clock skew"] += 1

    # --- the hub -----------------------------------------------------------------------------------------------------

    @act(times=3, channel=st.sampled_from(CHANNELS), verb=st.sampled_from(VERBS))
    def run_verb(self, channel, verb):
        self.carry_out(channel, verb)
        self.taken[verb] += 1

    @act(times=5, channel=st.sampled_from(CHANNELS))
    def catch_up(self, channel):
        for verb in ("get_orders", "sync"):
            self.carry_out(channel, verb)
        self.taken["catch up"] += 1

    # A publish often has little to do, and is over before it can be killed.
    @act(times=4, channel=st.sampled_from(CHANNELS), verb=st.sampled_from((*VERBS, "publish")), at=st.integers(0, 70))
    def run_and_kill(self, channel, verb, at):
        try:
            self.carry_out(channel, verb, kill_at=at)
        except Killed:
            self.taken[f"killed {verb}"] += 1

    @act(
        times=8,
        channel=st.sampled_from(CHANNELS),
        fault=st.sampled_from(LOST_ANSWERS),
        sku=st.sampled_from(SKUS),
        number=st.integers(0, 12),
        at=st.one_of(st.none(), st.none(), st.integers(0, 70)),
    )
    def move_unanswered(self, channel, fault, sku, number, at):
        """A kill may come on top of it."""
        self.state(sku, number)
        self.go_unanswered(channel, replace(fault, function=WRITE), "sync", at)

    @act(
        times=6,
        channel=st.sampled_from(CHANNELS),
        fault=st.sampled_from(LOST_ANSWERS),
        sku=st.sampled_from(["MUG", "tee"]),
        at=st.one_of(st.none(), st.integers(0, 70)),
    )
    def publish_unanswered(self, channel, fault, sku, at):
        shop = self.shop(channel)
        code = shop.listing(sku).code
        if shop.listing(sku).link == "linked" and self.product(self.shops.index(shop), code) is not None:
            # Something to send: the price of a family is that of its page.
            shop.merchant.set_price(code, "1.00")
        self.ask(channel, sku, "overwrite")
        self.go_unanswered(channel, replace(fault, function="Provision_Store"), "publish", at)

    def go_unanswered(self, channel, fault, verb, kill_at):
        faults = self.shop(channel).sandbox.faults
        number, before = faults.add(fault), len(faults.log())
        with suppress(Killed):
            self.carry_out(channel, verb, kill_at=kill_at)
        self.taken[f"{fault.kind} {fault.function}"] += len(faults.log()) - before
        faults.remove(number)

    def carry_out(self, channel, verb, *, kill_at=None, selection=EVERYTHING):
        """Run a verb, and note what was set while pieces were in flight, which it can't be right about."""
        shop = self.shop(channel)
        channel = self.shops.index(shop)
        in_flight = {sku: self.in_flight(channel, sku) for sku in SKUS}
        open_moves = {
            row.sku: row.open_move for row in Listing.objects.filter(channel=shop.channel, open_since__isnull=False)
        }
        run, listed = MemoryRun(atomic=transaction.atomic), statuses()
        ports = shop.ports(run)
        is_killed = True
        if kill_at is not None:
            fuse = Fuse(kill_at)
            fused = {name: Fused(getattr(ports, name), fuse) for name in ("store", "accounts", "listings", "intents")}
            ports = replace(ports, **fused)
        try:
            with self.watch.watching():
                if verb == "get_orders":
                    get_orders.execute(ports)
                else:
                    {"sync": sync, "publish": publish, "link": link}[verb].execute(ports, selection)
            is_killed = False
        except RunLost:
            raise
        except TradepostError as error:
            self.taken[f"{verb} ended by {type(error).__name__}"] += 1
            is_killed = False
        finally:
            self.watch.count(was_killed=is_killed)
            self.watch.count_reported(verb, run.results, listed)
            self.note_sets(channel, in_flight, open_moves)

    def note_sets(self, channel, in_flight, open_moves):
        """Note what was set or settled by a run: what was in flight then, it can't be right about."""
        shop = self.shops[channel]
        new = StockEntry.objects.filter(id__gt=self.last_entry, kind__in=[EntryKind.SET, EntryKind.LOOK])
        touched = {entry.listing.sku: entry.kind for entry in new.select_related("listing")}
        for row in Listing.objects.filter(channel=shop.channel):
            if row.open_since is not None and row.open_move is None:
                touched[row.sku] = "set without an answer"
            elif row.open_since is None and open_moves.get(row.sku):
                touched.setdefault(row.sku, "settled")
        for sku, what in touched.items():
            self.taken[f"stock: {what}"] += 1
            if what == "set without an answer":
                # It may erase what was under way when it was sent, and what is sold until it lands: see `step`.
                was_open = sku in open_moves and open_moves[sku] is None
                self.slack[channel, sku] += 0 if was_open else in_flight[sku]
                self.look_needed(channel, sku, what)
            elif what == "settled":
                # Whatever was in flight, nothing is sold twice; it may be kept from sale for a while.
                if in_flight[sku] or not self.counts_are_whole:
                    self.look_needed(channel, sku, what)
            elif in_flight[sku]:
                self.slack[channel, sku] += in_flight[sku]
                self.look_needed(channel, sku, what)
        erased = StockEntry.objects.filter(id__gt=self.last_entry, kind=EntryKind.ERASED, listing__channel=shop.channel)
        for sku in set(erased.values_list("listing__sku", flat=True)):
            # It may have been sold after the set, and is moved off all the same: too few, until somebody looks.
            self.look_needed(channel, sku, "sold soon after a set")
        self.last_entry = self.entries()

    # --- what is always true -----------------------------------------------------------------------------------------

    @invariant()
    def no_channel_sells_more_than_was_stated(self):
        if not hasattr(self, "stated"):
            return
        self.acts += 1
        for channel in self.channels:
            found = self.shops[channel].sandbox.store.db.rows("SELECT sku, COUNT(*) AS n FROM products GROUP BY sku")
            assert all(row["n"] == 1 for row in found), f"twice on channel {channel}: {[tuple(row) for row in found]}"
            for sku in SKUS if channel not in self.sold_on else (each for each in SKUS if each != SOLD_ON):
                sold, most = self.reserved(channel, sku), self.stated[sku] + self.slack[channel, sku]
                assert sold <= most, f"channel {channel} has sold {sold} of {sku}, and may have sold {most}"

    # --- what is true when it is quiet again -------------------------------------------------------------------------

    @act(when=lambda self: self.acts >= 25)
    def settle(self):
        self.be_quiet()

    def be_quiet(self):
        """Gaps close, baskets expire, lost answers are waited out; then the hub runs as its schedules do."""
        self.taken["quiet"] += 1
        self.acts = 0
        for server in self.world.servers:
            self.taken["checkout_gap"] += sum(taken.kind == "checkout_gap" for taken in server.faults.log())
            server.faults.clear_log()
            server.faults.clear(seed=0)
        self.shoppers = []
        self.move(10 * 60)
        for shop in self.shops:
            while not shop.sandbox.domain.agenda.is_empty:
                shop.merchant.call("ProductList_Load_Query", Count=1)
        self.move(26 * 3600)
        for server in self.world.servers:
            server.run_task("Delete Expired Shopping Baskets")
        self.mend()
        for _ in range(3):
            for channel in self.channels:
                for verb in ("get_orders", "sync"):
                    self.carry_out(channel, verb)
            self.move(11 * 60)
        # Before anybody looks, everything that needs no look is right already.
        self.compare(but=self.needs_look)
        self.look()
        self.compare(but=())
        self.meet_shoppers()
        self.slack = Counter({(c, s): max(0, -self.available(s)) for c in self.channels for s in SKUS})
        self.needs_look = {}
        self.sold_on = {channel for channel, shop in enumerate(self.shops) if shop.settings.sells_without_stock}

    def mend(self):
        """A person cures what listings say is wrong: lets go, links, publishes and overwrites until all is listed."""
        for channel in self.channels:
            self.give_back_codes(channel)
        for place in sorted(self.vanished):
            self.put_back(*place)
        orphans = Listing.objects.filter(channel__in=[shop.channel.pk for shop in self.shops], is_orphaned=True)
        lost = {row.sku for row in orphans.exclude(link=Link.LINKED)}
        if lost:
            # Nobody can take off sale what the hub has let go of; so the catalogue has it again.
            self.gone, self.has_sizes = set(), True
            self.bring()
        for channel, shop in enumerate(self.shops):
            with self.watch.watching(), transaction.atomic():
                paused = plan_pause(shop.listings.by_ids(shop.all_ids()), is_paused=False)
                shop.listings.set_status(paused.statuses)
            self.watch.count()
            self.carry_out(channel, "sync")
            with self.watch.watching(), transaction.atomic():
                rows = shop.listings.by_ids(shop.all_ids())
                shop.listings.set_status(plan_unlink([r for r in rows if r.status.link is Link.BROKEN]).statuses)
            self.watch.count()
            self.carry_out(channel, "link")
            with self.watch.watching(), transaction.atomic():
                rows = shop.listings.by_ids(shop.all_ids())
                # What was given up before it was published is asked for again.
                queue(shop.listings, [row for row in rows if row.status.link is Link.UNLINKED], Pending.PUBLISH)
                idle = [row for row in rows if row.status.link is Link.LINKED and not row.status.pending]
                queue(shop.listings, idle, Pending.OVERWRITE)
            self.watch.count()
            self.carry_out(channel, "publish")
            # A document that landed late has undone what came after it; somebody is asked, and says: ours.
            drifted = Listing.objects.filter(channel=shop.channel, attentions__kind=Attention.DRIFT)
            if ids := list(drifted.values_list("id", flat=True)):
                self.taken["ours sent where a drift was asked about"] += 1
                self.carry_out(channel, "sync", selection=Selection.of(ids, is_forced=True))

    def look(self):
        """A person has one look taken; what is missing then is believed by the sync after a basket's life."""
        self.taken["looked"] += len(self.needs_look)
        if self.needs_look:
            for channel, shop in enumerate(self.shops):
                self.carry_out(channel, "sync", selection=Selection.of(shop.all_ids(), is_forced=True))
            self.move(26 * 3600)
            for channel in self.channels:
                self.carry_out(channel, "sync")

    def compare(self, *, but):
        for channel in self.channels:
            for sku in SKUS:
                if (channel, sku) in but:
                    continue
                listing = Listing.objects.get(channel=self.shops[channel].channel, sku=sku)
                is_on_sale = listing.health == Health.LISTED and sku not in self.gone
                wanted = max(0, self.available(sku)) if is_on_sale else 0
                count = self.count(channel, sku)
                shown = max(0, count or 0)
                assert shown == wanted, (
                    f"channel {channel} offers {shown} of {sku}, of which {wanted} are left ({self.stated[sku]} stated)"
                )
                if count is not None and listing.link == Link.LINKED:
                    own = inventory.product_settings(self.shops[channel].sandbox.store, self.product_id(channel, sku))
                    goes_on = is_on_sale and self.goes_on(channel, sku)
                    assert own["out_track"] == ("n" if goes_on else "y"), f"channel {channel} ends {sku} otherwise"

    def goes_on(self, channel, sku):
        """Whether a product that is for sale goes on being sold without stock."""
        return sku == SOLD_ON and self.shops[channel].settings.sells_without_stock

    def meet_shoppers(self):
        """What a count says is what somebody can have, on whatever page it is sold."""
        for channel, shop in enumerate(self.shops):
            for sku in SKUS:
                listing = Listing.objects.get(channel=shop.channel, sku=sku)
                page = listing if listing.parent is None else listing.parent
                if {listing.health, page.health} != {Health.LISTED} or sku in self.gone:
                    continue
                if page.is_inactive or listing.is_inactive:
                    # Somebody, or a document that came late, has switched it off: that is told, and a person decides.
                    assert DriftRecord.objects.filter(listing__in=(listing, page)).exists(), f"nobody is told of {sku}"
                    continue
                code, choices = self.offer(channel, sku)
                shopper, wanted, had = shop.sandbox.shopper(), max(0, self.available(sku)), 0
                with suppress(OutOfStock, NotForSaleError):
                    while had <= wanted:
                        shopper.add(code, 1, choices)
                        had += 1
                shopper.empty()
                # One more was asked for than there is.
                most = wanted + self.goes_on(channel, sku)
                assert had == most, f"channel {channel} sells {had} of {sku} on {code}, of which {wanted} are left"

    def teardown(self):
        if hasattr(self, "stated"):
            self.be_quiet()


# Every fault that can strike, by the name that it is counted under.
FAULTS = (
    *dict.fromkeys(f"{rule.kind} {function}" for rule in LOST_ANSWERS for function in (WRITE, "Provision_Store")),
    *(f"killed {verb}" for verb in VERBS),
    *("checkout_gap", "payment refused", "payment died", "clock skew"),
    *("edit count", "edit price", "product deleted by hand", "product made again by hand"),
    *("product out of sight", "product in sight again", "code taken by another product"),
)


def too_rare(taken, at_least) -> dict[str, int]:
    """Say which rows of the status table and which faults were taken less often than that, and how often."""
    names = [*(f"transition: {row.name}" for row in TRANSITIONS), *FAULTS]
    return {name: taken[name] for name in names if taken[name] < at_least}


def run(*, examples, steps, number=None, is_shrunk=False) -> None:
    """Let the machine run; a number repeats a run."""
    run_state_machine_as_test(
        StockMachine if number is None else seed(number)(StockMachine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=number is None,
            # To make a failure smaller takes longer than a test may.
            phases=(Phase.generate, Phase.shrink) if is_shrunk else (Phase.generate,),
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
