"""
Changes by what happens: the one place where a `Change` is made, so that a preview, a report and the history say the
same thing in the same words.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tradepost.domain.listings.listing import Pending
from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.domain.orders.order import (
    AcknowledgeMode,
    OrderState,
    Shipment,
    StoreOrder,
    StoreStatus,
    Tracking,
    acknowledgement_note,
)
from tradepost.domain.orders.order_changes import PERSONAL
from tradepost.domain.orders.personal_data import is_personal_field
from tradepost.domain.plan import Action, Change, FieldChange, Side, Subject, SubjectKind

BY_A_PERSON = "recorded by a person"
_LONGEST_KEY = 255
_PENDING = "pending"

# --- products on the store ------------------------------------------------------------------------------------------


def product_created(
    code: str, name: str, *, fields: Sequence[FieldChange], reason: str, listing_id: int | None
) -> Change:
    return _on_store(Action.CREATE, code, fields, reason, listing_id, label=name)


def product_updated(
    code: str, name: str, *, fields: Sequence[FieldChange], reason: str, listing_id: int | None
) -> Change:
    return _on_store(Action.UPDATE, code, fields, reason, listing_id, label=name)


def product_typed(code: str, name: str, *, field: str, product_type: str, listing_id: int) -> Change:
    fields = [FieldChange("custom_fields", {field: ""}, {field: product_type})]
    return _on_store(Action.UPDATE, code, fields, "it has no type, and its listing says which", listing_id, label=name)


def price_changed(
    code: str, *, before: Decimal | None, after: Decimal, is_parent: bool, listing_id: int | None
) -> Change:
    reason = "the lowest price of its variants changed" if is_parent else "the price changed"
    return _on_store(Action.UPDATE, code, [FieldChange("price", before, after)], reason, listing_id)


def quantity_moved(code: str, *, before: int, after: int, available: int, listing_id: int | None) -> Change:
    """`before` and `after`: the account, which the store's count is moved along with."""
    reason = f"{available} are available" if available >= 0 else f"{-available} more are sold than there are"
    return _on_store(Action.UPDATE, code, [FieldChange("quantity", before, after)], reason, listing_id)


def quantity_set(code: str, *, before: int | None, after: int, listing_id: int | None) -> Change:
    reason = "nothing is known of the store's count"
    return _on_store(Action.UPDATE, code, [FieldChange("quantity", before, after)], reason, listing_id)


def sale_at_zero(code: str, *, goes_on: bool, was_known: bool, listing_id: int | None) -> Change:
    """`was_known`: the store did the contrary by our word; else its own settings decided, which can't be read."""
    before = not goes_on if was_known else None
    reason = "it is not left to the store's default"
    if was_known:
        reason = (
            "the catalogue asks for it and the channel allows it"
            if goes_on
            else "the catalogue does not ask for more, or the channel does not allow it"
        )
    return _on_store(Action.UPDATE, code, [FieldChange("sells_without_stock", before, goes_on)], reason, listing_id)


def product_hidden(code: str, *, before: int | None, is_again: bool, listing_id: int | None) -> Change:
    reason = "it is hidden and was given pieces back" if is_again else "queued to hide"
    return _on_store(Action.HIDE, code, [FieldChange("quantity", before, 0)], reason, listing_id)


def product_unhidden(code: str, *, before: int, after: int | None, listing_id: int | None) -> Change:
    return _on_store(Action.UNHIDE, code, [FieldChange("quantity", before, after)], "queued to unhide", listing_id)


def product_delisted(code: str, *, external_id: int | None, is_asked: bool, listing_id: int | None) -> Change:
    reason = "queued to delist" if is_asked else "its last variant is delisted"
    return _on_store(Action.DELIST, code, [FieldChange("external_id", external_id, None)], reason, listing_id)


def page_closed(code: str, name: str, *, reason: str, listing_id: int) -> Change:
    fields = [FieldChange("is_active", True, False)]
    return _on_store(Action.UPDATE, code, fields, reason, listing_id, label=name)


def product_activated(code: str, *, listing_id: int) -> Change:
    fields = [FieldChange("is_active", False, True)]
    return _on_store(Action.UPDATE, code, fields, "somebody switched it off on the store", listing_id)


def options_taken_off(code: str, name: str, *, options: tuple[tuple[str, str], ...]) -> Change:
    fields = [FieldChange("unused_options", None, options)]
    return _on_store(Action.UPDATE, code, fields, "no variant has these options any more", None, label=name)


# --- what products need ---------------------------------------------------------------------------------------------


def setup_added(code: str, name: str, *, kind: str) -> Change:
    return Change(
        Subject(SubjectKind.SETUP, code, f"{kind.replace('_', ' ')} {name}"),
        Side.STORE,
        Action.CREATE,
        (FieldChange("kind", None, kind), FieldChange("name", None, name)),
        "needed by what is published",
    )


def image_uploaded(path: str, *, size_bytes: int) -> Change:
    """`path`: where it goes on the image server, or the source of an image that can't be had."""
    return Change(
        Subject(SubjectKind.FILE, path),
        Side.STORE,
        Action.UPLOAD,
        (FieldChange("size_bytes", None, size_bytes),),
        "an image of what is published",
    )


def images_left_out(channel: str) -> Change:
    """A channel without an image server shows products without their images."""
    return Change(Subject(SubjectKind.CHANNEL, channel), Side.STORE, Action.KEEP, (), "the channel has no image server")


def prices_held(channel: str) -> Change:
    """What has no price, or one that a channel's limits hold back, keeps the price that the store has."""
    return Change(Subject(SubjectKind.CHANNEL, channel), Side.STORE, Action.KEEP, (), "no prices to send")


# --- listings in the hub --------------------------------------------------------------------------------------------


def product_adopted(
    code: str, name: str, *, sku: str, external_id: int, price: Decimal | None, is_new: bool, reason: str
) -> Change:
    """A product of the store becomes a listing; `is_new`: one of the catalogue, too, which its SKU was not yet."""
    fields = [FieldChange("external_id", None, external_id), FieldChange("sku", None, sku)]
    if is_new:
        fields.append(FieldChange("price", None, price))
    action = Action.CREATE if is_new else Action.LINK
    return Change(Subject(SubjectKind.LISTING, code, name), Side.HUB, action, tuple(fields), reason)


def store_looked_through(channel: str) -> Change:
    """What there is on the store as a whole."""
    return Change(Subject(SubjectKind.CHANNEL, channel), Side.HUB, Action.KEEP, (), "asked to adopt the store")


def listing_linked(
    code: str, name: str, *, before: int | None, external_id: int, reason: str, listing_id: int
) -> Change:
    field = FieldChange("external_id", before, external_id)
    return _in_hub(Action.LINK, code, field, reason, listing_id, label=name)


def link_broken(code: str, *, listing_id: int) -> Change:
    field = FieldChange("link", "linked", "broken")
    return _in_hub(Action.BREAK, code, field, "its product is gone from the store", listing_id)


def link_healed(code: str, *, listing_id: int) -> Change:
    field = FieldChange("link", "broken", "linked")
    reason = "its product is there again, under the same id and made at the same time"
    return _in_hub(Action.LINK, code, field, reason, listing_id)


def listing_recoded(code: str, *, after: str, listing_id: int) -> Change:
    field = FieldChange("code", code, after)
    return _in_hub(Action.UPDATE, code, field, "the code was changed on the store", listing_id)


def listing_renamed(code: str, *, before: str, after: str, listing_id: int) -> Change:
    return _in_hub(Action.UPDATE, code, FieldChange("sku", before, after), "renamed in the catalogue", listing_id)


def listing_orphaned(code: str, *, pieces: int | None, listing_id: int) -> Change:
    """The catalogue has it no more; `pieces`: how many are on sale, which a sync takes off."""
    reason = "taken out of the catalogue; a sync takes it off sale"
    return _in_hub(Action.UPDATE, code, FieldChange("quantity", pieces, 0), reason, listing_id)


def listing_unlinked(code: str, *, before: str, after: str, listing_id: int) -> Change:
    return _in_hub(Action.UPDATE, code, FieldChange("link", before, after), "unlinked by a person", listing_id)


def listing_removed(code: str, *, external_id: int | None, listing_id: int) -> Change:
    """The hub forgets the listing; what it was linked to stays on the store as it is."""
    field = FieldChange("external_id", external_id, None)
    return _in_hub(Action.DELETE, code, field, "removed from the hub by a person", listing_id)


def change_queued(code: str, *, action: Action, before: str, after: str, listing_id: int) -> Change:
    return _in_hub(action, code, FieldChange(_PENDING, before, after), "asked for by a person", listing_id)


def given_up(change: Change) -> Pending:
    """What waited before, and waits no more because a person asked for something else; NONE where nothing did."""
    for field in change.fields:
        if field.name == _PENDING and Pending.NONE.value not in {field.before, field.after}:
            return Pending(field.before)
    return Pending.NONE


def row_refused(name: str, *, line: int, asked: str) -> Change:
    """A row of a file that can't be used, whatever it names; cut, where that is no name at all."""
    subject = Subject(SubjectKind.LISTING, name[:_LONGEST_KEY])
    return Change(subject, Side.HUB, Action.KEEP, (FieldChange("asked", None, asked),), f"line {line} of a file")


def listing_parked(code: str, *, refusals: int, listing_id: int) -> Change:
    """It is not sent again until it, or the channel, is changed, or a person says so."""
    field = FieldChange("refusals", refusals - 1, refusals)
    return _in_hub(Action.KEEP, code, field, "parked: the store refuses it again and again", listing_id)


def listing_tried_again(code: str, *, refusals: int, listing_id: int) -> Change:
    """What the store refused again and again is sent again."""
    return _in_hub(Action.UPDATE, code, FieldChange("refusals", refusals, 0), "asked for by a person", listing_id)


def listing_paused(code: str, *, before: bool, after: bool, listing_id: int) -> Change:
    """No run touches a listing any more, or may again."""
    reason = "paused by a person" if after else "resumed by a person"
    return _in_hub(Action.UPDATE, code, FieldChange("is_paused", before, after), reason, listing_id)


def family_hidden(code: str, *, listing_id: int) -> Change:
    """A parent has no stock of its own: it is hidden when its variants are."""
    field = FieldChange("health", "listed", "hidden")
    return _in_hub(Action.HIDE, code, field, "its variants were queued", listing_id)


def family_unhidden(code: str, *, listing_id: int) -> Change:
    field = FieldChange("health", "hidden", "listed")
    return _in_hub(Action.UNHIDE, code, field, "its variants were queued", listing_id)


def drift_found(code: str, *, fields: Sequence[FieldChange], reason: str, listing_id: int) -> Change:
    """What somebody else changed on the store: `before` ours, `after` the store's."""
    return Change(Subject(SubjectKind.LISTING, code), Side.HUB, Action.UPDATE, tuple(fields), reason, listing_id)


def drift_accepted(code: str, *, fields: Sequence[FieldChange], listing_id: int) -> Change:
    reason = "a person keeps what the store has"
    return Change(Subject(SubjectKind.LISTING, code), Side.HUB, Action.UPDATE, tuple(fields), reason, listing_id)


def price_let_through(code: str, *, before: Decimal | None, after: Decimal, listing_id: int) -> Change:
    """A change that a rule holds back as too large, and that is meant."""
    field = FieldChange("price", before, after)
    return _in_hub(Action.UPDATE, code, field, "let through by a person", listing_id)


def locks_changed(code: str, *, before: str, after: str, listing_id: int) -> Change:
    """What of a listing is left alone, in words."""
    return _in_hub(Action.UPDATE, code, FieldChange("locked", before, after), "asked for by a person", listing_id)


def listing_customised(code: str, *, fields: Sequence[FieldChange], listing_id: int) -> Change:
    """What a listing has of its own on its channel."""
    return Change(
        Subject(SubjectKind.LISTING, code), Side.HUB, Action.UPDATE, tuple(fields), "customised by a person", listing_id
    )


def quantity_stated(code: str, *, before: int | None, after: int, by: str, listing_id: int) -> Change:
    """How many there are, as a person has counted; what is available follows from it."""
    reason = f"counted by {by}" if by else "counted by a person"
    return _in_hub(Action.UPDATE, code, FieldChange("stated", before, after), reason, listing_id)


def account_opened(code: str, *, count: int, listing_id: int) -> Change:
    """What the store counts is entered in an account of which nothing was known."""
    return _in_hub(Action.UPDATE, code, FieldChange("account", None, count), "counted on the store", listing_id)


def account_corrected(code: str, *, before: int, after: int | None, reason: str, listing_id: int) -> Change:
    """What is known of a store's count was wrong; None: nothing is known of it any more."""
    return _in_hub(Action.UPDATE, code, FieldChange("account", before, after), reason, listing_id)


def stock_write_settled(code: str, *, before: int | None, after: int | None, reason: str, listing_id: int) -> Change:
    return _in_hub(Action.UPDATE, code, FieldChange("account", before, after), reason, listing_id)


def description_cleaned(code: str, name: str, *, listing_id: int) -> Change:
    """What would run in a shopper's browser is not sent."""
    reason = "what runs in a shopper's browser is not sent"
    return Change(Subject(SubjectKind.LISTING, code, name), Side.STORE, Action.KEEP, (), reason, listing_id)


def product_unowned(code: str) -> Change:
    """The store has it from us, and no listing is for it any more."""
    return _on_store(Action.KEEP, code, [], "a publish did not come to its end", None)


def listing_left_alone(code: str, *, side: Side, reason: str, listing_id: int | None) -> Change:
    return Change(Subject(SubjectKind.LISTING, code), side, Action.KEEP, (), reason, listing_id)


# --- orders ---------------------------------------------------------------------------------------------------------


def order_imported(order: StoreOrder) -> Change:
    """An order comes into the ledger; who ordered stays out of the history."""
    return Change(
        Subject(SubjectKind.ORDER, str(order.id)),
        Side.HUB,
        Action.IMPORT,
        (FieldChange("total", None, order.total), FieldChange("lines", None, len(order.lines))),
        f"{order.status.value} on the store and not in the ledger",
    )


def order_retried(number: str) -> Change:
    """A parked order is to be tried by the next get."""
    return Change(Subject(SubjectKind.ORDER, number), Side.HUB, Action.UPDATE, (), "a person asks to try it again")


def order_changed(order_number: int, fields: Sequence[FieldChange]) -> Change:
    """An order has changed on the store. What a person's data were and are is kept with the order alone."""
    return Change(
        Subject(SubjectKind.ORDER, str(order_number)),
        Side.HUB,
        Action.UPDATE,
        tuple(
            FieldChange(field.name, None, "changed") if is_personal_field(field.name, personal=PERSONAL) else field
            for field in fields
        ),
        "it was changed on the store",
    )


def order_cancelled(order_number: int, *, before: OrderState, reason: str) -> Change:
    field = FieldChange("state", before.value, OrderState.CANCELLED.value)
    return Change(Subject(SubjectKind.ORDER, str(order_number)), Side.HUB, Action.UPDATE, (field,), reason)


def order_rematched(order_number: int) -> Change:
    """Unknown items of an order are looked for by the next get."""
    return Change(
        Subject(SubjectKind.ORDER, str(order_number)),
        Side.HUB,
        Action.UPDATE,
        (),
        "a person asks to look for its items",
    )


def order_held(order_number: int, *, reason: str) -> Change:
    field = FieldChange("hold", None, reason)
    return Change(Subject(SubjectKind.ORDER, str(order_number)), Side.HUB, Action.UPDATE, (field,), "held by a person")


def order_released(order_number: int, *, before: str) -> Change:
    field = FieldChange("hold", before, None)
    return Change(
        Subject(SubjectKind.ORDER, str(order_number)), Side.HUB, Action.UPDATE, (field,), "released by a person"
    )


def order_parked(number: str) -> Change:
    """An order that the store has, and that can't be imported as it is: it is set aside."""
    return Change(Subject(SubjectKind.ORDER, number), Side.HUB, Action.IMPORT, (), "found on the store")


def order_sighted(order_number: int, *, pieces: Mapping[str, tuple[int, int]]) -> Change:
    """`pieces`: taken from stock before and now, by product."""
    return Change(
        Subject(SubjectKind.ORDER, str(order_number)),
        Side.HUB,
        Action.UPDATE,
        tuple(FieldChange(key, before, after) for key, (before, after) in pieces.items()),
        "it took pieces from the store's stock, or gave some back",
    )


def order_gone(order_number: int) -> Change:
    return Change(
        Subject(SubjectKind.ORDER, str(order_number)), Side.HUB, Action.DELETE, (), "it is not on the store any more"
    )


def order_anonymised(number: str, *, is_asked: bool = False) -> Change:
    """Who ordered is forgotten, and nothing here says who it was."""
    reason = "erased, as its person has asked" if is_asked else "kept long enough after it was closed"
    fields = (FieldChange("is_anonymous", None, True),)
    return Change(Subject(SubjectKind.ORDER, number), Side.HUB, Action.UPDATE, fields, reason)


def orders_delivered(consumer: str, *, address: str, records: int) -> Change:
    """A consumer is brought what is new for it."""
    fields = (FieldChange("address", None, address), FieldChange("records", None, records))
    return Change(Subject(SubjectKind.FILE, consumer), Side.STORE, Action.UPLOAD, fields, "orders for a consumer")


def order_handed_over(order_number: int, *, at: datetime, to: str = "") -> Change:
    """Who packs the order has its pieces in their own count from now on."""
    field = FieldChange("handed_over_at", None, at)
    return Change(
        Subject(SubjectKind.ORDER, str(order_number)),
        Side.HUB,
        Action.UPDATE,
        (field,),
        f"taken over by {to}" if to else "handed over by a person",
    )


def order_located(number: str, *, place: str, why: str, is_acknowledged: bool) -> Change:
    """Where an order of the store is in the hub; nothing is changed."""
    fields = (FieldChange("place", None, place), FieldChange("acknowledged", None, is_acknowledged))
    return Change(Subject(SubjectKind.ORDER, number), Side.HUB, Action.KEEP, fields, why)


def shipment_located(code: str, *, order_number: str, in_hub: bool, on_store: bool) -> Change:
    """On which sides a shipment is; nothing is changed."""
    fields = (FieldChange("in_hub", None, in_hub), FieldChange("on_store", None, on_store))
    return Change(Subject(SubjectKind.SHIPMENT, code, f"order {order_number}"), Side.HUB, Action.KEEP, fields)


def order_acknowledged(order_number: int, acknowledgement: Acknowledgement) -> Change:
    """The store is told, in the channel's way, that an order was taken over."""
    match acknowledgement.mode:
        case AcknowledgeMode.PICKING:
            what = FieldChange("status", StoreStatus.PENDING.value, StoreStatus.PROCESSING.value)
        case AcknowledgeMode.FIELD:
            what = FieldChange(f"custom field {acknowledgement.field}", None, acknowledgement.value)
        case AcknowledgeMode.QUEUE:
            what = FieldChange("queue", None, acknowledgement.queue or "acknowledged")
        case AcknowledgeMode.NOTE | AcknowledgeMode.NONE:
            what = FieldChange("note", None, acknowledgement_note(order_number=order_number))
    return Change(
        Subject(SubjectKind.ORDER, str(order_number)), Side.STORE, Action.ACKNOWLEDGE, (what,), "the order was imported"
    )


def shipment_sent(
    shipment: Shipment, *, carrier: str, before: Tracking | None, reason: str = "a shipment was recorded"
) -> Change:
    """`carrier` and `before` in the store's words; None before where the store has no such shipment."""
    return Change(
        Subject(SubjectKind.SHIPMENT, shipment.code, f"order {shipment.order_number}"),
        Side.STORE,
        Action.SHIP,
        (
            FieldChange("tracking_number", before and before.number, shipment.tracking_number),
            FieldChange("carrier", before and before.carrier, carrier),
            FieldChange("cost", before and before.cost, shipment.cost),
            FieldChange("pieces", None, sum(line.quantity for line in shipment.lines)),
        ),
        reason,
    )


def shipment_recorded(shipment: Shipment, *, reason: str = BY_A_PERSON) -> Change:
    """The hub learns of a package; a later run tells the store."""
    return Change(
        Subject(SubjectKind.SHIPMENT, shipment.code, f"order {shipment.order_number}"),
        Side.HUB,
        Action.CREATE,
        (
            FieldChange("carrier", None, shipment.carrier),
            FieldChange("tracking_number", None, shipment.tracking_number),
            FieldChange("cost", None, shipment.cost),
            FieldChange("lines", None, shipment.lines),
        ),
        reason,
    )


def shipment_source_read(source: str, *, address: str) -> Change:
    """What a warehouse has shipped is looked for."""
    return Change(
        Subject(SubjectKind.FILE, source),
        Side.STORE,
        Action.IMPORT,
        (FieldChange("address", None, address),),
        "shipments of a source",
    )


def shipment_file_taken(file: str, *, address: str, size_bytes: int) -> Change:
    """`file`: its source and name. The hub records what it says was shipped."""
    fields = (FieldChange("address", None, address), FieldChange("bytes", None, size_bytes))
    return Change(Subject(SubjectKind.FILE, file), Side.STORE, Action.IMPORT, fields, "shipments of a source")


def fetched_file_put_away(file: str, *, folder: str) -> Change:
    """`file`: its source and name. It goes to a folder beside it, so that whoever wrote it sees that it was taken."""
    fields = (FieldChange("folder", None, folder),)
    return Change(Subject(SubjectKind.FILE, file), Side.STORE, Action.UPDATE, fields, "it was taken")


def shipment_row_refused(file: str, *, line: int) -> Change:
    """`file`: its source and name. A row of it says what can't be recorded."""
    return Change(Subject(SubjectKind.SHIPMENT, file, f"line {line}"), Side.HUB, Action.CREATE, (), "a row of a file")


def shipment_edited(code: str, *, order_number: int, fields: Sequence[FieldChange], reason: str) -> Change:
    """A person corrects a recorded shipment, or says whether the store is to be told of it."""
    subject = Subject(SubjectKind.SHIPMENT, code, f"order {order_number}")
    return Change(subject, Side.HUB, Action.UPDATE, tuple(fields), reason)


# --- the catalogue ----------------------------------------------------------------------------------------------------


def catalogue_imported(file: str, *, digest: str, numbers: Mapping[str, int]) -> Change:
    """A file was read to its end, whatever of it was refused; `digest` tells whether it was this very one."""
    fields = (FieldChange("digest", None, digest), *(FieldChange(name, None, found) for name, found in numbers.items()))
    return Change(Subject(SubjectKind.FILE, file), Side.HUB, Action.IMPORT, fields, "a catalogue file")


def product_brought(handle: str, title: str, *, fields: Sequence[FieldChange], is_new: bool, by: str) -> Change:
    """A product of the catalogue is made or changed; `by`: the file that says so, or whoever else does."""
    return _in_catalogue(Action.CREATE if is_new else Action.UPDATE, handle, fields, by, label=title)


def values_brought(sku: str, *, fields: Sequence[FieldChange], by: str) -> Change:
    """A variant of the catalogue gets another price or number, and nothing else."""
    return _in_catalogue(Action.UPDATE, sku, fields, by)


def product_withdrawn(handle: str, *, fields: Sequence[FieldChange], by: str) -> Change:
    """A product is taken out of the catalogue; nothing of it is deleted."""
    return _in_catalogue(Action.DELETE, handle, fields, by)


def source_read(source: str, *, address: str) -> Change:
    """A source of the catalogue is asked for its files."""
    fields = (FieldChange("address", None, address),)
    return Change(Subject(SubjectKind.SOURCE, source), Side.HUB, Action.IMPORT, fields, "files of a source")


def of_source(name: str, action: Action, fields: Sequence[FieldChange]) -> Change:
    """A person adds a source of the catalogue, changes or removes it."""
    return Change(Subject(SubjectKind.SOURCE, name), Side.HUB, action, tuple(fields), "changed by a person")


def rows_refused(file: str, *, refused: int) -> Change:
    fields = (FieldChange("refused", None, refused),)
    return Change(Subject(SubjectKind.FILE, file), Side.HUB, Action.IMPORT, fields, "rows or products of the file")


def listings_built(channel: str, *, number: int) -> Change:
    """Listings that a channel lacked were made."""
    field = FieldChange("listings", None, number)
    return of_channel(channel, Action.CREATE, (field,), "asked for by a person")


# --- channels -------------------------------------------------------------------------------------------------------


def of_channel(name: str, action: Action, fields: Sequence[FieldChange], reason: str) -> Change:
    """A person sets a channel up, changes, checks, pauses or removes it; see `operations.channels.channel_changes`."""
    return Change(Subject(SubjectKind.CHANNEL, name), Side.HUB, action, tuple(fields), reason)


# --- what was kept --------------------------------------------------------------------------------------------------


def as_kept(
    subject: Subject, *, side: Side, action: Action, fields: Sequence[FieldChange], reason: str, listing_id: int | None
) -> Change:
    """Make a change anew of what the history has of it."""
    return Change(subject, side, action, tuple(fields), reason, listing_id)


def not_undone(change: Change) -> Change:
    """A change of an earlier run stays as it is, or a part of it; the rest of the product may go back all the same."""
    kind = SubjectKind.LISTING if change.subject.kind is SubjectKind.PRODUCT else change.subject.kind
    subject = Subject(kind, change.subject.key, change.subject.label)
    return Change(subject, change.side, Action.KEEP, (), "changed by the run that is undone", change.listing_id)


# --- their common shapes --------------------------------------------------------------------------------------------


def _on_store(
    action: Action, code: str, fields: Sequence[FieldChange], reason: str, listing_id: int | None, *, label: str = ""
) -> Change:
    return Change(Subject(SubjectKind.PRODUCT, code, label), Side.STORE, action, tuple(fields), reason, listing_id)


def _in_catalogue(action: Action, key: str, fields: Sequence[FieldChange], by: str, *, label: str = "") -> Change:
    return Change(Subject(SubjectKind.PRODUCT, key, label), Side.HUB, action, tuple(fields), by)


def _in_hub(action: Action, code: str, field: FieldChange, reason: str, listing_id: int, *, label: str = "") -> Change:
    return Change(Subject(SubjectKind.LISTING, code, label), Side.HUB, action, (field,), reason, listing_id)
