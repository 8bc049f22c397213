"""What a person says of a source of the catalogue: where its files come from, when, and what they mean."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.channels.schedule import next_time, zone_of
from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.files.file_address import WEB, file_address
from tradepost.domain.people.audit import REPLACED, AuditEvent, AuditNote
from tradepost.domain.plan import Action, FieldChange, Outcome, Result
from tradepost.domain.stock.stock import Counting, Stating
from tradepost.operations.ports import Audit, CatalogueSource, CatalogueSources, Clock, SourceHistory, SourceSettings

_LONGEST_NAME = 64

COUNTS_WORDS: Mapping[Counting, str] = {
    Counting.CHANGED: "a number in a file says something new only where it is another than the last one.",
    Counting.FILE: "a file that is not the last one again states all its numbers, also those that are as before.",
    Counting.COLUMN: "a number in a file says something new where its row was counted later than the last one.",
}
STATES_WORDS: Mapping[Stating, str] = {
    Stating.FIRST: "it says how many there are of what no other source does.",
    Stating.ALWAYS: "it says how many there are, also of what another source did.",
    Stating.NEVER: "its quantities are passed over.",
}


@dataclass(frozen=True, slots=True)
class SourceEditPorts:
    """What saying where the catalogue comes from needs; `history` and `requested_by` know who asks."""

    sources: CatalogueSources
    history: SourceHistory
    audit: Audit
    requested_by: str
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock


def new_source(name: str) -> CatalogueSource:
    """Return a source of which nothing is said yet."""
    return CatalogueSource(0, SourceSettings(name))


def add_source(source: CatalogueSource, ports: SourceEditPorts) -> CatalogueSource:
    """Keep a new source. Raises NotAllowed for a name that is taken, and for what makes no sense."""
    if not source.name.isprintable() or "/" in source.name or not 0 < len(source.name.strip()) <= _LONGEST_NAME:
        raise NotAllowed(f"A source's name has 1 to {_LONGEST_NAME} printable characters, without slashes.")
    with ports.transaction():
        if ports.sources.read(source.name) is not None:
            raise NotAllowed(f"There is a source {quoted(source.name)} already; 'tradepost source set' changes it.")
        return _keep(source, new_source(source.name), ports, action=Action.CREATE, keeps_secret=False)


def change_source(
    after: CatalogueSource, ports: SourceEditPorts, *, keeps_secret: bool
) -> tuple[CatalogueSource, tuple[FieldChange, ...]]:
    """
    Change a source; returns it with what differs from before. Idempotent. Raises NotAllowed.

    `keeps_secret`: the one that it has stays; never where the address is another one.
    """
    with ports.transaction():
        before = ports.sources.read(after.name)
        if before is None:
            raise NotAllowed(f"There is no source {quoted(after.name)}; 'tradepost source list' has them.")
        is_same_place = (before.at and before.at.address) == (after.at and after.at.address)
        fields = _differences(before, after)
        if not fields and keeps_secret and is_same_place:
            return before, ()
        kept = _keep(after, before, ports, action=Action.UPDATE, keeps_secret=keeps_secret and is_same_place)
        return kept, fields


def remove_source(name: str, ports: SourceEditPorts) -> None:
    """Forget a source; what it brought stays in the catalogue. Raises NotAllowed."""
    with ports.transaction():
        if not ports.sources.remove(name):
            raise NotAllowed(f"There is no source {quoted(name)}; 'tradepost source list' has them.")
        # Its history went with it.
        ports.audit.note(AuditNote(AuditEvent.SET_UP_CHANGED, ports.requested_by, name, Action.DELETE.value))


def _keep(
    after: CatalogueSource, before: CatalogueSource, ports: SourceEditPorts, *, action: Action, keeps_secret: bool
) -> CatalogueSource:
    _refuse_nonsense(after)
    kept = ports.sources.keep(_timed(after, before, ports), keeps_secret=keeps_secret)
    fields = _differences(before, after)
    if not keeps_secret and after.at is not None and after.at.secret:
        fields = (*fields, FieldChange("secret", None, REPLACED))
    change = changes.of_source(after.name, action, fields)
    ports.history.keep([Result(change, Outcome.APPLIED)], source_id=kept.id)
    return kept


def _timed(after: CatalogueSource, before: CatalogueSource, ports: SourceEditPorts) -> CatalogueSource:
    """Another schedule or time zone begins now; the same one keeps its beat."""
    if (after.schedule, after.time_zone) == (before.schedule, before.time_zone):
        return replace(after, next_at=before.next_at)
    zone_of(after.time_zone)
    return replace(after, next_at=next_time(after.schedule, after=ports.clock(), time_zone=after.time_zone))


def _refuse_nonsense(source: CatalogueSource) -> None:
    settings = source.settings
    if settings.counts is Counting.COLUMN and not settings.counted_column:
        raise NotAllowed("Say which column of the file tells when a number was counted: --counted-column NAME.")
    if source.at is None:
        if not source.schedule.is_off:
            raise NotAllowed("A schedule needs an address to fetch from: --address ADDRESS.")
        return
    address = file_address(source.at.address)
    if address.protocol in WEB - {"https"} and not source.is_local:
        raise NotAllowed("Files are fetched from https addresses only, unless the source is a local one (--local).")


def _differences(before: CatalogueSource, after: CatalogueSource) -> tuple[FieldChange, ...]:
    old, new = _shown(before), _shown(after)
    return tuple(FieldChange(name, old[name], new[name]) for name in new if old[name] != new[name])


def _shown(source: CatalogueSource) -> dict[str, object]:
    """Write down what a person sets, without secrets."""
    settings = source.settings
    return {
        "address": source.at.address if source.at else "",
        "fingerprint": source.at.fingerprint if source.at else "",
        "is_local": source.is_local,
        "format": settings.form.value if settings.form else "",
        "full": settings.is_full,
        "states": settings.states.value,
        "counts": settings.counts.value,
        "counted_column": settings.counted_column,
        "orders_column": settings.orders_column,
        "lag_minutes": int(settings.lag.total_seconds() // 60),
        "schedule": str(source.schedule),
        "time_zone": source.time_zone,
        "expected_minutes": int(source.expected.total_seconds() // 60) if source.expected else None,
    }
