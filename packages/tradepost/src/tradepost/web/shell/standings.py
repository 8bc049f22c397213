"""
How the channels stand: the sentence of *Today*, which the bell, the switcher and each pill of a channel say shorter.

What is known without counting is asked for once, for all channels.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from django.http import HttpRequest
from django.utils import timezone

from tradepost.database.models import Channel, Run, ScheduleRecord
from tradepost.domain.brake import Braking
from tradepost.domain.order_proof import proof_of
from tradepost.domain.schedule import ScheduledOperation, is_late
from tradepost.domain.standing import (
    STANDINGS,
    ChannelFacts,
    ChannelStanding,
    FailedWork,
    Standing,
    standing_of,
)
from tradepost.engine.schedules import WORK
from tradepost.web.channels.forms import OPERATION_WORDS
from tradepost.web.shell.channels import channels_in_use

_WEEK = timedelta(days=7)
_SET_UP_ERRORS = frozenset(
    {"CredentialsRejected", "StoreRefused", "PermissionMissing", "AddressRefused", "Reconfigure"}
)
COLOURS = {Standing.WELL: "success", Standing.WATCH: "warning", Standing.STOPPED: "danger"}
OUT_OF_USE = "out of use"
CHANNEL_COLOURS: Mapping[str, str] = {
    **{state.value: COLOURS[standing] for state, standing in STANDINGS.items()},
    OUT_OF_USE: "info",
}
# As long as the request itself.
_FACTS: WeakKeyDictionary[HttpRequest, dict[int, ChannelFacts]] = WeakKeyDictionary()


def channel_facts(request: HttpRequest) -> dict[int, ChannelFacts]:
    """What each channel in use is judged by, without what has to be counted; a page that only shows asks once."""
    found = _FACTS.get(request)
    if found is None:
        found = _facts(channels_in_use(request), now=timezone.now())
        if request.method == "GET":
            _FACTS[request] = found
    return found


def channel_state(request: HttpRequest, channel: Channel) -> dict[str, str]:
    """Say how a channel stands in two words and a colour."""
    return state_of(channel_facts(request).get(channel.pk))


def state_of(facts: ChannelFacts | None) -> dict[str, str]:
    """As `channel_state`; without facts the channel is out of use."""
    state = OUT_OF_USE if facts is None else standing_of(facts).state.value
    return {"state": state, "colour": CHANNEL_COLOURS[state]}


def failed_work(request: HttpRequest, channel: Channel) -> ChannelStanding | None:
    """What of a channel has failed and is not done again yet, in the words of the page; None where all went well."""
    facts = channel_facts(request).get(channel.pk)
    return standing_of(ChannelFacts(failed=facts.failed)) if facts is not None and facts.failed else None


def _facts(channels: Sequence[Channel], *, now: datetime) -> dict[int, ChannelFacts]:
    if not channels:
        return {}
    failing = list(Run.failing(since=now - _WEEK))
    asking = Run.objects.filter(channel__in=channels, needs_answer=True).order_by("-pk")
    # Of each channel the first of its runs is left.
    braked = {run.channel_id: run for run in asking.only("channel_id", "brake")}
    schedules = list(ScheduleRecord.objects.filter(channel__in=channels, next_at__isnull=False).order_by("pk"))
    return {
        channel.pk: _facts_of(
            channel,
            failing=[run for run in failing if run.channel_id == channel.pk],
            braked=braked.get(channel.pk),
            schedules=[row for row in schedules if row.channel_id == channel.pk],
            now=now,
        )
        for channel in channels
    }


def _facts_of(
    channel: Channel,
    *,
    failing: Sequence[Run],
    braked: Run | None,
    schedules: Sequence[ScheduleRecord],
    now: datetime,
) -> ChannelFacts:
    braking = Braking.from_json(braked.brake) if braked is not None else None
    proof = proof_of(channel.orders_proof)
    return ChannelFacts(
        refusal=channel.refusal,
        restored_why=channel.restored_why,
        store_doubt=channel.store_doubt,
        failed=tuple(_failed(channel, run) for run in failing),
        is_being_set_up=bool(channel.setup_step),
        is_paused=channel.is_paused,
        is_look_only=channel.is_look_only,
        braked=(braked.pk, braking.sentence) if braked is not None and braking is not None else None,
        differences=proof.differences if proof is not None else 0,
        overdue=_overdue(schedules, now),
        paused=tuple(OPERATION_WORDS[ScheduledOperation(row.operation)] for row in schedules if row.paused_at),
    )


def _failed(channel: Channel, run: Run) -> FailedWork:
    is_by_set_up = run.error_kind in _SET_UP_ERRORS
    return FailedWork(
        run.pk, run.kind, run.error, is_by_set_up=is_by_set_up, is_mended=is_by_set_up and _is_mended(channel, run)
    )


def _is_mended(channel: Channel, run: Run) -> bool:
    """Whether what a run failed for was put right: the test looks at all that such a run can fail for."""
    if run.finished_at is None or channel.checked_at is None:
        return False
    return channel.checked_at > run.finished_at and all(found["is_good"] for found in channel.findings)


def _overdue(schedules: Sequence[ScheduleRecord], now: datetime) -> str:
    late = [
        (row.next_at, row.operation)
        for row in schedules
        if row.next_at is not None and row.paused_at is None and is_late(row.next_at, now=now)
    ]
    return WORK[ScheduledOperation(min(late)[1])].kind.value if late else ""
