import io
import logging

import pytest

from tradepost.security.masking import MASK, MaskingFilter, mask, mask_text


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


def test_log_records_and_their_traces_are_masked():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(MaskingFilter())
    logger = logging.getLogger("masking-test")
    logger.addHandler(handler)
    logger.propagate = False

    try:
        raise ValueError("token=S3CRET of ada@example.com")
    except ValueError:
        logger.exception("refused %s", "password=S3CRET")
    logger.removeHandler(handler)

    said = stream.getvalue()
    assert "refused" in said
    assert "ValueError" in said
    assert "S3CRET" not in said
    assert "ada@example.com" not in said
