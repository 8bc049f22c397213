"""
The forms of a channel: the same while it is set up and ever after. Each says what it makes of a channel by a
`ChannelEdit`. Secrets are typed into them and never shown: what is left blank stays as it is stored.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar

from django import forms
from unfold.widgets import (  # type: ignore[import-untyped] # the package has no types
    CHECKBOX_CLASSES,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tradepost.domain.channels.image_pages import WORDS_OF_PAGES, ImagePage
from tradepost.domain.channels.schedule import (
    OFF,
    OPERATION_WORDS,
    Schedule,
    ScheduledOperation,
    cron_of,
    interval_of,
    zone_of,
)
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.channels.channel_edit import ChannelEdit
from tradepost.operations.ports import (
    GRAPHICS_DIRECTORY,
    IMAGES_FOLDER,
    ChannelProfile,
    FileProtocol,
    ImageConnection,
    ScheduleRow,
    StoreConnection,
)

_NEW = "new"
_KEPT = "One is stored. Leave this blank to keep it."
_LONGEST = 255
_SCHEMES = {"https": ":443", "http": ":80"}
_BY_CRON = "cron"
_DAILY = re.compile(r"([0-9]{1,2}) ([0-9]{1,2}) \* \* \*")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")

_INTERVALS = ("1m", "5m", "10m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")


class ImageWay(StrEnum):
    """How images get to a store."""

    SERVER = "server"
    STORE = "store"
    NONE = "none"


def text_field(label: str, help_text: str = "", *, is_needed: bool = False, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=is_needed,
        max_length=options.pop("max_length", _LONGEST),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        **options,
    )


def secret_field(label: str, help_text: str = "") -> forms.CharField:
    # `render_value` stays off: what was typed is not sent back, even where something else is refused.
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=4096, strip=True, widget=widget)


def tick_field(label: str, help_text: str = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False, widget=UnfoldBooleanWidget())


def parted(text: str) -> tuple[str, ...]:
    """Read what was typed with commas in between."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def choice_field(label: str, choices: Iterable[tuple[str, str]], help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=list(choices), help_text=help_text, widget=UnfoldAdminSelectWidget(), required=False
    )


class ChannelForm(forms.Form):
    """One part of a channel. `beneath` names the fields that stand folded up at the end."""

    beneath: ClassVar[Sequence[str]] = ()
    beneath_title: ClassVar[str] = "Rarely needed"

    def __init__(self, typed: Any, *, profile: ChannelProfile, **_others: Any) -> None:
        super().__init__(typed, initial=self.stored(profile))
        self.profile = profile

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:  # noqa: ARG002 what most have
        return {}

    def edit(self) -> ChannelEdit:
        """Say what is to change; only of a form that is valid."""
        raise NotImplementedError

    @property
    def has_secrets(self) -> bool:
        return any(isinstance(field.widget, UnfoldAdminPasswordWidget) for field in self.fields.values())

    def demand(self, needed: Mapping[str, str], *, otherwise: str = "") -> None:
        """Refuse what was left blank of these fields, each with what it is; `otherwise`: what could be done instead."""
        for name, words in needed.items():
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, f"Type {words}{otherwise}.")

    @property
    def upper(self) -> list[Any]:
        return [self[name] for name in self.fields if name not in self.beneath]

    @property
    def lower(self) -> list[Any]:
        return [self[name] for name in self.beneath if name in self.fields]

    @property
    def is_open_beneath(self) -> bool:
        """Whether something folded up is refused, or is not as usual."""
        return any(self[name].errors or self[name].value() for name in self.beneath if name in self.fields)


class NameForm(forms.Form):
    name = text_field("Name", "What you call this store here, such as the shop's name.", is_needed=True, max_length=100)


class ConnectionForm(ChannelForm):
    """The store's API."""

    reuse = choice_field("Connection", [], "A token of a domain serves all its stores; only the store code differs.")
    domain = text_field("Domain", "From Domain Settings, for example www.example.com. It is called by https.")
    folder = text_field("Folder", "The root directory of the store, usually /mm5/. Slashes are put right.")
    store_code = text_field("Store code", "The Store ID in the store's settings; large and small letters count.")
    token = secret_field("Access token", "From the API token that you made in the store.")
    signature_key = secret_field("Signature key", "Beside the access token.")
    web_user = text_field("Web server's user", "Only where the web server itself asks for a password.")
    web_password = secret_field("Web server's password")
    digest = choice_field(
        "Requests are signed with", [("sha256", "SHA-256"), ("sha1", "SHA-1")], "SHA-256 unless the store is old."
    )
    plain_http = tick_field("Call it by plain http", "For trials only: token and orders travel unencrypted.")
    is_local = tick_field("The store is inside my own network", "Else private addresses are not called.")

    beneath = ("web_user", "web_password", "digest", "plain_http", "is_local")

    def __init__(
        self, typed: Any, *, profile: ChannelProfile, others: Mapping[int, str] | None = None, **_rest: Any
    ) -> None:
        super().__init__(typed, profile=profile)
        self._has_secrets = profile.store is not None
        if self._has_secrets:
            for name in ("token", "signature_key"):
                self.fields[name].help_text = _KEPT
        if others and profile.store is None:
            chosen = [(_NEW, "A new one"), *((str(number), f"As {words}") for number, words in others.items())]
            self.fields["reuse"].choices = chosen  # type: ignore[attr-defined] # a choice field
        else:
            del self.fields["reuse"]

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        store = profile.store
        if store is None:
            return {"folder": "/mm5/", "reuse": _NEW}
        return {
            "domain": _shown_domain(store),
            "folder": store.folder,
            "store_code": store.store_code,
            "web_user": store.web_user,
            "digest": store.digest,
            "plain_http": store.plain_http,
            "is_local": profile.settings.is_local,
        }

    @property
    def is_open_beneath(self) -> bool:
        # What refuses an address names what allows it, down there.
        return bool(self["domain"].errors) or any(
            self[name].errors or (name != "digest" and self[name].value())
            for name in self.beneath
            if name in self.fields
        )

    @property
    def reused(self) -> int | None:
        """The channel whose connection is meant."""
        chosen = self.cleaned_data.get("reuse", "")
        return int(chosen) if chosen.isdigit() else None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.reused is not None:
            return given
        needed = {"domain": "the store's domain", "store_code": "the store code"}
        if not self._has_secrets:
            needed |= {"token": "the access token", "signature_key": "the signature key"}
        self.demand(needed)
        return given

    def edit(self) -> ChannelEdit:
        given = self.cleaned_data
        secrets = ("token", "signature_key", "web_password")
        return ChannelEdit(
            settings={"is_local": given["is_local"]},
            store={
                **{name: given[name] for name in ("domain", "folder", "store_code", "web_user", "plain_http")},
                "digest": given["digest"] or "sha256",
                **{name: given[name] or None for name in secrets},
            },
        )


class ImagesForm(ChannelForm):
    """The image server, or how it is done without."""

    way = choice_field(
        "Images go",
        (
            (ImageWay.SERVER.value, "to the store's image server (FTP)"),
            (ImageWay.STORE.value, "to the store itself, without FTP, if it takes them"),
            (ImageWay.NONE.value, "nowhere: publish without images"),
        ),
        "Without FTP, images travel inside what publishing sends, up to 5 MB each; newer stores take that.",
    )
    host = text_field("Server", "From the mail that came when the store was created, for example ftp.example.com.")
    user = text_field("User")
    password = secret_field("Password")
    protocol = choice_field(
        "Protocol",
        (
            (FileProtocol.FTPS.value, "FTPS (encrypted FTP)"),
            (FileProtocol.SFTP.value, "SFTP"),
            (FileProtocol.FTPS_IMPLICIT.value, "FTPS, implicit"),
            (FileProtocol.FTP.value, "plain FTP: the password travels unencrypted"),
        ),
    )
    directory = text_field(
        "Graphics folder",
        f"Where the server has the folder that the store knows as graphics, usually {GRAPHICS_DIRECTORY}. The test "
        "finds out where it is if not there.",
    )
    folder = text_field(
        "Sub-folder", f"Below it, for what Tradepost puts there: {IMAGES_FOLDER}. Type graphics to do without one."
    )
    make_folder = tick_field("Make the sub-folder if it is missing")
    port = forms.IntegerField(
        label="Port",
        help_text="0 is the protocol's usual one.",
        min_value=0,
        max_value=65535,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )
    fingerprint = text_field(
        "Fingerprint",
        "Of a certificate or host key that this machine does not know (SHA256:...). The test names it; compare it with "
        "the hoster's.",
    )

    beneath = ("port", "fingerprint")

    def __init__(self, typed: Any, *, profile: ChannelProfile, **_rest: Any) -> None:
        super().__init__(typed, profile=profile)
        if profile.images is not None:
            self.fields["password"].help_text = _KEPT

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        images = profile.images or ImageConnection(host="")
        without = ImageWay.STORE if profile.settings.sends_images_itself else ImageWay.NONE
        is_open = profile.images is not None or profile.setup is not None
        return {
            "way": ImageWay.SERVER.value if is_open and not profile.settings.sends_images_itself else without.value,
            "host": images.host,
            "user": images.user,
            "protocol": images.protocol.value,
            "directory": images.directory,
            "folder": images.folder or "graphics",
            "make_folder": profile.setup is not None,
            "port": images.port or "",
            "fingerprint": images.fingerprint,
        }

    @property
    def way_chosen(self) -> ImageWay:
        return ImageWay(self.cleaned_data.get("way") or ImageWay.SERVER)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.way_chosen is ImageWay.SERVER:
            needed = {"host": "the server's name", "user": "the user"}
            if self.profile.images is None:
                needed |= {"password": "the password"}
            self.demand(needed, otherwise=", or choose to do without an image server")
        return given

    def edit(self) -> ChannelEdit:
        given = self.cleaned_data
        names = ("host", "user", "directory", "folder", "fingerprint")
        return ChannelEdit(
            settings={"sends_images_itself": False},
            images={
                **{name: given[name] for name in names},
                "port": given["port"] or 0,
                "protocol": FileProtocol(given["protocol"] or FileProtocol.FTPS),
                "password": given["password"] or None,
            },
        )


class PagesForm(ChannelForm):
    """The places in the store's administration that were seen to."""

    pages = forms.MultipleChoiceField(
        label="Done",
        required=False,
        choices=[(page.value, f"{page.value}: {words}") for page, words in WORDS_OF_PAGES.items()],
        widget=forms.CheckboxSelectMultiple(attrs={"class": " ".join(CHECKBOX_CLASSES)}),
    )

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        return {"pages": [page.value for page in profile.settings.image_pages]}

    def edit(self) -> ChannelEdit:
        return ChannelEdit(settings={"image_pages": frozenset(map(ImagePage, self.cleaned_data["pages"]))})


class OperationsForm(ChannelForm):
    """What is done without a person, and when."""

    acknowledge_mode = choice_field(
        "The store is told of orders that were taken over",
        (
            (AcknowledgeMode.NONE.value, "not at all"),
            (AcknowledgeMode.NOTE.value, "by a note with each order"),
            (AcknowledgeMode.PICKING.value, "by a shipment that is being picked"),
        ),
        "So that whoever looks at an order in the store sees that it is being worked on.",
    )
    stock_mode = choice_field(
        "The store takes stock",
        (
            (StockMode.UNKNOWN.value, "I don't know"),
            (StockMode.CHECKOUT.value, "at the checkout"),
            (StockMode.BASKET.value, "when something is put into a basket"),
        ),
        "Its inventory settings say it; no token can read it.",
    )
    lists_new = tick_field(
        "List what is new in the catalogue", "It is published when you publish; without this, only what you choose is."
    )
    time_zone = text_field("Time zone", "Of the times below, such as Europe/Berlin.", is_needed=True)

    def __init__(
        self, typed: Any, *, profile: ChannelProfile, schedules: Sequence[ScheduleRow] = (), **_rest: Any
    ) -> None:
        super().__init__(typed, profile=profile)
        others = {AcknowledgeMode.FIELD: "by a custom field", AcknowledgeMode.QUEUE: "by the workflows of its queues"}
        mode = profile.settings.acknowledge_mode
        if mode in others:
            # What only a command sets up stays what it is.
            field: Any = self.fields["acknowledge_mode"]
            field.choices = [*field.choices, (mode.value, others[mode])]
        self._rows = schedules
        for row in schedules:
            _add_schedule(self, row)

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        settings = profile.settings
        return {
            "acknowledge_mode": settings.acknowledge_mode.value,
            "stock_mode": settings.stock_mode.value,
            "lists_new": settings.lists_new,
            "time_zone": settings.time_zone,
        }

    def clean_time_zone(self) -> str:
        return _refused_as_typed(lambda text: str(zone_of(text)), self.cleaned_data["time_zone"].strip())

    def clean(self) -> dict[str, Any]:
        for row in self._rows:
            name = _cron_name(row.operation)
            if self.cleaned_data.get(_every_name(row.operation)) == _BY_CRON and name not in self.errors:
                try:
                    _typed_times(self.cleaned_data.get(name) or "")
                except NotAllowed as refusal:
                    self.add_error(name, str(refusal))
        return self.cleaned_data

    @property
    def upper(self) -> list[Any]:
        return [self[name] for name in ("acknowledge_mode", "stock_mode", "lists_new", "time_zone")]

    @property
    def schedule_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "name": OPERATION_WORDS[row.operation],
                "every": self[_every_name(row.operation)],
                "cron": self[_cron_name(row.operation)],
            }
            for row in self._rows
        ]

    def schedules(self) -> dict[ScheduledOperation, Schedule]:
        return {row.operation: self._schedule(row.operation) for row in self._rows}

    def _schedule(self, operation: ScheduledOperation) -> Schedule:
        every = self.cleaned_data[_every_name(operation)]
        if every == _BY_CRON:
            return _typed_times(self.cleaned_data[_cron_name(operation)])
        return interval_of(every) if every else OFF

    def edit(self) -> ChannelEdit:
        given = self.cleaned_data
        return ChannelEdit(
            settings={
                "acknowledge_mode": AcknowledgeMode(given["acknowledge_mode"] or AcknowledgeMode.NONE),
                "stock_mode": StockMode(given["stock_mode"] or StockMode.UNKNOWN),
                "lists_new": given["lists_new"],
                "time_zone": given["time_zone"],
            }
        )


def _add_schedule(form: forms.Form, row: ScheduleRow) -> None:
    """Two fields: how often, and the clock's times where that is not it."""
    usual = {str(interval_of(text)): text for text in _INTERVALS}
    stored = "" if row.schedule.is_off else usual.get(str(row.schedule), _BY_CRON if row.schedule.cron else "")
    choices = [("", "off"), *((text, words) for words, text in usual.items()), (_BY_CRON, "at a time of the day")]
    if row.schedule.every is not None and not stored:
        stored = f"{int(row.schedule.every.total_seconds() // 60)}m"
        choices.append((stored, str(row.schedule)))
    words = OPERATION_WORDS[row.operation]
    form.fields[_every_name(row.operation)] = choice_field(f"{words}: how often", choices)
    form.fields[_cron_name(row.operation)] = text_field(f"{words}: at", max_length=100)
    form.initial[_every_name(row.operation)] = stored
    form.initial[_cron_name(row.operation)] = _shown_times(row.schedule)


def schedule_words(schedule: Schedule) -> str:
    """Write when something is started: `every 5 minutes`, `every day at 03:00`."""
    if daily := _DAILY.fullmatch(schedule.cron):
        return f"every day at {int(daily[2]):02}:{int(daily[1]):02}"
    return f"at the times “{schedule.cron}”" if schedule.cron else str(schedule)


def _typed_times(text: str) -> Schedule:
    """Read a time of each day, such as 03:00, or a cron expression. Raises NotAllowed."""
    if clock := _CLOCK.fullmatch(text.strip()):
        return cron_of(f"{int(clock[2])} {int(clock[1])} * * *")
    if len(text.split()) <= 1:
        typed = f"'{text.strip()}' is no time of the day" if text.strip() else "No time is typed"
        raise NotAllowed(f"{typed}; write it as 03:00, or a cron expression as 0 3 * * 1-5.")
    return cron_of(text)


def _shown_times(schedule: Schedule) -> str:
    daily = _DAILY.fullmatch(schedule.cron)
    return f"{int(daily[2]):02}:{int(daily[1]):02}" if daily else schedule.cron


def _every_name(operation: ScheduledOperation) -> str:
    return f"every_{operation.value}"


def _cron_name(operation: ScheduledOperation) -> str:
    return f"cron_{operation.value}"


def _refused_as_typed(read: Any, text: str) -> str:
    """Have a refusal stand at the field."""
    try:
        return str(read(text))
    except NotAllowed as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


def _shown_domain(store: StoreConnection) -> str:
    """As somebody would type it: without what is usual."""
    scheme, _, host = store.domain.partition("://")
    host = host.removesuffix(_SCHEMES.get(scheme, ""))
    return host if scheme == "https" else f"{scheme}://{host}"
