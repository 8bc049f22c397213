"""What a person knows of a place becomes the one address that the messenger reads, with every secret as typed."""

import pytest
from apprise import Apprise

from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.notice_address import (
    MailSecurity,
    mail_address,
    ntfy_address,
    slack_address,
    telegram_address,
    web_address,
)


@pytest.mark.parametrize(
    ("security", "port", "expected"),
    [
        (MailSecurity.STARTTLS, "", ("starttls", 587)),
        (MailSecurity.TLS, "", ("ssl", 465)),
        (MailSecurity.TLS, "4465", ("ssl", 4465)),
        (MailSecurity.NONE, "", ("insecure", 25)),
    ],
)
@pytest.mark.parametrize("server", ["smtp.example.com", "smtp.gmail.com"])
def test_e_mail_goes_by_the_server_that_was_named_whoever_sends_it(security, port, expected, server):
    address = mail_address(
        server=server,
        to="me@example.com, you@example.com",
        user="shop@gmail.com",
        password="p@ss/w:rd?#",
        security=security,
        port=port,
    )

    place = Apprise.instantiate(address)
    assert (place.smtp_host, place.user, place.password) == (server, "shop@gmail.com", "p@ss/w:rd?#")
    assert (place.secure_mode, place.port) == expected
    assert place.from_addr[1] == "shop@gmail.com"
    assert [target for _, target in place.targets] == ["me@example.com", "you@example.com"]


def test_a_server_that_asks_for_no_user_sends_in_the_name_of_whom_it_tells():
    place = Apprise.instantiate(mail_address(server="mail.example.com", to="me@example.com"))

    assert (place.user, place.from_addr[1]) == (None, "me@example.com")


def test_a_web_hook_is_called_with_all_that_its_link_has():
    assert web_address("https://me:pw@hooks.example.com:8443/a/b?key=x%20y") == (
        "jsons://me:pw@hooks.example.com:8443/a/b?-key=x+y"
    )
    assert web_address("http://127.0.0.1:80/x") == "json://127.0.0.1:80/x"


def test_services_are_known_by_what_they_give_their_users():
    link = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    places = [
        Apprise.instantiate(address)
        for address in (
            slack_address(link),
            ntfy_address(topic="shop-7f3a"),
            ntfy_address(topic="shop", server="ntfy.example.com", token="tk_abc"),
            telegram_address(token="123456789:AAabcdefghijklmnopqrstuvwxyz123456", chat="-10012315544"),
        )
    ]

    slack, cloud, own, telegram = places
    assert (slack.token_a, slack.token_b, slack.token_c) == ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ")
    assert (cloud.topics, own.host, own.token) == (["shop-7f3a"], "ntfy.example.com", "tk_abc")
    assert telegram.bot_token == "123456789:AAabcdefghijklmnopqrstuvwxyz123456"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: mail_address(server="smtp.example.com", to="me"), "is no e-mail address"),
        (lambda: mail_address(server="smtp example", to="me@example.com"), "is no server"),
        (lambda: mail_address(server="smtp.example.com", to="me@example.com", port="x"), "is no port"),
        (lambda: mail_address(server="smtp.example.com", to=""), "is no e-mail address"),
        (lambda: web_address("hooks.example.com/x"), "begins with https://"),
        (lambda: web_address("https://[hooks/x"), "begins with https://"),
        (lambda: slack_address("https://example.com/services/a/b/c"), "incoming web hook of Slack"),
        (lambda: ntfy_address(topic="a topic"), "is no topic"),
        (lambda: telegram_address(token="abc", chat="1"), "no token of a bot"),
        (lambda: telegram_address(token="1:abc", chat="me"), "is no chat"),
    ],
)
def test_what_is_none_is_refused_in_words(make, words):
    with pytest.raises(NotAllowed, match=words):
        make()
