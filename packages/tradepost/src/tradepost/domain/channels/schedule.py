"""
Schedules: when the operations of a channel are started without a person.

A schedule is an interval or a cron expression. An interval keeps its beat whatever happens in between, and knows no
daylight saving. A cron expression means the clock on the channel's wall, as Debian's cron reads it: what is set to a
fixed time starts once a day, also where the clock is put forward over that time (right after) or back (the first time).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

from tradepost.domain.errors import NotAllowed, quoted

_MINUTE = timedelta(minutes=1)
_LONGEST = timedelta(days=366)
_UNITS: Mapping[str, timedelta] = {"m": _MINUTE, "h": timedelta(hours=1), "d": timedelta(days=1)}
_UNIT_WORDS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (_MINUTE, "minute"))
_CRON_FIELDS = 5
_LONGEST_CRON = 100
# Due for longer than this, a schedule is one that nobody looks at: the hub's server is not running.
_LATE = timedelta(minutes=2)


class ScheduledOperation(StrEnum):
    """
    What can be started by a schedule. Reconcile is a sync that looks at every product of the store, reconcile orders
    the comparison of orders and shipments.
    """

    GET_ORDERS = "get_orders"
    SYNC_ORDERS = "sync_orders"
    SYNC = "sync"
    RECONCILE = "reconcile"
    RECONCILE_ORDERS = "reconcile_orders"
    DELIVER_ORDERS = "deliver_orders"
    FETCH_SHIPMENTS = "fetch_shipments"
    LINK = "link"
    PUBLISH = "publish"


# What each does, in the words of an operator.
OPERATION_WORDS: Mapping[ScheduledOperation, str] = {
    ScheduledOperation.GET_ORDERS: "Fetch new orders",
    ScheduledOperation.SYNC_ORDERS: "Tell the store of shipments",
    ScheduledOperation.SYNC: "Send prices, quantities and status",
    ScheduledOperation.RECONCILE: "Look at every product of the store",
    ScheduledOperation.RECONCILE_ORDERS: "Compare all orders with the store",
    ScheduledOperation.DELIVER_ORDERS: "Hand orders over to others",
    ScheduledOperation.FETCH_SHIPMENTS: "Fetch files of shipments",
    ScheduledOperation.LINK: "Link to products that are on the store",
    ScheduledOperation.PUBLISH: "Publish what is new or changed",
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """An interval (`every`) or a cron expression of five fields; with neither it is off."""

    every: timedelta | None = None
    cron: str = ""

    @property
    def is_off(self) -> bool:
        return self.every is None and not self.cron

    def __str__(self) -> str:
        if self.every is None:
            return f"cron {self.cron}" if self.cron else "off"
        unit, word = next((unit, word) for unit, word in _UNIT_WORDS if not self.every % unit)
        number = self.every // unit
        return f"every {word}" if number == 1 else f"every {number} {word}s"


OFF = Schedule()

# Orders come first, so that a sync knows of them. New listings appear on a store when a person says so.
DEFAULT_SCHEDULES: Mapping[ScheduledOperation, Schedule] = {
    ScheduledOperation.GET_ORDERS: Schedule(every=timedelta(minutes=5)),
    ScheduledOperation.SYNC_ORDERS: Schedule(every=timedelta(minutes=10)),
    ScheduledOperation.SYNC: Schedule(every=timedelta(minutes=15)),
    ScheduledOperation.RECONCILE: Schedule(cron="0 3 * * *"),
    ScheduledOperation.RECONCILE_ORDERS: Schedule(cron="30 3 * * *"),
    ScheduledOperation.DELIVER_ORDERS: OFF,
    ScheduledOperation.FETCH_SHIPMENTS: OFF,
    ScheduledOperation.LINK: OFF,
    ScheduledOperation.PUBLISH: OFF,
}


def next_time(schedule: Schedule, *, after: datetime, time_zone: str, beat: datetime | None = None) -> datetime | None:
    """
    Return the first time of a schedule that is later than `after`, in UTC; None if it is off.

    `beat`: a time at which an interval started or starts, so that a late start does not shift those that follow;
    without one it begins at `after`. Raises NotAllowed for an expression or a time zone that is none.
    """
    if schedule.every is not None:
        beat = after if beat is None else beat
        return (beat + ((after - beat) // schedule.every + 1) * schedule.every).astimezone(UTC)
    if not schedule.cron:
        return None
    try:
        # In an hour that is there twice, cron's next time may be in its first half while we are in the second: then it
        # has been. Compared in UTC, as times of one zone are compared by the clock on the wall.
        times = (time.astimezone(UTC) for time in CronSim(schedule.cron, after.astimezone(zone_of(time_zone))))
        found = next((time for time in times if time > after), None)
    except CronSimError as error:
        raise NotAllowed(
            f"{quoted(schedule.cron)} is no cron expression: {str(error).lower()}. {_CRON_HELP}"
        ) from error
    if found is None:
        raise NotAllowed(f"The cron expression {quoted(schedule.cron)} names a day that never comes.")
    return found


def interval_of(text: str) -> Schedule:
    """Read an interval such as 15m, 2h or 1d. Raises NotAllowed."""
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text.strip().lower())
    every = int(match[1]) * _UNITS[match[2]] if match else timedelta(0)
    if not _MINUTE <= every <= _LONGEST:
        raise NotAllowed(f"{quoted(text)} is no interval; write it as 15m, 2h or 1d, from one minute to 366 days.")
    return Schedule(every=every)


def cron_of(text: str) -> Schedule:
    """Read a cron expression: minute, hour, day of the month, month, day of the week. Raises NotAllowed."""
    fields = text.split()
    if len(fields) != _CRON_FIELDS or len(text) > _LONGEST_CRON:
        raise NotAllowed(f"{quoted(text)} is no cron expression. {_CRON_HELP}")
    schedule = Schedule(cron=" ".join(fields))
    next_time(schedule, after=datetime(2000, 1, 1, tzinfo=UTC), time_zone="UTC")
    return schedule


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises NotAllowed."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = get_close_matches(name, available_timezones(), n=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise NotAllowed(
            f"{quoted(name)} is no time zone; name one as Europe/Berlin, America/Chicago or UTC.{meant}"
        ) from error


def spoken_time(moment: datetime, *, now: datetime, time_zone: str) -> str:
    """Write a time as the clock of a zone shows it, with the day where it is another one: `at 14:15 UTC`."""
    zone = zone_of(time_zone)
    local = moment.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"on {local:%Y-%m-%d} "
    return f"{day}at {local:%H:%M} {time_zone}"


def is_late(due: datetime, *, now: datetime) -> bool:
    """Whether a schedule has been due for so long that nothing seems to start it."""
    return now - due > _LATE


_CRON_HELP = 'Write five fields (minute, hour, day, month, day of the week), for example "0 3 * * *" for 3 o\'clock.'
