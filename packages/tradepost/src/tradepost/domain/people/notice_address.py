"""
Addresses of places where people are told, made of what they know of them: a mail server and a password, a link.

Each is one text, as the messenger reads it, with its secrets; it is kept encrypted and never shown.
"""

import re
from enum import StrEnum
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tradepost.domain.errors import NotAllowed, quoted

_SLACK = re.compile(r"https://hooks\.slack\.com/services/([A-Za-z0-9]+)/([A-Za-z0-9]+)/([A-Za-z0-9]+)/?")
_BOT_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_CHAT = re.compile(r"-?[0-9]+|@[A-Za-z0-9_]+")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_MAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
_LARGEST_PORT = 65535
_CLOUD = "ntfy.sh"


class MailSecurity(StrEnum):
    """How the way to a mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "ssl"
    NONE = "none"


def mail_address(
    *,
    server: str,
    to: str,
    port: str = "",
    user: str = "",
    password: str = "",
    sender: str = "",
    security: MailSecurity = MailSecurity.STARTTLS,
) -> str:
    """
    Make the address of e-mail by a server of one's own. `to`: one or several, parted by commas; `sender`: blank is the
    user, or the first of `to`. Raises NotAllowed.
    """
    targets = [each.strip() for each in to.split(",") if each.strip()]
    sender = sender or (user if _MAIL.fullmatch(user) else targets[0] if targets else "")
    for each in (*targets, sender):
        if not _MAIL.fullmatch(each):
            raise NotAllowed(f"{quoted(each)} is no e-mail address; write it as me@example.com.")
    host = _host(server)
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= _LARGEST_PORT):
        raise NotAllowed(f"{quoted(port)} is no port; it is a number, mostly 587 or 465.")
    who = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    is_open = security is MailSecurity.NONE
    # Named once more: else the sender's domain would choose another server, where it is one of the large ones.
    more = {"to": ",".join(targets), "from": sender, "smtp": host, **({} if is_open else {"mode": security.value})}
    return f"{'mailto' if is_open else 'mailtos'}://{who}{host}{f':{port}' if port else ''}?{urlencode(more)}"


def web_address(link: str) -> str:
    """Make the address of a web hook, which is sent JSON. Raises NotAllowed."""
    refusal = NotAllowed("A web hook's address begins with https:// and names its host.")
    try:
        parts = urlsplit(link.strip())
    except ValueError as error:
        raise refusal from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise refusal
    # What it asks for is handed on by the mark that the messenger takes for that.
    asked = urlencode({f"-{name}": value for name, value in parse_qsl(parts.query, keep_blank_values=True)})
    scheme = "jsons" if parts.scheme == "https" else "json"
    return f"{scheme}://{parts.netloc}{parts.path}{f'?{asked}' if asked else ''}"


def slack_address(link: str) -> str:
    """Make the address of a channel of Slack from the link of its incoming web hook. Raises NotAllowed."""
    found = _SLACK.fullmatch(link.strip())
    if found is None:
        raise NotAllowed("An incoming web hook of Slack is a link as https://hooks.slack.com/services/T000/B000/XXX.")
    return f"slack://{'/'.join(found.groups())}"


def ntfy_address(*, topic: str, server: str = "", token: str = "") -> str:
    """Make the address of a topic of ntfy; without server, of ntfy.sh. Raises NotAllowed."""
    if not _TOPIC.fullmatch(topic):
        raise NotAllowed(f"{quoted(topic)} is no topic of ntfy: it has letters, digits, _ and - only.")
    who = f"{quote(token, safe='')}@" if token else ""
    return f"ntfys://{who}{_host(server or _CLOUD)}/{topic}{'?auth=token' if token else ''}"


def telegram_address(*, token: str, chat: str) -> str:
    """Make the address of a chat of Telegram. Raises NotAllowed."""
    if not _BOT_TOKEN.fullmatch(token):
        raise NotAllowed("That is no token of a bot: BotFather gives one as 123456789:AAbbcc.")
    if not _CHAT.fullmatch(chat):
        raise NotAllowed(f"{quoted(chat)} is no chat: it is a number, or the @name of a channel.")
    return f"tgram://{token}/{quote(chat, safe='@')}"


def _host(name: str) -> str:
    if not _HOST.fullmatch(name):
        raise NotAllowed(f"{quoted(name)} is no server; name it as mail.example.com.")
    return name
