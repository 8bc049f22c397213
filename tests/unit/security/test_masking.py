import io
import logging

import pytest

from tradepost.security.masking import MASK, LogFormatter, mask, mask_text


@pytest.mark.parametrize(
    "text",
    [
        "X-Miva-API-Authorization: MIVA-HMAC-SHA256 S3CRETtoken:S3CRETsignature==",
        "MIVA S3CRETS3CRET",
        "Authorization: Bearer S3CRETS3CRET.x",
        "https://user:S3CRET@shop.example/mm5/json.mvc",
        "ftp://ada:S3CRET@files.example",
        "token=S3CRET&store=x",
        '{"api_token": "S3CRET", "x": 1}',
        "ftp_password: 'S3CRET with blanks'",
        "signing_key=S3CRET;",
        "the signature=S3CRET was refused",
    ],
)
def test_no_secret_is_left_in_a_text(text):
    masked = mask_text(text)

    assert "S3CRET" not in masked
    assert MASK in masked


@pytest.mark.parametrize("text", ["order of ada.lovelace+x@mail.example.com came", "<ADA@example.org>"])
def test_no_mail_address_is_left_in_a_text(text):
    assert "@" not in mask_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Run 7: publish on channel 1, attempt 1.",
        "https://shop.example/mm5/json.mvc",
        "12 bytes out, status 200",
        "SKU A@B",
    ],
)
def test_what_is_neither_secret_nor_personal_is_left_alone(text):
    assert mask_text(text) == text


def test_values_under_names_of_secrets_and_persons_are_masked_whatever_their_shape():
    event = {
        "event": "imported",
        "order": 1001,
        "api_token": "abc",
        "bill_to": {"first_name": "Ada"},
        "ship": {"ship_fname": "Ada", "ship_addr1": "1 Rue", "email": "", "total": 12},
        "list": [{"password": "p"}, "mail ada@example.com", b"\x00\x01"],
    }

    assert mask(event) == {
        "event": "imported",
        "order": 1001,
        "api_token": MASK,
        "bill_to": MASK,
        "ship": {"ship_fname": MASK, "ship_addr1": MASK, "email": "", "total": 12},
        "list": [{"password": MASK}, f"mail {MASK}", "<2 bytes>"],
    }


def test_a_value_is_masked_by_the_name_it_stands_under():
    assert mask("abc", name="signing_key") == MASK
    assert mask("abc", name="code") == "abc"


@pytest.mark.parametrize(
    "text",
    [
        "first_name=S3CRET",
        '{"ship_fname": "S3CRET and S3CRET", "x": 1}',
        "'bill_addr1': 'S3CRET \\' S3CRET'",
        "city: S3CRET",
        '"phone_number":"S3CRET"',
        "call +49 170 1234567 now",
        "call (555) 123-4567 or 555.123.4567",
        'null value in column "x"\nDETAIL:  Failing row contains (7, S3CRET, {"a": "S3CRET"}).',
    ],
)
def test_no_name_street_or_phone_number_is_left_where_its_kind_is_said_or_seen(text):
    masked = mask_text(text)

    assert "S3CRET" not in masked
    assert "123" not in masked
    assert MASK in masked


@pytest.mark.parametrize("text", ["capacity=5", "user_name=shop", "2026-03-01 12:00:00,123", "order 1005551234567"])
def test_what_only_looks_like_it_is_left_alone(text):
    assert mask_text(text) == text


def log_with_masks() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogFormatter())
    logger = logging.Logger("masking-test")  # noqa: LOG001 one that no other test hears of
    logger.addHandler(handler)
    return logger, stream


def test_no_message_of_a_store_can_forge_a_line_of_the_log_or_move_the_cursor():
    logger, stream = log_with_masks()
    forged = "\x1b[2J\n2026-01-01 00:00:00,000 INFO tradepost 1 all is well\r\u202eevil\x9b1A\u2028"

    logger.info("The store said: %s", forged)
    try:
        raise ValueError(forged)
    except ValueError:
        logger.exception("refused")

    lines = stream.getvalue().splitlines()
    assert [line for line in lines if line.startswith("2026-01-01")] == []
    assert [line for line in lines if not line.isprintable()] == []
    assert r"\u001b[2J\u000a2026-01-01 00:00:00,000 INFO tradepost 1 all is well\u000d\u202eevil\u009b1A" in lines[0]
    assert len([line for line in lines if not line.startswith("    ")]) == 2


def test_log_records_and_their_traces_are_masked():
    logger, stream = log_with_masks()

    try:
        raise ValueError("token=S3CRET of ada@example.com")
    except ValueError:
        logger.exception("refused %s", "password=S3CRET")

    said = stream.getvalue()
    assert "refused" in said
    assert "ValueError" in said
    assert "S3CRET" not in said
    assert "ada@example.com" not in said
