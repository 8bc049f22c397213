"""
Who may do what, tried by everybody: each route, action and command has a row here, and a new one without fails.

Alice is an owner, Bob an operator, Vera looks only; Charlie is a stranger, and has no login.
"""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from people import NAMES, ROLES, browser_of, person
from tradepost.cli import NOUNS, bootstrap, load, verbs_of
from tradepost.database.models import Channel, Order
from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.roles import ACTS, Role, may
from tradepost.web.site import site

ANYBODY, NOBODY, WITH_LOGIN = "anybody", "nobody", "overview show"

# What each table shows, and what else its addresses are for: Django makes the same five for all of them.
TABLES = {
    "auditentry": "audit list",
    "channel": "channel list",
    "fetchedfile": "shipments files",
    "listing": "listings list",
    "order": "orders list",
    "parkedorderrecord": "orders parked",
    "person": "users list",
    "productrecord": "catalogue list",
    "run": "runs list",
    "runchange": "runs show",
    "savedplan": "plans list",
    "shipmentrecord": "shipments list",
    "source": "source list",
    "upload": "runs list",
}
ROUTES = {
    "invitation": ANYBODY,
    "first_owner": ANYBODY,
    "first_steps": "overview show",
    "first_product": "listings list",
    "first_publish": "plans show",
    "login": ANYBODY,
    "logout": ANYBODY,
    "index": "overview show",
    "choose_channel": "overview show",
    "bell": "overview show",
    "notifications": "notify list",
    "personal_data": "personal-data export",
    "settings": "overview show",
    "notifications_change": "notify set",
    "start": "orders get",
    "pause_channel": "channel pause",
    "resume_channel": "channel resume",
    "pause_schedule": "channel pause",
    "resume_schedule": "channel resume",
    "search": WITH_LOGIN,
    "autocomplete": NOBODY,
    "jsi18n": WITH_LOGIN,
    "view_on_site": WITH_LOGIN,
    "app_list": WITH_LOGIN,
    "password_change": "password change",
    "password_change_done": "password change",
    "tradepost_listing_ask": "listings hide",
    "tradepost_listing_export": "listings export",
    "tradepost_listing_view": "listings list",
    "tradepost_listing_family": "listings list",
    "tradepost_listing_candidates": "listings candidates",
    "tradepost_order_needs": "orders list",
    "tradepost_order_progress": "orders show",
    "tradepost_order_reconciliation": "orders list",
    "tradepost_order_start": "orders get",
    "tradepost_shipmentrecord_file": "shipments import",
    "tradepost_run_release": "runs release",
    "tradepost_run_progress": "runs show",
    "tradepost_run_stop": "runs cancel",
    "tradepost_run_again": "runs show",
    "tradepost_run_csv": "runs show",
    "tradepost_savedplan_undo": "runs undo",
    "tradepost_person_sessions": "users sessions",
    **{f"tradepost_{table}_changelist": act for table, act in TABLES.items()},
    **{f"tradepost_{table}_change": act for table, act in TABLES.items()},
    **{f"tradepost_{table}_{what}": NOBODY for table in TABLES for what in ("add", "delete", "history")},
    "tradepost_person_add": "users invite",
    "tradepost_productrecord_image": "catalogue list",
    "tradepost_productrecord_list_on": "listings build",
    "tradepost_productrecord_deed": "catalogue rename",
    "tradepost_source_add": "source add",
    "tradepost_source_edit": "source set",
    "tradepost_upload_add": "catalogue import",
    "tradepost_upload_refused": "runs list",
    "tradepost_upload_template": "catalogue template",
    "tradepost_channel_add": "channel add",
    "tradepost_channel_change": "channel show",
    "tradepost_channel_setup": "channel set",
    "tradepost_channel_listing_rules": "listings rules",
    "tradepost_channel_order_rules": "orders rules",
    "consumers": "orders consumers",
    "consumer_show": "orders consumers",
    "consumer_add": "orders export",
    "consumer_deliver": "orders deliver",
    "consumer_forget": "orders remove-consumer",
    "shipment_sources": "shipments sources",
    "shipment_source_show": "shipments sources",
    "shipment_source_add": "shipments fetch-from",
    "shipment_source_fetch": "shipments fetch",
    "shipment_source_forget": "shipments fetch-from",
    "tradepost_channel_adopt": "listings adopt",
    "tradepost_channel_go_live": "channel go-live",
    "tradepost_channel_settings": "channel set",
}
ARGUMENTS = {
    "invitation": ["MQ", "a-token"],
    "view_on_site": ["1", "1"],
    "app_list": ["tradepost"],
    "first_publish": [1_000_000],
    "notifications_change": [1_000_000],
    "tradepost_channel_setup": [1_000_000, "test"],
    "tradepost_channel_adopt": [1_000_000],
    "tradepost_channel_go_live": [1_000_000],
    "tradepost_channel_listing_rules": [1_000_000],
    "tradepost_channel_order_rules": [1_000_000],
    **{f"consumer{what}": [1_000_000] for what in ("_show", "_add", "_deliver", "_forget")},
    **{f"shipment_source{what}": [1_000_000] for what in ("_show", "_add", "_fetch", "_forget")},
    "tradepost_channel_settings": [1_000_000, "orders"],
    "tradepost_listing_ask": ["hide"],
    "tradepost_listing_family": [1_000_000],
    "tradepost_listing_candidates": [1_000_000],
    "start": [1, "get_orders"],
    "pause_channel": [1],
    "resume_channel": [1],
    "pause_schedule": [1, "sync"],
    "resume_schedule": [1, "sync"],
    **{f"tradepost_run_{what}": [1] for what in ("release", "progress", "stop", "again", "csv")},
    "tradepost_order_progress": [1],
    "tradepost_order_start": ["fetch"],
    "tradepost_savedplan_undo": [1],
    "tradepost_person_sessions": [1_000_000],
    "tradepost_productrecord_image": ["a" * 64],
    "tradepost_productrecord_deed": [1_000_000, "rename"],
    "tradepost_source_edit": [1_000_000],
    "tradepost_upload_refused": [1_000_000],
}
ACTIONS = {
    "channel": {
        "publish": "listings publish",
        "sync": "listings sync",
        "link": "listings link",
        "get_orders": "orders get",
        "sync_orders": "orders sync",
        "plan_publish": "plans save",
        "plan_sync": "plans save",
    },
    "fetchedfile": {"settle": "shipments settle"},
    "parkedorderrecord": {"retry": "orders retry"},
    "productrecord": {"list_on": "listings build"},
    "shipmentrecord": {"retry": "shipments retry"},
    "person": {
        "make_owner": "users role",
        "make_operator": "users role",
        "make_viewer": "users role",
        "invite_again": "users invite",
        "end_sessions": "users end-sessions",
        "disable": "users disable",
        "enable": "users enable",
        "remove": "users remove",
    },
}
# What no command of its own does: pages, and what a command does beside its own act.
OF_NO_COMMAND = {"overview show", "orders open", "password change"}


def routes() -> Iterator[str]:
    def below(patterns) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from below(pattern.url_patterns)
            elif pattern.name:
                yield pattern.name

    return below(get_resolver().url_patterns)


def commands() -> list[str]:
    return [f"{noun} {verb}".strip() for noun in NOUNS for verb in verbs_of(load(noun))]


def is_for(name: str, act: str) -> bool:
    return name in ROLES and act != NOBODY and may(ROLES[name], act)


def test_every_route_action_and_command_has_a_row_and_each_row_is_of_one_of_them():
    actions = {
        model._meta.model_name: set(table.actions or ()) for model, table in site._registry.items() if table.actions
    }

    assert set(routes()) == set(ROUTES)
    assert {name: set(rows) for name, rows in ACTIONS.items()} == actions
    assert set(commands()) == set(ACTS) - OF_NO_COMMAND
    asked = {*ROUTES.values(), *(act for rows in ACTIONS.values() for act in rows.values())}
    assert asked - {ANYBODY, NOBODY} <= set(ACTS)


def test_an_act_without_a_row_is_nobodys():
    assert [may(role, "listings burn") for role in Role] == [False, False, False]


@pytest.mark.parametrize("name", NAMES)
def test_each_route_opens_to_whom_its_row_says_and_leads_strangers_to_the_login(sqlite, name):
    for each in NAMES:
        person(each)
    client: Client = browser_of(name)

    answers = {}
    for route in sorted(ROUTES):
        prefix = "" if route in {"invitation", "first_owner"} else "admin:"
        is_of_row = route.startswith("tradepost_") and route.endswith(("_change", "_delete", "_history"))
        usual = [1_000_000] if is_of_row else []
        answer = client.get(reverse(f"{prefix}{route}", args=ARGUMENTS.get(route, usual)))
        to_login = answer.status_code == 302 and answer["Location"].startswith("/login/")
        answers[route] = "login" if to_login else "refused" if answer.status_code in {403, 405} else "open"

    def expected(route: str, act: str) -> str:
        if route == "first_owner":
            # It is closed as soon as somebody is there.
            return "login"
        if act == ANYBODY:
            # Who is logged in has to post there.
            return "refused" if route == "logout" and name in ROLES else "open"
        if name not in ROLES:
            return "login"
        return "open" if is_for(name, act) else "refused"

    assert answers == {route: expected(route, act) for route, act in sorted(ROUTES.items())}


@pytest.mark.parametrize("name", NAMES)
def test_each_action_is_offered_to_whom_its_row_says(sqlite, name):
    request = RequestFactory().get("/")
    request.user = person(name) if name in ROLES else AnonymousUser()

    offered = {
        model._meta.model_name: set(table.get_actions(request))
        for model, table in site._registry.items()
        if table.actions
    }

    assert offered == {
        table: {action for action, act in rows.items() if is_for(name, act)} for table, rows in ACTIONS.items()
    }


class Opened(Exception):
    """A command was let in."""


@pytest.mark.parametrize("name", NAMES)
def test_each_command_is_let_in_for_whom_its_row_says(name, monkeypatch):
    def opened() -> None:
        raise Opened

    monkeypatch.setattr(bootstrap, "open_hub", opened)
    # What works on the database as a whole goes no further than this.
    monkeypatch.setattr(bootstrap, "set_up", opened)
    monkeypatch.setenv("TRADEPOST_ROLE", ROLES.get(name, "stranger"))
    verbs = {f"{noun} {word}".strip(): verb for noun in NOUNS for word, verb in verbs_of(load(noun)).items()}
    del verbs["demo"]  # has a hub of its own, which nobody else can open

    let_in = set()
    for act, verb in verbs.items():
        try:
            verb.callback()
        except Opened:
            let_in.add(act)
        except NotAllowed:
            continue

    assert let_in == {act for act in verbs if is_for(name, act)}


def test_commands_are_done_as_the_owner_if_nothing_else_is_said(shell, monkeypatch):
    monkeypatch.delenv("TRADEPOST_ROLE", raising=False)
    assert shell("users", "list").code == 0

    monkeypatch.setenv("TRADEPOST_ROLE", "operator")
    refused = shell("users", "list")
    monkeypatch.setenv("TRADEPOST_ROLE", "king")
    unknown = shell("listings", "list")

    assert (refused.code, refused.err) == (2, "'users list' takes the role 'owner', and this is done as 'operator'.\n")
    assert (unknown.code, unknown.err) == (2, "TRADEPOST_ROLE must be viewer, operator, owner, or not be set.\n")


def test_an_action_that_is_not_offered_does_nothing_when_it_is_posted_all_the_same(sqlite):
    vera, bob = person("vera"), person("bob")
    form = {"action": "make_owner", "_selected_action": [str(vera.pk), str(bob.pk)], "index": "0"}

    answers = [browser_of(name).post("/tradepost/person/", form).status_code for name in ("vera", "bob")]

    assert answers == [403, 403]
    assert {person("vera").role, person("bob").role} == {"viewer", "operator"}


def test_who_only_looks_leaves_an_order_fresh_and_who_works_opens_it(shell, monkeypatch):
    channel = Channel.objects.create(name="shop")
    now = timezone.now()
    Order.objects.create(
        channel=channel, external_id=77, store_status="pending", placed_at=now, imported_at=now, total=5
    )
    opened = []
    for role in ("viewer", "operator"):
        monkeypatch.setenv("TRADEPOST_ROLE", role)
        assert shell("orders", "show", "77").code == 0
        opened.append(Order.objects.get().opened_at is not None)

    assert opened == [False, True]
