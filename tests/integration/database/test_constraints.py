"""What must never happen is refused by the database itself, whoever asks."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tradepost.database.models import (
    AttentionRecord,
    Connection,
    Listing,
    Order,
    ProductRecord,
    Run,
    ShipmentRecord,
    VariantRecord,
)


@pytest.fixture
def make(channel, noon):
    """Make a valid row of a kind with some columns changed, each kind once per call."""
    product = ProductRecord.objects.create(handle="p", title="P", created_at=noon, updated_at=noon)
    variants = [
        VariantRecord.objects.create(product=product, sku=f"V{n}", position=n, price=Decimal(1)) for n in range(3)
    ]
    numbers = iter(range(1, 100))

    def listing(**columns):
        number = next(numbers)
        return Listing.objects.create(
            **{
                "channel": channel,
                "product": product,
                "variant": variants[number - 1],
                "kind": "simple",
                "code": f"C{number}",
                "code_key": f"c{number}",
                "sku": f"V{number}",
                "wanted_price": Decimal(1),
                "created_at": noon,
                **columns,
            }
        )

    def attention(**columns):
        about = Listing.objects.filter(sku="V0").first() or listing(sku="V0")
        values = {"channel": channel, "listing": about, "kind": "drift", "message": "Odd.", "since": noon}
        return AttentionRecord.objects.create(**{**values, **columns})

    def run(**columns):
        number = next(numbers)
        return Run.objects.create(
            **{
                "channel": channel,
                "kind": "publish",
                "lane": "listings",
                "trigger": "person",
                "scope_key": str(number),
                "queued_at": noon,
                **columns,
            }
        )

    def running(**columns):
        return run(**{"state": "running", "owner": "me", "lease_until": noon, **columns})

    def order(**columns):
        return Order.objects.create(
            **{
                "channel": channel,
                "external_id": next(numbers),
                "store_status": "pending",
                "placed_at": noon,
                "imported_at": noon,
                "total": Decimal(1),
                **columns,
            }
        )

    def shipment(**columns):
        return ShipmentRecord.objects.create(
            **{
                "channel": channel,
                "order": order(),
                "code": f"S{next(numbers)}",
                "tracking_number": "1Z",
                "cost": Decimal(0),
                "shipped_at": noon,
                **columns,
            }
        )

    def variant(**columns):
        return VariantRecord.objects.create(
            **{"product": product, "sku": f"X{next(numbers)}", "position": 1, "price": Decimal(1), **columns}
        )

    def connection(**columns):
        return Connection.objects.create(
            **{"channel": channel, "kind": "store_api", "protocol": "https", "host": "shop.example", **columns}
        )

    return {
        "listing": listing,
        "attention": attention,
        "run": run,
        "running": running,
        "order": order,
        "shipment": shipment,
        "variant": variant,
        "connection": connection,
    }


LINKED = {"health": "listed", "link": "linked", "external_id": 7}


@pytest.mark.parametrize(
    ("kind", "columns", "constraint"),
    [
        ("listing", {"kind": "bundle"}, "listing_kind"),
        ("listing", {"pending": "dance"}, "listing_pending_allowed"),
        ("attention", {"kind": "none"}, "attention_kind_allowed"),
        ("listing", {"health": "listed"}, "listing_health_fits_link"),
        ("listing", {**LINKED, "health": "delisted"}, "listing_health_fits_link"),
        ("listing", {"external_id": 7}, "listing_external_id_iff_linked"),
        ("listing", {**LINKED, "external_id": None}, "listing_external_id_iff_linked"),
        ("listing", {"kind": "parent"}, "listing_kind_fits_relations"),
        ("listing", {"variant": None}, "listing_kind_fits_relations"),
        ("listing", {"kind": "variant"}, "listing_kind_fits_relations"),
        ("listing", {"code": ""}, "listing_has_a_code"),
        ("listing", {"open_move": 3}, "listing_open_move_is_dated"),
        ("run", {"kind": "dance"}, "run_kind_allowed"),
        ("run", {"state": "resting"}, "run_state_allowed"),
        ("run", {"trigger": "moon"}, "run_trigger_allowed"),
        ("run", {"state": "running"}, "run_running_has_an_owner"),
        ("order", {"state": "lost"}, "order_state_allowed"),
        ("order", {"state": "on_hold"}, "order_hold_has_a_reason"),
        ("order", {"store_status": "odd"}, "order_store_status_allowed"),
        ("shipment", {"tracking_number": ""}, "shipment_has_a_tracking_number"),
        ("variant", {"sku": ""}, "variant_has_a_sku"),
        ("variant", {"quantity": 3}, "variant_statement_is_dated"),
        ("connection", {"protocol": "gopher"}, "connection_protocol"),
        ("connection", {"protocol": "sftp"}, "connection_protocol_fits_kind"),
    ],
)
def test_a_row_that_can_not_be_is_refused(make, kind, columns, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make[kind](**columns)

    make[kind]()


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("listing", {"code_key": "tee"}, {"code_key": "tee"}),
        ("listing", {"sku": "TEE"}, {"sku": "TEE"}),
        ("listing", LINKED, LINKED),
        ("attention", {}, {}),
        ("running", {}, {"kind": "sync"}),
        ("running", {"kind": "link"}, {}),
        ("run", {"scope_key": "x"}, {"scope_key": "x"}),
        ("order", {"external_id": 50}, {"external_id": 50}),
        ("shipment", {"code": "S"}, {"code": "S"}),
        ("variant", {"sku": "TEE"}, {"sku": "TEE"}),
        ("connection", {}, {}),
    ],
    ids=[
        "code on a channel",
        "SKU on a channel",
        "store id on a channel",
        "attention of one kind",
        "publish and sync at once",
        "link and publish at once",
        "queued run",
        "order number",
        "shipment code",
        "SKU in the catalogue",
        "connection",
    ],
)
def test_what_is_there_once_is_there_once(make, kind, first, second):
    make[kind](**first)

    with pytest.raises(IntegrityError), transaction.atomic():
        make[kind](**second)


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("running", {}, {"kind": "get_orders", "lane": "get_orders"}),
        ("running", {}, {"is_dry": True}),
        ("running", {"scope_key": "x"}, {"state": "queued", "owner": "", "scope_key": "x"}),
        ("run", {"scope_key": "x", "state": "completed"}, {"scope_key": "x"}),
        ("listing", {"sku": "TEE"}, {"sku": "tee"}),
    ],
    ids=["another lane", "a dry run", "queued while running", "again after it was settled", "SKUs that differ by case"],
)
def test_what_may_stand_side_by_side_does(make, kind, first, second):
    make[kind](**first)

    assert make[kind](**second).pk
