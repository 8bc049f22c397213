"""The store's order queues: orders are acknowledged to the workflows, which alone move them from queue to queue."""

from collections.abc import Collection, Sequence

from msgspec import UNSET, Struct, UnsetType, field

from tradepost.domain.errors import Rejected, TradepostError
from tradepost.miva.rows.product_records import CustomFieldValues, Id
from tradepost.miva.wire import functions
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.filters import all_of, columns, is_one_of
from tradepost.miva.wire.pace import split
from tradepost.operations.ports import WriteAnswer, WriteOutcome

WORKFLOW = "orderworkflow"
_AT_ONCE = 100
_DONE = WriteAnswer(WriteOutcome.DONE)


class _Queued(Struct, frozen=True):
    id: Id
    custom_field_values: CustomFieldValues | UnsetType = field(default=UNSET, name="CustomField_Values")


class OrderQueues:
    """The module for order workflows, as far as tokens may use it."""

    def __init__(self, client: MivaClient) -> None:
        self._client = client

    def acknowledge(self, ids: Sequence[int]) -> dict[int, WriteAnswer]:
        """See the port. What the store has not got to in its time is sent again."""
        answers: dict[int, WriteAnswer] = {}
        while rest := ids[len(answers) :]:
            part = rest[:_AT_ONCE]
            try:
                told = self._client.call(functions.order_list_acknowledge(order_ids=part))
            except Rejected as refused:
                answers |= dict.fromkeys(part, WriteAnswer(WriteOutcome.REFUSED, str(refused)))
                continue
            except TradepostError as error:
                if not answers:
                    raise
                return answers | dict.fromkeys(rest, WriteAnswer(WriteOutcome.LOST, str(error)))
            if told.processed < 1:
                words = "The store has looked at none of the orders in its time."
                return answers | dict.fromkeys(rest, WriteAnswer(WriteOutcome.FAILED, words))
            for number in part[: told.processed]:
                reason = told.refused.get(str(number))
                answers[number] = _DONE if reason is None else WriteAnswer(WriteOutcome.REFUSED, reason)
        return answers

    def members(self, ids: Collection[int], *, queue: str) -> frozenset[int]:
        """See the port."""
        found: set[int] = set()
        for chunk in split(sorted(set(ids)), size=_AT_ONCE):
            filters = [*all_of(is_one_of("id", chunk)), *columns([queue_column(queue)])]
            page = self._client.call(
                functions.order_list_load_query(filters=filters, count=len(chunk) + 1, row=_Queued)
            )
            found |= {row.id for row in page.data if (member_of(row.custom_field_values, queue) or "").strip() == "1"}
        return frozenset(found)


def queue_column(queue: str) -> str:
    """Name the column that says whether an order is in a queue; one that does not exist does not come."""
    return f"CustomField_Values:{WORKFLOW}:{queue}"


def member_of(values: CustomFieldValues | UnsetType, queue: str) -> str | None:
    """What the column says, "1" for yes; None where the store has no such queue. Codes are the same in any case."""
    fields = {} if values is UNSET else values.get(WORKFLOW, {})
    return next((str(value or "") for code, value in fields.items() if code.casefold() == queue.casefold()), None)
