"""
The acts of the state machine of stock that change what a listing is: linked or not, on the store or gone from it,
hidden, delisted, in the catalogue or not, on a page of its own or on its family's.
"""

from hypothesis import strategies as st

from machine_acts import act
from miva_sandbox import provisioning
from miva_sandbox.state import order_stock
from tradepost.database.models import Listing
from tradepost.domain.listings.listing import Health, Link, Pending
from tradepost.operations.listings.queue_changes import plan_unlink
from tradepost.operations.selection import Selection

CHANNELS, SKUS = (0, 1), ("MUG", "TEE-S", "TEE-M")
LISTINGS = (*SKUS, "tee")
CHANGES = [change.value for change in Pending]
# Of each pair the second is the opposite of the first, or is asked for while the first is still queued.
PAIRS = [("hide", "unhide"), ("unhide", "hide"), ("overwrite", "hide"), ("delist", "unhide"), ("hide", "overwrite")]


def typed(code, kind):
    """Write a tag that says of what kind a product is."""
    return (
        '<Module code="customfields" feature="fields_prod">'
        f'<ProductField_Value product="{code}" field="product_type">{kind}</ProductField_Value></Module>'
    )


class ListingActs:
    """What a merchant does to products, and a person to listings; mixed into the machine, whose state it shares."""

    # --- what a shopper meets ----------------------------------------------------------------------------------------

    def product(self, channel, code):
        rows = self.shops[channel].sandbox.store.db.rows("SELECT * FROM products WHERE code = ?", (code,))
        return rows[0] if rows else None

    def offer(self, channel, sku):
        """Where it is sold: on a page of its own, or as a choice on its family's. Codes are SKUs here."""
        product = self.product(channel, sku)
        is_alone = sku == "MUG" or (product is not None and product["active"])
        return (sku, {}) if is_alone else ("tee", {"Size": sku.removeprefix("TEE-")})

    def places(self):
        """By what each thing is sold, as far as counts go: the product, and the choice that draws on it."""
        found = {}
        for channel, shop in enumerate(self.shops):
            for sku in SKUS:
                number = self.product_id(channel, sku)
                choices = shop.sandbox.store.db.rows(
                    "SELECT * FROM product_variant_parts WHERE part_id = ?", (number or 0,)
                )
                found[channel, sku] = (number, self.product(channel, "tee") is None, [tuple(row) for row in choices])
        return found

    def note_moved_places(self, before, held):
        """What baskets hold of a product that is gone, or is sold elsewhere by now, is sold or given back uncounted."""
        for (channel, sku), place in self.places().items():
            if place != before[channel, sku] and held[channel, sku]:
                self.slack[channel, sku] += held[channel, sku]
                self.look_needed(channel, sku, "its page changed while it was in a basket")

    def note_given_back_elsewhere(self, channel, order):
        """A store works out anew what a line drew on, by codes: what has moved since is given back to another count."""
        store = self.shops[channel].sandbox.store
        for row in store.db.rows("SELECT * FROM order_items WHERE order_id = ?", (order,)):
            options = store.db.rows("SELECT * FROM order_options WHERE line_id = ? ORDER BY id", (row["line_id"],))
            sku = row["sku"] or row["code"]
            moved = order_stock.of_line(store, row, options)
            if sku in SKUS and moved != [(self.product_id(channel, sku), row["quantity"])]:
                self.look_needed(channel, sku, "given back to another count")

    # --- a person at the hub -----------------------------------------------------------------------------------------

    @act(times=2, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(SKUS))
    def hide_and_show(self, channel, sku):
        for change in ("hide", "unhide"):
            self.ask(channel, sku, change)
            self.carry_out(channel, "sync")

    @act(
        times=5, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(LISTINGS), pair=st.sampled_from(PAIRS),
        runs=st.booleans(),
    )  # fmt: skip
    def ask_twice(self, channel, sku, pair, runs):
        """The second comes while the first is queued; to be unhidden, something has to be hidden."""
        first, second = pair
        if first == "unhide" and self.shop(channel).listing(sku).health == Health.LISTED:
            self.ask(channel, sku, "hide")
            self.carry_out(channel, "sync")
        self.ask(channel, sku, first)
        self.ask(channel, sku, second)
        if runs:
            self.carry_out(channel, "sync")

    @act(
        times=2, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(LISTINGS),
        is_gone=st.booleans(), runs=st.booleans(),
    )  # fmt: skip
    def delist(self, channel, sku, is_gone, runs):
        """Perhaps the merchant has deleted it meanwhile."""
        self.ask(channel, sku, "delist")
        if is_gone:
            self.lose_product(channel, sku)
        if runs:
            self.carry_out(channel, "sync")

    @act(
        times=2, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(LISTINGS),
        is_hidden=st.booleans(), change=st.sampled_from(["", "publish"]), runs=st.booleans(),
    )  # fmt: skip
    def unlink(self, channel, sku, is_hidden, change, runs):
        """Let go of it, and perhaps link it again, by a link or by a publish that finds it there."""
        shop = self.shop(channel)
        if is_hidden:
            self.ask(channel, sku, "hide")
            self.carry_out(channel, "sync")
        self.let_go(channel, [sku])
        if change:
            self.ask(channel, sku, change)
        if runs:
            self.carry_out(channel, "publish" if change else "link")
        self.taken["unlink"] += shop.listing(sku).link == Link.UNLINKED

    def let_go(self, channel, skus):
        shop = self.shop(channel)
        with self.watch.watching():
            shop.listings.set_status(plan_unlink(shop.listings.by_skus(skus)).statuses)
        self.watch.count()

    @act(times=2, channel=st.sampled_from(CHANNELS), chosen=st.booleans())
    def link(self, channel, chosen):
        only = self.shop(channel).all_ids() if chosen else None
        self.carry_out(channel, "link", selection=Selection.of(only))
        self.taken["link"] += 1

    @act(times=3, when=lambda self: self.is_any_off_the_store(), channel=st.sampled_from(CHANNELS))
    def publish_again(self, channel):
        shop = self.shop(channel)
        for row in Listing.objects.filter(channel=shop.channel, is_orphaned=False).exclude(link=Link.LINKED):
            if row.link == Link.BROKEN:
                self.let_go(channel, [row.sku])
            self.ask(channel, row.sku, "publish")
        self.carry_out(channel, "publish")
        self.taken["publish again"] += 1

    def is_any_off_the_store(self):
        ids = [shop.channel.pk for shop in self.shops]
        return Listing.objects.filter(channel__in=ids, is_orphaned=False).exclude(link=Link.LINKED).exists()

    # --- the merchant at the store -----------------------------------------------------------------------------------

    def lose_product(self, channel, code):
        shop = self.shop(channel)
        if self.product(self.shops.index(shop), code) is not None:
            assert list(provisioning.run(shop.sandbox.store, f'<Product_Delete code="{code}"/>')) == []
            self.taken["product deleted by hand"] += 1

    @act(
        times=2,
        channel=st.sampled_from(CHANNELS), sku=st.sampled_from(["MUG", "tee"]),
        verb=st.sampled_from(["publish", "publish", ""]),
    )  # fmt: skip
    def take_code(self, channel, sku, verb):
        """Somebody makes a product of another kind under our code, which no publish may touch."""
        shop = self.shop(channel)
        index = self.shops.index(shop)
        self.lose_product(channel, sku)
        self.carry_out(channel, "sync")
        if self.product(index, sku) is not None or (index, sku) in self.vanished:
            return
        xml = f"<Product_Add><Code>{sku}</Code><SKU>X-{sku}</SKU><Name>Theirs</Name><Active>No</Active></Product_Add>"
        assert list(provisioning.run(shop.sandbox.store, xml)) == []
        list(provisioning.run(shop.sandbox.store, typed(sku, "parent" if sku == "MUG" else "simple")))
        self.taken["code taken by another product"] += 1
        skus = ["MUG"] if sku == "MUG" else ["TEE-S", "TEE-M", "tee"]
        self.let_go(channel, skus)
        for each in skus:
            self.ask(channel, each, "publish")
        if verb:
            self.carry_out(channel, verb)
            self.lose_product(channel, sku)

    def give_back_codes(self, channel):
        for code in ("MUG", "tee"):
            product = self.product(channel, code)
            if product is not None and product["sku"].startswith("X-"):
                self.lose_product(channel, code)

    @act(channel=st.sampled_from(CHANNELS), sku=st.sampled_from(LISTINGS), runs=st.booleans())
    def delete_product(self, channel, sku, runs):
        self.lose_product(channel, sku)
        if runs:
            self.carry_out(channel, "sync")

    @act(
        times=3, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(SKUS), is_hidden=st.booleans(),
        count=st.integers(0, 9), verb=st.sampled_from(["", "link", "link", "sync"]),
        is_typed=st.sampled_from([True, True, False]),
    )  # fmt: skip
    def make_product_again(self, channel, sku, is_hidden, count, verb, is_typed):  # noqa: PLR0917 - drawn by name
        """The merchant deletes a product and makes it again by hand: the same code, another id."""
        shop = self.shop(channel)
        if is_hidden:
            self.ask(channel, sku, "hide")
            self.carry_out(channel, "sync")
        self.lose_product(channel, sku)
        self.carry_out(channel, "sync")
        if self.product(self.shops.index(shop), sku) is not None or (self.shops.index(shop), sku) in self.vanished:
            return
        self.make_product(channel, sku, count, is_typed=is_typed)
        if verb:
            self.carry_out(channel, verb)

    def make_product(self, channel, sku, count, *, is_typed):
        shop = self.shop(channel)
        channel = self.shops.index(shop)
        xml = f"<Product_Add><Code>{sku}</Code><SKU>{sku}</SKU><Name>Ours</Name><Price>9.00</Price></Product_Add>"
        assert list(provisioning.run(shop.sandbox.store, xml)) == []
        if is_typed:
            # A store where nothing was ever published has no such field.
            list(provisioning.run(shop.sandbox.store, typed(sku, shop.listing(sku).kind)))
        shop.merchant.set_count(sku, count)
        self.slack[channel, sku] += count
        self.look_needed(channel, sku, "somebody made it by hand")
        self.taken["product made again by hand"] += 1

    @act(
        times=8, channel=st.sampled_from(CHANNELS), sku=st.sampled_from(LISTINGS),
        is_hidden=st.booleans(),
        runs=st.sampled_from([True, True, False]), comes_back=st.sampled_from([True, True, False]),
    )  # fmt: skip
    def vanish(self, channel, sku, is_hidden, runs, comes_back):
        """A store whose product is not there for a while, and then is there again as if nothing had been."""
        shop = self.shop(channel)
        index = self.shops.index(shop)
        if is_hidden:
            self.ask(channel, sku, "hide")
            self.carry_out(channel, "sync")
        product = self.product(index, sku)
        if product is None:
            return
        shop.sandbox.store.db.execute("DELETE FROM products WHERE id = ?", (product["id"],))
        self.vanished[index, sku] = product
        self.taken["product out of sight"] += 1
        if runs:
            self.carry_out(channel, "sync")
        if comes_back:
            self.put_back(index, sku)
            self.carry_out(channel, "sync")

    @act(times=3, when=lambda self: self.vanished, which=st.integers(0, 9))
    def reappear(self, which):
        places = sorted(self.vanished)
        self.put_back(*places[which % len(places)])

    def put_back(self, channel, sku):
        product = self.vanished.pop((channel, sku))
        if self.product(channel, sku) is not None:
            return  # another one has its code by now
        values = ", ".join("?" * len(product.keys()))
        self.shops[channel].sandbox.store.db.execute(f"INSERT INTO products VALUES ({values})", tuple(product))
        self.taken["product in sight again"] += 1

    # --- the catalogue -----------------------------------------------------------------------------------------------

    @act(
        times=2, sku=st.sampled_from(SKUS), channel=st.sampled_from(CHANNELS),
        change=st.sampled_from(["", "overwrite", "hide", "delist"]), by_hand=st.booleans(), runs=st.booleans(),
    )  # fmt: skip
    def leave_catalogue(self, sku, channel, change, by_hand, runs):
        gone = self.gone | {sku}
        if sku in self.gone or gone == set(SKUS):
            return
        if change:
            self.ask(channel, sku, change)
        is_whole = sku == "MUG" or gone >= {"TEE-S", "TEE-M"}
        self.gone = gone
        before = self.statuses()
        if by_hand or is_whole:
            self.world.remove([sku])
            self.watch.count_catalogue(before)
        else:
            self.bring()
        self.taken["left the catalogue"] += 1
        if runs:
            self.carry_out(channel, "sync")

    @act(times=3, when=lambda self: self.gone, which=st.integers(0, 2), number=st.integers(0, 12))
    def come_back_to_catalogue(self, which, number):
        sku = sorted(self.gone)[which % len(self.gone)]
        if sku == "TEE-M" and not self.has_sizes:
            self.has_sizes = True
        if sku == "TEE-S" and not self.has_sizes:
            return
        self.gone = self.gone - {sku}
        self.source[sku] = number
        self.bring()
        self.taken["came back to the catalogue"] += 1

    @act(
        times=9, when=lambda self: self.has_sizes and "TEE-S" not in self.gone,
        channel=st.sampled_from(CHANNELS), change=st.sampled_from(["delist", "", "hide", "delist"]), runs=st.booleans(),
    )  # fmt: skip
    def lose_sizes(self, channel, change, runs):
        """The tee is one article by now, with a page of its own; perhaps its family's page is to go anyway."""
        self.has_sizes = False
        self.gone = self.gone | {"TEE-M"}
        if change == "delist":
            self.ask(channel, "tee", change)
            self.ask(channel, "TEE-S", "")
        self.bring()
        if change == "hide":
            self.ask(channel, "tee", change)
            self.ask(channel, "TEE-S", "overwrite")
        if runs:
            self.carry_out(channel, "publish")
        self.taken["lost its sizes"] += 1

    @act(times=8, when=lambda self: not self.has_sizes, channel=st.sampled_from(CHANNELS), runs=st.booleans())
    def regain_sizes(self, channel, runs):
        self.has_sizes = True
        self.gone = self.gone - {"TEE-M"}
        self.bring()
        if runs:
            self.carry_out(channel, "publish")
        self.taken["got its sizes again"] += 1
