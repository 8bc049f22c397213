"""All that can be set, on one page: each with its state in a few words and the way to it, as far as somebody may."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Manager
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from tradepost.database.models import (
    AuditEntry,
    Channel,
    Consumer,
    NoticePlace,
    Person,
    ScheduleRecord,
    Session,
    ShipmentSourceRecord,
)
from tradepost.domain.channels.schedule import ScheduledOperation
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.engine.copies import last_backup
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import channels_in_use, chosen_channel
from tradepost.web.shell.page import page
from tradepost.web.shell.standings import channel_facts, state_of
from tradepost.web.today.first_steps import are_ahead

_HOUR = 3600
_KNOWN_LONG = 60


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set. `at`: a moment that belongs to its state; `link`: blank where there is no page."""

    title: str
    state: str
    link: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel with what can be set of it."""

    channel: Channel
    standing: dict[str, str]
    settings: Sequence[Setting]


def settings_index(request: HttpRequest) -> HttpResponse:
    """Show what can be set, of the hub and of each channel that is looked at."""
    need(request, "overview show")
    chosen = chosen_channel(request)
    channels = [each for each in channels_in_use(request) if chosen in {None, each.pk}]
    scheduled = dict(
        ScheduleRecord.objects.filter(channel__in=channels, next_at__isnull=False, paused_at__isnull=True)
        .values_list("channel_id")
        .annotate(number=Count("pk"))
    )
    shows, facts = may(request, "channel show"), channel_facts(request)
    return page(
        request,
        "back_office/settings/settings_index.html",
        title="Settings",
        hub=list(_of_hub(request)),
        cards=[
            ChannelCard(each, state_of(facts[each.pk]), list(_of_channel(request, each, scheduled.get(each.pk, 0))))
            for each in channels
            if shows
        ],
        may_add=may(request, "channel add"),
    )


# --- the hub ----------------------------------------------------------------------------------------------------------


def _of_hub(request: HttpRequest) -> Iterator[Setting]:
    if may(request, "channel list"):
        yield _channels(request)
    for act, setting in _HUB:
        if may(request, act):
            yield setting()


def _channels(request: HttpRequest) -> Setting:
    states = Counter(state_of(facts)["state"] for facts in channel_facts(request).values())
    words = ", ".join(f"{number} {state}" for state, number in states.most_common()) or "none is connected yet"
    return Setting("Channels", words, reverse("admin:tradepost_channel_changelist"))


def _first_steps() -> Setting:
    words = "nothing is for sale yet" if are_ahead() else "taken; a sandbox to try things on is there, too"
    return Setting("First steps", words, reverse("admin:first_steps"))


def _notifications() -> Setting:
    number = NoticePlace.objects.count()
    words = _counted(number, "place is told", "places are told") if number else "nobody is told of anything"
    return Setting("Notifications", words, reverse("admin:notifications"))


def _people() -> Setting:
    roles = Counter(Person.objects.filter(is_active=True).values_list("role", flat=True))
    words = ", ".join(_counted(number, role, f"{role}s") for role, number in sorted(roles.items()))
    return Setting("People", words, reverse("admin:tradepost_person_changelist"))


def _sign_in() -> Setting:
    now = timezone.now()
    number = Session.objects.filter(expire_date__gt=now, person__isnull=False).count()
    hours = settings.SESSION_COOKIE_AGE // _HOUR
    words = f"{_counted(number, 'session is', 'sessions are')} open; each ends {hours} hours after its login"
    return Setting("Sign-in and sessions", words, reverse("admin:tradepost_person_changelist"))


def _password() -> Setting:
    return Setting("Your password", "twelve characters or more", reverse("admin:password_change"))


def _consumers() -> Setting:
    names = list(_of_those_in_use(Consumer.objects))
    words = _number_or(names, "nobody is given orders by itself")
    return Setting("Who takes orders", words, reverse("admin:consumers"))


def _shipment_sources() -> Setting:
    names = list(_of_those_in_use(ShipmentSourceRecord.objects))
    words = _number_or(names, "files of shipments are fetched from nowhere")
    return Setting("Where shipments come from", words, reverse("admin:shipment_sources"))


def _of_those_in_use(rows: Manager[Any]) -> Iterable[str]:
    return rows.filter(channel__archived_at__isnull=True).order_by("name").values_list("name", flat=True)


def _personal_data() -> Setting:
    return Setting(
        "Personal data", "what is known of one customer, to give or to erase", reverse("admin:personal_data")
    )


def _audit() -> Setting:
    last = AuditEntry.objects.order_by("-pk").values_list("at", flat=True).first()
    words = "the last entry is of" if last is not None else "nothing is in it yet"
    return Setting("Audit trail", words, reverse("admin:tradepost_auditentry_changelist"), last)


def _backups() -> Setting:
    last = last_backup()
    if last is None:
        return Setting("Backups", "none was made yet; whoever runs the server makes them, best every night")
    return Setting("Backups", "made on the server; the last one", at=last)


_HUB: Sequence[tuple[str, Callable[[], Setting]]] = (
    ("overview show", _first_steps),
    ("orders consumers", _consumers),
    ("shipments sources", _shipment_sources),
    ("notify list", _notifications),
    ("users list", _people),
    ("users sessions", _sign_in),
    ("overview show", _password),
    ("personal-data export", _personal_data),
    ("audit list", _audit),
    ("audit list", _backups),
)


# --- a channel --------------------------------------------------------------------------------------------------------


def _of_channel(request: HttpRequest, channel: Channel, scheduled: int) -> Iterator[Setting]:
    edits = may(request, "channel set")
    whole = reverse("admin:tradepost_channel_change", args=[channel.pk])

    def step(name: str) -> str:
        return reverse("admin:tradepost_channel_setup", args=[channel.pk, name]) if edits else whole

    def part(name: str) -> str:
        return reverse("admin:tradepost_channel_settings", args=[channel.pk, name]) if edits else whole

    if channel.setup_step:
        yield Setting("Set up", "not finished yet", step(channel.setup_step))
        return
    yield Setting("Connection", _tested(channel), step("connection"), channel.checked_at)
    operations = len(ScheduledOperation)
    yield Setting("Schedules", f"{scheduled} of {operations} operations start by themselves", step("schedules"))
    yield Setting("Listings", _listings(channel), part("listings"))
    yield Setting(
        "Mapping", _number_or([target for target, _ in channel.rules.get("mapping", ())], "as usual"), part("mapping")
    )
    if may(request, "listings rules"):
        rules = reverse("admin:tradepost_channel_listing_rules", args=[channel.pk])
        words = _number_or(_named(channel.listing_rules), "none: prices and stock are the catalogue's")
        yield Setting("Rules for listings", words, rules)
    yield Setting("Orders", _orders(channel), part("orders"))
    if may(request, "orders rules"):
        rules = reverse("admin:tradepost_channel_order_rules", args=[channel.pk])
        words = _number_or(_named(channel.order_rules), "none: every order is to be shipped as it comes")
        yield Setting("Rules for orders", words, rules)
    carriers = _number_or(list(channel.carrier_map), "as they are called in the store")
    yield Setting("Carriers", carriers, part("carriers"))


def _tested(channel: Channel) -> str:
    if channel.checked_at is None:
        return "not tested yet"
    bad = sum(not each["is_good"] for each in channel.findings)
    return f"{bad} to be mended, tested" if bad else "everything well, tested"


def _listings(channel: Channel) -> str:
    new = "what is new is listed" if channel.lists_new else "only what somebody names is listed"
    return f"{new}; a run asks before it changes more than {channel.brake_percent} %"


def _orders(channel: Channel) -> str:
    mode = AcknowledgeMode(channel.acknowledge_mode)
    told = "the store is not told of orders" if mode is AcknowledgeMode.NONE else "the store is told of each order"
    return f"{told}; {channel.look_back_days} days are looked back"


def _named(rules: Iterable[dict[str, Any]]) -> list[str]:
    return [str(rule["name"]) for rule in rules]


def _number_or(names: Sequence[str], otherwise: str) -> str:
    """How many there are, with the names of as many as fit."""
    if not names:
        return otherwise
    listed = ", ".join(names)
    return f"{len(names)}: {listed}" if len(listed) <= _KNOWN_LONG else str(len(names))


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
