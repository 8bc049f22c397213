"""How a store is told that an order was taken over, and by what is seen there that it was."""

from dataclasses import dataclass

from tradepost.domain.orders.order import AcknowledgeMode, StoreOrder, StoreOrderLine, StoreStatus, acknowledgement_note

USUAL_VALUE = "1"
"""What a custom field says of an order that was taken over: a text as good as any, and a check box that is ticked."""

LONGEST_VALUE = 254
LONGEST_CODE = 50


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """
    A channel's way of telling the store of its orders.

    `field` and `value`: the order custom field that is set, and to what. `queue`: where the store's own workflow puts
    orders that were acknowledged; blank where that is not known, and then the store's word is taken for it.
    """

    mode: AcknowledgeMode = AcknowledgeMode.NONE
    field: str = ""
    value: str = USUAL_VALUE
    queue: str = ""

    def is_seen(self, order: StoreOrder, *, is_queued: bool = False) -> bool:
        """Whether the store shows that it was told of an order. `is_queued`: it is in the queue for those."""
        match self.mode:
            case AcknowledgeMode.NOTE:
                return acknowledgement_note(order_number=order.id) in {note.strip() for note in order.notes}
            case AcknowledgeMode.FIELD:
                return self._field_of(order) == self.value
            case AcknowledgeMode.QUEUE:
                return is_queued
            case AcknowledgeMode.PICKING:
                return order.status is not StoreStatus.PENDING or not lines_to_pick(order)
            case AcknowledgeMode.NONE:
                return True

    def obstacle(self, order: StoreOrder) -> str:
        """Say why nobody can be told of an order in this way; blank where nothing is in it."""
        if self.mode is AcknowledgeMode.FIELD and self._field_of(order) is None:
            return no_field(self.field)
        return ""

    def stamp(self, order: StoreOrder) -> dict[str, str]:
        """The custom field of an order that telling has changed, with its value: no news to us."""
        code = self.field.casefold()
        if self.mode is not AcknowledgeMode.FIELD:
            return {}
        # Codes are the same in any case.
        return {name: value for name, value in order.custom_fields.items() if name.casefold() == code}

    def _field_of(self, order: StoreOrder) -> str | None:
        """The value of the field; None where the store has no such field."""
        return next((value.strip() for value in self.stamp(order).values()), None)


def lines_to_pick(order: StoreOrder) -> list[StoreOrderLine]:
    """The lines of an order that are still to be shipped and in no shipment yet."""
    return [line for line in order.lines if line.status is StoreStatus.PENDING and not line.shipment_id]


def no_field(code: str) -> str:
    """Say what a store lacks, without which a value that is sent is passed over in silence."""
    return (
        f"The store has no order custom field '{code}'. Make it in the store's administration, or name another with "
        "'tradepost channel set --acknowledge-field'."
    )


def misfit(acknowledgement: Acknowledgement) -> str:
    """Say why a channel can't be set to tell its store in this way; blank where it can."""
    if acknowledgement.mode is AcknowledgeMode.FIELD and not acknowledgement.field:
        return "Name the order custom field that is to be set, with --acknowledge-field."
    if not acknowledgement.value.strip() or acknowledgement.value != acknowledgement.value.strip():
        return "A blank value would take the custom field away, and blanks around one are cut; give another."
    if len(acknowledgement.value) > LONGEST_VALUE:
        return f"A custom field that is seen in the store's lists holds {LONGEST_VALUE} characters at the most."
    codes = {"field": acknowledgement.field, "queue": acknowledgement.queue}
    for name, code in codes.items():
        if len(code) > LONGEST_CODE or ":" in code or code != code.strip():
            return f"'{code}' can't be the code of a {name} on the store; copy it from the store's administration."
    return ""
