"""The authorization header: exactly these bytes, this key, this digest."""

import base64
import hashlib
import hmac

import pytest

from tradepost.domain.errors import CredentialsRejected
from tradepost.miva.wire.signing import Credentials

BODY = '{"Function":"Store_Load","x":"é"}'.encode()


@pytest.mark.parametrize("digest", ["sha256", "sha1"])
@pytest.mark.parametrize("padding", ["", "=", "\n", " ="])
def test_the_key_is_decoded_and_padded_as_needed(digest, padding):
    key = b"0123456789abcde+/"
    shown = base64.b64encode(key).decode().rstrip("=") + padding

    header = Credentials("token", shown, digest).authorization(BODY)

    expected = base64.b64encode(hmac.new(key, BODY, getattr(hashlib, digest)).digest()).decode()
    assert header == f"MIVA-HMAC-{digest.upper()} token:{expected}"


def test_without_a_key_the_token_goes_alone():
    assert Credentials(" token ").authorization(BODY) == "MIVA token"


@pytest.mark.parametrize("key", ["not base64!", "äöü", "abc-def_", "QQQQQ"])
def test_a_key_that_is_no_base64_is_refused_without_showing_it(key):
    with pytest.raises(CredentialsRejected, match="no base64") as raised:
        Credentials("token", key)

    assert key not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "a:b", "tökén"])
def test_a_damaged_token_is_refused(token):
    with pytest.raises(CredentialsRejected, match="access token"):
        Credentials(token, "c2VjcmV0")


def test_secrets_do_not_show_in_a_representation():
    shown = repr(Credentials("tok-1234", "c2VjcmV0"))

    assert "tok-1234" not in shown
    assert "c2VjcmV0" not in shown
    assert "secret" not in shown
