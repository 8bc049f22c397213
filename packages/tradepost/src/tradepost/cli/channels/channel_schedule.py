"""`tradepost channel schedule`: see and set when the operations of a channel are started without a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import JsonOption, shell_user, the_channel
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import print_json, print_table, say
from tradepost.domain.channels.schedule import OFF, Schedule, ScheduledOperation, cron_of, interval_of, spoken_time
from tradepost.domain.errors import NotAllowed
from tradepost.operations.channels import channels
from tradepost.operations.ports import ScheduleRow

if TYPE_CHECKING:
    from tradepost.database.models import Channel


OneOperation = Annotated[
    ScheduledOperation | None,
    typer.Argument(metavar="[OPERATION]", help="The operation whose schedule is meant; left out, the whole channel."),
]


def schedule(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The channel's name.")],
    operation: Annotated[
        ScheduledOperation | None, typer.Argument(help="What is started; left out, all of them are shown.")
    ] = None,
    *,
    every: Annotated[str, typer.Option(metavar="INTERVAL", help="Start it so often, for example 15m, 2h or 1d.")] = "",
    cron: Annotated[
        str,
        typer.Option(
            metavar="EXPRESSION",
            help='Start it at these times of the channel\'s time zone, for example "0 3 * * *": minute, hour, day, '
            "month, day of the week.",
        ),
    ] = "",
    off: Annotated[bool, typer.Option("--off", help="Start it only when a person says so.")] = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Show or set when an operation is started without a person, by 'tradepost serve'.

    The time zone is a setting of the channel: 'tradepost channel set NAME --time-zone Europe/Berlin'.
    """
    from tradepost import wiring

    channel = the_channel(name)
    wanted = wanted_schedule(every=every, cron=cron, off=off)
    if wanted is None:
        rows = wiring.channels.schedules().of(channel.pk)
        _show(channel, [row for row in rows if operation in {None, row.operation}], as_json=as_json)
        return Exit.DONE
    if operation is None:
        message = f"Say what is started so: {', '.join(ScheduledOperation)}."
        raise NotAllowed(message)
    ports = wiring.channels.channel_ports(requested_by=shell_user())
    change, row = channels.set_schedule(channel.pk, operation, wanted, ports)
    if as_json:
        print_json(row_json(row))
    else:
        like_that = "" if change.fields else " already"
        say(f"{_spoken(operation)} of '{channel.name}' is{like_that} {row_words(row, channel)}.")
    return Exit.DONE


def switch_schedule(channel: "Channel", operation: ScheduledOperation, *, is_paused: bool, as_json: bool) -> Exit:
    """Pause or resume one schedule of a channel, and say what comes of it."""
    from tradepost import wiring

    ports = wiring.channels.channel_ports(requested_by=shell_user())
    deed = channels.pause_schedule if is_paused else channels.resume_schedule
    is_new, row = deed(channel.pk, operation, ports)
    if as_json:
        print_json({"channel": channel.name, **row_json(row), "changed": is_new})
        return Exit.DONE
    like_that = "" if is_new else " already"
    told = f"{_spoken(operation)} of '{channel.name}' is{like_that} {row_words(row, channel)}."
    if is_paused and is_new:
        told += " What is queued or at work goes on to its end."
    say(told)
    return Exit.DONE


def row_json(row: ScheduleRow) -> dict[str, Any]:
    every = row.schedule.every
    return {
        "operation": row.operation.value,
        "every_minutes": int(every.total_seconds() // 60) if every else None,
        "cron": row.schedule.cron or None,
        "next_at": row.next_at,
        "paused_at": row.paused_at,
    }


def row_words(row: ScheduleRow, channel: "Channel") -> str:
    """Write when an operation is started, and when next: `every 15 minutes, next at 14:15 UTC`."""
    return ", ".join(filter(None, (str(row.schedule), _next_words(row, channel))))


def _next_words(row: ScheduleRow, channel: "Channel") -> str:
    from django.utils import timezone

    if row.next_at is None:
        return ""
    if row.paused_at is not None:
        return f"paused {spoken_time(row.paused_at, now=timezone.now(), time_zone=channel.time_zone)}"
    if channel.is_paused:
        return "not while the channel is paused"
    return f"next {spoken_time(row.next_at, now=timezone.now(), time_zone=channel.time_zone)}"


def wanted_schedule(*, every: str, cron: str, off: bool) -> Schedule | None:
    """Return the schedule that was named; None where none was. Raises NotAllowed for more than one."""
    if sum((bool(every), bool(cron), off)) > 1:
        message = "Say one of --every, --cron and --off."
        raise NotAllowed(message)
    if every:
        return interval_of(every)
    if cron:
        return cron_of(cron)
    return OFF if off else None


def _show(channel: "Channel", rows: Sequence[ScheduleRow], *, as_json: bool) -> None:
    if as_json:
        print_json({"time_zone": channel.time_zone, "schedules": [row_json(row) for row in rows]})
        return
    print_table(
        ("operation", "started", "next"),
        ((row.operation, row.schedule, _next_words(row, channel)) for row in rows),
    )


def _spoken(operation: ScheduledOperation) -> str:
    return operation.replace("_", " ").capitalize()
