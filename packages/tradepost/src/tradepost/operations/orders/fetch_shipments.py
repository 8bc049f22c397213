"""
Fetch shipments: take the files in which warehouses say what they have shipped, each of them once.

A file is recorded, then remembered by its name and content, then left until the next look finds it as it was and puts
it away. So whoever is killed in between records it again, which records nothing twice, and what was added behind our
back is another content and comes in, too.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256

from tradepost.domain import changes
from tradepost.domain.errors import FileRefused, NotAllowed, Retry, TradepostError, quoted
from tradepost.domain.files.fetched_file import (
    DONE_FOLDER,
    LARGEST_SHIPMENTS_BYTES,
    REFUSED_FOLDER,
    SHIPMENT_ENDINGS,
    KnownFile,
    has_ended,
    is_meant,
    name_problem,
    put_away_name,
    shown_name,
)
from tradepost.domain.files.file_address import file_address
from tradepost.domain.people.audit import REPLACED
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Plan, Result, Side, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.orders.order_requests import OrderPorts
from tradepost.operations.orders.shipment_imports import import_shipments
from tradepost.operations.outcomes import Answers
from tradepost.operations.ports import (
    ActiveRun,
    FileContent,
    FileId,
    FilePlace,
    Level,
    Ports,
    ShipmentSource,
    ShipmentSources,
    SourceAddress,
    TakenFile,
    WriteAnswer,
    WriteOutcome,
    read_file,
)

_LONGEST_SOURCE = 64


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that a source has; `problem`: why it, or with no name the whole source, can't be read."""

    source: ShipmentSource
    place: FilePlace | None = None
    name: str = ""
    problem: str = ""

    @property
    def key(self) -> str:
        return f"{self.source.name}/{self.name}"


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a file: nothing where it is gone, or where it was carried off by now."""

    offered: Offered
    file: FileContent | None = None
    problem: str = ""

    @property
    def id(self) -> FileId:
        content = b"" if self.file is None else self.file.content
        return FileId(self.offered.source.id, self.offered.name, sha256(content).hexdigest())

    @property
    def size_bytes(self) -> int:
        return 0 if self.file is None else len(self.file.content)


def execute(ports: Ports) -> None:
    """Take what is new. Idempotent: what was taken before is put away, and otherwise nothing is done."""
    drive(ports, FetchShipments())


class FetchShipments(Operation[Offered, KnownFile, Read, Read]):
    """One file after another, of one source after another; what is wrong with one keeps no other from coming in."""

    name = "fetched files"
    label = "files of shipments"
    is_pass = True
    needs_known_store = False

    def __init__(self) -> None:
        self._sources: Sequence[ShipmentSource] = ()

    def prepare(self, ports: Ports) -> None:
        self._sources = ports.fetches.sources.sources()

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Offered]]:
        for source in self._sources:
            with ExitStack() as stack:
                try:
                    place = stack.enter_context(ports.fetches.open(source.at))
                    names = [name for name in place.names() if is_meant(name, endings=SHIPMENT_ENDINGS)]
                except TradepostError as error:
                    yield Batch([Offered(source, problem=_words(error))])
                    continue
                for name in names:
                    problem = name_problem(name)
                    yield Batch([Offered(source, place, shown_name(name) if problem else name, problem)])

    def observe(self, ports: Ports, batch: Batch[Offered]) -> Read:
        (offered,) = batch.rows
        if offered.problem or offered.place is None:
            return Read(offered, problem=offered.problem)
        try:
            file = read_file(offered.place, offered.name, limit_bytes=LARGEST_SHIPMENTS_BYTES, tag=offered.source.tag)
            return Read(offered, file)
        except TradepostError as error:
            return Read(offered, problem=_words(error))

    def facts(self, ports: Ports, batch: Batch[Offered], seen: Read) -> KnownFile | None:
        return None if seen.file is None else ports.fetches.sources.known(seen.id)

    def plan(self, batch: Batch[Offered], facts: KnownFile | None, seen: Read) -> Plan[Read]:
        if seen.problem:
            return Plan(seen, settled=(_left(seen, Outcome.FAILED, seen.problem),))
        if seen.file is None:
            return Plan(seen)
        if waits_for := _why_not_yet(seen.file, facts):
            return Plan(seen, settled=(_left(seen, Outcome.SKIPPED, waits_for),))
        change = _wanted(seen, facts)
        return Plan(seen) if change is None else Plan(seen, (Unit(seen.offered.key, (change,)),))

    def steps(self) -> Sequence[Step[Read, Read]]:
        return (
            Step(takes=lambda change, _seen: change.action is Action.IMPORT, send=_take, learn=_done),
            Step(takes=lambda change, _seen: change.action is Action.UPDATE, send=_put_away, learn=_done),
        )

    def unread(self, change: Change, seen: Read) -> frozenset[str]:
        return frozenset(each.name for each in change.fields)

    def judge(
        self,
        batch: Batch[Offered],
        facts: KnownFile | None,
        seen: Read,
        plan: Plan[Read],
        evidence: Evidence,
    ) -> Verdict:
        is_news = seen.file is not None and seen.file.is_whole and facts is None
        return Verdict(seen_files={seen.id: seen.size_bytes} if is_news else {})


def _why_not_yet(file: FileContent, facts: KnownFile | None) -> str:
    """Say why a file may not be complete; empty where it is, or was the same at the look before."""
    if not file.is_whole:
        return "It is being written; a later fetch takes it."
    if facts is None and not has_ended(file.content):
        return "Its last line has no end, so more may be on its way; the next fetch takes it if it is the same."
    return ""


def _wanted(seen: Read, facts: KnownFile | None) -> Change | None:
    offered = seen.offered
    moves = offered.place is not None and offered.place.puts_away
    if facts is not None and facts.is_taken and not facts.is_put_away:
        return changes.fetched_file_put_away(offered.key, folder=_folder(facts)) if moves else None
    # New, or put back by somebody: recording it again records nothing twice.
    address = offered.source.at.address
    return changes.shipment_file_taken(offered.key, address=address, size_bytes=seen.size_bytes)


def _folder(known: KnownFile) -> str:
    return REFUSED_FOLDER if known.is_refused else DONE_FOLDER


def _left(seen: Read, outcome: Outcome, message: str) -> Result:
    offered = seen.offered
    source = changes.shipment_source_read(offered.key.rstrip("/"), address=offered.source.at.address)
    return Result(source, outcome, message=message)


def _words(error: TradepostError) -> str:
    return f"{error} The next fetch tries it again." if isinstance(error, Retry) else str(error)


def _done(seen: Read, _plan: Plan[Read], _answers: Answers) -> Read:
    return replace(seen, file=None)


def _answers(plan: Plan[Read], answer: WriteAnswer) -> Answers:
    return {change.subject.id: answer for change in plan.changes(Side.STORE)}


def _take(ports: Ports, plan: Plan[Read]) -> Answers:
    """Record what a file says, a part at a time, and remember the file with what came of it."""
    taken = _recorded(ports, plan.detail)
    with ports.run.transaction():
        ports.fetches.sources.note_taken(taken, run_id=ports.run.id, at=ports.clock())
        ports.run.report(_refusals(plan.detail.offered, taken))
    if taken.problem:
        return _answers(plan, WriteAnswer(WriteOutcome.FAILED, taken.problem))
    return _answers(plan, WriteAnswer(WriteOutcome.DONE))


def _recorded(ports: Ports, seen: Read) -> TakenFile:
    assert seen.file is not None
    offered, content = seen.offered, seen.file.content
    taken = TakenFile(seen.id, len(content), tag=seen.file.tag)
    order_ports = OrderPorts(
        channel_id=ports.channel.id,
        requested_by="",
        orders=ports.orders,
        history=_RunHistory(ports.run),
        transaction=ports.run.transaction,
        clock=ports.clock,
    )
    rows = ports.fetches.reader.rows_of(offered.name, content)
    try:
        done = import_shipments(rows, order_ports, reason=f"a file of {offered.source.name}")
    except FileRefused as refusal:
        return replace(taken, problem=str(refusal))
    return replace(
        taken, recorded=len(done.recorded), known=done.known, refused=done.refused, reports=tuple(done.reports)
    )


def _refusals(offered: Offered, taken: TakenFile) -> list[Result]:
    return [
        Result(
            changes.shipment_row_refused(offered.key, line=report.line),
            Outcome.FAILED,
            message=f"line {report.line}: {report.message}",
        )
        for report in taken.reports
        if report.level is Level.REFUSED
    ]


def _put_away(ports: Ports, plan: Plan[Read]) -> Answers:
    seen = plan.detail
    (change,) = plan.changes(Side.STORE)
    place = seen.offered.place
    assert place is not None
    try:
        is_away = place.put_away(
            seen.offered.name,
            size_bytes=seen.size_bytes,
            folder=change.after("folder"),
            new_name=put_away_name(seen.offered.name, checksum=seen.id.checksum),
        )
    except TradepostError as error:
        return _answers(plan, WriteAnswer(WriteOutcome.FAILED, _words(error)))
    if not is_away:
        return _answers(plan, WriteAnswer(WriteOutcome.WITHHELD, "It is being written; a later fetch takes the rest."))
    with ports.run.transaction():
        ports.fetches.sources.note_put_away(seen.id, at=ports.clock())
    return _answers(plan, WriteAnswer(WriteOutcome.DONE))


@dataclass(frozen=True, slots=True)
class _RunHistory:
    """Implements `ports.History`: what is recorded stands in the report of the run that does it."""

    run: ActiveRun

    def keep(self, results: Sequence[Result], *, channel_id: int) -> None:
        self.run.report(results)


# --- what a person says ---


def set_source(
    name: str,
    at: SourceAddress | None,
    ports: OrderPorts,
    sources: ShipmentSources,
    *,
    channel_name: str,
    keeps_secret: bool = False,
) -> None:
    """
    Say where shipments are fetched from; None: from there no more. Raises NotAllowed.

    `keeps_secret`: the one that it has stays; never where the address is another one.
    """
    if not name.isprintable() or "/" in name or not 0 < len(name.strip()) <= _LONGEST_SOURCE:
        raise NotAllowed(f"A source's name has 1 to {_LONGEST_SOURCE} printable characters, without slashes.")
    if at is not None:
        file_address(at.address)
    with ports.transaction():
        if at is not None:
            before = next((each.at for each in sources.sources() if each.name == name), None) if keeps_secret else None
            is_same = before is not None and before.address == at.address
            sources.set_source(name, replace(at, secret=before.secret) if before is not None and is_same else at)
        elif not sources.remove_source(name):
            raise NotAllowed(f"There is no source '{name}' on this channel; 'tradepost shipments sources' has them.")
        fields = [FieldChange(f"shipments_from {name}", None, at and at.address)]
        if at is not None and at.secret:
            fields.append(FieldChange(f"shipments_secret {name}", None, REPLACED))
        change = changes.of_channel(channel_name, Action.UPDATE, fields, "changed by a person")
        ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=ports.channel_id)


def add_source(name: str, at: SourceAddress, ports: OrderPorts, sources: ShipmentSources, *, channel_name: str) -> None:
    """Say where shipments are fetched from, too. Raises NotAllowed, also for a name that is known."""
    if any(each.name == name for each in sources.sources()):
        raise NotAllowed(f"There is a source {quoted(name)} on this channel already.")
    set_source(name, at, ports, sources, channel_name=channel_name)


def settle_files(ids: Sequence[int] | None, ports: OrderPorts, sources: ShipmentSources) -> list[int]:
    """Note that what was refused of fetched files is dealt with, None: of all; return which that was news of."""
    with ports.transaction():
        return sources.settle(ids)
