"""
The first start: while nobody can log in, the login leads to a page on which somebody becomes the owner.

Who may be that is shown by a code that `tradepost serve` prints where it runs: on its terminal, in a service's journal,
in a container's log. Where a visitor comes from proves nothing instead: behind a proxy all of them come from this
machine, and into a container none does. The code follows from the hub's own secret, so that it is kept nowhere; once
there is a person, it opens nothing any more.
"""

from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login as begin_session
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import (  # type: ignore[import-untyped] # the package has no types
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from tradepost import wiring
from tradepost.database.models import Person
from tradepost.domain.errors import NotAllowed
from tradepost.operations.people import add_first_owner, is_setup_code
from tradepost.web.rights import may
from tradepost.web.site import site
from tradepost.web.today import first_steps

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class FirstOwnerForm(forms.Form):
    code = forms.CharField(
        label="Code",
        help_text="'tradepost serve' shows it where it runs: on the terminal, or in its service's log.",
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label="Your name",
        help_text="To log in with.",
        max_length=150,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label="Password",
        help_text="Twelve characters or more, and none that many others have.",
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="The same again",
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    def clean_code(self) -> str:
        typed: str = self.cleaned_data["code"]
        if not is_setup_code(typed, settings.SECRET_KEY):
            raise forms.ValidationError("That is not the code.")
        return typed

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("password") and given.get("again") and given["password"] != given["again"]:
            self.add_error("again", "The two passwords differ.")
        return given


def login(request: HttpRequest) -> HttpResponseBase:
    """Log in; where nobody can yet, become the owner. An owner gets the first steps before anything is for sale."""
    if not Person.objects.exists():
        return redirect("first_owner")
    answer: HttpResponseBase = site.login(request)
    is_in = request.method == "POST" and answer.status_code == HTTPStatus.FOUND
    leads_home = answer.headers.get("Location") == reverse("admin:index")
    if is_in and leads_home and may(request, "channel add") and first_steps.are_ahead():
        return redirect("admin:first_steps")
    return answer


@never_cache
@sensitive_post_parameters("password", "again", "code")
def first_owner(request: HttpRequest) -> HttpResponse:
    """Ask for the code, a name and a password; posted, let the owner in."""
    if Person.objects.exists():
        return redirect("admin:login")
    form = FirstOwnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name, password = form.cleaned_data["name"], form.cleaned_data["password"]
        try:
            add_first_owner(name, password, wiring.people.people_ports(requested_by=name))
        except NotAllowed as refusal:
            form.add_error("password", str(refusal))
        else:
            begin_session(request, Person.objects.get(username=name), backend=_BACKEND)
            return redirect("admin:first_steps")
    context = {**site.each_context(request), "title": "Welcome to Tradepost", "form": form}
    return render(request, "back_office/today/first_owner.html", context)
