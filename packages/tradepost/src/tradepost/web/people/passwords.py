"""Choosing a password: by the link of an invitation, or another one than before."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminOwnPasswordChangeForm  # type: ignore[import-untyped] # the package has no types
from unfold.widgets import INPUT_CLASSES  # type: ignore[import-untyped] # the package has no types

from tradepost import wiring
from tradepost.database.models import Person
from tradepost.operations.people import choose_password
from tradepost.web.people.sign_in import is_same_person
from tradepost.web.site import site


def _choose(form: Any) -> Person:
    person: Person = form.user
    ports = wiring.people.people_ports(requested_by=person.username)
    choose_password(person.username, form.cleaned_data["new_password1"], ports)
    # The session of this browser is about to be told of the new password; all others end by it.
    person.refresh_from_db()
    return person


class OwnPassword(AdminOwnPasswordChangeForm):  # type: ignore[misc] # see above
    """Asks for the old password, too; a wrong one counts as a failed login does."""

    def __init__(self, *arguments: Any, request: HttpRequest, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._request = request

    def clean_old_password(self) -> str:
        if not is_same_person(self._request, field="old_password"):
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return str(self.cleaned_data["old_password"])

    def save(self, commit: bool = True) -> Person:  # noqa: ARG002 Django's form
        return _choose(self)


class ChangeOwnPassword(PasswordChangeView):
    """Shown inside the back office."""

    form_class = OwnPassword

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}


class InvitedPassword(SetPasswordForm):  # type: ignore[type-arg] # generic for type checkers only
    """Chooses the password of somebody who was invited."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for field in self.fields.values():
            field.widget.attrs["class"] = " ".join(INPUT_CLASSES)

    def save(self, commit: bool = True) -> Person:  # noqa: ARG002 Django's form
        return _choose(self)


class Invitation(PasswordResetConfirmView):
    """Opened by the link; its token leaves the address at once, so that no list of addresses has it."""

    form_class = InvitedPassword
    template_name = "back_office/people/invitation.html"
    token_generator = wiring.people.invitations()
    success_url = "/"
    title = "Choose a password"

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {**site.each_context(self.request), **super().get_context_data(**more)}

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(self.request, f"The password is set. Log in as {form.user.username}.")
        return answer
