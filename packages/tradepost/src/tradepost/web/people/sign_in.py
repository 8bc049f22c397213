"""
Logging in and out: what a session begins with, how long it lasts, and what the audit trail gets to know.

Django and the package that counts failures tell of logins by signals and in no other way, so this is the one place
that listens to some.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tradepost import wiring
from tradepost.database.models import Person, Session
from tradepost.domain.people.audit import NOBODY, AuditEvent, AuditNote
from tradepost.domain.people.roles import Role
from tradepost.web.site import site
from tradepost.web.visitors import Answer, address_of

OWNERS_IDLE = timedelta(minutes=30)
_LONGEST_BROWSER = 200


@receiver(user_logged_in)
def begin_session(*, request: HttpRequest, user: Person, **_: Any) -> None:
    now = timezone.now()
    request.session[Session.ADDRESS] = address_of(request)
    request.session[Session.BROWSER] = request.headers.get("User-Agent", "")[:_LONGEST_BROWSER]
    request.session[Session.STARTED_AT] = now.isoformat()
    # A moment and not a span: it does not move on with every page.
    request.session.set_expiry(now + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    wiring.people.sessions().forget_ended(at=now)
    wiring.trail.audit().note(AuditNote(AuditEvent.LOGGED_IN, user.username))


@receiver(user_logged_out)
def note_logout(*, user: Person | None, **_: Any) -> None:
    if user is not None:
        wiring.trail.audit().note(AuditNote(AuditEvent.LOGGED_OUT, user.username))


@receiver(user_login_failed)
def note_failure(*, credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if not getattr(request, "axes_locked_out", False):
        wiring.trail.audit().note(AuditNote(AuditEvent.LOGIN_FAILED, _known_name(credentials)))


@receiver(user_locked_out)
def note_lock_out(*, request: HttpRequest, **_: Any) -> None:
    # Once, and not again for each attempt while it lasts: those are not counted.
    if getattr(request, "axes_failures_since_start", None):
        credentials: Mapping[str, Any] = getattr(request, "axes_credentials", None) or {}
        words = f"no login from there or by that name for {_minutes(settings.AXES_COOLOFF_TIME)} minutes"
        wiring.trail.audit().note(AuditNote(AuditEvent.LOCKED_OUT, _known_name(credentials), words=words))


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: Any) -> HttpResponse:
    """Answer one login too many; named in the settings."""
    context = {
        **site.each_context(request),
        "title": "Too many attempts",
        "minutes": _minutes(settings.AXES_COOLOFF_TIME),
    }
    return render(request, "back_office/people/locked_out.html", context, status=429)


def is_same_person(request: HttpRequest, *, field: str = "password") -> bool:
    """
    Say whether who sits at a browser knows the password of whom it is logged in for, as typed into `field`.

    A wrong one counts as a failed login does, so that nobody can try for long.
    """
    person = request.user
    found = authenticate(request, username=person.get_username(), password=request.POST.get(field, ""))
    return found is not None and found.pk == person.pk


def end_idle_sessions(answer: Answer) -> Answer:
    """End an owner's session that nobody has used for a while: an open browser is a key that lies about."""

    def answer_in_time(request: HttpRequest) -> HttpResponse:
        person, now = request.user, timezone.now()
        if isinstance(person, Person) and request.session.session_key:
            seen = wiring.people.sessions().seen(request.session, at=now)
            if person.role == Role.OWNER and seen is not None and now - seen > OWNERS_IDLE:
                logout(request)
                messages.info(request, f"Logged out after {_minutes(OWNERS_IDLE)} minutes without a page.")
                return redirect_to_login(request.get_full_path() if request.method == "GET" else "/", "/login/")
        return answer(request)

    return answer_in_time


def _known_name(credentials: Mapping[str, Any]) -> str:
    """Name who it was only if there is somebody of that name: some people type their password there."""
    typed = str(credentials.get("username") or "")
    return typed if typed and Person.objects.filter(username=typed).exists() else NOBODY


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
