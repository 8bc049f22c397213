"""People as commands and pages let them in and out: roles, invitations, sessions, limits, and the trail of it all."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from people import browser_of, person
from tradepost.database.models import AuditEntry, Person, Session
from tradepost.database.whence import come_from
from tradepost.web.people.sign_in import OWNERS_IDLE

PASSWORD = "a long and quiet evening"


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashing a password is slow on purpose."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def office(shell, monkeypatch):
    """A shell whose hub has Alice for an owner, with a password."""
    monkeypatch.setenv("TRADEPOST_PASSWORD", PASSWORD)
    assert shell("users", "add", "alice").code == 0
    return shell


def trail() -> list[tuple[str, str, str]]:
    return [(row.event, row.subject, row.words) for row in AuditEntry.objects.order_by("pk")]


def log_in(name: str, password: str, *, client: Client | None = None, address: str = "192.0.2.7"):
    client = client or Client(SERVER_NAME="localhost")
    form = {"username": name, "password": password}
    return client.post("/login/", form, REMOTE_ADDR=address, headers={"user-agent": "Firefox"})


def test_the_first_person_is_the_owner_and_the_next_ones_look_unless_it_is_said(office):
    first = office("users", "list", "--json").json["users"]
    bob = office("users", "add", "bob", "--role", "operator")
    vera = office("users", "add", "vera", "--json")

    assert [(row["user"], row["role"], row["has_password"]) for row in first] == [("alice", "owner", True)]
    assert (bob.code, bob.out) == (0, "bob can log in now, as operator.\n")
    assert vera.json == {"user": "vera", "role": "viewer", "created": True}


@pytest.mark.parametrize("name", ["alice", "ALICE"])
def test_adding_a_name_that_is_known_is_refused_and_changes_nothing(office, monkeypatch, name):
    before = Person.objects.get().password
    monkeypatch.setenv("TRADEPOST_PASSWORD", "quite another password")

    said = office("users", "add", name, "--role", "viewer")

    assert said.code == 2
    assert f"There is '{name}' already." in said.err
    assert (Person.objects.get().password, Person.objects.get().role) == (before, "owner")


@pytest.mark.parametrize(
    ("password", "why"),
    [("eleven char", "at least 12 characters"), ("123456789012", "entirely numeric"), ("bob-the-first", "similar")],
)
def test_a_weak_password_is_refused(office, monkeypatch, password, why):
    monkeypatch.setenv("TRADEPOST_PASSWORD", password)

    said = office("users", "add", "bob-the-first")

    assert said.code == 2
    assert why in said.err
    assert [row.username for row in Person.objects.all()] == ["alice"]


@pytest.mark.parametrize("name", ["", " bob", "bo/b", "b\x1bob", "b" * 151])
def test_a_name_that_can_not_be_typed_or_shown_is_refused(office, name):
    assert office("users", "invite", name).code == 2
    assert Person.objects.count() == 1


# --- invitations ---------------------------------------------------------------------------------------------------


def link_of(said) -> str:
    return re.search(r"/invitation/\S+", said.out)[0]


def choose(link: str, password: str = "nobody guesses this one"):
    client = Client(SERVER_NAME="localhost")
    form = client.get(link, follow=True)
    if not form.context["validlink"]:
        return None
    return client.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password})


def test_a_link_is_of_use_once_and_only_the_last_one(office):
    first = link_of(office("users", "invite", "bob", "--role", "operator"))
    second = link_of(office("users", "invite", "bob"))

    outcomes = [choose(first), choose(second), choose(second)]

    assert [outcome and outcome.status_code for outcome in outcomes] == [None, 302, None]
    assert log_in("bob", "nobody guesses this one").status_code == 302
    assert office("users", "list", "--json").json["users"][1]["role"] == "operator"


def test_a_link_is_of_no_use_after_three_days_or_when_it_was_taken_back(office, monkeypatch):
    late = link_of(office("users", "invite", "bob"))
    disabled = link_of(office("users", "invite", "vera"))
    office("users", "disable", "vera")
    office("users", "enable", "vera")
    removed = link_of(office("users", "invite", "charlie"))
    office("users", "remove", "charlie")

    def in_four_days(_tokens):
        return timezone.now().replace(tzinfo=None) + timedelta(days=4)

    assert (choose(disabled), choose(removed)) == (None, None)
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", in_four_days)
    assert choose(late) is None


def test_a_weak_password_is_not_taken_from_an_invitation_either(office):
    link = link_of(office("users", "invite", "bob"))

    answer = choose(link, "short")

    assert answer.status_code == 200
    assert "at least 12 characters" in answer.content.decode()
    assert not Person.objects.get(username="bob").has_usable_password()


def test_who_is_invited_again_keeps_role_and_password_until_another_is_chosen(office):
    said = office("users", "invite", "alice")
    other = office("users", "invite", "alice", "--role", "viewer")

    assert said.code == 0
    assert (other.code, "alice is owner already" in other.err) == (2, True)
    assert log_in("alice", PASSWORD).status_code == 302


def test_a_link_begins_with_the_address_that_others_call_the_hub_by(office, monkeypatch):
    monkeypatch.setattr(settings, "TRADEPOST_ADDRESS", "https://hub.example.com")

    said = office("users", "invite", "bob", "--json")

    assert said.json["link"].startswith("https://hub.example.com/invitation/")


# --- the last owner ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [("role", "alice", "viewer"), ("disable", "alice"), ("remove", "alice")])
def test_the_last_owner_stays_one(office, verb):
    alone = office("users", *verb)
    office("users", "add", "olga", "--role", "owner")
    office("users", "disable", "olga")
    beside_a_disabled_one = office("users", *verb)
    office("users", "enable", "olga")
    of_two = office("users", *verb)

    assert (alone.code, "is the only owner who can log in" in alone.err) == (2, True)
    assert beside_a_disabled_one.code == 2
    assert of_two.code == 0


@pytest.mark.parametrize("verb", [("role", "alice", "viewer"), ("disable", "alice"), ("remove", "alice")])
def test_an_owner_who_never_chose_a_password_is_none_that_others_can_go_by(office, verb):
    office("users", "invite", "olga", "--role", "owner")

    refused = office("users", *verb)
    not_needed = office("users", "remove", "olga")

    assert (refused.code, "is the only owner who can log in" in refused.err) == (2, True)
    assert not_needed.code == 0, not_needed


def test_pages_refuse_to_take_the_last_owner_out_too(office):
    alice = browser_of("alice")
    form = {"_selected_action": [str(person("alice").pk)], "index": "0"}

    answers = [
        alice.post("/tradepost/person/", {**form, "action": action}, follow=True).content.decode()
        for action in ("make_viewer", "disable", "remove")
    ]

    assert all("is the only owner who can log in" in answer for answer in answers)
    assert (person("alice").role, person("alice").is_active) == ("owner", True)


# --- sessions ------------------------------------------------------------------------------------------------------


def test_sessions_are_listed_and_ended_one_by_one_or_all(office):
    clients = [Client(SERVER_NAME="localhost") for _ in range(3)]
    for number, client in enumerate(clients):
        log_in("alice", PASSWORD, client=client, address=f"192.0.2.{number}")

    listed = office("users", "sessions", "alice", "--json").json["sessions"]
    keys = {row.session_key for row in Session.objects.all()}
    one = office("users", "end-sessions", "alice", "--session", listed[0]["session"])
    unknown = office("users", "end-sessions", "alice", "--session", listed[0]["session"])
    after_one = [client.get("/").status_code for client in clients]
    office("users", "end-sessions", "alice")

    assert [(row["address"], row["browser"]) for row in listed] == [(f"192.0.2.{n}", "Firefox") for n in range(3)]
    assert not keys & {row["session"] for row in listed}, "a key that was shown could be used"
    assert (one.out, unknown.code) == ("alice had 1 session, ended now.\n", 2)
    assert after_one == [302, 200, 200]
    assert [client.get("/").status_code for client in clients] == [302, 302, 302]


def test_who_is_disabled_or_removed_is_out_with_the_next_page(office):
    office("users", "add", "bob", "--role", "operator")
    office("users", "add", "vera")
    bob, vera = browser_of("bob"), browser_of("vera")
    before = (bob.get("/").status_code, vera.get("/").status_code)

    office("users", "disable", "bob")
    office("users", "remove", "vera")

    assert before == (200, 200)
    assert (bob.get("/").status_code, vera.get("/").status_code) == (302, 302)
    assert Session.objects.count() == 0
    assert log_in("bob", PASSWORD).status_code == 200, "the form again"


def test_another_role_counts_from_the_next_page_on(office):
    office("users", "add", "bob", "--role", "owner")
    bob = browser_of("bob")
    before = bob.get("/tradepost/person/").status_code

    office("users", "role", "bob", "viewer")

    assert (before, bob.get("/tradepost/person/").status_code) == (200, 403)


def test_a_session_is_over_after_twelve_hours_whatever_is_done_in_it(office):
    client = Client(SERVER_NAME="localhost")
    log_in("alice", PASSWORD, client=client)
    begun = Session.objects.get().expire_date
    client.post("/tradepost/channel/", {"action": "sync", "_selected_action": ["1"], "index": "0"})
    session = Session.objects.get()

    assert timedelta(hours=11, minutes=59) < begun - timezone.now() <= timedelta(hours=12)
    assert abs(session.expire_date - begun) < timedelta(seconds=1), "it does not move on"
    Session.objects.update(expire_date=timezone.now())
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(("name", "answer"), [("alice", 302), ("bob", 200)])
def test_an_owner_is_logged_out_after_half_an_hour_without_a_page(office, name, answer):
    office("users", "add", "bob", "--role", "operator")
    client = browser_of(name)
    client.get("/")
    almost = timezone.now() - OWNERS_IDLE + timedelta(minutes=1)
    Session.objects.update(seen_at=almost)
    in_time = client.get("/").status_code
    seen = Session.objects.get().seen_at
    Session.objects.update(seen_at=timezone.now() - OWNERS_IDLE - timedelta(seconds=1))

    assert (in_time, seen > almost) == (200, True)
    assert client.get("/tradepost/channel/").status_code == answer


def test_the_old_password_can_not_be_tried_for_long_at_a_browser_that_was_left_open(office):
    client = Client(SERVER_NAME="localhost")
    log_in("alice", PASSWORD, client=client)
    new = "quite another password"
    form = {"new_password1": new, "new_password2": new}

    tried = [client.post("/password_change/", {**form, "old_password": f"guess {n}"}).status_code for n in range(10)]
    right = client.post("/password_change/", {**form, "old_password": PASSWORD})

    assert tried == [200] * 9 + [429]
    assert right.status_code == 429
    assert person("alice").check_password(PASSWORD)


def test_another_password_ends_the_other_sessions_and_not_this_one(office):
    here, there = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    for client in (here, there):
        log_in("alice", PASSWORD, client=client)
    new = "quite another password"

    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    changed = here.post("/password_change/", form)

    assert changed.status_code == 302
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)
    assert ("password_set", "alice", "") in trail()


# --- limits of logins ----------------------------------------------------------------------------------------------


def test_ten_failures_lock_a_name_out_wherever_they_come_from_and_the_shell_lets_it_in_again(office):
    """R55"""
    for number in range(10):
        log_in("alice", "wrong", address=f"192.0.2.{number}")

    locked = log_in("alice", PASSWORD, address="198.51.100.1")
    office("users", "enable", "alice")
    again = log_in("alice", PASSWORD, address="198.51.100.1")

    assert (locked.status_code, "Try again in 15 minutes" in locked.content.decode()) == (429, True)
    assert again.status_code == 302
    events = [event for event, _, _ in trail()]
    assert (events.count("login_failed"), events.count("locked_out"), events[-1]) == (9, 1, "logged_in")


def test_ten_failures_lock_an_address_out_whatever_names_were_tried_and_others_get_in(office):
    for number in range(10):
        log_in(f"name{number}", "wrong", address="2001:db8::1")

    assert log_in("alice", PASSWORD, address="2001:db8::2").status_code == 429, "of the same network"
    assert log_in("alice", PASSWORD, address="2001:db8:0:1::1").status_code == 302


def test_who_gets_in_between_does_not_begin_anew_with_the_names_of_others(office):
    office("users", "add", "bob", "--role", "operator")
    for _ in range(9):
        log_in("alice", "wrong")
    log_in("bob", PASSWORD)
    log_in("alice", "wrong")

    assert log_in("alice", PASSWORD).status_code == 429


def test_what_was_typed_for_a_name_is_kept_nowhere_if_it_is_no_name(office):
    """Some people type their password where the name belongs."""
    from axes.models import AccessAttempt  # noqa: PLC0415 after the settings

    log_in("correct horse battery", "wrong")

    kept = [str(row) for row in AccessAttempt.objects.values()] + [str(row) for row in AuditEntry.objects.values()]
    assert "correct horse" not in " ".join(kept)
    assert AuditEntry.objects.last().who == "nobody known"


# --- the audit trail -----------------------------------------------------------------------------------------------


def test_the_trail_tells_what_was_set_up_paused_and_asked_for_by_whom_and_from_where_without_a_secret(
    connected, box, monkeypatch
):
    """R55"""
    monkeypatch.setenv("TRADEPOST_TOKEN", box.token)
    connected("channel", "set", "shop", "--new-token", "--batch-size", 20)
    connected("channel", "pause", "shop")
    connected("channel", "resume", "shop")
    connected("orders", "get")

    entries = connected("audit", "list", "--json").json["entries"]
    shown = browser_of("alice").get("/tradepost/auditentry/").content.decode()

    assert [(row["event"], row["subject"]) for row in reversed(entries)][:5] == [
        ("credentials_changed", "shop"),
        ("credentials_changed", "shop"),
        ("paused", "shop"),
        ("resumed", "shop"),
        ("requested", "shop"),
    ]
    assert "store_token none -> replaced" in entries[-2]["what"]
    assert "batch_size 50 -> 20" in entries[-2]["what"]
    assert {row["who"].split(":")[0] for row in entries if row["event"] != "logged_in"} == {"shell"}
    assert all(row["run"] for row in entries if row["event"] == "paused")
    assert "batch_size 50 -&gt; 20" in shown
    told = connected("audit", "list").out + shown
    assert not any(secret in told for secret in (box.token, box.hub_token, box.signature_key, box.ftp_password))


def test_an_import_by_hand_is_in_the_trail_with_its_run(connected, sample):
    """R55"""
    run = connected("catalogue", "import", sample, "--json").json["run"]

    (entry,) = [row for row in connected("audit", "list", "--json").json["entries"] if row["run"] == run]

    assert (entry["event"], entry["who"].split(":")[0]) == ("requested", "shell")
    assert "import" in entry["what"]


def test_who_is_told_what_and_each_copy_of_the_database_is_in_the_trail(office, tmp_path, monkeypatch):
    """R55"""
    monkeypatch.setenv("TRADEPOST_NOTIFY_ADDRESS", "mailtos://user:geheim@mail.example.com?to=me@example.com")
    office("notify", "add", "ops", "--event", "brake")
    office("notify", "set", "ops", "--digest", "08:00")
    office("notify", "remove", "ops")
    office("database", "backup", tmp_path / "hub.backup")
    before = trail()
    restored = office("database", "restore", tmp_path / "hub.backup", "--replace", "--yes")

    told = [(event, subject) for event, subject, _ in before if event != "person_added"]
    assert told == [
        ("credentials_changed", "ops"),
        ("set_up_changed", "ops"),
        ("credentials_changed", "ops"),
        ("database_copied", ""),
    ]
    assert "geheim" not in str(before)
    assert restored.code == 0, restored
    assert trail()[-1][0] == "database_copied"
    assert "was restored" in trail()[-1][2]


def test_the_trail_names_the_machine_of_a_command_and_the_address_of_a_page(office):
    come_from("hub.example.com")
    office("users", "invite", "bob")
    log_in("alice", PASSWORD, address="192.0.2.7")

    told = AuditEntry.objects.order_by("pk").values_list("event", "whence")
    assert list(told)[-2:] == [("person_invited", "hub.example.com"), ("logged_in", "192.0.2.7")]


def test_nothing_in_the_trail_is_changed_or_taken_out(office):
    entry = AuditEntry.objects.first()

    for attempt in (entry.save, entry.delete, AuditEntry.objects.all().delete, AuditEntry.objects.update):
        with pytest.raises(TypeError, match="audit trail"):
            attempt()


def test_the_trail_is_narrowed_to_one_person_and_one_kind(office):
    log_in("alice", PASSWORD)
    log_in("alice", "wrong")

    alices = office("audit", "list", "--who", "alice", "--json").json["entries"]
    failed = office("audit", "list", "--event", "login_failed", "--limit", 1)

    assert [row["event"] for row in alices] == ["login_failed", "logged_in"]
    assert "login failed" in failed.out
    assert "logged in" not in failed.out
