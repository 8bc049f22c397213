"""Who is told what although they do not look: places with what is told there, added, changed, tried and forgotten."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from unfold.widgets import CHECKBOX_CLASSES  # type: ignore[import-untyped] # the package has no types

from tradepost.database.models import NoticePlace
from tradepost.domain.errors import NotAllowed, TradepostError
from tradepost.domain.people.notices import HEADINGS, NoticeEvent
from tradepost.engine.notices import add_place, change_place, remove_place, try_place
from tradepost.web.channels.forms import text_field, tick_field
from tradepost.web.people.place_kinds import PLACE_KINDS
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages

_HERE = "admin:notifications"
_BY = "by"
_STORED = ("events", "digest_at", "time_zone", "is_local")
_ACTS = {"add": "notify add", "test": "notify test", "remove": "notify remove"}


class NoticeForm(forms.Form):
    """What is told at a place, and where that is, by the fields of its kind. Secrets are never sent back."""

    events = forms.MultipleChoiceField(
        label="Told when (nothing ticked is everything)",
        choices=[(event.value, words) for event, words in HEADINGS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": " ".join(CHECKBOX_CLASSES)}),
    )
    digest_at = text_field("Once a day at", "As 08:00; blank tells at once.", max_length=5)
    time_zone = text_field("in the time zone", "As Europe/Berlin; blank is UTC.", max_length=64)
    is_local = tick_field("The host is inside my own network", "Else private addresses are not called.")

    def __init__(self, kind: str, typed: Any = None, **options: Any) -> None:
        super().__init__(typed, **options)
        self.kind = kind
        of_kind = PLACE_KINDS[kind].fields() if kind else {}
        self.fields.update(of_kind)
        self.order_fields(["name", *of_kind])

    @property
    def events_told(self) -> list[NoticeEvent]:
        return [NoticeEvent(value) for value in self.cleaned_data["events"]]

    @property
    def address(self) -> str | None:
        """What is typed of where it is; None where that is nothing. Raises NotAllowed."""
        return PLACE_KINDS[self.kind].address(self.cleaned_data) if self.kind else None


class NewPlaceForm(NoticeForm):
    """A place to be added."""

    name = text_field("Name", "What you call this place, such as ops.", is_needed=True, max_length=64)


class ChangedPlaceForm(NoticeForm):
    """What is told at a place that there is. Its name stays, and so does where it is, unless a kind is chosen."""

    def __init__(self, place: NoticePlace, kind: str, typed: Any = None) -> None:
        stored = {name: getattr(place, name) for name in _STORED}
        # Other names than those of the form for a new place, beside which it is shown.
        super().__init__(kind, typed, initial=stored, auto_id="changed_%s")

    @property
    def changes(self) -> dict[str, Any]:
        """
        What was typed anew; only of a form that is valid. Raises NotAllowed.

        What stays is not named: a digest whose time is set begins anew, without what it has gathered.
        """
        typed = {**self.cleaned_data, "events": self.events_told, "address": self.address}
        changed = [*(name for name in self.changed_data if name in _STORED), *(["address"] if self.kind else [])]
        return {name: typed[name] or ("UTC" if name == "time_zone" else typed[name]) for name in changed}


def notifications(request: HttpRequest) -> HttpResponse:
    """Show who is told what; posted, add a place, try one or forget it."""
    need(request, "notify list")
    asked = request.POST.get("do", "")
    kind = _kind_asked(request) or next(iter(PLACE_KINDS))
    form = NewPlaceForm(kind, request.POST if asked == "add" else None)
    if request.method == "POST":
        if asked not in _ACTS:
            messages.warning(request, "The page asked for nothing that there is; load it again.")
            return redirect(_HERE)
        need(request, _ACTS[asked])
        try:
            if asked != "add":
                _do(request, asked, request.POST.get("place", ""))
                return redirect(_HERE)
            if form.is_valid():
                _add(form, who=request.user.get_username())
                messages.success(request, f"{form.cleaned_data['name']} is told from now on. Try it.")
                return redirect(_HERE)
        except TradepostError as refusal:
            if asked == "add":
                form.add_error(None, in_words_of_pages(str(refusal)))
            else:
                messages.warning(request, in_words_of_pages(str(refusal)))
                return redirect(_HERE)
    waiting = Count("messages", filter=Q(messages__due_at__isnull=False))
    return page(
        request,
        "back_office/people/notifications.html",
        title="Notifications",
        places=[(each, _words(each)) for each in NoticePlace.objects.annotate(waiting=waiting)],
        form=form,
        kinds=_offered(kind),
        may_add=may(request, "notify add"),
        may_set=may(request, "notify set"),
        may_test=may(request, "notify test"),
        may_remove=may(request, "notify remove"),
    )


def change_notifications(request: HttpRequest, place_id: int) -> HttpResponse:
    """Show what is told at a place and when; posted, change it."""
    need(request, "notify set")
    place = get_object_or_404(NoticePlace, pk=place_id)
    kind = _kind_asked(request)
    form = ChangedPlaceForm(place, kind, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_place(place.name, **form.changes, requested_by=request.user.get_username())
        except TradepostError as refusal:
            form.add_error(None, in_words_of_pages(str(refusal)))
        else:
            told = _words(NoticePlace.objects.get(pk=place_id))
            messages.success(request, f"{place.name} is told from now on: {told}. Try it.")
            return redirect(_HERE)
    return page(
        request,
        "back_office/people/notification_place.html",
        title=f"What {place.name} is told",
        form=form,
        kinds=_offered(kind),
        place=place,
    )


def _kind_asked(request: HttpRequest) -> str:
    """The kind of place that an address or a form names; blank for none that there is."""
    asked = request.POST.get(_BY) or request.GET.get(_BY, "")
    return asked if asked in PLACE_KINDS else ""


def _offered(chosen: str) -> list[tuple[str, str, bool]]:
    return [(name, kind.label, name == chosen) for name, kind in PLACE_KINDS.items()]


def _add(form: NewPlaceForm, *, who: str) -> None:
    typed = form.cleaned_data
    add_place(
        typed["name"].strip(),
        form.address or "",
        events=form.events_told,
        is_local=typed["is_local"],
        digest_at=typed["digest_at"],
        time_zone=typed["time_zone"] or "UTC",
        requested_by=who,
    )


def _do(request: HttpRequest, asked: str, name: str) -> None:
    if asked == "remove":
        remove_place(name, requested_by=request.user.get_username())
        messages.success(request, f"Nobody is told at {name} any more.")
    elif asked == "test":
        failure = try_place(name)
        if failure:
            raise NotAllowed(f"The message to {name} was not sent: {failure}")
        messages.success(request, f"A message is on its way to {name}.")


def _words(place: NoticePlace) -> str:
    told = ", ".join(HEADINGS[NoticeEvent(event)] for event in place.events) or "everything"
    when = f"at {place.digest_at} {place.time_zone}" if place.digest_at else "at once"
    return f"{told}; {when}"
