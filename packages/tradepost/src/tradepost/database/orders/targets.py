"""The targets port: where consumers get their batches, with secrets encrypted as those of connections are."""

from collections.abc import Callable

from tradepost.database.ciphertexts import place_of_target
from tradepost.database.models import Consumer, ConsumerTargetRecord, OpenBatch
from tradepost.database.orders.exports import waiting_records
from tradepost.domain.orders.order_delivery import Confirmation
from tradepost.operations.ports import Cipher, ConsumerTarget, DueDelivery


class DjangoTargets:
    """Implements `ports.Targets` for one channel."""

    def __init__(self, channel_id: int, *, cipher: Callable[[], Cipher]) -> None:
        self._channel_id = channel_id
        self._cipher = cipher

    def set_target(self, consumer_id: int, target: ConsumerTarget | None) -> None:
        if target is None:
            ConsumerTargetRecord.objects.filter(consumer_id=consumer_id).delete()
            return
        place = place_of_target(consumer_id)
        columns = {
            "address": target.address,
            "confirmation": target.confirmation.value,
            "fingerprint": target.fingerprint,
            # Never the one that was meant for another address.
            "secret": self._cipher().encrypt(target.secret, place=place) if target.secret else b"",
        }
        # A batch that was brought to the old place is brought to the new one.
        ConsumerTargetRecord.objects.update_or_create(consumer_id=consumer_id, defaults={**columns, "delivered": 0})

    def target_of(self, consumer_id: int, *, with_secret: bool = False) -> ConsumerTarget | None:
        row = ConsumerTargetRecord.objects.filter(consumer_id=consumer_id).first()
        if row is None:
            return None
        secret = ""
        if with_secret and row.secret:
            secret = self._cipher().decrypt(bytes(row.secret), place=place_of_target(consumer_id))
        return ConsumerTarget(row.address, Confirmation(row.confirmation), row.fingerprint, secret)

    def due(self) -> list[DueDelivery]:
        found = []
        rows = Consumer.objects.filter(channel_id=self._channel_id, target__isnull=False).select_related("target")
        for row in rows.order_by("id"):
            batch = OpenBatch.objects.filter(consumer=row).defer("content").first()
            if batch is None:
                records = waiting_records(row.pk, channel_id=self._channel_id)
            else:
                records = batch.orders + batch.changes if batch.cursor > row.target.delivered else 0
            if records:
                found.append(DueDelivery(row.pk, row.name, records, row.target.address))
        return found

    def note_delivered(self, consumer_id: int, *, cursor: int) -> None:
        ConsumerTargetRecord.objects.filter(consumer_id=consumer_id).update(delivered=cursor)
