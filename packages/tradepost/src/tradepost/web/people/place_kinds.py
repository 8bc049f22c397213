"""The ways in which somebody is told, with the fields that each takes and the address that they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django import forms

from tradepost.domain.people.notice_address import (
    MailSecurity,
    mail_address,
    ntfy_address,
    slack_address,
    telegram_address,
    web_address,
)
from tradepost.web.channels.forms import choice_field, secret_field, text_field

_LONGEST_ADDRESS = 2_000
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """`fields` makes its fields by name, `address` what is kept of them; it raises NotAllowed."""

    label: str
    fields: Callable[[], Mapping[str, forms.Field]]
    address: Callable[[Typed], str]


def _needed_secret(label: str, help_text: str) -> forms.CharField:
    field = secret_field(label, help_text)
    field.required, field.max_length = True, _LONGEST_ADDRESS
    return field


def _mail_fields() -> Mapping[str, forms.Field]:
    return {
        "to": text_field("To", "One address or several, parted by commas.", is_needed=True),
        "server": text_field("Mail server", "As smtp.example.com: what your mail programme sends by.", is_needed=True),
        "user": text_field("User", "Mostly your own e-mail address. Blank where the server asks for none."),
        "password": secret_field("Password", "Where you log in with a second factor, an app password."),
        "sender": text_field("From", "Blank is the user."),
        "security": choice_field(
            "Encryption",
            [
                (MailSecurity.STARTTLS.value, "STARTTLS, mostly port 587"),
                (MailSecurity.TLS.value, "TLS, mostly port 465"),
                (MailSecurity.NONE.value, "none: the password travels unencrypted"),
            ],
        ),
        "port": text_field("Port", "Blank is the usual one.", max_length=5),
    }


def _mail(typed: Typed) -> str:
    security = MailSecurity(typed["security"] or MailSecurity.STARTTLS)
    names = ("to", "server", "user", "password", "sender", "port")
    return mail_address(**{name: typed[name] for name in names}, security=security)


PLACE_KINDS: Mapping[str, PlaceKind] = {
    "mail": PlaceKind("E-mail", _mail_fields, _mail),
    "web": PlaceKind(
        "Web hook",
        lambda: {"link": _needed_secret("Its address", "As https://hooks.example.com/path; it is sent JSON.")},
        lambda typed: web_address(typed["link"]),
    ),
    "slack": PlaceKind(
        "Slack",
        lambda: {"link": _needed_secret("Incoming web hook", "The link that Slack gives you for a channel, whole.")},
        lambda typed: slack_address(typed["link"]),
    ),
    "ntfy": PlaceKind(
        "ntfy",
        lambda: {
            "topic": text_field("Topic", "Who knows it reads along: choose one that is hard to guess.", is_needed=True),
            "server": text_field("Server", "Blank is ntfy.sh."),
            "token": secret_field("Access token", "Only where the topic asks for one."),
        },
        lambda typed: ntfy_address(topic=typed["topic"], server=typed["server"], token=typed["token"]),
    ),
    "telegram": PlaceKind(
        "Telegram",
        lambda: {
            "token": _needed_secret("The bot's token", "From BotFather, as 123456789:AAbbcc."),
            "chat": text_field("Chat", "Its number, or the @name of a channel.", is_needed=True),
        },
        lambda typed: telegram_address(token=typed["token"], chat=typed["chat"]),
    ),
    "other": PlaceKind(
        "Something else",
        lambda: {
            "address": _needed_secret(
                "Address",
                "As Apprise writes it; its pages list more than a hundred services, as "
                "discord://webhook-id/webhook-token.",
            )
        },
        lambda typed: typed["address"],
    ),
}
