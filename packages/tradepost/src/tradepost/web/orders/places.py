"""
A place where files are exchanged, on pages: typed, tried out, and only then kept. Its secret is typed and never shown.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from tradepost import wiring
from tradepost.database.models import Channel
from tradepost.domain.channels.schedule import ScheduledOperation
from tradepost.domain.errors import NotAllowed, Retry, TradepostError
from tradepost.domain.files.file_address import LONGEST_ADDRESS, file_address
from tradepost.operations.ports import SourceAddress
from tradepost.web.channels.forms import schedule_words, secret_field, text_field, tick_field
from tradepost.web.shell.page_words import in_words_of_pages

_LONGEST_FINGERPRINT = 100


class PlaceForm(forms.Form):
    """Where files are brought or fetched. `before`: the place as it is kept; posted, with its secret."""

    address = text_field(
        "Address",
        "https://host/path, or sftp://user@host/folder (also ftps, ftps-implicit, ftp). No password in it.",
        max_length=LONGEST_ADDRESS,
    )
    secret = secret_field("Password or token", "Blank where none is asked for. It is kept encrypted, and never shown.")
    without_secret = tick_field("Forget the password or token that it has")
    fingerprint = text_field(
        "Fingerprint of the server",
        "SHA256:…, of its host key or certificate. Leave it blank first: the test says which one the server shows.",
        max_length=_LONGEST_FINGERPRINT,
    )
    keeps_untested = tick_field("Keep it although the test fails", "Type a password or token once more.")

    command = ""
    """What names a folder of this machine, which pages do not."""

    def __init__(self, typed: Any, *, before: SourceAddress | None, has_secret: bool, **initial: Any) -> None:
        place = {"address": before.address, "fingerprint": before.fingerprint} if before is not None else {}
        super().__init__(typed, initial=place | initial)
        self.before = before
        self.has_failed = False
        if not has_secret:
            del self.fields["without_secret"]
        else:
            self.fields[
                "secret"
            ].help_text = "Blank keeps the one that is stored; another address never gets that. It is never shown."

    @property
    def shown(self) -> list[Any]:
        fields = (name for name, field in self.fields.items() if not field.disabled)
        return [self[name] for name in fields if self.has_failed or name != "keeps_untested"]

    @property
    def keeps_secret(self) -> bool:
        typed = self.cleaned_data
        is_same = self.before is not None and self.before.address == typed["address"]
        return is_same and not typed["secret"] and not typed.get("without_secret", False)

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"])
        is_same = self.before is not None and self.before.address == address
        if address.startswith("/") and not is_same:
            raise forms.ValidationError(f"A folder of this machine is not named on a page: {self.command} does it.")
        return address

    def at(self) -> SourceAddress:
        """Return what was typed, with the secret that it has where that stays; only of a form that is valid."""
        typed = self.cleaned_data
        kept = self.before.secret if self.before is not None and self.keeps_secret else ""
        return SourceAddress(typed["address"], typed["fingerprint"], typed["secret"] or kept)

    def tried(self, channel: Channel, *, takes: bool) -> str | None:
        """Try the place out; return what was seen, or None where it failed, which stands at the form then."""
        try:
            return tried(self.at(), channel, takes=takes)
        except TradepostError as error:
            if self.cleaned_data["keeps_untested"]:
                return f"The test failed all the same: {in_words_of_pages(str(error))}"
            self.has_failed = True
            self.add_error(None, f"{refused_words(error)} Nothing was kept.")
            return None


def tried(at: SourceAddress, channel: Channel, *, takes: bool) -> str:
    """Try a place out. Raises what `wiring.places.try_place` does."""
    if takes and channel.is_look_only:
        file_address(at.address)
        return "It was not tried, as the channel only looks."
    return wiring.places.try_place(at, is_local=channel.is_local, takes=takes)


def refused_words(error: TradepostError) -> str:
    again = " Try it again later." if isinstance(error, Retry) else ""
    return f"{in_words_of_pages(str(error))}{again}"


def forget_by_name(request: HttpRequest, name: str, forget: Callable[[], object], *, told: str) -> str | None:
    """Posted with its name, forget who is called so; returns why nothing was done, None where it is dealt with."""
    if request.method != "POST":
        return ""
    if request.POST.get("name", "").strip() != name:
        return f"Type {name} to forget it; nothing was done."
    try:
        forget()
    except NotAllowed as refusal:
        messages.warning(request, in_words_of_pages(str(refusal)))
    else:
        messages.success(request, told)
    return None


def channel_in_use(channel_id: int) -> Channel:
    """Raises Http404."""
    return get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)


def schedule_of(channel: Channel, operation: ScheduledOperation) -> dict[str, Any]:
    """Say when an operation is started by itself, and when next; blank where only somebody starts it."""
    row = next((each for each in wiring.channels.schedules().of(channel.pk) if each.operation is operation), None)
    if row is None or row.schedule.is_off:
        return {"schedule": "", "next_at": None, "paused_at": None}
    next_at = None if channel.is_paused or row.paused_at is not None else row.next_at
    return {"schedule": schedule_words(row.schedule), "next_at": next_at, "paused_at": row.paused_at}
