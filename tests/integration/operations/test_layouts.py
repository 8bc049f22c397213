"""
A channel gets another layout while its families are on the store: a publish switches them, and each journey ends with a
shopper: every variant on exactly one page, at its price, and as often as pieces are left.
"""

import contextlib
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from attentions import kinds_of, reason_of
from miva_sandbox import provisioning
from miva_sandbox.server import SandboxServer
from stock_shop import StockShop, pieces_in_reach
from tradepost import wiring
from tradepost.database.models import Listing
from tradepost.domain.brake import Harm
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import AnswerLost, StoreUnavailable
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.locks import Locks
from tradepost.domain.plan import Side
from tradepost.operations.channels import channels
from tradepost.operations.listings.queue_changes import plan_pause
from tradepost.operations.ports import ToSwitch

from .conftest import ALL_RIGHTS, EIGHT
from .test_families import MUG, TEE, seen_by_a_shopper, shelves, text_of, variant_ids
from .test_kill_publish import TOKENS, Fuse, Killed, TagFuse, publish_fused

NATIVE, FLAT, SIMPLE = Layout.NATIVE, Layout.FLAT, Layout.SIMPLE
CHOICES = {sku: dict(zip(TEE[1], values, strict=True)) for sku, values in TEE[2].items()}
STATED = {"T-1": 5, "T-2": 5, "T-3": 5, "M-1": 5}


class LayoutShop(StockShop):
    """A shop with a family of three and a mug, whose channel can be set."""

    @property
    def layout(self) -> Layout:
        return self.settings.rules.layout

    def set_layout(self, layout: Layout) -> None:
        """As a person sets it."""
        channels.change_channel(
            self.channel.pk,
            lambda profile: replace(
                profile, settings=replace(profile.settings, rules=replace(profile.settings.rules, layout=layout))
            ),
            wiring.channels.channel_ports(requested_by="bob"),
        )
        self.settings = replace(self.settings, rules=replace(self.settings.rules, layout=layout))

    def offer(self, sku: str, layout: Layout) -> tuple[str, dict[str, str]]:
        return ("tee", CHOICES[sku]) if layout is NATIVE and sku in CHOICES else (sku, {})

    def sell(self, sku: str, pieces: int, layout: Layout) -> int:
        shopper = self.sandbox.shopper()
        code, choices = self.offer(sku, layout)
        shopper.add(code, pieces, choices)
        return shopper.check_out().order_id

    def left(self, layout: Layout) -> dict[str, int]:
        return {sku: self._left(sku, layout) for sku in STATED}

    def _left(self, sku: str, layout: Layout) -> int:
        return pieces_in_reach(self.sandbox, *self.offer(sku, layout))

    def external_ids(self) -> dict[str, int]:
        return dict(Listing.objects.filter(channel=self.channel).values_list("sku", "external_id"))

    def provision(self, xml: str) -> None:
        assert list(provisioning.run(self.sandbox.store, xml)) == []


def stands(layout):
    """Every SKU on the one page that it has in a layout."""
    return shelves(TEE, MUG, is_native=layout is NATIVE)


def open_shop(server, folder, token, layout=NATIVE, **options):
    shop = LayoutShop(server, folder, token=token, **options)
    if layout is not NATIVE:
        shop.set_layout(layout)
    shop.import_text(text_of(TEE, MUG))
    assert shop.publish().bad() == []
    return shop


@pytest.fixture(params=TOKENS)
def shop(request, sandbox, sqlite, tmp_path):
    made = open_shop(sandbox, tmp_path, request.param)
    yield made
    made.close()


def assert_nothing_is_left_to_do(shop):
    shop.sandbox.log.clear()
    assert shop.publish().results == []
    assert shop.sandbox.log.requests() == []
    assert wiring.listings.to_switch(shop.channel.pk) == ToSwitch()


ROUTES = {
    "native, flat and back": (NATIVE, FLAT, NATIVE),
    "native, simple and back": (NATIVE, SIMPLE, NATIVE),
    "flat, simple and back": (FLAT, SIMPLE, FLAT),
    "simple, native, flat": (SIMPLE, NATIVE, FLAT),
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
@pytest.mark.parametrize("token", TOKENS)
def test_a_switch_sells_each_variant_on_one_page_as_often_as_pieces_are_left(sandbox, sqlite, tmp_path, token, route):
    """R13, R16."""
    shop = open_shop(sandbox, tmp_path, token, route[0])
    left = dict(STATED)
    assert seen_by_a_shopper(shop) == stands(route[0])

    for before, after in pairwise(route):
        shop.set_layout(after)
        # Until the publish nothing has changed, and what is sold meanwhile is nobody's news yet.
        assert seen_by_a_shopper(shop) == stands(before)
        shop.sell("T-1", 1, before)
        left["T-1"] -= 1
        assert shop.sync().bad() == []
        ids = {sku: number for sku, number in shop.external_ids().items() if number}

        assert shop.publish().bad() == []

        assert seen_by_a_shopper(shop) == stands(after)
        assert shop.left(after) == left
        assert ids.items() <= shop.external_ids().items()
        assert_nothing_is_left_to_do(shop)
        # The books are those of before: a sale on the new page is one of the same pieces.
        shop.sell("T-2", 1, after)
        left["T-2"] -= 1
        shop.catch_up()
        assert shop.left(after) == left
    shop.close()


@pytest.mark.parametrize("after", [FLAT, SIMPLE])
def test_what_a_preview_of_a_switch_tells_is_what_the_publish_does(shop, after):
    shop.set_layout(after)
    before = seen_by_a_shopper(shop)

    preview = shop.publish(is_dry=True)

    assert seen_by_a_shopper(shop) == before
    run = shop.publish()
    done = [result.change for result in run.results]
    assert preview.changes == done
    pages = {change.subject.key: change.after("is_active") for change in done if change.side is Side.STORE}
    assert pages == {"tee": False, "T-1": True, "T-2": True, "T-3": True}
    assert {change.reason for change in done} == {f"switched from native to {after}, as the channel is set"}


def test_a_switch_that_is_taken_back_before_the_publish_changes_nothing(shop):
    shop.set_layout(SIMPLE)
    shop.set_layout(NATIVE)

    assert_nothing_is_left_to_do(shop)
    assert seen_by_a_shopper(shop) == stands(NATIVE)


@pytest.mark.parametrize("way", [FLAT, SIMPLE])
def test_what_a_page_is_known_by_outlives_a_switch_and_back(shop, way):
    """Baskets and sold lines go by the store's own numbers, and give pieces back by them."""
    before = variant_ids(shop, "tee")
    order = shop.sell("T-3", 2, NATIVE)
    for layout in (way, NATIVE):
        shop.set_layout(layout)
        assert shop.publish().bad() == []
        if layout is way:
            shop.catch_up()
            shop.merchant.cancel(order)
            assert shop.left(way) == STATED

    assert variant_ids(shop, "tee") == before
    shop.catch_up()
    assert shop.left(NATIVE) == STATED


def test_the_merchants_own_question_stays_on_its_page_and_is_named(shop):
    shop.provision(
        '<ProductAttribute_Add product_code="tee"><Code>gift</Code><Type>text</Type><Prompt>Gift note</Prompt>'
        "</ProductAttribute_Add>"
    )
    shop.set_layout(FLAT)

    run = shop.publish()

    assert run.bad() == []
    assert any("The page of tee asks Gift note" in result.message for result in run.results)
    shop.set_layout(NATIVE)
    shop.publish()
    assert [each.code for each in shop.on_store()["tee"].attributes if not each.is_dimension] == ["gift"]


def foreign_variant(shop):
    shop.provision(
        "<Product_Add><Code>gold</Code><Name>Gold</Name><Price>99.00</Price></Product_Add>"
        '<ProductAttributeOption_Add product_code="tee" attribute_code="Colour"><Code>Gold</Code><Prompt>Gold</Prompt>'
        "</ProductAttributeOption_Add>"
        '<ProductVariant_Add product_code="tee"><Options>'
        '<Attribute_Option attribute_code="Colour" option_code="Gold"/>'
        '<Attribute_Option attribute_code="Size" option_code="M"/>'
        '</Options><Parts><Part product_code="gold" quantity="1"/></Parts></ProductVariant_Add>'
    )


def paused_variant(shop):
    shop.listings.set_status(plan_pause(shop.listings.by_skus(["T-2"]), is_paused=True).statuses)


def closed_page(shop):
    shop.provision('<Product_Update code="tee"><Active>No</Active></Product_Update>')


def locked_variant(shop):
    (row,) = shop.listings.by_skus(["T-2"])
    shop.listings.set_locks({row.id: Locks(frozenset({Group.STRUCTURE}))})


OBSTACLES = {
    "a variant is paused": (paused_variant, "T-2 is paused"),
    "its page is closed": (closed_page, "the page tee is inactive on the store"),
    "a variant's structure is locked": (locked_variant, "structure of T-2 is locked"),
    "the merchant sells more on it": (foreign_variant, "sells gold, too"),
}


@pytest.mark.parametrize("after", [FLAT, SIMPLE])
@pytest.mark.parametrize(("obstruct", "reason"), OBSTACLES.values(), ids=OBSTACLES)
def test_a_family_that_can_not_be_switched_stays_as_it_is_and_says_why(shop, obstruct, reason, after):
    obstruct(shop)
    before = seen_by_a_shopper(shop)
    shop.set_layout(after)

    run = shop.publish()

    ((_, message),) = run.bad()
    assert message.startswith("The family stays native: ")
    assert reason in message
    assert seen_by_a_shopper(shop) == before
    assert reason in reason_of(shop.listing("tee"), "publish_failed")
    # It goes on being kept in step as it stands.
    shop.import_text(text_of(TEE, MUG).replace("15.00", "15.25"))
    shop.sync()
    assert shop.on_store()["t-1"].price == Decimal("15.25")


@pytest.mark.parametrize("route", [(NATIVE, FLAT), (FLAT, NATIVE), (NATIVE, SIMPLE), (SIMPLE, NATIVE)])
def test_what_is_hidden_stays_so_and_is_sold_where_it_stands_when_it_is_unhidden(sandbox, sqlite, tmp_path, route):
    before, after = route
    shop = open_shop(sandbox, tmp_path, EIGHT, before)
    shop.queue(Pending.HIDE, "T-2")
    shop.sync()
    shop.set_layout(after)

    assert shop.publish().bad() == []

    hidden = {sku: pages for sku, pages in stands(after).items() if sku != "T-2"}
    assert seen_by_a_shopper(shop) == hidden
    assert shop.listing("T-2").health == "hidden"
    shop.queue(Pending.UNHIDE, "T-2")
    assert shop.sync().bad() == []
    assert seen_by_a_shopper(shop) == stands(after)
    assert shop.left(after) == STATED
    shop.close()


def test_a_flat_page_that_somebody_has_switched_off_is_not_sold_on_the_families_page(sandbox, sqlite, tmp_path):
    shop = open_shop(sandbox, tmp_path, ALL_RIGHTS, FLAT)
    shop.provision('<Product_Update code="T-2"><Active>No</Active></Product_Update>')
    shop.set_layout(NATIVE)

    ((_, message),) = shop.publish().bad()

    assert "the page T-2 is inactive on the store" in message
    assert "T-2" not in seen_by_a_shopper(shop)
    shop.close()


@pytest.mark.parametrize("after", [FLAT, SIMPLE])
def test_what_a_closed_page_takes_off_sale_is_before_the_brake(shop, after):
    """A variant that the catalogue has no more is on the page still, and gets none of its own."""
    Listing.objects.filter(sku="T-3").update(is_orphaned=True)
    shop.settings = replace(shop.settings, brake_percent=0, brake_at_least=0)
    shop.set_layout(after)

    run = shop.publish()

    assert run.braked == {Harm.ZERO}
    assert seen_by_a_shopper(shop) == stands(NATIVE)


def test_on_a_simple_channel_everything_is_simple_and_has_no_parent(sandbox, sqlite, tmp_path):
    """R16."""
    shop = open_shop(sandbox, tmp_path, EIGHT, SIMPLE)

    there = shop.on_store()

    assert set(there) == {"t-1", "t-2", "t-3", "m-1"}
    assert {product.custom_fields["product_type"] for product in there.values()} == {"simple"}
    assert {product.custom_fields.get("parent_code", "") for product in there.values()} == {""}
    assert {product.name for product in there.values()} == {"Tee, Red, M", "Tee, Red, L", "Tee, Navy, L", "Mug"}
    assert [product.attributes for product in there.values()] == [()] * 4
    assert len({address for product in there.values() for address in product.addresses}) == 4
    assert set(Listing.objects.values_list("kind", flat=True)) == {"simple"}
    shop.close()


def test_a_page_that_nobody_needs_any_more_is_delisted_when_the_merchant_says_so(shop):
    """R16."""
    shop.set_layout(SIMPLE)
    assert shop.publish().bad() == []
    parent = shop.listing("tee")
    assert (parent.health, kinds_of(parent)) == ("hidden", {"orphaned"})
    assert "The channel gives each variant a page of its own" in reason_of(parent, "orphaned")
    assert "tee" in shop.on_store()

    shop.queue(Pending.DELIST, "tee")
    assert shop.sync().bad() == []

    assert "tee" not in shop.on_store()
    assert seen_by_a_shopper(shop) == stands(SIMPLE)
    assert shop.left(SIMPLE) == STATED
    shop.set_layout(NATIVE)
    assert shop.publish().bad() == []
    assert seen_by_a_shopper(shop) == stands(NATIVE)


@pytest.mark.parametrize("kind", ["", "parent", "variant", "else"])
def test_a_simple_channel_links_whatever_type_a_product_has(sandbox, sqlite, tmp_path, kind):
    """R16: it never asks for types."""
    shop = LayoutShop(sandbox, tmp_path, token=EIGHT)
    shop.set_layout(SIMPLE)
    shop.provision(
        "<Product_Add><Code>one</Code><SKU>T-1</SKU><Name>One</Name><Price>15.00</Price></Product_Add>"
        '<Module code="customfields" feature="fields_prod"><ProductField_Add><Code>product_type</Code>'
        "<Name>T</Name></ProductField_Add></Module>"
        + (
            f'<Module code="customfields" feature="fields_prod"><ProductField_Value product="one" field="product_type">'
            f"{kind}</ProductField_Value></Module>"
            if kind
            else ""
        )
    )
    shop.import_text(text_of(TEE), queue=False)

    shop.link()

    assert shop.listing("T-1").link == "linked"
    shop.close()


# --- cut off --------------------------------------------------------------------------------------------------------


@pytest.fixture
def shops(sqlite, tmp_path):
    """Makes shops whose channel is to be switched; each with a store of its own."""
    made = []

    def make(token, before, after):
        server = SandboxServer().start()
        folder = tmp_path / str(len(made))
        folder.mkdir()
        shop = open_shop(server, folder, token, before, name=f"Shop {len(made)}")
        made.append((shop, server))
        shop.set_layout(after)
        return shop

    yield make
    for shop, server in made:
        shop.close()
        server.stop()


def assert_one_more_run_does_it(shop, after, where):
    assert shop.publish().bad() == [], where
    assert seen_by_a_shopper(shop) == stands(after), where
    assert shop.left(after) == STATED, where
    assert wiring.listings.to_switch(shop.channel.pk) == ToSwitch(), where
    assert len(shop.on_store()) == len({number for number in shop.external_ids().values() if number}), where
    shop.close()
    shop.sandbox.stop()


SWITCHES = [(NATIVE, FLAT), (FLAT, NATIVE), (NATIVE, SIMPLE), (SIMPLE, NATIVE)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("before", "after"), SWITCHES)
def test_a_switch_killed_at_any_boundary_is_completed_by_the_next_run(shops, before, after):
    counting = Fuse()
    publish_fused(shops(EIGHT, before, after), counting)
    assert counting.passed > 8

    for boundary in range(0, counting.passed, 2):
        token = TOKENS[boundary // 2 % 2]
        shop = shops(token, before, after)
        with pytest.raises(Killed):
            publish_fused(shop, Fuse(boundary))

        assert_one_more_run_does_it(shop, after, f"after a kill at boundary {boundary}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("before", "after"), SWITCHES)
def test_a_switch_of_which_only_a_part_was_made_is_given_the_rest_and_is_never_off_sale(shops, before, after):
    reference = shops(ALL_RIGHTS, before, after)
    counting = TagFuse(reference.sandbox)
    assert reference.publish().bad() == []
    assert counting.passed > 3

    for tag in range(1, counting.passed):
        shop = shops(TOKENS[tag % 2], before, after)
        TagFuse(shop.sandbox, tag)
        with contextlib.suppress(AnswerLost, StoreUnavailable):
            shop.publish()

        assert set(seen_by_a_shopper(shop)) == set(STATED), f"off sale after tag {tag}"
        assert_one_more_run_does_it(shop, after, f"after tag {tag}")
