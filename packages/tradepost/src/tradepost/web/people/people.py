"""The table of people: who may log in, as what, and the sessions that are open."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (  # type: ignore[import-untyped] # the package has no types
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from tradepost import wiring
from tradepost.database.models import Person
from tradepost.database.models.allowed import choices
from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.roles import ABOUT, Role
from tradepost.operations import people
from tradepost.operations.people import PeoplePorts
from tradepost.web.format import ROLE_COLOURS
from tradepost.web.rights import asks, may, need
from tradepost.web.site import site
from tradepost.web.tables.columns import column
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable

PersonDeed = Callable[[str, PeoplePorts], str]
"""Does something about somebody, and says what."""


class InvitationForm(forms.Form):
    name = forms.CharField(max_length=150, widget=UnfoldAdminTextInputWidget(), help_text="The name to log in with.")
    role = forms.ChoiceField(
        choices=choices(Role),
        widget=UnfoldAdminSelectWidget(),
        help_text=" ".join(f"{role.value.capitalize()}: {about}." for role, about in ABOUT.items()),
    )


@admin.register(Person, site=site)
class PersonTable(ReadOnlyTable):
    """People, with what an owner may do about them."""

    act = "users list"
    list_display = ("username", "role_label", "is_active", "is_invited", "last_login", "sessions_open")
    search_fields = ("username",)
    search_help_text = "The beginning of a name"
    fields = ("username", "role_label", "is_active", "is_invited", "made_at", "last_login", "session_link")
    readonly_fields = ("role_label", "is_invited", "session_link")
    actions = (
        "make_owner",
        "make_operator",
        "make_viewer",
        "invite_again",
        "end_sessions",
        "disable",
        "enable",
        "remove",
    )

    @column("Role", label=ROLE_COLOURS)
    def role_label(self, row: Person) -> str:
        return row.role

    @column("Invited", boolean=True)
    def is_invited(self, row: Person) -> bool:
        return row.invited_at is not None

    @column("Sessions")
    def sessions_open(self, row: Any) -> int:
        return int(row.session_number)

    @column("Sessions")
    def session_link(self, row: Person) -> SafeString:
        address = reverse("admin:tradepost_person_sessions", args=[row.pk])
        return format_html("<a class='text-primary-600 font-semibold' href='{}'>See and end them…</a>", address)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        rows: QuerySet[Person] = super().get_queryset(request)
        return rows.annotate(session_number=Count("sessions"))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django's form
        queryset: QuerySet[Person],
        search_term: str,
    ) -> tuple[QuerySet[Person], bool]:
        term = search_term.strip()
        return (queryset.filter(username__istartswith=term) if term else queryset), False

    # --- inviting: what Django has for adding a row ---

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return may(request, "users invite")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """Ask for a name and a role; posted, show the link, once."""
        need(request, "users invite")
        form = InvitationForm(request.POST or None, initial={"role": Role.VIEWER.value})
        if request.method == "POST" and form.is_valid():
            try:
                return self._invited(request, form.cleaned_data["name"], Role(form.cleaned_data["role"]))
            except NotAllowed as refusal:
                form.add_error("name", str(refusal))
        return self._page(request, "back_office/people/invite.html", "Invite somebody", form=form)

    def _invited(self, request: HttpRequest, name: str, role: Role | None) -> HttpResponse:
        person, ending = people.invite(name, role, self._ports(request))
        link = request.build_absolute_uri(reverse("invitation", args=ending.split("/")))
        answer = self._page(
            request, "back_office/people/invited.html", f"Invitation for {person.name}", person=person, link=link
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @asks("users invite", "Make a link to choose a new password")
    def invite_again(self, request: HttpRequest, queryset: QuerySet[Person]) -> HttpResponse | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose one person: a link is shown once.", messages.WARNING)
            return None
        try:
            return self._invited(request, chosen[0].username, None)
        except NotAllowed as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return None

    # --- what is done about people ---

    @asks("users role", "Make owner")
    def make_owner(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        self._change_role(request, queryset, Role.OWNER)

    @asks("users role", "Make operator")
    def make_operator(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        self._change_role(request, queryset, Role.OPERATOR)

    @asks("users role", "Make viewer")
    def make_viewer(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        self._change_role(request, queryset, Role.VIEWER)

    def _change_role(self, request: HttpRequest, queryset: QuerySet[Person], role: Role) -> None:
        def change(name: str, ports: PeoplePorts) -> str:
            return f"{name} is {role} now." if people.change_role(name, role, ports) else f"{name} is {role} already."

        self._each(request, queryset, change)

    @asks("users disable", "Disable: end sessions, and no more logins")
    def disable(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        def disable(name: str, ports: PeoplePorts) -> str:
            people.disable(name, ports)
            return f"{name} can't log in any more."

        self._each(request, queryset, disable)

    @asks("users enable", "Enable: let log in again")
    def enable(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        def enable(name: str, ports: PeoplePorts) -> str:
            people.enable(name, ports)
            return f"{name} may log in."

        self._each(request, queryset, enable)

    @asks("users end-sessions", "End all sessions")
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        def end(name: str, ports: PeoplePorts) -> str:
            return f"{people.end_sessions(name, ports)} sessions of {name} ended."

        self._each(request, queryset, end)

    @asks("users remove", "Remove")
    def remove(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        def remove(name: str, ports: PeoplePorts) -> str:
            people.remove(name, ports)
            return f"{name} is removed."

        self._each(request, queryset, remove)

    def _each(self, request: HttpRequest, queryset: QuerySet[Person], deed: PersonDeed) -> None:
        for name in list(queryset.order_by("username").values_list("username", flat=True)):
            try:
                self.message_user(request, deed(name, self._ports(request)), messages.SUCCESS)
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), messages.WARNING)

    # --- the sessions of one person ---

    def own_pages(self) -> OwnPages:
        return {"tradepost_person_sessions": ("<int:person_id>/sessions/", self.sessions_view)}

    def sessions_view(self, request: HttpRequest, person_id: int) -> HttpResponse:
        """Show somebody's sessions; posted with a mark, end that one."""
        need(request, "users end-sessions" if request.method == "POST" else "users sessions")
        person = get_object_or_404(Person, pk=person_id)
        ports = self._ports(request)
        if request.method == "POST":
            try:
                people.end_sessions(person.username, ports, mark=request.POST.get("mark", ""))
                self.message_user(request, "The session has ended.", messages.SUCCESS)
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            return redirect("admin:tradepost_person_sessions", person.pk)
        title = f"Sessions of {person.username}"
        return self._page(
            request, "back_office/people/sessions.html", title, sessions=ports.people.sessions(person.username)
        )

    def _ports(self, request: HttpRequest) -> PeoplePorts:
        return wiring.people.people_ports(requested_by=request.user.get_username())

    def _page(self, request: HttpRequest, template: str, title: str, **more: Any) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **more}
        return TemplateResponse(request, template, context)
